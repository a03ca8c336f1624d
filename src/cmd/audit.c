/* placet audit: the ledger, read and verified. */
#include "cmd/commands.h"

#include "store/audit.h"

struct printing {
	const struct ctx *c;
	bool first;
};

static int print_entry(void *ctx, const struct audit_entry *x)
{
	struct printing *p = ctx;
	char at[32];

	time_iso(x->at, at);
	if (!p->c->json) {
		printf("%6lld  %s  %-28s %-20s %-20s %.120s\n", (long long)x->seq, at, x->actor, x->action, x->object,
		       x->detail);
		return 0;
	}
	json_t *j = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "seq", (json_int_t)x->seq, "at", at, "actor", x->actor,
			      "os_user", x->os_user, "action", x->action, "object", x->object, "detail", x->detail);

	fputs(p->first ? "" : ",\n", stdout);
	json_dumpf(j, stdout, JSON_PRESERVE_ORDER);
	json_decref(j);
	p->first = false;
	return 0;
}

RUN(cmd_audit_log)
{
	struct printing p = { c, true };

	fputs(c->json ? "[\n" : "", stdout);
	if (audit_each(c->h, print_entry, &p, e) < 0)
		return -1;
	fputs(c->json ? "\n]\n" : "", stdout);
	return 0;
}

RUN(cmd_audit_verify)
{
	int64_t entries = 0, broken = 0;
	int rc = audit_verify(c->h, &entries, &broken, e);

	if (rc < 0)
		return -1;
	if (c->json)
		print_json(json_pack("{s:b, s:I, s:o}", "whole", rc == 0, "entries", (json_int_t)entries, "broken",
				     broken ? json_integer(broken) : json_null()));
	else if (rc == 0)
		say(c, "the chain of %lld entries is whole", (long long)entries);
	else
		say(c, "entry %lld does not fit: it, or one before it, was changed or removed", (long long)broken);
	return rc;
}
