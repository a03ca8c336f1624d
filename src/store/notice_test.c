/*
 * Tests of a mailing: see notice_test.h. What is queued is only whom and what
 * it is about; the message is made of what the mailing is when a sender takes
 * it, and no values of anybody wait in the queue.
 */
#include "store/notice_test.h"

#include "store/audit.h"
#include "store/content_in.h"
#include "store/notice_mail.h"
#include "store/query.h"

#include <jansson.h>

QUERY(Q_TEST_ABOUT, "UPDATE notice SET shows_id = $2, language = $3 WHERE id = $1");
QUERY(Q_TEST_ADDRESS, "SELECT id FROM address WHERE key_hash = $1 AND delivery = $2 AND erased IS NULL");
/* Somebody's values: as they were frozen, else as they are on the list. */
QUERY(Q_TEST_FROZEN, "SELECT d.fields, c.kind, c.ref, c.given_on, c.at, d.arm FROM delivery d JOIN consent c ON c.id = d.consent_id"
		     " WHERE d.mailing_id = $1 AND d.address_id = $2 AND d.bound IS NULL");
QUERY(Q_TEST_MEMBER,
      "SELECT m.fields, c.kind, c.ref, c.given_on, c.at, 0 FROM member m JOIN consent c ON c.id = (SELECT max(n.id) FROM consent n"
      " WHERE n.address_id = m.address_id AND n.project_id = $3) WHERE m.list_id = $1 AND m.address_id = $2");

/* --- queueing ----------------------------------------------------------------------------------- */

struct longest {
	struct arena *a, *scratch;
	const struct content *c;
	const char *address;
	size_t n;
};

static int look_at(void *ctx, const struct selected *s)
{
	struct longest *l = ctx;
	size_t n = content_size(l->c, s, l->scratch);

	if (n > l->n) {
		l->n = n;
		l->address = arena_text(l->a, s->address);
	}
	return 0;
}

/* The number of the address with the longest message; 0 when nobody is selected. */
static int find_longest(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, int64_t *out,
			struct err *e)
{
	struct longest l = { .a = a, .scratch = arena_new(), .c = c };
	uint8_t hash[KEY_HASH_SIZE];
	struct address addr;
	int rc = selection_choose(h, m, e) < 0 || selection_each(h, m, look_at, &l, e) < 0 ? -1 : 0;

	*out = 0;
	arena_free(l.scratch);
	if (rc < 0)
		return -1;
	if (!l.address)
		return 0;
	if (address_parse(a, l.address, &addr, e) < 0)
		return -1;
	home_key_hash(h, addr.key, hash);
	return db_get_i64(h->db, &Q_TEST_ADDRESS, ARGS(db_bytes(hash, sizeof(hash)), db_text(l.address)), out, e) < 0 ? -1 : 0;
}

static int queue(struct home *h, struct arena *a, const struct mailing *m, const struct account *to, const struct address *addr,
		 int64_t shows, const char *language, int64_t by, int64_t *id, struct err *e)
{
	int got = notice_queue(h, NOTICE_TEST, addr, m->project_id, m->id, id, e);

	if (got == 0)
		return err_set(e, ERR_REFUSED, "%s had ten tests within 24 hours; that is all for now", to->address);
	if (got < 0 || db_exec(h->db, &Q_TEST_ABOUT, ARGS(db_i64(*id), shows ? db_i64(shows) : db_null(), db_text(language)), NULL, e) < 0)
		return -1;
	return audit_add(h, by, "mailing-test", arena_printf(a, "mailing %lld", (long long)m->id),
			 arena_printf(a, "to %s%s%s", to->address, *language ? ", in " : "", language), e);
}

static int test(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const struct account *to,
		const char *language, int64_t by, int64_t *id, struct err *e)
{
	struct address addr;
	int64_t shows;

	if (address_parse(a, to->address, &addr, e) < 0)
		return err_in(e, "account %s", to->address);
	if (h->trial && !addr.reserved)
		return err_set(e, ERR_REFUSED, "%s: a trial home mails reserved domains alone, such as example.org", to->address);
	if (find_longest(h, a, m, c, &shows, e) < 0 || db_begin(h->db, e) < 0)
		return -1;
	if (queue(h, a, m, to, &addr, shows, language, by, id, e) == 0 && db_commit(h->db, e) == 0)
		return 0;
	db_rollback(h->db);
	return -1;
}

static bool has_language(const struct content *c, const char *language)
{
	for (size_t i = 0; i < c->n_versions; i++)
		if (strcmp(c->version[i].draft.language, language) == 0)
			return true;
	return false;
}

