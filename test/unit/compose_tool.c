/*
 * Renders messages into a folder for readers that are not ours
 * (test/oracle/test_compose_oracle.py):
 *   compose_tool DIR          200 messages with hostile and unusual values: NNN.eml,
 *                             NNN.text (the text part as it has to be read), NNN.facts
 *   compose_tool sample DIR   one message as a recipient might get it: sample.eml
 *   compose_tool bench        messages a second for one of 6 kB
 * The expected text is made from the public text by replacing the words in
 * braces: it never went through the encoder that is on trial.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "compose/compose.h"
#include "mail/header.h"

#define MESSAGES 200

static const char BODY[] = "Dear {{name|participant}},\n\n"
			   "thank you for taking part in **Drinking water at home**. Over the past year 412 households "
			   "in {{town|your town}} "
			   "have sent us samples, and we would like to invite you to the *second round*.\n\n"
			   "## What we ask of you\n\n"
			   "1. Fill the small bottle from your kitchen tap, first thing in the morning.\n"
			   "2. Write your number, {{number|which is on the box}}, on the label.\n"
			   "3. Post it to us by **14 December**. Postage is paid.\n\n"
			   "It takes about ten minutes. You can read [how we test for "
			   "lead](https://water.example.ac.uk/how-we-test) before you "
			   "decide, and you are free not to reply at all.\n\n"
			   "> “I was surprised how easy it was.” A participant in the first round\n\n"
			   "What we found so far:\n\n"
			   "| Area | Homes | Above the limit |\n|:--|--:|--:|\n| Old town | 212 | 9 |\n| Riverside | "
			   "131 | 2 |\n| Hillside | 69 | 0 |\n\n"
			   "If your home was above the limit, we have written to you already, and in confidence.\n\n"
			   "With thanks and best wishes,\\\nAda Byron\n";

static struct draft sample_draft(void)
{
	return (struct draft){
		.language = "en",
		.subject = "An invitation to the second round, {{name|dear participant}}",
		.body = BODY,
		.from_name = "Dr Ada Byron (Drinking water at home)",
		.from_address = "water@research-mail.example.ac.uk",
		.reply_to = "water-study@research-mail.example.ac.uk",
		.identity_domain = "research-mail.example.ac.uk",
		.web_url = "https://research-mail.example.ac.uk",
		.list_id = "water",
		.feedback_id = "17:water:mailing:placet01",
		.mailing_id = 17,
		.house = {
			.institution = "University of Example",
			.department = "Department of Hydrology",
			.project_title = "Drinking water at home",
			.originator = "Dr Ada Byron",
			.contact = "water-study@research-mail.example.ac.uk",
			.postal_address = "Department of Hydrology\nUniversity of Example\n1 College Lane\nExampleton EX1 2MP",
			.statement_url = "https://research-mail.example.ac.uk/",
			.project_url = "https://research-mail.example.ac.uk/projects/water",
			.unofficial = "This message comes from the researchers named here. It is not an official communication of "
				      "the University of Example.",
			.opt_out_wording = "Stop all research mail to me",
			.trial = true,
		},
	};
}

static struct recipient sample_recipient(void)
{
	return (struct recipient){
		.address = "jo.fisher@example.org",
		.date = INT64_C(1795408424) * SECOND,
		.opt_out_token = "AQFvAAAAAAAAAAEq3kXo1u0s7dJHqf4QbJt2",
		.unsub_token = "aeaw6aaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.feedback_token = "aeawmaaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.message_token = "aeaw2aaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.code = "7K3M-Q2XV-9TFA",
		.consent = "on 3 May 2026, with a signed form (SC-12)",
	};
}

static void fail(const struct err *e)
{
	fprintf(stderr, "compose_tool: %s\n", e->text);
	exit(1);
}

static void save(const char *dir, const char *name, const char *p, size_t n)
{
	char path[600];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_write(path, p, n, 0644, &e) < 0)
		fail(&e);
}

static void save_message(const char *dir, const char *name, struct buf *head, const struct buf *body)
{
	buf_adds(head, "\r\n");
	buf_add_buf(head, body);
	save(dir, name, buf_text(head), head->n);
}

static void sample(const char *dir)
{
	struct arena *a = arena_new();
	struct draft d = sample_draft();
	struct recipient r = sample_recipient();
	const char *values[] = { "Jo Fisher", "Exampleton", "EX-0417" };
	struct err e = { 0 };
	struct compiled *c = compose_compile(a, &d, &e);
	struct buf head, body;

	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	r.values = values;
	if (!c || compose_render(c, &r, &head, &body, &e) < 0)
		fail(&e);
	save_message(dir, "sample.eml", &head, &body);
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

/* --- hostile values ------------------------------------------------------- */

