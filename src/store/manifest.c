/*
 * The manifest of a mailing: see manifest.h. The one idea: a hash that covers
 * everything tells nobody what it covers, and not what changed; so what is
 * hashed is a text, the text is kept, and two texts are compared line by line.
 */
#include "store/manifest.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "store/query.h"

#include <endian.h>
#include <openssl/evp.h>

#define MANIFEST_MAX (256 * 1024)
#define TOLD_MAX 160 /* bytes of a value in a message */
#define LANGUAGE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* In the order of an index: SQLite would keep a million people to sort them otherwise. */
EACH(Q_EACH_BOUND,
     "SELECT d.id, d.arm, d.bound, a.delivery, d.fields, d.consent_id, c.kind, c.ref, c.given_on, c.at FROM delivery d"
     " JOIN address a ON a.id = d.address_id LEFT JOIN consent c ON c.id = d.consent_id"
     " WHERE d.mailing_id = $1 ORDER BY d.address_id");
QUERY(Q_MANIFEST_APPROVED, "SELECT detail FROM audit WHERE object = $1 AND action = 'mailing-approve' ORDER BY seq DESC LIMIT 1");

/* --- hashes ------------------------------------------------------------------------------------- */

static EVP_MD_CTX *sha_new(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	return md;
}

static void sha_add(EVP_MD_CTX *md, const void *p, size_t n)
{
	MUST(EVP_DigestUpdate(md, p, n) == 1);
}

static void sha_end(EVP_MD_CTX *md, uint8_t out[32])
{
	MUST(EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
}

static void sha_of(const void *p, size_t n, uint8_t out[32])
{
	EVP_MD_CTX *md = sha_new();

	sha_add(md, p, n);
	sha_end(md, out);
}

void manifest_hash(const char *manifest, uint8_t out[32])
{
	sha_of(manifest, strlen(manifest), out);
}

/* --- people ------------------------------------------------------------------------------------- */

/* Lengths in front: no two different lists of texts give the same bytes. */
static void add_text(EVP_MD_CTX *md, const char *s)
{
	uint64_t n = htobe64(s ? strlen(s) : UINT64_MAX);

	sha_add(md, &n, sizeof(n));
	if (s)
		sha_add(md, s, strlen(s));
}

static void add_i64(EVP_MD_CTX *md, int64_t v)
{
	uint64_t n = htobe64((uint64_t)v);

	sha_add(md, &n, sizeof(n));
}

/* Keyed, so that what stays of an erased person says nothing. `md` is used again and again: it costs less. */
static void bound_row(EVP_MD_CTX *md, const struct home *h, const struct bound_person *p, uint8_t out[32])
{
	MUST(EVP_DigestInit_ex(md, NULL, NULL) == 1);
	sha_add(md, h->hash_key, sizeof(h->hash_key));
	add_text(md, p->address);
	add_text(md, p->fields);
	add_i64(md, p->consent);
	add_text(md, p->kind);
	add_text(md, p->ref);
	add_text(md, p->given_on);
	add_i64(md, p->consent_at);
	MUST(EVP_DigestFinal_ex(md, out, NULL) == 1);
}

void manifest_bound(const struct home *h, const struct bound_person *p, uint8_t out[32])
{
	EVP_MD_CTX *md = sha_new();

	bound_row(md, h, p, out);
	EVP_MD_CTX_free(md);
}

static char *put_number(char *to, int64_t v)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n)
		*to++ = digits[--n];
	return to;
}

static char *put_hex(char *to, const uint8_t *p, size_t n)
{
	static const char HEX[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*to++ = HEX[p[i] >> 4];
		*to++ = HEX[p[i] & 15];
	}
	return to;
}

/* "1042 9f86... 2\n"; a million of them, so without printf. */
static size_t person_line(struct rows *r, EVP_MD_CTX *md, const struct home *h, char out[128])
{
	struct slice kept = rows_bytes(r, 2);
	uint8_t bound[32];
	char *to;

	if (kept.n == sizeof(bound))
		memcpy(bound, kept.p, sizeof(bound));
	else
		bound_row(md, h, &(struct bound_person){ .address = rows_text(r, 3), .fields = rows_text(r, 4),
							 .consent = rows_i64(r, 5), .kind = rows_text(r, 6), .ref = rows_text(r, 7),
							 .given_on = rows_text(r, 8), .consent_at = rows_i64(r, 9) }, bound);
	to = put_number(out, rows_i64(r, 0));
	*to++ = ' ';
	to = put_hex(to, bound, sizeof(bound));
	*to++ = ' ';
	to = put_number(to, rows_i64(r, 1));
	*to++ = '\n';
	*to = '\0';
	return (size_t)(to - out);
}

