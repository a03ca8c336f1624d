/* placet project image: the pictures that a project's messages may carry, approved with it. */
#include "cmd/commands.h"

#include "base/codec.h"
#include "base/file.h"
#include "base/utf8.h"
#include "mail/picture.h"
#include "mail/token.h"
#include "store/audit.h"
#include "store/image.h"
#include "store/project.h"

/* FMT-16: in a message it grows by a third, and all of a message stays below 100 kB. */
#define IMAGE_MAX 60000
#define SIDE_MIN  16 /* px; what is smaller is nothing to look at */
#define SIDE_MAX  3000
#define NAME_LENGTH_MAX 40
#define ALT_MAX   300

static json_t *images_json(const struct image *images, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		struct buf hex;

		buf_init(&hex, 80);
		hex_encode(&hex, images[i].hash, sizeof(images[i].hash));
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:s}", "name", images[i].name, "alt",
						      images[i].alt, "type", images[i].type, "width", images[i].width, "height",
						      images[i].height, "size", (json_int_t)images[i].bytes.n, "sha256",
						      buf_text(&hex)));
		buf_free(&hex);
	}
	return list;
}

/* "photos/The Well.png" as "the-well": a name that can be written into Markdown. */
static const char *name_of(struct arena *a, const char *path)
{
	const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = strrchr(file, '.') ? (size_t)(strrchr(file, '.') - file) : strlen(file);
	char *name = arena_text_n(a, file, n);

	for (char *p = name; *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		else if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')))
			*p = '-';
	}
	return name;
}

static int check_words(const char *name, const char *alt, struct err *e)
{
	if (!name[0] || strlen(name) > NAME_LENGTH_MAX || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return err_set(e, ERR_INPUT, "--name %s: 1 to %d small letters, digits and hyphens are wanted", name, NAME_LENGTH_MAX);
	if (!alt[0] || !utf8_valid(alt, strlen(alt)) || !utf8_is_plain(alt) || utf8_count(alt) > ALT_MAX)
		return err_set(e, ERR_INPUT, "--alt: 1 to %d characters are wanted, which say to who cannot see it what it shows",
			       ALT_MAX);
	return 0;
}

/* From the file's bytes alone. */
static int read_image(struct ctx *c, const char *path, struct image *x, struct err *e)
{
	struct picture pic;
	struct buf b;
	int rc;

	buf_init(&b, IMAGE_MAX);
	rc = file_read(path, &b, e);
	if (rc == 0) {
		x->bytes = (struct slice){ arena_text_n(c->a, buf_text(&b), b.n), b.n };
		rc = picture_read(x->bytes, &pic, e);
	}
	buf_free(&b);
	if (rc < 0)
		return err_in(e, "%s", path);
	x->type = pic.type;
	x->width = pic.width;
	x->height = pic.height;
	sha256(x->bytes.p, x->bytes.n, x->hash);
	if (pic.width < SIDE_MIN || pic.height < SIDE_MIN || pic.width > SIDE_MAX || pic.height > SIDE_MAX)
		return err_set(e, ERR_INPUT, "%s: it is %d x %d pixels large; %d to %d are wanted in each direction", path, pic.width,
			       pic.height, SIDE_MIN, SIDE_MAX);
	return 0;
}

/* A change to an approved value: the project waits for its reviewer again. */
static int change(struct ctx *c, const struct project *p, const char *remove, const struct image *put, int64_t by, struct err *e)
{
	const char *told = remove ? arena_printf(c->a, "image %s removed", remove)
				  : arena_printf(c->a, "image %s: %s", put->name, put->alt);

	if (db_begin(c->h->db, e) < 0)
		return -1;
	if ((remove ? image_remove(c->h, p->id, remove, e) : image_put(c->h, p->id, put, e)) == 0 && project_edit(c->h, p, e) == 0 &&
	    audit_add(c->h, by, "project-edited", p->slug, told, e) == 0 && db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

static int print_images(struct ctx *c, const struct project *p, struct err *e)
{
	struct image *images;
	size_t n;

	if (image_list(c->h, c->a, p->id, &images, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		say(c, "![](%s)  %s, %d x %d, %zu bytes: %s", images[i].name, images[i].type, images[i].width, images[i].height,
		    images[i].bytes.n, images[i].alt);
	if (!n)
		say(c, "project %s has no images", p->slug);
	return c->json ? print_json(json_pack("{s:s, s:o}", "project", p->slug, "images", images_json(images, n))) : 0;
}

RUN(cmd_project_image)
{
	const char *file = c->n_operands > 1 ? c->operand[1] : NULL, *remove = opt(c, "remove");
	struct image x = { .alt = opt(c, "alt") ? opt(c, "alt") : "" };
	struct project p;
	int64_t by;

	if (project_find(c, c->operand[0], &p, e) < 0)
		return -1;
	if (!file && !remove)
		return print_images(c, &p, e);
	if (file && remove)
		return err_set(e, ERR_INPUT, "--remove: give either a file or the name of an image to remove");
	if (file) {
		x.name = opt(c, "name") ? opt(c, "name") : name_of(c->a, file);
		if (check_words(x.name, x.alt, e) < 0 || read_image(c, file, &x, e) < 0)
			return -1;
	}
	if (ctx_operator(c, &by, e) < 0 || change(c, &p, remove, &x, by, e) < 0)
		return -1;
	say(c, "project %s is changed, and a draft until a reviewer approves it anew", p.slug);
	return print_images(c, &p, e);
}
