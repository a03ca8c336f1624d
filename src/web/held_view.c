/* What is held about a person in words: see held_view.h. Words of the contract become sentences here, and nowhere else. */
#include "web/held_view.h"

#include "web/pages.h"

#include <jansson.h>

struct words {
	const char *word, *said;
};

static const char *look_up(const struct words *table, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].word, word) == 0)
			return table[i].said;
	return word;
}

#define SAID(table, word) look_up(table, COUNT(table), word)

static const struct words WAYS[] = {
	{ "page", "by the button on the page" }, { "one-click", "by the unsubscribe of a mail program" },
	{ "mail", "by a message" }, { "staff", "with the help of staff" }, { "complaint", "by marking a message as unwanted" },
	{ "erasure", "when your data was erased" },
};
static const struct words KINDS[] = {
	{ "own-sign-up", "by signing up yourself" }, { "signed-form", "with a signed form" },
	{ "online-form", "with an online form" }, { "oral", "in a conversation" }, { "", "" },
};
static const struct words STATES[] = {
	{ "queued", "It waits to be sent" }, { "attempting", "It is being sent" },
	{ "accepted", "It was handed over for delivery" }, { "deferred", "Your mail server asked to try later" },
	{ "failed", "It could not be delivered" }, { "uncertain", "It is not known whether it was delivered" },
	{ "skipped", "It was not sent to you" },
};
static const struct words NOTICES[] = {
	{ "confirm", "A message that asked you to confirm a sign-up" }, { "leave", "A message with a link to leave" },
	{ "left", "A message that said that you had left" }, { "removed", "A message that said that you were removed" },
	{ "me", "A message with a link to what is held about you" }, { "complaint", "A message with the number of your complaint" },
};

/* "name: Ann; year: 2004", "" of none. */
static const char *fields_words(struct arena *a, const char *fields)
{
	json_t *object = json_loads(fields, 0, NULL), *value;
	const char *key, *out = "";

	json_object_foreach(object, key, value)
		if (json_is_string(value) && json_string_length(value))
			out = arena_printf(a, "%s%s%s: %s", out, *out ? "; " : "", key, json_string_value(value));
	json_decref(object);
	return out;
}

static const char *name_in(struct arena *a, const char *fields)
{
	json_t *object = json_loads(fields, 0, NULL);
	const char *name = arena_text(a, json_string_value(json_object_get(object, "name")));

	json_decref(object);
	return text_given(name) ? name : NULL;
}

static const char *judged_words(struct arena *a, const struct held_mailbox *m)
{
	if (!m->judged)
		return NULL;
	return arena_printf(a, "%s by %s on %s, until %s. How it is known to be in use: %s", m->accepted ? "Accepted" : "Rejected",
			    m->by ? m->by : "staff", page_day(a, m->at), page_day(a, m->until), m->how);
}

static void fill_mailboxes(struct arena *a, const struct held *x, struct held_rows *out)
{
	struct held_mailbox_row *rows = ARENA_ARRAY(a, struct held_mailbox_row, x->n_mailbox + 1);

	for (size_t i = 0; i < x->n_mailbox; i++) {
		const struct held_mailbox *m = &x->mailbox[i];

		if (m->erased) {
			rows[i] = (struct held_mailbox_row){
				.address = "(erased)",
				.state = arena_printf(a, "An address of yours that was erased on %s. A scrambled form of it stays.",
						      page_day(a, m->erased)),
			};
			continue;
		}
		rows[i] = (struct held_mailbox_row){
			.address = m->delivery,
			.state = arena_printf(a, "Held since %s.%s", page_day(a, m->created),
					      m->bounced ? " A message to it came back, so it is not written to." : ""),
			.judged = judged_words(a, m),
		};
	}
	out->mailboxes = rows;
	out->n_mailboxes = x->n_mailbox;
}

static const char *source_of(struct arena *a, const struct held_list *l)
{
	return l->imported ? arena_printf(a, "a file, put here on %s by %s", page_day(a, l->imported), l->by ? l->by : "staff")
			   : "your own sign-up";
}

