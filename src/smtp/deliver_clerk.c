/*
 * The clerk: see engine.h. It has a home and a connection of its own, and one
 * transaction for each order: outcomes are written, mailings looked at, what
 * is due is claimed. What takes long, such as comparing a mailing with its
 * approval, comes after the commit, so that nobody waits for a lock.
 */
#include "smtp/engine.h"

#include "base/log.h"
#include "store/facts.h"
#include "store/takeover.h"
#include "store/window.h"

#define TAKE_IN_AT_ONCE (100 * 1000) /* so long a flush waits for a mailing to be taken in: small ones go on without delay */
#define LOOK_AROUND SECOND  /* for senders that died */
#define IDLE_LIMIT_MS 5000  /* of a transaction: its locks must not outlive a host by long (HOST_DEAD) */

struct clerk {
	struct home *h;
	const struct deliver_options *o;
	const struct journal *journal;  /* to be flushed; its records are the loop's */
	int64_t sender;
	const char *host;               /* home_id */
	struct pacer *pacer;
	struct windows *windows;
	int64_t last_claim;             /* stamp */
	int64_t lost_claims;            /* claims of this stamp and later were not committed, or nobody knows; 0: none */
	struct relay_watch relays;
	struct taker *taker;
	bool stopped;                   /* this transaction stops a mailing or holds an identity: other senders hear of it at once */
	int64_t heard, news;            /* opt-outs up to this number were heard; ... once this flush is committed; -1: none yet */
	struct takeover *takeover;
	int64_t looked_around;          /* ticks */
	int64_t held_told;              /* ticks: when it was last said that a window does not open */
	struct outcomes *first, **last; /* not written yet, the oldest first */
	struct halt *halts;             /* mailings that cannot be sent, to be paused by the next flush; texts are allocated */
	size_t n_halts;
};

/* --- steps of mailings ------------------------------------------------------------------------- */

/* A step of the engine's own. That somebody else was quicker (a pause, a cancellation, another sender) is no
   fault: the next look shows what is so now. */
static int move(struct clerk *k, int64_t mailing, const char *verb, const char *why, struct err *e)
{
	struct arena *a = arena_new();
	struct mailing m;
	int rc = mailing_by_id(k->h, a, mailing, &m, e);

	if (rc > 0)
		rc = mailing_move(k->h, &m, verb, 0, why, e);
	if (rc == 0 && strcmp(verb, "pause") == 0)
		k->stopped = true;
	if (rc < 0 && e->kind == ERR_REFUSED) {
		err_clear(e);
		rc = 0;
	}
	arena_free(a);
	return rc;
}

/* A window opens only while the DNS and the public page say what they have to (policy: statement-page, "again before it
   starts"). What holds it is told once a minute. 1, 0, -1. */
static int may_open(struct clerk *k, struct arena *a, const struct mailing_head *m, struct err *e)
{
	const char *why = "its project or identity is gone";
	struct identity x;
	struct project p;
	int got = project_by_id(k->h, a, m->project_id, &p, e);

	if (got > 0)
		got = identity_by_id(k->h, a, p.identity_id, &x, e);
	if (got > 0)
		got = facts_stand(k->h, a, &x, &p, &why, e);
	if (got == 0 && clock_ticks() - k->held_told > MINUTE) {
		k->held_told = clock_ticks();
		log_event(LOG_LEVEL_WARN, "mailing-held", "mailing", arena_printf(a, "%lld", (long long)m->id), "why", why, NULL);
	}
	return got;
}

/* Hours that can no longer be read (a time zone that is gone) are for a person. 1, 0, -1. */
static int hours_are_open(struct clerk *k, const struct mailing_head *m, struct err *e)
{
	int64_t now = home_now(k->h), opens;
	struct err why;

	if (windows_opening(k->windows, k->h, m->hours, now, &opens, e) == 0)
		return opens <= now;
	if (e->kind != ERR_INPUT)
		return -1;
	why = *e;
	err_clear(e);
	return move(k, m->id, "pause", why.text, e) < 0 ? -1 : 0;
}

/* May it be sent now? Scheduled mailings whose window has come are opened, and those whose window is over paused.
   1, 0, -1. */
