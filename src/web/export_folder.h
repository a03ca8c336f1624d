/* The folder of an export (export.h), and the marker in it that tells which of its files are ours. */
#ifndef PLACET_WEB_EXPORT_FOLDER_H
#define PLACET_WEB_EXPORT_FOLDER_H

#include "base/arena.h"
#include "base/err.h"

struct export_folder {
	struct arena *a;
	const char *dir, *origin; /* of the installation: "https://mail.example.ac.uk" */
	const char **old;         /* names from an earlier export, sorted */
	size_t n_old;
};

/* Makes the folder, or finds out what an export left in it. ERR_INPUT: it holds something else, or another site. */
int export_folder_open(struct arena *a, const char *dir, const char *origin, struct export_folder *out, struct err *e) MUST_USE;
/* Claims `names` (relative, without "."-segments; sorted here): from now on they are ours, also if this is interrupted. */
int export_folder_claim(struct export_folder *f, const char **names, size_t n, struct err *e) MUST_USE;
/* Replaces one of them, with the folders above it. */
int export_folder_put(const struct export_folder *f, const char *name, const void *p, size_t n, struct err *e) MUST_USE;
/* Removes what an earlier export wrote and `names` no longer has. *removed: how many files. */
int export_folder_end(struct export_folder *f, const char **names, size_t n, size_t *removed, struct err *e) MUST_USE;

#endif
