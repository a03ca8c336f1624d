/* placet check-message: is a message, or a check code, one of ours? The same answers as /check gives. */
#include "cmd/commands.h"

#include "base/file.h"
#include "store/proof.h"

#define EXIT_NOT_PROVEN 5

static json_t *texts_json(const char *const *text, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(text[i]));
	return list;
}

static json_t *proof_json(const struct proof *p)
{
	bool found = p->answer != PROOF_NONE && !p->notice;
	json_t *unknown = json_array(), *links = json_array();

	for (size_t i = 0; i < p->n_sentences; i++)
		if (!p->sentence[i].known)
			json_array_append_new(unknown, json_string(p->sentence[i].text));
	for (size_t i = 0; i < p->n_links; i++)
		json_array_append_new(links, json_string(p->link[i].url));
	return json_pack("{s:s, s:s?, s:o, s:s?, s:s?, s:s?, s:b, s:b, s:b, s:b, s:o, s:o, s:o}", "answer", proof_answer_name(p->answer),
			 "project", found ? p->project.slug : NULL, "mailing", found ? json_integer(p->mailing.id) : json_null(),
			 "subject", found ? p->mailing.subject : NULL, "url", found ? p->mailing.url : NULL, "code",
			 p->code[0] ? p->code : NULL, "notice", p->notice, "test", p->test, "attached", p->attached, "dead", p->dead, "remarks",
			 texts_json(p->remark, p->n_remarks), "unknown", unknown, "links", links);
}

static void tell_differences(struct ctx *c, const struct proof *p)
{
	for (size_t i = 0; i < p->n_remarks; i++)
		say(c, "- %s", p->remark[i]);
	if (p->n_unknown)
		say(c, "\nwhat is not in the approved text:");
	for (size_t i = 0; i < p->n_sentences; i++)
		if (!p->sentence[i].known)
			say(c, "- %s", p->sentence[i].text);
	if (p->n_links)
		say(c, "\nlinks that lead elsewhere:");
	for (size_t i = 0; i < p->n_links; i++)
		say(c, "- %s", p->link[i].url);
}

static void tell(struct ctx *c, const struct proof *p)
{
	const char *which = p->attached ? "the message that is attached to it" : "this message";

	if (p->answer == PROOF_NONE) {
		say(c, p->dead ? "not one of ours: the code is one that previews and tests bear" : "not one of ours");
		return;
	}
	if (p->notice) {
		say(c, "%s was sent by us, unaltered: %s", which,
		    p->test ? "a test of a mailing, for those who make it; nobody has approved its words by that"
			    : "an answer to somebody who typed this address on a page");
		return;
	}
	if (p->answer == PROOF_UNALTERED)
		say(c, "%s was sent by us, unaltered", which);
	else
		say(c, "a mailing with this %s was approved: compare", p->n_sentences ? "code or text" : "code");
	say(c, "%s\n%s", p->mailing.subject, p->mailing.url);
	tell_differences(c, p);
}

static int check_file(struct ctx *c, const char *path, struct proof *out, struct err *e)
{
	struct own_key *keys;
	struct genuine g;
	struct buf bytes;
	size_t n;
	int rc;

	buf_init(&bytes, GENUINE_MESSAGE_MAX + 1);
	rc = file_read(path, &bytes, e);
	if (rc == 0)
		rc = proof_keys(c->h, c->a, &keys, &n, e);
	if (rc == 0)
		rc = genuine_read(c->a, (struct slice){ buf_text(&bytes), bytes.n }, keys, n, &g, e);
	if (rc == 0)
		rc = proof_by_message(c->h, c->a, &g, out, e);
	buf_free(&bytes);
	return rc < 0 ? err_in(e, "%s", path) : 0;
}

/* A code has no dot and no slash; whatever else is no file that can be read is a name that was mistyped. */
static bool could_be_code(const char *text)
{
	return strlen(text) <= 40 && !strpbrk(text, "./") && access(text, F_OK) != 0;
}

RUN(cmd_check_message)
{
	const char *what = c->operand[0];
	struct proof p;

	if ((could_be_code(what) ? proof_by_code(c->h, c->a, what, &p, e) : check_file(c, what, &p, e)) < 0) {
		/* A file that is not there is nothing that could be read: "no such thing" would be an answer about a code. */
		if (e->kind == ERR_MISSING)
			e->kind = ERR_INPUT;
		return -1;
	}
	tell(c, &p);
	if (c->json)
		print_json(proof_json(&p));
	return p.answer == PROOF_UNALTERED ? 0 : p.answer == PROOF_COMPARE ? EXIT_NOT_PROVEN : 1;
}
