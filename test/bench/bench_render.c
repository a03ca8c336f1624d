/*
 * What it costs to render a message for one person, without signing it:
 * messages a second on one core, and how often memory was asked for, as the
 * message grows and as it has more places to fill; first with tokens that are
 * there, then from a person's row on (content_recipient), as a sender does.
 * Beside it the limits of the same run: memcpy of as many bytes, and the HMACs
 * that tokens consist of. Run by ./dev bench render, from a build without
 * sanitizers. `bench_render check` is a test: no memory is asked for.
 */
#include "base/clock.h"
#include "mail/header.h"
#include "store/content.h"
#include "store/home.h"

#define RUN (SECOND / 2)

/* --- counting allocations ----------------------------------------------------- */

static long asked;

#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#if SANITIZED
void __sanitizer_malloc_hook(const volatile void *p, size_t n);

void __sanitizer_malloc_hook(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	asked++;
}
#else
/* These stand before the library's own, for all that this program is linked with. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t each);
extern void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t each);
void *realloc(void *p, size_t n);

void *malloc(size_t n)
{
	asked++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t each)
{
	asked++;
	return __libc_calloc(n, each);
}

void *realloc(void *p, size_t n)
{
	asked++;
	return __libc_realloc(p, n);
}
#endif

/* --- the message ---------------------------------------------------------------- */

static struct draft draft_of(const char *body)
{
	return (struct draft){
		.language = "en",
		.subject = "An invitation to the second round",
		.body = body,
		.from_name = "Dr Ada Byron (Drinking water at home)",
		.from_address = "water@research-mail.example.ac.uk",
		.identity_domain = "research-mail.example.ac.uk",
		.web_url = "https://research-mail.example.ac.uk",
		.list_id = "water",
		.feedback_id = "17:water:mailing:placet01",
		.mailing_id = 17,
		.house = { .institution = "University of Example",
			   .department = "Department of Hydrology",
			   .project_title = "Drinking water at home",
			   .originator = "Dr Ada Byron",
			   .contact = "water-study@research-mail.example.ac.uk",
			   .postal_address = "University of Example\n1 College Lane\nExampleton EX1 2MP",
			   .statement_url = "https://research-mail.example.ac.uk/",
			   .project_url = "https://research-mail.example.ac.uk/projects/water",
			   .unofficial = "It is not an official communication of the University of Example.",
			   .opt_out_wording = "Stop all research mail to me" },
	};
}

/* So many fields among words, of which there are at least so many bytes; three names take turns. */
static const char *body_of(struct arena *a, size_t bytes, int fields)
{
	static const char WORDS[] = "Over the past year many households in your town have sent us samples of their water. ";
	struct buf b;
	const char *body;
	int n = 0;

	buf_init(&b, 100000);
	buf_adds(&b, "Dear participant,\n\n");
	for (int i = 1; n < fields || b.n < bytes; i++) {
		if (n < fields)
			buf_addf(&b, "{{f%d|there}} ", n++ % 3);
		if (b.n < bytes)
			buf_adds(&b, WORDS);
		if (i % 5 == 0)
			buf_adds(&b, "\n\n");
	}
	body = arena_text(a, buf_text(&b));
	buf_free(&b);
	return body;
}

static struct compiled *compile(struct arena *a, const char *body)
{
	struct draft d = draft_of(body);
	struct err e = { 0 };
	struct compiled *c = compose_compile(a, &d, &e);

	if (!c) {
		fprintf(stderr, "bench_render: %s\n", e.text);
		exit(1);
	}
	return c;
}

static struct recipient recipient_of(const char *const *values)
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
		.values = values,
	};
}

/* --- measuring -------------------------------------------------------------------- */

struct room {
	struct buf head, body;
	char copy[200000];
};

struct figure {
	double each_ns, allocations;
	size_t bytes;
};

