/*
 * Any message: it is taken apart or refused, and whatever comes of it can be held to the policy, each
 * rule with an answer.
 */
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const DOMAINS[] = { "uni.example", NULL };
static const char *const WORDS[] = { "registrar", NULL };
static const char *const PAIRS[] = { "en", "not an official communication", NULL };

static void judge(struct arena *a, const struct message_facts *m)
{
	const struct institution_facts in = { "University", DOMAINS, "https://mail.uni.example",
					      "https://mail.uni.example/", "1 Road\nTown", WORDS, PAIRS, PAIRS, false };
	const struct facts f = { .institution = &in, .message = m, .lint = true };
	struct verdict v;

	policy_decide(a, &f, &v);
	MUST(v.n >= 11 && v.n <= FINDINGS_MAX);
	for (size_t i = 0; i < v.n; i++)
		MUST(v.finding[i].reason[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct message_facts m;
	struct err e;

	if (policy_read_message(a, (struct slice){ (const char *)data, size }, &m, &e) == 0) {
		for (size_t i = 0; i < m.message.n_fields; i++)
			MUST(m.message.fields[i].name && m.message.fields[i].decoded);
		judge(a, &m);
	}
	arena_free(a);
	return 0;
}
