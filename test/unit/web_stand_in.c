/*
 * The stand-in for store/ that page tests and the demo of the pages run on:
 * two projects, three mailings, eight deliveries. Delivery 0 is dead and 9 is
 * unknown, as in the real thing.
 */
#include "web_stand_in.h"

#include "store/account.h"
#include "store/institution.h"
#include "store/leave.h"
#include "store/project.h"
#include "store/proof.h"
#include "store/signup.h"

#define NOW (INT64_C(1795411200) * SECOND) /* 23 November 2026 */

struct stand_in stand_in;

static const char STATEMENT[] =
	"Researchers at the **University of Sampleton** write to people by mail to invite them to studies, and to tell those "
	"who take part how a study goes on. They write only to people who agreed to it.\n\n"
	"Such mail is sent by the researchers, not by the University itself. It never asks for a password, an account or "
	"money. Each project that may write is named below, with the text of every mailing that was approved.\n\n"
	"## Who answers for it\n\n"
	"The [research office](https://research.sampleton.example/mail) approves each project and each mailing before it is "
	"sent. It can stop a mailing at any time.\n";

static const char LETTER[] =
	"Dear {name},\n\n"
	"You agreed {consent} that we may write to you about the water of your street. We now have the results of the first "
	"year, and would like to ask you how it tasted.\n\n"
	"The questions take about ten minutes:\n"
	"https://survey.sampleton.example/water\n\n"
	"With kind regards\n"
	"Dr Rosalind Weir\n"
	"Department of Hydrology, University of Sampleton\n"
	"weir@hydrology.sampleton.example\n\n"
	"--\n"
	"You get this because you agreed {consent} to hear from the Water Study.\n"
	"This message comes from the researchers named above. It is not an official communication of the University.\n"
	"The University says more about such mail at https://mail.sampleton.example/\n"
	"Check this message: {code}\n"
	"Stop all mail of this kind: {opt-out}\n";

static const struct project PROJECTS[] = {
	{ .id = 1, .slug = "water-study", .title = "What comes out of the tap: water in old pipes",
	  .summary = "We ask households in Sampleton how their water tastes and **measure** what is in it, four times in two "
		     "years.\n\nHouseholds that take part get their own results, and may stop at any time.",
	  .originator = "Dr Rosalind Weir", .contact = "weir@hydrology.sampleton.example",
	  .department = "Department of Hydrology", .ethics = "SREC 2026-114", .state = "approved",
	  .approved_by = "Prof. Amara Okafor", .approved_at = NOW - 60 * DAY, .url = "https://mail.sampleton.example/projects/water-study",
	  .join_text = "I agree that the **Water Study** of the University of Sampleton writes to me, four times a year at most.",
	  .join_list_id = 1, .join_list = "water-study-sign-up", .join_url = "https://mail.sampleton.example/join/water-study" },
	{ .id = 2, .slug = "night-shift", .title = "Sleep & the night shift <pilot>", .summary = "A diary of *four weeks*.",
	  .originator = "Dr Ji-woo Han", .contact = "han@medicine.sampleton.example", .department = "School of Medicine",
	  .ethics = "SREC 2025-031", .state = "closed", .approved_by = "Prof. Amara Okafor", .approved_at = NOW - 400 * DAY,
	  .url = "https://mail.sampleton.example/projects/night-shift" },
};

static const struct public_mailing MAILINGS[] = {
	{ .id = 12, .subject = "Your water, one year on: ten minutes of questions", .state = "sending", .text = LETTER, .language = "en",
	  .why = "", .approved_by = "Prof. Amara Okafor", .approved_at = NOW - 3 * DAY, .started = NOW - 1 * DAY },
	{ .id = 11, .subject = "An invitation to the Water Study", .state = "done", .text = LETTER, .language = "en",
	  .why = "", .approved_by = "Prof. Amara Okafor", .approved_at = NOW - 50 * DAY, .started = NOW - 49 * DAY,
	  .ended = NOW - 48 * DAY },
	{ .id = 10, .subject = "An invitation to the Water Study, {{ name|reader }}", .state = "revoked", .text = LETTER, .language = "en",
	  .why = "The address of the survey was wrong.", .approved_by = "Prof. Amara Okafor", .approved_at = NOW - 52 * DAY,
	  .started = NOW - 51 * DAY, .ended = NOW - 51 * DAY },
};

