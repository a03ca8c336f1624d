/* cmd: the columns of an address file, and the spool in which judged rows wait. */
#include "cmd/import_columns.h"
#include "cmd/import_spool.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- columns ------------------------------------------------------------------------------------- */

#define CELLS 8
static const char *const NONE[] = { NULL };

struct header {
	const char *cell[CELLS];
	const char *map[3], *skip[3];
	const char *fields; /* with blanks between, "@" the address, "-" left out; or the error's beginning */
};

static const char *fields_of(struct arena *a, const struct import_columns *c)
{
	const char *s = "";

	for (size_t i = 0; i < c->n; i++)
		s = arena_printf(a, "%s%s%s", s, *s ? " " : "",
				 (int)i == c->address ? "@" : c->field[i] ? c->field[i] : "-");
	return s;
}

static void columns_are_told(void **state)
{
	static const struct header TABLE[] = {
		{ { "email", "name", "year" }, { 0 }, { 0 }, "@ name year" },
		{ { " E-Mail ", "Full Name", "Shoe-Size (EU)" }, { 0 }, { 0 }, "@ name shoe_size_eu" },
		{ { "E-Mail-Adresse", "Fakultät", "Straße" }, { 0 }, { 0 }, "@ fakultat strasse" },
		{ { "Courriel", "Prénom", "1er choix" }, { 0 }, { 0 }, "@ prenom er_choix" },
		{ { "почта", "имя", "группа" }, { 0 }, { 0 }, "@ name column_3" },
		{ { "電子郵件", "姓名", "學系" }, { 0 }, { 0 }, "@ name column_3" },
		{ { "メールアドレス", "お名前" }, { 0 }, { 0 }, "@ name" },
		{ { "email", "name", "Name" }, { 0 }, { 0 }, "@ name name_3" },
		{ { "email", "year", "Year" }, { 0 }, { 0 }, "@ year year_3" },
		{ { "email", "", "x" }, { 0 }, { 0 }, "@ column_2 x" },
		{ { "kontakt", "email" }, { "kontakt=address" }, { 0 }, "@ email" },
		{ { "email", "notes", "x" }, { "x=foot" }, { "notes" }, "@ - foot" },
		{ { "address", "line", "reason", "mend" }, { 0 }, { 0 }, "@" },
		{ { "line", "address" }, { 0 }, { 0 }, "line @" },
		{ { "Ann", "ann@example.org", "43" }, { 0 }, { 0 }, "column_1 @ column_3" },
		{ { "Ann", "ann@example.org" }, { "1=name" }, { 0 }, "name @" },
		{ { "first", "last" }, { 0 }, { 0 }, "no address column" },
		{ { "email", "mail" }, { 0 }, { 0 }, "more than one address column" },
		{ { "a@example.org", "b@example.org" }, { 0 }, { 0 }, "more than one address column" },
		{ { "email", "mail" }, { "mail=address" }, { 0 }, "email @" },
		{ { "email", "x" }, { "y=z" }, { 0 }, "--map y: there is no such column" },
		{ { "email", "x" }, { "x=Big Word" }, { 0 }, "--map x=Big Word: wanted is" },
		{ { "email", "x", "y" }, { "x=a", "y=a" }, { 0 }, "--map y=a: column 'x' is mapped" },
		{ { "email", "x" }, { 0 }, { "q" }, "--skip q: there is no such column" },
		{ { "email", "x" }, { 0 }, { "email" }, "no address column" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(TABLE); i++) {
		struct import_columns_wanted w = { TABLE[i].map[0] ? TABLE[i].map : NONE, TABLE[i].skip[0] ? TABLE[i].skip : NONE,
						   NULL, NULL };
		struct table_row row = { .line = 1, .cell = TABLE[i].cell };
		struct import_columns c;
		struct err e = { 0 };
		const char *got;

		while (row.n < CELLS && TABLE[i].cell[row.n])
			row.n++;
		got = import_columns_read(a, &w, &row, &c, &e) == 0 ? fields_of(a, &c) : e.text;
		if (strncmp(got, TABLE[i].fields, strlen(TABLE[i].fields)) != 0 || (!e.text[0] && strcmp(got, TABLE[i].fields) != 0))
			fail_msg("row %zu: %s, not %s", i, got, TABLE[i].fields);
	}
	arena_free(a);
}

/* --- the spool ----------------------------------------------------------------------------------- */

#define ROWS 100000 /* several runs */

static struct home *make_home(void)
{
	static struct home h;
	static char folder[] = "/tmp/placet-spool-XXXXXX";
	char run[64];

	if (!h.path) {
		assert_non_null(mkdtemp(folder));
		snprintf(run, sizeof(run), "%s/run", folder);
		assert_int_equal(mkdir(run, 0700), 0);
		h.path = folder;
	}
	return &h;
}

static void remove_home(void)
{
	char run[64];

	snprintf(run, sizeof(run), "%s/run", make_home()->path);
	assert_int_equal(rmdir(run), 0); /* nothing is left in it */
	assert_int_equal(rmdir(make_home()->path), 0);
}

/* Persons repeat: three rows each, far apart in the file, by three spellings. */
static void make_row(size_t i, char text[64], struct import_row *out)
{
	uint64_t person = i % (ROWS / 3) * UINT64_C(0x9E3779B97F4A7C15);

	snprintf(text, 64, "p%llu+%zu@example.org", (unsigned long long)person, i / (ROWS / 3));
	*out = (struct import_row){ .line = (int64_t)i, .delivery = text, .given = text, .fields = i % 7 ? "{}" : "{\"a\":\"ä\"}",
				    .flags = "", .kind = i % 2 ? "oral" : NULL, .ref = i % 2 ? "" : NULL, .utf8 = i % 5 == 0 };
	memcpy(out->key_hash, &person, sizeof(person));
}

static void check_row(const struct import_row *got)
{
	struct import_row wanted;
	char text[64];

	make_row((size_t)got->line, text, &wanted);
	assert_string_equal(got->delivery, wanted.delivery);
	assert_string_equal(got->fields, wanted.fields);
	assert_true((got->kind == NULL) == (wanted.kind == NULL) && got->utf8 == wanted.utf8 && !got->given_on);
	assert_memory_equal(got->key_hash, wanted.key_hash, KEY_HASH_SIZE);
}

static void rows_come_back_in_the_order_of_persons(void **state)
{
	struct err e = { 0 };
	struct import_spool *s = import_spool_new(make_home(), &e);
	struct arena *a = arena_new(), *other = arena_new();
	struct import_row row, before = { .line = -1 };
	char text[64];
	size_t n = 0;
	int got;

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < ROWS; i++) {
		make_row(i, text, &row);
		assert_int_equal(import_spool_put(s, &row, &e), 0);
	}
	assert_int_equal(import_spool_sort(s, &e), 0);
	while ((got = import_spool_next(s, a, &row, &e)) > 0) {
		check_row(&row);
		assert_true(before.line < 0 || import_row_order(&before, &row) < 0);
		before = row;
		n++;
		if (n % 1000 == 0) { /* what is compared next must outlive the clearing */
			arena_clear(other);
			before.delivery = arena_text(other, before.delivery);
			arena_clear(a);
		}
	}
	assert_int_equal(got, 0);
	assert_int_equal(n, ROWS);
	assert_false(import_spool_goes_on(s, before.key_hash));
	import_spool_free(s);
	arena_free(a);
	arena_free(other);
}

