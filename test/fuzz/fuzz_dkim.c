/*
 * The verifier on arbitrary messages. The first line of the input is the key
 * record that every look-up finds. Every result must have its words, and only
 * host names may be looked up.
 */
#include "mail/dkim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *ctx, const char *selector, const char *domain)
{
	MUST(*selector && *domain && !strpbrk(domain, " ;\r\n"));
	return ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = size ? memchr(data, '\n', size) : NULL;
	struct arena *a = arena_new();
	struct dkim_result r[8];
	char *record;
	size_t skip, n;

	skip = lf ? (size_t)(lf - data) + 1 : 0;
	record = arena_text_n(a, (const char *)data, skip);
	n = dkim_verify(a, (struct slice){ (const char *)data + skip, size - skip }, lookup, record, 1, r);
	for (size_t i = 0; i < n; i++)
		MUST(r[i].reason && r[i].domain && r[i].selector && r[i].algorithm && *dkim_answer_name(r[i].answer));
	arena_free(a);
	return 0;
}
