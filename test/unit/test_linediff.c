/* Lines of two texts: what is told makes the second of the first, and is the shortest way to do so. */
#include "base/buf.h"
#include "base/linediff.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void show(const struct diff_line *d, size_t n, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%c%.*s|", d[i].sign, (int)d[i].text.n, d[i].text.p);
}

static void cases(void **state)
{
	static const struct {
		const char *from, *to, *told;
		size_t differ;
	} CASES[] = {
		{ "", "", "", 0 },
		{ "a\n", "a\n", " a|", 0 },
		{ "a", "a\n", " a|", 0 },
		{ "", "a\nb\n", "+a|+b|", 2 },
		{ "a\nb\n", "", "-a|-b|", 2 },
		{ "a\nb\nc\n", "a\nx\nc\n", " a|-b|+x| c|", 2 },
		{ "a\n\nb\n", "a\nb\n", " a|-| b|", 1 },
		{ "a\nb\nc\nd\n", "b\nc\nd\ne\n", "-a| b| c| d|+e|", 2 },
		{ "x\na\nb\n", "a\nb\ny\n", "-x| a| b|+y|", 2 },
		{ "a\na\n", "a\na\na\n", " a| a|+a|", 1 },
	};
	struct arena *a = arena_new();
	struct buf shown;

	(void)state;
	buf_init(&shown, 1000);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct diff_line *d;
		size_t n, differ = line_diff(a, CASES[i].from, CASES[i].to, &d, &n);

		show(d, n, &shown);
		if (differ != CASES[i].differ || strcmp(buf_text(&shown), CASES[i].told) != 0)
			fail_msg("case %zu: %zu: %s", i, differ, buf_text(&shown));
	}
	buf_free(&shown);
	arena_free(a);
}

static size_t random_text(struct rng *r, size_t most, char letters, char *out, char *order)
{
	size_t n = rng_u64(r) % (most + 1);

	for (size_t i = 0; i < n; i++) {
		order[i] = (char)('a' + (char)(rng_u64(r) % (uint64_t)letters));
		out[2 * i] = order[i];
		out[2 * i + 1] = '\n';
	}
	out[2 * n] = order[n] = '\0';
	return n;
}

/* By the table that everybody knows: changes between all beginnings of both. */
static size_t least_changes(const char *x, size_t nx, const char *y, size_t ny)
{
	static size_t t[64][64];

	for (size_t i = 0; i <= nx; i++)
		for (size_t j = 0; j <= ny; j++) {
			if (!i || !j)
				t[i][j] = i + j;
			else if (x[i - 1] == y[j - 1])
				t[i][j] = t[i - 1][j - 1];
			else
				t[i][j] = 1 + (t[i - 1][j] < t[i][j - 1] ? t[i - 1][j] : t[i][j - 1]);
		}
	return t[nx][ny];
}

static void any_two_texts(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 11);
	for (int round = 0; round < 5000; round++) {
		char x[128], y[128], ox[64], oy[64], back[2][64] = { "", "" };
		size_t nx = random_text(&r, 40, 4, x, ox), ny = random_text(&r, 40, 4, y, oy), n, used[2] = { 0 };
		struct arena *a = arena_new();
		struct diff_line *d;
		size_t differ = line_diff(a, x, y, &d, &n);

		for (size_t i = 0; i < n; i++) {
			if (d[i].sign != '+')
				back[0][used[0]++] = d[i].text.p[0];
			if (d[i].sign != '-')
				back[1][used[1]++] = d[i].text.p[0];
		}
		assert_int_equal(used[0], nx);
		assert_int_equal(used[1], ny);
		assert_memory_equal(back[0], ox, nx);
		assert_memory_equal(back[1], oy, ny);
		assert_int_equal(differ, least_changes(ox, nx, oy, ny));
		arena_free(a);
	}
}

/* 20,000 lines without one in common: told as replaced, at once. */
static void a_bound(void **state)
{
	struct arena *a = arena_new();
	struct diff_line *d;
	struct buf x, y;
	size_t n;

	(void)state;
	buf_init(&x, 1 << 20);
	buf_init(&y, 1 << 20);
	for (int i = 0; i < 20000; i++) {
		buf_addf(&x, "x%d\n", i);
		buf_addf(&y, "y%d\n", i);
	}
	assert_int_equal(line_diff(a, buf_text(&x), buf_text(&y), &d, &n), 40000);
	assert_int_equal(n, 40000);
	assert_int_equal(d[19999].sign, '-');
	assert_int_equal(d[20000].sign, '+');
	buf_free(&x);
	buf_free(&y);
	arena_free(a);
}

int main(void)
{
	struct CMUnitTest tests[] = { cmocka_unit_test(cases), cmocka_unit_test(any_two_texts), cmocka_unit_test(a_bound) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
