/*
 * Facts about identities and the public page: see facts.h. Only good answers are believed without asking again: what was
 * mended is seen at once, and what broke within FACTS_KEPT.
 */
#include "store/facts.h"

#include "compose/markdown.h"
#include "dns/page.h"
#include "mail/domain.h"
#include "mail/message.h"
#include "store/query.h"

#include <strings.h>

#define STATEMENT_MAX (1024 * 1024)
#define SEND_ONE "send a message through the relay to yourself, save it as it came back, and give it to `placet identity check NAME --signed-message FILE`"

QUERY(Q_FACT, "SELECT answer, detail, at FROM identity_fact WHERE identity_id = $1 AND name = $2");
QUERY(Q_FACT_KEEP, "INSERT INTO identity_fact (identity_id, name, answer, detail, at) VALUES ($1, $2, $3, $4, $5)"
		   " ON CONFLICT (identity_id, name) DO UPDATE SET answer = excluded.answer, detail = excluded.detail, at = excluded.at");
QUERY(Q_FACT_FORGET, "DELETE FROM identity_fact WHERE identity_id = $1");

EACH(Q_WINDOWS_AHEAD, "SELECT DISTINCT project_id FROM mailing WHERE state = 'scheduled' AND not_before <= $1 ORDER BY project_id");

static const struct {
	const char *name, *what;
} FACTS[KNOWN_COUNT] = {
	[KNOWN_SPF] = { "spf", "SPF covers the outbound addresses" },
	[KNOWN_DKIM] = { "dkim", "the DKIM keys are published and match" },
	[KNOWN_DMARC] = { "dmarc", "DMARC passes in alignment" },
	[KNOWN_REVERSE] = { "reverse-names", "the names of the outbound addresses resolve both ways" },
	[KNOWN_PAGE] = { "statement-page", "the statement page answers at its public address and names the project" },
};

const char *known_name(enum known k)
{
	MUST(k < KNOWN_COUNT);
	return FACTS[k].name;
}

const char *known_what(enum known k, bool relay_signs)
{
	MUST(k < KNOWN_COUNT);
	return k == KNOWN_DKIM && relay_signs ? "the relay signs with DKIM" : FACTS[k].what;
}

/* --- what is kept ------------------------------------------------------------------------------ */

static const char *answer_word(enum fact f)
{
	return f == FACT_YES ? "yes" : f == FACT_NO ? "no" : "unknown";
}

static const char *row_name(struct arena *a, enum known k, const struct project *p)
{
	return k == KNOWN_PAGE ? arena_printf(a, "%s:%s", FACTS[k].name, p ? p->slug : "") : FACTS[k].name;
}

/* 1, 0 when nothing is kept, -1. */
static int load(struct home *h, struct arena *a, const struct identity *x, const char *name, struct fact_known *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_FACT, ARGS(db_i64(x->id), db_text(name)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct fact_known){
			.answer = strcmp(rows_text(&r, 0), "yes") == 0 ? FACT_YES : strcmp(rows_text(&r, 0), "no") == 0 ? FACT_NO : FACT_UNKNOWN,
			.words = { arena_text(a, rows_text(&r, 1)), "" },
			.at = rows_i64(&r, 2),
		};
	rows_close(&r);
	return got;
}

static int keep(struct home *h, const struct identity *x, const char *name, const struct fact_known *f, struct err *e)
{
	return db_exec(h->db, &Q_FACT_KEEP,
		       ARGS(db_i64(x->id), db_text(name), db_text(answer_word(f->answer)), db_text(f->words.found), db_i64(f->at)), NULL, e);
}

int facts_forget(struct home *h, const struct identity *x, struct err *e)
{
	return db_exec(h->db, &Q_FACT_FORGET, ARGS(db_i64(x->id)), NULL, e);
}

/* --- looking ----------------------------------------------------------------------------------- */

/* One look at the world. */
struct looking {
	struct home *h;
	struct arena *a;
	const struct identity *x;
	struct dns *dns;
	struct dns_asker asker;
	int64_t end; /* clock_ticks */
};

static void free_dns(void *dns)
{
	dns_free(dns);
}

