/*
 * "Was this message approved?" (policy: what a recipient can always do, 4;
 * standards 12.2). The same three answers for a code, a text and a message,
 * for the page /check and `placet check-message`. They tell about mailings,
 * which are public, and never about a recipient: whatever is known of one is
 * asked after only when a message bears our own whole signature, which its
 * recipient alone has.
 */
#ifndef PLACET_PROOF_H
#define PLACET_PROOF_H

#include "mail/genuine.h"
#include "store/mailing.h"
#include "store/project.h"

enum proof_answer {
	PROOF_NONE,      /* not one of ours */
	PROOF_COMPARE,   /* a mailing with this code or text was approved */
	PROOF_UNALTERED, /* this very message was sent by us, and is as we sent it */
};

#define PROOF_REMARKS_MAX 12

struct proof_sentence {
	const char *text;
	bool known; /* it stands in the approved text */
};

struct proof_link {
	const char *url, *host; /* host: "" when it has none */
};

struct proof {
	enum proof_answer answer;
	bool dead;     /* of PROOF_NONE: the code is one that previews and tests bear */
	bool notice;   /* of PROOF_UNALTERED: system mail, an answer to a request; there is no mailing then */
	bool test;     /* of `notice`: a mailing as staff looked at it beforehand */
	bool attached; /* told of the message that is attached to the one handed in */
	struct project project;
	struct public_mailing mailing;
	const char *domains;                    /* of the identity that sends it, blanks between */
	const char *code;                       /* by which it was found, as it is written; "" when it was not */
	const char *remark[PROOF_REMARKS_MAX];  /* what speaks against it, in words */
	size_t n_remarks;
	const struct proof_sentence *sentence;  /* of what was handed in; none for a code alone */
	size_t n_sentences, n_unknown;
	const struct proof_link *link;          /* in it, and to none of the hosts that the mailing may link to */
	size_t n_links;
};

/* What was typed. */
int proof_by_code(struct home *h, struct arena *a, const char *typed, struct proof *out, struct err *e) MUST_USE;
/* A text that was pasted, UTF-8. */
int proof_by_text(struct home *h, struct arena *a, const char *text, struct proof *out, struct err *e) MUST_USE;
/* What genuine_read found out about a message, with the keys of proof_keys. */
int proof_by_message(struct home *h, struct arena *a, const struct genuine *g, struct proof *out, struct err *e) MUST_USE;
/* Every key that any identity ever signed with. */
int proof_keys(struct home *h, struct arena *a, struct own_key **out, size_t *n, struct err *e) MUST_USE;
/* Where messages of a project come from, and where they may lead: domains of the identity; hosts of the institution, the
   identity, this installation, and those that are registered, each once. NULL-ended. */
struct proof_places {
	const char *const *domains, *const *hosts;
};
int proof_places(struct home *h, struct arena *a, const struct project *p, struct proof_places *out, struct err *e) MUST_USE;
const char *proof_answer_name(enum proof_answer x); /* "unaltered", "compare", "none" */

/* Sentences of a mailing's words are kept when it is approved, so that a text that is pasted finds it: those that are long
   enough and have no fields, and none of the house template, which stands in every message. In the caller's transaction. */
int proof_add(struct home *h, const struct mailing *m, struct err *e) MUST_USE;
int proof_drop(struct home *h, int64_t mailing, struct err *e) MUST_USE;

/* The mailing that most of these sentences stand in. 1, 0 none in which enough of them stand, -1. `other` gets the letters of
   them that stand in the mailing `other_id`. */
struct proof_find {
	int64_t mailing;
	size_t sentences, letters;
	int64_t other_id;
	size_t other_letters;
};
struct normal;
int proof_find(struct home *h, struct arena *a, const struct normal *n, struct proof_find *out, struct err *e) MUST_USE;

#endif
