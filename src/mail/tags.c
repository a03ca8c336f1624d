/* Lists of tags: see tags.h. */
#include "mail/tags.h"

#include <string.h>
#include <strings.h>

bool tags_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice tags_trim(struct slice s)
{
	while (s.n && tags_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && tags_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool is_tag_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || !(c == '_' || (c >= '0' && c <= '9'))))
			return false;
	}
	return s.n > 0;
}

const struct tag *tag_find(const struct tags *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_is(t->tag[i].name, name))
			return &t->tag[i];
	return NULL;
}

const char *tags_read(struct arena *a, struct slice s, struct tags *t)
{
	t->n = 0;
	while (tags_trim(s).n) {
		const char *semi = memchr(s.p, ';', s.n), *equals, *name;
		struct slice part = { s.p, semi ? (size_t)(semi - s.p) : s.n };
		struct tag *tag = &t->tag[t->n];

		equals = memchr(part.p, '=', part.n);
		if (!equals || t->n == TAGS_MAX)
			return equals ? "it has too many tags" : "it has a tag without a value";
		tag->name = tags_trim((struct slice){ part.p, (size_t)(equals - part.p) });
		tag->raw = (struct slice){ equals + 1, part.n - (size_t)(equals + 1 - part.p) };
		tag->value = tags_trim(tag->raw);
		if (!is_tag_name(tag->name))
			return "it has a tag without a name";
		name = arena_text_n(a, tag->name.p, tag->name.n);
		if (tag_find(t, name))
			return arena_printf(a, "it has two tags %s=", name);
		t->n++;
		s.p += part.n + (semi != NULL);
		s.n -= part.n + (semi != NULL);
	}
	return NULL;
}

const char *tag_text(struct arena *a, const struct tags *t, const char *name)
{
	const struct tag *tag = tag_find(t, name);

	return tag ? arena_text_n(a, tag->value.p, tag->value.n) : NULL;
}

bool tag_list_has(struct slice list, const char *word)
{
	for (;;) {
		const char *colon = memchr(list.p, ':', list.n);
		struct slice one = tags_trim((struct slice){ list.p, colon ? (size_t)(colon - list.p) : list.n });

		if (one.n == strlen(word) && strncasecmp(one.p, word, one.n) == 0)
			return true;
		if (!colon)
			return false;
		list.n -= (size_t)(colon + 1 - list.p);
		list.p = colon + 1;
	}
}
