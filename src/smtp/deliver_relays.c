/*
 * The relays of identities, as the clerk reads them for the loop: see
 * engine.h. It looks twice a second whether any has changed, and when it hands
 * over a mailing or an identity that the loop does not have; then all are read
 * anew, which are few. One that cannot be set up says why, and holds up no
 * other.
 */
#include "smtp/engine.h"

#include "store/relay.h"

#define LOOK_EVERY (SECOND / 2)
#define SENDER_LIVES (3 * SECOND) /* one that has not written for so long shares no pace */

static const struct identity *identity_of(const struct identity *x, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (x[i].id == id)
			return &x[i];
	return NULL;
}

/* What the client needs of it: URL, secrets, and what is in the row. */
static int make_relay(struct home *h, struct arena *a, const struct identity_relay *r, const struct identity *x,
		      struct relay *out, struct err *e)
{
	const char *password;

	if (relay_parse(a, r->url, out, e) < 0 || relay_auth_parse(r->auth, &out->auth, e) < 0 ||
	    relay_kept(h, a, r, RELAY_CA, &out->ca_file, e) < 0 ||
	    relay_kept(h, a, r, RELAY_CLIENT_CERT, &out->client_cert, e) < 0 ||
	    relay_kept(h, a, r, RELAY_CLIENT_KEY, &out->client_key, e) < 0 || relay_password(h, a, r, &password, e) < 0)
		return -1;
	out->password = password;
	out->token_file = *r->token_file ? r->token_file : NULL;
	out->chunking = r->chunking;
	out->helo = x->domain[0];
	return 0;
}

static int plan_one(struct home *h, struct arena *a, const struct identity_relay *r, const struct identity *x,
		    struct relay_plan *out, struct err *e)
{
	struct err why = { 0 };

	*out = (struct relay_plan){ .identity = r->identity_id, .id = r->id, .url = r->url, .weight = r->weight,
				    .connections = r->connections, .per_second = r->per_second };
	if (make_relay(h, a, r, x, &out->relay, &why) == 0 && relay_stamp(h, a, r, &out->stamp, &why) == 0)
		return 0;
	out->why = arena_text(a, why.text);
	out->stamp = out->why;
	if (why.kind != ERR_AGAIN)
		return 0;
	*e = why;
	return -1;
}

static int read_plans(struct home *h, struct relay_plans *out, struct err *e)
{
	struct identity_relay *r;
	struct identity *x;
	size_t n, n_identities;

	if (identity_list(h, out->a, &x, &n_identities, e) < 0 || relay_list(h, out->a, 0, &r, &n, e) < 0)
		return -1;
	out->p = ARENA_ARRAY(out->a, struct relay_plan, n);
	for (size_t i = 0; i < n; i++) {
		const struct identity *its = identity_of(x, n_identities, r[i].identity_id);

		/* An identity that was added between the two looks comes with the next one. */
		if (its && plan_one(h, out->a, &r[i], its, &out->p[out->n++], e) < 0)
			return -1;
	}
	return 0;
}

void relay_plans_free(struct relay_plans *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++)
		relay_wipe(&x->p[i].relay);
	arena_free(x->a);
}

int relays_look(struct home *h, struct relay_watch *w, struct flush *f, struct err *e)
{
	int64_t now = clock_ticks();
	struct relay_version v;
	struct relay_plans *made;
	struct arena *a;

	if (w->known && now - w->looked_at < LOOK_EVERY && !f->taken_in && !f->new_offices)
		return 0;
	w->looked_at = now;
	if (!w->known && relay_health_tidy(h, e) < 0)
		return -1;
	if (relay_senders(h, home_now(h) - SENDER_LIVES, &f->senders, e) < 0 || relay_version(h, &v, e) < 0)
		return -1;
	if (w->known && memcmp(&v, &w->version, sizeof(v)) == 0)
		return 0;
	a = arena_new();
	made = ARENA_NEW(a, struct relay_plans);
	made->a = a;
	if (read_plans(h, made, e) < 0) {
		relay_plans_free(made);
		return -1;
	}
	f->plans = made;
	w->version = v;
	w->known = true;
	return 0;
}
