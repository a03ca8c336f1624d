/*
 * placet import: the whole file is judged first, and nothing is changed if it
 * cannot be read; then it is read again and loaded in batches. A run that was
 * interrupted is run again: what was loaded is known by then.
 */
#include "cmd/commands.h"

#include "cmd/import_judge.h"
#include "store/audit.h"
#include "store/project.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 5000
#define N_FLAGS 6
#define PROGRESS_EVERY 20000

struct importing {
	struct ctx *c;
	struct arena *row;  /* cleared for each row while judging, for each batch while loading */
	struct import_plan plan;
	struct import_columns cols;
	bool has_header;
	struct list list;
	struct account by;

	/* judging */
	FILE *rejected;     /* opened when the first row is rejected */
	const char *rejected_path;
	int64_t rows, n_rejected, cleaned, flagged[N_FLAGS];

	/* loading */
	int64_t import, text_id;
	struct import_row batch[BATCH];
	struct address addr[BATCH];
	size_t n;
	int64_t loaded, batches;
	struct import_counts counts;
};

static int read_rows(struct importing *im, const char *path,
		     int (*each)(void *, const struct table_row *, struct err *), struct err *e)
{
	struct table_options options = { 0 };
	struct table_about about;

	return table_read(path, &options, im->c->a, &about, each, im, e);
}

/* --- judging ----------------------------------------------------------------------------------- */

static int open_rejected(struct importing *im, struct err *e)
{
	if (im->rejected || !im->rejected_path)
		return 0;
	im->rejected = fopen(im->rejected_path, "wbe");
	if (!im->rejected)
		return err_sys(e, ERR_INPUT, errno, "%s; name another file with --rejected", im->rejected_path);
	for (size_t i = 0; i < im->cols.n; i++)
		csv_cell(im->rejected, im->cols.name[i], false);
	csv_cell(im->rejected, "line", false);
	csv_cell(im->rejected, "reason", false);
	csv_cell(im->rejected, "mend", true);
	return 0;
}

static int put_rejected(struct importing *im, const struct table_row *row, const struct judged *j, struct err *e)
{
	char line[24];

	im->n_rejected++;
	if (open_rejected(im, e) < 0)
		return -1;
	if (!im->rejected)
		return 0;
	for (size_t i = 0; i < im->cols.n; i++)
		csv_cell(im->rejected, i < row->n ? row->cell[i] : "", false);
	snprintf(line, sizeof(line), "%lld", (long long)row->line);
	csv_cell(im->rejected, line, false);
	csv_cell(im->rejected, j->reason, false);
	csv_cell(im->rejected, j->mend, true);
	return 0;
}

static void count_flags(struct importing *im, unsigned flags)
{
	for (int i = 0; i < N_FLAGS; i++)
		im->flagged[i] += (flags >> i) & 1;
}

/* Takes the header. True when this row was it, or is blank. */
static bool is_no_data(struct importing *im, const struct table_row *row, int *rc, struct err *e)
{
	*rc = 0;
	if (row->blank)
		return true;
	if (im->has_header)
		return false;
	im->has_header = true;
	*rc = import_header(im->c->a, &im->plan, row, &im->cols, e);
	return true;
}

static int judge_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct importing *im = ctx;
	struct judged j;
	int rc;

	if (is_no_data(im, row, &rc, e))
		return rc;
	arena_clear(im->row);
	import_judge(im->row, &im->plan, &im->cols, row, &j);
	im->rows++;
	if (j.reason)
		return put_rejected(im, row, &j, e);
	im->cleaned += j.cleaned != NULL;
	count_flags(im, j.flags);
	return 0;
}

/* --- loading ----------------------------------------------------------------------------------- */

static void show_progress(const struct importing *im)
{
	int64_t good = im->rows - im->n_rejected;

	if (im->c->json || !isatty(STDERR_FILENO) || good < PROGRESS_EVERY)
		return;
	fprintf(stderr, "\rimporting: %lld of %lld (%d %%)%s", (long long)im->loaded, (long long)good,
		(int)(100 * im->loaded / good), im->loaded == good ? "\n" : "");
}

static int flush(struct importing *im, struct err *e)
{
	if (im->n && import_batch(im->c->h, im->import, &im->list, im->by.id, im->text_id, im->batch, im->n, &im->counts,
				  e) < 0)
		return -1;
	/* At each doubling: a plan for an empty table is the wrong one for a full one. */
	im->batches++;
	if ((im->batches & (im->batches - 1)) == 0 && home_tell_sizes(im->c->h, e) < 0)
		return -1;
	im->loaded += (int64_t)im->n;
	im->n = 0;
	arena_clear(im->row);
	show_progress(im);
	return 0;
}

