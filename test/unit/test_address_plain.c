/*
 * The two ways through address_parse: with and without the short one, a cell
 * gives the same, errors too; over the collections of others and over random cells.
 * And the lists, which are searched by halves.
 */
#include "base/file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "mail/address_inner.h"
#include "mail/address_lists.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CORPORA "../shared/corpora/address/"

struct count {
	size_t cells, accepted, plain; /* plain: nothing but an address */
};

static void same_text(const char *cell, const char *what, const char *one, const char *other)
{
	if ((one == NULL) != (other == NULL) || (one && strcmp(one, other) != 0))
		fail_msg("%s: %s is %s the short way, %s the long", cell, what, one ? one : "-", other ? other : "-");
}

static void compare(struct arena *a, const char *cell, struct count *c)
{
	struct address one = { 0 }, other = { 0 };
	struct err e = { 0 }, why = { 0 };

	c->cells++;
	c->plain += address_parse_plain(a, cell, &one);
	if (address_parse(a, cell, &one, &why) < 0) {
		assert_int_equal(address_parse_any(a, cell, &other, &e), -1);
		same_text(cell, "the error", why.text, e.text);
		return;
	}
	c->accepted++;
	if (address_parse_any(a, cell, &other, &e) < 0)
		fail_msg("%s: accepted the short way; the long way says: %s", cell, e.text);
	same_text(cell, "given", one.given, other.given);
	same_text(cell, "name", one.name, other.name);
	same_text(cell, "local", one.local, other.local);
	same_text(cell, "domain", one.domain, other.domain);
	same_text(cell, "domain_shown", one.domain_shown, other.domain_shown);
	same_text(cell, "delivery", one.delivery, other.delivery);
	same_text(cell, "key", one.key, other.key);
	same_text(cell, "cleaned", one.cleaned, other.cleaned);
	assert_int_equal(one.utf8, other.utf8);
	assert_int_equal(one.reserved, other.reserved);
	assert_int_equal(address_flags(&one), address_flags(&other));
}

/* A plain address must go the short way, or it is of no use. */
static void test_taken(void **state)
{
	static const char *const PLAIN[] = {
		"ann.bee@dept5.example.ac.uk", "A@b.CD", "a+b@gmail.com", "o'neil@a-b.test", "a|b@uni.example", "1@2.de",
	};
	static const char *const NOT[] = {
		"", "@", "a@", "a@b", "@b.cd", " a@b.cd", "a@b.cd ", "a@b.cd.", "a@b..cd", "a..b@c.de", ".a@b.cd", "a.@b.cd",
		"-a@b.cd", "|a@b.cd", "a%b@c.de", "a!b@c.de", "\"a\"@b.cd", "a@xn--bcher-kva.example", "a@ab--c.de",
		"a@b.1", "a@-b.cd", "a@b-.cd", "a@b.cd\n", "a@b@c.de", "<a@b.cd>", "a@b_c.de", "a@co.uk", "\xC3\xA5@b.cd",
	};
	struct arena *a = arena_new();
	struct address out;
	(void)state;

	for (size_t i = 0; i < COUNT(PLAIN); i++)
		if (!address_parse_plain(a, PLAIN[i], &out))
			fail_msg("%s goes the long way", PLAIN[i]);
	for (size_t i = 0; i < COUNT(NOT); i++)
		if (address_parse_plain(a, NOT[i], &out))
			fail_msg("%s goes the short way", NOT[i]);
	arena_free(a);
}

/* Cells of pieces that matter to one way or the other. */
static void test_random(void **state)
{
	static const char *const PIECES[] = {
		"a", "Z", "0", "9", ".", ".", "-", "--", "+", "@", "@", "_", "'", "/", "|", "=", "?", "~", "{", "%", "!", " ",
		",", "\"", "(", ")", "<", ">", ":", ";", "\\", "[", "xn--", "gmail.com", "googlemail.com", ".co.uk", "uk",
		".test", ".example", "example.com", "mailto:", ".museum", "k12.ma.us", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"b.cdefghijklmnopqrstuvwxyz0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ", "@Uni.de", "ann", "\x7f", "\t",
		"Ann Bee <", "\xC3\xA5", "\xC2\xA0", "\xEF\xBC\xA0", "a@b.cd", "x.y@uni.example",
	};
	struct rng r = { 0 };
	struct arena *a = arena_new();
	struct count c = { 0 };
	(void)state;

	rng_seed(&r, 20261123);
	for (int i = 0; i < 200000; i++) {
		char cell[1200] = "";
		size_t n = 0;

		for (uint64_t left = rng_below(&r, 9) + 1; left; left--) {
			const char *piece = PIECES[rng_below(&r, COUNT(PIECES))];

			memcpy(cell + n, piece, strlen(piece) + 1);
			n += strlen(piece);
		}
		compare(a, cell, &c);
		arena_clear(a);
	}
	print_message("random: %zu of %zu accepted, %zu of them plain\n", c.accepted, c.cells, c.plain);
	assert_true(c.plain > 500);
	arena_free(a);
}

