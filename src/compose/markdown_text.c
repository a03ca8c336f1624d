/*
 * Markdown as plain text that reads well by itself: see markdown.h. A block's
 * words are collected in `words` and written out, wrapped, when the block ends.
 * What a line begins with comes from the stack of open quotes and list items.
 * A gap (one empty line) is owed between blocks, except in tight lists.
 */
#include "compose/markdown.h"

#include "compose/compose.h"
#include "compose/fields.h"
#include "compose/markdown_table.h"
#include "compose/markdown_walk.h"
#include "compose/wrap.h"

#define PREFIX_MAX 200

struct holder {
	bool quote;
	bool used;     /* a line was written in it */
	char mark[16]; /* of a list item: "- ", "10. " */
};

struct list {
	bool ordered, tight;
	bool begun; /* an item was seen */
	unsigned next;
};

struct text {
	struct walk walk; /* first */
	struct buf *out;
	struct buf words;
	struct holder holder[WALK_DEPTH];
	size_t n_holders;
	struct list list[WALK_DEPTH];
	size_t n_lists;
	bool gap;
	bool in_code;
	size_t link_from; /* where the words of the open link begin */
	struct text_table *table;
	bool too_large; /* a table was; stays set */
	bool house;     /* what the house says: addresses on lines of their own, no marks of emphasis */
	bool after_url; /* ... such a line was just written */
};

static struct text *of(struct walk *w)
{
	return (struct text *)(void *)w;
}

/* What a line begins with now. The first line of an item has its mark. */
static void make_prefix(const struct text *t, bool first, char out[PREFIX_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < t->n_holders; i++) {
		const struct holder *h = &t->holder[i];
		const char *mark = h->quote ? "> " : h->mark;
		size_t n = strlen(mark);

		MUST(at + n < PREFIX_MAX);
		if (h->quote || (first && !h->used))
			memcpy(out + at, mark, n);
		else
			memset(out + at, ' ', n);
		at += n;
	}
	out[at] = '\0';
}

static void empty_line(struct text *t)
{
	char prefix[PREFIX_MAX];
	size_t open = t->n_holders, used = 0, n;

	while (used < open && t->holder[used].used)
		used++;
	t->n_holders = used;
	make_prefix(t, false, prefix);
	t->n_holders = open;
	n = strlen(prefix);
	while (n && prefix[n - 1] == ' ')
		n--;
	buf_add(t->out, prefix, n);
	buf_addc(t->out, '\n');
}

/* Pays the gap and gives the prefixes of the block that begins. */
static void begin(struct text *t, char first[PREFIX_MAX], char rest[PREFIX_MAX])
{
	if (t->gap && t->out->n)
		empty_line(t);
	make_prefix(t, true, first);
	make_prefix(t, false, rest);
	for (size_t i = 0; i < t->n_holders; i++)
		t->holder[i].used = true;
	t->gap = true;
}

/* A paragraph that is one address: on its own line it needs no brackets. */
static struct slice without_brackets(struct slice s)
{
	if (s.n > 2 && s.p[0] == '<' && s.p[s.n - 1] == '>' && !memchr(s.p, ' ', s.n) &&
	    (memmem(s.p, s.n, "://", 3) || slot_find(s.p, s.n) == 1) &&
	    !memchr(s.p + 1, '<', s.n - 1))
		return (struct slice){ s.p + 1, s.n - 2 };
	return s;
}

static size_t write_words(struct text *t)
{
	char first[PREFIX_MAX], rest[PREFIX_MAX];
	struct slice s = without_brackets((struct slice){ buf_text(&t->words), t->words.n });
	size_t width = 0, prefix = 0;

	if (s.n) {
		begin(t, first, rest);
		width = wrap_text(t->out, s.p, s.n, first, rest);
		prefix = text_width(rest, strlen(rest));
	}
	buf_clear(&t->words);
	t->after_url = false;
	return width > prefix ? width - prefix : 0;
}

static void write_heading(struct text *t, unsigned level)
{
	char prefix[PREFIX_MAX];
	size_t width = write_words(t);

	if (!width)
		return;
	make_prefix(t, false, prefix);
	buf_adds(t->out, prefix);
	for (size_t i = 0; i < width && i < WRAP_COLUMNS; i++)
		buf_addc(t->out, level == 1 || (t->house && level == 2) ? '=' : '-');
	buf_addc(t->out, '\n');
}

/* Code is not wrapped: its lines are the writer's. */
static void write_code(struct text *t)
{
	char first[PREFIX_MAX], rest[PREFIX_MAX];
	const char *p = buf_text(&t->words), *end = p + t->words.n, *stop;

	if (p == end)
		return;
	begin(t, first, rest);
	for (const char *prefix = first; p < end; p = stop + 1, prefix = rest) {
		stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
		buf_adds(t->out, prefix);
		buf_adds(t->out, "    ");
		buf_add(t->out, p, (size_t)(stop - p));
		buf_addc(t->out, '\n');
	}
	buf_clear(&t->words);
}

