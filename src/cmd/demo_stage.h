/*
 * The stage of the demonstration: a folder that is thrown away, the program
 * itself started in it as child processes, and the printing of what was typed
 * and what came of it. Whatever ends the demonstration ends its children, and
 * all but a SIGKILL of it removes the folder.
 */
#ifndef PLACET_DEMO_STAGE_H
#define PLACET_DEMO_STAGE_H

#include "cmd/cmd.h"

#define STAGE_ROLES 4

struct stage {
	struct arena *a;
	bool quiet;         /* --json: nothing is told */
	bool colour, live;  /* the output is a terminal; live: a line may be drawn anew */
	const char *folder; /* where commands are run; NULL before stage_open and after stage_close */
	int signals;        /* a signalfd of SIGINT, SIGTERM, SIGHUP */
	pid_t self;
	pid_t roles[STAGE_ROLES];
	size_t n_roles;
	size_t chapter;
};

/* Makes the folder and hears signals from now on. stage_close is to be called also when this failed. */
int stage_open(struct stage *s, struct ctx *c, struct err *e) MUST_USE;
/* Ends the roles and removes the folder. */
void stage_close(struct stage *s);

/* A chapter's number and title, and lines of plain words; both in 80 columns. */
void stage_chapter(struct stage *s, const char *title, const char *words);
void stage_words(struct stage *s, const char *words);
void stage_remark(struct stage *s, const char *words); /* the same, apart from what was before */
/* Lines as they are, each cut where the screen ends. */
void stage_lines(struct stage *s, const char *lines, size_t most);
/* "Mailbox    http://..." */
void stage_entry(struct stage *s, const char *what, const char *value);
/* done of all, drawn over the last one on a terminal. */
void stage_progress(struct stage *s, int64_t done, int64_t all, bool last);

/* A command of Placet, its words ended by NULL. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Tells and runs a command, and tells what it printed. ERR_BROKEN unless it ends with `expected`.
   `into`: the name of a file for its output, which is then not told; NULL: none. `out`, if not NULL,
   gets the output. */
int stage_do(struct stage *s, int expected, const char *const *words, const char *into, struct buf *out,
	     struct err *e) MUST_USE;
/* The same without a word: the JSON value that the command prints, to be released by the caller, or NULL. */
json_t *stage_ask(struct stage *s, const char *const *words, struct err *e) MUST_USE;
/* Tells and starts a role; returns when it prints "listening", or at once when `ready` is NULL. `ready` gets
   what it printed until then. */
int stage_start(struct stage *s, const char *const *words, struct buf *ready, struct err *e) MUST_USE;
/* Waits `ms`, or until the last started role ends: 1 and its exit code; 0: still runs; -1: a signal came
   (ERR_AGAIN), or another role ended (ERR_BROKEN). */
int stage_wait(struct stage *s, int ms, int *code, struct err *e) MUST_USE;
/* A file in the folder. */
int stage_write(struct stage *s, const char *name, const char *text, size_t n, struct err *e) MUST_USE;
const char *stage_path(struct stage *s, const char *name);

#endif
