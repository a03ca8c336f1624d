/*
 * From what is stored to what is composed and judged: a mailing with its
 * registered values becomes a compiled message, its recipients' values, and
 * the facts that the policy decides over.
 */
#ifndef PLACET_CONTENT_H
#define PLACET_CONTENT_H

#include "compose/compose.h"
#include "policy/policy.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/mailing.h"
#include "store/project.h"

/* The mailing in one of its languages. */
struct content_version {
	struct draft draft;
	struct compiled *compiled;
	const char *content_text;  /* as approved; NULL before submission */
	const char *const *fields; /* names used */
	size_t n_fields;
};

struct content {
	struct institution institution;
	struct project project;
	struct identity identity;
	int64_t template_id; /* version of the house template that it is drawn with; 0: the built-in one */
	const char *template; /* its text, or NULL */
	struct image *images; /* of the project */
	size_t n_images;
	struct content_version version[LANGUAGES_MAX]; /* [0] in the mailing's own language */
	size_t n_versions;
	struct compiled *compiled; /* version[0]; NULL when one of them does not compile: compile_error says why */
	const char *compile_error;
};

/* Loads and compiles all versions. A message that does not compile is no error here. */
int content_load(struct home *h, struct arena *a, const struct mailing *m, struct content *out,
		 struct err *e) MUST_USE;

/* One person's part: tokens of `delivery` (0: dead ones), values of the used fields out of the JSON object. */
struct person {
	int64_t delivery, date;
	const char *address, *fields; /* JSON */
	const char *kind, *ref, *given_on;
	int64_t consent_at;
	int64_t arm; /* 0: not dealt yet; shown as 1 */
};
struct recipient_room {
	char opt_out[TOKEN_TEXT_MAX], unsub[TOKEN_TEXT_MAX], feedback[TOKEN_TEXT_MAX], message[TOKEN_TEXT_MAX];
	char code[CODE_TEXT_MAX];
	const char *value[COMPOSE_FIELDS_MAX];
	const struct content_version *version; /* in their language: what `out` belongs to */
};
/* Chooses the version by the person's field `language`, and fills `out`, whose texts point into `room`, `p` and the arena. ERR_BROKEN when stored JSON is malformed. */
int content_recipient(struct home *h, struct arena *a, const struct content *c, const struct person *p,
		      struct recipient_room *room, struct recipient *out, struct err *e) MUST_USE;

/* The version for somebody of this language: the same, else of the same main language, else the first. "" or NULL: the
   first. */
const struct content_version *content_version(const struct content *c, const char *language);

/* The exact message for one address of the selection (NULL: the first), unsigned, with dead tokens; a
   stand-in person when nobody is selected. ERR_MISSING when the address is not selected. */
int content_preview(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
		    const char *address, struct buf *out, struct err *e) MUST_USE;

/* The message that somebody got, once more, as `p` was when it went out, unsigned, with dead tokens. 1; 0 when it can no
   longer be made: its words have changed since, or the person's values are gone; -1. */
int content_again(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const struct person *p,
		  struct buf *out, struct err *e) MUST_USE;

enum judging { JUDGE_DRAFT, JUDGE_SUBMISSION /* responsibility is accepted in this step */, JUDGE_SUBMITTED };
/* Every rule over a mailing. */
int content_judge(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
		  enum judging when, struct verdict *out, struct err *e) MUST_USE;

/* The institution's and a project's facts, for judging a foreign file (lint). */
struct institution_facts content_institution_facts(const struct home *h, const struct institution *inst);
struct project_facts content_project_facts(struct arena *a, const struct project *p, const struct identity *id,
					   const struct image *images, size_t n_images);

#endif
