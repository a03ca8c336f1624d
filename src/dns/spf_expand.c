/* The macros of SPF (RFC 7208, section 7). */
#include "dns/spf_in.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <string.h>

#define EXPANDED_MAX 4096
#define PIECES_MAX 256

/* The host's address: dotted, or nibbles with dots between. */
static const char *address_text(const struct spf_work *w)
{
	char text[80];
	size_t n = 0;

	if (w->n_address == 4)
		return arena_printf(w->a, "%d.%d.%d.%d", w->address[0], w->address[1], w->address[2], w->address[3]);
	for (size_t i = 0; i < 16; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%x.%x", i ? "." : "", w->address[i] >> 4, w->address[i] & 15);
	return arena_text_n(w->a, text, n);
}

static const char *macro_value(struct spf_work *w, const char *domain, char letter)
{
	switch (letter | 32) {
	case 's':
		return w->sender;
	case 'l':
		return w->local;
	case 'o':
		return w->sender_domain;
	case 'd':
		return domain;
	case 'i':
		return address_text(w);
	case 'p':
		return spf_host_name(w, domain);
	case 'v':
		return w->n_address == 4 ? "in-addr" : "ip6";
	default:
		return w->helo;
	}
}

static void add_escaped(struct buf *out, const char *s, size_t n)
{
	for (; n; s++, n--)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || strchr("-._~", *s))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned char)*s);
}

/* "%{" letter digits r delimiters "}": pieces of the value, turned round, the last so many of them, joined by dots. */
static void add_macro(struct spf_work *w, const char *domain, const char *m, struct buf *out)
{
	const char *value = macro_value(w, domain, *m), *delimiters;
	struct slice piece[PIECES_MAX];
	bool escape = *m >= 'A' && *m <= 'Z', turn;
	size_t keep = 0, n = 0, first;
	char cut[9];

	for (m++; *m >= '0' && *m <= '9'; m++)
		keep = keep < PIECES_MAX ? keep * 10 + (size_t)(*m - '0') : keep;
	turn = *m == 'r' || *m == 'R';
	m += turn;
	first = strcspn(m, "}");
	snprintf(cut, sizeof(cut), "%.*s", (int)(first < 8 ? first : 8), m);
	delimiters = *cut ? cut : ".";
	for (;; value++) {
		size_t len = strcspn(value, delimiters);

		if (n < PIECES_MAX)
			piece[n++] = (struct slice){ value, len };
		value += len;
		if (!*value)
			break;
	}
	first = keep && keep < n ? n - keep : 0;
	for (size_t i = first; i < n; i++) {
		const struct slice *s = &piece[turn ? n - 1 - i : i];

		if (i > first)
			buf_addc(out, '.');
		if (escape)
			add_escaped(out, s->p, s->n);
		else
			buf_add(out, s->p, s->n);
	}
}

/* As much from the right as a name may have, in whole labels (7.3). */
static const char *fit(const char *name)
{
	while (strlen(name) > DNS_NAME_MAX) {
		const char *dot = strchr(name, '.');

		if (!dot)
			return "";
		name = dot + 1;
	}
	return name;
}

const char *spf_expand(struct spf_work *w, const char *domain, const char *spec)
{
	struct buf out;
	const char *name;

	if (!spec)
		return domain;
	buf_init(&out, EXPANDED_MAX);
	for (const char *s = spec; *s; s++) {
		if (*s != '%') {
			buf_addc(&out, *s);
			continue;
		}
		s++;
		if (*s == '{') {
			add_macro(w, domain, s + 1, &out);
			s += strcspn(s, "}");
		} else {
			buf_adds(&out, *s == '_' ? " " : *s == '-' ? "%20" : "%");
		}
	}
	name = out.over ? "" : fit(buf_text(&out));
	name = arena_text(w->a, name);
	buf_free(&out);
	return name;
}
