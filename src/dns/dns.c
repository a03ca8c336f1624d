/*
 * The asker that asks the world: see dns.h. libunbound asks in a thread of its own, since it has no other way to end
 * a question in time; nothing is shared with it but the pipe on which it says that it has an answer. Without a resolver
 * of its own it asks those of /etc/resolv.conf, or, where there are none, the root servers and so on down.
 */
#include "dns/dns.h"

#include "base/clock.h"
#include "base/codec.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unbound.h>
#include <unistd.h>

#define ROOT_KEY "/usr/share/dns/root.key"
#define TTL_MAX (7 * 24 * 3600)

struct dns {
	struct ub_ctx *ub;
	int64_t end; /* clock_ticks */
	unsigned asked;
};

int dns_check_resolver(const char *text, struct err *e)
{
	const char *at = strchr(text, '@');
	char address[64];
	uint8_t bytes[16];
	int64_t port;
	size_t n = at ? (size_t)(at - text) : strlen(text);

	if (n < sizeof(address)) {
		memcpy(address, text, n);
		address[n] = '\0';
		if (dns_address(address, bytes) && (!at || parse_i64(at + 1, 1, 65535, &port) == 0))
			return 0;
	}
	return err_set(e, ERR_INPUT, "resolver '%.80s': give its address, or address and port as 192.0.2.53@5353", text);
}

/* What libunbound holds back by itself, a resolver of our own choice may answer: example names, private addresses, itself. */
static int trust_resolver(struct ub_ctx *ub)
{
	static const struct {
		const char *option, *value;
	} OPTIONS[] = {
		{ "do-not-query-localhost:", "no" },      { "unblock-lan-zones:", "yes" },
		{ "local-zone:", "test. nodefault" },     { "local-zone:", "invalid. nodefault" },
		{ "local-zone:", "localhost. nodefault" }, { "local-zone:", "127.in-addr.arpa. nodefault" },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(OPTIONS); i++)
		rc = ub_ctx_set_option(ub, OPTIONS[i].option, OPTIONS[i].value);
	return rc;
}

static int prepare(struct ub_ctx *ub, const char *resolver)
{
	int rc = ub_ctx_async(ub, 1);

	if (rc == 0 && resolver && *resolver) {
		rc = trust_resolver(ub);
		return rc == 0 ? ub_ctx_set_fwd(ub, resolver) : rc;
	}
	/* Without the file it asks from the root servers on. */
	if (rc == 0)
		(void)ub_ctx_resolvconf(ub, NULL);
	if (rc == 0 && access(ROOT_KEY, R_OK) == 0)
		rc = ub_ctx_add_ta_file(ub, ROOT_KEY);
	return rc;
}

struct dns *dns_open(const char *resolver, int seconds, struct err *e)
{
	struct dns *d;
	int rc;

	if (resolver && *resolver && dns_check_resolver(resolver, e) < 0)
		return NULL;
	d = mem_alloc(sizeof(*d));
	*d = (struct dns){ .ub = ub_ctx_create(), .end = clock_ticks() + seconds * SECOND };
	rc = d->ub ? prepare(d->ub, resolver) : UB_NOMEM;
	if (rc == 0)
		return d;
	err_set(e, ERR_BROKEN, "the DNS cannot be asked: %s", ub_strerror(rc));
	dns_free(d);
	return NULL;
}

void dns_free(struct dns *d)
{
	if (!d)
		return;
	if (d->ub)
		ub_ctx_delete(d->ub);
	free(d);
}

/* --- one question ------------------------------------------------------------------------------ */

struct pending {
	bool done;
	int error;
	struct ub_result *result;
};

static void on_answer(void *ctx, int error, struct ub_result *result)
{
	struct pending *p = ctx;

	p->done = true;
	p->error = error;
	p->result = result;
}

static void trouble(struct dns_answer *out, const char *why)
{
	*out = (struct dns_answer){ .status = DNS_TROUBLE, .why = why };
}

static void wait_for(struct dns *d, struct pending *p)
{
	int64_t end = clock_ticks() + DNS_SECONDS * SECOND;
	struct pollfd fd = { ub_fd(d->ub), POLLIN, 0 };

	end = end < d->end ? end : d->end;
	while (!p->done) {
		int64_t left = end - clock_ticks();
		int got = left > 0 ? poll(&fd, 1, (int)(left / 1000) + 1) : 0;

		if (got == 0 || (got < 0 && errno != EINTR) || (got > 0 && ub_process(d->ub) != 0))
			return;
	}
}

/* What a name is called instead was followed already. */
static void read_records(struct arena *a, enum dns_type type, const struct ub_result *r, struct dns_answer *out)
{
	out->record = ARENA_ARRAY(a, struct dns_record, DNS_RECORDS_MAX);
	for (size_t i = 0; r->data[i] && out->n < DNS_RECORDS_MAX; i++)
		if (r->len[i] >= 0 && dns_rdata_read(a, type, (const uint8_t *)r->data[i], (size_t)r->len[i], &out->record[out->n]))
			out->n++;
	out->status = out->n ? DNS_FOUND : DNS_NO_DATA;
}

static void take(struct arena *a, enum dns_type type, const struct ub_result *r, struct dns_answer *out)
{
	if (r->bogus)
		trouble(out, arena_printf(a, "what the DNS answers does not hold by DNSSEC: %s", r->why_bogus ? r->why_bogus : "bogus"));
	else if (r->havedata)
		read_records(a, type, r, out);
	else if (r->nxdomain)
		out->status = DNS_NO_NAME;
	else if (r->rcode == 0)
		out->status = DNS_NO_DATA;
	else
		trouble(out, arena_printf(a, "the DNS gives no answer (error code %d%s)", r->rcode, r->rcode == 2 ? ", SERVFAIL" : ""));
	if (out->status == DNS_TROUBLE)
		return;
	out->secure = r->secure != 0;
	out->ttl = r->ttl < 0 ? 0 : r->ttl > TTL_MAX ? TTL_MAX : (uint32_t)r->ttl;
}

static void ask(void *ctx, struct arena *a, const char *name, enum dns_type type, struct dns_answer *out)
{
	struct dns *d = ctx;
	struct pending p = { 0 };
	int id = 0, rc;

	if (clock_ticks() >= d->end || d->asked++ >= DNS_QUESTIONS_MAX) {
		trouble(out, "the time or number of questions for one look at the DNS is used up");
		return;
	}
	rc = ub_resolve_async(d->ub, name, (int)type, 1, &p, on_answer, &id);
	if (rc == 0)
		wait_for(d, &p);
	if (rc == 0 && !p.done)
		(void)ub_cancel(d->ub, id);
	if (rc != 0 || !p.done)
		trouble(out, rc ? ub_strerror(rc) : "the DNS gave no answer in time");
	else if (p.error || !p.result)
		trouble(out, ub_strerror(p.error));
	else
		take(a, type, p.result, out);
	if (p.result)
		ub_resolve_free(p.result);
}

struct dns_asker dns_asker(struct dns *d)
{
	return (struct dns_asker){ ask, d };
}
