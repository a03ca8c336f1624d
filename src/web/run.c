/*
 * The web role: opens what it serves, gives up the rest, and waits for the
 * signal to end. It can start no program. It opens connections only where its
 * database is a server; and of the home it reads and writes nothing but the
 * database, the journal and the change counter: not the DKIM keys, nor again
 * the token keys, which were read before.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/log.h"
#include "base/net.h"
#include "mail/message.h"
#include "web/pages.h"

#define LISTEN_DEFAULT "127.0.0.1:8080"

/* What answers on the admin listener, without data. */
static int admin_health(const struct request *r, struct response *out, struct err *e)
{
	(void)r;
	(void)e;
	response_text(out, 200, "ok");
	out->caching = CACHE_NONE;
	return 0;
}

static void admin_error(void *ctx, struct arena *a, int status, const char *text, struct response *out)
{
	(void)ctx;
	(void)a;
	response_text(out, status, text);
}

static const struct route ADMIN_ROUTES[] = {
	{ "/healthz", METHOD_GET, READ_ONLY | NO_DATA, admin_health },
};

static const struct site ADMIN = {
	.name = "admin", .routes = ADMIN_ROUTES, .n_routes = COUNT(ADMIN_ROUTES), .error_page = admin_error
};

static int open_listener(const char *text, struct err *e)
{
	struct listen_at at;

	return listen_at_parse(text, &at, e) < 0 ? -1 : net_listen(&at, e);
}

/* Adds a path that is there, as long as there is room. */
static void allow(const char **list, const char *path)
{
	size_t n = 0;

	while (n < 8 && list[n])
		n++;
	if (n < 8 && access(path, F_OK) == 0)
		list[n] = path;
}

/* The SQLite files by name: the folder around them is the home, with its keys. The connection has
   opened them already, so that they are there. */
static void allow_sqlite(struct confine_paths *paths, const char *file, struct arena *a)
{
	const char *lock = arena_printf(a, "%s-checkpoint", file);
	int fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	/* Only what is there can be allowed, and without this one no checkpoint is made here, and the log grows for ever. */
	if (fd >= 0)
		close(fd);
	allow(paths->read_write, lock);
	allow(paths->read_write, file);
	allow(paths->read_write, arena_printf(a, "%s-wal", file));
	allow(paths->read_write, arena_printf(a, "%s-shm", file));
}

/* What libpq needs to connect again after a lost connection: names, certificates, passwords. */
static void allow_libpq(struct confine_paths *paths, struct arena *a)
{
	static const char *const SYSTEM[] = { "/etc", "/usr", "/lib", "/lib64" };
	const char *pass = getenv("PGPASSFILE"), *user = getenv("HOME");

	for (size_t i = 0; i < COUNT(SYSTEM); i++)
		allow(paths->read_only, SYSTEM[i]);
	if (pass)
		allow(paths->read_only, pass);
	else if (user)
		allow(paths->read_only, arena_printf(a, "%s/.pgpass", user));
	if (user)
		allow(paths->read_only, arena_printf(a, "%s/.postgresql", user));
}

static int give_up(const struct home *h, struct err *e)
{
	struct confine_paths paths = { { 0 }, { 0 } };
	unsigned flags = CONFINE_NO_EXEC | CONFINE_NO_LISTEN | CONFINE_NO_FILES;
	const char *file = db_path(h->db);
	bool held;

	allow(paths.read_write, home_file(h, h->arena, "journal"));
	allow(paths.read_write, home_file(h, h->arena, "run"));
	if (file) {
		flags |= CONFINE_NO_CONNECT;
		allow_sqlite(&paths, file, h->arena);
	} else {
		allow_libpq(&paths, h->arena);
	}
	if (confine(flags, &paths, &held, e) < 0)
		return err_in(e, "confine the web role");
	if (!held)
		log_event(LOG_LEVEL_WARN, "not-confined", "what", "files", "why", "the kernel has no Landlock", NULL);
	return 0;
}

static int open_home(struct home *h, struct err *e)
{
	if (!h->tokens.n && home_read_keys(h, e) < 0)
		return -1;
	return h->db ? 0 : home_open_db(h, e);
}

static void close_sockets(int sock, int admin_sock)
{
	if (sock >= 0)
		close(sock);
	if (admin_sock >= 0)
		close(admin_sock);
}

/* Serves on both sockets until a signal comes. The sockets become the servers'. */
static int serve(struct home *h, const struct web_options *o, int sock, int admin_sock, struct err *e)
{
	struct loop *loop = loop_new(e);
	struct server *admin = NULL;
	struct web *w = NULL;
	char name[128];
	int rc = -1;

	net_listening_text(sock, name);
	if (loop && admin_sock >= 0) {
		admin = server_start(&ADMIN, loop, admin_sock, e);
		admin_sock = -1;
	}
	if (loop && (admin || !o->admin_listen)) {
		w = web_start(h, loop, sock, e);
		sock = -1;
	}
	close_sockets(sock, admin_sock);
	if (w) {
		if (o->ready)
			o->ready(o->ctx, name);
		rc = loop_run(loop, e);
	}
	web_stop(w);
	server_stop(admin);
	loop_free(loop);
	return rc;
}

int web_run(struct home *h, const struct web_options *o, struct err *e)
{
	int sock, admin_sock = -1;

	if ((sock = open_listener(o->listen ? o->listen : LISTEN_DEFAULT, e)) < 0)
		return -1;
	if (o->admin_listen && (admin_sock = open_listener(o->admin_listen, e)) < 0) {
		close(sock);
		return -1;
	}
	message_ready(); /* for those who read uploads */
	if (open_home(h, e) < 0 || give_up(h, e) < 0) {
		close_sockets(sock, admin_sock);
		return -1;
	}
	return serve(h, o, sock, admin_sock, e);
}
