/*
 * Stress on the checkpoint rule of src/db/wal.c: writer processes commit,
 * other processes checkpoint, and in the end every committed row must be
 * there. With --dangerous everybody checkpoints as SQLite does by default, and
 * the test must find damage: so it is able to fail.
 *
 * The race of the WAL-reset bug is narrow: a commit has to start the log anew
 * between a checkpointer's reading of the log's length and its look at how
 * much was copied. Just there, SQLite calls xUnfetch(file, 0, NULL) when the
 * log has changed; a shim in front of the system's file functions sleeps in
 * that call, in both modes alike.
 *
 * With --kill, one process after the other is killed at any moment and started
 * again.
 *
 *   wal_stress [--dangerous] [--kill] [--seconds N] [--writers N] [--checkpointers N] [--delay MS]
 *
 * Prints one line. Exit 0: as expected; 1: not. With an SQLite that has the bug
 * fixed, --dangerous must find no damage; where a distribution has put the fix
 * into an older version, FIXED_IN below has to learn it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/rng.h"
#include "db/db.h"

#define MAX_PROCESSES 16
#define MAX_BODY      3000
#define FIXED_IN      3051003

/* Between the processes. */
struct shared {
	atomic_bool stop, damaged;
	char what[600]; /* written once, by whoever sets `damaged` first */
	atomic_long committed[MAX_PROCESSES], checkpoints, sleeps;
	int delay_ms;
};

struct options {
	bool dangerous, kill;
	int64_t seconds, writers, checkpointers, delay;
};

static const struct query Q_TABLE = {
	"w_table", "CREATE TABLE w (writer INTEGER, seq INTEGER, body BLOB, PRIMARY KEY (writer, seq)) STRICT", NULL
};
static const struct query Q_TABLE_2 = { "w_table_2",
					"CREATE TABLE total (writer INTEGER PRIMARY KEY, n INTEGER) STRICT", NULL };
static const struct query Q_ADD = { "w_add", "INSERT INTO w (writer, seq, body) VALUES ($1, $2, $3)", NULL };
static const struct query Q_TOTAL = { "w_total",
				      "INSERT INTO total (writer, n) VALUES ($1, $2)"
				      " ON CONFLICT (writer) DO UPDATE SET n = $2",
				      NULL };
static const struct query Q_COUNT = { "w_count", "SELECT count(*) FROM w WHERE writer = $1", NULL };
static const struct query Q_N = { "w_n", "SELECT coalesce(max(n), 0) FROM total WHERE writer = $1", NULL };
static const struct query Q_ROWS = { "each_w", "SELECT seq, body FROM w WHERE writer = $1 ORDER BY seq", NULL };
static const struct query Q_CHECK = { "w_check", "PRAGMA integrity_check(1)", NULL };
static const struct query Q_AUTO = { "w_auto", "PRAGMA wal_autocheckpoint = 10", NULL };

/* The shim is reached through pointers that SQLite keeps, so what it needs stands here. */
static struct shared *shared;
static sqlite3_vfs *real_vfs, shim_vfs;
static sqlite3_io_methods shim_methods;
static int (*real_unfetch)(sqlite3_file *, sqlite3_int64, void *);

static void pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static int slow_unfetch(sqlite3_file *file, sqlite3_int64 at, void *p)
{
	if (!p) {
		atomic_fetch_add(&shared->sleeps, 1);
		pause_ms(shared->delay_ms);
	}
	return real_unfetch(file, at, p);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int rc = real_vfs->xOpen(real_vfs, name, file, flags, out);

	(void)vfs;
	if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
		return rc;
	shim_methods = *file->pMethods;
	real_unfetch = shim_methods.xUnfetch;
	shim_methods.xUnfetch = slow_unfetch;
	file->pMethods = &shim_methods;
	return rc;
}

static void install_shim(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	MUST(real_vfs);
	shim_vfs = *real_vfs;
	shim_vfs.zName = "slow";
	shim_vfs.pNext = NULL;
	shim_vfs.xOpen = shim_open;
	MUST(sqlite3_vfs_register(&shim_vfs, 1) == SQLITE_OK);
}

