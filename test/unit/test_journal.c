/*
 * journal: what a killed sender left is settled from its file, on both
 * engines: a reply counts, a dot without one is uncertain, no dot means that
 * nothing was sent; whatever is torn, shortened or gone never makes it claim
 * more than that.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "smtp/journal.h"
#include "store_fixture.h"

struct sent {
	struct journal *j;
	int64_t mailing, sender;
	struct delivery *d;
	size_t n;
	int *place; /* of the dots, by delivery */
	char path[200];
};

/* A sender that has claimed `n` deliveries and lives. */
static struct sent begin(struct store *s, size_t n)
{
	struct fixture *f = s->f;
	struct sent x = { 0 };

	import_many(s, n);
	sign_off_but(s, NULL);
	x.mailing = start_mailing(s);
	x.j = journal_new(s->h, &f->e);
	if (!x.j)
		fail_msg("%s", f->e.text);
	OK(sender_begin(s->h, "host", journal_name(x.j), &x.sender, &f->e));
	x.d = claim(s, s->h, x.mailing, x.sender, T0 + 1, 1000, &x.n);
	assert_int_equal(x.n, n);
	x.place = ARENA_ARRAY(s->a, int, n);
	snprintf(x.path, sizeof(x.path), "%s/home/journal/%s", s->folder, journal_name(x.j));
	return x;
}

static int take(struct store *s, const struct sent *x)
{
	struct fixture *f = s->f;
	int place = journal_take(x->j, &f->e);

	if (place < 0)
		fail_msg("%s", f->e.text);
	return place;
}

/* Places are numbered by the delivery: those of a journal that nothing was settled in come in their order. */
static void dot(struct store *s, const struct sent *x, size_t i)
{
	x->place[i] = take(s, x);
	journal_dot(x->j, x->place[i], &(struct open_dot){ x->d[i].id, x->d[i].claimed, false });
}

static void reply(struct store *s, const struct sent *x, size_t i, const char *state)
{
	struct outcome o = accepted(&x->d[i], T0 + 9);

	o.state = state;
	o.due = strcmp(state, "deferred") == 0 ? T0 + HOUR : 0;
	o.voids = strcmp(state, "failed") == 0;
	o.reply = "4xx said\twith tab, line\r\nbreak and Gr\xc3\xbc\xc3\x9f" "e";
	(void)s;
	journal_reply(x->j, x->place[i], &o);
}

static struct delivery_counts recover(struct store *s, const struct sent *x, int64_t settled)
{
	struct fixture *f = s->f;
	struct delivery_counts c;
	int64_t n;

	OK(journal_recover(s->h, "host", &n, &f->e));
	assert_int_equal(n, settled);
	OK(delivery_count(s->h, s->a, x->mailing, &c, &f->e));
	return c;
}

static void assert_counts(struct delivery_counts c, int64_t accepted_, int64_t deferred, int64_t failed, int64_t uncertain,
			  int64_t queued, int line)
{
	if (c.accepted != accepted_ || c.deferred != deferred || c.failed != failed || c.uncertain != uncertain ||
	    c.queued != queued || c.attempting != 0)
		fail_msg("line %d: accepted %lld, deferred %lld, failed %lld, uncertain %lld, queued %lld, attempting %lld", line,
			 (long long)c.accepted, (long long)c.deferred, (long long)c.failed, (long long)c.uncertain,
			 (long long)c.queued, (long long)c.attempting);
}

#define COUNTS(c, ...) assert_counts(c, __VA_ARGS__, __LINE__)

static int check_row(void *ctx, const struct report_row *r)
{
	int *seen = ctx;

	if (strcmp(r->state, "accepted") != 0)
		return 0;
	assert_string_equal(r->relay, "relay");
	assert_string_equal(r->queue_id, "Q1");
	assert_string_equal(r->reply, "4xx said with tab, line  break and Gr\xc3\xbc\xc3\x9f" "e");
	assert_int_equal(r->attempts, 1);
	assert_true(r->last == T0 + 9);
	++*seen;
	return 0;
}

static void what_was_written_is_settled(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 6);
	struct delivery_counts c;
	int seen = 0;

	for (size_t i = 0; i < 4; i++)
		dot(s, &x, i);
	reply(s, &x, 0, "accepted");
	reply(s, &x, 1, "deferred");
	reply(s, &x, 2, "failed");
	OK(journal_sync(x.j, &f->e));
	journal_abandon(x.j);
	c = recover(s, &x, 1);
	COUNTS(c, 1, 1, 1, 1, 2);
	assert_true(c.next_due == 1 || c.next_due == T0 + HOUR);
	assert_int_equal(access(x.path, F_OK), -1);
	OK(delivery_report(s->h, x.mailing, check_row, &seen, &f->e));
	assert_int_equal(seen, 1);
	/* Settled once; the second time there is nobody. */
	c = recover(s, &x, 0);
	COUNTS(c, 1, 1, 1, 1, 2);
}

