/*
 * The normal form on any text: within its bounds, the same once more on what it gave, and every text is found in itself. The first
 * line of the input is taken for the text that was approved.
 */
#include "mail/normal.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct arena *a, const struct normal *n)
{
	MUST(n->n <= NORMAL_SENTENCES_MAX && n->n_links <= NORMAL_LINKS_MAX && n->n_codes <= NORMAL_CODES_MAX);
	for (size_t i = 0; i < n->n; i++) {
		const struct sentence *s = &n->sentence[i];

		MUST(s->n_cuts <= NORMAL_CUTS_MAX && utf8_valid(s->form, strlen(s->form)));
		for (size_t k = 0; k < s->n_cuts; k++)
			MUST(s->cut[k] <= strlen(s->form));
		(void)normal_says_again(n, i);
	}
	for (size_t i = 0; i < n->n_links; i++) {
		const char *to = link_unwrap(a, n->link[i]);

		MUST(!to || link_host(a, to) || *to);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	size_t cut = lf ? (size_t)(lf - data) : 0;
	struct normal approved, typed;
	const struct normal_index *index;

	if (size > 20000)
		size = 20000;
	cut = cut > size ? size : cut;
	normal_read(a, arena_text_n(a, (const char *)data, cut), true, &approved);
	normal_read(a, arena_text_n(a, (const char *)data + cut, size - cut), false, &typed);
	look(a, &approved);
	look(a, &typed);
	index = normal_index_new(a, &approved);
	for (size_t i = 0; i < typed.n; i++)
		(void)normal_index_knows(index, &typed, i);
	for (size_t i = 0; i < approved.n; i++)
		MUST(normal_index_has(index, &approved.sentence[i]));
	arena_free(a);
	return 0;
}