static int begin(struct looking *l, struct home *h, struct arena *a, const struct identity *x, struct err *e)
{
	const char *resolver;

	MUST(!db_in_transaction(h->db));
	if (institution_get(h, a, "resolver", &resolver, e) < 0)
		return -1;
	*l = (struct looking){ .h = h, .a = a, .x = x, .end = clock_ticks() + FACTS_SECONDS * SECOND };
	l->dns = dns_open(resolver, FACTS_SECONDS, e);
	if (!l->dns)
		return -1;
	arena_defer(a, free_dns, l->dns);
	l->asker = dns_asker(l->dns);
	return 0;
}

static struct fact_known known_of(const struct looking *l, const struct dns_fact *f)
{
	return (struct fact_known){ f->answer, { f->found, f->mend }, home_now(l->h) };
}

static struct fact_known said(const struct looking *l, enum fact answer, const char *found, const char *mend)
{
	return (struct fact_known){ answer, { found, mend }, home_now(l->h) };
}

/* The domain of the relay's signatures; NULL while it has not proved that it signs, or no more. */
static int relay_proof(const struct looking *l, const char **domain, struct err *e)
{
	struct fact_known f;
	int got = load(l->h, l->a, l->x, "relay-signs", &f, e);

	*domain = got > 0 && f.at > home_now(l->h) - RELAY_PROOF_KEPT ? f.words.found : NULL;
	return got < 0 ? -1 : 0;
}

static enum fact worse(enum fact x, enum fact y)
{
	static const int ORDER[] = { [FACT_NO] = 3, [FACT_UNKNOWN] = 2, [FACT_YES] = 1, [FACT_TRIAL] = 0 };

	return ORDER[x] >= ORDER[y] ? x : y;
}

