/*
 * Sign-ups: see signup.h. A person is one by the match key: who is on the list
 * already by another spelling of the address is not put there twice, just as
 * in an import; their consent goes to the mailbox that is there.
 */
#include "store/signup.h"

#include "base/log.h"
#include "store/audit.h"
#include "store/list.h"
#include "store/notice.h"
#include "store/optout.h"
#include "store/query.h"

#include <jansson.h>

QUERY(Q_SIGN_UP_ADD, "INSERT INTO sign_up (project_id, delivery, given, name, key_hash, text_id, asked)"
		     " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id");
QUERY(Q_SIGN_UP_DROP, "DELETE FROM sign_up WHERE id = $1");
QUERY(Q_SIGN_UP_LOAD, "SELECT s.id, s.project_id, s.delivery, s.given, s.name, s.text_id, t.text, s.asked,"
		      " s.confirmed"
		      " FROM sign_up s JOIN consent_text t ON t.id = s.text_id WHERE s.id = $1");
QUERY(Q_SIGN_UP_CONFIRM, "UPDATE sign_up SET confirmed = $2 WHERE id = $1 AND confirmed IS NULL AND asked > $3");
QUERY(Q_SIGN_UP_ADDRESS, "INSERT INTO address (delivery, given, key_hash, reserved, utf8, created)"
			 " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_hash, delivery) DO NOTHING");
/* Who bounced has just read their mail. What was known of the mailbox before is void all the same. */
QUERY(Q_SIGN_UP_WORKS, "UPDATE address SET bounced = 0 WHERE id = $1 AND bounced = 1");
QUERY(Q_SIGN_UP_UNSEEN, "DELETE FROM validation WHERE address_id = $1");
QUERY(Q_SIGN_UP_ON_LIST,
      "SELECT a.id FROM address a JOIN member m ON m.address_id = a.id AND m.list_id = $1"
      " WHERE a.key_hash = $2 AND (a.bounced = 0 OR a.delivery = $3)"
      " ORDER BY CASE WHEN a.delivery = $3 THEN 0 ELSE 1 END, a.id LIMIT 1");
QUERY(Q_SIGN_UP_MEMBER, "INSERT INTO member (list_id, address_id, fields, flags) VALUES ($1, $2, $3, $4)"
			" ON CONFLICT (list_id, address_id) DO NOTHING");
QUERY(Q_SIGN_UP_CONSENT,
      "INSERT INTO consent (address_id, project_id, action, kind, ref, given_on, text_id, sign_up_id, at)"
      " VALUES ($1, $2, 'given', 'own-sign-up', '', $3, $4, $5, $6)");
QUERY(Q_SIGN_UP_PURGE, "DELETE FROM sign_up WHERE asked < $1 AND confirmed IS NULL");
QUERY(Q_SIGN_UP_BLANK, "UPDATE sign_up SET delivery = '', given = '', name = ''"
		       " WHERE asked < $1 AND confirmed < $1 AND delivery <> ''");

/* --- asking ------------------------------------------------------------------------------------ */

static int write_asked(struct home *h, const struct project *p, const struct address *addr, const char *name,
		       struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	int64_t text, id, notice;
	int queued;

	home_key_hash(h, addr->key, hash);
	if (consent_text_id(h, p->join_text, &text, e) < 0 ||
	    db_get_i64(h->db, &Q_SIGN_UP_ADD,
		       ARGS(db_i64(p->id), db_text(addr->delivery), db_text(addr->given), db_text(name),
			    db_bytes(hash, sizeof(hash)), db_i64(text), db_i64(home_now(h))),
		       &id, e) < 0 ||
	    (queued = notice_queue(h, NOTICE_CONFIRM, addr, p->id, id, &notice, e)) < 0)
		return -1;
	/* Nobody will ever hold its link. The row was written first all the same, so that the answer takes as long. */
	return queued ? 0 : db_exec(h->db, &Q_SIGN_UP_DROP, ARGS(db_i64(id)), NULL, e);
}

int sign_up_ask(struct home *h, const struct project *p, const struct address *addr, const char *name, struct err *e)
{
	MUST(project_takes_sign_ups(p));
	if (db_begin(h->db, e) < 0)
		return -1;
	if (write_asked(h, p, addr, name, e) == 0 && db_commit(h->db, e) == 0) {
		home_checkpoint(h);
		return 0;
	}
	db_rollback(h->db);
	return -1;
}

