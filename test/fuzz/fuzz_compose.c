/*
 * A whole mailing from the writer's bytes to the wire: what compiles and renders
 * is read back by the MIME parser. Pieces, up to NUL each:
 * language and format, subject, a value, a link, then the body.
 */
#include "compose/compose.h"
#include "mail/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const LINKS[] = { "link", NULL };
static const char *const HOSTS[] = { "survey.example.com", NULL };
static const char *const DOMAINS[] = { "mail.example", NULL };
static const struct image IMAGES[] = { { "river", "A river", "image/png", 10, 10, { "\x89PNG", 4 }, { 1 } } };

static struct draft draft_of(const char *language, const char *subject, const char *body)
{
	return (struct draft){
		.language = *language & 1 ? "ar" : "en",
		.format = *language & 2 ? BODY_HTML : BODY_MARKDOWN,
		.subject = subject,
		.body = body,
		.link_fields = LINKS,
		.link_hosts = HOSTS,
		.link_domains = DOMAINS,
		.images = IMAGES,
		.n_images = COUNT(IMAGES),
		.from_name = "Ada",
		.from_address = "a@mail.example",
		.identity_domain = "mail.example",
		.web_url = "https://mail.example",
		.list_id = "x",
		.feedback_id = "1:x:mailing:placet",
		.house = { .institution = "University of Example",
			   .project_title = "Water",
			   .originator = "Ada",
			   .contact = "a@mail.example",
			   .postal_address = "1 College Lane",
			   .statement_url = "https://mail.example/",
			   .unofficial = "Not official.",
			   .opt_out_wording = "Stop" },
	};
}

/* FMT-1, FMT-7, FMT-8: short lines of printable ASCII, each ended by CRLF. */
static void check_lines(const struct buf *b, size_t most)
{
	size_t column = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->p[i] == '\n') {
			MUST(i > 0 && b->p[i - 1] == '\r' && column <= most + 1);
			column = 0;
			continue;
		}
		MUST((b->p[i] >= ' ' && b->p[i] <= '~') || b->p[i] == '\r' || b->p[i] == '\t');
		column++;
	}
	MUST(b->n == 0 || b->p[b->n - 1] == '\n');
}

static size_t count_fields(const struct message *m, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_fields; i++)
		n += strcasecmp(m->fields[i].name, name) == 0;
	return n;
}

/* The whole message reads as what was meant: each header once, a text, a page, no part that nobody judged. */
static void check_message(struct arena *a, struct buf *head, const struct buf *body)
{
	static const char *const ONCE[] = { "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "MIME-Version", "Content-Type" };
	struct message m;
	struct err e = { 0 };

	buf_adds(head, "\r\n");
	buf_add_buf(head, body);
	MUST(message_parse(a, (struct slice){ buf_text(head), head->n }, &m, &e) == 0);
	for (size_t i = 0; i < COUNT(ONCE); i++)
		MUST(count_fields(&m, ONCE[i]) == 1);
	MUST(count_fields(&m, "Bcc") == 0 && count_fields(&m, "Cc") == 0 && m.n_fields <= 24);
	MUST(message_part(&m, "text/plain") && message_part(&m, "text/html"));
}

static void render(struct arena *a, const struct compiled *c, const char *value, const char *link)
{
	const char *values[COMPOSE_FIELDS_MAX], *const *names;
	struct recipient r = { .address = "b@example.org",
			       .date = 1,
			       .opt_out_token = "o",
			       .unsub_token = "u",
			       .feedback_token = "f",
			       .message_token = "m",
			       .code = "C",
			       .consent = "on 3 May",
			       .values = values };
	size_t n = compose_fields(c, &names);
	struct buf head, body;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		values[i] = strcmp(names[i], "link") == 0 ? link : value;
	buf_init(&head, 4 << 20);
	buf_init(&body, 4 << 20);
	if (compose_render(c, &r, &head, &body, &e) < 0) {
		MUST(e.kind == ERR_INPUT && head.n == 0 && body.n == 0);
	} else {
		check_lines(&head, 998);
		check_lines(&body, 78);
		check_message(a, &head, &body);
	}
	buf_free(&head);
	buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *piece[5], *p = arena_text_n(a, (const char *)data, size), *end = p + size;
	struct err e = { 0 };
	struct compiled *c;

	for (size_t i = 0; i < COUNT(piece); i++) {
		piece[i] = p;
		p += strlen(p);
		p += p < end;
	}
	struct draft d = draft_of(piece[0], piece[1], piece[4]);

	c = compose_compile(a, &d, &e);
	MUST(c || e.kind == ERR_INPUT);
	if (c)
		render(a, c, piece[2], piece[3]);
	arena_free(a);
	return 0;
}
