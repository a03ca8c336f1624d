/*
 * What a message that somebody hands in can show about itself (standards
 * 12.2, C): whether it bears a whole signature by one of our own keys, and
 * what it says, for comparing. Nothing is looked up but the keys, which are
 * given. May be run where it can do no harm (base/child.h): what came of it
 * goes into bytes and back.
 */
#ifndef PLACET_GENUINE_H
#define PLACET_GENUINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define GENUINE_MESSAGE_MAX (1 << 20)
#define GENUINE_TEXT_MAX    (256 * 1024)
#define GENUINE_PACKED_MAX  (1 << 20)

/* A key that we have signed with; whether it is published still does not matter. */
struct own_key {
	const char *domains, *selector, *record; /* domains: blanks between */
};

enum seal {
	SEAL_NONE,      /* no signature by a key of ours */
	SEAL_BODY,      /* one, but what it signed was another body */
	SEAL_HEAD,      /* ... other headers */
	SEAL_PARTLY,    /* it holds, but not for all that is shown: `unsealed` says for what not */
	SEAL_WHOLE,     /* From, To, Subject, Date, Message-ID, how to leave, and all of the body are as we signed them */
	SEAL_WORDS,
};

struct genuine {
	enum seal seal;
	bool attached;            /* told of the message that is attached to the one handed in */
	const char *domain;       /* d= of that signature, "" if there is none */
	const char *unsealed;     /* of SEAL_PARTLY: the header or part, else "" */
	const char *from_name, *from, *to; /* "" where there is not exactly one */
	const char *subject;
	const char *message_id;   /* what stands before its @ */
	const char *text;         /* what its text and HTML parts show */
	const char *html_links;   /* where links of HTML parts lead, a line each */
};

/* ERR_INPUT: it is no message. Line ends may be LF or CRLF, and an mbox line may stand in front. */
int genuine_read(struct arena *a, struct slice bytes, const struct own_key *keys, size_t n_keys, struct genuine *out,
		 struct err *e) MUST_USE;
void genuine_pack(const struct genuine *g, struct buf *out);
/* False when these bytes are not what genuine_pack makes: whoever read the message may have been taken over by it. */
bool genuine_unpack(struct arena *a, struct slice bytes, struct genuine *out);

#endif
