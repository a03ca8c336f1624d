/* Looks: see look.h. Two tables know what can be set, by which word, and what letter stands for it. */
#include "compose/look.h"

#include <ctype.h>

#include "mail/css.h"

#define LEAST_CONTRAST 4.5

static const struct {
	const char *key;
	char letter; /* of its place; the capital one is the dark */
	const char *light, *dark;
} COLOURS[LOOK_COLOURS] = {
	{ "desk", 'd', "#f3efe7", "#161412" },  { "sheet", 's', "#fffdf9", "#211e1b" },
	{ "foot", 'f', "#f8f4ec", "#1b1917" },  { "ink", 'i', "#26231f", "#ece6dc" },
	{ "soft", 'o', "#5c554b", "#b9b0a2" },  { "link", 'l', "#0b5563", "#8fd0dd" },
	{ "line", 'n', "#ddd5c6", "#453f37" },
};
enum { DESK, SHEET, FOOT, INK, SOFT, LINK };

/* What readers have; nothing is fetched. */
static const struct {
	const char *name, *list;
} FONTS[] = {
	{ "serif", "Georgia,'Times New Roman',serif" },
	{ "book", "'Iowan Old Style','Palatino Linotype',Palatino,Georgia,serif" },
	{ "sans", "'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif" },
	{ "wide", "Verdana,Geneva,'DejaVu Sans',sans-serif" },
};

/* Which text is drawn on which ground. */
static const struct {
	int text, ground;
} PAIRS[] = {
	{ INK, DESK }, { INK, SHEET }, { SOFT, SHEET }, { LINK, SHEET }, { INK, FOOT }, { SOFT, FOOT }, { LINK, FOOT },
};

void look_init(struct look *l)
{
	for (size_t i = 0; i < LOOK_COLOURS; i++) {
		memcpy(l->colour[i][0], COLOURS[i].light, 8);
		memcpy(l->colour[i][1], COLOURS[i].dark, 8);
	}
	l->rtl = false;
	l->heading = FONTS[0].list;
	l->body = FONTS[2].list;
}

static struct slice trim(struct slice s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t'))
		s = (struct slice){ s.p + 1, s.n - 1 };
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* "#rrggbb", in small letters to `out`. */
static bool read_colour(struct slice s, char out[8])
{
	if (s.n != 7 || s.p[0] != '#')
		return false;
	for (size_t i = 0; i < 7; i++) {
		if (i && !isxdigit((unsigned char)s.p[i]))
			return false;
		out[i] = (char)tolower((unsigned char)s.p[i]);
	}
	out[7] = '\0';
	return true;
}

static int set_colour(struct look *l, size_t i, struct slice value, struct err *e)
{
	const char *slash = value.n ? memchr(value.p, '/', value.n) : NULL;
	struct slice light = { value.p, slash ? (size_t)(slash - value.p) : 0 };
	struct slice dark = { slash ? slash + 1 : "", slash ? value.n - light.n - 1 : 0 };
	char a[8], b[8];

	if (!read_colour(trim(light), a) || !read_colour(trim(dark), b))
		return err_set(e, ERR_INPUT, "“%s” takes two colours, light and dark, as in %s: %s / %s", COLOURS[i].key,
			       COLOURS[i].key, COLOURS[i].light, COLOURS[i].dark);
	memcpy(l->colour[i][0], a, 8);
	memcpy(l->colour[i][1], b, 8);
	return 0;
}

static int set_font(const char **font, struct slice value, struct err *e)
{
	for (size_t i = 0; i < COUNT(FONTS); i++)
		if (slice_is(value, FONTS[i].name)) {
			*font = FONTS[i].list;
			return 0;
		}
	return err_set(e, ERR_INPUT, "there is no such font; take serif, book, sans or wide");
}

int look_set(struct look *l, struct slice key, struct slice value, struct err *e)
{
	key = trim(key);
	value = trim(value);
	for (size_t i = 0; i < LOOK_COLOURS; i++)
		if (slice_is(key, COLOURS[i].key))
			return set_colour(l, i, value, e);
	if (slice_is(key, "heading"))
		return set_font(&l->heading, value, e);
	if (slice_is(key, "body"))
		return set_font(&l->body, value, e);
	return err_set(e, ERR_INPUT,
		       "a look has no “%.*s”; it has desk, sheet, foot, ink, soft, link and line (colours), heading and "
		       "body (fonts)",
		       (int)(key.n > 40 ? 40 : key.n), key.p);
}

static uint32_t number(const char *colour)
{
	return (uint32_t)strtoul(colour + 1, NULL, 16);
}

int look_check(const struct look *l, struct err *e)
{
	for (size_t i = 0; i < COUNT(PAIRS); i++)
		for (int dark = 0; dark < 2; dark++) {
			const char *text = l->colour[PAIRS[i].text][dark], *ground = l->colour[PAIRS[i].ground][dark];
			double contrast = css_contrast(number(text), number(ground));

			if (contrast < LEAST_CONTRAST)
				return err_set(e, ERR_INPUT,
					       "%s on %s (%s on %s, %s) has a contrast of %.2f:1; 4.5:1 is the least that "
					       "everybody can read: make one darker, or the other lighter",
					       COLOURS[PAIRS[i].text].key, COLOURS[PAIRS[i].ground].key, text, ground,
					       dark ? "dark" : "light", contrast);
		}
	return 0;
}

static void fill_place(const struct look *l, const char *own, char letter, struct buf *out)
{
	for (size_t i = 0; i < LOOK_COLOURS; i++)
		if (tolower((unsigned char)letter) == COLOURS[i].letter) {
			buf_adds(out, l->colour[i][letter != COLOURS[i].letter]);
			return;
		}
	if (letter == 'h' || letter == 'b')
		buf_adds(out, letter == 'h' ? l->heading : l->body);
	else if (letter == LOOK_START[1])
		buf_adds(out, l->rtl ? "right" : "left");
	else if (letter == LOOK_LTR_OPEN[1] || letter == LOOK_AUTO_OPEN[1])
		buf_addf(out, "<span dir=\"%s\">", letter == LOOK_LTR_OPEN[1] ? "ltr" : "auto");
	else if (letter == LOOK_DIR_CLOSE[1])
		buf_adds(out, "</span>");
	else if (letter == LOOK_OWN_OPEN[1] && own)
		buf_addf(out, "<span%s>", own);
	else if (letter == LOOK_OWN_CLOSE[1] && own)
		buf_adds(out, "</span>");
}

void look_fill(const struct look *l, const char *own, const char *html, size_t n, struct buf *out)
{
	const char *end = html + n, *mark;

	while (html < end && (mark = memchr(html, LOOK_MARK[0], (size_t)(end - html)))) {
		buf_add(out, html, (size_t)(mark - html));
		if (mark + 1 < end)
			fill_place(l, own, mark[1], out);
		html = mark + 1 < end ? mark + 2 : end;
	}
	buf_add(out, html, (size_t)(end - html));
}
