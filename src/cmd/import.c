/*
 * placet import: every row is read and judged first, and what is good waits
 * in a spool; nothing is changed if the file cannot be read. Then the spool is
 * loaded in batches. A run that was interrupted is run again: what was loaded
 * is known by then.
 */
#include "cmd/commands.h"

#include "cmd/import_judge.h"
#include "cmd/import_spool.h"
#include "store/audit.h"
#include "store/institution.h"
#include "store/project.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 10000
#define PERSON_ROWS 1000
#define N_FLAGS 6
#define PROGRESS_EVERY (250 * 1000) /* microseconds */
#define HINTS_SHOWN 10
#define REJECTED_SHOWN 5

struct importing {
	struct ctx *c;
	struct arena *row;  /* cleared for each row while judging, for each batch while loading */
	struct import_columns_wanted wanted;
	struct import_plan plan;
	struct table_about about;
	struct import_columns cols;
	bool has_columns;
	struct list list;
	struct account by;
	int64_t shown;      /* when the progress was */

	/* judging */
	struct import_spool *spool;
	FILE *rejected;     /* opened when the first row is rejected */
	const char *rejected_path;
	FILE *verdicts;
	const char *verdicts_path;
	int64_t rows, n_rejected, cleaned, flagged[N_FLAGS], n_hints;
	struct {
		int64_t line;
		const char *address, *domain;
	} hint[HINTS_SHOWN];
	const char *told[REJECTED_SHOWN]; /* the first rejected rows, in words */

	/* loading */
	struct import import;
	struct import_row batch[BATCH];
	size_t n;
	int64_t loaded, batches;
};

/* --- judging ----------------------------------------------------------------------------------- */

static void show_progress(struct importing *im, bool last)
{
	int64_t good = im->rows - im->n_rejected, now = clock_ticks();

	if (im->c->json || !isatty(STDERR_FILENO) || (!last && now - im->shown < PROGRESS_EVERY))
		return;
	/* What takes no time needs no bar. */
	if (!im->shown) {
		im->shown = now;
		return;
	}
	im->shown = now;
	if (!im->import.id)
		fprintf(stderr, "\rjudging: %lld rows", (long long)im->rows);
	else
		fprintf(stderr, "\rimporting: %lld of %lld (%d %%)%s", (long long)im->loaded, (long long)good,
			good ? (int)(100 * im->loaded / good) : 100, last ? "\n" : "");
}

/* It holds addresses: for its owner's eyes. */
static FILE *open_out(const char *path, const char *option, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;

	if (!f)
		err_sys(e, ERR_INPUT, errno, "%s; name another file with %s", path, option);
	if (!f && fd >= 0)
		close(fd);
	return f;
}

static int open_rejected(struct importing *im, struct err *e)
{
	if (im->rejected || !im->rejected_path)
		return 0;
	im->rejected = open_out(im->rejected_path, "--rejected", e);
	if (!im->rejected)
		return -1;
	for (size_t i = 0; i < im->cols.n; i++)
		csv_cell(im->rejected, im->cols.name[i], false);
	csv_cell(im->rejected, "line", false);
	csv_cell(im->rejected, "reason", false);
	csv_cell(im->rejected, "mend", true);
	return 0;
}

static void put_line(FILE *f, int64_t line)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)line);
	csv_cell(f, text, false);
}

static int put_rejected(struct importing *im, const struct table_row *row, const struct judged *j, struct err *e)
{
	if (open_rejected(im, e) < 0)
		return -1;
	if (!im->rejected)
		return 0;
	for (size_t i = 0; i < im->cols.n; i++)
		csv_cell(im->rejected, i < row->n ? row->cell[i] : "", false);
	put_line(im->rejected, row->line);
	csv_cell(im->rejected, j->reason, false);
	csv_cell(im->rejected, j->mend, true);
	return 0;
}

/* One line of --verdicts. */
static void put_verdict(struct importing *im, int64_t line, const char *address, const char *verdict, const char *note)
{
	put_line(im->verdicts, line);
	csv_cell(im->verdicts, address, false);
	csv_cell(im->verdicts, verdict, false);
	csv_cell(im->verdicts, note, true);
}

