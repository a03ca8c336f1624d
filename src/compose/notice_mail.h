/*
 * System mail, composed: what each kind says, as text and HTML with the same
 * words, and the headers around it. Pure: the caller passes registered values,
 * tokens and times, and the same input gives the same bytes. Nothing that a
 * stranger typed is printed, but for the address that it goes to: nobody can
 * have text of theirs mailed to others through us (CON-3, ABU-1).
 */
#ifndef PLACET_NOTICE_MAIL_H
#define PLACET_NOTICE_MAIL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum notice_kind {
	NOTICE_CONFIRM,   /* "confirm that you want to join"; object: the sign_up. Once in 24 h, three times without an answer */
	NOTICE_LEAVE,     /* the opt-out link that somebody asked for by address: /opt-out/TOKEN_LEAVE of this row. Once in 24 h */
	NOTICE_LEFT,      /* ... or, to somebody who has left: the one fixed notice. Counted together with LEAVE */
	NOTICE_REMOVED,   /* "you were removed", with a way back: /opt-out/TOKEN_LEAVE of this row, for 24 hours from its
			     `created`, which is to be the time of the opt-out. Once for each person, ever */
	NOTICE_ME,        /* the link to what is held about them: /me/TOKEN_ME of this row. Once in 24 h */
	NOTICE_COMPLAINT, /* acknowledgement; object: the complaint. Three in 24 h */
	NOTICE_TEST,      /* a mailing as staff is to see it, by the way that it will take; object: the mailing. Ten in 24 h.
			     Its words are the mailing's own (store/notice_test.h), not notice_render's */
};

const char *notice_kind_name(enum notice_kind k);

/* How long a link of CONFIRM, LEAVE and ME is good, and when it is too late to send one (LEFT too). */
#define NOTICE_USE (7 * DAY)

/* Plain UTF-8. What is needed by all kinds stands first. */
struct notice_mail {
	enum notice_kind kind;
	const char *address;         /* To */
	const char *from_name, *from_address;
	const char *reply_to;        /* or NULL */
	const char *identity_domain; /* right half of Message-ID */
	const char *web_url;         /* "https://research-mail.example.ac.uk", no final slash */
	const char *institution, *statement_url;
	const char *contact;         /* address, or NULL */
	const char *postal_address;  /* may have LF line breaks; or NULL */
	const char *message_token;   /* token_for_mail(TOKEN_NOTICE_MESSAGE) */
	int64_t date;                /* Date (FMT-12) */
	int64_t asked;               /* when that happened which it answers */
	bool trial;
	const char *token;           /* of its link, token_for_url(); LEFT and COMPLAINT have none */
	/* CONFIRM */
	const char *project_title, *project_url, *originator, *department;
	const char *consent_text;    /* the exact words; LF line breaks */
	/* COMPLAINT */
	int64_t number, due;
};

/* Appends the header block (CRLF lines, without the empty line) and the body. ERR_INPUT: a registered value is
   missing or not fit to be printed. */
int notice_render(const struct notice_mail *m, struct buf *head, struct buf *body, struct err *e) MUST_USE;

/* --- between the notice*.c files ---------------------------------------------------------------------- */

enum block_kind {
	BLOCK_PARAGRAPH,
	BLOCK_HEADING,
	BLOCK_LINK,   /* a web address, on a line of its own */
	BLOCK_MAILTO, /* a mail address, likewise */
	BLOCK_QUOTE,  /* words shown as they are, LF line breaks */
	BLOCK_LINES,  /* LF line breaks, as on a letter */
};

struct block {
	enum block_kind kind;
	const char *text;
};

/* What a message says, before it is drawn. */
struct notice_text {
	const char *subject, *title;
	struct block block[32];
	size_t n;
	size_t foot; /* the first block of what is said below */
};

/* Fills `out`; texts live in the arena. */
void notice_words(struct arena *a, const struct notice_mail *m, struct notice_text *out);
void notice_draw_text(const struct notice_text *t, struct buf *out);
void notice_draw_html(const struct notice_text *t, struct buf *out);

#endif
