/*
 * The institution and its settings: see institution.h. SETTINGS below is the
 * only place that knows what can be set.
 */
#include "store/institution.h"

#include "base/codec.h"
#include "base/hours.h"
#include "base/utf8.h"
#include "compose/house_words.h"
#include "dns/dns.h"
#include "store/institution_words.h"
#include "store/query.h"

#define TEXT_MAX (64 * 1024)

#define TRIAL_STATEMENT                                                                                               \
	"Researchers here sometimes write to people who agreed to be contacted: to invite them to a study, to ask "  \
	"a question, or to share results.\n\n"                                                                        \
	"**If you got such a message, you can check it here.** Each study that may write to people has a page "      \
	"below, with the person who answers for it and the text of every message that was approved."

#define PRIVACY                                                                                                       \
	"We keep your address, what you agreed to and when, which messages were sent to you and what became of "     \
	"them. We use these for nothing else, and pass them to nobody but the mail servers that carry the "          \
	"message.\n\n"                                                                                                \
	"**No tracking.** Our messages hold no tracking pixels and no counted links; these pages set no cookies "    \
	"and load nothing from elsewhere.\n\n"                                                                        \
	"**Leaving.** Every message has a link with which you leave at once and for good. To make that last we "     \
	"keep a scrambled form of your address, and nothing else.\n\n"                                                \
	"**Your rights.** You may ask for a copy of what is held about you, have it corrected or erased, or "        \
	"complain. Write to the contact in the message, or to the address at the foot of this page."

static const struct setting SETTINGS[] = {
	{ "name", SETTING_TEXT, NULL, NULL, 1, 200, "The institution's name, as it stands in messages and on pages." },
	{ "domains", SETTING_LINES, NULL, NULL, 1, 4000, "The institution's domains, one on each line." },
	{ "statement", SETTING_TEXT, NULL, TRIAL_STATEMENT, 1, TEXT_MAX,
	  "The institution's statement on the page that messages point to. Markdown." },
	{ "privacy", SETTING_TEXT, PRIVACY, NULL, 1, TEXT_MAX, "The privacy page. Markdown." },
	{ "postal-address", SETTING_TEXT, NULL, "1 Sample Street\nSampletown", 1, 500,
	  "The postal address that stands in every message, on one or more lines." },
	{ "contact", SETTING_TEXT, NULL, NULL, 3, 254, "The postmaster's address, shown on public pages." },
	{ "unofficial-sentence.", SETTING_TEXT, NULL, NULL, 1, 500, "The sentence that says that a message is not official; one for each language, as unofficial-sentence.en." },
	{ "opt-out-wording.", SETTING_TEXT, "Stop all mail of this kind", NULL, 1, 200,
	  "The words of the link with which people leave; one for each language, as opt-out-wording.en." },
	{ "offices", SETTING_LINES,
	  "Vice-Chancellor\nChancellor\nRector\nPresident's Office\nRegistrar\nRegistry\nIT Services\nIT Service\nIT Support\n"
	  "Help Desk\nHelpdesk\nService Desk\nSecurity Team\nInformation Security\nFinance Office\nHuman Resources\n"
	  "Student Services\nAdmissions Office\nUniversity Administration",
	  NULL, 0, TEXT_MAX, "Names that speak for the institution, one on each line; no mailing may use them as its own." },
	{ "fatigue-ceiling", SETTING_NUMBER, "4", NULL, 1, 30, "Mailings that one person gets within 30 days, at most." },
	{ "validity-months", SETTING_NUMBER, "12", NULL, 1, 12, "Months after which a validation lapses." },
	{ "retention.replies", SETTING_NUMBER, "30", NULL, 1, 90, "Days after which answers of mail servers are dropped." },
	{ "retention.events", SETTING_NUMBER, "13", NULL, 1, 24,
	  "Months after which a delivery is reduced to what became of it; its opt-out link works for ever." },
	{ "retention.approvals", SETTING_NUMBER, "6", NULL, 6, 30,
	  "Years for which mailings and their approvals are kept at least." },
	{ "retention.consents", SETTING_NUMBER, "6", NULL, 1, 30,
	  "Years for which consent is kept after it was withdrawn, or the person erased." },
	{ "retention.unconfirmed", SETTING_NUMBER, "7", NULL, 7, 7, "Days after which sign-ups that were not confirmed go." },
	{ "retention.notices", SETTING_NUMBER, "30", NULL, 8, 90, "Days after which the addresses of system mail are dropped." },
	{ "retention.asked", SETTING_NUMBER, "30", NULL, 2, 90, "Days after which it is forgotten that somebody asked for a link." },
	{ "retention.complaints", SETTING_NUMBER, "6", NULL, 1, 30, "Years for which closed complaints are kept." },
	{ "resolver", SETTING_TEXT, NULL, NULL, 0, 80,
	  "The DNS resolver that is asked about identities, as ADDRESS or ADDRESS@PORT; without it the system's." },
	{ "ca-file", SETTING_TEXT, NULL, NULL, 0, 4000,
	  "A file of certificates that are believed beside the system's when the statement page is fetched." },
	{ "send-hours", SETTING_TEXT, "", NULL, 0, HOURS_TEXT_MAX,
	  "Days and hours in which mailings are sent, as mon-fri 08:00-18:00 Europe/Berlin; empty: at any time." },
	{ "connections", SETTING_NUMBER, "20", NULL, 1, 200, "Connections that a sender keeps to one relay, at most." },
};

