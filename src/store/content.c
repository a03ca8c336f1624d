/* Mailings as messages: see content.h. What the policy is told of them is in content_judge.c. */
#include "store/content.h"

#include "compose/consent_words.h"

#include <jansson.h>
#include <strings.h>

#include "store/content_in.h"
#include "store/house_template.h"
#include "store/image.h"
#include "store/row_fields.h"

#define LONGEST_TITLE_IN_NAME 40

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

/* What a version has of its own: words and their language. */
struct words {
	const char *language, *subject, *body, *content_text;
};

/* The other languages that the mailing is there in; NULL-ended. */
static const char *const *others(struct arena *a, const struct words *all, size_t n, size_t except)
{
	const char **list = ARENA_ARRAY(a, const char *, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (i != except)
			list[k++] = all[i].language;
	list[k] = NULL;
	return list;
}

/* Domains of the institution and of the identity: a declared link may go to their hosts too. */
static const char *const *link_domains(struct arena *a, const struct content *c)
{
	const char *const *lists[] = { c->institution.domains, c->identity.domain };
	size_t n = 0;
	const char **all;

	for (size_t k = 0; k < COUNT(lists); k++)
		for (const char *const *d = lists[k]; d && *d; d++)
			n++;
	all = ARENA_ARRAY(a, const char *, n + 1);
	n = 0;
	for (size_t k = 0; k < COUNT(lists); k++)
		for (const char *const *d = lists[k]; d && *d; d++)
			all[n++] = *d;
	all[n] = NULL;
	return all;
}

static void fill_draft(const struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
		       const struct words *w, struct draft *out)
{
	const char *domain = c->identity.domain[0];

	*out = (struct draft){
		.language = w->language,
		.template = c->template,
		.subject = w->subject,
		.body = w->body,
		.format = m->format && strcmp(m->format, "html") == 0 ? BODY_HTML : BODY_MARKDOWN,
		.link_fields = split_words(a, m->link_fields ? m->link_fields : ""),
		.link_hosts = split_words(a, c->project.link_hosts),
		.link_domains = link_domains(a, c),
		.images = c->images,
		.n_images = c->n_images,
		.from_name = strlen(c->project.title) <= LONGEST_TITLE_IN_NAME
				     ? arena_printf(a, "%s (%s)", c->project.originator, c->project.title)
				     : c->project.originator,
		.from_address = arena_printf(a, "%s@%s", c->project.slug, domain),
		.reply_to = in_domains(c->project.contact, c->identity.domain) ? c->project.contact : NULL,
		.identity_domain = domain,
		.web_url = arena_text(a, h->url), /* a content outlives the home that it was loaded by */
		.list_id = c->project.slug,
		.feedback_id = arena_printf(a, "m%lld:%s:mailing:placet", (long long)m->id, c->project.slug),
		.mailing_id = m->id,
		.arms = m->arms > 0,
	};
	fill_house(h, c, w->language, &out->house);
}

/* What the institution or project has yet to register, before a message can be made at all. */
static const char *missing_value(struct arena *a, const struct content *c, const struct draft *d)
{
	if (!c->institution.name)
		return "the institution has no name: placet institution set name ...";
	if (!c->institution.postal_address)
		return "the institution has no postal address: placet institution set postal-address ...";
	if (!d->house.unofficial)
		return arena_printf(a, "the unofficial sentence is not registered in this language: placet institution set unofficial-sentence.%s ...",
				    d->language);
	if (!d->house.opt_out_wording)
		return arena_printf(a, "the opt-out wording is not registered in this language: placet institution set opt-out-wording.%s ...",
				    d->language);
	return NULL;
}

static const char *compile_version(struct arena *a, const struct content *c, struct content_version *v)
{
	const char *why = missing_value(a, c, &v->draft);
	struct err e = { 0 };

	if (why)
		return why;
	v->compiled = compose_compile(a, &v->draft, &e);
	if (!v->compiled)
		return arena_text(a, e.text);
	v->n_fields = compose_fields(v->compiled, &v->fields);
	return NULL;
}

/* All or nothing: a mailing goes out in all its languages, or not at all. */
static void compile_versions(const struct home *h, struct arena *a, const struct mailing *m, const struct words *w, size_t n,
			     struct content *c)
{
	for (size_t i = 0; i < n; i++) {
		struct content_version *v = &c->version[c->n_versions++];
		const char *why;

		fill_draft(h, a, m, c, &w[i], &v->draft);
		v->draft.other_languages = others(a, w, n, i);
		v->content_text = w[i].content_text;
		why = compile_version(a, c, v);
		if (why && !c->compile_error)
			c->compile_error = n > 1 ? arena_printf(a, "in the language %s: %s", w[i].language, why) : why;
	}
	c->compiled = c->compile_error ? NULL : c->version[0].compiled;
}

/* The version that it was submitted with; of a draft the newest. */
static int load_template(struct home *h, struct arena *a, const struct mailing *m, struct content *out, struct err *e)
{
	struct house_version v;
	int got = 0;

	if (m->template_id)
		got = house_template_by_id(h, a, m->template_id, &v, e);
	else if (!m->submitted_at)
		got = house_template_newest(h, a, &v, e);
	if (m->template_id && got == 0)
		return err_set(e, ERR_BROKEN, "mailing %lld: its house template, version %lld, is gone", (long long)m->id,
			       (long long)m->template_id);
	if (got > 0) {
		out->template = v.text;
		out->template_id = v.id;
	}
	return got < 0 ? -1 : 0;
}

static int load_registered(struct home *h, struct arena *a, const struct mailing *m, struct content *out, struct err *e)
{
	if (institution_load(h, a, &out->institution, e) < 0)
		return -1;
	if (project_by_id(h, a, m->project_id, &out->project, e) <= 0 ||
	    identity_by_id(h, a, out->project.identity_id, &out->identity, e) <= 0)
		return e->kind == ERR_NONE ? err_set(e, ERR_BROKEN, "mailing %lld has no project", (long long)m->id) : -1;
	return image_list(h, a, out->project.id, &out->images, &out->n_images, e);
}

int content_load(struct home *h, struct arena *a, const struct mailing *m, struct content *out, struct err *e)
{
	struct words w[LANGUAGES_MAX] = { { m->language, m->subject, m->body, m->content_text } };
	struct translation *t;
	size_t n;

	*out = (struct content){ 0 };
	if (load_registered(h, a, m, out, e) < 0 || load_template(h, a, m, out, e) < 0 || mailing_translations(h, a, m->id, &t, &n, e) < 0)
		return -1;
	n = n < LANGUAGES_MAX ? n : LANGUAGES_MAX - 1;
	for (size_t i = 0; i < n; i++)
		w[i + 1] = (struct words){ t[i].language, t[i].subject, t[i].body, t[i].content_text };
	compile_versions(h, a, m, w, n + 1, out);
	return 0;
}

const struct content_version *content_version(const struct content *c, const char *language)
{
	size_t n = language ? strcspn(language, "-_") : 0;

	for (size_t i = 0; n && i < c->n_versions; i++)
		if (strcasecmp(c->version[i].draft.language, language) == 0)
			return &c->version[i];
	for (size_t i = 0; n && i < c->n_versions; i++) {
		const char *own = c->version[i].draft.language;

		if (strcspn(own, "-_") == n && strncasecmp(own, language, n) == 0)
			return &c->version[i];
	}
	return &c->version[0];
}

/* --- one person -------------------------------------------------------------------------------- */

const struct content_version *content_values(const struct content *c, const struct row_fields *fields,
					     const char *values[COMPOSE_FIELDS_MAX])
{
	const struct content_version *v = content_version(c, row_fields_get(fields, LANGUAGE_FIELD));

	for (size_t i = 0; i < v->n_fields; i++)
		values[i] = row_fields_get(fields, v->fields[i]);
	return v;
}

int content_recipient(struct home *h, struct arena *a, const struct content *c, const struct person *p,
		      struct recipient_room *room, struct recipient *out, struct err *e)
{
	struct row_fields fields;

	if (row_fields_read(a, p->fields, &fields, e) < 0)
		return -1;
	room->version = content_values(c, &fields, room->value);
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
		.consent = consent_words(a, room->version->draft.language, p->kind, p->ref, p->given_on, p->consent_at),
		.values = room->value,
		.arm = p->arm ? arena_printf(a, "%lld", (long long)p->arm) : NULL,
	};
	return 0;
}

