/*
 * placet relay: the relays that an identity's mail is shared out to. What is
 * kept as a file is looked at before anything is written, so that a wrong file
 * is told here and not by a sender at night.
 */
#include "cmd/identity.h"

#include "base/codec.h"
#include "smtp/tls.h"
#include "store/audit.h"
#include "store/relay.h"

#include <ctype.h>
#include <limits.h>

#define WEIGHT_MAX      1000
#define CONNECTIONS_MAX 200
#define PER_SECOND_MAX  100000

/* Options that name files of which a copy is kept. */
static const char *const FILE_OPTION[RELAY_FILES] = { "relay-password-file", "client-cert", "client-key", "ca-file" };

/* What the options say: a relay, and the texts of its files; NULL: not named, "": to be taken away. */
struct wanted {
	struct identity_relay relay;
	struct relay url;
	const char *text[RELAY_FILES];
};

static int read_number(struct ctx *c, const char *name, int64_t most, int64_t *out, struct err *e)
{
	const char *value = opt(c, name);

	if (value && parse_i64(value, 0, most, out) < 0)
		return err_set(e, ERR_INPUT, "--%s %s: a number from 0 to %lld is wanted", name, value, (long long)most);
	return 0;
}

/* Kept as it was written, in small letters: "" is the best that is offered. */
static int read_auth(struct ctx *c, struct wanted *w, struct err *e)
{
	const char *value = opt(c, "auth");
	char *small;

	if (value) {
		small = arena_text(c->a, strcmp(value, "best") == 0 ? "" : value);
		for (char *p = small; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		w->relay.auth = small;
	}
	return relay_auth_parse(w->relay.auth, &w->url.auth, e) < 0 ? err_in(e, "--auth") : 0;
}

/* Senders are started elsewhere: the path must hold for them too. */
static int read_token_file(struct ctx *c, struct identity_relay *r, struct err *e)
{
	const char *value = opt(c, "token-file"), *text;
	char path[PATH_MAX];

	if (!value)
		return 0;
	r->token_file = value;
	if (!*value)
		return 0;
	if (!realpath(value, path) || read_text_file(c, path, &text, e) < 0)
		return err_set(e, ERR_INPUT, "--token-file %s cannot be read: let the job that renews the token write it first", value);
	r->token_file = arena_text(c->a, path);
	return 0;
}

static int read_files(struct ctx *c, struct wanted *w, struct err *e)
{
	for (enum relay_file f = 0; f < RELAY_FILES; f++) {
		const char *path = opt(c, FILE_OPTION[f]);

		w->text[f] = path;
		if (path && *path && read_text_file(c, path, &w->text[f], e) < 0)
			return err_in(e, "--%s", FILE_OPTION[f]);
		if (path && *path && !*w->text[f])
			return err_set(e, ERR_INPUT, "--%s %s: the file is empty", FILE_OPTION[f], path);
	}
	return 0;
}

/* Where a file will be read from, once it is kept: now from where it was given. NULL: there is none. */
static int path_of(struct ctx *c, const struct wanted *w, enum relay_file f, const char **out, struct err *e)
{
	const char *given = opt(c, FILE_OPTION[f]);

	if (!given)
		return relay_kept(c->h, c->a, &w->relay, f, out, e);
	*out = *given ? given : NULL;
	return 0;
}

/* Whether TLS can be had with these certificates, and the key fits. */
static int check_tls(struct ctx *c, const struct wanted *w, struct err *e)
{
	struct relay r = w->url;
	SSL_CTX *tls;

	if (r.mode == RELAY_PLAIN)
		return 0;
	if (path_of(c, w, RELAY_CA, &r.ca_file, e) < 0 || path_of(c, w, RELAY_CLIENT_CERT, &r.client_cert, e) < 0 ||
	    path_of(c, w, RELAY_CLIENT_KEY, &r.client_key, e) < 0)
		return -1;
	tls = tls_context_new(&r, e);
	if (!tls)
		return -1;
	tls_context_free(tls);
	return 0;
}

static int check_fits(struct ctx *c, const struct wanted *w, struct err *e)
{
	enum relay_auth auth = w->url.auth;
	const char *cert, *key;

	if (path_of(c, w, RELAY_CLIENT_CERT, &cert, e) < 0 || path_of(c, w, RELAY_CLIENT_KEY, &key, e) < 0)
		return -1;
	if (!cert != !key)
		return err_set(e, ERR_INPUT, "a certificate and its key belong together: --client-cert FILE --client-key FILE");
	if (cert && w->url.mode == RELAY_PLAIN)
		return err_set(e, ERR_INPUT, "%s: a certificate is shown within TLS only; use smtp+starttls:// or smtps://", w->url.url);
	if (auth == AUTH_EXTERNAL && !cert)
		return err_set(e, ERR_INPUT, "--auth external needs --client-cert and --client-key");
	if ((auth == AUTH_OAUTHBEARER || auth == AUTH_XOAUTH2) && !*w->relay.token_file)
		return err_set(e, ERR_INPUT, "--auth %s needs --token-file", w->relay.auth);
	if (auth != AUTH_BEST && auth != AUTH_EXTERNAL && !w->url.user)
		return err_set(e, ERR_INPUT, "--auth %s: the URL names no user, as in smtps://USER@HOST", w->relay.auth);
	return check_tls(c, w, e);
}

static int read_wanted(struct ctx *c, struct wanted *w, struct err *e)
{
	struct identity_relay *r = &w->relay;

	if (opt_set(c, "chunking") && opt_set(c, "no-chunking"))
		return err_set(e, ERR_INPUT, "--chunking or --no-chunking: only one of them");
	r->chunking = opt_set(c, "chunking") || (r->chunking && !opt_set(c, "no-chunking"));
	if (read_number(c, "weight", WEIGHT_MAX, &r->weight, e) < 0 ||
	    read_number(c, "connections", CONNECTIONS_MAX, &r->connections, e) < 0 ||
	    read_number(c, "per-second", PER_SECOND_MAX, &r->per_second, e) < 0 || read_auth(c, w, e) < 0 ||
	    read_token_file(c, r, e) < 0 || read_files(c, w, e) < 0)
		return -1;
	return check_fits(c, w, e);
}

static int keep_files(struct ctx *c, const struct wanted *w, struct err *e)
{
	for (enum relay_file f = 0; f < RELAY_FILES; f++)
		if (w->text[f] && relay_keep(c->h, c->a, &w->relay, f, w->text[f], e) < 0)
			return -1;
	return 0;
}

/* --- telling ----------------------------------------------------------------------------------- */

static json_t *health_json(const struct relay_health *x)
{
	return json_pack("{s:I, s:s, s:o, s:s, s:o, s:s, s:o, s:I, s:I, s:I}", "sender", (json_int_t)x->sender, "host", x->host,
			 "seen", json_time(x->seen), "state", x->state, "since", json_time(x->since), "why", x->why, "retry_at",
			 json_time(x->retry_at), "connections", (json_int_t)x->connections, "accepted", (json_int_t)x->accepted,
			 "faults", (json_int_t)x->faults);
}

static int relay_json(struct ctx *c, const struct identity_relay *r, const struct relay_health *health, size_t n, json_t **out,
		      struct err *e)
{
	bool kept[RELAY_FILES];
	json_t *senders;

	for (enum relay_file f = 0; f < RELAY_FILES; f++) {
		const char *path;

		if (relay_kept(c->h, c->a, r, f, &path, e) < 0)
			return -1;
		kept[f] = path != NULL;
	}
	senders = json_array();
	for (size_t i = 0; i < n; i++)
		if (health[i].relay == r->id)
			json_array_append_new(senders, health_json(&health[i]));
	*out = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:s, s:b, s:s, s:b, s:b, s:b, s:o}", "identity", r->identity, "url", r->url,
			 "own", r->own, "weight", (json_int_t)r->weight, "connections", (json_int_t)r->connections, "per_second",
			 (json_int_t)r->per_second, "auth", *r->auth ? r->auth : "best", "chunking", r->chunking, "token_file",
			 r->token_file, "password", kept[RELAY_PASSWORD], "client_cert", kept[RELAY_CLIENT_CERT], "ca",
			 kept[RELAY_CA], "senders", senders);
	return 0;
}

