/*
 * placet validate: what waits for a person's eyes, what was decided, and the
 * sign-off of a list.
 */
#include "cmd/validate_known.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "store/audit.h"
#include "store/project.h"
#include "store/validation.h"
#include "table/table.h"

#define MANY_ADDRESSES 500 /* above it, the originator alone may not sign (policy) */

struct validating {
	struct ctx *c;
	struct list list;
	struct project project;
	struct account by;
	struct signoff s;
	int address, decision, reason; /* columns of the decision file */
	bool has_header;
	int64_t decided;
	int64_t voided, voided_import; /* consents, and the import that claimed them */
	int64_t bounced;               /* taken in now */
	struct known known;
	json_t *list_json;
};

/* --- printing candidates ----------------------------------------------------------------------- */

static int print_candidate(void *ctx, const struct candidate *x)
{
	struct validating *v = ctx;

	csv_cell(stdout, x->address, false);
	csv_cell(stdout, known_flags(&v->known, x), false);
	csv_cell(stdout, known_words(&v->known, x), true);
	known_forget(&v->known);
	return 0;
}

static int collect_candidate(void *ctx, const struct candidate *x)
{
	struct validating *v = ctx;
	json_t *fields = json_loads(x->fields, 0, NULL);

	json_array_append_new(v->list_json, json_pack("{s:s, s:s, s:o, s:o}", "address", x->address, "flags",
						      known_flags(&v->known, x), "known", fields ? fields : json_object(),
						      "facts", known_facts(&v->known, x)));
	known_forget(&v->known);
	return 0;
}

static int print_candidates(struct validating *v, bool flagged, struct err *e)
{
	int rc = 0;

	if (known_init(&v->known, v->c, e) < 0)
		return -1;
	if (v->c->json)
		v->list_json = json_array();
	else
		fputs("address,flags,known\r\n", stdout);
	if (v->s.id)
		rc = validation_each(v->c->h, &v->s, flagged, v->c->json ? collect_candidate : print_candidate, v, e);
	known_clear(&v->known);
	if (rc == 0 && v->c->json)
		return print_json(v->list_json);
	json_decref(v->list_json);
	return rc;
}

/* --- decisions --------------------------------------------------------------------------------- */

static int decision_header(struct validating *v, const struct table_row *row, struct err *e)
{
	v->address = v->decision = v->reason = -1;
	for (size_t i = 0; i < row->n; i++) {
		if (strcmp(row->cell[i], "address") == 0)
			v->address = (int)i;
		else if (strcmp(row->cell[i], "decision") == 0)
			v->decision = (int)i;
		else if (strcmp(row->cell[i], "reason") == 0)
			v->reason = (int)i;
	}
	v->has_header = true;
	if (v->address < 0 || v->decision < 0)
		return err_set(e, ERR_INPUT, "the header must have the columns address,decision,reason");
	return 0;
}

static const char *cell_at(const struct table_row *row, int column)
{
	return column >= 0 && (size_t)column < row->n ? row->cell[column] : "";
}

/* It cannot be shown that this person agreed: then nothing that came with them is believed either. */
static int void_evidence(struct validating *v, const struct address *addr, struct err *e)
{
	struct voided done;
	int64_t id;
	int got = address_find(v->c->h, addr, &id, e);

	if (got <= 0 || evidence_void(v->c->h, &v->list, id, v->by.id, &done, e) < 0)
		return got ? -1 : err_set(e, ERR_BROKEN, "%s is not known", addr->delivery);
	v->voided += done.entries;
	if (done.import)
		v->voided_import = done.import;
	return 0;
}

static int decide_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct validating *v = ctx;
	const char *word, *address, *reason;
	struct address addr;

	if (row->blank)
		return 0;
	if (row->fault)
		return err_set(e, ERR_INPUT, "line %lld: %s", (long long)row->line, row->fault);
	if (!v->has_header)
		return decision_header(v, row, e);
	word = cell_at(row, v->decision);
	if (!word[0])
		return 0; /* left open */
	address = csv_plain(v->c->a, cell_at(row, v->address));
	reason = cell_at(row, v->reason);
	if (strlen(reason) > 1000)
		return err_set(e, ERR_INPUT, "line %lld: the reason is longer than 1,000 bytes", (long long)row->line);
	if (strcmp(word, "accept") != 0 && strcmp(word, "reject") != 0 && strcmp(word, "no-evidence") != 0)
		return err_set(e, ERR_INPUT, "line %lld: the decision is '%.20s'; it must be accept, reject or no-evidence",
			       (long long)row->line, word);
	if (strcmp(word, "no-evidence") == 0)
		reason = arena_printf(v->c->a, "no evidence of consent could be shown%s%s", *reason ? ": " : "", reason);
	if (address_parse(v->c->a, address, &addr, e) < 0 ||
	    validation_decide(v->c->h, &v->s, &addr, strcmp(word, "accept") == 0, reason, v->by.id, e) < 0 ||
	    (strcmp(word, "no-evidence") == 0 && void_evidence(v, &addr, e) < 0))
		return err_in(e, "line %lld", (long long)row->line);
	v->decided++;
	return 0;
}

