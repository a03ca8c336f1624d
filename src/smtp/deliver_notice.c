/*
 * System mail in the engine: see engine.h. It is claimed, journalled, sent and
 * settled as deliveries are, through the same lanes; but a lane asks here
 * first, so that an answer never waits behind a mailing. What cannot be sent
 * for now (nobody approved the project, a key is missing) waits for staff, and
 * says why in `notice list`.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "smtp/retry.h"

#define HOLD (5 * MINUTE) /* before what staff has to mend is looked at again */

/* --- outcomes ---------------------------------------------------------------------------------- */

static void note_free(struct note *x)
{
	struct batch *b = x->batch;

	MUST(b->open > 0);
	if (--b->open == 0)
		arena_free(b->a);
}

/* Ends a claim without an attempt. */
static void note_end(struct engine *g, struct note *x, const char *state, int64_t due, const char *why)
{
	struct outcome o = { .notice = true, .id = x->n->id, .claimed = x->n->claimed, .at = home_now(g->h), .state = state,
			     .due = due, .skipped = "", .relay = "", .queue_id = "", .reply = why };

	engine_outcome(g, &o, -1);
	note_free(x);
}

static void note_hold(struct engine *g, struct note *x, const char *why)
{
	log_event(LOG_LEVEL_WARN, "notice-held", "kind", notice_kind_name(x->n->mail.kind), "why", why, NULL);
	note_end(g, x, "queued", home_now(g->h) + HOLD, why);
}

/* --- who sends --------------------------------------------------------------------------------- */

static int office_load(struct home *h, struct office *f, int64_t identity, bool sign, struct err *e)
{
	int got = identity_by_id(h, f->a, identity, &f->identity, e);

	if (got <= 0)
		return got < 0 ? -1 : err_set(e, ERR_MISSING, "its identity is gone");
	if (!sign || f->identity.relay_signs)
		return 0;
	f->n_signers = 2;
	return identity_signers(h, f->a, &f->identity, f->signer, e);
}

static bool is_there(const struct flush *f, int64_t identity)
{
	for (size_t i = 0; i < f->n_offices; i++)
		if (f->offices[i] == identity)
			return true;
	for (const struct office *x = f->new_offices; x; x = x->next)
		if (x->identity.id == identity)
			return true;
	return false;
}

/* Of an identity that cannot send (a key is missing), the loop finds no office, but its reason. */
int offices_load(struct home *h, bool sign, struct flush *f, struct err *e)
{
	for (size_t i = 0; i < f->n_notices; i++) {
		struct notice *x = &f->notice[i];
		struct err why = { 0 };
		struct office *office;
		struct arena *a;

		if (x->why[0] || is_there(f, x->identity))
			continue;
		a = arena_new();
		office = ARENA_NEW(a, struct office);
		office->a = a;
		if (office_load(h, office, x->identity, sign, &why) == 0) {
			office->next = f->new_offices;
			f->new_offices = office;
			continue;
		}
		arena_free(a);
		if (why.kind == ERR_AGAIN) {
			*e = why;
			return -1;
		}
		x->why = arena_text(f->notices, why.text);
		x->held = true;
	}
	return 0;
}

static struct office *office_for(struct engine *g, int64_t identity)
{
	for (struct office *f = g->offices; f; f = f->next)
		if (f->identity.id == identity)
			return f;
	return NULL;
}

void offices_drop_idle(struct engine *g)
{
	struct office **link = &g->offices, *f;

	while ((f = *link)) {
		if (f->first || f->in_flight) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		arena_free(f->a);
	}
}

/* --- queues ------------------------------------------------------------------------------------ */

static void push(struct engine *g, struct office *f, struct note *x)
{
	x->office = f;
	x->next = NULL;
	if (f->last)
		f->last->next = x;
	else
		f->first = x;
	f->last = x;
	g->notices_waiting++;
}

static struct note *pop(struct engine *g, struct office *f)
{
	struct note *x = f->first;

	f->first = x->next;
	if (!f->first)
		f->last = NULL;
	if (--g->notices_waiting == ENGINE_NOTICES_MOST / 2)
		engine_want_flush(g);
	return x;
}

void notices_give_back(struct engine *g, int64_t identity, int64_t due)
{
	for (struct office *f = g->offices; f; f = f->next)
		while (f->first && (!identity || f->identity.id == identity))
			note_end(g, pop(g, f), "queued", due, "");
}

void offices_free(struct engine *g)
{
	for (struct office *f = g->offices; f; f = f->next)
		while (f->first)
			note_free(pop(g, f));
	for (struct office *f = g->offices, *next; f; f = next) {
		next = f->next;
		arena_free(f->a);
	}
	g->offices = NULL;
}

