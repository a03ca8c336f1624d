/* The capture relay, filled by our own pool over loopback: files, refusals, numbers after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <dirent.h>
#include <event2/event.h>
#include <jansson.h>
#include <unistd.h>

#include "base/file.h"
#include "receive/capture.h"
#include "smtp/pool.h"

#define MESSAGES 60

struct run {
	struct event_base *base;
	struct smtp_pool *pool;
	char dir[64];
	int given, done, accepted, failed, deferred;
	char to[MESSAGES + 1][40], data[MESSAGES + 1][80];
	char ids[MESSAGES + 1][64];
};

static int next(void *ctx, struct smtp_job *job)
{
	struct run *r = ctx;
	int i = r->given;

	if (i == MESSAGES)
		return 0;
	r->given++;
	snprintf(r->to[i], sizeof(r->to[i]), "%s%d@to.example", i % 10 == 3 ? "gone" : i % 10 == 4 ? "busy" : "r", i);
	snprintf(r->data[i], sizeof(r->data[i]), "Subject: %d\r\n\r\n.dot\r\n", i);
	*job = (struct smtp_job){ .id = i, .from = "b+1@id.example", .to = r->to[i], .data = r->data[i] };
	job->n = strlen(job->data);
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
	struct run *r = ctx;

	r->accepted += o->end == SMTP_ACCEPTED;
	r->failed += o->end == SMTP_FAILED && o->fault == FAULT_ADDRESS && o->code == 550;
	r->deferred += o->end == SMTP_DEFERRED && o->code == 450;
	snprintf(r->ids[job->id], sizeof(r->ids[0]), "%s", o->queue_id);
	if (++r->done == MESSAGES)
		event_base_loopbreak(r->base);
}

static void fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	(void)ctx;
	(void)wait;
	fail_msg("%s", o->text);
}

static void send_all(struct run *r)
{
	struct capture_options options = { .listen = "127.0.0.1:0", .dir = r->dir, .reject = "^gone", .defer = "^(busy|gone)" };
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done, .relay_fault = fault };
	struct smtp_limits limits = { .connections = 5 };
	struct relay relay = { .host = "127.0.0.1", .url = "smtp://127.0.0.1" };
	struct err e = { 0 };
	struct capture *c = capture_open(&options, r->base, &e);

	if (!c)
		fail_msg("%s", e.text);
	relay.port = (int)strtol(strrchr(capture_listening(c), ':') + 1, NULL, 10);
	r->given = r->done = r->accepted = r->failed = r->deferred = 0;
	r->pool = smtp_pool_new(r->base, &relay, &limits, &ops, r, &e);
	assert_non_null(r->pool);
	smtp_pool_wake(r->pool);
	event_base_loopexit(r->base, &(struct timeval){ .tv_sec = 20 });
	event_base_dispatch(r->base);
	assert_int_equal(r->done, MESSAGES);
	assert_int_equal(r->failed, 6);
	assert_int_equal(r->deferred, 6);
	assert_int_equal(r->accepted, 48);
	assert_int_equal(smtp_pool_in_flight(r->pool), 0);
	smtp_pool_free(r->pool);
	capture_close(c);
}

static void check_message(const struct run *r, int i)
{
	char path[200], want[200];
	struct buf text;
	struct err e = { 0 };
	json_t *o;

	buf_init(&text, 100000);
	snprintf(path, sizeof(path), "%s/%s.eml", r->dir, r->ids[i]);
	assert_int_equal(file_read(path, &text, &e), 0);
	assert_string_equal(buf_text(&text), r->data[i]);
	buf_clear(&text);
	snprintf(path, sizeof(path), "%s/%s.json", r->dir, r->ids[i]);
	assert_int_equal(file_read(path, &text, &e), 0);
	o = json_loads(buf_text(&text), 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "from")), "b+1@id.example");
	snprintf(want, sizeof(want), "%s", json_string_value(json_array_get(json_object_get(o, "to"), 0)));
	assert_string_equal(want, r->to[i]);
	assert_int_equal(json_array_size(json_object_get(o, "to")), 1);
	assert_string_equal(json_string_value(json_object_get(o, "helo")), "[127.0.0.1]");
	assert_true(json_is_false(json_object_get(o, "tls")));
	assert_int_equal(strlen(json_string_value(json_object_get(o, "received"))), 20);
	json_decref(o);
	buf_free(&text);
}

static int count_and_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		n += strstr(entry->d_name, ".eml") != NULL;
		unlinkat(dirfd(d), entry->d_name, 0);
	}
	closedir(d);
	rmdir(dir);
	return n;
}

static void messages_become_files(void **state)
{
	static struct run r;

	(void)state;
	snprintf(r.dir, sizeof(r.dir), "/tmp/placet-capture-XXXXXX");
	assert_non_null(mkdtemp(r.dir));
	r.base = event_base_new();
	send_all(&r);
	for (int i = 0; i < MESSAGES; i++) {
		if (i % 10 == 3 || i % 10 == 4)
			assert_string_equal(r.ids[i], "");
		else
			check_message(&r, i);
	}
	send_all(&r); /* numbers go on */
	check_message(&r, 0);
	assert_true(strcmp(r.ids[0], "00000048") > 0);
	assert_int_equal(count_and_remove(r.dir), 96);
	event_base_free(r.base);
}

static void bad_options(void **state)
{
	struct event_base *base = event_base_new();
	struct capture_options o = { .listen = "127.0.0.1:0", .dir = "/tmp/placet-capture-none", .reject = "(" };
	struct err e = { 0 };
	struct capture *c, *second;

	(void)state;
	assert_null(capture_open(&o, base, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	o.reject = NULL;
	o.listen = "nowhere";
	assert_null(capture_open(&o, base, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	o.listen = "127.0.0.1:0";
	c = capture_open(&o, base, &e);
	assert_non_null(c);
	second = capture_open(&o, base, &e);
	assert_null(second);
	assert_int_equal(e.kind, ERR_AGAIN);
	capture_close(c);
	count_and_remove(o.dir);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(messages_become_files), cmocka_unit_test(bad_options) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
