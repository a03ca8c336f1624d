/*
 * The three answers: see proof.h. Everything about mailings is public. What is
 * known of a recipient is asked in one place, was_sent_to(), for a message
 * whose signature is ours and whole: who holds it knows all of that already.
 */
#include "store/proof.h"

#include <strings.h>

#include "compose/fields.h"
#include "mail/address.h"
#include "mail/normal.h"
#include "store/identity.h"
#include "store/institution.h"
#include "store/query.h"

/* A sentence of fewer letters is a greeting, or a bit of a name: it is not held against anybody. */
#define LETTERS_TOLD 4

QUERY(Q_PROOF_KEYS, "SELECT i.domains, k.selector, k.record FROM dkim_key k JOIN identity i ON i.id = k.identity_id ORDER BY k.id");
QUERY(Q_PROOF_DELIVERY, "SELECT d.mailing_id, m.project_id FROM delivery d JOIN mailing m ON m.id = d.mailing_id WHERE d.id = $1");
QUERY(Q_PROOF_SENT, "SELECT d.state, d.maybe_twice, a.key_hash FROM delivery d JOIN address a ON a.id = d.address_id WHERE d.id = $1");
QUERY(Q_PROOF_NOTICE, "SELECT state, 0, key_hash FROM notice WHERE id = $1");
QUERY(Q_PROOF_NOTICE_TEST, "SELECT 1 FROM notice WHERE id = $1 AND kind = 'test'");
QUERY(Q_PROOF_PROJECT, "SELECT project_id FROM mailing WHERE id = $1");

const char *proof_answer_name(enum proof_answer x)
{
	static const char *const NAMES[] = { [PROOF_NONE] = "none", [PROOF_COMPARE] = "compare", [PROOF_UNALTERED] = "unaltered" };

	MUST((size_t)x < COUNT(NAMES));
	return NAMES[x];
}

int proof_keys(struct home *h, struct arena *a, struct own_key **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_PROOF_KEYS, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct own_key){
			.domains = arena_text(a, rows_text(&r, 0)),
			.selector = arena_text(a, rows_text(&r, 1)),
			.record = arena_text(a, rows_text(&r, 2)),
		};
	}
	rows_close(&r);
	return got;
}

static void remark(struct proof *out, const char *words)
{
	if (out->n_remarks < PROOF_REMARKS_MAX)
		out->remark[out->n_remarks++] = words;
}

/* --- which mailing ------------------------------------------------------------------------------ */

/* 1 the public may see it, 0, -1. */
static int take_mailing(struct home *h, struct arena *a, int64_t project, int64_t mailing, struct proof *out, struct err *e)
{
	struct identity id;
	int got = project_by_id(h, a, project, &out->project, e);

	if (got > 0)
		got = project_in_public(h, a, &out->project, e);
	if (got > 0)
		got = project_public_mailing(h, a, &out->project, mailing, &out->mailing, e);
	if (got > 0)
		got = identity_by_id(h, a, out->project.identity_id, &id, e);
	if (got <= 0)
		return got;
	out->domains = id.domains;
	out->answer = PROOF_COMPARE;
	return 1;
}

