/* Mailings and their states: see mailing.h. STATES is the one table of which step may follow which. */
#include "store/mailing.h"

#include "base/codec.h"
#include "store/arms.h"
#include "store/audit.h"
#include "store/breaker.h"
#include "store/manifest.h"
#include "store/proof.h"
#include "store/query.h"
#include "store/stop.h"
#include "store/version.h"

#define MAILING_COLUMNS                                                                                              \
	"SELECT m.id, m.project_id, m.list_id, l.name, p.slug, m.subject, m.body, m.language, m.state, m.state_by,"  \
	" m.state_why, m.created_by, m.created, m.accepted_text, m.submitted_by, m.submitted_at, m.not_before,"     \
	" m.not_after, m.bound_hash, m.content_text, m.approved_by, m.approved_at, m.started, m.ended, m.chosen,"   \
	" m.arms, m.stratum, m.arm_seed, m.left_out, m.format, m.link_fields, m.template_id, m.manifest, m.hours"    \
	" FROM mailing m JOIN list l ON l.id = m.list_id JOIN project p ON p.id = m.project_id"

QUERY(Q_MAILING_ADD, "INSERT INTO mailing (project_id, list_id, subject, body, language, state, created_by, created,"
		     " chosen, arms, stratum, format, link_fields)"
		     " VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12) RETURNING id");
QUERY(Q_MAILING_BY_ID, MAILING_COLUMNS " WHERE m.id = $1");
#define LOCKED "SELECT m.state FROM mailing m WHERE m.id = $1"
QUERY(Q_MAILING_LOCK, LOCKED, LOCKED " FOR NO KEY UPDATE");
QUERY(Q_MAILING_ALL, MAILING_COLUMNS " ORDER BY m.id");
#define HEADS "SELECT m.id, m.project_id, m.not_before, m.not_after, m.state, m.hours FROM mailing m"
QUERY(Q_MAILING_HEADS, HEADS " JOIN project p ON p.id = m.project_id JOIN identity i ON i.id = p.identity_id WHERE i.held_at IS NULL"
			     " AND (m.state = 'sending' OR (m.state = 'scheduled' AND m.not_before <= $1)) ORDER BY m.id");
QUERY(Q_MAILING_HEADS_OPEN, HEADS " WHERE m.state = 'sending' OR m.state = 'scheduled' OR (m.state = 'done' AND EXISTS"
				  " (SELECT 1 FROM delivery d WHERE d.mailing_id = m.id AND d.state = 'uncertain')) ORDER BY m.id");
QUERY(Q_MAILING_EDIT, "UPDATE mailing SET subject = $2, body = $3 WHERE id = $1 AND state = 'draft'");
QUERY(Q_MAILING_EDIT_CHOICE, "UPDATE mailing SET chosen = $2, arms = $3, stratum = $4 WHERE id = $1 AND state = 'draft'");
QUERY(Q_MAILING_MOVE, "UPDATE mailing SET state = $3, state_by = $4, state_why = $5 WHERE id = $1 AND state = $2"
		      " AND COALESCE(bound_hash, $6) = $6");
QUERY(Q_MAILING_APPROVED, "UPDATE mailing SET approved_by = $2, approved_at = $3 WHERE id = $1");
QUERY(Q_MAILING_STARTED, "UPDATE mailing SET started = $2 WHERE id = $1");
QUERY(Q_MAILING_ENDED, "UPDATE mailing SET ended = $2 WHERE id = $1");
QUERY(Q_MAILING_UNFREEZE, "DELETE FROM delivery WHERE mailing_id = $1");
QUERY(Q_MAILING_UNANSWER, "DELETE FROM answer WHERE mailing_id = $1");
QUERY(Q_MAILING_ANSWER, "INSERT INTO answer (mailing_id, finding, text, by_id, at) VALUES ($1, $2, $3, $4, $5)"
			" ON CONFLICT (mailing_id, finding) DO UPDATE SET text = excluded.text, by_id = excluded.by_id,"
			" at = excluded.at");
QUERY(Q_MAILING_IS_ANSWERED, "SELECT 1 FROM answer WHERE mailing_id = $1 AND finding = $2");
QUERY(Q_MAILING_ANSWERS, "SELECT w.finding, w.text, a.address, w.at FROM answer w JOIN account a ON a.id = w.by_id"
			 " WHERE w.mailing_id = $1 ORDER BY w.at, w.finding");
