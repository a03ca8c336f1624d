/*
 * Any file that somebody hands in: it is read or refused, nothing is sealed by a key that it cannot have, and what came of it is the
 * same after it was packed and unpacked. The same bytes are unpacked as they are, too, as if a reader that was taken over
 * had sent them.
 */
#include "mail/genuine.h"

#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of RFC 8463: nobody who fuzzes has its other half. */
static const struct own_key KEY = { "uni.example football.example.com", "brisbane",
				    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" };

static void there_and_back(struct arena *a, const struct genuine *g)
{
	struct genuine back;
	struct buf b;

	buf_init(&b, GENUINE_PACKED_MAX);
	genuine_pack(g, &b);
	MUST(!b.over && genuine_unpack(a, (struct slice){ b.p, b.n }, &back));
	MUST(back.seal == g->seal && back.attached == g->attached && strcmp(back.from, g->from) == 0 &&
	     strcmp(back.subject, g->subject) == 0 && strcmp(back.text, g->text) == 0 && strcmp(back.html_links, g->html_links) == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct arena *a = arena_new();
	struct genuine g;
	struct err e;

	if (genuine_read(a, bytes, &KEY, 1, &g, &e) == 0) {
		MUST(g.seal != SEAL_WHOLE && strlen(g.text) <= GENUINE_TEXT_MAX && utf8_valid(g.text, strlen(g.text)));
		there_and_back(a, &g);
	} else {
		MUST(e.kind == ERR_INPUT && e.text[0]);
	}
	if (genuine_unpack(a, bytes, &g))
		there_and_back(a, &g);
	arena_free(a);
	return 0;
}
