/*
 * Which approved mailing a text is of: see proof.h. The table has 64 bits of
 * each sentence's hash and the mailings that it stands in. A pasted text is
 * looked up sentence by sentence, and the mailing with the most letters in
 * common is taken, if those are enough to speak of.
 */
#include "store/proof.h"

#include "mail/normal.h"
#include "store/content.h"
#include "store/query.h"

/* Of a text that is pasted: more sentences are not asked for. */
#define ASKED_MAX 300
#define CANDIDATES_MAX 500
/* Letters that have to agree; the share of the mailing, or of what was pasted, that they have to be. */
#define LETTERS_ENOUGH 30
#define OF_MAILING 4 /* a quarter of its sentences */
#define OF_PASTED 3  /* a third of what was pasted */

QUERY(Q_PROOF_ADD, "INSERT INTO proof (hash, mailing_id, language) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
QUERY(Q_PROOF_DROP, "DELETE FROM proof WHERE mailing_id = $1");
QUERY(Q_PROOF_COUNT, "SELECT max(n) FROM (SELECT count(*) AS n FROM proof WHERE mailing_id = $1 GROUP BY language) AS x");
QUERY(Q_PROOF_FIND, "SELECT DISTINCT p.mailing_id FROM proof p JOIN mailing m ON m.id = p.mailing_id WHERE p.hash = $1"
		    " AND m.approved_at IS NOT NULL AND m.state NOT IN ('draft', 'submitted')"
		    " ORDER BY p.mailing_id DESC LIMIT 100");

static int add_text(struct home *h, struct arena *a, int64_t mailing, const char *language, const char *text, struct err *e)
{
	struct normal n;

	normal_read(a, text, true, &n);
	for (size_t i = 0; i < n.n; i++) {
		const struct sentence *s = &n.sentence[i];

		if (!s->fields && s->letters >= NORMAL_LETTERS_MIN &&
		    db_exec(h->db, &Q_PROOF_ADD, ARGS(db_i64(s->hash), db_i64(mailing), db_text(language)), NULL, e) < 0)
			return -1;
	}
	return 0;
}

int proof_add(struct home *h, const struct mailing *m, struct err *e)
{
	struct arena *a = arena_new();
	struct content c;
	int rc = content_load(h, a, m, &c, e);

	if (rc == 0)
		rc = proof_drop(h, m->id, e);
	for (size_t i = 0; rc == 0 && c.compiled && i < c.n_versions; i++)
		rc = add_text(h, a, m->id, c.version[i].draft.language, compose_body_text(c.version[i].compiled), e);
	arena_free(a);
	return rc;
}

int proof_drop(struct home *h, int64_t mailing, struct err *e)
{
	return db_exec(h->db, &Q_PROOF_DROP, ARGS(db_i64(mailing)), NULL, e);
}

/* --- finding ------------------------------------------------------------------------------------ */

struct candidate {
	int64_t mailing;
	size_t sentences, letters;
};

struct tally {
	struct candidate *c;
	size_t n, asked, letters; /* of what was pasted */
};

static void count_one(struct tally *t, int64_t mailing, size_t letters)
{
	size_t i = 0;

	while (i < t->n && t->c[i].mailing != mailing)
		i++;
	if (i == CANDIDATES_MAX)
		return;
	if (i == t->n)
		t->c[t->n++] = (struct candidate){ .mailing = mailing };
	t->c[i].sentences++;
	t->c[i].letters += letters;
}

static int ask(struct home *h, struct tally *t, const struct sentence *s, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_PROOF_FIND, ARGS(db_i64(s->hash)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		count_one(t, rows_i64(&r, 0), s->letters);
	rows_close(&r);
	return got;
}

/* One sentence that happens to be the same is not enough, unless the mailing has hardly more. */
static bool is_enough(const struct candidate *c, const struct tally *t, int64_t of)
{
	if (c->letters < LETTERS_ENOUGH || (c->sentences < 2 && of > 2))
		return false;
	return (int64_t)c->sentences * OF_MAILING >= of || c->letters * OF_PASTED >= t->letters;
}

int proof_find(struct home *h, struct arena *a, const struct normal *n, struct proof_find *out, struct err *e)
{
	struct tally t = { .c = ARENA_ARRAY(a, struct candidate, CANDIDATES_MAX) };
	const struct candidate *best = NULL;
	int64_t of = 0;

	for (size_t i = 0; i < n->n && t.asked < ASKED_MAX; i++) {
		if (n->sentence[i].letters < NORMAL_LETTERS_MIN || normal_says_again(n, i))
			continue;
		t.asked++;
		t.letters += n->sentence[i].letters;
		if (ask(h, &t, &n->sentence[i], e) < 0)
			return -1;
	}
	out->other_letters = 0;
	for (size_t i = 0; i < t.n; i++) {
		if (!best || t.c[i].letters > best->letters)
			best = &t.c[i];
		if (t.c[i].mailing == out->other_id)
			out->other_letters = t.c[i].letters;
	}
	if (!best)
		return 0;
	if (db_get_i64(h->db, &Q_PROOF_COUNT, ARGS(db_i64(best->mailing)), &of, e) < 0)
		return -1;
	out->mailing = best->mailing;
	out->sentences = best->sentences;
	out->letters = best->letters;
	return is_enough(best, &t, of);
}