static void it_knows_whether_a_person_goes_on(void **state)
{
	struct err e = { 0 };
	struct import_spool *s = import_spool_new(make_home(), &e);
	struct arena *a = arena_new();
	struct import_row row;
	char text[64];
	size_t same = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i += ROWS / 3) { /* one person's rows, and one more */
		make_row(i, text, &row);
		assert_int_equal(import_spool_put(s, &row, &e), 0);
	}
	assert_int_equal(import_spool_sort(s, &e), 0);
	while (import_spool_next(s, a, &row, &e) > 0)
		same += import_spool_goes_on(s, row.key_hash);
	assert_int_equal(same, 3);
	import_spool_free(s);
	arena_free(a);
}

static void an_empty_one_is_empty(void **state)
{
	struct err e = { 0 };
	struct import_spool *s = import_spool_new(make_home(), &e);
	struct arena *a = arena_new();
	struct import_row row;

	(void)state;
	assert_int_equal(import_spool_sort(s, &e), 0);
	assert_int_equal(import_spool_next(s, a, &row, &e), 0);
	import_spool_free(s);
	arena_free(a);
}

static void a_full_disk_is_told(void **state)
{
	struct rlimit before, full;
	struct err e = { 0 };
	struct import_spool *s = import_spool_new(make_home(), &e);
	struct import_row row;
	char text[64];
	int rc = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full = before;
	full.rlim_cur = 1 << 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	for (size_t i = 0; rc == 0 && i < ROWS; i++) {
		make_row(i, text, &row);
		rc = import_spool_put(s, &row, &e);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(rc, -1);
	assert_int_equal(e.kind, ERR_AGAIN);
	import_spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_told), cmocka_unit_test(rows_come_back_in_the_order_of_persons),
		cmocka_unit_test(it_knows_whether_a_person_goes_on), cmocka_unit_test(an_empty_one_is_empty),
		cmocka_unit_test(a_full_disk_is_told),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	remove_home();
	return rc;
}
