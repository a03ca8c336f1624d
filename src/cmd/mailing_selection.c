/*
 * placet mailing selection and arms: whom a mailing chooses and why, and the
 * random allocation, recomputed. Rows are written as they come, so that a
 * million people need no memory.
 */
#include "cmd/mailing.h"

#include "base/codec.h"
#include "store/arms.h"
#include "store/where.h"

/* --- what is asked for -------------------------------------------------------------------------- */

static int read_arms(struct ctx *c, struct mailing *m, struct err *e)
{
	if (opt(c, "arms") && parse_i64(opt(c, "arms"), 0, ARMS_MAX, &m->arms) < 0)
		return err_set(e, ERR_INPUT, "--arms %s: a number from 2 to %d is wanted, or 0 for none", opt(c, "arms"), ARMS_MAX);
	if (m->arms == 1)
		return err_set(e, ERR_INPUT, "--arms 1: with one arm there is nothing to allocate; give 2 or more, or 0 for none");
	if (opt(c, "arms") && !m->arms && !opt(c, "stratify"))
		m->stratum = "";
	if (opt(c, "stratify"))
		m->stratum = opt(c, "stratify");
	if (m->stratum[0] && !m->arms)
		return err_set(e, ERR_INPUT, "--stratify %s: it is for --arms; give their number too", m->stratum);
	return opt(c, "stratify") && m->stratum[0] ? selection_check_stratum(c->h, m->list_id, m->stratum, e) : 0;
}

int mailing_read_choice(struct ctx *c, struct mailing *m, struct err *e)
{
	const char *where = opt(c, "where");

	if (where && !where[0])
		m->where = "";
	else if (where && selection_check_where(c->h, c->a, m->list_id, where, &m->where, e) < 0)
		return -1;
	return read_arms(c, m, e);
}

/* --- who is in ----------------------------------------------------------------------------------- */

static const char *words_of(struct ctx *c, const struct mailing *m)
{
	struct err e = { 0 };
	const struct where *w = mailing_chooses(m) ? where_parse(c->a, m->where, &e) : NULL;

	return w ? where_words(w) : "everybody on the list";
}

static json_t *selection_json(const struct mailing *m, const char *words, const struct selection *s)
{
	json_t *skipped = json_object();

	for (size_t i = 0; i < s->n_skipped; i++)
		json_object_set_new(skipped, s->skipped[i].why, json_integer(s->skipped[i].n));
	return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:I, s:s, s:o}", "where", m->where, "words", words, "frozen",
			 m->submitted_at != 0, "in", (json_int_t)s->members, "left_out", (json_int_t)s->left_out, "mailable",
			 (json_int_t)s->mailable, "skipped", skipped, "arms", (json_int_t)m->arms, "stratify", m->stratum,
			 "seed", m->arms && m->arm_seed ? json_integer(m->arm_seed) : json_null());
}

int selection_said(struct ctx *c, const struct mailing *m, json_t **out, struct err *e)
{
	const char *words = words_of(c, m);
	struct selection s;

	if (selection_count(c->h, c->a, m, &s, e) < 0)
		return -1;
	say(c, "to: %s", words);
	if (mailing_chooses(m))
		say(c, "  --where '%s' leaves %lld in, and %lld of the list out", m->where, (long long)s.members,
		    (long long)s.left_out);
	say(c, "  %lld can be mailed", (long long)s.mailable);
	for (size_t i = 0; i < s.n_skipped; i++)
		say(c, "  %lld are skipped: %s", (long long)s.skipped[i].n, s.skipped[i].why);
	if (m->arms)
		say(c, "  in %lld arms at random%s%s", (long long)m->arms, m->stratum[0] ? ", even within each " : "", m->stratum);
	*out = selection_json(m, words, &s);
	return 0;
}

static const char *skip_words(const char *skipped)
{
	static const char *const WORDS[][2] = {
		{ "opted-out", "opted out of mail" },
		{ "no-consent", "no consent to this project is recorded" },
		{ "not-validated", "nobody has validated the address" },
		{ "lapsed", "the validation of the address has lapsed" },
		{ "rejected", "a validator rejected the address" },
		{ "bounced", "mail to the address came back" },
		{ "fatigue", "got as many mailings as anybody may get in 30 days" },
		{ "no-smtputf8", "the relay cannot mail to such an address" },
		{ "trial", "a trial home mails reserved domains only" },
	};

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strcmp(WORDS[i][0], skipped) == 0)
			return WORDS[i][1];
	return skipped;
}

