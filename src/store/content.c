/* Mailings as messages and facts: see content.h. */
#include "store/content.h"

#include "compose/consent_words.h"
#include "store/facts.h"
#include "store/validation.h"

#include <jansson.h>

#define MESSAGE_MAX (256 * 1024)
#define LONGEST_TITLE_IN_NAME 40
#define SIGN_OFFS_TOLD 3 /* in the words of a finding */

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

static bool in_domains(const char *address, const char *const *domains)
{
	for (; *domains; domains++)
		if (domain_is_within(domain_of(address), *domains))
			return true;
	return false;
}

/* --- compiling --------------------------------------------------------------------------------- */

static void fill_house(const struct home *h, const struct content *c, const char *language, struct house *out)
{
	*out = (struct house){
		.institution = c->institution.name,
		.department = c->project.department,
		.project_title = c->project.title,
		.originator = c->project.originator,
		.contact = c->project.contact,
		.postal_address = c->institution.postal_address,
		.statement_url = c->institution.statement_url,
		.project_url = c->project.url,
		.unofficial = pair_find(c->institution.unofficial, language),
		.opt_out_wording = pair_find(c->institution.opt_out_wording, language),
		.trial = h->trial,
	};
}

static void fill_draft(const struct home *h, struct arena *a, const struct mailing *m, struct content *c)
{
	const char *domain = c->identity.domain[0];

	c->draft = (struct draft){
		.language = m->language,
		.subject = m->subject,
		.body = m->body,
		.format = m->format && strcmp(m->format, "html") == 0 ? BODY_HTML : BODY_MARKDOWN,
		.from_name = strlen(c->project.title) <= LONGEST_TITLE_IN_NAME
				     ? arena_printf(a, "%s (%s)", c->project.originator, c->project.title)
				     : c->project.originator,
		.from_address = arena_printf(a, "%s@%s", c->project.slug, domain),
		.reply_to = in_domains(c->project.contact, c->identity.domain) ? c->project.contact : NULL,
		.identity_domain = domain,
		.web_url = h->url,
		.list_id = c->project.slug,
		.feedback_id = arena_printf(a, "m%lld:%s:mailing:placet", (long long)m->id, c->project.slug),
		.mailing_id = m->id,
		.arms = m->arms > 0,
	};
	fill_house(h, c, m->language, &c->draft.house);
}

/* What the institution or project has yet to register, before a message can be made at all. */
static const char *missing_value(const struct content *c)
{
	if (!c->institution.name)
		return "the institution has no name: placet institution set name ...";
	if (!c->institution.postal_address)
		return "the institution has no postal address: placet institution set postal-address ...";
	if (!c->draft.house.unofficial)
		return "the unofficial sentence is not registered in this language: placet institution set "
		       "unofficial-sentence.LANG ...";
	if (!c->draft.house.opt_out_wording)
		return "the opt-out wording is not registered in this language: placet institution set opt-out-wording.LANG ...";
	return NULL;
}

int content_load(struct home *h, struct arena *a, const struct mailing *m, struct content *out, struct err *e)
{
	struct err why = { 0 };

	*out = (struct content){ 0 };
	if (institution_load(h, a, &out->institution, e) < 0)
		return -1;
	if (project_by_id(h, a, m->project_id, &out->project, e) <= 0 ||
	    identity_by_id(h, a, out->project.identity_id, &out->identity, e) <= 0)
		return e->kind == ERR_NONE ? err_set(e, ERR_BROKEN, "mailing %lld has no project", (long long)m->id) : -1;
	fill_draft(h, a, m, out);
	out->compile_error = missing_value(out);
	if (out->compile_error)
		return 0;
	out->compiled = compose_compile(a, &out->draft, &why);
	if (out->compiled)
		out->n_fields = compose_fields(out->compiled, &out->fields);
	else
		out->compile_error = arena_text(a, why.text);
	return 0;
}

/* --- one person -------------------------------------------------------------------------------- */

int content_recipient(struct home *h, struct arena *a, const struct content *c, const struct person *p,
		      struct recipient_room *room, struct recipient *out, struct err *e)
{
	json_error_t why;
	json_t *fields = json_loads(p->fields, JSON_REJECT_DUPLICATES, &why);

