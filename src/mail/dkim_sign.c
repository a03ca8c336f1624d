/*
 * Signing: see dkim.h. The canonical header data and the body hash are made
 * once; each signer adds its own DKIM-Signature line to them, so that both
 * signatures cover the same bytes (DKIM-2). Nothing but the arguments goes in:
 * same input, same output. What it takes to make that fast is kept at the
 * key's desk: OpenSSL's contexts, memory, and the line as it was last, in which
 * mostly only the body hash has to be exchanged.
 */
#include "mail/dkim_canon.h"

#include "base/clock.h"
#include "base/codec.h"
#include "mail/hmac.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <sodium.h>

#define LINE_WISH 76
#define LIFE_SECONDS (14 * 24 * 3600) /* DKIM-7 */
#define SIGNATURE_MAX 1024            /* octets of an RSA signature, with room */
#define HEAD_MAX (1024 * 1024)
#define BODY_HASH_TEXT 44 /* octets of bh= */
#define HOST_MAX 253

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

struct dkim_desk {
	/* What all signers share, at the desk of the first. */
	struct dkim_field *field;
	bool *taken;
	size_t room;
	struct buf names; /* the h= list */
	struct buf data;  /* canonical fields in its order */
	struct buf shape; /* the names of the fields that `names` and `order` were made for */
	size_t *order, n_order; /* fields, as h= lists them */
	/* The key, ready to sign; one of these two. */
	EVP_PKEY_CTX *rsa;
	unsigned char ed25519[crypto_sign_ed25519_SECRETKEYBYTES];
	/* Its line up to "b=", as it was last, and of what. */
	struct buf line, canon, line_names;
	size_t bh_at, canon_bh_at;
	char domain[HOST_MAX + 1], selector[HOST_MAX + 1];
	int64_t seconds;
};

/* What all signers share of one message. */
struct common {
	struct dkim_desk *desk;
	char bh[BODY_HASH_TEXT + 1];
	int64_t seconds;
	SHA256_CTX hash; /* over the canonical fields */
};

/* --- the desk ------------------------------------------------------------- */

static EVP_PKEY_CTX *ready_rsa(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	bool ok = ctx && md && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;

	EVP_MD_free(md);
	if (ok)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* For libsodium, which makes the same signature in less than half of OpenSSL's time. */
static bool ready_ed25519(EVP_PKEY *pkey, unsigned char out[crypto_sign_ed25519_SECRETKEYBYTES])
{
	unsigned char seed[crypto_sign_ed25519_SEEDBYTES], public[crypto_sign_ed25519_PUBLICKEYBYTES];
	size_t n = sizeof(seed);
	bool ok = sodium_init() >= 0 && EVP_PKEY_get_raw_private_key(pkey, seed, &n) == 1 && n == sizeof(seed) &&
		  crypto_sign_ed25519_seed_keypair(public, out, seed) == 0;

	sodium_memzero(seed, sizeof(seed));
	return ok;
}

void dkim_desk_free(struct dkim_desk *d)
{
	if (!d)
		return;
	free(d->field);
	free(d->taken);
	free(d->order);
	buf_free(&d->shape);
	buf_free(&d->names);
	buf_free(&d->data);
	buf_free(&d->line);
	buf_free(&d->canon);
	buf_free(&d->line_names);
	EVP_PKEY_CTX_free(d->rsa);
	sodium_memzero(d->ed25519, sizeof(d->ed25519));
	free(d);
}

/* Made when the key signs for the first time: most keys are only looked at. */
static struct dkim_desk *desk_of(const struct dkim_signer *s, struct err *e)
{
	struct dkim_key *k = s->key;
	struct dkim_desk *d = k->desk;
	bool ok;

	if (d)
		return d;
	d = mem_alloc(sizeof(*d));
	*d = (struct dkim_desk){ .seconds = -1 };
	buf_init(&d->names, 16 * 1024);
	buf_init(&d->shape, HEAD_MAX);
	buf_init(&d->data, HEAD_MAX);
	buf_init(&d->line, 32 * 1024);
	buf_init(&d->canon, 32 * 1024);
	buf_init(&d->line_names, 16 * 1024);
	if (k->kind == DKIM_RSA_2048)
		ok = (d->rsa = ready_rsa(k->pkey)) != NULL;
	else
		ok = ready_ed25519(k->pkey, d->ed25519);
	if (ok)
		return k->desk = d;
	ERR_clear_error();
	dkim_desk_free(d);
	err_set(e, ERR_BROKEN, "the key of selector %s of %s cannot be made ready for signing", s->selector, s->domain);
	return NULL;
}

/* --- what is signed ------------------------------------------------------- */

static void add_name(struct dkim_desk *d, const char *name)
{
	if (d->names.n)
		buf_addc(&d->names, ':');
	buf_adds(&d->names, name);
}

/* Which fields are signed, in which order, and the h= list that says so. */
static void choose(struct dkim_desk *d, struct dkim_picker *pick)
{
	buf_clear(&d->names);
	d->n_order = 0;
	for (size_t i = 0; i < COUNT(SIGNED); i++) {
		const struct dkim_field *f;
		bool any = false;

		while ((f = dkim_pick(pick, slice_of(SIGNED[i].name)))) {
			add_name(d, SIGNED[i].name);
			d->order[d->n_order++] = (size_t)(f - pick->fields);
			any = true;
		}
		if (any || SIGNED[i].always)
			add_name(d, SIGNED[i].name); /* one more: the null string */
	}
}

static bool has_shape(const struct dkim_desk *d, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		struct slice name = d->field[i].name;

		if (d->shape.n < at + name.n + 1 || memcmp(d->shape.p + at, name.p, name.n) != 0 || d->shape.p[at + name.n] != '\n')
			return false;
		at += name.n + 1;
	}
	return n && at == d->shape.n;
}

