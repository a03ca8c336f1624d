/*
 * For the fuzzers of workbooks: archives made of parts that the input spells,
 * and what must hold for every row. Bytes from 0x80 to 0xbf stand for whole
 * pieces of XML, so that the fuzzer need not find each tag by itself; 0xff
 * ends a part.
 */
#ifndef PLACET_FUZZ_TABLE_H
#define PLACET_FUZZ_TABLE_H

#include "base/utf8.h"
#include "table/table_book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The checksum of ZIP. */
static inline uint32_t fuzz_crc(const char *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static inline void fuzz_number(struct buf *b, uint32_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_addc(b, (char)v);
}

/* What local header and directory say alike. */
static inline void fuzz_same(struct buf *b, const char *name, const struct buf *part)
{
	fuzz_number(b, 20, 4);
	fuzz_number(b, 0, 6);
	fuzz_number(b, fuzz_crc(buf_text(part), part->n), 4);
	fuzz_number(b, (uint32_t)part->n, 4);
	fuzz_number(b, (uint32_t)part->n, 4);
	fuzz_number(b, (uint32_t)strlen(name), 4);
}

struct fuzz_zip {
	struct buf body, directory;
	uint32_t n;
};

static inline void fuzz_zip_add(struct fuzz_zip *z, const char *name, const struct buf *part)
{
	buf_adds(&z->directory, "PK\1\2");
	fuzz_number(&z->directory, 20, 2);
	fuzz_same(&z->directory, name, part);
	fuzz_number(&z->directory, 0, 10);
	fuzz_number(&z->directory, (uint32_t)z->body.n, 4);
	buf_adds(&z->directory, name);
	buf_adds(&z->body, "PK\3\4");
	fuzz_same(&z->body, name, part);
	buf_adds(&z->body, name);
	buf_add_buf(&z->body, part);
	z->n++;
}

static inline void fuzz_zip_end(struct fuzz_zip *z)
{
	uint32_t at = (uint32_t)z->body.n;

	buf_add_buf(&z->body, &z->directory);
	buf_adds(&z->body, "PK\5\6");
	fuzz_number(&z->body, 0, 4);
	fuzz_number(&z->body, z->n | z->n << 16, 4);
	fuzz_number(&z->body, (uint32_t)z->directory.n, 4);
	fuzz_number(&z->body, at, 4);
	fuzz_number(&z->body, 0, 2);
}

/* The next part that the input spells, behind `begin`; moves *data on. */
static inline void fuzz_part(struct buf *out, const char *begin, const char *const *pieces, size_t n_pieces, const uint8_t **data,
			     size_t *size)
{
	buf_clear(out);
	buf_adds(out, begin);
	for (; *size && **data != 0xff; ++*data, --*size) {
		if (**data >= 0x80 && **data < 0xc0)
			buf_adds(out, pieces[(**data - 0x80U) % n_pieces]);
		else
			buf_addc(out, (char)**data);
	}
	if (*size)
		++*data, --*size;
}

struct fuzz_rows {
	const struct table_about *about;
	int64_t line;
	size_t told;
};

static inline int fuzz_row(void *ctx, const struct table_row *row, struct err *e)
{
	struct fuzz_rows *r = ctx;
	size_t bytes = 0;

	(void)e;
	MUST(r->about->format && r->about->sheet && r->about->sheets > 0);
	MUST(row->line > r->line && row->line <= 1048576 && row->n <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < row->n; i++) {
		bytes += strlen(row->cell[i]);
		MUST(utf8_valid(row->cell[i], strlen(row->cell[i])));
	}
	MUST(bytes <= TABLE_RECORD_MAX && (row->n > 0 || row->fault) && (row->n == 0 || row->cell[row->n - 1][0]));
	r->line = row->line;
	return ++r->told > 1000; /* repeated rows are all alike */
}

static inline void fuzz_read(const void *p, size_t n)
{
	struct arena *a = arena_new();
	struct table_about about = { 0 };
	struct fuzz_rows rows = { .about = &about };
	struct err e = { 0 };

	if (table_workbook_memory(p, n, NULL, a, &about, fuzz_row, &rows, &e) < 0)
		MUST(e.kind == ERR_INPUT && e.text[0]);
	arena_free(a);
}

#endif
