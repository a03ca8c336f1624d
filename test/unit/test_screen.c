/* Blocks of lines: drawn over on a terminal of so many columns, one after the other anywhere else, never a control of theirs. */
#include "cmd/screen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <cmocka.h>

/* What `draw` writes on a terminal of 20 columns. */
static const char *on_terminal(void (*draw)(struct screen *s), char out[4096])
{
	struct winsize size = { .ws_row = 10, .ws_col = 20 };
	int main_side = posix_openpt(O_RDWR | O_NOCTTY);
	struct screen s;
	FILE *side;
	size_t n = 0;
	ssize_t got;

	assert_true(main_side >= 0 && grantpt(main_side) == 0 && unlockpt(main_side) == 0);
	assert_non_null(side = fopen(ptsname(main_side), "w"));
	assert_int_equal(ioctl(fileno(side), TIOCSWINSZ, &size), 0);
	screen_init(&s, side);
	draw(&s);
	fclose(side);
	/* In as many pieces as the kernel likes; behind the last one is an error, since the other side is closed. */
	while ((got = read(main_side, out + n, 4095 - n)) > 0)
		n += (size_t)got;
	assert_true(n > 0);
	out[n] = '\0';
	close(main_side);
	return out;
}

static const char *in_file(void (*draw)(struct screen *s), char out[4096])
{
	FILE *f = tmpfile();
	struct screen s;
	size_t n;

	assert_non_null(f);
	screen_init(&s, f);
	draw(&s);
	rewind(f);
	n = fread(out, 1, 4095, f);
	out[n] = '\0';
	fclose(f);
	return out;
}

static void two_blocks(struct screen *s)
{
	screen_begin(s);
	screen_line(s, "one");
	screen_line(s, "two");
	assert_int_equal(screen_end(s), 0);
	screen_begin(s);
	screen_line(s, "three");
	assert_int_equal(screen_end(s), 0);
	screen_begin(s);
	screen_line(s, "four");
	assert_int_equal(screen_end(s), 0);
}

static void blocks_are_drawn_over(void **state)
{
	char out[4096];

	(void)state;
	assert_string_equal(on_terminal(two_blocks, out),
			    "one\033[K\r\ntwo\033[K\r\n\033[2Athree\033[K\r\n\033[J\033[1Afour\033[K\r\n");
	assert_string_equal(in_file(two_blocks, out), "one\ntwo\nthree\nfour\n");
}

static void draw_hostile(struct screen *s)
{
	screen_begin(s);
	screen_line(s, "%s", "a\033[2Jb\r\n\xc2\x9b" "c\xe2\x80\xae" "d\xff");
	assert_int_equal(screen_end(s), 0);
}

static void nothing_of_theirs_moves_the_cursor(void **state)
{
	char out[4096];

	(void)state;
	assert_string_equal(on_terminal(draw_hostile, out), "a?[2Jb???c?d?\033[K\r\n");
	assert_string_equal(in_file(draw_hostile, out), "a?[2Jb???c?d?\n");
}

static void draw_long(struct screen *s)
{
	screen_begin(s);
	screen_line(s, "0123456789012345678901234567890");
	screen_line(s, "ä234567890123456789012");
	screen_line(s, "\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d");
	assert_int_equal(screen_end(s), 0);
}

static void long_lines_are_cut(void **state)
{
	char out[4096];

	(void)state;
	assert_string_equal(on_terminal(draw_long, out),
			    "0123456789012345678\033[K\r\nä234567890123456789\033[K\r\n"
			    "\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\033[K\r\n");
	assert_non_null(strstr(in_file(draw_long, out), "78901234567890\n"));
}

static void dumb_terminals(void **state)
{
	char out[4096];

	(void)state;
	setenv("TERM", "dumb", 1);
	assert_string_equal(on_terminal(two_blocks, out), "one\r\ntwo\r\nthree\r\nfour\r\n");
	unsetenv("TERM");
	assert_string_equal(on_terminal(two_blocks, out), "one\r\ntwo\r\nthree\r\nfour\r\n");
}

static void what_cannot_be_written_is_said(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct screen s;

	(void)state;
	assert_non_null(full);
	screen_init(&s, full);
	screen_begin(&s);
	screen_line(&s, "x");
	assert_int_equal(screen_end(&s), -1);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_drawn_over),
		cmocka_unit_test(nothing_of_theirs_moves_the_cursor),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(dumb_terminals),
		cmocka_unit_test(what_cannot_be_written_is_said),
	};

	setenv("TERM", "xterm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
