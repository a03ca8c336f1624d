/* Texts of send windows; and, behind a first byte of 'Z', files of time zones. */
#include "base/clock.h"
#include "base/hours.h"
#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_zone(struct arena *a, const uint8_t *data, size_t size)
{
	const struct zone *z;
	struct err e = { 0 };

	if (zone_read(a, "Made/Up", (struct slice){ (const char *)data, size }, &z, &e) < 0)
		return;
	for (int64_t t = INT64_C(-5000000000), i = 0; i < 100; i++) {
		int64_t next = zone_change(z, t);

		MUST(next > t);
		MUST(zone_offset(z, t) >= -400 * 3600 && zone_offset(z, t) <= 400 * 3600);
		if (next == INT64_MAX)
			break;
		t = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const struct hours *h, *again;
	struct err e = { 0 };

	if (size && data[0] == 'Z') {
		read_zone(a, data + 1, size - 1);
	} else if (hours_parse(a, arena_text_n(a, (const char *)data, size), &h, &e) == 0) {
		MUST(hours_parse(a, hours_text(h), &again, &e) == 0 || strlen(hours_text(h)) > HOURS_TEXT_MAX);
		MUST(hours_change(h, 1795407224 * SECOND) > 1795407224 * SECOND);
	}
	arena_free(a);
	return 0;
}
