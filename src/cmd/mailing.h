/* What the files of placet mailing share. */
#ifndef PLACET_CMD_MAILING_H
#define PLACET_CMD_MAILING_H

#include "cmd/commands.h"
#include "store/content.h"
#include "store/version.h"

/* The mailing named by the first operand, its project, and what it becomes. */
struct mailing_at {
	struct mailing m;
	struct content content;
};
/* ERR_MISSING when there is none. `with_content` compiles it. */
int mailing_find(struct ctx *c, bool with_content, struct mailing_at *out, struct err *e) MUST_USE;
json_t *mailing_json(const struct mailing *m);
/* Recipients by state. */
struct delivery_counts;
json_t *mailing_counts_json(const struct delivery_counts *n);
/* Prints findings for a person, or gives them as JSON. */
void verdict_print(const struct ctx *c, const struct verdict *v);
json_t *verdict_json(const struct verdict *v);
/* "to": whom the expression means, how many are in, left out and skipped; as JSON, and for a person. After
   selection_choose, or content_judge, which does it. */
int selection_said(struct ctx *c, const struct mailing *m, json_t **out, struct err *e) MUST_USE;
/* Reads --where, --arms and --stratify over what the mailing has. ERR_INPUT. */
int mailing_read_choice(struct ctx *c, struct mailing *m, struct err *e) MUST_USE;

/* What differs between two versions: texts by language, other facts of the manifests, and how many people. */
struct changes {
	struct changed_text {
		const char *language, *part; /* subject, body, text */
		struct diff_line *line;
		size_t n;
	} *text;
	size_t n_texts;
	struct changed_fact {
		const char *what, *before, *now; /* NULL: there is no such fact */
	} *fact;
	size_t n_facts;
	const char *people_before, *people_now; /* numbers as text; NULL when they are the same */
};
/* `to` may be the draft as it stands now (n = 0): then facts that only a submission makes are left out. `people`: of
   the draft, how many the list and its expression come to. */
void changes_between(struct ctx *c, const struct version *from, const struct version *to, int64_t people, struct changes *out);
static inline bool changes_none(const struct changes *x)
{
	return !x->n_texts && !x->n_facts && !x->people_now;
}
/* How many people a draft is for now; of a submitted one as it was frozen. */
int changes_people(struct ctx *c, const struct mailing *m, int64_t *out, struct err *e) MUST_USE;
/* "subject (en), body (en), window closes; people 117, now 120", in the arena. */
const char *changes_words(struct ctx *c, const struct changes *x);

/* Exit code of `mailing check`: 0 pass or doubtful, 1 fail, 75 unknown. */
int verdict_exit(const struct verdict *v);

#endif
