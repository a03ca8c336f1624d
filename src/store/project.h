/* Projects: what is registered, who approved it, and what the public may see. */
#ifndef PLACET_PROJECT_H
#define PLACET_PROJECT_H

#include "store/home.h"

struct project {
	int64_t id, originator_id, department_id, identity_id;
	const char *slug, *title, *summary; /* summary: Markdown */
	const char *audience, *data_use;    /* Markdown: who is mailed and why; what happens to the data. NULL, when it is written: "" */
	const char *originator;             /* name */
	const char *originator_address;
	const char *contact, *department, *identity, *ethics, *link_hosts, *state;
	const char *approved_by;            /* name, NULL if not approved */
	int64_t approved_at, created;
	const char *url;                    /* of its public page */
	const char *join_text;              /* Markdown: the exact words that people agree to at join_url; "" (or NULL, when it
					       is written): it has no sign-up page */
	int64_t join_list_id;               /* where they come to stand; 0: nowhere */
	const char *join_list, *join_url;   /* the list's name, NULL if there is none; the page is only there if ... */
	bool suspended;                     /* see project_in_public */
};
/* ... it is approved, and has words to agree to and a list. */
bool project_takes_sign_ups(const struct project *p);

/* Approved, or closed after that. */
bool project_is_public(const struct project *p);
/*
 * A project as the public may see it: 1, 0 (it looks as if it did not exist), -1. One that had mailings and is changed just
 * now keeps its pages (policy: statement-page), but nobody has approved what it says: it is `suspended`, its title is its
 * slug, and of what is registered nothing is left but its slug and identity.
 */
int project_in_public(struct home *h, struct arena *a, struct project *p, struct err *e) MUST_USE;

/* 1 found, 0 none, -1. */
int project_by_slug(struct home *h, struct arena *a, const char *slug, struct project *out, struct err *e) MUST_USE;
int project_by_id(struct home *h, struct arena *a, int64_t id, struct project *out, struct err *e) MUST_USE;
/* All, or those that are public (approved or closed), by title. */
int project_list(struct home *h, struct arena *a, bool public_only, struct project **out, size_t *n,
		 struct err *e) MUST_USE;
int project_add(struct home *h, const struct project *p, int64_t *id, struct err *e) MUST_USE;
/* Changes registered values (all of them are taken from `p`); an approved project becomes a draft again, and
   its mailings wait until a reviewer has approved it anew. */
int project_edit(struct home *h, const struct project *p, struct err *e) MUST_USE;
/* The list that its sign-ups come on; one of its own. Part of a change by project_add or project_edit. */
int project_set_join_list(struct home *h, int64_t id, int64_t list, struct err *e) MUST_USE;
/* Ends a project for good; its pages stay. */
int project_close(struct home *h, int64_t id, struct err *e) MUST_USE;
int project_approve(struct home *h, int64_t id, int64_t by, struct err *e) MUST_USE;

/* A mailing's text in one language, as approved. */
struct public_text {
	const char *language, *subject, *text;
};

/* A mailing as the public may see it: approved ones and what became of them. */
struct public_mailing {
	int64_t id;
	const char *subject, *state; /* approved, scheduled, sending, paused, done, revoked, cancelled */
	const char *text;            /* as approved, fields in braces */
	const char *language;
	const char *why;             /* of revoked and cancelled */
	const char *approved_by;     /* name */
	int64_t approved_at, started, ended;
	const char *url;
	const struct public_text *texts; /* its own language first; of project_public_mailing alone */
	size_t n_texts;
};
int project_public_mailings(struct home *h, struct arena *a, const struct project *p, struct public_mailing **out,
			    size_t *n, struct err *e) MUST_USE;
/* 1, 0 (none, or not public), -1. */
int project_public_mailing(struct home *h, struct arena *a, const struct project *p, int64_t id,
			   struct public_mailing *out, struct err *e) MUST_USE;

#endif
