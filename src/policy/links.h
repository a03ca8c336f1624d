/* The links of the body, and what mail programs make links of; part of `same-infrastructure`. Private to src/policy. */
#ifndef PLACET_POLICY_LINKS_H
#define PLACET_POLICY_LINKS_H

#include "policy/rule.h"

/* Holds them to the institution, to the sending identity's `domains` (NULL-ended), and to the registered hosts. */
void links_judge(struct ruling *r, const char *const *domains);

#endif
