/*
 * Backups: see backup.h. Between putting the data in place and settling them a
 * restore may be interrupted. So a note in the home says, before anything is
 * done, that one is under way; it bears a word that is written into the
 * database too. As long as the database knows that word, it is the one of
 * before, and there is nothing to settle.
 */
#include "store/backup.h"

#include "base/codec.h"
#include "base/file.h"
#include "store/audit.h"
#include "store/mailing.h"
#include "store/numbers.h"
#include "store/optout.h"
#include "store/query.h"

#include <errno.h>
#include <jansson.h>
#include <unistd.h>

#define MANIFEST "backup.json"
#define NOTE "journal/restoring"
#define SMALL_FILE (64 * 1024)

QUERY(Q_BACKUP_WORD, "SELECT value FROM setting WHERE key = '.restore'");
QUERY(Q_BACKUP_WORD_SET, "INSERT INTO setting (key, value) VALUES ('.restore', $1)"
			 " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
QUERY(Q_BACKUP_MARK, "SELECT value FROM setting WHERE key = '.home'");
QUERY(Q_BACKUP_LAST_ENTRY, "SELECT COALESCE(max(at), 0) FROM audit");
QUERY(Q_BACKUP_UNCERTAIN,
      "UPDATE delivery SET state = 'uncertain', sender_id = NULL, reply = 'not known: the data were restored from a backup'"
      " WHERE mailing_id = $1 AND state IN ('queued', 'attempting', 'deferred')");
QUERY(Q_BACKUP_NOTICES, "UPDATE notice SET state = 'uncertain', sender_id = NULL"
			" WHERE state IN ('queued', 'attempting', 'deferred')");
QUERY(Q_BACKUP_SENDERS, "UPDATE sender SET ended = $1 WHERE ended IS NULL");

/* --- files ------------------------------------------------------------------------------------- */

static const char *join(struct arena *a, const char *folder, const char *name)
{
	return arena_printf(a, "%s/%s", folder, name);
}

/* --- the manifest ------------------------------------------------------------------------------ */

static int read_text(struct home *h, struct arena *a, const struct query *q, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = "";
	if (db_query(h->db, q, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(a, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static const char *engine_name(const struct home *h)
{
	return db_engine_of(h->db) == DB_SQLITE ? "sqlite" : "postgresql";
}

static int write_json(const char *path, json_t *value, struct err *e)
{
	char *text = json_dumps(value, JSON_INDENT(2));
	int rc;

	MUST(text);
	rc = file_write(path, text, strlen(text), 0600, e);
	free(text);
	json_decref(value);
	return rc;
}

static int write_manifest(struct home *h, struct arena *a, const char *dir, int64_t at, struct err *e)
{
	const char *mark;
	int64_t schema;

	if (read_text(h, a, &Q_BACKUP_MARK, &mark, e) < 0 || db_schema_of(h->db, &schema, e) < 0)
		return -1;
	return write_json(join(a, dir, MANIFEST),
			  json_pack("{s:s, s:I, s:s, s:I, s:s}", "what", "backup of a Placet home", "at", (json_int_t)at,
				    "engine", engine_name(h), "schema", (json_int_t)schema, "home", mark),
			  e);
}

static json_t *read_json(const char *path, struct err *e)
{
	json_t *value = NULL;
	struct buf text;

	buf_init(&text, SMALL_FILE);
	if (file_read(path, &text, e) == 0) {
		value = json_loads(buf_text(&text), 0, NULL);
		if (!value)
			err_set(e, ERR_INPUT, "%s cannot be read", path);
	}
	buf_free(&text);
	return value;
}

int backup_read(struct arena *a, const char *dir, struct backup *out, struct err *e)
{
	json_t *m = read_json(join(a, dir, MANIFEST), e);
	const char *engine, *mark;
	json_int_t at, schema;
	int rc = 0;

	if (!m)
		return err_in(e, "%s is no backup", dir);
	if (json_unpack(m, "{s:I, s:s, s:I, s:s}", "at", &at, "engine", &engine, "schema", &schema, "home", &mark) < 0)
		rc = err_set(e, ERR_INPUT, "%s is no backup: " MANIFEST " lacks something", dir);
	else
		*out = (struct backup){ at, arena_text(a, engine), arena_text(a, mark), schema };
	json_decref(m);
	return rc;
}

/* --- making ------------------------------------------------------------------------------------ */

/* The journal of opt-outs comes after the data, so that it holds at least what they know. */
static int fill(struct home *h, struct arena *a, const char *dir, struct err *e)
{
	const char *data = join(a, dir, "data"), *journal = home_file(h, a, "journal/opt-out.log");
	int64_t at = home_now(h);

	if (file_make_dirs(data, 0700, e) < 0 || db_backup(h->db, data, e) < 0)
		return -1;
	if (file_exists(journal) && file_copy(journal, join(a, dir, "opt-out.log"), 0600, e) < 0)
		return -1;
	if (file_copy_tree(home_file(h, a, "keys"), join(a, dir, "keys"), e) < 0 ||
	    file_copy(home_file(h, a, "placet.conf"), join(a, dir, "placet.conf"), 0600, e) < 0 ||
	    file_copy(home_file(h, a, "journal/id"), join(a, dir, "id"), 0600, e) < 0)
		return -1;
	return write_manifest(h, a, dir, at, e);
}

static int record(struct home *h, struct err *e)
{
	if (db_begin(h->db, e) < 0)
		return -1;
	if (audit_add(h, 0, "backup", "home", "", e) == 0)
		return db_commit(h->db, e);
	db_rollback(h->db);
	return -1;
}

int backup_make(struct home *h, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	const char *partial = arena_printf(a, "%s.partial", dir);
	int rc = -1;

	if (file_exists(dir))
		err_set(e, ERR_REFUSED, "%s is there already; name another folder", dir);
	else if (file_exists(partial))
		err_set(e, ERR_REFUSED, "%s is there: a backup that did not come to its end; remove it", partial);
	else if (file_make_dirs(partial, 0700, e) == 0 && fill(h, a, partial, e) == 0)
		rc = rename(partial, dir) == 0 ? record(h, e) : err_sys(e, ERR_AGAIN, errno, "%s", dir);
	arena_free(a);
	return rc;
}

/* --- restoring --------------------------------------------------------------------------------- */

int backup_make_home(const char *path, const char *dir, struct err *e)
{
	static const char *const FOLDERS[] = { "journal", "run" };
	struct arena *a = arena_new();
	int rc = file_make_dirs(path, 0700, e);

	for (size_t i = 0; rc == 0 && i < COUNT(FOLDERS); i++)
		rc = file_make_dirs(join(a, path, FOLDERS[i]), 0700, e);
	if (rc == 0)
		rc = file_copy_tree(join(a, dir, "keys"), join(a, path, "keys"), e);
	if (rc == 0)
		rc = file_copy(join(a, dir, "id"), join(a, path, "journal/id"), 0600, e);
	if (rc == 0 && file_exists(join(a, dir, "opt-out.log")) && !file_exists(join(a, path, "journal/opt-out.log")))
		rc = file_copy(join(a, dir, "opt-out.log"), join(a, path, "journal/opt-out.log"), 0600, e);
	/* Last: with it, it is a home. */
	if (rc == 0)
		rc = file_copy(join(a, dir, "placet.conf"), join(a, path, "placet.conf"), 0600, e);
	arena_free(a);
	return rc;
}

static int write_note(struct home *h, struct arena *a, const struct backup *b, struct err *e)
{
	struct buf word;
	uint8_t random[16];
	json_t *numbers;
	int rc;

	if (numbers_read(h, &numbers, e) < 0)
		return -1;
	rng_bytes(&h->rng, random, sizeof(random));
	buf_init(&word, 64);
	hex_encode(&word, random, sizeof(random));
	rc = db_exec(h->db, &Q_BACKUP_WORD_SET, ARGS(db_text(buf_text(&word))), NULL, e);
	if (rc == 0)
		rc = write_json(home_file(h, a, NOTE),
				json_pack("{s:s, s:I, s:O}", "word", buf_text(&word), "at", (json_int_t)b->at, "numbers", numbers), e);
	buf_free(&word);
	json_decref(numbers);
	return rc;
}

static int check(struct home *h, struct arena *a, const struct backup *b, const char *dir, struct err *e)
{
	const char *mark;

	if (strcmp(b->engine, engine_name(h)) != 0)
		return err_set(e, ERR_INPUT, "%s was made of a database of %s, and this home has another", dir, b->engine);
	if (b->schema > db_schema_newest() || (db_engine_of(h->db) == DB_POSTGRESQL && b->schema != db_schema_newest()))
		return err_set(e, ERR_INPUT, "%s has schema %lld, and this program knows %d; restore it with the program that made it",
			       dir, (long long)b->schema, db_schema_newest());
	if (read_text(h, a, &Q_BACKUP_MARK, &mark, e) < 0)
		return -1;
	if (mark[0] && strcmp(mark, b->mark) != 0)
		return err_set(e, ERR_DENIED, "%s is a backup of another home", dir);
	return 0;
}

/* What the database of a backup has not heard of yet: the end of the journal that was copied after it. The home's
   own journal, which goes on from there unless it was lost, comes afterwards. */
static int hear_journals(struct home *h, struct arena *a, const char *dir, struct err *e)
{
	const char *path = join(a, dir, "opt-out.log");
	struct optout_journal *own = h->opt_outs;
	int rc = 0;

	h->opt_outs_known = (struct opt_out_place){ 0 };
	if (file_exists(path)) {
		h->opt_outs = optout_journal_new(path, e);
		h->opt_outs_own = own;
		rc = h->opt_outs ? opt_out_catch_up(h, e) : -1;
		optout_journal_free(h->opt_outs);
		h->opt_outs = own;
		h->opt_outs_own = NULL;
		h->opt_outs_known = (struct opt_out_place){ 0 };
	}
	return rc < 0 ? -1 : opt_out_catch_up(h, e);
}

int backup_restore(struct home *h, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	bool settled;
	struct backup b;
	int rc = backup_read(a, dir, &b, e);

	if (rc == 0)
		rc = check(h, a, &b, dir, e);
	if (rc == 0)
		rc = write_note(h, a, &b, e);
	if (rc == 0)
		rc = db_restore(h->db, join(a, dir, "data"), e);
	if (rc == 0)
		rc = db_migrate(h->db, e);
	if (rc == 0)
		rc = backup_settle(h, &settled, e);
	if (rc == 0)
		rc = hear_journals(h, a, dir, e);
	arena_free(a);
	if (rc == 0) {
		home_standing_changed(h);
		home_checkpoint(h);
	}
	return rc;
}

/* --- settling ---------------------------------------------------------------------------------- */

static const char WHY[] = "the data were restored from a backup";

/* Who had not got it may have got it since the backup was made: a person decides (retry-uncertain). */
static int settle_mailing(struct home *h, struct mailing *m, int64_t *voided, int64_t *uncertain, struct err *e)
{
	bool waits = strcmp(m->state, "submitted") == 0 || strcmp(m->state, "approved") == 0 || strcmp(m->state, "scheduled") == 0;
	int64_t n = 0;

	if (waits) {
		++*voided;
		return mailing_move(h, m, "void", 0, WHY, e);
	}
	if (strcmp(m->state, "sending") == 0 && mailing_move(h, m, "pause", 0, WHY, e) < 0)
		return -1;
	if (strcmp(m->state, "paused") == 0 && db_exec(h->db, &Q_BACKUP_UNCERTAIN, ARGS(db_i64(m->id)), &n, e) < 0)
		return -1;
	*uncertain += n;
	return 0;
}

static int settle(struct home *h, struct arena *a, int64_t at, const json_t *numbers, struct err *e)
{
	int64_t voided = 0, uncertain = 0, last = 0;
	char made[32], until[32];
	struct mailing *m;
	size_t n;

	if (db_get_i64(h->db, &Q_BACKUP_LAST_ENTRY, NO_ARGS, &last, e) < 0 || mailing_all(h, a, &m, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (settle_mailing(h, &m[i], &voided, &uncertain, e) < 0)
			return -1;
	if (numbers_go_on(h, numbers, home_now(h) - at, e) < 0 || db_exec(h->db, &Q_BACKUP_NOTICES, NO_ARGS, NULL, e) < 0 ||
	    db_exec(h->db, &Q_BACKUP_SENDERS, ARGS(db_i64(home_now(h))), NULL, e) < 0)
		return -1;
	return audit_add(h, 0, "restored", "home",
			 arena_printf(a, "from a backup of %s; the last entry before is of %s, what was done since is lost; "
				      "approvals voided: %lld, recipients now uncertain: %lld",
				      time_iso(at, made), last ? time_iso(last, until) : "never", (long long)voided,
				      (long long)uncertain),
			 e);
}

/* 1 the data are a backup's and not settled yet, 0 nothing to do, -1. */
static int is_unsettled(struct home *h, struct arena *a, const char *note, int64_t *at, json_t **numbers, struct err *e)
{
	json_t *x = read_json(note, e);
	const char *word, *known;
	json_int_t made;
	int rc = -1;

	if (!x)
		return err_in(e, "a restore was interrupted");
	if (json_unpack(x, "{s:s, s:I}", "word", &word, "at", &made) < 0)
		err_set(e, ERR_INPUT, "%s cannot be read; restore the backup again", note);
	else if (read_text(h, a, &Q_BACKUP_WORD, &known, e) == 0)
		rc = strcmp(word, known) != 0;
	if (rc >= 0) {
		*at = made;
		*numbers = json_incref(json_object_get(x, "numbers"));
	}
	json_decref(x);
	return rc;
}

int backup_settle(struct home *h, bool *restored, struct err *e)
{
	struct arena *a = arena_new();
	const char *note = home_file(h, a, NOTE);
	json_t *numbers = NULL;
	int64_t at = 0;
	int rc = 0;

	*restored = false;
	if (file_exists(note))
		rc = is_unsettled(h, a, note, &at, &numbers, e);
	if (rc > 0) {
		rc = db_begin(h->db, e);
		if (rc == 0 && settle(h, a, at, numbers, e) == 0)
			rc = db_commit(h->db, e);
		else
			rc = -1;
		db_rollback(h->db);
		*restored = rc == 0;
	}
	if (rc == 0)
		unlink(note);
	json_decref(numbers);
	arena_free(a);
	return rc;
}
