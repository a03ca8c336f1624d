/*
 * The pool against a relay that follows a script, over loopback. The relay is
 * a thread with blocking sockets; each connection has its own script:
 *   S text   say this line          C text   read a line that begins with text
 *   D        read content up to the final dot
 *   O        serve everything as an ordinary relay until QUIT or the end
 *   E        read EHLO and offer PIPELINING; N: offer nothing
 *   T        do TLS                 X        close
 *   R        do TLS, which must resume a session; U: must know the client by its certificate
 *   B        another connection must be waiting by now
 *   W        wait for the client to close, reading nothing; w: not for long (a full pipe hides the close)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "smtp/pool.h"

#define SHORT 200000 /* microseconds: a time-out that is meant to strike */
#define GIVEN "C MAIL", "S 250 ok", "C RCPT", "S 250 ok", "C DATA", "S 354 go"
#define NEXT "C MAIL", "C RCPT", "C DATA"

struct test_case {
	const char *name;
	int jobs;
	const char *const scripts[4][40]; /* one for each connection, in order */
	const char *want;                 /* what the pool reported, one word a message or fault */
	struct smtp_limits limits;
	size_t size; /* of each message; 0: small */
	enum relay_mode mode;
	const char *host, *user, *certified; /* certified: whom the certificate is for */
	bool distrust;                       /* the client does not know the CA */
	bool port_closed;
	bool old_tls;                        /* the relay knows TLS 1.1 at most */
	bool by_certificate;                 /* the client has one; U wants it */
	const char *token;                   /* what is in the token's file */
	bool no_token_file;
};

#define OFFER(keywords) "S 220 hi", "C EHLO", "S 250-hi", "S 250-PIPELINING", "S 250 " keywords

