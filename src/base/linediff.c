/*
 * Myers' greedy algorithm: see linediff.h. Each round d holds, for every
 * diagonal k (lines used of the first minus of the second), how far d changes
 * can reach; the way is then walked back through the rounds.
 */
#include "base/linediff.h"

#define CHANGES_MAX 1000 /* the rounds cost their square */

struct lines {
	struct slice *line;
	size_t n;
};

struct diffing {
	struct lines x, y;   /* between the common beginning and end */
	struct diff_line *out;
	size_t n, differ;
};

static struct lines split(struct arena *a, const char *text)
{
	struct lines l = { 0 };
	size_t n = 0;

	for (const char *p = text; *p; p++)
		n += *p == '\n';
	l.line = ARENA_ARRAY(a, struct slice, n + 1);
	while (*text) {
		size_t len = strcspn(text, "\n");

		l.line[l.n++] = (struct slice){ text, len };
		text += len + (text[len] != '\0');
	}
	return l;
}

static bool same(struct slice x, struct slice y)
{
	return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

static void put(struct diffing *d, char sign, struct slice line)
{
	d->out[d->n++] = (struct diff_line){ sign, line };
	d->differ += sign != ' ';
}

static void replace_all(struct diffing *d)
{
	for (size_t i = 0; i < d->x.n; i++)
		put(d, '-', d->x.line[i]);
	for (size_t i = 0; i < d->y.n; i++)
		put(d, '+', d->y.line[i]);
}

/* From where a round reaches diagonal k: one line more of the second (down), else of the first. */
static bool comes_down(const long *reach, long d, long k)
{
	return k == -d || (k != d && reach[k - 1] < reach[k + 1]);
}

/* One round over all its diagonals; `reach` is indexed from -d to d. true: the end was reached. */
static bool run_round(const struct diffing *f, long *reach, long d)
{
	for (long k = -d; k <= d; k += 2) {
		long i = comes_down(reach, d, k) ? reach[k + 1] : reach[k - 1] + 1, j = i - k;

		while (i < (long)f->x.n && j < (long)f->y.n && same(f->x.line[i], f->y.line[j])) {
			i++;
			j++;
		}
		reach[k] = i;
		/* Points beyond the end never lead back to it. */
		if (i == (long)f->x.n && j == (long)f->y.n)
			return true;
	}
	return false;
}

/* Back from the end, writing into out[] from behind; `kept[d]` is what the round before d had reached. */
static void walk_back(struct diffing *f, struct arena *a, long *const *kept, long d)
{
	size_t room = f->x.n + f->y.n, at = room;
	struct diff_line *way = ARENA_ARRAY(a, struct diff_line, room + 1);
	long i = (long)f->x.n, j = (long)f->y.n;

	for (; d >= 0; d--) {
		const long *reach = kept[d] + d + 1;
		long k = i - j, from = d == 0 ? 0 : (comes_down(reach, d, k) ? reach[k + 1] : reach[k - 1]);
		bool down = d > 0 && comes_down(reach, d, k);
		long start = d == 0 ? 0 : (down ? from : from + 1);

		while (i > start) {
			way[--at] = (struct diff_line){ ' ', f->x.line[i - 1] };
			i--;
			j--;
		}
		if (d == 0)
			break;
		way[--at] = down ? (struct diff_line){ '+', f->y.line[j - 1] } : (struct diff_line){ '-', f->x.line[i - 1] };
		if (down)
			j--;
		else
			i--;
	}
	for (; at < room; at++)
		put(f, way[at].sign, way[at].text);
}

static void find_way(struct diffing *f, struct arena *a)
{
	long **kept = ARENA_ARRAY(a, long *, CHANGES_MAX + 1);
	long most = (long)(f->x.n + f->y.n);

	for (long d = 0; d <= most && d <= CHANGES_MAX; d++) {
		/* Each round begins from a copy of the one before, with a place more on both sides. */
		long *reach;

		kept[d] = ARENA_ARRAY(a, long, (size_t)(2 * d + 3));
		if (d > 0)
			memcpy(kept[d] + 1, kept[d - 1], sizeof(long) * (size_t)(2 * d + 1));
		reach = kept[d] + d + 1;
		if (run_round(f, reach, d)) {
			walk_back(f, a, kept, d);
			return;
		}
	}
	replace_all(f);
}

size_t line_diff(struct arena *a, const char *from, const char *to, struct diff_line **out, size_t *n)
{
	struct lines x = split(a, from), y = split(a, to);
	struct diffing f = { .out = ARENA_ARRAY(a, struct diff_line, x.n + y.n + 1) };
	size_t head = 0, tail = 0;

	while (head < x.n && head < y.n && same(x.line[head], y.line[head]))
		put(&f, ' ', x.line[head++]);
	while (tail < x.n - head && tail < y.n - head && same(x.line[x.n - tail - 1], y.line[y.n - tail - 1]))
		tail++;
	f.x = (struct lines){ x.line + head, x.n - head - tail };
	f.y = (struct lines){ y.line + head, y.n - head - tail };
	find_way(&f, a);
	for (size_t i = x.n - tail; i < x.n; i++)
		put(&f, ' ', x.line[i]);
	*out = f.out;
	*n = f.n;
	return f.differ;
}