int notice_test(struct home *h, const struct mailing *m, const struct content *c, const struct account *to, const char *language,
		int64_t by, int64_t *id, struct err *e)
{
	struct arena *a;
	int rc;

	if (to->disabled)
		return err_set(e, ERR_REFUSED, "account %s is disabled", to->address);
	if (!c->compiled)
		return err_set(e, ERR_INPUT, "mailing %lld: %s", (long long)m->id, c->compile_error);
	if (language && !has_language(c, language))
		return err_set(e, ERR_INPUT, "mailing %lld is not there in the language %s", (long long)m->id, language);
	a = arena_new();
	rc = test(h, a, m, c, to, language ? language : "", by, id, e);
	arena_free(a);
	return rc;
}

/* --- sending ------------------------------------------------------------------------------------ */

/* 1, 0: whoever it was is gone, -1. */
static int read_values(struct home *h, struct arena *a, const struct mailing *m, int64_t address, struct person *out, struct err *e)
{
	struct rows r = { 0 };
	int got = m->submitted_at ? db_query(h->db, &Q_TEST_FROZEN, ARGS(db_i64(m->id), db_i64(address)), &r, e)
				  : db_query(h->db, &Q_TEST_MEMBER,
					     ARGS(db_i64(m->list_id), db_i64(address), db_i64(m->project_id)), &r, e);

	if (got < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0)
		*out = (struct person){ .fields = arena_text(a, rows_text(&r, 0)), .kind = arena_text(a, rows_text(&r, 1)),
					.ref = arena_text(a, rows_text(&r, 2)), .given_on = arena_text(a, rows_text(&r, 3)),
					.consent_at = rows_i64(&r, 4), .arm = rows_i64(&r, 5) };
	rows_close(&r);
	return got;
}

/* As if they had asked for this language. */
static const char *speaking(struct arena *a, const char *fields, const char *language)
{
	json_t *object = json_loads(fields, 0, NULL);
	const char *out = fields;
	char *dumped;

	if (json_is_object(object) && json_object_set_new(object, LANGUAGE_FIELD, json_string(language)) == 0 &&
	    (dumped = json_dumps(object, JSON_COMPACT))) {
		out = arena_text(a, dumped);
		free(dumped);
	}
	json_decref(object);
	return out;
}

static struct slice kept(struct arena *a, struct buf *b)
{
	struct slice s = { arena_text_n(a, buf_text(b), b->n), b->n };

	buf_free(b);
	return s;
}

/* To the account, from its project, with tokens that open nothing; a Message-ID and a return path of its own. */
static int render(struct home *h, struct arena *a, const struct content *c, const struct person *p, struct notice *x, struct err *e)
{
	struct recipient_room room;
	struct recipient r;
	struct buf head, body;
	int rc;

	buf_init(&head, CONTENT_MESSAGE_MAX);
	buf_init(&body, CONTENT_MESSAGE_MAX);
	rc = content_recipient(h, a, c, p, &room, &r, e);
	r.message_token = x->message_token;
	r.test = true;
	if (rc == 0)
		rc = compose_render(room.version->compiled, &r, &head, &body, e);
	if (rc == 0 && (head.over || body.over))
		rc = err_set(e, ERR_INPUT, "the message is larger than %d bytes", CONTENT_MESSAGE_MAX);
	x->head = kept(a, &head);
	x->body = kept(a, &body);
	return rc;
}

static int fill(struct home *h, struct arena *a, const struct mailing *m, const struct notice_about *about, struct notice *x,
		struct err *e)
{
	struct person p = { 0 };
	struct content c;
	struct err why = { 0 };
	int got = 0;

	if (content_load(h, a, m, &c, e) < 0 || (about->shows && (got = read_values(h, a, m, about->shows, &p, e)) < 0))
		return -1;
	x->identity = c.identity.id;
	if (!c.compiled) {
		x->why = c.compile_error;
		return 0;
	}
	if (!got)
		content_stand_in(h, a, content_version(&c, about->language), &p);
	if (about->language[0])
		p.fields = speaking(a, p.fields, about->language);
	p.address = about->address;
	p.date = x->first;
	if (render(h, a, &c, &p, x, &why) < 0)
		x->why = arena_text(a, why.text);
	return 0;
}

int notice_fill_test(struct home *h, struct arena *a, const struct notice_about *about, struct notice *x, struct err *e)
{
	struct mailing m;
	int got = mailing_by_id(h, a, about->object, &m, e);

	x->mail.address = about->address;
	token_for_mail(&h->tokens, TOKEN_NOTICE_MESSAGE, x->id, x->message_token);
	token_for_mail(&h->tokens, TOKEN_NOTICE_BOUNCE, x->id, x->bounce_token);
	if (got <= 0) {
		x->why = "the mailing is gone";
		return got;
	}
	return fill(h, a, &m, about, x, e);
}
