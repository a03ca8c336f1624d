/*
 * For test/oracle/test_spf_suite.py: reads JSON objects from stdin, one a line:
 * {"zone": {"name": [["TXT", "text"], ["MX", 10, "name"], ...]}, "host": "192.0.2.1", "helo": "...", "mailfrom": "..."},
 * and prints for each the result, and why. A record "TIMEOUT" is what a name answers that answers nothing else.
 */
#include "dns/spf.h"

#include <jansson.h>
#include <strings.h>

#define LINE_MAX_ (1024 * 1024)
#define CNAMES_MAX 8

static const char *type_name(enum dns_type t)
{
	return t == DNS_A ? "A" : t == DNS_AAAA ? "AAAA" : t == DNS_MX ? "MX" : t == DNS_PTR ? "PTR" : "TXT";
}

static const json_t *find(const json_t *zone, const char *name)
{
	const char *key;
	json_t *records;

	json_object_foreach((json_t *)zone, key, records)
		if (strcasecmp(key, name) == 0)
			return records;
	return NULL;
}

static void add(struct arena *a, enum dns_type type, const json_t *record, struct dns_answer *out)
{
	struct dns_record *r = &out->record[out->n++];
	const json_t *value = json_array_get(record, json_array_size(record) - 1);
	char *text = arena_text_n(a, json_string_value(value), json_string_length(value));

	*r = (struct dns_record){ .text = text, .n = json_string_length(value) };
	for (size_t i = 0; i < r->n; i++)
		text[i] = text[i] ? text[i] : '\xff'; /* as dns_rdata_read does */
	if (type == DNS_MX)
		r->preference = (uint16_t)json_integer_value(json_array_get(record, 1));
	if (type == DNS_A || type == DNS_AAAA)
		MUST(dns_address(r->text, r->address) == (type == DNS_A ? 4 : 16));
}

static void ask(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	const json_t *records = find(ctx, name), *alias = NULL;
	bool silent = false;
	json_t *record;
	size_t i;

	out->record = ARENA_ARRAY(a, struct dns_record, DNS_RECORDS_MAX);
	for (int hop = 0; hop < CNAMES_MAX; hop++, records = find(ctx, json_string_value(json_array_get(alias, 1)))) {
		alias = NULL;
		json_array_foreach((json_t *)records, i, record) {
			const char *is = json_is_string(record) ? "TIMEOUT" : json_string_value(json_array_get(record, 0));

			silent = silent || strcmp(is, "TIMEOUT") == 0;
			if (strcmp(is, type_name(type)) == 0 && out->n < DNS_RECORDS_MAX)
				add(a, type, record, out);
			else if (strcmp(is, "CNAME") == 0)
				alias = record;
		}
		if (!alias || out->n)
			break;
	}
	out->status = out->n ? DNS_FOUND : silent ? DNS_TROUBLE : records ? DNS_NO_DATA : DNS_NO_NAME;
	out->why = "TIMEOUT";
}

static void judge(const json_t *test)
{
	struct arena *a = arena_new();
	const struct dns_asker dns = { ask, json_object_get(test, "zone") };
	const struct spf_question q = { json_string_value(json_object_get(test, "host")),
					json_string_value(json_object_get(test, "mailfrom")),
					json_string_value(json_object_get(test, "helo")) };
	struct spf_answer x;

	spf_check(a, &dns, &q, &x);
	printf("%s %s\n", spf_result_name(x.result), x.why);
	arena_free(a);
}

int main(void)
{
	char *line = mem_alloc(LINE_MAX_);

	while (fgets(line, LINE_MAX_, stdin)) {
		json_t *test = json_loads(line, JSON_ALLOW_NUL, NULL);

		MUST(json_is_object(test));
		judge(test);
		json_decref(test);
	}
	free(line);
	return 0;
}
