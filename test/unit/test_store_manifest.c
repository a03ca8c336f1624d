/* store: what an approval binds to, as a text that anybody can hash again; each change behind its back is named. */
#include "store_fixture.h"

#include "base/codec.h"
#include "store/version.h"

#include <openssl/evp.h>

static int64_t submitted_to_three(struct store *s)
{
	int64_t id = add_draft(s);

	import_many(s, 3);
	sign_off_but(s, NULL);
	submit(s, id);
	return id;
}

static int64_t approved_in_arms(struct store *s)
{
	struct fixture *f = s->f;
	int64_t id = add_draft(s);

	import_many(s, 6);
	sign_off_but(s, NULL);
	OK(mailing_edit_choice(s->h, id, "", 2, "", &f->e));
	submit(s, id);
	step(s, id, "approve");
	return id;
}

static const char *hex_of(struct store *s, const void *p, size_t n)
{
	uint8_t hash[32];
	struct buf b;
	const char *text;

	assert_int_equal(EVP_Digest(p, n, hash, NULL, EVP_sha256(), NULL), 1);
	buf_init(&b, 100);
	hex_encode(&b, hash, sizeof(hash));
	text = arena_text(s->a, buf_text(&b));
	buf_free(&b);
	return text;
}

/* --- the text ------------------------------------------------------------------------------------ */

static int add_line(void *ctx, const char *line, size_t n)
{
	buf_add(ctx, line, n);
	return 0;
}

static void it_can_be_recomputed(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	struct mailing m = load_mailing(s, submitted_to_three(s));
	struct buf people, hash;

	buf_init(&hash, 100);
	hex_encode(&hash, m.bound.p, m.bound.n);
	assert_string_equal(hex_of(s, m.manifest, strlen(m.manifest)), buf_text(&hash));
	buf_free(&hash);
	buf_init(&people, 4096);
	OK(manifest_people(s->h, &m, add_line, &people, &f->e));
	assert_string_equal(manifest_value(s->a, m.manifest, "people SHA-256"), hex_of(s, people.p, people.n));
	assert_string_equal(manifest_value(s->a, m.manifest, "people"), "3");
	assert_string_equal(manifest_value(s->a, m.manifest, "subject (en)"), "News");
	assert_string_equal(manifest_value(s->a, m.manifest, "body (en) SHA-256"), hex_of(s, m.body, strlen(m.body)));
	assert_string_equal(manifest_value(s->a, m.manifest, "public text (en) SHA-256"),
			    hex_of(s, m.content_text, strlen(m.content_text)));
	assert_string_equal(manifest_value(s->a, m.manifest, "window closes"), "never");
	assert_null(manifest_value(s->a, m.manifest, "subject (de)"));
	buf_free(&people);
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* No value is ever two lines, or the same as another value. */
static void no_value_forges_a_line(void **state)
{
	static const struct query TITLE = { "t_title", "UPDATE project SET title = $1", NULL };
	static const struct {
		const char *value, *written;
	} CASES[] = {
		{ "Sleep\nproject state: approved", "Sleep\\nproject state: approved" },
		{ "Sleep\\nproject", "Sleep\\\\nproject" },
		{ "a\r\nb", "a\\u{000D}\\nb" },
		{ "a\xe2\x80\xa8" "b", "a\\u{2028}b" },
		{ "a\xc2\x85" "b", "a\\u{0085}b" },
		{ "a\xe2\x80\xae" "b", "a\\u{202E}b" },
		{ "a: b", "a: b" },
		{ "", "" },
	};
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = submitted_to_three(s);
	struct mailing m = load_mailing(s, id);

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct content c;
		const char *now;

		change(s, &TITLE, ARGS(db_text(CASES[i].value)));
		OK(content_load(s->h, s->a, &m, &c, &f->e));
		OK(manifest_make(s->h, s->a, &m, &c, &now, &f->e));
		assert_string_equal(manifest_value(s->a, now, "project title"), CASES[i].written);
		assert_string_equal(manifest_value(s->a, now, "project state"), "approved");
		/* A title that does not compile costs the message its two hashes, which one line of why stands for. */
		assert_in_range(lines_of(now), lines_of(m.manifest) - 1, lines_of(m.manifest));
	}
}

