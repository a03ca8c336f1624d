/*
 * The stand-in for what store/ knows of people and complaints: one person,
 * Ada, whose link is notice 1, and who stands everywhere that a page shows.
 */
#include "web_stand_in.h"

#include "store/complaint.h"
#include "store/content.h"
#include "store/host.h"
#include "store/optout.h"
#include "store/person.h"
#include "store/retention.h"


#define NOW (INT64_C(1795411200) * SECOND) /* 23 November 2026 */

static struct held_mailbox MAILBOXES[] = {
	{ .id = 1, .created = NOW - 90 * DAY, .delivery = "ada@example.org", .given = "Ada <ada@example.org>", .judged = true,
	  .accepted = true, .by = "a member of staff (validator)", .how = "they answered a letter", .at = NOW - 80 * DAY,
	  .until = NOW + 285 * DAY },
	{ .id = 2, .created = NOW - 400 * DAY, .erased = NOW - 390 * DAY, .delivery = "erased:2", .given = "" },
};
static struct held_list LISTS[] = {
	{ .list = "water-panel", .project = "water-study", .title = "What comes out of the tap: water in old pipes",
	  .contact = "weir@hydrology.sampleton.example", .address = "ada@example.org", .flags = "free-provider",
	  .fields = "{\"name\":\"Ada Byron\",\"street\":\"St James's Square\"}", .imported = NOW - 90 * DAY,
	  .by = "Dr Rosalind Weir", .why = "", .explained = "the study may write to you", .valid_until = NOW + 285 * DAY },
};
static struct held_consent CONSENTS[] = {
	{ .at = NOW - 90 * DAY, .project_id = 1, .address = "ada@example.org", .project = "water-study",
	  .title = "What comes out of the tap: water in old pipes", .action = "given", .kind = "signed-form", .ref = "form 17",
	  .given_on = "2026-08-20", .by = "Dr Rosalind Weir", .version = "3fa2c81d07bb",
	  .text = "I agree that the Water Study writes to me.\n\nI may stop this at any time.", .language = "en", .stands = true },
};
static struct held_mailing MAILINGS[] = {
	{ .delivery = 1, .mailing = 11, .first = NOW - 49 * DAY, .last = NOW - 49 * DAY, .attempts = 1, .project = "water-study",
	  .title = "What comes out of the tap: water in old pipes", .subject = "An invitation, {{ name|reader }}",
	  .address = "ada@example.org", .state = "accepted", .skipped = "", .relay = "relay", .queue_id = "Q1",
	  .reply = "250 2.0.0 Ok: queued as 4F2A", .fields = "{\"name\":\"Ada Byron\"}" },
};
static struct held_complaint COMPLAINTS[] = {
	{ .number = 3, .at = NOW - 2 * DAY, .due = NOW + 28 * DAY, .acknowledged = NOW - 2 * DAY, .about = "",
	  .text = "I was written to twice.", .outcome = "" },
};

static int broken(struct err *e)
{
	return stand_in.broken ? err_set(e, ERR_BROKEN, "the stand-in is told to fail: secret detail") : 0;
}

int person_by_link(struct home *h, struct arena *a, int64_t notice, struct person_link *out, struct err *e)
{
	(void)h;
	(void)a;
	if (broken(e) < 0)
		return -1;
	*out = (struct person_link){ .until = NOW + 6 * DAY, .address = "ada@example.org" };
	return notice == 1;
}

int person_load(struct home *h, struct arena *a, const uint8_t key_hash[KEY_HASH_SIZE], enum held_view view, struct held *out,
		struct err *e)
{
	(void)h;
	(void)a;
	(void)key_hash;
	(void)view;
	*out = (struct held){ .person = "person 0123456789abcdef", .known = true, .received = 1, .ceiling = 4,
			      .mailbox = MAILBOXES, .n_mailbox = COUNT(MAILBOXES), .list = LISTS, .n_list = COUNT(LISTS),
			      .consent = CONSENTS, .n_consent = COUNT(CONSENTS), .mailing = MAILINGS,
			      .n_mailing = COUNT(MAILINGS), .complaint = COMPLAINTS, .n_complaint = COUNT(COMPLAINTS) };
	return broken(e);
}