#define REPLIES 56

static const char *a_reply(char room[600], size_t n)
{
	for (size_t i = 0; i < n; i++)
		room[i] = (char)('a' + (i + n) % 26);
	room[n] = '\0';
	return room;
}

static int check_reply(void *ctx, const struct report_row *r)
{
	const struct sent *x = ctx;
	char room[600];

	for (size_t i = 0; i < REPLIES; i++)
		if (strcmp(x->d[i].address, r->address) == 0)
			assert_string_equal(r->reply, a_reply(room, i * 9));
	return 0;
}

/* A reply of any length is kept, also where it goes on elsewhere, and when a longer one stood in the same place. */
static void long_replies_are_kept_whole(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, REPLIES);
	char room[600];

	for (size_t i = 0; i < REPLIES; i++) {
		struct outcome o = accepted(&x.d[i], T0 + 9);

		dot(s, &x, i);
		o.reply = a_reply(room, 500);
		journal_reply(x.j, x.place[i], &o);
		o.reply = a_reply(room, i * 9);
		journal_reply(x.j, x.place[i], &o);
	}
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), REPLIES, 0, 0, 0, 0);
	OK(delivery_report(s->h, x.mailing, check_reply, &x, &f->e));
}

static int check_cut(void *ctx, const struct report_row *r)
{
	const struct sent *x = ctx;
	bool cut = strcmp(x->d[0].address, r->address) == 0;
	char room[600];

	a_reply(room, cut ? 400 : 300);
	if (cut)
		room[strlen(r->reply)] = '\0';
	assert_string_equal(r->reply, room);
	assert_in_range(strlen(r->reply), 100, cut ? 150 : 300);
	return 0;
}

/* Power was lost, and the disk has a reply with another message's rest behind it. */
static void a_rest_of_another_is_none(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 2);
	char room[600], rest[768];
	off_t rests = 512 * 256;
	int fd;

	for (size_t i = 0; i < 2; i++) {
		struct outcome o = accepted(&x.d[i], T0 + 9);

		dot(s, &x, i);
		o.reply = a_reply(room, i ? 300 : 400);
		journal_reply(x.j, x.place[i], &o);
	}
	journal_abandon(x.j);
	fd = open(x.path, O_RDWR);
	assert_int_equal(pread(fd, rest, sizeof(rest), rests + 768 * x.place[1]), sizeof(rest));
	assert_int_equal(pwrite(fd, rest, sizeof(rest), rests + 768 * x.place[0]), sizeof(rest));
	close(fd);
	COUNTS(recover(s, &x, 1), 2, 0, 0, 0, 0);
	OK(delivery_report(s->h, x.mailing, check_cut, &x, &f->e));
}

/* The process is killed after each byte that it writes: an outcome may be lost to "uncertain", but never a dot that
   stands to "not sent", and nothing is read that was not written. Each line's first letter is written last. */
static void a_torn_line_counts_as_not_written(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 1);
	char whole[1024], torn[1024];
	int fd;

	dot(s, &x, 0);
	reply(s, &x, 0, "accepted");
	journal_abandon(x.j);
	fd = open(x.path, O_RDONLY);
	assert_int_equal(read(fd, whole, sizeof(whole)), sizeof(whole));
	close(fd);
	for (size_t step = 0; step <= 128; step++) {
		bool dotted = step >= 64, replied = step == 128;
		size_t line = dotted ? 64 : 0, written = step - line;
		struct delivery_counts c;
		int64_t retried;
		size_t m;

		memset(torn, 'x', sizeof(torn)); /* whatever stood there before */
		torn[0] = torn[64] = '-';
		memcpy(torn, whole, line);
		memcpy(torn + line + 1, whole + line + 1, replied ? sizeof(torn) - line - 1 : written);
		if (replied)
			torn[64] = 'R';
		fd = open(x.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(fd, torn, sizeof(torn)), sizeof(torn));
		assert_int_equal(ftruncate(fd, 512 * 1024), 0);
		close(fd);
		c = recover(s, &x, 1);
		COUNTS(c, replied, 0, 0, dotted && !replied, !dotted);
		/* Back to where it was, for the next step. */
		BEGIN;
		OK(delivery_retry_uncertain(s->h, x.mailing, 0, &retried, &f->e));
		COMMIT;
		OK(sender_begin(s->h, "host", strrchr(x.path, '/') + 1, &x.sender, &f->e));
		x.d = claim(s, s->h, x.mailing, x.sender, T0 + 1, 10, &m);
		assert_int_equal(m, replied ? 0 : 1);
	}
}

