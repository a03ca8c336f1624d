/*
 * Hands messages to a relay by our client, as tests ask for it:
 *   smtp_tool URL [--to ADDRESS]... [--from F] [--helo N] [--password P] [--token-file F] [--auth KIND] [--cert F]
 *             [--ca F] [--chunking] [--utf8]
 * The message comes from standard input; each ADDRESS gets one of its own, in order. One line is printed for each, and
 * one for a fault of the relay, which ends it.
 */
#include <event2/event.h>

#include "base/buf.h"
#include "smtp/pool.h"

#define MAX_TO 100

struct tool {
	struct event_base *base;
	struct smtp_job jobs[MAX_TO];
	int n, given, done;
};

static const char *const END[] = { "accepted", "deferred", "failed", "uncertain", "not-started" };
static const char *const STAGE[] = { "connect", "hello", "tls", "auth", "mail", "rcpt", "data", "dot" };

static int next(void *ctx, struct smtp_job *job)
{
	struct tool *t = ctx;

	if (t->given == t->n)
		return 0;
	*job = t->jobs[t->given++];
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
	struct tool *t = ctx;

	printf("%s %s %s %s\n", job->to, END[o->end], STAGE[o->stage], o->text);
	if (++t->done < t->n)
		return;
	if (o->end == SMTP_ACCEPTED)
		event_base_loopbreak(t->base);
	else /* RSET is still to be answered, and then QUIT is said */
		event_base_loopexit(t->base, &(struct timeval){ .tv_usec = 400000 });
}

static void relay_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	struct tool *t = ctx;

	(void)wait;
	printf("fault %s %s\n", STAGE[o->stage], o->text);
	event_base_loopbreak(t->base);
}

/* An option of the relay. False: there is none of that name. */
static bool read_option(const char *name, const char *value, struct relay *r)
{
	const struct {
		const char *name;
		const char **to;
	} TEXTS[] = { { "--helo", &r->helo },
		      { "--password", &r->password },
		      { "--token-file", &r->token_file },
		      { "--cert", &r->client_cert },
		      { "--ca", &r->ca_file } };
	struct err e = { 0 };

	for (size_t i = 0; i < COUNT(TEXTS); i++) {
		if (strcmp(name, TEXTS[i].name) == 0) {
			*TEXTS[i].to = value;
			return true;
		}
	}
	return strcmp(name, "--auth") == 0 && relay_auth_parse(value, &r->auth, &e) == 0;
}

static bool read_arguments(int argc, char **argv, struct relay *r, struct tool *t)
{
	struct smtp_job all = { .from = "" };

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--chunking") == 0)
			r->chunking = true;
		else if (strcmp(argv[i], "--utf8") == 0)
			all.utf8 = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--from") == 0)
			all.from = argv[++i];
		else if (strcmp(argv[i], "--to") == 0 && t->n < MAX_TO)
			t->jobs[t->n++].to = argv[++i];
		else if (read_option(argv[i], argv[i + 1], r))
			i++;
		else
			return false;
	}
	for (int i = 0; i < t->n; i++) {
		all.to = t->jobs[i].to;
		all.id = i + 1;
		t->jobs[i] = all;
	}
	return t->n > 0;
}

static void read_message(struct buf *b)
{
	size_t n;

	buf_init(b, (size_t)64 * 1024 * 1024);
	while ((n = fread(buf_room(b, 65536), 1, 65536, stdin)) > 0)
		buf_used(b, n);
}

int main(int argc, char **argv)
{
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done, .relay_fault = relay_fault };
	struct smtp_limits limits = { .connections = 1 };
	struct arena *a = arena_new();
	struct smtp_pool *pool;
	struct tool t = { 0 };
	struct err e = { 0 };
	struct relay relay;
	struct buf message;

	if (argc < 2 || relay_parse(a, argv[1], &relay, &e) < 0 || !read_arguments(argc, argv, &relay, &t)) {
		fprintf(stderr, "smtp_tool: %s\n", *e.text ? e.text : "see the head of smtp_tool.c");
		return 2;
	}
	read_message(&message);
	for (int i = 0; i < t.n; i++) {
		t.jobs[i].data = buf_text(&message);
		t.jobs[i].n = message.n;
	}
	t.base = event_base_new();
	pool = smtp_pool_new(t.base, &relay, &limits, &ops, &t, &e);
	if (!pool) {
		fprintf(stderr, "smtp_tool: %s\n", e.text);
		return 2;
	}
	smtp_pool_wake(pool);
	event_base_dispatch(t.base);
	smtp_pool_free(pool);
	event_base_free(t.base);
	buf_free(&message);
	arena_free(a);
	return 0;
}
