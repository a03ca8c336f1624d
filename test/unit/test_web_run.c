/*
 * The web role over a real home: it serves, it opts out by the link that was
 * mailed and by no forged one, it can neither read keys nor connect nor start
 * programs while it serves, and it ends at SIGTERM.
 */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/net.h"
#include "store/institution.h"
#include "web/web.h"

struct fixture {
	char path[64];
	pid_t child;
	char address[128];
	char token[TOKEN_TEXT_MAX], code[CODE_TEXT_MAX]; /* of delivery 1 */
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

/* In the role's own process, when it is ready: what it must not be able to do any more. */
static const char *find_leak(const struct home *h, const char *address)
{
	static char program[] = "/bin/true";
	char *const words[] = { program, NULL };
	struct listen_at self;
	struct err e;
	int sock = socket(AF_INET, SOCK_STREAM, 0);

	if (listen_at_parse(address, &self, &e) < 0)
		return "has no address";
	if (sock >= 0 && connect(sock, &self.addr.any, self.n) == 0)
		return "connects";
	if (open(home_file(h, h->arena, "keys/token.keys"), O_RDONLY) >= 0)
		return "reads the token keys";
	if (open(home_file(h, h->arena, "placet.conf"), O_RDONLY) >= 0)
		return "reads the configuration";
	execve(program, words, NULL);
	return "";
}

struct told {
	const struct home *home;
	int fd;
};

static void ready(void *ctx, const char *address)
{
	const struct told *t = ctx;

	dprintf(t->fd, "%s %s\n", address, find_leak(t->home, address));
}

static void run_role(const char *path, int fd)
{
	struct err e;
	struct home *h = home_open(path, &e);
	struct told told = { h, fd };
	struct web_options o = { .listen = "127.0.0.1:0", .admin_listen = "127.0.0.1:0", .ready = ready, .ctx = &told };
	int rc = h ? web_run(h, &o, &e) : -1;

	if (rc < 0)
		dprintf(fd, "failed %s\n", e.text);
	home_free(h);
	_exit(rc < 0 ? 70 : 0);
}

/* One delivery, with all that it stands on. */
static const struct query ROWS[] = {
	{ "t1", "INSERT INTO department (id, slug, name) VALUES (1, 'hydrology', 'Department of Hydrology')", NULL },
	{ "t2", "INSERT INTO account (id, address, name, roles, department_id, created) VALUES"
		" (1, 'weir@sampleton.example', 'Dr Rosalind Weir', 'researcher', 1, 1)", NULL },
	{ "t3", "INSERT INTO identity (id, name, domains, relay, outbound, purpose, created) VALUES"
		" (1, 'main', 'mail.sampleton.example', 'smtp://127.0.0.1:25', '', 'mailing', 1)", NULL },
	{ "t4", "INSERT INTO project (id, slug, title, summary, originator_id, contact, department_id, identity_id, ethics,"
		" state, approved_by, approved_at, created) VALUES (1, 'water-study', 'Water Study', 'We **measure**.', 1,"
		" 'weir@sampleton.example', 1, 1, 'SREC 1', 'approved', 1, 1, 1)", NULL },
	{ "t5", "INSERT INTO list (id, name, project_id, created) VALUES (1, 'homes', 1, 1)", NULL },
	{ "t6", "INSERT INTO address (id, delivery, given, key_hash, reserved, created) VALUES"
		" (1, 'ada@example.org', 'ada@example.org',"
		" x'0101010101010101010101010101010101010101010101010101010101010101', 1, 1)", NULL },
	{ "t7", "INSERT INTO mailing (id, project_id, list_id, subject, body, language, state, created_by, created,"
		" content_text, approved_by, approved_at) VALUES (1, 1, 1, 'Your water, {{name}}', 'x', 'en', 'done', 1, 1,"
		" 'Dear {name}', 1, 1)", NULL },
	{ "t8", "INSERT INTO delivery (id, mailing_id, address_id, fields, state) VALUES (1, 1, 1, '{}', 'accepted')", NULL },
};

static void make_home(struct fixture *f)
{
	struct home_plan plan = { .path = f->path, .url = "http://127.0.0.1:8080", .trial = true };
	struct err e;
	struct home *h;

	assert_int_equal(home_make(&plan, &e), 0);
	assert_non_null(h = home_open(f->path, &e));
	assert_int_equal(home_open_db(h, &e), 0);
	assert_int_equal(db_begin(h->db, &e), 0);
	assert_int_equal(institution_set(h, "name", "University of Sampleton", &e), 0);
	assert_int_equal(institution_set(h, "domains", "sampleton.example", &e), 0);
	for (size_t i = 0; i < COUNT(ROWS); i++)
		if (db_exec(h->db, &ROWS[i], NO_ARGS, NULL, &e) < 0)
			fail_msg("%s: %s", ROWS[i].name, e.text);
	assert_int_equal(db_commit(h->db, &e), 0);
	assert_int_equal(home_read_keys(h, &e), 0);
	token_for_url(&h->tokens, TOKEN_OPT_OUT, 1, f->token);
	code_make(&h->tokens, 1, f->code);
	home_free(h);
}

static int set_up(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	char line[400], leak[200] = "";
	int fd[2];
	ssize_t n;

	snprintf(f->path, sizeof(f->path), "/tmp/placet-web-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	make_home(f);
	assert_int_equal(pipe(fd), 0);
	f->child = fork();
	if (f->child == 0)
		run_role(f->path, fd[1]);
	close(fd[1]);
	n = read(fd[0], line, sizeof(line) - 1);
	close(fd[0]);
	assert_true(n > 0);
	line[n] = '\0';
	if (sscanf(line, "%127s %199[^\n]", f->address, leak) == 2 && *leak) {
		kill(f->child, SIGKILL);
		fail_msg("%s: %s", f->address, leak);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->child, SIGTERM);
	assert_int_equal(waitpid(f->child, &status, 0), f->child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Sends a request, reads the whole answer. */
static void ask(const struct fixture *f, const char *request, struct buf *answer)
{
	struct listen_at at;
	struct err e;
	char *room;
	ssize_t n;
	int sock;

	assert_int_equal(listen_at_parse(f->address, &at, &e), 0);
	sock = socket(at.addr.any.sa_family, SOCK_STREAM, 0);
	assert_int_equal(connect(sock, &at.addr.any, at.n), 0);
	assert_int_equal(write(sock, request, strlen(request)), (ssize_t)strlen(request));
	buf_clear(answer);
	while ((room = buf_room(answer, 4096)) && (n = read(sock, room, 4096)) > 0)
		buf_used(answer, (size_t)n);
	close(sock);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n"
#define POST(path)                                                                                                    \
	"POST " path " HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\nContent-Length: 26\r\n"                      \
	"Content-Type: application/x-www-form-urlencoded\r\n\r\nList-Unsubscribe=One-Click"

static void serves(void **state)
{
	static const struct {
		const char *request, *status, *text;
	} CASES[] = {
		{ GET("/"), "HTTP/1.1 200", "University of Sampleton" },
		{ GET("/"), "HTTP/1.1 200", "This is a trial" },
		{ GET("/"), "HTTP/1.1 200", "href=\"/projects/water-study\"" },
		{ GET("/"), "HTTP/1.1 200", "postmaster@sampleton.example" },
		{ GET("/privacy"), "HTTP/1.1 200", "<h1>Privacy" },
		{ GET("/check/7K3M-Q2XV-9TFA"), "HTTP/1.1 404", "not one of ours" },
		{ GET("/projects/none"), "HTTP/1.1 404", "There is nothing here" },
		{ GET("/healthz"), "HTTP/1.1 200", "ok" },
		{ POST("/opt-out/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "HTTP/1.1 404", "" },
		{ POST("/"), "HTTP/1.1 405", "Allow: GET, HEAD, OPTIONS" },
	};
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		ask(*state, CASES[i].request, &b);
		if (strncmp(buf_text(&b), CASES[i].status, 12) != 0 || !strstr(buf_text(&b), CASES[i].text))
			fail_msg("case %zu: no %s, %s in: %s", i, CASES[i].status, CASES[i].text, buf_text(&b));
	}
	buf_free(&b);
}

static void answers(const struct fixture *f, const char *request, const char *path, const char *body, const char *want)
{
	char text[600];
	struct buf b;

	buf_init(&b, 1 << 20);
	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\nContent-Length: %zu\r\n"
		 "Content-Type: application/x-www-form-urlencoded\r\n\r\n%s", request, path, strlen(body), body);
	ask(f, text, &b);
	if (strncmp(buf_text(&b), "HTTP/1.1 200", 12) != 0 || !strstr(buf_text(&b), want))
		fail_msg("%s %s: no \"%s\" in: %s", request, path, want, buf_text(&b));
	if (strstr(buf_text(&b), "ada@"))
		fail_msg("%s %s: the address is shown", request, path);
	buf_free(&b);
}

static void opts_out_and_checks(void **state)
{
	const struct fixture *f = *state;
	char path[100];

	answers(f, "GET", "/projects/water-study", "", "Your water, {name}");
	answers(f, "GET", "/projects/water-study/mailings/1", "", "Dear {name}");
	snprintf(path, sizeof(path), "/check/%s", f->code);
	answers(f, "GET", path, "", "A mailing with this code was approved");
	snprintf(path, sizeof(path), "/opt-out/%s", f->token);
	for (int i = 0; i < 3; i++)
		answers(f, "GET", path, "", "Do not write to me again");
	answers(f, "POST", path, "List-Unsubscribe=One-Click", "Done: you get no more");
	answers(f, "GET", path, "", "You have already left");
	answers(f, "POST", path, "confirm=1", "You will get no more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(serves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opts_out_and_checks, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
