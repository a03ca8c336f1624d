/* Randomness: see rng.h. */
#include "base/rng.h"

#include <sys/random.h>

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed)
{
	r->repeatable = true;
	for (size_t i = 0; i < COUNT(r->state); i++)
		r->state[i] = splitmix(&seed);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static uint64_t xoshiro(uint64_t s[4])
{
	uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

static void system_bytes(void *p, size_t n)
{
	char *to = p;

	while (n) {
		ssize_t got = getrandom(to, n, 0);

		if (got < 0)
			continue; /* interrupted: the only way it fails here */
		to += got;
		n -= (size_t)got;
	}
}

void rng_bytes(struct rng *r, void *p, size_t n)
{
	unsigned char *to = p;

	if (!r->repeatable) {
		system_bytes(p, n);
		return;
	}
	for (size_t i = 0; i < n; i += 8) {
		uint64_t x = xoshiro(r->state);

		memcpy(to + i, &x, n - i < 8 ? n - i : 8);
	}
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t x;

	rng_bytes(r, &x, sizeof(x));
	return x;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	uint64_t limit, x;

	MUST(n > 0);
	limit = UINT64_MAX - UINT64_MAX % n;
	do
		x = rng_u64(r);
	while (x >= limit);
	return x % n;
}
