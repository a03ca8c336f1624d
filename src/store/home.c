/*
 * Homes: see home.h. A home is made in a folder that is empty or absent, and
 * its configuration is written last: a half-made one is not a home.
 */
#include "store/backup.h"
#include "store/home.h"

#include "base/codec.h"
#include "base/file.h"
#include "base/log.h"
#include "store/optout.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_MAX (64 * 1024)
#define OPEN_WAIT_MS 3000
QUERY(Q_HOME_MARK, "SELECT value FROM setting WHERE key = '.home'");
QUERY(Q_HOME_SIZES, "SELECT 1", "ANALYZE address, member, consent, validation, signoff_item, decision, delivery");
QUERY(Q_HOME_MARK_SET, "INSERT INTO setting (key, value) VALUES ('.home', $1)");

#define COUNTERS_SIZE (2 * sizeof(uint64_t))

const char *home_path(struct arena *a, const char *given)
{
	const char *env = getenv("PLACET_HOME"), *user = getenv("HOME");

	if (given)
		return given;
	if (env && env[0])
		return env;
	if (file_exists("/var/lib/placet"))
		return "/var/lib/placet";
	return arena_printf(a, "%s/.local/share/placet", user ? user : "");
}

const char *home_file(const struct home *h, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", h->path, name);
}

int64_t home_now(const struct home *h)
{
	return clock_now(&h->clock);
}

/* --- placet.conf ------------------------------------------------------------------------------- */

struct conf_reading {
	struct home *home;
	struct err *e;
	bool failed;
};

static int conf_refuse(struct conf_reading *r, const char *what, const char *name)
{
	if (!r->failed)
		err_set(r->e, ERR_INPUT, "%s: %s", what, name);
	r->failed = true;
	return 0;
}

static int conf_value(void *user, const char *section, const char *name, const char *value)
{
	struct conf_reading *r = user;
	struct home *h = r->home;

	if (strcmp(section, "placet") != 0)
		return conf_refuse(r, "unknown section (there is [placet] alone)", section);
	if (strcmp(name, "database") == 0)
		h->database = arena_text(h->arena, value);
	else if (strcmp(name, "url") == 0)
		h->url = arena_text(h->arena, value);
	else if (strcmp(name, "trial") == 0 && (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0))
		h->trial = strcmp(value, "yes") == 0;
	else
		return conf_refuse(r, "unknown setting or value (database, url, trial yes|no)", name);
	return 1;
}

static int conf_read(struct home *h, struct err *e)
{
	struct conf_reading r = { .home = h, .e = e };
	const char *path = home_file(h, h->arena, "placet.conf");
	struct buf text;
	int rc = -1;

	buf_init(&text, CONF_MAX);
	if (file_read(path, &text, e) < 0) {
		if (e->kind == ERR_MISSING)
			err_set(e, ERR_MISSING, "no home at %s: make one with placet init, or name it with --home", h->path);
		goto out;
	}
	rc = ini_parse_string(buf_text(&text), conf_value, &r);
	if (r.failed)
		rc = err_in(e, "%s", path);
	else if (rc != 0)
		rc = err_set(e, ERR_INPUT, "%s: line %d cannot be read", path, rc);
	else if (!h->database || !h->url)
		rc = err_set(e, ERR_INPUT, "%s: database or url is missing", path);
out:
	buf_free(&text);
	return rc;
}

/* --- keys -------------------------------------------------------------------------------------- */

/* One line: key id in decimal, blank, 64 hex digits. */
static int key_line(struct home *h, char *line, const char *path, struct err *e)
{
	struct token_keys *t = &h->tokens;
	char *blank = strchr(line, ' ');
	int64_t kid;

	if (t->n == TOKEN_KEYS_MAX)
		return err_set(e, ERR_INPUT, "%s: more than %d keys", path, TOKEN_KEYS_MAX);
	if (!blank)
		return err_set(e, ERR_INPUT, "%s: a line is not 'number hex-digits'", path);
	*blank = '\0';
	if (parse_i64(line, 1, 255, &kid) < 0 ||
	    hex_decode(t->key[t->n].key, TOKEN_KEY_SIZE, blank + 1, strlen(blank + 1)) != TOKEN_KEY_SIZE)
		return err_set(e, ERR_INPUT, "%s: a line is not 'number hex-digits'", path);
	t->key[t->n++].kid = (uint8_t)kid;
	return 0;
}

