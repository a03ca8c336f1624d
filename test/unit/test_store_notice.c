/* store: system mail, and the bounds that keep anybody from being written to too often (CON-3, ABU-1). */
#include <sys/wait.h>

#include "store/notice.h"
#include "store_fixture.h"

static const struct query ROWS = { "t_rows", "SELECT count(*) FROM notice WHERE kind = $1", NULL };
static const struct query ROW = { "t_row", "SELECT delivery, utf8, reserved, key_hash, project_id, object_id, created, state"
					   " FROM notice WHERE id = $1", NULL };

static int64_t rows_of(struct store *s, enum notice_kind k)
{
	return number(s, &ROWS, ARGS(db_text(notice_kind_name(k))));
}

/* The id of what was queued, or 0: no more of these. */
static int64_t queue(struct store *s, enum notice_kind k, const char *to)
{
	struct fixture *f = s->f;
	int64_t id = 0;
	int got;

	BEGIN;
	got = notice_queue(s->h, k, parsed(s, to), 0, 0, &id, &f->e);
	OK(got);
	COMMIT;
	assert_true((got == 1) == (id != 0));
	return id;
}

static void answer(struct store *s, enum notice_kind k, const char *who)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct fixture *f = s->f;

	home_key_hash(s->h, parsed(s, who)->key, hash);
	BEGIN;
	OK(notice_answered(s->h, k, hash, &f->e));
	COMMIT;
}

static void a_notice_holds_what_is_needed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	uint8_t hash[KEY_HASH_SIZE];
	struct rows r = { 0 };
	struct slice got;
	int64_t id = 0;

	BEGIN;
	assert_int_equal(notice_queue(s->h, NOTICE_CONFIRM, parsed(s, "Ann+x@Example.org"), s->project.id, 7, &id, &f->e), 1);
	COMMIT;
	home_key_hash(s->h, "ann@example.org", hash);
	OK(db_query(s->h->db, &ROW, ARGS(db_i64(id)), &r, &f->e));
	assert_int_equal(rows_next(&r, &f->e), 1);
	assert_string_equal(rows_text(&r, 0), "Ann+x@example.org");
	assert_int_equal(rows_i64(&r, 1), 0);
	assert_int_equal(rows_i64(&r, 2), 1);
	got = rows_bytes(&r, 3);
	assert_int_equal(got.n, sizeof(hash));
	assert_memory_equal(got.p, hash, sizeof(hash));
	assert_true(rows_i64(&r, 4) == s->project.id);
	assert_int_equal(rows_i64(&r, 5), 7);
	assert_true(rows_i64(&r, 6) == T0);
	assert_string_equal(rows_text(&r, 7), "queued");
	rows_close(&r);
}

/* What was rolled back was never asked. */
static void what_is_taken_back_does_not_count(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id;

	BEGIN;
	assert_int_equal(notice_queue(s->h, NOTICE_ME, parsed(s, "a@example.org"), 0, 0, &id, &f->e), 1);
	db_rollback(s->h->db);
	assert_true(queue(s, NOTICE_ME, "a@example.org"));
	assert_int_equal(rows_of(s, NOTICE_ME), 1);
}

static void each_kind_goes_once_a_day(void **state)
{
	static const enum notice_kind DAILY[] = { NOTICE_CONFIRM, NOTICE_LEAVE, NOTICE_LEFT, NOTICE_ME };
	struct store *s = *state;

	for (size_t i = 0; i < COUNT(DAILY); i++) {
		const char *to = arena_printf(s->a, "p%zu@example.org", i);

		s->h->clock.fixed = T0;
		assert_true(queue(s, DAILY[i], to));
		assert_false(queue(s, DAILY[i], to));
		s->h->clock.fixed = T0 + DAY - 1;
		assert_false(queue(s, DAILY[i], to));
		s->h->clock.fixed = T0 + DAY;
		assert_true(queue(s, DAILY[i], to));
		assert_false(queue(s, DAILY[i], to));
		assert_int_equal(rows_of(s, DAILY[i]), 2);
	}
}

