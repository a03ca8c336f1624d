/*
 * What is held about a person as rows of the template held.html, in words for
 * them. Used by the page /me and by the file that they may have.
 */
#ifndef PLACET_WEB_HELD_VIEW_H
#define PLACET_WEB_HELD_VIEW_H

#include "store/person.h"
#include "tmpl.h"

struct held_rows {
	const struct held_mailbox_row *mailboxes;
	const struct held_list_row *lists;
	const struct held_consent_row *consents;
	const struct held_mailing_row *mailings;
	const struct held_other_row *others;
	size_t n_mailboxes, n_lists, n_consents, n_mailings, n_others;
	const char *name;           /* how lists have it, NULL where none does */
	const char *opted_out_text; /* always said */
	const char *load;           /* how many messages within 30 days */
};

/* `withdraw`: where a form that withdraws a consent goes; NULL: there is none, as in a file. */
void held_rows_fill(struct arena *a, const struct held *x, const char *withdraw, struct held_rows *out);

#define HELD_ROWS(r)                                                                                                  \
	.held_mailboxes = (r).mailboxes, .n_held_mailboxes = (r).n_mailboxes, .held_lists = (r).lists,                \
	.n_held_lists = (r).n_lists, .held_consents = (r).consents, .n_held_consents = (r).n_consents,                \
	.held_mailings = (r).mailings, .n_held_mailings = (r).n_mailings, .held_others = (r).others,                  \
	.n_held_others = (r).n_others

#endif