static int keep_window(struct clerk *k, struct flush *f, const struct mailing_head *m, struct err *e)
{
	int open;

	if (m->not_after && home_now(k->h) > m->not_after)
		return move(k, m->id, "pause", "its window is over", e) < 0 ? -1 : 0;
	if (m->sending)
		return hours_are_open(k, m, e);
	open = f->stopping ? 0 : may_open(k, f->a, m, e);
	if (open <= 0)
		return open;
	f->look_again = true;
	return move(k, m->id, "open", "its window has come", e) < 0 ? -1 : 0;
}

static struct wish *wish_for(struct flush *f, int64_t mailing)
{
	for (size_t i = 0; i < f->n_wishes; i++)
		if (f->wishes[i].mailing == mailing)
			return &f->wishes[i];
	return NULL;
}

/* Which mailings may be sent now; those that the loop does not have go into `wanted`. */
static int look_at_mailings(struct clerk *k, struct flush *f, int64_t **wanted, size_t *n_wanted, struct err *e)
{
	struct mailing_head *m;
	size_t n;

	if (mailing_heads(k->h, f->a, &m, &n, e) < 0)
		return -1;
	*wanted = ARENA_ARRAY(f->a, int64_t, n);
	*n_wanted = 0;
	for (size_t i = 0; i < n; i++) {
		struct wish *w = wish_for(f, m[i].id);
		int may = keep_window(k, f, &m[i], e);

		if (may < 0)
			return -1;
		if (w)
			w->sending = may > 0;
		else if (may > 0 && !f->stopping)
			(*wanted)[(*n_wanted)++] = m[i].id;
	}
	return 0;
}

static int pause_all(struct clerk *k, const struct halt *x, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (move(k, x[i].mailing, "pause", x[i].why, e) < 0)
			return -1;
	return 0;
}

/* --- claims ------------------------------------------------------------------------------------ */

/* Names a claim: the time, and greater than every stamp before. */
static int64_t claim_stamp(struct clerk *k, int64_t *first)
{
	int64_t at = home_now(k->h);

	if (at <= k->last_claim)
		at = k->last_claim + 1;
	k->last_claim = at;
	if (!*first)
		*first = at;
	return at;
}

static int claim_notices(struct clerk *k, struct flush *f, int64_t *first, struct err *e)
{
	int due;

	if (f->stopping || f->notices_more <= 0)
		return 0;
	due = notice_is_due(k->h, e);
	f->notices_drained = due == 0;
	if (due <= 0)
		return due;
	f->notices = arena_new();
	return notice_claim(k->h, f->notices, k->sender, claim_stamp(k, first), f->notices_more, &f->notice, &f->n_notices, e);
}

struct stamping {
	struct clerk *clerk;
	int64_t *first;
};

static int64_t stamp(void *ctx)
{
	struct stamping *s = ctx;

	return claim_stamp(s->clerk, s->first);
}

/* Near its end senders share what is left of a mailing: else one would work for half a second where the others have nothing
   to do. */
static int share_the_end(struct clerk *k, struct wish *w, struct err *e)
{
	int64_t left, share;

	if (w->senders < 2)
		return 0;
	if (delivery_due(k->h, w->mailing, home_now(k->h), w->more * w->senders, &left, e) < 0)
		return -1;
	share = left / w->senders > ENGINE_SHARE_LEAST ? left / w->senders : ENGINE_SHARE_LEAST;
	if (w->more > share)
		w->more = share;
	return 0;
}

static int claim_for(struct clerk *k, struct flush *f, struct wish *w, const struct fatigue *fatigue, int64_t *first,
		     struct err *e)
{
	if (f->stopping || !w->sending || w->more <= 0)
		return 0;
	if (share_the_end(k, w, e) < 0)
		return -1;
	return pace_claim(k->h, k->pacer, k->sender, w, fatigue, stamp, &(struct stamping){ k, first }, e);
}

/* Whoever queues some of it anew meanwhile (retry-uncertain, a host that comes back) is waited for, and seen. */
static int finish(struct clerk *k, int64_t mailing, struct err *e)
{
	struct arena *a = arena_new();
	struct mailing m = { .id = mailing };
	int rc = mailing_lock(k->h, a, &m, e);

	if (rc == 0)
		rc = delivery_unfinished(k->h, mailing, e);
	if (rc == 0)
		rc = move(k, mailing, "finish", "", e);
	arena_free(a);
	return rc < 0 ? -1 : 0;
}

