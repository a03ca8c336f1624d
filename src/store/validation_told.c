/*
 * What a sign-off leaves behind: how its decisions came about, the sample
 * drawn again from its seed, and evidence of consent that could not be shown
 * (policy rules validated and opt-in). See validation.h.
 */
#include "store/audit.h"
#include "store/query.h"
#include "store/validation.h"

QUERY(Q_SIGNOFF_LAST, "SELECT COALESCE(max(id), 0) FROM signoff WHERE list_id = $1");
QUERY(Q_SIGNOFF_PACE, "SELECT a.address, d.source, count(*), min(d.at), max(d.at),"
		      " count(DISTINCT d.at / 1000000), min(d.at) - min(s.opened) FROM decision d"
		      " JOIN account a ON a.id = d.by_id JOIN signoff s ON s.id = d.signoff_id"
		      " WHERE d.signoff_id = $1 GROUP BY a.address, d.source"
		      " ORDER BY a.address, d.source");
QUERY(Q_SIGNOFF_OTHERS, "SELECT count(*) FROM decision WHERE signoff_id = $1 AND by_id <> $2");
QUERY(Q_SIGNED,
      "SELECT s.id, s.done, s.population, s.planned, s.seed, a.address, s.how,"
      " (SELECT count(*) FROM signoff_item i WHERE i.signoff_id = s.id AND i.place IS NULL),"
      " (SELECT count(*) FROM decision d JOIN signoff_item i ON i.signoff_id = d.signoff_id AND i.address_id = d.address_id"
      "   WHERE d.signoff_id = s.id AND d.decision = 'reject' AND i.place < s.planned),"
      " (SELECT count(*) FROM decision d WHERE d.signoff_id = s.id AND d.decision = 'reject')"
      " FROM signoff s JOIN account a ON a.id = s.by_id WHERE s.list_id = $1 AND s.done <= $2 ORDER BY s.id DESC LIMIT 10");
QUERY(Q_SIGNOFF_DRAWN, "SELECT seed, population, planned FROM signoff WHERE id = $1 AND list_id = $2");
EACH(Q_EACH_DRAWN, "SELECT address_id, place FROM signoff_item WHERE signoff_id = $1 AND place IS NOT NULL"
		   " ORDER BY address_id");
/* The standing evidence of an address for the project of a list, as far as an import claimed it. */
QUERY(Q_EVIDENCE_OF,
      "SELECT i.id, i.consent_from, i.consent_to FROM consent c JOIN list l ON l.project_id = c.project_id"
      " JOIN import i ON i.id = c.import_id WHERE l.id = $1 AND c.action = 'given' AND i.voided IS NULL"
      " AND c.id = (SELECT max(n.id) FROM consent n WHERE n.address_id = $2 AND n.project_id = l.project_id)");
/* Who gave their consent anew since, by themselves or to somebody, keeps it. */
QUERY(Q_EVIDENCE_VOID,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, import_id, by_id, at)"
      " SELECT c.address_id, c.project_id, 'voided', c.kind, c.ref, c.given_on, c.text_id, c.import_id,"
      " CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM consent c"
      " WHERE c.id >= $2 AND c.id <= $3 AND c.import_id = $1 AND c.action = 'given' AND c.id = (SELECT max(n.id)"
      "   FROM consent n WHERE n.address_id = c.address_id AND n.project_id = c.project_id) ORDER BY c.id");
/* Of one address, what no import claimed. A sign-up of their own is its own evidence: nobody need show another. */
QUERY(Q_EVIDENCE_VOID_ONE,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, by_id, at)"
      " SELECT c.address_id, c.project_id, 'voided', c.kind, c.ref, c.given_on, c.text_id,"
      " CAST($3 AS BIGINT), CAST($4 AS BIGINT) FROM consent c JOIN list l ON l.project_id = c.project_id"
      " WHERE l.id = $1 AND c.address_id = $2 AND c.action = 'given' AND c.kind <> 'own-sign-up' AND c.import_id IS NULL"
      " AND c.id = (SELECT max(n.id) FROM consent n WHERE n.address_id = c.address_id AND n.project_id = c.project_id)");
