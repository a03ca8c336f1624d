/* Sharing connections out: see share.h. One by one, each to who is furthest below its share: exact under any limits. */
#include "smtp/share.h"

/* Those that stand by are alike. */
static int64_t weight_of(const struct share *s)
{
	return s->weight > 0 ? s->weight : 1;
}

static bool is_used(const struct share *s, bool primary)
{
	return s->there && s->usable && (s->weight > 0 || !primary);
}

static struct share *furthest_below(struct share *s, size_t n, bool primary)
{
	struct share *least = NULL;

	for (size_t i = 0; i < n; i++)
		if (is_used(&s[i], primary) && (!s[i].most || s[i].now < s[i].most) &&
		    (!least || s[i].now * weight_of(least) < least->now * weight_of(&s[i])))
			least = &s[i];
	return least;
}

void share_out(struct share *s, size_t n, int64_t connections)
{
	bool primary = false;
	struct share *next;

	for (size_t i = 0; i < n; i++)
		primary = primary || (s[i].there && s[i].usable && s[i].weight > 0);
	for (size_t i = 0; i < n; i++) {
		s[i].now = s[i].there && (s[i].weight > 0 || !primary);
		connections -= is_used(&s[i], primary);
	}
	for (; connections > 0 && (next = furthest_below(s, n, primary)); connections--)
		next->now++;
}
