/*
 * Forms of strangers: see ask.h. A stamp is key id(1) seconds(8) mac(16) in
 * base64url; its key is derived from a token key for this use alone, and the
 * form's name is under the MAC. Nothing is kept of stamps: that one is sent
 * twice does no harm that the buckets do not bound.
 */
#include "web/ask.h"

#include <openssl/crypto.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "web/pages.h"

#define STAMP_HEAD 9
#define STAMP_SIZE (STAMP_HEAD + 16)

/* --- stamps ------------------------------------------------------------------------------------ */

static void stamp_mac(const uint8_t master[TOKEN_KEY_SIZE], const char *form, const uint8_t head[STAMP_HEAD],
		      uint8_t out[32])
{
	static const char USE[] = "placet/v1/form-stamp";
	uint8_t key[32], of_form[32];

	hmac_sha256(master, TOKEN_KEY_SIZE, USE, sizeof(USE) - 1, key);
	hmac_sha256(key, sizeof(key), form, strlen(form), of_form);
	hmac_sha256(of_form, sizeof(of_form), head, STAMP_HEAD, out);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(of_form, sizeof(of_form));
}

void ask_stamp(const struct token_keys *k, const char *form, int64_t now, char out[ASK_STAMP_MAX])
{
	uint64_t seconds = (uint64_t)(now / SECOND);
	uint8_t bytes[STAMP_HEAD + 32];
	struct buf text;

	MUST(k->n > 0);
	bytes[0] = k->key[k->n - 1].kid;
	for (int i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(seconds >> (56 - 8 * i));
	stamp_mac(k->key[k->n - 1].key, form, bytes, bytes + STAMP_HEAD);
	buf_init(&text, ASK_STAMP_MAX);
	base64url_encode(&text, bytes, STAMP_SIZE);
	MUST(text.n < ASK_STAMP_MAX);
	memcpy(out, buf_text(&text), text.n + 1);
	buf_free(&text);
}

/* When a genuine stamp was made, in whole seconds; -1 when it is none of ours. */
static int64_t stamp_read(const struct token_keys *k, const char *form, const char *text)
{
	uint8_t bytes[STAMP_SIZE], mac[32];
	int64_t seconds = 0;

	if (strlen(text) >= ASK_STAMP_MAX || base64url_decode(bytes, sizeof(bytes), text, strlen(text)) != STAMP_SIZE)
		return -1;
	for (int i = 0; i < k->n; i++) {
		if (k->key[i].kid != bytes[0])
			continue;
		stamp_mac(k->key[i].key, form, bytes, mac);
		if (CRYPTO_memcmp(mac, bytes + STAMP_HEAD, STAMP_SIZE - STAMP_HEAD) != 0)
			return -1;
		for (int b = 0; b < 8; b++)
			seconds = (int64_t)((uint64_t)seconds << 8 | bytes[1 + b]);
		return seconds;
	}
	return -1;
}

const char *ask_fault(const struct token_keys *k, const char *form, const struct form *f, int64_t now,
		      char stamp[ASK_STAMP_MAX])
{
	const char *text = form_text(f, "stamp");
	int64_t made = stamp_read(k, form, text), age = now / SECOND - made;

	/* The clock of another web host may be a moment ahead. */
	if (made < 0 || age > ASK_LATEST / SECOND || age < -MINUTE / SECOND) {
		ask_stamp(k, form, now, stamp);
		return "this form was opened too long ago to be taken. Please look it over and send it again";
	}
	memcpy(stamp, text, strlen(text) + 1);
	if (*form_text(f, "website"))
		return "a field that has to stay empty was filled in, perhaps by a program that fills in forms. It is empty now: please send the form again";
	if (age < ASK_SOONEST / SECOND)
		return "this form was sent within a moment of being opened, as programs do. Please send it again";
	return NULL;
}

/* --- what is typed ----------------------------------------------------------------------------- */

const char *ask_line(struct arena *a, const struct form *f, const char *name)
{
	const char *text = form_text(f, name);
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	text = arena_text_n(a, text, n);
	return n <= ASK_TEXT_MAX && utf8_is_plain(text) ? text : NULL;
}

bool ask_address(struct arena *a, const struct form *f, struct address *out, const char **fault)
{
	const char *text = ask_line(a, f, "address");
	struct err e;

	if (text && !*text)
		*fault = "an address is missing";
	else if (!text || address_parse(a, text, out, &e) < 0)
		*fault = "this is not an address that could be written to. Please compare it with your own, letter by letter: it looks like name@example.org";
	else
		return true;
	return false;
}

/* --- buckets ----------------------------------------------------------------------------------- */

void ask_limits_init(struct ask_limits *l)
{
	struct rng rng = { 0 };

	memset(l, 0, sizeof(*l));
	l->seed = rng_u64(&rng);
}

/* Seconds until a bucket has a token, 0 if it has. It has `burst` tokens when it is full. */
static int wait_for(int64_t full_at, int64_t ticks, int burst, int64_t each)
{
	int64_t over = full_at - ticks - (burst - 1) * each;

	return over <= 0 ? 0 : (int)((over + SECOND - 1) / SECOND);
}

static int64_t taken(int64_t full_at, int64_t ticks, int64_t each)
{
	return (full_at > ticks ? full_at : ticks) + each;
}

/* The network's own bucket, or the one that is given to it. */
static int64_t *bucket_of(struct ask_limits *l, struct network who)
{
	uint64_t x = (who.prefix ^ l->seed) + (uint64_t)who.version * UINT64_C(0x9e3779b97f4a7c15);
	size_t set, oldest = 0;

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	set = (size_t)((x ^ (x >> 31)) % ASK_SETS);
	for (size_t i = 0; i < ASK_WAYS; i++) {
		if (l->slot[set][i].full_at && network_equal(l->slot[set][i].who, who))
			return &l->slot[set][i].full_at;
		if (l->slot[set][i].full_at < l->slot[set][oldest].full_at)
			oldest = i;
	}
	l->slot[set][oldest].who = who;
	l->slot[set][oldest].full_at = 0;
	return &l->slot[set][oldest].full_at;
}

/* The /48 around an IPv6 network. */
static struct network site_of(struct network who)
{
	return (struct network){ 48, who.prefix & ~UINT64_C(0xffff) };
}

int ask_take(struct ask_limits *l, struct network who, int64_t ticks)
{
	int64_t *own, *site;
	int wait = wait_for(l->all, ticks, ASK_ALL_BURST, ASK_ALL_EACH);

	if (wait)
		return wait;
	wait = who.version == 6 ? wait_for(*bucket_of(l, site_of(who)), ticks, ASK_SITE_BURST, ASK_SITE_EACH) : 0;
	if (wait)
		return wait;
	own = bucket_of(l, who);
	wait = wait_for(*own, ticks, ASK_NETWORK_BURST, ASK_NETWORK_EACH);
	if (wait)
		return wait;
	*own = taken(*own, ticks, ASK_NETWORK_EACH);
	if (who.version == 6) {
		site = bucket_of(l, site_of(who)); /* the other may have taken its place */
		*site = taken(*site, ticks, ASK_SITE_EACH);
	}
	l->all = taken(l->all, ticks, ASK_ALL_EACH);
	return 0;
}

bool ask_is_limited(const struct request *r, struct response *out)
{
	struct web *w = r->ctx;
	int wait = ask_take(&w->asking, r->network, clock_ticks());

	if (!wait)
		return false;
	page_error(w, r->arena, 429, "Too many forms at once", out);
	out->status = 429;
	out->retry_after = wait;
	return true;
}
