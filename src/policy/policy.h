/*
 * The policy: facts in, findings out. Pure: no I/O, no clock. Each rule of
 * policy.md has a file of its own, rule_NAME.c, and a row in RULES; a rule
 * reads facts and adds one or more findings.
 */
#ifndef PLACET_POLICY_H
#define PLACET_POLICY_H

#include "base/arena.h"
#include "mail/html.h"
#include "mail/message.h"

enum answer { ANSWER_PASS, ANSWER_NA, ANSWER_DOUBTFUL, ANSWER_UNKNOWN, ANSWER_FAIL };

/* A fact that may be missing. */
enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES, FACT_TRIAL /* not asked, because the home is a trial */ };

/* What the institution registered. */
struct institution_facts {
	const char *name;
	const char *const *domains; /* NULL-ended */
	const char *web_url;        /* of this installation */
	const char *statement_url;
	const char *postal_address;
	const char *const *offices; /* words that speak for the institution; NULL-ended */
	const char *const *unofficial; /* pairs: language, sentence; NULL-ended */
	const char *const *opt_out_wording; /* pairs: language, words; NULL-ended */
	bool trial;
};

struct project_facts {
	const char *slug, *title, *originator, *department, *contact, *page_url;
	const char *identity;               /* its name */
	const char *const *identity_domains; /* NULL-ended */
	const char *const *link_hosts;      /* NULL-ended */
	bool approved;
	const uint8_t (*images)[32]; /* SHA-256 of each approved image */
	size_t n_images;
};

struct selection_facts {
	int64_t members, mailable; /* members: those of the list whom the expression of the mailing leaves in */
	int64_t left_out;          /* and whom it leaves out */
	bool signed_off;            /* the list */
	const char *signed_off_why; /* what is missing, when not */
	const char *signed_off_how; /* by whom, from what sample, how its decisions came about; NULL: not known */
	int64_t no_consent, not_validated, lapsed, rejected, opted_out;
	int64_t bad_values;         /* field values that break compose_check_value */
	const char *bad_value;      /* the first: what and why */
};

/* What was found when a fact was looked up, and what would mend it; NULL: nobody has looked. */
struct fact_words {
	const char *found, *mend;
};

struct infrastructure_facts {
	enum fact spf, dkim, dmarc, reverse_names; /* FACT_YES: fine */
	enum fact statement_page;                  /* there, and names the project */
	bool relay_signs;
	struct fact_words spf_words, dkim_words, dmarc_words, reverse_words, page_words;
};

/* The message, taken apart. */
struct message_facts {
	struct slice bytes;     /* the whole message */
	struct message message;
	struct html_view html;  /* zeroed when there is no HTML part */
	const char *text;       /* the text part, NULL when there is none */
	bool has_html;
	const char *body_words; /* the writer's own words, fields as {name}; NULL when not known apart (lint) */
	const char *subject_words; /* the subject with {{fields}}, or NULL */
};

/* A post to a managed list. */
struct post_facts {
	const char *list;              /* its name */
	enum fact guidelines_accepted; /* by the poster, in their current version */
	const char *accepted_version, *current_version; /* of the guidelines; NULL: none */
	enum fact may_post;            /* under the list's posting rule */
	const char *posting_rule;      /* in words: "members", "moderators" */
	bool moderated;                /* the list, or the poster */
	enum fact moderator;           /* FACT_YES: a moderator let it through; FACT_NO: refused; FACT_UNKNOWN: not asked */
	bool waiting;                  /* it is held for the moderator, and not sent */
};

struct facts {
	const struct institution_facts *institution;
	const struct project_facts *project;               /* NULL in lint without --project */
	const struct selection_facts *selection;           /* NULL in lint */
	const struct infrastructure_facts *infrastructure; /* NULL in lint */
	const struct message_facts *message;               /* NULL when it could not be compiled */
	const char *compile_error;                         /* why, when message is NULL */
	bool responsibility_accepted;
	bool before_submission;  /* a draft: responsibility is asked for later, and is n/a */
	const struct post_facts *post;               /* NULL: a mailing to an address list */
	bool lint;
};

struct finding {
	const char *rule;
	enum answer answer;
	const char *reason, *mend; /* mend is "" for pass and n/a */
};

#define FINDINGS_MAX 160

struct verdict {
	enum answer answer; /* the worst, n/a counting as pass */
	struct finding finding[FINDINGS_MAX];
	size_t n;
};

const char *answer_name(enum answer a); /* "pass", "n/a", "doubtful", "unknown", "fail" */
/* Every rule is asked, in the order of policy.md, and each leaves at least one finding. */
void policy_decide(struct arena *a, const struct facts *f, struct verdict *out);
/* What another variant or language of the same mailing was found to be: the worse answer of each rule stands, and new
   findings say `where` they come from. A rule that passes in both keeps its first words. */
void policy_merge(struct arena *a, struct verdict *into, const struct verdict *more, const char *where);
/* What a value of a field is held against before its message is rendered: a quick look, for each person of a selection. */
struct value_watch;
struct value_watch *policy_watch_values(struct arena *a, const struct institution_facts *f);
/* Does it claim to speak for somebody, alarm, or name a host? Then the whole message has to be judged. `a` is for scratch. */
bool policy_value_is_suspect(struct arena *a, const struct value_watch *w, const char *value);
/* Takes a message apart for the facts. ERR_INPUT if unreadable. */
int policy_read_message(struct arena *a, struct slice bytes, struct message_facts *out, struct err *e) MUST_USE;
/* The rules' names, in order; NULL-ended. */
const char *const *policy_rules(void);

#endif
