/*
 * A house template held to the policy: see house_template.h. Nobody is
 * written to; the sample has the institution's own registered values, so that
 * what is found is found of its own messages.
 */
#include "store/house_template.h"

#include <strings.h>

#include "compose/compose.h"
#include "compose/consent_words.h"
#include "compose/house_template.h"
#include "compose/house_words.h"
#include "mail/token.h"
#include "store/content.h"
#include "store/institution_words.h"

#define SAMPLE_MAX (256 * 1024)

/* Fits any language: what the writer's words say is not on trial. */
#define BODY                                                                                                           \
	"Dear participant,\n\nthese are the writer’s words, in **bold** and in *italics*.\n\n## A heading\n\n- one\n"   \
	"- two\n\n> A quotation.\n"

struct sample {
	struct home *h;
	struct arena *a;
	struct institution inst;
	const char *domain;
	struct draft draft;
};

/* What a trial home begins with, for where nothing is registered yet. */
static const struct trial_words *stand_in(const char *language)
{
	size_t n;
	const struct trial_words *w = trial_words(&n);

	for (size_t i = 0; i < n; i++)
		if (strncasecmp(w[i].language, language, strlen(w[i].language)) == 0)
			return &w[i];
	return w;
}

static const char *or(const char *value, const char *otherwise)
{
	return value && *value ? value : otherwise;
}

static void fill_draft(struct sample *s, const char *text, const char *language, bool department)
{
	static const char *const OTHERS[] = { "de", "fr", NULL }, *const ENGLISH[] = { "en", NULL };
	const struct trial_words *w = stand_in(language);

	s->draft = (struct draft){
		.language = language,
		.subject = "A sample",
		.body = BODY,
		.template = text,
		.other_languages = !department ? NULL : language_is(language, "en") ? OTHERS : ENGLISH,
		.from_name = "Dr Ada Sample (A sample study)",
		.from_address = arena_printf(s->a, "sample@%s", s->domain),
		.identity_domain = s->domain,
		.web_url = s->h->url,
		.list_id = "sample",
		.feedback_id = "m1:sample:mailing:placet",
		.mailing_id = 1,
		.house = { .institution = or(s->inst.name, "Sample University"),
			   .department = department ? "Department of Samples" : NULL,
			   .project_title = "A sample study",
			   .originator = "Dr Ada Sample",
			   .contact = arena_printf(s->a, "ada.sample@%s", s->domain),
			   .postal_address = or(s->inst.postal_address, "1 Sample Street\nSampletown"),
			   .statement_url = s->inst.statement_url,
			   .project_url = arena_printf(s->a, "%s/projects/sample", s->h->url),
			   .unofficial = or(pair_find(s->inst.unofficial, language), w->unofficial),
			   .opt_out_wording = or(pair_find(s->inst.opt_out_wording, language), w->opt_out_wording),
			   .trial = s->h->trial },
	};
}

static int sample_load(struct sample *s, struct home *h, struct arena *a, struct err *e)
{
	*s = (struct sample){ .h = h, .a = a };
	if (institution_load(h, a, &s->inst, e) < 0)
		return -1;
	s->domain = s->inst.domains && s->inst.domains[0] ? s->inst.domains[0] : "example.org";
	return 0;
}

static int draw(struct sample *s, const char *language, struct message_facts *out, struct err *e)
{
	char opt_out[TOKEN_TEXT_MAX], unsub[TOKEN_TEXT_MAX], feedback[TOKEN_TEXT_MAX], message[TOKEN_TEXT_MAX];
	char code[CODE_TEXT_MAX];
	struct recipient r = {
		.address = "recipient@example.org",
		.date = home_now(s->h),
		.opt_out_token = opt_out,
		.unsub_token = unsub,
		.feedback_token = feedback,
		.message_token = message,
		.code = code,
		.consent = consent_words(s->a, language, "signed-form", "SC-12", "2026-05-03", home_now(s->h)),
	};
	struct compiled *c = compose_compile(s->a, &s->draft, e);
	struct buf head, body;
	int rc = -1;

	if (!c)
		return -1;
	token_for_url(&s->h->tokens, TOKEN_OPT_OUT, 0, opt_out);
	token_for_mail(&s->h->tokens, TOKEN_UNSUBSCRIBE, 0, unsub);
	token_for_mail(&s->h->tokens, TOKEN_FEEDBACK, 0, feedback);
	token_for_mail(&s->h->tokens, TOKEN_MESSAGE, 0, message);
	code_make(&s->h->tokens, 0, code);
	buf_init(&head, SAMPLE_MAX);
	buf_init(&body, SAMPLE_MAX);
	if (compose_render(c, &r, &head, &body, e) == 0) {
		buf_adds(&head, "\r\n");
		buf_add_buf(&head, &body);
		rc = policy_read_message(s->a, (struct slice){ arena_text_n(s->a, buf_text(&head), head.n), head.n }, out, e);
		out->body_words = compose_body_text(c);
	}
	buf_free(&head);
	buf_free(&body);
	return rc;
}

int house_template_sample(struct home *h, struct arena *a, const char *text, const char *language, bool department,
			  struct message_facts *out, struct err *e)
{
	struct sample s;

	if (sample_load(&s, h, a, e) < 0)
		return -1;
	fill_draft(&s, text, language, department);
	return draw(&s, language, out, e);
}

static void decide(struct sample *s, const char *language, const struct message_facts *message, struct verdict *out)
{
	const struct house *house = &s->draft.house;
	const char *const unofficial[] = { language, house->unofficial, NULL };
	const char *const wording[] = { language, house->opt_out_wording, NULL };
	const char *const domains[] = { s->domain, NULL }, *const none[] = { NULL };
	struct institution_facts inst = content_institution_facts(s->h, &s->inst);
	struct project_facts project = {
		.slug = "sample",
		.title = house->project_title,
		.originator = house->originator,
		.department = house->department,
		.contact = house->contact,
		.page_url = house->project_url,
		.identity = "sample",
		.identity_domains = domains,
		.link_hosts = none,
		.approved = true,
	};
	struct facts f = { .institution = &inst, .project = &project, .message = message, .lint = true };

	inst.name = house->institution;
	inst.postal_address = house->postal_address;
	inst.unofficial = unofficial;
	inst.opt_out_wording = wording;
	policy_decide(s->a, &f, out);
}

static int judge_language(struct sample *s, const char *text, const char *language, bool department, struct err *e)
{
	struct message_facts message;
	struct verdict *v = ARENA_NEW(s->a, struct verdict);

	fill_draft(s, text, language, department);
	if (draw(s, language, &message, e) < 0)
		return err_in(e, "a sample message in [%s]", language);
	decide(s, language, &message, v);
	for (size_t i = 0; i < v->n; i++)
		if (v->finding[i].answer == ANSWER_FAIL)
			return err_set(e, ERR_INPUT, "with [%s] a message would fail the rule %s: %s; to mend: %s", language,
				       v->finding[i].rule, v->finding[i].reason, v->finding[i].mend);
	return 0;
}

int house_template_judge(struct home *h, struct arena *a, const char *text, struct err *e)
{
	struct house_template t;
	struct sample s;

	if (house_template_check(text, e) < 0 || house_template_parse(a, text, &t, e) < 0 || sample_load(&s, h, a, e) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		if (judge_language(&s, text, t.section[i].language, true, e) < 0 ||
		    judge_language(&s, text, t.section[i].language, false, e) < 0)
			return -1;
	return 0;
}
