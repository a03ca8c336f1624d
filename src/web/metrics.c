/*
 * /metrics: see metrics.h. The thread writes a text (metrics_gather.h); the loop hands the last one out. Who asks while one is
 * being written waits for it, as long as Prometheus would.
 */
#include "web/metrics.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/worker.h"
#include "web/metrics_gather.h"
#include "web/metrics_text.h"

/* Prometheus gives up after ten seconds. */
#define SCRAPE_WAIT (9 * SECOND)
/* Who asks within this after another gets the same text. */
#define FRESH_FOR SECOND
#define DATABASE_WAIT_MS 4000

/* What goes to the thread and comes back. */
struct job {
	struct web_tally tally;
	struct buf text;
};

struct metrics {
	struct gathering gathering; /* the thread's, while the worker is busy */
	struct worker *worker;
	const struct web_tally *tally;
	struct job job;
	struct buf text;       /* the last one */
	int64_t made;          /* ticks; 0: none yet */
	uint64_t generation;   /* counts texts */
	int news;              /* an eventfd: can be read from a text on until the next one is asked for */
};

static void gather(void *ctx, void *job)
{
	struct job *j = job;

	metrics_gather(ctx, &j->tally, &j->text);
}

/* In the loop: the new text is the one that is handed out. */
static void gathered(void *ctx, void *job)
{
	struct metrics *m = (struct metrics *)((char *)ctx - offsetof(struct metrics, gathering));
	struct job *j = job;

	buf_clear(&m->text);
	buf_add_buf(&m->text, &j->text);
	m->made = clock_ticks();
	m->generation++;
	MUST(eventfd_write(m->news, 1) == 0);
}

struct home *metrics_home(const struct home *h, struct err *e)
{
	struct home *own = home_open(h->path, e);

	if (!own)
		return NULL;
	own->clock = h->clock;
	if (home_open_db(own, e) == 0) {
		db_set_wait(own->db, DATABASE_WAIT_MS);
		return own;
	}
	home_free(own);
	return NULL;
}

struct metrics *metrics_new(struct home *h, struct loop *loop, const struct web_tally *tally, const struct route *routes,
			    size_t n_routes, struct err *e)
{
	static const struct worker_calls CALLS = { gather, gathered };
	struct metrics *m = mem_alloc(sizeof(*m));

	MUST(n_routes <= TALLY_ROUTES);
	*m = (struct metrics){ .gathering = { .home = h, .routes = routes, .n_routes = n_routes }, .tally = tally,
			       .news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	buf_init(&m->job.text, 2 * METRICS_TEXT_MAX);
	buf_init(&m->text, 2 * METRICS_TEXT_MAX);
	if (m->news < 0)
		err_sys(e, ERR_BROKEN, errno, "metrics");
	else
		m->worker = worker_new(loop, &CALLS, &m->gathering, e);
	if (m->worker)
		return m;
	metrics_free(m);
	return NULL;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	worker_free(m->worker);
	if (m->news >= 0)
		close(m->news);
	home_free(m->gathering.home);
	buf_free(&m->job.text);
	buf_free(&m->text);
	free(m);
}

/* --- the page ---------------------------------------------------------------------------------- */

static int hand_out(const struct metrics *m, struct response *out)
{
	out->type = METRICS_TYPE;
	out->caching = CACHE_NONE;
	buf_add_buf(&out->body, &m->text);
	return 0;
}

/* Woken by a new text, or by the time. */
static int finish(const struct request *r, struct response *out, struct err *e)
{
	const struct metrics *m = r->ctx;
	const uint64_t *seen = out->then_ctx;

	if (m->generation != *seen)
		return hand_out(m, out);
	return err_set(e, ERR_AGAIN, "the database takes too long");
}

int metrics_page(const struct request *r, struct response *out, struct err *e)
{
	struct metrics *m = r->ctx;
	uint64_t *seen, old;

	(void)e;
	if (m->made && clock_ticks() - m->made < FRESH_FOR)
		return hand_out(m, out);
	if (!worker_is_busy(m->worker)) {
		(void)!eventfd_read(m->news, &old);
		m->job.tally = *m->tally;
		worker_post(m->worker, &m->job);
	}
	seen = ARENA_NEW(r->arena, uint64_t);
	*seen = m->generation;
	out->then = finish;
	out->then_ctx = seen;
	out->wait_fd = m->news;
	out->wait_until = clock_ticks() + SCRAPE_WAIT;
	return 0;
}