QUERY(Q_SETTING_GET, "SELECT value FROM setting WHERE key = $1");
QUERY(Q_SETTING_SET, "INSERT INTO setting (key, value) VALUES ($1, $2)"
		     " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
QUERY(Q_SETTING_ALL, "SELECT key, value FROM setting ORDER BY key");

const struct setting *settings_table(size_t *n)
{
	*n = COUNT(SETTINGS);
	return SETTINGS;
}

static bool is_language(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && n <= 12 && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n;
}

const struct setting *setting_find(const char *key)
{
	for (size_t i = 0; i < COUNT(SETTINGS); i++) {
		size_t n = strlen(SETTINGS[i].key);

		if (strcmp(SETTINGS[i].key, key) == 0 && SETTINGS[i].key[n - 1] != '.')
			return &SETTINGS[i];
		if (SETTINGS[i].key[n - 1] == '.' && strncmp(SETTINGS[i].key, key, n) == 0 && is_language(key + n))
			return &SETTINGS[i];
	}
	return NULL;
}

static const char *trial_sentence(const struct trial_words *w, const char *prefix)
{
	return strcmp(prefix, "opt-out-wording.") == 0 ? w->opt_out_wording : w->unofficial;
}

/* What a setting is before anybody set it. */
static const char *initial(const struct home *h, const struct setting *s, const char *key)
{
	size_t n, prefix = strlen(s->key);
	const struct trial_words *w = trial_words(&n);

	if (s->key[prefix - 1] != '.')
		return h->trial && s->trial ? s->trial : s->initial;
	for (size_t i = 0; h->trial && i < n; i++)
		if (strcmp(w[i].language, key + prefix) == 0)
			return trial_sentence(&w[i], s->key);
	return strcmp(key + prefix, "en") == 0 ? s->initial : NULL;
}

int institution_get(struct home *h, struct arena *a, const char *key, const char **out, struct err *e)
{
	const struct setting *s = setting_find(key);
	struct rows r = { 0 };
	int got;

	if (!s)
		return err_set(e, ERR_MISSING, "%s: no such setting; placet institution show lists them", key);
	if (db_query(h->db, &Q_SETTING_GET, ARGS(db_text(key)), &r, e) < 0)
		return -1;
	got = rows_next(&r, e);
	*out = got > 0 ? arena_text(a, rows_text(&r, 0)) : initial(h, s, key);
	rows_close(&r);
	return got < 0 ? -1 : 0;
}

static int check_hours(const char *text, struct err *e)
{
	struct arena *a = arena_new();
	const struct hours *h;
	int rc = hours_parse(a, text, &h, e);

	arena_free(a);
	return rc;
}

static int check_value(const struct setting *s, const char *key, const char *value, struct err *e)
{
	int64_t number;

	if (!utf8_valid(value, strlen(value)))
		return err_set(e, ERR_INPUT, "%s: not valid UTF-8", key);
	if (strcmp(s->key, "resolver") == 0 && *value && dns_check_resolver(value, e) < 0)
		return -1;
	if (strcmp(s->key, "send-hours") == 0 && *value && check_hours(value, e) < 0)
		return -1;
	if (s->kind == SETTING_NUMBER) {
		if (parse_i64(value, s->min, s->max, &number) < 0)
			return err_set(e, ERR_INPUT, "%s: a number from %lld to %lld is wanted", key, (long long)s->min,
				       (long long)s->max);
		return 0;
	}
	if ((int64_t)strlen(value) < s->min || (int64_t)strlen(value) > s->max)
		return err_set(e, ERR_INPUT, "%s: %lld to %lld bytes are wanted", key, (long long)s->min,
			       (long long)s->max);
	return 0;
}

int institution_set(struct home *h, const char *key, const char *value, struct err *e)
{
	const struct setting *s = setting_find(key);

	if (!s)
		return err_set(e, ERR_MISSING, "%s: no such setting; placet institution show lists them", key);
	if (check_value(s, key, value, e) < 0)
		return -1;
	return db_exec(h->db, &Q_SETTING_SET, ARGS(db_text(key), db_text(value)), NULL, e);
}

/* --- the whole of it --------------------------------------------------------------------------- */

static const char *const *split_lines(struct arena *a, const char *text)
{
	size_t n = 2;
	const char **out;

	text = text ? text : "";
	for (const char *p = text; *p; p++)
		n += *p == '\n';
	out = ARENA_ARRAY(a, const char *, n);
	n = 0;
	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (len)
			out[n++] = arena_text_n(a, text, len);
		text += len;
		text += strspn(text, "\r\n");
	}
	return out;
}

