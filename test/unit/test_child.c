/* Children for hostile bytes: what comes back, what they cannot do, and that they end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/clock.h"

#define MAX 100000

static int wait_for(struct child *c, struct slice *out, struct err *e)
{
	int got;

	while ((got = child_fetch(c, out, e)) == 0)
		usleep(1000);
	return got;
}

static void say_twice(void *ctx, struct buf *out)
{
	buf_addf(out, "%s%s", (const char *)ctx, (const char *)ctx);
}

static void say_much(void *ctx, struct buf *out)
{
	for (size_t i = 0; i < *(const size_t *)ctx; i++)
		buf_addc(out, 'x');
}

static void die(void *ctx, struct buf *out)
{
	(void)ctx;
	buf_adds(out, "not all of it");
	abort();
}

static void go_on(void *ctx, struct buf *out)
{
	(void)out;
	for (volatile int *p = ctx; *p;)
		;
}

static void sleep_on(void *ctx, struct buf *out)
{
	(void)out;
	if (*(bool *)ctx)
		close(3);
	for (;;)
		pause();
}

/* One letter for each thing that must not work, small when it does not. */
static void try_all(void *ctx, struct buf *out)
{
	buf_addc(out, open("/etc/passwd", O_RDONLY) < 0 ? 'f' : 'F');
	buf_addc(out, socket(AF_INET, SOCK_STREAM, 0) < 0 ? 's' : 'S');
	buf_addc(out, fork() < 0 ? 'c' : 'C');
	buf_addc(out, fcntl(*(int *)ctx, F_GETFD) < 0 ? 'd' : 'D');
	buf_addc(out, write(STDOUT_FILENO, "x", 1) < 0 ? 'o' : 'O');
}

static void test_answer(void **state)
{
	struct err e;
	struct slice got;
	size_t fits = MAX, much = MAX + 1;
	char ab[] = "ab";
	struct child *c = child_start(say_twice, ab, 4, &e);

	(void)state;
	assert_int_equal(wait_for(c, &got, &e), 1);
	assert_true(slice_is(got, "abab"));
	child_free(c);
	/* More than a pipe holds at once. */
	c = child_start(say_much, &fits, MAX, &e);
	assert_int_equal(wait_for(c, &got, &e), 1);
	assert_int_equal(got.n, MAX);
	child_free(c);
	c = child_start(say_much, &much, MAX, &e);
	assert_int_equal(wait_for(c, &got, &e), -1);
	child_free(c);
	child_free(NULL);
}

static void test_confined(void **state)
{
	int null = open("/dev/null", O_RDONLY), fd = fcntl(null, F_DUPFD, 50); /* not where the pipe goes */
	struct err e;
	struct slice got;
	struct child *c = child_start(try_all, &fd, 100, &e);

	(void)state;
	assert_int_equal(wait_for(c, &got, &e), 1);
	assert_string_equal(got.p, "fscdo.");
	child_free(c);
	close(fd);
	close(null);
}

static void test_ends(void **state)
{
	int one = 1;
	bool hidden[] = { false, true };
	struct err e;
	struct slice got;
	struct child *c = child_start(die, NULL, 100, &e);
	int64_t began = clock_ticks();

	(void)state;
	assert_int_equal(wait_for(c, &got, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	child_free(c);
	c = child_start(go_on, &one, 100, &e);
	assert_int_equal(wait_for(c, &got, &e), -1);
	child_free(c);
	for (size_t i = 0; i < COUNT(hidden); i++) {
		c = child_start(sleep_on, &hidden[i], 100, &e);
		assert_int_equal(wait_for(c, &got, &e), -1);
		child_free(c);
	}
	assert_true(clock_ticks() - began < 20 * SECOND);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	assert_int_equal(errno, ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer), cmocka_unit_test(test_confined), cmocka_unit_test(test_ends)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
