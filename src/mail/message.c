/*
 * Messages: see message.h. The header block is read here, line by line, so that every field is
 * there, in order, also the ones that are wrong: a policy that counts fields (FMT-2) cannot work on
 * a list that a parser tidied up. GMime takes the MIME structure apart. A line of the header block
 * that is no field is kept as a field without a name.
 */
#include "mail/message.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <pthread.h>
#include <strings.h>

#include "base/buf.h"
#include "mail/encoded_word.h"

#define MESSAGE_MAX ((size_t)25 * 1024 * 1024)
#define FIELDS_MAX 1000
#define PARTS_MAX 500
#define DEPTH_MAX 20
#define WORK_MAX 5000000
#define DASHED_MAX 5000 /* lines that begin with "--", as those between parts do */
#define COLONS_MAX 200  /* in a field of addresses: the parser goes one call deeper for each group in a group */
#define MARK_MAX 30     /* bytes; nobody's name holds so long a one by accident */
#define ENCODED_WORDS_MAX 200 /* in an address header; more are left as they are */

struct walk {
	struct arena *a;
	struct part *parts;
	size_t n;
	const char *beside;
	const char *odd; /* of a multipart around the part */
	struct err *e;
};

static void start_gmime(void)
{
	g_mime_init();
}

static void need_gmime(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start_gmime);
}

void message_ready(void)
{
	static const char *const CHARSETS[] = {
		"ISO-8859-1", "ISO-8859-2", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-15",
		"WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256",
		"WINDOWS-1257", "KOI8-R", "KOI8-U", "ISO-2022-JP", "SHIFT_JIS", "EUC-JP", "EUC-KR", "GBK", "GB18030", "BIG5", "TIS-620",
	};
	static GIConv open[COUNT(CHARSETS)]; /* what is open stays loaded */

	need_gmime();
	for (size_t i = 0; i < COUNT(CHARSETS); i++)
		if (!open[i])
			open[i] = g_iconv_open("UTF-8", CHARSETS[i]);
}

/* --- the header block --- */

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl : end;
}

static size_t without_cr(const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	return n && p[n - 1] == '\r' ? n - 1 : n;
}

static size_t count_of(const char *p, const char *end, char c)
{
	size_t n = 0;

	for (; (p = memchr(p, c, (size_t)(end - p))); p++)
		n++;
	return n;
}

/* The end of the field that begins at p: the break that no blank follows. */
static const char *field_end(const char *p, const char *end)
{
	const char *nl = line_end(p, end);

	while (nl < end && nl + 1 < end && (nl[1] == ' ' || nl[1] == '\t'))
		nl = line_end(nl + 1, end);
	return nl;
}

/* Line breaks go, the blanks behind them stay (RFC 5322 2.2.3); a NUL would cut the text short. */
static char *unfold(struct arena *a, const char *p, const char *end)
{
	char *out = arena_alloc(a, (size_t)(end - p) + 1), *w = out;

	for (; p < end; p++)
		if (*p != '\n' && !(*p == '\r' && (p + 1 == end || p[1] == '\n')))
			*w++ = *p ? *p : '?';
	while (w > out && (w[-1] == ' ' || w[-1] == '\t'))
		w--;
	*w = '\0';
	return out;
}

static char *utf8_copy(struct arena *a, const char *s, size_t n)
{
	char *fixed, *copy;

	if (g_utf8_validate(s, (gssize)n, NULL))
		return arena_text_n(a, s, n);
	fixed = g_utf8_make_valid(s, (gssize)n);
	copy = arena_text(a, fixed);
	g_free(fixed);
	return copy;
}

static bool name_char(char c)
{
	return c > ' ' && c < 127 && c != ':';
}

static void read_field(struct arena *a, const char *p, const char *end, struct field *out)
{
	const char *colon = p;

	while (colon < end && name_char(*colon))
		colon++;
	out->name = arena_text_n(a, p, (size_t)(colon - p));
	while (colon < end && (*colon == ' ' || *colon == '\t'))
		colon++;
	if (colon == end || *colon != ':' || !out->name[0]) {
		out->name = "";
		out->raw = unfold(a, p, end);
	} else {
		colon++;
		while (colon < end && (*colon == ' ' || *colon == '\t'))
			colon++;
		out->raw = unfold(a, colon, end);
	}
	out->decoded = encoded_words_decode(a, out->raw);
	out->raw = utf8_copy(a, out->raw, strlen(out->raw));
}

