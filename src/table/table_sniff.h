/*
 * Files that are no table which Placet reads, told by how they begin. What is
 * found is worded for whoever exported the file: what it is, and what to do.
 */
#ifndef PLACET_TABLE_SNIFF_H
#define PLACET_TABLE_SNIFF_H

#include "base/base.h"

#define SNIFF_BYTES 4096 /* how much of a file's beginning is looked at */

/* XLSX and ODS are ZIP archives. */
bool sniff_is_zip(const char *head, size_t n);
/* The container of old Office files, which also wraps a workbook that has a password. */
bool sniff_is_ole(const char *head, size_t n);
/* What the bytes are if they are no text, and the mend; or NULL. */
const char *sniff_binary(const char *head, size_t n);
/* The same of text, as UTF-8: a web page, XML, RTF. */
const char *sniff_markup(const char *head, size_t n);

#endif
