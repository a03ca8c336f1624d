/*
 * Reading style sheets. Rules are put into groups by for whom they hold; once all are read, the worlds
 * are found: of all kinds of readers that the groups tell apart, one of each. Rules that can do nothing
 * to text are left out at once.
 */
#include "mail/html_sheet.h"

#include <ctype.h>
#include <strings.h>

#define CSS_MAX ((size_t)128 * 1024)
#define MEDIA_DEPTH_MAX 4
#define SELECTOR_MAX 500
#define LOOKS_MAX 20000 /* kinds of readers that are looked at, to find the different ones */

struct sheet *sheet_new(struct arena *a, bool dark, bool quirks)
{
	struct sheet *s = ARENA_NEW(a, struct sheet);

	s->a = a;
	s->dark_page = dark;
	s->quirks = quirks;
	s->group[0].media = "";
	s->n_groups = 1;
	return s;
}

/* --- reading rules --- */

static void set_doubt(struct style_notes *notes, const char *why)
{
	if (!notes->doubt)
		notes->doubt = why;
}

static int group_of(struct sheet *s, const struct group *g)
{
	for (int i = 0; i < s->n_groups; i++)
		if (s->group[i].state == g->state && s->group[i].client == g->client &&
		    strcmp(s->group[i].media, g->media) == 0)
			return i;
	if (s->n_groups == GROUPS_MAX) {
		s->full = true;
		return 0;
	}
	s->group[s->n_groups] = *g;
	return s->n_groups++;
}

/* A declaration that hides nothing, and without which nothing is hidden. */
static bool is_harmless(const struct css_declaration *d)
{
	if (d->kind == CSS_FREE || d->kind == CSS_ALIGN)
		return true;
	if (d->kind == CSS_PADDING || d->kind == CSS_MARGIN || d->kind == CSS_BORDER || d->kind == CSS_RADIUS)
		return strspn(d->value, "0123456789. pxemt%autosldnr#") == strlen(d->value) && strlen(d->value) < 30 &&
		       !strstr(d->value, "000");
	return d->kind == CSS_NONE && strcmp(d->value, "none") == 0;
}

static bool all_harmless(const struct css_declaration *d)
{
	for (; d; d = d->next)
		if (!is_harmless(d))
			return false;
	return true;
}