static int read_fields(struct arena *a, struct slice s, struct message *out, struct err *e)
{
	struct field *fields = ARENA_ARRAY(a, struct field, FIELDS_MAX);
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		const char *stop = field_end(p, end);

		if (!without_cr(p, stop))
			break;
		if (out->n_fields == FIELDS_MAX)
			return err_set(e, ERR_INPUT, "the message has more than %d header fields", FIELDS_MAX);
		read_field(a, p, stop, &fields[out->n_fields++]);
		p = stop < end ? stop + 1 : end;
	}
	out->fields = fields;
	for (size_t i = 0; i < out->n_fields; i++)
		if (fields[i].name[0])
			return 0;
	return err_set(e, ERR_INPUT, "this is no mail message: it begins with no header field");
}

/* --- the parts --- */

static char *object_type(struct arena *a, GMimeObject *o)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);
	const char *type = t ? g_mime_content_type_get_media_type(t) : NULL;
	const char *sub = t ? g_mime_content_type_get_media_subtype(t) : NULL;
	char *text = arena_printf(a, "%s/%s", type ? type : "text", sub ? sub : "plain");

	for (char *p = text; *p; p++)
		*p = (char)g_ascii_tolower(*p);
	return text;
}

static const char *object_disposition(struct arena *a, GMimeObject *o)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(o);
	const char *s = d ? g_mime_content_disposition_get_disposition(d) : NULL;

	if (!s || !s[0])
		return "";
	return g_ascii_strcasecmp(s, "inline") == 0 ? "inline" : arena_text(a, "attachment");
}

/* Line ends become LF. */
static void set_text(struct part *p, char *text)
{
	char *w = text;

	for (const char *r = text; *r; r++)
		if (*r != '\r' || r[1] != '\n')
			*w++ = *r;
	*w = '\0';
	p->bytes = text;
	p->n = (size_t)(w - text);
}

/* Text becomes UTF-8 with LF. */
static void decode_text(struct arena *a, struct part *p, const char *charset, GByteArray *raw)
{
	size_t n;
	char *utf8 = charset_to_utf8(a, charset, raw->data ? (const char *)raw->data : "", raw->len, &n);

	set_text(p, utf8);
}

static GByteArray *object_bytes(GMimeObject *o)
{
	GMimeStream *mem = g_mime_stream_mem_new();
	GByteArray *bytes = g_byte_array_new();
	GMimeDataWrapper *content;

	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(mem), bytes);
	if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));

		if (inner)
			g_mime_object_write_to_stream(GMIME_OBJECT(inner), NULL, mem);
	} else if (GMIME_IS_PART(o) && (content = g_mime_part_get_content(GMIME_PART(o)))) {
		g_mime_data_wrapper_write_to_stream(content, mem);
	}
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mem), FALSE);
	g_object_unref(mem);
	return bytes;
}

static const char *parameter(struct arena *a, const char *value)
{
	return value ? utf8_copy(a, value, strlen(value)) : "";
}

static void keep_beside(struct walk *w, const char *text)
{
	if (text && *text)
		w->beside = arena_printf(w->a, "%s%s\n", w->beside, utf8_copy(w->a, text, strlen(text)));
}

/* How often `name` is a parameter of a Content-Type. */
static int count_parameter(const char *value, const char *name)
{
	size_t n = strlen(name);
	bool quoted = false;
	int count = 0;

	for (const char *p = value; *p; p++) {
		quoted = quoted != (*p == '"');
		if (quoted || *p != ';')
			continue;
		while (isspace((unsigned char)p[1]))
			p++;
		count += g_ascii_strncasecmp(p + 1, name, n) == 0 && strchr("=* \t", p[1 + n]) && p[1 + n];
	}
	return count;
}

