/*
 * A QR code as SVG: black on white in every colour scheme, since readers want
 * it so, at error correction level Q (a quarter may be dirty or torn), with
 * the quiet zone of four modules around it.
 */
#ifndef PLACET_WEB_QR_H
#define PLACET_WEB_QR_H

#include "base/arena.h"
#include "base/err.h"
#include "base/html_out.h"

#define QR_TEXT_MAX 500

/* The whole <svg> element, which is a file of its own too. It holds nothing of `text` but its modules, so that it is
   safe as raw HTML. ERR_INPUT when the text is too long. Lives in the arena. */
int qr_svg(struct arena *a, const char *text, struct html *out, struct err *e) MUST_USE;

#endif