/* Spellings are one person, kinds are apart, and people are. */
static void a_person_is_counted_by_match_key(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_ME, "ann@example.org"));
	assert_false(queue(s, NOTICE_ME, "ANN@example.org"));
	assert_false(queue(s, NOTICE_ME, "ann+news@example.org"));
	assert_false(queue(s, NOTICE_ME, "<ann@EXAMPLE.org>"));
	assert_true(queue(s, NOTICE_ME, "bob@example.org"));
	assert_true(queue(s, NOTICE_LEAVE, "ann@example.org"));
	assert_int_equal(rows_of(s, NOTICE_ME), 2);
}

/* Who typed an address at "leave" cannot get two messages out of it by way of the person leaving in between. */
static void leave_and_left_are_one_wish(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_LEAVE, "a@example.org"));
	assert_false(queue(s, NOTICE_LEFT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY;
	assert_true(queue(s, NOTICE_LEFT, "a@example.org"));
	assert_false(queue(s, NOTICE_LEAVE, "a@example.org"));
}

static void three_confirmations_without_an_answer_are_the_last(void **state)
{
	struct store *s = *state;

	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + i * DAY;
		assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	}
	s->h->clock.fixed = T0 + 4000 * DAY;
	assert_false(queue(s, NOTICE_CONFIRM, "a+b@example.org"));
	answer(s, NOTICE_ME, "a@example.org"); /* to something else */
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
	answer(s, NOTICE_CONFIRM, "a@example.org");
	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + (4001 + i) * DAY;
		assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	}
	s->h->clock.fixed = T0 + 5000 * DAY;
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
}

/* An answer forgives what was not answered, not the day. */
static void an_answer_does_not_shorten_the_day(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_CONFIRM, "a@example.org"));
	answer(s, NOTICE_CONFIRM, "a@example.org");
	assert_false(queue(s, NOTICE_CONFIRM, "a@example.org"));
}

static void removed_is_said_once_ever(void **state)
{
	struct store *s = *state;

	assert_true(queue(s, NOTICE_REMOVED, "a@example.org"));
	s->h->clock.fixed = T0 + 3000 * DAY;
	answer(s, NOTICE_REMOVED, "a@example.org");
	assert_false(queue(s, NOTICE_REMOVED, "A+x@example.org"));
}

/* Any 24 hours, not calendar days; and however many were asked for in vain. */
static void three_complaints_are_acknowledged_in_a_day(void **state)
{
	struct store *s = *state;

	for (int i = 0; i < 3; i++) {
		s->h->clock.fixed = T0 + i * 10 * HOUR;
		assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	}
	for (int i = 0; i < 5; i++)
		assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY - 1;
	assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY;
	assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	assert_false(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	s->h->clock.fixed = T0 + DAY + 10 * HOUR;
	assert_true(queue(s, NOTICE_COMPLAINT, "a@example.org"));
	assert_int_equal(rows_of(s, NOTICE_COMPLAINT), 5);
}

/* --- at once ------------------------------------------------------------------------------------- */

/* In a process of its own: asks for each kind for the same person, as soon as the parent lets go of `gate`. */
static int hurry(struct store *s, int gate, enum notice_kind k)
{
	struct home *h = open_home(s);
	struct fixture *f = s->f;
	int64_t id;
	char c;

	if (read(gate, &c, 1) != 0 || db_begin(h->db, &f->e) < 0 ||
	    notice_queue(h, k, parsed(s, "ann@example.org"), 0, 0, &id, &f->e) < 0 || db_commit(h->db, &f->e) < 0) {
		fprintf(stderr, "%s\n", f->e.text);
		return 1;
	}
	home_free(h);
	return 0;
}

#define AT_ONCE 6

static void many_at_once(struct store *s, enum notice_kind k)
{
	pid_t pid[AT_ONCE];
	int gate[2], status;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < AT_ONCE; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			close(gate[1]);
			_exit(hurry(s, gate[0], k));
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < AT_ONCE; i++) {
		assert_true(waitpid(pid[i], &status, 0) == pid[i]);
		assert_int_equal(status, 0);
	}
}