/* A mailing is done when nothing of it is queued, attempted or deferred. */
static int finish_if_done(struct clerk *k, const struct flush *f, struct wish *w, struct err *e)
{
	int unfinished;

	if (!w->idle || !w->sending || w->n || f->stopping)
		return 0;
	unfinished = delivery_unfinished(k->h, w->mailing, e);
	if (unfinished)
		return unfinished < 0 ? -1 : 0;
	w->sending = false;
	return finish(k, w->mailing, e);
}

static int claim_all(struct clerk *k, struct flush *f, int64_t *first, struct err *e)
{
	struct fatigue fatigue;

	if (fatigue_now(k->h, &fatigue, e) < 0 || claim_notices(k, f, first, e) < 0 ||
	    pace_count_notices(k->h, k->pacer, f, e) < 0)
		return -1;
	for (size_t i = 0; i < f->n_wishes; i++)
		if (claim_for(k, f, &f->wishes[i], &fatigue, first, e) < 0)
			return -1;
	for (size_t i = 0; i < f->n_wishes; i++)
		if (finish_if_done(k, f, &f->wishes[i], e) < 0)
			return -1;
	return 0;
}

/* --- the flush --------------------------------------------------------------------------------- */

static int write_outcomes(struct clerk *k, struct err *e)
{
	for (const struct outcomes *x = k->first; x; x = x->next) {
		int stopped;

		if (delivery_write(k->h, k->sender, x->o, x->n, e) < 0 || notice_write(k->h, k->sender, x->o, x->n, e) < 0 ||
		    pace_return(k->pacer, k->h, x->o, x->n, e) < 0 ||
		    (stopped = breaker_count(k->h, k->sender, x->tally, x->n_tallies, e)) < 0)
			return -1;
		k->stopped = k->stopped || stopped;
	}
	return 0;
}

/* What one flush does, until it is committed. */
struct flushing {
	int64_t first_claim; /* stamp; 0: none was tried */
	int64_t *wanted;     /* mailings that the loop does not have */
	size_t n_wanted;
};

/* First of all: who was fenced may not write, and its row is locked before those of deliveries, as by who takes over. */
static int be_seen(struct clerk *k, struct flush *f, struct err *e)
{
	int seen = sender_seen(k->h, k->sender, &f->figures, e);

	if (seen < 0)
		return -1;
	f->fenced = !seen;
	if (!seen)
		return err_set(e, ERR_AGAIN, "this sender was silent for too long, and is settled by its journal");
	if (!k->h->host.here)
		return host_refuse(k->h, e);
	f->several = k->h->host.several;
	return 0;
}

/* Who left on other hosts: the journal here does not have them. Heard before the claims, which see at least as much. */
static int hear_news(struct clerk *k, struct flush *f, struct err *e)
{
	k->news = f->several ? k->heard : -1;
	return f->several ? opt_out_news(k->h, f->a, &k->news, &f->left, &f->n_left, e) : 0;
}

static int in_transaction(struct clerk *k, struct flush *f, struct flushing *x, struct err *e)
{
	/* Before any other lock: whoever takes moments waits here for the others that do. */
	if (pace_load(k->pacer, k->h, home_now(k->h), e) < 0)
		return -1;
	k->stopped = false;
	/* Asked first: what is applied after this, the claims may see or not. */
	if (be_seen(k, f, e) < 0 || opt_out_followed(k->h, &f->followed, e) < 0 || hear_news(k, f, e) < 0)
		return -1;
	/* Claims of a flush whose commit failed: whether it took place or not, nothing was started of them. */
	if (k->lost_claims && (delivery_release(k->h, k->sender, k->lost_claims, e) < 0 ||
			       notice_release(k->h, k->sender, k->lost_claims, e) < 0))
		return -1;
	if (pause_all(k, k->halts, k->n_halts, e) < 0 || pause_all(k, f->halts, f->n_halts, e) < 0 ||
	    write_outcomes(k, e) < 0 || look_at_mailings(k, f, &x->wanted, &x->n_wanted, e) < 0 ||
	    claim_all(k, f, &x->first_claim, e) < 0 || pace_store(k->pacer, k->h, e) < 0)
		return -1;
	for (size_t i = 0; i < f->n_health; i++)
		f->health[i].sender = k->sender;
	return relay_health_write(k->h, f->health, f->n_health, e);
}

static void halts_free(struct halt *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)x[i].why);
	free(x);
}

