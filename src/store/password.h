/* Passwords of staff: which ones are taken (AUT-1), and how they are kept (AUT-2). */
#ifndef PLACET_PASSWORD_H
#define PLACET_PASSWORD_H

#include "base/err.h"

#define PASSWORD_LEAST 8
#define PASSWORD_MOST 256
/* With the NUL at the end. */
#define PASSWORD_HASH_MAX 128

/* Why a password cannot be the one of the account with this address, as "it is ..."; NULL when it can. */
const char *password_fault(const char *password, const char *address);
/* Argon2id as a PHC string; takes some tenths of a second and 64 MiB. ERR_INPUT for a password with a fault. */
int password_hash(const char *password, const char *address, char out[PASSWORD_HASH_MAX], struct err *e) MUST_USE;

#endif
