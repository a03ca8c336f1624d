/*
 * Queues system mail for test/flow and test/browser, as pages do:
 *   notice_tool HOME KIND ADDRESS [PROJECT OBJECT]      one; prints its number, or 0 if the person has had enough
 *   notice_tool HOME KIND person%d@example.org N        N of them, %d counting from 0
 *   notice_tool HOME sign-up PROJECT ADDRESS TEXT       a sign_up that waits; prints its number
 *   notice_tool HOME complaint-of ADDRESS TEXT          a complaint; prints its number
 * The clock is the home's (PLACET_CLOCK).
 */
#include "store/notice.h"

#include <stdio.h>

#include "store/query.h"

static const struct query TEXT_ADD = { "t_text", "INSERT INTO consent_text (hash, text, created) VALUES ($1, $2, $3)"
						  " ON CONFLICT (hash) DO UPDATE SET text = $2 RETURNING id", NULL };
static const struct query SIGN_UP_ADD = { "t_sign_up", "INSERT INTO sign_up (project_id, delivery, given, name, key_hash, text_id,"
						       " asked) VALUES ($1, $2, $3, '', $4, $5, $6) RETURNING id", NULL };
static const struct query COMPLAINT_ADD = { "t_complaint", "INSERT INTO complaint (address, key_hash, about, text, at, due)"
							   " VALUES ($1, $2, '', $3, $4, $5) RETURNING id", NULL };

static int find_kind(const char *name, enum notice_kind *out)
{
	for (*out = NOTICE_CONFIRM; *out <= NOTICE_COMPLAINT; ++*out)
		if (strcmp(notice_kind_name(*out), name) == 0)
			return 0;
	return -1;
}

static int64_t number(const char *text)
{
	return text ? strtoll(text, NULL, 10) : 0;
}

static int add_sign_up(struct home *h, struct arena *a, const char *project, const char *to, const char *text, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE], digest[32];
	int64_t text_id, id = 0;
	struct address addr;

	if (address_parse(a, to, &addr, e) < 0)
		return -1;
	home_key_hash(h, addr.key, hash);
	sha256(text, strlen(text), digest);
	if (db_get_i64(h->db, &TEXT_ADD, ARGS(db_bytes(digest, 32), db_text(text), db_i64(home_now(h))), &text_id, e) < 0 ||
	    db_get_i64(h->db, &SIGN_UP_ADD,
		       ARGS(db_i64(number(project)), db_text(addr.delivery), db_text(to), db_bytes(hash, sizeof(hash)),
			    db_i64(text_id), db_i64(home_now(h))),
		       &id, e) < 0)
		return -1;
	printf("%lld\n", (long long)id);
	return 0;
}

static int add_complaint(struct home *h, struct arena *a, const char *to, const char *text, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];
	struct address addr;
	int64_t id = 0;

	if (address_parse(a, to, &addr, e) < 0)
		return -1;
	home_key_hash(h, addr.key, hash);
	if (db_get_i64(h->db, &COMPLAINT_ADD,
		       ARGS(db_text(to), db_bytes(hash, sizeof(hash)), db_text(text), db_i64(home_now(h)),
			    db_i64(home_now(h) + 30 * DAY)),
		       &id, e) < 0)
		return -1;
	printf("%lld\n", (long long)id);
	return 0;
}

static int queue_one(struct home *h, struct arena *a, enum notice_kind k, const char *to, int64_t project, int64_t object,
		     int64_t *id, struct err *e)
{
	struct address addr;

	*id = 0;
	return address_parse(a, to, &addr, e) < 0 ? -1 : notice_queue(h, k, &addr, project, object, id, e);
}

static int queue(struct home *h, struct arena *a, char **word, struct err *e)
{
	const char *many = word[1] ? strstr(word[1], "%d") : NULL;
	int64_t id = 0, n = many ? number(word[2]) : 1, queued = 0;
	enum notice_kind k;

	if (find_kind(word[0], &k) < 0 || !word[1])
		return err_set(e, ERR_INPUT, "usage: see the head of notice_tool.c");
	for (int64_t i = 0; i < n; i++) {
		const char *to = many ? arena_printf(a, "%.*s%lld%s", (int)(many - word[1]), word[1], (long long)i, many + 2) : word[1];
		int got = queue_one(h, a, k, to, many ? 0 : number(word[2]), many || !word[2] ? 0 : number(word[3]), &id, e);

		if (got < 0)
			return -1;
		queued += got;
	}
	printf("%lld\n", (long long)(many ? queued : id));
	return 0;
}

static int work(struct home *h, struct arena *a, char **word, struct err *e)
{
	int rc;

	if (home_open_db(h, e) < 0 || home_read_keys(h, e) < 0 || db_begin(h->db, e) < 0)
		return -1;
	if (strcmp(word[0], "sign-up") == 0)
		rc = add_sign_up(h, a, word[1], word[2], word[3], e);
	else if (strcmp(word[0], "complaint-of") == 0)
		rc = add_complaint(h, a, word[1], word[2], e);
	else
		rc = queue(h, a, word, e);
	return rc < 0 ? -1 : db_commit(h->db, e);
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct home *h = argc > 3 ? home_open(argv[1], &e) : NULL;
	int rc = h ? work(h, a, argv + 2, &e) : -1;

	if (rc < 0)
		fprintf(stderr, "notice_tool: %s\n", e.text);
	home_free(h);
	arena_free(a);
	return rc < 0;
}
