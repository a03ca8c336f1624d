/*
 * TLS towards a relay: see tls.h. Sessions are resumed, but never for long:
 * a resumed one believes what the first handshake verified, and each ticket
 * would bring the next, so that a certificate could go on for ever after its
 * end.
 */
#include "smtp/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"

#define BELIEVED HOUR

/* What is kept of the last session; hangs on the context. */
struct kept {
	SSL_SESSION *session; /* NULL: none */
	int64_t verified;     /* when the certificate was, in ticks */
};

static int keep_session(SSL *s, SSL_SESSION *session)
{
	struct kept *k = SSL_CTX_get_app_data(SSL_get_SSL_CTX(s));

	if (!SSL_session_reused(s))
		k->verified = clock_ticks();
	SSL_SESSION_free(k->session);
	k->session = session;
	return 1; /* the reference is ours now */
}

void tls_forget(SSL_CTX *ctx)
{
	struct kept *k = SSL_CTX_get_app_data(ctx);

	SSL_SESSION_free(k->session);
	k->session = NULL;
}

void tls_context_free(SSL_CTX *ctx)
{
	struct kept *k = ctx ? SSL_CTX_get_app_data(ctx) : NULL;

	if (k)
		SSL_SESSION_free(k->session);
	SSL_CTX_free(ctx);
	free(k);
}

/* Our own certificate, for relays that know us by it. */
static int load_client(SSL_CTX *ctx, const struct relay *r, struct err *e)
{
	const char *key = r->client_key ? r->client_key : r->client_cert;
	const char *who = r->url ? r->url : r->host;

	if (SSL_CTX_use_certificate_chain_file(ctx, r->client_cert) != 1)
		return err_set(e, ERR_INPUT,
			       "relay %s: cannot read our certificate in %s: it must be PEM, its chain behind it", who,
			       r->client_cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return err_set(e, ERR_INPUT,
			       "relay %s: cannot read the key of our certificate in %s, or it is not its key", who,
			       key);
	return 0;
}

SSL_CTX *tls_context_new(const struct relay *r, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	MUST(ctx && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_read_ahead(ctx, 1); /* a record in one read, not in one for its head and one for the rest */
	SSL_CTX_set_app_data(ctx, mem_alloc(sizeof(struct kept)));
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	if (r->ca_file ? SSL_CTX_load_verify_locations(ctx, r->ca_file, NULL) != 1
		       : SSL_CTX_set_default_verify_paths(ctx) != 1) {
		err_set(e, ERR_INPUT, "relay %s: cannot read the CA certificates%s%s", r->url ? r->url : r->host,
			r->ca_file ? " in " : "", r->ca_file ? r->ca_file : "");
	} else if (!r->client_cert || load_client(ctx, r, e) == 0) {
		return ctx;
	}
	tls_context_free(ctx);
	ERR_clear_error();
	return NULL;
}

static bool is_address(const char *host)
{
	char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

SSL *tls_session_new(SSL_CTX *ctx, const char *host, int fd)
{
	const struct kept *k = SSL_CTX_get_app_data(ctx);
	SSL *s = SSL_new(ctx);

	MUST(s && SSL_set_fd(s, fd) == 1);
	if (is_address(host)) {
		MUST(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s), host) == 1);
	} else {
		SSL_set_hostflags(s, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		MUST(SSL_set1_host(s, host) == 1 && SSL_set_tlsext_host_name(s, host) == 1);
	}
	if (k->session && clock_ticks() - k->verified < BELIEVED)
		SSL_set_session(s, k->session);
	SSL_set_connect_state(s);
	return s;
}

void tls_why(const SSL *s, char *out, size_t max)
{
	long verdict = SSL_get_verify_result(s);
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	if (verdict != X509_V_OK)
		snprintf(out, max, "TLS: the relay's certificate: %s", X509_verify_cert_error_string(verdict));
	else
		snprintf(out, max, "TLS: %s", reason ? reason : "the relay closed the connection");
	ERR_clear_error();
}
