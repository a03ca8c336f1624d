/*
 * What the policy is told of a mailing: see content.h. The gate walks the
 * selection once. It checks each person's values, and sorts people by what
 * they would see: their language, and the conditions that hold for them. Of
 * each such variant the longest message is rendered and judged, so that what
 * is judged grows with the variants and not with the people.
 */
#include "store/content.h"

#include "store/content_in.h"
#include "store/facts.h"
#include "store/row_fields.h"
#include "store/validation.h"

#define SIGN_OFFS_TOLD 3 /* in the words of a finding */
#define VARIANTS_MAX   64
#define SUSPECTS_MAX   64 /* people whose values are looked at in their messages */
#define PEOPLE_PER_SCRATCH 1000

/* --- registered values --- */

struct institution_facts content_institution_facts(const struct home *h, const struct institution *inst)
{
	return (struct institution_facts){
		.name = inst->name,
		.domains = inst->domains,
		.web_url = h->url,
		.statement_url = inst->statement_url,
		.postal_address = inst->postal_address,
		.offices = inst->offices,
		.unofficial = inst->unofficial,
		.opt_out_wording = inst->opt_out_wording,
		.trial = h->trial,
	};
}

static const uint8_t (*image_hashes(struct arena *a, const struct image *images, size_t n))[32]
{
	uint8_t (*hashes)[32] = arena_alloc(a, (n + 1) * sizeof(*hashes));

	for (size_t i = 0; i < n; i++)
		memcpy(hashes[i], images[i].hash, sizeof(hashes[i]));
	return (const uint8_t (*)[32])hashes;
}

struct project_facts content_project_facts(struct arena *a, const struct project *p, const struct identity *id,
					   const struct image *images, size_t n_images)
{
	return (struct project_facts){
		.slug = p->slug,
		.title = p->title,
		.originator = p->originator,
		.department = p->department,
		.contact = p->contact,
		.page_url = p->url,
		.identity = id->name,
		.identity_domains = id->domain,
		.link_hosts = split_words(a, p->link_hosts),
		.approved = strcmp(p->state, "approved") == 0,
		.images = image_hashes(a, images, n_images),
		.n_images = n_images,
	};
}

/* --- the gate --- */

/* People who would see the same words but for their values; the longest of them stands for all. */
struct variant {
	const struct content_version *version;
	uint64_t shown;
	struct person person;
	size_t longest;
};

struct gate {
	const struct content *c;
	struct arena *a;
	struct selection_facts *facts;
	struct variant variant[VARIANTS_MAX];
	size_t n;
	struct variant suspect[SUSPECTS_MAX];
	const char *suspected[SUSPECTS_MAX]; /* the value */
	size_t n_suspects;
	const struct value_watch *watch;
	bool too_many;
	struct arena *scratch; /* for some people at a time */
	int64_t looked_at;
	bool failed; /* whose fields cannot be read ended the walk, and nobody behind them was looked at */
	struct err *e;
};

/* NULL when there are too many. */
static struct variant *find_variant(struct gate *g, const struct content_version *v, uint64_t shown)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->variant[i].version == v && g->variant[i].shown == shown)
			return &g->variant[i];
	if (g->n == VARIANTS_MAX) {
		g->too_many = true;
		return NULL;
	}
	g->variant[g->n] = (struct variant){ .version = v, .shown = shown };
	return &g->variant[g->n++];
}

static void keep_longest(struct gate *g, const struct selected *s, const struct content_version *v, const char *const *values)
{
	struct variant *x = find_variant(g, v, compose_shown(v->compiled, values));
	size_t size = compose_size(v->compiled, values) + strlen(s->address);

	if (!x || size <= x->longest)
		return;
	x->longest = size;
	content_keep_person(g->a, s, &x->person);
}

/* The longest message stands for all but for what values say: who has one that says too much is judged, too. */
static void keep_suspect(struct gate *g, const struct selected *s, const struct content_version *v, const char *value)
{
	struct variant *x = &g->suspect[g->n_suspects];

	for (size_t i = 0; i < g->n_suspects; i++)
		if (strcmp(g->suspected[i], value) == 0)
			return;
	g->suspected[g->n_suspects++] = arena_text(g->a, value);
	*x = (struct variant){ .version = v };
	content_keep_person(g->a, s, &x->person);
}

