/*
 * What is known of an address, told to the person who decides (policy rule
 * validated; ADR-5, ADR-9, ADR-10). Every line is a fact that can be looked
 * up; none of them approves or rejects anybody.
 */
#include "cmd/validate_known.h"

#include "compose/consent_words.h"

#include "base/utf8.h"
#include "mail/address.h"

int known_init(struct known *k, struct ctx *c, struct err *e)
{
	*k = (struct known){ .now = home_now(c->h) };
	if (institution_load(c->h, c->a, &k->inst, e) < 0)
		return -1;
	while (k->inst.domains[k->n_domains])
		k->n_domains++;
	k->a = arena_new();
	return 0;
}

void known_clear(struct known *k)
{
	arena_free(k->a);
	k->a = NULL;
}

void known_forget(struct known *k)
{
	arena_clear(k->a);
}

const char *known_flags(struct known *k, const struct candidate *x)
{
	return x->bounced ? arena_printf(k->a, "%s%sbounced", x->flags, *x->flags ? " " : "") : x->flags;
}

json_t *pace_json(const struct pace *p)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "by", p->by, "source", p->source, "decisions",
			 (json_int_t)p->decisions, "seconds", (json_int_t)((p->took + SECOND - 1) / SECOND), "moments",
			 (json_int_t)p->moments, "first_after", (json_int_t)(p->after / SECOND));
}

/* --- facts --------------------------------------------------------------------------------------- */

static void add(json_t *facts, const char *text)
{
	if (text)
		json_array_append_new(facts, json_string(text));
}

/* The field that holds a name, or the parts of one put together; "" when there is none. */
static const char *name_of(struct known *k, const json_t *fields)
{
	static const char *const PARTS[] = {
		"given_name", "givenname", "given-name", "first_name", "firstname", "first-name", "forename", "vorname", "prenom",
		"nome", "nombre", "family_name", "familyname", "family-name", "last_name", "lastname", "last-name", "surname",
		"nachname", "familienname", "nom", "apellido", "apellidos", "cognome",
	};
	const char *name = json_string_value(json_object_get(fields, "name")), *part;

	if (name && *name)
		return name;
	name = "";
	for (size_t i = 0; i < COUNT(PARTS); i++)
		if ((part = json_string_value(json_object_get(fields, PARTS[i]))) && *part)
			name = arena_printf(k->a, "%s%s%s", name, *name ? " " : "", part);
	return name;
}

static void add_looks(struct known *k, const struct candidate *x, const json_t *fields, json_t *facts)
{
	const char *name = name_of(k, fields), *like, *meant;
	struct err why = { 0 };
	struct address addr;

	if (address_parse(k->a, x->address, &addr, &why) < 0)
		return;
	if (*name)
		add(facts, address_name_says(k->a, &addr, name));
	if (address_has_student_number(&addr))
		add(facts, "looks like a student number");
	if (strcmp(addr.domain, addr.domain_shown) != 0)
		add(facts, arena_printf(k->a, "its domain reads %s", addr.domain_shown));
	if ((like = address_resembles(&addr, k->inst.domains, k->n_domains)))
		add(facts, arena_printf(k->a, "resembles %s", like));
	if ((meant = address_hint(k->a, &addr, k->inst.domains, k->n_domains)))
		add(facts, arena_printf(k->a, "perhaps %s was meant", meant));
}

/* Signs of use, and signs against it. */
static void add_use(struct known *k, const struct candidate *x, json_t *facts)
{
	bool still_out = x->mailed_at && x->mailed_at + BOUNCE_COMES_WITHIN > k->now;
	char day[32];

	if (x->confirmed_at)
		add(facts, arena_printf(k->a, "confirmed itself on %s", time_day(x->confirmed_at, day)));
	if (x->mailed_at)
		add(facts, arena_printf(k->a, "mailed on %s, no bounce%s", time_day(x->mailed_at, day),
					still_out ? " so far, but 14 days are not over" : ""));
	if (x->bounced && !x->bounced_at)
		add(facts, "mail to it came back");
	else if (x->bounced_at)
		add(facts, arena_printf(k->a, "mail to it came back%s on %s", x->bounced ? "" : " earlier,",
					time_day(x->bounced_at, day)));
}

static json_t *facts_of(struct known *k, const struct candidate *x, const json_t *fields)
{
	json_t *facts = json_array();

	add_looks(k, x, fields, facts);
	add_use(k, x, facts);
	if (x->kind)
		add(facts, arena_printf(k->a, "agreed %s", consent_words(k->a, "en", x->kind, x->ref, x->given_on, x->consent_at)));
	else
		add(facts, "no consent to this project stands");
	return facts;
}

json_t *known_facts(struct known *k, const struct candidate *x)
{
	json_t *fields = json_loads(x->fields, 0, NULL), *facts = facts_of(k, x, fields);

	json_decref(fields);
	return facts;
}

const char *known_words(struct known *k, const struct candidate *x)
{
	json_t *fields = json_loads(x->fields, 0, NULL), *facts = facts_of(k, x, fields), *value;
	const char *key, *s = "";
	size_t i;

	json_object_foreach(fields, key, value)
		s = arena_printf(k->a, "%s%s%s=%s", s, *s ? "; " : "", key, json_string_value(value));
	json_array_foreach(facts, i, value)
		s = arena_printf(k->a, "%s%s%s", s, *s ? "; " : "", json_string_value(value));
	json_decref(fields);
	json_decref(facts);
	return s;
}
