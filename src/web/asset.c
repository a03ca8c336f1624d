/* Assets: see asset.h. Only a request that names the version gets an answer that is kept forever. */
#include "web/asset.h"

#include "base/embedded.h"
#include "mail/token.h"

extern const struct embedded ASSETS[];
extern const size_t ASSETS_n;

static const struct {
	const char *ending, *type;
} TYPES[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
};

static const struct embedded *find(const char *name)
{
	for (size_t i = 0; i < ASSETS_n; i++)
		if (strcmp(ASSETS[i].name, name) == 0)
			return &ASSETS[i];
	return NULL;
}

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < COUNT(TYPES); i++)
		if (strcmp(dot, TYPES[i].ending) == 0)
			return TYPES[i].type;
	return "application/octet-stream";
}

void asset_url(const char *name, char out[ASSET_URL_MAX])
{
	const struct embedded *f = find(name);
	uint8_t hash[32];

	MUST(f);
	sha256(f->p, f->n, hash);
	snprintf(out, ASSET_URL_MAX, "/assets/%s?v=%02x%02x%02x%02x%02x", name, hash[0], hash[1], hash[2], hash[3],
		 hash[4]);
}

int asset_page(const struct request *r, struct response *out, struct err *e)
{
	const struct embedded *f = find(route_param(&r->match, "name"));

	if (!f)
		return err_set(e, ERR_MISSING, "asset");
	out->type = type_of(f->name);
	out->asset = (const char *)f->p;
	out->asset_n = f->n;
	if (*form_text(r->query, "v"))
		out->caching = CACHE_FOREVER;
	return 0;
}
