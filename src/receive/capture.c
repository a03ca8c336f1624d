/*
 * The capture relay: see capture.h. Sockets and files around smtpd.c. A client
 * that does not read its replies is not read from either, so that nothing
 * grows without end.
 */
#include "receive/capture.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/tcp.h>
#include <regex.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/net.h"
#include "receive/smtpd.h"

#define CLIENTS_MAX 1000
#define READ_MAX 65536
#define QUIET_MAX 300 /* seconds without a byte */

struct client {
	struct client *next, *before;
	struct capture *capture;
	int fd;
	struct smtpd *smtp;
	struct event *readable, *writable;
};

struct pattern {
	bool set;
	regex_t regex;
};

struct capture {
	struct event_base *base;
	struct clock clock;
	int dir, lock;
	uint64_t number; /* of the last message kept */
	struct pattern reject, defer;
	struct evconnlistener *listener;
	struct client *clients;
	int clients_n;
	const struct timeval *quiet;
	char listening[128];
};

/* --- Keeping messages --- */

static int write_file(struct capture *c, const char *name, const void *p, size_t n)
{
	const char *at = p;
	int fd = openat(c->dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	while (n) {
		ssize_t put = write(fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		at += put;
		n -= (size_t)put;
	}
	if (close(fd) < 0 || n)
		return -1;
	return renameat(c->dir, ".new", c->dir, name);
}

static char *describe(const struct capture *c, const struct smtpd_mail *m)
{
	char when[32], *text;
	json_t *to = json_array(), *o;

	for (size_t i = 0; i < m->to_n; i++)
		json_array_append_new(to, json_string(m->to[i]));
	o = json_pack("{s:s, s:o, s:s, s:b, s:s}", "from", m->from, "to", to, "helo", m->helo, "tls", 0, "received",
		      time_iso(clock_now(&c->clock), when));
	MUST(o); /* smtpd lets valid UTF-8 through only */
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	MUST(text);
	return text;
}

static int keep(struct capture *c, const struct smtpd_mail *m)
{
	char name[40], *text = describe(c, m);
	int rc;

	snprintf(name, sizeof(name), "%08llu.json", (unsigned long long)c->number + 1);
	rc = write_file(c, name, text, strlen(text));
	free(text);
	if (rc < 0)
		return -1;
	snprintf(name, sizeof(name), "%08llu.eml", (unsigned long long)c->number + 1);
	if (write_file(c, name, m->data, m->n) < 0)
		return -1;
	c->number++;
	return 0;
}

static void on_message(void *ctx, const struct smtpd_mail *m, struct buf *reply)
{
	struct client *client = ctx;

	if (keep(client->capture, m) < 0) {
		log_event(LOG_LEVEL_ERROR, "capture-cannot-write", "why", strerror(errno), NULL);
		buf_adds(reply, "452 4.3.1 The message could not be kept");
		return;
	}
	buf_addf(reply, "250 2.0.0 Ok: queued as %08llu", (unsigned long long)client->capture->number);
}

static bool pattern_fits(const struct pattern *p, const char *text)
{
	return p->set && regexec(&p->regex, text, 0, NULL, 0) == 0;
}

static const char *on_rcpt(void *ctx, const char *to)
{
	const struct capture *c = ((const struct client *)ctx)->capture;

	if (pattern_fits(&c->reject, to))
		return "550 5.1.1 No such mailbox (refused on request)";
	if (pattern_fits(&c->defer, to))
		return "450 4.2.0 Not now (deferred on request)";
	return NULL;
}

/* --- Clients --- */

static void client_free(struct client *k)
{
	struct capture *c = k->capture;

	if (k->before)
		k->before->next = k->next;
	else
		c->clients = k->next;
	if (k->next)
		k->next->before = k->before;
	c->clients_n--;
	event_free(k->readable);
	event_free(k->writable);
	smtpd_free(k->smtp);
	close(k->fd);
	free(k);
}

/* Sends what is due. False: the client is gone. Reading waits until all is sent. */
static bool flush(struct client *k)
{
	struct buf *out = smtpd_output(k->smtp);
	ssize_t n = out->n ? send(k->fd, out->p, out->n, MSG_NOSIGNAL) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (n > 0) {
		memmove(out->p, out->p + n, out->n - (size_t)n);
		buf_cut(out, out->n - (size_t)n);
	}
	if (out->n) {
		event_del(k->readable);
		event_add(k->writable, k->capture->quiet);
		return true;
	}
	return !smtpd_is_over(k->smtp);
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	char buf[READ_MAX];
	struct client *k = ctx;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		smtpd_goodbye(k->smtp, "Nothing was said for too long");
	} else {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			client_free(k);
			return;
		}
		smtpd_input(k->smtp, buf, (size_t)n);
	}
	if (!flush(k))
		client_free(k);
}

