/*
 * Compiles, renders and signs whatever messages a test asks for, many in one
 * process (test/oracle, test/browser). One JSON object a line comes in:
 *   {"draft": {...}, "people": [{"values": {...}, ...}, ...]}
 * with the names of struct draft, struct house and struct recipient, and "handmade"
 * for a body in HTML; what is absent is as in sample_draft() here. The field
 * "survey" is a link. One JSON object a line goes out for each
 * person: {"message", "fields", "public", "words"}, or {"error"}; before them,
 * one for the keys: {"SELECTOR": RECORD, ...}. The message bears a signature by
 * each key, made anew for each run; with the argument "unsigned", none.
 */
#include <jansson.h>

#include "base/clock.h"
#include "base/codec.h"
#include "compose/compose.h"
#include "mail/dkim.h"
#include "mail/token.h"

#define MESSAGE_MAX (1024 * 1024)
#define DOMAIN      "research-mail.example.ac.uk"
#define NOW         (INT64_C(1795408424) * SECOND)

struct signing {
	struct dkim_signer signer[2];
	struct dkim_key *key[2];
	size_t n;
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "message_tool: %s: %s\n", what, why);
	exit(1);
}

static const char *const LINK_FIELDS[] = { "survey", NULL };
static const char *const LINK_HOSTS[] = { "survey.example.com", NULL };
static const char *const LINK_DOMAINS[] = { "example.ac.uk", NULL };

static struct draft sample_draft(void)
{
	return (struct draft){
		.language = "en",
		.subject = "The second round",
		.body = "Hello",
		.from_name = "Dr Ada Byron (Drinking water at home)",
		.from_address = "water@" DOMAIN,
		.identity_domain = DOMAIN,
		.web_url = "https://" DOMAIN,
		.list_id = "water",
		.feedback_id = "17:water:mailing:placet01",
		.mailing_id = 17,
		.link_fields = LINK_FIELDS,
		.link_hosts = LINK_HOSTS,
		.link_domains = LINK_DOMAINS,
		.house = {
			.institution = "University of Example",
			.department = "Department of Hydrology",
			.project_title = "Drinking water at home",
			.originator = "Dr Ada Byron",
			.contact = "water-study@" DOMAIN,
			.postal_address = "Department of Hydrology\nUniversity of Example\n1 College Lane\nExampleton EX1 2MP",
			.statement_url = "https://" DOMAIN "/",
			.project_url = "https://" DOMAIN "/projects/water",
			.unofficial = "This message comes from the researchers named here. It is not an official communication of "
				      "the University of Example.",
			.opt_out_wording = "Stop all research mail to me",
		},
	};
}

static struct recipient sample_recipient(void)
{
	return (struct recipient){
		.address = "jo.fisher@example.org",
		.date = NOW,
		.opt_out_token = "AQFvAAAAAAAAAAEq3kXo1u0s7dJHqf4QbJt2",
		.unsub_token = "aeaw6aaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.feedback_token = "aeawmaaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.message_token = "aeaw2aaaaaaaaaabfky2k5vhq4n3s5x7ab",
		.code = "7K3M-Q2XV-9TFA",
		.consent = "on 3 May 2026, with a signed form (SC-12)",
	};
}

/* --- what was asked for ----------------------------------------------------- */

/* The text named, if it is there; null takes it away. */
static void take(const json_t *from, const char *name, const char **to)
{
	const json_t *value = json_object_get(from, name);

	if (value)
		*to = json_string_value(value);
}

/* Images with "name", "alt", "type", "width", "height", and their bytes in base64. */
static void read_images(struct arena *a, const json_t *in, struct draft *d)
{
	const json_t *one;
	size_t i, n = json_array_size(in);
	struct image *images = n ? ARENA_ARRAY(a, struct image, n) : NULL;

	json_array_foreach (in, i, one) {
		const char *text = json_string_value(json_object_get(one, "base64"));
		size_t room = strlen(text);
		char *bytes = arena_text_n(a, text, room);
		ssize_t got = base64_decode(bytes, room, text, room);

		if (got < 0)
			fail("image", "its bytes are not base64");
		images[i] = (struct image){ .bytes = { bytes, (size_t)got } };
		take(one, "name", &images[i].name);
		take(one, "alt", &images[i].alt);
		take(one, "type", &images[i].type);
		images[i].width = (int)json_integer_value(json_object_get(one, "width"));
		images[i].height = (int)json_integer_value(json_object_get(one, "height"));
		sha256(bytes, (size_t)got, images[i].hash);
	}
	d->images = images;
	d->n_images = n;
}

/* A list of texts, NULL-ended; NULL when there is none. */
static const char *const *read_list(struct arena *a, const json_t *in)
{
	const char **list = ARENA_ARRAY(a, const char *, json_array_size(in) + 1);

	for (size_t i = 0; i < json_array_size(in); i++)
		list[i] = json_string_value(json_array_get(in, i));
	return json_array_size(in) ? list : NULL;
}

