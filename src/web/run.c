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
#include "web/metrics.h"
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
	{ "/metrics", METHOD_GET, READ_ONLY | NO_DATA, metrics_page },
};

/* The admin listener, with the thread that gathers figures for it. */
struct admin {
	struct home *home; /* the thread's, until it is started */
	int sock;          /* -1: there is no admin listener, or the socket is the server's */
	struct metrics *metrics;
	struct site site;
	struct server *server;
};

static int admin_start(struct admin *x, struct loop *loop, const struct web *w, struct err *e)
{
	const struct route *routes;
	size_t n;
	int sock = x->sock;

	if (sock < 0)
		return 0;
	routes = web_routes(&n);
	x->metrics = metrics_new(x->home, loop, web_tally(w), routes, n, e);
	x->home = NULL;
	if (!x->metrics)
		return -1;
	x->site = (struct site){ .name = "admin", .routes = ADMIN_ROUTES, .n_routes = COUNT(ADMIN_ROUTES), .ctx = x->metrics,
				 .error_page = admin_error };
	x->sock = -1;
	x->server = server_start(&x->site, loop, sock, e);
	return x->server ? 0 : -1;
}

static void admin_stop(struct admin *x)
{
	server_stop(x->server);
	metrics_free(x->metrics);
	home_free(x->home);
	if (x->sock >= 0)
		close(x->sock);
}

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
	allow(paths.read_only, "/usr/share/zoneinfo"); /* for hours of mailings */
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

/* Serves on both sockets until a signal comes. The sockets become the servers'. */
static int serve(struct home *h, const struct web_options *o, int sock, struct admin *admin, struct err *e)
{
	struct loop *loop = loop_new(e);
	struct web *w = NULL;
	char name[128];
	int rc = -1;

	net_listening_text(sock, name);
	if (loop)
		w = web_start(h, loop, sock, e);
	else
		close(sock);
	if (w && admin_start(admin, loop, w, e) == 0) {
		if (o->ready)
			o->ready(o->ctx, name);
		rc = loop_run(loop, e);
	}
	admin_stop(admin); /* it reads what the other counts */
	web_stop(w);
	loop_free(loop);
	return rc;
}

/* What must be open before the role is confined. */
static int open_all(struct home *h, const struct web_options *o, struct admin *admin, struct err *e)
{
	if (o->admin_listen && (admin->sock = open_listener(o->admin_listen, e)) < 0)
		return -1;
	message_ready(); /* for those who read uploads */
	if (open_home(h, e) < 0 || (admin->sock >= 0 && !(admin->home = metrics_home(h, e))))
		return -1;
	return give_up(h, e);
}

int web_run(struct home *h, const struct web_options *o, struct err *e)
{
	struct admin admin = { .sock = -1 };
	int sock;

	if ((sock = open_listener(o->listen ? o->listen : LISTEN_DEFAULT, e)) < 0)
		return -1;
	if (open_all(h, o, &admin, e) == 0)
		return serve(h, o, sock, &admin, e);
	close(sock);
	admin_stop(&admin);
	return -1;
}
