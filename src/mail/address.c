/*
 * Reading addresses: see address.h. A cell is first peeled (what spreadsheets,
 * mail programs and people put around an address goes, and is told in
 * `cleaned`), then cut into display name, local part and domain, and each is
 * judged by ADR-1 to ADR-6. Nothing inside an address is ever repaired: an
 * error says what is wrong and how to mend it.
 */
#include "mail/address.h"

#include "base/utf8.h"
#include "mail/address_lists.h"
#include "mail/header.h"

#include <idn2.h>
#include <strings.h>
#include <unictype.h>

#define CELL_MAX 1000
#define LOCAL_MAX 64
#define DOMAIN_MAX 253
#define ADDRESS_MAX 254
#define LABEL_MAX 63

/* --- peeling -------------------------------------------------------------- */

/* What may stand around an address, one kind a row. Order is that of `cleaned`. */
enum peel {
	PEEL_BLANKS,
	PEEL_INVISIBLE,
	PEEL_QUOTES,
	PEEL_BRACKETS,
	PEEL_MAILTO,
	PEEL_COMMA,
	PEEL_SEMICOLON,
	PEEL_DOT
};

static const char *const PEEL_NAMES[] = {
	[PEEL_BLANKS] = "blanks",
	[PEEL_INVISIBLE] = "invisible characters",
	[PEEL_QUOTES] = "quotes",
	[PEEL_BRACKETS] = "brackets",
	[PEEL_MAILTO] = "mailto:",
	[PEEL_COMMA] = "trailing comma",
	[PEEL_SEMICOLON] = "trailing semicolon",
	[PEEL_DOT] = "trailing dot",
};

static const struct {
	const char *open, *close;
	enum peel kind;
} PAIRS[] = {
	{ "\"", "\"", PEEL_QUOTES },
	{ "'", "'", PEEL_QUOTES },
	{ "\xE2\x80\x9C", "\xE2\x80\x9D", PEEL_QUOTES }, /* U+201C, U+201D */
	{ "\xE2\x80\x9E", "\xE2\x80\x9C", PEEL_QUOTES }, /* U+201E, U+201C */
	{ "\xE2\x80\x98", "\xE2\x80\x99", PEEL_QUOTES }, /* U+2018, U+2019 */
	{ "\xC2\xAB", "\xC2\xBB", PEEL_QUOTES },         /* U+00AB, U+00BB */
	{ "<", ">", PEEL_BRACKETS },
	{ "(", ")", PEEL_BRACKETS },
	{ "[", "]", PEEL_BRACKETS },
};

static bool is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x202F || c == 0x205F || c == 0x3000;
}

static uint32_t last_char(struct slice s, size_t *len)
{
	size_t i = s.n - 1;

	while (i > 0 && ((unsigned char)s.p[i] & 0xC0) == 0x80)
		i--;
	return utf8_char(s.p + i, s.n - i, len);
}

/* Blanks and invisible characters at both ends. */
static struct slice peel_ends(struct slice s, unsigned *peeled)
{
	while (s.n) {
		size_t first_n, last_n;
		uint32_t first = utf8_char(s.p, s.n, &first_n), last = last_char(s, &last_n);

		if (is_blank(first) || utf8_is_invisible(first)) {
			*peeled |= 1u << (is_blank(first) ? PEEL_BLANKS : PEEL_INVISIBLE);
			s.p += first_n;
			s.n -= first_n;
		} else if (is_blank(last) || utf8_is_invisible(last)) {
			*peeled |= 1u << (is_blank(last) ? PEEL_BLANKS : PEEL_INVISIBLE);
			s.n -= last_n;
		} else {
			break;
		}
	}
	return s;
}

static bool starts(struct slice s, const char *with)
{
	return s.n >= strlen(with) && strncasecmp(s.p, with, strlen(with)) == 0;
}

