/*
 * For test/oracle/test_dkim_oracle.py: reads a message (CRLF) from stdin,
 * signs it with a fresh RSA key on top and a fresh Ed25519 key below, and
 * prints "selector record" for both keys, an empty line, and the message.
 * With an argument it verifies instead: the argument is the text of a record
 * that stands for every selector; prints one answer and reason a line.
 */
#include "base/clock.h"
#include "mail/dkim.h"

#define MESSAGE_MAX (1024 * 1024)

static const char *lookup(void *ctx, const char *selector, const char *domain)
{
	(void)selector;
	(void)domain;
	return ctx;
}

static int verify(struct slice message, char *record)
{
	struct arena *a = arena_new();
	struct dkim_result r[8];
	size_t n = dkim_verify(a, message, lookup, record, 0, r);

	for (size_t i = 0; i < n; i++)
		printf("%s %s\n", dkim_answer_name(r[i].answer), r[i].reason);
	arena_free(a);
	return 0;
}

static int sign(struct slice head, struct slice body)
{
	struct err e = { 0 };
	struct clock real = { 0 };
	struct dkim_key *rsa = dkim_key_new(DKIM_RSA_2048, &e), *ed = dkim_key_new(DKIM_ED25519, &e);
	struct dkim_signer s[] = { { "uni.example", "p2026q4r", rsa }, { "uni.example", "p2026q4e", ed } };
	struct buf out, record;
	int rc = 1;

	buf_init(&out, MESSAGE_MAX);
	buf_init(&record, 4096);
	for (size_t i = 0; rsa && ed && i < COUNT(s); i++) {
		buf_clear(&record);
		if (dkim_key_record(s[i].key, &record, &e) == 0)
			printf("%s %s\n", s[i].selector, buf_text(&record));
	}
	if (rsa && ed && dkim_sign(s, COUNT(s), head, body, clock_now(&real), &out, &e) == 0) {
		printf("\n%s%.*s\r\n", buf_text(&out), (int)head.n, head.p);
		fwrite(body.p, 1, body.n, stdout);
		rc = 0;
	} else {
		fprintf(stderr, "%s\n", e.text);
	}
	buf_free(&out);
	buf_free(&record);
	dkim_key_free(rsa);
	dkim_key_free(ed);
	return rc;
}

int main(int argc, char **argv)
{
	char *text = mem_alloc(MESSAGE_MAX + 1), *gap;
	size_t n = fread(text, 1, MESSAGE_MAX, stdin), head;
	int rc;

	if (argc > 1) {
		rc = verify((struct slice){ text, n }, argv[1]);
	} else {
		gap = memmem(text, n, "\r\n\r\n", 4);
		head = gap ? (size_t)(gap - text) + 2 : n;
		rc = sign((struct slice){ text, head }, (struct slice){ text + head + (gap ? 2 : 0), gap ? n - head - 2 : 0 });
	}
	free(text);
	return rc;
}