static int of_delivery(struct home *h, struct arena *a, int64_t delivery, struct proof *out, struct err *e)
{
	struct rows r = { 0 };
	int64_t mailing = 0, project = 0;
	int got;

	if (!delivery)
		return 0;
	if (db_query(h->db, &Q_PROOF_DELIVERY, ARGS(db_i64(delivery)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		mailing = rows_i64(&r, 0);
		project = rows_i64(&r, 1);
	}
	rows_close(&r);
	return got > 0 ? take_mailing(h, a, project, mailing, out, e) : got;
}

static int of_mailing(struct home *h, struct arena *a, int64_t mailing, struct proof *out, struct err *e)
{
	int64_t project;
	int got = db_get_i64(h->db, &Q_PROOF_PROJECT, ARGS(db_i64(mailing)), &project, e);

	return got > 0 ? take_mailing(h, a, project, mailing, out, e) : got;
}

static void start(struct proof *out)
{
	*out = (struct proof){ .domains = "", .code = "" };
}

static const char *code_text(struct home *h, struct arena *a, int64_t delivery)
{
	char code[CODE_TEXT_MAX];

	code_make(&h->tokens, delivery, code);
	return arena_text(a, code);
}

int proof_by_code(struct home *h, struct arena *a, const char *typed, struct proof *out, struct err *e)
{
	int64_t delivery = 0;
	bool genuine = code_read(&h->tokens, typed, &delivery);
	int got;

	start(out);
	got = genuine ? of_delivery(h, a, delivery, out, e) : 0;
	if (got > 0)
		out->code = code_text(h, a, delivery);
	out->dead = genuine && !delivery;
	return got < 0 ? -1 : 0;
}

/* --- comparing ---------------------------------------------------------------------------------- */

/* Adds each word that is not there yet. */
static const char *add_words(struct arena *a, const char *words, const char *more)
{
	const char *const *all = split_words(a, more), *const *has;

	for (; *all; all++) {
		for (has = split_words(a, words); *has && strcmp(*has, *all) != 0; has++)
			;
		if (!*has)
			words = arena_printf(a, "%s%s%s", words, *words ? " " : "", *all);
	}
	return words;
}

int proof_places(struct home *h, struct arena *a, const struct project *p, struct proof_places *out, struct err *e)
{
	struct institution in;
	struct identity id = { .domains = "" };
	const char *words = "", *own = link_host(a, h->url);

	if (institution_load(h, a, &in, e) < 0 || identity_by_id(h, a, p->identity_id, &id, e) < 0)
		return -1;
	for (const char *const *d = in.domains; *d; d++)
		words = add_words(a, words, *d);
	words = add_words(a, add_words(a, add_words(a, words, id.domains), p->link_hosts), own ? own : "");
	out->hosts = split_words(a, words);
	out->domains = split_words(a, id.domains);
	return 0;
}

static bool is_among(struct arena *a, const char *host, const char *const *hosts)
{
	const char *domain = domain_parse(a, host);

	for (; *hosts; hosts++)
		if (strcmp(host, *hosts) == 0 || (domain && domain_is_within(domain, *hosts)))
			return true;
	return false;
}

/* What leads to no page: addresses of mail and telephones, and places in the message itself. */
static bool leads_nowhere(const char *url)
{
	return !*url || *url == '#' || strncasecmp(url, "mailto:", 7) == 0 || strncasecmp(url, "tel:", 4) == 0 ||
	       strncasecmp(url, "cid:", 4) == 0;
}

struct links {
	struct arena *a;
	const char *const *hosts;
	struct proof_link *link;
	size_t n;
};

static void look_at_link(struct links *l, const char *url)
{
	const char *to = link_unwrap(l->a, url), *host;

	url = to ? to : url;
	if (leads_nowhere(url))
		return;
	host = link_host(l->a, url);
	if (host && is_among(l->a, host, l->hosts))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->link[i].url, url) == 0)
			return;
	if (l->n < NORMAL_LINKS_MAX)
		l->link[l->n++] = (struct proof_link){ url, host ? host : "" };
}

static int compare_links(struct home *h, struct arena *a, const struct normal *n, const char *html_links, struct proof *out,
			 struct err *e)
{
	struct links l = { .a = a, .link = ARENA_ARRAY(a, struct proof_link, NORMAL_LINKS_MAX) };
	struct proof_places places;

	if (proof_places(h, a, &out->project, &places, e) < 0)
		return -1;
	l.hosts = places.hosts;
	for (size_t i = 0; i < n->n_links; i++)
		look_at_link(&l, n->link[i]);
	for (const char *p = html_links; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		look_at_link(&l, arena_text_n(a, p, len));
		p += len;
	}
	out->link = l.link;
	out->n_links = l.n;
	return 0;
}

/* All languages behind each other: whoever pastes two of them is right, too. */
static const struct normal_index *index_of(struct arena *a, const struct public_mailing *m)
{
	struct normal *approved = ARENA_NEW(a, struct normal);
	struct buf all;

	buf_init(&all, 1 << 20);
	for (size_t i = 0; i < m->n_texts; i++)
		buf_addf(&all, "%s\n\n%s\n\n", fields_shown(a, m->texts[i].subject), m->texts[i].text);
	normal_read(a, buf_text(&all), true, approved);
	buf_free(&all);
	return normal_index_new(a, approved);
}

static void compare_sentences(struct arena *a, const struct normal *n, struct proof *out)
{
	const struct normal_index *x = index_of(a, &out->mailing);
	struct proof_sentence *s = ARENA_ARRAY(a, struct proof_sentence, n->n + 1);

	out->sentence = s;
	for (size_t i = 0; i < n->n; i++) {
		if (normal_says_again(n, i))
			continue; /* in the HTML part, say */
		s->text = n->sentence[i].text;
		s->known = n->sentence[i].letters < LETTERS_TOLD || normal_index_knows(x, n, i);
		out->n_unknown += !s->known;
		s++;
	}
	out->n_sentences = (size_t)(s - out->sentence);
}

