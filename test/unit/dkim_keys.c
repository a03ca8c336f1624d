/*
 * For opendkim-testmsg, which asks the machine's resolver for keys and cannot
 * be told otherwise: preloaded, this answers instead, from the file that
 * DKIM_KEYS names, lines of "NAME RECORD". No other name exists.
 */
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include "base/base.h"

#undef res_nquery /* a macro where the library's own name has underscores */

int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer, int room);

/* The record of a name, or NULL. */
static const char *record_of(const char *name, char *line, size_t room)
{
	const char *path = getenv("DKIM_KEYS"), *found = NULL;
	FILE *f = path ? fopen(path, "r") : NULL;
	size_t n = strlen(name);

	while (f && !found && fgets(line, (int)room, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncasecmp(line, name, n) == 0 && line[n] == ' ')
			found = line + n + 1;
	}
	if (f)
		fclose(f);
	return found;
}

static unsigned char *put16(unsigned char *p, size_t v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
	return p + 2;
}

/* Writes one TXT record whose owner is the name in the question, cut into strings of 255 octets at most. */
static unsigned char *put_txt(unsigned char *p, const char *text)
{
	size_t n = strlen(text), strings = (n + 254) / 255;

	p = put16(p, 0xc00c); /* the name at octet 12 */
	p = put16(p, ns_t_txt);
	p = put16(p, ns_c_in);
	p = put16(put16(p, 0), 60);
	p = put16(p, n + strings);
	for (size_t part; n; text += part, n -= part) {
		part = n < 255 ? n : 255;
		*p++ = (unsigned char)part;
		memcpy(p, text, part);
		p += part;
	}
	return p;
}

int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer, int room)
{
	char line[2000];
	const char *text = type == ns_t_txt ? record_of(name, line, sizeof(line)) : NULL;
	int n;

	if (!text) {
		h_errno = HOST_NOT_FOUND;
		return -1;
	}
	n = res_nmkquery(state, ns_o_query, name, class, type, NULL, 0, NULL, answer, room);
	if (n < 0 || (size_t)(room - n) < strlen(text) + 32) {
		h_errno = NO_RECOVERY;
		return -1;
	}
	answer[2] |= 0x80; /* an answer */
	put16(answer + 6, 1);
	return (int)(put_txt(answer + n, text) - answer);
}
