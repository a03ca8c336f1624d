/*
 * Times what reads text of others on inputs that are made to be slow, for test/oracle/test_linear.py: for each family one
 * JSON line with the least processor time for an input, and for one of 16 times its size. What does not look linear at
 * first is timed again, since other programs disturb: the least of all runs counts.
 */
#include "linear_families.h"

#include <jansson.h>
#include <malloc.h>
#include <time.h>

#include "base/clock.h"
#include "compose/compose.h"
#include "compose/handmade.h"
#include "compose/house_template.h"
#include "compose/markdown.h"
#include "dns/dmarc.h"
#include "dns/look.h"
#include "dns/spf.h"
#include "mail/genuine.h"
#include "mail/normal.h"
#include "policy_world.h"

#define TIMES 16    /* the large input is so many times the small one */
#define ENOUGH 1.7  /* times TIMES: looks linear, and is not timed again */
#define SMALL_RUNS 4
#define LARGE_RUNS 4

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the readers --- */

static void read_handmade(struct arena *a, struct slice in)
{
	struct handmade_notes notes = { .n = 0 };
	struct buf html, text;
	struct err e;
	struct handmade *h = handmade_read(a, in.p, in.n, NULL, &notes, &e);

	buf_init(&html, 4 << 20);
	buf_init(&text, 4 << 20);
	if (h && handmade_to_html(h, &html, &e) == 0 && handmade_to_text(h, &text, &e) < 0)
		err_clear(&e);
	buf_free(&html);
	buf_free(&text);
}

static void read_html(struct arena *a, struct slice in)
{
	struct html_view view;
	struct err e;

	if (html_read(a, in, &view, &e) < 0)
		err_clear(&e);
}

static void read_message(struct arena *a, struct slice in)
{
	struct mailbox box[100];
	const struct field *from;
	struct message m;
	struct err e;
	size_t n;

	if (message_parse(a, in, &m, &e) < 0)
		return;
	from = message_field(&m, "From", 0);
	if (from && !message_mailboxes(a, from->raw, box, COUNT(box), &n))
		err_clear(&e);
}

