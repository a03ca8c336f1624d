/*
 * Reading addresses: see address.h. A cell is first peeled (what spreadsheets,
 * mail programs and people put around an address goes, and is told in
 * `cleaned`), then cut into display name, local part and domain, and each is
 * judged by ADR-1 to ADR-6. Nothing inside an address is ever repaired (a "＠"
 * is what some keyboards write for "@"): an error says what is wrong and how to
 * mend it. Most cells take the short way of address_plain.c instead.
 */
#include "mail/address_inner.h"

#include "base/utf8.h"
#include "mail/address_lists.h"
#include "mail/header.h"

#include <strings.h>
#include <unictype.h>

/* --- cutting -------------------------------------------------------------- */

#define SHOWN_MAX 60 /* octets of an address in a message */

/* What may stand between addresses, or around one. */
static bool is_separator(char c)
{
	return c && strchr(" ,;/|\t\r\n<>()\"", c);
}

static bool same_but_case(struct slice one, struct slice other)
{
	return one.n == other.n && strncasecmp(one.p, other.p, one.n) == 0;
}

/* The next word from `from` that holds an @. */
static bool next_address(struct slice s, size_t *from, struct slice *found)
{
	while (*from < s.n) {
		size_t begin = *from, end = begin;

		while (end < s.n && !is_separator(s.p[end]))
			end++;
		*from = end + 1;
		*found = (struct slice){ s.p + begin, end - begin };
		if (end - begin > 2 && memchr(s.p + begin, '@', end - begin))
			return true;
	}
	return false;
}

static size_t count_addresses(struct slice s)
{
	struct slice one;
	size_t from = 0, n = 0;

	while (next_address(s, &from, &one))
		n++;
	return n;
}

/* Names the first two that differ. */
static int more_than_one(struct slice s, struct err *e)
{
	struct slice first, other;
	size_t from = 0;

	if (!next_address(s, &from, &first))
		return err_set(e, ERR_INPUT, "there is more than one @: write it as name@host.example");
	while (next_address(s, &from, &other))
		if (!same_but_case(first, other))
			return err_set(e, ERR_INPUT, "there is more than one address (%.*s, %.*s): put each into a row of its "
				       "own", utf8_fit(first, SHOWN_MAX), first.p, utf8_fit(other, SHOWN_MAX), other.p);
	return err_set(e, ERR_INPUT, "the address stands there more than once: leave one of them");
}

/* What was inside of quotes: \" becomes ". */
static const char *without_escapes(struct arena *a, struct slice s)
{
	char *text = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
			i++;
		text[n++] = s.p[i];
	}
	return text;
}

/* A display name as it is meant: "\"Bee, \\\"Ann\\\"\"" is Bee, "Ann". */
static const char *read_name(struct arena *a, struct slice s)
{
	unsigned of_name = 0;
	bool escaped = memchr(s.p, '\\', s.n) != NULL;

	s = address_peel(a, s, &of_name);
	if (escaped && s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = (struct slice){ s.p + 1, s.n - 2 };
	if (s.n == 0)
		return NULL;
	return utf8_nfc(a, escaped ? without_escapes(a, s) : arena_text_n(a, s.p, s.n));
}

/* "Ann Bee <ann@b.example>": takes the name off. */
static int cut_name(struct arena *a, struct slice *s, struct address *out, unsigned *peeled, struct err *e)
{
	const char *open = memrchr(s->p, '<', s->n);
	struct slice whole = *s, name, bare;
	unsigned of_name = 0;

	if (!open)
		return 0;
	name = (struct slice){ s->p, (size_t)(open - s->p) };
	if (s->p[s->n - 1] != '>' && count_addresses(whole) > 1)
		return more_than_one(whole, e);
	if (s->p[s->n - 1] != '>')
		return err_set(e, ERR_INPUT, "the angle brackets do not match, or words stand behind them: write it as Name "
			       "<name@host.example>");
	*s = address_peel(a, (struct slice){ open + 1, s->n - name.n - 2 }, peeled);
	bare = address_peel(a, name, &of_name);
	if (memchr(bare.p, '@', bare.n) && !same_but_case(bare, *s))
		return more_than_one(whole, e);
	out->name = read_name(a, name);
	if (out->name && !header_text_is_fit(out->name))
		return err_set(e, ERR_INPUT, "the display name holds invisible or control characters: write it anew");
	return 0;
}

/* The @ that parts local part and domain: the only one outside of quotes. */
static const char *find_at(struct slice s, struct err *e)
{
	const char *at = NULL;
	bool quoted = false, apart = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && is_separator(c)) {
			apart = true;
		} else if (!quoted && c == '@') {
			if (at && apart) {
				more_than_one(s, e);
				return NULL;
			}
			if (at) {
				err_set(e, ERR_INPUT, "there is more than one @: write it as name@host.example");
				return NULL;
			}
			at = s.p + i;
			apart = false;
		}
	}
	if (!at)
		err_set(e, ERR_INPUT, "there is no @%s: write it as name@host.example", quoted ? " outside of quotes" : "");
	return at;
}

