/*
 * The gate: see gate.h. One small function per question; the first refusal
 * counts. The questions come from a probe of the HTTP library: it takes
 * Transfer-Encoding beside Content-Length, doubled Content-Length and Host,
 * unknown encodings and control characters.
 */
#include "web/gate.h"

#include <strings.h>

#define LENGTH_DIGITS_MAX 15

static struct gate_verdict refuse(int status, const char *why)
{
	return (struct gate_verdict){ .status = status, .why = why };
}

/* The characters of methods and field names (RFC 9110, 5.6.2). */
static bool is_token(struct slice s)
{
	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return true;
}

static bool is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_target(struct slice s)
{
	if (!s.n || s.p[0] != '/')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
	return true;
}

static bool is_host(struct slice s)
{
	if (!s.n || s.n > 255)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!alnum && (c == '\0' || !strchr(".-_:[]", c)))
			return false;
	}
	return true;
}

static bool is_called(struct slice name, const char *what)
{
	return name.n == strlen(what) && strncasecmp(name.p, what, name.n) == 0;
}

/* The only field of that name, or NULL; *n gets how many there are. */
static const struct gate_field *find(const struct gate_facts *f, const char *name, size_t *n)
{
	const struct gate_field *got = NULL;

	*n = 0;
	for (size_t i = 0; i < f->n_fields; i++)
		if (is_called(f->fields[i].name, name)) {
			got = &f->fields[i];
			(*n)++;
		}
	return got;
}

static struct gate_verdict judge_line(const struct gate_facts *f)
{
	if (strcmp(f->version, "HTTP/1.1") != 0 && strcmp(f->version, "HTTP/1.0") != 0)
		return refuse(505, "HTTP version");
	if (strlen(f->method) > 16 || !is_token(slice_of(f->method)))
		return refuse(400, "method");
	if (f->target.n > GATE_TARGET_MAX)
		return refuse(414, "target too long");
	if (!is_target(f->target))
		return refuse(400, "target");
	return (struct gate_verdict){ 0 };
}

static struct gate_verdict judge_fields(const struct gate_facts *f)
{
	if (f->n_fields > GATE_FIELDS_MAX)
		return refuse(431, "too many header fields");
	for (size_t i = 0; i < f->n_fields; i++) {
		if (!is_token(f->fields[i].name))
			return refuse(400, "field name");
		if (!is_field_value(f->fields[i].value))
			return refuse(400, "control character in a field");
	}
	return (struct gate_verdict){ 0 };
}

static struct gate_verdict judge_host(const struct gate_facts *f)
{
	size_t n;
	const struct gate_field *host = find(f, "Host", &n);

	if (n > 1)
		return refuse(400, "Host twice");
	if (n == 0)
		return strcmp(f->version, "HTTP/1.1") == 0 ? refuse(400, "no Host") : (struct gate_verdict){ 0 };
	return is_host(host->value) ? (struct gate_verdict){ 0 } : refuse(400, "Host");
}

static bool read_length(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (!s.n || s.n > LENGTH_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

/* How long the body is must have one reading only. */
static struct gate_verdict judge_body(const struct gate_facts *f)
{
	struct gate_verdict v = { 0 };
	size_t n_length, n_coding;
	const struct gate_field *length = find(f, "Content-Length", &n_length);
	const struct gate_field *coding = find(f, "Transfer-Encoding", &n_coding);

	if (n_length > 1)
		return refuse(400, "Content-Length twice");
	if (n_coding > 1)
		return refuse(400, "Transfer-Encoding twice");
	if (length && coding)
		return refuse(400, "Transfer-Encoding beside Content-Length");
	if (length && !read_length(length->value, &v.length))
		return refuse(400, "Content-Length");
	if (coding && strcmp(f->version, "HTTP/1.1") != 0)
		return refuse(400, "Transfer-Encoding in HTTP/1.0");
	if (coding && !is_called(coding->value, "chunked"))
		return refuse(501, "Transfer-Encoding");
	v.has_length = length != NULL;
	v.chunked = coding != NULL;
	return v;
}

static struct gate_verdict judge_rest(const struct gate_facts *f)
{
	size_t n;
	const struct gate_field *field = find(f, "Expect", &n);

	if (field && !is_called(field->value, "100-continue"))
		return refuse(417, "Expect");
	field = find(f, "Content-Encoding", &n);
	if (field && !is_called(field->value, "identity"))
		return refuse(415, "Content-Encoding");
	return (struct gate_verdict){ 0 };
}

struct gate_verdict gate_judge(const struct gate_facts *f)
{
	static struct gate_verdict (*const QUESTIONS[])(const struct gate_facts *) = {
		judge_line,
		judge_fields,
		judge_host,
		judge_rest,
	};

	for (size_t i = 0; i < COUNT(QUESTIONS); i++) {
		struct gate_verdict v = QUESTIONS[i](f);

		if (v.status)
			return v;
	}
	return judge_body(f);
}

bool gate_is_foreign(const struct gate_facts *f, const char *origin)
{
	size_t n;
	const struct gate_field *field = find(f, "Sec-Fetch-Site", &n);

	/* "none" is a person at the browser itself. Our token pages are sent without a referrer, so that their
	   Origin is "null", and only this field tells them from others. */
	if (field)
		return n > 1 || !(is_called(field->value, "same-origin") || is_called(field->value, "none"));
	field = find(f, "Origin", &n);
	return field && (n > 1 || !is_called(field->value, origin));
}