static void processes_at_once_find_room_once(void **state)
{
	struct store *s = *state;

	for (enum notice_kind k = NOTICE_CONFIRM; k <= NOTICE_COMPLAINT; k++) {
		many_at_once(s, k);
		if (k == NOTICE_LEFT)
			assert_int_equal(rows_of(s, k), 0); /* the one of LEAVE was theirs */
		else
			assert_int_equal(rows_of(s, k), k == NOTICE_COMPLAINT ? 3 : 1);
	}
}

/* --- as a sender sees it ------------------------------------------------------------------------- */

static const struct query STATE = { "t_state", "SELECT count(*) FROM notice WHERE id = $1 AND state = $2", NULL };
static const struct query FIRST = { "t_first", "SELECT first FROM notice WHERE id = $1", NULL };
static const struct query SIGN_UP = { "t_sign_up", "INSERT INTO sign_up (project_id, delivery, given, name, key_hash, text_id, asked)"
						   " VALUES ($1, 'a@example.org', '', 'Eve', $2, $3, $4) RETURNING id", NULL };
static const struct query TEXT = { "t_text", "INSERT INTO consent_text (hash, text, created) VALUES ($1, $2, 0) RETURNING id", NULL };
static const struct query COMPLAINT = { "t_complaint", "INSERT INTO complaint (address, about, text, at, due)"
						       " VALUES ('a@example.org', '', 'secret', $1, $2) RETURNING id", NULL };
static const struct query PURGE = { "t_purge", "UPDATE notice SET delivery = '' WHERE id = $1", NULL };
static const struct query CONFIRMED = { "t_confirmed", "UPDATE sign_up SET confirmed = 1 WHERE id = $1", NULL };
static const struct query SET_STATE = { "t_project_state", "UPDATE project SET state = $1", NULL };
static const struct query SET_PURPOSE = { "t_purpose", "UPDATE identity SET purpose = $1", NULL };
static const struct query BOUNCE = { "t_bounce", "INSERT INTO address (delivery, given, key_hash, reserved, bounced, created)"
						 " VALUES ($1, '', $2, 1, $3, 0)", NULL };
static const struct query BOUNCED = { "t_bounced", "SELECT count(*) FROM address WHERE bounced = 1", NULL };
static const struct query OTHER_IDENTITY = {
	"t_other",
	"INSERT INTO identity (name, domains, relay, outbound, purpose, created)"
	" VALUES ($1, $2, 'smtp://127.0.0.1:26', '', $3, 0) RETURNING id",
	NULL
};

static struct notice *take(struct store *s, struct home *h, int64_t sender, int64_t at, int64_t limit, size_t *n)
{
	struct fixture *f = s->f;
	struct notice *x = NULL;

	OK(db_begin(h->db, &f->e));
	OK(notice_claim(h, s->a, sender, at, limit, &x, n, &f->e));
	OK(db_commit(h->db, &f->e));
	return x;
}

/* The one that is due. */
static struct notice *take_one(struct store *s, int64_t sender, int64_t at)
{
	struct notice *x;
	size_t n;

	x = take(s, s->h, sender, at, 10, &n);
	assert_int_equal(n, 1);
	return x;
}

static struct outcome ending(const struct notice *x, const char *state, int64_t at)
{
	return (struct outcome){ .notice = true, .id = x->id, .claimed = x->claimed, .at = at, .state = state, .skipped = "",
				 .relay = "relay", .queue_id = "Q7", .reply = "said", .counts = true };
}

static void write_notices(struct store *s, int64_t sender, const struct outcome *o, size_t n)
{
	struct fixture *f = s->f;

	BEGIN;
	OK(notice_write(s->h, sender, o, n, &f->e));
	COMMIT;
}

static bool is(struct store *s, int64_t id, const char *state)
{
	return number(s, &STATE, ARGS(db_i64(id), db_text(state))) == 1;
}

static int64_t add_sign_up(struct store *s, const char *text)
{
	uint8_t hash[32];
	int64_t text_id;

	sha256(text, strlen(text), hash);
	text_id = number(s, &TEXT, ARGS(db_bytes(hash, 32), db_text(text)));
	home_key_hash(s->h, "a@example.org", hash);
	return number(s, &SIGN_UP, ARGS(db_i64(s->project.id), db_bytes(hash, 32), db_i64(text_id), db_i64(T0 - HOUR)));
}