int manifest_people(struct home *h, const struct mailing *m, int (*each)(void *ctx, const char *line, size_t n), void *ctx,
		    struct err *e)
{
	EVP_MD_CTX *md = sha_new();
	struct rows r = { 0 };
	char line[128];
	int got = db_query(h->db, &Q_EACH_BOUND, ARGS(db_i64(m->id)), &r, e) < 0 ? -1 : 1;

	while (got > 0 && (got = rows_next(&r, e)) > 0)
		if (each(ctx, line, person_line(&r, md, h, line)) != 0)
			break;
	rows_close(&r);
	EVP_MD_CTX_free(md);
	return got < 0 ? -1 : 0;
}

struct people {
	EVP_MD_CTX *md;
	int64_t n;
};

static int count_person(void *ctx, const char *line, size_t n)
{
	struct people *p = ctx;

	sha_add(p->md, line, n);
	p->n++;
	return 0;
}

/* --- lines -------------------------------------------------------------------------------------- */

/* What would end a line, or show nothing, is written out; a backslash is doubled, so that both stay apart. */
static void put_value(struct buf *b, const char *value)
{
	size_t left = strlen(value), len;

	for (; left; value += len, left -= len) {
		uint32_t c = utf8_char(value, left, &len);

		if (c == '\\')
			buf_adds(b, "\\\\");
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (utf8_is_control(c) || utf8_is_invisible(c) || c == 0x2028 || c == 0x2029)
			buf_addf(b, "\\u{%04X}", (unsigned)c);
		else
			buf_add(b, value, len);
	}
}

static void put(struct buf *b, const char *what, const char *value)
{
	buf_addf(b, "%s: ", what);
	put_value(b, value ? value : "");
	buf_addc(b, '\n');
}

static void put_i64(struct buf *b, const char *what, int64_t v)
{
	buf_addf(b, "%s: %lld\n", what, (long long)v);
}

static void put_sha(struct buf *b, const char *what, const uint8_t hash[32])
{
	buf_addf(b, "%s SHA-256: ", what);
	hex_encode(b, hash, 32);
	buf_addc(b, '\n');
}

/* To the microsecond, if it has any: no two times look alike. */
static void put_time(struct buf *b, const char *what, int64_t t, const char *never)
{
	char at[32];

	if (!t)
		put(b, what, never);
	else if (t % SECOND == 0)
		put(b, what, time_iso(t, at));
	else
		buf_addf(b, "%s: %s and %lld us\n", what, time_iso(t, at), (long long)(t % SECOND));
}

static void put_registered(struct buf *b, const struct home *h, const struct content *c)
{
	put(b, "institution", c->institution.name);
	put(b, "postal address", c->institution.postal_address);
	put(b, "statement page", c->institution.statement_url);
	put(b, "web address", h->url);
	put(b, "project", c->project.slug);
	put(b, "project state", c->project.state);
	put(b, "project title", c->project.title);
	put(b, "originator", c->project.originator);
	put(b, "originator account", c->project.originator_address);
	put(b, "department", c->project.department);
	put(b, "contact", c->project.contact);
	put(b, "link hosts", c->project.link_hosts);
	/* Not its keys: they are changed regularly, and nobody sees them (DKIM-8). */
	put(b, "identity", c->identity.name);
	put(b, "identity domains", c->identity.domains);
	put(b, "identity relay", c->identity.relay);
	put(b, "identity outbound", c->identity.outbound);
	put(b, "relay signs", c->identity.relay_signs ? "yes" : "no");
}

static void put_template(struct buf *b, const struct content *c)
{
	uint8_t hash[32];

	if (!c->template) {
		put(b, "house template", "built in");
		return;
	}
	put_i64(b, "house template", c->template_id);
	sha_of(c->template, strlen(c->template), hash);
	put_sha(b, "house template", hash);
}

/* Images that the words name, by what they are now. */
static void put_images(struct buf *b, struct arena *a, const char *language, const struct compiled *c)
{
	for (const struct image *const *x = compose_images(c); *x; x++) {
		const char *name = (*x)->name[strspn((*x)->name, LANGUAGE_LETTERS "._")] ? "?" : (*x)->name;

		put_sha(b, arena_printf(a, "image %s (%s)", name, language), (*x)->hash);
	}
}

