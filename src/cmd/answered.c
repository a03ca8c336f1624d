/* placet list answered: who has answered the study, from the file of the survey service. */
#include "cmd/commands.h"

#include "store/audit.h"
#include "store/list.h"
#include "store/project.h"
#include "table/table.h"

#include <strings.h>

struct reading {
	struct ctx *c;
	struct list list;
	bool answered, has_header;
	size_t column;
	struct arena *row;
	int64_t rows, known, changed, unreadable, first_unreadable;
	char why[200]; /* the first that cannot be read */
};

/* The one column that is called as addresses are. */
static int find_column(struct reading *x, const struct table_row *row, struct err *e)
{
	static const char *const NAMES[] = { "address", "email", "e-mail", "mail", "email address", "e-mail address" };
	size_t found = 0;

	for (size_t i = 0; i < row->n; i++)
		for (size_t k = 0; k < COUNT(NAMES); k++)
			if (strcasecmp(row->cell[i], NAMES[k]) == 0) {
				x->column = i;
				found++;
			}
	x->has_header = true;
	if (found == 1)
		return 0;
	return err_set(e, ERR_INPUT, found ? "there are %zu columns with addresses; leave one"
					   : "there is no column called address (or email); name it in the first line, %zu were found",
		       found);
}

static int take_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct reading *x = ctx;
	struct err why = { 0 };
	struct answered done;
	struct address addr;
	const char *cell;

	if (row->blank)
		return 0;
	if (!x->has_header)
		return find_column(x, row, e);
	x->rows++;
	arena_clear(x->row);
	cell = csv_plain(x->row, x->column < row->n ? row->cell[x->column] : "");
	if (row->fault)
		err_set(&why, ERR_INPUT, "%s", row->fault);
	if (row->fault || address_parse(x->row, cell, &addr, &why) < 0) {
		if (!x->unreadable++) {
			x->first_unreadable = row->line;
			snprintf(x->why, sizeof(x->why), "%.199s", why.text);
		}
		return 0;
	}
	if (list_answered(x->c->h, x->list.id, &addr, x->answered, &done, e) < 0)
		return err_in(e, "line %lld", (long long)row->line);
	x->known += done.known;
	x->changed += done.changed;
	return 0;
}

static int may_record(struct ctx *c, const struct list *l, struct account *by, struct err *e)
{
	struct project p;

	if (ctx_by(c, 0, by, e) < 0 || project_by_id(c->h, c->a, l->project_id, &p, e) <= 0)
		return -1;
	if (by->id == p.originator_id || (by->roles & ROLE_POSTMASTER))
		return 0;
	return err_set(e, ERR_DENIED, "%s is neither the originator of %s nor a postmaster", by->address, p.slug);
}

static int read_file(struct reading *x, const struct account *by, struct err *e)
{
	struct table_options options = { 0 };
	struct table_about about;
	struct ctx *c = x->c;

	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (table_read(c->operand[1], &options, c->a, &about, take_row, x, e) == 0 &&
	    audit_add(c->h, by->id, x->answered ? "answered" : "answered-undone", x->list.name,
		      arena_printf(c->a, "%lld rows, %lld of people on the list, %lld changed", (long long)x->rows,
				   (long long)x->known, (long long)x->changed),
		      e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

static int print_reading(const struct reading *x)
{
	struct ctx *c = x->c;
	int64_t unknown = x->rows - x->known;

	say(c, "%lld rows: %lld of people on %s, %lld unknown; %lld %s", (long long)x->rows, (long long)x->known, x->list.name,
	    (long long)unknown, (long long)x->changed, x->answered ? "have answered since the last time" : "have not answered any more");
	if (x->unreadable)
		fprintf(stderr, "placet: %s: %lld of the unknown cannot be read as addresses; the first stands in line %lld: %s\n",
			c->operand[1], (long long)x->unreadable, (long long)x->first_unreadable, x->why);
	return c->json ? print_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "list", x->list.name, "rows", (json_int_t)x->rows,
					      "known", (json_int_t)x->known, "unknown", (json_int_t)unknown, "unreadable",
					      (json_int_t)x->unreadable, "changed", (json_int_t)x->changed))
		       : 0;
}

RUN(cmd_list_answered)
{
	struct reading x = { .c = c, .answered = !opt_set(c, "no-longer") };
	int got = list_by_name(c->h, c->a, c->operand[0], &x.list, e);
	struct account by;

	if (got <= 0)
		return got ? got
			   : err_set(e, ERR_MISSING, "list %s: there is none; placet list list shows them", c->operand[0]);
	if (may_record(c, &x.list, &by, e) < 0)
		return -1;
	x.row = arena_new();
	got = read_file(&x, &by, e);
	arena_free(x.row);
	return got < 0 ? -1 : print_reading(&x);
}