	if (!json_is_object(fields)) {
		json_decref(fields);
		return err_set(e, ERR_BROKEN, "stored fields of a person are not a JSON object: %s", why.text);
	}
	for (size_t i = 0; i < c->n_fields; i++) {
		const char *value = json_string_value(json_object_get(fields, c->fields[i]));

		room->value[i] = value && value[0] ? arena_text(a, value) : NULL;
	}
	json_decref(fields);
	token_for_url(&h->tokens, TOKEN_OPT_OUT, p->delivery, room->opt_out);
	token_for_mail(&h->tokens, TOKEN_UNSUBSCRIBE, p->delivery, room->unsub);
	token_for_mail(&h->tokens, TOKEN_FEEDBACK, p->delivery, room->feedback);
	token_for_mail(&h->tokens, TOKEN_MESSAGE, p->delivery, room->message);
	code_make(&h->tokens, p->delivery, room->code);
	*out = (struct recipient){
		.address = p->address,
		.date = p->date,
		.opt_out_token = room->opt_out,
		.unsub_token = room->unsub,
		.feedback_token = room->feedback,
		.message_token = room->message,
		.code = room->code,
		.consent = consent_words(a, c->draft.language, p->kind, p->ref, p->given_on, p->consent_at),
		.values = room->value,
		.arm = p->arm ? arena_printf(a, "%lld", (long long)p->arm) : NULL,
	};
	return 0;
}

/* --- preview ----------------------------------------------------------------------------------- */

struct looking {
	struct arena *a;
	const char *address; /* wanted, NULL: the longest by its fields */
	struct person found;
	size_t longest;
};

static void keep_person(struct looking *l, const struct selected *s)
{
	l->found = (struct person){
		.address = arena_text(l->a, s->address),
		.fields = arena_text(l->a, s->fields),
		.kind = arena_text(l->a, s->kind),
		.ref = arena_text(l->a, s->ref),
		.given_on = arena_text(l->a, s->given_on),
		.consent_at = s->consent_at,
		.arm = s->arm,
	};
}

static int look_at(void *ctx, const struct selected *s)
{
	struct looking *l = ctx;
	size_t size = strlen(s->fields) + strlen(s->address);

	if (l->address) {
		if (strcmp(l->address, s->address) != 0)
			return 0;
		keep_person(l, s);
		return 1;
	}
	if (size > l->longest) {
		l->longest = size;
		keep_person(l, s);
	}
	return 0;
}

static int find_person(struct home *h, struct arena *a, const struct mailing *m, const char *address,
		       struct person *out, struct err *e)
{
	struct looking l = { .a = a, .address = address };

	if (selection_each(h, m, look_at, &l, e) < 0)
		return -1;
	if (!l.found.address && address)
		return err_set(e, ERR_MISSING, "%s is not in the selection; placet mailing selection %lld --csv says why", address,
			       (long long)m->id);
	if (!l.found.address)
		l.found = (struct person){ .address = "recipient@example.org", .fields = "{}", .kind = "signed-form",
					   .ref = "", .given_on = "", .consent_at = home_now(h) };
	l.found.date = home_now(h);
	*out = l.found;
	return 0;
}

static int render_person(struct home *h, struct arena *a, const struct content *c, const struct person *p,
			 struct buf *out, struct err *e)
{
	struct recipient_room room;
	struct recipient r;
	struct buf body;
	int rc = -1;

	buf_init(&body, MESSAGE_MAX);
	if (content_recipient(h, a, c, p, &room, &r, e) == 0 && compose_render(c->compiled, &r, out, &body, e) == 0) {
		buf_adds(out, "\r\n");
		buf_add_buf(out, &body);
		rc = out->over ? err_set(e, ERR_INPUT, "the message is larger than %d bytes", MESSAGE_MAX) : 0;
	}
	buf_free(&body);
	return rc;
}

/* After selection_choose. */
static int preview(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char *address,
		   struct buf *out, struct err *e)
{
	struct person p;

	if (!c->compiled)
		return err_set(e, ERR_INPUT, "%s", c->compile_error);
	return find_person(h, a, m, address, &p, e) < 0 ? -1 : render_person(h, a, c, &p, out, e);
}

int content_preview(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
		    const char *address, struct buf *out, struct err *e)
{
	return selection_choose(h, m, e) < 0 ? -1 : preview(h, a, m, c, address, out, e);
}

/* Every value that the message needs is there: none of it was dropped since it went out. */
static bool has_values(const struct content *c, const struct recipient *r)
{
	size_t given = 0;

	for (size_t i = 0; i < c->n_fields; i++)
		given += r->values[i] != NULL;
	return !c->n_fields || given;
}

