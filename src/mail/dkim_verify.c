/*
 * Verifying: see dkim.h. A signature goes through four steps, and the first
 * that objects names the answer and the reason: read its tags, find and read
 * its key record, compare the body hash, check the signature over the header.
 */
#include "mail/dkim_canon.h"

#include "base/clock.h"
#include "base/codec.h"
#include "mail/tags.h"
#include "mail/token.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <strings.h>

#define SIGNATURES_MAX 8
#define RSA_BITS_MIN 1024 /* RFC 8301 */
#define RSA_BITS_MAX 8192 /* more costs the verifier too much */
#define RECORD_MAX 8192
#define SECONDS_MAX INT64_C(999999999999)

/* Base64 with blanks inside; the bytes live in the arena. */
static ssize_t decode64(struct arena *a, struct slice s, uint8_t **out)
{
	char *text = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!tags_blank(s.p[i]))
			text[n++] = s.p[i];
	*out = arena_alloc(a, n + 1);
	return base64_decode(*out, n, text, n);
}

/* --- one signature -------------------------------------------------------- */

struct work {
	struct arena *a;
	const struct dkim_field *fields;
	size_t n_fields;
	const struct dkim_field *own;
	struct slice body;
	const EVP_MD *md;
	int64_t now;
	struct tags tags;
	bool ed25519, head_relaxed, body_relaxed;
	uint64_t limit; /* l= */
	const char *note; /* said beside a pass */
	EVP_PKEY *key;
	struct dkim_result *out;
};

/* Answers; true so that steps can be written as "return say(...)" and chained with ||. */
static bool say(struct work *w, enum dkim_answer answer, const char *reason)
{
	w->out->answer = answer;
	w->out->reason = reason;
	return true;
}

/* A name that may be looked up: host characters only. Lower case, or NULL. */
static const char *host_text(struct arena *a, const char *s)
{
	char *copy = s ? arena_text(a, s) : NULL;

	if (!copy || !*copy || strlen(copy) > 253)
		return NULL;
	for (char *p = copy; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 32);
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *p))
			return NULL;
	}
	return copy;
}

static bool read_canon(struct work *w)
{
	const char *c = tag_text(w->a, &w->tags, "c"), *body;

	if (!c)
		return false; /* simple/simple */
	body = strchr(c, '/');
	w->head_relaxed = strncasecmp(c, "relaxed", 7) == 0 && (c[7] == '\0' || c[7] == '/');
	if (!w->head_relaxed && !(strncasecmp(c, "simple", 6) == 0 && (c[6] == '\0' || c[6] == '/')))
		return say(w, DKIM_MALFORMED, "its c= names no known form");
	w->body_relaxed = body && strcasecmp(body + 1, "relaxed") == 0;
	if (body && !w->body_relaxed && strcasecmp(body + 1, "simple") != 0)
		return say(w, DKIM_MALFORMED, "its c= names no known form");
	return false;
}

static bool read_algorithm(struct work *w)
{
	const char *alg = tag_text(w->a, &w->tags, "a");

	w->out->algorithm = alg ? alg : "";
	if (!alg)
		return say(w, DKIM_MALFORMED, "it has no a=");
	if (strcasecmp(alg, "rsa-sha1") == 0)
		return say(w, DKIM_FAIL, "it is made with SHA-1, which proves nothing any more (RFC 8301)");
	w->ed25519 = strcasecmp(alg, "ed25519-sha256") == 0;
	if (!w->ed25519 && strcasecmp(alg, "rsa-sha256") != 0)
		return say(w, DKIM_MALFORMED, "its a= names no known algorithm");
	return false;
}

/* i= may name the domain of d= or one below it. */
static bool read_identity(struct work *w)
{
	const char *i = tag_text(w->a, &w->tags, "i"), *at = i ? strrchr(i, '@') : NULL;
	size_t n_d = strlen(w->out->domain), n;

	if (!i)
		return false;
	n = at ? strlen(at + 1) : 0;
	if (!at || n < n_d || strcasecmp(at + 1 + n - n_d, w->out->domain) != 0 || (n > n_d && at[n - n_d] != '.'))
		return say(w, DKIM_MALFORMED, "its i= is outside of d=");
	return false;
}

/* Seconds, or -1 when the tag is absent; -2 when it is no number. */
static int64_t read_seconds(struct work *w, const char *name)
{
	const char *text = tag_text(w->a, &w->tags, name);
	int64_t v;

	if (!text)
		return -1;
	return *text == '-' || parse_i64(text, 0, SECONDS_MAX, &v) < 0 ? -2 : v;
}