static const char *const VALUES[] = {
	"Ann",
	"Dr.Smith",
	"e.g.",
	"O'Brien & Sons",
	"<b>bold</b>",
	"\"><script>alert(1)</script>",
	"</bdi></p><p>",
	"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 \xd9\x8a\xd9\x88\xd8\xb3\xd9\x81",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
	"日本語の名前",
	"\xf0\x9f\x98\x80 \xf0\x9f\x8e\x89",
	"=3D=0D=0A",
	"=?UTF-8?Q?x?=",
	".",
	"..",
	"From here",
	"a  b   c",
	" leading",
	"trailing ",
	"--=_00",
	"**not bold**",
	"[x](y)",
	"{{name}}",
	"{code}",
	"%s%n",
	"&amp;",
	"\\",
	"|",
	"`",
	"Zoë",
	"ÅÄÖ åäö",
	"–",
	"100 %",
	"=",
	"==",
	"a=b",
};

/* A value by number: from the table, or long: of letters, of three-byte or of four-byte characters. */
static const char *value_of(struct arena *a, struct rng *r)
{
	static const char *const UNIT[] = { "x", "€", "\xf0\x9f\x98\x80", "é ", "=", "&", "." };
	uint64_t i = rng_below(r, COUNT(VALUES) + 8);
	struct buf b;
	const char *s;

	if (i < COUNT(VALUES))
		return VALUES[i];
	buf_init(&b, 4000);
	s = UNIT[rng_below(r, COUNT(UNIT))];
	for (uint64_t n = rng_below(r, FIELD_VALUE_MAX / 2) + 1; n; n--)
		buf_adds(&b, s);
	s = arena_text(a, buf_text(&b));
	buf_free(&b);
	return s;
}

static void add_words(struct buf *b, struct rng *r, const char *const *words, size_t n)
{
	for (uint64_t left = 5 + rng_below(r, 60); left; left--)
		buf_addf(b, "%s%s", words[rng_below(r, n)], rng_below(r, 12) ? " " : "\n");
	buf_adds(b, "\n\n");
}

static const char *body_of(struct arena *a, struct rng *r)
{
	static const char *const WORDS[] = { "water",  "house",
					     "{{a}}",  "{{b|friend}}",
					     "größer", "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85",
					     "水道水", "\xf0\x9f\x92\xa7",
					     ".",      "From",
					     "=",      "a=b",
					     "*em*",   "**strong**",
					     "`code`", "…",
					     "{{c|}}", "x" };
	static const char *const BLOCKS[] = { "# Heading\n\n",
					      "> A quote with {{a}} in it\n\n",
					      "- one {{b|friend}}\n- two\n  - three\n\n",
					      "1. one\n2. two\n\n",
					      "| a | b |\n|---|--:|\n| {{a}} | 2 |\n\n",
					      "* * *\n\n",
					      "```\n.code\nFrom here   on\n```\n\n",
					      "[words](https://water.example.ac.uk/a?b=c&d=e)\n\n",
					      "https://water.example.ac.uk/x\n\n" };
	struct buf b;
	char *body;

	buf_init(&b, 60000);
	for (uint64_t n = 1 + rng_below(r, 12); n; n--) {
		add_words(&b, r, WORDS, COUNT(WORDS));
		buf_adds(&b, BLOCKS[rng_below(r, COUNT(BLOCKS))]);
	}
	if (rng_below(r, 4) == 0)
		for (int i = 0; i < 998; i++)
			buf_addc(&b, 'w');
	buf_adds(&b, "\n\nend {{a}}");
	body = arena_text(a, buf_text(&b));
	buf_free(&b);
	return body;
}