static int64_t queue_about(struct store *s, enum notice_kind k, int64_t project, int64_t object)
{
	struct fixture *f = s->f;
	int64_t id = 0;

	BEGIN;
	assert_int_equal(notice_queue(s->h, k, parsed(s, "a@example.org"), project, object, &id, &f->e), 1);
	COMMIT;
	return id;
}

static void a_claim_knows_what_to_say(void **state)
{
	struct store *s = *state;
	int64_t sign_up = add_sign_up(s, "I agree\r\n\tto that"), id = queue_about(s, NOTICE_CONFIRM, s->project.id, sign_up), of;
	struct notice *x = take_one(s, add_sender(s), T0 + 5);
	const struct notice_mail *m = &x->mail;

	assert_string_equal(x->why, "");
	assert_true(x->id == id && x->first == T0 + 5 && x->claimed == T0 + 5 && x->attempts == 0 && !x->utf8);
	assert_true(x->give_up == T0 + 7 * DAY && x->identity == s->project.identity_id);
	assert_true(m->kind == NOTICE_CONFIRM && m->date == T0 + 5 && m->asked == T0 - HOUR && m->trial);
	assert_string_equal(m->address, "a@example.org");
	assert_string_equal(m->consent_text, "I agree\n to that");
	assert_string_equal(m->project_title, "Sleep");
	assert_string_equal(m->from_name, "ann@uni.example (Sleep)");
	assert_string_equal(m->from_address, "sleep@mail.uni.example");
	assert_null(m->reply_to); /* ann@uni.example is none of the identity's */
	assert_string_equal(m->identity_domain, "mail.uni.example");
	assert_true(token_read_url(&s->h->tokens, TOKEN_CONFIRM, (struct slice){ m->token, strlen(m->token) }, &of) && of == sign_up);
	assert_true(token_read_mail(&s->h->tokens, TOKEN_NOTICE_BOUNCE, (struct slice){ x->bounce_token, strlen(x->bounce_token) }, &of) &&
		    of == id);
	assert_true(token_read_mail(&s->h->tokens, TOKEN_NOTICE_MESSAGE, (struct slice){ m->message_token, strlen(m->message_token) },
				    &of) && of == id);
}

/* Each link is of its own type: what one opens, another does not. */
static void links_are_of_their_kind(void **state)
{
	static const struct {
		enum notice_kind kind;
		enum token_type type;
	} LINKS[] = { { NOTICE_LEAVE, TOKEN_LEAVE }, { NOTICE_REMOVED, TOKEN_LEAVE }, { NOTICE_ME, TOKEN_ME } };
	struct store *s = *state;
	int64_t sender = add_sender(s), of;

	for (size_t i = 0; i < COUNT(LINKS); i++) {
		int64_t id = queue(s, LINKS[i].kind, "b@example.org");
		struct notice *x = take_one(s, sender, T0 + 1 + (int64_t)i);

		for (int type = 'a'; type <= 'z'; type++)
			assert_true(token_read_url(&s->h->tokens, (enum token_type)type,
						   (struct slice){ x->mail.token, strlen(x->mail.token) }, &of) ==
				    (type == (int)LINKS[i].type));
		assert_true(of == id);
	}
}

static void two_senders_share(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct home *h = open_home(s);
	int64_t one = add_sender(s), two = add_sender(s);
	bool together = f->engine == DB_POSTGRESQL;
	struct notice *a, *b, *c;
	size_t n, m, k;

	for (int i = 0; i < 10; i++)
		queue(s, NOTICE_ME, arena_printf(s->a, "p%d@example.org", i));
	BEGIN;
	OK(notice_claim(s->h, s->a, one, T0 + 1, 4, &a, &n, &f->e));
	if (!together)
		COMMIT;
	b = take(s, h, two, T0 + 1, 4, &m);
	if (together)
		COMMIT;
	c = take(s, s->h, one, T0 + 2, 9, &k);
	assert_true(n == 4 && m == 4 && k == 2);
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++)
			assert_true(a[i].id != b[j].id && (j >= 2 || (a[i].id != c[j].id && b[i].id != c[j].id)));
	take(s, h, two, T0 + 3, 9, &m);
	assert_int_equal(m, 0);
	home_free(h);
}

