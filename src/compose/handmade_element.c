/*
 * One element of HTML written by hand: does it act, what does it look like, where does its link go? Its style comes
 * from the style sheets in the source, its attributes and its own style, in the order of CSS; of all that, what
 * handmade_style.c keeps. Links are held to the same list as those of Markdown (BODY-2).
 */
#include <strings.h>

#include "base/utf8.h"
#include "compose/compose.h"
#include "compose/handmade_reader.h"
#include "compose/markdown.h"
#include "compose/markdown_walk.h"

#define RULES_ASKED_MAX 1000000 /* selectors held against elements; keeps the time within bounds */
#define HREF_MAX        1000
#define CELL_WIDTH_MOST 150 /* px; wider columns push a message off a phone's screen */
#define LINK_INK        0x0b5563

const char *reader_attribute(const char **atts, const char *name)
{
	for (; atts && atts[0]; atts += 2)
		if (strcasecmp(atts[0], name) == 0)
			return atts[1] ? atts[1] : "";
	return NULL;
}

int reader_number(const char *digits, int otherwise)
{
	int n = 0;

	for (; *digits >= '0' && *digits <= '9' && n < 100000; digits++)
		n = n * 10 + (*digits - '0');
	return *digits ? otherwise : n;
}

void reader_watch(struct reader *r, const char *name, const char **atts)
{
	const char *refresh = reader_attribute(atts, "http-equiv");

	for (const char **p = atts; p && p[0]; p += 2)
		if (strncasecmp(p[0], "on", 2) == 0)
			reader_note(r, NOTE_HANDLER);
	if (strcasecmp(name, "meta") == 0 && refresh && strcasecmp(refresh, "refresh") == 0)
		reader_note(r, NOTE_META);
	if (reader_attribute(atts, "background"))
		reader_note(r, NOTE_BACKGROUND);
}

void reader_judge(struct reader *r, struct frame *f, const struct element_role *known)
{
	f->quiet = f->role == ROLE_SILENT || (f->gone && f->role != ROLE_GONE);
	f->gone = f->gone || f->role == ROLE_GONE || f->role == ROLE_SILENT;
	if (f->role == ROLE_GONE || f->role == ROLE_NOTED)
		reader_note(r, known->note);
	/* "o:p" and the like: what office programs put around everything. */
	if (!known && !strchr(f->el.name, ':'))
		reader_note(r, NOTE_ELEMENT);
}

/* --- what an element looks like -------------------------------------------- */

struct styling {
	struct reader *r;
	struct style *look;
	struct box *box;
	struct hiding hiding;
	bool is_inline;
	bool hinting; /* what attributes stand for */
};

static void take(struct styling *s, const struct css_declaration *d, bool important)
{
	for (; d; d = d->next) {
		if (d->important != important)
			continue;
		enum style_verdict verdict = style_take(d, s->is_inline, s->look, s->box, &s->hiding);

		if (strcmp(d->name, "text-align") == 0)
			s->look->soft_align = s->hinting;
		if (verdict == STYLE_REMOTE)
			reader_note(s->r, NOTE_BACKGROUND);
		else if (verdict == STYLE_LEFT_OUT)
			reader_note(s->r, NOTE_STYLE);
	}
}

static struct css_declaration *declared(struct reader *r, const char *style)
{
	const char *doubt = NULL;

	return style ? css_declarations(r->a, css_without_comments(r->a, slice_of(style)), &doubt) : NULL;
}

static void hint(struct buf *b, const char *property, const char *value, const char *unit)
{
	if (value && *value && !value[strspn(value, "#%.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")])
		buf_addf(b, "%s:%s%s;", property, value, value[strspn(value, "0123456789.")] ? "" : unit);
}

static void hint_font(struct buf *b, const char **atts)
{
	static const char *const SIZES[] = { "12px", "13px", "16px", "18px", "24px", "32px", "48px" };
	const char *size = reader_attribute(atts, "size");

	hint(b, "color", reader_attribute(atts, "color"), "");
	if (size && size[0] >= '1' && size[0] <= '7' && !size[1])
		buf_addf(b, "font-size:%s;", SIZES[size[0] - '1']);
	else if (size && (size[0] == '+' || size[0] == '-'))
		buf_addf(b, "font-size:%s;", size[0] == '+' ? "larger" : "smaller");
}

