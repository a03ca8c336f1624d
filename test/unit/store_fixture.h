/*
 * What the tests of the store share: on each engine a trial home of its own,
 * whose clock stands still, with staff, an approved project and an empty list.
 * Cases move the clock by hand.
 */
#ifndef PLACET_TEST_STORE_FIXTURE_H
#define PLACET_TEST_STORE_FIXTURE_H

#include "db_fixture.h"

#include <ftw.h>

#include "store/import.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/delivery.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/manifest.h"
#include "store/optout.h"
#include "store/project.h"
#include "store/validation.h"

#define T0 INT64_C(1790000000000000) /* 21 September 2026 */

struct store {
	struct fixture *f;
	char folder[64];
	struct home *h;
	struct arena *a;
	int64_t ann, rev, val; /* originator, reviewer, validator */
	struct project project;
	struct list list;
};

static const struct query IDENTITY_ROW = {
	"t_identity",
	"INSERT INTO identity (name, domains, relay, outbound, purpose, created)"
	" VALUES ('mail', 'mail.uni.example', 'smtp://127.0.0.1:25', '', 'mailing', 0)",
	NULL
};

static inline int64_t number(struct store *s, const struct query *q, const struct dbval *v, size_t n)
{
	struct fixture *f = s->f;
	int64_t out = 0;

	OK(db_get_i64(s->h->db, q, v, n, &out, &f->e));
	return out;
}

static inline void change(struct store *s, const struct query *q, const struct dbval *v, size_t n)
{
	struct fixture *f = s->f;
	int64_t changed = 0;

	OK(db_exec(s->h->db, q, v, n, &changed, &f->e));
	assert_true(changed > 0);
}

#define BEGIN  OK(db_begin(s->h->db, &f->e))
#define COMMIT OK(db_commit(s->h->db, &f->e))

static inline int64_t add_account(struct store *s, const char *address, unsigned roles)
{
	struct account x = { .address = address, .name = address, .roles = roles };
	struct fixture *f = s->f;
	int64_t id = 0;

	OK(account_add(s->h, &x, NULL, &id, &f->e));
	return id;
}

static inline void make_world(struct store *s)
{
	struct project p = { .slug = "sleep", .title = "Sleep", .summary = "", .contact = "ann@uni.example", .ethics = "EK 1",
			     .link_hosts = "" };
	struct fixture *f = s->f;
	struct department d;
	struct identity id;
	int64_t list;

	s->ann = add_account(s, "ann@uni.example", ROLE_RESEARCHER);
	s->rev = add_account(s, "rev@uni.example", ROLE_REVIEWER);
	s->val = add_account(s, "val@uni.example", ROLE_VALIDATOR);
	OK(department_add(s->h, "psy", "Psychology", &f->e));
	assert_int_equal(department_by_slug(s->h, s->a, "psy", &d, &f->e), 1);
	change(s, &IDENTITY_ROW, NO_ARGS);
	assert_int_equal(identity_by_name(s->h, s->a, "mail", &id, &f->e), 1);
	OK(institution_set(s->h, "name", "Example University", &f->e));
	OK(institution_set(s->h, "domains", "uni.example", &f->e));
	p.originator_id = s->ann;
	p.department_id = d.id;
	p.identity_id = id.id;
	OK(project_add(s->h, &p, &p.id, &f->e));
	OK(project_approve(s->h, p.id, s->rev, &f->e));
	assert_int_equal(project_by_id(s->h, s->a, p.id, &s->project, &f->e), 1);
	OK(list_add(s->h, "people", p.id, &list, &f->e));
	assert_int_equal(list_by_id(s->h, s->a, list, &s->list, &f->e), 1);
}

/* Another handle on the same home, as another process would have. */
static inline struct home *open_home(struct store *s)
{
	struct fixture *f = s->f;
	char path[80];
	struct home *h;

	snprintf(path, sizeof(path), "%s/home", s->folder);
	h = home_open(path, &f->e);
	if (!h || home_open_db(h, &f->e) < 0 || home_read_keys(h, &f->e) < 0)
		fail_msg("%s", f->e.text);
	h->clock.fixed = T0;
	rng_seed(&h->rng, 7);
	return h;
}

