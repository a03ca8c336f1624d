/*
 * What is held about a person: see person.h. PARTS below names every table
 * that knows of people, each with its question and how a row of it is taken;
 * a table that is added to the schema gets a line there, and one in erase.c.
 */
#include "store/person.h"

#include "base/codec.h"
#include "store/delivery.h"
#include "store/query.h"

/* Who of staff: name, roles, and whether the public pages name them. NULL where there was nobody. */
#define BY(x)                                                                                                         \
	x ".name, " x ".roles, (SELECT count(*) FROM project bp WHERE bp.originator_id = " x ".id"                   \
	  " AND bp.state IN ('approved', 'closed'))"
#define SOME " LIMIT 2000"
_Static_assert(HELD_ROWS_MAX == 2000, "SOME says the same");

EACH(Q_EACH_HELD_MAILBOX,
     "SELECT a.id, a.delivery, a.given, a.bounced, a.created, a.erased, v.accepted, v.how, v.at, v.until, " BY("x")
     " FROM address a LEFT JOIN validation v ON v.address_id = a.id LEFT JOIN account x ON x.id = v.by_id"
     " WHERE a.key_hash = $1 ORDER BY a.id" SOME);
/* The view is asked for each row by itself: SQLite would work it out for everybody in a join. */
EACH(Q_EACH_HELD_LIST,
     "SELECT l.name, p.slug, p.title, p.contact, a.delivery, m.flags, m.fields, m.answered, i.at, v.until, a.reserved,"
     " (SELECT w.why FROM may_mail w WHERE w.list_id = m.list_id AND w.address_id = m.address_id), m.list_id,"
     " m.address_id, p.id, " BY("x")
     " FROM address a JOIN member m ON m.address_id = a.id JOIN list l ON l.id = m.list_id"
     " JOIN project p ON p.id = l.project_id LEFT JOIN import i ON i.id = m.import_id"
     " LEFT JOIN account x ON x.id = i.by_id LEFT JOIN validation v ON v.address_id = a.id"
     " WHERE a.key_hash = $1 ORDER BY l.name, a.id" SOME);
EACH(Q_EACH_HELD_CONSENT,
     "SELECT c.at, p.slug, p.title, a.delivery, c.action, c.kind, c.ref, c.given_on, t.hash, t.text, t.language, p.id,"
     " (SELECT count(*) FROM consent n WHERE n.address_id = c.address_id AND n.project_id = c.project_id AND n.id > c.id),"
     " a.erased, "
     BY("x")
     " FROM address a JOIN consent c ON c.address_id = a.id JOIN project p ON p.id = c.project_id"
     " LEFT JOIN consent_text t ON t.id = c.text_id LEFT JOIN account x ON x.id = c.by_id"
     " WHERE a.key_hash = $1 ORDER BY c.id" SOME);
EACH(Q_EACH_HELD_DECISION,
     "SELECT d.at, a.delivery, l.name, d.decision, d.reason, d.source, " BY("x")
     " FROM address a JOIN decision d ON d.address_id = a.id JOIN signoff s ON s.id = d.signoff_id"
     " JOIN list l ON l.id = s.list_id LEFT JOIN account x ON x.id = d.by_id"
     " WHERE a.key_hash = $1 ORDER BY d.id" SOME);
EACH(Q_EACH_HELD_MAILING,
     "SELECT d.id, d.mailing_id, d.first, d.last, d.attempts, d.arm, p.slug, p.title, m.subject, a.delivery, d.state,"
     " d.skipped, d.relay, d.queue_id, d.reply, d.fields, d.maybe_twice, d.bounced, c.kind, c.ref, c.given_on, c.at"
     " FROM address a JOIN delivery d ON d.address_id = a.id JOIN mailing m ON m.id = d.mailing_id"
     " JOIN project p ON p.id = m.project_id LEFT JOIN consent c ON c.id = d.consent_id"
     " WHERE a.key_hash = $1 ORDER BY d.id DESC" SOME);
EACH(Q_EACH_HELD_NOTICE,
     "SELECT n.created, n.last, n.kind, n.state, n.delivery, p.title FROM notice n LEFT JOIN project p ON p.id = n.project_id"
     " WHERE n.key_hash = $1 ORDER BY n.id" SOME);