static int reject_row(struct importing *im, const struct table_row *row, const struct judged *j, struct err *e)
{
	if (im->n_rejected < REJECTED_SHOWN)
		im->told[im->n_rejected] = arena_printf(im->c->a, "line %lld: %s: %s", (long long)row->line, j->reason, j->mend);
	im->n_rejected++;
	if (im->verdicts)
		put_verdict(im, row->line, (size_t)im->cols.address < row->n ? row->cell[im->cols.address] : "", "rejected",
			    arena_printf(im->row, "%s: %s", j->reason, j->mend));
	return put_rejected(im, row, j, e);
}

static void note_hint(struct importing *im, const struct table_row *row, const struct judged *j)
{
	if (!j->hint)
		return;
	if (im->n_hints < HINTS_SHOWN) {
		im->hint[im->n_hints].line = row->line;
		im->hint[im->n_hints].address = arena_text(im->c->a, j->addr.delivery);
		im->hint[im->n_hints].domain = arena_text(im->c->a, j->hint);
	}
	im->n_hints++;
}

static int keep_row(struct importing *im, const struct table_row *row, const struct judged *j, struct err *e)
{
	struct import_row r = { .line = row->line, .delivery = j->addr.delivery, .given = j->addr.given,
				.reserved = j->addr.reserved, .utf8 = j->addr.utf8, .fields = j->fields,
				.flags = j->flags_text, .kind = j->kind, .ref = j->ref, .given_on = j->given_on };

	im->cleaned += j->addr.cleaned != NULL;
	for (int i = 0; i < N_FLAGS; i++)
		im->flagged[i] += (j->flags >> i) & 1;
	note_hint(im, row, j);
	home_key_hash(im->c->h, j->addr.key, r.key_hash);
	return import_spool_put(im->spool, &r, e);
}

/* The row as it was before its rejected file guarded it against formulas: that file is read again, mended. */
static const struct table_row *without_guards(struct arena *a, const struct table_row *row)
{
	struct table_row *out;
	const char **cell;
	size_t i = 0;

	while (i < row->n && !strchr(row->cell[i], '\''))
		i++;
	if (i == row->n)
		return row;
	out = ARENA_NEW(a, struct table_row);
	*out = *row;
	cell = ARENA_ARRAY(a, const char *, row->n);
	for (i = 0; i < row->n; i++)
		cell[i] = csv_plain(a, row->cell[i]);
	out->cell = cell;
	return out;
}

static int judge_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct importing *im = ctx;
	struct judged j;

	if (row->blank && !row->fault)
		return 0;
	if (!im->has_columns) {
		im->has_columns = true;
		if (import_columns_read(im->c->a, &im->wanted, without_guards(im->c->a, row), &im->cols, e) < 0)
			return -1;
		if (im->cols.header)
			return 0;
	}
	arena_clear(im->row);
	row = without_guards(im->row, row);
	import_judge(im->row, &im->plan, &im->cols, row, &j);
	im->rows++;
	if ((im->rows & 1023) == 0)
		show_progress(im, false);
	return j.reason ? reject_row(im, row, &j, e) : keep_row(im, row, &j, e);
}

static int judge_file(struct importing *im, const char *path, struct err *e)
{
	struct table_options o = { .sheet = opt(im->c, "sheet") };

	if (table_read(path, &o, im->c->a, &im->about, judge_row, im, e) < 0)
		return -1;
	if (!im->has_columns)
		return err_set(e, ERR_INPUT, "%s: the file is empty; wanted are a header line and rows", path);
	if (im->rejected && fflush(im->rejected) != 0)
		return err_sys(e, ERR_AGAIN, errno, "%s", im->rejected_path);
	arena_clear(im->row);
	return import_spool_sort(im->spool, e);
}

/* --- loading ----------------------------------------------------------------------------------- */

static int verdict(void *ctx, int64_t line, const char *delivery, int known, struct err *e)
{
	static const char *const NOTES[] = { "", "on the list already, or earlier in the file",
					     "the same person, by another spelling, is on the list or earlier in the file" };
	struct importing *im = ctx;

	(void)e;
	put_verdict(im, line, delivery, known ? "known" : "added", NOTES[known]);
	return 0;
}

static int flush(struct importing *im, struct err *e)
{
	if (im->n && import_batch(im->c->h, &im->import, im->batch, im->n, e) < 0)
		return -1;
	/* At each doubling: a plan for an empty table is the wrong one for a full one. */
	im->batches++;
	if ((im->batches & (im->batches - 1)) == 0 && home_tell_sizes(im->c->h, e) < 0)
		return -1;
	im->loaded += (int64_t)im->n;
	im->n = 0;
	arena_clear(im->row);
	show_progress(im, false);
	return 0;
}

