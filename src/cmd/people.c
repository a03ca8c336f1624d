/* placet consent, opt-out: one person's standing. */
#include "cmd/commands.h"

#include "base/utf8.h"
#include "mail/address.h"
#include "store/audit.h"
#include "store/list.h"
#include "store/optout.h"
#include "store/person.h"
#include "store/project.h"

static int read_address(struct ctx *c, size_t i, struct address *out, struct err *e)
{
	return address_parse(c->a, c->operand[i], out, e);
}

/* An address that is held, by its number. */
static int held_address(struct ctx *c, const struct address *addr, int64_t *id, struct err *e)
{
	int got = address_find(c->h, addr, id, e);

	return got ? got : err_set(e, ERR_MISSING, "%s: nothing is held about this address", addr->delivery);
}

static int find_project(struct ctx *c, struct project *out, struct err *e)
{
	int got = project_by_slug(c->h, c->a, opt(c, "project"), out, e);

	return got ? got : err_set(e, ERR_MISSING, "--project %s: there is none; placet project list shows them", opt(c, "project"));
}

/* --- consent ----------------------------------------------------------------------------------- */

static int write_given(struct ctx *c, const struct address *addr, int64_t address, const struct project *p, int64_t by,
		       struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(c->h, addr->key, hash);
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (consent_add(c->h, address, p->id, "given", opt(c, "kind"), opt(c, "ref"), opt(c, "date"), 0, by, e) == 0 &&
	    /* Not the reference: it may name the person, and nothing is ever taken out of the ledger (AUD-6). */
	    audit_add(c->h, by, "consent-given", person_name(c->a, hash), arena_printf(c->a, "to %s", p->slug), e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		home_standing_changed(c->h);
		return 0;
	}
	db_rollback(c->h->db);
	return -1;
}

static int say_consent(struct ctx *c, const struct address *addr, const struct project *p, const char *action)
{
	say(c, "recorded: consent of %s to %s is %s", addr->delivery, p->slug, action);
	return c->json ? print_json(json_pack("{s:s, s:s, s:s}", "address", addr->delivery, "project", p->slug, "action", action))
		       : 0;
}

RUN(cmd_consent_add)
{
	struct address addr;
	struct account by;
	struct project p;
	int64_t id;

	if (read_address(c, 0, &addr, e) < 0 || find_project(c, &p, e) < 0 || ctx_by(c, 0, &by, e) < 0 ||
	    held_address(c, &addr, &id, e) < 0 || opt_past_day(c, "date", e) < 0)
		return -1;
	if (!consent_kind_is_importable(opt(c, "kind")))
		return err_set(e, ERR_INPUT, "--kind %s: staff may record signed-form, online-form or oral", opt(c, "kind"));
	return write_given(c, &addr, id, &p, by.id, e) < 0 ? -1 : say_consent(c, &addr, &p, "given");
}

/* Of the person, whatever spelling is held. */
RUN(cmd_consent_withdraw)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct address addr;
	struct account by;
	struct project p;
	int held;

	if (read_address(c, 0, &addr, e) < 0 || find_project(c, &p, e) < 0 || ctx_by(c, 0, &by, e) < 0)
		return -1;
	home_key_hash(c->h, addr.key, hash);
	held = person_is_held(c->h, hash, e);
	if (held <= 0)
		return held < 0 ? -1 : err_set(e, ERR_MISSING, "%s: nothing is held about this address", addr.delivery);
	return person_withdraw_by(c->h, hash, p.id, by.id, e) < 0 ? -1 : say_consent(c, &addr, &p, "withdrawn");
}

static json_t *consent_json(const struct consent *x)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:s?, s:s?}", "project", x->project, "action", x->action, "kind", x->kind,
			 "ref", x->ref, "given_on", x->given_on, "at", json_time(x->at), "by", x->by,
			 "text_version", x->version, "text", x->text);
}

static int show_consents(struct ctx *c, int64_t address, json_t *out, struct err *e)
{
	struct consent *all;
	size_t n;

	if (consent_of(c->h, c->a, address, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char day[32];

		json_array_append_new(out, consent_json(&all[i]));
		say(c, "%s  %-10s %-16s %s %s%s%s%s%s", time_iso(all[i].at, day), all[i].action, all[i].project, all[i].kind,
		    all[i].ref, *all[i].given_on ? ", given on " : "", all[i].given_on, all[i].version ? ", text " : "",
		    all[i].version ? all[i].version : "");
	}
	return 0;
}

RUN(cmd_consent_show)
{
	struct address addr;
	json_t *list;
	int64_t id;
	int rc;

	if (read_address(c, 0, &addr, e) < 0 || held_address(c, &addr, &id, e) < 0)
		return -1;
	list = json_array();
	rc = show_consents(c, id, list, e);
	if (rc == 0 && c->json)
		return print_json(list);
	json_decref(list);
	return rc;
}

/* --- opt-out ----------------------------------------------------------------------------------- */

RUN(cmd_opt_out)
{
	const char *why = opt(c, "why");
	struct address addr;
	struct account by;

	if (!why[0] || !utf8_is_plain(why))
		return err_set(e, ERR_INPUT, "--why: say how the person asked, in one line");
	if (read_address(c, 0, &addr, e) < 0 || ctx_by(c, 0, &by, e) < 0 ||
	    opt_out_by_key(c->h, addr.key, OPT_OUT_STAFF, why, by.id, e) < 0 || opt_out_await(c->h, e) < 0)
		return -1;
	say(c, "%s gets no more mail from this installation", addr.delivery);
	return c->json ? print_json(json_pack("{s:s, s:b}", "address", addr.delivery, "opted_out", 1)) : 0;
}
