/* placet init: makes a home, and the account of its postmaster. */
#include "cmd/commands.h"

#include "base/utf8.h"
#include "mail/address.h"
#include "store/audit.h"
#include "store/institution.h"

/* https://host, or in a trial home http://loopback:port; no path. Returns a copy without a final slash. */
static int check_url(struct ctx *c, const char *text, bool trial, const char **out, struct err *e)
{
	bool https = strncmp(text, "https://", 8) == 0, http = strncmp(text, "http://", 7) == 0;
	const char *host = text + (https ? 8 : 7);
	size_t n = https || http ? strcspn(host, ":/") : 0;
	const char *name = arena_text_n(c->a, n ? host : "", n);
	bool loopback = strcmp(name, "127.0.0.1") == 0 || strcmp(name, "localhost") == 0;
	const char *rest = host + n;

	if (*rest == ':')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!n || (*rest && strcmp(rest, "/") != 0))
		return err_set(e, ERR_INPUT, "--url %s: wanted is https://HOST%s, without a path", text,
			       trial ? " or http://127.0.0.1:PORT" : "");
	if (!(trial && loopback) && (!https || host[n] == ':'))
		return err_set(e, ERR_INPUT, "--url %s: wanted is https://HOST without a port; http and a port are for trial homes on loopback",
			       text);
	if (!loopback && !domain_parse(c->a, name))
		return err_set(e, ERR_INPUT, "--url %s: '%s' is no host name", text, name);
	*out = arena_text_n(c->a, text, (size_t)(rest - text));
	return 0;
}

static int read_domains(struct ctx *c, const char **out, struct err *e)
{
	const char *value, *domain;

	*out = "";
	for (size_t i = 0; (value = opt_at(c, "domain", i)); i++) {
		domain = domain_parse(c->a, value);
		if (!domain)
			return err_set(e, ERR_INPUT, "--domain %s: no domain name", value);
		*out = arena_printf(c->a, "%s%s%s", *out, **out ? "\n" : "", domain);
	}
	return 0;
}

static int first_settings(struct ctx *c, const char *domains, const char *postmaster, struct err *e)
{
	if (institution_set(c->h, "name", opt(c, "institution"), e) < 0 ||
	    institution_set(c->h, "domains", domains, e) < 0)
		return -1;
	return postmaster ? institution_set(c->h, "contact", postmaster, e) : 0;
}

/* The postmaster's account; its OS user is the one who makes the home. */
static int first_account(struct ctx *c, const char *postmaster, const char **link, struct err *e)
{
	struct account x = { .address = postmaster, .name = "Postmaster", .roles = ROLE_POSTMASTER };
	char token[TOKEN_TEXT_MAX];
	int64_t id;

	*link = NULL;
	if (!postmaster)
		return 0;
	if (account_add(c->h, &x, NULL, &id, e) < 0 || account_login_token(c->h, id, token, e) < 0)
		return -1;
	*link = arena_printf(c->a, "%s/staff/welcome/%s", c->h->url, token);
	return 0;
}

static int fill(struct ctx *c, const char *domains, const char *postmaster, const char **link, struct err *e)
{
	if (home_open_db(c->h, e) < 0 || home_read_keys(c->h, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (first_settings(c, domains, postmaster, e) == 0 && first_account(c, postmaster, link, e) == 0 &&
	    audit_add(c->h, 0, "init", opt(c, "institution"), c->h->trial ? "a trial home" : "a live home", e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_init)
{
	struct home_plan plan = { .database = opt(c, "database"), .trial = opt_set(c, "trial") };
	const char *domains, *postmaster = opt(c, "postmaster"), *link;
	struct address addr;

	plan.path = home_path(c->a, c->home_path);
	if (check_url(c, opt(c, "url"), plan.trial, &plan.url, e) < 0 || read_domains(c, &domains, e) < 0)
		return -1;
	if (postmaster) {
		if (address_parse(c->a, postmaster, &addr, e) < 0)
			return err_in(e, "--postmaster");
		postmaster = addr.delivery;
	}
	if (!utf8_is_plain(opt(c, "institution")))
		return err_set(e, ERR_INPUT, "--institution: no line breaks or invisible characters, please");
	if (home_make(&plan, e) < 0 || !(c->h = home_open(plan.path, e)) || fill(c, domains, postmaster, &link, e) < 0)
		return -1;
	if (c->json)
		return print_json(json_pack("{s:s, s:s, s:b, s:s?}", "home", plan.path, "url", c->h->url, "trial",
					    plan.trial, "link", link));
	say(c, "%s home of %s made in %s", plan.trial ? "trial" : "live", opt(c, "institution"), plan.path);
	if (link)
		say(c, "for %s, once, within 7 days: %s", postmaster, link);
	return 0;
}