static int read_token_keys(struct home *h, struct err *e)
{
	const char *path = home_file(h, h->arena, "keys/token.keys");
	struct buf text;
	char *line, *rest;
	int rc = -1;

	buf_init(&text, CONF_MAX);
	h->tokens.n = h->tokens.n_ready = 0;
	if (file_read(path, &text, e) < 0)
		goto out;
	for (line = text.p; line && *line; line = rest) {
		rest = line + strcspn(line, "\n");
		if (*rest)
			*rest++ = '\0';
		if (*line && key_line(h, line, path, e) < 0)
			goto out;
	}
	rc = h->tokens.n ? 0 : err_set(e, ERR_INPUT, "%s: no key in it", path);
	if (rc == 0)
		token_keys_ready(&h->tokens);
out:
	buf_free(&text);
	return rc;
}

static int read_hash_key(struct home *h, struct err *e)
{
	const char *path = home_file(h, h->arena, "keys/hash.key");
	struct buf text;
	int rc = -1;

	buf_init(&text, CONF_MAX);
	if (file_read(path, &text, e) < 0)
		goto out;
	while (text.n && text.p[text.n - 1] == '\n')
		buf_cut(&text, text.n - 1);
	if (hex_decode(h->hash_key, TOKEN_KEY_SIZE, buf_text(&text), text.n) != TOKEN_KEY_SIZE) {
		err_set(e, ERR_INPUT, "%s: not 64 hex digits", path);
		goto out;
	}
	hash_key_free(h->hasher);
	h->hasher = hash_key_new(h->hash_key);
	rc = 0;
out:
	buf_free(&text);
	return rc;
}

/* What a database says of the home that made it: trial or live, and a fingerprint of its keys. Another home
   over the same data would not know who opted out, or believe --by where it must not. */
