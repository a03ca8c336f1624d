/* placet identity: domains, relay and DKIM keys of one infrastructure. */
#include "cmd/identity.h"

#include "dns/look.h"
#include "mail/address.h"
#include "store/audit.h"
#include "store/relay.h"

static int read_domains(struct ctx *c, struct identity *x, struct err *e)
{
	const char *value, *domain;

	x->domains = "";
	for (size_t i = 0; (value = opt_at(c, "domain", i)); i++) {
		domain = domain_parse(c->a, value);
		if (!domain)
			return err_set(e, ERR_INPUT, "--domain %s: no domain name", value);
		x->domains = arena_printf(c->a, "%s%s%s", x->domains, *x->domains ? " " : "", domain);
	}
	x->domain = split_words(c->a, x->domains);
	return 0;
}

/* Sets x->outbound when the option is given. */
static int read_outbound(struct ctx *c, struct identity *x, struct err *e)
{
	const char *value;

	for (size_t i = 0; (value = opt_at(c, "outbound", i)); i++)
		if (outbound_check(value, e) < 0)
			return err_in(e, "--outbound");
	x->outbound = opt_joined(c, "outbound");
	return 0;
}

int identity_relay_url(struct ctx *c, const char *url, struct relay *out, struct err *e)
{
	if (relay_parse(c->a, url, out, e) < 0)
		return -1;
	if (c->h->trial && !relay_is_loopback(out))
		return err_set(e, ERR_DENIED, "%s: an identity of a trial home may only use a relay on loopback", url);
	return 0;
}

static int read_relay(struct ctx *c, struct identity *x, struct err *e)
{
	struct relay relay;

	if (identity_relay_url(c, opt(c, "relay"), &relay, e) < 0)
		return err_in(e, "--relay");
	x->relay = relay.url;
	return 0;
}

static int read_purpose(struct ctx *c, struct identity *x, struct err *e)
{
	x->purpose = opt(c, "purpose") ? opt(c, "purpose") : "mailing";
	if (strcmp(x->purpose, "mailing") && strcmp(x->purpose, "system") && strcmp(x->purpose, "list"))
		return err_set(e, ERR_INPUT, "--purpose %s: purposes are mailing, system, list", x->purpose);
	return 0;
}

static int keep_password(struct ctx *c, const struct identity *x, struct err *e)
{
	const char *path = opt(c, "relay-password-file"), *text;

	if (!path)
		return 0;
	if (read_text_file(c, path, &text, e) < 0)
		return err_in(e, "--relay-password-file");
	return identity_set_relay_password(c->h, c->a, x, text, e);
}

/* Passwords do not go from one relay to another. */
static int tell_missing_password(struct ctx *c, const struct identity *x, struct err *e)
{
	const char *password;
	struct relay relay;

	if (relay_parse(c->a, x->relay, &relay, e) < 0 || identity_relay_password(c->h, c->a, x, &password, e) < 0)
		return -1;
	if (relay.user && !password)
		say(c, "no password is kept for %s: give it by placet identity edit %s --relay-password-file FILE", x->relay, x->name);
	return 0;
}

int identity_json(struct ctx *c, const struct identity *x, json_t **out, struct err *e)
{
	json_t *domains, *selectors, *keys;
	struct identity_key *key;
	size_t n;

	if (identity_keys(c->h, c->a, x, &key, &n, e) < 0)
		return -1;
	domains = json_array();
	selectors = json_array();
	keys = json_array();
	for (const char *const *d = x->domain; *d; d++)
		json_array_append_new(domains, json_string(*d));
	for (size_t i = 0; i < n; i++) {
		if (key[i].state == KEY_CURRENT)
			json_array_append_new(selectors, json_string(key[i].selector));
		json_array_append_new(keys, json_pack("{s:s, s:s, s:s, s:o, s:o}", "selector", key[i].selector, "algorithm",
						      key[i].algorithm, "state", key_state_name(key[i].state), "since",
						      json_time(key[i].since), "seen", json_time(key[i].seen)));
	}
	*out = json_pack("{s:s, s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "name", x->name, "domains", domains, "relay", x->relay,
			 "outbound", x->outbound, "purpose", x->purpose, "relay_signs", x->relay_signs, "selectors", selectors,
			 "keys", keys, "held",
			 x->held_at ? json_pack("{s:o, s:s, s:s}", "at", json_time(x->held_at), "by", x->held_by, "why", x->held_why)
				    : json_null());
	return 0;
}

static int print_identity(struct ctx *c, const struct identity *x, struct err *e)
{
	json_t *out;

	if (!c->json)
		return 0;
	return identity_json(c, x, &out, e) < 0 ? -1 : print_json(out);
}