EACH(Q_EACH_HELD_SIGN_UP,
     "SELECT s.asked, s.confirmed, p.slug, p.title, s.delivery, s.name FROM sign_up s JOIN project p ON p.id = s.project_id"
     " WHERE s.key_hash = $1 ORDER BY s.id" SOME);
EACH(Q_EACH_HELD_COMPLAINT,
     "SELECT id, at, due, acknowledged, closed, about, text, outcome FROM complaint WHERE key_hash = $1 ORDER BY id" SOME);
EACH(Q_EACH_HELD_KEPT,
     "SELECT p.title FROM opt_out_keep k JOIN project p ON p.id = k.project_id WHERE k.key_hash = $1 ORDER BY p.title" SOME);
QUERY(Q_HELD_OPT_OUT,
      "SELECT o.way, o.why, o.at, " BY("x") " FROM opt_out o LEFT JOIN account x ON x.id = o.by_id WHERE o.key_hash = $1");
EACH(Q_EACH_HELD_AUDIT, "SELECT u.seq, u.at, u.action, u.detail, " BY("x") ", u.actor FROM audit u"
			" LEFT JOIN account x ON x.address = u.actor WHERE u.object = $1 ORDER BY u.seq" SOME);
QUERY(Q_HELD_RECEIVED,
      "SELECT count(*) FROM address a JOIN delivery d ON d.address_id = a.id WHERE a.key_hash = $1"
      " AND d.state IN ('attempting', 'accepted', 'uncertain') AND d.last > $2");

const char *person_name(struct arena *a, const uint8_t key_hash[KEY_HASH_SIZE])
{
	struct buf hex;
	const char *name;

	buf_init(&hex, 32);
	hex_encode(&hex, key_hash, 8);
	name = arena_printf(a, "person %s", buf_text(&hex));
	buf_free(&hex);
	return name;
}

/* --- why somebody may not be mailed ------------------------------------------------------------ */

static const struct {
	const char *why;
	const char *staff; /* %s: the list */
	const char *self;
} REASONS[] = {
	{ "", "may be mailed", "the study may write to you" },
	{ "opted-out", "left: only they can come back, by signing up anew themselves",
	  "you left, so the study does not write to you" },
	{ "no-consent", "no consent for this project stands in the ledger: placet consent add records one that was given",
	  "it is not on record that you agreed, so the study does not write to you" },
	{ "bounced", "mail to it came back for good: the address is no longer in use",
	  "a message to this address came back, so the study does not write to it" },
	{ "not-validated", "not validated: no sign-off of list %s covers it yet; placet validate %s shows what is undecided",
	  "nobody has looked at this address yet, so the study does not write to it" },
	{ "rejected", "a validator rejected it: placet validate %s opens the next sign-off when that lapses",
	  "a member of staff found that this address should not be written to" },
	{ "lapsed", "its validation has lapsed: placet validate %s opens a sign-off that covers it",
	  "this address has not been looked at for long, so the study does not write to it until it is" },
	{ "trial", "a trial home mails reserved domains only", "this is a trial, which writes to test addresses only" },
	{ "fatigue", "got as many mailings within 30 days as one person may get: placet institution show fatigue-ceiling",
	  "you got as many messages within 30 days as one person may get, so the study waits" },
};

const char *why_explained(struct arena *a, const char *why, const char *list, enum held_view view)
{
	const char *words = why, *mark;
	struct buf out;

	for (size_t i = 0; i < COUNT(REASONS); i++)
		if (strcmp(REASONS[i].why, why) == 0)
			words = view == HELD_FOR_SELF ? REASONS[i].self : REASONS[i].staff;
	buf_init(&out, 1024);
	for (; (mark = strstr(words, "%s")); words = mark + 2) {
		buf_add(&out, words, (size_t)(mark - words));
		buf_adds(&out, list);
	}
	buf_adds(&out, words);
	words = arena_text(a, buf_text(&out));
	buf_free(&out);
	return words;
}

/* --- gathering --------------------------------------------------------------------------------- */

struct reading {
	struct home *h;
	struct arena *a;
	enum held_view view;
	struct held *out;
	size_t room;
};