static void the_first_difference_is_told(void **state)
{
	static const struct {
		const char *before, *now, *what, *was, *is;
	} CASES[] = {
		{ "a: 1\nb: 2\n", "a: 1\nb: 2\n", NULL, NULL, NULL },
		{ "a: 1\nb: 2\n", "a: 1\nb: 3\n", "b", "2", "3" },
		{ "a: 1\nb: 2\n", "a: 1\n", "b", "2", NULL },
		{ "a: 1\n", "a: 1\nb: 2\n", "b", NULL, "2" },
		{ "a: 1\nc: 3\n", "a: 1\nb: 2\nc: 3\n", "b", NULL, "2" },
		{ "a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", "b", "2", NULL },
		{ "a: \n", "a: x\n", "a", "", "x" },
		{ "head\n", "foot\n", "head", "", NULL },
		{ "", "a: 1\n", "a", NULL, "1" },
	};
	struct store *s = *state;

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct manifest_change x = { 0 };

		if (manifest_differ(s->a, CASES[i].before, CASES[i].now, &x) != (CASES[i].what != NULL))
			fail_msg("case %zu", i);
		if (!CASES[i].what)
			continue;
		assert_string_equal(x.what, CASES[i].what);
		assert_string_equal(x.before ? x.before : "(none)", CASES[i].was ? CASES[i].was : "(none)");
		assert_string_equal(x.now ? x.now : "(none)", CASES[i].is ? CASES[i].is : "(none)");
	}
}

/* --- changes behind its back --------------------------------------------------------------------- */

static const struct {
	struct query change;
	const char *told; /* what the refusal names */
} TAMPERED[] = {
	{ { "t_m1", "UPDATE mailing SET subject = 'News.'", NULL }, "subject (en) was \"News\"; now \"News.\"" },
	{ { "t_m2", "UPDATE mailing SET body = 'Dear {{name}};'", NULL }, "body (en) SHA-256 was" },
	{ { "t_m3", "UPDATE mailing SET language = 'de'", NULL }, "languages was \"en\"; now \"de\"" },
	{ { "t_m4", "UPDATE mailing SET not_before = 1790000000000001", NULL },
	  "window opens was \"at once\"; now \"2026-09-21T14:13:20Z and 1 us\"" },
	{ { "t_m5", "UPDATE mailing SET not_after = 1790000000000000", NULL },
	  "window closes was \"never\"; now \"2026-09-21T14:13:20Z\"" },
	{ { "t_m5h", "UPDATE mailing SET hours = 'daily 03:00-04:00 UTC'", NULL },
	  "hours was \"at any time\"; now \"daily 03:00-04:00 UTC\"" },
	{ { "t_m6", "UPDATE mailing SET chosen = 'answered'", NULL }, "chosen was \"everybody on the list\"; now \"answered\"" },
	{ { "t_m7", "UPDATE mailing SET arm_seed = arm_seed + 1", NULL }, "arm seed was" },
	{ { "t_m8", "UPDATE mailing SET arms = 3", NULL }, "arms was \"2\"; now \"3\"" },
	{ { "t_m9", "UPDATE mailing SET stratum = 'name'", NULL }, "even within was \"\"; now \"name\"" },
	{ { "t_m10", "UPDATE mailing SET format = 'html'", NULL }, "format was \"markdown\"; now \"html\"" },
	{ { "t_m11", "UPDATE mailing SET link_fields = 'name'", NULL }, "link fields was \"\"; now \"name\"" },
	{ { "t_m12", "UPDATE mailing SET accepted_text = 'I do not answer for it'", NULL }, "responsibility was" },
	{ { "t_m13", "UPDATE mailing SET left_out = 7", NULL }, "left out was \"0\"; now \"7\"" },
	{ { "t_m14", "UPDATE mailing SET manifest = manifest || 'x: y'", NULL }, "not what its hash was made of" },
	{ { "t_m15", "UPDATE identity SET domains = 'x.uni.example'", NULL }, "identity domains was \"mail.uni.example\"" },
	{ { "t_m16", "UPDATE identity SET name = 'other'", NULL }, "identity was \"mail\"; now \"other\"" },
	{ { "t_m17", "UPDATE identity SET relay = 'smtp://127.0.0.1:26'", NULL }, "identity relay was \"smtp://127.0.0.1:25\"" },
	{ { "t_m18", "UPDATE identity SET relay_signs = 1", NULL }, "relay signs was \"no\"; now \"yes\"" },
	{ { "t_m18b", "UPDATE identity SET outbound = '192.0.2.1'", NULL }, "identity outbound was \"\"; now \"192.0.2.1\"" },
	{ { "t_m19", "UPDATE project SET title = 'Slee'", NULL }, "project title was \"Sleep\"; now \"Slee\"" },
	{ { "t_m20", "UPDATE project SET contact = 'x@uni.example'", NULL }, "contact was" },
	{ { "t_m21", "UPDATE project SET link_hosts = 'evil.example'", NULL }, "link hosts was \"\"; now \"evil.example\"" },
	{ { "t_m22", "UPDATE project SET state = 'draft'", NULL }, "project state was \"approved\"; now \"draft\"" },
	{ { "t_m23", "UPDATE account SET name = 'Somebody' WHERE address = 'ann@uni.example'", NULL }, "originator was" },
	{ { "t_m24", "UPDATE project SET originator_id = (SELECT id FROM account WHERE address = 'val@uni.example')", NULL },
	  "originator was" },
	{ { "t_m25", "UPDATE department SET name = 'Physics'", NULL }, "department was \"Psychology\"; now \"Physics\"" },
	{ { "t_m26", "UPDATE setting SET value = 'Another University' WHERE key = 'name'", NULL },
	  "institution was \"Example University\"; now \"Another University\"" },
	{ { "t_m27", "INSERT INTO setting (key, value) VALUES ('postal-address', 'Elsewhere')", NULL }, "postal address was" },
	{ { "t_m28", "INSERT INTO setting (key, value) VALUES ('unofficial-sentence.en', 'We are the university.')", NULL },
	  "unofficial sentence (en) was" },
	{ { "t_m29", "INSERT INTO setting (key, value) VALUES ('opt-out-wording.en', 'Leave')", NULL }, "opt-out wording (en) was" },
	{ { "t_m30", "UPDATE list SET name = 'others'", NULL }, "list was \"people\"; now \"others\"" },
	{ { "t_m31", "UPDATE address SET delivery = 'x@example.org' WHERE delivery = 'person1@example.org'", NULL },
	  "people SHA-256 was" },
	{ { "t_m32", "UPDATE delivery SET fields = '{\"name\":\"Q\"}' WHERE id = (SELECT max(id) FROM delivery)", NULL },
	  "people SHA-256 was" },
	{ { "t_m33", "DELETE FROM delivery WHERE id = (SELECT max(id) FROM delivery)", NULL }, "people was \"6\"; now \"5\"" },
	{ { "t_m34", "INSERT INTO delivery (mailing_id, address_id, fields, state) SELECT min(mailing_id),"
		     " (SELECT max(id) FROM address), '{}', 'queued' FROM delivery", NULL }, "people was \"6\"; now \"7\"" },
	{ { "t_m35", "UPDATE delivery SET consent_id = (SELECT min(id) FROM consent)", NULL }, "people SHA-256 was" },
	{ { "t_m36", "UPDATE consent SET given_on = '2026-03-02' WHERE id = (SELECT min(id) FROM consent)", NULL },
	  "people SHA-256 was" },
	{ { "t_m37", "UPDATE consent SET ref = 'form 2' WHERE id = (SELECT min(id) FROM consent)", NULL }, "people SHA-256 was" },
	{ { "t_m38", "UPDATE delivery SET arm = 3 - arm WHERE id IN (SELECT min(id) FROM delivery GROUP BY arm)", NULL },
	  "people SHA-256 was" },
	{ { "t_m39", "UPDATE delivery SET bound = $1 WHERE id = (SELECT min(id) FROM delivery)", NULL }, "people SHA-256 was" },
	{ { "t_m40", "UPDATE mailing SET template_id = (SELECT max(id) FROM house_template)", NULL }, "house template was \"built in\"; now" },
	{ { "t_m41", "UPDATE mailing SET bound_hash = $1", NULL }, "not what its hash was made of" },
	{ { "t_m42", "UPDATE audit SET detail = 'bound to nothing' WHERE action = 'mailing-approve'", NULL }, "audit ledger" },
};