/* Every byte in every place of a small address. */
static void test_each_byte(void **state)
{
	static const char SMALL[] = "a.b+c@d-e.f1.gh";
	struct arena *a = arena_new();
	struct count c = { 0 };
	(void)state;

	for (size_t i = 0; i < strlen(SMALL); i++)
		for (int byte = 1; byte < 256; byte++) {
			char cell[sizeof(SMALL)];

			memcpy(cell, SMALL, sizeof(SMALL));
			cell[i] = (char)byte;
			compare(a, cell, &c);
			arena_clear(a);
		}
	assert_true(c.plain > 500);
	arena_free(a);
}

/* Every string of a collection, wherever it stands in it. */
static void compare_all(struct arena *a, json_t *v, struct count *c)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(v))
		compare(a, json_string_value(v), c);
	json_array_foreach(v, i, item)
		compare_all(a, item, c);
	json_object_foreach(v, key, item)
		compare_all(a, item, c);
}

/* Lone surrogates are no text, and jansson refuses the whole file for one: the first digit of each becomes 0. */
static void without_surrogates(char *text)
{
	for (char *p = text; (p = strstr(p, "\\u")); p++)
		if ((p[2] | 32) == 'd' && p[3] > '7')
			p[2] = '0';
}

static void compare_file(struct arena *a, const char *path, struct count *c)
{
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, 10 * 1024 * 1024);
	if (file_read(path, &b, &e) < 0) {
		print_message("%s is absent: skipped\n", path);
	} else if (strstr(path, ".json")) {
		json_t *root;

		without_surrogates(b.p);
		root = json_loadb(b.p, b.n, JSON_ALLOW_NUL, NULL);
		assert_non_null(root);
		compare_all(a, root, c);
		json_decref(root);
	} else {
		char *save = NULL;

		for (char *line = strtok_r(b.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			compare(a, line, c);
	}
	buf_free(&b);
}

static void test_collections(void **state)
{
	static const char *const FILES[] = {
		CORPORA "isemail/tests.json", CORPORA "isemail/tests-original.json", CORPORA "validator.js/cases.json",
		CORPORA "egulias/cases.json", CORPORA "flanker/mailbox_valid.txt", CORPORA "flanker/mailbox_invalid.txt",
		CORPORA "flanker/abridged_localpart_valid.txt",
	};
	struct arena *a = arena_new();
	struct count c = { 0 };
	(void)state;

	for (size_t i = 0; i < COUNT(FILES); i++)
		compare_file(a, FILES[i], &c);
	print_message("collections: %zu of %zu accepted, %zu of them plain\n", c.accepted, c.cells, c.plain);
	arena_free(a);
}

static void test_lists(void **state)
{
	(void)state;

	if (lists_unsorted())
		fail_msg("%s is out of order in its list", lists_unsorted());
	assert_true(list_has_role("abuse") && list_has_role("www") && list_has_role("info") && list_has_role("zy") == false);
	assert_true(list_has_free_provider("gmail.com") && !list_has_free_provider("x.gmail.com"));
	assert_true(list_has_disposable("a.b.yopmail.com") && !list_has_disposable("notyopmail.com"));
	assert_false(list_has_role(""));
	assert_true(list_has_role("do.not-reply") && list_has_role("info2") && list_has_role("post-master"));
	assert_true(list_has_role("news-noreply") && list_has_role("sys_admin") && list_has_role("e-mail"));
	assert_false(list_has_role("s.ales") || list_has_role("hr12") || list_has_role("ann.all") || list_has_role("sale.s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),     cmocka_unit_test(test_random),      cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_collections), cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