/* Letters that are none of base64, or any behind its end: some programs go on reading there, and some stop. */
static bool is_broken_base64(GMimeObject *o)
{
	GMimeDataWrapper *content = GMIME_IS_PART(o) ? g_mime_part_get_content(GMIME_PART(o)) : NULL;
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	bool ended = false, broken = false;
	char block[4096];
	ssize_t n;

	if (!stream || g_mime_part_get_content_encoding(GMIME_PART(o)) != GMIME_CONTENT_ENCODING_BASE64)
		return false;
	g_mime_stream_reset(stream);
	while (!broken && (n = g_mime_stream_read(stream, block, sizeof(block))) > 0)
		for (ssize_t i = 0; i < n && !broken; i++) {
			unsigned char c = (unsigned char)block[i];

			if (isspace(c))
				continue;
			broken = c != '=' && (ended || !(isalnum(c) || c == '+' || c == '/'));
			ended = ended || c == '=';
		}
	g_mime_stream_reset(stream);
	return broken;
}

/* What is said twice, programs take from the first or from the last place. */
static const char *oddity(GMimeObject *o)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(o);
	int n = g_mime_header_list_get_count(list), types = 0, encodings = 0;
	const char *odd = NULL;

	for (int i = 0; i < n; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *name = g_mime_header_get_name(h), *raw = g_mime_header_get_raw_value(h);

		encodings += g_ascii_strcasecmp(name, "Content-Transfer-Encoding") == 0;
		if (g_ascii_strcasecmp(name, "Content-Type") != 0)
			continue;
		types++;
		if (raw && (count_parameter(raw, "charset") > 1 || count_parameter(raw, "boundary") > 1))
			odd = "says its charset or its boundary more than once";
	}
	if (types > 1 || encodings > 1)
		odd = "says its type or its encoding more than once";
	return odd ? odd : is_broken_base64(o) ? "has base64 with other signs in it" : NULL;
}

static int add_leaf(struct walk *w, GMimeObject *o, const char *parent, int depth)
{
	const char *filename = GMIME_IS_PART(o) ? g_mime_part_get_filename(GMIME_PART(o)) : NULL;
	const char *id = g_mime_object_get_content_id(o);
	GByteArray *bytes;
	struct part *p;

	if (w->n == PARTS_MAX)
		return err_set(w->e, ERR_INPUT, "the message has more than %d parts", PARTS_MAX);
	p = &w->parts[w->n++];
	p->type = object_type(w->a, o);
	p->disposition = object_disposition(w->a, o);
	p->filename = filename ? utf8_copy(w->a, filename, strlen(filename)) : NULL;
	p->content_id = id ? utf8_copy(w->a, id, strlen(id)) : NULL;
	p->parent = parent;
	p->depth = depth;
	p->charset = parameter(w->a, g_mime_object_get_content_type_parameter(o, "charset"));
	p->joins = strcasecmp(parameter(w->a, g_mime_object_get_content_type_parameter(o, "delsp")), "yes") == 0;
	p->encoding = parameter(w->a, g_mime_object_get_header(o, "Content-Transfer-Encoding"));
	p->odd = oddity(o);
	if (!p->odd)
		p->odd = w->odd;
	bytes = object_bytes(o);
	if (strncmp(p->type, "text/", 5) == 0) {
		decode_text(w->a, p, g_mime_object_get_content_type_parameter(o, "charset"), bytes);
	} else {
		p->bytes = arena_text_n(w->a, (const char *)bytes->data, bytes->len);
		p->n = bytes->len;
	}
	g_byte_array_free(bytes, TRUE);
	return 0;
}

static int walk_object(struct walk *w, GMimeObject *o, const char *parent, int depth)
{
	const char *type;
	int n;

	if (!GMIME_IS_MULTIPART(o))
		return add_leaf(w, o, parent, depth);
	if (depth >= DEPTH_MAX)
		return err_set(w->e, ERR_INPUT, "the message's parts are nested deeper than %d", DEPTH_MAX);
	type = object_type(w->a, o);
	w->odd = w->odd ? w->odd : oddity(o);
	n = g_mime_multipart_get_count(GMIME_MULTIPART(o));
	/* Some programs show as text what stands in it: it has to be seen that there is something. */
	if (n == 0)
		return add_leaf(w, o, parent, depth);
	for (int i = 0; i < n; i++) {
		GMimeObject *child = g_mime_multipart_get_part(GMIME_MULTIPART(o), i);

		if (child && walk_object(w, child, type, depth + 1) < 0)
			return -1;
	}
	keep_beside(w, g_mime_multipart_get_prologue(GMIME_MULTIPART(o)));
	keep_beside(w, g_mime_multipart_get_epilogue(GMIME_MULTIPART(o)));
	return 0;
}