static void check_person(struct gate *g, const struct selected *s, const struct row_fields *fields)
{
	const char *values[COMPOSE_FIELDS_MAX] = { NULL };
	const struct content_version *v = content_values(g->c, fields, values);
	struct err why = { 0 };

	if (!v->compiled)
		return;
	if (compose_check_values(v->compiled, values, &why) < 0 && !g->facts->bad_values++)
		g->facts->bad_value = arena_printf(g->a, "%s: %s", s->address, why.text);
	keep_longest(g, s, v, values);
	for (size_t i = 0; i < v->n_fields && g->n_suspects < SUSPECTS_MAX; i++)
		/* Links are held to their hosts by themselves. */
		if (values[i] && strncmp(values[i], "http", 4) != 0 && policy_value_is_suspect(g->scratch, g->watch, values[i]))
			keep_suspect(g, s, v, values[i]);
}

static int take_person(void *ctx, const struct selected *s)
{
	struct gate *g = ctx;
	/* Where nothing differs from person to person, nobody's values are looked at. */
	bool plain = g->c->n_versions == 1 && g->c->version[0].n_fields == 0;
	struct row_fields fields = { .n = 0 };

	if (++g->looked_at % PEOPLE_PER_SCRATCH == 0)
		arena_clear(g->scratch);
	g->failed = !plain && row_fields_read(g->scratch, s->fields, &fields, g->e) < 0;
	if (g->failed)
		return -1;
	check_person(g, s, &fields);
	return 0;
}

/* A version that nobody of the selection gets is judged all the same, by somebody who is not there. */
static void add_stand_ins(struct home *h, struct gate *g)
{
	for (size_t i = 0; i < g->c->n_versions; i++) {
		const struct content_version *v = &g->c->version[i];
		bool found = false;

		for (size_t k = 0; k < g->n; k++)
			found = found || g->variant[k].version == v;
		if (!found && g->n < VARIANTS_MAX) {
			g->variant[g->n] = (struct variant){ .version = v };
			content_stand_in(h, g->a, v, &g->variant[g->n++].person);
		}
	}
}

/* --- the selection --- */

static void count_skips(const struct selection *s, struct selection_facts *out)
{
	const struct {
		const char *why;
		int64_t *n;
	} SLOTS[] = {
		{ "no-consent", &out->no_consent }, { "not-validated", &out->not_validated }, { "lapsed", &out->lapsed },
		{ "rejected", &out->rejected }, { "opted-out", &out->opted_out },
	};

	for (size_t i = 0; i < s->n_skipped; i++)
		for (size_t k = 0; k < COUNT(SLOTS); k++)
			if (strcmp(SLOTS[k].why, s->skipped[i].why) == 0)
				*SLOTS[k].n = s->skipped[i].n;
}

