/* The last look at a message (wire_inspect): what is found does not depend on where in a block of bytes it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "smtp/wire.h"

#define SIZE 1200

/* Lines of 78 bytes with their CRLF, the last one shorter. */
static void fill(char p[SIZE])
{
	for (size_t i = 0; i < SIZE; i++)
		p[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'a';
	memcpy(p + SIZE - 3, "a\r\n", 3);
}

static bool ends_the_program(const char *p, size_t n, bool utf8)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		wire_inspect(p, n, utf8);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void a_dot_is_seen_where_a_line_begins(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZE - 3; i++) {
		char p[SIZE];
		bool begins = i == 0 || i % 78 == 0;

		fill(p);
		assert_false(wire_inspect(p, SIZE, false));
		if (i % 78 >= 76)
			continue;
		p[i] = '.';
		assert_int_equal(wire_inspect(p, SIZE, false), begins);
	}
}

static void each_length_is_looked_at_to_its_end(void **state)
{
	char p[SIZE];

	(void)state;
	fill(p);
	for (size_t n = 1; n < SIZE - 1; n++)
		if (n % 78 != 77)
			assert_false(wire_inspect(p, n, false));
	assert_false(wire_inspect(p, 0, false));
}

static void a_defect_ends_the_program_wherever_it_stands(void **state)
{
	static const char BAD[] = { '\r', '\n', '\0', '\x80' };
	static const size_t PLACES[] = { 0, 1, 126, 127, 128, 129, 255, 256, 257, 1100, SIZE - 4, SIZE - 3 };

	(void)state;
	for (size_t i = 0; i < COUNT(PLACES); i++)
		for (size_t k = 0; k < COUNT(BAD); k++) {
			char p[SIZE];

			fill(p);
			p[PLACES[i]] = BAD[k];
			assert_true(ends_the_program(p, SIZE, false));
			assert_int_equal(ends_the_program(p, SIZE, true), BAD[k] != '\x80');
		}
}

static void no_line_is_longer_than_998(void **state)
{
	(void)state;
	for (size_t from = 0; from < 190; from += 9)
		for (size_t length = 997; length <= 999; length++) {
			char p[SIZE];

			memset(p, 'a', SIZE);
			if (from)
				memcpy(p + from - 2, "\r\n", 2);
			memcpy(p + from + length, "\r\n", 2);
			assert_int_equal(ends_the_program(p, SIZE, false), length > 998);
			assert_int_equal(ends_the_program(p, from + length, false), length > 998);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dot_is_seen_where_a_line_begins),
		cmocka_unit_test(each_length_is_looked_at_to_its_end),
		cmocka_unit_test(a_defect_ends_the_program_wherever_it_stands),
		cmocka_unit_test(no_line_is_longer_than_998),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
