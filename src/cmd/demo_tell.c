/*
 * The screen of the demonstration: 80 columns, calm, with colour only on a
 * terminal. What is typed stands behind "$", what came of it below.
 */
#include "cmd/demo_tell.h"

#include "base/utf8.h"

#include <uniwidth.h>

#define WIDTH 80
#define BAR   40

static const char BOLD[] = "\033[1m", DIM[] = "\033[2m", RED[] = "\033[31m", GREEN[] = "\033[32m",
		  BLUE[] = "\033[1;34m", NORMAL[] = "\033[0m";

static void print(const struct stage *s, const char *how, const char *text)
{
	if (s->colour && how)
		printf("%s%s%s", how, text, NORMAL);
	else
		fputs(text, stdout);
}

/* The columns that a character takes on a screen: 0, 1 or 2. */
static size_t wide_of(const char *text, size_t n, size_t *len)
{
	int wide = uc_width(utf8_char(text, n, len), "UTF-8");

	return wide > 0 ? (size_t)wide : 0;
}

static size_t columns(const char *text)
{
	size_t n = strlen(text), sum = 0, len;

	for (size_t i = 0; i < n; i += len)
		sum += wide_of(text + i, n - i, &len);
	return sum;
}

/* The bytes of a line of `n` that fit into so many columns. */
static size_t fitting(const char *line, size_t n, size_t most)
{
	size_t i = 0, sum = 0, len;

	for (; i < n; i += len) {
		sum += wide_of(line + i, n - i, &len);
		if (sum > most)
			break;
	}
	return i;
}

/* Prints words with lines broken at blanks: `at` columns are used, further lines begin at `hang`. */
static void wrap(const struct stage *s, const char *how, const char *text, size_t at, size_t hang)
{
	while (*text) {
		size_t gap = strspn(text, " "), n = strcspn(text + gap, " ");
		char *word = arena_text_n(s->a, text + gap, n);
		size_t wide = columns(word);

		if (at + gap + wide > WIDTH && at > hang) {
			printf("\n%*s", (int)hang, "");
			at = hang;
			gap = 0;
			while (*text == ' ')
				text++;
		} else {
			text += gap;
		}
		printf("%*s", (int)gap, "");
		print(s, how, word);
		text += n;
		at += gap + wide;
	}
	fputc('\n', stdout);
}

/* --- words ------------------------------------------------------------------------------------- */

void stage_chapter(struct stage *s, const char *title, const char *words)
{
	if (s->quiet)
		return;
	fputc('\n', stdout);
	print(s, BLUE, arena_printf(s->a, "%zu  %s", ++s->chapter, title));
	fputc('\n', stdout);
	stage_words(s, words);
}

void stage_words(struct stage *s, const char *words)
{
	if (s->quiet)
		return;
	fputs("   ", stdout);
	wrap(s, NULL, words, 3, 3);
}

void stage_remark(struct stage *s, const char *words)
{
	if (s->quiet)
		return;
	fputc('\n', stdout);
	stage_words(s, words);
}

void stage_lines(struct stage *s, const char *lines, size_t most)
{
	if (s->quiet)
		return;
	fputc('\n', stdout);
	for (size_t i = 0; i < most && *lines; i++) {
		size_t n = strcspn(lines, "\r\n"), shown = fitting(lines, n, WIDTH - 5);

		if (shown < n)
			shown = fitting(lines, n, WIDTH - 8);
		fputs(n ? "     " : "", stdout);
		print(s, DIM, arena_printf(s->a, "%.*s%s", (int)shown, lines, shown < n ? "..." : ""));
		fputc('\n', stdout);
		lines += n;
		lines += strspn(lines, "\r");
		lines += *lines == '\n';
	}
}

void stage_entry(struct stage *s, const char *what, const char *value)
{
	if (s->quiet)
		return;
	if (strlen(value) > WIDTH - 23)
		printf("   %s\n     ", what);
	else
		printf("   %-20s", what);
	print(s, BOLD, value);
	fputc('\n', stdout);
}

