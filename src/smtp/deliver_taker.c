/*
 * Taking a mailing in: see engine.h. What was approved is compared with what
 * is there, person by person, which takes seconds for a million of them. So it
 * has a thread of its own, and a home that is open meanwhile: the clerk goes on
 * flushing, and neither system mail nor other mailings nor, among several
 * hosts, the lease wait for it.
 */
#include "smtp/engine.h"

struct taker {
	const char *home;
	enum dkim_use dkim;
	struct worker *worker;
	struct taking job; /* the worker's, while it is busy */
	bool over;         /* a job has ended, and nobody has asked for it yet */
	bool unwanted;     /* it was stopped while it was taken in: it may be another one by now */
};

static struct campaign *load(const struct taker *t, int64_t mailing, struct err *e)
{
	struct home *h = home_open(t->home, e);
	struct campaign *c = NULL;

	if (h && home_open_db(h, e) == 0 && home_read_keys(h, e) == 0) {
		db_keep_little(h->db);
		c = campaign_new(h, mailing, t->dkim, e);
	}
	home_free(h);
	return c;
}

static void run(void *ctx, void *job)
{
	struct taking *x = job;

	x->campaign = load(ctx, x->mailing, &x->failure);
}

static void done(void *ctx, void *job)
{
	struct taker *t = ctx;

	(void)job;
	t->over = true;
}

static const struct worker_calls CALLS = { .run = run, .done = done };

struct taker *taker_new(const char *home, enum dkim_use dkim, struct err *e)
{
	struct taker *t = mem_alloc(sizeof(*t));

	*t = (struct taker){ .home = home, .dkim = dkim };
	t->worker = worker_new(NULL, &CALLS, t, e);
	if (t->worker)
		return t;
	free(t);
	return NULL;
}

void taker_free(struct taker *t)
{
	if (!t)
		return;
	worker_free(t->worker);
	campaign_free(t->job.campaign);
	free(t);
}

bool taker_is_busy(const struct taker *t)
{
	return worker_is_busy(t->worker) || t->over;
}

void taker_begin(struct taker *t, int64_t mailing)
{
	MUST(!taker_is_busy(t));
	t->job = (struct taking){ .mailing = mailing };
	t->unwanted = false;
	worker_post(t->worker, &t->job);
}

static bool is_among(int64_t mailing, const int64_t *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (wanted[i] == mailing)
			return true;
	return false;
}

bool taker_end(struct taker *t, int64_t wait, const int64_t *wanted, size_t n, struct taking *out)
{
	if (!taker_is_busy(t))
		return false;
	/* Asked for in each flush, so that a stop is seen. The number is not written while the worker has it. */
	t->unwanted = t->unwanted || !is_among(t->job.mailing, wanted, n);
	if (!worker_wait(t->worker, wait))
		return false;
	t->over = false;
	*out = t->job;
	t->job.campaign = NULL;
	if (!t->unwanted)
		return true;
	campaign_free(out->campaign);
	return false;
}
