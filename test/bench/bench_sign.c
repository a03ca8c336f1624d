/*
 * Signatures a second on one core, as a sender makes them: dkim_sign of whole
 * messages of 9 kB that differ in recipient, tokens and words, with RSA-2048,
 * with Ed25519 and with both, and what hashing alone costs. The limit is what
 * `openssl speed` says in the same run: ./dev bench sign puts it beside. The
 * processor's time is counted, since the machine may be busy. For a build
 * without sanitizers.
 */
#include "base/clock.h"
#include "mail/dkim.h"
#include "mail/dkim_canon.h"

#include <openssl/rsa.h>

#define RUN       (2 * SECOND)
#define BODY_SIZE 9000
#define MESSAGES  64

static int64_t used(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void make_head(struct buf *out, long n)
{
	buf_addf(out,
		 "From: \"Dr Ada Byron (Drinking water at home)\"\r\n <water@research-mail.example.ac.uk>\r\n"
		 "To: jo.fisher%ld@example.org\r\n"
		 "Subject: An invitation to the second round\r\n"
		 "Date: Mon, 23 Nov 2026 16:27:04 +0000\r\n"
		 "Message-ID: <aeaw2aaaaaaaaaabfky2k5vh%010ld@research-mail.example.ac.uk>\r\n"
		 "Reply-To: <water-study@research-mail.example.ac.uk>\r\n"
		 "List-Id: <water.research-mail.example.ac.uk>\r\n"
		 "List-Unsubscribe: <https://research-mail.example.ac.uk/opt-out/AQFvAAAAAAAAAAEq3kXo1u0s7d%010ld>,\r\n"
		 " <mailto:unsub+aeaw6aaaaaaaaaabfky2k5v%010ld@research-mail.example.ac.uk?subject=unsubscribe>\r\n"
		 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
		 "CFBL-Address: fbl+aeawmaaaaaaaaaabfky2k5vh%010ld@research-mail.example.ac.uk;\r\n report=arf\r\n"
		 "CFBL-Feedback-ID: aeawmaaaaaaaaaabfky2k5vh%010ld\r\n"
		 "Feedback-ID: 17:water:mailing:placet01\r\n"
		 "Auto-Submitted: auto-generated\r\n"
		 "Precedence: bulk\r\n"
		 "MIME-Version: 1.0\r\n"
		 "Content-Type: multipart/alternative; boundary=\"=_placet-17\"\r\n",
		 n, n, n, n, n, n);
}

/* Lines of 73 columns, and one of the recipient's own. */
static void make_body(struct buf *out, long n)
{
	buf_addf(out, "Dear participant %010ld,\r\n\r\n", n);
	while (out->n < BODY_SIZE)
		buf_adds(out, "Over the past year many households in your town sent us samples of it.=20\r\n");
}

struct message {
	struct buf head, body;
};

struct room {
	struct message message[MESSAGES];
	struct buf out;
};

static void sign(struct room *r, const struct dkim_signer *s, size_t n, long i)
{
	const struct message *m = &r->message[i % MESSAGES];
	struct err e = { 0 };

	buf_clear(&r->out);
	if (dkim_sign(s, n, (struct slice){ m->head.p, m->head.n }, (struct slice){ m->body.p, m->body.n },
		      INT64_C(1795417830) * SECOND + i * 300, &r->out, &e) < 0) {
		fprintf(stderr, "bench_sign: %s\n", e.text);
		exit(1);
	}
}

/* OpenSSL's own signature with the same key, of a hash that is there: what nothing on this machine can pass. */
static EVP_PKEY_CTX *bare(const struct dkim_key *k)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);

	MUST(ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	return ctx;
}

static void sign_bare(EVP_PKEY_CTX *ctx, long i)
{
	uint8_t hash[DKIM_HASH_SIZE] = { (uint8_t)i, (uint8_t)(i >> 8) }, out[256];
	size_t n = sizeof(out);

	MUST(EVP_PKEY_sign(ctx, out, &n, hash, sizeof(hash)) == 1);
}

/* Ours and, by turns, so that other work on the machine slows both alike, the bare one (NULL: none). */
static void per_second(const char *what, struct room *r, const struct dkim_signer *s, size_t n, EVP_PKEY_CTX *beside)
{
	int64_t ours = 0, theirs = 0, start;
	long done = 0, done_bare = 0;

	do {
		start = used();
		for (int i = 0; i < 100; i++)
			sign(r, s, n, done++);
		ours += used() - start;
		start = used();
		for (int i = 0; i < 100 && beside; i++)
			sign_bare(beside, done_bare++);
		theirs += used() - start;
	} while (ours < RUN);
	printf("%s %.1f\n", what, (double)done * SECOND / (double)ours);
	if (beside)
		printf("%s-bare %.1f\n", what, (double)done_bare * SECOND / (double)theirs);
}

static void hashing(const struct room *r)
{
	int64_t start = used();
	uint8_t hash[DKIM_HASH_SIZE];
	long done = 0;

	do {
		for (int i = 0; i < 1000; i++, done++) {
			const struct buf *b = &r->message[done % MESSAGES].body;

			MUST(dkim_body_hash_clean((struct slice){ b->p, b->n }, hash));
		}
	} while (used() - start < RUN / 4);
	printf("body-us %.3f\n", (double)(used() - start) / (double)done);
}

int main(void)
{
	static struct room r;
	EVP_PKEY_CTX *ctx;
	struct err e = { 0 };
	struct dkim_key *rsa = dkim_key_new(DKIM_RSA_2048, &e), *ed = dkim_key_new(DKIM_ED25519, &e);
	struct dkim_signer both[] = { { "research-mail.example.ac.uk", "p2026q4r", rsa },
				      { "research-mail.example.ac.uk", "p2026q4e", ed } };

	MUST(rsa && ed);
	buf_init(&r.out, 10000);
	for (long i = 0; i < MESSAGES; i++) {
		buf_init(&r.message[i].head, 10000);
		buf_init(&r.message[i].body, 20000);
		make_head(&r.message[i].head, i);
		make_body(&r.message[i].body, i);
	}
	ctx = bare(rsa);
	per_second("rsa", &r, &both[0], 1, ctx);
	per_second("ed25519", &r, &both[1], 1, NULL);
	per_second("both", &r, both, 2, NULL);
	EVP_PKEY_CTX_free(ctx);
	hashing(&r);
	for (long i = 0; i < MESSAGES; i++) {
		buf_free(&r.message[i].head);
		buf_free(&r.message[i].body);
	}
	buf_free(&r.out);
	dkim_key_free(rsa);
	dkim_key_free(ed);
	return 0;
}
