/* `validated`, `statement-page`, `list-guidelines` and `responsibility`: rules that judge facts, and not the message. */
#include "policy_cases.h"

#define V "validated"
#define T "statement-page"
#define L "list-guidelines"
#define A "responsibility"

/* A change of facts by its name and what it does. */
#define FACT(name, ...)                   \
	static void name(struct world *w) \
	{                                 \
		__VA_ARGS__;              \
	}

FACT(not_signed, w->selection.signed_off = false)
FACT(not_signed_why, w->selection.signed_off = false; w->selection.signed_off_why = "3 flagged addresses are undecided")
FACT(open_sample, w->selection.signed_off = false; w->selection.signed_off_why = "a sign-off of 300 addresses is open")
FACT(came_later, w->selection.signed_off = false; w->selection.signed_off_why = "1 addresses wait for a sign-off"; w->selection.mailable = 9)
FACT(all_undecided, w->selection.mailable = 0; w->selection.no_consent = 0; w->selection.not_validated = 10)
FACT(all_lapsed, w->selection.mailable = 0; w->selection.no_consent = 0; w->selection.lapsed = 10)
FACT(all_rejected, w->selection.mailable = 0; w->selection.no_consent = 0; w->selection.rejected = 10)
FACT(some_of_each, w->selection.mailable = 0; w->selection.no_consent = 4; w->selection.lapsed = 3; w->selection.rejected = 3)
FACT(all_bounced, w->selection.mailable = 0; w->selection.no_consent = 0)
FACT(nobody, w->selection = (struct selection_facts){ .signed_off = true })
FACT(nobody_chosen, w->selection = (struct selection_facts){ .signed_off = true, .left_out = 10 })
FACT(no_selection, w->facts.selection = NULL)
FACT(all_without_consent, w->selection.mailable = 0; w->selection.no_consent = 10)
FACT(one_left, w->selection.mailable = 1; w->selection.not_validated = 7)
FACT(signed_by_sample, w->selection.signed_off_how = "val@uni.example, 138 of 1,000 decided")
FACT(some_left_out, w->selection.left_out = 5)

FACT(page_no, w->infrastructure.statement_page = FACT_NO)
FACT(page_unknown, w->infrastructure.statement_page = FACT_UNKNOWN)
FACT(no_facts, w->facts.infrastructure = NULL)
FACT(draft_project, w->project.approved = false)
FACT(draft_in_trial, w->project.approved = false; w->institution.trial = true; w->infrastructure.statement_page = FACT_TRIAL)
FACT(draft_page_no, w->project.approved = false; w->infrastructure.statement_page = FACT_NO)
FACT(page_no_but_dns, w->infrastructure = (struct infrastructure_facts){ .spf = FACT_YES, .dkim = FACT_YES, .dmarc = FACT_YES, .reverse_names = FACT_YES, .statement_page = FACT_NO })
FACT(page_unknown_relay, w->infrastructure.statement_page = FACT_UNKNOWN; w->infrastructure.relay_signs = true)
FACT(draft_page_unknown, w->project.approved = false; w->infrastructure.statement_page = FACT_UNKNOWN)
FACT(in_trial, w->institution.trial = true; w->infrastructure.statement_page = FACT_TRIAL)
FACT(dns_is_another_matter, w->infrastructure.spf = FACT_NO)
FACT(relay_signs, w->infrastructure.relay_signs = true)
FACT(not_approved_at_lint, w->project.approved = false; lint_with_project(w))

/* A post of somebody who may post. */
static struct post_facts *post(struct world *w)
{
	static struct post_facts p;

	p = (struct post_facts){ .list = "announce", .guidelines_accepted = FACT_YES, .accepted_version = "2", .current_version = "2",
				 .may_post = FACT_YES, .posting_rule = "members" };
	w->facts.post = &p;
	return &p;
}

FACT(post_good, post(w))
FACT(post_moderated, post(w)->moderated = true; ((struct post_facts *)(uintptr_t)w->facts.post)->moderator = FACT_YES)
FACT(post_not_accepted, post(w)->guidelines_accepted = FACT_NO)
FACT(post_accepted_unknown, post(w)->guidelines_accepted = FACT_UNKNOWN)
FACT(post_old_version, post(w)->accepted_version = "1")
FACT(post_no_version, post(w)->accepted_version = NULL)
FACT(post_no_guidelines, post(w)->current_version = NULL)
FACT(post_may_not, post(w)->may_post = FACT_NO)
FACT(post_may_unknown, post(w)->may_post = FACT_UNKNOWN)
FACT(post_unseen, post(w)->moderated = true)
FACT(post_refused, struct post_facts *p = post(w); p->moderated = true; p->moderator = FACT_NO; p->waiting = true)
FACT(post_waits, struct post_facts *p = post(w); p->moderated = true; p->waiting = true)
FACT(post_unmoderated_waits, post(w)->waiting = true)

FACT(not_accepted, w->facts.responsibility_accepted = false)
FACT(not_accepted_trial, w->facts.responsibility_accepted = false; in_trial(w))
FACT(not_accepted_relay, w->facts.responsibility_accepted = false; w->infrastructure.relay_signs = true)
FACT(not_accepted_project, w->facts.responsibility_accepted = false; w->project.approved = false)
FACT(not_accepted_nobody, w->facts.responsibility_accepted = false; nobody(w))
FACT(not_accepted_no_message, w->facts.responsibility_accepted = false; w->facts.message = NULL)
FACT(not_accepted_no_facts, w->facts.responsibility_accepted = false; w->facts.infrastructure = NULL)
FACT(not_accepted_post, w->facts.responsibility_accepted = false; post(w))
FACT(draft, w->facts.responsibility_accepted = false; w->facts.before_submission = true)
FACT(draft_in_doubt, draft(w); w->project.approved = false)
FACT(accepted_no_message, w->facts.message = NULL)

