/*
 * The capture mailbox: what `placet capture` took in, for looking at. Pages
 * with the same gate, router and style as the public ones; what others wrote
 * is shown as text, and their HTML in a sandbox of its own.
 */
#ifndef PLACET_WEB_MAILBOX_H
#define PLACET_WEB_MAILBOX_H

#include "base/err.h"

struct mailbox_site;

/* Shows the folder `dir` on the listening socket `sock`, which becomes the mailbox's, also on failure.
   `dns`: a zone file with DKIM keys, or NULL; it is read anew for each message. Both texts must live on. */
struct mailbox_site *mailbox_start(const char *dir, const char *dns, int sock, struct err *e) MUST_USE;
void mailbox_stop(struct mailbox_site *m); /* NULL is fine */

#endif
