/*
 * Reading a whole message: its header fields and its parts, decoded. Over
 * GMime; bounded (25 MiB, depth 20, 500 parts, 1,000 header fields). Nothing
 * is trusted and nothing is looked up.
 */
#ifndef PLACET_MESSAGE_H
#define PLACET_MESSAGE_H

#include "base/arena.h"
#include "base/err.h"

struct field {
	const char *name;    /* as it stands */
	const char *raw;     /* unfolded, not decoded */
	const char *decoded; /* RFC 2047 decoded, UTF-8 */
};

struct part {
	const char *type;        /* "text/plain", lower case */
	const char *disposition; /* "inline", "attachment" or "" */
	const char *filename;    /* or NULL */
	const char *content_id;  /* without brackets, or NULL */
	const char *parent;      /* type of the part around it, "" at the top */
	const char *charset;     /* as declared, "" when it is not */
	const char *encoding;    /* Content-Transfer-Encoding as declared, "" when it is not */
	bool joins;              /* format=flowed; delsp=yes: a blank at the end of a line joins it to the next one */
	const char *odd;         /* what its coding has that programs read differently, in words behind "the part"; or NULL */
	const char *bytes;       /* decoded; of text parts UTF-8 with LF line ends and a NUL behind */
	size_t n;
	int depth;
};

struct message {
	const struct field *fields;
	size_t n_fields;
	const struct part *parts; /* leaves in order; message/rfc822 is a leaf */
	size_t n_parts;
	const char *beside; /* text before the first and behind the last part of each multipart, which old programs show */
};

/* Loads what reading may need from files, common charsets above all: for a process that is about to be confined, or whose
   children will be. For its whole life. */
void message_ready(void);
/* ERR_INPUT when it is no message or passes a bound. Everything lives in the arena. */
int message_parse(struct arena *a, struct slice bytes, struct message *out, struct err *e) MUST_USE;
/* The n-th field of that name (any case), from the top; NULL if there is none. */
const struct field *message_field(const struct message *m, const char *name, size_t n);
/* The first part of that type, NULL if none. */
const struct part *message_part(const struct message *m, const char *type);

/* Each mailbox of an address header; false when it does not parse. */
struct mailbox {
	const char *name, *address;
};
bool message_mailboxes(struct arena *a, const char *raw, struct mailbox *out, size_t max, size_t *n);

#endif
