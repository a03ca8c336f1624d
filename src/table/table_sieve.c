/*
 * Rows left out: see table_sieve.h. In XML that is well-formed < begins a tag
 * wherever it stands, but in comments and CDATA sections; when one of these
 * is met, the sieve says that it is unsure, and all is parsed instead.
 */
#include "table/table_sieve.h"

static bool is_row(const struct sieve *s)
{
	static const char ROW[] = "table-row";
	const char *name = s->name, *end = name + s->n, *colon = memchr(name, ':', s->n);

	if (colon)
		name = colon + 1;
	else if (s->n && *name == '/')
		name++;
	return (size_t)(end - name) == sizeof(ROW) - 1 && memcmp(name, ROW, sizeof(ROW) - 1) == 0;
}

/* The name is complete. What follows it in the tag of anything but a row is as good as text. */
static char *end_name(struct sieve *s, char *out)
{
	bool row = is_row(s), closing = s->n && s->name[0] == '/';

	s->state = row ? SIEVE_TAG : SIEVE_TEXT;
	s->quote = s->last = '\0';
	if (s->n && (s->name[0] == '!' || (s->name[0] == '?' && s->begun)))
		s->unsure = true;
	s->begun = true;
	if (s->depth == 0 && (!row || closing)) {
		*out++ = '<';
		memcpy(out, s->name, s->n);
		s->state = SIEVE_TEXT;
		return out + s->n;
	}
	if (row)
		s->depth += closing ? -1 : 1;
	return out;
}

/* The byte belongs to a row's tag. */
static void in_tag(struct sieve *s, char c)
{
	if (s->quote) {
		s->quote = c == s->quote ? '\0' : s->quote;
	} else if (c == '"' || c == '\'') {
		s->quote = c;
	} else if (c == '>') {
		if (s->last == '/' && s->name[0] != '/')
			s->depth--;
		s->state = SIEVE_TEXT;
	}
	s->last = c;
}

size_t sieve_rows(struct sieve *s, char *out, const char *in, size_t n)
{
	const char *end = in + n, *tag;
	char *to = out;

	while (in < end) {
		if (s->state == SIEVE_TEXT) {
			tag = memchr(in, '<', (size_t)(end - in));
			n = (size_t)((tag ? tag : end) - in);
			if (s->depth == 0) {
				memmove(to, in, n);
				to += n;
			}
			in += n + (tag != NULL);
			s->n = 0;
			if (tag)
				s->state = SIEVE_NAME;
		} else if (s->state == SIEVE_TAG) {
			in_tag(s, *in++);
		} else if (s->n < SIEVE_NAME_MAX && !strchr(" \t\r\n/>", s->n || *in != '/' ? *in : 'x')) {
			s->name[s->n++] = *in++;
		} else {
			to = end_name(s, to);
		}
	}
	return (size_t)(to - out);
}
