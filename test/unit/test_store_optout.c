/*
 * store: opt-outs and their journal. Whatever becomes of the database, of the
 * end of the file, or of the room on the disk: who was answered has left, and
 * the database ends where the journal does.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"
#include "store_fixture.h"

static const struct query ROWS = { "t_rows", "SELECT count(*) FROM opt_out", NULL };
static const struct query KEPT = { "t_kept", "SELECT count(*) FROM opt_out_keep", NULL };
static const struct query LEDGER = { "t_ledger", "SELECT count(*) FROM audit WHERE action = $1", NULL };
static const struct query FORGET = { "t_forget", "DELETE FROM opt_out", NULL };
static const struct query FORGET_KEPT = { "t_forget_kept", "DELETE FROM opt_out_keep", NULL };
static const struct query FORGET_PLACE = { "t_forget_place", "DELETE FROM setting WHERE key LIKE '.opt-out-journal.%'", NULL };
static const struct query LOSE_ACCOUNTS = { "t_lose", "UPDATE opt_out SET by_id = NULL", NULL };

/* Four people of one list. */
enum { PEOPLE = 4 };

struct people {
	uint8_t hash[PEOPLE][KEY_HASH_SIZE];
	int64_t delivery[PEOPLE];
};

static struct people mail_people(struct store *s)
{
	struct people p;
	struct delivery *d;
	size_t n;

	import_many(s, PEOPLE);
	sign_off_but(s, NULL);
	d = claim(s, s->h, start_mailing(s), add_sender(s), T0 + 1, PEOPLE, &n);
	assert_int_equal(n, PEOPLE);
	for (size_t i = 0; i < n; i++) {
		memcpy(p.hash[i], d[i].key_hash, KEY_HASH_SIZE);
		p.delivery[i] = d[i].id;
	}
	return p;
}

static const char *journal_of(struct store *s)
{
	return home_file(s->h, s->a, "journal/opt-out.log");
}

static int64_t rows(struct store *s)
{
	return number(s, &ROWS, NO_ARGS);
}

static bool stands(struct store *s, const uint8_t *hash)
{
	struct fixture *f = s->f;
	int got = opt_out_stands(s->h, hash, &f->e);

	OK(got);
	return got;
}

static void leave(struct store *s, const uint8_t *hash)
{
	struct fixture *f = s->f;

	OK(opt_out_by_hash(s->h, hash, OPT_OUT_PAGE, "", 0, &f->e));
}

/* As another process would find it: with its own handle. */
static void come_back(struct store *s)
{
	home_free(s->h);
	s->h = open_home(s);
}

/* The database of before: nobody left, and no journal is known. */
static void lose_data(struct store *s)
{
	struct fixture *f = s->f;

	OK(db_exec(s->h->db, &FORGET, NO_ARGS, NULL, &f->e));
	OK(db_exec(s->h->db, &FORGET_KEPT, NO_ARGS, NULL, &f->e));
	OK(db_exec(s->h->db, &FORGET_PLACE, NO_ARGS, NULL, &f->e));
}

static void append_raw(struct store *s, const char *text)
{
	int fd = open(journal_of(s), O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* --- what the acts do ---------------------------------------------------------------------------- */

static void acts_in_their_order(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	leave(s, p.hash[0]);
	assert_true(stands(s, p.hash[0]));
	OK(opt_out_keep(s->h, p.hash[0], s->project.id, &f->e));
	assert_int_equal(number(s, &KEPT, NO_ARGS), 1);
	assert_true(stands(s, p.hash[0]));
	/* Leaving once more is leaving what was kept. */
	leave(s, p.hash[0]);
	assert_int_equal(number(s, &KEPT, NO_ARGS), 0);
	OK(opt_out_undo(s->h, p.hash[0], &f->e));
	assert_false(stands(s, p.hash[0]));
	assert_int_equal(rows(s), 0);
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[0], &f->e));
	FAILS(ERR_MISSING, opt_out_keep(s->h, p.hash[0], 4711, &f->e));
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("opt-out"))), 1);
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("opt-out-keep"))), 1);
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("opt-out-undo"))), 1);
}

