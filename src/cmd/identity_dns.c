/*
 * placet identity dns, check, rotate, and placet site check: what is to be published, whether the world sees it, and the
 * change of keys.
 */
#include "cmd/identity.h"

#include "base/file.h"
#include "dns/look.h"
#include "store/audit.h"
#include "store/rotation.h"

#define ZONE_MAX (256 * 1024)
#define MESSAGE_MAX (32 * 1024 * 1024)

/* --- dns --------------------------------------------------------------------------------------- */

/* SPF: the outbound addresses, each as ip4 or ip6, and what providers say of theirs. */
static void add_spf(struct ctx *c, struct buf *out, const struct identity *x)
{
	const char *const *entry = split_words(c->a, x->outbound);

	buf_addf(out, "%s. 3600 IN TXT \"v=spf1", x->domain[0]);
	for (; *entry; entry++)
		if (outbound_is_include(*entry))
			buf_addf(out, " %s", *entry);
		else
			buf_addf(out, " %s:%s", strchr(*entry, ':') ? "ip6" : "ip4", *entry);
	buf_adds(out, " -all\"\n");
}

static int add_keys(struct ctx *c, struct buf *out, const struct identity *x, struct err *e)
{
	struct identity_key *key;
	size_t n;

	if (identity_keys(c->h, c->a, x, &key, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (key[i].state != KEY_GONE)
			dkim_zone_line(out, key[i].selector, x->domain[0],
				       key[i].state == KEY_WITHDRAWN ? "v=DKIM1; p=" : key[i].record);
	return 0;
}

/* A relay that signs has keys of its own; ours stay published, since what they signed may still be looked at. */
static int make_zone(struct ctx *c, struct buf *out, const struct identity *x, struct err *e)
{
	const char *host = strstr(c->h->url, "://");

	if (add_keys(c, out, x, e) < 0)
		return -1;
	if (x->relay_signs)
		buf_adds(out, "; the relay signs: publish its keys too\n");
	add_spf(c, out, x);
	buf_addf(out, "_dmarc.%s. 3600 IN TXT \"v=DMARC1; p=none; adkim=%s; aspf=s; np=reject\"\n", x->domain[0],
		 x->relay_signs ? "r" : "s");
	buf_addf(out, "; bounces go to addresses of %s: let the host that takes mail for Placet be its MX, as in\n", x->domain[0]);
	buf_addf(out, "; %s. 3600 IN MX 10 %.*s.\n", x->domain[0], host ? (int)strcspn(host + 3, ":/") : 0, host ? host + 3 : "");
	return 0;
}

RUN(cmd_identity_dns)
{
	struct identity x;
	struct buf out;
	int rc;

	if (identity_find(c, &x, e) < 0)
		return -1;
	buf_init(&out, ZONE_MAX);
	rc = make_zone(c, &out, &x, e);
	if (rc == 0 && c->json)
		rc = print_json(json_pack("{s:s, s:s}", "name", x.name, "zone", buf_text(&out)));
	else if (rc == 0)
		fputs(buf_text(&out), stdout);
	buf_free(&out);
	return rc;
}

/* --- facts as they are told -------------------------------------------------------------------- */

static const char *answer_of(enum fact f)
{
	static const char *const WORDS[] = { [FACT_UNKNOWN] = "unknown", [FACT_NO] = "no", [FACT_YES] = "yes", [FACT_TRIAL] = "trial" };

	return WORDS[f];
}

void fact_say(const struct ctx *c, const struct fact_known *f, const char *what)
{
	say(c, "%-8s %s%s%s", answer_of(f->answer), what, f->answer == FACT_TRIAL ? "" : ": ",
	    f->answer == FACT_TRIAL ? "" : f->words.found);
	if (f->words.mend && *f->words.mend)
		say(c, "         mend: %s", f->words.mend);
}

json_t *fact_json(const char *name, const struct fact_known *f)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "fact", name, "answer", answer_of(f->answer), "found", f->words.found, "mend",
			 f->words.mend, "at", json_time(f->at));
}

int fact_exit(int so_far, const struct fact_known *f)
{
	int code = f->answer == FACT_NO ? 1 : f->answer == FACT_UNKNOWN ? 75 : 0;

	return so_far == 1 || code == 1 ? 1 : so_far == 75 || code == 75 ? 75 : 0;
}

const char *exit_verdict(int code)
{
	return code == 0 ? "pass" : code == 1 ? "fail" : "unknown";
}

/* --- check ------------------------------------------------------------------------------------- */

