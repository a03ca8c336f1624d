/*
 * Signing: see dkim.h. The canonical header data and the body hash are made
 * once; each signer adds its own DKIM-Signature line to them, so that both
 * signatures cover the same bytes (DKIM-2). Nothing but the arguments goes in:
 * same input, same output.
 */
#include "mail/dkim_canon.h"

#include "base/clock.h"
#include "base/codec.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#define LINE_WISH 76
#define LIFE_SECONDS (14 * 24 * 3600) /* DKIM-7 */
#define SIGNATURE_MAX 1024            /* octets of an RSA signature, with room */
#define HEAD_MAX (1024 * 1024)

/* DKIM-6. What is present is signed and once more; `always` also when absent, so that nobody can add it. */
static const struct {
	const char *name;
	bool always;
} SIGNED[] = {
	{ "From", true },
	{ "Reply-To", true },
	{ "To", true },
	{ "Cc", true },
	{ "Subject", true },
	{ "Date", true },
	{ "Message-ID", true },
	{ "In-Reply-To", false },
	{ "References", false },
	{ "MIME-Version", false },
	{ "Content-Type", true },
	{ "Content-Transfer-Encoding", false },
	{ "List-Id", false },
	{ "List-Unsubscribe", true },
	{ "List-Unsubscribe-Post", true },
	{ "List-Post", false },
	{ "List-Help", false },
	{ "List-Owner", false },
	{ "List-Archive", false },
	{ "List-Subscribe", false },
	{ "Auto-Submitted", false },
	{ "Feedback-ID", false },
	{ "CFBL-Address", false },
	{ "CFBL-Feedback-ID", false },
};

/* What all signers share. */
struct common {
	struct buf names; /* the h= list */
	struct buf data;  /* canonical fields in its order */
	char bh[64];
	int64_t seconds;
};

/* --- what is signed ------------------------------------------------------- */

/* CR and LF only as CRLF: anything else is read differently by different receivers (and smuggles mail). */
static bool has_bare_break(struct slice s)
{
	for (const char *p = s.p, *end = s.p + s.n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		if (p == s.p || p[-1] != '\r')
			return true;
	for (const char *p = s.p, *end = s.p + s.n; (p = memchr(p, '\r', (size_t)(end - p))); p++)
		if (p + 1 == end || p[1] != '\n')
			return true;
	return false;
}

static void add_name(struct common *c, const char *name)
{
	if (c->names.n)
		buf_addc(&c->names, ':');
	buf_adds(&c->names, name);
}

static void gather(struct common *c, struct dkim_picker *pick)
{
	for (size_t i = 0; i < COUNT(SIGNED); i++) {
		const struct dkim_field *f;
		bool any = false;

		while ((f = dkim_pick(pick, slice_of(SIGNED[i].name)))) {
			add_name(c, SIGNED[i].name);
			dkim_canon_field(&c->data, f->whole, true);
			any = true;
		}
		if (any || SIGNED[i].always)
			add_name(c, SIGNED[i].name); /* one more: the null string */
	}
}

static int judge_head(const struct dkim_field *f, size_t n, struct err *e)
{
	bool from = false;

	if (n > DKIM_FIELDS_MAX)
		return err_set(e, ERR_INPUT, "the message has %zu header fields: %d are the most", n, DKIM_FIELDS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!f[i].name.n)
			return err_set(e, ERR_INPUT, "line %zu of the header has no name before a colon", i + 1);
		from = from || dkim_name_is(f[i].name, slice_of("From"));
	}
	return from ? 0 : err_set(e, ERR_INPUT, "the message has no From: DKIM cannot sign it");
}