static int decide_file(struct validating *v, const char *path, struct err *e)
{
	struct table_options options = { 0 };
	struct table_about about;

	if (!v->s.id)
		return err_set(e, ERR_REFUSED, "list %s: nobody waits for a decision", v->list.name);
	if (db_begin(v->c->h->db, e) < 0)
		return -1;
	if (table_read(path, &options, v->c->a, &about, decide_row, v, e) == 0 && validation_grow(v->c->h, v->list.id, &v->s, e) == 0 &&
	    audit_add(v->c->h, v->by.id, "decided", v->list.name,
		      arena_printf(v->c->a, "sign-off %lld: %lld decisions from a file; %lld failed in the sample, now of %lld",
				   (long long)v->s.id, (long long)v->decided, (long long)v->s.failures,
				   (long long)v->s.planned), e) == 0 &&
	    db_commit(v->c->h->db, e) == 0) {
		if (v->voided)
			home_standing_changed(v->c->h);
		return 0;
	}
	db_rollback(v->c->h->db);
	return -1;
}

/* --- state and sign-off ------------------------------------------------------------------------ */

/* "148 decisions from a file in 2 seconds", of the last sign-off. */
static int told_pace(struct validating *v, json_t **out, struct err *e)
{
	struct pace *all;
	int64_t signoff;
	size_t n;

	*out = NULL;
	if (validation_last(v->c->h, v->list.id, &signoff, e) < 0 || validation_pace(v->c->h, v->c->a, signoff, &all, &n, e) < 0)
		return -1;
	*out = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one = pace_json(&all[i]);

		say(v->c, "%s: %s (sign-off %lld)", v->list.name, pace_words(v->c->a, &all[i]), (long long)signoff);
		json_object_set_new(one, "signoff", json_integer(signoff));
		json_array_append_new(*out, one);
	}
	return 0;
}

/* What the flags of those who wait mean, and what to look for. */
static int tell_flags(struct validating *v, struct err *e)
{
	struct flag_counts n;

	if (v->c->json)
		return 0;
	if (validation_count_flags(v->c->h, &v->s, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(n.n); i++)
		if (n.n[i])
			say(v->c, "  %lld %s: %s", (long long)n.n[i], address_flag_name((enum address_flag)(1u << i)),
			    address_flag_explains((enum address_flag)(1u << i)));
	if (n.bounced)
		say(v->c, "  %lld bounced: Mail to it came back for good: accept it only if you know, and write down how, that "
			  "the person reads it again.", (long long)n.bounced);
	return 0;
}

static int64_t percent_decided(const struct signoff *s)
{
	int64_t all = s->planned + s->flagged;

	return all ? 100 * (s->decided + s->flagged - s->flagged_left) / all : 100;
}

static int print_state(struct validating *v, bool signed_now, struct err *e)
{
	const struct signoff *s = &v->s;
	struct ctx *c = v->c;
	bool open = s->id && !signed_now;
	int64_t left = s->planned - s->decided;
	json_t *pace;

	if (told_pace(v, &pace, e) < 0)
		return -1;
	if (c->json)
		return print_json(json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "list", v->list.name,
					    "signed_off", !open && !s->waiting, "population", (json_int_t)s->population,
					    "flagged", (json_int_t)s->flagged, "flagged_undecided",
					    (json_int_t)s->flagged_left, "sample", (json_int_t)s->planned,
					    "sample_undecided", (json_int_t)left, "failures", (json_int_t)s->failures, "seed",
					    (json_int_t)s->seed, "decided", (json_int_t)v->decided, "evidence_voided",
					    (json_int_t)v->voided, "bounced", (json_int_t)v->bounced, "pace", pace));
	json_decref(pace);
	if (v->voided && !v->voided_import)
		say(c, "%s: consents that were recorded by hand are void, since they have no evidence to show: %lld people cannot be mailed",
		    v->list.name, (long long)v->voided);
	else if (v->voided)
		say(c, "%s: the evidence of import %lld is void, since one address of it has none to show: %lld people cannot be mailed",
		    v->list.name, (long long)v->voided_import, (long long)v->voided);
	if (v->bounced)
		say(c, "%s: %lld whose mail came back are to be decided anew; --flagged prints them", v->list.name,
		    (long long)v->bounced);
	else if (opt_set(c, "bounced"))
		say(c, "%s: nobody whose mail came back can be decided anew", v->list.name);
	if (signed_now)
		say(c, "%s is signed off", v->list.name);
	else if (!open)
		say(c, s->waiting ? "%s: addresses wait for a sign-off" : "%s is signed off: nobody waits", v->list.name);
	else if (s->flagged_left || left)
		say(c, "%s: undecided are %lld of %lld flagged addresses, and %lld of the sample of %lld from %lld others; %lld failed\n"
		    "%s: %lld %% is decided",
		    v->list.name, (long long)s->flagged_left, (long long)s->flagged, (long long)left, (long long)s->planned,
		    (long long)s->population, (long long)s->failures, v->list.name, (long long)percent_decided(s));
	else
		say(c, "%s: all that had to be decided is; sign off with --sign-off --how TEXT", v->list.name);
	return open && s->flagged_left ? tell_flags(v, e) : 0;
}

