/*
 * Children for hostile bytes: see child.h. The order in the child is what
 * keeps it harmless: first every descriptor but the pipe is closed, then it is
 * bounded and confined, and only then it works. When any of that fails it ends
 * without an answer.
 */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/confine.h"

/* The sanitizers reserve terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__)
#define BOUND_ADDRESSES false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BOUND_ADDRESSES false
#endif
#endif
#ifndef BOUND_ADDRESSES
#define BOUND_ADDRESSES true
#endif

#define MEMORY_MAX ((rlim_t)512 << 20) /* with all that the parent had mapped */
#define PIPE_AT 3
#define END_MARK '.' /* behind all that it has to say: it did not die before */

struct child {
	pid_t pid; /* 0: it is gone */
	int fd;
	int64_t until;
	struct buf out;
};

/* --- in the child -------------------------------------------------------------------------------- */

static bool bound(int what, rlim_t max)
{
	return setrlimit((__rlimit_resource_t)what, &(struct rlimit){ max, max }) == 0;
}

static bool give_all_up(int fd)
{
	const unsigned flags = CONFINE_NO_EXEC | CONFINE_NO_CONNECT | CONFINE_NO_LISTEN | CONFINE_NO_FILES | CONFINE_NO_FORK;
	struct err why;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || (fd != PIPE_AT && dup2(fd, PIPE_AT) < 0))
		return false;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (syscall(SYS_close_range, PIPE_AT + 1, ~0U, 0) < 0)
		return false;
	if (!bound(RLIMIT_CPU, CHILD_SECONDS) || !bound(RLIMIT_CORE, 0) || !bound(RLIMIT_FSIZE, 0) ||
	    (BOUND_ADDRESSES && !bound(RLIMIT_AS, MEMORY_MAX)))
		return false;
	return confine(flags, NULL, NULL, &why) == 0;
}

NORETURN static void be_child(child_work *work, void *ctx, size_t max, int fd)
{
	struct buf out;
	size_t at = 0;

	if (!give_all_up(fd))
		_exit(70);
	buf_init(&out, max + 1);
	work(ctx, &out);
	buf_addc(&out, END_MARK);
	while (!out.over && at < out.n) {
		ssize_t n = write(PIPE_AT, out.p + at, out.n - at);

		if (n <= 0 && errno != EINTR)
			_exit(70);
		at += n > 0 ? (size_t)n : 0;
	}
	_exit(out.over ? 70 : 0);
}

/* --- in the parent ------------------------------------------------------------------------------- */

struct child *child_start(child_work *work, void *ctx, size_t max, struct err *e)
{
	struct child *c;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		err_sys(e, ERR_AGAIN, errno, "no pipe for a child");
		return NULL;
	}
	pid = fork();
	if (pid < 0) {
		err_sys(e, ERR_AGAIN, errno, "no child");
		close(fds[0]);
		close(fds[1]);
		return NULL;
	}
	if (pid == 0)
		be_child(work, ctx, max, fds[1]);
	close(fds[1]);
	MUST(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	c = mem_alloc(sizeof(*c));
	*c = (struct child){ .pid = pid, .fd = fds[0], .until = clock_ticks() + CHILD_SECONDS * SECOND };
	buf_init(&c->out, max + 1);
	return c;
}

int child_fd(const struct child *c)
{
	return c->fd;
}

int64_t child_until(const struct child *c)
{
	return c->until;
}

/* Waits for no child that has closed its end and lives on. */
static void end_child(struct child *c)
{
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

static int end_of(struct child *c, struct slice *out, struct err *e)
{
	end_child(c);
	if (!c->out.n || c->out.p[c->out.n - 1] != END_MARK)
		return err_set(e, ERR_INPUT, "it could not be read");
	*out = (struct slice){ buf_text(&c->out), c->out.n - 1 };
	return 1;
}

int child_fetch(struct child *c, struct slice *out, struct err *e)
{
	for (;;) {
		char piece[16384];
		ssize_t n = read(c->fd, piece, sizeof(piece));

		if (n == 0)
			return end_of(c, out, e);
		if (n > 0)
			buf_add(&c->out, piece, (size_t)n);
		else if (errno != EINTR)
			break;
		if (c->out.over)
			return err_set(e, ERR_INPUT, "too much came of it");
	}
	if (errno != EAGAIN)
		return err_sys(e, ERR_BROKEN, errno, "read from a child");
	return clock_ticks() < c->until ? 0 : err_set(e, ERR_INPUT, "reading it takes too long");
}

void child_free(struct child *c)
{
	if (!c)
		return;
	if (c->pid)
		end_child(c);
	close(c->fd);
	buf_free(&c->out);
	free(c);
}
