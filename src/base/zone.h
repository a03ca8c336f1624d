/*
 * Time zones, as the system's database has them (/usr/share/zoneinfo, RFC
 * 8536). A zone is read into memory once and does not change from then on: no
 * state is shared, so that any thread may ask, and the process itself stays in
 * UTC. Times are seconds since 1970, UTC.
 */
#ifndef PLACET_ZONE_H
#define PLACET_ZONE_H

#include "base/arena.h"
#include "base/err.h"

struct zone;

/* Reads a zone by its name, "Europe/Berlin"; "UTC" needs no database. ERR_INPUT when there is none of that name. */
int zone_load(struct arena *a, const char *name, const struct zone **out, struct err *e) MUST_USE;
/* The same from the bytes of a file. ERR_INPUT when they are not what such a file holds. */
int zone_read(struct arena *a, const char *name, struct slice bytes, const struct zone **out, struct err *e) MUST_USE;
const char *zone_name(const struct zone *z);

/* Seconds by which clocks of the zone are ahead of UTC at `t`. */
int64_t zone_offset(const struct zone *z, int64_t t);
/* The first moment after `t` at which that may change; INT64_MAX: never. */
int64_t zone_change(const struct zone *z, int64_t t);

#endif
