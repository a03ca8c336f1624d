/* store: the relays of an identity, what is kept for each, and what senders say of them. */
#include "store_fixture.h"

#include "base/file.h"
#include "store/relay.h"

#define OWN   "smtps://own@relay.uni.example"
#define OTHER "smtps://second@relay2.uni.example:2465"

static struct identity make_identity(struct store *s, const char *name)
{
	struct identity x = { .name = name, .domains = "news.uni.example", .relay = OWN, .outbound = "", .purpose = "mailing" };
	struct fixture *f = s->f;

	BEGIN;
	OK(identity_add(s->h, s->a, &x, &f->e));
	COMMIT;
	return x;
}

static struct identity_relay add(struct store *s, const struct identity *x, const char *url)
{
	struct identity_relay r = { .identity_id = x->id, .identity = x->name, .url = url, .weight = 3, .connections = 4,
				    .per_second = 5, .auth = "login", .token_file = "/run/token", .chunking = true };
	struct fixture *f = s->f;

	OK(relay_add(s->h, &r, &f->e));
	return r;
}

/* "url*weight" of each, the own one marked. */
static const char *listed(struct store *s, int64_t identity)
{
	struct identity_relay *r;
	struct fixture *f = s->f;
	const char *out = "";
	size_t n;

	OK(relay_list(s->h, s->a, identity, &r, &n, &f->e));
	for (size_t i = 0; i < n; i++)
		out = arena_printf(s->a, "%s%s%s*%d ", out, r[i].own ? "own:" : "", r[i].url, (int)r[i].weight);
	return out;
}

static struct relay_version version(struct store *s)
{
	struct relay_version v = { 0 };
	struct fixture *f = s->f;

	OK(relay_version(s->h, &v, &f->e));
	return v;
}

static void an_identity_has_its_own(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news"), y = make_identity(s, "alpha");
	struct identity_relay r = add(s, &x, OTHER), found;

	assert_string_equal(listed(s, x.id), "own:" OWN "*10 " OTHER "*3 ");
	assert_string_equal(listed(s, 0), "own:" OWN "*10 own:" OWN "*10 " OTHER "*3 ");
	assert_int_equal(relay_by_url(s->h, s->a, &y, OTHER, &found, &f->e), 0);
	assert_int_equal(relay_by_url(s->h, s->a, &x, OTHER, &found, &f->e), 1);
	assert_true(found.id == r.id && found.connections == 4 && found.per_second == 5 && found.chunking && !found.own);
	assert_string_equal(found.identity, "news");
	assert_string_equal(found.auth, "login");
	assert_string_equal(found.token_file, "/run/token");
	FAILS(ERR_REFUSED, relay_add(s->h, &r, &f->e));
	assert_int_equal(relay_by_url(s->h, s->a, &x, OWN, &found, &f->e), 1);
	FAILS(ERR_REFUSED, relay_remove(s->h, &found, &f->e));
	OK(relay_remove(s->h, &r, &f->e));
	assert_string_equal(listed(s, x.id), "own:" OWN "*10 ");
}

static void the_own_one_follows_the_url(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news");

	add(s, &x, OTHER);
	x.relay = "smtps://third.uni.example";
	OK(identity_edit(s->h, &x, &f->e));
	assert_string_equal(listed(s, x.id), "own:smtps://third.uni.example*10 " OTHER "*3 ");
	OK(identity_edit(s->h, &x, &f->e));
	assert_string_equal(listed(s, x.id), "own:smtps://third.uni.example*10 " OTHER "*3 ");
	/* One that was beside it takes its place, with what was said of it. */
	x.relay = OTHER;
	OK(identity_edit(s->h, &x, &f->e));
	assert_string_equal(listed(s, x.id), "own:" OTHER "*3 ");
}

static void there_is_an_end_to_them(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news");
	struct identity_relay one;

	for (int i = 1; i < RELAYS_MAX; i++)
		one = add(s, &x, arena_printf(s->a, "smtp://127.0.0.1:%d", i));
	one.url = "smtp://127.0.0.1:1000";
	FAILS(ERR_REFUSED, relay_add(s->h, &one, &f->e));
}

static void each_change_is_seen(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news");
	struct relay_version before = version(s), after;
	struct identity_relay r;

	after = version(s);
	assert_memory_equal(&before, &after, sizeof(after));
	for (int step = 0; step < 5; step++) {
		if (step == 0 || step == 3)
			r = add(s, &x, step ? "smtp://127.0.0.1:7" : OTHER);
		else if (step == 1)
			OK(relay_edit(s->h, &r, &f->e));
		else if (step == 2)
			OK(relay_remove(s->h, &r, &f->e));
		else
			OK(identity_edit(s->h, &(struct identity){ .id = x.id, .domains = "a.example", .relay = "smtp://[::1]:1",
								   .outbound = "" }, &f->e));
		after = version(s);
		if (memcmp(&before, &after, sizeof(after)) == 0)
			fail_msg("step %d is not seen", step);
		before = after;
	}
}

static const char *path_of(struct store *s, const char *url, enum relay_file what)
{
	struct identity_relay r = { .identity = "news", .url = url };
	struct fixture *f = s->f;
	const char *path = NULL;

	OK(relay_path(s->h, s->a, &r, what, &path, &f->e));
	return path + strlen(home_file(s->h, s->a, "keys/relay/"));
}