/* Who signs answers for what was looked at; the originator's own look alone is not enough. */
static int others_looked(struct validating *v, struct err *e)
{
	bool alone = false;

	if (!v->s.id || validation_all_by(v->c->h, v->s.id, v->project.originator_id, &alone, e) < 0)
		return v->s.id ? -1 : 0;
	if (alone && v->s.decided + v->s.flagged - v->s.flagged_left > 0)
		return err_set(e, ERR_DENIED, "more than %d addresses, and the originator took every decision: a validator has to "
					      "decide some of them too", MANY_ADDRESSES);
	return 0;
}

static int sign(struct validating *v, struct err *e)
{
	const char *how = opt(v->c, "how");

	if (!how || !how[0] || !utf8_is_plain(how))
		return err_set(e, ERR_INPUT, "--sign-off needs --how TEXT: how is it known that the addresses are in use?");
	if (list_count(v->c->h, &v->list, e) < 0)
		return -1;
	if (v->list.members > MANY_ADDRESSES && v->by.id == v->project.originator_id)
		return err_set(e, ERR_DENIED, "more than %d addresses: the originator alone may not sign them off", MANY_ADDRESSES);
	if (v->list.members > MANY_ADDRESSES && others_looked(v, e) < 0)
		return -1;
	if (db_begin(v->c->h->db, e) < 0)
		return -1;
	if (validation_grow(v->c->h, v->list.id, &v->s, e) < 0 ||
	    validation_sign(v->c->h, &v->list, &v->s, v->by.id, how, e) < 0 || db_commit(v->c->h->db, e) < 0) {
		db_rollback(v->c->h->db);
		return -1;
	}
	home_standing_changed(v->c->h);
	return print_state(v, true, e);
}

/* Anybody who may validate can convince themselves that the sample was not picked. */
static int reproduce(struct validating *v, struct err *e)
{
	struct ctx *c = v->c;
	struct drawn d;
	int64_t id;

	if (parse_i64(opt(c, "reproduce"), 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_INPUT, "--reproduce %s: the number of a sign-off is wanted", opt(c, "reproduce"));
	if (validation_reproduce(c->h, v->list.id, id, &d, e) < 0)
		return -1;
	say(c, "sign-off %lld: %lld addresses, sample of %lld, seed %lld", (long long)id, (long long)d.population,
	    (long long)d.planned, (long long)d.seed);
	say(c, d.as_drawn ? "drawn again from the seed, it is the sample that is recorded"
			  : "drawn again from the seed, it is NOT the sample that is recorded");
	if (c->json)
		print_json(json_pack("{s:I, s:I, s:I, s:I, s:b}", "signoff", (json_int_t)id, "population", (json_int_t)d.population,
				     "sample", (json_int_t)d.planned, "seed", (json_int_t)d.seed, "as_drawn", d.as_drawn));
	return d.as_drawn ? 0 : 1;
}

static int may_validate(struct validating *v, struct err *e)
{
	if ((v->by.roles & ROLE_VALIDATOR) || v->by.id == v->project.originator_id)
		return 0;
	return err_set(e, ERR_DENIED, "%s is neither a validator nor the originator of %s", v->by.address, v->project.slug);
}

RUN(cmd_validate)
{
	struct validating v = { .c = c };
	int got = list_by_name(c->h, c->a, c->operand[0], &v.list, e);

	if (got <= 0)
		return got ? got
			   : err_set(e, ERR_MISSING, "list %s: there is none; placet list list shows them", c->operand[0]);
	if (project_by_id(c->h, c->a, v.list.project_id, &v.project, e) <= 0 || ctx_by(c, 0, &v.by, e) < 0 ||
	    may_validate(&v, e) < 0)
		return -1;
	if (opt(c, "reproduce"))
		return reproduce(&v, e);
	if (opt_set(c, "bounced") ? validation_take_bounced(c->h, &v.list, v.by.id, &v.s, &v.bounced, e) < 0
				  : validation_open(c->h, &v.list, v.by.id, &v.s, e) < 0)
		return -1;
	if (opt_set(c, "flagged"))
		return print_candidates(&v, true, e);
	if (opt_set(c, "sample"))
		return print_candidates(&v, false, e);
	if (opt(c, "decide") && decide_file(&v, opt(c, "decide"), e) < 0)
		return -1;
	return opt_set(c, "sign-off") ? sign(&v, e) : print_state(&v, false, e);
}
