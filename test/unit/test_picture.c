/* Image files by their bytes: what is one, how large it is, and what only looks like one. */
#include "base/base.h"
#include "mail/picture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define IHDR  "\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x20\x08\x02\0\0\0CRC4"
#define IDAT  "\0\0\0\x04IDATdataCRC4"
#define ACTL  "\0\0\0\x08" "acTL\0\0\0\2\0\0\0\0CRC4"
#define IEND  "\0\0\0\0IENDCRC4"
#define SIGN  "\x89PNG\r\n\x1a\n"
#define FRAME "\xff\xc0\0\x0b\x08\0\x20\0\x40\1\1\x11\0"
#define SCAN  "\xff\xda\0\4\1\1" "data\xff\0\xff\xd0more"
#define GIF   "GIF89a\x40\0\x20\0\x80\0\0\1\2\3\4\5\6"
#define BLOCK ",\0\0\0\0\x40\0\x20\0\0\2\3abc\0"

static void test_pictures(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *type; /* or a word of the error */
		bool good;
	} CASES[] = {
#define CASE(bytes, what, good) { bytes, sizeof(bytes) - 1, what, good }
		CASE(SIGN IHDR IDAT IEND, "image/png", true),
		CASE(SIGN IHDR ACTL IDAT IEND, "moves", false),
		CASE(SIGN IHDR IDAT IEND "<script>", "behind its end", false),
		CASE(SIGN IHDR IDAT, "damaged", false),
		CASE(SIGN IDAT IHDR IEND, "damaged", false),
		CASE(SIGN IHDR "\x7f\xff\xff\xff" "IDAT" IEND, "damaged", false),
		CASE(SIGN, "damaged", false),
		CASE("\xff\xd8" FRAME SCAN "\xff\xd9", "image/jpeg", true),
		CASE("\xff\xd8\xff\xe0\0\4ab" FRAME SCAN SCAN "\xff\xd9", "image/jpeg", true),
		CASE("\xff\xd8" FRAME SCAN "\xff\xd9PK\3\4", "behind its end", false),
		CASE("\xff\xd8" FRAME SCAN, "damaged", false),
		CASE("\xff\xd8\xff\xe0\0\1" FRAME SCAN "\xff\xd9", "damaged", false),
		CASE("\xff\xd8" SCAN "\xff\xd9", "damaged", false),
		CASE(GIF BLOCK ";", "image/gif", true),
		CASE(GIF "!\xf9\4\0\0\0\0\0" BLOCK ";", "image/gif", true),
		CASE(GIF BLOCK BLOCK ";", "moves", false),
		CASE(GIF BLOCK ";x", "damaged", false),
		CASE(GIF BLOCK, "damaged", false),
		CASE(GIF ";", "damaged", false),
		CASE("GIF89a", "damaged", false),
		CASE("<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG", false),
		CASE("RIFF....WEBPVP8 ", "no PNG", false),
		CASE("", "no PNG", false),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct picture p;
		struct err e = { 0 };
		char *exact = malloc(CASES[i].n + 1);
		int rc;

		memcpy(exact, CASES[i].bytes, CASES[i].n);
		rc = picture_read((struct slice){ exact, CASES[i].n }, &p, &e);
		free(exact);
		if ((rc == 0) != CASES[i].good)
			fail_msg("case %zu: %s", i, rc ? e.text : "was taken");
		if (rc == 0) {
			assert_string_equal(p.type, CASES[i].type);
			assert_int_equal(p.width, 64);
			assert_int_equal(p.height, 32);
		} else if (!strstr(e.text, CASES[i].type)) {
			fail_msg("case %zu: %s", i, e.text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pictures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
