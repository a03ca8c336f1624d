/*
 * placet project: the sign-up page. Its words are a registered value, which a
 * reviewer approves with the rest; its list belongs to the project and is made
 * when it is first named.
 */
#include "cmd/commands.h"

#include "base/file.h"
#include "compose/markdown.h"
#include "store/audit.h"
#include "store/institution.h"
#include "store/list.h"
#include "store/project.h"
#include "web/qr.h"

#define JOIN_TEXT_MAX 4000
#define JOIN_HTML_MAX (64 * 1024)

/* Plain enough that the page, the message and the ledger say the same: no headings, tables or code. */
static int check_shape(const char *text, struct err *e)
{
	static const char *const NOT[] = { "<h2", "<h3", "<h4", "<h5", "<h6", "<table", "<pre", "<hr" };
	struct buf html;
	int rc;

	buf_init(&html, JOIN_HTML_MAX);
	rc = markdown_to_html(text, strlen(text), true, &html, e);
	for (size_t i = 0; i < COUNT(NOT) && rc == 0; i++)
		if (strstr(buf_text(&html), NOT[i]))
			rc = err_set(e, ERR_INPUT, "paragraphs, lists, emphasis and links are fine; take out headings, tables, rules and code");
	buf_free(&html);
	return rc;
}

static int check_text(struct ctx *c, const char *text, struct err *e)
{
	struct institution inst;

	if (strlen(text) > JOIN_TEXT_MAX)
		return err_set(e, ERR_INPUT, "more than %d bytes: say it in words that people will read", JOIN_TEXT_MAX);
	if (institution_load(c->h, c->a, &inst, e) < 0 || check_shape(text, e) < 0)
		return -1;
	/* CON-2: who answers for the data is named where people agree. */
	if (!strstr(text, inst.name))
		return err_set(e, ERR_INPUT, "it does not name who answers for the data: say \"%s\" in it", inst.name);
	return 0;
}

static int read_text(struct ctx *c, struct project *p, struct err *e)
{
	const char *file = opt(c, "join-text"), *text;

	if (!file)
		return 0;
	if (read_text_file(c, file, &text, e) < 0)
		return -1;
	if (!text[strspn(text, " \t\r\n")])
		text = "";
	else if (check_text(c, text, e) < 0)
		return err_in(e, "--join-text %s", file);
	p->join_text = text;
	return 0;
}

/* The list by its name: one of this project's own, or none yet. */
static int read_list(struct ctx *c, struct project *p, const char *name, struct err *e)
{
	struct list l = { 0 };
	int got;

	if (slug_check("list", name, e) < 0)
		return err_in(e, "--join-list");
	if ((got = list_by_name(c->h, c->a, name, &l, e)) < 0)
		return -1;
	if (got && l.project_id != p->id)
		return err_set(e, ERR_INPUT, "--join-list %s: this list is of project %s", name, l.project);
	p->join_list = name;
	p->join_list_id = l.id;
	return 0;
}

int project_read_join(struct ctx *c, struct project *p, struct err *e)
{
	const char *name = opt(c, "join-list");

	if (read_text(c, p, e) < 0)
		return -1;
	if (name && !p->join_text[0])
		return err_set(e, ERR_INPUT, "--join-list %s: there is no sign-up page without --join-text", name);
	if (!p->join_text[0] || (p->join_list_id && !name))
		return 0;
	return read_list(c, p, name ? name : arena_printf(c->a, "%s-sign-up", p->slug), e);
}

int project_write_join(struct home *h, struct project *p, int64_t by, struct err *e)
{
	if (!p->join_list)
		return 0;
	if (!p->join_list_id && (list_add(h, p->join_list, p->id, &p->join_list_id, e) < 0 ||
				 audit_add(h, by, "list-added", p->join_list, p->slug, e) < 0))
		return -1;
	return project_set_join_list(h, p->id, p->join_list_id, e);
}

/* --- its QR code ------------------------------------------------------------------------------- */

RUN(cmd_project_qr)
{
	const char *file = opt(c, "svg");
	struct project p;
	struct html svg;

	if (project_find(c, c->operand[0], &p, e) < 0)
		return -1;
	if (!p.join_text[0])
		return err_set(e, ERR_REFUSED, "project %s has no sign-up page; placet project edit %s --join-text FILE gives it one",
			       p.slug, p.slug);
	if ((file && ctx_may_write(c, file, NULL, e) < 0) || qr_svg(c->a, p.join_url, &svg, e) < 0 || (file && file_write(file, svg.p, svg.n, 0644, e) < 0))
		return -1;
	if (c->json)
		return print_json(json_pack("{s:s, s:s, s:s?}", "url", p.join_url, "svg", svg.p, "file", file));
	if (file)
		say(c, "the QR code of %s is in %s", p.join_url, file);
	else
		fwrite(svg.p, 1, svg.n, stdout);
	return 0;
}