/* --- the link ---------------------------------------------------------------------------------- */

static enum sign_up_state state_of(const struct home *h, const struct sign_up *s)
{
	if (s->confirmed)
		return SIGN_UP_DONE;
	if (s->asked <= home_now(h) - SIGN_UP_HOLDS)
		return SIGN_UP_LATE;
	/* A project that is a draft again waits for its approval, and so do its mailings: the person need not. */
	return strcmp(s->project.state, "closed") == 0 || !s->project.join_list_id ? SIGN_UP_CLOSED : SIGN_UP_WAITS;
}

static int read_row(struct home *h, struct arena *a, int64_t id, struct sign_up *out, int64_t *project, struct err *e)
{
	struct rows r = { 0 };
	int got;

	if (db_query(h->db, &Q_SIGN_UP_LOAD, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		*project = rows_i64(&r, 1);
		*out = (struct sign_up){
			.id = rows_i64(&r, 0),
			.delivery = arena_text(a, rows_text(&r, 2)),
			.given = arena_text(a, rows_text(&r, 3)),
			.name = arena_text(a, rows_text(&r, 4)),
			.text_id = rows_i64(&r, 5),
			.text = arena_text(a, rows_text(&r, 6)),
			.asked = rows_i64(&r, 7),
			.confirmed = rows_i64(&r, 8),
		};
	}
	rows_close(&r);
	return got;
}

int sign_up_load(struct home *h, struct arena *a, int64_t id, struct sign_up *out, struct err *e)
{
	int64_t project = 0;
	int got = read_row(h, a, id, out, &project, e);

	if (got > 0 && (got = project_by_id(h, a, project, &out->project, e)) > 0)
		out->state = state_of(h, out);
	return got;
}

/* --- the button -------------------------------------------------------------------------------- */

static const char *flags_text(struct arena *a, const struct address *addr)
{
	unsigned flags = address_flags(addr);
	const char *s = "";

	for (unsigned f = 1; f && f <= flags; f <<= 1)
		if (flags & f)
			s = arena_printf(a, "%s%s%s", s, *s ? " " : "", address_flag_name((enum address_flag)f));
	return s;
}

static const char *fields_text(struct arena *a, const char *name)
{
	json_t *fields = json_object();
	char *text;
	const char *out;

	if (*name)
		json_object_set_new(fields, "name", json_string(name));
	text = json_dumps(fields, JSON_COMPACT);
	MUST(text);
	out = arena_text(a, text);
	free(text);
	json_decref(fields);
	return out;
}

/* The mailbox of the person on the list, 0 if there is none. */
static int find_member(struct home *h, int64_t list, const struct address *addr, const uint8_t hash[KEY_HASH_SIZE],
		       int64_t *id, struct err *e)
{
	*id = 0;
	return db_get_i64(h->db, &Q_SIGN_UP_ON_LIST, ARGS(db_i64(list), db_bytes(hash, KEY_HASH_SIZE), db_text(addr->delivery)),
			  id, e);
}

static int add_member(struct home *h, struct arena *a, const struct sign_up *s, const struct address *addr,
		      const uint8_t hash[KEY_HASH_SIZE], int64_t *id, struct err *e)
{
	if (db_exec(h->db, &Q_SIGN_UP_ADDRESS,
		    ARGS(db_text(addr->delivery), db_text(addr->given), db_bytes(hash, KEY_HASH_SIZE), db_i64(addr->reserved),
			 db_i64(addr->utf8), db_i64(home_now(h))),
		    NULL, e) < 0 ||
	    address_find(h, addr, id, e) < 0)
		return -1;
	return db_exec(h->db, &Q_SIGN_UP_MEMBER,
		       ARGS(db_i64(s->project.join_list_id), db_i64(*id), db_text(fields_text(a, s->name)),
			    db_text(flags_text(a, addr))),
		       NULL, e);
}

/* Puts the person on the list, unless they are. */
static int put_on_list(struct home *h, struct arena *a, const struct sign_up *s, const struct address *addr,
		       const uint8_t hash[KEY_HASH_SIZE], int64_t *id, struct err *e)
{
	int64_t worked;

	if (find_member(h, s->project.join_list_id, addr, hash, id, e) < 0 ||
	    (!*id && add_member(h, a, s, addr, hash, id, e) < 0) ||
	    db_exec(h->db, &Q_SIGN_UP_WORKS, ARGS(db_i64(*id)), &worked, e) < 0)
		return -1;
	return worked ? db_exec(h->db, &Q_SIGN_UP_UNSEEN, ARGS(db_i64(*id)), NULL, e) : 0;
}

/* Who left all mail has come back to this study, and to no other. It is in the journal when this returns, and in the
   database after the commit: so it is the last thing to do. */
static int lift_opt_out(struct home *h, int64_t project, const uint8_t hash[KEY_HASH_SIZE], struct err *e)
{
	int out = opt_out_stands(h, hash, e);

	return out <= 0 ? out : opt_out_keep(h, hash, project, e);
}

static int write_consent(struct home *h, const struct sign_up *s, int64_t address, struct err *e)
{
	int64_t now = home_now(h);
	char today[32];

	time_iso(now, today);
	today[10] = '\0';
	return db_exec(h->db, &Q_SIGN_UP_CONSENT,
		       ARGS(db_i64(address), db_i64(s->project.id), db_text(today), db_i64(s->text_id), db_i64(s->id),
			    db_i64(now)),
		       NULL, e);
}

static int write_confirmed(struct home *h, struct arena *a, const struct sign_up *s, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct address addr;
	int64_t id = 0;

	/* It was read when it was asked with, and so can be read now. */
	if (address_parse(a, s->delivery, &addr, e) < 0)
		return err_in(e, "sign-up %lld", (long long)s->id);
	addr.given = s->given;
	home_key_hash(h, addr.key, hash);
	if (put_on_list(h, a, s, &addr, hash, &id, e) < 0 || write_consent(h, s, id, e) < 0 ||
	    notice_answered(h, NOTICE_CONFIRM, hash, e) < 0 ||
	    audit_add(h, 0, "signed-up", s->project.slug,
		      arena_printf(a, "sign-up %lld, address %lld, text %lld", (long long)s->id, (long long)id,
				   (long long)s->text_id),
		      e) < 0)
		return -1;
	return lift_opt_out(h, s->project.id, hash, e);
}

static int confirm(struct home *h, struct arena *a, int64_t id, enum sign_up_state *state, struct err *e)
{
	struct sign_up s = { 0 };
	int64_t mine;
	int got;

	/* The row first: who presses twice at once waits here for the other. */
	if (db_exec(h->db, &Q_SIGN_UP_CONFIRM, ARGS(db_i64(id), db_i64(home_now(h)), db_i64(home_now(h) - SIGN_UP_HOLDS)), &mine,
		    e) < 0)
		return -1;
	if ((got = sign_up_load(h, a, id, &s, e)) <= 0)
		return got;
	if (mine) {
		s.confirmed = 0;
		s.state = state_of(h, &s);
	}
	*state = s.state;
	if (s.state != SIGN_UP_WAITS)
		return 1;
	return write_confirmed(h, a, &s, e) < 0 ? -1 : 1;
}

/* What was committed counts, whether or not the database can follow the journal at once. */
static void tell(struct home *h)
{
	struct err behind = { 0 };

	home_standing_changed(h);
	if (opt_out_catch_up(h, &behind) < 0)
		log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", behind.text, NULL);
	home_checkpoint(h);
}

int sign_up_confirm(struct home *h, int64_t id, enum sign_up_state *state, struct err *e)
{
	struct arena *a;
	int got;

	*state = SIGN_UP_DONE;
	if (db_begin(h->db, e) < 0)
		return -1;
	a = arena_new();
	got = confirm(h, a, id, state, e);
	arena_free(a);
	if (got <= 0 || *state != SIGN_UP_WAITS || db_commit(h->db, e) < 0) {
		db_rollback(h->db);
		return got > 0 && *state == SIGN_UP_WAITS ? -1 : got;
	}
	tell(h);
	return 1;
}

/* --- retention --------------------------------------------------------------------------------- */

int sign_up_purge(struct home *h, int64_t before, int64_t *rows, struct err *e)
{
	int64_t blanked;

	if (db_exec(h->db, &Q_SIGN_UP_PURGE, ARGS(db_i64(before)), rows, e) < 0 ||
	    db_exec(h->db, &Q_SIGN_UP_BLANK, ARGS(db_i64(before)), &blanked, e) < 0)
		return -1;
	*rows += blanked;
	return 0;
}
