/* token_tool HOME TYPE ID: the token of a home for a web address, as a message would carry it; for tests of pages. */
#include "base/codec.h"
#include "store/home.h"

int main(int argc, char **argv)
{
	char token[TOKEN_TEXT_MAX];
	struct err e = { 0 };
	struct home *h;
	int64_t id;

	if (argc != 4 || strlen(argv[2]) != 1 || parse_i64(argv[3], 0, INT64_MAX, &id) < 0) {
		fputs("usage: token_tool HOME TYPE ID\n", stderr);
		return 2;
	}
	h = home_open(argv[1], &e);
	if (!h || home_read_keys(h, &e) < 0) {
		fprintf(stderr, "token_tool: %s\n", e.text);
		home_free(h);
		return 70;
	}
	token_for_url(&h->tokens, (enum token_type)argv[2][0], id, token);
	puts(token);
	home_free(h);
	return 0;
}