static void on_writable(evutil_socket_t fd, short what, void *ctx)
{
	struct client *k = ctx;

	(void)fd;
	if ((what & EV_TIMEOUT) || !flush(k)) {
		client_free(k);
		return;
	}
	if (!smtpd_output(k->smtp)->n) {
		event_del(k->writable);
		event_add(k->readable, k->capture->quiet);
	}
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int n, void *ctx)
{
	static const struct smtpd_ops OPS = { .rcpt = on_rcpt, .message = on_message };
	struct capture *c = ctx;
	struct client *k;
	int one = 1;

	(void)listener;
	(void)from;
	(void)n;
	if (c->clients_n >= CLIENTS_MAX) {
		send(fd, "421 4.3.2 Too many connections\r\n", 32, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	k = mem_alloc(sizeof(*k));
	k->capture = c;
	k->fd = fd;
	k->smtp = smtpd_new("capture.localhost", &OPS, k);
	k->readable = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, k);
	k->writable = event_new(c->base, fd, EV_WRITE | EV_PERSIST, on_writable, k);
	MUST(k->readable && k->writable);
	k->next = c->clients;
	if (k->next)
		k->next->before = k;
	c->clients = k;
	c->clients_n++;
	event_add(k->readable, c->quiet);
	if (!flush(k))
		client_free(k);
}

/* --- Opening --- */

static int compile(struct pattern *p, const char *text, const char *option, struct err *e)
{
	char why[200];
	int rc;

	if (!text)
		return 0;
	rc = regcomp(&p->regex, text, REG_EXTENDED | REG_NOSUB | REG_ICASE);
	if (rc) {
		regerror(rc, &p->regex, why, sizeof(why));
		return err_set(e, ERR_INPUT, "%s \"%s\": %s", option, text, why);
	}
	p->set = true;
	return 0;
}

/* The greatest number of a message there, of which there may be half after a crash. */
static int find_last_number(struct capture *c, const char *path, struct err *e)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	if (!d)
		return err_sys(e, ERR_INPUT, errno, "%s", path);
	while ((entry = readdir(d))) {
		const char *dot = strchr(entry->d_name, '.');
		char digits[24];
		int64_t number;

		if (!dot || (size_t)(dot - entry->d_name) >= sizeof(digits) ||
		    (strcmp(dot, ".eml") != 0 && strcmp(dot, ".json") != 0))
			continue;
		memcpy(digits, entry->d_name, (size_t)(dot - entry->d_name));
		digits[dot - entry->d_name] = '\0';
		if (parse_i64(digits, 1, INT64_MAX - 1, &number) == 0 && (uint64_t)number > c->number)
			c->number = (uint64_t)number;
	}
	closedir(d);
	return 0;
}

static int open_dir(struct capture *c, const char *path, struct err *e)
{
	char lock[4096];

	if (file_make_dirs(path, 0700, e) < 0)
		return -1;
	if (snprintf(lock, sizeof(lock), "%s/.lock", path) >= (int)sizeof(lock))
		return err_set(e, ERR_INPUT, "the name of the folder is too long");
	c->lock = file_lock(lock, e);
	if (c->lock < 0)
		return err_in(e, "another capture writes there");
	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0)
		return err_sys(e, ERR_INPUT, errno, "%s", path);
	return find_last_number(c, path, e);
}

static int start_listening(struct capture *c, const char *text, struct err *e)
{
	struct listen_at at;
	int fd;

	if (listen_at_parse(text, &at, e) < 0 || (fd = net_listen(&at, e)) < 0)
		return -1;
	net_listening_text(fd, c->listening);
	c->listener = evconnlistener_new(c->base, on_accept, c, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	MUST(c->listener);
	return 0;
}

struct capture *capture_open(const struct capture_options *o, struct event_base *base, struct err *e)
{
	static const struct timeval QUIET = { .tv_sec = QUIET_MAX };
	struct capture *c = mem_alloc(sizeof(*c));

	c->base = base;
	c->dir = c->lock = -1;
	if (o->clock)
		c->clock = *o->clock;
	c->quiet = event_base_init_common_timeout(base, &QUIET); /* a list, not a heap: each event resets it */
	if (!c->quiet)
		c->quiet = &QUIET;
	if (compile(&c->reject, o->reject, "--reject", e) < 0 || compile(&c->defer, o->defer, "--defer", e) < 0 ||
	    open_dir(c, o->dir, e) < 0 || start_listening(c, o->listen, e) < 0) {
		capture_close(c);
		return NULL;
	}
	return c;
}

const char *capture_listening(const struct capture *c)
{
	return c->listening;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	for (struct client *k = c->clients, *next; k; k = next) {
		next = k->next;
		client_free(k);
	}
	if (c->listener)
		evconnlistener_free(c->listener);
	if (c->reject.set)
		regfree(&c->reject.regex);
	if (c->defer.set)
		regfree(&c->defer.regex);
	if (c->dir >= 0)
		close(c->dir);
	if (c->lock >= 0)
		close(c->lock);
	free(c);
}

int capture_run(const struct capture_options *o, struct err *e)
{
	struct loop *loop = loop_new(e);
	struct capture *c;
	int rc = -1;

	if (!loop)
		return -1;
	c = capture_open(o, loop_base(loop), e);
	if (c) {
		if (o->ready)
			o->ready(o->ctx, c->listening);
		rc = loop_run(loop, e);
	}
	capture_close(c);
	loop_free(loop);
	return rc;
}