RUN(cmd_identity_add)
{
	struct identity x = { .name = c->operand[0], .relay_signs = opt_set(c, "relay-signs") };
	struct identity old;
	int64_t by;
	int got;

	if (ctx_operator(c, &by, e) < 0 || slug_check("identity", x.name, e) < 0 || read_domains(c, &x, e) < 0 ||
	    read_relay(c, &x, e) < 0 || read_purpose(c, &x, e) < 0 || read_outbound(c, &x, e) < 0)
		return -1;
	/* Looked up first: the keys of an identity that is there must not be overwritten. */
	got = identity_by_name(c->h, c->a, x.name, &old, e);
	if (got)
		return got < 0 ? -1 : err_set(e, ERR_REFUSED, "identity %s: there is one already", x.name);
	if (keep_password(c, &x, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (identity_add(c->h, c->a, &x, e) == 0 && audit_add(c->h, by, "identity-added", x.name, x.domains, e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "identity %s added; publish what placet identity dns %s prints", x.name, x.name);
		return print_identity(c, &x, e);
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_identity_list)
{
	struct identity *all;
	json_t *list;
	size_t n;

	if (identity_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one;

		if (identity_json(c, &all[i], &one, e) < 0) {
			json_decref(list);
			return -1;
		}
		json_array_append_new(list, one);
		say(c, "%-16s %-8s %s via %s%s%s", all[i].name, all[i].purpose, all[i].domains, all[i].relay,
		    all[i].held_at ? "; HELD: " : "", all[i].held_why);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

int identity_find(struct ctx *c, struct identity *out, struct err *e)
{
	int got = identity_by_name(c->h, c->a, c->operand[0], out, e);

	return got ? got
		   : err_set(e, ERR_MISSING, "identity %s: there is none; placet identity list shows them", c->operand[0]);
}

RUN(cmd_identity_show)
{
	struct identity x;
	struct identity_key *key;
	size_t n;

	if (identity_find(c, &x, e) < 0 || identity_keys(c->h, c->a, &x, &key, &n, e) < 0)
		return -1;
	say(c, "name: %s\ndomains: %s\nrelay: %s\noutbound: %s\npurpose: %s%s", x.name, x.domains, x.relay, x.outbound, x.purpose,
	    x.relay_signs ? "\nthe relay signs" : "");
	if (x.held_at) {
		char at[32];

		say(c, "HELD since %s by %s: %s", time_iso(x.held_at, at), x.held_by, x.held_why);
	}
	for (size_t i = 0; i < n; i++) {
		char since[32];

		say(c, "key: %-12s %-8s %s since %s", key[i].selector, key[i].algorithm, key_state_name(key[i].state),
		    time_iso(key[i].since, since));
	}
	return print_identity(c, &x, e);
}

/* --- edit -------------------------------------------------------------------------------------- */

static int read_changes(struct ctx *c, struct identity *x, struct err *e)
{
	if (opt_set(c, "relay-signs") && opt_set(c, "no-relay-signs"))
		return err_set(e, ERR_INPUT, "--relay-signs or --no-relay-signs: only one of them");
	if ((opt(c, "domain") && read_domains(c, x, e) < 0) || (opt(c, "relay") && read_relay(c, x, e) < 0) ||
	    (opt(c, "outbound") && read_outbound(c, x, e) < 0))
		return -1;
	x->relay_signs = opt_set(c, "relay-signs") || (x->relay_signs && !opt_set(c, "no-relay-signs"));
	return 0;
}

/* What is being sent goes on as it was approved; nothing of that may change meanwhile. */
static int is_at_rest(struct ctx *c, const struct identity *x, struct err *e)
{
	int64_t mailing = 0;
	int got = identity_sending(c->h, x, &mailing, e);

	if (got <= 0)
		return got;
	return err_set(e, ERR_REFUSED, "identity %s: mailing %lld is being sent by it; wait for its end, or pause it", x->name,
		       (long long)mailing);
}

static int store_changes(struct ctx *c, const struct identity *x, int64_t by, struct err *e)
{
	const char *detail = arena_printf(c->a, "domains %s; relay %s; outbound %s; relay signs: %s", x->domains, x->relay, x->outbound,
					  x->relay_signs ? "yes" : "no");

	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (is_at_rest(c, x, e) == 0 && identity_edit(c->h, x, e) == 0 && facts_forget(c->h, x, e) == 0 &&
	    audit_add(c->h, by, "identity-changed", x->name, detail, e) == 0 && db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

/* What was kept for the relay that it had. */
static int forget_relay(struct ctx *c, const struct identity *x, const char *url, struct err *e)
{
	struct identity_relay old = { .identity_id = x->id, .identity = x->name, .url = url };

	return relay_forget(c->h, c->a, &old, e);
}

RUN(cmd_identity_edit)
{
	struct identity x;
	const char *before;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || identity_find(c, &x, e) < 0)
		return -1;
	before = x.relay;
	if (read_changes(c, &x, e) < 0 || store_changes(c, &x, by, e) < 0 || keep_password(c, &x, e) < 0 ||
	    (strcmp(before, x.relay) != 0 && forget_relay(c, &x, before, e) < 0))
		return -1;
	say(c, "identity %s changed; mailings that were approved with it have to be submitted again", x.name);
	if (tell_missing_password(c, &x, e) < 0)
		return -1;
	return print_identity(c, &x, e);
}