static const struct test_case CASES[] = {
	{ .name = "three messages", .jobs = 3, .scripts = { { "S 220 hi", "O" } }, .want = "accepted:1 accepted:2 accepted:3 " },
	{ .name = "without pipelining",
	  .jobs = 2,
	  .scripts = { { "S 220 hi", "N", GIVEN, "D", "S 250 ok", GIVEN, "D", "S 250 ok", "W" } },
	  .want = "accepted:1 accepted:2 " },
	{ .name = "cut after the dot",
	  .jobs = 2,
	  .scripts = { { "S 220 hi", "E", GIVEN, "D", "X" }, { "S 220 hi", "O" } },
	  .want = "uncertain:1 not-started:2 fault:50 accepted:2 " },
	{ .name = "cut after the dot and the next envelope",
	  .jobs = 2,
	  .scripts = { { "S 220 hi", "E", GIVEN, "D", NEXT, "X" }, { "S 220 hi", "O" } },
	  .want = "uncertain:1 not-started:2 fault:50 accepted:2 " },
	{ .name = "cut before the dot",
	  .jobs = 1,
	  .scripts = { { "S 220 hi", "E", "C MAIL", "S 250 ok", "X" }, { "S 220 hi", "O" } },
	  .want = "not-started:1 fault:50 accepted:1 " },
	{ .name = "the reply to the dot, then the end",
	  .jobs = 2,
	  .scripts = { { "S 220 hi", "E", GIVEN, "D", NEXT, "S 250 ok", "X" }, { "S 220 hi", "O" } },
	  .want = "accepted:1 not-started:2 fault:50 accepted:2 " },
	{ .name = "421 as greeting", .jobs = 1, .scripts = { { "S 421 later", "X" }, { "S 220 hi", "O" } }, .want = "fault:50 accepted:1 " },
	{ .name = "421 to the dot",
	  .jobs = 1,
	  .scripts = { { "S 220 hi", "E", GIVEN, "D", "S 421 bye", "X" }, { "S 220 hi", "O" } },
	  .want = "not-started:1 fault:50 accepted:1 " },
	{ .name = "no greeting",
	  .jobs = 1,
	  .limits = { .greeting = SHORT },
	  .scripts = { { "W" }, { "S 220 hi", "O" } },
	  .want = "fault:50 accepted:1 " },
	{ .name = "no reply to MAIL",
	  .jobs = 1,
	  .limits = { .reply = SHORT },
	  .scripts = { { "S 220 hi", "E", "C MAIL", "W" }, { "S 220 hi", "O" } },
	  .want = "not-started:1 fault:50 accepted:1 " },
	{ .name = "no reply to the dot",
	  .jobs = 1,
	  .limits = { .dot = SHORT },
	  .scripts = { { "S 220 hi", "E", GIVEN, "D", "W" } },
	  .want = "uncertain:1 fault:50 " },
	{ .name = "the relay stops reading: the dot never left",
	  .jobs = 1,
	  .size = 9000000,
	  .limits = { .data = SHORT },
	  .scripts = { { "S 220 hi", "E", GIVEN, "w" }, { "S 220 hi", "O" } },
	  .want = "not-started:1 fault:50 accepted:1 " },
	{ .name = "a large message", .jobs = 1, .size = 3000000, .scripts = { { "S 220 hi", "O" } }, .want = "accepted:1 " },
	{ .name = "refused recipients, a new connection after two",
	  .jobs = 3,
	  .limits = { .rejected_max = 2 },
	  .scripts = { { "S 220 hi", "E", "C MAIL", "S 250 ok", "C RCPT", "S 550 5.1.1 no", "C DATA", "S 503 no", "C RSET",
			 "S 250 ok", "C MAIL", "S 250 ok", "C RCPT", "S 450 4.2.0 no", "C DATA", "S 503 no", "C QUIT", "X" },
		       { "S 220 hi", "O" } },
	  .want = "failed:1 deferred:2 accepted:3 " },
	{ .name = "MAILMAX: the next connection is there before the first one ends",
	  .jobs = 4,
	  .scripts = { { OFFER("LIMITS MAILMAX=3"), GIVEN, "D", "B", "S 250 ok", GIVEN, "D", "S 250 ok", GIVEN, "D", "S 250 ok",
			 "C QUIT", "X" },
		       { "S 220 hi", "O" } },
	  .want = "accepted:1 accepted:2 accepted:3 accepted:4 " },
	{ .name = "MAILMAX: one connection more than may be is refused, and nobody is at fault",
	  .jobs = 4,
	  .scripts = { { OFFER("LIMITS MAILMAX=2"), GIVEN, "D", "B", "S 250 ok", GIVEN, "D", "S 250 ok", "C QUIT", "X" },
		       { "S 421 too many connections", "X" },
		       { "S 220 hi", "O" } },
	  .want = "accepted:1 accepted:2 accepted:3 accepted:4 " },
	{ .name = "MAILMAX=1", .jobs = 3, .scripts = { { OFFER("LIMITS MAILMAX=1"), GIVEN, "D", "S 250 ok", "C QUIT", "X" },
						      { OFFER("LIMITS MAILMAX=1"), GIVEN, "D", "S 250 ok", "C QUIT", "X" },
						      { OFFER("LIMITS MAILMAX=1"), GIVEN, "D", "S 250 ok", "C QUIT", "X" } },
	  .want = "accepted:1 accepted:2 accepted:3 " },
	{ .name = "the next connection resumes TLS",
	  .jobs = 2,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .scripts = { { "T", OFFER("LIMITS MAILMAX=1"), GIVEN, "D", "S 250 ok", "C QUIT", "X" }, { "R", "S 220 hi", "O" } },
	  .want = "accepted:1 accepted:2 " },
	{ .name = "a relay that knows the client by its certificate",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .certified = "DNS:localhost",
	  .by_certificate = true,
	  .scripts = { { OFFER("STARTTLS"), "C STARTTLS", "S 220 go", "U", "C EHLO", "S 250-hi", "S 250 AUTH EXTERNAL PLAIN",
			 "C AUTH EXTERNAL =", "S 235 welcome", "O" } },
	  .want = "accepted:1 " },
	{ .name = "no certificate where the relay wants one",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .scripts = { { "U", "X" } },
	  .want = "fault:50 " },
	{ .name = "a relay that stopped at TLS 1.1",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .old_tls = true,
	  .scripts = { { "T", "X" } },
	  .want = "fault:50 " },
	{ .name = "the token is read for each connection, without the line end behind it",
	  .jobs = 1,
	  .user = "news",
	  .token = "abc\n",
	  .scripts = { { "S 220 hi", "C EHLO", "S 250-hi", "S 250 AUTH XOAUTH2", "C AUTH XOAUTH2 dXNlcj1uZXdzAWF1dGg9QmVhcmVyIGFiYwEB",
			 "S 235 welcome", "O" } },
	  .want = "accepted:1 " },
	{ .name = "no file of the token", .jobs = 1, .user = "news", .no_token_file = true, .scripts = { { "X" } }, .want = "fault:50 " },
	{ .name = "nobody listens", .jobs = 1, .port_closed = true, .want = "fault:50 fault:100 " },
	{ .name = "STARTTLS and AUTH",
	  .jobs = 2,
	  .mode = RELAY_STARTTLS,
	  .user = "news",
	  .certified = "DNS:localhost",
	  .scripts = { { "S 220 hi", "C EHLO", "S 250-hi", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "T", "C EHLO", "S 250-hi",
			 "S 250 AUTH PLAIN", "C AUTH PLAIN AG5ld3MAc2VjcmV0", "S 235 welcome", "O" } },
	  .want = "accepted:1 accepted:2 " },
	{ .name = "a certificate for somebody else",
	  .jobs = 1,
	  .mode = RELAY_STARTTLS,
	  .certified = "DNS:other.example",
	  .scripts = { { "S 220 hi", "C EHLO", "S 250-hi", "S 250 STARTTLS", "C STARTTLS", "S 220 go", "T", "X" } },
	  .want = "fault:50 " },
	{ .name = "a certificate from nobody",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .distrust = true,
	  .scripts = { { "T", "X" } },
	  .want = "fault:50 " },
	{ .name = "smtps with a name",
	  .jobs = 2,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .size = 300000,
	  .scripts = { { "T", "S 220 hi", "O" } },
	  .want = "accepted:1 accepted:2 " },
	{ .name = "smtps with an address",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .host = "127.0.0.1",
	  .certified = "IP:127.0.0.1",
	  .scripts = { { "T", "S 220 hi", "O" } },
	  .want = "accepted:1 " },
	{ .name = "a name is no address",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .host = "127.0.0.1",
	  .certified = "DNS:localhost",
	  .scripts = { { "T", "X" } },
	  .want = "fault:50 " },
	{ .name = "TLS cut after the dot",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .scripts = { { "T", "S 220 hi", "E", GIVEN, "D", "X" } },
	  .want = "uncertain:1 fault:50 " },
	{ .name = "no TLS where there should be",
	  .jobs = 1,
	  .mode = RELAY_TLS,
	  .certified = "DNS:localhost",
	  .scripts = { { "S 220 hi", "W" } },
	  .want = "fault:50 " },
};