/* A batch does not end amid a person's rows: of these the first of the file is the one that counts. */
static bool is_full(const struct importing *im)
{
	return im->n == BATCH ||
	       (im->n > BATCH - PERSON_ROWS && !import_spool_goes_on(im->spool, im->batch[im->n - 1].key_hash));
}

static int load_spool(struct importing *im, struct err *e)
{
	int got;

	while ((got = import_spool_next(im->spool, im->row, &im->batch[im->n], e)) > 0) {
		im->n++;
		if (is_full(im) && flush(im, e) < 0)
			return -1;
	}
	if (got < 0 || flush(im, e) < 0)
		return -1;
	show_progress(im, true);
	return 0;
}

/* What was imported, so that it can be told later which file it was. */
static int hash_file(const char *path, uint8_t out[32], struct err *e)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	FILE *f = fopen(path, "rbe");
	char block[64 * 1024];
	size_t n;
	int rc = 0;

	MUST(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	while (f && (n = fread(block, 1, sizeof(block), f)) > 0)
		MUST(EVP_DigestUpdate(md, block, n) == 1);
	if (!f || ferror(f))
		rc = err_sys(e, ERR_AGAIN, errno, "%s", path);
	MUST(EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
	if (f)
		fclose(f);
	return rc;
}

static int load(struct importing *im, const char *path, struct err *e)
{
	uint8_t hash[32];
	const char *text = NULL;

	if (hash_file(path, hash, e) < 0)
		return -1;
	im->import.list = &im->list;
	im->import.by = im->by.id;
	im->import.verdict = im->verdicts ? verdict : NULL;
	im->import.ctx = im;
	if (opt(im->c, "consent-text")) {
		if (read_text_file(im->c, opt(im->c, "consent-text"), &text, e) < 0)
			return err_in(e, "--consent-text");
		if (consent_text_id(im->c->h, text, &im->import.text_id, e) < 0)
			return -1;
	}
	return import_begin(im->c->h, &im->import, hash, e) < 0 ? -1 : load_spool(im, e);
}

static const char *summary_text(const struct importing *im)
{
	const struct import_counts *n = &im->import.counts;

	return arena_printf(im->c->a, "%lld rows: %lld added, %lld known, %lld rejected", (long long)im->rows,
			    (long long)n->added, (long long)n->known, (long long)im->n_rejected);
}

/* A dry run is the real thing, rolled back. */
static int load_or_try(struct importing *im, const char *path, struct err *e)
{
	bool dry = opt_set(im->c, "dry-run");
	int rc;

	if (dry && db_begin(im->c->h->db, e) < 0)
		return -1;
	rc = load(im, path, e);
	if (dry)
		db_rollback(im->c->h->db);
	else if (rc == 0)
		rc = import_end(im->c->h, &im->import, summary_text(im), e);
	return rc;
}

/* --- the command ------------------------------------------------------------------------------- */

/* All values of an option that may be repeated, NULL-ended. */
static const char *const *opt_all(struct ctx *c, const char *name)
{
	const char **all = ARENA_ARRAY(c->a, const char *, c->n_options + 1);

	for (size_t i = 0; opt_at(c, name, i); i++)
		all[i] = opt_at(c, name, i);
	return all;
}

static int read_plan(struct importing *im, struct err *e)
{
	const char *column = opt(im->c, "consent-column");
	struct import_plan *p = &im->plan;
	struct ctx *c = im->c;
	struct institution inst;

	im->wanted = (struct import_columns_wanted){ opt_all(c, "map"), opt_all(c, "skip"), column,
						     opt(c, "consent-date-column") };
	*p = (struct import_plan){ .kind = opt(c, "consent-kind"), .ref = opt(c, "consent-ref"), .date = opt(c, "consent-date"),
				   .latest = home_now(c->h) + DAY };
	if (institution_load(c->h, c->a, &inst, e) < 0)
		return -1;
	p->known = inst.domains;
	while (p->known[p->n_known])
		p->n_known++;
	if (p->kind && !consent_kind_is_importable(p->kind))
		return err_set(e, ERR_INPUT, "--consent-kind %s: an import may claim signed-form, online-form or oral; own-sign-up is recorded by the confirmation link alone",
			       p->kind);
	if (p->ref && !import_ref_is_fit(p->ref))
		return err_set(e, ERR_INPUT, "--consent-ref: write it in one line of at most 200 bytes");
	if (p->ref && column)
		return err_set(e, ERR_INPUT, "--consent-ref and --consent-column: one reference for all rows, or one in each");
	if (p->ref && (!p->kind || !p->date))
		return err_set(e, ERR_INPUT, "--consent-ref needs --consent-kind and --consent-date too");
	if (!p->ref && !column && (p->kind || p->date))
		return err_set(e, ERR_INPUT, "evidence needs a reference: --consent-ref, or --consent-column");
	return opt_past_day(c, "consent-date", e);
}

/* The originator of the list's project, or a validator. */
static int may_import(struct importing *im, struct err *e)
{
	struct project p;

	if (project_by_id(im->c->h, im->c->a, im->list.project_id, &p, e) <= 0)
		return -1;
	if (p.originator_id == im->by.id || (im->by.roles & (ROLE_VALIDATOR | ROLE_POSTMASTER)))
		return 0;
	return err_set(e, ERR_DENIED, "%s is neither the originator of %s nor a validator", im->by.address, p.slug);
}

static json_t *columns_json(const struct importing *im)
{
	json_t *columns = json_object();

	for (size_t i = 0; i < im->cols.n; i++)
		json_object_set_new(columns, im->cols.name[i],
				    (int)i == im->cols.address ? json_string("address") :
				    im->cols.field[i]          ? json_string(im->cols.field[i]) :
								 json_null());
	return columns;
}

static json_t *file_json(const struct importing *im)
{
	const struct table_about *t = &im->about;
	const char delimiter[2] = { t->delimiter, '\0' };

	return json_pack("{s:s, s:s?, s:s?, s:s?, s:b, s:o}", "format", t->format, "charset", t->charset, "delimiter",
			 t->delimiter ? delimiter : NULL, "sheet", t->sheet, "header", im->cols.header, "columns",
			 columns_json(im));
}

static json_t *hints_json(const struct importing *im)
{
	json_t *hints = json_array();

	for (int64_t i = 0; i < im->n_hints && i < HINTS_SHOWN; i++)
		json_array_append_new(hints, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)im->hint[i].line, "address",
						       im->hint[i].address, "domain", im->hint[i].domain));
	return hints;
}