void stage_progress(struct stage *s, int64_t done, int64_t all, bool last)
{
	int filled = all > 0 ? (int)(BAR * done / all) : BAR;

	if (s->quiet || (!s->live && !last))
		return;
	if (!s->live) {
		printf("     done with %lld of %lld\n", (long long)done, (long long)all);
		return;
	}
	fputs("\r     ", stdout);
	for (int i = 0; i < BAR; i++)
		print(s, i < filled ? GREEN : DIM, i < filled ? "█" : "░");
	printf("  %lld of %lld%s", (long long)done, (long long)all, last ? "\n" : "");
	fflush(stdout);
}

/* --- commands ---------------------------------------------------------------------------------- */

const char *tell_quoted(struct arena *a, const char *word)
{
	static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";

	if (*word && strspn(word, PLAIN) == strlen(word))
		return word;
	return arena_printf(a, strpbrk(word, "\"$`\\!") ? "'%s'" : "\"%s\"", word);
}

/* One piece of the line, on a new one if it does not fit with what may have to follow. */
static void put_piece(const struct stage *s, const char *piece, size_t *at)
{
	size_t wide = columns(piece);

	if (*at + 1 + wide > WIDTH - 2) {
		fputs(" \\\n       ", stdout);
		*at = 7;
	} else if (*at > 5) {
		fputc(' ', stdout);
		*at += 1;
	}
	print(s, BOLD, piece);
	*at += wide;
}

static void put_command(struct stage *s, const char *const *words, const char *tail)
{
	size_t at = 5;

	if (s->quiet)
		return;
	fputs("\n   ", stdout);
	print(s, DIM, "$ ");
	put_piece(s, "placet", &at);
	for (size_t i = 0; words[i]; i++) {
		bool pair = strncmp(words[i], "--", 2) == 0 && words[i + 1] && strncmp(words[i + 1], "--", 2) != 0;
		const char *piece = tell_quoted(s->a, words[i]);

		if (pair)
			piece = arena_printf(s->a, "%s %s", piece, tell_quoted(s->a, words[++i]));
		put_piece(s, piece, &at);
	}
	if (tail)
		put_piece(s, tail, &at);
	fputc('\n', stdout);
	fflush(stdout);
}

void tell_command(struct stage *s, const char *const *words, const char *into)
{
	put_command(s, words, into ? arena_printf(s->a, "> %s", into) : NULL);
}

void tell_background(struct stage *s, const char *const *words)
{
	put_command(s, words, "&");
}

/* --- output ------------------------------------------------------------------------------------ */

/* Where the last column of a line begins: behind the last gap of two blanks among its first 40 bytes. */
static size_t last_column(const char *line)
{
	const char *mend = strstr(line, "to mend: ");
	size_t n = strlen(line), at = strspn(line, " ");

	if (mend)
		return (size_t)(mend - line) + strlen("to mend: ");
	for (size_t i = at; i + 2 < n && i < 40; i++)
		if (line[i] == ' ' && line[i + 1] == ' ' && line[i + 2] != ' ')
			at = i + 2;
	return at;
}

/* How an answer of the policy looks; *at and *n say where it stands in the line. */
static const char *colour_of(const char *line, size_t *at, size_t *n)
{
	static const struct {
		const char *start, *how;
	} HOW[] = { { "fail  ", RED },
		    { "pass  ", GREEN },
		    { "n/a  ", DIM },
		    { "verdict: fail", RED },
		    { "verdict: pass", GREEN } };

	*at = strspn(line, " 0123456789");
	for (size_t i = 0; i < COUNT(HOW); i++) {
		*n = strlen(HOW[i].start);
		if (strncmp(line + *at, HOW[i].start, *n) == 0)
			return HOW[i].how;
	}
	return NULL;
}

static void tell_line(const struct stage *s, const char *line)
{
	size_t column = last_column(line), at, n;
	const char *how = colour_of(line, &at, &n);

	fputs("     ", stdout);
	/* Of a finding, the answer alone has colour. */
	if (how) {
		printf("%.*s", (int)at, line);
		print(s, how, arena_text_n(s->a, line + at, n));
		line += at + n;
		wrap(s, NULL, line, 5 + at + n, 5 + column);
	} else {
		wrap(s, NULL, line, 5, 5 + column);
	}
}

void tell_output(struct stage *s, const char *text)
{
	while (!s->quiet && *text) {
		size_t n = strcspn(text, "\n");

		tell_line(s, arena_text_n(s->a, text, n && text[n - 1] == '\r' ? n - 1 : n));
		text += n + (text[n] == '\n');
	}
}