static int read_parts(struct arena *a, struct slice s, struct message *out, struct err *e)
{
	struct walk w = { a, ARENA_ARRAY(a, struct part, PARTS_MAX), 0, "", NULL, e };
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(s.p, s.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *m = g_mime_parser_construct_message(parser, NULL);
	GMimeObject *top = m ? g_mime_message_get_mime_part(m) : NULL;
	int rc = 0;

	if (top)
		rc = walk_object(&w, top, "", 0);
	out->parts = w.parts;
	out->n_parts = w.n;
	out->beside = w.beside;
	if (m)
		g_object_unref(m);
	g_object_unref(parser);
	g_object_unref(stream);
	return rc;
}

/* --- what would take the parser too long, or too deep --- */

static size_t count_lines(struct slice s, const char *begin)
{
	size_t n = strlen(begin), count = 0;

	for (const char *p = s.p, *end = s.p + s.n; p < end; p = line_end(p, end) + 1)
		count += (size_t)(end - p) >= n && memcmp(p, begin, n) == 0;
	return count;
}

/* In small letters or capitals: GMime takes both. */
static size_t count_boundaries(struct slice s)
{
	size_t count = 0;

	for (const char *p = s.p, *end = s.p + s.n; (p = memchr(p, '=', (size_t)(end - p))); p++)
		count += p - s.p >= 8 && strncasecmp(p - 8, "boundary", 8) == 0;
	return count;
}

/* Does a field of addresses begin here? Also in a part: there may be a message in it. */
static bool begins_addresses(const char *p, const char *end)
{
	static const char *const NAMES[] = { "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-Sender",
					     "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc" };

	if (!strchr("fFsSrRtTcCbB", *p))
		return false;
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		size_t n = strlen(NAMES[i]);

		if ((size_t)(end - p) <= n || strncasecmp(p, NAMES[i], n) != 0)
			continue;
		for (p += n; p < end && (*p == ' ' || *p == '\t');)
			p++;
		return p < end && *p == ':';
	}
	return false;
}

static bool has_deep_groups(struct slice s)
{
	const char *end = s.p + s.n, *stop;

	for (const char *p = s.p; p < end; p = stop + 1) {
		stop = line_end(p, end);
		if (!*p || !begins_addresses(p, end))
			continue;
		stop = field_end(p, end);
		if (count_of(p, stop, ':') > COLONS_MAX)
			return true;
	}
	return false;
}

static int check_work(struct slice s, struct err *e)
{
	size_t dashed = count_lines(s, "--");

	/* GMime makes an object of each part before we can count them, and holds each of these lines against each boundary around it. */
	if (dashed > DASHED_MAX)
		return err_set(e, ERR_INPUT, "the message has too many parts: more than %d lines begin with “--”", DASHED_MAX);
	if ((uint64_t)count_boundaries(s) * dashed > WORK_MAX)
		return err_set(e, ERR_INPUT, "the message has too many parts in each other");
	if (has_deep_groups(s))
		return err_set(e, ERR_INPUT, "a header field of addresses has more than %d groups", COLONS_MAX);
	return 0;
}

int message_parse(struct arena *a, struct slice bytes, struct message *out, struct err *e)
{
	struct message m = { 0 };

	if (bytes.n > MESSAGE_MAX)
		return err_set(e, ERR_INPUT, "the message is larger than 25 MiB");
	if (check_work(bytes, e) < 0)
		return -1;
	/* mbox files put an envelope line in front. */
	if (bytes.n > 5 && memcmp(bytes.p, "From ", 5) == 0) {
		const char *end = bytes.p + bytes.n, *nl = line_end(bytes.p, end);

		bytes = (struct slice){ nl < end ? nl + 1 : end, (size_t)(end - (nl < end ? nl + 1 : end)) };
	}
	need_gmime();
	if (read_fields(a, bytes, &m, e) < 0 || read_parts(a, bytes, &m, e) < 0)
		return -1;
	*out = m;
	return 0;
}

