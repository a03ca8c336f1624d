/*
 * Between the pool and the engine: see engine.h. The pool pulls: lane_prepare
 * renders what is about to be asked for, and lane_next is asked in the moment
 * in which MAIL FROM is to be written, and hears who left until then.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "smtp/retry.h"
#include "store/host.h"

#include <stdatomic.h>

/* --- slots ------------------------------------------------------------------------------------- */

static struct slot *slot_take(struct engine *g)
{
	struct slot *s = g->free;

	if (s)
		g->free = s->next;
	else {
		s = mem_alloc(sizeof(*s));
		buf_init(&s->message, ENGINE_MESSAGE_MAX);
	}
	s->dotted = false;
	s->work = NULL;
	s->note = NULL;
	s->before = NULL;
	s->after = g->busy;
	if (g->busy)
		g->busy->before = s;
	g->busy = s;
	return s;
}

static void slot_give(struct engine *g, struct slot *s)
{
	if (s->before)
		s->before->after = s->after;
	else
		g->busy = s->after;
	if (s->after)
		s->after->before = s->before;
	s->next = g->free;
	g->free = s;
}

/* What became of a message, in the journal too if its dot is there. */
void slot_outcome(struct engine *g, struct slot *s, const struct outcome *o)
{
	struct outcome copy = *o;

	copy.dotted = s->dotted;
	if (s->dotted)
		journal_reply(g->journal, s->place, o);
	else
		journal_settled(g->journal, s->place);
	engine_outcome(g, &copy, s->dotted ? s->place : -1);
}

/* --- opt-outs ---------------------------------------------------------------------------------- */

/* Somebody's standing changed in another way: those who wait here are judged anew, by a claim of their own. */
static void hear_standing(struct engine *g)
{
	uint64_t count = atomic_load(g->h->opt_out_counter + 1);

	if (count == g->standing_count)
		return;
	g->standing_count = count;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		engine_give_back_all(g, c, 0);
	engine_want_flush(g);
}

static int hear_opt_outs(struct engine *g, struct err *e)
{
	if (leavers_hear(g, e) < 0)
		return -1;
	hear_standing(g);
	return 0;
}

/* --- what the pool asks and says --------------------------------------------------------------- */

/* The end of the window beats what waits here, also while the clerk waits for the database. */
static bool is_over(const struct engine *g, const struct campaign *c)
{
	return c->mailing.not_after && home_now(g->h) > c->mailing.not_after;
}

static bool has_work(const struct engine *g, const struct campaign *c, const struct lane *lane)
{
	return c->first && !c->halted && !is_over(g, c) && c->content.identity.id == lane->identity;
}

/* The campaigns of a lane take turns. Whose turn it is; NULL when nothing waits. */
static struct campaign *next_campaign(struct engine *g, const struct lane *lane)
{
	struct campaign *start = g->turn ? g->turn : g->campaigns, *c = start;

	if (!c)
		return NULL;
	do {
		struct campaign *after = c->next ? c->next : g->campaigns;

		if (has_work(g, c, lane)) {
			g->turn = after;
			return c;
		}
		c = after;
	} while (c != start);
	return NULL;
}

static void swap_messages(struct buf *a, struct buf *b)
{
	struct buf kept = *a;

	*a = *b;
	*b = kept;
}

/* A buffer of those that free slots have. The slots that are taken next are the same, and get it back with the message. */
static void lend_buffer(struct engine *g, struct buf *to)
{
	struct slot *s = g->free;

	buf_init(to, ENGINE_MESSAGE_MAX);
	while (s && !s->message.p)
		s = s->next;
	if (s)
		swap_messages(&s->message, to);
}

/* What was approved cannot be rendered for this person: not to be sent before somebody looked. -1: paused. */
static int render(struct engine *g, struct work *w)
{
	struct campaign *c = w->campaign;
	struct err e;

	if (w->message.n || w->opted_out || w->bounced)
		return 0;
	if (!w->message.p)
		lend_buffer(g, &w->message);
	arena_clear(g->render);
	if (campaign_render(g->h, c, &w->d, g->render, &g->body, &w->message, &e) == 0 &&
	    campaign_judge(g->h, c, &w->d, &w->message, &e) == 0)
		return 0;
	engine_pause(g, c, e.text);
	return -1;
}

