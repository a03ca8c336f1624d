/*
 * Every statement of the program, on both engines: each is prepared against a
 * fresh schema, so that a misspelt column, or a parameter whose type
 * PostgreSQL cannot tell, is found here and not on the day it is first used.
 * The two engines' schemas must be one schema.
 */
#include "db_fixture.h"
#include "store/query.h"

#define STATEMENTS_AT_LEAST 80

static int set_up_schema(void **state)
{
	struct fixture *f = *state;

	err_clear(&f->e);
	open_fresh(f);
	OK(db_migrate(f->db, &f->e));
	return 0;
}

static void all_are_prepared(void **state)
{
	struct fixture *f = *state;
	int refused = 0;

	for (const struct query *q = queries_begin(); q < queries_end(); q++) {
		err_clear(&f->e);
		if (db_try_prepare(f->db, q, &f->e) == 0)
			continue;
		print_error("%s: %s\n", q->name, f->e.text);
		refused++;
	}
	assert_int_equal(refused, 0);
}

static void all_have_names_of_their_own(void **state)
{
	(void)state;
	assert_true(queries_end() - queries_begin() > STATEMENTS_AT_LEAST);
	for (const struct query *q = queries_begin(); q < queries_end(); q++) {
		assert_non_null(q->name);
		assert_non_null(q->sql);
		for (const struct query *r = q + 1; r < queries_end(); r++)
			if (strcmp(q->name, r->name) == 0)
				fail_msg("two statements have the name %s", q->name);
	}
}

/* A cursor can only be had for a SELECT; what is not in the list would be asked as a whole. */
static void cursors_are_for_selects(void **state)
{
	(void)state;
	for (const struct query *q = queries_begin(); q < queries_end(); q++)
		if (strncmp(q->name, "each_", 5) == 0 && strncmp(q->sql, "SELECT ", 7) != 0 &&
		    strncmp(q->sql, "WITH ", 5) != 0)
			fail_msg("%s is no SELECT", q->name);
}

/* --- one schema --------------------------------------------------------------------------------- */

/* "table.column null?" in order, of what migrations made (not of SQLite's own tables). */
static const struct query COLUMNS = {
	"t_columns",
	"SELECT m.name || '.' || c.name || ' ' || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'needed' ELSE 'may be absent' END"
	" || ' ' || lower(CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'INT' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE c.type END)"
	" FROM sqlite_master m JOIN pragma_table_info(m.name) c"
	" WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
	"SELECT * FROM (SELECT table_name || '.' || column_name || ' ' || CASE WHEN is_nullable = 'NO' THEN 'needed' ELSE 'may be absent' END"
	" || ' ' || data_type AS x"
	" FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
	" WHERE table_schema = 'public' AND table_type = 'BASE TABLE') s ORDER BY x COLLATE \"C\"",
};
static const struct query OTHERS = {
	"t_others",
	"SELECT type || ' ' || name FROM sqlite_master WHERE type = 'view'"
	" OR (type = 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\') ORDER BY 1",
	"SELECT * FROM (SELECT 'view ' || viewname AS x FROM pg_views WHERE schemaname = 'public' UNION ALL"
	" SELECT 'index ' || i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
	"   JOIN pg_namespace n ON n.oid = i.relnamespace"
	"   WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)) s"
	" ORDER BY x COLLATE \"C\"",
};

static void describe(struct fixture *f, const struct query *q, struct buf *out)
{
	struct rows r = { 0 };
	int got;

	OK(db_query(f->db, q, NO_ARGS, &r, &f->e));
	while ((got = rows_next(&r, &f->e)) > 0)
		buf_addf(out, "%s\n", rows_text(&r, 0));
	OK(got);
	rows_close(&r);
}

static void show_first_difference(const char *a, const char *b)
{
	while (*a || *b) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (n != m || memcmp(a, b, n) != 0)
			fail_msg("SQLite has '%.*s', PostgreSQL '%.*s'", (int)n, a, (int)m, b);
		a += n + (a[n] == '\n');
		b += m + (b[m] == '\n');
	}
}

/* On PostgreSQL only, beside an SQLite database made for it. */
static void both_schemas_are_one(void **state)
{
	struct fixture *f = *state, lite = { .engine = DB_SQLITE };
	void *other = &lite;
	struct buf a, b;

	if (f->engine == DB_SQLITE)
		return;
	assert_int_equal(set_up_schema(&other), 0);
	buf_init(&a, 64 * 1024);
	buf_init(&b, 64 * 1024);
	describe(&lite, &COLUMNS, &a);
	describe(f, &COLUMNS, &b);
	describe(&lite, &OTHERS, &a);
	describe(f, &OTHERS, &b);
	assert_true(a.n > 2000 && !a.over);
	show_first_difference(buf_text(&a), buf_text(&b));
	buf_free(&a);
	buf_free(&b);
	tear_down(&other);
}

#define ON_SCHEMA(fn)                                                                                                 \
	{                                                                                                             \
#fn, fn, set_up_schema, tear_down, NULL                                                                       \
	}

int main(void)
{
	struct CMUnitTest tests[] = {
		ON_SCHEMA(all_are_prepared),
		ON_SCHEMA(all_have_names_of_their_own),
		ON_SCHEMA(cursors_are_for_selects),
		ON_SCHEMA(both_schemas_are_one),
	};

	return run_on_engines(tests, COUNT(tests));
}
