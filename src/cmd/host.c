/* placet host join, list, remove: several hosts on one database; what that means is in store/host.h. */
#include "cmd/commands.h"

#include "store/audit.h"
#include "store/host.h"

/* The ledger is the installation's: so it tells of a home that can do all that the first one can. */
static int record(struct ctx *c, int64_t by, const char *action, const char *id, struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (audit_add(c->h, by, action, arena_printf(c->a, "%.16s", id), "", e) == 0)
		return db_commit(c->h->db, e);
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_host_join)
{
	const char *path = home_path(c->a, c->home_path);
	int64_t by;

	if (host_join(path, c->operand[0], e) < 0 || !(c->h = home_open(path, e)) || home_open_db(c->h, e) < 0 ||
	    home_read_keys(c->h, e) < 0 || ctx_operator(c, &by, e) < 0 || host_enter(c->h, e) < 0 ||
	    record(c, by, "host-join", c->h->host.id, e) < 0)
		return -1;
	say(c, "%s is a home of this installation; its number is %.16s", path, c->h->host.id);
	return c->json ? print_json(json_pack("{s:s, s:s}", "home", path, "id", c->h->host.id)) : 0;
}

RUN(cmd_host_list)
{
	json_t *list = json_array();
	struct host_known *x;
	size_t n;
	int rc = host_list(c->h, c->a, &x, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		char since[32];

		say(c, "%.16s since %s, senders: %lld%s", x[i].id, time_iso(x[i].since, since), (long long)x[i].senders,
		    x[i].own ? ", this one" : "");
		json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:b}", "id", x[i].id, "since", json_time(x[i].since),
						      "senders", (json_int_t)x[i].senders, "own", x[i].own));
	}
	if (rc == 0 && c->json)
		return print_json(list);
	json_decref(list);
	return rc;
}

RUN(cmd_host_remove)
{
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || host_remove(c->h, c->operand[0], e) < 0 ||
	    record(c, by, "host-remove", c->operand[0], e) < 0)
		return -1;
	say(c, "host %.16s is taken off", c->operand[0]);
	return c->json ? print_json(json_pack("{s:s}", "removed", c->operand[0])) : 0;
}