/* --- the local part ------------------------------------------------------- */

bool address_is_atext(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("!#$%&'*+-/=?^_`{|}~", c)) ||
	       c >= 0x80;
}

/* The content of a quoted local part, or NULL when it needs its quotes (ADR-2). */
static char *unquoted(struct arena *a, struct slice s)
{
	char *text = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (s.n < 2 || s.p[s.n - 1] != '"')
		return NULL;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		if (s.p[i] != '.' && !address_is_atext((unsigned char)s.p[i]))
			return NULL;
		text[n++] = s.p[i];
	}
	return text;
}

static int judge_dots(const char *s, const char *what, struct err *e)
{
	size_t n = strlen(s);

	if (s[0] == '.' || s[n - 1] == '.')
		return err_set(e, ERR_INPUT, "the %s begins or ends with a dot: remove it", what);
	if (strstr(s, ".."))
		return err_set(e, ERR_INPUT, "there are two dots in a row in the %s: remove one", what);
	return 0;
}

static int judge_ascii(char c, struct err *e)
{
	if (c == '%' || c == '!')
		return err_set(e, ERR_INPUT, "\"%c\" before the @ would route the mail through another host: ask for another "
			       "address", c);
	if (c == ' ')
		return err_set(e, ERR_INPUT, "there is a blank inside the address, or words before it: remove them");
	if (c == '(' || c == ')')
		return err_set(e, ERR_INPUT, "comments in parentheses are not accepted: remove the comment");
	if (c != '.' && !address_is_atext((unsigned char)c))
		return err_set(e, ERR_INPUT, "the character %c cannot stand before the @: correct it", c);
	return 0;
}

/* ADR-6: no blanks, nothing invisible, nothing that Unicode has not assigned. */
static int judge_char(uint32_t c, struct err *e)
{
	/* separators, unassigned, private use, surrogates */
	const uc_general_category_t no[] = { UC_CATEGORY_Z, UC_CATEGORY_Cn, UC_CATEGORY_Co, UC_CATEGORY_Cs };

	if (c < 0x80 && !utf8_is_control(c))
		return judge_ascii((char)c, e);
	if (utf8_is_invisible(c) || utf8_is_control(c))
		return err_set(e, ERR_INPUT, "the invisible or control character U+%04X is inside the address: "
			       "type the address anew", c);
	for (size_t i = 0; i < COUNT(no); i++)
		if (uc_is_general_category(c, no[i]))
			return err_set(e, ERR_INPUT, "the character U+%04X cannot stand in an address: type the "
				       "address anew", c);
	return 0;
}

static int read_local(struct arena *a, struct slice s, struct address *out, struct err *e)
{
	const char *text = arena_text_n(a, s.p, s.n);
	size_t n, len;

	if (s.n == 0)
		return err_set(e, ERR_INPUT, "there is nothing before the @: write it as name@host.example");
	if (*text == '"' && text[s.n - 1] != '"')
		return err_set(e, ERR_INPUT, "there are words before the address: write it as Name <name@host.example>");
	if (*text == '"' && (text = unquoted(a, s)) == NULL)
		return err_set(e, ERR_INPUT, "an address that needs quotes is not supported: ask for another address");
	text = utf8_nfc(a, text);
	n = strlen(text);
	if (n == 0)
		return err_set(e, ERR_INPUT, "there is nothing before the @: write it as name@host.example");
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char(text + i, n - i, &len);

		if (c >= 0xFF01 && c <= 0xFF5E)
			return err_set(e, ERR_INPUT, "the part before the @ is written in full-width letters: type it in "
				       "plain ones");
		if (judge_char(c, e) < 0)
			return -1;
		out->utf8 = out->utf8 || len > 1;
	}
	if (n > LOCAL_MAX)
		return err_set(e, ERR_INPUT, "the part before the @ is %zu octets long: %d are the most", n, LOCAL_MAX);
	if (*text == '-' || *text == '|' || *text == '\'')
		return err_set(e, ERR_INPUT, "the part before the @ begins with \"%c\": correct it", *text);
	out->local = text;
	return judge_dots(text, "part before the @", e);
}

/* --- the domain ----------------------------------------------------------- */

/* Joiners are part of some words of Arabic and of Indic scripts, where IDNA judges them (CONTEXTJ). */
static bool is_joiner_between(const char *text, size_t i, size_t len)
{
	return len == 3 && (memcmp(text + i, "\xE2\x80\x8C", 3) == 0 || memcmp(text + i, "\xE2\x80\x8D", 3) == 0) &&
	       i > 0 && (unsigned char)text[i - 1] >= 0x80 && (unsigned char)text[i + 3] >= 0x80;
}

