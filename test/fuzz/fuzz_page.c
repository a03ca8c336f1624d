/* A public page that anybody may have written. */
#include "dns/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new();
	struct page_words p;

	page_read(a, (struct slice){ (const char *)data, n }, "https://uni.example/", &p);
	MUST(p.words[0] == ' ' && p.n_links <= PAGE_LINKS_MAX);
	(void)page_links_to(&p, "https://uni.example/projects/x");
	arena_free(a);
	return 0;
}