static void write_rule(struct text *t)
{
	char first[PREFIX_MAX], rest[PREFIX_MAX];

	begin(t, first, rest);
	buf_adds(t->out, first);
	buf_adds(t->out, "* * *\n");
}

static void enter_list(struct text *t, bool ordered, unsigned start, bool tight)
{
	write_words(t);
	/* Directly below an item of a tight list: no gap before the first item either. */
	if (t->n_lists && t->list[t->n_lists - 1].tight)
		t->gap = false;
	MUST(t->n_lists < WALK_DEPTH);
	t->list[t->n_lists++] = (struct list){ .ordered = ordered, .tight = tight, .next = start };
}

static void enter_item(struct text *t)
{
	struct list *l = &t->list[t->n_lists - 1];
	struct holder *h = &t->holder[t->n_holders++];

	*h = (struct holder){ 0 };
	if (l->ordered)
		snprintf(h->mark, sizeof(h->mark), "%u. ", l->next++);
	else
		memcpy(h->mark, "- ", 3);
	if (l->tight && l->begun)
		t->gap = false;
	l->begun = true;
}

static void leave_item(struct text *t)
{
	char first[PREFIX_MAX], rest[PREFIX_MAX];

	write_words(t);
	if (!t->holder[t->n_holders - 1].used) { /* an empty item keeps its mark */
		begin(t, first, rest);
		wrap_text(t->out, "\n", 1, first, rest);
	}
	t->n_holders--;
}

static void enter_table(struct text *t, const MD_BLOCK_TABLE_DETAIL *d)
{
	write_words(t);
	if (d->col_count > TABLE_COLUMNS)
		t->too_large = true;
	if (!t->too_large)
		table_init(t->table, d->col_count);
}

static void leave_table(struct text *t)
{
	char first[PREFIX_MAX], rest[PREFIX_MAX];

	if (t->too_large)
		return;
	begin(t, first, rest);
	table_write(t->table, t->out, first, rest);
	table_free(t->table);
}

static void leave_cell(struct text *t, const MD_BLOCK_TD_DETAIL *d)
{
	if (!t->too_large) {
		t->table->right[t->table->n % t->table->columns] = d->align == MD_ALIGN_RIGHT;
		t->too_large = !table_add(t->table, buf_text(&t->words), t->words.n);
	}
	buf_clear(&t->words);
}

static void enter_block(struct walk *w, MD_BLOCKTYPE type, const void *detail)
{
	struct text *t = of(w);
	const MD_BLOCK_OL_DETAIL *ol = detail;
	const MD_BLOCK_UL_DETAIL *ul = detail;

	switch (type) {
	case MD_BLOCK_QUOTE:
		write_words(t);
		t->holder[t->n_holders++] = (struct holder){ .quote = true };
		break;
	case MD_BLOCK_UL:
		enter_list(t, false, 0, ul->is_tight);
		break;
	case MD_BLOCK_OL:
		enter_list(t, true, ol->start, ol->is_tight);
		break;
	case MD_BLOCK_LI:
		enter_item(t);
		break;
	case MD_BLOCK_TABLE:
		enter_table(t, detail);
		break;
	case MD_BLOCK_CODE:
		write_words(t);
		t->in_code = true;
		break;
	case MD_BLOCK_HR:
		write_words(t);
		write_rule(t);
		break;
	case MD_BLOCK_P:
	case MD_BLOCK_H:
		write_words(t);
		break;
	default:
		break;
	}
}

static void leave_block(struct walk *w, MD_BLOCKTYPE type, const void *detail)
{
	struct text *t = of(w);

	switch (type) {
	case MD_BLOCK_QUOTE:
		t->n_holders--;
		break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		t->n_lists--;
		t->gap = true;
		break;
	case MD_BLOCK_LI:
		leave_item(t);
		break;
	case MD_BLOCK_TABLE:
		leave_table(t);
		break;
	case MD_BLOCK_TH:
	case MD_BLOCK_TD:
		leave_cell(t, detail);
		break;
	case MD_BLOCK_CODE:
		write_code(t);
		t->in_code = false;
		break;
	case MD_BLOCK_H:
		write_heading(t, ((const MD_BLOCK_H_DETAIL *)detail)->level);
		break;
	case MD_BLOCK_P:
		write_words(t);
		break;
	default:
		break;
	}
}

/* Emphasis as people type it in plain text. */
static void mark_span(struct text *t, MD_SPANTYPE type)
{
	if (t->house)
		return;
	if (type == MD_SPAN_STRONG)
		buf_addc(&t->words, '*');
	else if (type == MD_SPAN_EM)
		buf_addc(&t->words, '_');
}

