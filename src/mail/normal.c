/*
 * pn1: see normal.h. One pass over the text, character by character. A
 * sentence ends at a full stop, question mark or the like with a blank behind
 * it, at an empty line, at a line that is drawn rather than written, and
 * before the mark of a list. Everything but letters and digits is left out
 * before two sentences are compared, which is what makes quoting, wrapping
 * and "clever" punctuation harmless.
 */
#include "mail/normal.h"

#include <strings.h>
#include <unicase.h>
#include <unictype.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mail/token.h"

#define TEXT_MAX (512 * 1024)
#define FIELD_MARK '\1'
#define CONSENT_MARK '\2' /* stands for more words than other fields */
#define FIELD_NAME_MAX 40

struct reader {
	struct arena *a;
	const char *p, *end;
	bool fields;
	struct buf text, form; /* of the sentence under way */
	const char *line;      /* where the line began */
	struct sentence now;   /* what else is known of it */
	struct sentence *sentence;
	size_t n;
	const char **link, **code;
	size_t n_links, n_codes;
};

static bool is_letter(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N);
}

static int64_t hash_form(const char *form)
{
	struct buf b;
	uint8_t hash[32];
	uint64_t v = 0;

	buf_init(&b, TEXT_MAX);
	buf_addf(&b, "pn1:%s", form);
	sha256(b.p, b.n, hash);
	buf_free(&b);
	for (int i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return (int64_t)v;
}

/* --- sentences ---------------------------------------------------------------------------------- */

static void end_sentence(struct reader *r)
{
	while (r->text.n && r->text.p[r->text.n - 1] == ' ')
		buf_cut(&r->text, r->text.n - 1);
	if ((r->now.letters || r->now.fields) && r->n < NORMAL_SENTENCES_MAX) {
		struct sentence *s = &r->sentence[r->n++];

		*s = r->now;
		s->text = arena_text_n(r->a, buf_text(&r->text), r->text.n);
		s->form = arena_text_n(r->a, buf_text(&r->form), r->form.n);
		s->hash = hash_form(s->form);
	}
	buf_clear(&r->text);
	buf_clear(&r->form);
	r->now = (struct sentence){ 0 };
}

static void add_blank(struct reader *r)
{
	if (r->text.n && r->text.p[r->text.n - 1] != ' ')
		buf_addc(&r->text, ' ');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Does the line at p say anything? */
static bool line_says(const char *p, const char *end)
{
	size_t len;

	for (; p < end && *p != '\n'; p += len)
		if (is_letter(utf8_char(p, (size_t)(end - p), &len)))
			return true;
	return false;
}

/* "- ", "* ", "1. " and their like. */
static bool begins_item(const char *p, const char *end)
{
	size_t n = (size_t)(end - p), digits = 0, len;

	while (digits < n && digits < 3 && p[digits] >= '0' && p[digits] <= '9')
		digits++;
	if (digits)
		return digits + 1 < n && (p[digits] == '.' || p[digits] == ')') && is_blank(p[digits + 1]);
	if (n > 1 && strchr("-*+", *p))
		return is_blank(p[1]);
	switch (n ? utf8_char(p, n, &len) : 0) {
	case 0x2022: /* bullet */
	case 0x2013: /* dashes */
	case 0x2014:
	case 0x25E6:
	case 0xB7:
		return len < n && (is_blank(p[len]) || p[len] == '\xc2');
	default:
		return false;
	}
}

/* Wrapped lines are longer than this. */
#define SHORT_LINE 50

/* A line break that nobody put there for want of room. */
static void note_cut(struct reader *r)
{
	if (r->form.n && r->p - r->line < SHORT_LINE && r->now.n_cuts < NORMAL_CUTS_MAX)
		r->now.cut[r->now.n_cuts++] = (uint32_t)r->form.n;
}

/* After a line break: past what quotes a line, and to a new sentence where one begins. */
static void begin_line(struct reader *r)
{
	r->line = r->p;
	while (r->p < r->end && (*r->p == '>' || *r->p == '|' || *r->p == ' ' || *r->p == '\t'))
		r->p++;
	if (!line_says(r->p, r->end) || begins_item(r->p, r->end))
		end_sentence(r);
}

static bool ends_sentence(uint32_t c)
{
	return c == '.' || c == '!' || c == '?' || c == ':' || c == ';' || c == 0x2026 || c == 0x61F || c == 0x6D4 || c == 0x964;
}

static bool ends_wide_sentence(uint32_t c)
{
	return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF1A;
}

/* Behind a full stop: closing quotes and brackets, then a blank or the end. */
static bool pause_follows(const char *p, const char *end)
{
	size_t len;

	while (p < end) {
		uint32_t c = utf8_char(p, (size_t)(end - p), &len);

		if (is_blank((char)*p) || c == 0xA0)
			return true;
		if (c != '"' && c != '\'' && c != ')' && c != ']' && c != '*' && c != '_' && c != 0x201D && c != 0x2019 && c != 0xBB)
			return false;
		p += len;
	}
	return true;
}

bool normal_says_again(const struct normal *n, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (n->sentence[k].hash == n->sentence[i].hash)
			return true;
	return false;
}

/* --- addresses of the web ----------------------------------------------------------------------- */

static bool has_prefix(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && strncasecmp(p, word, n) == 0;
}

static long brackets_left_open(const char *p, size_t n)
{
	long open = 0;

	for (size_t i = 0; i < n; i++)
		open += (p[i] == '(') - (p[i] == ')');
	return open;
}

static size_t link_length(const struct reader *r)
{
	const char *p = r->p;
	size_t n = 0, left = (size_t)(r->end - p);
	long open;

	if (!has_prefix(p, r->end, "https://") && !has_prefix(p, r->end, "http://") && !has_prefix(p, r->end, "www."))
		return 0;
	if (r->form.n && r->text.n && ((r->text.p[r->text.n - 1] | 32) >= 'a' && (r->text.p[r->text.n - 1] | 32) <= 'z'))
		return 0; /* in the middle of a word */
	while (n < left && (unsigned char)p[n] > ' ' && !strchr("<>\"`|\\^", p[n]))
		n++;
	/* A bracket at the end belongs to it if it closes one that was opened in it. */
	open = brackets_left_open(p, n);
	while (n && strchr(".,;:!?'*)]", p[n - 1]) && !(p[n - 1] == ')' && open >= 0))
		open += p[--n] == ')';
	return n;
}

static void note(struct arena *a, const char **list, size_t *n, size_t max, const char *text)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i], text) == 0)
			return;
	if (*n < max)
		list[(*n)++] = arena_text(a, text);
}