/* What stands before and after elements shows nothing, and takes no room to speak of. */
static bool is_empty_box(const struct css_declaration *d)
{
	for (; d; d = d->next) {
		bool empty = !d->value[0] || strspn(d->value, "\"' .") == strlen(d->value) || strcmp(d->value, "none") == 0;

		if (!is_harmless(d) && !(strcmp(d->name, "content") == 0 && empty) && d->kind != CSS_VISIBILITY &&
		    !(d->kind == CSS_DISPLAY && strncmp(d->value, "ta", 2) == 0) &&
		    !(d->kind == CSS_DISPLAY && (strcmp(d->value, "block") == 0 || strcmp(d->value, "none") == 0)) &&
		    !((d->kind == CSS_HEIGHT || d->kind == CSS_FONT_SIZE || d->kind == CSS_LINE_HEIGHT) &&
		      strcmp(d->value, "0") == 0))
			return false;
	}
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Blanks collapsed outside of quotes, and trimmed. */
static char *tidy_text(struct arena *a, const char *p, size_t n, bool lower)
{
	char *out = arena_alloc(a, n + 1), *w = out, quote = 0;

	for (size_t i = 0; i < n; i++) {
		if (quote ? p[i] == quote : p[i] == '"' || p[i] == '\'')
			quote = quote ? 0 : p[i];
		if (quote || !is_blank(p[i]))
			*w++ = lower ? (char)tolower((unsigned char)p[i]) : p[i];
		else if (w > out && w[-1] != ' ')
			*w++ = ' ';
	}
	if (w > out && w[-1] == ' ')
		w--;
	*w = '\0';
	return out;
}

/* Adds the rule of one selector. *invalid: browsers may drop it with all others of the list. */
static void add_rule(struct sheet *s, const char *selector, const char *media, const struct css_declaration *first,
		     bool *invalid, struct style_notes *notes)
{
	struct rule r = { .first = first };
	struct group g = { .media = media };

	selector_read(s->a, selector, &r, &g, invalid);
	if (!r.n || r.pseudo == PSEUDO_NOTHING || (r.pseudo == PSEUDO_BOX && is_empty_box(first)) ||
	    ((r.odd || g.state || g.client) && all_harmless(first)))
		return;
	r.group = group_of(s, &g);
	if (s->n == RULES_MAX || s->full) {
		set_doubt(notes, "more style rules than can be judged");
		return;
	}
	s->rules[s->n++] = r;
}

/* The comma that ends one selector of a list, or its end. */
static const char *selector_end(const char *p, const char *end)
{
	char quote = 0;
	int open = 0;

	for (; p < end; p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else if (!quote)
			open += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		if (!quote && !open && *p == ',')
			break;
	}
	return p;
}

static void add_rules(struct sheet *s, struct slice selectors, struct slice body, const char *media,
		      struct style_notes *notes)
{
	const struct css_declaration *first = css_declarations(s->a, body, &notes->doubt);
	const char *p = selectors.p, *end = selectors.p + selectors.n;
	size_t from = s->n;
	bool invalid = false;

	/* A nested rule can reach elements that the outer one does not. */
	if (memchr(body.p, '{', body.n))
		set_doubt(notes, "nested style rules");
	if (memchr(selectors.p, '\\', selectors.n) || memchr(selectors.p, '&', selectors.n) ||
	    memchr(selectors.p, '{', selectors.n) || selectors.n > SELECTOR_MAX * 20) {
		set_doubt(notes, "a style selector that cannot be read");
		return;
	}
	for (;;) {
		const char *stop = selector_end(p, end);
		char *text = tidy_text(s->a, p, (size_t)(stop - p), false);

		if (strlen(text) > SELECTOR_MAX)
			set_doubt(notes, "a style selector that cannot be read");
		else
			add_rule(s, text, media, first, &invalid, notes);
		if (stop == end)
			break;
		p = stop + 1;
	}
	for (size_t i = from; i < s->n && invalid; i++)
		s->rules[i].odd = true;
	for (const struct css_declaration *d = first; d; d = d->next)
		if (d->kind == CSS_SCHEME && strstr(d->value, "dark"))
			s->dark_page = true;
}

/* The "}" that closes the block which begins at p (behind its "{"). */
static const char *block_end(const char *p, const char *end)
{
	char quote = 0;
	int depth = 1;

	for (; p < end; p++) {
		if (quote ? *p == quote || *p == '\n' : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		if (quote)
			continue;
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			break;
	}
	return p;
}

static void read_rules(struct sheet *s, struct slice css, const char *media, int depth, struct style_notes *notes);

static bool begins(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && (!text[n] || text[n] == ' ' || text[n] == '(');
}

static void read_at_rule(struct sheet *s, struct slice head, struct slice body, const char *media, int depth,
			 struct style_notes *notes)
{
	const char *text = tidy_text(s->a, head.p, head.n, true);
	bool query = begins(text, "@media"), supports = begins(text, "@supports");

	if (strstr(text, "@import") || memmem(body.p, body.n, "url(", 4))
		notes->remote = true;
	if ((query || supports) && depth < MEDIA_DEPTH_MAX) {
		const char *own = query ? text + 6 + (text[6] == ' ') : text;

		css_media_note(s->a, &s->media, own);
		read_rules(s, body, media[0] ? arena_printf(s->a, "%s\n%s", media, own) : own, depth + 1, notes);
	} else if (!begins(text, "@charset") && !begins(text, "@viewport") && !begins(text, "@-ms-viewport") &&
		   !begins(text, "@keyframes") && !begins(text, "@-webkit-keyframes") &&
		   !(begins(text, "@page") && !memmem(body.p, body.n, "size", 4))) {
		set_doubt(notes, arena_printf(s->a, "the style rule \"%.40s\"", text));
	}
	if (s->media.full)
		set_doubt(notes, "more media queries than can be judged");
}

static void read_rules(struct sheet *s, struct slice css, const char *media, int depth, struct style_notes *notes)
{
	const char *p = css.p, *end = css.p + css.n;

	for (;;) {
		const char *open, *close;
		char quote = 0;

		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			return;
		if (*p == ';' || *p == '}')
			set_doubt(notes, "a style sheet that is not well-formed");
		for (open = p; open < end && (quote || (*open != '{' && !(*open == ';' && *p == '@'))); open++)
			if (quote ? *open == quote || *open == '\n' : *open == '"' || *open == '\'')
				quote = quote ? 0 : *open;
		if (open == end || *open == ';') {
			if (*p == '@')
				read_at_rule(s, (struct slice){ p, (size_t)(open - p) }, (struct slice){ "", 0 }, media,
					     depth, notes);
			p = open < end ? open + 1 : end;
			continue;
		}
		close = block_end(open + 1, end);
		struct slice head = { p, (size_t)(open - p) }, body = { open + 1, (size_t)(close - open - 1) };

		if (*p == '@')
			read_at_rule(s, head, body, media, depth, notes);
		else
			add_rules(s, head, body, media, notes);
		p = close < end ? close + 1 : end;
	}
}

void sheet_add(struct sheet *s, struct slice css, struct style_notes *notes)
{
	s->bytes += css.n;
	if (s->bytes > CSS_MAX) {
		set_doubt(notes, "a style sheet too long to be judged");
		return;
	}
	if (!s->rules)
		s->rules = ARENA_ARRAY(s->a, struct rule, RULES_MAX);
	if (memmem(css.p, css.n, "<!--", 4) || memmem(css.p, css.n, "-->", 3))
		set_doubt(notes, "a comment around a style sheet");
	read_rules(s, css_without_comments(s->a, css), "", 0, notes);
}

/* --- worlds --- */

static bool media_hold(const struct sheet *s, const char *media, const struct css_world *w)
{
	for (; media; media = strchr(media, '\n')) {
		media += *media == '\n';
		if (!css_media_holds(&s->media, media, w))
			return false;
	}
	return true;
}

static bool group_holds(const struct sheet *s, const struct group *g, const struct world *w)
{
	return w->sheet && (!g->media[0] || (w->media && media_hold(s, g->media, &w->w))) &&
	       (g->state == STATE_NONE || g->state == w->state || (g->state == STATE_FRESH && w->state != STATE_VISITED)) &&
	       (!g->client || g->client == w->client);
}

static uint64_t groups_of(const struct sheet *s, const struct world *w)
{
	uint64_t holds = 0;

	for (int i = 0; i < s->n_groups; i++)
		holds |= (uint64_t)group_holds(s, &s->group[i], w) << i;
	return holds;
}

/* Adds the world unless one like it is there: of those alike, the narrowest counts. */
static void add_world(struct sheet *s, const struct world *w)
{
	uint64_t holds = groups_of(s, w);

	if (++s->looked > LOOKS_MAX)
		s->full = true;
	for (int i = 0; i < s->worlds; i++) {
		struct world *other = &s->world[i];

		if (other->dark == w->dark && other->quirk == w->quirk && other->media == w->media &&
		    other->holds == holds) {
			if (w->w.width < other->w.width)
				other->w.width = w->w.width;
			return;
		}
	}
	if (s->worlds == WORLDS_MAX)
		s->full = true;
	else
		s->world[s->worlds++] = *w;
	if (!s->full)
		s->world[s->worlds - 1].holds = holds;
}

static void add_variants(struct sheet *s, struct world w)
{
	unsigned all = 1u << s->media.n_unknown;
	bool states = false;
	int clients = 0;

	for (int i = 0; i < s->n_groups; i++) {
		states = states || s->group[i].state;
		clients = s->group[i].client > clients ? s->group[i].client : clients;
	}
	for (w.w.unknown = 0; w.w.unknown < all && !s->full; w.w.unknown++)
		for (w.client = 0; w.client <= clients; w.client++)
			for (int state = 0; state < (states ? 4 : 1); state++) {
				w.state = (enum state)state;
				w.quirk = false;
				add_world(s, &w);
				if (s->quirks) {
					w.quirk = true;
					add_world(s, &w);
				}
			}
}

static int limits(const double *at, int n, double out[])
{
	int k = 0;

	out[k++] = 320;
	out[k++] = 1200;
	for (int i = 0; i < n; i++)
		for (int d = -1; d <= 1; d++)
			out[k++] = at[i] + d < 1 ? 1 : at[i] + d;
	return k;
}

/* Stable: rules of the same weight keep their order. */
static void sort_rules(struct rule *r, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct rule moved = r[i];
		size_t at = i;

		for (; at && r[at - 1].specificity > moved.specificity; at--)
			r[at] = r[at - 1];
		r[at] = moved;
	}
}

void sheet_ready(struct sheet *s, struct style_notes *notes)
{
	double width[2 + 3 * MEDIA_WIDTHS_MAX], device[2 + 3 * MEDIA_WIDTHS_MAX];
	int widths = limits(s->media.width, s->media.n_widths, width);
	int devices = s->media.n_devices ? limits(s->media.device, s->media.n_devices, device) : 0;
	struct world plain = { .w = { .width = 1000, .device = 1000 } };

	/* Clients that drop style sheets, and that drop queries, are worlds of their own where there is something to drop. */
	if (s->n)
		add_variants(s, plain);
	plain.sheet = true;
	if (s->n_groups > 1)
		add_variants(s, plain);
	for (int i = 0; i < widths && !s->full; i++)
		for (int k = 0; k < (devices ? devices : 1) && !s->full; k++)
			for (int dark = 0; dark < (s->media.asks_dark || s->dark_page ? 2 : 1); dark++)
				for (int print = 0; print < (s->media.asks_print ? 2 : 1); print++) {
					struct world w = { .sheet = true, .media = true, .dark = dark && s->dark_page };

					w.w = (struct css_world){ .width = width[i], .dark = dark, .print = print };
					w.w.device = devices ? device[k] : width[i];
					add_variants(s, w);
				}
	sort_rules(s->rules, s->n);
	if (s->full)
		set_doubt(notes, "more kinds of readers than can be judged");
	for (size_t i = 0; i < s->n; i++)
		for (int w = 0; w < s->worlds; w++)
			s->rules[i].worlds |= (s->world[w].holds >> s->rules[i].group & 1) << w;
}