static void second_thoughts_end_after_a_day(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	leave(s, p.hash[0]);
	leave(s, p.hash[1]);
	s->h->clock.fixed = T0 + DAY;
	OK(opt_out_undo(s->h, p.hash[0], &f->e));
	s->h->clock.fixed = T0 + DAY + 1;
	/* Pressing the button again is no new beginning. */
	leave(s, p.hash[1]);
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[1], &f->e));
	OK(opt_out_by_hash(s->h, p.hash[2], OPT_OUT_ERASURE, "", 0, &f->e));
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[2], &f->e));
	assert_int_equal(rows(s), 2);
}

/* The links of old messages work for ever; after an erasure none of them may bring anybody back. */
static void an_erasure_after_leaving_is_final(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	leave(s, p.hash[0]);
	OK(opt_out_by_hash(s->h, p.hash[0], OPT_OUT_ERASURE, "", 0, &f->e));
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[0], &f->e));
	/* Also as long as the database has not heard of it. */
	leave(s, p.hash[1]);
	BEGIN;
	OK(opt_out_by_hash(s->h, p.hash[1], OPT_OUT_ERASURE, "", 0, &f->e));
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[1], &f->e));
	COMMIT;
	lose_data(s);
	come_back(s);
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[0], &f->e));
	FAILS(ERR_REFUSED, opt_out_undo(s->h, p.hash[1], &f->e));
	assert_int_equal(rows(s), 2);
}

/* Nothing can be erased from the journal: the reason stands in the database alone. */
static void reasons_are_not_in_the_journal(void **state)
{
	static const struct query WHY = { "t_why", "SELECT count(*) FROM opt_out WHERE why = 'Mrs Smith rang' AND by_id = $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct buf text;

	buf_init(&text, 1 << 20);
	OK(opt_out_by_key(s->h, "a@example.org", OPT_OUT_STAFF, "Mrs Smith rang", s->ann, &f->e));
	OK(opt_out_by_key(s->h, "a@example.org", OPT_OUT_STAFF, "another reason", s->ann, &f->e));
	assert_int_equal(number(s, &WHY, ARGS(db_i64(s->ann))), 1);
	OK(file_read(journal_of(s), &text, &f->e));
	assert_non_null(strstr(buf_text(&text), " staff "));
	assert_null(strstr(buf_text(&text), "Smith"));
	buf_free(&text);
}

static void many_are_one_entry_of_the_ledger(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);
	struct opt_out_entry x[PEOPLE];
	int64_t before = number(s, &LEDGER, ARGS(db_text("opt-out"))), entries, broken;
	uint64_t counter = atomic_load(s->h->opt_out_counter);

	for (size_t i = 0; i < PEOPLE; i++)
		assert_int_equal(opt_out_entry_of(s->h, p.delivery[i], OPT_OUT_ONE_CLICK, &x[i]), 1);
	OK(opt_out_write(s->h, x, PEOPLE, &f->e));
	assert_true(atomic_load(s->h->opt_out_counter) > counter);
	assert_int_equal(rows(s), 0);
	for (size_t i = 0; i < PEOPLE; i++)
		assert_true(stands(s, p.hash[i]));
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(rows(s), PEOPLE);
	assert_int_equal(number(s, &LEDGER, ARGS(db_text("opt-out"))), before + 1);
	assert_int_equal(audit_verify(s->h, &entries, &broken, &f->e), 0);
}

static void inside_a_transaction_the_journal_has_it(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	BEGIN;
	leave(s, p.hash[0]);
	COMMIT;
	assert_int_equal(rows(s), 0);
	assert_true(stands(s, p.hash[0]));
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(rows(s), 1);
}

/* --- replaying ----------------------------------------------------------------------------------- */

