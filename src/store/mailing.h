/*
 * Mailings: drafts, submission that freezes the selection, approval bound to
 * one hash, and the states of design.md. The rules themselves are in policy/;
 * here is what is stored, and which state may follow which.
 */
#ifndef PLACET_MAILING_H
#define PLACET_MAILING_H

#include "store/list.h"

struct mailing {
	int64_t id, project_id, list_id;
	const char *list, *project;  /* name, slug */
	const char *subject, *body, *language;
	const char *format;          /* markdown, html */
	const char *link_fields;     /* blanks between: their values are addresses on a registered host */
	int64_t template_id;         /* of the house template; 0: the built-in one */
	const char *state, *by, *why;
	int64_t created_by, created;
	const char *accepted_text;   /* NULL before submission */
	int64_t submitted_by, submitted_at;
	int64_t not_before, not_after; /* 0: none */
	const char *hours;           /* when it may be sent within that, canonical (base/hours.h); "": at any time */
	struct slice bound;          /* hash, 32 bytes; NULL before submission */
	const char *manifest;        /* the text whose SHA-256 is `bound` */
	const char *content_text;
	int64_t approved_by, approved_at, started, ended;
	const char *where;           /* canonical (where_text); "" or NULL: everybody */
	int64_t arms;                /* 0: none */
	const char *stratum;         /* the field within whose values arms are balanced, or "" */
	int64_t arm_seed;            /* 0 before the first submission */
	int64_t left_out;            /* by `where`, when it was submitted */
};

#define ARMS_MAX 100
#define MAILING_BOUND_TO "bound to SHA-256 "
#define LANGUAGES_MAX 12 /* of one mailing */

/* The same mailing in another language: who has this in their field `language` gets it. */
struct translation {
	const char *language, *subject, *body;
	const char *content_text; /* NULL before submission */
};

static inline bool mailing_chooses(const struct mailing *m)
{
	return m->where && m->where[0];
}

int mailing_add(struct home *h, const struct mailing *m, int64_t *id, struct err *e) MUST_USE;
/* 1, 0, -1. */
int mailing_by_id(struct home *h, struct arena *a, int64_t id, struct mailing *out, struct err *e) MUST_USE;
/* Reads its state anew, and keeps everybody else from changing that until the caller's transaction ends: for whoever ends or
   goes on with it by what its deliveries are, or changes those. */
int mailing_lock(struct home *h, struct arena *a, struct mailing *m, struct err *e) MUST_USE;
int mailing_all(struct home *h, struct arena *a, struct mailing **out, size_t *n, struct err *e) MUST_USE;
/* What a sender looks at again and again, without the words. */
struct mailing_head {
	int64_t id, project_id, not_before, not_after; /* 0: none */
	const char *hours;   /* as of struct mailing */
	bool sending, ended; /* neither: it is scheduled */
};
/* Mailings that a sender should look at: sending, or scheduled and their window is open; of identities that are not held. */
int mailing_heads(struct home *h, struct arena *a, struct mailing_head **out, size_t *n, struct err *e) MUST_USE;
/* Mailings of which something remains to be done: sending, scheduled, or done with uncertain deliveries. */
int mailing_heads_open(struct home *h, struct arena *a, struct mailing_head **out, size_t *n, struct err *e) MUST_USE;

/* Changes the words of a draft; a submitted or approved one becomes a draft again (its freeze is undone). */
int mailing_edit(struct home *h, int64_t id, const char *subject, const char *body, struct err *e) MUST_USE;
/* What a draft's body is written in, and which of its fields are links. */
int mailing_edit_form(struct home *h, int64_t id, const char *format, const char *link_fields, struct err *e) MUST_USE;
/* The other languages of a mailing, by their tags. */
int mailing_translations(struct home *h, struct arena *a, int64_t id, struct translation **out, size_t *n,
			 struct err *e) MUST_USE;
/* Adds a language to a draft, or changes its words; ERR_REFUSED beyond LANGUAGES_MAX. In the caller's transaction. */
int mailing_translate(struct home *h, int64_t id, const struct translation *t, struct err *e) MUST_USE;
/* Takes a language away; ERR_MISSING when there is none. */
int mailing_untranslate(struct home *h, int64_t id, const char *language, struct err *e) MUST_USE;
/* Keeps the text that is approved in that language; part of a submission. NULL: none any more, in all languages. */
int mailing_keep_text(struct home *h, int64_t id, const char *language, const char *text, struct err *e) MUST_USE;
/* Changes whom a draft chooses and into how many arms they are put. */
int mailing_edit_choice(struct home *h, int64_t id, const char *where, int64_t arms, const char *stratum,
			struct err *e) MUST_USE;

