/*
 * The file of a person: see held_file.h. A message is rendered again only
 * where its words are still those that were approved; else the approved text
 * stands for it. Tokens are dead: whoever finds the file cannot act with it.
 */
#include "web/held_file.h"

#include "store/content.h"
#include "web/held.h"
#include "web/held_view.h"
#include "web/pages.h"

#include <zip.h>

#define MESSAGE_MAX (512 * 1024)
#define MESSAGES_SIZE_MAX (16 << 20) /* of all together */
#define HTML_MAX (16 << 20)

struct packing {
	struct home *h;
	struct arena *a;
	zip_t *zip;
	size_t size; /* of messages so far */
	size_t messages;
};

/* The bytes must live until the archive is closed. */
static int pack(struct packing *p, const char *name, const char *bytes, size_t n, struct err *e)
{
	zip_source_t *s = zip_source_buffer(p->zip, bytes, n, 0);
	zip_int64_t at = s ? zip_file_add(p->zip, name, s, ZIP_FL_ENC_UTF_8) : -1;

	if (at < 0) {
		zip_source_free(s);
		return err_set(e, ERR_BROKEN, "%s: %s", name, zip_strerror(p->zip));
	}
	zip_file_set_mtime(p->zip, (zip_uint64_t)at, (time_t)(home_now(p->h) / SECOND), 0);
	return 0;
}

/* --- messages ---------------------------------------------------------------------------------- */

/* Of an address that was erased there is nothing left to make it from. */
static bool was_sent(const struct held_mailing *m)
{
	if (!strchr(m->address, '@'))
		return false;
	return strcmp(m->state, "accepted") == 0 || strcmp(m->state, "uncertain") == 0;
}

static int render(struct packing *p, const struct held_mailing *m, struct buf *out, const char **suffix, struct err *e)
{
	struct person person = { .date = m->first, .address = m->address, .fields = m->fields, .kind = m->kind ? m->kind : "",
				 .ref = m->ref ? m->ref : "", .given_on = m->given_on ? m->given_on : "",
				 .consent_at = m->consent_at };
	struct mailing mailing;
	struct content content;
	int got = mailing_by_id(p->h, p->a, m->mailing, &mailing, e);

	if (got <= 0)
		return got;
	if (content_load(p->h, p->a, &mailing, &content, e) < 0 ||
	    (got = content_again(p->h, p->a, &mailing, &content, &person, out, e)) < 0)
		return -1;
	*suffix = "eml";
	if (got)
		return 1;
	buf_clear(out);
	buf_addf(out, "This is the text as it was approved, with your data in braces. The message itself can no longer be\n"
		      "made again.\n\nSubject: %s\n\n%s", mailing.subject, mailing.content_text ? mailing.content_text : "");
	*suffix = "txt";
	return 1;
}

static int pack_message(struct packing *p, const struct held_mailing *m, struct err *e)
{
	const char *suffix = "";
	struct buf out;
	int got;

	buf_init(&out, MESSAGE_MAX);
	got = render(p, m, &out, &suffix, e);
	if (got > 0 && out.over)
		got = err_set(e, ERR_BROKEN, "mailing %lld: a message is larger than %d bytes", (long long)m->mailing, MESSAGE_MAX);
	if (got > 0) {
		p->size += out.n;
		p->messages++;
		got = pack(p, arena_printf(p->a, "messages/%04zu-mailing-%lld.%s", p->messages, (long long)m->mailing, suffix),
			   arena_text_n(p->a, out.p, out.n), out.n, e);
	}
	buf_free(&out);
	return got < 0 ? -1 : 0;
}

static int pack_messages(struct packing *p, const struct held *x, struct err *e)
{
	for (size_t i = 0; i < x->n_mailing && p->messages < HELD_FILE_MESSAGES && p->size < MESSAGES_SIZE_MAX; i++)
		if (was_sent(&x->mailing[i]) && pack_message(p, &x->mailing[i], e) < 0)
			return -1;
	return 0;
}

/* --- what is held ------------------------------------------------------------------------------ */

static void free_text(void *p)
{
	free(p);
}

static int pack_json(struct packing *p, const char *address, const struct held *x, struct err *e)
{
	json_t *value = held_json(address, x);
	char *text = json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	json_decref(value);
	MUST(text);
	arena_defer(p->a, free_text, text);
	return pack(p, "person.json", text, strlen(text), e);
}

static void free_buf(void *p)
{
	buf_free(p);
}

static int pack_html(struct packing *p, const char *address, const struct held *x, struct err *e)
{
	struct buf *out = ARENA_NEW(p->a, struct buf);
	struct institution in;
	struct held_rows rows;
	const char *contact;

	if (institution_load(p->h, p->a, &in, e) < 0)
		return -1;
	contact = institution_contact(p->a, &in);
	held_rows_fill(p->a, x, NULL, &rows);
	buf_init(out, HTML_MAX);
	arena_defer(p->a, free_buf, out);
	view_held_file_write(out, &(struct view_held_file){
		.institution = in.name,
		.address = address,
		.made = page_day(p->a, home_now(p->h)),
		.opted_out_text = rows.opted_out_text,
		.load = rows.load,
		.contact = contact,
		.contact_url = mail_link(p->a, contact),
		.messages = p->messages > 0,
		HELD_ROWS(rows),
	});
	if (out->over)
		return err_set(e, ERR_BROKEN, "person.html is larger than %d bytes", HTML_MAX);
	return pack(p, "person.html", out->p, out->n, e);
}

/* --- the archive ------------------------------------------------------------------------------- */

static int read_back(zip_source_t *s, struct buf *out, struct err *e)
{
	zip_stat_t st;
	char *room;

	if (zip_source_open(s) < 0)
		return err_set(e, ERR_BROKEN, "the file: %s", zip_error_strerror(zip_source_error(s)));
	zip_stat_init(&st);
	room = zip_source_stat(s, &st) == 0 && st.size <= HELD_FILE_MAX ? buf_room(out, st.size) : NULL;
	if (!room || zip_source_read(s, room, st.size) != (zip_int64_t)st.size) {
		zip_source_close(s);
		return err_set(e, ERR_BROKEN, "the file is larger than %zu bytes", out->max);
	}
	buf_used(out, st.size);
	zip_source_close(s);
	return 0;
}

static int fill(struct packing *p, const char *address, const struct held *x, struct err *e)
{
	return pack_messages(p, x, e) < 0 || pack_json(p, address, x, e) < 0 || pack_html(p, address, x, e) < 0 ? -1 : 0;
}

int held_file(struct home *h, struct arena *a, const char *address, const struct held *x, struct buf *out, struct err *e)
{
	struct packing p = { .h = h, .a = a };
	zip_error_t why;
	zip_source_t *s;
	int rc = -1;

	zip_error_init(&why);
	s = zip_source_buffer_create(NULL, 0, 0, &why);
	MUST(s);
	zip_source_keep(s);
	p.zip = zip_open_from_source(s, ZIP_TRUNCATE, &why);
	MUST(p.zip);
	if (fill(&p, address, x, e) < 0)
		zip_discard(p.zip);
	else if (zip_close(p.zip) == 0)
		rc = read_back(s, out, e);
	else {
		err_set(e, ERR_BROKEN, "the file: %s", zip_strerror(p.zip));
		zip_discard(p.zip);
	}
	zip_source_free(s);
	zip_error_fini(&why);
	return rc;
}
