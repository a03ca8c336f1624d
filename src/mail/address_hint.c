/*
 * Which domain was probably meant (ADR-10): one slip of the finger away from a
 * large provider's or from a domain that the caller knows. Real domains are
 * that near to each other too, so that short names, a wrong first letter and
 * endings that exist elsewhere give no hint.
 */
#include "mail/address_inner.h"

#include "mail/address_lists.h"

#define NAME_MIN 5 /* shorter names are real neighbours more often than mistakes */

bool text_is_one_off(struct slice one, struct slice other)
{
	size_t n = one.n < other.n ? one.n : other.n, begin = 0, end = 0;

	while (begin < n && one.p[begin] == other.p[begin])
		begin++;
	while (end < n - begin && one.p[one.n - end - 1] == other.p[other.n - end - 1])
		end++;
	if (one.n != other.n)
		return one.n + other.n == 2 * n + 1 && begin + end == n;
	if (n - begin - end == 2)
		return one.p[begin] == other.p[begin + 1] && one.p[begin + 1] == other.p[begin];
	return n - begin - end == 1;
}

static bool same(struct slice one, struct slice other)
{
	return one.n == other.n && memcmp(one.p, other.p, one.n) == 0;
}

/* A long enough name, one slip away, and not in place of its first letter: tu-berlin.de is not hu-berlin.de. */
static bool is_slip(struct slice given, struct slice meant)
{
	bool other_first = given.n == meant.n && given.n > 1 && given.p[0] != meant.p[0] && given.p[1] == meant.p[1];

	return meant.n >= NAME_MIN && !other_first && text_is_one_off(given, meant);
}

/* "con", "cmo", "co" for "com"; elsewhere only what is no ending at all: gmx.at is not gmx.de. */
static bool is_wrong_ending(struct slice given, struct slice meant)
{
	return text_is_one_off(given, meant) && (slice_is(meant, "com") || !domain_is_public_suffix(given.p));
}

/* Both whole domains. */
static bool is_meant(const char *given, const char *meant)
{
	size_t given_n = strcspn(given, "."), meant_n = strcspn(meant, ".");
	struct slice given_name = { given, given_n }, meant_name = { meant, meant_n };
	struct slice given_end = slice_of(given[given_n] ? given + given_n + 1 : "");
	struct slice meant_end = slice_of(meant[meant_n] ? meant + meant_n + 1 : "");

	if (same(given_name, meant_name))
		return is_wrong_ending(given_end, meant_end);
	if (same(given_end, meant_end))
		return is_slip(given_name, meant_name);
	return is_slip(slice_of(given), slice_of(meant)); /* a dot too many or misplaced: gmai.l.com, gmailc.om */
}

const char *address_hint(struct arena *a, const struct address *addr, const char *const *known, size_t n_known)
{
	size_t n;
	const char *const *large = list_large(&n);

	if (domain_is_known(addr->domain, known, n_known) || list_has_neighbour(addr->domain))
		return NULL;
	for (size_t i = 0; i < n_known; i++) {
		const char *tail = domain_tail(addr->domain, known[i]);

		if (tail && is_meant(tail, known[i]))
			return arena_printf(a, "%.*s%s", (int)(tail - addr->domain), addr->domain, known[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (is_meant(addr->domain, large[i]))
			return large[i];
	return NULL;
}
