/*
 * What /metrics says: see metrics_gather.h. Nearly all figures are read off rows of senders and ends of indexes. What must
 * be counted, recipients by state of the mailings that are being sent, is counted so seldom that it takes a fiftieth of the
 * thread's time, however many there are.
 */
#include "web/metrics_gather.h"

#include <sys/stat.h>

#include "base/log.h"
#include "store/optout.h"
#include "store/sending.h"
#include "web/metrics_text.h"

#define COUNT_EVERY (10 * SECOND)
#define COUNT_SPARE 50
/* A mailing that was just started is counted at once when that takes no longer than this. */
#define COUNT_QUICK (SECOND / 10)

/* --- what is told without the database --------------------------------------------------------- */

/* "/opt-out/{token}" is "/opt-out". */
static struct slice first_segment(const struct route *r)
{
	return (struct slice){ r->pattern, 1 + strcspn(r->pattern + 1, "/") };
}

static void tell_page(struct buf *b, const char *page, const uint64_t n[6])
{
	static const char *const CLASSES[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };

	for (size_t i = 0; i < COUNT(CLASSES); i++)
		if (n[i] || i == 2 || i == 5)
			metric_count(b, "placet_web_answers_total", LABELS({ "page", page }, { "status", CLASSES[i] }), (int64_t)n[i]);
}

/* Pages by the first part of their address, each once. */
static void tell_web(struct buf *b, struct arena *a, const struct gathering *g, const struct web_tally *t)
{
	metric_family(b, "placet_web_answers_total", "counter", "Answers of the public pages, by the first part of their address.");
	for (size_t i = 0; i < g->n_routes; i++) {
		struct slice page = first_segment(&g->routes[i]);
		uint64_t sum[6] = { 0 };
		bool told = false;

		for (size_t j = 0; j < g->n_routes; j++) {
			struct slice other = first_segment(&g->routes[j]);

			if (other.n != page.n || memcmp(other.p, page.p, page.n) != 0)
				continue;
			told = told || j < i;
			for (size_t k = 0; k < 6; k++)
				sum[k] += t->n[j][k];
		}
		if (!told)
			tell_page(b, arena_text_n(a, page.p, page.n), sum);
	}
	tell_page(b, "none", t->n[TALLY_ROUTES]);
}

static int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* --- what is told from it ---------------------------------------------------------------------- */

