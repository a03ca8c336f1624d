/*
 * Evaluating SPF: see spf.h. check_domain() is the check_host() of the RFC: it finds a record, reads all of it, and asks
 * its terms in order. What asks the DNS is counted over everything that includes and redirects lead to, so that no record,
 * however it is made, costs more than the limits of section 4.6.4.
 */
#include "dns/spf_in.h"

#include <string.h>
#include <strings.h>

#define LOOKUPS_MAX 10
#define VOIDS_MAX 2
#define NAMES_MAX 10 /* of an MX or PTR answer */

/* What a term says: of itself, or of the whole evaluation. */
enum match { MATCH_NO, MATCH_YES, MATCH_TEMPERROR, MATCH_PERMERROR };

static enum spf_result check_domain(struct spf_work *w, const char *domain, const char **record);

const char *spf_result_name(enum spf_result r)
{
	static const char *const NAMES[] = { "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror" };

	MUST((size_t)r < COUNT(NAMES));
	return NAMES[r];
}

static enum match bad(struct spf_work *w, enum match answer, const char *why)
{
	w->why = why;
	return answer;
}

static bool same_bits(const uint8_t *x, const uint8_t *y, unsigned bits)
{
	size_t whole = bits / 8;

	if (memcmp(x, y, whole) != 0)
		return false;
	return bits % 8 == 0 || (x[whole] ^ y[whole]) >> (8 - bits % 8) == 0;
}

bool spf_has_host(const struct spf_work *w, const struct dns_answer *x, const struct spf_term *t)
{
	unsigned bits = w->n_address == 4 ? (t ? t->bits4 : 32) : (t ? t->bits6 : 128);

	for (size_t i = 0; x->status == DNS_FOUND && i < x->n; i++)
		if (same_bits(x->record[i].address, w->address, bits))
			return true;
	return false;
}

bool spf_is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	d -= d && domain[d - 1] == '.';
	return n >= d && strncasecmp(name + n - d, domain, d) == 0 && (n == d || name[n - d - 1] == '.');
}

static enum dns_type address_type(const struct spf_work *w)
{
	return w->n_address == 4 ? DNS_A : DNS_AAAA;
}

/* A question of a term; answers that say nothing are counted too. */
static enum match ask(struct spf_work *w, const char *name, enum dns_type type, struct dns_answer *out)
{
	*out = dns_question(w->dns, w->a, name, type);
	if (out->status == DNS_TROUBLE)
		return bad(w, MATCH_TEMPERROR, arena_printf(w->a, "%s: %s", dns_quote(w->a, name), out->why));
	if (out->status != DNS_FOUND && ++w->voids > VOIDS_MAX)
		return bad(w, MATCH_PERMERROR, "its SPF record leads to more than two names that have no such records");
	return MATCH_YES;
}

/* --- mechanisms -------------------------------------------------------------------------------- */

static enum match match_a(struct spf_work *w, const char *name, const struct spf_term *t)
{
	struct dns_answer x;
	enum match m = ask(w, name, address_type(w), &x);

	return m != MATCH_YES ? m : spf_has_host(w, &x, t) ? MATCH_YES : MATCH_NO;
}

static enum match match_mx(struct spf_work *w, const char *name, const struct spf_term *t)
{
	struct dns_answer x;
	enum match m = ask(w, name, DNS_MX, &x);

	if (m != MATCH_YES)
		return m;
	if (x.n > NAMES_MAX)
		return bad(w, MATCH_PERMERROR, arena_printf(w->a, "%s has more than ten MX records", dns_quote(w->a, name)));
	for (size_t i = 0; i < x.n; i++) {
		m = match_a(w, x.record[i].text, t);
		if (m != MATCH_NO)
			return m;
	}
	return MATCH_NO;
}

static enum match match_exists(struct spf_work *w, const char *name)
{
	struct dns_answer x;
	enum match m = ask(w, name, DNS_A, &x);

	return m != MATCH_YES ? m : x.status == DNS_FOUND ? MATCH_YES : MATCH_NO;
}