static struct draft read_draft(struct arena *a, const json_t *in)
{
	struct draft d = sample_draft();
	const struct {
		const char *name, **to;
	} texts[] = {
		{ "language", &d.language },
		{ "subject", &d.subject },
		{ "body", &d.body },
		{ "template", &d.template },
		{ "from_name", &d.from_name },
		{ "reply_to", &d.reply_to },
		{ "institution", &d.house.institution },
		{ "department", &d.house.department },
		{ "project_title", &d.house.project_title },
		{ "originator", &d.house.originator },
		{ "contact", &d.house.contact },
		{ "postal_address", &d.house.postal_address },
		{ "statement_url", &d.house.statement_url },
		{ "project_url", &d.house.project_url },
		{ "unofficial", &d.house.unofficial },
		{ "opt_out_wording", &d.house.opt_out_wording },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		take(in, texts[i].name, texts[i].to);
	read_images(a, json_object_get(in, "images"), &d);
	d.other_languages = read_list(a, json_object_get(in, "other_languages"));
	if (json_is_true(json_object_get(in, "handmade")))
		d.format = BODY_HTML;
	d.house.trial = json_is_true(json_object_get(in, "trial"));
	d.arms = json_is_true(json_object_get(in, "arms"));
	if (json_object_get(in, "mailing_id"))
		d.mailing_id = json_integer_value(json_object_get(in, "mailing_id"));
	return d;
}

/* `values` has room for each field of the message. */
static struct recipient read_person(const json_t *in, const struct compiled *c, const char **values)
{
	struct recipient r = sample_recipient();
	const char *const *names;
	size_t n = compose_fields(c, &names);

	take(in, "address", &r.address);
	take(in, "consent", &r.consent);
	take(in, "arm", &r.arm);
	take(in, "opt_out_token", &r.opt_out_token);
	take(in, "code", &r.code);
	r.test = json_is_true(json_object_get(in, "test"));
	for (size_t i = 0; i < n; i++)
		values[i] = json_string_value(json_object_get(json_object_get(in, "values"), names[i]));
	r.values = values;
	return r;
}

/* --- what comes of it ------------------------------------------------------- */

static void print(json_t *out)
{
	if (json_dumpf(out, stdout, JSON_COMPACT) < 0)
		fail("output", "it is no text");
	putchar('\n');
	json_decref(out);
}

static void print_error(const struct err *e)
{
	print(json_pack("{s:s}", "error", e->text));
}

static int sign(const struct signing *s, const struct buf *head, const struct buf *body, struct buf *out, struct err *e)
{
	struct slice h = { buf_text(head), head->n }, b = { buf_text(body), body->n };

	if (s->n && dkim_sign(s->signer, s->n, h, b, NOW, out, e) < 0)
		return -1;
	buf_add_buf(out, head);
	buf_adds(out, "\r\n");
	buf_add_buf(out, body);
	return 0;
}

static json_t *fields_of(const struct compiled *c)
{
	const char *const *names;
	json_t *out = json_array();

	for (size_t i = 0, n = compose_fields(c, &names); i < n; i++)
		json_array_append_new(out, json_string(names[i]));
	return out;
}

static void one(const struct compiled *c, const json_t *person, const struct signing *s)
{
	const char *values[COMPOSE_FIELDS_MAX];
	struct recipient r = read_person(person, c, values);
	struct buf head, body, out;
	struct err e = { 0 };

	buf_init(&head, MESSAGE_MAX);
	buf_init(&body, MESSAGE_MAX);
	buf_init(&out, MESSAGE_MAX);
	if (compose_render(c, &r, &head, &body, &e) < 0 || sign(s, &head, &body, &out, &e) < 0)
		print_error(&e);
	else
		print(json_pack("{s:s%, s:o, s:s, s:s}", "message", buf_text(&out), out.n, "fields", fields_of(c),
				"public", compose_public_text(c), "words", compose_body_text(c)));
	buf_free(&head);
	buf_free(&body);
	buf_free(&out);
}

static void all(const json_t *in, const struct signing *s)
{
	struct arena *a = arena_new();
	struct draft d = read_draft(a, json_object_get(in, "draft"));
	struct err e = { 0 };
	struct compiled *c = compose_compile(a, &d, &e);
	const json_t *person, *people = json_object_get(in, "people");
	size_t i;

	json_array_foreach (people, i, person)
		if (c)
			one(c, person, s);
		else
			print_error(&e);
	arena_free(a);
}

static void make_keys(struct signing *s)
{
	static const struct {
		const char *selector;
		enum dkim_kind kind;
	} KEYS[] = { { "p2026q4r", DKIM_RSA_2048 }, { "p2026q4e", DKIM_ED25519 } };
	json_t *out = json_object();
	struct buf record;
	struct err e = { 0 };

	buf_init(&record, 4096);
	for (size_t i = 0; i < COUNT(KEYS); i++) {
		struct dkim_key *key = dkim_key_new(KEYS[i].kind, &e);

		buf_clear(&record);
		if (!key || dkim_key_record(key, &record, &e) < 0)
			fail("key", e.text);
		json_object_set_new(out, KEYS[i].selector, json_string(buf_text(&record)));
		s->key[s->n] = key;
		s->signer[s->n++] = (struct dkim_signer){ DOMAIN, KEYS[i].selector, key };
	}
	buf_free(&record);
	print(out);
}

int main(int argc, char **argv)
{
	struct signing s = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (argc == 1)
		make_keys(&s);
	else if (strcmp(argv[1], "unsigned") != 0)
		fail(argv[1], "there is only: unsigned");
	while ((n = getline(&line, &room, stdin)) > 0) {
		json_error_t fault;
		json_t *in = json_loadb(line, (size_t)n, 0, &fault);

		if (!in)
			fail("input", fault.text);
		all(in, &s);
		json_decref(in);
	}
	free(line);
	for (size_t i = 0; i < s.n; i++)
		dkim_key_free(s.key[i]);
	return 0;
}