static int load_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct importing *im = ctx;
	struct judged j;
	int rc;

	if (is_no_data(im, row, &rc, e))
		return rc;
	import_judge(im->row, &im->plan, &im->cols, row, &j);
	if (j.reason)
		return 0;
	im->addr[im->n] = j.addr;
	im->batch[im->n] = j.row;
	im->batch[im->n].addr = &im->addr[im->n];
	im->n++;
	return im->n == BATCH ? flush(im, e) : 0;
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
	if (opt(im->c, "consent-text")) {
		if (read_text_file(im->c, opt(im->c, "consent-text"), &text, e) < 0)
			return err_in(e, "--consent-text");
		if (consent_text_id(im->c->h, text, &im->text_id, e) < 0)
			return -1;
	}
	if (import_begin(im->c->h, im->list.id, im->by.id, hash, &im->import, e) < 0)
		return -1;
	im->has_header = false;
	if (read_rows(im, path, load_row, e) < 0 || flush(im, e) < 0)
		return -1;
	if (im->loaded != im->rows - im->n_rejected)
		return err_set(e, ERR_AGAIN, "%s changed while it was read; import it again", path);
	return 0;
}

static const char *summary_text(const struct importing *im)
{
	return arena_printf(im->c->a, "%lld rows: %lld added, %lld known, %lld rejected", (long long)im->rows,
			    (long long)im->counts.added, (long long)im->counts.known, (long long)im->n_rejected);
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
		rc = import_end(im->c->h, im->import, im->by.id, im->list.name, summary_text(im), e);
	return rc;
}

/* --- the command ------------------------------------------------------------------------------- */

static int read_plan(struct importing *im, struct err *e)
{
	struct ctx *c = im->c;
	const char **map = ARENA_ARRAY(c->a, const char *, c->n_options + 1);
	struct import_plan *p = &im->plan;

	for (size_t i = 0; opt_at(c, "map", i); i++)
		map[i] = opt_at(c, "map", i);
	*p = (struct import_plan){ map, opt(c, "consent-kind"), opt(c, "consent-ref"), opt(c, "consent-date"),
				   opt(c, "consent-column"), opt(c, "consent-date-column"), home_now(c->h) + DAY };
	if (p->kind && !consent_kind_is_importable(p->kind))
		return err_set(e, ERR_INPUT, "--consent-kind %s: an import may claim signed-form, online-form or oral; own-sign-up is recorded by the confirmation link alone",
			       p->kind);
	if (p->ref && p->consent_column)
		return err_set(e, ERR_INPUT, "--consent-ref and --consent-column: one reference for all rows, or one in each");
	if (p->ref && (!p->kind || !p->date))
		return err_set(e, ERR_INPUT, "--consent-ref needs --consent-kind and --consent-date too");
	if (!p->ref && !p->consent_column && (p->kind || p->date))
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

static json_t *result_json(const struct importing *im)
{
	json_t *flagged = json_object();

	for (int i = 0; i < N_FLAGS; i++)
		if (im->flagged[i])
			json_object_set_new(flagged, address_flag_name((enum address_flag)(1 << i)),
					    json_integer(im->flagged[i]));
	if (im->counts.duplicate_person)
		json_object_set_new(flagged, "duplicate-person", json_integer(im->counts.duplicate_person));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:s?}", "rows", (json_int_t)im->rows, "added",
			 (json_int_t)im->counts.added, "known", (json_int_t)im->counts.known, "rejected",
			 (json_int_t)im->n_rejected, "not_mailable", (json_int_t)im->counts.not_mailable, "cleaned",
			 (json_int_t)im->cleaned, "flagged", flagged, "rejected_file",
			 im->rejected ? im->rejected_path : NULL);
}

static int print_result(const struct importing *im)
{
	struct ctx *c = im->c;

	if (c->json)
		return print_json(result_json(im));
	say(c, "%s%s", opt_set(c, "dry-run") ? "dry run, nothing changed: " : "", summary_text(im));
	if (im->counts.not_mailable)
		say(c, "%lld of these may not be mailed: no evidence of consent, or they opted out",
		    (long long)im->counts.not_mailable);
	for (int i = 0; i < N_FLAGS; i++)
		if (im->flagged[i])
			say(c, "flagged %s: %lld", address_flag_name((enum address_flag)(1 << i)), (long long)im->flagged[i]);
	if (im->counts.duplicate_person)
		say(c, "other spellings of somebody on the list: %lld", (long long)im->counts.duplicate_person);
	if (im->cleaned)
		say(c, "addresses cleaned of what stood around them: %lld", (long long)im->cleaned);
	if (im->rejected)
		say(c, "rejected rows, to mend and import again: %s", im->rejected_path);
	return 0;
}

static int import_file(struct importing *im, const char *path, struct err *e)
{
	const char *given = opt(im->c, "rejected");
	struct stat st;

	if (!opt_set(im->c, "dry-run"))
		im->rejected_path = given ? given : arena_printf(im->c->a, "%s.rejected.csv", path);
	else
		im->rejected_path = given;
	/* It is read twice, so that it must say the same twice. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is no file that can be read twice; write it to a file first", path);
	if (read_rows(im, path, judge_row, e) < 0)
		return -1;
	if (!im->has_header)
		return err_set(e, ERR_INPUT, "%s: the file is empty; wanted are a header line and rows", path);
	if (im->rejected && fflush(im->rejected) != 0)
		return err_sys(e, ERR_AGAIN, errno, "%s", im->rejected_path);
	arena_clear(im->row);
	return load_or_try(im, path, e);
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
	arena_free(im->row);
	free(im);
	return rc;
}