static int compare(struct home *h, struct arena *a, const struct normal *n, const char *html_links, struct proof *out,
		   struct err *e)
{
	compare_sentences(a, n, out);
	return compare_links(h, a, n, html_links, out, e);
}

/* --- by a text ---------------------------------------------------------------------------------- */

/* The first code in it that is ours decides; all of them should be the same. */
static int find_by_codes(struct home *h, struct arena *a, const struct normal *n, struct proof *out, struct err *e)
{
	int64_t delivery, first = 0;
	bool other = false, dead = false;
	int got = 0;

	for (size_t i = 0; i < n->n_codes && got >= 0; i++) {
		if (!code_read(&h->tokens, n->code[i], &delivery))
			continue;
		dead = dead || !delivery;
		if (got > 0)
			other = other || delivery != first;
		else if ((got = of_delivery(h, a, delivery, out, e)) > 0)
			first = delivery;
	}
	if (got <= 0) {
		out->dead = dead;
		return got;
	}
	out->code = code_text(h, a, first);
	if (other)
		remark(out, "It bears two check codes, and no message has more than one.");
	return 1;
}

static int find_by_words(struct home *h, struct arena *a, const struct normal *n, struct proof *out, struct err *e)
{
	struct proof_find f = { .other_id = out->answer == PROOF_COMPARE ? out->mailing.id : 0 };
	struct proof other;
	int got = proof_find(h, a, n, &f, e);

	if (got <= 0)
		return got;
	if (!f.other_id)
		return of_mailing(h, a, f.mailing, out, e);
	if (f.mailing == f.other_id || f.letters < 2 * f.other_letters)
		return 1;
	start(&other);
	if ((got = of_mailing(h, a, f.mailing, &other, e)) > 0)
		remark(out, arena_printf(a, "Its code is of this mailing, but its words are rather those of another, “%s”.",
					 other.mailing.subject));
	return got < 0 ? -1 : 1;
}

static int find(struct home *h, struct arena *a, const struct normal *n, struct proof *out, struct err *e)
{
	return find_by_codes(h, a, n, out, e) < 0 || find_by_words(h, a, n, out, e) < 0 ? -1 : 0;
}

int proof_by_text(struct home *h, struct arena *a, const char *text, struct proof *out, struct err *e)
{
	struct normal n;

	start(out);
	normal_read(a, text, false, &n);
	if (find(h, a, &n, out, e) < 0)
		return -1;
	return out->answer == PROOF_NONE ? 0 : compare(h, a, &n, "", out, e);
}

/* --- by a message ------------------------------------------------------------------------------- */

