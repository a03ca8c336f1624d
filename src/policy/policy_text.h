/*
 * Comparing texts as a reader would: blanks collapsed, case folded, characters
 * that look alike taken for the same; and addresses of the web, letter by
 * letter. Private to src/policy.
 */
#ifndef PLACET_POLICY_TEXT_H
#define PLACET_POLICY_TEXT_H

#include "base/arena.h"

/* Blanks (also no-break ones) and line breaks become one blank each; trimmed. */
char *text_flat(struct arena *a, const char *s);
/* Lower case, look-alikes as Latin letters, invisible characters gone; line breaks stay, other blanks are one. */
char *text_skeleton(struct arena *a, const char *s);
/* Is `words` in `flat`, without regard to case? Both flat. */
bool text_has(struct arena *a, const char *flat, const char *words);
/* Where `word` stands in `skeleton` as whole words; NULL if nowhere. Both skeletons. */
const char *text_find_word(const char *skeleton, const char *word);
/* A word that mixes Latin letters with look-alikes of other scripts; NULL if there is none. */
const char *text_mixed_word(struct arena *a, const char *s);
/* Any letter or digit in it? */
bool text_says_something(const char *s);
/* The first `max` characters, with "..." when there are more, on one line. */
char *text_quote(struct arena *a, const char *s, size_t max);

struct url {
	const char *scheme, *host, *port, *path, *query, *fragment; /* lower case scheme and host; NULL: not there */
	bool user;                                                   /* has a user part */
};

/* Takes an absolute address apart. False: none. */
bool url_split(struct arena *a, const char *text, struct url *out);
/* Does `url` stand in `text`, letter by letter, and not as part of a longer address? With an empty path
   the final slash may be there or not. */
bool text_has_url(const char *text, const char *url);
/* Is it the same address? (The final slash of an empty path does not count.) */
bool url_same(const char *x, const char *y);
/* https, or in a trial http on loopback. */
bool url_is_secure(const struct url *u, bool trial);
/* Do the words of a link look like an address of the web or of mail? */
bool text_looks_like_address(const char *words);
bool host_is_within(const char *host, const char *domain);
bool host_is_in(const char *host, const char *const *domains);
/* The lower-case domain behind the last "@"; NULL if there is none. */
char *address_host(struct arena *a, const char *address);
/* The first address PREFIX/opt-out/TOKEN in `text`; NULL if there is none. */
char *text_find_opt_out(struct arena *a, const char *text, const char *web_url);

#endif