static int read_domain(struct arena *a, struct slice s, struct address *out, struct err *e)
{
	const char *text = arena_text_n(a, s.p, s.n), *why;

	if (s.n == 0)
		return err_set(e, ERR_INPUT, "there is nothing behind the @: write it as name@host.example");
	if (*text == '[')
		return err_set(e, ERR_INPUT, "an IP address behind the @ is not accepted: write the domain");
	if (strpbrk(text, " \t\r\n"))
		return err_set(e, ERR_INPUT, "there is a blank inside the address, or words behind it: remove them");
	if (strpbrk(text, "<>"))
		return err_set(e, ERR_INPUT, "the angle brackets do not match: write it as Name <name@host.example>");
	for (size_t i = 0, len; i < s.n; i += len) {
		uint32_t c = utf8_char(text + i, s.n - i, &len);

		if (utf8_is_invisible(c) && !is_joiner_between(text, i, len))
			return judge_char(c, e);
	}
	if (strpbrk(text, "()"))
		return err_set(e, ERR_INPUT, "comments in parentheses are not accepted: remove the comment");
	if (*text == '.' || strstr(text, ".."))
		return judge_dots(text, "part behind the @", e);
	out->domain = domain_read(a, text, &why);
	if (!out->domain)
		return err_set(e, ERR_INPUT, "%s", why);
	if (domain_is_public_suffix(out->domain))
		return err_set(e, ERR_INPUT, "%s is where others register their domains, and nobody has a mailbox there: "
			       "write the whole domain", out->domain);
	out->domain_shown = domain_unicode(a, out->domain);
	out->reserved = list_has_reserved(out->domain);
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

/* ADR-4. Erring towards one key for two mailboxes errs towards not mailing. */
static const char *match_key(struct arena *a, const struct address *addr)
{
	char *local = utf8_nfc(a, utf8_lower(a, addr->local)), *plus = strchr(local, '+'), *to = local;
	const char *domain = addr->domain;

	if (plus && plus > local)
		*plus = '\0';
	if (strcmp(domain, "gmail.com") == 0 || strcmp(domain, "googlemail.com") == 0) {
		domain = "gmail.com";
		for (const char *from = local; *from; from++)
			if (*from != '.')
				*to++ = *from;
		*to = '\0';
	}
	return arena_printf(a, "%s@%s", local, domain);
}

static int read_address(struct arena *a, struct slice s, struct address *out, unsigned *peeled, struct err *e)
{
	const char *at = find_at(s, e);
	struct slice domain;

	if (!at)
		return -1;
	domain = (struct slice){ at + 1, s.n - (size_t)(at + 1 - s.p) };
	address_note_wide_domain(domain, peeled);
	out->given = arena_text_n(a, s.p, s.n);
	if (read_local(a, (struct slice){ s.p, (size_t)(at - s.p) }, out, e) < 0 ||
	    read_domain(a, domain, out, e) < 0)
		return -1;
	MUST(out->local && out->domain); /* read just now */
	out->delivery = arena_printf(a, "%s@%s", out->local, out->domain);
	if (strlen(out->delivery) > ADDRESS_MAX)
		return err_set(e, ERR_INPUT, "the address is longer than %d octets: correct it", ADDRESS_MAX);
	out->key = match_key(a, out);
	return 0;
}

/* A name, blanks or brackets around a plain address change nothing about it. */
static bool read_plain(struct arena *a, struct slice s, struct address *made)
{
	const char *name = made->name;

	if (!address_parse_plain(a, arena_text_n(a, s.p, s.n), made))
		return false;
	made->name = name;
	return true;
}

static int parse(struct arena *a, const char *cell, bool shorten, struct address *out, struct err *e)
{
	size_t n = strnlen(cell, CELL_MAX + 1);
	struct address made = { 0 };
	unsigned peeled = 0;
	struct slice s;

	if (n > CELL_MAX)
		return err_set(e, ERR_INPUT, "the cell is longer than %d octets: put one address into it", CELL_MAX);
	if (!utf8_valid(cell, n))
		return err_set(e, ERR_INPUT, "the cell is not valid UTF-8: save the file as UTF-8");
	s = address_narrow_at(a, (struct slice){ cell, n }, &peeled);
	s = address_peel(a, s, &peeled);
	if (s.n == 0)
		return err_set(e, ERR_INPUT, "the cell is empty: write an address as name@host.example");
	if (cut_name(a, &s, &made, &peeled, e) < 0)
		return -1;
	if (!(shorten && read_plain(a, s, &made)) && read_address(a, s, &made, &peeled, e) < 0)
		return -1;
	made.cleaned = address_peeled_text(a, peeled);
	*out = made;
	return 0;
}

int address_parse(struct arena *a, const char *cell, struct address *out, struct err *e)
{
	return address_parse_plain(a, cell, out) ? 0 : parse(a, cell, true, out, e);
}

int address_parse_any(struct arena *a, const char *cell, struct address *out, struct err *e)
{
	return parse(a, cell, false, out, e);
}
