/*
 * Who waits for a decision, and what is known of them: how they agreed, and
 * whether the address is in use (policy rule validated, ADR-9). Facts for the
 * person who decides; nothing here decides. See validation.h.
 */
#include "store/validation_inner.h"

#include "store/institution.h"
#include "store/query.h"

/* $1 sign-off, $2 size of the sample, $3 begin of the period in which a mailing shows that an address is in use. */
#define CANDIDATE                                                                                                    \
	"SELECT a.delivery, m.flags, m.fields, a.bounced, a.bounced_at,"                                             \
	" (SELECT max(o.at) FROM consent o WHERE o.address_id = a.id AND o.action = 'given' AND o.kind = 'own-sign-up')," \
	" (SELECT max(d.last) FROM delivery d WHERE d.address_id = a.id AND d.state = 'accepted' AND d.bounced = 0"  \
	"   AND d.last > $3), c.kind, c.ref, c.given_on, c.at"                                                       \
	" FROM signoff_item i JOIN signoff s ON s.id = i.signoff_id JOIN list l ON l.id = s.list_id"                 \
	" JOIN address a ON a.id = i.address_id JOIN member m ON m.list_id = s.list_id AND m.address_id = i.address_id" \
	" LEFT JOIN consent c ON c.action = 'given' AND c.id = (SELECT max(n.id) FROM consent n"                     \
	"   WHERE n.address_id = i.address_id AND n.project_id = l.project_id)"                                      \
	" WHERE i.signoff_id = $1 AND NOT EXISTS (SELECT 1 FROM decision d"                                          \
	"   WHERE d.signoff_id = i.signoff_id AND d.address_id = i.address_id)"

EACH(Q_EACH_FLAGGED, CANDIDATE " AND i.place IS NULL AND CAST($2 AS BIGINT) >= 0 ORDER BY i.address_id");
EACH(Q_EACH_SAMPLED, CANDIDATE " AND i.place < $2 ORDER BY i.place");
EACH(Q_EACH_FLAG_WORDS,
     "SELECT m.flags, a.bounced FROM signoff_item i JOIN signoff s ON s.id = i.signoff_id JOIN address a ON a.id = i.address_id"
     " JOIN member m ON m.list_id = s.list_id AND m.address_id = i.address_id WHERE i.signoff_id = $1 AND i.place IS NULL"
     " AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.signoff_id = i.signoff_id AND d.address_id = i.address_id)");

static int period_begins(struct home *h, int64_t *out, struct err *e)
{
	struct arena *a = arena_new();
	struct institution inst;
	int rc = institution_load(h, a, &inst, e);

	if (rc == 0)
		*out = home_now(h) - inst.validity_months * MONTH;
	arena_free(a);
	return rc;
}

/* Counts only when nothing came back within the 14 days that the policy gives a bounce. */
static int64_t mailed_and_kept(int64_t mailed, int64_t bounced)
{
	return mailed && bounced >= mailed && bounced <= mailed + BOUNCE_COMES_WITHIN ? 0 : mailed;
}

int validation_each(struct home *h, const struct signoff *s, bool flagged,
		    int (*each)(void *ctx, const struct candidate *c), void *ctx, struct err *e)
{
	struct rows r = { 0 };
	int64_t since = 0;
	int got;

	if (period_begins(h, &since, e) < 0 ||
	    db_query(h->db, flagged ? &Q_EACH_FLAGGED : &Q_EACH_SAMPLED,
		     ARGS(db_i64(s->id), db_i64(s->planned), db_i64(since)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		struct candidate c = {
			.address = rows_text(&r, 0),
			.flags = rows_text(&r, 1),
			.fields = rows_text(&r, 2),
			.bounced = rows_i64(&r, 3) != 0,
			.bounced_at = rows_i64(&r, 4),
			.confirmed_at = rows_i64(&r, 5),
			.mailed_at = mailed_and_kept(rows_i64(&r, 6), rows_i64(&r, 4)),
			.kind = rows_text(&r, 7),
			.ref = rows_text(&r, 8),
			.given_on = rows_text(&r, 9),
			.consent_at = rows_i64(&r, 10),
		};

		if (each(ctx, &c) != 0)
			break;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

/* The flags by their words, as an import wrote them. */
static unsigned flags_of(const char *words)
{
	unsigned set = 0;

	for (unsigned f = 1; f <= ADDRESS_LOOKALIKE; f <<= 1)
		if (strstr(words, address_flag_name((enum address_flag)f)))
			set |= f;
	return set;
}

bool validation_needs_decision(const char *flags)
{
	return address_needs_decision(flags_of(flags));
}

int validation_count_flags(struct home *h, const struct signoff *s, struct flag_counts *out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = (struct flag_counts){ 0 };
	if (db_query(h->db, &Q_EACH_FLAG_WORDS, ARGS(db_i64(s->id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		unsigned set = flags_of(rows_text(&r, 0));

		for (size_t i = 0; i < COUNT(out->n); i++)
			out->n[i] += (set >> i) & 1;
		out->bounced += rows_i64(&r, 1) != 0;
	}
	rows_close(&r);
	return got < 0 ? -1 : 0;
}
