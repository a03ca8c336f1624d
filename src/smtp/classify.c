/*
 * The table of section 3.4. Each row names the stages, the code and the
 * enhanced code that it is about; the first row that fits decides. Two
 * readings go beyond the letter of the digest, both to spare good addresses:
 * a refusal whose words speak of spam or policy is never a verdict about the
 * mailbox, and "5.0.0" says no more than a missing enhanced code. What a
 * provider says of our own set-up (policy/provider_code.h) is nobody's fault
 * but ours.
 */
#include "smtp/classify.h"

#include "policy/provider_code.h"

#define AT(stage) (1u << (stage))

enum {
	ANY = AT(STAGE_DOT + 1) - 1,
	LOGIN = AT(STAGE_CONNECT) | AT(STAGE_HELLO) | AT(STAGE_TLS) | AT(STAGE_AUTH),
	MAIL = AT(STAGE_MAIL),
	RCPT = AT(STAGE_RCPT),
	CONTENT = AT(STAGE_DATA) | AT(STAGE_DOT),
	LATE = RCPT | CONTENT,
	DOT = AT(STAGE_DOT),
};

/* Instead of an enhanced code: codes and words that speak of our set-up. */
static const char OUR_SETUP[] = "set-up";

struct row {
	unsigned int stages;
	int code;             /* 550; 5 for all 5xx; 0 for all */
	const char *enhanced; /* "5.1.1"; "5.7." for all of these; "" for none or X.0.0; NULL for any; OUR_SETUP */
	bool policy_words;    /* only when the text speaks of spam or policy */
	enum smtp_end end;
	enum smtp_fault fault;
};