static const struct policy_case CASES[] = {
	FAILS(V, not_signed, NULL, NULL, "nobody signed the list off"),
	FAILS(V, not_signed_why, NULL, NULL, "flagged addresses are undecided"),
	FAILS(V, open_sample, NULL, NULL, "the sample is not decided"),
	FAILS(V, came_later, NULL, NULL, "addresses came after the sign-off"),
	FAILS(V, all_undecided, NULL, NULL, "nobody is validated"),
	FAILS(V, all_lapsed, NULL, NULL, "all validations lapsed"),
	FAILS(V, all_rejected, NULL, NULL, "all were rejected"),
	FAILS(V, some_of_each, NULL, NULL, "nobody is left, for several reasons"),
	FAILS(V, all_bounced, NULL, NULL, "nobody is left, for reasons that are not counted here"),
	FAILS(V, nobody, NULL, NULL, "the list is empty"),
	FAILS(V, nobody_chosen, NULL, NULL, "the expression leaves everybody out"),
	UNKNOWN(V, no_selection, NULL, NULL, "the recipients are not known"),
	PASSES(V, NULL, NULL, NULL, "signed off"),
	PASSES(V, one_left, NULL, NULL, "one of ten is enough; the others are skipped"),
	PASSES(V, signed_by_sample, NULL, NULL, "signed off by a sample"),
	PASSES(V, some_left_out, NULL, NULL, "the expression leaves some out"),
	PASSES(V, all_without_consent, NULL, NULL, "consent is another rule's matter"),
	NOT_ASKED(V, to_lint, NULL, NULL, "a file has no recipients"),

	FAILS(T, page_no, NULL, NULL, "the page is not there, or does not name the project"),
	FAILS(T, draft_project, NULL, NULL, "no reviewer approved the project"),
	FAILS(T, draft_in_trial, NULL, NULL, "the same in a trial home"),
	FAILS(T, draft_page_no, NULL, NULL, "neither approved nor there"),
	FAILS(T, draft_page_unknown, NULL, NULL, "not approved, and not asked"),
	FAILS(T, page_no_but_dns, NULL, NULL, "all is well but the page"),
	UNKNOWN(T, page_unknown, NULL, NULL, "the page could not be fetched"),
	UNKNOWN(T, no_facts, NULL, NULL, "nobody asked"),
	UNKNOWN(T, page_unknown_relay, NULL, NULL, "the relay signs, and the page could not be fetched"),
	PASSES(T, NULL, NULL, NULL, "there, and names the project"),
	PASSES(T, in_trial, NULL, NULL, "a trial home asks nobody"),
	PASSES(T, dns_is_another_matter, NULL, NULL, "DNS is another rule's matter"),
	PASSES(T, relay_signs, NULL, NULL, "who signs is another rule's matter"),
	NOT_ASKED(T, to_lint, NULL, NULL, "a file is not sent"),
	NOT_ASKED(T, not_approved_at_lint, NULL, NULL, "a file of a draft project is not sent"),

	FAILS(L, post_not_accepted, NULL, NULL, "the poster never accepted the guidelines"),
	FAILS(L, post_old_version, NULL, NULL, "the guidelines changed since"),
	FAILS(L, post_no_version, NULL, NULL, "it is not recorded what was accepted"),
	FAILS(L, post_no_guidelines, NULL, NULL, "the list has no guidelines that could have been accepted"),
	FAILS(L, post_may_not, NULL, NULL, "the posting rule does not let this poster post"),
	FAILS(L, post_unseen, NULL, NULL, "moderated, and past the moderator"),
	FAILS(L, post_refused, NULL, NULL, "the moderator refused it"),
	UNKNOWN(L, post_accepted_unknown, NULL, NULL, "whether the guidelines were accepted is not known"),
	UNKNOWN(L, post_may_unknown, NULL, NULL, "whether the poster may post is not known"),
	UNKNOWN(L, post_waits, NULL, NULL, "waits for the moderator, as it should"),
	PASSES(L, post_good, NULL, NULL, "a member posts"),
	PASSES(L, post_moderated, NULL, NULL, "a moderator let it through"),
	PASSES(L, post_unmoderated_waits, NULL, NULL, "waits although nobody has to look"),
	NOT_ASKED(L, NULL, NULL, NULL, "a mailing to an address list"),
	NOT_ASKED(L, to_lint, NULL, NULL, "a file"),

	FAILS(A, not_accepted, NULL, NULL, "nobody answers for it"),
	FAILS(A, not_accepted_trial, NULL, NULL, "not in a trial home either"),
	FAILS(A, not_accepted_relay, NULL, NULL, "not for a relay that signs either"),
	FAILS(A, not_accepted_project, NULL, NULL, "nor for a project that is not approved"),
	FAILS(A, not_accepted_nobody, NULL, NULL, "nor for an empty list"),
	FAILS(A, not_accepted_no_message, NULL, NULL, "nor for a message that cannot be made"),
	FAILS(A, not_accepted_no_facts, NULL, NULL, "nor where DNS was not asked"),
	FAILS(A, not_accepted_post, NULL, NULL, "nor for a post"),
	PASSES(A, NULL, NULL, NULL, "the originator accepted"),
	PASSES(A, accepted_no_message, NULL, NULL, "accepted, whatever else is wrong"),
	NOT_ASKED(A, draft, NULL, NULL, "a draft is not submitted yet"),
	NOT_ASKED(A, draft_in_doubt, NULL, NULL, "nor is one of a draft project"),
	NOT_ASKED(A, to_lint, NULL, NULL, "a file is not submitted"),
};

const struct policy_cases CASES_FACTS = { CASES, COUNT(CASES) };