/* Every kind of act, so that 0 is out, 1 kept the project, 2 came back, and 3 left again. */
static void act(struct store *s, const struct people *p)
{
	struct fixture *f = s->f;

	for (size_t i = 0; i < PEOPLE; i++)
		leave(s, p->hash[i]);
	s->h->clock.fixed += HOUR;
	OK(opt_out_keep(s->h, p->hash[0], s->project.id, &f->e));
	OK(opt_out_keep(s->h, p->hash[1], s->project.id, &f->e));
	OK(opt_out_undo(s->h, p->hash[2], &f->e));
	OK(opt_out_undo(s->h, p->hash[3], &f->e));
	s->h->clock.fixed += HOUR;
	leave(s, p->hash[0]);
	OK(opt_out_by_hash(s->h, p->hash[3], OPT_OUT_STAFF, "rang us", s->ann, &f->e));
}

static void assert_acted(struct store *s, const struct people *p)
{
	static const bool OUT[PEOPLE] = { true, true, false, true };

	for (size_t i = 0; i < PEOPLE; i++)
		assert_int_equal(stands(s, p->hash[i]), OUT[i]);
	assert_int_equal(rows(s), 3);
	assert_int_equal(number(s, &KEPT, NO_ARGS), 1);
}

static void replaying_ends_where_it_was(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	act(s, &p);
	assert_acted(s, &p);
	for (int i = 0; i < 3; i++) {
		/* Over what is there; then over nothing, as after the restore of an old backup. */
		if (i == 1)
			lose_data(s);
		else
			OK(db_exec(s->h->db, &FORGET_PLACE, NO_ARGS, NULL, &f->e));
		come_back(s);
		assert_acted(s, &p);
		OK(opt_out_catch_up(s->h, &f->e));
		assert_acted(s, &p);
	}
}

