/*
 * Randomness, passed in: the system's, or in tests a stream that repeats
 * itself. Also the seeded generator that draws samples which must be
 * reproducible from a recorded seed.
 */
#ifndef PLACET_RNG_H
#define PLACET_RNG_H

#include "base/base.h"

struct rng {
	bool repeatable;   /* false: the system's random bytes */
	uint64_t state[4]; /* of the repeatable stream */
};

/* The repeatable stream of `seed`: xoshiro256**, seeded by splitmix64. */
void rng_seed(struct rng *r, uint64_t seed);
/* Fills `p` with `n` bytes. A zeroed struct rng gives the system's. */
void rng_bytes(struct rng *r, void *p, size_t n);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n), n > 0, without bias. */
uint64_t rng_below(struct rng *r, uint64_t n);

#endif