#define TEXT(column) arena_text(x->a, rows_text(r, column))
/* The next place in an array of the result. */
#define NEXT(name)                                                                                                    \
	(x->out->name = arena_room(x->a, x->out->name, x->out->n_##name, &x->room, sizeof(*x->out->name)),            \
	 &x->out->name[x->out->n_##name++])

static const char *by_words(const struct reading *x, struct rows *r, int column)
{
	const char *name = rows_text(r, column), *roles = rows_text(r, column + 1);

	if (!name)
		return NULL;
	if (x->view == HELD_FOR_STAFF || rows_i64(r, column + 2))
		return arena_text(x->a, name);
	return arena_printf(x->a, "a member of staff (%s)", roles);
}

static void take_mailbox(struct reading *x, struct rows *r)
{
	*NEXT(mailbox) = (struct held_mailbox){
		.id = rows_i64(r, 0), .delivery = TEXT(1), .given = TEXT(2), .bounced = rows_i64(r, 3) != 0,
		.created = rows_i64(r, 4), .erased = rows_i64(r, 5), .judged = !rows_is_null(r, 6),
		.accepted = rows_i64(r, 6) != 0, .how = TEXT(7), .at = rows_i64(r, 8), .until = rows_i64(r, 9),
		.by = by_words(x, r, 10),
	};
}

/* What may_mail leaves to who asks: time, trial homes, fatigue; in the order of selections. */
static const char *why_now(const struct reading *x, const char *why, int64_t until, bool reserved)
{
	if (!why)
		return "no-consent";
	if (why[0])
		return why;
	if (until <= home_now(x->h))
		return "lapsed";
	if (x->h->trial && !reserved)
		return "trial";
	return x->out->received >= x->out->ceiling ? "fatigue" : "";
}

static void take_list(struct reading *x, struct rows *r)
{
	struct held_list *l = NEXT(list);

	*l = (struct held_list){
		.list = TEXT(0), .project = TEXT(1), .title = TEXT(2), .contact = TEXT(3), .address = TEXT(4),
		.flags = TEXT(5), .fields = TEXT(6), .answered = rows_i64(r, 7), .imported = rows_i64(r, 8),
		.valid_until = rows_i64(r, 9), .list_id = rows_i64(r, 12), .address_id = rows_i64(r, 13),
		.project_id = rows_i64(r, 14), .by = by_words(x, r, 15),
	};
	l->why = why_now(x, TEXT(11), l->valid_until, rows_i64(r, 10) != 0);
	l->explained = why_explained(x->a, l->why, l->list, x->view);
}

static const char *version_of(struct arena *a, struct slice hash)
{
	struct buf hex;
	const char *text;

	buf_init(&hex, 80);
	hex_encode(&hex, hash.p, hash.n < 6 ? hash.n : 6);
	text = arena_text(a, buf_text(&hex));
	buf_free(&hex);
	return text;
}

static void take_consent(struct reading *x, struct rows *r)
{
	struct held_consent *c = NEXT(consent);

	*c = (struct held_consent){
		.at = rows_i64(r, 0), .project = TEXT(1), .title = TEXT(2), .address = TEXT(3), .action = TEXT(4),
		.kind = TEXT(5), .ref = TEXT(6), .given_on = TEXT(7), .text = TEXT(9), .language = TEXT(10),
		.project_id = rows_i64(r, 11), .by = by_words(x, r, 14),
	};
	c->stands = rows_i64(r, 12) == 0 && rows_is_null(r, 13) && strcmp(c->action, "given") == 0;
	if (c->text)
		c->version = version_of(x->a, rows_bytes(r, 8));
}

static void take_decision(struct reading *x, struct rows *r)
{
	*NEXT(decision) = (struct held_decision){
		.at = rows_i64(r, 0), .address = TEXT(1), .list = TEXT(2), .decision = TEXT(3), .reason = TEXT(4),
		.source = TEXT(5), .by = by_words(x, r, 6),
	};
}

static void take_mailing(struct reading *x, struct rows *r)
{
	*NEXT(mailing) = (struct held_mailing){
		.delivery = rows_i64(r, 0), .mailing = rows_i64(r, 1), .first = rows_i64(r, 2), .last = rows_i64(r, 3),
		.attempts = rows_i64(r, 4), .arm = rows_i64(r, 5), .project = TEXT(6), .title = TEXT(7), .subject = TEXT(8),
		.address = TEXT(9), .state = TEXT(10), .skipped = TEXT(11), .relay = TEXT(12), .queue_id = TEXT(13),
		.reply = TEXT(14), .fields = TEXT(15), .maybe_twice = rows_i64(r, 16) != 0,
		.bounced = rows_i64(r, 17) != 0, .kind = TEXT(18), .ref = TEXT(19), .given_on = TEXT(20),
		.consent_at = rows_i64(r, 21),
	};
}

static void take_notice(struct reading *x, struct rows *r)
{
	*NEXT(notice) = (struct held_notice){
		.at = rows_i64(r, 0), .last = rows_i64(r, 1), .kind = TEXT(2), .state = TEXT(3), .address = TEXT(4),
		.project = rows_is_null(r, 5) ? "" : TEXT(5),
	};
}

static void take_sign_up(struct reading *x, struct rows *r)
{
	*NEXT(sign_up) = (struct held_sign_up){
		.asked = rows_i64(r, 0), .confirmed = rows_i64(r, 1), .project = TEXT(2), .title = TEXT(3),
		.address = TEXT(4), .name = TEXT(5),
	};
}

static void take_complaint(struct reading *x, struct rows *r)
{
	*NEXT(complaint) = (struct held_complaint){
		.number = rows_i64(r, 0), .at = rows_i64(r, 1), .due = rows_i64(r, 2), .acknowledged = rows_i64(r, 3),
		.closed = rows_i64(r, 4), .about = TEXT(5), .text = TEXT(6), .outcome = TEXT(7),
	};
}

static void take_kept(struct reading *x, struct rows *r)
{
	*NEXT(kept) = TEXT(0);
}

static void take_audit(struct reading *x, struct rows *r)
{
	struct held_audit *u = NEXT(audit);

	*u = (struct held_audit){
		.seq = rows_i64(r, 0), .at = rows_i64(r, 1), .action = TEXT(2), .detail = TEXT(3), .by = by_words(x, r, 4),
	};
	if (!u->by)
		u->by = TEXT(7);
}

static void take_opt_out(struct reading *x, struct rows *r)
{
	x->out->opted_out = true;
	x->out->way = TEXT(0);
	x->out->why = TEXT(1);
	x->out->opted_out_at = rows_i64(r, 2);
	x->out->by = by_words(x, r, 3);
}

static const struct {
	const struct query *q;
	void (*take)(struct reading *x, struct rows *r);
} PARTS[] = {
	{ &Q_HELD_OPT_OUT, take_opt_out }, { &Q_EACH_HELD_KEPT, take_kept }, { &Q_EACH_HELD_MAILBOX, take_mailbox },
	{ &Q_EACH_HELD_LIST, take_list }, { &Q_EACH_HELD_CONSENT, take_consent }, { &Q_EACH_HELD_DECISION, take_decision },
	{ &Q_EACH_HELD_MAILING, take_mailing }, { &Q_EACH_HELD_NOTICE, take_notice },
	{ &Q_EACH_HELD_SIGN_UP, take_sign_up }, { &Q_EACH_HELD_COMPLAINT, take_complaint },
};

static int read_part(struct reading *x, const struct query *q, struct dbval key,
		     void (*take)(struct reading *x, struct rows *r), struct err *e)
{
	struct rows r = { 0 };
	int got;

	x->room = 0;
	if (db_query(x->h->db, q, ARGS(key), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		take(x, &r);
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int read_fatigue(struct home *h, const uint8_t *key_hash, struct held *out, struct err *e)
{
	struct fatigue f = { 0 };

	if (fatigue_now(h, &f, e) < 0 ||
	    db_get_i64(h->db, &Q_HELD_RECEIVED, ARGS(db_bytes(key_hash, KEY_HASH_SIZE), db_i64(f.since)), &out->received, e) < 0)
		return -1;
	out->ceiling = f.ceiling;
	out->since = f.since;
	return 0;
}

int person_load(struct home *h, struct arena *a, const uint8_t key_hash[KEY_HASH_SIZE], enum held_view view,
		struct held *out, struct err *e)
{
	struct reading x = { .h = h, .a = a, .view = view, .out = out };
	struct dbval key = db_bytes(key_hash, KEY_HASH_SIZE);

	*out = (struct held){ .person = person_name(a, key_hash) };
	if (read_fatigue(h, key_hash, out, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(PARTS); i++)
		if (read_part(&x, PARTS[i].q, key, PARTS[i].take, e) < 0)
			return -1;
	out->known = out->n_mailbox || out->n_notice || out->n_sign_up || out->n_complaint;
	return read_part(&x, &Q_EACH_HELD_AUDIT, db_text(out->person), take_audit, e);
}