struct home *stand_in_home(struct arena *a, const char *url)
{
	struct home *h = ARENA_NEW(a, struct home);

	h->url = url;
	h->trial = true;
	h->clock.fixed = NOW;
	h->arena = a;
	h->tokens.n = 1;
	h->tokens.key[0].kid = 1;
	memset(h->tokens.key[0].key, 7, TOKEN_KEY_SIZE);
	return h;
}

static int fault(struct err *e)
{
	return stand_in.broken ? err_set(e, ERR_BROKEN, "the stand-in is told to fail: secret detail") : 0;
}

int db_begin_read(struct db *db, struct err *e)
{
	(void)db;
	stand_in.began++;
	return fault(e);
}

void db_rollback(struct db *db)
{
	(void)db;
	stand_in.ended++;
}

int institution_load(struct home *h, struct arena *a, struct institution *out, struct err *e)
{
	(void)a;
	*out = (struct institution){ .name = "University of Sampleton", .statement = STATEMENT,
				     .postal_address = "1 Sample Street\nSampleton",
				     .privacy = "We keep your address, what you agreed to and when.\n\n**No tracking.** Our messages "
						"hold no tracking pixels.\n\n## Your rights\n\n- a copy\n- a correction\n- erasure\n",
				     .contact = "postmaster@mail.sampleton.example",
				     .statement_url = h->url };
	if (stand_in.empty)
		out->statement = NULL;
	return fault(e);
}

int project_list(struct home *h, struct arena *a, bool public_only, struct project **out, size_t *n, struct err *e)
{
	(void)h;
	(void)public_only;
	*n = stand_in.empty ? 0 : COUNT(PROJECTS);
	*out = ARENA_ARRAY(a, struct project, COUNT(PROJECTS));
	memcpy(*out, PROJECTS, sizeof(PROJECTS));
	return fault(e);
}

int project_by_id(struct home *h, struct arena *a, int64_t id, struct project *out, struct err *e)
{
	(void)h;
	(void)a;
	if (fault(e) < 0)
		return -1;
	if (id < 1 || id > (int64_t)COUNT(PROJECTS))
		return 0;
	*out = PROJECTS[id - 1];
	return 1;
}

int project_by_slug(struct home *h, struct arena *a, const char *slug, struct project *out, struct err *e)
{
	for (size_t i = 0; i < COUNT(PROJECTS) && !stand_in.empty; i++)
		if (strcmp(PROJECTS[i].slug, slug) == 0)
			return project_by_id(h, a, PROJECTS[i].id, out, e);
	return fault(e);
}

int project_public_mailings(struct home *h, struct arena *a, const struct project *p, struct public_mailing **out,
			    size_t *n, struct err *e)
{
	(void)h;
	*n = p->id == 1 ? COUNT(MAILINGS) : 0;
	*out = ARENA_ARRAY(a, struct public_mailing, COUNT(MAILINGS));
	memcpy(*out, MAILINGS, sizeof(MAILINGS));
	return fault(e);
}

int project_public_mailing(struct home *h, struct arena *a, const struct project *p, int64_t id,
			   struct public_mailing *out, struct err *e)
{
	(void)h;
	for (size_t i = 0; i < COUNT(MAILINGS) && p->id == 1; i++)
		if (MAILINGS[i].id == id) {
			struct public_text *text = ARENA_NEW(a, struct public_text);

			*out = MAILINGS[i];
			*text = (struct public_text){ out->language, out->subject, out->text };
			out->texts = text;
			out->n_texts = 1;
			return 1;
		}
	return fault(e);
}

bool project_is_public(const struct project *p)
{
	return strcmp(p->state, "draft") != 0;
}

int project_in_public(struct home *h, struct arena *a, struct project *p, struct err *e)
{
	(void)h;
	(void)a;
	(void)p;
	return fault(e) < 0 ? -1 : 1;
}

