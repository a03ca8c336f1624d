/*
 * An expression written down: see where.h. Two ways: the canonical one, which
 * the parser reads back to the same tree, and the words that a reviewer reads.
 * In words a `not` is carried down to the terms, since "not both of" is what
 * people misread.
 */
#include "store/where_tree.h"

static const char *const OP_TEXT[] = { "=", "!=", "<", "<=", ">", ">=" };

const char *where_text(const struct where *w)
{
	return w->text;
}

const char *where_words(const struct where *w)
{
	return w->words;
}

/* --- canonical --------------------------------------------------------------------------------- */

static void print_value(const struct where_value *v, struct buf *out)
{
	if (v->type != WHERE_TEXT) {
		buf_adds(out, v->text);
		return;
	}
	buf_addc(out, '"');
	for (const char *s = v->text; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *s);
	}
	buf_addc(out, '"');
}

static void print_field(const struct where *w, const struct where_node *n, struct buf *out)
{
	const char *name = w->field[n->field];

	buf_addf(out, where_is_reserved(name) ? "[%s]" : "%s", name);
}

static void print_values(const struct where_node *n, struct buf *out)
{
	for (size_t i = 0; i < n->n_values; i++) {
		buf_adds(out, i ? ", " : "");
		print_value(&n->value[i], out);
	}
}

static void print_span(const struct where_node *n, const char *before, struct buf *out)
{
	if (n->count)
		buf_addf(out, "%s%lld %s%s", before, (long long)n->count, n->unit, n->count == 1 ? "" : "s");
}

static void print_term(const struct where *w, const struct where_node *n, struct buf *out)
{
	static const char *const WORD[] = { [WHERE_CONTAINS] = " contains ", [WHERE_STARTS] = " starts with ",
					    [WHERE_EMPTY] = " is empty", [WHERE_FILLED] = " is not empty",
					    [WHERE_MAILED] = "mailed", [WHERE_MAILED_HERE] = "mailed by this project",
					    [WHERE_ANSWERED] = "answered", [WHERE_JOINED] = "joined",
					    [WHERE_BOUNCED] = "bounced", [WHERE_FLAG] = "flag " };

	if (n->kind >= WHERE_COMPARE && n->kind <= WHERE_FILLED)
		print_field(w, n, out);
	if (n->kind == WHERE_COMPARE)
		buf_addf(out, " %s ", OP_TEXT[n->op]);
	else if (n->kind == WHERE_IN)
		buf_adds(out, " in (");
	else
		buf_adds(out, WORD[n->kind]);
	if (n->kind == WHERE_FLAG)
		buf_adds(out, n->value->text);
	else
		print_values(n, out);
	if (n->kind == WHERE_IN)
		buf_addc(out, ')');
	print_span(n, " in ", out);
}

/* In brackets when it binds less than what is around it. */
static void print_within(const struct where *w, const struct where_node *n, enum where_kind around, struct buf *out)
{
	bool brackets = n->kind < around;

	buf_adds(out, brackets ? "(" : "");
	where_print(w, n, out);
	buf_adds(out, brackets ? ")" : "");
}

void where_print(const struct where *w, const struct where_node *n, struct buf *out)
{
	if (n->kind == WHERE_NOT) {
		buf_adds(out, "not ");
		print_within(w, n->a, WHERE_NOT, out);
	} else if (n->kind == WHERE_AND || n->kind == WHERE_OR) {
		print_within(w, n->a, n->kind, out);
		buf_adds(out, n->kind == WHERE_AND ? " and " : " or ");
		print_within(w, n->b, n->kind, out);
	} else {
		print_term(w, n, out);
	}
}

/* --- words ------------------------------------------------------------------------------------- */

static void tell_value(const struct where_value *v, struct buf *out)
{
	buf_addf(out, v->type == WHERE_TEXT ? "“%s”" : "%s", v->text);
}

static void tell_values(const struct where_node *n, struct buf *out)
{
	for (size_t i = 0; i < n->n_values; i++) {
		buf_adds(out, i == 0 ? "" : i + 1 < n->n_values ? ", " : " or ");
		tell_value(&n->value[i], out);
	}
}

