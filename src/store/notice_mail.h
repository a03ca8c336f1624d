/* From a claimed row to what its message says: for the notice*.c files of store/ alone. */
#ifndef PLACET_STORE_NOTICE_MAIL_H
#define PLACET_STORE_NOTICE_MAIL_H

#include "store/identity.h"
#include "store/institution.h"
#include "store/notice.h"
#include "store/project.h"

/* What the messages of one claim have in common, and the project looked up last. */
struct notice_office {
	struct institution institution;
	struct identity *identity;
	size_t n_identities;
	struct project project;
};

/* What a row and those that it points to hold. */
struct notice_about {
	const char *kind, *address, *consent_text;
	int64_t created, asked, project, object, due;
	int64_t shows;       /* of a test: whose values; 0: of somebody invented */
	const char *language;
	bool reserved, bounced;
	bool object_found;   /* the sign_up or the complaint is there */
	bool confirmed;      /* the sign_up was confirmed already */
};

int notice_office_open(struct home *h, struct arena *a, struct notice_office *out, struct err *e) MUST_USE;
/* Completes `x`, of which id, claimed, first, attempts and utf8 stand: its mail, or why there is none. -1 only
   when the database fails. */
int notice_fill(struct home *h, struct arena *a, struct notice_office *o, const struct notice_about *about,
		struct notice *x, struct err *e) MUST_USE;
/* The same of a test, once its kind is known and nothing speaks against sending it (notice_test.c). */
int notice_fill_test(struct home *h, struct arena *a, const struct notice_about *about, struct notice *x, struct err *e) MUST_USE;

#endif