QUERY(Q_MAILING_UNBIND, "UPDATE mailing SET bound_hash = NULL, manifest = NULL, content_text = NULL, template_id = NULL, accepted_text = NULL,"
			" submitted_by = NULL, submitted_at = NULL, approved_by = NULL, approved_at = NULL,"
			" not_before = NULL, not_after = NULL, hours = '', left_out = 0 WHERE id = $1");
QUERY(Q_MAILING_DROP_REST, "UPDATE delivery SET state = 'skipped', skipped = $2"
			   " WHERE mailing_id = $1 AND state IN ('queued', 'deferred')");
/* The newest house template from now on is its own, whatever becomes of that. */
QUERY(Q_MAILING_SUBMIT, "UPDATE mailing SET accepted_text = $2, submitted_by = $3, submitted_at = $4, not_before = $5,"
			" not_after = $6, left_out = $7, arm_seed = $8, hours = $9, template_id = (SELECT max(t.id) FROM house_template t)"
			" WHERE id = $1");
QUERY(Q_MAILING_UNCHOOSE, "DELETE FROM chosen WHERE mailing_id = $1");
QUERY(Q_MAILING_BIND, "UPDATE mailing SET bound_hash = $2, manifest = $3, content_text = $4 WHERE id = $1");
QUERY(Q_ACCOUNT_ADDRESS, "SELECT address FROM account WHERE id = $1");

int mailing_add(struct home *h, const struct mailing *m, int64_t *id, struct err *e)
{
	return db_get_i64(h->db, &Q_MAILING_ADD,
			  ARGS(db_i64(m->project_id), db_i64(m->list_id), db_text(m->subject), db_text(m->body),
			       db_text(m->language), db_i64(m->created_by), db_i64(home_now(h)),
			       db_text(m->where ? m->where : ""), db_i64(m->arms), db_text(m->stratum ? m->stratum : ""),
			       db_text(m->format ? m->format : "markdown"), db_text(m->link_fields ? m->link_fields : "")),
			  id, e) < 0
		       ? -1
		       : 0;
}

static void mailing_from(struct rows *r, struct arena *a, struct mailing *out)
{
	struct slice bound = rows_bytes(r, 18);

	*out = (struct mailing){
		.id = rows_i64(r, 0),
		.project_id = rows_i64(r, 1),
		.list_id = rows_i64(r, 2),
		.list = arena_text(a, rows_text(r, 3)),
		.project = arena_text(a, rows_text(r, 4)),
		.subject = arena_text(a, rows_text(r, 5)),
		.body = arena_text(a, rows_text(r, 6)),
		.language = arena_text(a, rows_text(r, 7)),
		.state = arena_text(a, rows_text(r, 8)),
		.by = arena_text(a, rows_text(r, 9)),
		.why = arena_text(a, rows_text(r, 10)),
		.created_by = rows_i64(r, 11),
		.created = rows_i64(r, 12),
		.accepted_text = arena_text(a, rows_text(r, 13)),
		.submitted_by = rows_i64(r, 14),
		.submitted_at = rows_i64(r, 15),
		.not_before = rows_i64(r, 16),
		.not_after = rows_i64(r, 17),
		.content_text = arena_text(a, rows_text(r, 19)),
		.approved_by = rows_i64(r, 20),
		.approved_at = rows_i64(r, 21),
		.started = rows_i64(r, 22),
		.ended = rows_i64(r, 23),
		.where = arena_text(a, rows_text(r, 24)),
		.arms = rows_i64(r, 25),
		.stratum = arena_text(a, rows_text(r, 26)),
		.arm_seed = rows_i64(r, 27),
		.left_out = rows_i64(r, 28),
		.format = arena_text(a, rows_text(r, 29)),
		.link_fields = arena_text(a, rows_text(r, 30)),
		.template_id = rows_i64(r, 31),
		.manifest = arena_text(a, rows_text(r, 32)),
		.hours = arena_text(a, rows_text(r, 33)),
	};
	if (bound.p)
		out->bound = (struct slice){ arena_text_n(a, bound.p, bound.n), bound.n };
}

int mailing_by_id(struct home *h, struct arena *a, int64_t id, struct mailing *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_MAILING_BY_ID, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		mailing_from(&r, a, out);
	rows_close(&r);
	return got;
}

