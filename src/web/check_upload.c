/*
 * A message that was handed in at /check: read in a confined child (design
 * decision 1), while the loop serves others, since it comes from anybody and
 * MIME is the most that anybody can send here. The child forgets the keys
 * before it looks at a byte. What it says is held to be as hostile as the
 * message: it can choose its words, but whether these were sent is asked of
 * the database here.
 */
#include "base/child.h"
#include "base/log.h"
#include "web/checking.h"

struct upload {
	struct web *web;
	struct child *child;
	struct slice bytes;
	struct own_key *keys;
	size_t n_keys;
};

/* In the child. An answer that is empty says that it is no message. */
static void read_message(void *ctx, struct buf *out)
{
	struct upload *u = ctx;
	struct arena *a;
	struct genuine g;
	struct err why;

	home_forget_keys(u->web->home);
	a = arena_new();
	if (genuine_read(a, u->bytes, u->keys, u->n_keys, &g, &why) == 0)
		genuine_pack(&g, out);
}

static void end_upload(void *ctx)
{
	struct upload *u = ctx;

	if (u->child)
		u->web->checking--;
	child_free(u->child);
}

static int answer(const struct request *r, struct upload *u, struct slice said, struct response *out, struct err *e)
{
	struct checked c = { .message = true };
	struct genuine g;
	struct page p;

	if (page_open(r, &p, e) < 0)
		return -1;
	if (!said.n || !genuine_unpack(r->arena, said, &g))
		return check_show_form(&p, "This file is no message that can be read. Choose one that ends in .eml, with its headers.", out);
	return proof_by_message(u->web->home, r->arena, &g, &c.proof, e) < 0 ? -1 : check_show(&p, &c, out, e);
}

/* When the child has said something, or has had its time. */
static int go_on(const struct request *r, struct response *out, struct err *e)
{
	struct upload *u = out->then_ctx;
	struct slice said = { "", 0 };
	struct err why;
	int rc = child_fetch(u->child, &said, &why);

	if (rc == 0) {
		out->then = go_on;
		out->wait_until = child_until(u->child);
		return 0;
	}
	if (rc < 0)
		log_event(LOG_LEVEL_INFO, "check-unreadable", "why", why.text, NULL);
	if (db_begin_read(u->web->home->db, e) < 0)
		return -1;
	rc = answer(r, u, said, out, e);
	db_rollback(u->web->home->db);
	return rc;
}

int check_upload(const struct request *r, const struct page *p, struct slice bytes, struct response *out, struct err *e)
{
	struct upload *u = ARENA_NEW(r->arena, struct upload);

	*u = (struct upload){ .web = p->web, .bytes = bytes };
	if (bytes.n > GENUINE_MESSAGE_MAX)
		return check_show_form(p, "This file is larger than 1 MB. Take attachments away from the message, or paste its text.", out);
	if (p->web->checking >= CHECKING_MAX)
		return err_set(e, ERR_AGAIN, "%d uploads are being read already", CHECKING_MAX);
	if (proof_keys(p->web->home, r->arena, &u->keys, &u->n_keys, e) < 0)
		return -1;
	u->child = child_start(read_message, u, GENUINE_PACKED_MAX, e);
	if (!u->child)
		return -1;
	p->web->checking++;
	arena_defer(r->arena, end_upload, u);
	out->then = go_on;
	out->then_ctx = u;
	out->wait_fd = child_fd(u->child);
	out->wait_until = child_until(u->child);
	return 0;
}