/* --- preview ----------------------------------------------------------------------------------- */

/* What is on the list and not in the message makes nobody's longer: somebody could hide behind that from being looked at. */
size_t content_size(const struct content *c, const struct selected *s, struct arena *scratch)
{
	const char *values[COMPOSE_FIELDS_MAX] = { NULL };
	const struct content_version *v;
	struct row_fields fields;
	struct err why;

	arena_clear(scratch);
	if (row_fields_read(scratch, s->fields, &fields, &why) < 0)
		return strlen(s->fields) + CONTENT_MESSAGE_MAX;
	v = content_values(c, &fields, values);
	return v->compiled ? compose_size(v->compiled, values) + strlen(s->address) : 0;
}

struct looking {
	struct arena *a, *scratch;
	const struct content *c;
	const char *address; /* wanted, NULL: the longest */
	struct person found;
	size_t longest;
};

void content_keep_person(struct arena *a, const struct selected *s, struct person *out)
{
	*out = (struct person){
		.address = arena_text(a, s->address),
		.fields = arena_text(a, s->fields),
		.kind = arena_text(a, s->kind),
		.ref = arena_text(a, s->ref),
		.given_on = arena_text(a, s->given_on),
		.consent_at = s->consent_at,
		.arm = s->arm,
	};
}