/* Attributes that style, said as declarations. */
static const char *hints_of(const struct frame *f, const struct element_role *known, const char **atts, struct buf *b)
{
	const char *align = reader_attribute(atts, "align");
	bool is_table = f->role == ROLE_TABLE, is_box = is_table || f->role == ROLE_CELL || f->role == ROLE_ROW;

	if (known && known->css)
		buf_addf(b, "%s;", known->css);
	if (align && is_table)
		buf_adds(b, strcasecmp(align, "center") == 0 ? "margin:0 auto;" : "");
	else if (f->role != ROLE_INLINE)
		hint(b, "text-align", align, "");
	if (strcasecmp(f->el.name, "font") == 0)
		hint_font(b, atts);
	if (strcasecmp(f->el.name, "body") == 0)
		hint(b, "color", reader_attribute(atts, "text"), "");
	if (is_box || strcasecmp(f->el.name, "body") == 0)
		hint(b, "background-color", reader_attribute(atts, "bgcolor"), "");
	if (is_box) {
		hint(b, "width", reader_attribute(atts, "width"), "px");
		hint(b, "vertical-align", reader_attribute(atts, "valign"), "");
	}
	if (f->role == ROLE_CELL && f->el.name[1] == 'h')
		buf_adds(b, "font-weight:bold;");
	return b->n ? buf_text(b) : NULL;
}

/* All that is declared of the element, in the order of CSS. */
static int cascade(struct styling *s, struct frame *f, const char *hints, const char *own)
{
	struct reader *r = s->r;
	const struct sheet *sheet = r->sheet;
	const struct css_declaration *mine = declared(r, own);
	const struct rule *hit[RULES_MAX];
	unsigned steps = 0;
	size_t n = 0;

	r->rules_asked += sheet->n;
	if (r->rules_asked > RULES_ASKED_MAX)
		return reader_fault(r, "more style rules and elements than can be read; take out rules that nothing uses");
	for (size_t i = 0; i < sheet->n; i++)
		if (sheet->rules[i].group == 0 && selector_matches(&sheet->rules[i], &f->el, &steps) == MATCH_YES)
			hit[n++] = &sheet->rules[i];
	s->hinting = true;
	take(s, declared(r, hints), false);
	s->hinting = false;
	for (int important = 0; important < 2; important++) {
		for (size_t i = 0; i < n; i++)
			take(s, hit[i]->first, important);
		take(s, mine, important);
	}
	return 0;
}

/* Inline elements of which there is one kind of run. */
static void mark_words(const char *name, struct style *l)
{
	static const char *const CODE[] = { "code", "kbd", "samp", "tt" };

	for (size_t i = 0; i < COUNT(CODE); i++)
		l->code = l->code || strcasecmp(name, CODE[i]) == 0;
	if (strcasecmp(name, "sub") == 0 || strcasecmp(name, "sup") == 0)
		l->shift = name[2] == 'b' || name[2] == 'B' ? -1 : 1;
}

/* Of a block's box, what fits its kind. */
static void fit_box(enum role role, struct box *b)
{
	bool sized = role == ROLE_DIV || role == ROLE_TABLE;

	if (sized && b->width > 0) {
		b->max_width = b->max_width > 0 && b->max_width < b->width ? b->max_width : b->width;
		b->width_percent = 100;
	}
	if (role != ROLE_CELL || b->width > CELL_WIDTH_MOST || b->width_percent != UNSET)
		b->width = UNSET;
	if (!sized)
		b->max_width = UNSET;
	if (!sized && role != ROLE_CELL)
		b->width_percent = UNSET;
	if (role == ROLE_CELL || role == ROLE_ROW)
		for (int i = 0; i < 4; i++)
			b->margin[i] = UNSET;
	if (role == ROLE_ROW || role == ROLE_LIST || role == ROLE_ITEM || role == ROLE_QUOTE || role == ROLE_CAPTION ||
	    role == ROLE_PRE) {
		int64_t ground = role == ROLE_ROW ? b->ground : UNSET;
		const char *dir = b->dir;

		box_clear(b);
		b->ground = ground;
		b->dir = dir;
	}
	if (role != ROLE_CELL)
		b->valign = NULL;
}

