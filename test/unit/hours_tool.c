/*
 * hours_tool TEXT: says what the hours are in their canonical form; then, for each line of stdin with a number of
 * seconds since 1970, whether they are open then (0, 1) and the second at which that changes next (- for never).
 */
#include "base/clock.h"
#include "base/codec.h"
#include "base/hours.h"

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	const struct hours *h;
	struct err e = { 0 };
	char line[64];

	if (argc != 2 || hours_parse(a, argv[1], &h, &e) < 0) {
		fprintf(stderr, "hours_tool: %s\n", argc == 2 ? e.text : "usage: hours_tool TEXT");
		arena_free(a);
		return 2;
	}
	puts(hours_text(h));
	while (fgets(line, sizeof(line), stdin)) {
		int64_t t = strtoll(line, NULL, 10), change = hours_change(h, t * SECOND);

		printf("%d ", hours_open(h, t * SECOND));
		if (change == INT64_MAX)
			puts("-");
		else
			printf("%lld\n", (long long)(change / SECOND));
	}
	arena_free(a);
	return 0;
}
