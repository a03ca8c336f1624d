/*
 * The public pages as files, for a site that publishes them elsewhere (policy: statement-page). They come out of the very
 * functions that serve them; only their links are written anew: to each other relative, so that the folder works at any
 * place, and to whatever needs a server with the address of the installation.
 */
#ifndef PLACET_WEB_EXPORT_H
#define PLACET_WEB_EXPORT_H

#include "store/home.h"

struct site_export {
	size_t pages;   /* HTML files */
	size_t files;   /* all of them, without the marker */
	size_t removed; /* files of an earlier export that are no more */
};

/*
 * Writes them all, as they are at one moment, into `dir`: a new or empty folder, or one that this has made before, in which
 * it replaces what it wrote and leaves other files alone. Each file appears whole, and before it is listed
 * anywhere. ERR_INPUT when the folder holds something else.
 */
int site_export(struct home *h, const char *dir, struct site_export *out, struct err *e) MUST_USE;

#endif
