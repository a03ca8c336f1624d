/*
 * What system mail is made of: see notice_mail.h. Whether a row is sent at
 * all, by which identity, in whose name, and with which link. What it says is
 * in compose/notice_words.c.
 */
#include "store/notice_mail.h"

#define LONGEST_TITLE_IN_NAME 40

int notice_office_open(struct home *h, struct arena *a, struct notice_office *out, struct err *e)
{
	*out = (struct notice_office){ 0 };
	if (institution_load(h, a, &out->institution, e) < 0)
		return -1;
	return identity_list(h, a, &out->identity, &out->n_identities, e);
}

static int kind_of(const char *name, enum notice_kind *out)
{
	for (*out = NOTICE_CONFIRM; *out <= NOTICE_TEST; ++*out)
		if (strcmp(notice_kind_name(*out), name) == 0)
			return 0;
	return -1;
}

/* An identity kept for system mail comes first, then the one that is given, then any that sends mailings. */
static const struct identity *choose_identity(const struct notice_office *o, int64_t preferred)
{
	const struct identity *found = NULL;

	for (size_t i = 0; i < o->n_identities; i++) {
		const struct identity *x = &o->identity[i];

		if (strcmp(x->purpose, "system") == 0)
			return x;
		if (x->id == preferred || (!found && strcmp(x->purpose, "mailing") == 0))
			found = found && found->id == preferred ? found : x;
	}
	return found;
}

static bool has_use(enum notice_kind k)
{
	return k != NOTICE_REMOVED && k != NOTICE_COMPLAINT;
}

/*
 * Why a row is not sent, ever; "" if it may be. Opt-outs are no reason: this is no mailing, but an answer
 * (policy.md, `opt-out`). Nor is a bounce, where the person has just asked from that mailbox, or has a right to
 * the answer: it is tried once, and the bounds of notice_queue hold. REMOVED alone nobody asked for.
 */
static const char *why_never(const struct home *h, enum notice_kind k, const struct notice_about *about, int64_t now)
{
	if (!about->address[0])
		return "the address was purged";
	if (h->trial && !about->reserved)
		return "trial: this home mails reserved domains alone";
	if (has_use(k) && now > about->created + NOTICE_USE)
		return "it waited for more than 7 days: its link would be dead";
	if (k == NOTICE_REMOVED && about->bounced)
		return "mail to this address bounced";
	if ((k == NOTICE_CONFIRM || k == NOTICE_COMPLAINT) && !about->object_found)
		return "what it answers was deleted";
	if (k == NOTICE_TEST && about->bounced)
		return "mail to this address bounced";
	return k == NOTICE_CONFIRM && about->confirmed ? "it was confirmed already" : "";
}

/* 1, 0 with x->why, -1. A project that is a draft again has not been approved as it would be named. */
static int find_project(struct home *h, struct arena *a, struct notice_office *o, const struct notice_about *about,
			struct notice *x, struct err *e)
{
	int got = o->project.id && o->project.id == about->project
			  ? 1
			  : (about->project ? project_by_id(h, a, about->project, &o->project, e) : 0);

	if (got < 0)
		return -1;
	if (got == 0) {
		x->why = "it has no project";
		return 0;
	}
	if (strcmp(o->project.state, "closed") == 0) {
		x->why = "the project was closed";
		return 0;
	}
	x->held = strcmp(o->project.state, "approved") != 0;
	x->why = x->held ? "the project waits for its approval" : "";
	return !x->held;
}

static bool in_domains(const char *address, const struct identity *id)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	for (const char *const *d = id->domain; at && *d; d++)
		if (domain_is_within(at + 1, *d))
			return true;
	return false;
}

/* The words that were shown, with the line ends of one kind; tabs would be controls. */
static const char *plain_lines(struct arena *a, const char *text)
{
	char *out = arena_text(a, text ? text : ""), *to = out;

	for (const char *p = out; *p; p++)
		if (!(p[0] == '\r' && p[1] == '\n'))
			*to++ = *p == '\t' ? ' ' : *p;
	*to = '\0';
	return out;
}