static const char *direction(const char **atts)
{
	static const char *const WORDS[] = { "ltr", "rtl", "auto" };
	const char *dir = reader_attribute(atts, "dir");

	for (size_t i = 0; dir && i < COUNT(WORDS); i++)
		if (strcasecmp(dir, WORDS[i]) == 0)
			return WORDS[i];
	return NULL;
}

static bool has_border(const struct box *b)
{
	for (int i = 0; i < 4; i++)
		if (b->border[i].style != LINE_NONE && b->border[i].width > 0)
			return true;
	return false;
}

/* --- links ---------------------------------------------------------------- */

/* The scheme of an address, lower case, as a careless program would read it: without blanks and controls. */
static void scheme_of(const char *href, char out[16])
{
	size_t n = 0;

	for (; *href && *href != ':' && n < 15; href++)
		if ((unsigned char)*href > ' ')
			out[n++] = (char)((*href | 32) & 0x7f);
	out[*href == ':' ? n : 0] = '\0';
}

/* Where the link goes, or NULL for one that is left out. */
static const char *link_target(struct reader *r, const char *raw)
{
	struct buf b;
	const char *href, *why;
	char scheme[16];

	raw += strspn(raw, " \t\n");
	buf_init(&b, HREF_MAX);
	source_restore(&b, raw, strlen(raw));
	while (b.n && b.p[b.n - 1] == ' ')
		buf_cut(&b, b.n - 1);
	href = arena_text(r->a, buf_text(&b));
	if (b.over)
		reader_fault(r, "a link is too long");
	buf_free(&b);
	if (r->failed || !*href)
		return NULL;
	scheme_of(href, scheme);
	if (*href == '#' || (*scheme && strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0 && strcmp(scheme, "mailto") != 0)) {
		reader_note(r, *href == '#' ? NOTE_ANCHOR : NOTE_LINK);
		return NULL;
	}
	if (link_is_good(href, &why))
		return href;
	reader_fault(r, why);
	return NULL;
}

static void make_link(struct reader *r, struct frame *f, struct style *look, struct box *box, const char **atts)
{
	const char *raw = reader_attribute(atts, "href"), *href = raw && !look->hidden ? link_target(r, raw) : NULL;
	struct link *link;

	if (!href)
		return;
	f->role = ROLE_LINK;
	link = ARENA_NEW(r->a, struct link);
	*link = (struct link){ .href = href, .ground = box->ground, .ink = UNSET };
	link->button = box->ground >= 0 || has_border(box);
	if (link->button) {
		link->box = *box;
		look->mark = UNSET;
		for (int i = 0; i < 4; i++)
			link->box.margin[i] = UNSET;
		link->box.width = link->box.width_percent = link->box.max_width = UNSET;
		link->box.valign = NULL;
	}
	look->link = link;
	look->underline = false;
}

/* The colour of a link's own words. */
static void settle_link(struct link *link, struct style *look)
{
	int64_t ground = look_ground(look);

	if (look->fg >= 0)
		link->ink = look->ink;
	else if (ground >= 0)
		link->ink = css_contrast(LINK_INK, (uint32_t)ground) >= 4.5 ? LINK_INK : style_legible(ground);
	look->ink = link->ink;
}

/* What words stand on. White on the house's own sheet says nothing, and would stay white in the dark. */
static void settle_ground(const struct frame *f, struct style *look, struct box *box, bool is_inline)
{
	bool is_page = strcasecmp(f->el.name, "body") == 0 || strcasecmp(f->el.name, "html") == 0;

	if (is_page && look->mark >= 0)
		look->lost = true;
	if (is_page || look->mark == look->ground || (look->mark == 0xffffff && look->ground < 0))
		look->mark = UNSET;
	if (is_inline || box->ground < 0)
		return;
	if (box->ground == 0xffffff && look->ground < 0) {
		box->ground = UNSET;
		return;
	}
	look->ground = box->ground;
	look->lost = false;
}

/* Quotes and <pre> look as the house has them. */
static void keep_house(const struct frame *f, struct style *look)
{
	if (f->role == ROLE_QUOTE)
		look->fg = f->look->fg;
	if (f->role == ROLE_QUOTE || f->role == ROLE_PRE) {
		look->size = f->look->size;
		look->em = f->look->em;
	}
}