/* --- what is written --- */

static size_t make_body(int64_t writer, int64_t seq, char out[MAX_BODY])
{
	struct rng rng;
	size_t n;

	rng_seed(&rng, (uint64_t)(writer << 32 | seq));
	n = rng_below(&rng, MAX_BODY);
	rng_bytes(&rng, out, n);
	return n;
}

static void report(const char *who, const char *what)
{
	if (!atomic_exchange(&shared->damaged, true))
		snprintf(shared->what, sizeof(shared->what), "%s: %s", who, what);
	atomic_store(&shared->stop, true);
}

/* A failure that only says "later" is no damage. */
static int judge(const char *who, const struct err *e)
{
	if (e->kind != ERR_AGAIN)
		report(who, e->text);
	return -1;
}

static int commit_one(struct db *db, int64_t writer, int64_t seq, struct err *e)
{
	char body[MAX_BODY];
	size_t n = make_body(writer, seq, body);

	if (db_begin(db, e) < 0)
		return -1;
	if (db_exec(db, &Q_ADD, ARGS(db_i64(writer), db_i64(seq), db_bytes(body, n)), NULL, e) < 0 ||
	    db_exec(db, &Q_TOTAL, ARGS(db_i64(writer), db_i64(seq)), NULL, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

static int check_counts(struct db *db, int64_t writer, int64_t expected, struct err *e)
{
	int64_t rows, total;

	if (db_get_i64(db, &Q_COUNT, ARGS(db_i64(writer)), &rows, e) < 0 ||
	    db_get_i64(db, &Q_N, ARGS(db_i64(writer)), &total, e) < 0)
		return -1;
	if (rows == expected && total == expected)
		return 0;
	return err_set(e, ERR_BROKEN, "writer %lld committed %lld rows, but %lld are there and the total says %lld",
		       (long long)writer, (long long)expected, (long long)rows, (long long)total);
}

/* --- the processes --- */

/* Where to go on: a writer that was killed may have committed one row more than it could note. */
static int64_t next_row(struct db *db, int64_t writer)
{
	int64_t noted = atomic_load(&shared->committed[writer]), n = -1;
	struct err e;

	if (db_get_i64(db, &Q_N, ARGS(db_i64(writer)), &n, &e) < 0)
		report("writer", e.text);
	else if (n != noted && n != noted + 1)
		report("writer", "rows are lost after a process was killed");
	atomic_store(&shared->committed[writer], (long)n);
	return n + 1;
}

static void write_rows(struct db *db, int64_t writer, struct rng *rng)
{
	struct err e;

	for (int64_t seq = next_row(db, writer); !atomic_load(&shared->stop); seq++) {
		while (commit_one(db, writer, seq, &e) < 0)
			if (judge("writer", &e) < 0 && atomic_load(&shared->stop))
				return;
		atomic_store(&shared->committed[writer], (long)seq);
		if (seq % 8 == 0 && check_counts(db, writer, seq, &e) < 0)
			judge("writer", &e);
		/* In bursts: the pauses let a checkpoint catch up with the log. */
		if (rng_below(rng, 4) == 0)
			pause_ms((int64_t)rng_below(rng, (uint64_t)(4 * shared->delay_ms)));
	}
}

static int writer_process(const char *url, int64_t writer, bool dangerous)
{
	struct err e;
	struct db *db = db_open(url, &e);
	struct rng rng;

	if (!db || (dangerous && db_exec(db, &Q_AUTO, NO_ARGS, NULL, &e) < 0)) {
		report("writer", e.text);
		return 1;
	}
	rng_seed(&rng, (uint64_t)writer + 1);
	write_rows(db, writer, &rng);
	db_free(db);
	return 0;
}

static int rule_process(const char *url)
{
	struct err e;
	struct db *db = db_open(url, &e);

	while (db && !atomic_load(&shared->stop)) {
		if (db_checkpoint(db, 1, &e) < 0)
			judge("checkpoint", &e);
		atomic_fetch_add(&shared->checkpoints, 1);
		pause_ms(1);
	}
	if (!db)
		report("checkpoint", e.text);
	db_free(db);
	return 0;
}

static int dangerous_process(const char *path)
{
	sqlite3 *s;

	if (sqlite3_open(path, &s) != SQLITE_OK || sqlite3_exec(s, "PRAGMA synchronous = FULL", 0, 0, 0) != SQLITE_OK)
		report("checkpoint", sqlite3_errmsg(s));
	while (!atomic_load(&shared->stop)) {
		int rc = sqlite3_wal_checkpoint_v2(s, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

		if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
			report("checkpoint", sqlite3_errmsg(s));
		atomic_fetch_add(&shared->checkpoints, 1);
		pause_ms(1);
	}
	sqlite3_close(s);
	return 0;
}

static pid_t start(const struct options *o, const char *url, int i)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid > 0)
		return pid;
	if (i < o->writers)
		_exit(writer_process(url, i, o->dangerous));
	_exit(o->dangerous ? dangerous_process(url + strlen("sqlite:")) : rule_process(url));
}

static void kill_one(const struct options *o, const char *url, pid_t *pid, int i)
{
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = start(o, url, i);
}

static void run(const struct options *o, const char *url)
{
	int n = (int)(o->writers + o->checkpointers);
	int64_t end = clock_ticks() + o->seconds * SECOND;
	pid_t pids[2 * MAX_PROCESSES];
	struct rng rng;

	rng_seed(&rng, 1);
	for (int i = 0; i < n; i++)
		pids[i] = start(o, url, i);
	while (clock_ticks() < end && !atomic_load(&shared->stop)) {
		int victim = (int)rng_below(&rng, (uint64_t)n);

		pause_ms(20 + (int64_t)rng_below(&rng, 30));
		if (o->kill)
			kill_one(o, url, &pids[victim], victim);
	}
	atomic_store(&shared->stop, true);
	for (int i = 0; i < n; i++) {
		int status;

		if (waitpid(pids[i], &status, 0) != pids[i] || status != 0)
			report("a process", "ended badly");
	}
}

/* --- the verdict --- */

static int check_rows(struct db *db, int64_t writer, struct err *e)
{
	char body[MAX_BODY];
	struct rows r;
	int64_t seq = 0;
	int rc;

	if (db_query(db, &Q_ROWS, ARGS(db_i64(writer)), &r, e) < 0)
		return -1;
	while ((rc = rows_next(&r, e)) > 0) {
		struct slice s = rows_bytes(&r, 1);
		size_t n = make_body(writer, ++seq, body);

		if (rows_i64(&r, 0) == seq && s.n == n && memcmp(s.p, body, n) == 0)
			continue;
		rc = err_set(e, ERR_BROKEN, "row %lld of writer %lld is missing or wrong", (long long)seq,
			     (long long)writer);
		break;
	}
	rows_close(&r);
	return rc;
}

static int check_file(struct db *db, struct err *e)
{
	struct rows r;
	int rc;

	if (db_query(db, &Q_CHECK, NO_ARGS, &r, e) < 0)
		return -1;
	rc = rows_next(&r, e) < 0 ? -1 : 0;
	if (rc == 0 && strcmp(rows_text(&r, 0), "ok") != 0)
		rc = err_set(e, ERR_BROKEN, "integrity check: %s", rows_text(&r, 0));
	rows_close(&r);
	return rc;
}

static void verify(const struct options *o, const char *url)
{
	struct err e;
	struct db *db = db_open(url, &e);

	if (!db) {
		report("verify", e.text);
		return;
	}
	if (check_file(db, &e) < 0)
		report("verify", e.text);
	for (int64_t w = 0; w < o->writers && !atomic_load(&shared->damaged); w++)
		if (check_counts(db, w, atomic_load(&shared->committed[w]), &e) < 0 || check_rows(db, w, &e) < 0)
			report("verify", e.text);
	db_free(db);
}

/* How often the log was started anew: a number in its header. */
static unsigned restarts(const char *path)
{
	unsigned char head[16] = { 0 };
	char name[200];
	int fd;

	snprintf(name, sizeof(name), "%s-wal", path);
	fd = open(name, O_RDONLY);
	if (fd < 0 || read(fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		memset(head, 0, sizeof(head));
	if (fd >= 0)
		close(fd);
	return (unsigned)head[12] << 24 | (unsigned)head[13] << 16 | (unsigned)head[14] << 8 | head[15];
}

static void remove_folder(const char *path)
{
	char name[400];
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir && (d = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, d->d_name);
		unlink(name);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int make_tables(const char *url)
{
	struct err e;
	struct db *db = db_open(url, &e);
	int rc = -1;

	if (db && db_exec(db, &Q_TABLE, NO_ARGS, NULL, &e) == 0 && db_exec(db, &Q_TABLE_2, NO_ARGS, NULL, &e) == 0)
		rc = 0;
	if (rc < 0)
		fprintf(stderr, "wal_stress: %s\n", e.text);
	db_free(db);
	return rc;
}

static int read_options(int argc, char **argv, struct options *o)
{
	const struct {
		const char *name;
		int64_t *value, max;
	} numbers[] = {
		{ "--seconds", &o->seconds, 86400 },
		{ "--writers", &o->writers, MAX_PROCESSES },
		{ "--checkpointers", &o->checkpointers, MAX_PROCESSES },
		{ "--delay", &o->delay, 1000 },
	};

	for (int i = 1; i < argc; i++) {
		bool dangerous = strcmp(argv[i], "--dangerous") == 0, killing = strcmp(argv[i], "--kill") == 0;
		bool known = dangerous || killing;

		o->dangerous |= dangerous;
		o->kill |= killing;
		for (size_t k = 0; k < COUNT(numbers) && !known; k++)
			if (strcmp(argv[i], numbers[k].name) == 0 && i + 1 < argc)
				known = parse_i64(argv[++i], 1, numbers[k].max, numbers[k].value) == 0;
		if (!known)
			return -1;
	}
	return 0;
}

static int verdict(const struct options *o, const char *path, int64_t ticks)
{
	long commits = 0;
	unsigned again = restarts(path);
	bool damaged = atomic_load(&shared->damaged), expected = o->dangerous && sqlite3_libversion_number() < FIXED_IN;
	bool good;

	for (int64_t i = 0; i < o->writers; i++)
		commits += atomic_load(&shared->committed[i]);
	/* A run of the rule in which no log was started anew would prove nothing. */
	good = damaged == expected && (o->dangerous || (commits > 0 && again > 0 && atomic_load(&shared->sleeps) > 0));
	printf("wal_stress %s: %s; SQLite %s, %.1f s, %ld commits, %ld checkpoints (%ld slowed down), log anew %u "
	       "times%s%s\n",
	       o->dangerous ? "dangerous" : "rule", good ? "as expected" : "NOT as expected", sqlite3_libversion(),
	       (double)ticks / (double)SECOND, commits, atomic_load(&shared->checkpoints), atomic_load(&shared->sleeps),
	       again, damaged ? "; damage: " : "", damaged ? shared->what : "");
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct options o = { .seconds = 10, .writers = 2, .checkpointers = 3, .delay = 5 };
	char folder[] = "/tmp/placet-wal-XXXXXX", url[100];
	int64_t began = clock_ticks();
	int rc = 1;

	if (read_options(argc, argv, &o) < 0) {
		fprintf(stderr,
			"usage: wal_stress [--dangerous] [--kill] [--seconds N] [--writers N] [--checkpointers N] "
			"[--delay MS]\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !mkdtemp(folder))
		return 1;
	shared->delay_ms = (int)o.delay;
	install_shim();
	snprintf(url, sizeof(url), "sqlite:%s/stress.db", folder);
	if (make_tables(url) == 0) {
		run(&o, url);
		if (!atomic_load(&shared->damaged))
			verify(&o, url);
		rc = verdict(&o, url + strlen("sqlite:"), clock_ticks() - began);
	}
	remove_folder(folder);
	return rc;
}
