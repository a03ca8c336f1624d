/* What commands share: who acts, files that are read, and how results are printed. */
#include "cmd/cmd.h"

#include "base/file.h"
#include "base/utf8.h"

#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_FILE_MAX (1024 * 1024)

int print_json(json_t *value)
{
	MUST(value);
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	fputc('\n', stdout);
	json_decref(value);
	return 0;
}

void say(const struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (c->json)
		return;
	va_start(ap, fmt);
	vfprintf(stdout, fmt, ap);
	va_end(ap);
	fputc('\n', stdout);
}

static bool is_same_file(const char *x, const char *y)
{
	struct stat a, b;

	return stat(x, &a) == 0 && stat(y, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Where a file is or would be; false where that is nowhere, which opening it tells better. */
static bool find_folder(struct arena *a, const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (realpath(path, out))
		return true;
	return realpath(!slash ? "." : slash == path ? "/" : arena_text_n(a, path, (size_t)(slash - path)), out) != NULL;
}

int ctx_may_write(const struct ctx *c, const char *path, const char *reading, struct err *e)
{
	char home[PATH_MAX], real[PATH_MAX];
	size_t n;

	if (reading && is_same_file(path, reading))
		return err_set(e, ERR_INPUT, "%s: this is the file that is read; name another", path);
	if (!realpath(c->h->path, home) || !find_folder(c->a, path, real))
		return 0;
	n = strlen(home);
	if (strncmp(real, home, n) != 0 || (real[n] != '/' && real[n] != '\0'))
		return 0;
	return err_set(e, ERR_INPUT, "%s: this is in the home %s, where only its own files belong; name another folder", path, home);
}

json_t *json_time(int64_t t)
{
	char text[32];

	return t ? json_string(time_iso(t, text)) : json_null();
}

/* Would a spreadsheet read a formula from here on? A quote counts as what stands behind it, so that one more can be
   taken away again. */
static bool begins_formula(const char *s)
{
	static const char *const WIDE[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" }; /* = + - @ as East Asian keyboards write them */

	s += strspn(s, " '");
	if (*s && strchr("=+-@\t\r", *s))
		return true;
	for (size_t i = 0; i < COUNT(WIDE); i++)
		if (strncmp(s, WIDE[i], strlen(WIDE[i])) == 0)
			return true;
	return false;
}

/* Where another program may see the beginning of a cell: it may cut at other characters than we. */
static bool begins_cell(const char *text, const char *at)
{
	return at == text || strchr(";\t\r\n", at[-1]);
}

/* A cell with something in it that has to be kept from being read as something else. Reports have millions of cells, so
   that the lock of `out` is not taken for each character. */
static void csv_guarded(FILE *out, const char *text)
{
	putc_unlocked('"', out);
	for (const char *s = text; *s; s++) {
		if (begins_cell(text, s) && begins_formula(s))
			putc_unlocked('\'', out);
		if (*s == '"')
			putc_unlocked('"', out);
		putc_unlocked(*s, out);
	}
	putc_unlocked('"', out);
}

void csv_cell(FILE *out, const char *text, bool last)
{
	/* The first character is the only one that begins a cell where none of these is. */
	if (begins_formula(text) || strpbrk(text, ",\"\r\n;\t"))
		csv_guarded(out, text);
	else
		fputs(text, out);
	fputs(last ? "\r\n" : ",", out);
}

const char *csv_plain(struct arena *a, const char *text)
{
	char *out, *to;

	if (!strchr(text, '\''))
		return text;
	to = out = arena_alloc(a, strlen(text) + 1);
	for (const char *s = text; *s; s++)
		if (*s != '\'' || !begins_cell(text, s) || !begins_formula(s + 1))
			*to++ = *s;
	*to = '\0';
	return out;
}

int read_text_file(struct ctx *c, const char *path, const char **out, struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, TEXT_FILE_MAX);
	rc = file_read(path, &text, e);
	if (rc == 0 && (!utf8_valid(buf_text(&text), text.n) || memchr(buf_text(&text), '\0', text.n)))
		rc = err_set(e, ERR_INPUT, "%s: not UTF-8 text", path);
	if (rc == 0)
		*out = arena_text_n(c->a, buf_text(&text), text.n);
	buf_free(&text);
	return rc;
}

/* --- who acts ---------------------------------------------------------------------------------- */

static const char *os_user(struct arena *a)
{
	struct passwd *pw = getpwuid(getuid());

	return pw ? arena_text(a, pw->pw_name) : NULL;
}

static int token_matches(struct ctx *c, int64_t account, struct err *e)
{
	const char *path = getenv("PLACET_TOKEN_FILE"), *text = "";
	int64_t owner = 0;
	int got;

	if (!path || !path[0])
		return 0;
	if (read_text_file(c, path, &text, e) < 0)
		return err_in(e, "PLACET_TOKEN_FILE");
	got = token_account(c->h, arena_text_n(c->a, text, strcspn(text, "\r\n")), &owner, e);
	return got < 0 ? -1 : owner == account;
}

/* In a live home --by has to be proved. */
static int prove(struct ctx *c, const struct account *x, struct err *e)
{
	const char *user = os_user(c->a);
	int got;

	if (c->h->trial || (user && x->os_user && strcmp(user, x->os_user) == 0))
		return 0;
	got = token_matches(c, x->id, e);
	if (got < 0)
		return -1;
	return got ? 0 : err_set(e, ERR_DENIED, "--by %s: put that account's token into a file and name it in PLACET_TOKEN_FILE, or bind the account to your OS user",
				 x->address);
}

int ctx_by(struct ctx *c, unsigned roles, struct account *out, struct err *e)
{
	const char *address = opt(c, "by");
	int got = account_by_address(c->h, c->a, address, out, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_MISSING, "account %s: there is none; placet account list shows them", address);
	if (prove(c, out, e) < 0)
		return -1;
	if (out->disabled)
		return err_set(e, ERR_DENIED, "account %s is disabled", address);
	if (roles && !(out->roles & roles))
		return err_set(e, ERR_DENIED, "account %s is %s; this takes %s", address, roles_text(c->a, out->roles),
			       roles_text(c->a, roles));
	return 0;
}

int ctx_operator(struct ctx *c, int64_t *by, struct err *e)
{
	const char *user = os_user(c->a);
	struct account *all;
	struct stat st;
	size_t n;

	*by = 0;
	if (account_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; user && i < n; i++)
		if (all[i].os_user && strcmp(all[i].os_user, user) == 0 && (all[i].roles & ROLE_POSTMASTER) && !all[i].disabled)
			*by = all[i].id;
	if (c->h->trial || *by || (stat(c->h->path, &st) == 0 && st.st_uid == getuid()))
		return 0;
	return err_set(e, ERR_DENIED, "this is the postmaster's: be the OS user who owns %s, or one bound to a postmaster",
		       c->h->path);
}