static const struct row ROWS[] = {
	/* The relay: nobody's attempt is counted. */
	{ LOGIN, 0, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY },
	{ ANY, 421, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY },
	{ ANY, 454, "4.7.0", false, SMTP_NOT_STARTED, FAULT_RELAY },
	{ ANY, 530, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY }, /* SMTP-4: it wants another login */
	{ ANY, 534, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY },
	{ ANY, 535, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY },
	{ ANY, 538, NULL, false, SMTP_NOT_STARTED, FAULT_RELAY },

	{ ANY, 552, "5.5.3", false, SMTP_DEFERRED, FAULT_PASSING }, /* too many recipients: RFC 5321 4.5.3.1.10 */
	/* What providers say of our set-up, as far as a relay tells it at once. */
	{ MAIL | LATE, 4, OUR_SETUP, false, SMTP_DEFERRED, FAULT_SLOWED },
	{ LATE, 5, OUR_SETUP, false, SMTP_FAILED, FAULT_SETUP },

	{ MAIL, 4, NULL, false, SMTP_DEFERRED, FAULT_PASSING },
	{ MAIL, 5, "5.3.4", false, SMTP_FAILED, FAULT_MAILBOX },
	{ MAIL, 552, NULL, false, SMTP_FAILED, FAULT_MAILBOX },
	{ MAIL, 5, NULL, false, SMTP_FAILED, FAULT_IDENTITY },

	/* Relays that put the sender's verdict off until RCPT. */
	{ LATE, 5, "5.1.7", false, SMTP_FAILED, FAULT_IDENTITY },
	{ LATE, 5, "5.1.8", false, SMTP_FAILED, FAULT_IDENTITY },

	{ LATE, 5, "5.1.1", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.1.2", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.1.3", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.1.6", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.1.10", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.2.1", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 5, "5.4.4", false, SMTP_FAILED, FAULT_ADDRESS },

	{ LATE, 5, "5.2.2", false, SMTP_FAILED, FAULT_MAILBOX },
	{ LATE, 5, "5.2.3", false, SMTP_FAILED, FAULT_MAILBOX },
	{ LATE, 5, "5.3.4", false, SMTP_FAILED, FAULT_MAILBOX },

	{ LATE, 5, "5.7.", false, SMTP_FAILED, FAULT_POLICY },
	{ LATE, 5, "5.6.", false, SMTP_FAILED, FAULT_POLICY },
	{ LATE, 5, "", true, SMTP_FAILED, FAULT_POLICY },
	{ RCPT, 550, "", false, SMTP_FAILED, FAULT_ADDRESS },
	{ RCPT, 551, "", false, SMTP_FAILED, FAULT_ADDRESS },
	{ RCPT, 553, "", false, SMTP_FAILED, FAULT_ADDRESS },
	{ LATE, 552, "", false, SMTP_FAILED, FAULT_MAILBOX },
	{ DOT, 554, "", false, SMTP_FAILED, FAULT_POLICY },

	{ LATE, 4, NULL, false, SMTP_DEFERRED, FAULT_PASSING },
	{ LATE, 5, NULL, false, SMTP_FAILED, FAULT_OTHER },
};

static bool code_fits(const struct row *row, int code)
{
	return row->code == 0 || row->code == code || (row->code < 10 && row->code == code / 100);
}

static bool enhanced_fits(const struct row *row, const struct reply *r)
{
	const char *want = row->enhanced, *enhanced = r->enhanced;
	size_t n;

	if (!want)
		return true;
	if (want == OUR_SETUP)
		return provider_code(enhanced, r->text) != NULL;
	if (!*want)
		return !*enhanced || strcmp(enhanced + 1, ".0.0") == 0;
	n = strlen(want);
	return want[n - 1] == '.' ? strncmp(enhanced, want, n) == 0 : strcmp(enhanced, want) == 0;
}

static bool speaks_of_policy(const char *text)
{
	static const char *const WORDS[] = { "spam", "policy", "blocked", "blacklist", "blocklist", "reputation" };

	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (strcasestr(text, WORDS[i]))
			return true;
	return false;
}

/* "552 too many recipients" without an enhanced code is temporary too. */
static bool is_too_many(const struct reply *r)
{
	return r->code == 552 && strcasestr(r->text, "too many recipients");
}

static bool row_fits(const struct row *row, enum smtp_stage stage, const struct reply *r)
{
	return (row->stages & AT(stage)) && code_fits(row, r->code) && enhanced_fits(row, r) &&
	       (!row->policy_words || speaks_of_policy(r->text));
}

static void decide(enum smtp_stage stage, const struct reply *r, struct smtp_outcome *out)
{
	out->end = SMTP_NOT_STARTED;
	out->fault = FAULT_RELAY;
	if (r->code / 100 == 2 && stage == STAGE_DOT) {
		out->end = SMTP_ACCEPTED;
		out->fault = FAULT_NONE;
		return;
	}
	if (r->code < 400)
		return;
	if (is_too_many(r) && (stage == STAGE_RCPT || stage == STAGE_MAIL)) {
		out->end = SMTP_DEFERRED;
		out->fault = FAULT_PASSING;
		return;
	}
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (!row_fits(&ROWS[i], stage, r))
			continue;
		out->end = ROWS[i].end;
		out->fault = ROWS[i].fault;
		return;
	}
	BUG("the table of replies has a gap");
}

void classify(enum smtp_stage stage, const struct reply *r, struct smtp_outcome *out)
{
	decide(stage, r, out);
	out->stage = stage;
	out->code = r->code;
	memcpy(out->enhanced, r->enhanced, sizeof(out->enhanced));
	memcpy(out->text, r->text, r->n + 1);
	out->queue_id[0] = '\0';
	if (out->end == SMTP_ACCEPTED)
		reply_queue_id(r->text, out->queue_id, sizeof(out->queue_id));
}

void outcome_without_reply(struct smtp_outcome *out, enum smtp_end end, enum smtp_fault fault, enum smtp_stage stage,
			   const char *text)
{
	*out = (struct smtp_outcome){ .end = end, .fault = fault, .stage = stage };
	snprintf(out->text, sizeof(out->text), "%s", text);
}
