/*
 * What is held about a person, for people and programs to read: as JSON, as
 * a page, and as the file that they may have (CON-9). The same value
 * (store/person.h) is told each time.
 */
#ifndef PLACET_WEB_HELD_H
#define PLACET_WEB_HELD_H

#include "store/person.h"

#include <jansson.h>

/* `address` as it was asked for. The caller owns the value. */
json_t *held_json(const char *address, const struct held *x);

#endif
