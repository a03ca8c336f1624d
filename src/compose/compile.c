/*
 * Compiling a mailing: see compose.h. Fields become markers, the body becomes
 * text and HTML around them (compile_body.c), the house template goes around
 * both; then the two parts are cut at the markers into pieces that are encoded
 * for the wire once and for all (compile_cut.c). What is left per recipient is
 * in render.c.
 */
#include "compose/compiled.h"

#include "compose/compile_head.h"
#include "compose/house.h"
#include "compose/parts.h"

#define WORK_MAX (1024 * 1024)

static void release(void *b)
{
	buf_free(b);
}

struct buf *compile_buf(struct arena *a)
{
	struct buf *b = ARENA_NEW(a, struct buf);

	buf_init(b, WORK_MAX);
	arena_defer(a, release, b);
	return b;
}

/* A copy in the arena; the draft may be gone when messages are rendered. */
static const char *const *copy_names(struct arena *a, const char *const *names)
{
	const char **copy;
	size_t n = 0;

	while (names && names[n])
		n++;
	copy = ARENA_ARRAY(a, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_text(a, names[i]);
	copy[n] = NULL;
	return copy;
}

static void keep(struct arena *a, const struct draft *d, struct compiled *c)
{
	c->identity_domain = arena_text(a, d->identity_domain);
	c->web_url = arena_text(a, d->web_url);
	c->link_hosts = copy_names(a, d->link_hosts);
	c->link_domains = copy_names(a, d->link_domains);
	c->trial = d->house.trial;
}

struct compiled *compose_compile(struct arena *a, const struct draft *d, struct err *e)
{
	struct slots *s = ARENA_NEW(a, struct slots);
	struct compiled *c = ARENA_NEW(a, struct compiled);
	struct buf *text = compile_buf(a), *html = compile_buf(a);
	char boundary[BOUNDARY_SIZE];
	struct inner in = { .notes = { .n = 0 } };

	s->arena = a;
	s->arms = d->arms;
	s->link_fields = d->link_fields;
	c->slots = s;
	if (house_check(d, e) < 0 || compile_subject(a, s, d, c, e) < 0 || compile_body(s, d, &in, e) < 0)
		return NULL;
	house_text(d, s, buf_text(in.text), text);
	house_html(d, s, buf_text(in.html), html);
	if (text->over || html->over) {
		err_set(e, ERR_INPUT, "the message is too long; put a part of it on the project's page");
		return NULL;
	}
	parts_boundary(d->mailing_id, text, html, boundary);
	if (compile_cut(s, d, boundary, text, html, &in, c, e) < 0 || compile_head(a, d, boundary, c, e) < 0)
		return NULL;
	keep(a, d, c);
	c->images = in.images;
	c->public_text = compile_show(s, text);
	c->body_text = compile_show(s, in.text);
	c->left_out = handmade_told(a, &in.notes);
	compile_hash(c, compile_show(s, html));
	return c;
}

size_t compose_fields(const struct compiled *c, const char *const **names)
{
	*names = c->slots->name;
	return c->slots->n_names;
}

bool compose_needs_value(const struct compiled *c, size_t field)
{
	for (size_t i = 0; i < c->n_needs; i++)
		if (c->need[i].field == field)
			return true;
	return false;
}

const char *compose_public_text(const struct compiled *c)
{
	return c->public_text;
}

const char *compose_left_out(const struct compiled *c)
{
	return c->left_out;
}

const char *compose_body_text(const struct compiled *c)
{
	return c->body_text;
}

const struct image *const *compose_images(const struct compiled *c)
{
	return c->images;
}

void compose_hash(const struct compiled *c, uint8_t out[32])
{
	memcpy(out, c->hash, sizeof(c->hash));
}