#define PAIRS_MAX 64 /* languages */

/* Puts a text in its language's place, or behind the others. */
static void put_pair(const char **pairs, size_t *n, const char *language, const char *text)
{
	size_t i = 0;

	while (i < *n && strcmp(pairs[2 * i], language) != 0)
		i++;
	if (i == PAIRS_MAX)
		return;
	*n += i == *n;
	pairs[2 * i] = language;
	pairs[2 * i + 1] = text;
}

/* Pairs of language and text for a setting whose key ends in ".": what is set, and what a home begins with. */
static int load_pairs(struct home *h, struct arena *a, const char *prefix, const char *const **out, struct err *e)
{
	const char **pairs = ARENA_ARRAY(a, const char *, 2 * PAIRS_MAX + 1);
	size_t n = 0, n_trial, len = strlen(prefix);
	const struct trial_words *w = trial_words(&n_trial);
	const char *en = NULL;
	struct rows r = { 0 };
	int got;

	if (institution_get(h, a, arena_printf(a, "%sen", prefix), &en, e) < 0)
		return -1;
	if (en)
		put_pair(pairs, &n, "en", en);
	for (size_t i = 1; h->trial && i < n_trial; i++)
		put_pair(pairs, &n, w[i].language, trial_sentence(&w[i], prefix));
	if (db_query(h->db, &Q_SETTING_ALL, NO_ARGS, &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0)
		if (strncmp(rows_text(&r, 0), prefix, len) == 0)
			put_pair(pairs, &n, arena_text(a, rows_text(&r, 0) + len), arena_text(a, rows_text(&r, 1)));
	rows_close(&r);
	*out = pairs;
	return got < 0 ? -1 : 0;
}

static int get_number(struct home *h, struct arena *a, const char *key, int64_t *out, struct err *e)
{
	const char *text = NULL;

	if (institution_get(h, a, key, &text, e) < 0)
		return -1;
	MUST(text);
	return parse_i64(text, INT64_MIN, INT64_MAX, out) < 0 ? err_set(e, ERR_BROKEN, "%s: '%s' is stored", key, text) : 0;
}

int institution_load(struct home *h, struct arena *a, struct institution *out, struct err *e)
{
	const char *domains = NULL, *offices = NULL;

	if (institution_get(h, a, "name", &out->name, e) < 0 || institution_get(h, a, "domains", &domains, e) < 0 ||
	    institution_get(h, a, "statement", &out->statement, e) < 0 ||
	    institution_get(h, a, "privacy", &out->privacy, e) < 0 ||
	    institution_get(h, a, "postal-address", &out->postal_address, e) < 0 ||
	    institution_get(h, a, "contact", &out->contact, e) < 0 ||
	    institution_get(h, a, "offices", &offices, e) < 0 ||
	    load_pairs(h, a, "unofficial-sentence.", &out->unofficial, e) < 0 ||
	    load_pairs(h, a, "opt-out-wording.", &out->opt_out_wording, e) < 0 ||
	    get_number(h, a, "validity-months", &out->validity_months, e) < 0 ||
	    get_number(h, a, "fatigue-ceiling", &out->fatigue_ceiling, e) < 0)
		return err_in(e, "settings of the institution");
	out->domains = split_lines(a, domains);
	out->offices = split_lines(a, offices);
	out->statement_url = arena_printf(a, "%s/", h->url);
	return 0;
}

const char *institution_contact(struct arena *a, const struct institution *in)
{
	if (in->contact && in->contact[0])
		return in->contact;
	return in->domains && in->domains[0] ? arena_printf(a, "postmaster@%s", in->domains[0]) : "";
}

const char *pair_find(const char *const *pairs, const char *language)
{
	for (const char *const *p = pairs; p && p[0]; p += 2)
		if (strcmp(p[0], language) == 0)
			return p[1];
	for (const char *const *p = pairs; p && p[0]; p += 2)
		if (language_is(language, p[0]))
			return p[1];
	return NULL;
}