/* The public text with the words in braces replaced. */
static void expect(struct buf *out, const char *text, const struct recipient *r, const char *const *names, size_t n)
{
	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		const char *value = NULL;
		struct slice word = { text + 1, end ? (size_t)(end - text - 1) : 0 };

		for (size_t i = 0; end && i < n; i++)
			if (slice_is(word, names[i]))
				value = r->values[i];
		if (end && !value)
			value = slice_is(word, "token")     ? r->opt_out_token
				: slice_is(word, "code")    ? r->code
				: slice_is(word, "consent") ? r->consent
							    : NULL;
		if (value) {
			buf_adds(out, value);
			text = end + 1;
		} else {
			buf_addc(out, *text++);
		}
	}
}

static void one(const char *dir, int number, struct rng *rng)
{
	struct arena *a = arena_new();
	struct draft d = sample_draft();
	struct recipient r = sample_recipient();
	const char *values[COMPOSE_FIELDS_MAX], *const *names;
	char name[40];
	struct err e = { 0 };
	struct buf head, body, text;
	struct compiled *c;

	d.body = body_of(a, rng);
	d.subject = number % 3 ? "Round two for {{a}}: größer" : "An invitation";
	d.language = number % 5 ? "en" : "ar";
	d.mailing_id = number;
	c = compose_compile(a, &d, &e);
	if (!c)
		fail(&e);
	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	buf_init(&text, 1 << 20);
	for (size_t i = 0; i < COMPOSE_FIELDS_MAX; i++)
		values[i] = value_of(a, rng);
	r.values = values;
	r.consent = value_of(a, rng);
	r.test = number % 7 == 0;
	r.address = number % 11 ? "jo.fisher@example.org" : "jö.fisher@example.org";
	if (compose_render(c, &r, &head, &body, &e) < 0)
		fail(&e);
	expect(&text, compose_public_text(c), &r, names, compose_fields(c, &names));
	snprintf(name, sizeof(name), "%03d.text", number);
	save(dir, name, buf_text(&text), text.n);
	buf_clear(&text);
	buf_addf(&text, "%s\n%s%s%s%s\n", r.address, r.test ? "[Test] " : "",
		 number % 3 ? "Round two for " : "An invitation", number % 3 ? values[0] : "",
		 number % 3 ? ": größer" : "");
	snprintf(name, sizeof(name), "%03d.facts", number);
	save(dir, name, buf_text(&text), text.n);
	snprintf(name, sizeof(name), "%03d.eml", number);
	save_message(dir, name, &head, &body);
	buf_free(&head);
	buf_free(&body);
	buf_free(&text);
	arena_free(a);
}

static void bench(void)
{
	struct arena *a = arena_new();
	struct draft d = sample_draft();
	struct recipient r = sample_recipient();
	const char *values[] = { "Jo Fisher", "Exampleton", "EX-0417" };
	struct err e = { 0 };
	struct buf head, body;
	struct compiled *c;
	int64_t start;
	int n = 0;

	d.body = "Dear {{name}},\n\nwe write to you in {{town}} about {{number}}.\n";
	c = compose_compile(a, &d, &e);
	buf_init(&head, 1 << 20);
	buf_init(&body, 1 << 20);
	r.values = values;
	if (!c)
		fail(&e);
	start = clock_ticks();
	while (clock_ticks() - start < 2 * SECOND) {
		for (int i = 0; i < 1000; i++) {
			buf_clear(&head);
			buf_clear(&body);
			if (compose_render(c, &r, &head, &body, &e) < 0)
				fail(&e);
		}
		n += 1000;
	}
	printf("%.0f messages/s of %zu bytes\n", (double)n * (double)SECOND / (double)(clock_ticks() - start),
	       head.n + body.n);
	buf_free(&head);
	buf_free(&body);
	arena_free(a);
}

int main(int argc, char **argv)
{
	struct rng rng;

	rng_seed(&rng, 20261123);
	if (argc == 3 && strcmp(argv[1], "sample") == 0)
		sample(argv[2]);
	else if (argc == 2 && strcmp(argv[1], "bench") == 0)
		bench();
	else if (argc == 2)
		for (int i = 0; i < MESSAGES; i++)
			one(argv[1], i, &rng);
	else
		return fprintf(stderr, "usage: compose_tool DIR | sample DIR | bench\n"), 2;
	return 0;
}