/* The messages of a mailing have the same fields, mostly, so that the choice is that of the one before. */
static void gather(struct dkim_desk *d, size_t n)
{
	struct dkim_picker pick = { d->field, n, d->taken };

	if (!has_shape(d, n)) {
		buf_clear(&d->shape);
		for (size_t i = 0; i < n; i++) {
			buf_add(&d->shape, d->field[i].name.p, d->field[i].name.n);
			buf_addc(&d->shape, '\n');
		}
		memset(d->taken, 0, n);
		choose(d, &pick);
	}
	buf_clear(&d->data);
	for (size_t i = 0; i < d->n_order; i++)
		dkim_canon_field(&d->data, d->field[d->order[i]].whole, true);
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

/* Cuts the header into the desk's fields; returns how many there are. */
static size_t lay_out(struct dkim_desk *d, struct slice head)
{
	size_t n = dkim_fields(head, d->field, d->room);

	if (n <= d->room)
		return n;
	d->room = n;
	d->field = mem_grow(d->field, n * sizeof(*d->field));
	d->taken = mem_grow(d->taken, n);
	d->order = mem_grow(d->order, n * sizeof(*d->order));
	return dkim_fields(head, d->field, n);
}

static int gather_head(struct common *c, struct slice head, struct err *e)
{
	struct dkim_desk *d = c->desk;
	size_t n;

	if (head.n < 2 || head.n > HEAD_MAX || memcmp(head.p + head.n - 2, "\r\n", 2) != 0 || dkim_has_bare_break(head))
		return err_set(e, ERR_INPUT, "the header is no block of lines that end in CRLF: DKIM cannot sign it");
	n = lay_out(d, head);
	if (judge_head(d->field, n, e) < 0)
		return -1;
	gather(d, n);
	if (d->names.over || d->data.over || d->shape.over)
		return err_set(e, ERR_INPUT, "the header is too large for DKIM: shorten it");
	sha256_start(&c->hash);
	sha256_add(&c->hash, buf_text(&d->data), d->data.n);
	return 0;
}

/* A buffer over the caller's array, which is large enough: nothing is allocated. */
static struct buf over(char *room, size_t n)
{
	return (struct buf){ .p = room, .room = n, .max = n - 1 };
}

static int gather_body(struct common *c, struct slice body, struct err *e)
{
	uint8_t hash[DKIM_HASH_SIZE];
	struct buf b = over(c->bh, sizeof(c->bh));

	if (!dkim_body_hash_clean(body, hash))
		return err_set(e, ERR_INPUT, "the body has line breaks other than CRLF: DKIM cannot sign it");
	base64_encode(&b, hash, sizeof(hash));
	MUST(!b.over && b.n == BODY_HASH_TEXT);
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

static void fold_tag(struct buf *b, size_t *line, const char *tag, const char *value)
{
	char text[HOST_MAX + 8];

	snprintf(text, sizeof(text), "%s=%s", tag, value);
	fold_in(b, line, "; ", text, strlen(text));
}

static void fold_seconds(struct buf *b, size_t *line, const char *tag, int64_t seconds)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)seconds);
	fold_tag(b, line, tag, text);
}

/* The whole field up to and with "b=". */
static void make_line(struct buf *b, const struct dkim_signer *s, const struct common *c)
{
	size_t line = 0;

	buf_clear(b);
	buf_addf(b, "DKIM-Signature: v=1; a=%s", s->key->kind == DKIM_RSA_2048 ? "rsa-sha256" : "ed25519-sha256");
	fold_tag(b, &line, "c", "relaxed/relaxed");
	fold_tag(b, &line, "d", s->domain);
	fold_tag(b, &line, "s", s->selector);
	fold_seconds(b, &line, "t", c->seconds);
	fold_seconds(b, &line, "x", c->seconds + LIFE_SECONDS);
	fold_names(b, &line, buf_text(&c->desk->names));
	fold_tag(b, &line, "bh", c->bh);
	buf_adds(b, ";\r\n b=");
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && memcmp(buf_text(a), buf_text(b), a->n) == 0;
}