/* Was this delivery, or system mail, handed over, and to that address? 1, 0, -1. Erasure leaves all that is asked for. */
static int was_sent_to(struct home *h, struct arena *a, const struct query *q, int64_t id, const char *to, struct err *e)
{
	struct rows r = { 0 };
	struct address addr;
	struct err why;
	uint8_t hash[KEY_HASH_SIZE];
	int got;

	if (address_parse(a, to, &addr, &why) < 0)
		return 0;
	home_key_hash(h, addr.key, hash);
	if (db_query(h->db, q, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	if (got > 0) {
		const char *state = rows_text(&r, 0);
		struct slice kept = rows_bytes(&r, 2);
		/* Attempting: its outcome is not written yet. Twice: the first time was uncertain. */
		bool sent = strcmp(state, "accepted") == 0 || strcmp(state, "uncertain") == 0 ||
			    strcmp(state, "attempting") == 0 || rows_i64(&r, 1);

		got = sent && kept.n == sizeof(hash) && memcmp(kept.p, hash, sizeof(hash)) == 0;
	}
	rows_close(&r);
	return got;
}

/* Every code in it must be the delivery's own. */
static bool codes_agree(struct home *h, const struct normal *n, int64_t delivery)
{
	int64_t of;

	for (size_t i = 0; i < n->n_codes; i++)
		if (code_read(&h->tokens, n->code[i], &of) && of != delivery)
			return false;
	return true;
}

/* Of a message whose signature is ours and whole. 1 it is answered, 0 there is no record that it was sent, -1. */
static int find_record(struct home *h, struct arena *a, const struct genuine *g, const struct normal *n, struct proof *out,
		       struct err *e)
{
	int64_t id, one;
	int got;

	if (token_read_mail(&h->tokens, TOKEN_NOTICE_MESSAGE, slice_of(g->message_id), &id) && id) {
		got = was_sent_to(h, a, &Q_PROOF_NOTICE, id, g->to, e);
		out->notice = got > 0;
		if (got > 0 && (got = db_get_i64(h->db, &Q_PROOF_NOTICE_TEST, ARGS(db_i64(id)), &one, e)) >= 0) {
			out->test = got > 0;
			got = 1;
		}
	} else if (token_read_mail(&h->tokens, TOKEN_MESSAGE, slice_of(g->message_id), &id) && id) {
		got = codes_agree(h, n, id) ? was_sent_to(h, a, &Q_PROOF_SENT, id, g->to, e) : 0;
		if (got > 0)
			got = of_delivery(h, a, id, out, e);
		if (got > 0)
			out->code = code_text(h, a, id);
	} else {
		return 0;
	}
	if (got > 0)
		out->answer = PROOF_UNALTERED;
	return got;
}

static void remark_on_seal(struct arena *a, const struct genuine *g, struct proof *out)
{
	switch (g->seal) {
	case SEAL_NONE:
		remark(out, "It bears no signature of ours. A message that was forwarded has lost it; one that somebody else wrote never had it.");
		break;
	case SEAL_BODY:
		remark(out, "Its words, links or attachments were changed after we signed them. Mailing lists and filters do that; so does who means harm.");
		break;
	case SEAL_HEAD:
		remark(out, "Its sender, recipient, subject, date or another header was changed after we signed it.");
		break;
	case SEAL_PARTLY:
		remark(out, arena_printf(a, "Something in it was not signed by us: %s.", g->unsealed));
		break;
	case SEAL_WHOLE:
		remark(out, "We have signed it, but have no record that it was sent.");
		break;
	case SEAL_WORDS:
		BUG("seal");
	}
}

static void remark_on_sender(struct arena *a, const struct genuine *g, struct proof *out)
{
	const char *at = strrchr(g->from, '@'), *domain = at ? domain_parse(a, at + 1) : NULL;

	if (g->from[0] && !(domain && is_among(a, domain, split_words(a, out->domains))))
		remark(out, arena_printf(a, "It says that it comes from %s. Mail of this project comes from addresses at %s.", g->from,
					 out->domains));
	else if (!g->from[0])
		remark(out, "It does not say plainly from whom it comes.");
}

/* Without "Fwd:", "AW:", "[EXT]" and their like. */
static const char *bare_subject(const char *s)
{
	for (int i = 0; i < 8; i++) {
		size_t n;

		s += strspn(s, " \t");
		n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
		if (*s == '[' && strchr(s, ']'))
			s = strchr(s, ']') + 1;
		else if (n && n <= 4 && s[n] == ':')
			s += n + 1;
		else
			break;
	}
	return s;
}

static void remark_on_subject(struct arena *a, const struct genuine *g, struct proof *out)
{
	const char *approved = "";
	struct normal of_ours, of_this;
	const struct normal_index *x;

	for (size_t i = 0; i < out->mailing.n_texts; i++)
		approved = arena_printf(a, "%s%s\n\n", approved, fields_shown(a, out->mailing.texts[i].subject));
	normal_read(a, approved, true, &of_ours);
	normal_read(a, bare_subject(g->subject), false, &of_this);
	x = normal_index_new(a, &of_ours);
	for (size_t i = 0; i < of_this.n; i++)
		if (!normal_index_knows(x, &of_this, i)) {
			remark(out, "Its subject is not the one that was approved.");
			return;
		}
}

/* By code, by Message-ID, which somebody may have copied as well, or by its words. */
static int find_alike(struct home *h, struct arena *a, const struct genuine *g, const struct normal *n, struct proof *out,
		      struct err *e)
{
	int64_t id;

	if (find_by_codes(h, a, n, out, e) < 0)
		return -1;
	if (out->answer == PROOF_NONE && token_read_mail(&h->tokens, TOKEN_MESSAGE, slice_of(g->message_id), &id) &&
	    of_delivery(h, a, id, out, e) < 0)
		return -1;
	if (find_by_words(h, a, n, out, e) < 0)
		return -1;
	if (out->answer == PROOF_NONE)
		return 0;
	remark_on_seal(a, g, out);
	remark_on_sender(a, g, out);
	remark_on_subject(a, g, out);
	return compare(h, a, n, g->html_links, out, e);
}

int proof_by_message(struct home *h, struct arena *a, const struct genuine *g, struct proof *out, struct err *e)
{
	struct normal n;
	int got;

	start(out);
	out->attached = g->attached;
	normal_read(a, g->text, false, &n);
	got = g->seal == SEAL_WHOLE ? find_record(h, a, g, &n, out, e) : 0;
	if (got < 0)
		return -1;
	return got ? 0 : find_alike(h, a, g, &n, out, e);
}