static int gather_head(struct common *c, struct slice head, struct err *e)
{
	struct dkim_field *fields;
	struct dkim_picker pick;
	size_t n;
	int rc;

	if (head.n < 2 || head.n > HEAD_MAX || memcmp(head.p + head.n - 2, "\r\n", 2) != 0 || has_bare_break(head))
		return err_set(e, ERR_INPUT, "the header is no block of lines that end in CRLF: DKIM cannot sign it");
	n = dkim_fields(head, NULL, 0);
	fields = mem_alloc(sizeof(*fields) * n);
	dkim_fields(head, fields, n);
	pick = (struct dkim_picker){ fields, n, mem_alloc(n) };
	memset(pick.taken, 0, n);
	rc = judge_head(fields, n, e);
	if (rc == 0)
		gather(c, &pick);
	free(pick.taken);
	free(fields);
	return rc;
}

static int gather_body(struct common *c, const EVP_MD *md, struct slice body, struct err *e)
{
	uint8_t hash[DKIM_HASH_SIZE];
	uint64_t length;
	struct buf b;

	if (body.n && has_bare_break(body))
		return err_set(e, ERR_INPUT, "the body has line breaks other than CRLF: DKIM cannot sign it");
	dkim_body_hash(md, body, true, UINT64_MAX, hash, &length);
	buf_init(&b, sizeof(c->bh) - 1);
	base64_encode(&b, hash, sizeof(hash));
	memcpy(c->bh, buf_text(&b), b.n + 1);
	buf_free(&b);
	return 0;
}

/* --- the line ------------------------------------------------------------- */

/* Appends text, breaking the line before it when it would pass LINE_WISH. */
static void fold_in(struct buf *b, size_t *line, const char *glue, const char *p, size_t n)
{
	size_t n_glue = strlen(glue);

	if (b->n - *line + n_glue + n + 1 > LINE_WISH) { /* + 1: the ":" or ";" behind it */
		while (n_glue && glue[n_glue - 1] == ' ')
			n_glue--;
		buf_add(b, glue, n_glue);
		buf_adds(b, "\r\n ");
		*line = b->n - 1;
	} else {
		buf_adds(b, glue);
	}
	buf_add(b, p, n);
}

static void fold_names(struct buf *b, size_t *line, const char *names)
{
	char first[80];
	size_t n = strcspn(names, ":");

	snprintf(first, sizeof(first), "h=%.*s", (int)n, names);
	fold_in(b, line, "; ", first, strlen(first));
	while (names[n]) {
		names += n + 1;
		n = strcspn(names, ":");
		fold_in(b, line, ":", names, n);
	}
}

/* The whole field up to and with "b=". */
static void begin_line(struct buf *b, size_t *line, const struct dkim_signer *s, const struct common *c)
{
	char text[600];

	*line = b->n;
	buf_addf(b, "DKIM-Signature: v=1; a=%s", s->key->kind == DKIM_RSA_2048 ? "rsa-sha256" : "ed25519-sha256");
	fold_in(b, line, "; ", "c=relaxed/relaxed", strlen("c=relaxed/relaxed"));
	snprintf(text, sizeof(text), "d=%s", s->domain);
	fold_in(b, line, "; ", text, strlen(text));
	snprintf(text, sizeof(text), "s=%s", s->selector);
	fold_in(b, line, "; ", text, strlen(text));
	snprintf(text, sizeof(text), "t=%lld", (long long)c->seconds);
	fold_in(b, line, "; ", text, strlen(text));
	snprintf(text, sizeof(text), "x=%lld", (long long)c->seconds + LIFE_SECONDS);
	fold_in(b, line, "; ", text, strlen(text));
	fold_names(b, line, buf_text(&c->names));
	snprintf(text, sizeof(text), "bh=%s", c->bh);
	fold_in(b, line, "; ", text, strlen(text));
	buf_adds(b, ";\r\n b=");
	*line = b->n - 3;
}

/* --- the signature -------------------------------------------------------- */