static json_t *result_json(const struct importing *im)
{
	const struct import_counts *n = &im->import.counts;
	json_t *flagged = json_object();

	for (int i = 0; i < N_FLAGS; i++)
		if (im->flagged[i])
			json_object_set_new(flagged, address_flag_name((enum address_flag)(1 << i)),
					    json_integer(im->flagged[i]));
	if (n->duplicate_person)
		json_object_set_new(flagged, "duplicate-person", json_integer(n->duplicate_person));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s?, s:I, s:o, s:o}", "rows", (json_int_t)im->rows, "added",
			 (json_int_t)n->added, "known", (json_int_t)n->known, "rejected", (json_int_t)im->n_rejected,
			 "not_mailable", (json_int_t)n->not_mailable, "cleaned", (json_int_t)im->cleaned, "flagged", flagged,
			 "rejected_file", im->rejected ? im->rejected_path : NULL, "hinted", (json_int_t)im->n_hints, "hints",
			 hints_json(im), "file", file_json(im));
}

static const char *delimiter_name(char c)
{
	return c == ',' ? "commas" : c == ';' ? "semicolons" : c == '\t' ? "tabs" : c == '|' ? "bars" : "its own delimiter";
}

/* What was guessed about the file. */
static void say_file(const struct importing *im)
{
	const struct table_about *t = &im->about;
	const char *columns = "";

	if (t->charset)
		say(im->c, "read as %s, %s%s, parted by %s, %s header", t->format, t->charset, t->guessed_charset ? " (a guess)" : "",
		    delimiter_name(t->delimiter), im->cols.header ? "with a" : "without a");
	else
		say(im->c, "read as %s, sheet '%s'%s, %s header", t->format, t->sheet,
		    t->sheets > 1 ? " (others with --sheet NAME)" : "", im->cols.header ? "with a" : "without a");
	for (size_t i = 0; i < im->cols.n && strlen(columns) < 2000; i++)
		columns = arena_printf(im->c->a, "%s%s'%.60s' %s", columns, *columns ? ", " : "", im->cols.name[i],
				       (int)i == im->cols.address ? "is the address" :
				       im->cols.field[i] ? arena_printf(im->c->a, "is {{%s}}", im->cols.field[i]) :
							   "is left out");
	say(im->c, "columns: %s", columns);
}

