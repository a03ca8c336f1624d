/*
 * Child processes of the demonstration: see demo_stage.h. A child is this
 * program again, started with an argument vector and no shell, in the folder,
 * with PLACET_HOME as a user would have it. Signals are read from a
 * descriptor beside the child's output, so that no handler is needed.
 */
#include "cmd/demo_stage.h"

#include "base/clock.h"
#include "base/file.h"
#include "cmd/demo_tell.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX   (4 * 1024 * 1024)
#define READY_WITHIN (20 * SECOND)

/* --- the folder -------------------------------------------------------------------------------- */

const char *stage_path(struct stage *s, const char *name)
{
	return arena_printf(s->a, "%s/%s", s->folder, name);
}

int stage_write(struct stage *s, const char *name, const char *text, size_t n, struct err *e)
{
	return file_write(stage_path(s, name), text, n, 0600, e);
}

static void hear_signals(struct stage *s, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
	/* A reader who goes away (| head) must not leave the folder behind. */
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

int stage_open(struct stage *s, struct ctx *c, struct err *e)
{
	const char *tmp = getenv("TMPDIR"), *term = getenv("TERM");
	char *folder = arena_printf(c->a, "%s/placet-demo-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
	sigset_t set;

	*s = (struct stage){
		.a = c->a, .quiet = c->json, .live = isatty(STDOUT_FILENO), .self = getpid(), .signals = -1
	};
	s->colour = s->live && !is_set("NO_COLOR") && term && term[0] && strcmp(term, "dumb") != 0;
	hear_signals(s, &set);
	if (s->signals < 0)
		return err_sys(e, ERR_BROKEN, errno, "signalfd");
	if (!mkdtemp(folder))
		return err_sys(e, ERR_AGAIN, errno, "%s", folder);
	s->folder = folder;
	/* The homes and tokens of the user are none of the demonstration's. */
	unsetenv("PLACET_TOKEN_FILE");
	unsetenv("PLACET_CLOCK");
	setenv("PLACET_HOME", stage_path(s, "home"), 1);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	remove(path);
	return 0;
}

void stage_close(struct stage *s)
{
	for (size_t i = 0; i < s->n_roles; i++)
		if (s->roles[i] > 0)
			kill(s->roles[i], SIGTERM);
	for (size_t i = 0; i < s->n_roles; i++)
		if (s->roles[i] > 0)
			waitpid(s->roles[i], NULL, 0);
	s->n_roles = 0;
	if (s->folder)
		nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	s->folder = NULL;
	if (s->signals >= 0)
		close(s->signals);
	s->signals = -1;
}

/* --- children ---------------------------------------------------------------------------------- */

static bool signal_came(const struct stage *s)
{
	struct signalfd_siginfo info;

	return read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

static int interrupted(struct err *e)
{
	return err_set(e, ERR_AGAIN, "interrupted");
}

/* What a child sets up before it becomes the program: it dies with the demonstration, and hears signals. */
NORETURN static void become(const struct stage *s, const char *const *words, bool json, int out, int log)
{
	const char *argv[ARGS_MAX + 4] = { "placet", json ? "--json" : NULL };
	size_t n = json ? 2 : 1;
	sigset_t none;

	for (size_t i = 0; words[i] && n < ARGS_MAX + 2; i++)
		argv[n++] = words[i];
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != s->self || chdir(s->folder) < 0 || dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0) < 0 ||
	    dup2(out, 1) < 0 || dup2(log, 2) < 0)
		_exit(70);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(70);
}

/* Starts it with its output at `out` and its messages at `log`, both of which are closed here. */
static pid_t start(struct stage *s, const char *const *words, bool json, int out, int log, struct err *e)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become(s, words, json, out, log);
	if (pid < 0)
		err_sys(e, ERR_AGAIN, errno, "fork");
	close(out);
	if (log != out)
		close(log);
	return pid;
}

static int make_pipe(int ends[2], struct err *e)
{
	return pipe2(ends, O_CLOEXEC) < 0 ? err_sys(e, ERR_AGAIN, errno, "pipe") : 0;
}

static int open_log(struct stage *s, const char *role, const char *kind, struct err *e)
{
	const char *path = stage_path(s, arena_printf(s->a, "%s.%s", role, kind));
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, ERR_AGAIN, errno, "%s", path) : fd;
}

/* One piece of output: 1, 0 at its end, -1 when a signal came or `until` passed. */
static int read_some(struct stage *s, int from, struct buf *out, int64_t until, struct err *e)
{
	struct pollfd at[] = { { .fd = from, .events = POLLIN }, { .fd = s->signals, .events = POLLIN } };
	char piece[4096];
	ssize_t n;

	if (poll(at, COUNT(at), 200) < 0 && errno != EINTR)
		return err_sys(e, ERR_BROKEN, errno, "poll");
	if (at[1].revents && signal_came(s))
		return interrupted(e);
	if (until && clock_ticks() > until)
		return err_set(e, ERR_AGAIN, "nothing within 20 seconds");
	if (!at[0].revents)
		return 1;
	n = read(from, piece, sizeof(piece));
	if (n > 0)
		buf_add(out, piece, (size_t)n);
	return n > 0;
}

