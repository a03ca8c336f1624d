/*
 * Every rule, held to the table of evasions and near misses (policy_cases_*.c): each evasion is refused by its rule, each
 * near miss passes, and there are enough of both. With --write DIR it writes the messages for the flow test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "policy_cases.h"

#define EVASIONS_LEAST 8
#define NEAR_MISSES_LEAST 4

static const struct policy_cases *const TABLES[] = { &CASES_WORDS,  &CASES_SHOWN,   &CASES_HEADERS, &CASES_LINKS,
						     &CASES_AGREED, &CASES_LEAVING, &CASES_WHO,     &CASES_FACTS };

#define HTML_PART "--x\nContent-Type: text/html; charset=utf-8\n"
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

static char *replaced(struct arena *a, const char *text, const char *there, const char *instead)
{
	const char *p = text, *hit;
	struct buf b;
	char *out;

	buf_init(&b, 1 << 20);
	for (; (hit = strstr(p, there)); p = hit + strlen(there)) {
		buf_add(&b, p, (size_t)(hit - p));
		buf_adds(&b, instead);
	}
	if (p == text) {
		fprintf(stderr, "the good message has no \"%s\"\n", there);
		abort();
	}
	buf_adds(&b, p);
	out = arena_text_n(a, buf_text(&b), b.n);
	buf_free(&b);
	return out;
}

/* The HTML part and an image become one multipart/related. */
static char *with_image(struct arena *a, const char *what)
{
	size_t type = strcspn(what, "|");
	char *s = replaced(a, GOOD, HTML_PART, "--x\nContent-Type: multipart/related; boundary=\"y\"\n\n--y\nContent-Type: text/html; charset=utf-8\n");

	s = replaced(a, s, "<p>Dear Jo", arena_printf(a, "<p><img src=\"cid:map\" alt=\"%s\"></p><p>Dear Jo", what + type + 1));
	return replaced(a, s, "--x--\n",
			arena_printf(a, "--y\nContent-Type: %.*s\nContent-ID: <map>\nContent-Disposition: inline\n"
					"Content-Transfer-Encoding: base64\n\n" PNG "\n--y--\n--x--\n", (int)type, what));
}

static struct slice changed(struct arena *a, const struct policy_case *c)
{
	const char *s = GOOD;

	if (c->there)
		s = strcmp(c->there, WITH_IMAGE) == 0 ? with_image(a, c->instead) : replaced(a, GOOD, c->there, c->instead);
	return (struct slice){ s, strlen(s) };
}

static enum answer worst_of(const struct verdict *v, const char *rule)
{
	enum answer worst = ANSWER_PASS;

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->finding[i].rule, rule) == 0 && v->finding[i].answer > worst)
			worst = v->finding[i].answer;
	return worst;
}

static bool is_right(const struct policy_case *c)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct world w;
	struct verdict v = { 0 };
	enum answer got;

	good_world(&w);
	if (policy_read_message(a, changed(a, c), &w.message, &e) < 0)
		fail_msg("%s: %s", c->reason, e.text);
	if (c->change)
		c->change(&w);
	policy_decide(a, &w.facts, &v);
	got = worst_of(&v, c->rule);
	if (got != c->want) {
		print_error("%s: %s\n    \"%s\" -> \"%s\": %s, not %s\n", c->rule, c->reason, c->there ? c->there : "",
			    c->instead ? c->instead : "", answer_name(got), answer_name(c->want));
		for (size_t i = 0; i < v.n; i++)
			if (strcmp(v.finding[i].rule, c->rule) == 0)
				print_error("    %s: %s\n", answer_name(v.finding[i].answer), v.finding[i].reason);
	}
	arena_free(a);
	return got == c->want;
}

static void test_cases(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t t = 0; t < COUNT(TABLES); t++)
		for (size_t i = 0; i < TABLES[t]->n; i++)
			wrong += !is_right(&TABLES[t]->c[i]);
	assert_int_equal(wrong, 0);
}

/* Point 1 of what "done" means: at least eight evasions and four near misses for each rule, each with its reason. */
static void test_there_are_enough(void **state)
{
	(void)state;
	for (const char *const *rule = policy_rules(); *rule; rule++) {
		size_t evasions = 0, misses = 0;

		for (size_t t = 0; t < COUNT(TABLES); t++)
			for (size_t i = 0; i < TABLES[t]->n; i++) {
				const struct policy_case *c = &TABLES[t]->c[i];

				if (strcmp(c->rule, *rule) != 0)
					continue;
				assert_true(c->reason && strlen(c->reason) > 4);
				evasions += c->kind == EVASION && c->want > ANSWER_NA;
				misses += c->kind == NEAR_MISS && c->want <= ANSWER_NA;
			}
		if (evasions < EVASIONS_LEAST || misses < NEAR_MISSES_LEAST)
			fail_msg("%s: %zu evasions and %zu near misses", *rule, evasions, misses);
	}
}

/* One line for each case whose message alone says it: NUMBER, rule, answer, with a project or not, reason. */
static int write_all(const char *dir)
{
	size_t number = 0;

	for (size_t t = 0; t < COUNT(TABLES); t++)
		for (size_t i = 0; i < TABLES[t]->n; i++) {
			const struct policy_case *c = &TABLES[t]->c[i];
			struct arena *a = arena_new();
			struct slice s = changed(a, c);
			FILE *f;

			if (c->there && (!c->change || c->change == lint_with_project || c->change == to_lint) &&
			    (f = fopen(arena_printf(a, "%s/%04zu.eml", dir, ++number), "w"))) {
				fwrite(s.p, 1, s.n, f);
				fclose(f);
				printf("%04zu\t%s\t%s\t%s\t%s\n", number, c->rule, answer_name(c->want),
				       c->change == to_lint ? "alone" : "project", c->reason);
			}
			arena_free(a);
		}
	return number ? 0 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_there_are_enough) };

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		return write_all(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
