/*
 * The replies of a mail server, read from bytes as they come (SMTP-7): strict
 * about what ends a line and about codes, bounded in length and count. It
 * yields line by line, because the answer to EHLO is a list; the last line
 * completes `reply`. Text is made printable and never decides anything here.
 */
#ifndef PLACET_REPLY_H
#define PLACET_REPLY_H

#include "base/base.h"

#define REPLY_LINE_MAX 4096
#define REPLY_LINES_MAX 128

struct reply {
	int code;
	char enhanced[12]; /* "5.1.1", or "" when none or when its class is not the code's */
	char text[400];    /* code and all lines, joined by spaces, printable; cut when longer */
	size_t n;          /* length of text */
};

struct reply_parser {
	struct reply reply;  /* of the lines so far */
	struct slice line;   /* the text of the last line read, behind code and mark; valid until the next call */
	int lines;           /* read of this reply */
	const char *why;     /* after REPLY_BAD: what was wrong */
	size_t part_n;       /* bytes of an unfinished line in `part` */
	char part[REPLY_LINE_MAX];
};

enum reply_step {
	REPLY_MORE, /* all bytes used, nothing complete */
	REPLY_LINE, /* a line that is not the reply's last */
	REPLY_DONE, /* the last line: `reply` is complete */
	REPLY_BAD,  /* not SMTP; the parser stays in this state */
};

void reply_init(struct reply_parser *p);
/* Reads at most one line of the n bytes and sets *used. Call again with the rest. */
enum reply_step reply_read(struct reply_parser *p, const char *bytes, size_t n, size_t *used);
/* Nothing of an unfinished reply is held back. */
bool reply_is_between(const struct reply_parser *p);

/* The relay's name for the message, from "queued as X" and its like: into out[max], "" if there is none. */
void reply_queue_id(const char *text, char *out, size_t max);

#endif
