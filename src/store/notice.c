/*
 * Queueing system mail: see notice.h. One statement asks for the bound and
 * takes from it: whoever comes second waits for the first's row in `asked`,
 * and then sees what the first wrote. So no two processes both find room.
 */
#include "store/notice.h"

#include "store/query.h"

QUERY(Q_NOTICE_ASKING, "INSERT INTO setting (key, value) VALUES ('.asked', $1)"
		       " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
QUERY(Q_NOTICE_ASK,
      "INSERT INTO asked (key_hash, kind, sent, last) VALUES ($1, $2, 1, $3)"
      " ON CONFLICT (key_hash, kind) DO UPDATE SET sent = asked.sent + 1, last = $3"
      " WHERE asked.last <= $4 AND asked.sent < $5");
QUERY(Q_NOTICE_RECENT, "SELECT count(*) FROM notice WHERE key_hash = $1 AND kind = $2 AND created > $3");
QUERY(Q_NOTICE_ADD,
      "INSERT INTO notice (kind, delivery, utf8, reserved, key_hash, project_id, object_id, created, state)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued') RETURNING id");
QUERY(Q_NOTICE_ANSWERED, "UPDATE asked SET sent = 0 WHERE key_hash = $1 AND kind = $2");

/* One a day unless told otherwise; 0: no such bound. */
static const struct kind {
	const char *counted; /* as what in `asked`: to type an address at "leave" is one wish, whatever it is answered with */
	int unanswered;      /* at most so many without an answer */
	int a_day;           /* more than one */
} KINDS[] = {
	[NOTICE_CONFIRM] = { "confirm", 3, 0 },
	[NOTICE_LEAVE] = { "leave", 0, 0 },
	[NOTICE_LEFT] = { "leave", 0, 0 },
	[NOTICE_REMOVED] = { "removed", 1, 0 },
	[NOTICE_ME] = { "me", 0, 0 },
	[NOTICE_COMPLAINT] = { "complaint", 0, 3 },
	[NOTICE_TEST] = { "test", 0, 10 },
};

static const struct kind *kind_of(enum notice_kind k)
{
	MUST((size_t)k < COUNT(KINDS));
	return &KINDS[k];
}

/* 1 there is room, and it is taken; 0 there is none; -1. */
static int ask(struct home *h, enum notice_kind kind, const uint8_t hash[KEY_HASH_SIZE], int64_t now, struct err *e)
{
	const struct kind *k = kind_of(kind);
	int64_t taken, recent;

	/* Where several a day may go, the row only makes others wait, and those of the day are counted. */
	if (db_exec(h->db, &Q_NOTICE_ASK,
		    ARGS(db_bytes(hash, KEY_HASH_SIZE), db_text(k->counted), db_i64(now),
			 db_i64(k->a_day ? INT64_MAX : now - DAY), db_i64(k->unanswered ? k->unanswered : INT64_MAX)),
		    &taken, e) < 0)
		return -1;
	if (!taken || !k->a_day)
		return taken > 0;
	if (db_get_i64(h->db, &Q_NOTICE_RECENT,
		       ARGS(db_bytes(hash, KEY_HASH_SIZE), db_text(notice_kind_name(kind)), db_i64(now - DAY)), &recent, e) < 0)
		return -1;
	return recent < k->a_day;
}

int notice_queue(struct home *h, enum notice_kind k, const struct address *to, int64_t project, int64_t object,
		 int64_t *id, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	home_key_hash(h, to->key, hash);
	return notice_queue_hash(h, k, hash, to, project, object, id, e);
}

int notice_queue_hash(struct home *h, enum notice_kind k, const uint8_t hash[KEY_HASH_SIZE], const struct address *to,
		      int64_t project, int64_t object, int64_t *id, struct err *e)
{
	int64_t now = home_now(h);
	int room;

	MUST(db_in_transaction(h->db));
	room = ask(h, k, hash, now, e);
	if (room <= 0)
		return room;
	return db_get_i64(h->db, &Q_NOTICE_ADD,
			  ARGS(db_text(notice_kind_name(k)), db_text(to->delivery), db_i64(to->utf8), db_i64(to->reserved),
			       db_bytes(hash, KEY_HASH_SIZE), project ? db_i64(project) : db_null(), db_i64(object),
			       db_i64(now)),
			  id, e);
}

int notice_answered(struct home *h, enum notice_kind k, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	/* Once ever stays once ever. */
	if (k == NOTICE_REMOVED)
		return 0;
	return db_exec(h->db, &Q_NOTICE_ANSWERED, ARGS(db_bytes(key_hash, KEY_HASH_SIZE), db_text(kind_of(k)->counted)),
		       NULL, e);
}

int notice_was_asked_for(struct home *h, struct err *e)
{
	char now[24];

	snprintf(now, sizeof(now), "%lld", (long long)home_now(h));
	return db_exec(h->db, &Q_NOTICE_ASKING, ARGS(db_text(now)), NULL, e);
}
