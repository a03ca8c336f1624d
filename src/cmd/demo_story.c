/*
 * What the demonstration does: see demo.h. Each function is a chapter; the
 * words between the commands say why the step exists.
 */
#include "cmd/demo.h"

#include "base/file.h"
#include "cmd/demo_tell.h"
#include "mail/message.h"
#include "table/table.h"

#include <dirent.h>
#include <stdarg.h>

#define ADA       "ottilie.marsh@sampleton.example"
#define REVIEWER  "p.reed@sampleton.example"
#define VALIDATOR "v.holt@sampleton.example"
#define LIST      "rain-watchers"
#define DO(...)   stage_do(&d->s, 0, WORDS(__VA_ARGS__), NULL, NULL, e)

/* --- what is there before any mailing ---------------------------------------------------------- */

int demo_set_up(struct demo *d, struct err *e)
{
	stage_chapter(&d->s, "An institution", "A trial home is one folder. It mails reserved domains only.");
	if (DO("init", "--trial", "--institution", "University of Sampleton", "--domain", "sampleton.example", "--url",
	       d->url, "--postmaster", "postmaster@sampleton.example") < 0 ||
	    DO("department", "add", "hydrology", "--name", "Department of Hydrology") < 0)
		return -1;
	stage_remark(&d->s, "Three people: one writes, one looks at addresses, one approves. Nobody is two of them.");
	if (DO("account", "add", ADA, "--name", "Dr Ottilie Marsh", "--role", "researcher", "--department",
	       "hydrology") < 0 ||
	    DO("account", "add", VALIDATOR, "--name", "Vera Holt", "--role", "validator") < 0 ||
	    DO("account", "add", REVIEWER, "--name", "Prof Percy Reed", "--role", "reviewer") < 0)
		return -1;
	return 0;
}

int demo_register(struct demo *d, struct err *e)
{
	stage_chapter(
		&d->s, "A project and its sender",
		"Mail is signed with the keys of an identity, whose records go into the DNS. A project is registered, "
		"and gets its page when a reviewer approves it.");
	if (DO("identity", "add", "research-mail", "--domain", "research.sampleton.example", "--relay", d->relay,
	       "--outbound", "192.0.2.25") < 0 ||
	    stage_do(&d->s, 0, WORDS("identity", "dns", "research-mail"), "dns.zone", NULL, e) < 0 ||
	    stage_write(&d->s, "summary.md", DEMO_SUMMARY, strlen(DEMO_SUMMARY), e) < 0 ||
	    stage_write(&d->s, "audience.md", DEMO_AUDIENCE, strlen(DEMO_AUDIENCE), e) < 0 ||
	    stage_write(&d->s, "data.md", DEMO_DATA_USE, strlen(DEMO_DATA_USE), e) < 0)
		return -1;
	if (DO("project", "add", DEMO_PROJECT, "--title", "Rain over Sampleton", "--originator", ADA, "--contact",
	       "rain@research.sampleton.example", "--department", "hydrology", "--identity", "research-mail",
	       "--ethics", "REC 2019/041", "--summary", "summary.md", "--audience", "audience.md", "--data", "data.md") < 0 ||
	    stage_write(&d->s, "storm.png", (const char *)DEMO_PICTURE, DEMO_PICTURE_SIZE, e) < 0 ||
	    DO("project", "image", DEMO_PROJECT, "storm.png", "--alt", "Bars: Mill Lane got most of the storm") < 0 ||
	    DO("project", "approve", DEMO_PROJECT, "--by", REVIEWER) < 0)
		return -1;
	return DO("list", "add", LIST, "--project", DEMO_PROJECT);
}

/* Writes `to`, which is `from` with the first `old` replaced. */
static int edit_file(struct demo *d, const char *from, const char *to, const char *old, const char *new, struct err *e)
{
	const char *at, *text;
	struct buf b;
	int rc;

	buf_init(&b, 1024 * 1024);
	rc = file_read(stage_path(&d->s, from), &b, e);
	text = buf_text(&b);
	at = rc == 0 ? strstr(text, old) : NULL;
	if (rc == 0 && !at)
		rc = err_set(e, ERR_BROKEN, "%s does not hold '%s'", from, old);
	if (at) {
		const char *made = arena_printf(d->s.a, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));

		rc = stage_write(&d->s, to, made, strlen(made), e);
	}
	buf_free(&b);
	return rc;
}

