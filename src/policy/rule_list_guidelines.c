/* `list-guidelines`: asked of posts to managed lists; a mailing goes to an address list. */
#include "policy/rule.h"

void rule_list_guidelines(struct ruling *r)
{
	rule_na(r, "this is a mailing to an address list, not a post to a managed list");
}
