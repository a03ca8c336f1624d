/* Whole files: read within bounds, replaced as a whole, locked; and the log, which is a file too. */
#include "base/file.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char home[64];

static const char *in_home(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", home, name);
	return p;
}

static int make_home(void **state)
{
	(void)state;
	snprintf(home, sizeof(home), "/tmp/placet-file-XXXXXX");
	return mkdtemp(home) ? 0 : -1;
}

static int remove_tree(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *entry; d && (entry = readdir(d));) {
		char part[PATH_MAX];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(part, sizeof(part), "%s/%s", path, entry->d_name) >= (int)sizeof(part))
			return -1;
		if (unlink(part) < 0)
			remove_tree(part);
	}
	if (d)
		closedir(d);
	return rmdir(path);
}

static int remove_home(void **state)
{
	(void)state;
	return remove_tree(home);
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = -2; /* . and .. */

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void a_file_is_replaced_whole(void **state)
{
	struct err e = { 0 };
	struct stat st;
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(file_write(in_home("a"), "first", 5, 0600, &e), 0);
	assert_int_equal(file_write(in_home("a"), "sec\0nd", 6, 0600, &e), 0);
	assert_int_equal(file_read(in_home("a"), &b, &e), 0);
	assert_int_equal(b.n, 6);
	assert_memory_equal(b.p, "sec\0nd", 6);
	assert_int_equal(stat(in_home("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(entries(home), 1); /* no temporary file stays behind */
	assert_true(file_exists(in_home("a")));
	assert_false(file_exists(in_home("b")));
	assert_int_equal(file_read(in_home("a"), &b, &e), 0); /* appends */
	assert_int_equal(b.n, 12);
	buf_free(&b);
}

static void a_failed_write_leaves_no_trace(void **state)
{
	struct err e = { 0 };
	int before = entries(home);

	(void)state;
	assert_int_equal(mkdir(in_home("folder"), 0700), 0);
	assert_int_equal(file_write(in_home("folder"), "x", 1, 0600, &e), -1); /* the rename fails */
	assert_non_null(strstr(e.text, "folder"));
	assert_int_equal(entries(home), before + 1);
	assert_int_equal(file_write(in_home("no/such/folder"), "x", 1, 0600, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(rmdir(in_home("folder")), 0);
}

static void reading_is_bounded(void **state)
{
	struct err e = { 0 };
	struct buf b;
	char content[200000];

	(void)state;
	memset(content, 'c', sizeof(content));
	assert_int_equal(file_write(in_home("big"), content, sizeof(content), 0600, &e), 0);
	buf_init(&b, sizeof(content));
	assert_int_equal(file_read(in_home("big"), &b, &e), 0);
	assert_int_equal(b.n, sizeof(content));
	buf_free(&b);
	buf_init(&b, sizeof(content) - 1);
	assert_int_equal(file_read(in_home("big"), &b, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_true(b.n <= b.max);
	buf_clear(&b);
	assert_int_equal(file_read(in_home("none"), &b, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(file_read(home, &b, &e), -1); /* a folder */
	assert_int_equal(e.kind, ERR_INPUT);
	buf_free(&b);
}

static void folders_are_made_with_parents(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_make_dirs(in_home("x//y/z"), 0700, &e), 0);
	assert_int_equal(file_make_dirs(in_home("x/y/z/"), 0700, &e), 0);
	assert_true(file_exists(in_home("x/y/z")));
	assert_int_equal(file_write(in_home("x/file"), "", 0, 0600, &e), 0);
	assert_int_equal(file_make_dirs(in_home("x/file/z"), 0700, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(file_make_dirs("", 0700, &e), -1);
	assert_int_equal(file_sync_dir(in_home("x"), &e), 0);
	assert_int_equal(file_sync_dir(in_home("nowhere"), &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
}

static void a_lock_has_one_holder(void **state)
{
	struct err e = { 0 };
	int first = file_lock(in_home("lock"), &e), second;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(file_lock(in_home("lock"), &e), -1);
	assert_int_equal(e.kind, ERR_AGAIN);
	close(first);
	second = file_lock(in_home("lock"), &e);
	assert_true(second >= 0);
	close(second);
	assert_int_equal(file_lock(in_home("none/lock"), &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
}

/* What log_event writes, read back from a file that stands in for stderr. */
static void log_into(struct buf *out, enum log_level level, const char *value)
{
	struct err e = { 0 };
	int kept = dup(STDERR_FILENO), fd = open(in_home("log"), O_CREAT | O_WRONLY | O_TRUNC, 0600);

	dup2(fd, STDERR_FILENO);
	log_event(level, "tried", "why", value, "next", "n1", NULL);
	dup2(kept, STDERR_FILENO);
	close(fd);
	close(kept);
	buf_clear(out);
	assert_int_equal(file_read(in_home("log"), out, &e), 0);
}

static void the_log_cannot_be_forged(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{ "simple", "why=simple next=n1\n" },
		{ NULL, "why=- next=n1\n" },
		{ "", "why=\"\" next=n1\n" },
		{ "two words", "why=\"two words\" next=n1\n" },
		{ "a=b", "why=\"a=b\" next=n1\n" },
		{ "x\ntime=2026 level=info", "why=\"x\\ntime=2026 level=info\" next=n1\n" },
		{ "say \"hi\" \\", "why=\"say \\\"hi\\\" \\\\\" next=n1\n" },
		{ "\x1b[2J", "why=\"\\x1b[2J\" next=n1\n" },
		{ "bad \xff\xc2\x9b", "why=\"bad \\xff\\x9b\" next=n1\n" },
		{ "\xe2\x80\xae", "why=\"\\u{202e}\" next=n1\n" },
		{ "M\xc3\xbcller", "why=\"M\xc3\xbcller\" next=n1\n" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 20000);
	log_setup("send", LOG_LEVEL_INFO);
	for (size_t i = 0; i < COUNT(cases); i++) {
		log_into(&b, LOG_LEVEL_WARN, cases[i].value);
		assert_memory_equal(buf_text(&b), "time=2", 6);
		assert_non_null(strstr(buf_text(&b), "Z level=warn role=send event=tried why="));
		assert_string_equal(strstr(buf_text(&b), "why="), cases[i].written);
	}
	log_into(&b, LOG_LEVEL_DEBUG, "x");
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void a_log_line_has_an_end(void **state)
{
	char value[5000];
	struct buf b;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	buf_init(&b, 20000);
	log_into(&b, LOG_LEVEL_INFO, value);
	assert_true(b.n < 1200);
	assert_non_null(strstr(buf_text(&b), "vvv...\" next=n1\n"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_whole), cmocka_unit_test(a_failed_write_leaves_no_trace),
		cmocka_unit_test(reading_is_bounded),       cmocka_unit_test(folders_are_made_with_parents),
		cmocka_unit_test(a_lock_has_one_holder),    cmocka_unit_test(the_log_cannot_be_forged),
		cmocka_unit_test(a_log_line_has_an_end),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