static int look_at(void *ctx, const struct selected *s)
{
	struct looking *l = ctx;
	size_t size;

	if (l->address) {
		if (strcmp(l->address, s->address) != 0)
			return 0;
		content_keep_person(l->a, s, &l->found);
		return 1;
	}
	size = content_size(l->c, s, l->scratch);
	if (size > l->longest) {
		l->longest = size;
		content_keep_person(l->a, s, &l->found);
	}
	return 0;
}

/* A value for each field that has no default, so that a message can be shown before there is anybody to get it. */
static const char *stand_in_fields(struct arena *a, const struct content_version *v)
{
	json_t *j = json_object();
	const char *host = v->draft.link_hosts[0] ? v->draft.link_hosts[0] : v->draft.link_domains[0], *text;
	char *dump;

	json_object_set_new(j, LANGUAGE_FIELD, json_string(v->draft.language));
	for (size_t i = 0; v->compiled && i < v->n_fields; i++) {
		bool link = false;

		for (const char *const *l = v->draft.link_fields; *l; l++)
			link = link || strcmp(*l, v->fields[i]) == 0;
		if (compose_needs_value(v->compiled, i))
			json_object_set_new(j, v->fields[i],
					    json_string(link ? arena_printf(a, "https://%s/", host) : v->fields[i]));
	}
	dump = json_dumps(j, 0);
	text = arena_text(a, dump);
	free(dump);
	json_decref(j);
	return text;
}

void content_stand_in(struct home *h, struct arena *a, const struct content_version *v, struct person *out)
{
	*out = (struct person){ .address = "recipient@example.org", .fields = stand_in_fields(a, v), .kind = "signed-form",
				.ref = "", .given_on = "", .consent_at = home_now(h), .date = home_now(h) };
}

static int find_person(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const char *address,
		       struct person *out, struct err *e)
{
	struct looking l = { .a = a, .scratch = arena_new(), .c = c, .address = address };
	int rc = selection_each(h, m, look_at, &l, e);

	arena_free(l.scratch);
	if (rc < 0)
		return -1;
	if (!l.found.address && address)
		return err_set(e, ERR_MISSING, "%s is not in the selection; placet mailing selection %lld --csv says why", address,
			       (long long)m->id);
	if (!l.found.address)
		content_stand_in(h, a, &c->version[0], &l.found);
	l.found.date = home_now(h);
	*out = l.found;
	return 0;
}

int content_render(struct home *h, struct arena *a, const struct content *c, const struct person *p, struct buf *out,
		   struct err *e)
{
	struct recipient_room room;
	struct recipient r;
	struct buf body;
	int rc = -1;

	buf_init(&body, CONTENT_MESSAGE_MAX);
	if (content_recipient(h, a, c, p, &room, &r, e) == 0 &&
	    compose_render(room.version->compiled, &r, out, &body, e) == 0) {
		buf_adds(out, "\r\n");
		buf_add_buf(out, &body);
		rc = out->over ? err_set(e, ERR_INPUT, "the message is larger than %d bytes", CONTENT_MESSAGE_MAX) : 0;
	}
	buf_free(&body);
	return rc;
}

int content_preview(struct home *h, struct arena *a, const struct mailing *m, const struct content *c,
		    const char *address, struct buf *out, struct err *e)
{
	struct person p;

	if (selection_choose(h, m, e) < 0)
		return -1;
	if (!c->compiled)
		return err_set(e, ERR_INPUT, "%s", c->compile_error);
	return find_person(h, a, m, c, address, &p, e) < 0 ? -1 : content_render(h, a, c, &p, out, e);
}

/* Every value that the message needs is there: none of it was dropped since it went out. */
static bool has_values(const struct content_version *v, const struct recipient *r)
{
	size_t given = 0;

	for (size_t i = 0; i < v->n_fields; i++)
		given += r->values[i] != NULL;
	return !v->n_fields || given;
}

int content_again(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const struct person *p,
		  struct buf *out, struct err *e)
{
	struct recipient_room room;
	struct recipient r;
	struct err why = { 0 };

	(void)m;
	if (!c->compiled)
		return 0;
	if (content_recipient(h, a, c, p, &room, &r, e) < 0)
		return -1;
	if (!room.version->content_text ||
	    strcmp(compose_public_text(room.version->compiled), room.version->content_text) != 0)
		return 0;
	if (!has_values(room.version, &r) || content_render(h, a, c, p, out, &why) < 0)
		return 0;
	return 1;
}