static const char *in_language(struct arena *a, const char *what, const char *language)
{
	/* Outside of values nothing is escaped. */
	return arena_printf(a, "%s (%s)", what, language[strspn(language, LANGUAGE_LETTERS)] ? "?" : language);
}

/* The words in one language, from what was typed to what becomes of it. */
static void put_language(struct buf *b, struct arena *a, const struct content *c, const struct content_version *v)
{
	const char *language = v->draft.language, *text;
	uint8_t hash[32];

	put(b, in_language(a, "unofficial sentence", language), pair_find(c->institution.unofficial, language));
	put(b, in_language(a, "opt-out wording", language), pair_find(c->institution.opt_out_wording, language));
	put(b, in_language(a, "subject", language), v->draft.subject);
	sha_of(v->draft.body, strlen(v->draft.body), hash);
	put_sha(b, in_language(a, "body", language), hash);
	if (!c->compiled || !v->compiled) {
		put(b, in_language(a, "message", language), c->compile_error);
		return;
	}
	put_images(b, a, language[strspn(language, LANGUAGE_LETTERS)] ? "?" : language, v->compiled);
	text = compose_public_text(v->compiled);
	sha_of(text, strlen(text), hash);
	put_sha(b, in_language(a, "public text", language), hash);
	compose_hash(v->compiled, hash);
	put_sha(b, in_language(a, "message", language), hash);
}

static void put_words(struct buf *b, struct arena *a, const struct mailing *m, const struct content *c)
{
	const char *languages = "";

	for (size_t i = 0; i < c->n_versions; i++)
		languages = arena_printf(a, "%s%s%s", languages, i ? " " : "", c->version[i].draft.language);
	put(b, "format", m->format);
	put(b, "link fields", m->link_fields);
	put(b, "languages", languages);
	for (size_t i = 0; i < c->n_versions; i++)
		put_language(b, a, c, &c->version[i]);
}

static void put_choice(struct buf *b, const struct mailing *m)
{
	put(b, "list", m->list);
	put(b, "chosen", mailing_chooses(m) ? m->where : "everybody on the list");
	put_i64(b, "arms", m->arms);
	put(b, "even within", m->stratum);
}

/* What a submission adds. */
static int put_submitted(struct buf *b, struct home *h, const struct mailing *m, struct err *e)
{
	struct people p = { .md = sha_new() };
	uint8_t hash[32];
	int rc;

	put_time(b, "window opens", m->not_before, "at once");
	put_time(b, "window closes", m->not_after, "never");
	put(b, "hours", m->hours[0] ? m->hours : "at any time");
	put_i64(b, "arm seed", m->arm_seed);
	put_i64(b, "left out", m->left_out);
	rc = manifest_people(h, m, count_person, &p, e);
	sha_end(p.md, hash);
	put_i64(b, "people", p.n);
	put_sha(b, "people", hash);
	put(b, "responsibility", m->accepted_text);
	return rc;
}

int manifest_make(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char **out,
		  struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, MANIFEST_MAX);
	buf_adds(&b, "Placet mailing manifest, form 1\n");
	put_i64(&b, "mailing", m->id);
	put_registered(&b, h, c);
	put_template(&b, c);
	put_words(&b, a, m, c);
	put_choice(&b, m);
	rc = m->submitted_at ? put_submitted(&b, h, m, e) : 0;
	if (rc == 0 && b.over)
		rc = err_set(e, ERR_INPUT, "mailing %lld: what an approval would bind to is longer than %d bytes", (long long)m->id,
			     MANIFEST_MAX);
	if (rc == 0)
		*out = arena_text_n(a, buf_text(&b), b.n);
	buf_free(&b);
	return rc;
}

/* --- comparing ---------------------------------------------------------------------------------- */

static size_t line_length(const char *p)
{
	return strcspn(p, "\n");
}

static const char *next_line(const char *p)
{
	p += line_length(p);
	return *p ? p + 1 : p;
}

/* Bytes of "what" in a line "what: value"; all of it when there is no value. */
static size_t what_length(const char *line)
{
	size_t n = line_length(line);
	const char *colon = memmem(line, n, ": ", 2);

	return colon ? (size_t)(colon - line) : n;
}

