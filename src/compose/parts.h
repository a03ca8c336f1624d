/* The frame around the two parts of a message: multipart/alternative, each part quoted-printable (FMT-9, FMT-10). */
#ifndef PLACET_PARTS_H
#define PLACET_PARTS_H

#include "base/buf.h"

#define BOUNDARY_SIZE 40

/* From the content and `number`, so that the same input gives the same bytes. "=_" cannot occur in
   quoted-printable. */
void parts_boundary(int64_t number, const struct buf *text, const struct buf *html, char out[BOUNDARY_SIZE]);
/* The line and the headers before a part; `type` is "plain" or "html". */
void part_open(struct buf *out, const char *boundary, const char *type);

#endif