static void enter_span(struct walk *w, MD_SPANTYPE type, const char *href)
{
	struct text *t = of(w);

	(void)href;
	mark_span(t, type);
	if (type == MD_SPAN_A)
		t->link_from = t->words.n;
}

/* Do the words of the link say where it goes already? */
static bool words_are_href(struct slice words, const char *href)
{
	return slice_is(words, href) || (strncmp(href, "mailto:", 7) == 0 && slice_is(words, href + 7));
}

/* Is its last whole line this address? Then words that lead there stand above, and it need not be said twice. */
static bool ends_in_line(const struct buf *words, const char *p, size_t n)
{
	return words->n > n && words->p[words->n - 1] == '\n' && memcmp(words->p + words->n - 1 - n, p, n) == 0;
}

/* An address goes on a line of its own, so that nothing is glued to it; words that lead there end in a colon. */
static void house_link(struct text *t, bool words_lead, const char *shown, size_t n)
{
	const char *p = buf_text(&t->words);
	bool wide = t->words.n > 2 && (unsigned char)p[t->words.n - 3] >= 0xe3 && (unsigned char)p[t->words.n - 3] < 0xea;

	if (!words_lead && ends_in_line(&t->words, shown, n)) {
		buf_cut(&t->words, t->words.n - 1);
		t->after_url = true;
		return;
	}
	if (words_lead)
		buf_adds(&t->words, wide ? "：" : ":");
	if (t->words.n && buf_text(&t->words)[t->words.n - 1] != '\n')
		buf_addc(&t->words, '\n');
	buf_add(&t->words, shown, n);
	t->after_url = true;
}

static void leave_link(struct text *t, const char *href)
{
	struct slice words = { buf_text(&t->words) + t->link_from, t->words.n - t->link_from };
	const char *shown = href;
	size_t n = strlen(href);

	if (strncmp(href, "mailto:", 7) == 0) {
		shown += 7;
		n = strcspn(shown, "?");
	}
	if (t->house) {
		bool lead = !words_are_href(words, href);

		if (!lead)
			buf_cut(&t->words, t->link_from);
		house_link(t, lead, shown, n);
		return;
	}
	/* Brackets keep the full stop behind an address from becoming a part of it. */
	if (words_are_href(words, href))
		buf_cut(&t->words, t->link_from);
	else if (words.n)
		buf_addc(&t->words, ' ');
	buf_addf(&t->words, "<%.*s>", (int)n, shown);
}

static void leave_span(struct walk *w, MD_SPANTYPE type, const char *href)
{
	struct text *t = of(w);

	mark_span(t, type);
	if (type == MD_SPAN_A)
		leave_link(t, href);
}

static void add_text(struct walk *w, const char *p, size_t n)
{
	struct text *t = of(w);

	if (t->after_url && n) {
		buf_addc(&t->words, '\n');
		t->after_url = false;
		if (n == 1 && (*p == ' ' || *p == '\n'))
			return;
	}
	buf_add(&t->words, p, n);
}

static void add_image(struct walk *w, const struct image *x)
{
	buf_addf(&of(w)->words, "[%s]", x->alt);
}

static int render(int (*drive)(struct walk *w, const void *source, struct err *e), const void *source, bool house,
		  const struct markdown_images *images, struct buf *out, struct err *e)
{
	static const struct walk_calls CALLS = { enter_block, leave_block, enter_span, leave_span, add_text, add_image };
	struct text_table table = { .columns = 0 };
	struct text t = { .walk = { .calls = &CALLS, .out = out, .images = images }, .out = out, .table = &table, .house = house };
	int rc;

	buf_init(&t.words, out->max);
	rc = drive(&t.walk, source, e);
	if (rc == 0 && (t.too_large || t.words.over))
		rc = err_set(e, ERR_INPUT, "a table has more than %d columns or %d cells", TABLE_COLUMNS, TABLE_CELLS);
	table_free(&table);
	buf_free(&t.words);
	return rc;
}

static int drive_markdown(struct walk *w, const void *source, struct err *e)
{
	const struct slice *md = source;

	return walk_markdown(w, md->p, md->n, e);
}

static int to_text(const char *md, size_t n, bool house, const struct markdown_images *images, struct buf *out, struct err *e)
{
	struct slice source = { md, n };

	return render(drive_markdown, &source, house, images, out, e);
}

int text_render(int (*drive)(struct walk *w, const void *source, struct err *e), const void *source, struct buf *out,
		struct err *e)
{
	return render(drive, source, false, NULL, out, e);
}

int markdown_to_text(const char *md, size_t n, struct buf *out, struct err *e)
{
	return to_text(md, n, false, NULL, out, e);
}

int markdown_house_text(const char *md, size_t n, struct buf *out, struct err *e)
{
	return to_text(md, n, true, NULL, out, e);
}

int markdown_mail_text(const char *md, size_t n, const struct markdown_images *images, struct buf *out, struct err *e)
{
	return to_text(md, n, false, images, out, e);
}