static int read_mailings(struct rows *r, struct arena *a, struct mailing **out, size_t *n, struct err *e)
{
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	while ((got = rows_next(r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		mailing_from(r, a, &(*out)[(*n)++]);
	}
	rows_close(r);
	return got;
}

int mailing_lock(struct home *h, struct arena *a, struct mailing *m, struct err *e)
{
	struct rows r = { 0 };
	int got;

	MUST(db_in_transaction(h->db));
	if (db_query(h->db, &Q_MAILING_LOCK, ARGS(db_i64(m->id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		m->state = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	if (got == 0)
		return err_set(e, ERR_MISSING, "no mailing %lld", (long long)m->id);
	return got < 0 ? -1 : 0;
}

int mailing_all(struct home *h, struct arena *a, struct mailing **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };

	return db_query(h->db, &Q_MAILING_ALL, NO_ARGS, &r, e) < 0 ? -1 : read_mailings(&r, a, out, n, e);
}

static int read_heads(struct rows *r, struct arena *a, struct mailing_head **out, size_t *n, struct err *e)
{
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	while ((got = rows_next(r, e)) > 0) {
		const char *state = rows_text(r, 4);

		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct mailing_head){ .id = rows_i64(r, 0),
							.project_id = rows_i64(r, 1),
							.not_before = rows_i64(r, 2),
							.not_after = rows_i64(r, 3),
							.hours = arena_text(a, rows_text(r, 5)),
							.sending = strcmp(state, "sending") == 0,
							.ended = strcmp(state, "done") == 0 };
	}
	rows_close(r);
	return got < 0 ? -1 : 0;
}

int mailing_heads(struct home *h, struct arena *a, struct mailing_head **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };

	if (db_query(h->db, &Q_MAILING_HEADS, ARGS(db_i64(home_now(h))), &r, e) < 0)
		return -1;
	return read_heads(&r, a, out, n, e);
}

int mailing_heads_open(struct home *h, struct arena *a, struct mailing_head **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };

	if (db_query(h->db, &Q_MAILING_HEADS_OPEN, NO_ARGS, &r, e) < 0)
		return -1;
	return read_heads(&r, a, out, n, e);
}

/* --- states ------------------------------------------------------------------------------------ */

enum effect { PLAIN, APPROVES, STARTS, ENDS, UNFREEZES, DROPS_REST };

static const struct step {
	const char *verb, *from, *to;
	enum effect effect;
} STEPS[] = {
	{ "submit", "draft", "submitted", PLAIN },
	{ "approve", "submitted", "approved", APPROVES },
	{ "reject", "submitted", "draft", UNFREEZES },
	{ "withdraw", "submitted", "draft", UNFREEZES },
	{ "edit", "submitted", "draft", UNFREEZES },
	{ "edit", "approved", "draft", UNFREEZES },
	{ "void", "approved", "draft", UNFREEZES },
	{ "void", "submitted", "draft", UNFREEZES }, /* both by a restore */
	{ "void", "scheduled", "draft", UNFREEZES },
	{ "start", "approved", "sending", STARTS },
	{ "schedule", "approved", "scheduled", STARTS },
	{ "open", "scheduled", "sending", PLAIN },
	{ "pause", "sending", "paused", PLAIN },
	{ "pause", "scheduled", "paused", PLAIN },
	{ "resume", "paused", "sending", PLAIN },
	{ "resume-later", "paused", "scheduled", PLAIN }, /* its window has not come */
	{ "again", "done", "sending", PLAIN },
	{ "finish", "sending", "done", ENDS },
	{ "cancel", "approved", "cancelled", DROPS_REST },
	{ "cancel", "scheduled", "cancelled", DROPS_REST },
	{ "cancel", "sending", "cancelled", DROPS_REST },
	{ "cancel", "paused", "cancelled", DROPS_REST },
	{ "revoke", "approved", "revoked", DROPS_REST },
	{ "revoke", "scheduled", "revoked", DROPS_REST },
	{ "revoke", "sending", "revoked", DROPS_REST },
	{ "revoke", "paused", "revoked", DROPS_REST },
};

static const struct step *find_step(const char *verb, const char *from)
{
	for (size_t i = 0; i < COUNT(STEPS); i++)
		if (strcmp(STEPS[i].verb, verb) == 0 && strcmp(STEPS[i].from, from) == 0)
			return &STEPS[i];
	return NULL;
}

static int take_effect(struct home *h, const struct mailing *m, const struct step *s, int64_t by, struct err *e)
{
	struct dbval id = db_i64(m->id), now = db_i64(home_now(h));

	switch (s->effect) {
	case PLAIN:
		return 0;
	case APPROVES:
		return db_exec(h->db, &Q_MAILING_APPROVED, ARGS(id, db_i64(by), now), NULL, e) < 0 ? -1 : proof_add(h, m, e);
	case STARTS:
		return db_exec(h->db, &Q_MAILING_STARTED, ARGS(id, now), NULL, e);
	case ENDS:
		return db_exec(h->db, &Q_MAILING_ENDED, ARGS(id, now), NULL, e);
	case UNFREEZES:
		if (db_exec(h->db, &Q_MAILING_UNFREEZE, ARGS(id), NULL, e) < 0 ||
		    db_exec(h->db, &Q_MAILING_UNANSWER, ARGS(id), NULL, e) < 0 ||
		    mailing_keep_text(h, m->id, NULL, NULL, e) < 0)
			return -1;
		return proof_drop(h, m->id, e) < 0 ? -1 : db_exec(h->db, &Q_MAILING_UNBIND, ARGS(id), NULL, e);
	case DROPS_REST:
		if (db_exec(h->db, &Q_MAILING_DROP_REST, ARGS(id, db_text(s->to)), NULL, e) < 0)
			return -1;
		return db_exec(h->db, &Q_MAILING_ENDED, ARGS(id, now), NULL, e);
	}
	BUG("effect");
}

static int actor_address(struct home *h, struct arena *a, int64_t by, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = "system";
	if (!by)
		return 0;
	if (db_query(h->db, &Q_ACCOUNT_ADDRESS, ARGS(db_i64(by)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static const char *approval_told(struct arena *a, const struct mailing *m, const char *text)
{
	struct buf b;
	const char *told;

	buf_init(&b, 200);
	buf_adds(&b, MAILING_BOUND_TO);
	hex_encode(&b, m->bound.p, m->bound.n);
	told = arena_printf(a, "%s\n%s", buf_text(&b), text);
	buf_free(&b);
	return told;
}

static bool goes_on(const struct step *s)
{
	return strcmp(s->to, "sending") == 0 || strcmp(s->to, "scheduled") == 0;
}

/* Who lets a mailing go on that the program paused has looked at it: else the same counts would pause it again at once. */
static const char *resumed_words(struct arena *a, const struct mailing *m, const struct step *s, const char *why)
{
	if (strncmp(s->verb, "resume", 6) != 0 || strcmp(m->by, "system") != 0)
		return why;
	return arena_printf(a, "%s%scounts of what pauses a mailing by itself begin anew", why, why[0] ? "; " : "");
}

/* Nothing begins or goes on under an identity that is held. */
static int check_hold(struct home *h, struct arena *a, const struct mailing *m, const struct step *s, struct err *e)
{
	const char *why;
	int got;

	if (!goes_on(s))
		return 0;
	got = stop_is_held(h, a, m->id, &why, e);
	return got > 0 ? err_set(e, ERR_REFUSED, "mailing %lld: %s; placet identity release ends that", (long long)m->id, why) : got;
}

static int move(struct home *h, struct arena *a, struct mailing *m, const char *verb, int64_t by, const char *why,
		struct err *e)
{
	const struct step *s = find_step(verb, m->state);
	bool approves = s && s->effect == APPROVES;
	const char *actor;
	int64_t changed;

	if (!s)
		return err_set(e, ERR_REFUSED, "mailing %lld is %s: it cannot %s now", (long long)m->id, m->state, verb);
	if (check_hold(h, a, m, s, e) < 0 || actor_address(h, a, by, &actor, e) < 0 ||
	    db_exec(h->db, &Q_MAILING_MOVE,
		    ARGS(db_i64(m->id), db_text(s->from), db_text(s->to), db_text(actor), db_text(approves ? "" : why),
			 db_bytes(m->bound.p ? m->bound.p : "", m->bound.p ? m->bound.n : 0)),
		    &changed, e) < 0)
		return -1;
	/* Neither its state nor what it is bound to may be other than what was looked at. */
	if (!changed)
		return err_set(e, ERR_REFUSED, "mailing %lld was changed by somebody else just now; look at it again",
			       (long long)m->id);
	if (take_effect(h, m, s, by, e) < 0 || (goes_on(s) && breaker_reset(h, m->id, e) < 0))
		return -1;
	m->state = s->to;
	return audit_add(h, by, arena_printf(a, "mailing-%s", verb), arena_printf(a, "mailing %lld", (long long)m->id),
			 approves ? approval_told(a, m, why) : resumed_words(a, m, s, why), e);
}

int mailing_move(struct home *h, struct mailing *m, const char *verb, int64_t by, const char *why, struct err *e)
{
	struct arena *a = arena_new();
	int rc = move(h, a, m, verb, by, why, e);

	arena_free(a);
	return rc;
}

int mailing_answer(struct home *h, int64_t id, const char *finding, const char *text, int64_t by, struct err *e)
{
	return db_exec(h->db, &Q_MAILING_ANSWER,
		       ARGS(db_i64(id), db_text(finding), db_text(text), db_i64(by), db_i64(home_now(h))), NULL, e);
}

int mailing_is_answered(struct home *h, int64_t id, const char *finding, struct err *e)
{
	int64_t one;

	return db_get_i64(h->db, &Q_MAILING_IS_ANSWERED, ARGS(db_i64(id), db_text(finding)), &one, e);
}

int mailing_answers(struct home *h, struct arena *a, int64_t id, struct written_answer **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_MAILING_ANSWERS, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct written_answer){ arena_text(a, rows_text(&r, 0)), arena_text(a, rows_text(&r, 1)),
						  arena_text(a, rows_text(&r, 2)), rows_i64(&r, 3) };
	}
	rows_close(&r);
	return got;
}

int mailing_edit(struct home *h, int64_t id, const char *subject, const char *body, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_MAILING_EDIT, ARGS(db_i64(id), db_text(subject), db_text(body)), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "mailing %lld is no draft", (long long)id);
}

int mailing_edit_choice(struct home *h, int64_t id, const char *where, int64_t arms, const char *stratum, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_MAILING_EDIT_CHOICE, ARGS(db_i64(id), db_text(where), db_i64(arms), db_text(stratum)), &changed,
		    e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "mailing %lld is no draft", (long long)id);
}

/* Whom the expression leaves in now, their field values, and their arms. */
static int freeze(struct home *h, struct mailing *m, int64_t by, struct err *e)
{
	if (selection_choose(h, m, e) < 0 || selection_left_out(h, m, &m->left_out, e) < 0 || selection_freeze(h, m, e) < 0)
		return -1;
	if (m->arms && arms_deal(h, m, by, e) < 0)
		return -1;
	return db_exec(h->db, &Q_MAILING_UNCHOOSE, ARGS(db_i64(m->id)), NULL, e);
}

/* The public proof, in each language. */
static int keep_texts(struct home *h, const struct mailing *m, const struct content *c, struct err *e)
{
	for (size_t i = 1; c->compiled && i < c->n_versions; i++)
		if (mailing_keep_text(h, m->id, c->version[i].draft.language, compose_public_text(c->version[i].compiled), e) < 0)
			return -1;
	return 0;
}

/* All of it from what stands in the database now, after the freeze: nothing that was looked at before can slip in. */
static int bind(struct home *h, struct arena *a, struct mailing *m, struct err *e)
{
	const char *manifest, *text;
	struct content c;
	uint8_t hash[32];

	if (mailing_by_id(h, a, m->id, m, e) < 0 || content_load(h, a, m, &c, e) < 0 || manifest_make(h, a, m, &c, &manifest, e) < 0)
		return -1;
	manifest_hash(manifest, hash);
	text = c.compiled ? compose_public_text(c.compiled) : NULL;
	if (db_exec(h->db, &Q_MAILING_BIND, ARGS(db_i64(m->id), db_bytes(hash, sizeof(hash)), db_text(manifest), db_text(text)), NULL,
		    e) < 0 ||
	    keep_texts(h, m, &c, e) < 0 || version_add(h, a, m, &c, manifest, e) < 0)
		return -1;
	return mailing_by_id(h, a, m->id, m, e) < 0 ? -1 : 0;
}

static int submit(struct home *h, struct mailing *m, const struct submission *s, struct err *e)
{
	if (mailing_move(h, m, "submit", s->by, s->accepted_text, e) < 0 || freeze(h, m, s->by, e) < 0)
		return -1;
	return db_exec(h->db, &Q_MAILING_SUBMIT,
		       ARGS(db_i64(m->id), db_text(s->accepted_text), db_i64(s->by), db_i64(home_now(h)),
			    s->not_before ? db_i64(s->not_before) : db_null(), s->not_after ? db_i64(s->not_after) : db_null(),
			    db_i64(m->left_out), db_i64(m->arm_seed), db_text(s->hours ? s->hours : "")),
		       NULL, e);
}

int mailing_submit(struct home *h, struct mailing *m, const struct submission *s, struct err *e)
{
	struct arena *a = arena_new();
	struct mailing x = *m;
	int rc = submit(h, &x, s, e) < 0 || bind(h, a, &x, e) < 0 || home_tell_sizes(h, e) < 0 ? -1 : 0;

	if (rc == 0)
		m->state = "submitted";
	arena_free(a);
	return rc;
}
