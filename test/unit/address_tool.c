/*
 * For test/oracle/test_address_corpora.py: what we make of other projects'
 * cases. Each line of stdin is one case, its bytes in hex; each line of stdout
 * is the answer, in fields parted by tabs.
 *   address            "ok", delivery, key, cleaned, flags; or "no", reason
 *   domain             A-labels, or "-"
 *   registered FILE    the organization's domain by that public suffix list, or "-"
 */
#include "base/buf.h"
#include "base/codec.h"
#include "mail/address.h"

#include <libpsl.h>

#define LINE_MAX_SIZE 100000

static void answer_address(struct arena *a, const char *cell)
{
	struct address addr;
	struct err e = { 0 };
	unsigned flags;

	if (address_parse(a, cell, &addr, &e) < 0) {
		printf("no\t%s\n", e.text);
		return;
	}
	flags = address_flags(&addr);
	printf("ok\t%s\t%s\t%s\t", addr.delivery, addr.key, addr.cleaned ? addr.cleaned : "-");
	for (unsigned f = 1; f <= ADDRESS_LOOKALIKE; f <<= 1)
		if (flags & f)
			printf("%s ", address_flag_name((enum address_flag)f));
	puts("");
}

static void answer(struct arena *a, const psl_ctx_t *list, bool domain, const char *text)
{
	const char *found;

	if (!list && !domain) {
		answer_address(a, text);
		return;
	}
	found = list ? domain_registered_in(a, list, text) : domain_parse(a, text);
	puts(found ? found : "-");
}

int main(int argc, char **argv)
{
	static char line[LINE_MAX_SIZE];
	bool domain = argc == 2 && strcmp(argv[1], "domain") == 0, address = argc == 2 && strcmp(argv[1], "address") == 0;
	psl_ctx_t *list = argc == 3 && strcmp(argv[1], "registered") == 0 ? psl_load_file(argv[2]) : NULL;

	if (!domain && !address && !list) {
		fprintf(stderr, "address_tool address|domain|registered FILE\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		struct arena *a = arena_new();
		size_t n = strcspn(line, "\n");
		char *text = arena_alloc(a, n / 2 + 1);

		if (hex_decode(text, n / 2, line, n) != (ssize_t)(n / 2))
			return 2;
		answer(a, list, domain, text);
		arena_free(a);
	}
	psl_free(list);
	return 0;
}