/* The names of the host that lead back to it, one at a time from *at on; NULL at the end. */
static const char *next_name(struct spf_work *w, const struct dns_answer *names, size_t *at)
{
	while (*at < names->n && *at < NAMES_MAX) {
		const char *name = names->record[(*at)++].text;
		struct dns_answer x = dns_question(w->dns, w->a, name, address_type(w));

		if (spf_has_host(w, &x, NULL))
			return name;
	}
	return NULL;
}

/* Trouble with names of the host only means that it has none (5.5). */
static enum match match_ptr(struct spf_work *w, const char *target)
{
	struct dns_answer names;
	const char *name;
	size_t at = 0;

	w->ptr = true;
	if (ask(w, dns_reverse_name(w->a, w->address, w->n_address), DNS_PTR, &names) == MATCH_PERMERROR)
		return MATCH_PERMERROR;
	while (names.status == DNS_FOUND && (name = next_name(w, &names, &at)))
		if (spf_is_below(name, target))
			return MATCH_YES;
	return MATCH_NO;
}

const char *spf_host_name(struct spf_work *w, const char *domain)
{
	struct dns_answer names = dns_question(w->dns, w->a, dns_reverse_name(w->a, w->address, w->n_address), DNS_PTR);
	const char *name, *below = NULL, *any = NULL;
	size_t at = 0;

	while (names.status == DNS_FOUND && (name = next_name(w, &names, &at))) {
		if (strcasecmp(name, domain) == 0)
			return name;
		if (!below && spf_is_below(name, domain))
			below = name;
		if (!any)
			any = name;
	}
	return below ? below : any ? any : "unknown";
}

static enum match match_include(struct spf_work *w, const char *name)
{
	switch (check_domain(w, name, NULL)) {
	case SPF_PASS:
		return MATCH_YES;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_NONE:
		return bad(w, MATCH_PERMERROR, arena_printf(w->a, "include:%s leads to no SPF record", dns_quote(w->a, name)));
	case SPF_PERMERROR:
		return MATCH_PERMERROR;
	default:
		return MATCH_NO;
	}
}

static bool is_own_network(const struct spf_work *w, const struct spf_term *t)
{
	if ((t->kind == SPF_IP4) != (w->n_address == 4))
		return false;
	return same_bits(w->address, t->network, t->kind == SPF_IP4 ? t->bits4 : t->bits6);
}

static enum match count_lookup(struct spf_work *w)
{
	return ++w->lookups > LOOKUPS_MAX ? bad(w, MATCH_PERMERROR, "its SPF record needs more than ten look-ups") : MATCH_YES;
}

static enum match match_term(struct spf_work *w, const char *domain, const struct spf_term *t)
{
	const char *target;

	if (t->kind == SPF_ALL)
		return MATCH_YES;
	if (t->kind == SPF_IP4 || t->kind == SPF_IP6)
		return is_own_network(w, t) ? MATCH_YES : MATCH_NO;
	if (count_lookup(w) != MATCH_YES)
		return MATCH_PERMERROR;
	target = spf_expand(w, domain, t->domain);
	switch (t->kind) {
	case SPF_INCLUDE:
		return match_include(w, target);
	case SPF_A:
		return match_a(w, target, t);
	case SPF_MX:
		return match_mx(w, target, t);
	case SPF_PTR:
		return match_ptr(w, target);
	default:
		return match_exists(w, target);
	}
}

/* --- records ----------------------------------------------------------------------------------- */

static bool is_spf(const struct dns_record *r)
{
	return strncasecmp(r->text, "v=spf1", 6) == 0 && (r->text[6] == ' ' || r->text[6] == '\0');
}

/* SPF_PASS: there is exactly one. */
static enum spf_result find_record(struct spf_work *w, const char *domain, const char **out)
{
	struct dns_answer x;

