/*
 * The public pages on sample data, for looking at and for test_web_raw.py:
 *   web_demo [ADDR:PORT] [empty|broken]
 * prints where it listens, a few tokens, and "ready"; ends at SIGTERM.
 */
#include "base/net.h"
#include "mail/token.h"
#include "web/web.h"
#include "web_stand_in.h"

static void print_tokens(const struct home *h)
{
	static const char *const NAMES[] = { "dead", "opt-out", "opt-out-button", "opt-out-chunks", "opt-out-odd" };
	char text[TOKEN_TEXT_MAX], code[CODE_TEXT_MAX];

	for (size_t i = 0; i < COUNT(NAMES); i++) {
		token_for_url(&h->tokens, TOKEN_OPT_OUT, (int64_t)i, text);
		printf("%s %s\n", NAMES[i], text);
	}
	for (int64_t i = 1; i <= 4; i++) {
		token_for_url(&h->tokens, TOKEN_CONFIRM, i, text);
		printf("confirm-%lld %s\n", (long long)i, text);
	}
	code_make(&h->tokens, 5, code);
	printf("code %s\n", code);
	code_make(&h->tokens, 8, code);
	printf("code-revoked %s\n", code);
	code_make(&h->tokens, 0, code);
	printf("code-dead %s\n", code);
	printf("welcome %s\nready\n", STAND_IN_LINK);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct listen_at at;
	char name[128];
	struct home *h = stand_in_home(a, "http://127.0.0.1");
	struct web *w = NULL;
	struct err e;
	struct loop *loop = loop_new(&e);
	int sock, rc;

	stand_in.empty = argc > 2 && strcmp(argv[2], "empty") == 0;
	stand_in.broken = argc > 2 && strcmp(argv[2], "broken") == 0;
	if (!loop || listen_at_parse(argc > 1 ? argv[1] : "127.0.0.1:0", &at, &e) < 0 || (sock = net_listen(&at, &e)) < 0 ||
	    !(w = web_start(h, loop, sock, &e))) {
		fprintf(stderr, "web_demo: %s\n", e.text);
		return 1;
	}
	printf("listening %s\n", net_listening_text(sock, name));
	print_tokens(h);
	rc = loop_run(loop, &e);
	web_stop(w);
	loop_free(loop);
	arena_free(a);
	return rc < 0;
}