/* As in browsers: what `align` says of a cell or a box holds for a table in it as a whole, and not for its words. */
static void begin_anew(struct style *look, struct box *box)
{
	if (look->align == ALIGN_CENTER || look->align == ALIGN_RIGHT)
		box->margin[LEFT] = AUTO;
	if (look->align == ALIGN_CENTER)
		box->margin[RIGHT] = AUTO;
	look->align = ALIGN_LEFT;
	look->soft_align = false;
}

int reader_style(struct reader *r, struct frame *f, const struct element_role *known, const char **atts)
{
	bool is_link = f->role == ROLE_LINK;
	struct style *look = ARENA_NEW(r->a, struct style);
	struct box *box = ARENA_NEW(r->a, struct box);
	struct styling s = { .r = r, .look = look, .box = box };
	struct buf hints;
	int rc;

	*look = *f->look;
	look->mended = false;
	box_clear(box);
	s.is_inline = f->role == ROLE_INLINE || f->role == ROLE_WORDS || f->role == ROLE_NOTED;
	if (!s.is_inline && !is_link)
		look->mark = UNSET;
	if (is_link && reader_attribute(atts, "href"))
		look->fg = UNSET;
	f->el.id = arena_text(r->a, reader_attribute(atts, "id"));
	f->el.classes = arena_text(r->a, reader_attribute(atts, "class"));
	if (reader_attribute(atts, "hidden"))
		look->hidden = true;
	buf_init(&hints, 2000);
	if (f->role == ROLE_TABLE && look->soft_align)
		begin_anew(look, box);
	rc = cascade(&s, f, hints_of(f, known, atts, &hints), reader_attribute(atts, "style"));
	buf_free(&hints);
	if (rc < 0)
		return -1;
	mark_words(f->el.name, look);
	box->dir = s.is_inline ? NULL : direction(atts);
	if (is_link)
		make_link(r, f, look, box, atts);
	else if (!s.is_inline)
		fit_box(f->role, box);
	keep_house(f, look);
	settle_ground(f, look, box, s.is_inline || is_link);
	style_settle(look, &s.hiding);
	if (look->link && is_link)
		settle_link((struct link *)(uintptr_t)look->link, look);
	else if (look->link && look->fg < 0 && look->mark < 0)
		look->ink = look->link->ink;
	f->look = look;
	f->box = box;
	return 0;
}

/* --- images --------------------------------------------------------------- */

static bool counts_readers(const char **atts)
{
	const char *width = reader_attribute(atts, "width"), *height = reader_attribute(atts, "height");
	bool narrow = width && (strcmp(width, "1") == 0 || strcmp(width, "0") == 0);

	return narrow && height && (strcmp(height, "1") == 0 || strcmp(height, "0") == 0);
}

static const struct image *find_image(const struct markdown_images *images, const char *src)
{
	const struct image *found = NULL;
	struct buf id;

	if (strncasecmp(src, "cid:", 4) == 0)
		src += 4;
	buf_init(&id, 1000);
	for (size_t i = 0; images && i < images->n && !found; i++) {
		buf_clear(&id);
		image_content_id(&images->image[i], images->domain, &id);
		if (strcmp(images->image[i].name, src) == 0 || strcmp(buf_text(&id), src) == 0) {
			images->used[i] = true;
			found = &images->image[i];
		}
	}
	buf_free(&id);
	return found;
}

int reader_image(struct reader *r, const char **atts, const struct image **out)
{
	const char *src = reader_attribute(atts, "src");
	char scheme[16];

	*out = NULL;
	src = src ? src + strspn(src, " \t\n") : "";
	scheme_of(src, scheme);
	if (counts_readers(atts) || !*src || strstr(scheme, "script")) {
		reader_note(r, NOTE_PIXEL);
		return 0;
	}
	*out = find_image(r->images, src);
	if (*out)
		return 0;
	return reader_fault(r, arena_printf(r->a,
					    "an image that the project has not: “%.*s”; add it with `placet project image`, and "
					    "write its name alone: <img src=\"NAME\">",
					    utf8_fit(slice_of(src), 80), src));
}
