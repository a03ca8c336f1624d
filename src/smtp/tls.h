/*
 * TLS towards a relay: 1.2 at least, SNI, and a certificate that is valid for
 * the configured name (SMTP-1). Thin words around OpenSSL.
 */
#ifndef PLACET_TLS_H
#define PLACET_TLS_H

#include <openssl/ssl.h>

#include "smtp/relay.h"

/* For all connections to a relay. ERR_INPUT: the CA file, our certificate or its key cannot be read. */
SSL_CTX *tls_context_new(const struct relay *r, struct err *e) MUST_USE;
void tls_context_free(SSL_CTX *ctx);
/* A client session over a non-blocking socket; the socket stays the caller's. It resumes the last one to this relay
   if the certificate was verified within the last hour, which spares both sides the expensive part. */
SSL *tls_session_new(SSL_CTX *ctx, const char *host, int fd);
/* The handshake failed: what it may have resumed is not tried again. */
void tls_forget(SSL_CTX *ctx);
/* Why the last call on `s` failed, as printable text. */
void tls_why(const SSL *s, char *out, size_t max);

#endif