/* "The study may write to you." */
static const char *sentence(struct arena *a, const char *words)
{
	char *out = arena_printf(a, "%s.", words);

	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	return out;
}

static void fill_lists(struct arena *a, const struct held *x, struct held_rows *out)
{
	struct held_list_row *rows = ARENA_ARRAY(a, struct held_list_row, x->n_list + 1);

	for (size_t i = 0; i < x->n_list; i++) {
		const struct held_list *l = &x->list[i];

		rows[i] = (struct held_list_row){
			.title = l->title,
			.state = sentence(a, l->explained),
			.list = l->list,
			.source = source_of(a, l),
			.fields = fields_words(a, l->fields),
			.flags = l->flags,
			.contact = l->contact,
			.contact_url = mail_link(a, l->contact),
		};
		if (!out->name)
			out->name = name_in(a, l->fields);
	}
	out->lists = rows;
	out->n_lists = x->n_list;
}

/* "2026-10-01" as the days beside it are written. */
static const char *given_day(struct arena *a, const char *given_on)
{
	struct err ignored = { 0 };
	int64_t t;

	return time_parse(given_on, &t, &ignored) < 0 ? given_on : page_day(a, t);
}

static const char *consent_said(struct arena *a, const struct held_consent *c)
{
	const char *by = c->by ? arena_printf(a, ", recorded by %s", c->by) : "";

	if (strcmp(c->action, "given") != 0)
		return arena_printf(a, "%s on %s%s.", strcmp(c->action, "withdrawn") == 0 ? "Withdrawn" : "Declared void",
				    page_day(a, c->at), by);
	return arena_printf(a, "Given %s%s%s; on record since %s%s.%s", SAID(KINDS, c->kind), *c->given_on ? " on " : "",
			    given_day(a, c->given_on), page_day(a, c->at), by, c->stands ? " It stands." : "");
}

static void fill_consents(struct arena *a, const struct held *x, const char *withdraw, struct held_rows *out)
{
	struct held_consent_row *rows = ARENA_ARRAY(a, struct held_consent_row, x->n_consent + 1);

	for (size_t i = 0; i < x->n_consent; i++) {
		const struct held_consent *c = &x->consent[i];

		rows[i] = (struct held_consent_row){
			.title = c->title,
			.words = consent_said(a, c),
			.evidence = c->ref,
			.version = c->version,
			.text = c->text,
			.withdraw = c->stands ? withdraw : NULL,
			.project = c->project_id,
		};
	}
	out->consents = rows;
	out->n_consents = x->n_consent;
}

static const char *mailing_said(struct arena *a, const struct held_mailing *m, enum held_view view)
{
	bool skipped = strcmp(m->state, "skipped") == 0;
	const char *when = m->last && !skipped ? arena_printf(a, ", on %s", page_day(a, m->last)) : "";

	return arena_printf(a, "%s%s%s%s.%s", SAID(STATES, m->state), when, skipped ? ": " : "",
			    skipped ? why_explained(a, m->skipped, "", view) : "", m->bounced ? " It came back." : "");
}

static void fill_mailings(struct arena *a, const struct held *x, struct held_rows *out)
{
	struct held_mailing_row *rows = ARENA_ARRAY(a, struct held_mailing_row, x->n_mailing + 1);

	for (size_t i = 0; i < x->n_mailing; i++) {
		const struct held_mailing *m = &x->mailing[i];

		rows[i] = (struct held_mailing_row){
			.subject = page_subject(a, m->subject),
			.state = mailing_said(a, m, HELD_FOR_SELF),
			.title = m->title,
			.fields = fields_words(a, m->fields),
			.reply = m->reply,
		};
	}
	out->mailings = rows;
	out->n_mailings = x->n_mailing;
}

/* --- what is rare ------------------------------------------------------------------------------ */

