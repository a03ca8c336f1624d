/*
 * Replies from arbitrary bytes: however they are cut into reads, the same
 * replies come out, and their text is printable and bounded.
 */
#include "base/buf.h"
#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct reply *r)
{
	char id[64];

	MUST(r->code >= 200 && r->code < 560);
	MUST(r->n == strlen(r->text) && r->n < sizeof(r->text));
	for (size_t i = 0; i < r->n; i++)
		MUST(r->text[i] >= 0x20 && r->text[i] < 0x7f);
	MUST(!*r->enhanced || r->enhanced[0] - '0' == r->code / 100);
	reply_queue_id(r->text, id, sizeof(id));
}

static void read_in_pieces(const char *p, size_t n, size_t piece, struct buf *seen)
{
	static struct reply_parser parser;

	reply_init(&parser);
	while (n) {
		size_t used;
		enum reply_step step = reply_read(&parser, p, n < piece ? n : piece, &used);

		if (step == REPLY_BAD)
			break;
		MUST(used > 0 && used <= piece);
		p += used;
		n -= used;
		if (step == REPLY_MORE)
			continue;
		check(&parser.reply);
		buf_addf(seen, "%d %d %s %s\n", step, parser.reply.code, parser.reply.enhanced, parser.reply.text);
	}
	buf_addf(seen, "%s", parser.why ? parser.why : "fine");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, bytes;

	buf_init(&whole, 1 << 20);
	buf_init(&bytes, 1 << 20);
	read_in_pieces((const char *)data, size, size ? size : 1, &whole);
	read_in_pieces((const char *)data, size, 1, &bytes);
	MUST(whole.over || strcmp(buf_text(&whole), buf_text(&bytes)) == 0);
	buf_free(&whole);
	buf_free(&bytes);
	return 0;
}
