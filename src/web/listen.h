/* Listening sockets by their written address: "127.0.0.1:8080", "[::1]:0", "unix:/run/placet/web". */
#ifndef PLACET_WEB_LISTEN_H
#define PLACET_WEB_LISTEN_H

#include "base/err.h"

#define LISTEN_NAME_MAX 128

/* Opens one and writes the address that it really has (port 0 becomes a number) into `name`. Returns the
   socket. ERR_INPUT: not an address; ERR_AGAIN: taken; ERR_DENIED: not allowed. Names are not looked up. */
int listen_open(const char *text, char name[LISTEN_NAME_MAX], struct err *e) MUST_USE;

#endif