static const char *find_line(const char *manifest, const char *what, size_t n)
{
	for (const char *p = manifest; *p; p = next_line(p))
		if (what_length(p) == n && memcmp(p, what, n) == 0)
			return p;
	return NULL;
}

static const char *value_of(struct arena *a, const char *line)
{
	size_t what, n;

	if (!line)
		return NULL;
	n = line_length(line);
	what = what_length(line);
	return what == n ? "" : arena_text_n(a, line + what + 2, n - what - 2);
}

const char *manifest_value(struct arena *a, const char *manifest, const char *what)
{
	return value_of(a, find_line(manifest, what, strlen(what)));
}

bool manifest_differ(struct arena *a, const char *before, const char *now, struct manifest_change *out)
{
	const char *x = before, *y = now, *at;

	while (*x && *y && line_length(x) == line_length(y) && memcmp(x, y, line_length(x)) == 0) {
		x = next_line(x);
		y = next_line(y);
	}
	if (!*x && !*y)
		return false;
	/* A line that is gone is told first: what stands in its place may be only the next one. */
	at = *x ? x : y;
	out->what = arena_text_n(a, at, what_length(at));
	out->before = value_of(a, *x ? x : NULL);
	out->now = value_of(a, find_line(now, at, what_length(at)));
	if (out->before && out->now && strcmp(out->before, out->now) == 0) {
		out->what = arena_text_n(a, y, what_length(y));
		out->before = NULL;
		out->now = value_of(a, y);
	}
	return true;
}

static const char *told(struct arena *a, const char *value)
{
	struct slice s = { value, value ? strlen(value) : 0 };

	if (!value)
		return "not there";
	return arena_printf(a, "\"%.*s%s\"", utf8_fit(s, TOLD_MAX), value, s.n > TOLD_MAX ? "..." : "");
}

static int refuse(struct arena *a, const struct mailing *m, const char *now, struct err *e)
{
	struct manifest_change x;
	uint8_t hash[32];

	manifest_hash(m->manifest, hash);
	if (m->bound.n != sizeof(hash) || memcmp(m->bound.p, hash, sizeof(hash)) != 0)
		return err_set(e, ERR_REFUSED, "mailing %lld: its manifest is not what its hash was made of; edit it and submit it again",
			       (long long)m->id);
	if (!manifest_differ(a, m->manifest, now, &x))
		return 0;
	return err_set(e, ERR_REFUSED, "mailing %lld is not as it was submitted: %s was %s; now %s%s; put that back, or edit it and submit it again",
		       (long long)m->id, x.what, told(a, x.before), told(a, x.now),
		       strcmp(x.what, "people SHA-256") == 0 ? " (who they are, what is filled in for them, their consents or arms)" : "");
}

/* By whatever means a mailing got into its state: the ledger must tell of a reviewer who approved just this. */
static int was_approved(struct home *h, struct arena *a, const struct mailing *m, struct err *e)
{
	struct rows r = { 0 };
	struct buf want;
	bool found;
	int got;

	if (strcmp(m->state, "submitted") == 0)
		return 0;
	if (db_query(h->db, &Q_MANIFEST_APPROVED, ARGS(db_text(arena_printf(a, "mailing %lld", (long long)m->id))), &r, e) < 0)
		return -1;
	buf_init(&want, 200);
	buf_adds(&want, MAILING_BOUND_TO);
	hex_encode(&want, m->bound.p, m->bound.n);
	got = rows_next(&r, e);
	found = got > 0 && strncmp(rows_text(&r, 0), buf_text(&want), want.n) == 0;
	rows_close(&r);
	buf_free(&want);
	if (got < 0 || found)
		return got < 0 ? -1 : 0;
	return err_set(e, ERR_REFUSED, "mailing %lld: by the audit ledger nobody approved it as it is; edit it and submit it again",
		       (long long)m->id);
}

int manifest_stands(struct home *h, const struct mailing *m, const struct content *c, struct err *e)
{
	struct arena *a = arena_new();
	const char *now;
	int rc = -1;

	if (!m->manifest || !m->bound.p)
		err_set(e, ERR_REFUSED, "mailing %lld: nothing was submitted", (long long)m->id);
	else if (manifest_make(h, a, m, c, &now, e) == 0 && refuse(a, m, now, e) == 0)
		rc = was_approved(h, a, m, e);
	arena_free(a);
	return rc;
}
