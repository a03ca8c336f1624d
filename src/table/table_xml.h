/*
 * XML parts of workbooks, pushed through expat with bounds on depth, on the
 * number of attributes and on the length of one tag. A document type, and with
 * it every entity that somebody could define, is refused. Names come without
 * their prefix: programs choose different ones.
 */
#ifndef PLACET_TABLE_XML_H
#define PLACET_TABLE_XML_H

#include "table/table_zip.h"

#define XML_DEPTH_MAX 96
#define XML_ATTRS_MAX 256
#define XML_SIEVE_MORE 128 /* a beginning of a tag that was held back */
#define XML_TOKEN_MAX (1024 * 1024) /* bytes of a tag or a comment */

/* Each returns 0 to go on, 1 to stop without a fault, -1 with `e` filled. The root's depth is 1. NULL: not asked. */
struct xml_calls {
	/* `attrs`: name, value, ..., NULL; names with their prefix. */
	int (*open)(void *ctx, int depth, const char *name, const char **attrs, struct err *e);
	int (*close)(void *ctx, int depth, const char *name, struct err *e);
	/* A piece of the text inside the element at this depth; there may be several. */
	int (*text)(void *ctx, int depth, const char *p, size_t n, struct err *e);
	/* Copies what is to be parsed of these bytes to `out`, at most XML_SIEVE_MORE more than there are; returns how many. */
	size_t (*sieve)(void *ctx, char *out, const char *in, size_t n);
};

/* Reads the part of this number. 0 also when a call stopped it; -1: ERR_INPUT, or what a call said. */
int xml_read(struct pack *k, int64_t part, const struct xml_calls *calls, void *ctx, struct err *e) MUST_USE;

/* The name behind its prefix. */
const char *xml_local(const char *name);
/* The attribute of this local name, or NULL. */
const char *xml_attr(const char **attrs, const char *local);
/* A number of digits only within [min, max]; `missing` if it is not there or is none. */
int64_t xml_number(const char *value, int64_t min, int64_t max, int64_t missing);

#endif