static struct work *pop(struct engine *g, struct campaign *c)
{
	if ((int64_t)c->waiting == c->ready / 2)
		engine_want_flush(g);
	c->started++;
	return campaign_pop(c);
}

/* Among several hosts the last flush must be young enough to have told us who left elsewhere. The answer of the next
   one wakes the lanes. */
static bool may_start(const struct engine *g)
{
	return !g->fenced && (!g->several || clock_ticks() < g->lease);
}

/*
 * The next message, rendered into `s`. Who left is heard last, when everything
 * else is done: what follows is the write (INV-3). 1, 0 none, -1.
 */
static int next_message(struct engine *g, const struct lane *lane, struct slot *s, struct err *e)
{
	struct campaign *c;

	while ((c = next_campaign(g, lane))) {
		if (render(g, c->first) < 0)
			return 0;
		if (hear_opt_outs(g, e) < 0)
			return -1;
		/* Rendering may have taken long, or the process stood still. */
		if (!may_start(g))
			return 0;
		if (!c->first)
			continue; /* all were given back */
		s->work = pop(g, c);
		if (s->work->opted_out)
			engine_skip(g, s->work, "opted-out");
		else if (s->work->bounced)
			engine_give_back(g, s->work, 0);
		else {
			swap_messages(&s->message, &s->work->message);
			return 1;
		}
	}
	return 0;
}

/* Renders those whose turn is next: their campaigns have the same share of them. */
static void lane_prepare(void *ctx, int n)
{
	struct lane *lane = ((struct outlet *)ctx)->lane;
	struct engine *g = lane->engine;
	int campaigns = 0;

	if (g->stopping || g->failure.kind != ERR_NONE || !may_start(g))
		return;
	for (struct campaign *c = g->campaigns; c; c = c->next)
		campaigns += has_work(g, c, lane);
	for (struct campaign *c = g->campaigns; c; c = c->next) {
		int left = has_work(g, c, lane) ? (n + campaigns - 1) / campaigns : 0;

		for (struct work *w = c->first; w && left; w = w->next, left--)
			if (render(g, w) < 0)
				return;
	}
}

/* Who asked for something waits for no mailing. */
static int next_job(struct engine *g, const struct lane *lane, struct slot *s, struct smtp_job *job, struct err *e)
{
	struct work *w;
	int got;

	if (notices_next(g, lane, s)) {
		const struct notice *n = s->note->n;

		*job = (struct smtp_job){ .id = n->id, .from = s->from, .to = n->mail.address, .data = s->message.p,
					  .n = s->message.n, .utf8 = n->utf8, .ctx = s };
		return 1;
	}
	got = next_message(g, lane, s, e);
	if (got <= 0)
		return got;
	w = s->work;
	w->campaign->in_flight++;
	campaign_return_path(g->h, w->campaign, w->d.id, s->from);
	*job = (struct smtp_job){ .id = w->d.id, .from = s->from, .to = w->d.address, .data = s->message.p,
				  .n = s->message.n, .utf8 = w->d.utf8, .ctx = s };
	return 1;
}

/* Without a place in the journal nothing starts: the disk is full, or the database away for long. */
static int take_place(struct engine *g)
{
	struct err e = { 0 };
	int place = journal_take(g->journal, &e);

	if (place < 0 && clock_ticks() - g->no_room_told > MINUTE) {
		g->no_room_told = clock_ticks();
		log_event(LOG_LEVEL_WARN, "journal-full", "why", e.text, NULL);
	}
	return place;
}

static int lane_next(void *ctx, struct smtp_job *job)
{
	struct lane *lane = ((struct outlet *)ctx)->lane;
	struct engine *g = lane->engine;
	struct err e = { 0 };
	struct slot *s;
	int got, place;

	if (g->stopping || g->failure.kind != ERR_NONE || !may_start(g) || (place = take_place(g)) < 0)
		return 0;
	s = slot_take(g);
	s->place = place;
	got = next_job(g, lane, s, job, &e);
	if (got > 0)
		return 1;
	slot_give(g, s);
	journal_settled(g->journal, place);
	/* Without the database nobody can say who left: nothing starts. */
	if (got < 0 && e.kind != ERR_AGAIN)
		engine_fail(g, &e);
	return 0;
}

