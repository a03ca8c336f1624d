/*
 * `originator`: the recipient sees who is writing. The registered values are looked for in what is
 * visible; without a project, what the institution registered is.
 */
#include <strings.h>

#include "policy/policy_text.h"
#include "policy/rule.h"

#define MAILBOXES 4

static void judge_from(struct ruling *r, const char *originator)
{
	const struct field *f = rule_field(r, "From", 0);
	struct mailbox box[MAILBOXES];
	const char *name = "";
	size_t n = 0;

	if (f && message_mailboxes(r->a, f->raw, box, MAILBOXES, &n) && n)
		name = box[0].name;
	if (originator && !text_has(r->a, text_flat(r->a, name), text_flat(r->a, originator)))
		rule_fail(r, arena_printf(r->a, "name the originator in the From display name: “%s”", originator),
			  "the From display name, “%s”, does not name the originator, “%s”", text_quote(r->a, name, 80),
			  originator);
	else if (!originator && (!text_says_something(name) || strchr(name, '@') ||
				 (n && strncasecmp(name, box[0].address, strcspn(box[0].address, "@")) == 0 &&
				  !name[strcspn(box[0].address, "@")])))
		rule_fail(r, "name the originator in the From display name", "the From display name, “%s”, names nobody",
			  text_quote(r->a, name, 80));
}

/* Each line of the postal address, wherever the message breaks its lines. */
static void need_lines(struct ruling *r, const char *part, const char *flat, const char *address)
{
	for (const char *p = address; *p;) {
		size_t n = strcspn(p, "\n");
		const char *line = text_flat(r->a, arena_text_n(r->a, p, n));

		if (text_says_something(line) && !text_has(r->a, flat, line)) {
			rule_fail(r, arena_printf(r->a, "write the postal address, “%s”, where readers see it, in each part",
						  text_quote(r->a, address, 200)),
				  "%s does not show the postal address: “%s” is missing", part, text_quote(r->a, line, 100));
			return;
		}
		p += n + (p[n] == '\n');
	}
}

static void judge_postal(struct ruling *r)
{
	const char *p = r->f->institution->postal_address;

	if (!p || !text_says_something(p)) {
		rule_fail(r, "register one: `placet institution set postal-address`",
			  "the institution has no postal address registered");
		return;
	}
	need_lines(r, "text part: it", r->text_flat ? r->text_flat : "", p);
	if (r->html_flat)
		need_lines(r, "HTML part: its visible text", r->html_flat, p);
}

static bool contact_belongs(struct ruling *r, const char *address)
{
	const struct project_facts *p = r->f->project;
	const char *host = address_host(r->a, address);

	return host && (host_is_in(host, r->f->institution->domains) || (p && host_is_in(host, p->identity_domains)));
}

/* Without a project: any mail address of the institution in the visible text. */
static bool shows_contact(struct ruling *r, const char *flat)
{
	for (const char *at = flat; (at = strchr(at, '@')); at++) {
		size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
		char *host;

		while (n && (at[n] == '.' || at[n] == '-'))
			n--;
		host = arena_text_n(r->a, at + 1, n);
		if (at > flat && text_is_letter(at[-1]) && contact_belongs(r, arena_printf(r->a, "x@%s", host)))
			return true;
	}
	return false;
}

static bool part_of_address(char c)
{
	return text_is_letter(c) || strchr("._%+-@", c) != NULL;
}

/* The address by itself: not as the end of "joann.lee@..." or the beginning of "...@uni.example.evil.example". */
static bool has_address(const char *flat, const char *address)
{
	size_t n = strlen(address);

	for (const char *p = flat; n && (p = strcasestr(p, address)); p++)
		if ((p == flat || !part_of_address(p[-1])) && !text_is_letter(p[n]) && !(p[n] && strchr("@-_", p[n])) &&
		    !(p[n] == '.' && text_is_letter(p[n + 1])))
			return true;
	return false;
}

static void need_address(struct ruling *r, const char *contact)
{
	const char *mend = arena_printf(r->a, "write the contact address, %s, where readers see it, in each part", contact);

	if (!r->text_flat || !has_address(r->text_flat, contact))
		rule_fail(r, mend, "text part: it does not show the contact address, %s", contact);
	if (r->html_flat && !has_address(r->html_flat, contact))
		rule_fail(r, mend, "HTML part: its visible text does not show the contact address, %s", contact);
}

static void judge_contact(struct ruling *r, const char *contact)
{
	if (contact && !contact_belongs(r, contact))
		rule_fail(r, "give the project a contact address of the institution: `placet project edit --contact`",
			  "the contact address %s is in no domain of the institution or of the identity", contact);
	else if (contact)
		need_address(r, contact);
	else if (!r->text_flat || !shows_contact(r, r->text_flat) || (r->html_flat && !shows_contact(r, r->html_flat)))
		rule_fail(r, "write a contact address of the institution into each part",
			  "a part shows no contact address in a domain of the institution");
}

void rule_originator(struct ruling *r)
{
	const struct project_facts *p = r->f->project;

	judge_from(r, p ? p->originator : NULL);
	if (p && p->originator)
		rule_needs_words(r, "the originator", p->originator);
	if (p && p->department && *p->department)
		rule_needs_words(r, "the department", p->department);
	rule_needs_words(r, "the institution", r->f->institution->name);
	judge_contact(r, p ? p->contact : NULL);
	judge_postal(r);
	if (!rule_has_objected(r))
		rule_pass(r, "From and each part name who is writing%s", p ? "" : " (as far as can be told without --project)");
}
