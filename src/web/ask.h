/*
 * What every form shares on which a stranger types something (ABU-1): a stamp
 * that says when the form was opened, a field that only a program fills in, a
 * bound on how many are sent, and the reading of an address. A page
 *
 *   GET:  ask_stamp(), includes tmpl/ask_fields.html in its form, answers CACHE_NONE;
 *   POST: ask_is_limited() first, then ask_fault(), then ask_address(); whatever is wrong, it shows the
 *         form again with what was typed, `ask.stamp`, and 422.
 *
 * `form` names the form, and what it is for where that matters ("join/water-study"): a stamp of one is none of another.
 */
#ifndef PLACET_WEB_ASK_H
#define PLACET_WEB_ASK_H

#include "mail/address.h"
#include "mail/token.h"
#include "web/form.h"
#include "web/network.h"

#define ASK_STAMP_MAX 48 /* with its NUL */
#define ASK_SOONEST (3 * SECOND)
#define ASK_LATEST (2 * HOUR)
#define ASK_TEXT_MAX 200 /* bytes of one line that a person types */

/* A stamp of `now`, signed with the home's newest token key. */
void ask_stamp(const struct token_keys *k, const char *form, int64_t now, char out[ASK_STAMP_MAX]);
/*
 * NULL when the form may be taken, else what to tell the person. stamp[] gets what the form bears when it is shown again:
 * a stamp that is good stays, so that nobody who mistyped has to wait anew; one that is not is replaced.
 */
const char *ask_fault(const struct token_keys *k, const char *form, const struct form *f, int64_t now,
		      char stamp[ASK_STAMP_MAX]);
/* Reads the field `address`. False and *fault when it is none that could be written to. */
bool ask_address(struct arena *a, const struct form *f, struct address *out, const char **fault);
/* One line of at most ASK_TEXT_MAX bytes in the field `name`, blanks around it gone, "" when it is empty; NULL when it
   has characters that have no place in one, or is too long. */
const char *ask_line(struct arena *a, const struct form *f, const char *name);

/*
 * Token buckets: one for each network, one for each /48 of IPv6, and one for all. The memory is fixed: where more networks come than it holds, the one
 * whose bucket is the fullest is forgotten, which is the one that has least to lose by it.
 */
#define ASK_NETWORK_BURST 60 /* a lecture hall behind one address, with the poster on the wall */
#define ASK_NETWORK_EACH (4 * SECOND)
#define ASK_SITE_BURST 240 /* an IPv6 /48: what one line of a provider may have, with 65,536 networks of its own */
#define ASK_SITE_EACH SECOND
#define ASK_ALL_BURST 1000
#define ASK_ALL_EACH (SECOND / 20)
#define ASK_SETS 512
#define ASK_WAYS 4

struct ask_limits {
	uint64_t seed; /* where a network's place is must not be known outside */
	int64_t all;   /* when the bucket of all is full again */
	struct {
		struct network who;
		int64_t full_at; /* 0: free */
	} slot[ASK_SETS][ASK_WAYS];
};

void ask_limits_init(struct ask_limits *l);
/* Takes a token of each. 0, or after how many seconds there is one. `ticks`: clock_ticks(), which nobody sets back. */
int ask_take(struct ask_limits *l, struct network who, int64_t ticks);

struct request;
struct response;

/* For a page: takes one for this request, or answers 429 with Retry-After and returns true. */
bool ask_is_limited(const struct request *r, struct response *out);

#endif