static int read_mark(struct home *h, const char **out, struct err *e)
{
	struct rows r = { 0 };
	int got;

	*out = NULL;
	if (db_query(h->db, &Q_HOME_MARK, NO_ARGS, &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = arena_text(h->arena, rows_text(&r, 0));
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static const char *kind_of(const struct home *h)
{
	return h->trial ? "trial" : "live";
}

static const char *fingerprint(struct home *h)
{
	uint8_t hash[32];
	struct buf hex;
	const char *text;

	sha256(h->hash_key, sizeof(h->hash_key), hash);
	buf_init(&hex, 64);
	hex_encode(&hex, hash, 8);
	text = arena_text(h->arena, buf_text(&hex));
	buf_free(&hex);
	return text;
}

static int check_kind(struct home *h, struct err *e)
{
	const char *mark;

	if (read_mark(h, &mark, e) < 0)
		return -1;
	if (mark && strncmp(mark, kind_of(h), strlen(kind_of(h))) != 0)
		return err_set(e, ERR_DENIED, "%s is a %s home, and its database was made by a home that is none", h->path,
			       kind_of(h));
	return 0;
}

static int check_fingerprint(struct home *h, struct err *e)
{
	const char *mark;

	if (!h->db)
		return 0;
	if (read_mark(h, &mark, e) < 0)
		return -1;
	if (mark && !strstr(mark, fingerprint(h)))
		return err_set(e, ERR_DENIED, "keys/hash.key of %s is not the key that its database was made with", h->path);
	return 0;
}

int home_read_keys(struct home *h, struct err *e)
{
	return read_token_keys(h, e) < 0 || read_hash_key(h, e) < 0 || check_fingerprint(h, e) < 0 ? -1 : 0;
}

void home_forget_keys(struct home *h)
{
	OPENSSL_cleanse(&h->tokens, sizeof(h->tokens));
	OPENSSL_cleanse(h->hash_key, sizeof(h->hash_key));
	hash_key_free(h->hasher);
	h->hasher = NULL;
}

const char *home_id(const struct home *h, struct arena *a, struct err *e)
{
	const char *id = NULL;
	struct buf text;

	buf_init(&text, 256);
	if (file_read(home_file(h, a, "journal/id"), &text, e) == 0)
		id = arena_text_n(a, buf_text(&text), strcspn(buf_text(&text), "\n"));
	buf_free(&text);
	return id;
}

void home_key_hash(const struct home *h, const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	MUST(h->hasher); /* who asks has read the keys */
	hash_key_run(h->hasher, match_key, out);
}

/* --- opening ----------------------------------------------------------------------------------- */

/* "+2h": PLACET_CLOCK. */
static int hear_clock(struct home *h, const char *shift, struct err *e)
{
	return clock_parse_shift(shift, &h->clock.shift, e) < 0 ? err_in(e, "PLACET_CLOCK") : 0;
}

/* "800,50": PLACET_SMTP_TIMEOUTS, so that a test of a silent relay does not take ten minutes. */
static int hear_timeouts(struct home *h, const char *text, struct err *e)
{
	const char *comma = strchr(text, ',');
	int64_t patience, back_off;

	if (!comma || parse_i64(arena_text_n(h->arena, text, (size_t)(comma - text)), 1, 600000, &patience) < 0 ||
	    parse_i64(comma + 1, 1, 600000, &back_off) < 0)
		return err_set(e, ERR_INPUT, "PLACET_SMTP_TIMEOUTS: \"%s\" is not two numbers of milliseconds such as 800,50",
			       text);
	h->relay_patience = patience * (SECOND / 1000);
	h->relay_back_off = back_off * (SECOND / 1000);
	return 0;
}

/* What moves a trial's time, and nobody else's. */
static int hear_trial(struct home *h, const char *name, int (*hear)(struct home *h, const char *text, struct err *e),
		      struct err *e)
{
	const char *text = getenv(name);

	if (!text || !text[0])
		return 0;
	if (!h->trial)
		return err_set(e, ERR_DENIED, "%s is for trial homes; unset it", name);
	return hear(h, text, e);
}

struct home *home_open(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	struct home *h = ARENA_NEW(a, struct home);

	h->arena = a;
	h->path = arena_text(a, path);
	if (conf_read(h, e) == 0 && hear_trial(h, "PLACET_CLOCK", hear_clock, e) == 0 &&
	    hear_trial(h, "PLACET_SMTP_TIMEOUTS", hear_timeouts, e) == 0)
		return h;
	arena_free(a);
	return NULL;
}

/* The counter is one page shared by the processes of this host: a sender reads it before each
   message, which costs nothing, and asks the database only when it has moved (decision 7). */
static int map_counter(struct home *h, struct err *e)
{
	const char *path = home_file(h, h->arena, "run/opt-out.counter");
	void *page = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);

	if (fd >= 0 && ftruncate(fd, (off_t)COUNTERS_SIZE) == 0)
		page = mmap(NULL, COUNTERS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		err_sys(e, ERR_BROKEN, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	if (page == MAP_FAILED)
		return -1;
	h->opt_out_counter = page;
	return 0;
}

static const char *database_url(const struct home *h)
{
	static const char sqlite[] = "sqlite:";
	const char *name = h->database + strlen(sqlite);

	if (strncmp(h->database, sqlite, strlen(sqlite)) != 0 || name[0] == '/')
		return h->database;
	return arena_printf(h->arena, "sqlite:%s/%s", h->path, name);
}

/* Before anything is asked of the database it hears who left: it may have been restored. That another process has
   its lock just now is no reason to fail: that one, or the next, does it. */
static int hear_journal(struct home *h, struct err *e)
{
	int rc;

	db_set_wait(h->db, OPEN_WAIT_MS);
	rc = opt_out_catch_up(h, e);
	db_set_wait(h->db, 0);
	if (rc == 0 || e->kind != ERR_AGAIN)
		return rc;
	log_event(LOG_LEVEL_WARN, "opt-outs-behind", "why", e->text, NULL);
	err_clear(e);
	return 0;
}

int home_open_db(struct home *h, struct err *e)
{
	bool restored;

	h->db = db_open(database_url(h), e);
	if (!h->db)
		return err_in(e, "database of %s", h->path);
	if (db_migrate(h->db, e) < 0 || check_kind(h, e) < 0)
		return err_in(e, "database of %s", h->path);
	optout_journal_free(h->opt_outs);
	h->opt_outs = optout_journal_new(home_file(h, h->arena, "journal/opt-out.log"), e);
	if (!h->opt_outs || map_counter(h, e) < 0 || backup_settle(h, &restored, e) < 0)
		return -1;
	return hear_journal(h, e);
}

void home_checkpoint(struct home *h)
{
	struct err e = { 0 };

	if (db_checkpoint(h->db, DB_LOG_LIMIT, &e) < 0)
		log_event(LOG_LEVEL_WARN, "checkpoint-failed", "why", e.text, NULL);
}

int home_tell_sizes(struct home *h, struct err *e)
{
	return db_engine_of(h->db) == DB_POSTGRESQL ? db_exec(h->db, &Q_HOME_SIZES, NO_ARGS, NULL, e) : 0;
}

void home_standing_changed(struct home *h)
{
	atomic_fetch_add(h->opt_out_counter + 1, 1);
}

void home_free(struct home *h)
{
	if (!h)
		return;
	db_free(h->db);
	optout_journal_free(h->opt_outs);
	if (h->opt_out_counter)
		munmap((void *)h->opt_out_counter, COUNTERS_SIZE);
	hash_key_free(h->hasher);
	arena_free(h->arena);
}

/* --- making ------------------------------------------------------------------------------------ */

static int write_key(struct home *h, const char *name, bool numbered, struct err *e)
{
	uint8_t key[TOKEN_KEY_SIZE];
	struct buf text;
	int rc;

	rng_bytes(&h->rng, key, sizeof(key));
	buf_init(&text, 256);
	if (numbered)
		buf_adds(&text, "1 ");
	hex_encode(&text, key, sizeof(key));
	buf_addc(&text, '\n');
	rc = file_write(home_file(h, h->arena, name), text.p, text.n, 0600, e);
	buf_free(&text);
	return rc;
}

static int make_folders(struct home *h, struct err *e)
{
	static const char *const FOLDERS[] = { "", "keys", "keys/dkim", "keys/relay", "journal", "run" };

	for (size_t i = 0; i < COUNT(FOLDERS); i++)
		if (file_make_dirs(home_file(h, h->arena, FOLDERS[i]), 0700, e) < 0)
			return -1;
	return 0;
}

static int write_conf(struct home *h, struct err *e)
{
	const char *text = arena_printf(h->arena,
		"; The configuration of this home. Settings of the institution are in the database:\n"
		"; see placet institution show.\n"
		"[placet]\n"
		"database = %s\n"
		"url = %s\n"
		"trial = %s\n",
		h->database, h->url, h->trial ? "yes" : "no");

	return file_write(home_file(h, h->arena, "placet.conf"), text, strlen(text), 0600, e);
}

/* The database is this home's from now on, and no other's. */
static int mark_database(struct home *h, struct err *e)
{
	const char *mark;

	if (read_mark(h, &mark, e) < 0)
		return -1;
	/* An earlier try may have come this far. */
	if (mark && strstr(mark, fingerprint(h)))
		return 0;
	if (mark)
		return err_set(e, ERR_REFUSED, "the database belongs to a home already; give this one a database of its own");
	return db_exec(h->db, &Q_HOME_MARK_SET, ARGS(db_text(arena_printf(h->arena, "%s %s", kind_of(h), fingerprint(h)))),
		       NULL, e);
}

static int fill_home(struct home *h, const struct home_plan *p, struct err *e)
{
	h->path = p->path;
	h->database = p->database ? p->database : "sqlite:placet.db";
	h->url = p->url;
	h->trial = p->trial;
	if (file_exists(home_file(h, h->arena, "placet.conf")))
		return err_set(e, ERR_REFUSED, "%s is a home already; name another folder with --home", p->path);
	if (make_folders(h, e) < 0)
		return -1;
	if (!file_exists(home_file(h, h->arena, "keys/token.keys")) && write_key(h, "keys/token.keys", true, e) < 0)
		return -1;
	if (!file_exists(home_file(h, h->arena, "keys/hash.key")) && write_key(h, "keys/hash.key", false, e) < 0)
		return -1;
	if (home_open_db(h, e) < 0 || read_hash_key(h, e) < 0 || mark_database(h, e) < 0)
		return -1;
	if (!file_exists(home_file(h, h->arena, "journal/id")) && write_key(h, "journal/id", false, e) < 0)
		return -1;
	return write_conf(h, e);
}

int home_hold(const struct home *h, bool alone, struct err *e)
{
	const char *path = home_file(h, h->arena, "run/roles.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd >= 0 && flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
		return 0;
	if (fd >= 0 && errno == EWOULDBLOCK)
		err_set(e, ERR_REFUSED, alone ? "a role of %s is running (web, send or work); stop it first"
					      : "%s is being restored just now",
			h->path);
	else
		err_sys(e, ERR_BROKEN, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

int home_make(const struct home_plan *p, struct err *e)
{
	struct arena *a = arena_new();
	struct home *h = ARENA_NEW(a, struct home);
	int rc;

	h->arena = a;
	rc = fill_home(h, p, e);
	home_free(h);
	return rc;
}