int proof_by_code(struct home *h, struct arena *a, const char *typed, struct proof *out, struct err *e)
{
	int64_t delivery = 0;
	bool genuine = code_read(&h->tokens, typed, &delivery);

	*out = (struct proof){ .code = "", .dead = genuine && !delivery };
	if (fault(e) < 0)
		return -1;
	if (!genuine || delivery < 1 || delivery > STAND_IN_DELIVERIES)
		return 0;
	out->answer = PROOF_COMPARE;
	out->code = arena_text(a, typed);
	out->project = PROJECTS[0];
	return project_public_mailing(h, a, &PROJECTS[0], delivery == 8 ? 10 : 12, &out->mailing, e) < 0 ? -1 : 0;
}

int proof_by_text(struct home *h, struct arena *a, const char *text, struct proof *out, struct err *e)
{
	(void)h;
	(void)a;
	(void)text;
	*out = (struct proof){ .code = "" };
	return fault(e);
}

int proof_by_message(struct home *h, struct arena *a, const struct genuine *g, struct proof *out, struct err *e)
{
	return proof_by_text(h, a, g->text, out, e);
}

int proof_keys(struct home *h, struct arena *a, struct own_key **out, size_t *n, struct err *e)
{
	(void)h;
	(void)a;
	*out = NULL;
	*n = 0;
	return fault(e);
}

int proof_places(struct home *h, struct arena *a, const struct project *p, struct proof_places *out, struct err *e)
{
	static const char *const HOSTS[] = { "mail.sampleton.example", "survey.sampleton.example", NULL };

	(void)h;
	(void)a;
	(void)p;
	*out = (struct proof_places){ HOSTS, HOSTS };
	return fault(e);
}

void home_forget_keys(struct home *h)
{
	(void)h;
}

int delivery_about(struct home *h, struct arena *a, int64_t delivery, struct delivery_about *out, struct err *e)
{
	(void)h;
	(void)a;
	if (fault(e) < 0)
		return -1;
	if (delivery < 1 || delivery > STAND_IN_DELIVERIES)
		return 0;
	*out = (struct delivery_about){ .id = delivery, .mailing_id = delivery == 8 ? 10 : 12, .project_id = 1,
					.address_id = delivery, .address = "ada@example.org",
					.project_title = PROJECTS[0].title, .project_slug = PROJECTS[0].slug,
					.subject = MAILINGS[0].subject, .opted_out = stand_in.opted_out[delivery] };
	return 1;
}

int opt_out_entry_of(struct home *h, int64_t delivery, enum opt_out_way way, struct opt_out_entry *out)
{
	*out = (struct opt_out_entry){ .act = ACT_OUT, .at = home_now(h), .way = way, .delivery = delivery, .text = "" };
	return delivery >= 1 && delivery <= STAND_IN_DELIVERIES;
}

