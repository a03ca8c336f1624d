/* The foundation: arenas, bounded buffers, errors, slices. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void arena_gives_zeroed_aligned_memory(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t n = 0; n < 3000; n += 7) {
		unsigned char *p = arena_alloc(a, n);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, n); /* so that a later piece shows it if it overlaps */
	}
	assert_non_null(arena_alloc(a, 5 * 1024 * 1024));
	arena_clear(a);
	for (int i = 0; i < 100; i++)
		assert_int_equal(*(char *)arena_alloc(a, 100), 0);
	arena_free(a);
	arena_free(NULL);
}

static void arena_copies_text(void **state)
{
	struct arena *a = arena_new();
	char from[] = "weekly";
	char *copy = arena_text(a, from);

	(void)state;
	from[0] = 'W';
	assert_string_equal(copy, "weekly");
	assert_null(arena_text(a, NULL));
	assert_string_equal(arena_text_n(a, "abcdef", 3), "abc");
	assert_string_equal(arena_text_n(a, NULL, 0), "");
	assert_string_equal(arena_printf(a, "%d/%s", 7, "x"), "7/x");
	arena_free(a);
}

struct note {
	char *log;
	char mark;
};

static void write_note(void *obj)
{
	struct note *n = obj;

	n->log[strlen(n->log)] = n->mark;
}

static void arena_runs_the_deferred_last_first_and_once(void **state)
{
	char log[8] = "";
	struct note one = { log, '1' }, two = { log, '2' };
	struct arena *a = arena_new();

	(void)state;
	arena_defer(a, write_note, &one);
	arena_defer(a, write_note, &two);
	assert_string_equal(log, "");
	arena_clear(a);
	assert_string_equal(log, "21");
	arena_defer(a, write_note, &one);
	arena_free(a);
	assert_string_equal(log, "211");
}

static void buf_stops_at_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_text(&b), "");
	buf_adds(&b, "12345");
	buf_addf(&b, "%s", "67890");
	assert_false(b.over);
	assert_string_equal(buf_text(&b), "1234567890");
	buf_addc(&b, 'x');
	assert_true(b.over);
	buf_cut(&b, 2);
	buf_adds(&b, "y"); /* fits, but something was left out before */
	assert_true(b.over);
	assert_string_equal(buf_text(&b), "12");
	buf_clear(&b);
	assert_false(b.over);
	assert_int_equal(b.n, 0);
	buf_adds(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	buf_free(&b);
	assert_int_equal(b.max, 10);
}

static void buf_takes_over_from_another(void **state)
{
	struct buf b, small;

	(void)state;
	buf_init(&b, 100);
	buf_init(&small, 2);
	buf_adds(&small, "ab");
	buf_add_buf(&b, &small);
	assert_string_equal(buf_text(&b), "ab");
	buf_adds(&small, "c");
	buf_add_buf(&b, &small);
	assert_true(b.over);
	buf_free(&b);
	buf_free(&small);
}

static void buf_room_is_writable(void **state)
{
	struct buf b;
	char *room;

	(void)state;
	buf_init(&b, 4096);
	room = buf_room(&b, 4096);
	assert_non_null(room);
	memset(room, 'z', 4096);
	buf_used(&b, 4000);
	assert_int_equal(strlen(buf_text(&b)), 4000);
	assert_null(buf_room(&b, 97));
	assert_true(b.over);
	buf_free(&b);
}

/* Fresh memory holds anything: here, something that is no NUL. */
static void buf_is_text_though_its_room_is_unused(void **state)
{
	char *fresh = malloc(128);
	struct buf b;

	(void)state;
	memset(fresh, 'z', 128);
	free(fresh);
	buf_init(&b, 4096);
	assert_non_null(buf_room(&b, 100));
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void err_says_what_and_where(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_MISSING, "no %s", "such\r\nthing"), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_string_equal(e.text, "no such??thing");
	assert_int_equal(err_in(&e, "project %d", 7), -1);
	assert_string_equal(e.text, "project 7: no such??thing");
	assert_int_equal(e.kind, ERR_MISSING);
	err_sys(&e, ERR_BROKEN, 2, "cannot open %s", "x");
	assert_string_equal(e.text, "cannot open x: No such file or directory");
	err_clear(&e);
	assert_int_equal(e.kind, ERR_NONE);
	assert_string_equal(e.text, "");
}

static void err_stays_within_its_room(void **state)
{
	struct err e = { 0 };
	char longest[2000];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	err_set(&e, ERR_INPUT, "%s", longest);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	err_in(&e, "%s", "somewhere");
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_memory_equal(e.text, "somewhere: xxx", 14);
	assert_string_equal(e.text + sizeof(e.text) - 4, "...");
}

static void err_kinds_have_meanings(void **state)
{
	(void)state;
	for (int k = ERR_NONE; k <= ERR_BROKEN; k++) {
		assert_non_null(err_means((enum err_kind)k)->name);
		assert_non_null(err_means((enum err_kind)k)->text);
	}
	assert_int_equal(err_means(ERR_AGAIN)->exit, 75);
	assert_int_equal(err_means(ERR_AGAIN)->smtp, 451);
	assert_int_equal(err_means(ERR_DENIED)->http, 403);
}

static void slices_compare_by_bytes(void **state)
{
	(void)state;
	assert_true(slice_is(slice_of("abc"), "abc"));
	assert_false(slice_is(slice_of("abc"), "ab"));
	assert_false(slice_is((struct slice){ "abc", 2 }, "abc"));
	assert_true(slice_is((struct slice){ "abc", 2 }, "ab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_zeroed_aligned_memory),
		cmocka_unit_test(arena_copies_text),
		cmocka_unit_test(arena_runs_the_deferred_last_first_and_once),
		cmocka_unit_test(buf_stops_at_its_ceiling),
		cmocka_unit_test(buf_takes_over_from_another),
		cmocka_unit_test(buf_room_is_writable),
		cmocka_unit_test(buf_is_text_though_its_room_is_unused),
		cmocka_unit_test(err_says_what_and_where),
		cmocka_unit_test(err_stays_within_its_room),
		cmocka_unit_test(err_kinds_have_meanings),
		cmocka_unit_test(slices_compare_by_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