QUERY(Q_IMPORT_VOID, "UPDATE import SET voided = $2 WHERE id = $1");

/* --- pace ---------------------------------------------------------------------------------------- */

int validation_last(struct home *h, int64_t list, int64_t *signoff, struct err *e)
{
	return db_get_i64(h->db, &Q_SIGNOFF_LAST, ARGS(db_i64(list)), signoff, e) < 0 ? -1 : 0;
}

int validation_pace(struct home *h, struct arena *a, int64_t signoff, struct pace **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_SIGNOFF_PACE, ARGS(db_i64(signoff)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct pace){
			.by = arena_text(a, rows_text(&r, 0)),
			.source = arena_text(a, rows_text(&r, 1)),
			.decisions = rows_i64(&r, 2),
			.took = rows_i64(&r, 4) - rows_i64(&r, 3),
			.moments = rows_i64(&r, 5),
			.after = rows_i64(&r, 6),
		};
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static const char *counted(struct arena *a, int64_t n, const char *what)
{
	return arena_printf(a, "%lld %s%s", (long long)n, what, n == 1 ? "" : "s");
}

const char *pace_words(struct arena *a, const struct pace *p)
{
	return arena_printf(a, "%s by %s from a %s in %s, at %s, the first %s after the draw", counted(a, p->decisions, "decision"), p->by,
			    p->source, counted(a, (p->took + SECOND - 1) / SECOND, "second"), counted(a, p->moments, "moment"),
			    counted(a, p->after / SECOND, "second"));
}

int validation_all_by(struct home *h, int64_t signoff, int64_t account, bool *out, struct err *e)
{
	int64_t others;

	if (db_get_i64(h->db, &Q_SIGNOFF_OTHERS, ARGS(db_i64(signoff), db_i64(account)), &others, e) < 0)
		return -1;
	*out = others == 0;
	return 0;
}

/* --- what was signed ------------------------------------------------------------------------------ */

int validation_signed(struct home *h, struct arena *a, int64_t list, int64_t before, struct signed_off **out, size_t *n,
		      struct err *e)
{
	struct rows r = { 0 };
	int got = 1;

	*out = ARENA_ARRAY(a, struct signed_off, SIGNED_MAX);
	*n = 0;
	if (db_query(h->db, &Q_SIGNED, ARGS(db_i64(list), db_i64(before)), &r, e) < 0)
		return -1;
	while (*n < SIGNED_MAX && (got = rows_next(&r, e)) > 0)
		(*out)[(*n)++] = (struct signed_off){
			.id = rows_i64(&r, 0),
			.at = rows_i64(&r, 1),
			.population = rows_i64(&r, 2),
			.sample = rows_i64(&r, 3),
			.seed = rows_i64(&r, 4),
			.by = arena_text(a, rows_text(&r, 5)),
			.how = arena_text(a, rows_text(&r, 6)),
			.flagged = rows_i64(&r, 7),
			.failures = rows_i64(&r, 8),
			.rejected = rows_i64(&r, 9),
		};
	rows_close(&r);
	for (size_t i = 0; got >= 0 && i < *n; i++)
		got = validation_pace(h, a, (*out)[i].id, &(*out)[i].pace, &(*out)[i].n_pace, e);
	return got < 0 ? -1 : 0;
}

const char *signed_words(struct arena *a, const struct signed_off *s)
{
	const char *words;
	char day[32];

	words = arena_printf(a, "sign-off %lld by %s on %s: a sample of %lld from %lld (seed %lld), of which %lld failed, and %lld "
				"flagged ones; %lld rejected in all; in use: \"%s\"",
			     (long long)s->id, s->by, time_day(s->at, day), (long long)s->sample, (long long)s->population,
			     (long long)s->seed, (long long)s->failures, (long long)s->flagged, (long long)s->rejected, s->how);
	for (size_t i = 0; i < s->n_pace; i++)
		words = arena_printf(a, "%s; %s", words, pace_words(a, &s->pace[i]));
	return words;
}

/* --- the sample, drawn again -------------------------------------------------------------------- */

static int read_drawn(struct home *h, int64_t signoff, int64_t n, int64_t *id, int64_t *at_place, bool *sound, struct err *e)
{
	struct rows r = { 0 };
	int64_t i = 0;
	int got;

	if (db_query(h->db, &Q_EACH_DRAWN, ARGS(db_i64(signoff)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0 && i < n) {
		int64_t place = rows_i64(&r, 1);

		if (place < 0 || place >= n || at_place[place])
			*sound = false;
		else
			at_place[place] = rows_i64(&r, 0);
		id[i++] = rows_i64(&r, 0);
	}
	*sound = *sound && i == n && got == 0;
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

int validation_reproduce(struct home *h, int64_t list, int64_t signoff, struct drawn *out, struct err *e)
{
	struct rows r = { 0 };
	struct arena *a;
	int64_t *id, *at_place;
	int got;

	if (db_query(h->db, &Q_SIGNOFF_DRAWN, ARGS(db_i64(signoff), db_i64(list)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct drawn){ rows_i64(&r, 0), rows_i64(&r, 1), rows_i64(&r, 2), true };
	rows_close(&r);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "sign-off %lld: this list has none of that number", (long long)signoff);
	a = arena_new();
	id = ARENA_ARRAY(a, int64_t, (size_t)out->population + 1);
	at_place = ARENA_ARRAY(a, int64_t, (size_t)out->population + 1);
	got = read_drawn(h, signoff, out->population, id, at_place, &out->as_drawn, e);
	if (out->as_drawn) {
		validation_shuffle(id, (size_t)out->population, (uint64_t)out->seed);
		out->as_drawn = memcmp(id, at_place, sizeof(*id) * (size_t)out->population) == 0;
	}
	arena_free(a);
	return got;
}

/* --- evidence ------------------------------------------------------------------------------------ */

/* Somebody recorded this one consent by hand (consent add): it says nothing of others. */
static int void_one(struct home *h, const struct list *l, int64_t address, int64_t by, struct voided *out, struct err *e)
{
	if (db_exec(h->db, &Q_EVIDENCE_VOID_ONE,
		    ARGS(db_i64(l->id), db_i64(address), db_i64(by), db_i64(home_now(h))), &out->entries, e) < 0)
		return -1;
	if (!out->entries)
		return 0;
	return audit_add(h, by, "evidence-voided", l->name,
			 "one sampled address has no evidence to show; its own consent, which no import claimed, is void", e);
}

int evidence_void(struct home *h, const struct list *l, int64_t address, int64_t by, struct voided *out, struct err *e)
{
	struct rows r = { 0 };
	struct dbval id, from, to, now = db_i64(home_now(h));
	struct arena *a;
	int got;

	*out = (struct voided){ 0 };
	if (db_query(h->db, &Q_EVIDENCE_OF, ARGS(db_i64(l->id), db_i64(address)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		out->import = rows_i64(&r, 0);
	id = db_i64(out->import);
	from = db_i64(got > 0 ? rows_i64(&r, 1) : 0);
	to = db_i64(got > 0 ? rows_i64(&r, 2) : 0);
	rows_close(&r);
	if (got <= 0)
		return got < 0 ? -1 : void_one(h, l, address, by, out, e);
	if (db_exec(h->db, &Q_EVIDENCE_VOID, ARGS(id, from, to, db_i64(by), now), &out->entries, e) < 0 ||
	    db_exec(h->db, &Q_IMPORT_VOID, ARGS(id, now), NULL, e) < 0)
		return -1;
	a = arena_new();
	got = audit_add(h, by, "evidence-voided", l->name,
			arena_printf(a, "import %lld: one sampled address has no evidence to show; %lld consents of the import are void",
				     (long long)out->import, (long long)out->entries),
			e);
	arena_free(a);
	return got;
}