/* Notes which keys are published; of the current ones *out says so. A silence changes nothing. */
static int look_keys(const struct looking *l, struct fact_known *out, struct keys_seen *seen, struct err *e)
{
	struct identity_key *key;
	size_t n;

	*out = said(l, FACT_TRIAL, "", "");
	*seen = (struct keys_seen){ .next = true };
	if (identity_keys(l->h, l->a, l->x, &key, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct dns_fact f;
		bool there;

		if (key[i].state != KEY_NEXT && key[i].state != KEY_CURRENT)
			continue;
		look_key(l->a, &l->asker, l->x->domain[0], key[i].selector, key[i].record, &f);
		seen->ttl = f.ttl > seen->ttl ? f.ttl : seen->ttl;
		there = f.answer == FACT_YES;
		seen->next = seen->next && (there || key[i].state != KEY_NEXT);
		if (f.answer != FACT_UNKNOWN && there != (key[i].seen != 0) &&
		    identity_key_seen(l->h, &key[i], there ? home_now(l->h) : 0, e) < 0)
			return -1;
		if (key[i].state == KEY_CURRENT && worse(f.answer, out->answer) != out->answer)
			*out = known_of(l, &f);
	}
	if (out->answer == FACT_YES)
		out->words.found = "both keys are published and match";
	else if (out->answer == FACT_TRIAL)
		*out = said(l, FACT_NO, "there is no current key", "add another identity");
	return 0;
}

static int look_dkim(const struct looking *l, struct fact_known *out, struct keys_seen *seen, struct err *e)
{
	const char *domain;

	if (look_keys(l, out, seen, e) < 0)
		return -1;
	if (!l->x->relay_signs)
		return 0;
	if (relay_proof(l, &domain, e) < 0)
		return -1;
	if (domain)
		*out = said(l, FACT_YES, arena_printf(l->a, "the relay signs as %s, which a message that came back has proved", domain), "");
	else
		*out = said(l, FACT_UNKNOWN, "the relay is to sign, and no message that came back has proved it in the last 90 days", SEND_ONE);
	return 0;
}

static int look_alignment(const struct looking *l, struct fact_known *out, struct err *e)
{
	const char *signer = l->x->domain[0];
	struct dns_fact f;

	if (l->x->relay_signs && relay_proof(l, &signer, e) < 0)
		return -1;
	if (!signer) {
		*out = said(l, FACT_UNKNOWN, "as which domain the relay signs is not known", SEND_ONE);
		return 0;
	}
	look_dmarc(l->a, &l->asker, l->x->domain[0], signer, l->x->domain[0], &f);
	*out = known_of(l, &f);
	return 0;
}

static int look_page(const struct looking *l, const struct institution *in, const struct project *p, struct fact_known *out,
		     struct err *e)
{
	struct page_source s = { .dns = &l->asker, .end = l->end };
	const char *statement = in->statement ? in->statement : "";
	struct statement x = { .url = in->statement_url };
	struct dns_fact f;
	struct buf html;
	int rc;

	buf_init(&html, STATEMENT_MAX);
	rc = institution_get(l->h, l->a, "ca-file", &s.ca_file, e);
	if (rc == 0)
		rc = markdown_to_html(statement, strlen(statement), true, &html, e);
	if (rc == 0) {
		if (s.ca_file && !*s.ca_file)
			s.ca_file = NULL;
		x.html = buf_text(&html);
		if (p) {
			x.project_url = p->url;
			x.title = p->title;
			x.originator = p->originator;
		}
		look_statement(l->a, &s, &x, &f);
		*out = known_of(l, &f);
	}
	buf_free(&html);
	return rc;
}

static int look_one(const struct looking *l, enum known k, const struct institution *in, const struct project *p,
		    struct facts_known *out, struct err *e)
{
	const char *const *outbound = split_words(l->a, l->x->outbound);
	struct dns_fact f;

	switch (k) {
	case KNOWN_DKIM:
		return look_dkim(l, &out->fact[k], &out->keys, e);
	case KNOWN_DMARC:
		return look_alignment(l, &out->fact[k], e);
	case KNOWN_PAGE:
		return look_page(l, in, p, &out->fact[k], e);
	case KNOWN_SPF:
		look_spf(l->a, &l->asker, l->x->domain[0], outbound, &f);
		break;
	default:
		look_reverse(l->a, &l->asker, outbound, &f);
	}
	out->fact[k] = known_of(l, &f);
	return 0;
}

/* Asks for those that are wanted, and keeps what came of it. */
static int look(struct home *h, struct arena *a, const struct institution *in, const struct identity *x,
		const struct project *p, const bool wanted[KNOWN_COUNT], struct facts_known *out, struct err *e)
{
	struct looking l;

	if (begin(&l, h, a, x, e) < 0)
		return -1;
	for (enum known k = 0; k < KNOWN_COUNT; k++)
		if (wanted[k] && look_one(&l, k, in, p, out, e) < 0)
			return -1;
	if (db_begin(h->db, e) < 0)
		return -1;
	for (enum known k = 0; k < KNOWN_COUNT; k++)
		if (wanted[k] && keep(h, x, row_name(a, k, p), &out->fact[k], e) < 0) {
			db_rollback(h->db);
			return -1;
		}
	return db_commit(h->db, e);
}

static void trial(struct home *h, struct facts_known *out)
{
	*out = (struct facts_known){ .keys.next = true };
	for (enum known k = 0; k < KNOWN_COUNT; k++)
		out->fact[k] = (struct fact_known){ FACT_TRIAL, { "trial", "" }, home_now(h) };
}

int facts_look(struct home *h, struct arena *a, const struct institution *in, const struct identity *x,
	       const struct project *p, struct facts_known *out, struct err *e)
{
	static const bool ALL[KNOWN_COUNT] = { true, true, true, true, true };

	if (h->trial) {
		trial(h, out);
		return 0;
	}
	*out = (struct facts_known){ 0 };
	return look(h, a, in, x, p, ALL, out, e);
}

int facts_look_page(struct home *h, struct arena *a, const struct institution *in, const struct project *p,
		    struct fact_known *out, struct err *e)
{
	struct looking l;

	if (h->trial) {
		*out = (struct fact_known){ FACT_TRIAL, { "trial", "" }, home_now(h) };
		return 0;
	}
	return begin(&l, h, a, NULL, e) < 0 ? -1 : look_page(&l, in, p, out, e);
}

/* In a trial home what is made counts as published. */
static int see_all(struct home *h, const struct identity_key *key, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (key[i].state == KEY_NEXT && !key[i].seen && identity_key_seen(h, &key[i], home_now(h), e) < 0)
			return -1;
	return 0;
}

int facts_look_keys(struct home *h, struct arena *a, const struct identity *x, struct keys_seen *out, struct err *e)
{
	struct fact_known unused;
	struct identity_key *key;
	struct looking l;
	bool waits = false;
	size_t n;

	if (identity_keys(h, a, x, &key, &n, e) < 0)
		return -1;
	*out = (struct keys_seen){ .next = h->trial };
	if (h->trial)
		return see_all(h, key, n, e);
	for (size_t i = 0; i < n; i++)
		waits = waits || key[i].state == KEY_NEXT;
	if (!waits)
		return 0;
	return begin(&l, h, a, x, e) < 0 ? -1 : look_keys(&l, &unused, out, e);
}

/* --- for the policy ---------------------------------------------------------------------------- */

/* Is what is kept good, and young enough to be believed? */
static bool is_believed(const struct home *h, const struct fact_known *f)
{
	int64_t age = home_now(h) - f->at;

	return f->answer == FACT_YES && age >= 0 && age < FACTS_KEPT;
}

static int load_kept(struct home *h, struct arena *a, const struct identity *x, const struct project *p, bool page_kept,
		     bool wanted[KNOWN_COUNT], struct facts_known *out, struct err *e)
{
	for (enum known k = 0; k < KNOWN_COUNT; k++) {
		int got = load(h, a, x, row_name(a, k, p), &out->fact[k], e);

		if (got < 0)
			return -1;
		wanted[k] = !got || !is_believed(h, &out->fact[k]) || (k == KNOWN_PAGE && !page_kept);
	}
	return 0;
}

int facts_for_policy(struct home *h, struct arena *a, const struct institution *in, const struct identity *x,
		     const struct project *p, bool page_kept, struct infrastructure_facts *out, struct err *e)
{
	struct facts_known known = { 0 };
	bool wanted[KNOWN_COUNT], any = false;

	if (h->trial) {
		trial(h, &known);
	} else {
		if (load_kept(h, a, x, p, page_kept, wanted, &known, e) < 0)
			return -1;
		for (enum known k = 0; k < KNOWN_COUNT; k++)
			any = any || wanted[k];
		if (any && look(h, a, in, x, p, wanted, &known, e) < 0)
			return -1;
	}
	*out = (struct infrastructure_facts){
		.spf = known.fact[KNOWN_SPF].answer,
		.dkim = known.fact[KNOWN_DKIM].answer,
		.dmarc = known.fact[KNOWN_DMARC].answer,
		.reverse_names = known.fact[KNOWN_REVERSE].answer,
		.statement_page = known.fact[KNOWN_PAGE].answer,
		.relay_signs = x->relay_signs,
		.spf_words = known.fact[KNOWN_SPF].words,
		.dkim_words = known.fact[KNOWN_DKIM].words,
		.dmarc_words = known.fact[KNOWN_DMARC].words,
		.reverse_words = known.fact[KNOWN_REVERSE].words,
		.page_words = known.fact[KNOWN_PAGE].words,
	};
	return 0;
}

/* --- when a window opens ----------------------------------------------------------------------- */

int facts_stand(struct home *h, struct arena *a, const struct identity *x, const struct project *p, const char **why,
		struct err *e)
{
	*why = "";
	for (enum known k = 0; k < KNOWN_COUNT && !h->trial; k++) {
		struct fact_known f;
		int got = load(h, a, x, row_name(a, k, p), &f, e);

		if (got < 0)
			return -1;
		if (!got || home_now(h) - f.at > FACTS_STAND)
			*why = arena_printf(a, "nobody has found out lately whether %s; placet work does", known_what(k, x->relay_signs));
		else if (f.answer != FACT_YES)
			*why = f.words.found;
		else
			continue;
		return 0;
	}
	return 1;
}

static int windows_ahead(struct home *h, struct arena *a, int64_t **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_WINDOWS_AHEAD, ARGS(db_i64(home_now(h) + FACTS_STAND)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = rows_i64(&r, 0);
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int facts_look_ahead(struct home *h, struct arena *a, int64_t *looked, struct err *e)
{
	struct institution in;
	struct facts_known known;
	struct identity x;
	struct project p;
	int64_t *project;
	size_t n;

	*looked = 0;
	if (h->trial)
		return 0;
	if (institution_load(h, a, &in, e) < 0 || windows_ahead(h, a, &project, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++, ++*looked) {
		if (project_by_id(h, a, project[i], &p, e) <= 0 || identity_by_id(h, a, p.identity_id, &x, e) <= 0)
			return e->kind == ERR_NONE ? err_set(e, ERR_BROKEN, "a scheduled mailing has no project or identity") : -1;
		if (facts_look(h, a, &in, &x, &p, &known, e) < 0)
			return -1;
	}
	return 0;
}

/* --- a relay that signs ------------------------------------------------------------------------ */

struct published {
	const struct looking *l;
	const char *trouble;
};

static const char *find_key(void *ctx, const char *selector, const char *domain)
{
	struct published *p = ctx;
	struct dns_answer x = dns_question(&p->l->asker, p->l->a, arena_printf(p->l->a, "%s._domainkey.%s", selector, domain), DNS_TXT);

	if (x.status == DNS_TROUBLE)
		p->trouble = x.why;
	return x.n == 1 ? x.record[0].text : NULL;
}

static bool in_identity(const struct identity *x, const char *domain)
{
	for (const char *const *d = x->domain; *d; d++)
		if (domain_is_within(domain, *d))
			return true;
	return false;
}

/* From has one address, in the domain that mailings of the identity are from. */
static int is_from(struct arena *a, const struct identity *x, struct slice bytes, struct err *e)
{
	struct message m;
	struct mailbox box[2];
	const struct field *f;
	const char *at, *domain;
	size_t n = 0;

	if (message_parse(a, bytes, &m, e) < 0)
		return -1;
	f = message_field(&m, "From", 0);
	if (!f || message_field(&m, "From", 1) || !message_mailboxes(a, f->raw, box, 2, &n) || n != 1)
		return err_set(e, ERR_REFUSED, "the message has not one sender in From");
	at = strrchr(box[0].address, '@');
	domain = at ? domain_parse(a, at + 1) : NULL;
	if (domain && strcmp(domain, x->domain[0]) == 0)
		return 0;
	return err_set(e, ERR_REFUSED, "the message is from %s, and not from %s, as mailings of this identity are", at ? at + 1 : "nobody",
		       x->domain[0]);
}

/* Signed by ourselves, before the relay was to: it says nothing of the relay, and our keys stay published. */
static bool is_own_key(const struct identity_key *key, size_t n, const struct identity *x, const struct dkim_result *r)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(key[i].selector, r->selector) == 0 && strcasecmp(x->domain[0], r->domain) == 0)
			return true;
	return false;
}

int facts_prove_relay(struct home *h, struct arena *a, const struct identity *x, struct slice message, const char **domain,
		      struct err *e)
{
	struct dkim_result r[8];
	struct published p = { 0 };
	struct looking l;
	const char *why = "it has no DKIM signature";
	struct identity_key *key;
	size_t n, n_keys;

	if (!x->relay_signs)
		return err_set(e, ERR_REFUSED, "identity %s signs by itself: no message is needed to prove it", x->name);
	if (is_from(a, x, message, e) < 0 || identity_keys(h, a, x, &key, &n_keys, e) < 0 || begin(&l, h, a, x, e) < 0)
		return -1;
	p.l = &l;
	n = dkim_verify(a, message, find_key, &p, home_now(h), r);
	for (size_t i = 0; i < n; i++) {
		struct fact_known f = said(&l, FACT_YES, r[i].domain, "");

		if (r[i].answer != DKIM_PASS || !in_identity(x, r[i].domain)) {
			why = arena_printf(a, "signature by %s: %s", r[i].domain,
					   r[i].answer == DKIM_PASS ? "its domain is none of the identity" : r[i].reason);
			continue;
		}
		if (is_own_key(key, n_keys, x, &r[i])) {
			why = arena_printf(a, "signature by %s: it is made with our own key %s", r[i].domain, r[i].selector);
			continue;
		}
		*domain = r[i].domain;
		return facts_forget(h, x, e) < 0 || keep(h, x, "relay-signs", &f, e) < 0 ? -1 : 0;
	}
	if (p.trouble)
		return err_set(e, ERR_AGAIN, "the DNS did not give the key of a signature: %s", p.trouble);
	return err_set(e, ERR_REFUSED, "the message proves nothing: %s", why);
}