static bool read_times(struct work *w)
{
	int64_t t = read_seconds(w, "t"), x = read_seconds(w, "x");

	if (t == -2 || x == -2)
		return say(w, DKIM_MALFORMED, "its t= or x= is no time");
	if (t >= 0 && x >= 0 && x < t)
		return say(w, DKIM_MALFORMED, "it expires (x=) before it was made (t=)");
	if (x >= 0 && w->now > 0 && w->now / SECOND > x)
		return say(w, DKIM_EXPIRED, "it has expired (x=)");
	return false;
}

static bool read_limit(struct work *w)
{
	int64_t l = read_seconds(w, "l"); /* the same kind of number */

	if (l == -2)
		return say(w, DKIM_MALFORMED, "its l= is no number");
	w->limit = l == -1 ? UINT64_MAX : (uint64_t)l;
	return false;
}

static bool read_signature(struct work *w)
{
	static const char *const NEEDED[] = { "v", "a", "b", "bh", "d", "h", "s" };
	struct slice value = w->own->whole;
	const char *why;

	value.n -= w->own->name.n;
	value.p += w->own->name.n;
	while (value.n && value.p[0] != ':') {
		value.p++;
		value.n--;
	}
	value.p++;
	value.n--;
	why = tags_read(w->a, value, &w->tags);
	if (why)
		return say(w, DKIM_MALFORMED, why);
	w->out->fields = tag_text(w->a, &w->tags, "h");
	w->out->limited = tag_find(&w->tags, "l") != NULL;
	for (size_t i = 0; i < COUNT(NEEDED); i++)
		if (!tag_find(&w->tags, NEEDED[i]))
			return say(w, DKIM_MALFORMED, arena_printf(w->a, "it has no %s=", NEEDED[i]));
	if (!slice_is(tag_find(&w->tags, "v")->value, "1"))
		return say(w, DKIM_MALFORMED, "its v= is not 1");
	w->out->domain = host_text(w->a, tag_text(w->a, &w->tags, "d"));
	w->out->selector = host_text(w->a, tag_text(w->a, &w->tags, "s"));
	if (!w->out->domain || !w->out->selector) {
		w->out->domain = w->out->domain ? w->out->domain : "";
		w->out->selector = w->out->selector ? w->out->selector : "";
		return say(w, DKIM_MALFORMED, "its d= or s= is no name");
	}
	if (!tag_list_has(tag_find(&w->tags, "h")->value, "From"))
		return say(w, DKIM_MALFORMED, "it does not sign From");
	if (tag_find(&w->tags, "q") && !tag_list_has(tag_find(&w->tags, "q")->value, "dns/txt"))
		return say(w, DKIM_MALFORMED, "its q= names no known way to the key");
	return read_algorithm(w) || read_canon(w) || read_identity(w) || read_limit(w) || read_times(w);
}

/* --- its key -------------------------------------------------------------- */

/* RSA as SubjectPublicKeyInfo, which all publish, or as the bare key, which RFC 6376 says. */
static EVP_PKEY *rsa_public(const uint8_t *der, ssize_t n)
{
	const unsigned char *p = der;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, n);

	p = der;
	if (!k)
		k = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, n);
	return k;
}

static void free_pkey(void *p)
{
	EVP_PKEY_free(p);
}

static bool read_public(struct work *w, struct slice p)
{
	uint8_t *bytes;
	ssize_t n;
	int bits;

	if (!p.n)
		return say(w, DKIM_NO_KEY, "the key was revoked (p= is empty)");
	n = decode64(w->a, p, &bytes);
	if (n <= 0)
		return say(w, DKIM_MALFORMED, "the key's p= is no base64");
	if (w->ed25519)
		w->key = n == 32 ? EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes, 32) : NULL;
	else
		w->key = rsa_public(bytes, n);
	ERR_clear_error();
	if (!w->key)
		return say(w, DKIM_MALFORMED, "the key's p= holds no key of the kind that k= says");
	arena_defer(w->a, free_pkey, w->key);
	bits = EVP_PKEY_get_bits(w->key);
	if (!w->ed25519 && !EVP_PKEY_is_a(w->key, "RSA"))
		return say(w, DKIM_MALFORMED, "the key's p= holds no key of the kind that k= says");
	if (!w->ed25519 && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX))
		return say(w, DKIM_FAIL, arena_printf(w->a, "the key has %d bits: RFC 8301 wants 1024 at least", bits));
	return false;
}