static inline int set_up_home(void **state)
{
	struct fixture *f = *state;
	struct store *s = mem_alloc(sizeof(*s));
	char path[80];
	struct home_plan plan = { .path = path, .database = f->url, .url = "http://127.0.0.1:8080", .trial = true };

	err_clear(&f->e);
	s->f = f;
	snprintf(s->folder, sizeof(s->folder), "/tmp/placet-store-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(path, sizeof(path), "%s/home", s->folder);
	open_fresh(f);
	db_free(f->db);
	f->db = NULL;
	OK(home_make(&plan, &f->e));
	s->h = open_home(s);
	s->a = arena_new();
	*state = s;
	return 0;
}

static inline int set_up_world(void **state)
{
	set_up_home(state);
	make_world(*state);
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	return remove(path);
}

static inline int tear_down_home(void **state)
{
	struct store *s = *state;

	home_free(s->h);
	arena_free(s->a);
	nftw(s->folder, remove_one, 10, FTW_DEPTH | FTW_PHYS);
	if (s->f->engine == DB_SQLITE)
		remove_folder(s->f->folder);
	free(s);
	return 0;
}

#define IN_HOME(fn)  { #fn, fn, set_up_home, tear_down_home, NULL }
#define IN_WORLD(fn) { #fn, fn, set_up_world, tear_down_home, NULL }

/* --- people -------------------------------------------------------------------------------------- */

struct person_row {
	const char *address, *kind; /* kind NULL: without evidence */
	const char *fields;         /* NULL: {} */
};

static inline const struct address *parsed(struct store *s, const char *text)
{
	struct address *addr = ARENA_NEW(s->a, struct address);
	struct fixture *f = s->f;

	OK(address_parse(s->a, text, addr, &f->e));
	return addr;
}

static inline void make_rows(struct store *s, const struct person_row *p, size_t n, struct import_row *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct address *addr = parsed(s, p[i].address);

		out[i] = (struct import_row){
			.line = (int64_t)i + 2,
			.delivery = addr->delivery,
			.given = addr->given,
			.reserved = addr->reserved,
			.utf8 = addr->utf8,
			.fields = p[i].fields ? p[i].fields : "{}",
			.flags = address_flags(addr) & ADDRESS_ROLE ? "role" : "",
			.kind = p[i].kind,
			.ref = p[i].kind ? "form 1" : NULL,
			.given_on = p[i].kind ? "2026-03-01" : NULL,
		};
		home_key_hash(s->h, addr->key, out[i].key_hash);
	}
}

static inline struct import_counts import_people(struct store *s, const struct list *l, const struct person_row *p, size_t n)
{
	struct import_row *rows = ARENA_ARRAY(s->a, struct import_row, n);
	struct import im = { .list = l, .by = s->ann };
	const uint8_t hash[32] = { 1 };
	struct fixture *f = s->f;

	make_rows(s, p, n, rows);
	qsort(rows, n, sizeof(*rows), import_row_order);
	OK(import_begin(s->h, &im, hash, &f->e));
	OK(import_batch(s->h, &im, rows, n, &f->e));
	OK(import_end(s->h, &im, "", &f->e));
	return im.counts;
}

