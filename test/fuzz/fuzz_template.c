/*
 * A house template of anybody's, and a value to fill it with: the bytes up to
 * the first NUL are the value, the rest the template. What is taken compiles
 * with that value, shows what it must in both parts, and has as many links
 * and as few other things that act as with a harmless value.
 */
#include "base/utf8.h"
#include "compose/compose.h"
#include "compose/house.h"
#include "compose/house_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct draft draft_of(const char *template, const char *value)
{
	return (struct draft){
		.language = "en",
		.subject = "S",
		.body = "B",
		.template = template,
		.from_name = "Ada",
		.from_address = "a@mail.example",
		.identity_domain = "mail.example",
		.web_url = "https://mail.example",
		.list_id = "x",
		.feedback_id = "1:x:mailing:placet",
		.house = { .institution = value,
			   .department = value,
			   .project_title = "Water",
			   .originator = value,
			   .contact = "a@mail.example",
			   .postal_address = value,
			   .statement_url = "https://mail.example/",
			   .project_url = "https://mail.example/projects/x",
			   .unofficial = value,
			   .opt_out_wording = value },
	};
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static bool draw(struct arena *a, const char *template, const char *value, struct buf *text, struct buf *html)
{
	struct draft d = draft_of(template, value);
	struct slots s = { .arena = a };
	struct err e = { 0 };

	buf_clear(text);
	buf_clear(html);
	if (house_check(&d, &e) < 0) {
		MUST(e.kind == ERR_INPUT && e.text[0]);
		return false;
	}
	house_text(&d, &s, "INNER\n", text);
	house_html(&d, &s, "<p>INNER</p>\n", html);
	return !text->over && !html->over;
}

/* Nothing acts, and no place of the look is left open. */
static void check_page(const char *html)
{
	static const char *const NEVER[] = { "<script", "<img", "<iframe", "<form", "<svg", "<input", "\x0e", "=\"javascript:" };

	for (size_t i = 0; i < COUNT(NEVER); i++)
		MUST(!strstr(html, NEVER[i]));
}

static void check_both(struct arena *a, const char *template, const char *value)
{
	struct buf text, html, text2, html2;

	buf_init(&text, 1 << 20);
	buf_init(&html, 1 << 20);
	buf_init(&text2, 1 << 20);
	buf_init(&html2, 1 << 20);
	if (draw(a, template, "x", &text, &html)) {
		MUST(strstr(buf_text(&text), "https://mail.example/") && strstr(buf_text(&html), "https://mail.example/"));
		MUST(strstr(buf_text(&text), "https://mail.example/opt-out/"));
		MUST(strstr(buf_text(&html), "href=\"https://mail.example/opt-out/"));
		MUST(count(buf_text(&text), "\nINNER\n") >= 1 && strstr(buf_text(&html), "<p>INNER</p>"));
		check_page(buf_text(&html));
		if (*value && draw(a, template, value, &text2, &html2)) {
			MUST(count(buf_text(&html2), "<a ") == count(buf_text(&html), "<a "));
			check_page(buf_text(&html2));
		}
	}
	buf_free(&text);
	buf_free(&html);
	buf_free(&text2);
	buf_free(&html2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *value = arena_text_n(a, (const char *)data, size), *template;
	struct err e = { 0 };

	template = value + strlen(value);
	template += template < value + size;
	if (house_template_check(template, &e) == 0)
		check_both(a, template, value);
	else
		MUST(e.kind == ERR_INPUT && e.text[0]);
	arena_free(a);
	return 0;
}
