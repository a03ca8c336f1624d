/* placet mailing preview and test: the message as people will get it, before they do. */
#include "cmd/mailing.h"

#include "base/codec.h"
#include "base/file.h"
#include "store/content_sample.h"
#include "store/notice_test.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

/* --- preview ------------------------------------------------------------------------------------ */

static int preview_one(struct ctx *c, const struct mailing_at *at, struct err *e)
{
	struct buf out;
	int rc;

	buf_init(&out, 512 * 1024);
	rc = content_preview(c->h, c->a, &at->m, &at->content, opt(c, "to"), &out, e);
	if (rc == 0 && c->json)
		print_json(json_pack("{s:I, s:s}", "id", (json_int_t)at->m.id, "message", buf_text(&out)));
	else if (rc == 0)
		fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
	return rc;
}

struct writing {
	struct ctx *c;
	const char *dir;
	size_t n;
	struct err *e;
	bool failed;
};

static int write_message(void *ctx, size_t number, const struct buf *message)
{
	struct writing *w = ctx;
	const char *path = arena_printf(w->c->a, "%s/%03zu.eml", w->dir, number + 1);

	w->failed = file_write(path, message->p, message->n, 0600, w->e) < 0;
	w->n += !w->failed;
	return w->failed;
}

/* A folder of its own: nobody's files are overwritten, and no message of an earlier draw is left among them. */
static int make_folder(struct ctx *c, const char *dir, struct err *e)
{
	const struct dirent *x;
	bool empty = true;
	DIR *d;

	if (ctx_may_write(c, dir, NULL, e) < 0)
		return -1;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_sys(e, ERR_INPUT, errno, "--dir %s", dir);
	if (!(d = opendir(dir)))
		return err_sys(e, ERR_INPUT, errno, "--dir %s", dir);
	while ((x = readdir(d)))
		empty = empty && (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0);
	closedir(d);
	return empty ? 0 : err_set(e, ERR_INPUT, "--dir %s: the folder is not empty; name a new one", dir);
}

static int preview_random(struct ctx *c, const struct mailing_at *at, struct err *e)
{
	struct writing w = { .c = c, .dir = opt(c, "dir"), .e = e };
	int64_t n, seed = (int64_t)(rng_u64(&c->h->rng) >> 1);

	if (parse_i64(opt(c, "random"), 1, SAMPLE_MOST, &n) < 0)
		return err_set(e, ERR_INPUT, "--random %s: a number from 1 to %d is wanted", opt(c, "random"), SAMPLE_MOST);
	if (opt(c, "seed") && parse_i64(opt(c, "seed"), 0, INT64_MAX, &seed) < 0)
		return err_set(e, ERR_INPUT, "--seed %s: a number is wanted", opt(c, "seed"));
	if (!w.dir || opt(c, "to"))
		return err_set(e, ERR_INPUT, "--random goes with --dir, the folder for the messages, and without --to");
	if (make_folder(c, w.dir, e) < 0 ||
	    content_sample(c->h, c->a, &at->m, &at->content, seed, (size_t)n, write_message, &w, e) < 0 || w.failed)
		return -1;
	say(c, "%zu messages of people drawn with seed %lld are in %s", w.n, (long long)seed, w.dir);
	return c->json ? print_json(json_pack("{s:I, s:I, s:I, s:s}", "id", (json_int_t)at->m.id, "messages", (json_int_t)w.n, "seed",
					      (json_int_t)seed, "dir", w.dir))
		       : 0;
}

RUN(cmd_mailing_preview)
{
	struct mailing_at at;

	if (!opt(c, "random") && (opt(c, "seed") || opt(c, "dir")))
		return err_set(e, ERR_INPUT, "--seed and --dir go with --random");
	if (mailing_find(c, true, &at, e) < 0)
		return -1;
	return opt(c, "random") ? preview_random(c, &at, e) : preview_one(c, &at, e);
}

/* --- test --------------------------------------------------------------------------------------- */

static int may_test(struct ctx *c, const struct mailing_at *at, struct account *by, struct err *e)
{
	if (ctx_by(c, 0, by, e) < 0)
		return -1;
	if (by->id == at->content.project.originator_id || (by->roles & (ROLE_REVIEWER | ROLE_POSTMASTER)))
		return 0;
	return err_set(e, ERR_DENIED, "%s is neither the originator of %s, nor a reviewer or postmaster", by->address,
		       at->content.project.slug);
}

RUN(cmd_mailing_test)
{
	struct mailing_at at;
	struct account by, to;
	int64_t id;
	int got;

	if (mailing_find(c, true, &at, e) < 0 || may_test(c, &at, &by, e) < 0)
		return -1;
	got = account_by_address(c->h, c->a, opt(c, "to"), &to, e);
	if (got <= 0)
		return got ? got : err_set(e, ERR_MISSING, "--to %s: there is no such account; placet account list shows them", opt(c, "to"));
	if (notice_test(c->h, &at.m, &at.content, &to, opt(c, "language"), by.id, &id, e) < 0)
		return -1;
	say(c, "a test of mailing %lld to %s waits for placet send; it is number %lld of placet notice list", (long long)at.m.id,
	    to.address, (long long)id);
	return c->json ? print_json(json_pack("{s:I, s:s, s:I}", "id", (json_int_t)at.m.id, "to", to.address, "notice", (json_int_t)id)) : 0;
}