/* person0@example.org, ... with evidence. */
static inline void import_many(struct store *s, size_t n)
{
	struct person_row *p = ARENA_ARRAY(s->a, struct person_row, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (struct person_row){ arena_printf(s->a, "person%zu@example.org", i), "signed-form",
					    arena_printf(s->a, "{\"name\":\"P%zu\"}", i) };
	import_people(s, &s->list, p, n);
}

struct named {
	struct store *s;
	const char **address;
	size_t n, room;
};

static inline int take_name(void *ctx, const struct candidate *c)
{
	struct named *x = ctx;

	x->address = arena_room(x->s->a, x->address, x->n, &x->room, sizeof(*x->address));
	x->address[x->n++] = arena_text(x->s->a, c->address);
	return 0;
}

static inline struct named waiting_names(struct store *s, const struct signoff *so, bool flagged)
{
	struct named x = { .s = s };
	struct fixture *f = s->f;

	OK(validation_each(s->h, so, flagged, take_name, &x, &f->e));
	return x;
}

/* Accepts everybody who has to be looked at, but for `reject`, and signs off. */
static inline void sign_off_but(struct store *s, const char *reject)
{
	struct fixture *f = s->f;
	struct signoff so;

	OK(validation_open(s->h, &s->list, s->val, &so, &f->e));
	BEGIN;
	for (int flagged = 0; flagged < 2; flagged++) {
		struct named x = waiting_names(s, &so, flagged);

		for (size_t i = 0; i < x.n; i++)
			OK(validation_decide(s->h, &so, parsed(s, x.address[i]), !reject || strcmp(x.address[i], reject) != 0, "seen",
					     s->val, &f->e));
	}
	if (!reject)
		OK(validation_grow(s->h, s->list.id, &so, &f->e));
	OK(validation_state(s->h, s->list.id, &so, &f->e));
	OK(validation_sign(s->h, &s->list, &so, s->val, "they answered", &f->e));
	COMMIT;
}

/* --- mailings ------------------------------------------------------------------------------------ */

static inline int64_t add_draft(struct store *s)
{
	struct mailing m = { .project_id = s->project.id, .list_id = s->list.id, .subject = "News", .body = "Dear {{name}},",
			     .language = "en", .created_by = s->ann };
	struct fixture *f = s->f;

	OK(mailing_add(s->h, &m, &m.id, &f->e));
	return m.id;
}

static inline struct mailing load_mailing(struct store *s, int64_t id)
{
	struct fixture *f = s->f;
	struct mailing m = { 0 };

	OK(mailing_by_id(s->h, s->a, id, &m, &f->e));
	assert_true(m.id == id);
	return m;
}

static inline void submit(struct store *s, int64_t id)
{
	struct submission sub = { .by = s->ann, .accepted_text = "I answer for it" };
	struct mailing m = load_mailing(s, id);
	struct fixture *f = s->f;

	BEGIN;
	OK(mailing_submit(s->h, &m, &sub, &f->e));
	COMMIT;
}

static inline void step(struct store *s, int64_t id, const char *verb)
{
	struct mailing m = load_mailing(s, id);
	struct fixture *f = s->f;

	BEGIN;
	OK(mailing_move(s->h, &m, verb, s->rev, "because", &f->e));
	COMMIT;
}

/* Is everything as it was submitted, or approved? */
static inline int mailing_stands(struct store *s, int64_t id)
{
	struct mailing m = load_mailing(s, id);
	struct fixture *f = s->f;
	struct content c;

	OK(content_load(s->h, s->a, &m, &c, &f->e));
	return manifest_stands(s->h, &m, &c, &f->e);
}

static inline void assert_stands(struct store *s, int64_t id)
{
	struct fixture *f = s->f;

	OK(mailing_stands(s, id));
}

/* A mailing to everybody on the list that is being sent. */
static inline int64_t start_mailing(struct store *s)
{
	int64_t id = add_draft(s);

	submit(s, id);
	step(s, id, "approve");
	step(s, id, "start");
	return id;
}

static inline struct outcome accepted(const struct delivery *d, int64_t at)
{
	return (struct outcome){ .id = d->id, .claimed = d->claimed, .at = at, .state = "accepted", .skipped = "",
				 .relay = "relay", .queue_id = "Q1", .reply = "250 ok", .counts = true };
}

/* A ceiling that nobody reaches. */
static const struct fatigue NO_FATIGUE = { INT64_MAX, 0 };

/* Claims with one sender what is due. */
static inline struct delivery *claim(struct store *s, struct home *h, int64_t mailing, int64_t sender, int64_t at, int64_t limit,
				     size_t *n)
{
	struct fixture *f = s->f;
	struct delivery *d = NULL;

	OK(db_begin(h->db, &f->e));
	OK(delivery_claim(h, s->a, mailing, sender, at, limit, &NO_FATIGUE, &d, n, &f->e));
	OK(db_commit(h->db, &f->e));
	return d;
}

static inline void write_outcomes(struct store *s, int64_t sender, const struct outcome *o, size_t n)
{
	struct fixture *f = s->f;

	BEGIN;
	OK(delivery_write(s->h, sender, o, n, &f->e));
	COMMIT;
}

static inline int64_t add_sender(struct store *s)
{
	struct fixture *f = s->f;
	int64_t id = 0;

	OK(sender_begin(s->h, "host", "j", &id, &f->e));
	return id;
}

/* The one of a claim that goes to this address; claims come in the order of persons' hashes. */
static inline struct delivery *going_to(struct delivery *d, size_t n, const char *address)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(d[i].address, address) == 0)
			return &d[i];
	fail_msg("nothing goes to %s", address);
	return NULL;
}

#endif