static void due(struct store *s, bool expected)
{
	struct fixture *f = s->f;
	int got = notice_is_due(s->h, &f->e);

	OK(got);
	assert_true((got > 0) == expected);
}

static void remains(struct store *s, int64_t n, int64_t due_at)
{
	struct fixture *f = s->f;
	int64_t count = -1, at = -1;

	OK(notice_remains(s->h, &count, &at, &f->e));
	assert_true(count == n && at == due_at);
}

static void an_outcome_is_written_once(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s), other = add_sender(s), id = queue(s, NOTICE_ME, "a@example.org");
	struct notice *x;
	struct outcome o;

	due(s, true);
	remains(s, 1, 0);
	x = take_one(s, sender, T0 + 1);
	due(s, false);
	o = ending(x, "deferred", T0 + 2);
	o.due = T0 + HOUR;
	write_notices(s, other, &o, 1); /* not its */
	assert_true(is(s, id, "attempting"));
	write_notices(s, sender, &o, 1);
	assert_true(is(s, id, "deferred"));
	remains(s, 1, T0 + HOUR);
	due(s, false);
	s->h->clock.fixed = T0 + HOUR;
	due(s, true);
	x = take_one(s, sender, T0 + HOUR);
	assert_true(x->attempts == 1 && x->first == T0 + 1 && x->mail.date == T0 + 1); /* the same bytes again */
	o.state = "failed";
	write_notices(s, sender, &o, 1); /* of the claim before */
	assert_true(is(s, id, "attempting"));
	o = ending(x, "accepted", T0 + HOUR);
	write_notices(s, sender, &o, 1);
	assert_true(is(s, id, "accepted"));
	remains(s, 0, 0);
}

/* Those of deliveries in the same array are not ours, whatever their numbers. */
static void outcomes_of_deliveries_are_left_out(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t sender = add_sender(s), id = queue(s, NOTICE_ME, "a@example.org");
	struct outcome o = ending(take_one(s, sender, T0 + 1), "accepted", T0 + 2);

	o.notice = false;
	write_notices(s, sender, &o, 1);
	assert_true(is(s, id, "attempting"));
	o.notice = true;
	write_outcomes(s, sender, &o, 1);
	assert_true(is(s, id, "attempting"));
	BEGIN;
	OK(notice_lose(s->h, sender, &f->e));
	COMMIT;
	assert_true(is(s, id, "uncertain"));
	remains(s, 0, 0);
}

static void what_is_given_back_was_not_begun(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t sender = add_sender(s), id = queue(s, NOTICE_ME, "a@example.org");

	take_one(s, sender, T0 + 1);
	BEGIN;
	OK(notice_release(s->h, sender, T0 + 2, &f->e)); /* later claims alone */
	COMMIT;
	assert_true(is(s, id, "attempting"));
	assert_true(number(s, &FIRST, ARGS(db_i64(id))) == T0 + 1);
	BEGIN;
	OK(notice_release(s->h, sender, 0, &f->e));
	COMMIT;
	assert_true(is(s, id, "queued"));
	assert_int_equal(number(s, &FIRST, ARGS(db_i64(id))), 0);
	assert_true(take_one(s, sender, T0 + 9)->first == T0 + 9);
}

static void a_relay_that_knows_no_mailbox_stops_mailings_too(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s);
	uint8_t hash[KEY_HASH_SIZE];
	struct outcome o;

	home_key_hash(s->h, "a@example.org", hash);
	change(s, &BOUNCE, ARGS(db_text("a@example.org"), db_bytes(hash, sizeof(hash)), db_i64(0)));
	change(s, &BOUNCE, ARGS(db_text("a+b@example.org"), db_bytes(hash, sizeof(hash)), db_i64(0)));
	queue(s, NOTICE_ME, "a@example.org");
	o = ending(take_one(s, sender, T0 + 1), "failed", T0 + 2);
	o.voids = true;
	write_notices(s, sender, &o, 1);
	assert_int_equal(number(s, &BOUNCED, NO_ARGS), 1);
}

