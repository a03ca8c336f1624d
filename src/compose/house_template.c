/* House templates as texts: see house_template.h. The text is read line by line; a line in brackets begins a section. */
#include "compose/house_template.h"

#include <strings.h>

#include "base/embedded.h"
#include "base/utf8.h"
#include "compose/house_words.h"

extern const struct embedded HOUSE_BUILT_IN[];

const char *house_template_built_in(void)
{
	return (const char *)HOUSE_BUILT_IN[0].p;
}

/* --- characters ----------------------------------------------------------- */

/* Joiners shape letters of some scripts; between Latin ones they only split words. */
static bool joins(const char *text, size_t at, uint32_t c, uint32_t before)
{
	size_t n = strlen(text + at), len;

	return (c == 0x200c || c == 0x200d) && before >= 0x0300 && n > 3 && utf8_char(text + at + 3, n - 3, &len) >= 0x0300;
}

static int check_characters(const char *text, struct err *e)
{
	size_t n = strlen(text), len, line = 1;
	uint32_t before = 0;

	if (n > HOUSE_TEMPLATE_MAX)
		return err_set(e, ERR_INPUT, "the template has more than %d kB; make it shorter", HOUSE_TEMPLATE_MAX / 1024);
	if (!utf8_valid(text, n))
		return err_set(e, ERR_INPUT, "the template is not UTF-8; save it as UTF-8");
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(text + i, n - i, &len);

		if (c == '\n')
			line++;
		else if (c != '\t' && (utf8_is_control(c) || (utf8_is_invisible(c) && !joins(text, i, c, before))))
			return err_set(e, ERR_INPUT, "line %zu: there is a control or invisible character; take it out", line);
		before = c;
	}
	return 0;
}

/* A copy without what editors leave: a byte order mark, CRLF. */
static char *tidy(struct arena *a, const char *text)
{
	char *copy, *to;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	copy = to = arena_text(a, text);
	for (const char *p = text; *p; p++)
		if (!(p[0] == '\r' && p[1] == '\n'))
			*to++ = *p;
	*to = '\0';
	return copy;
}

/* --- sections ------------------------------------------------------------- */

struct reader {
	struct arena *a;
	struct house_template *out;
	struct err *e;
	size_t line; /* of the text, from 1 */
	enum { BEFORE, LOOK, TOP, FOOT } at;
	const char *from; /* where the open part begins */
	bool look_seen;
};

static int fault(const struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "line %zu: %s", r->line, what);
}

static struct house_section *current(struct reader *r)
{
	return &r->out->section[r->out->n - 1];
}

