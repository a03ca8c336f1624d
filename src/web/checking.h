/* What the files of /check share: an answer, and how it is shown. */
#ifndef PLACET_WEB_CHECKING_H
#define PLACET_WEB_CHECKING_H

#include "store/proof.h"
#include "tmpl.h"
#include "web/pages.h"

/* So many uploads are read at a time. */
#define CHECKING_MAX 4

struct checked {
	struct proof proof;
	const char *typed; /* a code; else NULL */
	bool message;      /* a whole message was handed in */
};

int check_show(const struct page *p, const struct checked *c, struct response *out, struct err *e) MUST_USE;
/* The form, with what was wrong, or NULL. */
int check_show_form(const struct page *p, const char *fault, struct response *out) MUST_USE;
/* Reads a message in a confined child, for which the answer waits. The bytes live as long as the request. */
int check_upload(const struct request *r, const struct page *p, struct slice bytes, struct response *out,
		 struct err *e) MUST_USE;

#endif