int demo_frame(struct demo *d, struct err *e)
{
	stage_chapter(&d->s, "The institution's own frame",
		      "What stands around the writer's words is a text of Markdown, with a section for each language. "
		      "Somebody finds a line too stiff, edits it, and sets it; a frame that hid what has to be seen "
		      "would be refused.");
	if (stage_do(&d->s, 0, WORDS("template", "show"), "house.txt", NULL, e) < 0 ||
	    edit_file(d, "house.txt", "house.txt", "is glad to answer:", "answers within two days:", e) < 0)
		return -1;
	stage_remark(&d->s, "\"is glad to answer\" is now \"answers within two days\":");
	if (DO("template", "check", "house.txt") < 0 ||
	    DO("template", "set", "house.txt", "--why", "say how long it takes", "--by", REVIEWER) < 0)
		return -1;
	return 0;
}

/* --- people ------------------------------------------------------------------------------------ */

/* The first lines of a file in the folder, and how many it has. */
static int show_file(struct demo *d, const char *name, size_t lines, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, 1024 * 1024);
	rc = file_read(stage_path(&d->s, name), &text, e);
	if (rc == 0)
		stage_lines(&d->s, buf_text(&text), lines);
	buf_free(&text);
	return rc;
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Asks in a dry run for the figures, so that they can be held to what is in the file. */
static int ask_import(struct demo *d, struct err *e)
{
	const struct demo_expected *x = &d->expected;

	d->import = stage_ask(&d->s,
			      WORDS("import", LIST, "people.csv", "--by", ADA, "--consent-column", "Consent form",
				    "--consent-date-column", "Signed on", "--dry-run"),
			      e);
	if (!d->import)
		return -1;
	if (number(d->import, "rows") == x->rows && number(d->import, "added") == x->added &&
	    number(d->import, "known") == x->known && number(d->import, "rejected") == x->rejected)
		return 0;
	return err_set(
		e, ERR_BROKEN,
		"the import counts %lld rows, %lld added, %lld known, %lld rejected; expected were %d, %d, %d, %d",
		(long long)number(d->import, "rows"), (long long)number(d->import, "added"),
		(long long)number(d->import, "known"), (long long)number(d->import, "rejected"), x->rows, x->added,
		x->known, x->rejected);
}

static int read_csv(struct stage *s, const char *name, int (*each)(void *, const struct table_row *, struct err *),
		    void *ctx, struct err *e)
{
	struct table_options options = { 0 };
	struct table_about about;

	return table_read(stage_path(s, name), &options, s->a, &about, each, ctx, e);
}

/* Of a rejected row its last three cells: line, reason, mend. */
static int show_rejected(void *ctx, const struct table_row *row, struct err *e)
{
	struct stage *s = ctx;
	const char *const *last = row->n >= 3 ? row->cell + row->n - 3 : NULL;

	(void)e;
	if (last && row->line > 1)
		tell_output(s, arena_printf(s->a, "line %-4s  %s; %s", last[0], last[1], last[2]));
	return 0;
}

int demo_people_in(struct demo *d, struct err *e)
{
	struct buf sheet;
	int rc;

	stage_chapter(
		&d->s, "People, from a spreadsheet",
		"As such sheets are: names and mailto: beside addresses, stray blanks, rows twice, mailboxes that "
		"nobody owns, people without a consent form.");
	buf_init(&sheet, 1024 * 1024);
	demo_people(&sheet, &d->expected);
	rc = stage_write(&d->s, "people.csv", buf_text(&sheet), sheet.n, e);
	buf_free(&sheet);
	if (rc < 0 || show_file(d, "people.csv", 9, e) < 0 || ask_import(d, e) < 0)
		return -1;
	if (DO("import", LIST, "people.csv", "--by", ADA, "--consent-column", "Consent form", "--consent-date-column",
	       "Signed on") < 0)
		return -1;
	stage_remark(&d->s, "That file says of each row what is wrong and what mends it:");
	if (!d->s.quiet)
		fputc('\n', stdout);
	return read_csv(&d->s, "people.csv.rejected.csv", show_rejected, &d->s, e);
}