/* --- The relay --- */

struct server {
	const struct test_case *c;
	int listener, fd, stop[2];
	SSL_CTX *tls_ctx;
	SSL *tls;
	char in[70000];
	size_t in_at, in_n; /* unread bytes are between them */
	size_t content_n; /* of the last message */
	char wrong[300];
};

static ssize_t server_read(struct server *s)
{
	ssize_t n;

	memmove(s->in, s->in + s->in_at, s->in_n - s->in_at);
	s->in_n -= s->in_at;
	s->in_at = 0;
	if (s->tls)
		n = SSL_read(s->tls, s->in + s->in_n, (int)(sizeof(s->in) - s->in_n));
	else
		n = recv(s->fd, s->in + s->in_n, sizeof(s->in) - s->in_n, 0);
	if (n > 0)
		s->in_n += (size_t)n;
	return n;
}

/* A line without CRLF into out; false at the end. */
static bool server_line(struct server *s, char *out, size_t max)
{
	char *lf;

	while (!(lf = memchr(s->in + s->in_at, '\n', s->in_n - s->in_at)))
		if (s->in_n - s->in_at == sizeof(s->in) || server_read(s) <= 0)
			return false;
	snprintf(out, max, "%.*s", (int)(lf - s->in - 1) - (int)s->in_at, s->in + s->in_at);
	s->in_at = (size_t)(lf - s->in) + 1;
	return true;
}

