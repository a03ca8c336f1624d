/*
 * DKIM keys and their DNS records: see dkim.h. Two kinds only, RSA of at least
 * 2048 bits and Ed25519 (DKIM-1, DKIM-2); a key file of any other kind is
 * refused when it is read, not when it is used.
 */
#include "mail/dkim_canon.h"

#include "base/codec.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define RSA_BITS 2048
#define RSA_BITS_MAX 4096
#define TXT_PIECE 255

/* Takes the pkey. */
static struct dkim_key *key_of(EVP_PKEY *pkey, enum dkim_kind kind)
{
	struct dkim_key *k = mem_alloc(sizeof(*k));

	k->kind = kind;
	k->pkey = pkey;
	k->desk = NULL;
	return k;
}

struct dkim_key *dkim_key_new(enum dkim_kind kind, struct err *e)
{
	EVP_PKEY *pkey = kind == DKIM_RSA_2048 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS) :
						 EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	ERR_clear_error();
	if (!pkey) {
		err_set(e, ERR_BROKEN, "a DKIM key could not be made: OpenSSL gave none");
		return NULL;
	}
	return key_of(pkey, kind);
}

struct dkim_key *dkim_key_from_pem(const char *pem, size_t n, struct err *e)
{
	BIO *bio = n <= INT_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;
	/* The empty password keeps OpenSSL from asking for one at the terminal. */
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!pkey) {
		err_set(e, ERR_INPUT, "no private key in PEM form without a password: give one that begins with "
				      "-----BEGIN PRIVATE KEY-----");
		return NULL;
	}
	if (EVP_PKEY_is_a(pkey, "ED25519"))
		return key_of(pkey, DKIM_ED25519);
	if (EVP_PKEY_is_a(pkey, "RSA") && EVP_PKEY_get_bits(pkey) >= RSA_BITS &&
	    EVP_PKEY_get_bits(pkey) <= RSA_BITS_MAX)
		return key_of(pkey, DKIM_RSA_2048);
	err_set(e, ERR_INPUT, "a %s key of %d bits is no use for DKIM: make an RSA key of 2048 bits or an Ed25519 key",
		EVP_PKEY_get0_type_name(pkey), EVP_PKEY_get_bits(pkey));
	EVP_PKEY_free(pkey);
	return NULL;
}

void dkim_key_free(struct dkim_key *k)
{
	if (!k)
		return;
	dkim_desk_free(k->desk);
	EVP_PKEY_free(k->pkey);
	free(k);
}

int dkim_key_to_pem(const struct dkim_key *k, struct buf *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *p = NULL;
	long n = 0;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL) == 1)
		n = BIO_get_mem_data(bio, &p);
	if (n > 0)
		buf_add(out, p, (size_t)n);
	BIO_free(bio);
	ERR_clear_error();
	return n > 0 ? 0 : err_set(e, ERR_BROKEN, "a DKIM key could not be written as PEM");
}

/* Ed25519 publishes the bare 32 octets (RFC 8463), RSA a SubjectPublicKeyInfo. */
static int public_octets(const struct dkim_key *k, struct buf *out)
{
	unsigned char raw[32], *der = NULL;
	size_t raw_n = sizeof(raw);
	int n;

	if (k->kind == DKIM_ED25519) {
		if (EVP_PKEY_get_raw_public_key(k->pkey, raw, &raw_n) != 1 || raw_n != sizeof(raw))
			return -1;
		base64_encode(out, raw, raw_n);
		return 0;
	}
	n = i2d_PUBKEY(k->pkey, &der);
	if (n <= 0)
		return -1;
	base64_encode(out, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

int dkim_key_record(const struct dkim_key *k, struct buf *out, struct err *e)
{
	size_t start = out->n;

	buf_addf(out, "v=DKIM1; k=%s; h=sha256; t=s; p=", k->kind == DKIM_RSA_2048 ? "rsa" : "ed25519");
	if (public_octets(k, out) == 0)
		return 0;
	ERR_clear_error();
	if (!out->over)
		buf_cut(out, start);
	return err_set(e, ERR_BROKEN, "the public half of a DKIM key could not be read from it");
}

void dkim_zone_line(struct buf *out, const char *selector, const char *domain, const char *record)
{
	size_t n = strlen(record);

	buf_addf(out, "%s._domainkey.%s. 3600 IN TXT", selector, domain);
	do {
		size_t piece = n < TXT_PIECE ? n : TXT_PIECE;

		buf_adds(out, " \"");
		for (size_t i = 0; i < piece; i++) {
			if (record[i] == '"' || record[i] == '\\')
				buf_addc(out, '\\');
			buf_addc(out, record[i]);
		}
		buf_addc(out, '"');
		record += piece;
		n -= piece;
	} while (n);
	buf_addc(out, '\n');
}
