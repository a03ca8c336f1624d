/*
 * The lanes: an identity with a pool for each of its relays. Pools pull, so
 * that a faster relay takes more by itself; what is decided here is how many
 * connections each may have (share.h), and how often it may send. What
 * a relay could not take is given back only when no relay of the lane is left.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "smtp/share.h"

#define TELL_EVERY SECOND

/* --- shares ------------------------------------------------------------------------------------ */

static bool is_usable(const struct outlet *m)
{
	return m->pool && !smtp_pool_is_down(m->pool);
}

bool lane_is_usable(const struct lane *lane)
{
	for (const struct outlet *m = lane->outlets; m; m = m->next)
		if (is_usable(m))
			return true;
	return false;
}

bool lane_has_other(const struct outlet *m)
{
	for (const struct outlet *x = m->lane->outlets; x; x = x->next)
		if (x != m && is_usable(x))
			return true;
	return false;
}

static void lane_share(struct lane *lane)
{
	struct share s[RELAYS_MAX];
	size_t n = 0;

	for (const struct outlet *x = lane->outlets; x; x = x->next)
		s[n++] = (struct share){ .there = x->pool != NULL, .usable = is_usable(x), .weight = x->weight,
					 .most = x->connections };
	share_out(s, n, lane->engine->connections);
	n = 0;
	for (const struct outlet *x = lane->outlets; x; x = x->next, n++)
		if (x->pool)
			smtp_pool_set_limit(x->pool, (int)s[n].now);
}

/* A limit of all senders together is divided evenly among those that live. */
static void set_pace(const struct outlet *m)
{
	int64_t senders = m->lane->engine->senders > 0 ? m->lane->engine->senders : 1;

	if (m->pool)
		smtp_pool_set_rate(m->pool, m->per_second * 1000 / senders);
}

/* --- what pools say ---------------------------------------------------------------------------- */

static int64_t earliest_retry(const struct lane *lane, int64_t otherwise)
{
	int64_t least = 0, now = clock_ticks();

	for (const struct outlet *m = lane->outlets; m; m = m->next) {
		struct smtp_health h;

		if (!m->pool)
			continue;
		smtp_pool_health(m->pool, &h);
		if (h.retry_at > now && (!least || h.retry_at - now < least))
			least = h.retry_at - now;
	}
	return least ? least : otherwise;
}

void lane_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	struct outlet *m = ctx;
	struct lane *lane = m->lane;
	struct engine *g = lane->engine;

	log_event(LOG_LEVEL_WARN, "relay-fault", "relay", m->url, "why", o->text, NULL);
	lane_share(lane);
	if (lane_is_usable(lane)) {
		lane_wake(lane);
		return;
	}
	/* What waits here is not due before one of them is tried again. */
	wait = earliest_retry(lane, wait);
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (c->content.identity.id == lane->identity)
			engine_give_back_all(g, c, home_now(g->h) + wait);
	notices_give_back(g, lane->identity, home_now(g->h) + wait);
	engine_want_flush(g);
}

void lane_back(void *ctx)
{
	struct outlet *m = ctx;

	lane_share(m->lane);
	lane_wake(m->lane);
}

void lane_wake(struct lane *lane)
{
	for (struct outlet *m = lane->outlets; m; m = m->next)
		if (m->pool)
			smtp_pool_wake(m->pool);
}

/* --- outlets ----------------------------------------------------------------------------------- */

static void outlet_free(struct outlet *m)
{
	if (!m)
		return;
	smtp_pool_free(m->pool);
	free(m->url);
	free(m->stamp);
	free(m->why);
	free(m);
}

static struct outlet *outlet_new(struct lane *lane, const struct relay_plan *p)
{
	struct engine *g = lane->engine;
	int64_t patience = g->h->relay_patience;
	struct smtp_limits limits = { .connections = g->connections, .greeting = patience, .reply = patience,
				      .data = patience, .dot = patience, .connect = patience,
				      .back_off = g->h->relay_back_off };
	struct outlet *m = mem_alloc(sizeof(*m));
	struct err e = { 0 };

	*m = (struct outlet){ .lane = lane, .id = p->id, .url = mem_copy_text(p->url), .stamp = mem_copy_text(p->stamp) };
	if (p->why)
		err_set(&e, ERR_INPUT, "%s", p->why);
	else
		m->pool = smtp_pool_new(loop_base(g->loop), &p->relay, &limits, &LANE_OPS, m, &e);
	if (!m->pool) {
		m->why = mem_copy_text(e.text);
		m->since = clock_ticks();
		log_event(LOG_LEVEL_WARN, "relay-unusable", "relay", m->url, "why", m->why, NULL);
	}
	return m;
}

/* It starts nothing any more, and goes when what is under way has come to its end. */
static void let_go(struct engine *g, struct outlet *m)
{
	if (!m->pool) {
		outlet_free(m);
		return;
	}
	smtp_pool_drain(m->pool);
	m->next = g->leaving;
	g->leaving = m;
}

static struct outlet *take_out(struct outlet **list, const struct relay_plan *p)
{
	for (; *list; list = &(*list)->next)
		if ((*list)->id == p->id) {
			struct outlet *m = *list;

			*list = m->next;
			return m;
		}
	return NULL;
}

/* The outlet for a plan: the same as before when a connection would be made in the same way. */
static struct outlet *renew(struct lane *lane, struct outlet *old, const struct relay_plan *p)
{
	struct smtp_health h = { 0 };
	struct outlet *m = old;

	if (!old || strcmp(old->stamp, p->stamp) != 0) {
		m = outlet_new(lane, p);
		if (old && old->pool)
			smtp_pool_health(old->pool, &h);
		if (old) {
			m->accepted = old->accepted + h.accepted;
			m->faults = old->faults + h.faults;
			let_go(lane->engine, old);
		}
	}
	m->weight = p->weight;
	m->connections = p->connections;
	m->per_second = p->per_second;
	return m;
}