/* What counts is the order of the lines: whoever kept a study and left again after the clock was set back has left. */
static void leaving_after_keeping_whatever_the_clock_says(void **state)
{
	static const struct query KEEP = { "t_keep", "INSERT INTO opt_out_keep (key_hash, project_id, at) VALUES ($1, $2, $3)", NULL };
	static const struct query KEPT_BY = { "t_kept_by", "SELECT count(*) FROM opt_out_keep WHERE key_hash = $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	leave(s, p.hash[0]);
	leave(s, p.hash[1]);
	s->h->clock.fixed = T0 + HOUR;
	OK(opt_out_keep(s->h, p.hash[0], s->project.id, &f->e));
	s->h->clock.fixed = T0 - HOUR;
	leave(s, p.hash[0]);
	assert_int_equal(number(s, &KEPT, NO_ARGS), 0);
	lose_data(s);
	come_back(s);
	assert_int_equal(rows(s), 2);
	assert_int_equal(number(s, &KEPT, NO_ARGS), 0);
	/* What the database alone knows of, since there was no room for a line, outlives a replay. */
	change(s, &KEEP, ARGS(db_bytes(p.hash[1], KEY_HASH_SIZE), db_i64(s->project.id), db_i64(T0 + 2 * HOUR)));
	OK(db_exec(s->h->db, &FORGET_PLACE, NO_ARGS, NULL, &f->e));
	come_back(s);
	assert_int_equal(number(s, &KEPT, NO_ARGS), 1);
	assert_int_equal(number(s, &KEPT_BY, ARGS(db_bytes(p.hash[1], KEY_HASH_SIZE))), 1);
}

/* A backup from between: its place is in the journal, and the rest is applied. */
static void an_older_copy_catches_up(void **state)
{
	static const struct query SAVE = { "t_save", "INSERT INTO setting (key, value) SELECT 'saved', value FROM setting"
					   " WHERE key LIKE '.opt-out-journal.%'", NULL };
	static const struct query BACK = { "t_back", "UPDATE setting SET value = (SELECT value FROM setting WHERE key = 'saved')"
					   " WHERE key LIKE '.opt-out-journal.%'", NULL };
	static const struct query FORGET_LATER = { "t_forget_later", "DELETE FROM opt_out WHERE at > $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);

	leave(s, p.hash[0]);
	change(s, &SAVE, NO_ARGS);
	s->h->clock.fixed += 1;
	leave(s, p.hash[1]);
	leave(s, p.hash[2]);
	change(s, &BACK, NO_ARGS);
	OK(db_exec(s->h->db, &FORGET_LATER, ARGS(db_i64(T0)), NULL, &f->e));
	assert_int_equal(rows(s), 1);
	come_back(s);
	assert_int_equal(rows(s), 3);
}

static void the_account_may_be_lost(void **state)
{
	static const struct query LOSE = { "t_lose_account", "DELETE FROM account WHERE address = 'temp@uni.example'", NULL };
	static const struct query LOSE_LEDGER = { "t_lose_ledger", "SELECT count(*) FROM opt_out WHERE by_id IS NULL", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t temp = add_account(s, "temp@uni.example", ROLE_RESEARCHER);

	OK(opt_out_by_key(s->h, "a@example.org", OPT_OUT_STAFF, "by phone", temp, &f->e));
	change(s, &LOSE_ACCOUNTS, NO_ARGS);
	lose_data(s);
	change(s, &LOSE, NO_ARGS);
	come_back(s);
	assert_int_equal(rows(s), 1);
	assert_int_equal(number(s, &LOSE_LEDGER, NO_ARGS), 1);
}

static void another_file_is_replayed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);
	struct buf text;

	buf_init(&text, 1 << 20);
	leave(s, p.hash[0]);
	OK(file_read(journal_of(s), &text, &f->e));
	/* The folder was lost: a new file begins, and what the database has stays. */
	assert_int_equal(unlink(journal_of(s)), 0);
	leave(s, p.hash[1]);
	assert_int_equal(rows(s), 2);
	/* An old copy is put back, while we run. */
	lose_data(s);
	OK(file_write(journal_of(s), text.p, text.n, 0600, &f->e));
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(rows(s), 1);
	assert_true(stands(s, p.hash[0]));
	buf_free(&text);
}

/* A loss of power may take back what was written last; the file then grows past where the database was. */
static void a_file_that_was_cut_and_grew(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);
	struct stat st;

	leave(s, p.hash[0]);
	assert_int_equal(stat(journal_of(s), &st), 0);
	leave(s, p.hash[1]);
	assert_int_equal(truncate(journal_of(s), st.st_size), 0);
	OK(db_exec(s->h->db, &FORGET, NO_ARGS, NULL, &f->e));
	leave(s, p.hash[2]);
	OK(opt_out_by_key(s->h, "somebody.with.a@longer.example.org", OPT_OUT_STAFF, "a longer line than the one before", s->ann, &f->e));
	assert_int_equal(rows(s), 3);
	assert_true(stands(s, p.hash[0]));
	assert_false(stands(s, p.hash[1]));
}

/* --- a file that was hurt ------------------------------------------------------------------------ */

static void torn_and_foreign_lines_are_passed_over(void **state)
{
	static const char *const HURT[] = { "0123456789abcdef out 17900", "no line at all\n\n\n", "x", "\x01\xff\n",
					    "0123456789abcdef out 1 page 0 0 00 \n" };
	struct store *s = *state;
	struct people p = mail_people(s);
	char *longest = mem_alloc(200001);

	for (size_t i = 0; i < COUNT(HURT); i++) {
		append_raw(s, HURT[i]);
		leave(s, p.hash[i % PEOPLE]);
		assert_int_equal(rows(s), i < PEOPLE ? (int64_t)i + 1 : PEOPLE);
	}
	memset(longest, 'x', 200000);
	append_raw(s, longest);
	free(longest);
	lose_data(s);
	come_back(s);
	assert_int_equal(rows(s), PEOPLE);
}

