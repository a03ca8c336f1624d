/* The same mailing in other languages: see mailing.h. */
#include "store/mailing.h"

#include "store/query.h"

QUERY(Q_TRANSLATIONS, "SELECT language, subject, body, content_text FROM translation WHERE mailing_id = $1 ORDER BY language");
QUERY(Q_TRANSLATION_COUNT, "SELECT count(*) FROM translation WHERE mailing_id = $1 AND language <> $2");
QUERY(Q_TRANSLATE, "INSERT INTO translation (mailing_id, language, subject, body) VALUES ($1, $2, $3, $4)"
		   " ON CONFLICT (mailing_id, language) DO UPDATE SET subject = excluded.subject, body = excluded.body");
QUERY(Q_UNTRANSLATE, "DELETE FROM translation WHERE mailing_id = $1 AND language = $2");
QUERY(Q_TRANSLATION_KEEP, "UPDATE translation SET content_text = $3 WHERE mailing_id = $1 AND language = $2");
QUERY(Q_TRANSLATION_FORGET, "UPDATE translation SET content_text = NULL WHERE mailing_id = $1");
QUERY(Q_MAILING_EDIT_FORM, "UPDATE mailing SET format = $2, link_fields = $3 WHERE id = $1 AND state = 'draft'");

int mailing_edit_form(struct home *h, int64_t id, const char *format, const char *link_fields, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_MAILING_EDIT_FORM, ARGS(db_i64(id), db_text(format), db_text(link_fields)), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_REFUSED, "mailing %lld is no draft", (long long)id);
}

int mailing_translations(struct home *h, struct arena *a, int64_t id, struct translation **out, size_t *n, struct err *e)
{
	struct rows r = { 0 };
	size_t room = 0;
	int got;

	*out = NULL;
	*n = 0;
	if (db_query(h->db, &Q_TRANSLATIONS, ARGS(db_i64(id)), &r, e) < 0)
		return -1;
	while ((got = rows_next(&r, e)) > 0) {
		*out = arena_room(a, *out, *n, &room, sizeof(**out));
		(*out)[(*n)++] = (struct translation){
			.language = arena_text(a, rows_text(&r, 0)),
			.subject = arena_text(a, rows_text(&r, 1)),
			.body = arena_text(a, rows_text(&r, 2)),
			.content_text = arena_text(a, rows_text(&r, 3)),
		};
	}
	rows_close(&r);
	return got;
}

int mailing_translate(struct home *h, int64_t id, const struct translation *t, struct err *e)
{
	int64_t others;

	if (db_get_i64(h->db, &Q_TRANSLATION_COUNT, ARGS(db_i64(id), db_text(t->language)), &others, e) < 0)
		return -1;
	if (others >= LANGUAGES_MAX - 1)
		return err_set(e, ERR_REFUSED, "a mailing has %d languages at most", LANGUAGES_MAX);
	return db_exec(h->db, &Q_TRANSLATE, ARGS(db_i64(id), db_text(t->language), db_text(t->subject), db_text(t->body)), NULL,
		       e);
}

int mailing_untranslate(struct home *h, int64_t id, const char *language, struct err *e)
{
	int64_t changed;

	if (db_exec(h->db, &Q_UNTRANSLATE, ARGS(db_i64(id), db_text(language)), &changed, e) < 0)
		return -1;
	return changed ? 0 : err_set(e, ERR_MISSING, "mailing %lld is not there in %s", (long long)id, language);
}

int mailing_keep_text(struct home *h, int64_t id, const char *language, const char *text, struct err *e)
{
	if (!text)
		return db_exec(h->db, &Q_TRANSLATION_FORGET, ARGS(db_i64(id)), NULL, e);
	return db_exec(h->db, &Q_TRANSLATION_KEEP, ARGS(db_i64(id), db_text(language), db_text(text)), NULL, e);
}
