/* Randomness: the repeatable stream is the one its names promise, and draws are without bias. */
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* From the published reference code: splitmix64 and xoshiro256** on a little-endian machine. */
static void the_stream_is_the_documented_one(void **state)
{
	struct rng r = { .repeatable = true, .state = { 1, 2, 3, 4 } };

	(void)state;
	assert_true(rng_u64(&r) == UINT64_C(11520));
	assert_true(rng_u64(&r) == UINT64_C(0));
	assert_true(rng_u64(&r) == UINT64_C(1509978240));
	assert_true(rng_u64(&r) == UINT64_C(1215971899390074240));
	rng_seed(&r, 0);
	assert_true(r.state[0] == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(r.state[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void a_seed_repeats(void **state)
{
	struct rng one, two, other;
	unsigned char a[100], b[100];

	(void)state;
	rng_seed(&one, 42);
	rng_seed(&two, 42);
	rng_seed(&other, 43);
	rng_bytes(&one, a, sizeof(a));
	rng_bytes(&two, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	rng_bytes(&other, b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void bytes_stay_in_bounds(void **state)
{
	struct rng seeded, real = { 0 };
	unsigned char room[32];

	(void)state;
	rng_seed(&seeded, 7);
	for (size_t n = 0; n < 24; n++) {
		memset(room, 0x55, sizeof(room));
		rng_bytes(&seeded, room, n);
		for (size_t i = n; i < sizeof(room); i++)
			assert_int_equal(room[i], 0x55);
		memset(room, 0x55, sizeof(room));
		rng_bytes(&real, room, n);
		assert_int_equal(room[n], 0x55);
	}
}

static void the_system_does_not_repeat(void **state)
{
	struct rng real = { 0 };

	(void)state;
	assert_true(rng_u64(&real) != rng_u64(&real));
}

static void below_is_uniform(void **state)
{
	int seen[7] = { 0 };
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 70000; i++) {
		uint64_t x = rng_below(&r, COUNT(seen));

		assert_true(x < COUNT(seen));
		seen[x]++;
	}
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_in_range(seen[i], 9600, 10400); /* over four standard deviations */
	assert_true(rng_below(&r, 1) == 0);
	/* Two thirds of all values: taking the remainder would favour the lower half two to one. */
	for (int i = seen[0] = seen[1] = 0; i < 10000; i++)
		seen[rng_below(&r, UINT64_MAX / 3 * 2) >= UINT64_MAX / 3]++;
	assert_in_range(seen[0], 4700, 5300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stream_is_the_documented_one),
		cmocka_unit_test(a_seed_repeats),
		cmocka_unit_test(bytes_stay_in_bounds),
		cmocka_unit_test(the_system_does_not_repeat),
		cmocka_unit_test(below_is_uniform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