/* Flags and limits of the record (RFC 6376 section 3.6.1). */
static bool judge_record(struct work *w, const struct tags *rec)
{
	const struct tag *v = tag_find(rec, "v"), *k = tag_find(rec, "k"), *h = tag_find(rec, "h");
	const struct tag *s = tag_find(rec, "s"), *t = tag_find(rec, "t"), *p = tag_find(rec, "p");
	const char *i = tag_text(w->a, &w->tags, "i");

	if (v && (v != rec->tag || !slice_is(v->value, "DKIM1")))
		return say(w, DKIM_MALFORMED, "the key's v= is not DKIM1, or not its first tag");
	if (!p)
		return say(w, DKIM_MALFORMED, "the key record has no p=");
	if (!tag_list_has(k ? k->value : slice_of("rsa"), w->ed25519 ? "ed25519" : "rsa"))
		return say(w, DKIM_FAIL, "the key is of another kind (k=) than the signature (a=)");
	if (h && !tag_list_has(h->value, "sha256"))
		return say(w, DKIM_FAIL, "the key does not allow SHA-256 (h=)");
	if (s && !tag_list_has(s->value, "*") && !tag_list_has(s->value, "email"))
		return say(w, DKIM_FAIL, "the key is not for mail (s=)");
	if (t && tag_list_has(t->value, "s") && i && strcasecmp(strrchr(i, '@') + 1, w->out->domain) != 0)
		return say(w, DKIM_FAIL, "the key allows only its own domain in i= (t=s)");
	if (t && tag_list_has(t->value, "y"))
		w->note = "good; the domain says that it is testing DKIM (t=y)";
	return read_public(w, p->value);
}

static bool find_key(struct work *w, dkim_lookup *lookup, void *ctx)
{
	const char *text = lookup(ctx, w->out->selector, w->out->domain), *why;
	struct tags *rec;

	if (!text)
		return say(w, DKIM_NO_KEY, arena_printf(w->a, "there is no key at %s._domainkey.%s", w->out->selector,
							w->out->domain));
	if (strnlen(text, RECORD_MAX) == RECORD_MAX)
		return say(w, DKIM_MALFORMED, "the key record is too long");
	rec = ARENA_NEW(w->a, struct tags);
	why = tags_read(w->a, slice_of(text), rec);
	if (why)
		return say(w, DKIM_MALFORMED, arena_printf(w->a, "the key record cannot be read: %s", why));
	return judge_record(w, rec);
}

/* --- the two hashes ------------------------------------------------------- */

static bool judge_body(struct work *w)
{
	uint8_t hash[DKIM_HASH_SIZE], *want;
	ssize_t n = decode64(w->a, tag_find(&w->tags, "bh")->value, &want);
	uint64_t length;

	if (n < 0)
		return say(w, DKIM_MALFORMED, "its bh= is no base64");
	dkim_body_hash(w->body, w->body_relaxed, w->limit, hash, &length);
	if (w->limit != UINT64_MAX && w->limit > length)
		return say(w, DKIM_FAIL, "the body is shorter than its l= says");
	if (n != DKIM_HASH_SIZE || memcmp(hash, want, DKIM_HASH_SIZE) != 0)
		return say(w, DKIM_FAIL, "the body was changed after signing");
	if (w->limit < length)
		w->note = arena_printf(w->a, "good, but it covers only the first %llu of %llu octets of the body (l=)",
				       (unsigned long long)w->limit, (unsigned long long)length);
	return false;
}

/* The own field with the value of b= taken out, canonical, without the line break at its end. */
static void canon_own(struct work *w, struct buf *data)
{
	struct slice whole = w->own->whole, b = tag_find(&w->tags, "b")->raw;
	size_t before = (size_t)(b.p - whole.p), start = data->n;
	char *text;

	if (whole.n >= 2 && memcmp(whole.p + whole.n - 2, "\r\n", 2) == 0)
		whole.n -= 2;
	if (before + b.n > whole.n) /* b= is the last tag: its raw value held the line break */
		b.n = whole.n - before;
	text = arena_alloc(w->a, whole.n - b.n);
	memcpy(text, whole.p, before);
	memcpy(text + before, whole.p + before + b.n, whole.n - b.n - before);
	dkim_canon_field(data, (struct slice){ text, whole.n - b.n }, w->head_relaxed);
	if (w->head_relaxed && !data->over && data->n - start >= 2)
		buf_cut(data, data->n - 2);
}