/* What asked for an answer from a mailbox that once bounced is tried; what nobody asked for is not. */
static void a_bounce_stops_what_nobody_asked_for(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s);
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(s->h, "a@example.org", hash);
	change(s, &BOUNCE, ARGS(db_text("a@example.org"), db_bytes(hash, sizeof(hash)), db_i64(1)));
	queue(s, NOTICE_ME, "a@example.org");
	assert_string_equal(take_one(s, sender, T0 + 1)->why, "");
	queue(s, NOTICE_REMOVED, "a@example.org");
	assert_non_null(strstr(take_one(s, sender, T0 + 2)->why, "bounced"));
}

static void an_acknowledgement_knows_its_complaint(void **state)
{
	struct store *s = *state;
	int64_t c = number(s, &COMPLAINT, ARGS(db_i64(T0), db_i64(T0 + 30 * DAY)));
	struct notice *x;

	queue_about(s, NOTICE_COMPLAINT, 0, c);
	x = take_one(s, add_sender(s), T0 + 1);
	assert_true(x->mail.number == c && x->mail.due == T0 + 30 * DAY && x->give_up == 0);
}

static const struct query SAID = { "t_said", "SELECT count(*) FROM notice WHERE id = $1 AND state = 'failed' AND reply = ''"
					    " AND queue_id = ''", NULL };

/* What the relay says names the person. */
static void nothing_is_kept_of_who_was_erased_meanwhile(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s), id = queue(s, NOTICE_ME, "a@example.org");
	struct outcome o = ending(take_one(s, sender, T0 + 1), "deferred", T0 + 2);

	change(s, &PURGE, ARGS(db_i64(id)));
	write_notices(s, sender, &o, 1);
	assert_int_equal(number(s, &SAID, ARGS(db_i64(id))), 1);
	remains(s, 0, 0);
}

/* Claims what waits, asserts why it is not sent, and gives it back. */
static void refused(struct store *s, const char *why, bool held)
{
	static int64_t at = T0 + DAY;
	struct fixture *f = s->f;
	int64_t sender = add_sender(s);
	struct notice *x = take_one(s, sender, ++at);

	if (!strstr(x->why, why) || (!why[0] && x->why[0]) || x->held != held)
		fail_msg("why: '%s', not '%s'; held %d", x->why, why, x->held);
	BEGIN;
	OK(notice_release(s->h, sender, 0, &f->e));
	COMMIT;
}

static void what_is_not_sent_says_why(void **state)
{
	struct store *s = *state;
	int64_t sign_up = add_sign_up(s, "I agree"), id = queue_about(s, NOTICE_CONFIRM, s->project.id, sign_up);

	refused(s, "", false);
	change(s, &SET_STATE, ARGS(db_text("draft")));
	refused(s, "waits for its approval", true);
	change(s, &SET_STATE, ARGS(db_text("closed")));
	refused(s, "closed", false);
	change(s, &SET_STATE, ARGS(db_text("approved")));
	change(s, &SET_PURPOSE, ARGS(db_text("list")));
	refused(s, "", false); /* the project's own, whatever it is for */
	change(s, &SET_PURPOSE, ARGS(db_text("mailing")));
	change(s, &CONFIRMED, ARGS(db_i64(sign_up)));
	refused(s, "confirmed already", false);
	change(s, &PURGE, ARGS(db_i64(id)));
	refused(s, "purged", false);
}

static void without_an_identity_it_waits(void **state)
{
	struct store *s = *state;

	change(s, &SET_PURPOSE, ARGS(db_text("list")));
	queue(s, NOTICE_ME, "a@example.org");
	refused(s, "no identity", true);
	change(s, &SET_PURPOSE, ARGS(db_text("mailing")));
	refused(s, "", false);
}

static void what_it_answers_may_be_gone(void **state)
{
	struct store *s = *state;

	queue_about(s, NOTICE_CONFIRM, s->project.id, 4711);
	refused(s, "was deleted", false);
}

static void strangers_and_old_ones_are_not_sent(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s);
	struct notice *x;
	size_t n;

	queue(s, NOTICE_ME, "somebody@gmail.com");
	assert_non_null(strstr(take_one(s, sender, T0 + 1)->why, "trial"));
	for (enum notice_kind k = NOTICE_LEAVE; k <= NOTICE_ME; k++)
		queue(s, k, arena_printf(s->a, "p%d@example.org", k));
	x = take(s, s->h, sender, T0 + 7 * DAY + 1, 9, &n);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_true((x[i].why[0] != 0) == (x[i].mail.kind != NOTICE_REMOVED));
}

