/*
 * The router: see router.h. A path is cut at its slashes, each segment is
 * decoded by itself (so that %2F can never move a boundary), and compared with
 * each row. A dozen rows: a loop is fast enough.
 */
#include "web/router.h"

#include "base/utf8.h"
#include "web/form.h"

#define SEGMENTS_MAX 16

struct path {
	const char *segment[SEGMENTS_MAX];
	size_t n;
	bool slash; /* ended in one */
};

/* A decoded segment, or NULL when it could be read as something other than a name. */
static const char *read_segment(struct arena *a, struct slice s)
{
	char *text = percent_decode(a, s, false);

	if (!text || !*text || strchr(text, '/') || strchr(text, '\\') || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0 || !utf8_is_plain(text))
		return NULL;
	return text;
}

static bool read_path(struct arena *a, struct slice s, struct path *out)
{
	*out = (struct path){ 0 };
	if (!s.n || s.p[0] != '/')
		return false;
	s.p++;
	s.n--;
	while (s.n) {
		const char *slash = memchr(s.p, '/', s.n);
		struct slice one = { s.p, slash ? (size_t)(slash - s.p) : s.n };

		if (out->n == SEGMENTS_MAX || !(out->segment[out->n++] = read_segment(a, one)))
			return false;
		out->slash = slash != NULL;
		s.p += one.n + (slash != NULL);
		s.n -= one.n + (slash != NULL);
	}
	return true;
}

static bool match(const struct route *r, const struct path *path, struct route_match *out)
{
	const char *p = r->pattern + 1;

	out->route = r;
	out->n = 0;
	for (size_t i = 0; i < path->n; i++) {
		size_t n = strcspn(p, "/");

		if (!n)
			return false;
		if (*p == '{') {
			MUST(out->n < ROUTE_PARAMS_MAX);
			out->param[out->n].name = (struct slice){ p + 1, n - 2 };
			out->param[out->n++].value = path->segment[i];
		} else if (strlen(path->segment[i]) != n || memcmp(p, path->segment[i], n) != 0) {
			return false;
		}
		p += n + (p[n] == '/');
	}
	return *p == '\0';
}

static unsigned method_bit(const char *method)
{
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return METHOD_GET;
	return strcmp(method, "POST") == 0 ? METHOD_POST : 0;
}

enum route_answer route_find(const struct route *routes, size_t n, struct arena *a, const char *method,
			     struct slice path_text, struct route_match *out)
{
	struct path path;
	unsigned bit = method_bit(method), methods = 0;

	*out = (struct route_match){ 0 };
	if (!read_path(a, path_text, &path))
		return ROUTE_MALFORMED;
	for (size_t i = 0; i < n; i++) {
		struct route_match m = { 0 };

		if (!match(&routes[i], &path, &m))
			continue;
		if (!out->route || routes[i].methods & bit)
			*out = m;
		methods |= routes[i].methods;
	}
	if (!out->route)
		return ROUTE_MISSING;
	snprintf(out->allow, sizeof(out->allow), "%s%sOPTIONS", methods & METHOD_GET ? "GET, HEAD, " : "",
		 methods & METHOD_POST ? "POST, " : "");
	if (!(methods & bit))
		return ROUTE_METHOD;
	return path.slash && bit == METHOD_GET ? ROUTE_SLASH : ROUTE_FOUND;
}

const char *route_param(const struct route_match *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (slice_is(m->param[i].name, name))
			return m->param[i].value;
	BUG("a page asks for a name that is not in its pattern");
}
