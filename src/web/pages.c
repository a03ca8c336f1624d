/*
 * Helpers of the public pages: see pages.h. Dates, links and the words for
 * what became of a mailing stand here once, so that no two pages tell it
 * differently.
 */
#include "web/pages.h"

#include "compose/fields.h"
#include "compose/house.h"
#include "compose/markdown.h"
#include "tmpl.h"

#define MARKDOWN_HTML_MAX (1 << 20)

static void free_buf(void *p)
{
	buf_free(p);
}

const char *mail_link(struct arena *a, const char *address)
{
	return text_given(address) ? arena_printf(a, "mailto:%s", address) : "";
}

int page_open(const struct request *r, struct page *p, struct err *e)
{
	p->web = r->ctx;
	p->a = r->arena;
	if (institution_load(p->web->home, p->a, &p->in, e) < 0)
		return -1;
	p->contact = institution_contact(p->a, &p->in);
	p->contact_url = mail_link(p->a, p->contact);
	return 0;
}

int page_open_alone(const struct request *r, struct page *p, struct err *e)
{
	struct web *w = r->ctx;
	int rc;

	if (db_begin_read(w->home->db, e) < 0)
		return -1;
	rc = page_open(r, p, e);
	db_rollback(w->home->db);
	return rc;
}

int page_markdown(struct arena *a, const char *markdown, struct html *out, struct err *e)
{
	struct buf *b = ARENA_NEW(a, struct buf);

	*out = (struct html){ 0 };
	if (!markdown)
		return 0;
	buf_init(b, MARKDOWN_HTML_MAX);
	arena_defer(a, free_buf, b);
	if (markdown_to_html(markdown, strlen(markdown), true, b, e) < 0)
		return -1;
	*out = (struct html){ b->p, b->n };
	return 0;
}

const char *page_day(struct arena *a, int64_t t)
{
	char day[32];

	return arena_text(a, time_day(t, day));
}

const char *page_subject(struct arena *a, const char *subject)
{
	return fields_shown(a, subject);
}

static const char *language_name(const char *tag)
{
	static const char *const NAMES[][2] = {
		{ "ar", "Arabic" },     { "bg", "Bulgarian" }, { "bn", "Bengali" },   { "cs", "Czech" },      { "cy", "Welsh" },
		{ "da", "Danish" },     { "de", "German" },    { "el", "Greek" },     { "en", "English" },    { "es", "Spanish" },
		{ "et", "Estonian" },   { "eu", "Basque" },    { "fa", "Persian" },   { "fi", "Finnish" },    { "fr", "French" },
		{ "ga", "Irish" },      { "gd", "Gaelic" },    { "he", "Hebrew" },    { "hi", "Hindi" },      { "hr", "Croatian" },
		{ "hu", "Hungarian" },  { "is", "Icelandic" }, { "it", "Italian" },   { "ja", "Japanese" },   { "ko", "Korean" },
		{ "lt", "Lithuanian" }, { "lv", "Latvian" },   { "mt", "Maltese" },   { "nb", "Norwegian" },  { "nl", "Dutch" },
		{ "pl", "Polish" },     { "pt", "Portuguese" }, { "ro", "Romanian" }, { "ru", "Russian" },    { "sk", "Slovak" },
		{ "sl", "Slovenian" },  { "sr", "Serbian" },   { "sv", "Swedish" },   { "tr", "Turkish" },    { "uk", "Ukrainian" },
		{ "ur", "Urdu" },       { "vi", "Vietnamese" }, { "zh", "Chinese" },  { "ca", "Catalan" },    { "gl", "Galician" },
	};

	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (strcmp(NAMES[i][0], tag) == 0)
			return NAMES[i][1];
	return tag;
}

const struct approved_row *page_texts(struct arena *a, const struct public_mailing *m)
{
	struct approved_row *rows = ARENA_ARRAY(a, struct approved_row, m->n_texts + 1);

	for (size_t i = 0; i < m->n_texts; i++)
		rows[i] = (struct approved_row){
			.language = m->texts[i].language,
			.direction = language_direction(m->texts[i].language),
			.label = m->n_texts > 1 ? language_name(m->texts[i].language) : "",
			.subject = page_subject(a, m->texts[i].subject),
			.text = m->texts[i].text ? m->texts[i].text : "",
		};
	return rows;
}

const struct host_row *page_hosts(struct arena *a, const char *const *hosts, size_t *n)
{
	struct host_row *rows;

	for (*n = 0; hosts[*n]; (*n)++)
		;
	rows = ARENA_ARRAY(a, struct host_row, *n + 1);
	for (size_t i = 0; i < *n; i++)
		rows[i].host = hosts[i];
	return rows;
}

const char *project_path(struct arena *a, const char *slug)
{
	return arena_printf(a, "/projects/%s", slug);
}

const char *mailing_path(struct arena *a, const char *slug, int64_t id)
{
	return arena_printf(a, "/projects/%s/mailings/%lld", slug, (long long)id);
}

static const char *sent_words(struct arena *a, const struct public_mailing *m)
{
	const char *from, *to;

	if (!m->started)
		return "Nothing was sent.";
	from = page_day(a, m->started);
	if (!m->ended)
		return arena_printf(a, "Sent from %s.", from);
	to = page_day(a, m->ended);
	return strcmp(from, to) == 0 ? arena_printf(a, "Sent on %s.", from)
				     : arena_printf(a, "Sent from %s to %s.", from, to);
}

static struct mailing_words stopped_words(struct arena *a, const struct public_mailing *m, const char *what)
{
	bool why = text_given(m->why);

	return (struct mailing_words){
		.state = arena_printf(a, "%s. %s", what, sent_words(a, m)),
		.stopped = what,
		.stopped_text = arena_printf(a, "This mailing was stopped%s%s%s %s", why ? ": " : ".", why ? m->why : "",
					     why && !strchr(".!?", m->why[strlen(m->why) - 1]) ? "." : "",
					     m->started ? "Part of it had been sent before." : "Nothing of it was sent."),
	};
}

struct mailing_words mailing_words(struct arena *a, const struct public_mailing *m)
{
	const char *words = "Approved, not sent yet.";

	if (strcmp(m->state, "revoked") == 0)
		return stopped_words(a, m, "Revoked");
	if (strcmp(m->state, "cancelled") == 0)
		return stopped_words(a, m, "Cancelled");
	if (strcmp(m->state, "sending") == 0)
		words = m->started ? arena_printf(a, "Being sent since %s.", page_day(a, m->started)) : "Being sent.";
	else if (strcmp(m->state, "paused") == 0)
		words = arena_printf(a, "Paused. %s", sent_words(a, m));
	else if (strcmp(m->state, "done") == 0)
		words = sent_words(a, m);
	return (struct mailing_words){ .state = words };
}
