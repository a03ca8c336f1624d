/*
 * placet spam-report: what a feedback loop, an abuse desk or a provider's own
 * figures say. Whoever it names leaves by it (policy.md, opt-out); what it
 * comes to may pause the mailing or hold the identity (PRV-3).
 */
#include "cmd/commands.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "store/mailing.h"
#include "store/optout.h"
#include "store/project.h"
#include "store/spam.h"

#define SOURCE_MAX 200
#define REPORTS_MAX 1000000000

struct naming {
	struct spam_report r;
	bool person;                  /* somebody is named */
	uint8_t key_hash[KEY_HASH_SIZE];
};

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

/* A check code stands for one message, and so for one person. */
static int by_code(struct ctx *c, struct naming *x, struct err *e)
{
	struct delivery_about about;
	int64_t delivery = 0;
	int got = 0;

	if (code_read(&c->h->tokens, c->operand[0], &delivery) && delivery)
		got = delivery_about(c->h, c->a, delivery, &about, e);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "%s: neither the number of a mailing nor the check code of a message of ours", c->operand[0]);
	x->r.mailing = about.mailing_id;
	x->r.provider = domain_of(about.address);
	x->person = true;
	memcpy(x->key_hash, about.key_hash, sizeof(x->key_hash));
	return 0;
}

static int of_mailing(struct ctx *c, struct naming *x, struct err *e)
{
	struct mailing m;
	struct project p;
	int got;

	if (!c->operand[0][strspn(c->operand[0], "0123456789")]) {
		if (operand_id(c, 0, &x->r.mailing, e) < 0)
			return -1;
	} else if (by_code(c, x, e) < 0)
		return -1;
	got = mailing_by_id(c->h, c->a, x->r.mailing, &m, e);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "mailing %lld: there is none; placet mailing list shows them", (long long)x->r.mailing);
	if (project_by_id(c->h, c->a, m.project_id, &p, e) <= 0)
		return -1;
	x->r.identity = p.identity_id;
	return m.started ? 0 : err_set(e, ERR_REFUSED, "mailing %lld was never sent", (long long)m.id);
}

static int of_identity(struct ctx *c, struct naming *x, struct err *e)
{
	struct identity id;
	int got = identity_by_name(c->h, c->a, opt(c, "identity"), &id, e);

	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--identity %s: there is none; placet identity list shows them", opt(c, "identity"));
	x->r.identity = id.id;
	return 0;
}

static int read_about(struct ctx *c, struct naming *x, struct err *e)
{
	x->r.provider = "";
	if ((c->n_operands > 0) == (opt(c, "identity") != NULL))
		return err_set(e, ERR_INPUT, "name the mailing, or the check code of a message, or else --identity");
	return c->n_operands ? of_mailing(c, x, e) : of_identity(c, x, e);
}

static int read_address(struct ctx *c, struct naming *x, struct err *e)
{
	struct address addr;

	if (!opt(c, "address"))
		return 0;
	if (address_parse(c->a, opt(c, "address"), &addr, e) < 0)
		return err_in(e, "--address");
	x->person = true;
	x->r.provider = addr.domain;
	home_key_hash(c->h, addr.key, x->key_hash);
	return 0;
}

static int read_number(struct ctx *c, const char *name, int64_t least, int64_t *out, struct err *e)
{
	if (!opt(c, name) || parse_i64(opt(c, name), least, REPORTS_MAX, out) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "--%s %s: a number from %lld to %d", name, opt(c, name), (long long)least, REPORTS_MAX);
}

static int read_figures(struct ctx *c, struct naming *x, struct err *e)
{
	x->r.n = 1;
	x->r.source = opt(c, "source");
	if (read_number(c, "n", 1, &x->r.n, e) < 0 || read_number(c, "delivered", 1, &x->r.delivered, e) < 0)
		return -1;
	if (!x->r.source[0] || !utf8_is_plain(x->r.source) || utf8_count(x->r.source) > SOURCE_MAX)
		return err_set(e, ERR_INPUT, "--source: say who reported it, in one line of at most %d characters", SOURCE_MAX);
	if (x->person && (x->r.n != 1 || x->r.delivered))
		return err_set(e, ERR_INPUT, "a report that names somebody is one report: leave --n and --delivered away");
	if (x->r.delivered && x->r.n > x->r.delivered)
		return err_set(e, ERR_INPUT, "--n %lld of --delivered %lld: more reports than messages", (long long)x->r.n,
			       (long long)x->r.delivered);
	if (opt(c, "provider") && !(x->r.provider = domain_parse(c->a, opt(c, "provider"))))
		return err_set(e, ERR_INPUT, "--provider %s: no domain name", opt(c, "provider"));
	return 0;
}

static json_t *report_json(const struct naming *x, const struct spam_verdict *v)
{
	json_t *figures = json_array();

	for (size_t i = 0; i < v->n; i++) {
		const struct spam_figure *f = &v->figure[i];

		json_array_append_new(figures, json_pack("{s:s, s:I, s:I, s:o, s:s, s:s}", "scope", f->scope, "reports", (json_int_t)f->reports,
							 "delivered", (json_int_t)f->delivered, "rate",
							 f->delivered ? json_real((double)f->reports / (double)f->delivered) : json_null(),
							 "level", complaint_level_name(f->level), "words", f->words));
	}
	return json_pack("{s:o, s:s, s:I, s:b, s:o, s:b, s:b}", "mailing", x->r.mailing ? json_integer(x->r.mailing) : json_null(),
			 "provider", v->provider, "n", (json_int_t)x->r.n, "opted_out", x->person, "figures", figures, "paused", v->paused,
			 "held", v->held);
}

RUN(cmd_spam_report_add)
{
	struct spam_verdict v;
	struct naming x = { 0 };
	struct account by;

	if (ctx_by(c, ROLE_POSTMASTER | ROLE_REVIEWER, &by, e) < 0 || read_about(c, &x, e) < 0 || read_address(c, &x, e) < 0 ||
	    read_figures(c, &x, e) < 0)
		return -1;
	x.r.by = by.id;
	/* First of all: whoever does not want it gets no more of it, whatever becomes of the figures. */
	if (x.person && opt_out_by_hash(c->h, x.key_hash, OPT_OUT_COMPLAINT, "", by.id, e) < 0)
		return -1;
	if (spam_report_add(c->h, c->a, &x.r, &v, e) < 0)
		return -1;
	if (x.person)
		say(c, "who reported it gets no more mail from this installation");
	for (size_t i = 0; i < v.n; i++)
		say(c, "%-5s %s", complaint_level_name(v.figure[i].level), v.figure[i].words);
	if (v.paused || v.held)
		say(c, v.held ? "the identity is held" : "what was being sent is paused");
	return c->json ? print_json(report_json(&x, &v)) : 0;
}
