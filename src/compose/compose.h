/*
 * The message compiler: a mailing is compiled once, and rendered for each
 * recipient by filling slots. No I/O, no clock, no keys: the caller passes
 * tokens and times. The same input gives the same bytes (design decision 4).
 */
#ifndef PLACET_COMPOSE_H
#define PLACET_COMPOSE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define COMPOSE_FIELDS_MAX 32
#define FIELD_VALUE_MAX    200 /* characters (policy) */

/* The registered values that the house template puts into every message. Plain UTF-8 text. */
struct house {
	const char *institution, *department, *project_title, *originator;
	const char *contact;        /* address */
	const char *postal_address; /* may have LF line breaks */
	const char *statement_url, *project_url;
	const char *unofficial;      /* the registered sentence */
	const char *opt_out_wording; /* the registered words of the link */
	bool trial;
};

struct draft {
	const char *language; /* "en" */
	const char *subject;  /* may have {{fields}} */
	const char *body;     /* Markdown with {{field}} and {{field|default}} */
	const char *from_name, *from_address;
	const char *reply_to;        /* or NULL */
	const char *identity_domain; /* right half of Message-ID and of List-* mail addresses */
	const char *web_url;         /* "https://research-mail.example.ac.uk", no final slash */
	const char *list_id;         /* "water-study": label below identity_domain */
	const char *feedback_id;     /* "mailing:project:mailing:sender" (HDR-9) */
	int64_t mailing_id;
	bool arms; /* {{arm}} is the number of a person's group, and may stand in links behind the host */
	struct house house;
};

/* What differs from recipient to recipient. */
struct recipient {
	const char *address;
	int64_t date;              /* FMT-12: time of the first attempt */
	const char *opt_out_token; /* token_for_url(TOKEN_OPT_OUT) */
	const char *unsub_token;   /* token_for_mail(...) */
	const char *feedback_token;
	const char *message_token;
	const char *code;
	const char *consent;       /* "on 3 May 2026, with a signed form (SC-12)" */
	const char *const *values; /* one for each compiled field; NULL or "": its default */
	const char *arm;           /* digits; NULL: "1" */
	bool test;                 /* [Test] before the subject */
};

struct compiled;

/*
 * Compiles. ERR_INPUT for what a writer can mend: a field that is not closed, a default too long, raw
 * HTML, an image, a link that is neither https nor mailto, controls. Names the line of the Markdown.
 */
struct compiled *compose_compile(struct arena *a, const struct draft *d, struct err *e) MUST_USE;
/* The fields used, in order of first use. */
size_t compose_fields(const struct compiled *c, const char *const **names);
/* Is the field used somewhere without a default? Then a recipient without a value (NULL or "") is refused. */
bool compose_needs_value(const struct compiled *c, size_t field);
/* Appends the header block (CRLF lines, without the empty line) and the body. ERR_INPUT names the field
   whose value is refused (compose_check_value). */
int compose_render(const struct compiled *c, const struct recipient *r, struct buf *head, struct buf *body,
		   struct err *e) MUST_USE;
/* A field value as policy.md has it: one line, at most 200 characters, no controls, no web address. */
int compose_check_value(const char *name, const char *value, struct err *e) MUST_USE;
/* The text part with its fields as {name} and without tokens: the public proof of what was approved. */
const char *compose_public_text(const struct compiled *c);
/* The writer's own words only (Markdown as text): what the house template put around is not in it. */
const char *compose_body_text(const struct compiled *c);

#endif