static void server_say(struct server *s, const char *text)
{
	char line[200];
	int n = snprintf(line, sizeof(line), "%s\r\n", text);

	if (s->tls)
		SSL_write(s->tls, line, n);
	else
		(void)!send(s->fd, line, (size_t)n, MSG_NOSIGNAL); /* a client that is gone shows when reading */
}

static bool server_content(struct server *s)
{
	char line[2000];

	s->content_n = 0;
	while (server_line(s, line, sizeof(line))) {
		if (strcmp(line, ".") == 0)
			return true;
		s->content_n += strlen(line) + 2 - (line[0] == '.');
	}
	return false;
}

static void server_ordinary(struct server *s)
{
	char line[2000];

	while (server_line(s, line, sizeof(line))) {
		if (strncmp(line, "EHLO", 4) == 0) {
			server_say(s, "250-relay");
			server_say(s, "250 PIPELINING");
		} else if (strncmp(line, "DATA", 4) == 0) {
			server_say(s, "354 go");
			if (!server_content(s))
				return;
			server_say(s, "250 2.0.0 Ok: queued as Q1");
		} else if (strncmp(line, "QUIT", 4) == 0) {
			return;
		} else {
			server_say(s, "250 ok");
		}
	}
}

static bool server_tls(struct server *s, char how)
{
	s->tls = SSL_new(s->tls_ctx);
	SSL_set_fd(s->tls, s->fd);
	if (how == 'U')
		SSL_set_verify(s->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_accept(s->tls); /* what comes of it is the client's to say */
	return how != 'R' || SSL_session_reused(s->tls);
}

static bool another_waits(const struct server *s)
{
	struct pollfd p = { .fd = s->listener, .events = POLLIN };

	return poll(&p, 1, 5000) == 1;
}

static void server_wait(struct server *s, int ms)
{
	struct pollfd p[2] = { { .fd = s->fd, .events = POLLRDHUP }, { .fd = s->stop[0], .events = POLLIN } };

	poll(p, 2, ms);
}

static bool server_step(struct server *s, const char *step)
{
	const char *rest = step[1] ? step + 2 : "";
	char line[2000];

	switch (step[0]) {
	case 'S':
		server_say(s, rest);
		return true;
	case 'E':
	case 'N':
		if (!server_line(s, line, sizeof(line)) || strncmp(line, "EHLO ", 5) != 0)
			break;
		server_say(s, step[0] == 'N' ? "250 relay" : "250-relay");
		if (step[0] == 'E')
			server_say(s, "250 PIPELINING");
		return true;
	case 'C':
		if (!server_line(s, line, sizeof(line)) || strncmp(line, rest, strlen(rest)) != 0)
			break;
		return true;
	case 'D':
		return server_content(s);
	case 'O':
		server_ordinary(s);
		return true;
	case 'T':
	case 'R':
	case 'U':
		if (server_tls(s, step[0]))
			return true;
		break;
	case 'B':
		if (another_waits(s))
			return true;
		break;
	case 'W':
	case 'w':
		server_wait(s, step[0] == 'w' ? 4 * SHORT / 1000 : 10000);
		return true;
	default:
		return false;
	}
	snprintf(s->wrong, sizeof(s->wrong), "expected %s", step);
	return false;
}

static void *server_main(void *arg)
{
	struct server *s = arg;

	for (size_t i = 0; i < COUNT(s->c->scripts) && s->c->scripts[i][0]; i++) {
		struct pollfd p[2] = { { .fd = s->listener, .events = POLLIN }, { .fd = s->stop[0], .events = POLLIN } };

		poll(p, 2, 10000);
		if (!(p[0].revents & POLLIN))
			break;
		s->fd = accept(s->listener, NULL, NULL);
		s->in_at = s->in_n = 0;
		for (size_t k = 0; k < COUNT(s->c->scripts[i]) && s->c->scripts[i][k]; k++)
			if (!server_step(s, s->c->scripts[i][k]))
				break;
		SSL_free(s->tls);
		s->tls = NULL;
		close(s->fd);
	}
	return NULL;
}

/* --- A certificate that signs itself --- */

static X509 *make_certificate(EVP_PKEY *key, const char *whom)
{
	X509 *x = X509_new();
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, whom);
	X509_NAME *subject = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, subject);
	assert_non_null(names);
	X509_add_ext(x, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static void make_tls(struct server *s, const char *whom, char ca_file[64])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make_certificate(key, whom);
	FILE *f;

	s->tls_ctx = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(s->tls_ctx, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s->tls_ctx, key), 1);
	snprintf(ca_file, 64, "/tmp/placet-ca-XXXXXX");
	f = fdopen(mkstemp(ca_file), "w");
	assert_non_null(f);
	PEM_write_X509(f, x);
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	SSL_CTX_load_verify_locations(s->tls_ctx, ca_file, NULL); /* of clients too */
	if (s->c->old_tls) {
		SSL_CTX_set_security_level(s->tls_ctx, 0);
		SSL_CTX_set_min_proto_version(s->tls_ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(s->tls_ctx, TLS1_1_VERSION);
	}
	X509_free(x);
	EVP_PKEY_free(key);
}

