/*
 * Whole files, with bounds. Writes go to a temporary file in the same folder,
 * are flushed, and renamed into place, so that a reader sees all or nothing.
 */
#ifndef PLACET_FILE_H
#define PLACET_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the content of the file; ERR_INPUT if larger than the buffer's ceiling, ERR_MISSING if absent. */
int file_read(const char *path, struct buf *out, struct err *e) MUST_USE;
/* Replaces the file durably. `mode` as for open(2). */
int file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e) MUST_USE;
/* Copies a file, durably; `to` must not be there. */
int file_copy(const char *from, const char *to, mode_t mode, struct err *e) MUST_USE;
/* The same for all files of a folder and of those in it; what begins with a dot, links and devices are left out. */
int file_copy_tree(const char *from, const char *to, struct err *e) MUST_USE;
bool file_exists(const char *path);
/* Makes the folder and its parents. */
int file_make_dirs(const char *path, mode_t mode, struct err *e) MUST_USE;
/* Flushes the folder itself, so that a rename in it lasts. */
int file_sync_dir(const char *path, struct err *e) MUST_USE;
/* Opens and locks the file exclusively, making it if need be. Returns the descriptor (close it to
   unlock), or -1: ERR_AGAIN when another process holds it. Does not wait. */
int file_lock(const char *path, struct err *e) MUST_USE;

#endif