/*
 * The sender's name never speaks for the institution (policy.md, `unofficial`): a study's confirmation comes from
 * who leads it, all else from the program that runs here.
 */
static void fill_sender(struct arena *a, const struct notice_office *o, const struct identity *id, struct notice_mail *m)
{
	const struct project *p = &o->project;
	const char *answers = institution_contact(a, &o->institution), *local = "placet";

	if (m->kind == NOTICE_CONFIRM) {
		m->from_name = strlen(p->title) <= LONGEST_TITLE_IN_NAME
				       ? arena_printf(a, "%s (%s)", p->originator, p->title)
				       : p->originator;
		answers = p->contact;
		local = p->slug;
	} else {
		m->from_name = arena_printf(a, "Placet at %s", o->institution.name);
	}
	m->from_address = arena_printf(a, "%s@%s", local, id->domain[0]);
	m->reply_to = in_domains(answers, id) ? answers : NULL;
	m->identity_domain = id->domain[0];
}

static void fill_tokens(const struct home *h, const struct notice_about *about, struct notice *x)
{
	token_for_mail(&h->tokens, TOKEN_NOTICE_MESSAGE, x->id, x->message_token);
	token_for_mail(&h->tokens, TOKEN_NOTICE_BOUNCE, x->id, x->bounce_token);
	if (x->mail.kind == NOTICE_CONFIRM)
		token_for_url(&h->tokens, TOKEN_CONFIRM, about->object, x->token);
	else if (x->mail.kind == NOTICE_ME)
		token_for_url(&h->tokens, TOKEN_ME, x->id, x->token);
	else
		token_for_url(&h->tokens, TOKEN_LEAVE, x->id, x->token);
}

static void fill_mail(const struct home *h, struct arena *a, const struct notice_office *o,
		      const struct notice_about *about, struct notice *x)
{
	struct notice_mail *m = &x->mail;

	m->address = about->address;
	m->web_url = h->url;
	m->institution = o->institution.name;
	m->statement_url = o->institution.statement_url;
	m->contact = institution_contact(a, &o->institution);
	m->postal_address = o->institution.postal_address;
	m->date = x->first;
	m->asked = about->asked ? about->asked : about->created;
	m->trial = h->trial;
	m->number = about->object;
	m->due = about->due;
	if (m->kind != NOTICE_CONFIRM)
		return;
	m->contact = o->project.contact;
	m->project_title = o->project.title;
	m->project_url = o->project.url;
	m->originator = o->project.originator;
	m->department = o->project.department;
	m->consent_text = plain_lines(a, about->consent_text);
}

int notice_fill(struct home *h, struct arena *a, struct notice_office *o, const struct notice_about *about,
		struct notice *x, struct err *e)
{
	const struct identity *id;
	int got = 1;

	x->why = "this program does not know the kind";
	if (kind_of(about->kind, &x->mail.kind) < 0)
		return 0;
	x->give_up = has_use(x->mail.kind) ? about->created + NOTICE_USE : 0;
	x->why = why_never(h, x->mail.kind, about, x->claimed);
	if (!x->why[0] && x->mail.kind == NOTICE_CONFIRM)
		got = find_project(h, a, o, about, x, e);
	if (got < 0 || x->why[0])
		return got < 0 ? -1 : 0;
	if (x->mail.kind == NOTICE_TEST)
		return notice_fill_test(h, a, about, x, e);
	id = choose_identity(o, x->mail.kind == NOTICE_CONFIRM ? o->project.identity_id : 0);
	if (!id || !o->institution.name) {
		x->held = true;
		x->why = id ? "the institution has no name: placet institution set name ..."
			    : "there is no identity that could send it: placet identity add ...";
		return 0;
	}
	x->identity = id->id;
	fill_sender(a, o, id, &x->mail);
	fill_tokens(h, about, x);
	fill_mail(h, a, o, about, x);
	return 0;
}
