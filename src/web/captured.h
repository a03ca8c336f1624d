/*
 * The folder that `placet capture` fills: 00000001.eml with a message as it
 * was received, 00000001.json with what was said around it. Read only.
 */
#ifndef PLACET_WEB_CAPTURED_H
#define PLACET_WEB_CAPTURED_H

#include "base/arena.h"
#include "base/err.h"
#include "mail/dkim.h"

struct captured {
	int64_t number;
	const char *from, *to, *helo, *tls, *received; /* of the envelope; "" when not known */
};

/* The numbers of all messages, newest first. */
int captured_list(struct arena *a, const char *dir, int64_t **out, size_t *n, struct err *e) MUST_USE;
/* What the .json says; a file that is missing or not readable leaves everything "". */
void captured_envelope(struct arena *a, const char *dir, int64_t number, struct captured *out);
/* The message; with `head_only` just its header block and an empty line. ERR_MISSING when there is none. */
int captured_read(struct arena *a, const char *dir, int64_t number, bool head_only, struct slice *out,
		  struct err *e) MUST_USE;

/* A zone file's text as the DNS for dkim_verify: finds the TXT record of a selector (dkim_zone_line). */
struct captured_zone {
	struct arena *arena;
	const char *text;
};
dkim_lookup captured_lookup;

#endif
