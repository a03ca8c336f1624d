/*
 * How statements are written down: QUERY(Q_NAME, "text for both engines") or
 * QUERY(Q_NAME, "text for SQLite", "text for PostgreSQL"). The macro puts each
 * one into a section of the program, so that none can be left out of the test
 * that prepares all of them on both engines.
 */
#ifndef PLACET_QUERY_H
#define PLACET_QUERY_H

#include "db/db.h"

#define QUERY(id, ...) QUERY_(id, __VA_ARGS__, NULL, )
#define QUERY_(id, text, pg_text, ...) \
	static const struct query id __attribute__((section("placet_queries"), used, aligned(8))) = { #id, text, pg_text }

/* The same for a SELECT of many rows, read through a cursor on PostgreSQL (see db_query). */
#define EACH(id, ...) EACH_(id, __VA_ARGS__, NULL, )
#define EACH_(id, text, pg_text, ...) \
	static const struct query id __attribute__((section("placet_queries"), used, aligned(8))) = { "each_" #id, text, pg_text }

/* Many rows into one table: see db_copy_begin. */
#define COPY(id, table, columns, values)                                                                              \
	static const struct query id __attribute__((section("placet_queries"), used, aligned(8))) = {                \
		"copy_" #id, "INSERT INTO " table " (" columns ") VALUES (" values ")",                               \
		"COPY " table " (" columns ") FROM STDIN"                                                             \
	}

/* Every statement that is linked in: [queries_begin(), queries_end()). */
const struct query *queries_begin(void);
const struct query *queries_end(void);

#endif