static int prove_relay(struct ctx *c, const struct identity *x, struct err *e)
{
	const char *path = opt(c, "signed-message"), *domain;
	struct buf file, message;
	int rc;

	if (!path)
		return 0;
	buf_init(&file, MESSAGE_MAX);
	buf_init(&message, MESSAGE_MAX);
	rc = file_read(path, &file, e);
	/* Mail programs save with bare line feeds; what was signed has CRLF. */
	for (size_t i = 0; i < file.n; i++)
		if (file.p[i] == '\n' && (i == 0 || file.p[i - 1] != '\r'))
			buf_adds(&message, "\r\n");
		else
			buf_addc(&message, file.p[i]);
	if (rc == 0)
		rc = facts_prove_relay(c->h, c->a, x, (struct slice){ buf_text(&message), message.n }, &domain, e);
	if (rc == 0)
		say(c, "the message proves that the relay signs as %s", domain);
	buf_free(&file);
	buf_free(&message);
	return rc < 0 ? err_in(e, "--signed-message %s", path) : 0;
}

static int tell_facts(struct ctx *c, const struct identity *x, const struct facts_known *known, int64_t moved)
{
	json_t *facts = json_array();
	int code = 0;

	for (enum known k = 0; k < KNOWN_COUNT; k++) {
		const struct fact_known *f = &known->fact[k];

		code = fact_exit(code, f);
		json_array_append_new(facts, fact_json(known_name(k), f));
		fact_say(c, f, k == KNOWN_PAGE ? "the statement page answers at its public address" : known_what(k, x->relay_signs));
	}
	if (moved)
		say(c, "%lld keys went on to their next state: placet identity show %s", (long long)moved, x->name);
	if (c->json)
		print_json(json_pack("{s:s, s:s, s:o, s:I}", "name", x->name, "verdict", exit_verdict(code), "facts", facts, "keys_moved",
				     (json_int_t)moved));
	else
		json_decref(facts);
	return code;
}

RUN(cmd_identity_check)
{
	struct institution in;
	struct facts_known known;
	struct identity x;
	int64_t moved;

	if (identity_find(c, &x, e) < 0 || institution_load(c->h, c->a, &in, e) < 0 || prove_relay(c, &x, e) < 0 ||
	    facts_look(c->h, c->a, &in, &x, NULL, &known, e) < 0 ||
	    rotation_advance(c->h, c->a, &x, &known.keys, &moved, e) < 0)
		return -1;
	return tell_facts(c, &x, &known, moved);
}

/* --- rotate ------------------------------------------------------------------------------------ */

RUN(cmd_identity_rotate)
{
	bool at_once = opt_set(c, "at-once");
	struct identity x;
	int64_t by, paused = 0;
	json_t *out;

	if (ctx_operator(c, &by, e) < 0 || identity_find(c, &x, e) < 0)
		return -1;
	if (at_once ? rotation_at_once(c->h, c->a, by, &x, &paused, e) < 0 : rotation_begin(c->h, c->a, by, &x, e) < 0)
		return -1;
	if (at_once)
		say(c, "identity %s signs with new keys from now on, and the ones before are withdrawn: publish what placet identity dns %s"
		       " prints at once; %lld mailings are paused until you resume them", x.name, x.name, (long long)paused);
	else
		say(c, "identity %s has its next keys: publish what placet identity dns %s prints; they sign once they were seen for %d hours"
		       " (placet work looks, and placet identity check)", x.name, x.name, (int)(KEYS_SEEN_FOR / HOUR));
	if (!c->json)
		return 0;
	if (identity_json(c, &x, &out, e) < 0)
		return -1;
	json_object_set_new(out, "paused", json_integer(paused));
	return print_json(out);
}

/* --- site check -------------------------------------------------------------------------------- */

static int look_page(struct ctx *c, const struct institution *in, const struct project *p, json_t *pages, int *code, struct err *e)
{
	const char *url = p ? p->url : in->statement_url;
	struct fact_known f;
	json_t *one;

	if (facts_look_page(c->h, c->a, in, p, &f, e) < 0)
		return -1;
	*code = fact_exit(*code, &f);
	one = fact_json("statement-page", &f);
	json_object_set_new(one, "url", json_string(url));
	json_array_append_new(pages, one);
	fact_say(c, &f, url);
	return 0;
}

RUN(cmd_site_check)
{
	struct institution in;
	struct project *p;
	json_t *pages = json_array();
	int code = 0, rc;
	size_t n = 0;

	rc = institution_load(c->h, c->a, &in, e) < 0 || project_list(c->h, c->a, true, &p, &n, e) < 0 ||
			     look_page(c, &in, NULL, pages, &code, e) < 0
		     ? -1
		     : 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = look_page(c, &in, &p[i], pages, &code, e);
	if (rc < 0 || !c->json) {
		json_decref(pages);
		return rc < 0 ? -1 : code;
	}
	print_json(json_pack("{s:s, s:o}", "verdict", exit_verdict(code), "pages", pages));
	return code;
}