static const char *complaint_said(struct arena *a, const struct held_complaint *c)
{
	if (c->closed)
		return arena_printf(a, "Of %s, closed on %s: %s", page_day(a, c->at), page_day(a, c->closed), c->outcome);
	return arena_printf(a, "Of %s. It is to be answered by %s.", page_day(a, c->at), page_day(a, c->due));
}

static void fill_others(struct arena *a, const struct held *x, struct held_rows *out)
{
	size_t n = 0;
	struct held_other_row *rows = ARENA_ARRAY(a, struct held_other_row,
						  x->n_decision + x->n_sign_up + x->n_notice + x->n_complaint + x->n_audit + 1);

	for (size_t i = 0; i < x->n_complaint; i++)
		rows[n++] = (struct held_other_row){ arena_printf(a, "Your complaint %lld", (long long)x->complaint[i].number),
						     complaint_said(a, &x->complaint[i]), x->complaint[i].text };
	for (size_t i = 0; i < x->n_sign_up; i++)
		rows[n++] = (struct held_other_row){
			arena_printf(a, "A sign-up for “%s”", x->sign_up[i].title),
			arena_printf(a, "Asked for on %s%s%s%s%s.", page_day(a, x->sign_up[i].asked),
				     x->sign_up[i].name[0] ? " as " : "", x->sign_up[i].name,
				     x->sign_up[i].confirmed ? ", confirmed on " : ", not confirmed",
				     x->sign_up[i].confirmed ? page_day(a, x->sign_up[i].confirmed) : ""),
			NULL,
		};
	for (size_t i = 0; i < x->n_decision; i++)
		rows[n++] = (struct held_other_row){
			"A look at your address",
			arena_printf(a, "For the list %s, on %s, by %s: %s.%s%s", x->decision[i].list,
				     page_day(a, x->decision[i].at), x->decision[i].by ? x->decision[i].by : "staff",
				     strcmp(x->decision[i].decision, "accept") == 0 ? "accepted" : "rejected",
				     x->decision[i].reason[0] ? " Reason: " : "", x->decision[i].reason),
			NULL,
		};
	for (size_t i = 0; i < x->n_notice; i++)
		rows[n++] = (struct held_other_row){ SAID(NOTICES, x->notice[i].kind), sentence(a, page_day(a, x->notice[i].at)),
						     NULL };
	for (size_t i = 0; i < x->n_audit; i++)
		rows[n++] = (struct held_other_row){
			arena_printf(a, "Entry %lld of the ledger: %s", (long long)x->audit[i].seq, x->audit[i].action),
			arena_printf(a, "%s, by %s. %s", page_day(a, x->audit[i].at), x->audit[i].by ? x->audit[i].by : "staff",
				     x->audit[i].detail),
			NULL,
		};
	out->others = rows;
	out->n_others = n;
}

static const char *opted_out_said(struct arena *a, const struct held *x)
{
	const char *kept = "";

	if (!x->opted_out)
		return "You have not left: studies that you agreed to may write to you.";
	for (size_t i = 0; i < x->n_kept; i++)
		kept = arena_printf(a, "%s%s“%s”", kept, i ? ", " : " You kept or joined anew: ", x->kept[i]);
	return arena_printf(a, "You left on %s, %s. No study writes to you.%s%s%s", page_day(a, x->opted_out_at),
			    SAID(WAYS, x->way), x->why[0] ? " Noted: " : "", x->why, kept);
}

void held_rows_fill(struct arena *a, const struct held *x, const char *withdraw, struct held_rows *out)
{
	*out = (struct held_rows){ 0 };
	fill_mailboxes(a, x, out);
	fill_lists(a, x, out);
	fill_consents(a, x, withdraw, out);
	fill_mailings(a, x, out);
	fill_others(a, x, out);
	out->opted_out_text = opted_out_said(a, x);
	out->load = arena_printf(a, "Within the last 30 days, %lld of at most %lld messages were sent to you.",
				 (long long)x->received, (long long)x->ceiling);
}