const struct field *message_field(const struct message *m, const char *name, size_t n)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (strcasecmp(m->fields[i].name, name) == 0 && n-- == 0)
			return &m->fields[i];
	return NULL;
}

const struct part *message_part(const struct message *m, const char *type)
{
	for (size_t i = 0; i < m->n_parts; i++)
		if (strcmp(m->parts[i].type, type) == 0)
			return &m->parts[i];
	return NULL;
}

/* --- mailboxes --- */

static bool add_mailboxes(struct arena *a, InternetAddressList *list, struct mailbox *out, size_t max, size_t *n,
			  int depth)
{
	int count = internet_address_list_length(list);

	for (int i = 0; i < count; i++) {
		InternetAddress *ia = internet_address_list_get_address(list, i);
		const char *name = internet_address_get_name(ia), *addr;

		if (INTERNET_ADDRESS_IS_GROUP(ia)) {
			InternetAddressList *members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(ia));

			if (depth || (members && !add_mailboxes(a, members, out, max, n, 1)))
				return false;
			continue;
		}
		addr = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(ia));
		if (!addr || !strchr(addr, '@') || *n == max)
			return false;
		out[*n].name = name ? utf8_copy(a, name, strlen(name)) : "";
		out[(*n)++].address = utf8_copy(a, addr, strlen(addr));
	}
	return true;
}

/*
 * Encoded words in names are ours to decode, not the parser's: it gets a word of letters in the place of each, which no
 * header has by itself, and that is put back into the names. NULL: it has all of them, on purpose.
 */
struct stand_ins {
	struct arena *a;
	const char *mark; /* what they begin and end with */
	const char *word[ENCODED_WORDS_MAX];
	size_t n;
};

static const char *put_stand_ins(struct stand_ins *s, const char *raw)
{
	struct buf b;
	const char *out;

	s->mark = "zqw";
	while (strstr(raw, s->mark)) {
		s->mark = arena_printf(s->a, "%szqw", s->mark);
		if (strlen(s->mark) > MARK_MAX)
			return NULL;
	}
	buf_init(&b, strlen(raw) + ENCODED_WORDS_MAX * (strlen(s->mark) * 2 + 8));
	while (*raw) {
		size_t n = s->n < ENCODED_WORDS_MAX ? encoded_word_length(raw) : 0;

		if (n) {
			buf_addf(&b, "%s%zux%s", s->mark, s->n, s->mark);
			s->word[s->n++] = arena_text_n(s->a, raw, n);
			raw += n;
		} else {
			buf_addc(&b, *raw++);
		}
	}
	out = arena_text_n(s->a, buf_text(&b), b.n);
	buf_free(&b);
	return out;
}

static const char *take_stand_ins(struct stand_ins *s, const char *name)
{
	struct buf b;
	const char *at, *out;
	size_t mark = strlen(s->mark);

	buf_init(&b, strlen(name) + ENCODED_WORDS_MAX * 1000);
	while ((at = strstr(name, s->mark)) != NULL) {
		char *end;
		size_t i = strtoul(at + mark, &end, 10);

		buf_add(&b, name, (size_t)(at - name));
		if (i < s->n && *end == 'x' && strncmp(end + 1, s->mark, mark) == 0) {
			buf_adds(&b, s->word[i]);
			name = end + 1 + mark;
		} else {
			buf_add(&b, at, mark);
			name = at + mark;
		}
	}
	buf_adds(&b, name);
	out = encoded_words_decode(s->a, buf_text(&b));
	buf_free(&b);
	return out;
}

bool message_mailboxes(struct arena *a, const char *raw, struct mailbox *out, size_t max, size_t *n)
{
	struct stand_ins *s = ARENA_NEW(a, struct stand_ins);
	InternetAddressList *list;
	const char *text;
	bool ok;

	*n = 0;
	if (count_of(raw, raw + strlen(raw), ':') > COLONS_MAX)
		return false;
	s->a = a;
	need_gmime();
	text = put_stand_ins(s, raw);
	list = text ? internet_address_list_parse(NULL, text) : NULL;
	if (!list)
		return false;
	ok = add_mailboxes(a, list, out, max, n, 0);
	g_object_unref(list);
	for (size_t i = 0; s->n && i < *n; i++)
		out[i].name = take_stand_ins(s, out[i].name);
	return ok;
}
