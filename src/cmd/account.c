/* placet account, token, department: staff, and what they belong to. */
#include "cmd/commands.h"

#include "base/utf8.h"
#include "mail/address.h"
#include "store/audit.h"

static int find_account(struct ctx *c, const char *address, struct account *out, struct err *e)
{
	int got = account_by_address(c->h, c->a, address, out, e);

	return got ? got : err_set(e, ERR_MISSING, "account %s: there is none; placet account list shows them", address);
}

static json_t *account_json(const struct ctx *c, const struct account *x)
{
	return json_pack("{s:s, s:s, s:s, s:s?, s:b}", "address", x->address, "name", x->name, "roles",
			 roles_text(c->a, x->roles), "department", x->department, "disabled", x->disabled);
}

static int read_roles(struct ctx *c, unsigned *out, struct err *e)
{
	const char *word;

	*out = 0;
	for (size_t i = 0; (word = opt_at(c, "role", i)); i++) {
		if (!role_parse(word))
			return err_set(e, ERR_INPUT, "--role %s: roles are researcher, reviewer, validator, postmaster", word);
		*out |= role_parse(word);
	}
	return 0;
}

static int read_department(struct ctx *c, struct account *x, struct err *e)
{
	const char *slug = opt(c, "department");
	struct department d;
	int got;

	if (!slug)
		return 0;
	got = department_by_slug(c->h, c->a, slug, &d, e);
	if (got == 0)
		return err_set(e, ERR_MISSING, "department %s: there is none; placet department list shows them", slug);
	x->department_id = d.id;
	x->department = d.slug;
	return got < 0 ? -1 : 0;
}

static int read_password(struct ctx *c, const char **out, struct err *e)
{
	const char *path = opt(c, "password-file"), *text;

	*out = NULL;
	if (!path)
		return 0;
	if (read_text_file(c, path, &text, e) < 0)
		return err_in(e, "--password-file");
	*out = arena_text_n(c->a, text, strcspn(text, "\r\n"));
	return 0;
}

static int add_in_transaction(struct ctx *c, struct account *x, const char *password, int64_t by, char *token,
			      struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (account_add(c->h, x, password, &x->id, e) == 0 &&
	    (password || account_login_token(c->h, x->id, token, e) == 0) &&
	    audit_add(c->h, by, "account-added", x->address, roles_text(c->a, x->roles), e) == 0 &&
	    db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_account_add)
{
	struct account x = { .name = opt(c, "name"), .os_user = opt(c, "os-user") };
	const char *password, *link = NULL;
	char token[TOKEN_TEXT_MAX];
	struct address addr;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || address_parse(c->a, c->operand[0], &addr, e) < 0 ||
	    read_roles(c, &x.roles, e) < 0 || read_department(c, &x, e) < 0 || read_password(c, &password, e) < 0)
		return -1;
	x.address = addr.delivery;
	if (!x.name[0] || !utf8_is_plain(x.name))
		return err_set(e, ERR_INPUT, "--name: a name is wanted, without line breaks or invisible characters");
	if (add_in_transaction(c, &x, password, by, token, e) < 0)
		return -1;
	if (!password)
		link = arena_printf(c->a, "%s/staff/welcome/%s", c->h->url, token);
	if (c->json) {
		json_t *j = account_json(c, &x);

		json_object_set_new(j, "link", link ? json_string(link) : json_null());
		return print_json(j);
	}
	say(c, "account %s added: %s", x.address, roles_text(c->a, x.roles));
	if (link)
		say(c, "for %s, once, within 7 days: %s", x.name, link);
	return 0;
}

RUN(cmd_account_list)
{
	struct account *all;
	json_t *list;
	size_t n;

	if (account_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, account_json(c, &all[i]));
		say(c, "%-32s %-24s %s%s%s%s", all[i].address, all[i].name, roles_text(c->a, all[i].roles),
		    all[i].department ? ", " : "", all[i].department ? all[i].department : "",
		    all[i].disabled ? ", disabled" : "");
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}

RUN(cmd_account_disable)
{
	struct account x;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || find_account(c, c->operand[0], &x, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (account_disable(c->h, x.id, e) == 0 && audit_add(c->h, by, "account-disabled", x.address, "", e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		x.disabled = true;
		say(c, "account %s is disabled", x.address);
		return c->json ? print_json(account_json(c, &x)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_account_reset)
{
	char token[TOKEN_TEXT_MAX];
	struct account x;
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || find_account(c, c->operand[0], &x, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (account_login_token(c->h, x.id, token, e) == 0 &&
	    audit_add(c->h, by, "account-reset", x.address, "", e) == 0 && db_commit(c->h->db, e) == 0) {
		const char *link = arena_printf(c->a, "%s/staff/welcome/%s", c->h->url, token);

		say(c, "for %s, once, within 7 days: %s", x.name, link);
		return c->json ? print_json(json_pack("{s:s, s:s}", "address", x.address, "link", link)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_token_add)
{
	const char *scope = opt(c, "scope");
	struct account x;
	char token[80];
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || find_account(c, c->operand[0], &x, e) < 0)
		return -1;
	if (strcmp(scope, "act") != 0)
		return err_set(e, ERR_INPUT, "--scope %s: there is one scope, act (--by on the command line)", scope);
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (token_add(c->h, x.id, scope, token, e) == 0 && audit_add(c->h, by, "token-added", x.address, scope, e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "%s", token);
		return c->json ? print_json(json_pack("{s:s, s:s, s:s}", "account", x.address, "scope", scope, "token", token))
			       : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

/* --- departments ------------------------------------------------------------------------------- */

RUN(cmd_department_add)
{
	const char *slug = c->operand[0], *name = opt(c, "name");
	int64_t by;

	if (!name[0] || !utf8_is_plain(name))
		return err_set(e, ERR_INPUT, "--name: a name is wanted, without line breaks or invisible characters");
	if (ctx_operator(c, &by, e) < 0 || db_begin(c->h->db, e) < 0)
		return -1;
	if (department_add(c->h, slug, name, e) == 0 && audit_add(c->h, by, "department-added", slug, name, e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "department %s added", slug);
		return c->json ? print_json(json_pack("{s:s, s:s}", "slug", slug, "name", name)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}

RUN(cmd_department_list)
{
	struct department *all;
	json_t *list;
	size_t n;

	if (department_list(c->h, c->a, &all, &n, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, json_pack("{s:s, s:s}", "slug", all[i].slug, "name", all[i].name));
		say(c, "%-20s %s", all[i].slug, all[i].name);
	}
	if (c->json)
		return print_json(list);
	json_decref(list);
	return 0;
}