static void a_torn_header(void **state)
{
	struct store *s = *state;
	struct people p = mail_people(s);

	append_raw(s, "0123456789abcdef placet-opt");
	come_back(s);
	leave(s, p.hash[0]);
	assert_int_equal(rows(s), 1);
	lose_data(s);
	come_back(s);
	assert_int_equal(rows(s), 1);
}

static void a_spoilt_header(void **state)
{
	struct store *s = *state;
	struct people p = mail_people(s);
	int fd;

	leave(s, p.hash[0]);
	fd = open(journal_of(s), O_WRONLY);
	assert_int_equal(write(fd, "Z", 1), 1);
	close(fd);
	lose_data(s);
	come_back(s);
	assert_int_equal(rows(s), 1);
	leave(s, p.hash[1]);
	assert_int_equal(rows(s), 2);
}

/* --- no room, no database ------------------------------------------------------------------------ */

#define FAR (INT64_C(64) * 1024 * 1024)

/* No file may grow past where the journal ends, which is further than any of the database. In a child: the limit
   cannot be taken back. */
static void leave_without_room(struct store *s, const struct people *p)
{
	struct home *h = open_home(s);
	struct rlimit room = { FAR + 10, FAR + 10 };
	uint64_t left = atomic_load(h->opt_out_counter), other = atomic_load(h->opt_out_counter + 1);
	struct stat st;
	struct err e;
	bool ok;

	signal(SIGXFSZ, SIG_IGN);
	ok = setrlimit(RLIMIT_FSIZE, &room) == 0 && opt_out_by_hash(h, p->hash[0], OPT_OUT_PAGE, "", 0, &e) == 0 &&
	     atomic_load(h->opt_out_counter) > left && atomic_load(h->opt_out_counter + 1) > other &&
	     stat(journal_of(s), &st) == 0 && st.st_size == FAR;
	_exit(ok ? 0 : 1);
}

static void no_room_for_the_journal(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);
	int status;
	pid_t pid;

	leave(s, p.hash[1]);
	assert_int_equal(truncate(journal_of(s), FAR), 0);
	db_free(s->h->db); /* a connection must not be shared with a child */
	s->h->db = NULL;
	pid = fork();
	if (pid == 0)
		leave_without_room(s, &p);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	OK(home_open_db(s->h, &f->e));
	assert_int_equal(rows(s), 2);
	assert_true(stands(s, p.hash[0]));
	/* The next one goes to the journal again. */
	leave(s, p.hash[2]);
	assert_int_equal(rows(s), 3);
}

/* The token is genuine, but nobody can say whose it is: the journal keeps the delivery. */
static void without_the_database_the_delivery_is_kept(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct people p = mail_people(s);
	struct opt_out_entry x;

	db_fail_at(s->h->db, 1);
	assert_int_equal(opt_out_entry_of(s->h, p.delivery[0], OPT_OUT_ONE_CLICK, &x), 1);
	db_fail_at(s->h->db, 0);
	assert_int_equal(x.act, ACT_OUT_DELIVERY);
	OK(opt_out_write(s->h, &x, 1, &f->e));
	assert_true(stands(s, p.hash[0]));
	assert_false(stands(s, p.hash[1]));
	x.delivery = 4711; /* of lost data */
	OK(opt_out_write(s->h, &x, 1, &f->e));
	OK(opt_out_catch_up(s->h, &f->e));
	assert_int_equal(rows(s), 1);
	assert_true(stands(s, p.hash[0]));
}

/* --- several processes --------------------------------------------------------------------------- */

#define PROCESSES 4
#define EACH_OF_THEM 20

static int count_outs(void *ctx, const struct opt_out_entry *x, struct err *e)
{
	(void)e;
	*(int *)ctx += x->act == ACT_OUT;
	return 0;
}

static void opt_out_many(struct store *s, int which)
{
	struct home *h = open_home(s);
	struct err e;
	char key[40];

	for (int i = 0; i < EACH_OF_THEM; i++) {
		snprintf(key, sizeof(key), "p%d-%d@example.org", which, i);
		if (opt_out_by_key(h, key, OPT_OUT_MAIL, "", 0, &e) < 0) {
			fprintf(stderr, "%s\n", e.text);
			_exit(1);
		}
	}
	_exit(0);
}