static void say_health(struct ctx *c, const struct relay_health *x)
{
	char since[32], retry[32];

	say(c, "    sender %lld: %s since %s, %lld connections, %lld accepted, %lld faults%s%s%s%s", (long long)x->sender, x->state,
	    time_iso(x->since, since), (long long)x->connections, (long long)x->accepted, (long long)x->faults,
	    x->retry_at ? ", tried again at " : "", x->retry_at ? time_iso(x->retry_at, retry) : "", *x->why ? "; last fault: " : "",
	    x->why);
}

static void say_relay(struct ctx *c, const struct identity_relay *r, const struct relay_health *health, size_t n)
{
	const char *limits = "";

	if (r->connections)
		limits = arena_printf(c->a, ", %lld connections at most", (long long)r->connections);
	if (r->per_second)
		limits = arena_printf(c->a, "%s, %lld/s at most", limits, (long long)r->per_second);
	say(c, "%-16s %s%s, %s%s", r->identity, r->url, r->own ? " (its own)" : "",
	    r->weight ? arena_printf(c->a, "weight %lld", (long long)r->weight) : "stands by", limits);
	for (size_t i = 0; i < n; i++)
		if (health[i].relay == r->id)
			say_health(c, &health[i]);
}

static int print_relay(struct ctx *c, const struct identity_relay *r, struct err *e)
{
	struct relay_health *health;
	json_t *out;
	size_t n;

	if (!c->json)
		return 0;
	if (relay_health_list(c->h, c->a, r->identity_id, &health, &n, e) < 0 || relay_json(c, r, health, n, &out, e) < 0)
		return -1;
	return print_json(out);
}

