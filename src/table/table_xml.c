/*
 * XML by expat: see table_xml.h. What a call answered is kept in `rc` and the
 * parser is stopped; expat's own error is then of no interest.
 */
#include "table/table_xml.h"

#include "base/codec.h"

#include <expat.h>

#define CHUNK (64 * 1024)

struct reader {
	XML_Parser parser;
	struct pack *pack;
	const struct xml_calls *calls;
	void *ctx;
	struct err *e;
	int depth;
	int rc; /* of the call that stopped it; 0: none did */
};

const char *xml_local(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

const char *xml_attr(const char **attrs, const char *local)
{
	for (; *attrs; attrs += 2)
		if (strcmp(xml_local(attrs[0]), local) == 0)
			return attrs[1];
	return NULL;
}

int64_t xml_number(const char *value, int64_t min, int64_t max, int64_t missing)
{
	int64_t n;

	return value && parse_i64(value, min, max, &n) == 0 ? n : missing;
}

static int damaged(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "%.80s is damaged (line %llu: %s); open the file in a spreadsheet and save it again",
		       pack_part_name(r->pack), (unsigned long long)XML_GetCurrentLineNumber(r->parser), what);
}

static void stop(struct reader *r, int rc)
{
	r->rc = rc;
	XML_StopParser(r->parser, XML_FALSE);
}

/* expat may call once more after it was stopped. */
static void on_open(void *arg, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *r = arg;
	int rc = 0;

	r->depth++;
	if (r->rc)
		return;
	if (r->depth > XML_DEPTH_MAX)
		rc = damaged(r, "elements nest too deep");
	else if (XML_GetSpecifiedAttributeCount(r->parser) > 2 * XML_ATTRS_MAX)
		rc = damaged(r, "too many attributes");
	else
		rc = r->calls->open(r->ctx, r->depth, xml_local(name), attrs, r->e);
	if (rc)
		stop(r, rc);
}

static void on_close(void *arg, const XML_Char *name)
{
	struct reader *r = arg;
	int depth = r->depth--, rc;

	if (r->rc || !r->calls->close)
		return;
	rc = r->calls->close(r->ctx, depth, xml_local(name), r->e);
	if (rc)
		stop(r, rc);
}

static void on_text(void *arg, const XML_Char *p, int n)
{
	struct reader *r = arg;
	int rc;

	if (r->rc)
		return;
	rc = r->calls->text(r->ctx, r->depth, p, (size_t)n, r->e);
	if (rc)
		stop(r, rc);
}

/* Comes before anything in it is looked at. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id, int internal)
{
	struct reader *r = arg;

	(void)name, (void)system_id, (void)public_id, (void)internal;
	if (!r->rc)
		stop(r, damaged(r, "a document type, which no spreadsheet writes"));
}

/* expat keeps a tag until its end has come: too long a one would grow, and be searched again and again. */
static int check_token(struct reader *r, uint64_t fed)
{
	XML_Index at = XML_GetCurrentByteIndex(r->parser);

	if (at >= 0 && fed > (uint64_t)at && fed - (uint64_t)at > XML_TOKEN_MAX)
		return damaged(r, "a tag without end");
	return 0;
}

static int fault(struct reader *r)
{
	if (r->rc)
		return r->rc < 0 ? -1 : 0;
	return damaged(r, XML_ErrorString(XML_GetErrorCode(r->parser)));
}

static int feed(struct reader *r)
{
	uint64_t fed = 0;
	ssize_t got;

	do {
		char *room = XML_GetBuffer(r->parser, XML_SIEVE_MORE + CHUNK), *in = room + (r->calls->sieve ? XML_SIEVE_MORE : 0);
		size_t n;

		MUST(room);
		got = pack_read(r->pack, in, CHUNK, r->e);
		if (got < 0)
			return -1;
		n = r->calls->sieve ? r->calls->sieve(r->ctx, room, in, (size_t)got) : (size_t)got;
		fed += n;
		if (XML_ParseBuffer(r->parser, (int)n, got == 0) == XML_STATUS_ERROR)
			return fault(r);
		if (check_token(r, fed) < 0)
			return -1;
	} while (got);
	return 0;
}

int xml_read(struct pack *k, int64_t part, const struct xml_calls *calls, void *ctx, struct err *e)
{
	struct reader r = { .parser = XML_ParserCreate(NULL), .pack = k, .calls = calls, .ctx = ctx, .e = e };
	int rc;

	MUST(r.parser);
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_open, on_close);
	if (calls->text)
		XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	rc = pack_part(k, part, e) < 0 || feed(&r) < 0 ? -1 : 0;
	XML_ParserFree(r.parser);
	return rc;
}
