/*
 * Confinement. It cannot be undone, so each case runs in a child: the child
 * confines itself, tries one thing, and exits with the errno it met (0: it
 * worked). Every forbidden thing is also tried without the flag that forbids
 * it, so that a refusal for another reason does not pass for ours.
 */
#include "base/confine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NOT_CONFINED 200
#define NOT_HELD     201
#define ALL          (CONFINE_NO_EXEC | CONFINE_NO_CONNECT | CONFINE_NO_LISTEN | CONFINE_NO_FILES)

/* Made before the child confines itself. */
struct bench {
	char home[64];              /* a folder with inside/, readable/ and outside/ */
	int listener;               /* on loopback */
	struct sockaddr_in address; /* of the listener */
	int outside;                /* an open file of outside/ */
	int tcp, udp;               /* each child's own */
};

typedef int action(struct bench *b);

static const char *at(struct bench *b, const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", b->home, name);
	return p;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -1;
	return close(fd);
}

static int make_bench(void **state)
{
	struct bench *b = mem_alloc(sizeof(*b));
	socklen_t n = sizeof(b->address);

	*state = b;
	snprintf(b->home, sizeof(b->home), "/tmp/placet-confine-XXXXXX");
	if (!mkdtemp(b->home) || mkdir(at(b, "inside"), 0700) < 0 || mkdir(at(b, "readable"), 0700) < 0 ||
	    mkdir(at(b, "outside"), 0700) < 0 || put(at(b, "readable/text"), "readable") < 0 ||
	    put(at(b, "outside/secret"), "secret") < 0 || symlink(at(b, "outside/secret"), at(b, "inside/link")) < 0)
		return -1;
	b->outside = open(at(b, "outside/secret"), O_RDWR);
	b->listener = socket(AF_INET, SOCK_STREAM, 0);
	b->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(b->listener, (struct sockaddr *)&b->address, n) < 0 || listen(b->listener, 8) < 0)
		return -1;
	return getsockname(b->listener, (struct sockaddr *)&b->address, &n);
}

static int remove_bench(void **state)
{
	static const char *const names[] = {
		"inside/link",   "inside/db", "outside/secret", "outside/moved", "outside/new",
		"readable/text", "inside",    "readable",       "outside",       ""
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(names); i++)
		remove(at(b, names[i]));
	close(b->outside);
	close(b->listener);
	free(b);
	return 0;
}

/* --- what is tried; each returns 0 or an errno --- */

static int result(long rc)
{
	return rc < 0 ? errno : 0;
}

static int try_exec(struct bench *b)
{
	char *argv[] = { (char *)"/bin/true", NULL };

	(void)b;
	execv(argv[0], argv); /* ends with 0 if it works */
	return errno;
}

static int try_fork(struct bench *b)
{
	pid_t child = fork();
	int status = 0;

	(void)b;
	if (child == 0)
		_exit(7);
	return child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7 ? 0 : 1;
}

static int try_connect(struct bench *b)
{
	return result(connect(b->tcp, (struct sockaddr *)&b->address, sizeof(b->address)));
}

static int try_sendto(struct bench *b)
{
	return result(sendto(b->udp, "x", 1, 0, (struct sockaddr *)&b->address, sizeof(b->address)));
}

static int try_socket(struct bench *b)
{
	(void)b;
	return result(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_socketpair(struct bench *b)
{
	int ends[2];
	char c;

	(void)b;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && send(ends[0], "x", 1, 0) == 1 &&
			       read(ends[1], &c, 1) == 1
		       ? 0
		       : errno;
}

static int try_bind(struct bench *b)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return result(bind(b->tcp, (struct sockaddr *)&any, sizeof(any)));
}

static int try_listen(struct bench *b)
{
	return result(listen(b->tcp, 1));
}

/* The connection was made before; a server takes and serves it while confined. */
static int try_accept(struct bench *b)
{
	int fd = accept(b->listener, NULL, NULL);

	return fd >= 0 && send(fd, "x", 1, 0) == 1 ? 0 : errno;
}

static int try_mount(struct bench *b)
{
	return result(syscall(SYS_mount, "none", b->home, "tmpfs", 0, NULL));
}

static int try_unshare(struct bench *b)
{
	(void)b;
	return result(unshare(CLONE_NEWUSER));
}

static int try_clone(struct bench *b)
{
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)b;
	if (child == 0)
		_exit(0);
	return result(child);
}

