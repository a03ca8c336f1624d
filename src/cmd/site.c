/* placet site export: the public pages as files; how that is done is in web/export.h. */
#include "cmd/commands.h"

#include "web/export.h"

#include <sys/stat.h>

RUN(cmd_site_export)
{
	const char *dir = c->operand[0];
	struct site_export done;

	if (!*dir || ctx_may_write(c, dir, NULL, e) < 0)
		return *dir ? -1 : err_set(e, ERR_INPUT, "DIR is empty; name a folder");
	/* What is public is for a web server to read, whoever runs this. */
	umask(022);
	if (site_export(c->h, dir, &done, e) < 0)
		return -1;
	say(c, "%zu pages, %zu files in %s; what needs a server is linked at %s. Begin at %s/index.html", done.pages, done.files, dir,
	    c->h->url, dir);
	if (done.removed)
		say(c, "%zu files of an earlier export are no more", done.removed);
	return c->json ? print_json(json_pack("{s:s, s:s, s:I, s:I, s:I}", "dir", dir, "url", c->h->url, "pages", (json_int_t)done.pages,
					      "files", (json_int_t)done.files, "removed", (json_int_t)done.removed))
		       : 0;
}