/* Who signed the list off, from which sample, and how its decisions came about: the reviewer judges that. */
static int gather_signed(struct home *h, struct arena *a, const struct mailing *m, struct selection_facts *out, struct err *e)
{
	struct signed_off *all;
	size_t n;

	if (validation_signed(h, a, m->list_id, m->submitted_at ? m->submitted_at : home_now(h), &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && i < SIGN_OFFS_TOLD; i++)
		out->signed_off_how = i ? arena_printf(a, "%s; %s", out->signed_off_how, signed_words(a, &all[i]))
					: signed_words(a, &all[i]);
	return 0;
}

static int gather_selection(struct home *h, struct arena *a, const struct mailing *m, struct gate *g,
			    struct selection_facts *out, struct err *e)
{
	struct selection s;
	struct signoff open;

	*out = (struct selection_facts){ 0 };
	if (selection_count(h, a, m, &s, e) < 0 || validation_state(h, m->list_id, &open, e) < 0 ||
	    selection_each(h, m, take_person, g, e) < 0 || g->failed)
		return -1;
	out->members = s.members;
	out->left_out = s.left_out;
	out->mailable = s.mailable;
	if (gather_signed(h, a, m, out, e) < 0)
		return -1;
	count_skips(&s, out);
	/* Signed off: nobody waits, neither in an open sign-off nor for a new one. Who was frozen into a
	   submitted mailing has been signed off, whoever joined the list since. */
	out->signed_off = m->submitted_at || (!open.id && !open.waiting);
	if (open.id)
		out->signed_off_why = arena_printf(a, "a sign-off of %lld addresses is open: %lld flagged ones and %lld of the sample are undecided",
						   (long long)open.population + open.flagged, (long long)open.flagged_left,
						   (long long)(open.planned - open.decided));
	else if (open.waiting)
		out->signed_off_why = arena_printf(a, "%lld addresses wait for a sign-off", (long long)open.waiting);
	return 0;
}

/* --- the messages --- */

/* A variant's message, taken apart as a stranger's would be. 1; 0 with `why_not`; -1. */
static int read_variant(struct home *h, struct arena *a, const struct content *c, struct variant *x, struct message_facts *out,
			const char **why_not, struct err *e)
{
	struct err why = { 0 };
	struct buf bytes;
	int rc = 1;

	buf_init(&bytes, CONTENT_MESSAGE_MAX);
	x->person.date = home_now(h);
	if (content_render(h, a, c, &x->person, &bytes, &why) < 0) {
		*why_not = arena_text(a, why.text);
		rc = why.kind == ERR_INPUT ? 0 : -1;
		if (rc < 0)
			*e = why;
	} else {
		struct slice copy = { arena_text_n(a, bytes.p, bytes.n), bytes.n };

		if (policy_read_message(a, copy, out, e) < 0)
			rc = -1;
		out->body_words = compose_body_text(x->version->compiled);
		out->subject_words = x->version->draft.subject;
	}
	buf_free(&bytes);
	return rc;
}

/* Of which readers a finding speaks; "" when all are alike. */
static const char *variant_words(struct arena *a, const struct gate *g, const struct variant *x)
{
	const char *shown = compose_shown_words(a, x->version->compiled, x->shown);
	const char *language = g->c->n_versions > 1 ? x->version->draft.language : "";

	return *language && *shown ? arena_printf(a, "%s, %s", language, shown) : *language ? language : shown;
}

static int judge_variants(struct home *h, struct arena *a, struct gate *g, struct facts *f, struct verdict *out, struct err *e)
{
	struct verdict one;

	for (size_t i = 0; i < g->n + g->n_suspects; i++) {
		struct variant *x = i < g->n ? &g->variant[i] : &g->suspect[i - g->n];
		struct message_facts message = { 0 };
		int got = read_variant(h, a, g->c, x, &message, &f->compile_error, e);

		if (got < 0)
			return -1;
		f->message = got ? &message : NULL;
		policy_decide(a, f, i ? &one : out);
		if (i)
			policy_merge(a, out, &one, i < g->n ? variant_words(a, g, x) : "of some readers");
	}
	return 0;
}

static int decide(struct home *h, struct arena *a, struct gate *g, struct facts *f, struct verdict *out, struct err *e)
{
	f->compile_error = g->c->compile_error;
	if (!f->compile_error && g->too_many)
		f->compile_error = arena_printf(a, "there are more than %d kinds of readers, by language and conditions; use fewer conditions",
						VARIANTS_MAX);
	if (f->compile_error) {
		policy_decide(a, f, out);
		return 0;
	}
	add_stand_ins(h, g);
	return judge_variants(h, a, g, f, out, e);
}

int content_judge(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, enum judging when,
		  struct verdict *out, struct err *e)
{
	struct institution_facts inst = content_institution_facts(h, &c->institution);
	struct project_facts project = content_project_facts(a, &c->project, &c->identity, c->images, c->n_images);
	struct infrastructure_facts infra;
	struct selection_facts selection = { 0 };
	struct gate *g = ARENA_NEW(a, struct gate);
	struct facts f = { .institution = &inst, .project = &project, .infrastructure = &infra,
			   .selection = &selection };
	int rc;

	g->c = c;
	g->a = a;
	g->facts = &selection;
	g->watch = policy_watch_values(a, &inst);
	g->e = e;
	f.before_submission = when == JUDGE_DRAFT;
	f.responsibility_accepted = when == JUDGE_SUBMISSION || m->accepted_text;
	/* The page is fetched anew before an approval, and again before a start. */
	rc = facts_for_policy(h, a, &c->institution, &c->identity, &c->project, when != JUDGE_SUBMITTED, &infra, e);
	if (rc == 0 && (rc = selection_choose(h, m, e)) == 0) {
		g->scratch = arena_new();
		rc = gather_selection(h, a, m, g, &selection, e);
		arena_free(g->scratch);
	}
	if (rc == 0)
		rc = decide(h, a, g, &f, out, e);
	return rc < 0 ? err_in(e, "mailing %lld", (long long)m->id) : 0;
}