static void say_flags(const struct importing *im)
{
	for (int i = 0; i < N_FLAGS; i++)
		if (im->flagged[i])
			say(im->c, "flagged %s: %lld", address_flag_name((enum address_flag)(1 << i)), (long long)im->flagged[i]);
	if (im->import.counts.duplicate_person)
		say(im->c, "other spellings of somebody on the list: %lld", (long long)im->import.counts.duplicate_person);
	for (int64_t i = 0; i < im->n_hints && i < HINTS_SHOWN; i++)
		say(im->c, "line %lld: %s: is %s meant? Nothing was changed", (long long)im->hint[i].line, im->hint[i].address,
		    im->hint[i].domain);
	if (im->n_hints > HINTS_SHOWN)
		say(im->c, "and %lld more addresses that may have a typing error", (long long)(im->n_hints - HINTS_SHOWN));
}

/* A dry run leaves no file, so that the reasons stand here. */
static void say_rejected(const struct importing *im)
{
	for (int64_t i = 0; i < im->n_rejected && i < REJECTED_SHOWN; i++)
		say(im->c, "rejected, %s", im->told[i]);
	if (im->n_rejected > REJECTED_SHOWN)
		say(im->c, "and %lld more rejected rows", (long long)(im->n_rejected - REJECTED_SHOWN));
	if (im->rejected)
		say(im->c, "rejected rows, to mend and import again: %s", im->rejected_path);
	else if (im->n_rejected)
		say(im->c, "--rejected PATH writes them into a file, in a dry run too");
}

static int print_result(const struct importing *im)
{
	bool claimed = opt_set(im->c, "consent-ref") || opt_set(im->c, "consent-column");
	struct ctx *c = im->c;

	if (c->json)
		return print_json(result_json(im));
	say_file(im);
	say(c, "%s%s", opt_set(c, "dry-run") ? "dry run, nothing changed: " : "", summary_text(im));
	if (im->import.counts.not_mailable)
		say(c, "%lld of these may not be mailed: no evidence of consent, or they opted out%s",
		    (long long)im->import.counts.not_mailable,
		    claimed ? "" : "; --consent-ref or --consent-column brings the evidence, in another import of this file too");
	say_flags(im);
	if (im->cleaned)
		say(c, "addresses cleaned of what stood around them: %lld", (long long)im->cleaned);
	say_rejected(im);
	return 0;
}

static int open_verdicts(struct importing *im, struct err *e)
{
	im->verdicts_path = opt(im->c, "verdicts");
	if (!im->verdicts_path)
		return 0;
	im->verdicts = open_out(im->verdicts_path, "--verdicts", e);
	if (!im->verdicts)
		return -1;
	fputs("line,address,verdict,note\r\n", im->verdicts);
	return 0;
}

static int import_file(struct importing *im, const char *path, struct err *e)
{
	const char *given = opt(im->c, "rejected");

	if (!opt_set(im->c, "dry-run"))
		im->rejected_path = given ? given : arena_printf(im->c->a, "%s.rejected.csv", path);
	else
		im->rejected_path = given;
	if ((im->rejected_path && ctx_may_write(im->c, im->rejected_path, path, e) < 0) ||
	    (opt(im->c, "verdicts") && ctx_may_write(im->c, opt(im->c, "verdicts"), path, e) < 0))
		return -1;
	im->spool = import_spool_new(im->c->h, e);
	if (!im->spool || open_verdicts(im, e) < 0 || judge_file(im, path, e) < 0 || load_or_try(im, path, e) < 0)
		return -1;
	if (im->verdicts && fflush(im->verdicts) != 0)
		return err_sys(e, ERR_AGAIN, errno, "%s", im->verdicts_path);
	return 0;
}

RUN(cmd_import)
{
	struct importing *im = mem_alloc(sizeof(*im));
	int rc = -1, got;

	im->c = c;
	im->row = arena_new();
	got = list_by_name(c->h, c->a, c->operand[0], &im->list, e);
	if (got == 0)
		err_set(e, ERR_MISSING, "list %s: there is none; placet list list shows them", c->operand[0]);
	if (got > 0 && read_plan(im, e) == 0 && ctx_by(c, 0, &im->by, e) == 0 && may_import(im, e) == 0 &&
	    import_file(im, c->operand[1], e) == 0)
		rc = print_result(im);
	if (im->rejected)
		fclose(im->rejected);
	if (im->verdicts)
		fclose(im->verdicts);
	import_spool_free(im->spool);
	arena_free(im->row);
	free(im);
	return rc;
}
