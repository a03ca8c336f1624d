/* Replies: what is read as one, what is refused, in one piece and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "smtp/reply.h"

static const struct {
	const char *in;
	enum reply_step last; /* what the final call gives */
	int code;
	const char *enhanced, *text;
} CASES[] = {
	{ "250 ok\r\n", REPLY_DONE, 250, "", "250 ok" },
	{ "250\r\n", REPLY_DONE, 250, "", "250" },
	{ "250 \r\n", REPLY_DONE, 250, "", "250" },
	{ "250 2.1.0 Ok\r\n", REPLY_DONE, 250, "2.1.0", "250 2.1.0 Ok" },
	{ "550-5.1.1 no\r\n550 5.1.1 such user\r\n", REPLY_DONE, 550, "5.1.1", "550 5.1.1 no such user" },
	{ "550 4.1.1 class of another code\r\n", REPLY_DONE, 550, "", "550 4.1.1 class of another code" },
	{ "550 5.1.1000 x\r\n", REPLY_DONE, 550, "", "550 5.1.1000 x" },
	{ "550 5.1.10\r\n", REPLY_DONE, 550, "5.1.10", "550 5.1.10" },
	{ "550 5.1.1x y\r\n", REPLY_DONE, 550, "", "550 5.1.1x y" },
	{ "550 5..1 y\r\n", REPLY_DONE, 550, "", "550 5..1 y" },
	{ "354 go\r\n", REPLY_DONE, 354, "", "354 go" },
	{ "354 3.0.0 go\r\n", REPLY_DONE, 354, "", "354 3.0.0 go" },
	{ "250 a\tb\033[1m\xc3\xa4\r\n", REPLY_DONE, 250, "", "250 a?b?[1m??" },
	{ "250-a\r\n", REPLY_LINE, 250, "", "250 a" },
	{ "250 o", REPLY_MORE, 0, "", "" },
	{ "250 ok\n", REPLY_BAD, 0, "", "" },
	{ "250 o\rk\r\n", REPLY_BAD, 0, "", "" },
	{ "25\r\n", REPLY_BAD, 0, "", "" },
	{ "150 x\r\n", REPLY_BAD, 0, "", "" },
	{ "650 x\r\n", REPLY_BAD, 0, "", "" },
	{ "260 x\r\n", REPLY_BAD, 0, "", "" },
	{ "250x\r\n", REPLY_BAD, 0, "", "" },
	{ "250-a\r\n251 b\r\n", REPLY_BAD, 250, "", "250 a" },
	{ "\r\n", REPLY_BAD, 0, "", "" },
	{ "ok 250\r\n", REPLY_BAD, 0, "", "" },
};

static enum reply_step feed(struct reply_parser *p, const char *in, size_t n, size_t piece)
{
	enum reply_step step = REPLY_MORE;

	while (n) {
		size_t used, now = n < piece ? n : piece;

		step = reply_read(p, in, now, &used);
		if (step == REPLY_BAD)
			break;
		in += used;
		n -= used;
	}
	return step;
}

static void each_case(void **state)
{
	static struct reply_parser p;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		for (size_t piece = 1; piece < 60; piece += 58) {
			reply_init(&p);
			if (feed(&p, CASES[i].in, strlen(CASES[i].in), piece) != CASES[i].last)
				fail_msg("%s: another step", CASES[i].in);
			assert_int_equal(p.reply.code, CASES[i].code);
			assert_string_equal(p.reply.enhanced, CASES[i].enhanced);
			assert_string_equal(p.reply.text, CASES[i].text);
		}
	}
}

static void a_nul_is_refused(void **state)
{
	static struct reply_parser p;

	(void)state;
	reply_init(&p);
	assert_int_equal(feed(&p, "250 a\0b\r\n", 9, 9), REPLY_BAD);
	assert_int_equal(feed(&p, "250 a\r\n", 7, 7), REPLY_BAD); /* and it stays so */
}

static void limits(void **state)
{
	static struct reply_parser p;
	static char line[REPLY_LINE_MAX + 10];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250 ", 4);
	memcpy(line + REPLY_LINE_MAX - 2, "\r\n", 2);
	reply_init(&p);
	assert_int_equal(feed(&p, line, REPLY_LINE_MAX, REPLY_LINE_MAX), REPLY_DONE);
	assert_int_equal(p.reply.n, sizeof(p.reply.text) - 1);
	memcpy(line + REPLY_LINE_MAX - 2, "xx\r\n", 4);
	reply_init(&p);
	assert_int_equal(feed(&p, line, REPLY_LINE_MAX + 2, 7), REPLY_BAD);
	reply_init(&p);
	for (int i = 0; i < REPLY_LINES_MAX; i++)
		assert_int_equal(feed(&p, "250-x\r\n", 7, 7), REPLY_LINE);
	assert_int_equal(feed(&p, "250 x\r\n", 7, 7), REPLY_BAD);
}

static void several_in_one_read(void **state)
{
	static struct reply_parser p;
	const char *in = "250 a\r\n354 b\r\n25";
	size_t used;

	(void)state;
	reply_init(&p);
	assert_int_equal(reply_read(&p, in, strlen(in), &used), REPLY_DONE);
	assert_int_equal(used, 7);
	assert_true(reply_is_between(&p));
	assert_int_equal(reply_read(&p, in + 7, strlen(in) - 7, &used), REPLY_DONE);
	assert_int_equal(p.reply.code, 354);
	assert_int_equal(reply_read(&p, in + 14, 2, &used), REPLY_MORE);
	assert_false(reply_is_between(&p));
	assert_int_equal(reply_read(&p, "0 c\r\n", 5, &used), REPLY_DONE);
	assert_string_equal(p.reply.text, "250 c");
}

static void queue_ids(void **state)
{
	static const char *const IDS[][2] = {
		{ "250 2.0.0 Ok: queued as 4XyZ12", "4XyZ12" },
		{ "250 2.0.0 Ok: queued as 7.", "7" },
		{ "250 OK id=1u2XyZ-000-1", "1u2XyZ-000-1" },
		{ "250 2.0.0 1f2e3d4c Message accepted for delivery", "1f2e3d4c" },
		{ "250 2.0.0 Message accepted for delivery", "" },
		{ "250 2.0.0 Ok", "" },
		{ "250 2.0.0 Ok: queued as <script>", "" },
	};
	char id[64];

	(void)state;
	for (size_t i = 0; i < COUNT(IDS); i++) {
		reply_queue_id(IDS[i][0], id, sizeof(id));
		assert_string_equal(id, IDS[i][1]);
	}
	reply_queue_id("250 queued as abcdef", id, 4);
	assert_string_equal(id, "abc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case), cmocka_unit_test(a_nul_is_refused),    cmocka_unit_test(limits),
		cmocka_unit_test(queue_ids), cmocka_unit_test(several_in_one_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
