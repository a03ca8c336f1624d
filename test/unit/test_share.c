/* How connections are shared out among relays. Each relay is written "weight", "weight/most", with "!" if down, "-" if absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/share.h"

static const struct {
	int connections;
	const char *relays, *want;
} CASES[] = {
	{ 20, "10", "20" },
	{ 20, "10 10", "10 10" },
	{ 20, "30 10", "15 5" },
	{ 8, "3 1", "6 2" },
	{ 10, "1 1 1", "4 3 3" },
	/* Everybody who is used can send. */
	{ 20, "1000 1", "19 1" },
	{ 2, "5 5 5", "1 1 1" },
	{ 1, "10 10", "1 1" },
	/* A limit leaves its part to the others. */
	{ 20, "10/3 10", "3 17" },
	{ 20, "10/3 10/4", "3 4" },
	{ 20, "10/50", "20" },
	/* Who is down keeps one to be tried with, and the others have its part. */
	{ 20, "10! 10", "1 20" },
	{ 20, "10! 10! 20", "1 1 20" },
	{ 20, "10! 10!", "1 1" },
	/* Who stands by. */
	{ 20, "10 0", "20 0" },
	{ 20, "10! 0", "1 20" },
	{ 20, "10! 0 0", "1 10 10" },
	{ 20, "10 10! 0!", "20 1 0" },
	{ 20, "10! 0!", "1 1" },
	{ 20, "0 0/2", "18 2" },
	/* Who could not be set up. */
	{ 20, "- 10", "0 20" },
	{ 20, "- 0", "0 20" },
	{ 20, "-", "0" },
	{ 20, "", "" },
};

static size_t read_relays(const char *text, struct share out[16])
{
	size_t n = 0;
	char *end;

	while (*text) {
		struct share *s = &out[n++];

		*s = (struct share){ .there = *text != '-', .usable = true };
		s->weight = s->there ? strtol(text, &end, 10) : 10;
		text = s->there ? end : text + 1;
		if (*text == '/') {
			s->most = strtol(text + 1, &end, 10);
			text = end;
		}
		if (*text == '!') {
			s->usable = false;
			text++;
		}
		text += *text == ' ';
	}
	return n;
}

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct share s[16];
		size_t n = read_relays(CASES[i].relays, s);
		char got[200] = "";

		share_out(s, n, CASES[i].connections);
		for (size_t k = 0; k < n; k++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d", k ? " " : "", (int)s[k].now);
		if (strcmp(got, CASES[i].want) != 0)
			fail_msg("%d among %s: %s, not %s", CASES[i].connections, CASES[i].relays, got, CASES[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