/* --- validation -------------------------------------------------------------------------------- */

/* Writes a decision for each candidate of a CSV file: address,flags,known. */
struct deciding {
	struct buf out;
	bool header;
	int n;
};

static int decide(void *ctx, const struct table_row *row, struct err *e)
{
	struct deciding *x = ctx;
	const char *why = "";
	bool accept = true;

	(void)e;
	if (row->blank || row->n < 2)
		return 0;
	if (!x->header) {
		x->header = true;
		buf_adds(&x->out, "address,decision,reason\r\n");
		return 0;
	}
	if (row->cell[1][0])
		accept = demo_accepts(row->cell[1], &why);
	buf_addf(&x->out, "%s,%s,%s\r\n", row->cell[0], accept ? "accept" : "reject", why);
	x->n++;
	return 0;
}

static int decide_file(struct demo *d, const char *from, const char *to, struct err *e)
{
	struct deciding x = { 0 };
	int rc = -1;

	buf_init(&x.out, 1024 * 1024);
	if (read_csv(&d->s, from, decide, &x, e) == 0)
		rc = stage_write(&d->s, to, buf_text(&x.out), x.out.n, e);
	buf_free(&x.out);
	return rc;
}

int demo_validate(struct demo *d, struct err *e)
{
	stage_chapter(
		&d->s, "A person looks at the addresses",
		"Every flagged address is decided by itself, with a reason, and so is an unpredictable sample of the "
		"others. Here the demonstration plays Vera Holt.");
	if (DO("validate", LIST, "--by", VALIDATOR) < 0 ||
	    stage_do(&d->s, 0, WORDS("validate", LIST, "--by", VALIDATOR, "--flagged"), "flagged.csv", NULL, e) < 0 ||
	    decide_file(d, "flagged.csv", "decided.csv", e) < 0)
		return -1;
	stage_remark(&d->s, "She fills in what she knows:");
	if (show_file(d, "decided.csv", 12, e) < 0 ||
	    DO("validate", LIST, "--by", VALIDATOR, "--decide", "decided.csv") < 0 ||
	    stage_do(&d->s, 0, WORDS("validate", LIST, "--by", VALIDATOR, "--sample"), "sample.csv", NULL, e) < 0 ||
	    decide_file(d, "sample.csv", "sampled.csv", e) < 0)
		return -1;
	stage_remark(&d->s, "\"Accept\" in the sample says: in use, one person's, and the form was seen.");
	if (DO("validate", LIST, "--by", VALIDATOR, "--decide", "sampled.csv") < 0)
		return -1;
	return DO("validate", LIST, "--by", VALIDATOR, "--sign-off", "--how", "they sent readings in October");
}

/* --- the message ------------------------------------------------------------------------------- */

static int write_bad(struct demo *d, struct err *e)
{
	stage_chapter(&d->s, "A draft that must not go out",
		      "It speaks for somebody else, hurries people, and leads to a strange host:");
	if (stage_write(&d->s, "first.md", DEMO_FIRST_DRAFT, strlen(DEMO_FIRST_DRAFT), e) < 0)
		return -1;
	stage_lines(&d->s, DEMO_FIRST_DRAFT, 20);
	if (DO("mailing", "new", "--list", LIST, "--subject", "Action required: verify your account", "--body",
	       "first.md", "--by", ADA) < 0)
		return -1;
	return stage_do(&d->s, 1, WORDS("mailing", "check", "1"), NULL, NULL, e);
}

