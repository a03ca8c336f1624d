/* A DNS given as a table, for tests: names that end in "!" do not answer. */
#ifndef PLACET_TEST_ZONE_H
#define PLACET_TEST_ZONE_H

#include <strings.h>

#include "dns/dns.h"

struct zone_row {
	const char *name;
	enum dns_type type;
	const char *text;
};

struct zone {
	const struct zone_row *row; /* ended by a NULL name */
	unsigned asked;
};

static inline void zone_ask(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	struct zone *z = ctx;

	z->asked++;
	*out = (struct dns_answer){ .status = DNS_NO_NAME, .record = ARENA_ARRAY(a, struct dns_record, DNS_RECORDS_MAX) };
	for (const struct zone_row *r = z->row; r->name; r++) {
		size_t n = strlen(name);

		if (strncasecmp(r->name, name, n) == 0 && strcmp(r->name + n, "!") == 0) {
			*out = (struct dns_answer){ .status = DNS_TROUBLE, .why = "silent" };
			return;
		}
		if (strcasecmp(r->name, name) != 0)
			continue;
		out->status = out->n ? DNS_FOUND : DNS_NO_DATA;
		if (r->type != type)
			continue;
		out->record[out->n] = (struct dns_record){ .text = r->text, .n = strlen(r->text) };
		if (type == DNS_A || type == DNS_AAAA)
			MUST(dns_address(r->text, out->record[out->n].address));
		out->n++;
		out->status = DNS_FOUND;
		out->ttl = 3600;
	}
}

#endif
