/*
 * confine.h on Linux. System calls are refused by a seccomp filter that lists
 * what is denied; listing what is allowed would break with every new version
 * of a library. Paths are held by Landlock, which the C library of Debian 12
 * does not know yet: hence the raw system calls and our own names for what
 * came after its headers. Landlock goes first, since it needs to open paths.
 */
#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* AddressSanitizer looks for leaks at the end by tracing itself, and reads /proc for it. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN true
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN false
#endif

/* Not in the headers of Linux 6.1 and older. */
#define FS_TRUNCATE  (UINT64_C(1) << 14) /* Landlock 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* Landlock 5 */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                                       \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |              \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* clang-format off */
static const char *const ALWAYS[] = {
	/* other processes' memory */
	"process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "userfaultfd",
	"perf_event_open",
	/* the view of the system */
	"mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "open_tree", "move_mount", "fsopen", "fsconfig",
	"fsmount", "fspick", "mount_setattr", "open_by_handle_at", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
	"sethostname", "setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "reboot", "syslog",
	/* the kernel itself */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf", "iopl", "ioperm",
	"keyctl", "add_key", "request_key", "personality", "nfsservctl", "lookup_dcookie", "_sysctl", "uselib",
	/* does by itself what this filter refuses */
	"io_uring_setup", "io_uring_enter", "io_uring_register",
};
/* clang-format on */

static const char *const TRACE[] = { "ptrace" };
static const char *const EXEC[] = { "execve", "execveat" };
static const char *const CONNECT[] = { "connect", "socketcall" };
static const char *const FORK[] = { "fork", "vfork", "clone" }; /* clone3 is refused anyway */
static const char *const LISTEN[] = { "bind", "listen", "socketcall" };
static const char *const SERVE[] = { "listen", "socketcall" };
/* Used when no path at all is allowed; then it holds without Landlock, too. */
static const char *const FILES[] = {
	"open",      "openat",   "openat2",  "creat",      "unlink",    "unlinkat",  "rename",    "renameat",
	"renameat2", "mkdir",    "mkdirat",  "rmdir",      "link",      "linkat",    "symlink",   "symlinkat",
	"mknod",     "mknodat",  "truncate", "truncate64", "chmod",     "fchmodat",  "chown",     "lchown",
	"fchownat",  "setxattr", "utime",    "utimes",     "utimensat", "futimesat", "lsetxattr", "removexattr",
};

static int failed(struct err *e, int number, const char *what)
{
	return err_sys(e, ERR_BROKEN, number, "cannot confine this process: %s", what);
}

/* --- paths --- */

/* The newest version of Landlock's interface here, 0 for none. */
static long landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? 0 : version;
}

/* All kinds of access that this version can refuse. */
static uint64_t landlock_handled(long version)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (version >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		all |= FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static int allow_path(int rules, const char *path, uint64_t access, struct err *e)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = access };
	struct stat st;
	int rc = -1;

	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_BROKEN, errno,
			       "cannot confine this process to %s", path);
	if (fstat(beneath.parent_fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			beneath.allowed_access &= FS_OF_FILES;
		rc = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	}
	if (rc < 0)
		err_sys(e, ERR_BROKEN, errno, "cannot confine this process to %s", path);
	close(beneath.parent_fd);
	return rc;
}

static int allow_paths(int rules, const struct confine_paths *paths, uint64_t handled, struct err *e)
{
	for (size_t i = 0; i < COUNT(paths->read_write); i++)
		if (paths->read_write[i] &&
		    allow_path(rules, paths->read_write[i], (FS_READ | FS_WRITE) & handled, e) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(paths->read_only); i++)
		if (paths->read_only[i] && allow_path(rules, paths->read_only[i], FS_READ, e) < 0)
			return -1;
	return UNDER_ASAN ? allow_path(rules, "/proc", FS_READ, e) : 0;
}

static int hold_files(const struct confine_paths *paths, long version, struct err *e)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_handled(version) };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0), rc;

	if (rules < 0)
		return failed(e, errno, "Landlock");
	rc = allow_paths(rules, paths, attr.handled_access_fs, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		rc = failed(e, errno, "Landlock");
	close(rules);
	return rc;
}

static bool no_paths(const struct confine_paths *paths)
{
	for (size_t i = 0; i < COUNT(paths->read_write); i++)
		if (paths->read_write[i] || paths->read_only[i])
			return false;
	return true;
}

/* --- system calls --- */

/* Refuses the calls by name; those that this kernel or processor does not have are no worry. */
static int deny(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		int rc = call < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What is refused for some arguments only. */
static int deny_in_part(scmp_filter_ctx filter)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	int rc = seccomp_rule_add(filter, refuse, SCMP_SYS(clone), 1,
				  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));

	/* Its flags are in memory, out of the filter's reach; on ENOSYS the C library takes clone. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* Typing into the terminal from which we were started. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, refuse, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI));
	return rc;
}

static int deny_connect(scmp_filter_ctx filter)
{
	const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
	int rc = deny(filter, CONNECT, COUNT(CONNECT));

	/* sendto with an address connects, too (UDP, TCP Fast Open); sendmsg hides its address in
	   memory, so there must be no socket to use it on. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, refuse, SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_NE, 0, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, refuse, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
	return rc;
}

static int fill_filter(scmp_filter_ctx filter, unsigned flags, bool no_files)
{
	int rc = deny(filter, ALWAYS, COUNT(ALWAYS));

	if (rc == 0)
		rc = deny_in_part(filter);
	if (rc == 0 && !UNDER_ASAN)
		rc = deny(filter, TRACE, COUNT(TRACE));
	if (rc == 0 && (flags & CONFINE_NO_EXEC))
		rc = deny(filter, EXEC, COUNT(EXEC));
	if (rc == 0 && (flags & CONFINE_NO_CONNECT))
		rc = deny_connect(filter);
	if (rc == 0 && (flags & CONFINE_NO_FORK))
		rc = deny(filter, FORK, COUNT(FORK));
	if (rc == 0 && (flags & CONFINE_NO_LISTEN))
		rc = deny(filter, LISTEN, COUNT(LISTEN));
	else if (rc == 0 && (flags & CONFINE_NO_SERVE))
		rc = deny(filter, SERVE, COUNT(SERVE));
	if (rc == 0 && no_files)
		rc = deny(filter, FILES, COUNT(FILES));
	return rc;
}

static int load_filter(unsigned flags, bool no_files, struct err *e)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!filter)
		return failed(e, ENOMEM, "seccomp");
	/* Calls of another architecture (32 bits on 64) have other numbers: this filter would not see them. */
	rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* all threads */
	if (rc == 0)
		rc = fill_filter(filter, flags, no_files);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc < 0 ? failed(e, -rc, "seccomp") : 0;
}

int confine(unsigned flags, const struct confine_paths *paths, bool *files_held, struct err *e)
{
	static const struct confine_paths none = { .read_write = { NULL } };
	bool files = flags & CONFINE_NO_FILES, no_files;
	long version = files ? landlock_version() : 0;

	if (!paths)
		paths = &none;
	no_files = files && !UNDER_ASAN && no_paths(paths);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(e, errno, "no_new_privs");
	if (version > 0 && hold_files(paths, version, e) < 0)
		return -1;
	if (load_filter(flags, no_files, e) < 0)
		return -1;
	if (files_held)
		*files_held = version > 0 || no_files;
	return 0;
}