static int write_good(struct demo *d, struct err *e)
{
	stage_chapter(&d->s, "The same wish, said openly",
		      "Who writes, why, how to leave and how to check it is added by the house template.");
	if (stage_write(&d->s, "second.md", DEMO_SECOND_DRAFT, strlen(DEMO_SECOND_DRAFT), e) < 0)
		return -1;
	stage_lines(&d->s, DEMO_SECOND_DRAFT, 27);
	if (DO("mailing", "edit", "1", "--subject", "Your rain gauge at {{site|home}}: four questions", "--body",
	       "second.md", "--link-field", "page", "--by", ADA) < 0)
		return -1;
	stage_remark(&d->s, "Everybody has a page of their own, and who reads German gets German:");
	if (stage_write(&d->s, "second.de.md", DEMO_GERMAN_DRAFT, strlen(DEMO_GERMAN_DRAFT), e) < 0)
		return -1;
	stage_lines(&d->s, DEMO_GERMAN_DRAFT, 12);
	if (DO("mailing", "edit", "1", "--language", "de", "--subject", "Ihr Regenmesser: vier Fragen", "--body", "second.de.md",
	       "--by", ADA) < 0)
		return -1;
	return DO("mailing", "check", "1");
}

int demo_write(struct demo *d, struct err *e)
{
	if (write_bad(d, e) < 0 || write_good(d, e) < 0)
		return -1;
	stage_chapter(&d->s, "Two people answer for it",
		      "The originator accepts responsibility by name; the reviewer approves exactly these words, these "
		      "people and "
		      "this sender. Any later change voids the approval.");
	if (DO("mailing", "submit", "1", "--by", ADA, "--accept-responsibility") < 0)
		return -1;
	return DO("mailing", "approve", "1", "--by", REVIEWER);
}

/* --- sending ----------------------------------------------------------------------------------- */

static int ask_status(struct demo *d, int64_t *done, int64_t *all, struct err *e)
{
	const json_t *counts;

	json_decref(d->status);
	d->status = stage_ask(&d->s, WORDS("mailing", "status", "1"), e);
	if (!d->status)
		return -1;
	counts = json_object_get(d->status, "counts");
	*all = number(d->status, "recipients") - number(counts, "skipped");
	*done = *all - number(counts, "queued") - number(counts, "attempting") - number(counts, "deferred");
	return 0;
}

static int watch(struct demo *d, struct err *e)
{
	int64_t done = 0, all = 0;
	int code = 0, got;

	while ((got = stage_wait(&d->s, 20, &code, e)) == 0) {
		if (ask_status(d, &done, &all, e) < 0)
			return -1;
		stage_progress(&d->s, done, all, false);
	}
	if (got < 0 || ask_status(d, &done, &all, e) < 0)
		return -1;
	stage_progress(&d->s, done, all, true);
	return code ? err_set(e, ERR_BROKEN, "placet send ended with %d", code) : 0;
}

int demo_send(struct demo *d, struct err *e)
{
	stage_chapter(&d->s, "Sending",
		      "Each message is made for its recipient, signed twice, and handed to the relay; who opts out "
		      "meanwhile gets "
		      "none.");
	if (DO("mailing", "start", "1", "--by", ADA) < 0 ||
	    stage_start(&d->s, WORDS("send", "--until-idle"), NULL, e) < 0 || watch(d, e) < 0 ||
	    DO("mailing", "status", "1") < 0)
		return -1;
	return DO("audit", "verify");
}

/* --- the counts -------------------------------------------------------------------------------- */

static int expect(const char *what, json_int_t is, json_int_t wanted, struct err *e)
{
	return is == wanted ? 0
			    : err_set(e, ERR_BROKEN, "%s: %lld, where %lld were expected", what, (long long)is,
				      (long long)wanted);
}