int opt_out_write(struct home *h, const struct opt_out_entry *x, size_t n, struct err *e)
{
	(void)h;
	if (fault(e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int64_t who = x[i].delivery ? x[i].delivery : x[i].key_hash[0];

		MUST(who >= 1 && who <= STAND_IN_DELIVERIES);
		stand_in.opted_out[who] = x[i].act != ACT_UNDO;
	}
	return 0;
}

int opt_out_catch_up(struct home *h, struct err *e)
{
	(void)h;
	return fault(e);
}

int opt_out_catch_up_some(struct home *h, size_t most, struct err *e)
{
	(void)h;
	(void)most;
	return fault(e);
}

int opt_out_followed(struct home *h, struct opt_out_place *out, struct err *e)
{
	(void)h;
	*out = (struct opt_out_place){ 0 };
	return fault(e);
}

int64_t optout_journal_size(struct optout_journal *j)
{
	(void)j;
	return 0;
}

bool optout_journal_ends_at(struct optout_journal *j, const struct opt_out_place *at)
{
	(void)j;
	(void)at;
	return true;
}

void home_checkpoint(struct home *h)
{
	(void)h;
}

bool opt_out_is_fresh(const struct home *h, const struct opt_out_state *s)
{
	(void)h;
	return s->out;
}

/* Links of notices are those of deliveries here. */
int leave_by_notice(struct home *h, struct arena *a, int64_t notice, struct leave_about *out, struct err *e)
{
	return leave_by_delivery(h, a, notice, out, e);
}

int leave_by_delivery(struct home *h, struct arena *a, int64_t delivery, struct leave_about *out, struct err *e)
{
	struct delivery_about about;
	int got = delivery_about(h, a, delivery, &about, e);

	if (got <= 0)
		return got;
	*out = (struct leave_about){ .address = about.address, .project_title = about.project_title,
				     .project_slug = about.project_slug, .subject = about.subject,
				     .state = { .out = about.opted_out, .at = NOW } };
	out->key_hash[0] = (uint8_t)delivery;
	out->study = ARENA_ARRAY(a, struct leave_study, COUNT(PROJECTS));
	for (size_t i = 0; i < COUNT(PROJECTS); i++)
		out->study[out->n_studies++] = (struct leave_study){ .id = PROJECTS[i].id, .slug = PROJECTS[i].slug,
								     .title = PROJECTS[i].title };
	return 1;
}

int leave_ask(struct home *h, const struct address *typed, struct err *e)
{
	(void)h;
	(void)typed;
	return fault(e);
}

enum db_engine db_engine_of(const struct db *db)
{
	(void)db;
	return DB_SQLITE;
}

int db_set_wait(struct db *db, int ms)
{
	(void)db;
	(void)ms;
	return 0;
}

const char *roles_text(struct arena *a, unsigned roles)
{
	return arena_printf(a, "%s", roles ? "researcher reviewer" : "");
}

int account_by_login(struct home *h, struct arena *a, const char *token, struct account *out, struct err *e)
{
	(void)h;
	(void)a;
	if (fault(e) < 0)
		return -1;
	if (strcmp(token, STAND_IN_LINK) != 0 || stand_in.password_set)
		return 0;
	*out = (struct account){ .id = 1, .address = "weir@hydrology.sampleton.example", .name = "Dr Rosalind Weir",
				 .roles = ROLE_RESEARCHER, .department = "hydrology" };
	return 1;
}

int account_set_password(struct home *h, int64_t id, const char *token, const char *password, struct err *e)
{
	struct account x;
	int got = account_by_login(h, h->arena, token, &x, e);

	MUST(password[0]);
	if (got > 0 && x.id == id)
		stand_in.password_set = true;
	return got;
}

bool project_takes_sign_ups(const struct project *p)
{
	return p->join_list_id != 0;
}

int sign_up_ask(struct home *h, const struct project *p, const struct address *addr, const char *name, struct err *e)
{
	(void)h;
	(void)p;
	(void)addr;
	(void)name;
	return fault(e);
}

/* 1 waits, 2 is done, 3 came too late, 4 is of a project that has ended; 9 is unknown. */
int sign_up_load(struct home *h, struct arena *a, int64_t id, struct sign_up *out, struct err *e)
{
	(void)h;
	(void)a;
	if (fault(e) < 0)
		return -1;
	if (id < 1 || id > 4)
		return 0;
	*out = (struct sign_up){ .id = id, .text_id = 1, .state = (enum sign_up_state)(id - 1), .project = PROJECTS[id == 4],
				 .delivery = "ada@example.org", .given = "ada@example.org", .name = "Ada",
				 .text = PROJECTS[0].join_text, .asked = NOW - HOUR, .confirmed = id == 2 ? NOW - MINUTE : 0 };
	if (id == 1 && stand_in.signed_up)
		out->state = SIGN_UP_DONE;
	return 1;
}

int sign_up_confirm(struct home *h, int64_t id, enum sign_up_state *state, struct err *e)
{
	(void)h;
	*state = id == 1 && stand_in.signed_up ? SIGN_UP_DONE : (enum sign_up_state)(id - 1);
	if (fault(e) < 0)
		return -1;
	stand_in.signed_up |= id == 1;
	return id >= 1 && id <= 4;
}

void home_key_hash(const struct home *h, const char *match_key, uint8_t out[KEY_HASH_SIZE])
{
	match_key_hash(h->hash_key, match_key, out);
}

int opt_out_stands(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], struct err *e)
{
	(void)h;
	(void)key_hash;
	return fault(e);
}

int64_t home_now(const struct home *h)
{
	return clock_now(&h->clock);
}