static void hash_head(struct work *w, uint8_t out[DKIM_HASH_SIZE])
{
	struct slice h = tag_find(&w->tags, "h")->value;
	struct dkim_picker pick = { w->fields, w->n_fields, arena_alloc(w->a, w->n_fields) };
	struct buf data;

	pick.taken[w->own - w->fields] = true;
	buf_init(&data, 32 * 1024 * 1024);
	for (bool more = true; more;) {
		const char *colon = memchr(h.p, ':', h.n);
		size_t n = colon ? (size_t)(colon - h.p) : h.n;
		const struct dkim_field *f = dkim_pick(&pick, tags_trim((struct slice){ h.p, n }));

		if (f)
			dkim_canon_field(&data, f->whole, w->head_relaxed);
		more = colon != NULL;
		h.p += n + more;
		h.n -= n + more;
	}
	canon_own(w, &data);
	sha256(buf_text(&data), data.n, out);
	buf_free(&data);
}

static bool good_rsa(const struct work *w, const uint8_t *sig, size_t n, const uint8_t hash[DKIM_HASH_SIZE])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, w->key, NULL);
	bool good = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_signature_md(ctx, w->md) == 1 &&
		    EVP_PKEY_verify(ctx, sig, n, hash, DKIM_HASH_SIZE) == 1;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool good_ed25519(const struct work *w, const uint8_t *sig, size_t n, const uint8_t hash[DKIM_HASH_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, w->key, NULL) == 1 &&
		    EVP_DigestVerify(ctx, sig, n, hash, DKIM_HASH_SIZE) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static bool judge_head(struct work *w)
{
	uint8_t hash[DKIM_HASH_SIZE], *sig;
	ssize_t n = decode64(w->a, tag_find(&w->tags, "b")->value, &sig);
	bool good;

	if (n <= 0)
		return say(w, DKIM_MALFORMED, "its b= is no base64");
	hash_head(w, hash);
	good = w->ed25519 ? good_ed25519(w, sig, (size_t)n, hash) : good_rsa(w, sig, (size_t)n, hash);
	ERR_clear_error();
	return !good && say(w, DKIM_FAIL, "the signature does not match: the header was changed, or another key made it");
}

static void judge(struct work *w, dkim_lookup *lookup, void *ctx)
{
	w->note = "good";
	*w->out = (struct dkim_result){ .domain = "", .selector = "", .algorithm = "" };
	if (read_signature(w) || find_key(w, lookup, ctx) || judge_body(w) || judge_head(w))
		return;
	say(w, DKIM_PASS, w->note);
}

/* --- the message ---------------------------------------------------------- */

size_t dkim_verify(struct arena *a, struct slice message, dkim_lookup *lookup, void *ctx, int64_t now,
		   struct dkim_result out[8])
{
	const char *gap = memmem(message.p, message.n, "\r\n\r\n", 4);
	size_t head_n = gap ? (size_t)(gap - message.p) + 2 : message.n;
	size_t body_at = gap ? head_n + 2 : message.n, n, done = 0;
	struct dkim_field *fields;
	EVP_MD *md;

	if (message.n >= 2 && memcmp(message.p, "\r\n", 2) == 0)
		return 0; /* no header at all */
	fields = ARENA_ARRAY(a, struct dkim_field, DKIM_FIELDS_MAX);
	n = dkim_fields((struct slice){ message.p, head_n }, fields, DKIM_FIELDS_MAX);
	if (n > DKIM_FIELDS_MAX)
		return 0; /* no mail has so many; a signature could not be judged without the rest */
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	MUST(md);
	for (size_t i = 0; i < n && done < SIGNATURES_MAX; i++) {
		struct work *w;

		if (!dkim_name_is(fields[i].name, slice_of("DKIM-Signature")))
			continue;
		w = ARENA_NEW(a, struct work);
		*w = (struct work){ .a = a, .fields = fields, .n_fields = n, .own = &fields[i], .md = md, .now = now };
		w->body = (struct slice){ message.p + body_at, message.n - body_at };
		w->out = &out[done++];
		judge(w, lookup, ctx);
	}
	EVP_MD_free(md);
	return done;
}

const char *dkim_answer_name(enum dkim_answer answer)
{
	static const char *const NAMES[] = { [DKIM_PASS] = "pass",           [DKIM_FAIL] = "fail",
		                             [DKIM_NO_KEY] = "no-key",       [DKIM_MALFORMED] = "malformed",
		                             [DKIM_EXPIRED] = "expired" };

	MUST((size_t)answer < COUNT(NAMES));
	return NAMES[answer];
}
