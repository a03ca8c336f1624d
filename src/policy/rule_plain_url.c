/*
 * `plain-url`: the addresses of the statement page and of the project's page are short and can be read
 * out. In a trial home http and a port on loopback are waived, and just that.
 */
#include <ctype.h>

#include "base/utf8.h"
#include "policy/policy_text.h"
#include "policy/rule.h"

#define STATEMENT_MAX 60
#define PROJECT_MAX 80

/* Words of [a-z0-9] joined by single hyphens, separated by single slashes. */
static bool path_is_plain(const char *path)
{
	if (!*path || strcmp(path, "/") == 0)
		return true;
	for (; *path; path++) {
		if (*path != '/' && *path != '-' && !islower((unsigned char)*path) && !isdigit((unsigned char)*path))
			return false;
		if ((*path == '/' || *path == '-') && !isalnum((unsigned char)path[1]))
			return false;
	}
	return true;
}

static bool host_is_plain(const char *text, const char *host)
{
	for (const char *p = host; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '.' && *p != '-')
			return false;
	/* url_split lowers the case; the address itself has to be in lower case. */
	return strstr(text, host) != NULL;
}

static const char *what_is_wrong(struct ruling *r, const char *text, size_t most)
{
	const struct institution_facts *in = r->f->institution;
	bool waived;
	struct url u;

	if (!url_split(r->a, text, &u))
		return "is no web address";
	waived = in->trial && url_is_secure(&u, true) && !url_is_secure(&u, false);
	if (in->trial && (strcmp(u.host, "localhost") == 0 || strcmp(u.host, "127.0.0.1") == 0))
		waived = true;
	if (strcmp(u.scheme, "https") != 0 && !waived)
		return "does not begin with https://";
	if (strncmp(text, u.scheme, strlen(u.scheme)) != 0 || !host_is_plain(text, u.host))
		return "has other characters than small letters, digits, hyphens and dots in its host";
	if (u.user)
		return "has a user part";
	if (u.port && !waived)
		return "has a port";
	if (u.query)
		return "has a query (“?”)";
	if (u.fragment)
		return "has a fragment (“#”)";
	if (!waived && !host_is_in(u.host, in->domains))
		return "is on a host that is not the institution's";
	if (!path_is_plain(u.path))
		return "has a path of more than words of small letters and digits, joined by hyphens";
	return utf8_count(text) > most ? arena_printf(r->a, "is longer than %zu characters", most) : NULL;
}

static void judge(struct ruling *r, const char *what, const char *text, size_t most)
{
	const char *wrong = text && *text ? what_is_wrong(r, text, most) : "is missing";

	if (wrong)
		rule_fail(r, arena_printf(r->a, "give %s a short https address on a host of the institution", what),
			  "the address of %s, “%s”, %s", what, text ? text_quote(r->a, text, 120) : "", wrong);
}

void rule_plain_url(struct ruling *r)
{
	const struct project_facts *p = r->f->project;

	judge(r, "the statement page", r->f->institution->statement_url, STATEMENT_MAX);
	if (p)
		judge(r, "the project's page", p->page_url, PROJECT_MAX);
	if (!rule_has_objected(r))
		rule_pass(r, "%s is plain%s", r->f->institution->statement_url, p ? ", and so is the project's page" : "");
}