static const char *order_words(const struct where_node *n)
{
	static const char *const NUMBER[] = { "", "not ", "less than ", "at most ", "more than ", "at least " };
	static const char *const DATE[] = { "", "not ", "before ", "at the latest ", "after ", "at the earliest " };
	static const char *const TEXT[] = { "", "not ", "in the alphabet before ", "in the alphabet up to ",
					    "in the alphabet after ", "in the alphabet from " };

	return n->value->type == WHERE_NUMBER ? NUMBER[n->op] : n->value->type == WHERE_DATE ? DATE[n->op] : TEXT[n->op];
}

/* A missing value makes every comparison false, and so its negation true: that is said. */
static void tell_field(const struct where *w, const struct where_node *n, bool negated, struct buf *out)
{
	static const char *const IS[] = { [WHERE_COMPARE] = "is ", [WHERE_CONTAINS] = "contains ",
					  [WHERE_STARTS] = "starts with ", [WHERE_IN] = "is " };
	static const char *const IS_NOT[] = { [WHERE_COMPARE] = "is not ", [WHERE_CONTAINS] = "does not contain ",
					      [WHERE_STARTS] = "does not start with ", [WHERE_IN] = "is not " };

	buf_addf(out, "whose %s ", w->field[n->field]);
	if (n->kind == WHERE_EMPTY || n->kind == WHERE_FILLED) {
		buf_adds(out, (n->kind == WHERE_EMPTY) != negated ? "is empty" : "is not empty");
		return;
	}
	if (n->kind == WHERE_COMPARE && n->op == WHERE_NE && negated) {
		buf_adds(out, "is empty or is ");
	} else {
		buf_adds(out, negated ? "is empty or " : "");
		buf_adds(out, negated ? IS_NOT[n->kind] : IS[n->kind]);
		if (n->kind == WHERE_COMPARE)
			buf_adds(out, order_words(n));
	}
	tell_values(n, out);
}

static void tell_term(const struct where *w, const struct where_node *n, bool negated, struct buf *out)
{
	switch (n->kind) {
	case WHERE_MAILED:
	case WHERE_MAILED_HERE:
		buf_adds(out, negated ? "who were not mailed" : "who were mailed");
		buf_adds(out, n->kind == WHERE_MAILED_HERE ? " by this project" : "");
		break;
	case WHERE_ANSWERED:
		buf_adds(out, negated ? "who have not answered" : "who have answered");
		break;
	case WHERE_JOINED:
		buf_adds(out, negated ? "who did not agree" : "who agreed");
		break;
	case WHERE_BOUNCED:
		buf_adds(out, negated ? "whose address has not bounced" : "whose address has bounced");
		return;
	case WHERE_FLAG:
		buf_addf(out, negated ? "whose address is not flagged as %s" : "whose address is flagged as %s", n->value->text);
		return;
	default:
		tell_field(w, n, negated, out);
		return;
	}
	print_span(n, " in the last ", out);
	if (!n->count && n->kind != WHERE_ANSWERED)
		buf_adds(out, " at any time");
}

static void tell_within(const struct where *w, const struct where_node *n, bool negated, bool in_and, struct buf *out)
{
	const struct where_node *inner = n;
	bool flipped = negated, brackets;

	for (; inner->kind == WHERE_NOT; inner = inner->a)
		flipped = !flipped;
	/* An "or" within an "and" stands in brackets; by De Morgan a negated one has become an "and". */
	brackets = in_and && inner->kind == (flipped ? WHERE_AND : WHERE_OR);
	buf_adds(out, brackets ? "(" : "");
	where_tell(w, inner, flipped, out);
	buf_adds(out, brackets ? ")" : "");
}

void where_tell(const struct where *w, const struct where_node *n, bool negated, struct buf *out)
{
	if (n->kind == WHERE_NOT) {
		where_tell(w, n->a, !negated, out);
	} else if (n->kind == WHERE_AND || n->kind == WHERE_OR) {
		bool is_and = (n->kind == WHERE_AND) != negated;

		tell_within(w, n->a, negated, is_and, out);
		buf_adds(out, is_and ? " and " : " or ");
		tell_within(w, n->b, negated, is_and, out);
	} else {
		tell_term(w, n, negated, out);
	}
}
