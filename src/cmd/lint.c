/* placet lint: holds any message to the content rules. */
#include "cmd/mailing.h"

#include "base/file.h"
#include "store/image.h"

#define FILE_MAX (26 * 1024 * 1024)

static int find_facts(struct ctx *c, struct project_facts *out, bool *found, struct err *e)
{
	const char *slug = opt(c, "project");
	struct project p;
	struct identity id;
	struct image *images;
	size_t n;
	int got;

	*found = false;
	if (!slug)
		return 0;
	got = project_by_slug(c->h, c->a, slug, &p, e);
	if (got == 0)
		return err_set(e, ERR_MISSING, "--project %s: there is none; placet project list shows them", slug);
	if (got < 0 || identity_by_id(c->h, c->a, p.identity_id, &id, e) < 0 || image_list(c->h, c->a, p.id, &images, &n, e) < 0)
		return -1;
	*out = content_project_facts(c->a, &p, &id, images, n);
	*found = true;
	return 0;
}

static int judge(struct ctx *c, struct slice bytes, struct verdict *v, struct err *e)
{
	struct institution inst;
	struct institution_facts inst_facts;
	struct project_facts project;
	struct message_facts message = { 0 };
	struct facts f = { .institution = &inst_facts, .message = &message, .lint = true };
	bool has_project;

	if (institution_load(c->h, c->a, &inst, e) < 0 || find_facts(c, &project, &has_project, e) < 0 ||
	    policy_read_message(c->a, bytes, &message, e) < 0)
		return -1;
	inst_facts = content_institution_facts(c->h, &inst);
	f.project = has_project ? &project : NULL;
	policy_decide(c->a, &f, v);
	return 0;
}

RUN(cmd_lint)
{
	struct verdict v;
	struct buf bytes;
	int rc;

	buf_init(&bytes, FILE_MAX);
	rc = file_read(c->operand[0], &bytes, e);
	if (rc == 0)
		rc = judge(c, (struct slice){ buf_text(&bytes), bytes.n }, &v, e);
	if (rc == 0) {
		verdict_print(c, &v);
		if (c->json)
			print_json(verdict_json(&v));
		rc = verdict_exit(&v);
	}
	buf_free(&bytes);
	return rc < 0 ? err_in(e, "%s", c->operand[0]) : rc;
}
