/* The files of assets/, which the build puts into the program. */
#ifndef PLACET_WEB_ASSET_H
#define PLACET_WEB_ASSET_H

#include "web/request.h"
#include "web/response.h"

#define ASSET_URL_MAX 64

/* "/assets/NAME?v=HASH": changes with the content, so that it may be kept forever. */
void asset_url(const char *name, char out[ASSET_URL_MAX]);
/* The page of the route "/assets/{name}". */
int asset_page(const struct request *r, struct response *out, struct err *e);

#endif
