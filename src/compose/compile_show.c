/*
 * What is shown of a compiled message to whoever approves or compares it: the
 * same bytes for everybody, with words in braces where values go.
 */
#include <endian.h>
#include <openssl/evp.h>

#include "compose/compiled.h"

static void show_slot(const struct slots *s, const struct slot *slot, struct buf *out)
{
	static const char *const WORD[] = {
		[SLOT_OPT_OUT] = "token", [SLOT_CODE] = "code", [SLOT_CONSENT] = "consent", [SLOT_ARM] = "arm"
	};

	buf_addf(out, "{%s}", slot->kind == SLOT_FIELD ? s->name[slot->field] : WORD[slot->kind]);
}

/* A condition as a line, with an empty one on both sides, as its paragraphs have. */
static void show_switch(const struct segment *g, struct buf *out)
{
	if (!g->label)
		return;
	if (out->n && out->p[out->n - 1] != '\n')
		buf_addc(out, '\n');
	if (out->n > 1 && out->p[out->n - 2] != '\n')
		buf_addc(out, '\n');
	buf_addf(out, "%s\n", g->label);
}

const char *compile_show(const struct slots *s, const struct buf *part)
{
	struct buf *out = compile_buf(s->arena);
	const char *p = buf_text(part);
	size_t left = part->n, n, i;

	while (left) {
		n = cut_find(p, left);
		buf_add(out, p, n);
		p += n;
		left -= n;
		if (slot_at(p, left, &i))
			show_slot(s, &s->slot[i], out);
		else if (switch_at(p, left, &i))
			show_switch(&s->segment[i], out);
		else if (!left)
			break;
		p += MARK_SIZE;
		left -= MARK_SIZE;
	}
	return buf_text(out);
}

static void hash_bytes(EVP_MD_CTX *md, const void *p, size_t n)
{
	uint64_t len = htobe64(n);

	MUST(EVP_DigestUpdate(md, &len, sizeof(len)) == 1 && EVP_DigestUpdate(md, p, n) == 1);
}

static void hash_text(EVP_MD_CTX *md, const char *s)
{
	hash_bytes(md, s, strlen(s));
}

/* Each piece with its length before it, so that none can pass for another. */
void compile_hash(struct compiled *c, const char *html)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n;

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (int i = 0; i < HEAD_PARTS; i++)
		if (i != HEAD_END) /* its boundary is made of what follows */
			hash_bytes(md, c->head[i].p, c->head[i].n);
	hash_text(md, c->subject);
	hash_text(md, c->public_text);
	hash_text(md, html);
	for (size_t i = 0; i < c->slots->n; i++)
		if (c->slots->slot[i].used)
			hash_text(md, c->slots->slot[i].used);
	for (size_t i = 0; i < c->slots->n_names; i++)
		hash_text(md, c->slots->link[i] ? "link" : "words");
	for (const struct image *const *x = c->images; *x; x++) {
		hash_text(md, (*x)->type);
		hash_bytes(md, (*x)->hash, sizeof((*x)->hash));
	}
	MUST(EVP_DigestFinal_ex(md, c->hash, &n) == 1);
	EVP_MD_CTX_free(md);
}

const char *compose_shown_words(struct arena *a, const struct compiled *c, uint64_t shown)
{
	const char *all = "";

	for (size_t i = 0; i < c->slots->n_conditions; i++) {
		const struct condition *k = &c->slots->condition[i];
		const char *name = c->slots->name[k->field];
		bool holds = shown >> i & 1;
		const char *one = k->is ? arena_printf(a, "%s %s %s", name, holds ? "=" : "is not", k->is)
					: arena_printf(a, "%s %s", holds ? "with" : "without", name);

		all = *all ? arena_printf(a, "%s, %s", all, one) : one;
	}
	return all;
}