/* What was committed is done with. */
static void committed(struct clerk *k)
{
	if (k->stopped)
		home_standing_changed(k->h);
	outcomes_free(k->first);
	k->first = NULL;
	k->last = &k->first;
	k->lost_claims = 0;
	k->heard = k->news;
	halts_free(k->halts, k->n_halts);
	k->halts = NULL;
	k->n_halts = 0;
	home_checkpoint(k->h);
}

/* Claims are given up; outcomes wait for the next flush. Whether a commit that failed took place nobody knows. */
static void undo(struct clerk *k, struct flush *f, const struct flushing *x)
{
	for (size_t i = 0; i < f->n_wishes; i++) {
		arena_free(f->wishes[i].a);
		f->wishes[i].a = NULL;
		f->wishes[i].n = 0;
	}
	arena_free(f->notices);
	f->notices = NULL;
	pace_undo(k->pacer);
	if (x->first_claim && !k->lost_claims)
		k->lost_claims = x->first_claim;
}

static void halt_later(struct clerk *k, int64_t mailing, const char *why)
{
	log_event(LOG_LEVEL_WARN, "mailing-paused", "why", why, NULL);
	k->halts = mem_grow(k->halts, (k->n_halts + 1) * sizeof(*k->halts));
	k->halts[k->n_halts++] = (struct halt){ mailing, mem_copy_text(why) };
}

/* A mailing that cannot be loaded (its relay, its key, a row that cannot be read) waits for a person, and holds up no
   other. Should the database be away, the next flush finds out. */
static void take_in(struct clerk *k, struct flush *f, const struct taking *x)
{
	if (x->campaign) {
		x->campaign->next = f->taken_in;
		f->taken_in = x->campaign;
	} else if (x->failure.kind == ERR_AGAIN) {
		f->taking_in = true;
	} else {
		halt_later(k, x->mailing, x->failure.text);
	}
}

/* Small ones are all taken in by one flush; a large one is waited for in later ones. */
static void take_in_mailings(struct clerk *k, struct flush *f, const struct flushing *x)
{
	int64_t until = clock_ticks() + TAKE_IN_AT_ONCE, left = TAKE_IN_AT_ONCE, begun = 0;
	struct taking taken;
	size_t next = 0;

	if (taker_is_busy(k->taker) && taker_end(k->taker, 0, x->wanted, x->n_wanted, &taken)) {
		begun = taken.mailing;
		take_in(k, f, &taken);
	}
	for (; left > 0 && !taker_is_busy(k->taker) && next < x->n_wanted; next++) {
		if (x->wanted[next] == begun)
			continue;
		taker_begin(k->taker, x->wanted[next]);
		if (taker_end(k->taker, left, x->wanted, x->n_wanted, &taken))
			take_in(k, f, &taken);
		left = until - clock_ticks();
	}
	f->taking_in = f->taking_in || (!f->stopping && (taker_is_busy(k->taker) || next < x->n_wanted));
}

static int flush_journal(struct clerk *k, struct err *e)
{
	if (journal_sync(k->journal, e) == 0)
		return 0;
	e->kind = ERR_BROKEN; /* a journal that cannot be kept is no passing fault */
	return -1;
}

/* What dead senders held: those of this host by their journals, those of others by a claim that is uncertain. That it
   cannot be done now is no reason to stop sending. */
static void look_around(struct clerk *k, struct flush *f)
{
	int64_t now = clock_ticks(), recovered = 0, taken = 0;
	struct err e = { 0 };

	if (now - k->looked_around < LOOK_AROUND)
		return;
	k->looked_around = now;
	if (journal_recover(k->h, k->host, &recovered, &e) < 0 ||
	    (f->several && takeover_look(k->takeover, k->h, now, &taken, &e) < 0))
		log_event(LOG_LEVEL_WARN, "dead-senders-left", "why", e.text, NULL);
	if (recovered)
		log_event(LOG_LEVEL_INFO, "sender-settled", "why", "it ended without settling what it held", NULL);
	f->look_again = f->look_again || recovered;
}

