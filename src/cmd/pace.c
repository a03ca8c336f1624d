/* placet pace, placet identity pace: how many messages go out in a second and in a day. */
#include "cmd/identity.h"

#include "base/codec.h"
#include "store/audit.h"
#include "store/pace.h"

/* "10", "0.5": at most three digits behind the point. */
static int read_rate(const char *text, int64_t *milli)
{
	const char *point = strchr(text, '.');
	size_t whole = point ? (size_t)(point - text) : strlen(text), digits = point ? strlen(point + 1) : 0;
	char n[24];

	if (!whole || whole > 8 || (point && !digits) || digits > 3)
		return -1;
	snprintf(n, sizeof(n), "%.*s%s%.*s", (int)whole, text, point ? point + 1 : "", (int)(3 - digits), "000");
	return parse_i64(n, 0, PACE_PER_SECOND_MAX * INT64_C(1000), milli);
}

static const char *rate_text(struct arena *a, int64_t milli)
{
	if (milli % 1000 == 0)
		return arena_printf(a, "%lld", (long long)(milli / 1000));
	return arena_printf(a, "%lld.%03lld", (long long)(milli / 1000), (long long)(milli % 1000));
}

static int opt_number(const struct ctx *c, const char *name, int64_t max, int64_t *out, struct err *e)
{
	if (!opt(c, name) || parse_i64(opt(c, name), 0, max, out) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "--%s %s: a number from 0 (no limit) to %lld is wanted", name, opt(c, name), (long long)max);
}

/* --- recipient domains ----------------------------------------------------------------------------- */

static int name_of(struct ctx *c, const char **out, struct err *e)
{
	*out = pace_name(c->a, c->operand[0]);
	return *out ? 0
		    : err_set(e, ERR_INPUT, "%s: a pace is of a domain (example.org), of the domains of a provider (mx:example.net), or of each other domain (\"*\")",
			      c->operand[0]);
}

static json_t *limit_json(const struct pace_limit *x)
{
	return json_pack("{s:s, s:f, s:I, s:I, s:o, s:I}", "name", x->name, "per_second", (double)x->per_second_milli / 1000, "per_day",
			 (json_int_t)x->per_day, "used", (json_int_t)x->used, "next", json_time(x->next), "domains",
			 (json_int_t)x->domains);
}

static const char *limit_told(struct arena *a, const struct pace_limit *x)
{
	const char *second = x->per_second_milli ? arena_printf(a, "%s a second", rate_text(a, x->per_second_milli)) : "";
	const char *day = x->per_day ? arena_printf(a, "%lld a day", (long long)x->per_day) : "";

	return arena_printf(a, "%s%s%s", second, *second && *day ? ", " : "", day);
}

/* What is not named stays as it was. */
static int read_limit(struct ctx *c, struct pace_limit *x, struct err *e)
{
	struct pace_limit *all;
	size_t n;

	if (name_of(c, &x->name, e) < 0 || pace_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, x->name) == 0)
			*x = all[i];
	if (opt(c, "per-second") && read_rate(opt(c, "per-second"), &x->per_second_milli) < 0)
		return err_set(e, ERR_INPUT, "--per-second %s: a number up to %d such as 10 or 0.5 is wanted; 0: no limit",
			       opt(c, "per-second"), PACE_PER_SECOND_MAX);
	if (opt_number(c, "per-day", PACE_PER_DAY_MAX, &x->per_day, e) < 0)
		return -1;
	if (!x->per_second_milli && !x->per_day)
		return err_set(e, ERR_INPUT, "%s: give --per-second or --per-day; placet pace remove takes both away", x->name);
	return 0;
}

RUN(cmd_pace_set)
{
	struct pace_limit x = { 0 };
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || read_limit(c, &x, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (pace_set(c->h, &x, e) == 0 && audit_add(c->h, by, "pace-set", x.name, limit_told(c->a, &x), e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "%s: at most %s", x.name, limit_told(c->a, &x));
		return c->json ? print_json(limit_json(&x)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_pace_remove)
{
	const char *name;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || name_of(c, &name, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (pace_remove(c->h, name, e) == 0 && audit_add(c->h, by, "pace-removed", name, "", e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "%s has no pace of its own any more", name);
		return c->json ? print_json(json_pack("{s:s}", "name", name)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_pace_list)
{
	struct pace_limit *all;
	json_t *out;
	size_t n;

	if (pace_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	out = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(out, limit_json(&all[i]));
		say(c, "%-30s at most %s; today %lld%s", all[i].name, limit_told(c->a, &all[i]), (long long)all[i].used,
		    strcmp(all[i].name, "*") == 0 ? arena_printf(c->a, ", to %lld domains", (long long)all[i].domains) : "");
	}
	if (!n)
		say(c, "no recipient domain has a pace; placet pace set gives it one");
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

/* --- identities ------------------------------------------------------------------------------------ */

static json_t *paced_json(const struct identity *x, const struct pace_identity *p)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:I, s:I, s:I}", "name", x->name, "per_second", (json_int_t)p->per_second, "per_day",
			 (json_int_t)p->per_day, "warm_up", (json_int_t)p->warm_up, "warm_since", json_time(p->warm_since), "days",
			 (json_int_t)p->days, "today", (json_int_t)p->today, "used", (json_int_t)p->used);
}

static const char *paced_told(struct arena *a, const struct pace_identity *p)
{
	return arena_printf(a, "per second %lld, per day %lld, warm-up %lld (0: no limit)", (long long)p->per_second,
			    (long long)p->per_day, (long long)p->warm_up);
}

static int change(struct ctx *c, const struct identity *x, struct pace_identity *p, struct err *e)
{
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || opt_number(c, "per-second", PACE_PER_SECOND_MAX, &p->per_second, e) < 0 ||
	    opt_number(c, "per-day", PACE_PER_DAY_MAX, &p->per_day, e) < 0 ||
	    opt_number(c, "warm-up", PACE_PER_DAY_MAX, &p->warm_up, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (pace_identity_set(c->h, p, e) == 0 && audit_add(c->h, by, "identity-pace", x->name, paced_told(c->a, p), e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return pace_identity_get(c->h, x->id, p, e);
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_identity_pace)
{
	struct pace_identity p;
	struct identity x;

	if (identity_find(c, &x, e) < 0 || pace_identity_get(c->h, x.id, &p, e) < 0)
		return -1;
	if ((opt(c, "per-second") || opt(c, "per-day") || opt(c, "warm-up")) && change(c, &x, &p, e) < 0)
		return -1;
	say(c, "identity %s: %s", x.name, paced_told(c->a, &p));
	if (p.per_second || p.per_day || p.warm_up)
		say(c, "  today %lld%s, on day %lld of sending", (long long)p.used,
		    p.today ? arena_printf(c->a, " of %lld", (long long)p.today) : "", (long long)p.days);
	return c->json ? print_json(paced_json(&x, &p)) : 0;
}
