/*
 * The log: one logfmt line per event on stderr, as
 *   time=... level=info role=send event=relay-lost relay=... why="..."
 * Tokens, passwords and message bodies never stand in it (TOK-3).
 */
#ifndef PLACET_LOG_H
#define PLACET_LOG_H

#include "base/base.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Names the role of this process in each line, and the least level that is printed. */
void log_setup(const char *role, enum log_level least);
/* Pairs of name and value (text), ended by NULL: log_event(LOG_LEVEL_INFO, "sent", "to", x, NULL). */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

#endif
