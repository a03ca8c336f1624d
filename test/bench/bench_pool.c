/*
 * How fast the pool hands messages to a relay: N constant messages to
 * 127.0.0.1:PORT over C connections. To be read beside what smtp-source does
 * in the same run (test/bench/pool.sh).
 */
#include <event2/event.h>

#include "base/clock.h"
#include "base/codec.h"
#include "smtp/pool.h"

struct bench {
	struct event_base *base;
	int64_t todo, given, done, accepted;
	char *data;
	size_t n;
};

static int next(void *ctx, struct smtp_job *job)
{
	struct bench *b = ctx;

	if (b->given == b->todo)
		return 0;
	*job = (struct smtp_job){ .id = ++b->given,
				  .from = "bounce+token@news.example",
				  .to = "somebody@to.example",
				  .data = b->data,
				  .n = b->n };
	return 1;
}

static int dot(void *ctx, const struct smtp_job *job)
{
	(void)ctx;
	(void)job;
	return 0;
}

static void done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	struct bench *b = ctx;

	(void)job;
	b->accepted += o->end == SMTP_ACCEPTED;
	if (++b->done == b->todo)
		event_base_loopbreak(b->base);
}

static void relay_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	(void)ctx;
	fprintf(stderr, "relay: %s; again in %d s\n", o->text, (int)(wait / SECOND));
}

static void make_message(struct bench *b, size_t size)
{
	struct buf text;

	buf_init(&text, size + 200);
	buf_adds(&text, "From: news@news.example\r\nTo: somebody@to.example\r\nSubject: bench\r\n\r\n");
	while (text.n + 76 < size)
		buf_addf(&text, "%074d\r\n", 0);
	b->data = text.p;
	b->n = text.n;
}

int main(int argc, char **argv)
{
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done, .relay_fault = relay_fault };
	struct relay relay = { .mode = RELAY_PLAIN, .host = "127.0.0.1", .helo = "bench.example" };
	struct smtp_limits limits = { 0 };
	struct bench b = { 0 };
	int64_t port, connections = 20, size = 6000, start, took;
	struct smtp_pool *pool;
	struct err e = { 0 };

	if (argc < 3 || parse_i64(argv[1], 1, 65535, &port) < 0 || parse_i64(argv[2], 1, 100000000, &b.todo) < 0 ||
	    (argc > 3 && parse_i64(argv[3], 1, 1000, &connections) < 0) ||
	    (argc > 4 && parse_i64(argv[4], 100, 1000000, &size) < 0)) {
		fprintf(stderr, "usage: bench_pool PORT MESSAGES [CONNECTIONS [BYTES]]\n");
		return 2;
	}
	relay.port = (int)port;
	limits.connections = (int)connections;
	make_message(&b, (size_t)size);
	b.base = event_base_new();
	pool = smtp_pool_new(b.base, &relay, &limits, &ops, &b, &e);
	if (!pool) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	start = clock_ticks();
	smtp_pool_wake(pool);
	event_base_dispatch(b.base);
	took = clock_ticks() - start;
	printf("messages=%lld accepted=%lld seconds=%.3f per_second=%.0f\n", (long long)b.todo, (long long)b.accepted,
	       (double)took / (double)SECOND, (double)b.done * (double)SECOND / (double)took);
	smtp_pool_free(pool);
	event_base_free(b.base);
	free(b.data);
	return b.accepted == b.todo ? 0 : 1;
}