/* Brings the outlets of a lane to what is planned. */
static void fit(struct lane *lane)
{
	const struct relay_plans *plans = lane->engine->plans;
	struct outlet *old = lane->outlets, **last = &lane->outlets, *m;

	lane->outlets = NULL;
	for (size_t i = 0, n = 0; plans && i < plans->n && n < RELAYS_MAX; i++) {
		const struct relay_plan *p = &plans->p[i];

		if (p->identity != lane->identity)
			continue;
		n++;
		m = renew(lane, take_out(&old, p), p);
		m->next = NULL;
		*last = m;
		last = &m->next;
		set_pace(m);
	}
	while ((m = old)) {
		old = m->next;
		let_go(lane->engine, m);
	}
	lane_share(lane);
}

/* --- lanes ------------------------------------------------------------------------------------- */

static int why_not(const struct lane *lane, struct err *e)
{
	for (const struct outlet *m = lane->outlets; m; m = m->next)
		if (m->pool)
			return 0;
	return err_set(e, ERR_INPUT, "%s", lane->outlets ? lane->outlets->why : "its identity has no relay");
}

struct lane *lane_for(struct engine *g, int64_t identity, struct err *e)
{
	struct lane *lane;

	for (lane = g->lanes; lane; lane = lane->next)
		if (lane->identity == identity)
			return why_not(lane, e) < 0 ? NULL : lane;
	lane = mem_alloc(sizeof(*lane));
	*lane = (struct lane){ .engine = g, .identity = identity, .next = g->lanes };
	g->lanes = lane;
	fit(lane);
	return why_not(lane, e) < 0 ? NULL : lane;
}

/* Nobody can take the mail of this lane before a person has mended it. */
static void halt_lane(struct engine *g, const struct lane *lane, const char *why)
{
	for (struct campaign *c = g->campaigns; c; c = c->next)
		if (c->content.identity.id == lane->identity)
			engine_pause(g, c, why);
	notices_give_back(g, lane->identity, home_now(g->h) + MINUTE);
}

void lanes_hear(struct engine *g, struct flush *f)
{
	if (f->plans) {
		relay_plans_free(g->plans);
		g->plans = f->plans;
		f->plans = NULL;
		for (struct lane *lane = g->lanes; lane; lane = lane->next) {
			struct err e = { 0 };

			fit(lane);
			if (why_not(lane, &e) < 0)
				halt_lane(g, lane, e.text);
		}
	}
	if (f->senders && f->senders != g->senders) {
		g->senders = f->senders;
		for (struct lane *lane = g->lanes; lane; lane = lane->next)
			for (struct outlet *m = lane->outlets; m; m = m->next)
				set_pace(m);
	}
}

void lanes_wake(struct engine *g)
{
	struct outlet **link = &g->leaving, *m;

	while ((m = *link)) {
		if (smtp_pool_is_drained(m->pool)) {
			*link = m->next;
			outlet_free(m);
		} else {
			link = &m->next;
		}
	}
	for (struct lane *lane = g->lanes; lane; lane = lane->next)
		lane_wake(lane);
}

/* Out of the list first: what ends with it looks at the others. */
static void outlets_free(struct outlet **list)
{
	struct outlet *m;

	while ((m = *list)) {
		*list = m->next;
		outlet_free(m);
	}
}

void lanes_free(struct engine *g)
{
	struct lane *lane;

	outlets_free(&g->leaving);
	for (lane = g->lanes; lane; lane = lane->next)
		outlets_free(&lane->outlets);
	while ((lane = g->lanes)) {
		g->lanes = lane->next;
		free(lane);
	}
}

/* --- health, for others to see ----------------------------------------------------------------- */

static const char *state_of(const struct outlet *m, const struct smtp_health *h)
{
	if (!m->pool || h->state == POOL_DOWN)
		return "down";
	return h->state == POOL_UP && h->connections ? "up" : "idle";
}

static struct relay_health tell(struct arena *a, const struct outlet *m, const struct smtp_health *h, int64_t now)
{
	int64_t ticks = clock_ticks();
	const char *state = state_of(m, h);

	return (struct relay_health){
		.relay = m->id,
		.state = state,
		.since = now - (ticks - (m->pool ? h->since : m->since)),
		.why = arena_text(a, m->pool ? h->why : m->why),
		.retry_at = strcmp(state, "down") == 0 && h->retry_at > ticks ? now + h->retry_at - ticks : 0,
		.connections = h->connections,
		.accepted = m->accepted + h->accepted,
		.faults = m->faults + h->faults,
	};
}

/* At most once a second, or when one of them has come or gone; counts that stand still are not told again. */
void lanes_tell(struct engine *g, struct flush *f)
{
	bool due = clock_ticks() - g->told_at >= TELL_EVERY;
	size_t room = 0;

	for (struct lane *lane = g->lanes; lane; lane = lane->next)
		for (struct outlet *m = lane->outlets; m; m = m->next) {
			struct smtp_health h = { 0 };

			if (m->pool)
				smtp_pool_health(m->pool, &h);
			if (m->told && m->told_health.state == h.state &&
			    (!due || (m->told_health.accepted == h.accepted && m->told_health.faults == h.faults &&
				      m->told_health.connections == h.connections && m->told_health.retry_at == h.retry_at)))
				continue;
			f->health = arena_room(f->a, f->health, f->n_health, &room, sizeof(*f->health));
			f->health[f->n_health++] = tell(f->a, m, &h, home_now(g->h));
			m->told = true;
			m->told_health = h;
		}
	if (due)
		g->told_at = clock_ticks();
}