/* Another host may have taken it over by now, and somebody have had it sent again. */
static bool is_too_late(const struct engine *g)
{
	return g->several && clock_ticks() > g->lease - HOST_LEASE + HOST_DEAD - SECOND;
}

static int lane_dot(void *ctx, const struct smtp_job *job)
{
	struct lane *lane = ((struct outlet *)ctx)->lane;
	struct slot *s = job->ctx;
	const struct open_dot dot = s->note ? (struct open_dot){ s->note->n->id, s->note->n->claimed, true }
					    : (struct open_dot){ s->work->d.id, s->work->d.claimed, false };

	if (is_too_late(lane->engine))
		return -1;
	journal_dot(lane->engine->journal, s->place, &dot);
	s->dotted = true;
	return 0;
}

/* A relay's words may name whom the message was for, and the ledger names no recipient (AUD-6). */
static const char *without_addresses(struct arena *a, const char *text)
{
	char *out = arena_text(a, text);

	for (char *word = out; *word; word += strspn(word, " ")) {
		size_t n = strcspn(word, " ");

		if (memchr(word, '@', n))
			memset(word, '*', n);
		word += n;
	}
	return out;
}

static void pause_for_identity(struct engine *g, struct campaign *c, const struct smtp_outcome *o)
{
	struct arena *a = arena_new();

	engine_pause(g, c,
		     arena_printf(a, "the relay refuses the sender, which is the identity's fault and stops at the first: %s; placet identity"
				     " check %s says what is wrong",
				  without_addresses(a, o->text), c->content.identity.name));
	arena_free(a);
}

/* By what this sender saw alone a breaker trips: nobody here starts more before the clerk has judged the sum. */
static void judge_seen(struct engine *g, struct campaign *c, const struct breaker_counts *n)
{
	int64_t now = home_now(g->h);

	breaker_add(&c->seen, n, now);
	if (breaker_judge(&c->seen, now) == BREAKER_NONE)
		return;
	c->seen = (struct breaker_counts){ 0 };
	home_standing_changed(g->h);
}

/* What an end says of the mailing as a whole. What all senders count together the clerk judges (store/breaker.h). */
static void judge_end(struct engine *g, struct campaign *c, const struct smtp_outcome *o)
{
	struct breaker_counts n = retry_counts(o);

	engine_count(g, c->mailing.id, &n);
	if (n.ended)
		judge_seen(g, c, &n);
	if (o->end == SMTP_NOT_STARTED)
		return;
	if (o->fault == FAULT_IDENTITY)
		pause_for_identity(g, c, o);
	else if (campaign_count_end(c, o->fault == FAULT_POLICY))
		engine_pause(g, c, "5 of the last 100 messages were refused by policy (limit: 5): for their words, or our reputation; placet mailing"
				   " report has the replies");
}

static void work_done(struct engine *g, struct slot *s, const struct smtp_outcome *o, const struct outlet *m)
{
	struct work *w = s->work;
	struct campaign *c = w->campaign;
	struct outcome out = retry_decide(o, &w->d, home_now(g->h), c->mailing.not_after, m->url);

	/* What this relay did not begin with is another one's at once. */
	if (o->end == SMTP_NOT_STARTED && lane_has_other(m))
		out.due = 0;
	slot_outcome(g, s, &out);
	if (out.voids)
		leavers_bounced(g, w->d.key_hash);
	c->in_flight--;
	work_free(w);
	judge_end(g, c, o);
}

static void lane_done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	const struct outlet *m = ctx;
	struct engine *g = m->lane->engine;
	struct slot *s = job->ctx;

	if (s->note)
		notices_done(g, s, o, m);
	else
		work_done(g, s, o, m);
	slot_give(g, s);
}

const struct smtp_ops LANE_OPS = { .prepare = lane_prepare, .next = lane_next, .dot = lane_dot, .done = lane_done,
				   .relay_fault = lane_fault, .relay_back = lane_back };

void slots_free(struct engine *g)
{
	struct slot *s;

	while ((s = g->busy)) {
		g->busy = s->after;
		buf_free(&s->message);
		free(s);
	}
	while ((s = g->free)) {
		g->free = s->next;
		buf_free(&s->message);
		free(s);
	}
}