/* --- The pool's user --- */

struct user {
	const struct test_case *c;
	struct event_base *base;
	struct smtp_pool *pool;
	bool waiting[8];
	char *data;
	size_t n;
	struct buf report;
	char last_text[400];
};

static int next(void *ctx, struct smtp_job *job)
{
	struct user *u = ctx;

	for (int i = 1; i <= u->c->jobs; i++) {
		if (!u->waiting[i])
			continue;
		u->waiting[i] = false;
		*job = (struct smtp_job){ .id = i, .from = "b@id.example", .to = "r@to.example", .data = u->data, .n = u->n };
		return 1;
	}
	return 0;
}

static int dot(void *ctx, const struct smtp_job *job)
{
	(void)ctx;
	(void)job;
	return 0;
}

static void check_end(struct user *u)
{
	if (strlen(buf_text(&u->report)) >= strlen(u->c->want))
		event_base_loopbreak(u->base);
}

static void done(void *ctx, const struct smtp_job *job, const struct smtp_outcome *o)
{
	static const char *const END[] = { "accepted", "deferred", "failed", "uncertain", "not-started" };
	struct user *u = ctx;

	buf_addf(&u->report, "%s:%d ", END[o->end], (int)job->id);
	if (o->end == SMTP_NOT_STARTED) {
		u->waiting[job->id] = true;
		smtp_pool_wake(u->pool);
	}
	check_end(u);
}

static void relay_fault(void *ctx, const struct smtp_outcome *o, int64_t wait)
{
	struct user *u = ctx;

	/* Up to an eighth less than 50, 100, 200 ms. */
	for (int64_t most = 50000; most < 1000000; most *= 2)
		if (wait <= most && wait >= most - most / 8)
			buf_addf(&u->report, "fault:%d ", (int)(most / 1000));
	snprintf(u->last_text, sizeof(u->last_text), "%s", o->text);
	assert_int_equal(o->fault, FAULT_RELAY);
	check_end(u);
}

static void make_data(struct user *u)
{
	struct buf b;

	buf_init(&b, u->c->size + 200);
	buf_adds(&b, "Subject: x\r\n\r\n.dot\r\n");
	while (b.n < u->c->size)
		buf_addf(&b, "%074d\r\n", (int)b.n);
	u->data = b.p;
	u->n = b.n;
}

