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
/* Lower case; look-alikes, full-width, mathematical and circled letters as ASCII; digits of all scripts as ASCII; marks
   and invisible characters gone; signs that are not ASCII are "*". Line breaks stay, so that lines can be counted;
   other blanks are one. */
char *text_skeleton(struct arena *a, const char *s);
/* Where `words` stand in `text`, not as part of a longer word; NULL if nowhere. */
const char *text_find(const char *text, const char *words);
/* The same without regard to case, of flat texts. */
bool text_has(struct arena *a, const char *flat, const char *words);
/* Where `word` stands in `skeleton` as whole words; NULL if nowhere. Both skeletons. */
const char *text_find_word(const char *skeleton, const char *word);
/* A word that mixes Latin letters with those of an alphabet of like shapes; NULL if there is none. */
const char *text_mixed_word(struct arena *a, const char *s);
bool text_is_blank(uint32_t c);
/* Of a skeleton: a letter or a digit, or a byte of one. */
bool text_is_letter(char c);
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
/* Where, at or behind `from`; NULL if nowhere. */
const char *text_find_url(const char *text, const char *from, const char *url);
/* Is it the same address? (The final slash of an empty path does not count.) */
bool url_same(const char *x, const char *y);
/* https, or in a trial http on loopback. */
bool url_is_secure(const struct url *u, bool trial);
/* A name of a host in a text, in A-labels; of an address of mail, what stands behind its "@". */
struct host_at {
	const char *start, *host;
	size_t n; /* bytes of it in the text */
	bool mail, path, in_url; /* "@" or "/" beside it; within a longer address */
};
/* The next one at or behind `from`. */
bool text_next_host(struct arena *a, const char *text, const char *from, struct host_at *out);
/* Would every mail program make a link of it? */
bool host_is_sure(const struct host_at *h);
/* With "%40" as "@"; once. */
char *text_unescaped(struct arena *a, const char *s);
bool host_is_within(const char *host, const char *domain);
bool host_is_in(const char *host, const char *const *domains);
/* The lower-case domain behind the last "@"; NULL if there is none. */
char *address_host(struct arena *a, const char *address);
/* The first address PREFIX/opt-out/TOKEN in `text`; NULL if there is none. */
char *text_find_opt_out(struct arena *a, const char *text, const char *web_url);

#endif