static int hold_counts(struct demo *d, struct err *e)
{
	const struct demo_expected *x = &d->expected;
	const json_t *counts = json_object_get(d->status, "counts");
	json_int_t skipped = x->no_consent + x->shared, failed = x->moved;

	if (expect("recipients", number(d->status, "recipients"), x->added, e) < 0 ||
	    expect("skipped", number(counts, "skipped"), skipped, e) < 0 ||
	    expect("failed", number(counts, "failed"), failed, e) < 0 ||
	    expect("accepted", number(counts, "accepted"), x->added - skipped - failed, e) < 0)
		return -1;
	return expect("messages at the relay", d->captured, number(counts, "accepted"), e);
}

/* Whether the message of this .json went to the reader whose message is shown. */
static bool is_readers(struct demo *d, const char *json)
{
	json_t *envelope = json_load_file(stage_path(&d->s, arena_printf(d->s.a, "mail/%s", json)), 0, NULL);
	const char *to = json_string_value(json_array_get(json_object_get(envelope, "to"), 0));
	bool is = to && strcmp(to, DEMO_READER) == 0;

	json_decref(envelope);
	return is;
}

/* How many messages there are; *shown is the name of the one to show, without its ending. */
static int count_captured(struct demo *d, const char **shown, struct err *e)
{
	DIR *dir = opendir(stage_path(&d->s, "mail"));

	*shown = "";
	if (!dir)
		return err_set(e, ERR_BROKEN, "the relay has no folder");
	for (const struct dirent *f; (f = readdir(dir));) {
		const char *dot = strrchr(f->d_name, '.');

		d->captured += dot && strcmp(dot, ".eml") == 0;
		if (dot && strcmp(dot, ".json") == 0 && is_readers(d, f->d_name))
			*shown = arena_text_n(d->s.a, f->d_name, (size_t)(dot - f->d_name));
	}
	closedir(dir);
	return **shown ? 0 : err_set(e, ERR_BROKEN, "the relay got no message for " DEMO_READER);
}

static const char *behind(struct arena *a, const char *text, const char *before, const char *end)
{
	const char *at = text ? strstr(text, before) : NULL;

	at = at ? at + strlen(before) : "";
	return arena_text_n(a, at, strcspn(at, end));
}

/* What a message says of leaving and checking. */
static int read_message(struct demo *d, const char *file, struct err *e)
{
	const struct field *leave;
	const struct part *text;
	struct message m;
	struct buf raw;
	int rc = -1;

	buf_init(&raw, 1024 * 1024);
	if (file_read(stage_path(&d->s, arena_printf(d->s.a, "mail/%s.eml", file)), &raw, e) == 0 &&
	    message_parse(d->s.a, (struct slice){ raw.p, raw.n }, &m, e) == 0)
		rc = 0;
	buf_free(&raw);
	if (rc < 0)
		return -1;
	leave = message_field(&m, "List-Unsubscribe", 0);
	text = message_part(&m, "text/plain");
	d->opt_out = behind(d->s.a, leave ? leave->raw : NULL, "<", ">");
	d->code = behind(d->s.a, text ? text->bytes : NULL, "Check code: ", " \r\n");
	d->message = arena_printf(d->s.a, "%smessages/%ld", d->mailbox, strtol(file, NULL, 10));
	return d->opt_out[0] && d->code[0] ? 0 : err_set(e, ERR_BROKEN, "%s has no opt-out or no check code", file);
}

/* As somebody would who got it, and somebody who got it from a stranger. */
static int check_captured(struct demo *d, const char *file, struct err *e)
{
	const char *name = arena_printf(d->s.a, "mail/%s.eml", file);

	stage_chapter(&d->s, "Is it genuine?",
		      "Whoever doubts a message saves it and has it checked, here or on a page. The second one was altered by "
		      "one word.");
	if (DO("check-message", name) < 0 || edit_file(d, name, "altered.eml", "no gauge", "no bank", e) < 0)
		return -1;
	return stage_do(&d->s, 5, WORDS("check-message", "altered.eml"), NULL, NULL, e);
}

int demo_count(struct demo *d, struct err *e)
{
	const char *shown;

	if (count_captured(d, &shown, e) < 0 || hold_counts(d, e) < 0)
		return -1;
	return read_message(d, shown, e) < 0 ? -1 : check_captured(d, shown, e);
}
