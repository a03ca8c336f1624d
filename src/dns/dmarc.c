/* DMARC: see dmarc.h. The walk asks eight questions at most, however many labels a name has (RFC 9989, tree walk). */
#include "dns/dmarc.h"

#include "mail/tags.h"

#include <string.h>
#include <strings.h>

#define LABELS_MAX 7 /* a longer name is cut to these before the second question */

const char *dmarc_policy_name(enum dmarc_policy p)
{
	static const char *const NAMES[] = { "none", "quarantine", "reject" };

	MUST((size_t)p < COUNT(NAMES));
	return NAMES[p];
}

/* --- records ----------------------------------------------------------------------------------- */

static enum dmarc_policy policy_tag(struct arena *a, const struct tags *t, const char *name, enum dmarc_policy absent)
{
	const char *text = tag_text(a, t, name);

	for (enum dmarc_policy p = DMARC_POLICY_NONE; text && p <= DMARC_POLICY_REJECT; p++)
		if (strcasecmp(text, dmarc_policy_name(p)) == 0)
			return p;
	return absent;
}

/* The tag's only letter in lower case, or `absent`. */
static char letter_tag(const struct tags *t, const char *name, char absent)
{
	const struct tag *tag = tag_find(t, name);

	return tag && tag->value.n == 1 ? (char)(tag->value.p[0] | 32) : absent;
}

bool dmarc_read(struct arena *a, const char *text, struct dmarc_record *out)
{
	struct tags t;

	if (tags_read(a, slice_of(text), &t) || !t.n || !slice_is(t.tag[0].name, "v") || !slice_is(t.tag[0].value, "DMARC1"))
		return false;
	*out = (struct dmarc_record){
		.policy = policy_tag(a, &t, "p", DMARC_POLICY_NONE),
		.psd = letter_tag(&t, "psd", 'u'),
		.strict_dkim = letter_tag(&t, "adkim", 'r') == 's',
		.strict_spf = letter_tag(&t, "aspf", 'r') == 's',
		.testing = letter_tag(&t, "t", 'n') == 'y',
	};
	out->sub = policy_tag(a, &t, "sp", out->policy);
	out->absent = policy_tag(a, &t, "np", out->sub);
	return true;
}

/* --- the walk ---------------------------------------------------------------------------------- */

static size_t labels(const char *name)
{
	size_t n = *name != '\0';

	for (; *name; name++)
		n += *name == '.';
	return n;
}

static const char *parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : "";
}

/* True when this name has exactly one record. */
static bool ask_step(struct arena *a, const struct dns_asker *dns, const char *domain, struct dmarc_walk *w)
{
	struct dns_answer x = dns_question(dns, a, arena_printf(a, "_dmarc.%s", domain), DNS_TXT);
	struct dmarc_record one, record = { 0 };
	size_t found = 0;

	w->asked++;
	if (x.status == DNS_TROUBLE)
		w->trouble = arena_printf(a, "_dmarc.%s: %s", domain, x.why);
	for (size_t i = 0; i < x.n; i++)
		if (dmarc_read(a, x.record[i].text, &one)) {
			record = one;
			found++;
		}
	if (found != 1)
		return false;
	w->step[w->n].domain = domain;
	w->step[w->n++].record = record;
	return true;
}

void dmarc_walk(struct arena *a, const struct dns_asker *dns, const char *domain, struct dmarc_walk *out)
{
	const char *at = domain;

	*out = (struct dmarc_walk){ 0 };
	while (*at && out->asked < DMARC_STEPS_MAX && !out->trouble) {
		char psd = ask_step(a, dns, at, out) ? out->step[out->n - 1].record.psd : 'u';

		if (psd == 'n' || (psd == 'y' && at != domain))
			return;
		do
			at = parent(at);
		while (labels(at) > LABELS_MAX);
	}
}

/* The name one label longer than `above`, on the way down to `domain`. */
static const char *below(const char *domain, const char *above)
{
	const char *at = domain;

	while (*at && labels(at) > labels(above) + 1)
		at = parent(at);
	return at;
}

const char *dmarc_organization(struct arena *a, const struct dmarc_walk *w, const char *domain)
{
	size_t last = w->n - 1;

	if (!w->n)
		return domain;
	if (w->step[last].record.psd == 'n')
		return w->step[last].domain;
	if (w->step[last].record.psd == 'y' && strcmp(w->step[last].domain, domain) != 0)
		return arena_text(a, below(domain, w->step[last].domain));
	return w->step[last].domain;
}

/* --- what applies ------------------------------------------------------------------------------ */

/* No records at all by which one could reach it. */
static bool is_absent(struct arena *a, const struct dns_asker *dns, const char *domain)
{
	static const enum dns_type TYPES[] = { DNS_MX, DNS_A, DNS_AAAA };

	for (size_t i = 0; i < COUNT(TYPES); i++) {
		enum dns_status s = dns_question(dns, a, domain, TYPES[i]).status;

		if (s == DNS_NO_NAME)
			return true;
		if (s != DNS_NO_DATA)
			return false;
	}
	return true;
}

/* The author's own record, else that of the organisational domain, else that of the public suffix (the last one found). */
static size_t deciding(const struct dmarc_walk *w, const char *author, const char *organization)
{
	if (strcmp(w->step[0].domain, author) == 0)
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->step[i].domain, organization) == 0)
			return i;
	return w->n - 1;
}

void dmarc_find(struct arena *a, const struct dns_asker *dns, const char *author, struct dmarc_answer *out)
{
	struct dmarc_walk w;
	size_t i;

	*out = (struct dmarc_answer){ .status = DMARC_ABSENT, .organization = author };
	dmarc_walk(a, dns, author, &w);
	if (w.trouble) {
		out->status = DMARC_TROUBLE;
		out->why = w.trouble;
		return;
	}
	if (!w.n)
		return;
	out->organization = dmarc_organization(a, &w, author);
	i = deciding(&w, author, out->organization);
	out->status = DMARC_FOUND;
	out->where = w.step[i].domain;
	out->record = w.step[i].record;
	out->policy = out->record.policy;
	if (strcmp(out->where, author) == 0)
		return;
	out->policy = out->record.sub;
	if (out->record.absent != out->record.sub && is_absent(a, dns, author))
		out->policy = out->record.absent;
}

int dmarc_is_aligned(struct arena *a, const struct dns_asker *dns, const char *author, const struct dmarc_answer *found,
		     const char *domain, bool strict)
{
	struct dmarc_walk w;

	if (strcasecmp(author, domain) == 0)
		return 1;
	if (strict)
		return 0;
	dmarc_walk(a, dns, domain, &w);
	if (w.trouble)
		return -1;
	return strcasecmp(dmarc_organization(a, &w, domain), found->organization) == 0;
}