/* For system mail if there is one; else of the project; else any that sends mailings. */
static void the_right_identity_sends(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s), sign_up = add_sign_up(s, "I agree"), far, sys;
	int64_t lists = number(s, &OTHER_IDENTITY, ARGS(db_text("a-list"), db_text("l.uni.example"), db_text("list")));

	far = number(s, &OTHER_IDENTITY, ARGS(db_text("far"), db_text("far.uni.example"), db_text("mailing")));
	queue_about(s, NOTICE_CONFIRM, s->project.id, sign_up);
	assert_true(take_one(s, sender, T0 + 1)->identity == s->project.identity_id);
	queue(s, NOTICE_ME, "a@example.org");
	assert_true(take_one(s, sender, T0 + 2)->identity == far);
	sys = number(s, &OTHER_IDENTITY, ARGS(db_text("z"), db_text("z.uni.example"), db_text("system")));
	queue(s, NOTICE_LEAVE, "a@example.org");
	assert_true(take_one(s, sender, T0 + 3)->identity == sys && sys != lists);
	s->h->clock.fixed = T0 + DAY;
	queue_about(s, NOTICE_CONFIRM, s->project.id, sign_up);
	assert_string_equal(take_one(s, sender, T0 + DAY + 4)->mail.from_address, "sleep@z.uni.example");
}

static const struct query AUDITED = { "t_audited", "SELECT count(*) FROM audit WHERE action = 'system-mail' AND detail = $1", NULL };

static void a_batch_is_one_entry_of_the_ledger(void **state)
{
	struct store *s = *state;
	int64_t sender = add_sender(s);
	struct outcome o[5];
	struct notice *x;
	size_t n;

	for (int i = 0; i < 5; i++)
		queue(s, NOTICE_ME, arena_printf(s->a, "p%d@example.org", i));
	x = take(s, s->h, sender, T0 + 1, 9, &n);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++)
		o[i] = ending(&x[i], i < 3 ? "accepted" : i == 3 ? "failed" : "queued", T0 + 2);
	write_notices(s, sender, o, n);
	assert_int_equal(number(s, &AUDITED, ARGS(db_text("3 accepted, 1 failed"))), 1);
	write_notices(s, sender, o, n); /* nothing is this sender's any more */
	assert_int_equal(number(s, &AUDITED, ARGS(db_text("3 accepted, 1 failed"))), 1);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(a_notice_holds_what_is_needed), IN_HOME(what_is_taken_back_does_not_count),
		IN_HOME(each_kind_goes_once_a_day), IN_HOME(a_person_is_counted_by_match_key),
		IN_HOME(leave_and_left_are_one_wish), IN_HOME(three_confirmations_without_an_answer_are_the_last),
		IN_HOME(an_answer_does_not_shorten_the_day), IN_HOME(removed_is_said_once_ever),
		IN_HOME(three_complaints_are_acknowledged_in_a_day), IN_HOME(processes_at_once_find_room_once),
		IN_WORLD(a_claim_knows_what_to_say), IN_WORLD(links_are_of_their_kind), IN_WORLD(two_senders_share),
		IN_WORLD(an_outcome_is_written_once), IN_WORLD(outcomes_of_deliveries_are_left_out),
		IN_WORLD(what_is_given_back_was_not_begun), IN_WORLD(a_relay_that_knows_no_mailbox_stops_mailings_too),
		IN_WORLD(a_bounce_stops_what_nobody_asked_for), IN_WORLD(an_acknowledgement_knows_its_complaint),
		IN_WORLD(what_is_not_sent_says_why), IN_WORLD(without_an_identity_it_waits),
		IN_WORLD(what_it_answers_may_be_gone), IN_WORLD(strangers_and_old_ones_are_not_sent),
		IN_WORLD(the_right_identity_sends), IN_WORLD(nothing_is_kept_of_who_was_erased_meanwhile),
		IN_WORLD(a_batch_is_one_entry_of_the_ledger),
	};

	return run_on_engines(tests, COUNT(tests));
}