/* As /check reads a message that somebody hands in. */
static void read_genuine(struct arena *a, struct slice in)
{
	static const struct own_key KEY = { "studies.uni.example", "s", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" };
	struct genuine g;
	struct err e;

	if (genuine_read(a, in, &KEY, 1, &g, &e) < 0)
		err_clear(&e);
}

static void read_markdown(struct arena *a, struct slice in)
{
	struct buf html, text;
	struct err e;

	(void)a;
	buf_init(&html, 4 << 20);
	buf_init(&text, 4 << 20);
	if (markdown_to_text(in.p, in.n, &text, &e) == 0 && markdown_to_html(in.p, in.n, false, &html, &e) < 0)
		err_clear(&e);
	buf_free(&html);
	buf_free(&text);
}

/* As `mailing edit` compiles what a writer wrote. */
static void read_body(struct arena *a, struct slice in)
{
	struct draft d = {
		.language = "en", .subject = "x", .body = in.p, .from_name = "Ann", .from_address = "a@uni.example",
		.identity_domain = "uni.example", .web_url = "https://mail.uni.example", .list_id = "water", .feedback_id = "1:2:3:4", .mailing_id = 1,
		.house = { .institution = "University", .department = "Wells", .project_title = "Water", .originator = "Ann", .contact = "a@uni.example",
			   .postal_address = "1 Road", .statement_url = "https://mail.uni.example/", .project_url = "https://mail.uni.example/projects/water",
			   .unofficial = "Not official.", .opt_out_wording = "Stop" },
	};
	struct err e;

	if (!compose_compile(a, &d, &e))
		err_clear(&e);
}

static void read_template(struct arena *a, struct slice in)
{
	struct err e;

	(void)a;
	if (house_template_check(in.p, &e) < 0)
		err_clear(&e);
}

/* As /check compares what somebody pasted with a text that was approved, which may be no better. */
static void read_text(struct arena *a, struct slice in)
{
	struct normal pasted, approved;
	const struct normal_index *x;

	normal_read(a, in.p, false, &pasted);
	normal_read(a, in.p, true, &approved);
	x = normal_index_new(a, &approved);
	for (size_t i = 0; i < pasted.n; i++)
		(void)(normal_index_has(x, &pasted.sentence[i]) || normal_says_again(&pasted, i));
}

/* --- the rules --- */

static void lint(struct arena *a, const struct buf *bytes)
{
	struct verdict *v = ARENA_NEW(a, struct verdict);
	struct world w;
	struct err e;

	good_world(&w);
	lint_with_project(&w);
	if (policy_read_message(a, (struct slice){ buf_text(bytes), bytes->n }, &w.message, &e) < 0)
		err_clear(&e);
	else
		policy_decide(a, &w.facts, v);
}

/* The good message with what is read behind the first place of `where`. */
static void lint_with(struct arena *a, const char *where, struct slice in)
{
	const char *at = strstr(GOOD, where);
	struct buf bytes;

	MUST(at);
	at += strlen(where);
	buf_init(&bytes, 64 << 20);
	buf_add(&bytes, GOOD, (size_t)(at - GOOD));
	buf_add(&bytes, in.p, in.n);
	buf_adds(&bytes, "\n");
	buf_adds(&bytes, at);
	lint(a, &bytes);
	buf_free(&bytes);
}

static void lint_text(struct arena *a, struct slice in)
{
	lint_with(a, "in a cancer register.\n", in);
}

static void lint_html(struct arena *a, struct slice in)
{
	lint_with(a, "</head><body>", in);
}

/* In front, where its first fields are the ones that count. */
static void lint_header(struct arena *a, struct slice in)
{
	lint_with(a, "", in);
}

/* --- records --- */

static void answer_spf(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	const char *record = ctx;

	(void)name;
	*out = (struct dns_answer){ .status = DNS_NO_NAME };
	if (type != DNS_TXT)
		return;
	*out = (struct dns_answer){ .status = DNS_FOUND, .record = ARENA_NEW(a, struct dns_record), .n = 1 };
	out->record[0] = (struct dns_record){ .text = record, .n = strlen(record) };
}

static void read_record(struct arena *a, struct slice in)
{
	struct dns_asker dns = { answer_spf, arena_printf(a, "v=spf1 %s", in.p) };
	struct spf_question q = { "192.0.2.9", "ann@uni.example", "mail.uni.example" };
	struct dmarc_record dmarc;
	struct spf_answer spf;

	spf_check(a, &dns, &q, &spf);
	(void)dmarc_read(a, arena_printf(a, "v=DMARC1; %s", in.p), &dmarc);
	(void)key_record_differs(a, arena_printf(a, "v=DKIM1; %s", in.p), "v=DKIM1; k=rsa; p=AAAA");
}

/* --- measuring --- */

static const struct reader {
	const char *name;
	void (*read)(struct arena *a, struct slice in);
	const struct families *families;
	size_t small; /* bytes of the small input */
} READERS[] = {
	{ "handmade", read_handmade, &HTML, 6000 },
	{ "html", read_html, &HTML, 6000 },
	{ "message", read_message, &MESSAGES, 10000 },
	{ "genuine", read_genuine, &MESSAGES, 10000 },
	{ "markdown", read_markdown, &MARKDOWN, 8000 },
	{ "body", read_body, &BODIES, 8000 },
	{ "template", read_template, &TEMPLATES, 2000 },
	{ "text", read_text, &TEXTS, 10000 },
	{ "lint-text", lint_text, &TEXTS, 2500 },
	{ "lint-html-text", lint_html, &TEXTS, 2500 },
	{ "lint-html", lint_html, &LINKED_HTML, 2500 },
	{ "lint-header", lint_header, &HEADERS, 6000 },
	{ "record", read_record, &RECORDS, 4000 },
};

static double run_once(const struct reader *r, const struct buf *in)
{
	struct arena *a = arena_new();
	double start = seconds();

	r->read(a, (struct slice){ buf_text(in), in->n });
	arena_free(a);
	return seconds() - start;
}

static void add_unit(struct buf *out, const char *unit, size_t number)
{
	for (; *unit; unit++)
		if (*unit == '\1')
			buf_addf(out, "%zu", number);
		else
			buf_addc(out, *unit);
}

static void make(const struct family *f, size_t n, struct buf *out)
{
	buf_clear(out);
	buf_adds(out, f->before ? f->before : "");
	for (size_t i = 0; out->n < (f->then ? n / 2 : n); i++)
		add_unit(out, f->unit, i);
	buf_adds(out, f->middle ? f->middle : "");
	for (size_t i = 0; f->then && out->n < n; i++)
		add_unit(out, f->then, i);
	buf_adds(out, f->behind ? f->behind : "");
}

static void least_of(const struct reader *r, const struct buf *in, int runs, double enough, double *least)
{
	for (int i = 0; i < runs && *least > enough; i++) {
		double took = run_once(r, in);

		*least = took < *least ? took : *least;
	}
}

static void measure(const struct reader *r, const struct family *f)
{
	double small = 1e9, large = 1e9;
	struct buf in;
	json_t *told;

	buf_init(&in, 64 << 20);
	make(f, r->small, &in);
	least_of(r, &in, SMALL_RUNS, 0, &small);
	make(f, r->small * TIMES, &in);
	least_of(r, &in, LARGE_RUNS, small * TIMES * ENOUGH, &large);
	told = json_pack("{s:s, s:f, s:f, s:i}", "family", f->name, "small", small, "large", large, "bytes", (int)in.n);
	json_dumpf(told, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4));
	putchar('\n');
	fflush(stdout);
	json_decref(told);
	buf_free(&in);
}

/* All families of a reader, or one. */
int main(int argc, char **argv)
{
	/* Memory that goes back to the system costs page faults, which grow by jumps. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (size_t i = 0; i < COUNT(READERS) && (argc == 2 || argc == 3); i++)
		if (strcmp(argv[1], READERS[i].name) == 0) {
			for (size_t k = 0; k < READERS[i].families->n; k++)
				if (argc == 2 || strcmp(argv[2], READERS[i].families->family[k].name) == 0)
					measure(&READERS[i], &READERS[i].families->family[k]);
			return 0;
		}
	fprintf(stderr, "usage: linear_tool READER [FAMILY]\n");
	for (size_t i = 0; i < COUNT(READERS); i++)
		fprintf(stderr, "  %s\n", READERS[i].name);
	return 2;
}
