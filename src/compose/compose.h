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
#define LINK_VALUE_MAX     500 /* bytes of a declared link */
#define CONDITIONS_MAX     16  /* conditional paragraphs of a message */

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

/* An image that the project had approved; it goes inside of the message (FMT-9). */
struct image {
	const char *name, *alt;
	const char *type; /* "image/png" */
	int width, height; /* px */
	struct slice bytes;
	uint8_t hash[32]; /* SHA-256 of bytes */
};

enum body_format { BODY_MARKDOWN, BODY_HTML };

struct draft {
	const char *language; /* "en" */
	const char *subject;  /* may have {{fields}} */
	const char *body;     /* with {{field}}, {{field|default}}, {{if field}} ... {{else}} ... {{end}} (fields.h) */
	enum body_format format;
	const char *const *link_fields; /* NULL-ended, or NULL: fields whose values are addresses of the web */
	const char *const *link_hosts;  /* ... on one of these hosts or below one of link_domains */
	const char *const *link_domains;
	const struct image *images; /* those that the body may name */
	size_t n_images;
	const char *template; /* the institution's own frame (house_template.h); NULL: the built-in one */
	const char *const *other_languages; /* NULL-ended, or NULL: this mailing is there in these too */
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
/* The value of a declared link field: https on a host that is linkable, at most LINK_VALUE_MAX bytes of
   printable ASCII without quotes or brackets. In a trial http on loopback passes. */
int compose_check_link(const struct compiled *c, const char *name, const char *value, struct err *e) MUST_USE;
/* Checks a value as what its field is: a link or one line of text. */
int compose_check_field(const struct compiled *c, size_t field, const char *value, struct err *e) MUST_USE;
/* Which conditional paragraphs are shown with these values, one bit for each condition: recipients with the same
   bits get the same words but for their values. */
uint64_t compose_shown(const struct compiled *c, const char *const *values);
/* The same in words, for whoever reviews: "year = 2004, no town"; "" without conditions. */
const char *compose_shown_words(struct arena *a, const struct compiled *c, uint64_t shown);
/* All values of one person, each as what its field is, and whether those are there that they need. ERR_INPUT names the
   first that is not fit. */
int compose_check_values(const struct compiled *c, const char *const *values, struct err *e) MUST_USE;
/* About how many bytes a message has with these values: whose is the longest is found by it. */
size_t compose_size(const struct compiled *c, const char *const *values);
/* Of the images that the body names, one behind the other; NULL-ended. */
const struct image *const *compose_images(const struct compiled *c);
/* The whole message with slots in braces and without what differs from recipient to recipient, as SHA-256: what an
   approval binds to. */
void compose_hash(const struct compiled *c, uint8_t out[32]);
/* A field value as policy.md has it: one line, at most 200 characters, no controls, no web address. */
int compose_check_value(const char *name, const char *value, struct err *e) MUST_USE;
/* The text part with its fields as {name} and without tokens: the public proof of what was approved. */
const char *compose_public_text(const struct compiled *c);
/* Of a body of HTML, what was left out, in one line for people (handmade.h); "" if nothing was. */
const char *compose_left_out(const struct compiled *c);
/* The writer's own words only (Markdown as text): what the house template put around is not in it. */
const char *compose_body_text(const struct compiled *c);

#endif
