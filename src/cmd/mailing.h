/* What the files of placet mailing share. */
#ifndef PLACET_CMD_MAILING_H
#define PLACET_CMD_MAILING_H

#include "cmd/commands.h"
#include "store/content.h"

/* The mailing named by the first operand, its project, and what it becomes. */
struct mailing_at {
	struct mailing m;
	struct content content;
};
/* ERR_MISSING when there is none. `with_content` compiles it. */
int mailing_find(struct ctx *c, bool with_content, struct mailing_at *out, struct err *e) MUST_USE;
/* Prints findings for a person, or gives them as JSON. */
void verdict_print(const struct ctx *c, const struct verdict *v);
json_t *verdict_json(const struct verdict *v);
/* "to": whom the expression means, how many are in, left out and skipped; as JSON, and for a person. After
   selection_choose, or content_judge, which does it. */
int selection_said(struct ctx *c, const struct mailing *m, json_t **out, struct err *e) MUST_USE;
/* Reads --where, --arms and --stratify over what the mailing has. ERR_INPUT. */
int mailing_read_choice(struct ctx *c, struct mailing *m, struct err *e) MUST_USE;
/* Exit code of `mailing check`: 0 pass or doubtful, 1 fail, 75 unknown. */
int verdict_exit(const struct verdict *v);

#endif