/* What an earlier message left in a place says nothing about the next one there. */
static void a_place_is_used_again(void **state)
{
	struct store *s = *state;
	struct sent x = begin(s, 3);
	struct outcome o;

	dot(s, &x, 0);
	reply(s, &x, 0, "accepted");
	o = accepted(&x.d[0], T0 + 9);
	write_outcomes(s, x.sender, &o, 1);
	journal_settled(x.j, x.place[0]);
	dot(s, &x, 1);
	assert_int_equal(x.place[1], x.place[0]);
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), 1, 0, 0, 1, 1);
}

/* As many messages as anybody wants between two flushes; the file grows, and what stood before stays. */
static void it_grows(void **state)
{
	struct store *s = *state;
	struct sent x = begin(s, 2);
	struct stat before, after;

	dot(s, &x, 0);
	assert_int_equal(stat(x.path, &before), 0);
	for (int i = 0; i < 5000; i++)
		take(s, &x);
	assert_int_equal(stat(x.path, &after), 0);
	assert_true(after.st_size > before.st_size && after.st_size >= 5000 * 1024);
	dot(s, &x, 1);
	reply(s, &x, 1, "accepted");
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), 1, 0, 0, 1, 0);
}

static void a_living_sender_is_left_alone(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 2);
	struct delivery_counts c;
	int64_t n;

	dot(s, &x, 0);
	c = recover(s, &x, 0);
	assert_int_equal(c.attempting, 2);
	OK(journal_recover(s->h, "another host", &n, &f->e));
	assert_int_equal(n, 0);
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), 0, 0, 0, 1, 1);
}

/* Homes that share a database are told apart by an id of their own, which is made once and outlasts the host's name. */
static void a_home_has_a_name_of_its_own(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	const char *id = home_id(s->h, s->a, &f->e), *again;
	struct journal *j = journal_new(s->h, &f->e);
	struct home *same = open_home(s);
	int64_t sender, n;
	char host[256] = "";

	assert_non_null(id);
	assert_non_null(j);
	gethostname(host, sizeof(host) - 1);
	assert_true(strlen(id) >= 32);
	assert_string_not_equal(id, host);
	again = home_id(same, s->a, &f->e);
	home_free(same);
	assert_non_null(again);
	assert_string_equal(again, id);
	OK(sender_begin(s->h, id, journal_name(j), &sender, &f->e));
	journal_abandon(j);
	OK(journal_recover(s->h, host, &n, &f->e));
	assert_int_equal(n, 0);
	OK(journal_recover(s->h, again, &n, &f->e));
	assert_int_equal(n, 1);
}

static void a_lost_journal_makes_all_uncertain(void **state)
{
	struct store *s = *state;
	struct sent x = begin(s, 3);

	dot(s, &x, 0);
	journal_end(x.j);
	COUNTS(recover(s, &x, 1), 0, 0, 0, 3, 0);
}

static void rubbish_is_passed_over(void **state)
{
	static const char *const RUBBISH[] = { "", "D", "D ", "D x y", "D 1", "X 1 2", "D 99999999999999999999 1", "D 4711 4712",
					       "D n", "D n 1", "D nn1 1", "D n1", "D n1 1", "\xff\xfe", "R 4711 4712 5 accepted 0 1 1" };
	struct store *s = *state;
	struct sent x = begin(s, 2);
	char place[1024];
	int fd;

	dot(s, &x, 0);
	dot(s, &x, 1);
	journal_abandon(x.j);
	fd = open(x.path, O_WRONLY | O_APPEND);
	for (size_t i = 0; i < COUNT(RUBBISH) * 2; i++) {
		memset(place, i % 2 ? ' ' : 0, sizeof(place));
		memcpy(place, RUBBISH[i / 2], strlen(RUBBISH[i / 2]));
		memcpy(place + 64, "R 4711 4712 x accepted", 22);
		assert_int_equal(write(fd, place, sizeof(place)), sizeof(place));
	}
	assert_int_equal(ftruncate(fd, 1024 * 1024), 0);
	assert_int_equal(write(fd, "D 1", 3), 3);
	close(fd);
	COUNTS(recover(s, &x, 1), 0, 0, 0, 2, 0);
}

/* Settling fails at each step of the database: the file stays until it got through. */
static void settling_breaks(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 3);
	int64_t n;
	int k = 0, rc;

	dot(s, &x, 0);
	dot(s, &x, 1);
	reply(s, &x, 1, "accepted");
	journal_abandon(x.j);
	do {
		db_fail_at(s->h->db, ++k);
		rc = journal_recover(s->h, "host", &n, &f->e);
		db_fail_at(s->h->db, 0);
		if (rc < 0)
			assert_int_equal(access(x.path, F_OK), 0);
		assert_in_range(k, 1, 100);
	} while (rc < 0);
	assert_true(k > 5);
	COUNTS(recover(s, &x, 0), 1, 0, 0, 1, 1);
}