static int exit_code(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) < 0)
		return 70;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Runs a command to its end. Returns its exit code, or -1. */
static int run(struct stage *s, const char *const *words, bool json, struct buf *out, struct err *e)
{
	int ends[2], got = -1, code;
	pid_t pid;

	if (make_pipe(ends, e) < 0)
		return -1;
	pid = start(s, words, json, ends[1], ends[1], e);
	while (pid > 0 && (got = read_some(s, ends[0], out, 0, e)) > 0)
		;
	close(ends[0]);
	if (pid < 0)
		return -1;
	if (got < 0)
		kill(pid, SIGTERM);
	code = exit_code(pid);
	return got < 0 ? -1 : code;
}

int stage_do(struct stage *s, int expected, const char *const *words, const char *into, struct buf *out, struct err *e)
{
	struct buf own;
	int code, rc = -1;

	if (!out) {
		buf_init(&own, OUTPUT_MAX);
		out = &own;
	}
	tell_command(s, words, into);
	code = run(s, words, false, out, e);
	if (code >= 0 && !into)
		tell_output(s, buf_text(out));
	if (code >= 0 && code != expected)
		err_set(e, ERR_BROKEN, "placet %s %s ended with %d instead of %d%s%.300s", words[0],
			words[1] ? words[1] : "", code, expected, s->quiet ? ": " : "", s->quiet ? buf_text(out) : "");
	else if (code >= 0 && (!into || stage_write(s, into, buf_text(out), out->n, e) == 0))
		rc = 0;
	if (out == &own)
		buf_free(&own);
	return rc;
}

json_t *stage_ask(struct stage *s, const char *const *words, struct err *e)
{
	json_t *value = NULL;
	json_error_t why;
	struct buf out;
	int code;

	buf_init(&out, OUTPUT_MAX);
	code = run(s, words, true, &out, e);
	if (code > 0)
		err_set(e, ERR_BROKEN, "placet %s ended with %d: %.300s", words[0], code, buf_text(&out));
	else if (code == 0 && !(value = json_loadb(buf_text(&out), out.n, 0, &why)))
		err_set(e, ERR_BROKEN, "placet --json %s: %s", words[0], why.text);
	buf_free(&out);
	return value;
}

/* --- roles ------------------------------------------------------------------------------------- */

int stage_start(struct stage *s, const char *const *words, struct buf *ready, struct err *e)
{
	int ends[2] = { -1, -1 }, log = open_log(s, words[0], "log", e), got = 1;
	pid_t pid;

	MUST(s->n_roles < STAGE_ROLES);
	if (log < 0 || (ready ? make_pipe(ends, e) : (ends[1] = open_log(s, words[0], "out", e))) < 0)
		return -1;
	tell_background(s, words);
	pid = start(s, words, false, ends[1], log, e);
	if (pid > 0)
		s->roles[s->n_roles++] = pid;
	if (pid < 0 || !ready)
		got = pid < 0 ? -1 : 1;
	else
		for (int64_t until = clock_ticks() + READY_WITHIN; got > 0 && !strstr(buf_text(ready), "listening ");)
			got = read_some(s, ends[0], ready, until, e);
	if (ready && got > 0)
		tell_output(s, buf_text(ready));
	/* A role prints nothing after it listens. */
	if (ends[0] >= 0)
		close(ends[0]);
	if (got == 0)
		err_set(e, ERR_BROKEN, "placet %s ended at once; its log says why", words[0]);
	return got > 0 ? 0 : -1;
}

/* Of the roles before the last one, none ends by itself. */
static int check_others(struct stage *s, struct err *e)
{
	for (size_t i = 0; i + 1 < s->n_roles; i++)
		if (s->roles[i] > 0 && waitpid(s->roles[i], NULL, WNOHANG) == s->roles[i]) {
			s->roles[i] = 0;
			return err_set(e, ERR_BROKEN, "a role ended by itself; its log said why");
		}
	return 0;
}

int stage_wait(struct stage *s, int ms, int *code, struct err *e)
{
	pid_t *last = &s->roles[s->n_roles - 1];
	struct pollfd at = { .fd = s->signals, .events = POLLIN };
	int status;

	if (poll(&at, 1, ms) > 0 && signal_came(s))
		return interrupted(e);
	if (check_others(s, e) < 0)
		return -1;
	if (waitpid(*last, &status, WNOHANG) != *last)
		return 0;
	s->n_roles--;
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 1;
}
