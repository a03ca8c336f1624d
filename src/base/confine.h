/*
 * Giving up what a role no longer needs, after it has opened what it serves.
 * There is no way back, for the process and for all that it starts. What is
 * refused fails with EPERM (files: EACCES), it does not end the process.
 *
 * Whatever the flags, a confined process never gains privileges
 * (no_new_privs), and cannot trace others, mount, change namespaces or the
 * clock, load code into the kernel, or use io_uring, which goes around these
 * checks. On the platform: confine_linux.c.
 */
#ifndef PLACET_CONFINE_H
#define PLACET_CONFINE_H

#include "base/err.h"

enum confine_flags {
	CONFINE_NO_EXEC = 1,    /* starts no other program; fork stays */
	CONFINE_NO_CONNECT = 2, /* opens no connection and no socket but AF_UNIX ones; accept and open ones stay */
	CONFINE_NO_LISTEN = 4,  /* binds and listens nowhere new; accept stays */
	CONFINE_NO_SERVE = 16,  /* listens nowhere new; bind stays, which asking the DNS needs */
	CONFINE_NO_FORK = 32,   /* starts no process and no thread */
	CONFINE_NO_FILES = 8,   /* opens, makes and removes nothing outside `paths`; open descriptors stay */
};

/* Files, or folders with all that is in them; absent ones are an error. Unused places are NULL. */
struct confine_paths {
	const char *read_write[8]; /* read, write, make, rename, remove; no execution, devices, links or sockets */
	const char *read_only[8];
};

/* Confines this process. `paths` may be NULL: none. `files_held`, if not NULL, says whether
   CONFINE_NO_FILES is enforced: a kernel without Landlock can only do so when there are no paths at
   all. That is no error, but the caller should log it. */
int confine(unsigned flags, const struct confine_paths *paths, bool *files_held, struct err *e) MUST_USE;

#endif