static int try_io_uring(struct bench *b)
{
	(void)b;
	return result(syscall(SYS_io_uring_setup, 0, NULL)); /* EINVAL or EFAULT without the filter */
}

static int try_read_memory(struct bench *b)
{
	(void)b;
	return result(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
}

static int try_trace(struct bench *b)
{
	(void)b;
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_privileges(struct bench *b)
{
	(void)b;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
}

static int try_open(struct bench *b, const char *name, int flags)
{
	return result(open(at(b, name), flags, 0600));
}

static int try_read_outside(struct bench *b)
{
	return try_open(b, "outside/secret", O_RDONLY);
}

static int try_read_system(struct bench *b)
{
	(void)b;
	return result(open("/etc/passwd", O_RDONLY));
}

static int try_make_outside(struct bench *b)
{
	return try_open(b, "outside/new", O_CREAT | O_WRONLY);
}

static int try_follow_link(struct bench *b)
{
	return try_open(b, "inside/link", O_RDONLY);
}

static int try_climb_out(struct bench *b)
{
	return try_open(b, "inside/../outside/secret", O_RDONLY);
}

static int try_remove_outside(struct bench *b)
{
	return result(unlink(at(b, "outside/secret")));
}

static int try_truncate_outside(struct bench *b)
{
	return result(truncate(at(b, "outside/secret"), 6));
}

static int try_move_out(struct bench *b)
{
	if (put(at(b, "inside/db"), "x") < 0)
		return 1;
	return result(rename(at(b, "inside/db"), at(b, "outside/moved")));
}

static int try_list_outside(struct bench *b)
{
	return try_open(b, "outside", O_RDONLY | O_DIRECTORY);
}

static int try_read_readable(struct bench *b)
{
	return try_open(b, "readable/text", O_RDONLY);
}

static int try_write_readable(struct bench *b)
{
	return try_open(b, "readable/text", O_WRONLY);
}

static int try_make_readable(struct bench *b)
{
	return try_open(b, "readable/new", O_CREAT | O_WRONLY);
}

static int try_open_descriptor(struct bench *b)
{
	char text[6];

	return pread(b->outside, text, 6, 0) == 6 && !memcmp(text, "secret", 6) && pwrite(b->outside, "S", 1, 0) == 1 &&
			       pwrite(b->outside, "s", 1, 0) == 1
		       ? 0
		       : 1;
}

/* What SQLite does with a database: lock, map, journal, shared memory, truncate, remove. */
static int try_database(struct bench *b)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int db = open(at(b, "inside/db"), O_RDWR | O_CREAT, 0600), journal, folder, shm;
	void *map;

	if (db < 0 || fcntl(db, F_SETLK, &lock) < 0 || write(db, "page", 4) != 4 || fsync(db) < 0)
		return errno;
	shm = open(at(b, "inside/db-shm"), O_RDWR | O_CREAT, 0600);
	if (shm < 0 || ftruncate(shm, 32768) < 0)
		return errno;
	map = mmap(NULL, 32768, PROT_READ | PROT_WRITE, MAP_SHARED, shm, 0);
	if (map == MAP_FAILED || munmap(map, 32768) < 0)
		return errno;
	journal = open(at(b, "inside/db-journal"), O_RDWR | O_CREAT | O_EXCL, 0600);
	folder = open(at(b, "inside"), O_RDONLY | O_DIRECTORY);
	if (journal < 0 || folder < 0 || fsync(folder) < 0 || ftruncate(db, 0) < 0)
		return errno;
	if (rename(at(b, "inside/db-journal"), at(b, "inside/db-wal")) < 0 || unlink(at(b, "inside/db-wal")) < 0 ||
	    unlink(at(b, "inside/db-shm")) < 0 || mkdir(at(b, "inside/d"), 0700) < 0 || rmdir(at(b, "inside/d")) < 0)
		return errno;
	return 0;
}

static int try_link_inside(struct bench *b)
{
	return result(symlink("/etc/passwd", at(b, "inside/new-link")));
}

/* --- running them --- */

static int in_child(struct bench *b, unsigned flags, bool with_paths, action *act)
{
	struct confine_paths paths = { .read_write = { at(b, "inside") }, .read_only = { at(b, "readable") } };
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0) {
		struct err e = { 0 };
		bool held = false;

		b->tcp = socket(AF_INET, SOCK_STREAM, 0);
		b->udp = socket(AF_INET, SOCK_DGRAM, 0);
		if (flags && confine(flags, with_paths ? &paths : NULL, &held, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(NOT_CONFINED);
		}
		if ((flags & CONFINE_NO_FILES) && !held)
			_exit(NOT_HELD);
		_exit(act(b));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void connect_beforehand(struct bench *b)
{
	struct sockaddr_in address = b->address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void calls_are_refused_by_flag(void **state)
{
	static const struct {
		const char *what;
		action *act;
		unsigned flag;
	} cases[] = {
		{ "exec", try_exec, CONFINE_NO_EXEC },        { "connect", try_connect, CONFINE_NO_CONNECT },
		{ "sendto", try_sendto, CONFINE_NO_CONNECT }, { "socket", try_socket, CONFINE_NO_CONNECT },
		{ "bind", try_bind, CONFINE_NO_LISTEN },      { "listen", try_listen, CONFINE_NO_LISTEN },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int with = in_child(*state, cases[i].flag, true, cases[i].act);
		/* CONFINE_NO_FILES is left out: it would hold the program to be executed. */
		unsigned others = ALL & ~cases[i].flag & ~(unsigned)CONFINE_NO_FILES;
		int without = in_child(*state, others, true, cases[i].act);

		if (with != EPERM || without != 0)
			fail_msg("%s: %s with the flag, %s without", cases[i].what, strerror(with), strerror(without));
	}
}

static void who_asks_the_dns_binds_and_does_not_listen(void **state)
{
	assert_int_equal(in_child(*state, CONFINE_NO_SERVE, true, try_listen), EPERM);
	assert_int_equal(in_child(*state, CONFINE_NO_SERVE, true, try_bind), 0);
}

static void dangerous_calls_are_always_refused(void **state)
{
	static const struct {
		const char *what;
		action *act;
	} cases[] = {
		{ "mount", try_mount },
		{ "unshare", try_unshare },
		{ "clone into a namespace", try_clone },
		{ "io_uring", try_io_uring },
		{ "reading memory", try_read_memory },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		if (in_child(*state, CONFINE_NO_EXEC, false, cases[i].act) != EPERM)
			fail_msg("%s was not refused", cases[i].what);
	/* These fail without the filter as well, but in other words. */
	assert_int_not_equal(in_child(*state, 0, false, try_io_uring), EPERM);
	assert_int_equal(in_child(*state, 0, false, try_read_memory), 0);
	assert_int_equal(in_child(*state, 0, false, try_trace), 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
	assert_int_equal(in_child(*state, CONFINE_NO_EXEC, false, try_trace), EPERM);
#endif
}

static void a_server_goes_on(void **state)
{
	struct bench *b = *state;

	connect_beforehand(b);
	assert_int_equal(in_child(b, ALL, true, try_accept), 0);
	connect_beforehand(b);
	assert_int_equal(in_child(b, ALL, false, try_accept), 0);
	assert_int_equal(in_child(b, ALL, true, try_fork), 0);
	assert_int_equal(in_child(b, ALL, true, try_socketpair), 0);
	assert_int_equal(in_child(b, ALL, true, try_privileges), 0);
	assert_int_equal(in_child(b, 0, false, try_privileges), 1);
}

static void files_are_held(void **state)
{
	static const struct {
		const char *what;
		action *act;
	} refused[] = {
		{ "reading outside", try_read_outside },
		{ "reading the system's files", try_read_system },
		{ "making outside", try_make_outside },
		{ "following a link out", try_follow_link },
		{ "climbing out", try_climb_out },
		{ "removing outside", try_remove_outside },
		{ "truncating outside", try_truncate_outside },
		{ "moving out", try_move_out },
		{ "listing outside", try_list_outside },
		{ "writing what is read-only", try_write_readable },
		{ "making in what is read-only", try_make_readable },
		{ "a link inside", try_link_inside },
	};
	static action *const allowed[] = { try_database, try_read_readable, try_open_descriptor };

	if (in_child(*state, CONFINE_NO_FILES, true, try_privileges) == NOT_HELD) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(refused); i++) {
		int number = in_child(*state, CONFINE_NO_FILES, true, refused[i].act);

		if (number != EACCES && !(refused[i].act == try_move_out && number == EXDEV))
			fail_msg("%s: %s", refused[i].what, strerror(number));
	}
	for (size_t i = 0; i < COUNT(allowed); i++)
		assert_int_equal(in_child(*state, ALL, true, allowed[i]), 0);
	assert_int_equal(in_child(*state, 0, false, try_read_outside), 0);
	assert_int_equal(in_child(*state, 0, false, try_follow_link), 0);
}

static void without_paths_nothing_is_opened(void **state)
{
	int number = in_child(*state, CONFINE_NO_FILES, false, try_read_readable);

	assert_true(number == EPERM || number == EACCES);
	number = in_child(*state, CONFINE_NO_FILES, false, try_database);
	assert_true(number == EPERM || number == EACCES);
	assert_int_equal(in_child(*state, CONFINE_NO_FILES, false, try_open_descriptor), 0);
}

static int confine_twice(struct bench *b)
{
	struct confine_paths paths = { .read_only = { at(b, "readable") } };
	struct err e = { 0 };

	if (confine(ALL, &paths, NULL, &e) < 0)
		return 1;
	return try_read_readable(b) == 0 && try_exec(b) == EPERM && try_database(b) != 0 ? 0 : 2;
}

/* The child of a confined role, for instance the one that reads hostile MIME. */
static void confinement_can_be_tightened(void **state)
{
	assert_int_equal(in_child(*state, CONFINE_NO_FILES, true, confine_twice), 0);
}

static void an_absent_path_is_an_error(void **state)
{
	struct bench *b = *state;
	struct confine_paths paths = { .read_write = { at(b, "nowhere") } };
	struct err e = { 0 };
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		bool held = false;
		int rc = confine(CONFINE_NO_FILES, &paths, &held, &e);

		_exit(rc == 0 && !held ? 0 : rc == -1 && e.kind == ERR_MISSING && strstr(e.text, "nowhere") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* As on a kernel without Landlock: says in its status whether confine worked and what it claims. */
static int on_an_old_kernel(struct bench *b, const struct confine_paths *paths)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct err e = { 0 };
		bool held = false;

		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) < 0 ||
		    seccomp_load(filter) < 0 || confine(CONFINE_NO_FILES, paths, &held, &e) < 0)
			_exit(NOT_CONFINED);
		/* What it claims must be so. */
		_exit(held != (try_read_readable(b) == EPERM) ? 1 : held ? 0 : NOT_HELD);
	}
	seccomp_release(filter);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void an_old_kernel_is_told(void **state)
{
	struct bench *b = *state;
	struct confine_paths paths = { .read_only = { at(b, "readable") } };
	int without_paths = on_an_old_kernel(b, NULL);

	assert_int_equal(on_an_old_kernel(b, &paths), NOT_HELD);
	assert_true(without_paths == 0 || without_paths == NOT_HELD); /* the latter with AddressSanitizer */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
	assert_int_equal(without_paths, 0);
#endif
}

static int leave_in_order(struct bench *b)
{
	(void)b;
	exit(0); /* with the sanitizer's search for leaks */
}

static void the_end_is_in_order(void **state)
{
	assert_int_equal(in_child(*state, ALL, true, leave_in_order), 0);
	assert_int_equal(in_child(*state, ALL, false, leave_in_order), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_refused_by_flag),
		cmocka_unit_test(who_asks_the_dns_binds_and_does_not_listen),
		cmocka_unit_test(dangerous_calls_are_always_refused),
		cmocka_unit_test(a_server_goes_on),
		cmocka_unit_test(files_are_held),
		cmocka_unit_test(without_paths_nothing_is_opened),
		cmocka_unit_test(confinement_can_be_tightened),
		cmocka_unit_test(an_absent_path_is_an_error),
		cmocka_unit_test(an_old_kernel_is_told),
		cmocka_unit_test(the_end_is_in_order),
	};

	return cmocka_run_group_tests(tests, make_bench, remove_bench);
}