static int listen_somewhere(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 65536;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)); /* so that a relay which does not read is felt */
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 10), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void drive(struct user *u, const struct relay *relay)
{
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done, .relay_fault = relay_fault };
	struct smtp_limits limits = u->c->limits;
	struct err e = { 0 };

	limits.connections = 1;
	limits.back_off = 50000;
	u->base = event_base_new();
	u->pool = smtp_pool_new(u->base, relay, &limits, &ops, u, &e);
	if (!u->pool)
		fail_msg("%s: %s", u->c->name, e.text);
	for (int i = 1; i <= u->c->jobs; i++)
		u->waiting[i] = true;
	smtp_pool_wake(u->pool);
	event_base_loopexit(u->base, &(struct timeval){ .tv_sec = 15 });
	event_base_dispatch(u->base);
	assert_int_equal(smtp_pool_in_flight(u->pool), 0);
	smtp_pool_free(u->pool);
	event_base_free(u->base);
}

static void run_case(const struct test_case *c)
{
	struct relay relay = { .mode = c->mode, .host = c->host ? c->host : "localhost", .user = c->user, .password = "secret" };
	static struct server s;
	struct user u = { .c = c };
	char ca_file[64] = "", token_file[] = "/tmp/placet-token-XXXXXX";
	pthread_t thread;
	int fd = mkstemp(token_file);

	s = (struct server){ .c = c };
	s.listener = listen_somewhere(&relay.port);
	assert_int_equal(pipe(s.stop), 0);
	if (c->certified)
		make_tls(&s, c->certified, ca_file);
	if (c->certified && !c->distrust)
		relay.ca_file = ca_file;
	if (c->by_certificate)
		relay.client_cert = ca_file; /* with its key */
	if (c->token)
		assert_int_equal(write(fd, c->token, strlen(c->token)), (ssize_t)strlen(c->token));
	close(fd);
	if (c->no_token_file)
		unlink(token_file);
	if (c->token || c->no_token_file)
		relay.token_file = token_file;
	if (c->port_closed)
		close(s.listener);
	assert_int_equal(pthread_create(&thread, NULL, server_main, &s), 0);
	buf_init(&u.report, 10000);
	make_data(&u);
	drive(&u, &relay);
	assert_int_equal(write(s.stop[1], "x", 1), 1);
	pthread_join(thread, NULL);
	if (strcmp(buf_text(&u.report), c->want) != 0 || *s.wrong)
		fail_msg("%s: %s\nlast fault: %s\nrelay: %s", c->name, buf_text(&u.report), u.last_text, s.wrong);
	if (strstr(c->want, "accepted") && s.content_n != u.n)
		fail_msg("%s: %zu of %zu bytes", c->name, s.content_n, u.n);
	if (!c->port_closed)
		close(s.listener);
	close(s.stop[0]);
	close(s.stop[1]);
	SSL_CTX_free(s.tls_ctx);
	if (*ca_file)
		unlink(ca_file);
	unlink(token_file);
	buf_free(&u.report);
	free(u.data);
}

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++)
		run_case(&CASES[i]);
}

static void plain_text_stays_here(void **state)
{
	struct event_base *base = event_base_new();
	struct relay relay = { .mode = RELAY_PLAIN, .host = "192.0.2.1", .port = 25 };
	struct smtp_ops ops = { .next = next, .dot = dot, .done = done, .relay_fault = relay_fault };
	struct smtp_limits limits = { .connections = 1 };
	struct err e = { 0 };

	(void)state;
	assert_null(smtp_pool_new(base, &relay, &limits, &ops, NULL, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	relay.mode = RELAY_TLS;
	relay.ca_file = "/nonexistent/ca.pem";
	assert_null(smtp_pool_new(base, &relay, &limits, &ops, NULL, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	relay.ca_file = NULL;
	relay.client_cert = "/nonexistent/client.pem";
	assert_null(smtp_pool_new(base, &relay, &limits, &ops, NULL, &e));
	assert_int_equal(e.kind, ERR_INPUT);
	assert_non_null(strstr(e.text, "/nonexistent/client.pem"));
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_case), cmocka_unit_test(plain_text_stays_here) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
