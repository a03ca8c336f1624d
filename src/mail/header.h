/*
 * Writing header lines and encoded text. One function writes each kind of
 * line; all of them refuse line breaks, controls and invisible characters
 * (FMT-3) and fold by RFC 5322 (FMT-1). Lines end in CRLF.
 */
#ifndef PLACET_HEADER_H
#define PLACET_HEADER_H

#include "base/buf.h"
#include "base/err.h"

/* A value that is ASCII and is written as it is, folded at the blanks between its words only. */
int header_add(struct buf *b, const char *name, const char *value, struct err *e) MUST_USE;
/* Unstructured text (Subject): RFC 2047 where it is not ASCII, Q or B, whichever is shorter (FMT-4). */
int header_add_text(struct buf *b, const char *name, const char *text, struct err *e) MUST_USE;
/* Would header_add_text and, as a display name, header_add_mailbox take this text (FMT-3, FMT-6)? */
bool header_text_is_fit(const char *text);
/* One mailbox with optional display name (quoted, or RFC 2047 as a phrase). `address` with a non-ASCII
   local part is written in UTF-8 (SMTP-14). */
int header_add_mailbox(struct buf *b, const char *name, const char *display, const char *address,
		       struct err *e) MUST_USE;

/* Quoted-printable with the defences of FMT-8: no line over 76, no line that begins with "." or "From ",
   no blank at a line's end. The input has LF or CRLF line ends; the output has CRLF. */
void qp_encode(struct buf *b, const char *p, size_t n);

/*
 * Quoted-printable in pieces, for text that is compiled once and filled often. qp_encode_piece
 * encodes `n` bytes as a piece that starts at column 0 and, if it does not end in a line break of
 * the text, is closed with a soft break, so that the next piece starts at column 0 again. Pieces
 * put behind each other decode to the texts put behind each other. `last_before_break`: the piece
 * is directly followed by a line break (so that no soft break is needed and blanks at its end are
 * encoded). An empty piece adds nothing.
 */
void qp_encode_piece(struct buf *b, const char *p, size_t n, bool last_before_break);

#endif
