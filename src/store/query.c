/* The list of all statements: the bounds of the section that QUERY fills. */
#include "store/query.h"

extern const struct query __start_placet_queries[], __stop_placet_queries[];

const struct query *queries_begin(void)
{
	return __start_placet_queries;
}

const struct query *queries_end(void)
{
	return __stop_placet_queries;
}