static void files_are_named_by_the_url(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity_relay r = { .identity = "news" };
	const char *path;

	assert_string_equal(path_of(s, OWN, RELAY_PASSWORD), "news/smtps:own@relay.uni.example.password");
	assert_string_equal(path_of(s, "smtp+starttls://[2001:db8::1]:587", RELAY_CLIENT_KEY),
			    "news/smtp+starttls:[2001:db8::1]:587.client-key.pem");
	assert_string_equal(path_of(s, "smtps://../../x%2e@h", RELAY_CA), "news/smtps:..%2F..%2Fx%252e@h.ca.pem");
	r.url = arena_printf(s->a, "smtps://%0200d@h", 1);
	FAILS(ERR_INPUT, relay_path(s->h, s->a, &r, RELAY_PASSWORD, &path, &f->e));
}

static void what_is_kept_stays_with_its_relay(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news");
	struct identity_relay r = add(s, &x, OTHER);
	const char *text, *path;
	struct stat st;

	OK(relay_password(s->h, s->a, &r, &text, &f->e));
	assert_null(text);
	OK(relay_keep(s->h, s->a, &r, RELAY_PASSWORD, "s3cret\nnot this\n", &f->e));
	OK(relay_keep(s->h, s->a, &r, RELAY_CA, "PEM", &f->e));
	OK(relay_password(s->h, s->a, &r, &text, &f->e));
	assert_string_equal(text, "s3cret");
	OK(identity_relay_password(s->h, s->a, &x, &text, &f->e));
	assert_null(text);
	OK(identity_set_relay_password(s->h, s->a, &x, "own one", &f->e));
	OK(identity_relay_password(s->h, s->a, &x, &text, &f->e));
	assert_string_equal(text, "own one");
	OK(relay_kept(s->h, s->a, &r, RELAY_CA, &path, &f->e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	OK(relay_keep(s->h, s->a, &r, RELAY_CA, "", &f->e));
	OK(relay_keep(s->h, s->a, &r, RELAY_CA, NULL, &f->e));
	OK(relay_kept(s->h, s->a, &r, RELAY_CA, &path, &f->e));
	assert_null(path);
	OK(relay_forget(s->h, s->a, &r, &f->e));
	OK(relay_password(s->h, s->a, &r, &text, &f->e));
	assert_null(text);
}

static const struct query SENDER = { "t_sender",
				     "INSERT INTO sender (host, journal, started, seen, ended, fenced)"
				     " VALUES ('h', 'j', 1, $1, $2, $3) RETURNING id", NULL };

static const struct query SAID = { "t_said", "SELECT count(*) FROM relay_health", NULL };

static void senders_say_how_they_get_on(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct identity x = make_identity(s, "news");
	struct identity_relay r = add(s, &x, OTHER);
	int64_t one = number(s, &SENDER, ARGS(db_i64(70), db_null(), db_i64(0))),
		two = number(s, &SENDER, ARGS(db_i64(50), db_null(), db_i64(0))),
		ended = number(s, &SENDER, ARGS(db_i64(70), db_i64(71), db_i64(0))),
		fenced = number(s, &SENDER, ARGS(db_i64(70), db_null(), db_i64(1))), n_senders = 0;
	struct relay_health said[] = {
		{ .sender = one, .relay = r.id, .state = "up", .since = 60, .why = "", .connections = 3, .accepted = 9 },
		{ .sender = two, .relay = r.id, .state = "down", .since = 40, .why = "refused", .retry_at = 51, .faults = 2 },
		{ .sender = ended, .relay = r.id, .state = "up", .why = "" },
		{ .sender = fenced, .relay = r.id, .state = "up", .why = "" },
		{ .sender = one, .relay = r.id + 1000, .state = "up", .why = "" }, /* just removed */
	};
	struct relay_health *x_said;
	size_t n;

	OK(relay_health_write(s->h, said, COUNT(said), &f->e));
	said[0].accepted = 11;
	OK(relay_health_write(s->h, said, 1, &f->e));
	OK(relay_health_list(s->h, s->a, x.id, &x_said, &n, &f->e));
	assert_int_equal(n, 2);
	assert_true(x_said[0].sender == one && x_said[0].accepted == 11 && x_said[0].connections == 3 && x_said[0].seen == 70);
	assert_string_equal(x_said[1].state, "down");
	assert_string_equal(x_said[1].why, "refused");
	assert_true(x_said[1].retry_at == 51 && x_said[1].faults == 2 && x_said[1].since == 40);
	OK(relay_health_list(s->h, s->a, x.id + 1, &x_said, &n, &f->e));
	assert_int_equal(n, 0);
	OK(relay_senders(s->h, 60, &n_senders, &f->e));
	assert_int_equal(n_senders, 1);
	OK(relay_senders(s->h, 50, &n_senders, &f->e));
	assert_int_equal(n_senders, 2);
	OK(relay_health_tidy(s->h, &f->e));
	assert_int_equal(number(s, &SAID, NO_ARGS), 4); /* all but that of the one that has ended */
	OK(relay_remove(s->h, &r, &f->e));
	OK(relay_health_list(s->h, s->a, 0, &x_said, &n, &f->e));
	assert_int_equal(n, 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_HOME(an_identity_has_its_own), IN_HOME(the_own_one_follows_the_url), IN_HOME(there_is_an_end_to_them),
		IN_HOME(each_change_is_seen), IN_HOME(files_are_named_by_the_url), IN_HOME(what_is_kept_stays_with_its_relay),
		IN_HOME(senders_say_how_they_get_on),
	};

	return run_on_engines(tests, COUNT(tests));
}