void clerk_flush(struct clerk *k, struct flush *f)
{
	struct flushing x = { 0 };
	struct err *e = &f->failure;

	f->began = clock_ticks();
	if (f->journal_only) {
		flush_journal(k, e);
		return;
	}
	*k->last = f->outcomes;
	k->last = &f->outcomes->next;
	f->outcomes = NULL;
	if (flush_journal(k, e) == 0 && opt_out_catch_up(k->h, e) == 0 && db_begin(k->h->db, e) == 0) {
		if (in_transaction(k, f, &x, e) == 0 && db_commit(k->h->db, e) == 0)
			committed(k);
		else
			undo(k, f, &x);
		db_rollback(k->h->db);
	}
	f->unwritten = k->first != NULL;
	if (f->failure.kind != ERR_NONE)
		return;
	take_in_mailings(k, f, &x);
	if ((f->notices && offices_load(k->h, k->o->dkim != DKIM_USE_NONE, f, e) < 0) ||
	    relays_look(k->h, &k->relays, f, e) < 0)
		undo(k, f, &x); /* the database went away in between: the next flush gives the claims back */
	f->look_again = f->look_again || k->n_halts || f->taken_in;
	if (!f->stopping)
		look_around(k, f);
}

/* --- beginning and end ------------------------------------------------------------------------- */

static int open_row(struct clerk *k, struct err *e)
{
	db_set_idle_limit(k->h->db, IDLE_LIMIT_MS);
	if (db_engine_of(k->h->db) == DB_POSTGRESQL && host_know(k->h, e) < 0)
		return -1;
	k->host = home_id(k->h, k->h->arena, e);
	return k->host ? sender_begin(k->h, k->host, journal_name(k->journal), &k->sender, e) : -1;
}

struct clerk *clerk_new(const char *home, const struct deliver_options *o, const struct journal *j, struct err *e)
{
	struct clerk *k = mem_alloc(sizeof(*k));

	*k = (struct clerk){ .o = o, .journal = j, .pacer = pacer_new(), .windows = windows_new(), .heard = -1,
			     .takeover = takeover_new(), .looked_around = clock_ticks() };
	k->last = &k->first;
	k->h = home_open(home, e);
	if (k->h && (k->taker = taker_new(k->h->path, o->dkim, e)) && home_open_db(k->h, e) == 0 && home_read_keys(k->h, e) == 0 && open_row(k, e) == 0) {
		db_keep_little(k->h->db); /* rows of half a second; what was sent is not asked for again */
		return k;
	}
	clerk_free(k);
	return NULL;
}

void clerk_free(struct clerk *k)
{
	if (!k)
		return;
	outcomes_free(k->first);
	halts_free(k->halts, k->n_halts);
	taker_free(k->taker);
	pacer_free(k->pacer);
	windows_free(k->windows);
	takeover_free(k->takeover);
	home_free(k->h);
	free(k);
}

static int finish_one(struct clerk *k, int64_t mailing, struct err *e)
{
	int unfinished = delivery_unfinished(k->h, mailing, e);

	if (unfinished || db_begin(k->h->db, e) < 0)
		return unfinished > 0 ? 0 : -1;
	if (finish(k, mailing, e) == 0 && db_commit(k->h->db, e) == 0)
		return 0;
	db_rollback(k->h->db);
	return -1;
}

/* Two senders that write their last outcomes at the same moment do not see each other's, and neither finishes the mailing.
   Whoever ends last sees all. What fails here the next sender does. */
static void finish_at_the_end(struct clerk *k)
{
	struct arena *a = arena_new();
	struct mailing_head *m;
	struct err e = { 0 };
	size_t n = 0;
	int rc = mailing_heads_open(k->h, a, &m, &n, &e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (m[i].sending)
			rc = finish_one(k, m[i].id, &e);
	if (rc < 0)
		log_event(LOG_LEVEL_WARN, "mailing-not-finished", "why", e.text, NULL);
	arena_free(a);
}

int clerk_end(struct clerk *k, struct err *e)
{
	int taken;

	if (flush_journal(k, e) < 0 || db_begin(k->h->db, e) < 0)
		return -1;
	taken = takeover_find(k->h, k->sender, e);
	if (taken == 0 && write_outcomes(k, e) == 0 && delivery_release(k->h, k->sender, 0, e) == 0 &&
	    notice_release(k->h, k->sender, 0, e) == 0 && sender_end(k->h, k->sender, e) == 0 && db_commit(k->h->db, e) == 0) {
		finish_at_the_end(k);
		return 0;
	}
	db_rollback(k->h->db);
	return taken > 0 ? 1 : -1;
}

struct home *clerk_home(struct clerk *k)
{
	return k->h;
}
