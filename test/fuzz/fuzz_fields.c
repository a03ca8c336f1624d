/*
 * A writer's whole mailing and a value to go into it: the bytes up to the
 * first NUL are the subject, up to the second a field's value, then the body.
 * What compiles renders or says why; what renders has only short lines of
 * ASCII and as many tags as with a harmless value.
 */
#include "compose/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct draft DRAFT = {
	.language = "en",
	.arms = true,
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

static size_t render(const struct compiled *c, const char *value, struct buf *head, struct buf *body)
{
	const char *values[COMPOSE_FIELDS_MAX];
	struct recipient r = { .address = "b@example.org",
			       .date = 1,
			       .opt_out_token = "o",
			       .unsub_token = "u",
			       .feedback_token = "f",
			       .message_token = "m",
			       .code = "C",
			       .consent = value,
			       .values = values };
	struct err e = { 0 };
	size_t tags = 1;

	for (size_t i = 0; i < COMPOSE_FIELDS_MAX; i++)
		values[i] = value;
	buf_clear(head);
	buf_clear(body);
	if (compose_render(c, &r, head, body, &e) < 0) {
		MUST(e.kind == ERR_INPUT && head->n == 0 && body->n == 0);
		return 0;
	}
	for (size_t i = 0; i < body->n; i++)
		tags += body->p[i] == '<';
	return tags;
}

static void check_lines(const struct buf *b)
{
	size_t col = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->p[i] == '\n') {
			MUST(i > 0 && b->p[i - 1] == '\r' && col <= 77);
			col = 0;
			continue;
		}
		MUST((b->p[i] >= ' ' && b->p[i] <= '~') || b->p[i] == '\r' || b->p[i] == '\t');
		col++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *subject = arena_text_n(a, (const char *)data, size), *value, *text;
	struct draft d = DRAFT;
	struct compiled *c;
	struct buf head, body;
	struct err e = { 0 };

	value = subject + strlen(subject);
	value += value < subject + size;
	text = value + strlen(value);
	text += text < subject + size;
	d.subject = subject;
	d.body = text;
	c = compose_compile(a, &d, &e);
	MUST(c || e.kind == ERR_INPUT);
	buf_init(&head, 1 << 20);
	buf_init(&body, 4 << 20);
	if (c) {
		/* The text part may have a "<" of the value's own. */
		size_t tags = render(c, value, &head, &body);

		if (tags) {
			check_lines(&body);
			MUST(strchr(value, '<') || tags == render(c, "x", &head, &body));
		}
	}
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
	return 0;
}