static int sign_rsa(const struct dkim_key *k, const uint8_t hash[DKIM_HASH_SIZE], uint8_t *out, size_t *n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	int ok = ctx && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		 EVP_PKEY_CTX_set_signature_md(ctx, k->md) == 1 && EVP_PKEY_sign(ctx, out, n, hash, DKIM_HASH_SIZE) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : -1;
}

/* Ed25519 signs the SHA-256 hash as its message (RFC 8463). */
static int sign_ed25519(const struct dkim_key *k, const uint8_t hash[DKIM_HASH_SIZE], uint8_t *out, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, k->pkey, NULL) == 1 &&
		 EVP_DigestSign(ctx, out, n, hash, DKIM_HASH_SIZE) == 1;

	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

/* Hash of the canonical fields and of the own line with an empty b=, without its CRLF (DKIM-5). */
static void hash_head(const EVP_MD *md, const struct buf *data, struct slice own, uint8_t out[DKIM_HASH_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf canon;

	buf_init(&canon, HEAD_MAX);
	dkim_canon_field(&canon, own, true);
	MUST(!canon.over && ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, buf_text(data), data->n) == 1 &&
	     EVP_DigestUpdate(ctx, canon.p, canon.n - 2) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1);
	EVP_MD_CTX_free(ctx);
	buf_free(&canon);
}

static int sign_one(const struct dkim_signer *s, const struct common *c, struct buf *out, struct err *e)
{
	uint8_t hash[DKIM_HASH_SIZE], sig[SIGNATURE_MAX];
	size_t n = sizeof(sig), line;
	struct buf own, b64;
	int rc;

	buf_init(&own, 32 * 1024);
	buf_init(&b64, 2 * SIGNATURE_MAX);
	begin_line(&own, &line, s, c);
	hash_head(s->key->md, &c->data, (struct slice){ own.p, own.n }, hash);
	rc = s->key->kind == DKIM_RSA_2048 ? sign_rsa(s->key, hash, sig, &n) : sign_ed25519(s->key, hash, sig, &n);
	if (rc == 0) {
		base64_encode(&b64, sig, n);
		for (size_t i = 0, part; i < b64.n; i += part) {
			size_t room = LINE_WISH - (own.n - line);

			part = b64.n - i < room ? b64.n - i : room;
			buf_add(&own, b64.p + i, part);
			if (i + part < b64.n) {
				buf_adds(&own, "\r\n ");
				line = own.n - 1;
			}
		}
		buf_adds(&own, "\r\n");
		buf_add_buf(out, &own);
	} else {
		ERR_clear_error();
		err_set(e, ERR_BROKEN, "signing with selector %s of %s failed in OpenSSL", s->selector, s->domain);
	}
	buf_free(&own);
	buf_free(&b64);
	return rc;
}

/* Letters, digits, hyphens, underscores and dots: nothing that could leave its tag. */
static bool is_host_text(const char *s)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(s);

	return n > 0 && n <= 253 && strspn(s, LETTERS) == n;
}

int dkim_sign(const struct dkim_signer *s, size_t n, struct slice head, struct slice body, int64_t now,
	      struct buf *out, struct err *e)
{
	struct common c = { .seconds = now / SECOND };
	size_t start = out->n;
	int rc = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_host_text(s[i].domain) || !is_host_text(s[i].selector))
			return err_set(e, ERR_INPUT, "\"%s._domainkey.%s\" is no place for a DKIM key: use letters, digits, "
				       "hyphens and dots", s[i].selector, s[i].domain);
	buf_init(&c.names, 16 * 1024);
	buf_init(&c.data, HEAD_MAX);
	if (gather_head(&c, head, e) < 0 || gather_body(&c, s->key->md, body, e) < 0)
		rc = -1;
	else if (c.names.over || c.data.over)
		rc = err_set(e, ERR_INPUT, "the header is too large for DKIM: shorten it");
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = sign_one(&s[i], &c, out, e);
	if (rc < 0)
		buf_cut(out, start);
	buf_free(&c.names);
	buf_free(&c.data);
	return rc;
}