RUN(cmd_relay_list)
{
	struct identity x = { 0 };
	struct identity_relay *all;
	struct relay_health *health;
	size_t n, n_health;
	json_t *list;

	if ((c->n_operands && identity_find(c, &x, e) < 0) || relay_list(c->h, c->a, x.id, &all, &n, e) < 0 ||
	    relay_health_list(c->h, c->a, x.id, &health, &n_health, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one;

		if (relay_json(c, &all[i], health, n_health, &one, e) < 0) {
			json_decref(list);
			return -1;
		}
		json_array_append_new(list, one);
		say_relay(c, &all[i], health, n_health);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

/* --- changing ---------------------------------------------------------------------------------- */

static const char *detail_of(struct ctx *c, const struct identity_relay *r)
{
	return arena_printf(c->a, "%s: weight %lld; connections %lld; per second %lld; auth %s; chunking %s", r->url,
			    (long long)r->weight, (long long)r->connections, (long long)r->per_second, *r->auth ? r->auth : "best",
			    r->chunking ? "yes" : "no");
}

/* One change with its entry of the ledger. */
static int store(struct ctx *c, struct identity_relay *r, int64_t by, const char *entry,
		 int (*change)(struct home *, struct identity_relay *, struct err *), struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (change(c->h, r, e) == 0 && audit_add(c->h, by, entry, r->identity, detail_of(c, r), e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

static int change_row(struct home *h, struct identity_relay *r, struct err *e)
{
	return relay_edit(h, r, e);
}

static int remove_row(struct home *h, struct identity_relay *r, struct err *e)
{
	return relay_remove(h, r, e);
}

/* The relay that the operands name. */
static int find(struct ctx *c, struct identity_relay *out, struct err *e)
{
	struct identity x;
	int got;

	if (identity_find(c, &x, e) < 0)
		return -1;
	got = relay_by_url(c->h, c->a, &x, c->operand[1], out, e);
	return got ? got
		   : err_set(e, ERR_MISSING, "identity %s has no relay %s; placet relay list %s shows them", x.name, c->operand[1],
			     x.name);
}

RUN(cmd_relay_add)
{
	struct wanted w = { .relay = { .weight = RELAY_WEIGHT, .auth = "", .token_file = "" } };
	struct identity_relay old;
	struct identity x;
	int64_t by;
	int got;

	if (ctx_operator(c, &by, e) < 0 || identity_find(c, &x, e) < 0 || identity_relay_url(c, c->operand[1], &w.url, e) < 0)
		return -1;
	w.relay.identity_id = x.id;
	w.relay.identity = x.name;
	w.relay.url = w.url.url;
	/* Looked up first: what is kept for a relay that is there must not be overwritten. */
	got = relay_by_url(c->h, c->a, &x, w.relay.url, &old, e);
	if (got)
		return got < 0 ? -1 : err_set(e, ERR_REFUSED, "identity %s has relay %s already", x.name, w.relay.url);
	if (read_wanted(c, &w, e) < 0)
		return -1;
	if (keep_files(c, &w, e) < 0 || store(c, &w.relay, by, "relay-added", relay_add, e) < 0) {
		struct err ignored = { 0 };

		(void)!relay_forget(c->h, c->a, &w.relay, &ignored);
		return -1;
	}
	say(c, "relay %s added to identity %s", w.relay.url, x.name);
	return print_relay(c, &w.relay, e);
}

RUN(cmd_relay_edit)
{
	struct wanted w = { 0 };
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || find(c, &w.relay, e) < 0 || relay_parse(c->a, w.relay.url, &w.url, e) < 0 ||
	    read_wanted(c, &w, e) < 0 || keep_files(c, &w, e) < 0 || store(c, &w.relay, by, "relay-changed", change_row, e) < 0)
		return -1;
	say(c, "relay %s of identity %s changed", w.relay.url, w.relay.identity);
	return print_relay(c, &w.relay, e);
}

RUN(cmd_relay_remove)
{
	struct identity_relay r;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || find(c, &r, e) < 0 || store(c, &r, by, "relay-removed", remove_row, e) < 0 ||
	    relay_forget(c->h, c->a, &r, e) < 0)
		return -1;
	say(c, "relay %s removed from identity %s", r.url, r.identity);
	return print_relay(c, &r, e);
}
