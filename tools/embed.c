/*
 * embed OUT.c TABLE_NAME FILE...
 * Writes a C file with the content of the files, as the table that
 * src/base/embedded.h describes. It runs while Placet is built; a failure
 * ends it, and with it the build.
 */
#include "base/base.h"

#include <errno.h>

static NORETURN void die(const char *what, const char *name)
{
	fprintf(stderr, "embed: %s %s: %s\n", what, name, errno ? strerror(errno) : "refused");
	exit(1);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Names go into C strings as they are, so they are plain. */
static void check_name(const char *name)
{
	size_t n = strlen(name);

	if (!n || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != n)
		die("the name holds more than letters, digits and ._-:", name);
}

/* Writes the content as an array, ended by a NUL that is not counted; returns the count. */
static size_t write_array(FILE *out, const char *path, int index)
{
	FILE *in = fopen(path, "rb");
	size_t n = 0;
	int c;

	if (!in)
		die("cannot open", path);
	fprintf(out, "static const unsigned char F%d[] = {", index);
	while ((c = getc(in)) != EOF)
		fprintf(out, "%s%d,", n++ % 24 ? "" : "\n\t", c);
	fprintf(out, "\n\t0 };\n\n");
	if (ferror(in))
		die("cannot read", path);
	fclose(in);
	return n;
}

int main(int argc, char **argv)
{
	size_t *sizes;
	FILE *out;

	if (argc < 4) {
		fprintf(stderr, "usage: embed OUT.c TABLE_NAME FILE...\n");
		return 2;
	}
	check_name(argv[2]);
	sizes = mem_alloc(sizeof(size_t) * (size_t)argc);
	out = fopen(argv[1], "w");
	if (!out)
		die("cannot make", argv[1]);
	fprintf(out, "/* Made by tools/embed.c; do not edit. */\n#include \"base/embedded.h\"\n\n");
	for (int i = 3; i < argc; i++)
		sizes[i] = write_array(out, argv[i], i - 3);
	fprintf(out, "extern const struct embedded %s[];\nextern const size_t %s_n;\n\n", argv[2], argv[2]);
	fprintf(out, "const struct embedded %s[] = {\n", argv[2]);
	for (int i = 3; i < argc; i++) {
		check_name(base_name(argv[i]));
		fprintf(out, "\t{ \"%s\", F%d, %zu },\n", base_name(argv[i]), i - 3, sizes[i]);
	}
	fprintf(out, "};\nconst size_t %s_n = %d;\n", argv[2], argc - 3);
	if (ferror(out) || fclose(out) != 0)
		die("cannot write", argv[1]);
	free(sizes);
	return 0;
}
