/*
 * A message that every rule passes, and the facts around it; what tests change. For test_policy.c and the
 * tables of cases.
 */
#ifndef PLACET_POLICY_WORLD_H
#define PLACET_POLICY_WORLD_H

#include "policy/policy.h"

#define PAGE "https://mail.uni.example/research"
#define LEAVE "https://mail.uni.example/opt-out/AbC-123_x"
#define SENTENCE "This message comes from Dr Ann Lee and is not an official communication of the University of Sample."

/* A message that every rule passes. */
extern const char GOOD[];

/* All that policy_decide is given, in one piece. */
struct world {
	struct institution_facts institution;
	struct project_facts project;
	struct selection_facts selection;
	struct infrastructure_facts infrastructure;
	struct message_facts message;
	struct facts facts;
};

void good_world(struct world *w);
/* As lint has it: without a project, or with one. */
void to_lint(struct world *w);
void lint_with_project(struct world *w);

#endif
