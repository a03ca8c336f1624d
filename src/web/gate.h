/*
 * The request gate: what the HTTP library lets through and a careful server
 * must not. A pure function over the facts of one request, asked before any
 * route is looked for. Two ways of reading one request are how requests are
 * smuggled past a proxy: whatever can be read in two ways is refused.
 */
#ifndef PLACET_WEB_GATE_H
#define PLACET_WEB_GATE_H

#include "base/base.h"

#define GATE_FIELDS_MAX 64
#define GATE_TARGET_MAX 4096

struct gate_field {
	struct slice name, value;
};

struct sockaddr;

/* One request as the library read it. */
struct gate_facts {
	const char *method, *version;
	struct slice target; /* path and query, still percent-encoded */
	const struct gate_field *fields;
	size_t n_fields; /* of the whole request, also those past GATE_FIELDS_MAX that `fields` leaves out */
	const struct sockaddr *peer; /* who is connected, NULL if that is not known. Not judged, see network.h */
};

struct gate_verdict {
	int status;      /* 0: let it in; else the HTTP status of the refusal */
	const char *why; /* for the log */
	bool has_length; /* Content-Length was given */
	bool chunked;
	uint64_t length;
};

struct gate_verdict gate_judge(const struct gate_facts *f);
/* Says the browser that another site sent this? Sec-Fetch-Site decides, else Origin against `origin`, the
   site's own. What says neither is no browser that could be led
   here by another site. */
bool gate_is_foreign(const struct gate_facts *f, const char *origin);

#endif