/* A full disk is found out before a message starts, never by what is noted of one: places stand on the disk already. */
static void a_full_disk_is_known_before(void **state)
{
	struct rlimit before, full;
	struct store *s = *state;
	struct fixture *f = s->f;
	struct sent x = begin(s, 3);
	struct stat st;
	int n = 0;

	assert_int_equal(stat(x.path, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full = before;
	full.rlim_cur = (rlim_t)st.st_size + 3;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	dot(s, &x, 0);
	while (journal_take(x.j, &f->e) >= 0)
		n++;
	assert_int_equal(f->e.kind, ERR_AGAIN);
	assert_int_equal(n, st.st_size / 1024 - 1);
	reply(s, &x, 0, "accepted");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	dot(s, &x, 2);
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), 1, 0, 0, 1, 1);
}

/* --- system mail --------------------------------------------------------------------------------- */

static const struct query NOTICES_IN = { "t_notices_in", "SELECT count(*) FROM notice WHERE state = $1", NULL };

static int64_t notices_in(struct store *s, const char *state)
{
	return number(s, &NOTICES_IN, ARGS(db_text(state)));
}

/* The sender claims four notices too; they bear the same numbers as its deliveries. */
static struct notice *claim_notices(struct store *s, const struct sent *x)
{
	struct fixture *f = s->f;
	struct notice *out;
	int64_t id;
	size_t n;

	BEGIN;
	for (int i = 0; i < 4; i++)
		assert_int_equal(notice_queue(s->h, NOTICE_ME, parsed(s, arena_printf(s->a, "n%d@example.org", i)), 0, 0, &id, &f->e), 1);
	OK(notice_claim(s->h, s->a, x->sender, T0 + 1, 9, &out, &n, &f->e));
	COMMIT;
	assert_int_equal(n, 4);
	return out;
}

/* A place with the notice's dot. */
static int notice_dot(struct store *s, const struct sent *x, const struct notice *n)
{
	int place = take(s, x);

	journal_dot(x->j, place, &(struct open_dot){ n->id, n->claimed, true });
	return place;
}

static void notice_reply(const struct sent *x, int place, const struct notice *n, const char *state)
{
	struct outcome o = { .notice = true, .id = n->id, .claimed = n->claimed, .at = T0 + 9, .state = state, .skipped = "",
			     .relay = "relay", .queue_id = "Q", .reply = "said", .counts = true };

	o.due = strcmp(state, "deferred") == 0 ? T0 + HOUR : 0;
	journal_reply(x->j, place, &o);
}

static void notices_are_settled_apart(void **state)
{
	struct store *s = *state;
	struct sent x = begin(s, 4);
	struct notice *n = claim_notices(s, &x);
	int place[3];

	for (size_t i = 0; i < 3; i++)
		place[i] = notice_dot(s, &x, &n[i]);
	notice_reply(&x, place[0], &n[0], "accepted");
	notice_reply(&x, place[1], &n[1], "deferred");
	/* A delivery of the same number and claim, in another state. */
	dot(s, &x, 0);
	dot(s, &x, 3);
	reply(s, &x, 3, "accepted");
	journal_abandon(x.j);
	COUNTS(recover(s, &x, 1), 1, 0, 0, 1, 2);
	assert_int_equal(notices_in(s, "accepted"), 1);
	assert_int_equal(notices_in(s, "deferred"), 1);
	assert_int_equal(notices_in(s, "uncertain"), 1);
	assert_int_equal(notices_in(s, "queued"), 1);
}

static void a_lost_journal_makes_notices_uncertain(void **state)
{
	struct store *s = *state;
	struct sent x = begin(s, 1);

	claim_notices(s, &x);
	journal_end(x.j);
	COUNTS(recover(s, &x, 1), 0, 0, 0, 1, 0);
	assert_int_equal(notices_in(s, "uncertain"), 4);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(what_was_written_is_settled), IN_WORLD(a_torn_line_counts_as_not_written),
		IN_WORLD(a_place_is_used_again), IN_WORLD(it_grows), IN_WORLD(long_replies_are_kept_whole), IN_WORLD(a_rest_of_another_is_none),
		IN_WORLD(a_living_sender_is_left_alone), IN_WORLD(a_home_has_a_name_of_its_own),
		IN_WORLD(a_lost_journal_makes_all_uncertain),
		IN_WORLD(rubbish_is_passed_over), IN_WORLD(settling_breaks), IN_WORLD(a_full_disk_is_known_before),
		IN_WORLD(notices_are_settled_apart),
		IN_WORLD(a_lost_journal_makes_notices_uncertain),
	};

	return run_on_engines(tests, COUNT(tests));
}
