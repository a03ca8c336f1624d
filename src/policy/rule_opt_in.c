/*
 * `opt-in`: every recipient chose to receive this, and the message says what they agreed to and when. The
 * sentence is found by a word for agreeing with a year (and the project's title) near it.
 */
#include <ctype.h>
#include <strings.h>

#include "policy/policy_text.h"
#include "policy/rule.h"

#define NEAR 400 /* bytes around the word in which the date and the project stand */

static const char *const AGREED[] = { "you agreed",   "you have agreed", "you consented", "your consent",
				      "you signed up", "you subscribed",  "you asked",     "you gave",
				      "you chose",     "you said yes",    "you opted in",  NULL };

static bool has_year(const char *s)
{
	for (; *s; s++)
		if ((strncmp(s, "19", 2) == 0 || strncmp(s, "20", 2) == 0) && isdigit((unsigned char)s[2]) &&
		    isdigit((unsigned char)s[3]) && !isdigit((unsigned char)s[4]))
			return true;
	return false;
}

/* What is missing from the sentence: NULL when nothing is. */
static const char *missing(struct ruling *r, const char *flat)
{
	const char *text = text_skeleton(r->a, flat), *what = "it does not say why this person gets it";
	const struct project_facts *p = r->f->project;
	const char *title = p && p->title ? text_skeleton(r->a, text_flat(r->a, p->title)) : NULL;

	for (size_t i = 0; AGREED[i]; i++)
		for (const char *at = text; (at = strstr(at, AGREED[i])); at++) {
			size_t before = (size_t)(at - text) < NEAR / 4 ? (size_t)(at - text) : NEAR / 4;
			const char *near = arena_text_n(r->a, at - before,
							before + strnlen(at, NEAR + (title ? strlen(title) : 0)));

			if (!has_year(near))
				what = "it does not say when this person agreed";
			else if (title && !strstr(near, title))
				what = "it does not say to which project this person agreed";
			else
				return NULL;
		}
	return what;
}

static void judge_part(struct ruling *r, const char *part, const char *flat)
{
	const char *what = flat ? missing(r, flat) : "it is not there";
	const char *mend = "say in each part, where readers see it: “You get this message because you agreed, on DATE, "
			   "to be contacted about PROJECT.”";

	if (!what)
		return;
	/* The words for agreeing are known in English only. */
	if (flat && r->language[0] && strncasecmp(r->language, "en", 2) != 0 && !strstr(what, "when"))
		rule_doubtful(r, mend, "whether the %s says why this person gets it cannot be judged in the language “%s”",
			      part, r->language);
	else
		rule_fail(r, mend, "the %s: %s", part, what);
}

static void judge_selection(struct ruling *r)
{
	const struct selection_facts *s = r->f->selection;

	if (!s)
		rule_unknown(r, "choose an address list", "the recipients are not known");
	else if (s->members && !s->mailable && s->no_consent + s->opted_out > 0)
		rule_fail(r, "import the evidence of consent with the addresses, or record it with `placet consent add`",
			  "nobody can be mailed: of %lld addresses %lld have no consent for this project and %lld opted out",
			  (long long)s->members, (long long)s->no_consent, (long long)s->opted_out);
}

void rule_opt_in(struct ruling *r)
{
	const struct selection_facts *s = r->f->selection;

	if (!r->f->lint)
		judge_selection(r);
	if (r->f->message) {
		judge_part(r, "text part", r->text_flat);
		if (r->html_flat)
			judge_part(r, "HTML part", r->html_flat);
	} else {
		rule_fail(r, "edit the mailing", "there is no message that says why people get it: %s",
			  r->f->compile_error ? r->f->compile_error : "it could not be put together");
	}
	if (rule_has_objected(r))
		return;
	if (s)
		rule_pass(r, "%lld consented to this project and the message says so; %lld without consent and %lld who "
			     "opted out are skipped",
			  (long long)s->mailable, (long long)s->no_consent, (long long)s->opted_out);
	else
		rule_pass(r, "the message says why this person gets it");
}
