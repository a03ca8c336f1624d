/* Places to listen at, and the loop that waits there. */
#include "base/clock.h"
#include "base/loop.h"
#include "base/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

static void places_are_read(void **state)
{
	static const struct {
		const char *text;
		int family;
	} cases[] = {
		{ "127.0.0.1:8080", AF_INET },
		{ "0.0.0.0:0", AF_INET },
		{ "[::1]:65535", AF_INET6 },
		{ "[::ffff:127.0.0.1]:1", AF_INET6 },
		{ "unix:/run/x.sock", AF_UNIX },
		{ "unix:a:b", AF_UNIX },
		{ "", 0 },
		{ "8080", 0 },
		{ ":8080", 0 },
		{ "localhost:8080", 0 },
		{ "127.0.0.1", 0 },
		{ "127.0.0.1:", 0 },
		{ "127.0.0.1:65536", 0 },
		{ "127.0.0.1:-1", 0 },
		{ "127.0.0.1:-0", 0 },
		{ "127.0.0.1:80x", 0 },
		{ "127.0.0.256:80", 0 },
		{ "::1:80", 0 },
		{ "[127.0.0.1]:80", 0 },
		{ "[::1]80", 0 },
		{ "[:80", 0 },
		{ "[]:80", 0 },
		{ "[::1]", 0 },
		{ "unix:", 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:80", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listen_at at = { .n = 0 };
		struct err e = { 0 };
		int rc = listen_at_parse(cases[i].text, &at, &e);

		if ((rc == 0) != (cases[i].family != 0) || at.addr.any.sa_family != cases[i].family)
			fail_msg("\"%s\" gave %d, family %d", cases[i].text, rc, at.addr.any.sa_family);
		assert_int_equal(e.kind, rc == 0 ? ERR_NONE : ERR_INPUT);
	}
}

static void a_path_has_a_limit(void **state)
{
	struct listen_at at = { .n = 0 };
	struct err e = { 0 };
	char text[130] = "unix:/";

	(void)state;
	memset(text + 6, 'p', 106);
	assert_int_equal(listen_at_parse(text, &at, &e), 0); /* 107 bytes */
	text[112] = 'p';
	assert_int_equal(listen_at_parse(text, &at, &e), -1);
}

static int listen_text(const char *text, struct err *e)
{
	struct listen_at at;

	assert_int_equal(listen_at_parse(text, &at, e), 0);
	return net_listen(&at, e);
}

static void any_port_becomes_a_real_one(void **state)
{
	struct err e = { 0 };
	int fd = listen_text("127.0.0.1:0", &e), again;
	char text[128];

	(void)state;
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	net_listening_text(fd, text);
	assert_memory_equal(text, "127.0.0.1:", 10);
	assert_string_not_equal(text, "127.0.0.1:0");
	again = listen_text(text, &e);
	assert_int_equal(again, -1);
	assert_int_equal(e.kind, ERR_AGAIN);
	assert_non_null(strstr(e.text, text)); /* the one thing that the reader has to change */
	close(fd);
	again = listen_text(text, &e);
	assert_true(again >= 0);
	close(again);
}

static void a_path_is_replaced_only_when_dead(void **state)
{
	char folder[] = "/tmp/placet-net-XXXXXX", text[128], path[64], real[128];
	struct err e = { 0 };
	int live, after, file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(text, sizeof(text), "unix:%s", path);
	live = listen_text(text, &e);
	assert_true(live >= 0);
	assert_string_equal(net_listening_text(live, real), text);
	assert_int_equal(listen_text(text, &e), -1);
	assert_int_equal(e.kind, ERR_AGAIN);
	close(live); /* the socket stays in the file system */
	after = listen_text(text, &e);
	assert_true(after >= 0);
	close(after);
	unlink(path);
	file = open(path, O_CREAT | O_WRONLY, 0600);
	close(file);
	assert_int_equal(listen_text(text, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(access(path, F_OK), 0); /* the file was left alone */
	unlink(path);
	rmdir(folder);
	assert_int_equal(listen_text(text, &e), -1);
}

static void loopback(void **state)
{
	static const char *const yes[] = { "127.0.0.1", "127.9.9.9",       "::1", "[::1]", "localhost",
					   "LocalHost", "::ffff:127.0.0.1" };
	static const char *const no[] = { "",
					  "128.0.0.1",
					  "0.0.0.0",
					  "::",
					  "[::]",
					  "10.127.0.1",
					  "localhost.example",
					  "127.0.0.1.example",
					  "127",
					  "::ffff:10.0.0.1",
					  "[",
					  "[]" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(net_is_loopback(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(net_is_loopback(no[i]));
}

struct bench {
	struct loop *l;
	struct loop_timer *again;
	int rounds, reads;
};

static void on_round(void *arg)
{
	struct bench *b = arg;

	if (++b->rounds == 3)
		loop_stop(b->l);
	else
		loop_timer_set(b->again, MINUTE / 60000);
}

static void on_read(int fd, void *arg)
{
	struct bench *b = arg;
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
	if (++b->reads == 2)
		loop_stop(b->l);
}

static void raise_term(void *arg)
{
	(void)arg;
	raise(SIGTERM);
}

static void the_loop_runs_until_stopped(void **state)
{
	struct bench b = { 0 };
	struct err e = { 0 };

	(void)state;
	b.l = loop_new(&e);
	b.again = loop_timer_new(b.l, on_round, &b);
	loop_timer_set(b.again, -5); /* the past is now */
	assert_false(loop_stopping(b.l));
	assert_int_equal(loop_run(b.l, &e), 0);
	assert_int_equal(b.rounds, 3);
	assert_true(loop_stopping(b.l));
	assert_int_equal(loop_run(b.l, &e), 0); /* returns at once */
	loop_free(b.l);
	loop_free(NULL);
}

static void the_loop_watches(void **state)
{
	struct bench b = { 0 };
	struct err e = { 0 };
	struct loop_watch *w, *unused;
	int ends[2];

	(void)state;
	b.l = loop_new(&e);
	assert_int_equal(pipe(ends), 0);
	w = loop_watch_new(b.l, ends[0], on_read, &b);
	unused = loop_watch_new(b.l, ends[0], on_read, &b);
	loop_watch_free(unused);
	assert_int_equal(write(ends[1], "ab", 2), 2);
	assert_int_equal(loop_run(b.l, &e), 0);
	assert_int_equal(b.reads, 2);
	loop_watch_free(w);
	loop_watch_free(NULL);
	close(ends[0]);
	close(ends[1]);
	loop_free(b.l);
}

static void a_signal_stops_the_loop(void **state)
{
	struct err e = { 0 };
	struct loop *l = loop_new(&e);
	struct loop_timer *never = loop_timer_new(l, raise_term, NULL);

	(void)state;
	loop_timer_set(never, 0);
	loop_timer_unset(never);
	loop_timer_set(loop_timer_new(l, raise_term, NULL), 0);
	assert_int_equal(loop_run(l, &e), 0);
	assert_true(loop_stopping(l));
	assert_non_null(loop_base(l));
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_read),
		cmocka_unit_test(a_path_has_a_limit),
		cmocka_unit_test(any_port_becomes_a_real_one),
		cmocka_unit_test(a_path_is_replaced_only_when_dead),
		cmocka_unit_test(loopback),
		cmocka_unit_test(the_loop_runs_until_stopped),
		cmocka_unit_test(the_loop_watches),
		cmocka_unit_test(a_signal_stops_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
