/* Hours of mailings: see window.h. */
#include "store/window.h"

#include "base/hours.h"
#include "store/institution.h"
#include "store/pace.h"

#define KEEP MINUTE
#define KEEP_MOST 64

struct windows {
	struct arena *a;
	int64_t since; /* clock_ticks of the oldest that is kept */
	size_t n;
	struct {
		const char *text;
		const struct hours *hours;
	} kept[KEEP_MOST];
};

struct windows *windows_new(void)
{
	struct windows *w = mem_alloc(sizeof(*w));

	*w = (struct windows){ .a = arena_new() };
	return w;
}

void windows_free(struct windows *w)
{
	if (!w)
		return;
	arena_free(w->a);
	free(w);
}

static void forget_old(struct windows *w)
{
	if (w->n && w->n < KEEP_MOST - 1 && clock_ticks() - w->since < KEEP)
		return;
	arena_clear(w->a);
	w->n = 0;
	w->since = clock_ticks();
}

/* "" is always open: NULL. */
static int read_hours(struct windows *w, const char *text, const struct hours **out, struct err *e)
{
	*out = NULL;
	if (!text || !text[0])
		return 0;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->kept[i].text, text) == 0) {
			*out = w->kept[i].hours;
			return 0;
		}
	if (hours_parse(w->a, text, out, e) < 0)
		return -1;
	w->kept[w->n].text = arena_text(w->a, text);
	w->kept[w->n++].hours = *out;
	return 0;
}

int windows_opening(struct windows *w, struct home *h, const char *hours, int64_t t, int64_t *out, struct err *e)
{
	const struct hours *own, *all;
	const char *text = NULL;
	struct arena *a = arena_new();
	int rc = -1;

	forget_old(w);
	if (read_hours(w, hours, &own, e) == 0 && institution_get(h, a, "send-hours", &text, e) == 0 &&
	    read_hours(w, text, &all, e) == 0) {
		*out = hours_opening(own, all, t);
		rc = 0;
	}
	arena_free(a);
	return rc;
}

int mailing_opens(struct home *h, const struct mailing *m, int64_t *out, struct err *e)
{
	struct windows *w = windows_new();
	int rc = windows_opening(w, h, m->hours, home_now(h), out, e);

	windows_free(w);
	return rc;
}

/* The first moment at `t` or later at which hours are open and the identity has some left of its day. */
static int may_go_on(struct home *h, const struct mailing_head *m, int64_t t, int64_t *out, struct err *e)
{
	struct windows *w = windows_new();
	int64_t paced;
	int rc = pace_mailing_opens(h, m->id, t, &paced, e);

	if (rc == 0)
		rc = windows_opening(w, h, m->hours, paced, out, e);
	windows_free(w);
	return rc;
}

int mailing_next_due(struct home *h, const struct mailing_head *m, struct delivery_counts *counts, struct err *e)
{
	int64_t now = home_now(h), due = counts->next_due, opens;

	if (!due || m->ended)
		return 0;
	due = due < now ? now : due;
	if (!m->sending && due < m->not_before)
		due = m->not_before;
	if (may_go_on(h, m, due, &opens, e) < 0)
		return -1;
	/* What is due now and may go out stays as it was told. */
	if (opens > now)
		counts->next_due = opens == INT64_MAX ? 0 : opens;
	return 0;
}
