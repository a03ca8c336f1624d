/* The header lines of a mailing that are the same for everybody. Used by compile.c only. */
#ifndef PLACET_COMPILE_HEAD_H
#define PLACET_COMPILE_HEAD_H

#include "compose/compiled.h"

/* The subject with its fields as markers; ready as a line when it has none. */
int compile_subject(struct arena *a, struct slots *s, const struct draft *d, struct compiled *out,
		    struct err *e) MUST_USE;
/* All other lines that do not vary, in the parts of enum head_part. */
int compile_head(struct arena *a, const struct draft *d, const char *boundary, struct compiled *out,
		 struct err *e) MUST_USE;

#endif
