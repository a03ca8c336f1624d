/*
 * Images that a project's messages may carry. They are approved with the
 * project: to add, change or remove one makes it a draft again.
 */
#ifndef PLACET_STORE_IMAGE_H
#define PLACET_STORE_IMAGE_H

#include "compose/compose.h"
#include "store/home.h"

#define IMAGES_MAX 50 /* of one project */

/* By name, with their bytes. */
int image_list(struct home *h, struct arena *a, int64_t project, struct image **out, size_t *n, struct err *e) MUST_USE;
/* Adds one, or puts it in the place of that of its name; in the caller's transaction. ERR_REFUSED beyond IMAGES_MAX. */
int image_put(struct home *h, int64_t project, const struct image *x, struct err *e) MUST_USE;
/* ERR_MISSING when there is none of that name. */
int image_remove(struct home *h, int64_t project, const char *name, struct err *e) MUST_USE;

#endif