static bool ends(struct slice s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

/* A pair around the whole, with nothing of its kind inside: "a"@b and "A" <a@b> keep theirs. */
static bool peel_pair(struct slice *s, unsigned *peeled)
{
	for (size_t i = 0; i < COUNT(PAIRS); i++) {
		size_t open = strlen(PAIRS[i].open), close = strlen(PAIRS[i].close);
		struct slice in;

		if (s->n < open + close || !starts(*s, PAIRS[i].open) || !ends(*s, PAIRS[i].close))
			continue;
		in = (struct slice){ s->p + open, s->n - open - close };
		if (memmem(in.p, in.n, PAIRS[i].open, open) || memmem(in.p, in.n, PAIRS[i].close, close))
			continue;
		*peeled |= 1u << PAIRS[i].kind;
		*s = in;
		return true;
	}
	return false;
}

static bool peel_rest(struct slice *s, unsigned *peeled)
{
	static const struct {
		const char *text;
		enum peel kind;
	} TAILS[] = { { ",", PEEL_COMMA }, { ";", PEEL_SEMICOLON }, { ".", PEEL_DOT } };

	if (starts(*s, "mailto:")) {
		const char *query;

		s->p += strlen("mailto:");
		s->n -= strlen("mailto:");
		query = memchr(s->p, '?', s->n);
		if (query && memchr(s->p, '@', (size_t)(query - s->p)))
			s->n = (size_t)(query - s->p);
		*peeled |= 1u << PEEL_MAILTO;
		return true;
	}
	for (size_t i = 0; i < COUNT(TAILS); i++)
		if (s->n && ends(*s, TAILS[i].text)) {
			s->n--;
			*peeled |= 1u << TAILS[i].kind;
			return true;
		}
	return false;
}

static struct slice peel(struct slice s, unsigned *peeled)
{
	do
		s = peel_ends(s, peeled);
	while (peel_pair(&s, peeled) || peel_rest(&s, peeled));
	return s;
}

static const char *peeled_text(struct arena *a, unsigned peeled)
{
	const char *text = NULL;

	for (size_t i = 0; i < COUNT(PEEL_NAMES); i++)
		if (peeled & 1u << i)
			text = text ? arena_printf(a, "%s, %s", text, PEEL_NAMES[i]) : PEEL_NAMES[i];
	return text;
}

/* --- cutting -------------------------------------------------------------- */

/* "Ann Bee <ann@b.example>": takes the name off. */
static int cut_name(struct arena *a, struct slice *s, struct address *out, unsigned *peeled, struct err *e)
{
	const char *open = memchr(s->p, '<', s->n), *second;
	unsigned of_name = 0;
	struct slice name;

	if (!open)
		return 0;
	second = memchr(open + 1, '<', s->n - (size_t)(open + 1 - s->p));
	if (second && memchr(second, '@', s->n - (size_t)(second - s->p)))
		return err_set(e, ERR_INPUT, "there is more than one address: put each into a row of its own");
	if (!ends(*s, ">"))
		return err_set(e, ERR_INPUT, "the angle brackets do not match: write it as Name <name@host.example>");
	name = peel((struct slice){ s->p, (size_t)(open - s->p) }, &of_name);
	*s = (struct slice){ open + 1, s->n - (size_t)(open + 1 - s->p) - 1 };
	*s = peel(*s, peeled);
	if (memchr(name.p, '@', name.n) && (name.n != s->n || strncasecmp(name.p, s->p, name.n) != 0))
		return err_set(e, ERR_INPUT, "there is more than one address: put each into a row of its own");
	if (name.n)
		out->name = utf8_nfc(a, arena_text_n(a, name.p, name.n));
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
		} else if (!quoted && strchr(" ,;/|\t\r\n", c)) {
			apart = true;
		} else if (!quoted && c == '@') {
			if (at) {
				err_set(e, ERR_INPUT, apart ? "there is more than one address: put each into a row of its own" :
								"there is more than one @: write it as name@host.example");
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

static bool is_atext(unsigned char c)
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
		if (s.p[i] != '.' && !is_atext((unsigned char)s.p[i]))
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
		return err_set(e, ERR_INPUT, "there is a blank inside the address: remove it");
	if (c == '(' || c == ')')
		return err_set(e, ERR_INPUT, "comments in parentheses are not accepted: remove the comment");
	if (c != '.' && !is_atext((unsigned char)c))
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
	if (*text == '"' && (text = unquoted(a, s)) == NULL)
		return err_set(e, ERR_INPUT, "an address that needs quotes is not supported: ask for another address");
	text = utf8_nfc(a, text);
	n = strlen(text);
	if (n == 0)
		return err_set(e, ERR_INPUT, "there is nothing before the @: write it as name@host.example");
	for (size_t i = 0; i < n; i += len)
		if (judge_char(utf8_char(text + i, n - i, &len), e) < 0)
			return -1;
		else if (len > 1)
			out->utf8 = true;
	if (n > LOCAL_MAX)
		return err_set(e, ERR_INPUT, "the part before the @ is %zu octets long: %d are the most", n, LOCAL_MAX);
	if (*text == '-' || *text == '|')
		return err_set(e, ERR_INPUT, "the part before the @ begins with \"%c\": correct it", *text);
	out->local = text;
	return judge_dots(text, "part before the @", e);
}

/* --- the domain ----------------------------------------------------------- */

/* Labels of letters, digits and inner hyphens; hyphens third and fourth in A-labels only (ADR-5). */
static bool is_label(const char *s, size_t n)
{
	if (n == 0 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	if (n >= 4 && s[2] == '-' && s[3] == '-' && strncmp(s, "xn", 2) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

/* NULL if `s`, in A-labels, is a domain that can have mail; else what it lacks. */
static const char *domain_fault(const char *s)
{
	const char *last = strrchr(s, '.');

	if (strlen(s) > DOMAIN_MAX)
		return "the part behind the @ is longer than 253 characters: correct it";
	if (!last)
		return "the part behind the @ has no dot: write the whole domain, as in host.example";
	if (strspn(last + 1, "0123456789") == strlen(last + 1))
		return "an IP address behind the @ is not accepted: write the domain";
	for (const char *p = s;; p++) {
		size_t n = strcspn(p, ".");

		if (!is_label(p, n))
			return "the part behind the @ is no domain: correct it, as in host.example";
		p += n;
		if (!*p)
			return NULL;
	}
}

/* libidn2 drops some characters that it should refuse ("un_i" would become another's "uni"), so that only
   letters, marks, digits, and what IDNA allows between them (CONTEXTO) may come near it. */
static bool is_domain_char(uint32_t c)
{
	uc_general_category_t letter_or_mark = uc_general_category_or(UC_CATEGORY_L, UC_CATEGORY_M);

	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.';
	if (c == 0xB7 || c == 0x375 || c == 0x5F3 || c == 0x5F4 || c == 0x30FB)
		return true;
	if (c == 0x3002 || c == 0xFF0E || c == 0xFF61) /* other dots */
		return true;
	return (uc_is_general_category(c, letter_or_mark) || uc_is_general_category(c, UC_CATEGORY_Nd)) &&
	       !uc_is_property_default_ignorable_code_point(c);
}

static bool is_domain_text(const char *s)
{
	size_t n = strlen(s), len;

	if (n == 0 || n > CELL_MAX || !utf8_valid(s, n))
		return false;
	for (size_t i = 0; i < n; i += len)
		if (!is_domain_char(utf8_char(s + i, n - i, &len)))
			return false;
	return true;
}

/* A-labels in lower case (ADR-5), or NULL with `why`. */
static char *domain_read(struct arena *a, const char *text, const char **why)
{
	int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
	uint8_t *found = NULL;
	char *ascii;

	*why = "the part behind the @ is no domain: correct it, as in host.example";
	if (!is_domain_text(text))
		return NULL;
	if (idn2_lookup_u8((const uint8_t *)text, &found, flags) != IDN2_OK)
		return NULL;
	ascii = utf8_lower(a, (char *)found);
	idn2_free(found);
	*why = domain_fault(ascii);
	return *why ? NULL : ascii;
}

char *domain_parse(struct arena *a, const char *text)
{
	size_t n = strlen(text);
	const char *why;

	if (n > 1 && text[n - 1] == '.')
		text = arena_text_n(a, text, n - 1);
	return domain_read(a, text, &why);
}

bool domain_is_within(const char *domain, const char *parent)
{
	size_t n = strlen(domain), p = strlen(parent);

	return n >= p && strcmp(domain + n - p, parent) == 0 && (n == p || domain[n - p - 1] == '.');
}

static int read_domain(struct arena *a, struct slice s, struct address *out, struct err *e)
{
	const char *text = arena_text_n(a, s.p, s.n), *why;
	char *shown = NULL;

	if (s.n == 0)
		return err_set(e, ERR_INPUT, "there is nothing behind the @: write it as name@host.example");
	if (*text == '[')
		return err_set(e, ERR_INPUT, "an IP address behind the @ is not accepted: write the domain");
	if (strpbrk(text, " \t\r\n"))
		return err_set(e, ERR_INPUT, "there is a blank inside the address, or words behind it: remove them");
	if (strpbrk(text, "()"))
		return err_set(e, ERR_INPUT, "comments in parentheses are not accepted: remove the comment");
	if (*text == '.' || strstr(text, ".."))
		return judge_dots(text, "part behind the @", e);
	out->domain = domain_read(a, text, &why);
	if (!out->domain)
		return err_set(e, ERR_INPUT, "%s", why);
	if (idn2_to_unicode_8z8z(out->domain, &shown, 0) == IDN2_OK && shown)
		out->domain_shown = arena_text(a, shown);
	else
		out->domain_shown = out->domain;
	idn2_free(shown);
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

static int read_address(struct arena *a, struct slice s, struct address *out, struct err *e)
{
	const char *at = find_at(s, e);

	if (!at)
		return -1;
	out->given = arena_text_n(a, s.p, s.n);
	if (read_local(a, (struct slice){ s.p, (size_t)(at - s.p) }, out, e) < 0 ||
	    read_domain(a, (struct slice){ at + 1, s.n - (size_t)(at + 1 - s.p) }, out, e) < 0)
		return -1;
	MUST(out->local && out->domain); /* read just now */
	out->delivery = arena_printf(a, "%s@%s", out->local, out->domain);
	if (strlen(out->delivery) > ADDRESS_MAX)
		return err_set(e, ERR_INPUT, "the address is longer than %d octets: correct it", ADDRESS_MAX);
	out->key = match_key(a, out);
	return 0;
}

int address_parse(struct arena *a, const char *cell, struct address *out, struct err *e)
{
	size_t n = strnlen(cell, CELL_MAX + 1);
	struct address made = { 0 };
	unsigned peeled = 0;
	struct slice s;

	if (n > CELL_MAX)
		return err_set(e, ERR_INPUT, "the cell is longer than %d octets: put one address into it", CELL_MAX);
	if (!utf8_valid(cell, n))
		return err_set(e, ERR_INPUT, "the cell is not valid UTF-8: save the file as UTF-8");
	s = peel((struct slice){ cell, n }, &peeled);
	if (s.n == 0)
		return err_set(e, ERR_INPUT, "the cell is empty: write an address as name@host.example");
	if (cut_name(a, &s, &made, &peeled, e) < 0 || read_address(a, s, &made, e) < 0)
		return -1;
	made.cleaned = peeled_text(a, peeled);
	*out = made;
	return 0;
}