const char *why_explained(struct arena *a, const char *why, const char *list, enum held_view view)
{
	(void)list;
	(void)view;
	return arena_text(a, why);
}

int person_ask(struct home *h, const struct address *addr, struct err *e)
{
	(void)h;
	(void)addr;
	return broken(e);
}

int person_withdraw(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], int64_t project, struct err *e)
{
	(void)h;
	(void)key_hash;
	return broken(e) < 0 ? -1 : project == 1;
}

int person_correct(struct home *h, const uint8_t key_hash[KEY_HASH_SIZE], const char *field, const char *value, struct err *e)
{
	(void)h;
	(void)key_hash;
	(void)field;
	if (strchr(value, '/'))
		return err_set(e, ERR_INPUT, "no name");
	return broken(e) < 0 ? -1 : 1;
}

int person_erase(struct home *h, const struct address *addr, bool may_return, int64_t by, struct erased *out, struct err *e)
{
	(void)h;
	(void)addr;
	(void)may_return;
	(void)by;
	*out = (struct erased){ 1, 1, 0 };
	return broken(e);
}

int opt_out_by_key(struct home *h, const char *match_key, enum opt_out_way way, const char *why, int64_t by, struct err *e)
{
	(void)h;
	(void)match_key;
	(void)way;
	(void)why;
	(void)by;
	return broken(e);
}

int complaint_add(struct home *h, const struct address *addr, const char *about, const char *text, struct complaint *out,
		  struct err *e)
{
	(void)h;
	*out = (struct complaint){ .number = 4, .at = NOW, .due = NOW + COMPLAINT_DAYS * DAY, .acknowledged = NOW,
				   .address = addr ? addr->delivery : "", .about = about, .text = text, .outcome = "" };
	return broken(e);
}

const char *institution_contact(struct arena *a, const struct institution *in)
{
	(void)a;
	return in->contact ? in->contact : "";
}

/* The file holds no messages here. */
int mailing_by_id(struct home *h, struct arena *a, int64_t id, struct mailing *out, struct err *e)
{
	(void)h;
	(void)a;
	(void)id;
	(void)out;
	return broken(e);
}

int content_load(struct home *h, struct arena *a, const struct mailing *m, struct content *out, struct err *e)
{
	(void)h;
	(void)a;
	(void)m;
	*out = (struct content){ 0 };
	return broken(e);
}

int content_again(struct home *h, struct arena *a, const struct mailing *m, const struct content *c, const struct person *p,
		  struct buf *out, struct err *e)
{
	(void)h;
	(void)a;
	(void)m;
	(void)c;
	(void)p;
	(void)out;
	return broken(e);
}

int retention_list(struct home *h, struct arena *a, bool count, struct retention **out, size_t *n, struct err *e)
{
	(void)h;
	(void)count;
	*out = ARENA_ARRAY(a, struct retention, 1);
	(*out)[0] = (struct retention){ .name = "replies", .what = "What mail servers answered to each message", .period = "30 days",
					.acts = true };
	*n = 1;
	return broken(e);
}

/* One host alone. */
int host_senders(struct home *h, struct arena *a, struct host_sender **out, size_t *n, struct err *e)
{
	(void)h;
	(void)a;
	(void)e;
	*out = NULL;
	*n = 0;
	return 0;
}

int host_refuse(const struct home *h, struct err *e)
{
	(void)h;
	return err_set(e, ERR_REFUSED, "there is one host alone");
}

size_t host_silent(const struct host_sender *asked, size_t n_asked, const struct host_sender *now, size_t n_now)
{
	(void)asked;
	(void)n_asked;
	(void)now;
	(void)n_now;
	return 0;
}

int host_fence(struct home *h, const struct host_sender *s, struct err *e)
{
	(void)h;
	(void)s;
	(void)e;
	return 0;
}