static int tell_senders(struct buf *b, struct arena *a, struct home *h, struct err *e)
{
	int64_t alive = 0, in_flight = 0, waiting = 0, seen = 0;
	struct sending_sender *s;
	size_t n;

	if (sending_senders(h, a, &s, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		seen = s[i].seen > seen ? s[i].seen : seen;
		if (!s[i].alive)
			continue;
		alive++;
		in_flight += s[i].in_flight;
		waiting += s[i].waiting;
	}
	metric_family(b, "placet_senders", "gauge", "Send processes that have not ended: heard of in the last ten seconds, or not.");
	metric_count(b, "placet_senders", LABELS({ "state", "alive" }), alive);
	metric_count(b, "placet_senders", LABELS({ "state", "silent" }), (int64_t)n - alive);
	metric_single(b, "placet_in_flight", "gauge", "Messages that living senders are handing over just now.", in_flight);
	metric_single(b, "placet_claimed", "gauge", "Recipients that living senders hold and have not started.", waiting);
	if (seen) {
		metric_family(b, "placet_last_flush_age_seconds", "gauge", "Since the newest flush of any sender that has not ended.");
		metric_seconds(b, "placet_last_flush_age_seconds", NO_LABELS, home_now(h) - seen);
	}
	return 0;
}

static int tell_totals(struct buf *b, struct home *h, struct err *e)
{
	static const char name[] = "placet_outcomes_total";
	struct sending_totals t = { 0 };

	if (sending_totals(h, &t, e) < 0)
		return -1;
	metric_family(b, name, "counter", "What became of tries to deliver mailings, by all senders there ever were.");
	metric_count(b, name, LABELS({ "outcome", "accepted" }), t.accepted);
	metric_count(b, name, LABELS({ "outcome", "deferred" }), t.deferred);
	metric_count(b, name, LABELS({ "outcome", "failed" }), t.failed);
	metric_count(b, name, LABELS({ "outcome", "uncertain" }), t.uncertain);
	metric_count(b, name, LABELS({ "outcome", "skipped" }), t.skipped);
	metric_single(b, "placet_system_mail_accepted_total", "counter", "System mail that relays accepted.", t.notices);
	return 0;
}

/* The URL without a user's name. */
static const char *public_url(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://"), *at = strrchr(url, '@');

	return host && at && at > host ? arena_printf(a, "%.*s%s", (int)(host + 3 - url), url, at + 1) : url;
}

static const struct sending_relay *view_of(const struct sending_relay *r, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (r[i].id == id)
			return &r[i];
	return NULL;
}

enum relay_figure { RELAY_UP, RELAY_CONNECTIONS, RELAY_ACCEPTED, RELAY_FAULTS };

static int64_t relay_figure(enum relay_figure f, const struct sending_relay *view, const struct sending_relay_sum *sum)
{
	switch (f) {
	case RELAY_UP:
		return !view || strcmp(view->state, "down") != 0;
	case RELAY_CONNECTIONS:
		return view ? view->connections : 0;
	case RELAY_ACCEPTED:
		return sum->accepted;
	case RELAY_FAULTS:
		return sum->faults;
	}
	BUG("relay figure");
}

static int tell_relays(struct buf *b, struct arena *a, struct home *h, struct err *e)
{
	static const struct {
		const char *name, *type, *help;
	} FAMILY[] = {
		[RELAY_UP] = { "placet_relay_up", "gauge", "0 while no living sender that tried can use it." },
		[RELAY_CONNECTIONS] = { "placet_relay_connections", "gauge", "Connections of living senders to it." },
		[RELAY_ACCEPTED] = { "placet_relay_accepted_total", "counter", "Messages that it accepted." },
		[RELAY_FAULTS] = { "placet_relay_faults_total", "counter", "Its faults: refused, broken, silent, not authenticated." },
	};
	struct sending_relay_sum *sum;
	struct sending_relay *view;
	size_t n, n_views;

	if (sending_relay_sums(h, a, &sum, &n, e) < 0 || sending_relays(h, a, 0, &view, &n_views, e) < 0)
		return -1;
	for (size_t f = 0; f < COUNT(FAMILY); f++) {
		metric_family(b, FAMILY[f].name, FAMILY[f].type, FAMILY[f].help);
		for (size_t i = 0; i < n && i < METRICS_RELAYS; i++)
			metric_count(b, FAMILY[f].name, LABELS({ "identity", sum[i].identity }, { "relay", public_url(a, sum[i].url) }),
				     relay_figure((enum relay_figure)f, view_of(view, n_views, sum[i].id), &sum[i]));
	}
	return 0;
}

static int tell_identities(struct buf *b, struct arena *a, struct home *h, struct err *e)
{
	struct sending_identity *x;
	size_t n;

	if (sending_identities(h, a, &x, &n, e) < 0)
		return -1;
	metric_family(b, "placet_identity_held", "gauge", "1 while none of its mailings is sent (placet identity hold).");
	for (size_t i = 0; i < n && i < METRICS_IDENTITIES; i++)
		metric_count(b, "placet_identity_held", LABELS({ "identity", x[i].name }), x[i].held_at != 0);
	return 0;
}

static int tell_states(struct buf *b, struct arena *a, struct home *h, struct err *e)
{
	static const char *const STATES[] = { "draft", "submitted", "approved", "scheduled", "sending", "paused", "done", "cancelled",
					      "revoked" };
	struct sending_state *s;
	size_t n;

	if (sending_states(h, a, &s, &n, e) < 0)
		return -1;
	metric_family(b, "placet_mailings", "gauge", "Mailings by state.");
	for (size_t i = 0; i < COUNT(STATES); i++) {
		int64_t count = 0;

		for (size_t j = 0; j < n; j++)
			count += strcmp(s[j].state, STATES[i]) == 0 ? s[j].n : 0;
		metric_count(b, "placet_mailings", LABELS({ "state", STATES[i] }), count);
	}
	return 0;
}

static int64_t earlier(int64_t x, int64_t y)
{
	return !x || (y && y < x) ? y : x;
}

static void tell_age(struct buf *b, const char *of, int64_t since, int64_t now)
{
	metric_seconds(b, "placet_oldest_waiting_seconds", LABELS({ "of", of }), since ? now - since : 0);
}

static int tell_waiting(struct buf *b, struct home *h, const struct sending_mailing *m, size_t n, struct err *e)
{
	int64_t now = home_now(h), first = 0, retry = 0, notices = 0;

	if (sending_system_mail(h, &notices, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		first = earlier(first, m[i].waits_since);
		retry = earlier(retry, m[i].retry_since);
	}
	metric_family(b, "placet_oldest_waiting_seconds", "gauge", "How long the one waits who is due the longest; 0: nobody is due.");
	tell_age(b, "mailing", first, now);
	tell_age(b, "retry", retry, now);
	tell_age(b, "system-mail", notices, now);
	return 0;
}

/* --- what is counted --------------------------------------------------------------------------- */

static bool is_counted(const struct gathering *g, int64_t mailing)
{
	for (size_t i = 0; i < g->n_counted; i++)
		if (g->counted[i].mailing == mailing)
			return true;
	return false;
}

static bool count_is_due(const struct gathering *g, const struct sending_mailing *m, size_t n)
{
	int64_t since = clock_ticks() - g->counted_at;

	if (!g->counted_at || (since > COUNT_EVERY && since > g->count_took * COUNT_SPARE))
		return true;
	for (size_t i = 0; i < n && g->count_took < COUNT_QUICK; i++)
		if (!is_counted(g, m[i].id))
			return true;
	return false;
}

static int count_one(struct gathering *g, struct arena *a, int64_t mailing, struct counted *out, struct err *e)
{
	struct sending_state *s;
	size_t n;

	if (sending_count(g->home, a, mailing, &s, &n, e) < 0)
		return -1;
	*out = (struct counted){ .mailing = mailing };
	for (size_t i = 0; i < n && i < METRICS_STATES; i++) {
		snprintf(out->by[i].state, sizeof(out->by[i].state), "%s", s[i].state);
		out->by[i].n = s[i].n;
		out->n++;
	}
	return 0;
}

static int count_all(struct gathering *g, struct arena *a, const struct sending_mailing *m, size_t n, struct err *e)
{
	int64_t began = clock_ticks();

	if (!count_is_due(g, m, n))
		return 0;
	g->n_counted = 0;
	for (size_t i = 0; i < n; i++) {
		if (count_one(g, a, m[i].id, &g->counted[i], e) < 0)
			return -1;
		g->n_counted++;
	}
	g->counted_at = clock_ticks();
	g->count_took = g->counted_at - began;
	return 0;
}

/* In the order in which they were begun; those that ended since are left out. */
static void tell_counted(struct buf *b, struct arena *a, const struct gathering *g, const struct sending_mailing *m, size_t n)
{
	static const char *const STATES[] = { "queued", "attempting", "accepted", "deferred", "failed", "uncertain", "skipped" };
	static const char name[] = "placet_recipients";

	metric_family(b, name, "gauge", "Recipients of each mailing that is being sent, by state, when they were last counted.");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < g->n_counted; j++)
			for (size_t s = 0; g->counted[j].mailing == m[i].id && s < COUNT(STATES); s++) {
				int64_t count = 0;

				for (size_t k = 0; k < g->counted[j].n; k++)
					count += strcmp(g->counted[j].by[k].state, STATES[s]) == 0 ? g->counted[j].by[k].n : 0;
				metric_count(b, name, LABELS({ "mailing", arena_printf(a, "%lld", (long long)m[i].id) }, { "state", STATES[s] }),
					     count);
			}
	metric_family(b, "placet_recipients_age_seconds", "gauge", "Since recipients were last counted.");
	metric_seconds(b, "placet_recipients_age_seconds", NO_LABELS, clock_ticks() - g->counted_at);
}

static int tell_mailings(struct buf *b, struct arena *a, struct gathering *g, struct err *e)
{
	struct sending_mailing *m;
	size_t n;

	if (sending_mailings(g->home, a, &m, &n, e) < 0 || tell_waiting(b, g->home, m, n, e) < 0)
		return -1;
	n = n < METRICS_MAILINGS ? n : METRICS_MAILINGS;
	if (count_all(g, a, m, n, e) < 0)
		return -1;
	tell_counted(b, a, g, m, n);
	return 0;
}

static int tell_database(struct buf *b, struct arena *a, struct home *h, struct err *e)
{
	const char *file = db_path(h->db);
	struct opt_out_place followed;
	int64_t size = 0, journal;

	if (sending_database_size(h, &size, e) < 0 || opt_out_followed(h, &followed, e) < 0)
		return -1;
	metric_single(b, "placet_database_bytes", "gauge", "Size of the database.", size);
	if (file)
		metric_single(b, "placet_database_log_bytes", "gauge", "Size of SQLite's log, which is copied into the database now and then.",
			      file_size(arena_printf(a, "%s-wal", file)));
	journal = optout_journal_size(h->opt_outs);
	metric_single(b, "placet_opt_out_journal_bytes", "gauge", "Size of the journal of opt-outs of this host.", journal);
	metric_single(b, "placet_opt_out_behind_bytes", "gauge",
		      "So much of that journal the database has not heard of; senders have, whatever this says.",
		      strcmp(followed.id, optout_journal_id(h->opt_outs)) == 0 && followed.end <= journal ? journal - followed.end : journal);
	return 0;
}

/* --- all of it ---------------------------------------------------------------------------------- */

static int gather_data(struct gathering *g, struct arena *a, struct buf *b, struct err *e)
{
	struct home *h = g->home;
	int rc = -1;

	if (db_begin_read(h->db, e) < 0)
		return -1;
	if (tell_states(b, a, h, e) == 0 && tell_mailings(b, a, g, e) == 0 && tell_totals(b, h, e) == 0 &&
	    tell_senders(b, a, h, e) == 0 && tell_relays(b, a, h, e) == 0 && tell_identities(b, a, h, e) == 0 &&
	    tell_database(b, a, h, e) == 0)
		rc = 0;
	db_rollback(h->db);
	return rc;
}

void metrics_gather(struct gathering *g, const struct web_tally *tally, struct buf *out)
{
	struct arena *a = arena_new();
	struct buf data;
	struct err e = { 0 };
	bool there;

	buf_init(&data, METRICS_TEXT_MAX);
	there = gather_data(g, a, &data, &e) == 0 && !data.over;
	if (!there && !g->away)
		log_event(LOG_LEVEL_WARN, "metrics-without-database", "why", e.text, NULL);
	g->away = !there;
	buf_clear(out);
	metric_single(out, "placet_database_up", "gauge", "1 if the figures from the database are here.", there);
	tell_web(out, a, g, tally);
	if (there)
		buf_add_buf(out, &data);
	buf_free(&data);
	arena_free(a);
}