static int print_told(void *ctx, const struct selection_row *t)
{
	struct ctx *c = ctx;
	struct arena *a = arena_new();
	const char *why = "will be mailed";

	(void)c;
	if (t->in && t->skipped[0])
		why = arena_printf(a, "skipped: %s", skip_words(t->skipped));
	else if (t->came_later)
		why = "came onto the list after the submission";
	else if (!t->in)
		why = t->failing ? arena_printf(a, "left out: not among people %s", t->failing) : "left out by the expression at submission";
	csv_cell(stdout, t->address, false);
	csv_cell(stdout, t->in ? "in" : "out", false);
	csv_cell(stdout, t->skipped, false);
	csv_cell(stdout, why, true);
	arena_free(a);
	return 0;
}

static int refuse_json(const struct ctx *c, struct err *e)
{
	return c->json && opt_set(c, "csv") ? err_set(e, ERR_INPUT, "--csv is no JSON; leave one of the two away") : 0;
}

RUN(cmd_mailing_selection)
{
	struct mailing_at at;
	json_t *said;

	if (refuse_json(c, e) < 0 || mailing_find(c, false, &at, e) < 0)
		return -1;
	if (opt_set(c, "csv")) {
		fputs("address,selection,skipped,reason\r\n", stdout);
		return selection_tell(c->h, &at.m, print_told, c, e);
	}
	if (selection_choose(c->h, &at.m, e) < 0 || selection_said(c, &at.m, &said, e) < 0)
		return -1;
	json_object_set_new(said, "id", json_integer(at.m.id));
	if (c->json)
		return print_json(said);
	json_decref(said);
	return 0;
}

/* --- arms ------------------------------------------------------------------------------------------ */

static int print_arm(void *ctx, const struct arms_row *r)
{
	char arm[24];

	(void)ctx;
	snprintf(arm, sizeof(arm), "%lld", (long long)r->arm);
	csv_cell(stdout, r->address, false);
	csv_cell(stdout, arm, false);
	csv_cell(stdout, r->stratum, true);
	return 0;
}

static void say_arms(const struct ctx *c, const struct mailing *m, const struct arms_state *s)
{
	say(c, "mailing %lld: %lld people in %lld arms, seed %lld", (long long)m->id, (long long)s->people, (long long)m->arms,
	    (long long)m->arm_seed);
	if (m->stratum[0])
		say(c, "even within each of %lld values of %s", (long long)s->strata, m->stratum);
	for (int64_t i = 0; i < m->arms; i++)
		say(c, "  arm %lld: %lld", (long long)i + 1, (long long)s->size[i]);
	if (s->erased)
		say(c, "  erased since: %lld", (long long)s->erased);
	say(c, s->as_dealt ? "computed again from the seed: the arms are those recorded"
			   : "computed again from the seed: the arms recorded are OTHERS");
}

static json_t *arms_json(const struct mailing *m, const struct arms_state *s)
{
	json_t *sizes = json_array();

	for (int64_t i = 0; i < m->arms; i++)
		json_array_append_new(sizes, json_integer(s->size[i]));
	return json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:b}", "id", (json_int_t)m->id, "arms", (json_int_t)m->arms,
			 "seed", (json_int_t)m->arm_seed, "stratify", m->stratum, "strata", (json_int_t)s->strata, "people",
			 (json_int_t)s->people, "erased", (json_int_t)s->erased, "sizes", sizes, "as_dealt", s->as_dealt);
}

RUN(cmd_mailing_arms)
{
	struct mailing_at at;
	struct arms_state s;

	if (refuse_json(c, e) < 0 || mailing_find(c, false, &at, e) < 0)
		return -1;
	if (!at.m.arms)
		return err_set(e, ERR_REFUSED, "mailing %lld has no arms; --arms N makes them", (long long)at.m.id);
	if (!at.m.submitted_at)
		return err_set(e, ERR_REFUSED, "mailing %lld is a draft: its arms are dealt when it is submitted", (long long)at.m.id);
	if (arms_verify(c->h, &at.m, &s, e) < 0)
		return -1;
	if (opt_set(c, "csv")) {
		fputs("address,arm,stratum\r\n", stdout);
		if (arms_each(c->h, &at.m, print_arm, NULL, e) < 0)
			return -1;
	} else {
		say_arms(c, &at.m, &s);
		if (c->json)
			print_json(arms_json(&at.m, &s));
	}
	return s.as_dealt ? 0 : 1;
}