/* Who reads while others write misses none, and hears none twice. */
static void a_reader_hears_of_all(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int heard = 0, running = PROCESSES, status;
	struct opt_out_place at = { 0 };
	pid_t pids[PROCESSES];

	db_free(s->h->db); /* a connection must not be shared with a child */
	s->h->db = NULL;
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			opt_out_many(s, i);
	}
	while (running > 0) {
		OK(optout_journal_read(s->h->opt_outs, &at, 0, count_outs, &heard, &f->e));
		if (waitpid(pids[running - 1], &status, WNOHANG) == pids[running - 1]) {
			assert_int_equal(status, 0);
			running--;
		}
	}
	OK(optout_journal_read(s->h->opt_outs, &at, 0, count_outs, &heard, &f->e));
	assert_int_equal(heard, PROCESSES * EACH_OF_THEM);
	OK(home_open_db(s->h, &f->e));
	assert_int_equal(rows(s), PROCESSES * EACH_OF_THEM);
	assert_true(atomic_load(s->h->opt_out_counter) >= PROCESSES * EACH_OF_THEM);
}

/* How many leave behind number *seq, and is the last of them this one? */
static size_t news(struct store *s, int64_t *seq, const uint8_t *last)
{
	const uint8_t(*hash)[KEY_HASH_SIZE];
	struct fixture *f = s->f;
	size_t n;

	BEGIN;
	OK(opt_out_news(s->h, s->a, seq, &hash, &n, &f->e));
	COMMIT;
	if (n)
		assert_memory_equal(hash[n - 1], last, KEY_HASH_SIZE);
	return n;
}

static void who_leaves_is_news_to_other_hosts(void **state)
{
	struct store *s = *state;
	struct people p = mail_people(s);
	struct fixture *f = s->f;
	int64_t seq = -1, late = -1;

	assert_int_equal(news(s, &seq, NULL), 0);
	leave(s, p.hash[0]);
	assert_int_equal(news(s, &seq, p.hash[0]), 1);
	assert_int_equal(news(s, &seq, NULL), 0);
	leave(s, p.hash[0]); /* nothing new */
	assert_int_equal(news(s, &seq, NULL), 0);
	leave(s, p.hash[1]);
	/* Who came back for one study, and leaves that too. */
	OK(opt_out_keep(s->h, p.hash[0], s->project.id, &f->e));
	leave(s, p.hash[0]);
	assert_int_equal(news(s, &seq, p.hash[0]), 2);
	leave(s, p.hash[2]);
	assert_int_equal(news(s, &seq, p.hash[2]), 1);
	/* A sender that begins now has claimed nobody yet. */
	assert_int_equal(news(s, &late, NULL), 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(acts_in_their_order), IN_WORLD(who_leaves_is_news_to_other_hosts), IN_WORLD(second_thoughts_end_after_a_day), IN_WORLD(an_erasure_after_leaving_is_final), IN_WORLD(reasons_are_not_in_the_journal),
		IN_WORLD(many_are_one_entry_of_the_ledger), IN_WORLD(inside_a_transaction_the_journal_has_it),
		IN_WORLD(replaying_ends_where_it_was),
		IN_WORLD(leaving_after_keeping_whatever_the_clock_says), IN_WORLD(an_older_copy_catches_up), IN_WORLD(the_account_may_be_lost),
		IN_WORLD(another_file_is_replayed), IN_WORLD(a_file_that_was_cut_and_grew),
		IN_WORLD(torn_and_foreign_lines_are_passed_over), IN_WORLD(a_torn_header), IN_WORLD(a_spoilt_header),
		IN_WORLD(no_room_for_the_journal), IN_WORLD(without_the_database_the_delivery_is_kept),
		IN_WORLD(a_reader_hears_of_all),
	};

	return run_on_engines(tests, COUNT(tests));
}