/* The reviewer's written answer to a doubtful finding, known by its words; in the caller's transaction. */
int mailing_answer(struct home *h, int64_t id, const char *finding, const char *text, int64_t by,
		   struct err *e) MUST_USE;
/* Is it answered? 1, 0, -1. */
int mailing_is_answered(struct home *h, int64_t id, const char *finding, struct err *e) MUST_USE;

/* All answers of a mailing, the oldest first. */
struct written_answer {
	const char *finding, *text;
	const char *by; /* account */
	int64_t at;
};
int mailing_answers(struct home *h, struct arena *a, int64_t id, struct written_answer **out, size_t *n, struct err *e) MUST_USE;

/* --- selection --- */

/* Words of the contract: opted-out, no-consent, not-validated, lapsed, rejected, bounced, fatigue, trial. */
struct selection {
	int64_t members, mailable;
	int64_t left_out; /* of the list, by the mailing's expression; the members above are those it left in */
	struct skip_count {
		const char *why;
		int64_t n;
	} skipped[12];
	size_t n_skipped;
};

/*
 * Works out whom a draft's expression leaves in, into the table `chosen`: before the selection of a draft is
 * counted or read. In the caller's transaction, else in one of its own. Does nothing when there is no
 * expression, or the selection is frozen. ERR_INPUT when it names a field that nobody on the list has.
 */
int selection_choose(struct home *h, const struct mailing *m, struct err *e) MUST_USE;
/* Would it work? ERR_INPUT for an expression that cannot be read or a field that nobody has. Gives the
   canonical form, in the arena. */
int selection_check_where(struct home *h, struct arena *a, int64_t list, const char *text, const char **canonical,
			  struct err *e) MUST_USE;
/* Does anybody on the list have this field? ERR_INPUT says which there are. */
int selection_check_stratum(struct home *h, int64_t list, const char *field, struct err *e) MUST_USE;

/* Everybody on the list, in the order of their numbers, and why they are in or out. */
struct selection_row {
	const char *address;
	bool in;             /* in the selection */
	const char *skipped; /* in, but a word of the contract; "" when mailable */
	const char *failing; /* out: which part of the expression says so, in words; NULL: not known any more */
	bool came_later;     /* on the list only after the submission */
};
/* `each` returns 0 to go on. Within one view of the database. */
int selection_tell(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selection_row *t), void *ctx,
		   struct err *e) MUST_USE;

/* How the selection of a mailing's list would turn out now; of a frozen one, how it was frozen. */
int selection_count(struct home *h, struct arena *a, const struct mailing *m, struct selection *out,
		    struct err *e) MUST_USE;
/* Each mailable person: address, fields, consent words. Before submission those of now, afterwards those
   frozen. `each` returns 0 to go on, 1 to end, -1 with the error filled. */
struct selected {
	int64_t delivery; /* 0 before submission */
	int64_t arm;      /* 0: none, or before submission */
	const char *address, *fields;
	const char *kind, *ref, *given_on;
	int64_t consent_at;
};
int selection_each(struct home *h, const struct mailing *m, int (*each)(void *ctx, const struct selected *s),
		   void *ctx, struct err *e) MUST_USE;

/* --- the way through the states; all in the caller's transaction --- */

/* How many of the list the expression leaves out; after selection_choose. */
int selection_left_out(struct home *h, const struct mailing *m, int64_t *n, struct err *e) MUST_USE;
/* Freezes people and field values as they are now; part of mailing_submit. */
int selection_freeze(struct home *h, const struct mailing *m, struct err *e) MUST_USE;

struct submission {
	int64_t by, not_before, not_after;
	const char *hours;           /* canonical; NULL: at any time */
	const char *accepted_text;
};
/* draft -> submitted: freezes people and field values, and stores what an approval will bind to (manifest.h), as a new
   version (version.h). Needs the home's keys. */
int mailing_submit(struct home *h, struct mailing *m, const struct submission *s, struct err *e) MUST_USE;
/* Any change of state that the table of states permits; ERR_REFUSED otherwise, and for one to sending or scheduled while the
   identity is held (stop.h). Whoever stopped it calls home_standing_changed() after the commit. Writes the audit entry, which at an
   approval begins with MAILING_BOUND_TO and the hash; its `why`, there the text that was approved, is kept nowhere else. */
int mailing_move(struct home *h, struct mailing *m, const char *verb, int64_t by, const char *why,
		 struct err *e) MUST_USE;

#endif