static void note_link(struct reader *r, size_t n)
{
	const char *url = arena_text_n(r->a, r->p, n), *to;

	if (strncasecmp(url, "www.", 4) == 0)
		url = arena_printf(r->a, "http://%s", url);
	to = link_unwrap(r->a, url);
	note(r->a, r->link, &r->n_links, NORMAL_LINKS_MAX, to ? to : url);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Percent escapes, or those that another sign begins; to the first of `until`. */
static const char *decode(struct arena *a, const char *s, char sign, const char *until)
{
	size_t n = strcspn(s, until), w = 0;
	char *out = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		if (s[i] == sign && i + 2 < n + 1 && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0) {
			out[w++] = (char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			i += 2;
		} else {
			out[w++] = s[i];
		}
	}
	out[w] = '\0';
	return utf8_valid(out, w) && utf8_is_plain(out) ? out : NULL;
}

const char *link_host(struct arena *a, const char *url)
{
	const char *p = strstr(url, "://"), *at;
	size_t n;

	if (!p)
		return NULL;
	p += 3;
	n = strcspn(p, "/?#\\");
	for (at = p + n; at > p && at[-1] != '@'; at--)
		;
	n -= (size_t)(at - p);
	p = at;
	if (memchr(p, ':', n))
		n = strcspn(p, ":");
	while (n && p[n - 1] == '.')
		n--;
	return n ? utf8_lower(a, arena_text_n(a, p, n)) : NULL;
}

static const char *value_of(const char *url, const char *name)
{
	const char *p = strchr(url, '?');
	size_t n = strlen(name);

	while (p) {
		p++;
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return p + n + 1;
		p = strpbrk(p, "&;");
		/* "&amp;" of a text that was HTML */
		if (p && strncmp(p, "&amp;", 5) == 0)
			p += 4;
	}
	return NULL;
}

static bool host_ends(const char *host, const char *tail)
{
	size_t n = strlen(host), t = strlen(tail);

	return n >= t && strcmp(host + n - t, tail) == 0;
}

/* v3 keeps the address as it is, between "__" and "__;"; what it could not keep stands as "*". */
static const char *unwrap_proofpoint(struct arena *a, const char *url)
{
	const char *from = strstr(url, "/v3/__"), *to = from ? strstr(from + 6, "__;") : NULL, *u;

	if (to) {
		char *out = arena_text_n(a, from + 6, (size_t)(to - from - 6));

		return strchr(out, '*') ? NULL : out;
	}
	u = strstr(url, "/v2/") ? value_of(url, "u") : NULL;
	if (!u)
		return NULL;
	char *copy = arena_text_n(a, u, strcspn(u, "&"));

	for (char *p = copy; *p; p++)
		if (*p == '_')
			*p = '/';
	return decode(a, copy, '-', "");
}

const char *link_unwrap(struct arena *a, const char *url)
{
	static const struct {
		const char *host, *value;
	} WRAPS[] = {
		{ ".safelinks.protection.outlook.com", "url" }, { "linkprotect.cudasvc.com", "a" }, { "www.google.com", "q" },
		{ ".safelinks.protection.office365.us", "url" },
	};

	for (int depth = 0; depth < 3; depth++) {
		const char *host = link_host(a, url), *value = NULL, *to;
		bool wrapped = false;

		if (!host)
			return url;
		for (size_t i = 0; i < COUNT(WRAPS) && !wrapped; i++)
			if (host_ends(host, WRAPS[i].host) && (strcmp(host, "www.google.com") != 0 || strstr(url, "google.com/url?"))) {
				wrapped = true;
				value = value_of(url, WRAPS[i].value);
			}
		if (strcmp(host, "urldefense.com") == 0 || strcmp(host, "urldefense.proofpoint.com") == 0)
			to = unwrap_proofpoint(a, url);
		else if (wrapped)
			to = value ? decode(a, value, '%', "&") : NULL;
		else
			return url;
		if (!to || (strncasecmp(to, "http://", 7) != 0 && strncasecmp(to, "https://", 8) != 0))
			return NULL;
		url = to;
	}
	return url;
}

/* --- codes -------------------------------------------------------------------------------------- */

#define CODE_LENGTH 14

static bool is_code_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

/* Twelve digits in three groups, in capitals or not. */
static bool is_code(const char *p, char out[CODE_LENGTH + 1])
{
	for (size_t i = 0; i < CODE_LENGTH; i++)
		out[i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 32 : p[i]);
	out[CODE_LENGTH] = '\0';
	return code_is_wellformed((struct slice){ out, CODE_LENGTH });
}

/* Codes stand by themselves, on one line. Some programs print other hyphens. */
static void find_codes(struct reader *r, const char *text)
{
	char *copy = arena_text(r->a, text), *w = copy, code[CODE_LENGTH + 1];
	const char *end = text + strlen(text);
	size_t len;

	for (const char *p = text; p < end; p += len) {
		uint32_t c = utf8_char(p, (size_t)(end - p), &len);

		if (c >= 0x2010 && c <= 0x2015) {
			*w++ = '-';
		} else {
			memmove(w, p, len);
			w += len;
		}
	}
	*w = '\0';
	for (char *p = copy; *p;) {
		size_t n = 0;

		while (is_code_char(p[n]))
			n++;
		if (n == CODE_LENGTH && is_code(p, code))
			note(r->a, r->code, &r->n_codes, NORMAL_CODES_MAX, code);
		p += n ? n : 1;
	}
}

/* --- the pass ------------------------------------------------------------------------------------ */

/* {name}: its length, 0 when there is none. */
static size_t field_length(const struct reader *r)
{
	size_t left = (size_t)(r->end - r->p), n = 1;

	if (!r->fields || *r->p != '{')
		return 0;
	while (n < left && n < FIELD_NAME_MAX + 2 &&
	       ((r->p[n] >= 'a' && r->p[n] <= 'z') || (r->p[n] >= '0' && r->p[n] <= '9') || r->p[n] == '_' || r->p[n] == '-'))
		n++;
	return n > 1 && n < left && r->p[n] == '}' ? n + 1 : 0;
}

/* The code is in no sentence: it is looked at by itself. */
static void add_field(struct reader *r, struct slice name)
{
	if (slice_is(name, "code"))
		return;
	buf_addc(&r->form, slice_is(name, "consent") ? CONSENT_MARK : FIELD_MARK);
	r->now.fields = true;
}

static size_t code_length(const struct reader *r)
{
	size_t n = 0, left = (size_t)(r->end - r->p);
	char code[CODE_LENGTH + 1];

	if (r->text.n && is_code_char(r->text.p[r->text.n - 1]))
		return 0;
	while (n < left && is_code_char(r->p[n]))
		n++;
	return n == CODE_LENGTH && is_code(r->p, code) ? n : 0;
}

static void read_character(struct reader *r)
{
	size_t len, left = (size_t)(r->end - r->p);
	uint32_t c = utf8_char(r->p, left, &len);

	if (c == '\n') {
		note_cut(r);
		r->p++;
		add_blank(r);
		begin_line(r);
		return;
	}
	if (is_blank(*r->p) || c == 0xA0)
		add_blank(r);
	else if (!utf8_is_invisible(c))
		buf_add(&r->text, r->p, len);
	if (is_letter(c)) {
		char lower[4];

		buf_add(&r->form, lower, utf8_put(uc_tolower(c), lower));
		r->now.letters++;
	}
	r->p += len;
	if ((ends_sentence(c) && pause_follows(r->p, r->end)) || ends_wide_sentence(c))
		end_sentence(r);
}

static void read_on(struct reader *r)
{
	size_t n;

	if ((n = link_length(r))) {
		note_link(r, n);
		buf_add(&r->text, r->p, n);
		r->p += n;
	} else if ((n = field_length(r))) {
		buf_add(&r->text, r->p, n);
		add_field(r, (struct slice){ r->p + 1, n - 2 });
		r->p += n;
	} else if ((n = code_length(r))) {
		buf_add(&r->text, r->p, n);
		r->p += n;
	} else {
		read_character(r);
	}
}

void normal_read(struct arena *a, const char *text, bool fields, struct normal *out)
{
	struct reader r = { .a = a, .fields = fields };
	const char *copy = arena_text_n(a, text, (size_t)utf8_fit(slice_of(text), TEXT_MAX / 2));

	copy = utf8_nfc(a, copy);
	r.p = copy;
	r.end = copy + strlen(copy);
	r.sentence = ARENA_ARRAY(a, struct sentence, NORMAL_SENTENCES_MAX);
	r.link = ARENA_ARRAY(a, const char *, NORMAL_LINKS_MAX);
	r.code = ARENA_ARRAY(a, const char *, NORMAL_CODES_MAX);
	buf_init(&r.text, TEXT_MAX);
	buf_init(&r.form, TEXT_MAX);
	find_codes(&r, copy);
	begin_line(&r);
	while (r.p < r.end)
		read_on(&r);
	end_sentence(&r);
	buf_free(&r.text);
	buf_free(&r.form);
	*out = (struct normal){ .sentence = r.sentence, .n = r.n, .link = r.link, .n_links = r.n_links, .code = r.code,
				.n_codes = r.n_codes };
}
