/*
 * The bytes of DNS records, and what addresses are called there: see dns.h. libunbound hands over names in full,
 * so that there is nothing to follow: a pointer inside of a name is refused like any other label that is too long.
 */
#include "dns/dns.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX (16 * 1024)
#define QUOTE_MAX 100

static bool is_host_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* A name that fills the bytes; of host characters alone, since it is printed and asked for again. */
static bool read_name(struct arena *a, const uint8_t *p, size_t n, struct dns_record *out)
{
	char name[DNS_NAME_MAX + 2];
	size_t at = 0, len = 0;

	while (at < n && p[at]) {
		size_t label = p[at++];

		if (label > 63 || label > n - at || len + label + 1 > DNS_NAME_MAX + 1)
			return false;
		for (size_t i = 0; i < label; i++, at++) {
			if (!is_host_char(p[at]))
				return false;
			name[len++] = (char)(p[at] >= 'A' && p[at] <= 'Z' ? p[at] | 32 : p[at]);
		}
		name[len++] = '.';
	}
	if (at + 1 != n)
		return false;
	len -= len > 0;
	out->text = arena_text_n(a, name, len);
	out->n = len;
	return true;
}

static bool read_text(struct arena *a, const uint8_t *p, size_t n, struct dns_record *out)
{
	char *text;

	if (!n || n > TEXT_MAX)
		return false;
	text = arena_alloc(a, n + 1);
	for (size_t at = 0; at < n;) {
		size_t len = p[at++];

		if (len > n - at)
			return false;
		for (size_t i = 0; i < len; i++, at++)
			text[out->n++] = p[at] ? (char)p[at] : '\xff';
	}
	out->text = text;
	return true;
}

static bool read_address(struct arena *a, const uint8_t *p, size_t n, size_t want, struct dns_record *out)
{
	char text[INET6_ADDRSTRLEN];

	if (n != want || !inet_ntop(n == 4 ? AF_INET : AF_INET6, p, text, sizeof(text)))
		return false;
	memcpy(out->address, p, n);
	out->text = arena_text(a, text);
	out->n = strlen(text);
	return true;
}

bool dns_rdata_read(struct arena *a, enum dns_type type, const uint8_t *p, size_t n, struct dns_record *out)
{
	*out = (struct dns_record){ 0 };
	switch (type) {
	case DNS_A:
		return read_address(a, p, n, 4, out);
	case DNS_AAAA:
		return read_address(a, p, n, 16, out);
	case DNS_TXT:
		return read_text(a, p, n, out);
	case DNS_MX:
		if (n < 3)
			return false;
		out->preference = (uint16_t)(p[0] << 8 | p[1]);
		return read_name(a, p + 2, n - 2, out);
	case DNS_CNAME:
	case DNS_PTR:
		return read_name(a, p, n, out);
	}
	return false;
}

const char *dns_quote(struct arena *a, const char *text)
{
	char *out = arena_text_n(a, text, strnlen(text, QUOTE_MAX));

	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return out;
}

/* --- names and addresses ----------------------------------------------------------------------- */

size_t dns_address(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET, text, out) == 1)
		return 4;
	return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

const char *dns_reverse_name(struct arena *a, const uint8_t *address, size_t n)
{
	static const char HEX[] = "0123456789abcdef";
	char text[80];
	size_t len = 0;

	if (n == 4)
		return arena_printf(a, "%d.%d.%d.%d.in-addr.arpa", address[3], address[2], address[1], address[0]);
	for (size_t i = 16; i-- > 0;) {
		text[len++] = HEX[address[i] & 15];
		text[len++] = '.';
		text[len++] = HEX[address[i] >> 4];
		text[len++] = '.';
	}
	text[len] = '\0';
	return arena_printf(a, "%sip6.arpa", text);
}

/* Labels of 1 to 63 bytes, 253 in all; what stands in them is the zone's own affair. */
static bool is_name(const char *name)
{
	size_t label = 0, n = strlen(name);

	if (!n || n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && name[i] != '.') {
			if (++label > 63)
				return false;
			continue;
		}
		if (!label)
			return false;
		label = 0;
	}
	return true;
}

struct dns_answer dns_question(const struct dns_asker *d, struct arena *a, const char *name, enum dns_type type)
{
	struct dns_answer out = { .status = DNS_NO_NAME };
	size_t n = strlen(name);
	const char *bare = n && name[n - 1] == '.' ? arena_text_n(a, name, n - 1) : name;

	if (is_name(bare))
		d->ask(d->ctx, a, bare, type, &out);
	return out;
}