static int64_t add_template(struct store *s, const char *text)
{
	static const struct query ADD = { "t_template", "INSERT INTO house_template (text, why, at) VALUES ($1, 'new', 0) RETURNING id", NULL };

	return number(s, &ADD, ARGS(db_text(text)));
}

/* Each is tried in a transaction that is taken back. */
static void every_change_is_refused_and_named(void **state)
{
	static const struct query NEW = { "t_new", "INSERT INTO address (delivery, given, key_hash, reserved, created)"
					  " VALUES ('new@example.org', '', $1, 1, 0)", NULL };
	static const uint8_t BYTES[32] = { 7 };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = approved_in_arms(s);

	add_template(s, "x");
	change(s, &NEW, ARGS(db_bytes(BYTES, 20)));
	for (size_t i = 0; i < COUNT(TAMPERED); i++) {
		const struct query *q = &TAMPERED[i].change;
		struct dbval bytes = db_bytes(BYTES, 32);

		BEGIN;
		change(s, q, &bytes, strstr(q->sql, "$1") ? 1 : 0);
		if (mailing_stands(s, id) == 0 || f->e.kind != ERR_REFUSED)
			fail_msg("%s: is not refused: %s", q->sql, f->e.text);
		if (!strstr(f->e.text, TAMPERED[i].told))
			fail_msg("%s: says %s", q->sql, f->e.text);
		err_clear(&f->e);
		db_rollback(s->h->db);
	}
	assert_stands(s, id);
}

