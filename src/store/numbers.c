/* Numbers that never come back: see numbers.h. */
#include "store/numbers.h"

#include "store/query.h"

/* More than can have been given: at once, and in each second since the copy was made. Where the data of before are lost
   too nothing tells how many that were, and a single mailing to a large list is a million: so it is 2^24. Check codes
   have room for 2^32, which 256 restores use up, each of a backup that was made after the one before. */
#define AT_ONCE (INT64_C(1) << 24)
#define IN_A_SECOND 50

/* Of mailings and complaints people say the number: no gap is left, and the data of before tell where they were. */
static const struct {
	const char *table;
	bool gap;
} NUMBERED[] = { { "delivery", true }, { "notice", true }, { "sign_up", true }, { "mailing", false }, { "complaint", false } };

QUERY(Q_NUMBERS_LAST, "SELECT seq FROM sqlite_sequence WHERE name = $1",
      "SELECT COALESCE(pg_sequence_last_value(CAST(pg_get_serial_sequence($1, 'id') AS regclass)), 0)");
QUERY(Q_NUMBERS_BEGIN,
      "INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0"
      " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1) RETURNING seq",
      "SELECT 0 WHERE CAST($1 AS text) = ''");
QUERY(Q_NUMBERS_SET, "UPDATE sqlite_sequence SET seq = $2 WHERE name = $1 RETURNING seq",
      "SELECT setval(CAST(pg_get_serial_sequence($1, 'id') AS regclass), $2)");

static int last(struct home *h, const char *table, int64_t *out, struct err *e)
{
	*out = 0;
	return db_get_i64(h->db, &Q_NUMBERS_LAST, ARGS(db_text(table)), out, e) < 0 ? -1 : 0;
}

int numbers_read(struct home *h, json_t **out, struct err *e)
{
	json_t *all = json_object();

	for (size_t i = 0; i < COUNT(NUMBERED); i++) {
		int64_t n;

		if (last(h, NUMBERED[i].table, &n, e) < 0) {
			json_decref(all);
			return -1;
		}
		json_object_set_new(all, NUMBERED[i].table, json_integer((json_int_t)n));
	}
	*out = all;
	return 0;
}

static int go_on(struct home *h, const char *table, int64_t from, struct err *e)
{
	int64_t one;

	if (from <= 0)
		return 0;
	return db_get_i64(h->db, &Q_NUMBERS_BEGIN, ARGS(db_text(table)), &one, e) < 0 ||
	       db_get_i64(h->db, &Q_NUMBERS_SET, ARGS(db_text(table), db_i64(from)), &one, e) < 0 ? -1 : 0;
}

int numbers_go_on(struct home *h, const json_t *before, int64_t age, struct err *e)
{
	int64_t gap = AT_ONCE + (age > 0 ? age / SECOND * IN_A_SECOND : 0);

	for (size_t i = 0; i < COUNT(NUMBERED); i++) {
		int64_t was = json_integer_value(json_object_get(before, NUMBERED[i].table)), now;

		if (last(h, NUMBERED[i].table, &now, e) < 0)
			return -1;
		now += NUMBERED[i].gap ? gap : 0;
		if (go_on(h, NUMBERED[i].table, now > was ? now : was, e) < 0)
			return -1;
	}
	return 0;
}
