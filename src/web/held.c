/* What is held about a person as JSON: see held.h. Keys are of the contract: they may be added to, never renamed. */
#include "web/held.h"

static json_t *time_json(int64_t t)
{
	char text[32];

	return t ? json_string(time_iso(t, text)) : json_null();
}

/* Words with blanks between, as an array. */
static json_t *words_json(const char *words)
{
	json_t *out = json_array();

	while (*words) {
		size_t n = strcspn(words, " ");

		if (n)
			json_array_append_new(out, json_stringn(words, n));
		words += n + strspn(words + n, " ");
	}
	return out;
}

static json_t *fields_json(const char *fields)
{
	json_t *object = json_loads(fields, JSON_REJECT_DUPLICATES, NULL);

	return json_is_object(object) ? object : json_object();
}

static json_t *opt_out_json(const struct held *x)
{
	json_t *kept;

	if (!x->opted_out)
		return json_null();
	kept = json_array();
	for (size_t i = 0; i < x->n_kept; i++)
		json_array_append_new(kept, json_string(x->kept[i]));
	return json_pack("{s:o, s:s, s:s, s:s?, s:o}", "at", time_json(x->opted_out_at), "way", x->way, "why", x->why, "by",
			 x->by, "kept", kept);
}

static json_t *validation_json(const struct held_mailbox *m)
{
	if (!m->judged)
		return json_null();
	return json_pack("{s:b, s:s?, s:s, s:o, s:o}", "accepted", m->accepted, "by", m->by, "how", m->how, "at",
			 time_json(m->at), "until", time_json(m->until));
}

static json_t *mailbox_json(const struct held_mailbox *m)
{
	return json_pack("{s:s, s:s, s:o, s:b, s:o, s:o}", "address", m->delivery, "given", m->given, "added",
			 time_json(m->created), "bounced", m->bounced, "erased", time_json(m->erased), "validation",
			 validation_json(m));
}

static json_t *list_json(const struct held_list *l)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s?, s:o, s:b, s:s, s:s, s:o}", "list", l->list, "project",
			 l->project, "title", l->title, "address", l->address, "flags", words_json(l->flags), "fields",
			 fields_json(l->fields), "imported", time_json(l->imported), "by", l->by, "answered",
			 time_json(l->answered), "may_be_mailed", !l->why[0], "why_not", l->why, "explained", l->explained,
			 "valid_until", time_json(l->valid_until));
}

static json_t *consent_json(const struct held_consent *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s?, s:s, s:s, s:s?, s:s?, s:b}", "project", c->project, "action",
			 c->action, "kind", c->kind, "ref", c->ref, "given_on", c->given_on, "at", time_json(c->at), "by",
			 c->by, "title", c->title, "address", c->address, "text_version", c->version, "text", c->text,
			 "stands", c->stands);
}

static json_t *decision_json(const struct held_decision *d)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o}", "list", d->list, "address", d->address, "decision", d->decision,
			 "reason", d->reason, "by", d->by, "at", time_json(d->at));
}

static json_t *mailing_json(const struct held_mailing *m)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:o}", "mailing",
			 (json_int_t)m->mailing, "project", m->project, "subject", m->subject, "address", m->address, "state",
			 m->state, "skipped", m->skipped, "attempts", (json_int_t)m->attempts, "first", time_json(m->first),
			 "last", time_json(m->last), "relay", m->relay, "queue_id", m->queue_id, "reply", m->reply,
			 "maybe_twice", m->maybe_twice, "bounced", m->bounced, "fields", fields_json(m->fields));
}

static json_t *notice_json(const struct held_notice *n)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "kind", n->kind, "state", n->state, "address", n->address,
			 "project", n->project, "at", time_json(n->at), "last", time_json(n->last));
}

static json_t *sign_up_json(const struct held_sign_up *s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "project", s->project, "title", s->title, "address", s->address,
			 "name", s->name, "asked", time_json(s->asked), "confirmed", time_json(s->confirmed));
}

static json_t *complaint_json(const struct held_complaint *c)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:s, s:s}", "number", (json_int_t)c->number, "at", time_json(c->at),
			 "due", time_json(c->due), "acknowledged", time_json(c->acknowledged), "closed",
			 time_json(c->closed), "about", c->about, "text", c->text, "outcome", c->outcome);
}

static json_t *audit_json(const struct held_audit *u)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s?}", "seq", (json_int_t)u->seq, "at", time_json(u->at), "action", u->action,
			 "detail", u->detail, "by", u->by);
}

#define EVERY(name)                                                                                                   \
	static json_t *name##s_json(const struct held *x)                                                             \
	{                                                                                                             \
		json_t *out = json_array();                                                                           \
                                                                                                                      \
		for (size_t i = 0; i < x->n_##name; i++)                                                              \
			json_array_append_new(out, name##_json(&x->name[i]));                                         \
		return out;                                                                                           \
	}
EVERY(mailbox)
EVERY(list)
EVERY(consent)
EVERY(decision)
EVERY(mailing)
EVERY(notice)
EVERY(sign_up)
EVERY(complaint)
EVERY(audit)

static bool is_held(const struct held *x)
{
	for (size_t i = 0; i < x->n_mailbox; i++)
		if (!x->mailbox[i].erased)
			return true;
	return false;
}

json_t *held_json(const char *address, const struct held *x)
{
	json_t *out = json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "address", address, "held", is_held(x), "opted_out",
				x->opted_out, "consents", consents_json(x), "opt_out", opt_out_json(x), "mailboxes",
				mailboxs_json(x), "lists", lists_json(x));

	MUST(out);
	json_object_set_new(out, "decisions", decisions_json(x));
	json_object_set_new(out, "mailings", mailings_json(x));
	json_object_set_new(out, "received_lately", json_integer(x->received));
	json_object_set_new(out, "ceiling", json_integer(x->ceiling));
	json_object_set_new(out, "notices", notices_json(x));
	json_object_set_new(out, "sign_ups", sign_ups_json(x));
	json_object_set_new(out, "complaints", complaints_json(x));
	json_object_set_new(out, "audit", audits_json(x));
	json_object_set_new(out, "pseudonym", json_string(x->person));
	return out;
}