	/* A name of one label sends no mail. */
	x = strchr(domain, '.') ? dns_question(w->dns, w->a, domain, DNS_TXT) : (struct dns_answer){ .status = DNS_NO_NAME };
	*out = NULL;
	if (x.status == DNS_TROUBLE) {
		w->why = arena_printf(w->a, "%s: %s", dns_quote(w->a, domain), x.why);
		return SPF_TEMPERROR;
	}
	for (size_t i = 0; i < x.n; i++) {
		if (!is_spf(&x.record[i]))
			continue;
		if (*out) {
			w->why = arena_printf(w->a, "%s has more than one SPF record", dns_quote(w->a, domain));
			return SPF_PERMERROR;
		}
		*out = x.record[i].text;
	}
	if (!*out)
		w->why = arena_printf(w->a, "%s has no SPF record", dns_quote(w->a, domain));
	return *out ? SPF_PASS : SPF_NONE;
}

static enum spf_result qualified(char qualifier)
{
	return qualifier == '+' ? SPF_PASS : qualifier == '-' ? SPF_FAIL : qualifier == '~' ? SPF_SOFTFAIL : SPF_NEUTRAL;
}

static enum spf_result redirect(struct spf_work *w, const char *domain, const char *spec)
{
	const char *target;
	enum spf_result r;

	if (count_lookup(w) != MATCH_YES)
		return SPF_PERMERROR;
	target = spf_expand(w, domain, spec);
	r = check_domain(w, target, NULL);
	if (r != SPF_NONE)
		return r;
	w->why = arena_printf(w->a, "redirect=%s leads to no SPF record", dns_quote(w->a, target));
	return SPF_PERMERROR;
}

static enum spf_result evaluate(struct spf_work *w, const char *domain, const struct spf_record *r)
{
	for (size_t i = 0; i < r->n; i++) {
		switch (match_term(w, domain, &r->term[i])) {
		case MATCH_YES:
			w->why = arena_printf(w->a, "%s in the SPF record of %s", dns_quote(w->a, r->term[i].text),
					      dns_quote(w->a, domain));
			return qualified(r->term[i].qualifier);
		case MATCH_TEMPERROR:
			return SPF_TEMPERROR;
		case MATCH_PERMERROR:
			return SPF_PERMERROR;
		case MATCH_NO:
			break;
		}
	}
	if (r->redirect && !r->all)
		return redirect(w, domain, r->redirect);
	w->why = arena_printf(w->a, "nothing in the SPF record of %s names it", dns_quote(w->a, domain));
	return SPF_NEUTRAL;
}

static enum spf_result check_domain(struct spf_work *w, const char *domain, const char **record)
{
	struct spf_record *r;
	const char *text, *why;
	enum spf_result got = find_record(w, domain, &text);

	if (record)
		*record = text;
	if (got != SPF_PASS)
		return got;
	r = ARENA_NEW(w->a, struct spf_record);
	why = spf_read(w->a, text, r);
	if (!why)
		return evaluate(w, domain, r);
	w->why = arena_printf(w->a, "%s: %s", dns_quote(w->a, domain), why);
	return SPF_PERMERROR;
}

/* An IPv4 address in IPv6 clothes is one (section 5). */
static void set_address(struct spf_work *w, const char *text)
{
	static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };

	w->n_address = dns_address(text, w->address);
	MUST(w->n_address);
	if (w->n_address == 16 && memcmp(w->address, MAPPED, sizeof(MAPPED)) == 0) {
		memmove(w->address, w->address + 12, 4);
		w->n_address = 4;
	}
}

void spf_check(struct arena *a, const struct dns_asker *dns, const struct spf_question *q, struct spf_answer *out)
{
	const char *at = strrchr(q->sender, '@');
	struct spf_work w = { .a = a, .dns = dns, .helo = q->helo, .why = "" };

	*out = (struct spf_answer){ 0 };
	w.sender_domain = at ? at + 1 : *q->sender ? q->sender : q->helo;
	w.local = at && at > q->sender ? arena_text_n(a, q->sender, (size_t)(at - q->sender)) : "postmaster";
	w.sender = arena_printf(a, "%s@%s", w.local, w.sender_domain);
	set_address(&w, q->address);
	out->result = check_domain(&w, w.sender_domain, &out->record);
	out->why = w.why;
	out->lookups = w.lookups;
	out->ptr = w.ptr;
}
