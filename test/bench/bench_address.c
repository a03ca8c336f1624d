/*
 * What one row of an import costs before it reaches the database: an address
 * read, judged and hashed, in nanoseconds, over plain addresses and over those
 * that need Unicode. Run by hand, from a build without sanitizers:
 *   bench_address [ROWS]
 */
#include "mail/address_inner.h"
#include "mail/token.h"

static const char *const PLAIN[] = {
	"ann.bee@dept5.example.ac.uk", "j.smith42@students.uni-example.edu", "maria@gmail.com",
	"Hans.Meier@informatik.example.de", "o'neil+news@mail.example.org",
};

static const char *const OTHER[] = {
	"Ann Bee <ann.bee@dept5.example.ac.uk>", "  maria@gmail.com", "ann@bücher.example",
	"\xC3\xA5sa@uni.example", "ann@xn--bcher-kva.example",
};

static int64_t now(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void tell(const char *what, int64_t since, long n)
{
	printf("%-32s %8.0f ns\n", what, (double)(now() - since) / (double)n);
}

static void read_all(const char *what, const char *const *cells, size_t n, long rows)
{
	struct arena *a = arena_new();
	struct address addr;
	struct err e = { 0 };
	int64_t begin = now();

	for (long i = 0; i < rows; i++) {
		MUST(address_parse(a, cells[(size_t)i % n], &addr, &e) == 0);
		if (i % 256 == 0)
			arena_clear(a);
	}
	tell(what, begin, rows);
	arena_free(a);
}

/* The long way, which plain addresses no longer go. */
static void read_all_slowly(long rows)
{
	struct arena *a = arena_new();
	struct address addr;
	struct err e = { 0 };
	int64_t begin = now();

	for (long i = 0; i < rows; i++) {
		MUST(address_parse_any(a, PLAIN[(size_t)i % COUNT(PLAIN)], &addr, &e) == 0);
		if (i % 256 == 0)
			arena_clear(a);
	}
	tell("address_parse_any, plain", begin, rows);
	arena_free(a);
}

static const char *const KNOWN[] = { "sampleton.ac.uk", "sampleton.example" };

/* Flags alone, as an import does; and hints, which a page asks for. */
static void judge_all(long rows)
{
	struct arena *a = arena_new();
	struct address addr[COUNT(PLAIN)];
	struct err e = { 0 };
	unsigned flags = 0;
	int64_t begin;

	for (size_t i = 0; i < COUNT(PLAIN); i++)
		MUST(address_parse(a, PLAIN[i], &addr[i], &e) == 0);
	begin = now();
	for (long i = 0; i < rows; i++)
		flags |= address_flags(&addr[(size_t)i % COUNT(PLAIN)]);
	tell("address_flags, plain", begin, rows);
	begin = now();
	for (long i = 0; i < rows; i++)
		flags |= address_flags_among(&addr[(size_t)i % COUNT(PLAIN)], KNOWN, COUNT(KNOWN));
	tell("address_flags_among 2, plain", begin, rows);
	MUST(flags == ADDRESS_FREE_PROVIDER);
	begin = now();
	for (long i = 0; i < rows; i++)
		MUST(!address_hint(a, &addr[(size_t)i % COUNT(PLAIN)], KNOWN, COUNT(KNOWN)));
	tell("address_hint, plain", begin, rows);
	arena_free(a);
}

static void hash_all(long rows)
{
	uint8_t key[TOKEN_KEY_SIZE] = { 1 }, out[KEY_HASH_SIZE];
	int64_t begin = now();

	for (long i = 0; i < rows; i++)
		match_key_hash(key, PLAIN[(size_t)i % COUNT(PLAIN)], out);
	tell("match_key_hash", begin, rows);
}

static void hash_all_prepared(long rows)
{
	uint8_t key[TOKEN_KEY_SIZE] = { 1 }, out[KEY_HASH_SIZE];
	struct hash_key *k = hash_key_new(key);
	int64_t begin = now();

	for (long i = 0; i < rows; i++)
		hash_key_run(k, PLAIN[(size_t)i % COUNT(PLAIN)], out);
	tell("hash_key_run", begin, rows);
	hash_key_free(k);
}

int main(int argc, char **argv)
{
	long rows = argc > 1 ? strtol(argv[1], NULL, 10) : 300000;

	if (rows < 1) {
		fprintf(stderr, "bench_address [ROWS]\n");
		return 2;
	}
	read_all("address_parse, plain", PLAIN, COUNT(PLAIN), rows);
	read_all("address_parse, others", OTHER, COUNT(OTHER), rows);
	read_all_slowly(rows);
	judge_all(rows);
	hash_all(rows);
	hash_all_prepared(rows);
	return 0;
}
