/*
 * The institution's house template: every version of its text, who set it and
 * why. Drafts are drawn with the newest; a mailing keeps the one that it was
 * submitted with (mailing.template_id), or the built-in one.
 */
#ifndef PLACET_STORE_HOUSE_TEMPLATE_H
#define PLACET_STORE_HOUSE_TEMPLATE_H

#include "policy/policy.h"
#include "store/home.h"

struct house_version {
	int64_t id, at; /* the id is what people call its version */
	const char *text; /* NULL in a list */
	const char *why, *by; /* by: address, or NULL */
};

/* 1 found, 0 none, -1. */
int house_template_by_id(struct home *h, struct arena *a, int64_t id, struct house_version *out, struct err *e) MUST_USE;
int house_template_newest(struct home *h, struct arena *a, struct house_version *out, struct err *e) MUST_USE;
/* The newest first, without their texts. */
int house_template_list(struct home *h, struct arena *a, struct house_version **out, size_t *n, struct err *e) MUST_USE;
/* Adds a version, with its audit entry, inside the caller's transaction. The caller has judged it. */
int house_template_add(struct home *h, const char *text, const char *why, int64_t by, int64_t *id, struct err *e) MUST_USE;

/* May this institution use it? After house_template_check a sample message in each of its languages, with a department
   and without, is held to the policy as `lint` does. ERR_INPUT says what is wrong; a finding of the policy with its rule. */
int house_template_judge(struct home *h, struct arena *a, const char *text, struct err *e) MUST_USE;
/* The sample message in `language`, taken apart; its bytes are out->bytes. `text` NULL: the built-in template. ERR_INPUT. */
int house_template_sample(struct home *h, struct arena *a, const char *text, const char *language, bool department,
			  struct message_facts *out, struct err *e) MUST_USE;

#endif
