/* Accounts of staff, their departments, and the tokens with which scripts act for them. */
#ifndef PLACET_ACCOUNT_H
#define PLACET_ACCOUNT_H

#include "store/home.h"

enum role { ROLE_RESEARCHER = 1, ROLE_REVIEWER = 2, ROLE_VALIDATOR = 4, ROLE_POSTMASTER = 8 };

struct account {
	int64_t id;
	const char *address, *name;
	unsigned roles;
	int64_t department_id;  /* 0: none */
	const char *department; /* slug, or NULL */
	const char *os_user;    /* or NULL */
	bool disabled;
};

/* 0 for a word that is no role. */
unsigned role_parse(const char *word);
/* "researcher reviewer", in the arena. */
const char *roles_text(struct arena *a, unsigned roles);

/* Adds an account in the caller's transaction. `password` may be NULL. */
int account_add(struct home *h, const struct account *x, const char *password, int64_t *id, struct err *e) MUST_USE;
/* 1, 0, -1. */
int account_by_address(struct home *h, struct arena *a, const char *address, struct account *out,
		       struct err *e) MUST_USE;
int account_by_id(struct home *h, struct arena *a, int64_t id, struct account *out, struct err *e) MUST_USE;
int account_list(struct home *h, struct arena *a, struct account **out, size_t *n, struct err *e) MUST_USE;
int account_disable(struct home *h, int64_t id, struct err *e) MUST_USE;
/* Is there an enabled account with this role outside of the department (0: anywhere), other than `but`? */
int account_role_elsewhere(struct home *h, unsigned role, int64_t department, int64_t but, struct err *e) MUST_USE;
/* A new one-time link's token for the account: base64url, good for 7 days; only its hash is kept. */
int account_login_token(struct home *h, int64_t id, char out[TOKEN_TEXT_MAX], struct err *e) MUST_USE;
/* Whose link it is; 1, 0 (used, expired, forged, or the account is disabled), -1. Changes nothing. */
int account_by_login(struct home *h, struct arena *a, const char *token, struct account *out, struct err *e) MUST_USE;
/* Sets the password by the link and voids the link, in a transaction of its own, with an audit entry. 1, 0 when
   the link is no longer the account's, -1: ERR_INPUT for a password with a fault (store/password.h). */
int account_set_password(struct home *h, int64_t id, const char *token, const char *password, struct err *e) MUST_USE;

/* A token for scripts: "placet_..." printed once. */
int token_add(struct home *h, int64_t account, const char *scope, char out[80], struct err *e) MUST_USE;
/* The account of a token; 1, 0, -1. */
int token_account(struct home *h, const char *token, int64_t *account, struct err *e) MUST_USE;

struct department {
	int64_t id;
	const char *slug, *name;
};
int department_add(struct home *h, const char *slug, const char *name, struct err *e) MUST_USE;
int department_by_slug(struct home *h, struct arena *a, const char *slug, struct department *out,
		       struct err *e) MUST_USE;
int department_list(struct home *h, struct arena *a, struct department **out, size_t *n, struct err *e) MUST_USE;

/* [a-z0-9] words joined by hyphens, at most 40 characters. ERR_INPUT names `what`. */
int slug_check(const char *what, const char *slug, struct err *e) MUST_USE;

#endif