/* "[en]", "[look]": what is in the brackets; n == 0: another line. */
static struct slice header_of(struct slice line)
{
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	if (line.n < 3 || line.p[0] != '[' || line.p[line.n - 1] != ']')
		return (struct slice){ "", 0 };
	line = (struct slice){ line.p + 1, line.n - 2 };
	if (strspn(line.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") < line.n)
		return (struct slice){ "", 0 };
	return line;
}

static bool is_tag(struct slice s)
{
	size_t letters = strspn(s.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	letters = letters > s.n ? s.n : letters;
	return letters >= 2 && letters <= 3 && s.n <= 35 && (letters == s.n || s.p[letters] == '-');
}

/* The part that ends before `end`. */
static int close_part(struct reader *r, const char *end)
{
	const char *part = arena_text_n(r->a, r->from, (size_t)(end - r->from));

	if (r->at == TOP)
		return err_set(r->e, ERR_INPUT,
			       "line %zu: [%s] has no line {content}; write one where the writer's words go",
			       current(r)->top_line - 1, current(r)->language);
	if (r->at != FOOT)
		return 0;
	current(r)->foot = part;
	if (strlen(current(r)->top) + strlen(part) > HOUSE_SECTION_MAX)
		return err_set(r->e, ERR_INPUT, "line %zu: [%s] has more than %d kB; make it shorter",
			       current(r)->top_line - 1, current(r)->language, HOUSE_SECTION_MAX / 1024);
	return 0;
}

static int open_language(struct reader *r, struct slice name, const char *next)
{
	if (!is_tag(name))
		return fault(r, "a line in brackets begins a section: [look], or a language such as [en]");
	for (size_t i = 0; i < r->out->n; i++)
		if (strncasecmp(r->out->section[i].language, name.p, name.n) == 0 &&
		    r->out->section[i].language[name.n] == '\0')
			return fault(r, "this language is there already");
	if (r->out->n == HOUSE_SECTIONS_MAX)
		return fault(r, "there are too many languages");
	r->out->section[r->out->n++] = (struct house_section){ .language = arena_text_n(r->a, name.p, name.n),
							       .top = "",
							       .foot = "",
							       .top_line = r->line + 1 };
	r->at = TOP;
	r->from = next;
	return 0;
}

static int open_section(struct reader *r, struct slice name, const char *line, const char *next)
{
	if (close_part(r, line) < 0)
		return -1;
	if (!slice_is(name, "look"))
		return open_language(r, name, next);
	if (r->look_seen)
		return fault(r, "there is a [look] already");
	r->look_seen = true;
	r->at = LOOK;
	return 0;
}

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return false;
	return true;
}

static bool is_content(struct slice line)
{
	while (line.n && (*line.p == ' ' || *line.p == '\t'))
		line = (struct slice){ line.p + 1, line.n - 1 };
	while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	return slice_is(line, "{content}");
}

static int look_line(struct reader *r, struct slice line)
{
	const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
	size_t key = colon ? (size_t)(colon - line.p) : 0;

	if (!colon)
		return fault(r, "a line of [look] has a key, a colon and a value, as in body: sans");
	if (look_set(&r->out->look, (struct slice){ line.p, key }, (struct slice){ colon + 1, line.n - key - 1 }, r->e) < 0)
		return err_in(r->e, "line %zu", r->line);
	return 0;
}

static int read_line(struct reader *r, struct slice line, const char *next)
{
	struct slice header = header_of(line);
	bool skip = is_blank(line) || *line.p == '#';

	if (header.n)
		return open_section(r, header, line.p, next);
	if (r->at == BEFORE)
		return skip ? 0 : fault(r, "only comments (# ...) may stand before the first section, such as [look] or [en]");
	if (r->at == LOOK)
		return skip ? 0 : look_line(r, line);
	if (!is_content(line))
		return 0;
	if (r->at == FOOT)
		return fault(r, "{content} is there already; the writer's words go to one place");
	current(r)->top = arena_text_n(r->a, r->from, (size_t)(line.p - r->from));
	current(r)->foot_line = r->line + 1;
	r->at = FOOT;
	r->from = next;
	return 0;
}

/* Of a text that is tidy. */
static int read_sections(struct arena *a, const char *text, struct house_template *out, struct err *e)
{
	struct reader r = { .a = a, .out = out, .e = e, .line = 1, .from = text };

	*out = (struct house_template){ .section = ARENA_ARRAY(a, struct house_section, HOUSE_SECTIONS_MAX) };
	look_init(&out->look);
	for (; *text; r.line++) {
		struct slice line = { text, strcspn(text, "\n") };

		text += line.n + (text[line.n] == '\n');
		if (read_line(&r, line, text) < 0)
			return -1;
	}
	if (close_part(&r, text) < 0)
		return -1;
	return out->n ? 0 : err_set(e, ERR_INPUT, "the template has no language; begin one with a line such as [en]");
}

int house_template_parse(struct arena *a, const char *text, struct house_template *out, struct err *e)
{
	text = tidy(a, text);
	return check_characters(text, e) < 0 || read_sections(a, text, out, e) < 0 ? -1 : 0;
}

int house_template_check(const char *text, struct err *e)
{
	struct arena *a = arena_new();
	struct house_template t;
	int rc = house_template_parse(a, text, &t, e);

	if (rc == 0)
		rc = look_check(&t.look, e);
	for (size_t i = 0; rc == 0 && i < t.n; i++)
		rc = house_section_check(a, &t.section[i], e);
	arena_free(a);
	return rc;
}

/* --- choosing ------------------------------------------------------------- */

/* The tag itself, else its language. */
static const struct house_section *find(const struct house_template *t, const char *language)
{
	if (strcasecmp(language, "no") == 0 || strncasecmp(language, "no-", 3) == 0)
		language = "nb";
	for (size_t i = 0; i < t->n; i++)
		if (strcasecmp(t->section[i].language, language) == 0)
			return &t->section[i];
	for (size_t i = 0; i < t->n; i++)
		if (language_is(language, t->section[i].language))
			return &t->section[i];
	return NULL;
}

static int choose_own(struct arena *a, const struct draft *d, struct house_frame *out, const struct house_section **found,
		      struct err *e)
{
	struct house_template t;

	if (house_template_parse(a, d->template, &t, e) < 0 || look_check(&t.look, e) < 0)
		return -1;
	out->look = t.look;
	*found = find(&t, d->language);
	return *found ? house_section_check(a, *found, e) : 0;
}

int house_frame(struct arena *a, const struct draft *d, struct house_frame *out, struct err *e)
{
	const struct house_section *found = NULL;
	struct house_template t;

	look_init(&out->look);
	if (d->template && choose_own(a, d, out, &found, e) < 0)
		return err_in(e, "the house template");
	if (!found) {
		if (read_sections(a, house_template_built_in(), &t, e) < 0)
			return err_in(e, "the built-in house template");
		found = find(&t, d->language);
		found = found ? found : find(&t, "en");
	}
	out->section = *found;
	return 0;
}