int content_again(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const struct person *p,
		  struct buf *out, struct err *e)
{
	struct recipient_room room;
	struct recipient r;
	struct err why = { 0 };

	if (!c->compiled || !m->content_text || strcmp(compose_public_text(c->compiled), m->content_text) != 0)
		return 0;
	if (content_recipient(h, a, c, p, &room, &r, e) < 0)
		return -1;
	if (!has_values(c, &r) || render_person(h, a, c, p, out, &why) < 0)
		return 0;
	return 1;
}

/* --- facts ------------------------------------------------------------------------------------- */

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

struct project_facts content_project_facts(struct arena *a, const struct project *p, const struct identity *id)
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
	};
}

struct checking_values {
	const struct content *c;
	struct arena *a;
	struct selection_facts *facts;
	struct err *e;
	bool broken;
};

/* Each person's values of the used fields, by the rule that compose_check_value holds. */
static int check_values(void *ctx, const struct selected *s)
{
	struct checking_values *v = ctx;
	json_t *fields = json_loads(s->fields, 0, NULL);
	struct err why = { 0 };

	for (size_t i = 0; i < v->c->n_fields; i++) {
		const char *value = json_string_value(json_object_get(fields, v->c->fields[i]));
		bool empty = !value || !value[0];

		if (empty && !compose_needs_value(v->c->compiled, i))
			continue;
		if (!empty && compose_check_value(v->c->fields[i], value, &why) == 0)
			continue;
		if (empty)
			err_set(&why, ERR_INPUT, "field '%s' is empty and has no default: write {{%s|...}}", v->c->fields[i],
				v->c->fields[i]);
		if (!v->facts->bad_values++)
			v->facts->bad_value = arena_printf(v->a, "%s: %s", s->address, why.text);
	}
	json_decref(fields);
	return 0;
}

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

static int gather_selection(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
			    struct selection_facts *out, struct err *e)
{
	struct checking_values v = { .c = c, .a = a, .facts = out, .e = e };
	struct selection s;
	struct signoff open;

	*out = (struct selection_facts){ 0 };
	if (selection_count(h, a, m, &s, e) < 0 || validation_state(h, m->list_id, &open, e) < 0 ||
	    selection_each(h, m, check_values, &v, e) < 0)
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

/* The message that is judged: the longest of the selection, taken apart as a stranger's would be. */
static int gather_message(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
			  struct message_facts *out, const char **why_not, struct err *e)
{
	struct err why = { 0 };
	struct buf bytes;
	int rc = 0;

	*why_not = c->compile_error;
	if (!c->compiled)
		return 0;
	buf_init(&bytes, MESSAGE_MAX);
	if (preview(h, a, m, c, NULL, &bytes, &why) < 0) {
		*why_not = arena_text(a, why.text);
		if (why.kind != ERR_INPUT) {
			*e = why;
			rc = -1;
		}
	} else {
		struct slice copy = { arena_text_n(a, bytes.p, bytes.n), bytes.n };

		rc = policy_read_message(a, copy, out, e);
		out->body_words = compose_body_text(c->compiled);
	}
	buf_free(&bytes);
	return rc;
}

int content_judge(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, enum judging when,
		  struct verdict *out, struct err *e)
{
	struct institution_facts inst = content_institution_facts(h, &c->institution);
	struct project_facts project = content_project_facts(a, &c->project, &c->identity);
	struct infrastructure_facts infra;
	struct selection_facts selection;
	struct message_facts message = { 0 };
	struct facts f = { .institution = &inst, .project = &project, .infrastructure = &infra,
			   .selection = &selection };

	/* The page is fetched anew before an approval, and again before a start. */
	if (facts_for_policy(h, a, &c->institution, &c->identity, &c->project, when != JUDGE_SUBMITTED, &infra, e) < 0 ||
	    selection_choose(h, m, e) < 0 || gather_selection(h, a, m, c, &selection, e) < 0 ||
	    gather_message(h, a, m, c, &message, &f.compile_error, e) < 0)
		return err_in(e, "mailing %lld", (long long)m->id);
	if (!f.compile_error)
		f.message = &message;
	f.before_submission = when == JUDGE_DRAFT;
	f.responsibility_accepted = when == JUDGE_SUBMISSION || m->accepted_text;
	policy_decide(a, &f, out);
	return 0;
}
