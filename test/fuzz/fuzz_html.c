/*
 * Any HTML: the reader ends, and gives a view whose texts are there and are UTF-8.
 */
#include "base/utf8.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct html_view v;
	struct err e;

	if (html_read(a, (struct slice){ (const char *)data, size }, &v, &e) == 0) {
		MUST(utf8_valid(v.text, strlen(v.text)) && utf8_valid(v.hidden, strlen(v.hidden)));
		for (size_t i = 0; i < v.n_links; i++)
			MUST(v.links[i].href && v.links[i].words);
		for (size_t i = 0; i < v.n_images; i++)
			MUST(v.images[i].src && v.images[i].alt);
	}
	arena_free(a);
	return 0;
}