/* A new version of the house template is for mailings to come. */
static void it_keeps_its_template(void **state)
{
	static const struct query EDIT = { "t_edit", "UPDATE house_template SET text = 'z' WHERE id = $1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = add_draft(s), template = add_template(s, "x");

	import_many(s, 1);
	sign_off_but(s, NULL);
	submit(s, id);
	assert_int_equal(load_mailing(s, id).template_id, template);
	assert_true(add_template(s, "y") > template);
	assert_stands(s, id);
	change(s, &EDIT, ARGS(db_i64(template)));
	FAILS(ERR_REFUSED, mailing_stands(s, id));
}

/* Into the state by whatever way: without a reviewer in the ledger, and for just this, nothing starts. */
static void nobody_approves_but_a_reviewer(void **state)
{
	static const struct query STATE = { "t_state", "UPDATE mailing SET state = 'approved', approved_by = 1, approved_at = 1", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = submitted_to_three(s);

	assert_stands(s, id);
	change(s, &STATE, NO_ARGS);
	FAILS(ERR_REFUSED, mailing_stands(s, id));
}

static void an_earlier_approval_is_not_this_one(void **state)
{
	static const struct query STATE = { "t_state2", "UPDATE mailing SET state = 'approved'", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = submitted_to_three(s);

	step(s, id, "approve");
	assert_stands(s, id);
	step(s, id, "edit");
	OK(mailing_edit(s->h, id, "Other news", "Dear {{name}},", &f->e));
	submit(s, id);
	assert_stands(s, id);
	change(s, &STATE, NO_ARGS);
	FAILS(ERR_REFUSED, mailing_stands(s, id));
}

static void a_removal_changes_nothing(void **state)
{
	static const struct query BOUNCE = { "t_bounce", "UPDATE address SET bounced = 1 WHERE delivery = 'person2@example.org'", NULL };
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = submitted_to_three(s), sender;
	struct outcome o;
	struct delivery *d;
	size_t n;

	OK(opt_out_by_key(s->h, "person1@example.org", OPT_OUT_PAGE, "", 0, &f->e));
	assert_stands(s, id);
	step(s, id, "approve");
	step(s, id, "start");
	sender = add_sender(s);
	d = claim(s, s->h, id, sender, T0 + 1, 9, &n);
	assert_int_equal(n, 3);
	d = going_to(d, n, "person1@example.org");
	assert_string_equal(d->why, "opted-out");
	o = accepted(d, T0 + 2);
	o.state = "skipped";
	o.skipped = "opted-out";
	write_outcomes(s, sender, &o, 1);
	change(s, &BOUNCE, NO_ARGS);
	assert_stands(s, id);
}

/* --- versions ------------------------------------------------------------------------------------ */

static void each_submission_is_a_version(void **state)
{
	struct store *s = *state;
	struct fixture *f = s->f;
	int64_t id = submitted_to_three(s);
	const struct version_event *how = NULL;
	struct version *all, one;
	size_t n;

	step(s, id, "reject");
	OK(mailing_edit(s->h, id, "Other news", "Dear {{name}},", &f->e));
	submit(s, id);
	step(s, id, "approve");
	step(s, id, "start");
	OK(version_list(s->h, s->a, id, &all, &n, &f->e));
	assert_int_equal(n, 2);
	assert_string_equal(all[0].by, "ann@uni.example");
	assert_int_equal(all[0].n_events, 1);
	assert_string_equal(all[0].event[0].what, "rejected");
	assert_string_equal(all[0].event[0].why, "because");
	assert_int_equal(all[1].n_events, 2);
	assert_string_equal(all[1].event[0].what, "approved");
	assert_string_equal(all[1].event[0].by, "rev@uni.example");
	assert_string_equal(all[1].event[1].what, "started");
	assert_ptr_equal(version_reviewed(all, n, &how), &all[1]);
	assert_ptr_equal(version_reviewed(all, 1, &how), &all[0]);
	assert_null(version_reviewed(all, 0, &how));
	assert_int_equal(version_by_n(s->h, s->a, id, 1, &one, &f->e), 1);
	assert_string_equal(manifest_value(s->a, one.manifest, "subject (en)"), "News");
	assert_non_null(strstr(one.texts, "\"subject\":\"News\""));
	assert_int_equal(version_by_n(s->h, s->a, id, 3, &one, &f->e), 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		IN_WORLD(it_can_be_recomputed), IN_WORLD(no_value_forges_a_line), IN_WORLD(the_first_difference_is_told),
		IN_WORLD(every_change_is_refused_and_named), IN_WORLD(it_keeps_its_template),
		IN_WORLD(nobody_approves_but_a_reviewer), IN_WORLD(an_earlier_approval_is_not_this_one),
		IN_WORLD(a_removal_changes_nothing), IN_WORLD(each_submission_is_a_version),
	};

	return run_on_engines(tests, COUNT(tests));
}