/* Time of this process's own, so that others on the machine do not count. */
static int64_t used(void)
{
	struct timespec t;

	MUST(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void told(const struct err *e)
{
	fprintf(stderr, "bench_render: %s\n", e->text);
	exit(1);
}

static struct figure render(struct room *room, const struct compiled *c, const struct recipient *r)
{
	struct err e = { 0 };
	int64_t start = used();
	long n = 0, before = asked;

	do {
		for (int i = 0; i < 1000; i++, n++) {
			buf_clear(&room->head);
			buf_clear(&room->body);
			if (compose_render(c, r, &room->head, &room->body, &e) < 0)
				told(&e);
		}
	} while (used() - start < RUN);
	return (struct figure){ (double)(used() - start) * 1000 / (double)n, (double)(asked - before) / (double)n,
				room->head.n + room->body.n };
}

static double copy_ns(struct room *room)
{
	int64_t start = used();
	long n = 0;

	do {
		for (int i = 0; i < 1000; i++, n++) {
			memcpy(room->copy, room->head.p, room->head.n);
			memcpy(room->copy + room->head.n, room->body.p, room->body.n);
			__asm__ volatile("" ::: "memory");
		}
	} while (used() - start < RUN / 4);
	return (double)(used() - start) * 1000 / (double)n;
}

static void tell(struct room *room, const char *what, struct figure f)
{
	double copy = copy_ns(room);

	printf("render  %-34s %6zu B  %8.0f/s  %6.2f µs  %5.2f allocations   memcpy %5.2f µs  ratio %5.1f\n", what, f.bytes,
	       1e9 / f.each_ns, f.each_ns / 1000, f.allocations, copy / 1000, f.each_ns / copy);
}

static void one(struct room *room, const char *what, size_t bytes, int fields, const char *value)
{
	const char *values[COMPOSE_FIELDS_MAX];
	struct arena *a = arena_new();
	struct recipient r = recipient_of(values);

	for (size_t i = 0; i < COMPOSE_FIELDS_MAX; i++)
		values[i] = value;
	render(room, compile(a, body_of(a, bytes, fields)), &r); /* the buffers grow once */
	tell(room, what, render(room, compile(a, body_of(a, bytes, fields)), &r));
	arena_free(a);
}

/* As a sender does for each delivery: values out of JSON, tokens made, rendered. */
static struct figure from_row(struct room *room, const struct content *c, struct home *h, bool with_render)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int64_t start = used();
	long n = 0, before = asked;

	do {
		for (int i = 0; i < 1000; i++, n++) {
			struct person p = { .delivery = n + 1,
					    .date = INT64_C(1795408424) * SECOND,
					    .address = "jo.fisher@example.org",
					    .fields = "{\"f0\":\"Jo Fisher\",\"f1\":\"Exampleton\",\"f2\":\"EX-0417\",\"year\":\"1964\"}",
					    .kind = "signed-form",
					    .ref = "SC-12",
					    .given_on = "2026-05-03" };
			struct recipient_room place;
			struct recipient r;

			buf_clear(&room->head);
			buf_clear(&room->body);
			if (content_recipient(h, a, c, &p, &place, &r, &e) < 0 ||
			    (with_render && compose_render(c->compiled, &r, &room->head, &room->body, &e) < 0))
				told(&e);
		}
		arena_clear(a);
	} while (used() - start < RUN);
	arena_free(a);
	return (struct figure){ (double)(used() - start) * 1000 / (double)n, (double)(asked - before) / (double)n,
				room->head.n + room->body.n };
}

static double hmac_ns(void)
{
	uint8_t key[32] = { 1 }, out[32];
	int64_t start = used();
	long n = 0;

	do {
		for (int i = 0; i < 1000; i++, n++)
			hmac_sha256(key, sizeof(key), "12345678901", 11, out);
	} while (used() - start < RUN);
	return (double)(used() - start) * 1000 / (double)n;
}

static void rows(struct room *room)
{
	struct arena *a = arena_new();
	struct home h = { .tokens = { .key[0] = { 1, { 7 } }, .n = 1 } };
	struct content c = { .compiled = compile(a, body_of(a, 0, 3)) };
	struct figure f;

	token_keys_ready(&h.tokens);
	c.version[0].compiled = c.compiled;
	c.version[0].draft.language = "en";
	c.version[0].n_fields = compose_fields(c.compiled, &c.version[0].fields);
	c.n_versions = 1;
	from_row(room, &c, &h, true);
	tell(room, "with values and tokens of a row", from_row(room, &c, &h, true));
	f = from_row(room, &c, &h, false);
	printf("render  values and tokens alone: %.2f µs, %.2f allocations; one HMAC-SHA-256 of a token: %.2f µs, and 5 are needed\n",
	       f.each_ns / 1000, f.allocations, hmac_ns() / 1000);
	arena_free(a);
}

/* Rendering asks for no memory, whatever the person's values are. */
static int check(struct room *room)
{
	static const char *const VALUES[] = { NULL, "Jo", "Мария Ивановна", "\U0001f600", "<b>&\"'", "====", "a  b" };
	const char *values[COMPOSE_FIELDS_MAX];
	struct recipient r = recipient_of(values);
	struct arena *a = arena_new();
	struct compiled *c = compile(a, body_of(a, 4000, 30));
	struct err e = { 0 };
	long before = 0, during;

	for (size_t round = 0; round < 100; round++) {
		if (round == COUNT(VALUES)) /* by now the buffers are as large as they get */
			before = asked;
		for (size_t i = 0; i < COMPOSE_FIELDS_MAX; i++)
			values[i] = VALUES[round % COUNT(VALUES)];
		buf_clear(&room->head);
		buf_clear(&room->body);
		if (compose_render(c, &r, &room->head, &room->body, &e) < 0)
			told(&e);
	}
	during = asked - before; /* printing asks for memory, too */
	printf("%ld allocations in %zu messages\n", during, 100 - COUNT(VALUES));
	arena_free(a);
	return before && !during ? 0 : 1;
}

static void all(struct room *room)
{
	static const size_t SIZES[] = { 0, 1000, 4000, 10000, 20000, 30000 };
	static const int FIELDS[] = { 0, 3, 10, 30, 100, 300 };
	char what[80];

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		snprintf(what, sizeof(what), "3 fields, %zu kB of words", SIZES[i] / 1000);
		one(room, what, SIZES[i], 3, "Jo Fisher");
	}
	for (size_t i = 0; i < COUNT(FIELDS); i++) {
		snprintf(what, sizeof(what), "%d fields", FIELDS[i]);
		one(room, what, 4000, FIELDS[i], "Jo Fisher");
	}
	one(room, "3 fields in Cyrillic", 0, 3, "Мария Ивановна Кузнецова");
	one(room, "3 fields of emoji", 0, 3, "\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600");
	one(room, "3 fields of 200 letters", 0, 3,
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	rows(room);
}

int main(int argc, char **argv)
{
	static struct room room;
	int rc = 0;

	buf_init(&room.head, 100000);
	buf_init(&room.body, 200000);
	if (argc > 1 && strcmp(argv[1], "check") == 0)
		rc = check(&room);
	else
		all(&room);
	buf_free(&room.head);
	buf_free(&room.body);
	return rc;
}