static void take_in(struct engine *g, struct note *x)
{
	struct err e = { 0 };
	struct office *f;

	if (x->n->why[0]) {
		if (x->n->held)
			note_hold(g, x, x->n->why);
		else
			note_end(g, x, "failed", 0, x->n->why);
		return;
	}
	f = office_for(g, x->n->identity);
	MUST(f); /* offices_load */
	if (lane_for(g, x->n->identity, &e))
		push(g, f, x);
	else
		note_hold(g, x, e.text);
}

void notices_take_in(struct engine *g, struct flush *f)
{
	struct batch *b = ARENA_NEW(f->notices, struct batch);
	struct note *note = ARENA_ARRAY(f->notices, struct note, f->n_notices);
	struct office *office;

	while ((office = f->new_offices)) {
		f->new_offices = office->next;
		office->next = g->offices;
		g->offices = office;
	}
	/* One more than there are, so that the arena lives to the end of the loop. */
	*b = (struct batch){ .a = f->notices, .open = f->n_notices + 1 };
	f->notices = NULL;
	for (size_t i = 0; i < f->n_notices; i++) {
		note[i] = (struct note){ .n = &f->notice[i], .batch = b };
		take_in(g, &note[i]);
	}
	if (--b->open == 0)
		arena_free(b->a);
}

bool notices_at_work(const struct engine *g)
{
	if (g->notices_waiting || !g->notices_drained)
		return true;
	for (const struct office *f = g->offices; f; f = f->next)
		if (f->in_flight)
			return true;
	return false;
}

/* --- between pool and engine ------------------------------------------------------------------- */

static int compose(struct engine *g, const struct note *x, struct buf *head, struct err *e)
{
	if (!x->n->head.p)
		return notice_render(&x->n->mail, head, &g->body, e);
	buf_add(head, x->n->head.p, x->n->head.n);
	buf_add(&g->body, x->n->body.p, x->n->body.n);
	return 0;
}

/* Headers, an empty line, body, all in `out`; the signatures on top. */
static int render(struct engine *g, const struct office *f, const struct note *x, struct buf *out, struct err *e)
{
	struct buf head;
	int rc;

	buf_clear(&g->body);
	buf_clear(out);
	buf_init(&head, 64 * 1024);
	rc = compose(g, x, &head, e);
	if (rc == 0 && f->n_signers)
		rc = dkim_sign(f->signer, f->n_signers, (struct slice){ buf_text(&head), head.n },
			       (struct slice){ buf_text(&g->body), g->body.n }, x->n->first, out, e);
	buf_add_buf(out, &head);
	buf_adds(out, "\r\n");
	buf_add_buf(out, &g->body);
	buf_free(&head);
	return rc < 0 || !out->over ? rc : err_set(e, ERR_INPUT, "the message is larger than its bound");
}

static struct office *office_of(struct engine *g, const struct lane *lane)
{
	for (struct office *f = g->offices; f; f = f->next)
		if (f->identity.id == lane->identity && f->first)
			return f;
	return NULL;
}

bool notices_next(struct engine *g, const struct lane *lane, struct slot *s)
{
	struct err e = { 0 };
	struct office *f;

	while ((f = office_of(g, lane))) {
		struct note *x = pop(g, f);

		if (render(g, f, x, &s->message, &e) < 0) {
			note_hold(g, x, e.text);
			continue;
		}
		snprintf(s->from, sizeof(s->from), "b+%s@%s", x->n->bounce_token, f->identity.domain[0]);
		s->note = x;
		f->in_flight++;
		return true;
	}
	return false;
}

/* Of a mailing these pause it, or skip one person. Here a fault of ours waits for its mend, and what the relay
   cannot carry has failed. */
static void fit_outcome(struct engine *g, struct outcome *o)
{
	o->notice = true;
	if (strcmp(o->state, "queued") == 0 && !o->due)
		o->due = home_now(g->h) + HOLD;
	if (strcmp(o->state, "skipped") == 0) {
		o->state = "failed";
		o->skipped = "";
	}
}

void notices_done(struct engine *g, struct slot *s, const struct smtp_outcome *o, const struct outlet *m)
{
	struct note *x = s->note;
	struct delivery d = { .id = x->n->id, .claimed = x->n->claimed, .attempts = x->n->attempts, .first = x->n->first };
	struct outcome out = retry_decide(o, &d, home_now(g->h), x->n->give_up, m->url);

	fit_outcome(g, &out);
	if (o->end == SMTP_NOT_STARTED && lane_has_other(m))
		out.due = 0;
	slot_outcome(g, s, &out);
	x->office->in_flight--;
	if (o->fault == FAULT_IDENTITY)
		notices_give_back(g, x->office->identity.id, home_now(g->h) + HOLD);
	note_free(x);
}