/*
 * The desk's line and its canonical form, without a CRLF, for this message. All but the body hash is mostly as it was
 * for the one before, and that has the same length always, so that no line is folded elsewhere.
 */
static void lay_line(struct dkim_desk *d, const struct dkim_signer *s, const struct common *c)
{
	if (d->seconds == c->seconds && strcmp(d->domain, s->domain) == 0 && strcmp(d->selector, s->selector) == 0 &&
	    same_text(&d->line_names, &c->desk->names)) {
		memcpy(d->line.p + d->bh_at, c->bh, BODY_HASH_TEXT);
		memcpy(d->canon.p + d->canon_bh_at, c->bh, BODY_HASH_TEXT);
		return;
	}
	make_line(&d->line, s, c);
	buf_clear(&d->canon);
	dkim_canon_field(&d->canon, (struct slice){ d->line.p, d->line.n }, true);
	MUST(!d->line.over && !d->canon.over);
	buf_cut(&d->canon, d->canon.n - 2);
	d->bh_at = d->line.n - strlen(";\r\n b=") - BODY_HASH_TEXT;
	d->canon_bh_at = d->canon.n - strlen("; b=") - BODY_HASH_TEXT;
	MUST(memcmp(d->line.p + d->bh_at, c->bh, BODY_HASH_TEXT) == 0 &&
	     memcmp(d->canon.p + d->canon_bh_at, c->bh, BODY_HASH_TEXT) == 0);
	snprintf(d->domain, sizeof(d->domain), "%s", s->domain);
	snprintf(d->selector, sizeof(d->selector), "%s", s->selector);
	d->seconds = c->seconds;
	buf_clear(&d->line_names);
	buf_add_buf(&d->line_names, &c->desk->names);
}

/* --- the signature -------------------------------------------------------- */

/* Ed25519 signs the SHA-256 hash as its message (RFC 8463). */
static bool make_signature(struct dkim_desk *d, const uint8_t hash[DKIM_HASH_SIZE], uint8_t out[SIGNATURE_MAX], size_t *n)
{
	*n = SIGNATURE_MAX;
	if (d->rsa)
		return EVP_PKEY_sign(d->rsa, out, n, hash, DKIM_HASH_SIZE) == 1;
	*n = crypto_sign_ed25519_BYTES;
	return crypto_sign_ed25519_detached(out, NULL, hash, DKIM_HASH_SIZE, d->ed25519) == 0;
}

/* Behind the line that ends in "b=", folded, with the CRLF. */
static void add_signature(struct buf *out, const uint8_t *sig, size_t n)
{
	char room[2 * SIGNATURE_MAX];
	struct buf b64 = over(room, sizeof(room));
	size_t line = strlen(" b=");

	base64_encode(&b64, sig, n);
	MUST(!b64.over);
	for (size_t i = 0, part; i < b64.n; i += part) {
		part = b64.n - i < LINE_WISH - line ? b64.n - i : LINE_WISH - line;
		buf_add(out, b64.p + i, part);
		if (i + part < b64.n)
			buf_adds(out, "\r\n ");
		line = 1;
	}
	buf_adds(out, "\r\n");
}

static int sign_one(const struct dkim_signer *s, const struct common *c, struct buf *out, struct err *e)
{
	struct dkim_desk *d = desk_of(s, e);
	uint8_t hash[DKIM_HASH_SIZE], sig[SIGNATURE_MAX];
	SHA256_CTX state = c->hash;
	size_t n;

	if (!d)
		return -1;
	lay_line(d, s, c);
	sha256_add(&state, d->canon.p, d->canon.n); /* with an empty b=, without its CRLF (DKIM-5) */
	sha256_end(&state, hash);
	if (!make_signature(d, hash, sig, &n)) {
		ERR_clear_error();
		return err_set(e, ERR_BROKEN, "signing with selector %s of %s failed", s->selector, s->domain);
	}
	buf_add_buf(out, &d->line);
	add_signature(out, sig, n);
	return 0;
}

/* Letters, digits, hyphens, underscores and dots: nothing that could leave its tag. */
static bool is_host_text(const char *s)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(s);

	return n > 0 && n <= HOST_MAX && strspn(s, LETTERS) == n;
}

size_t dkim_keep(struct dkim_signer *s, size_t n, enum dkim_use use)
{
	size_t kept = 0;

	for (size_t i = 0; i < n && use != DKIM_USE_NONE; i++)
		if (use == DKIM_USE_BOTH || (use == DKIM_USE_RSA) == (s[i].key->kind == DKIM_RSA_2048))
			s[kept++] = s[i];
	return kept;
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
	c.desk = desk_of(&s[0], e);
	if (!c.desk || gather_head(&c, head, e) < 0 || gather_body(&c, body, e) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = sign_one(&s[i], &c, out, e);
	if (rc < 0)
		buf_cut(out, start);
	return rc;
}
