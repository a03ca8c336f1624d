/* placet backup and restore: a home into a folder and back; what that means is in store/backup.h. */
#include "cmd/commands.h"

#include "base/file.h"
#include "store/backup.h"

RUN(cmd_backup)
{
	int64_t by;

	if (ctx_operator(c, &by, e) < 0 || backup_make(c->h, c->operand[0], e) < 0)
		return -1;
	say(c, "backup made in %s: the data below data/, the keys below keys/; keep the two apart", c->operand[0]);
	return c->json ? print_json(json_pack("{s:s}", "backup", c->operand[0])) : 0;
}

/* Where there is no home yet it is made anew; where there is one, its data are replaced and its keys stay. */
static int open_target(struct ctx *c, const char *dir, struct err *e)
{
	const char *path = home_path(c->a, c->home_path);
	const char *conf = arena_printf(c->a, "%s/placet.conf", path);

	if (!file_exists(conf) && backup_make_home(path, dir, e) < 0)
		return -1;
	c->h = home_open(path, e);
	if (!c->h || home_hold(c->h, true, e) < 0 || home_open_db(c->h, e) < 0)
		return -1;
	return 0;
}

RUN(cmd_restore)
{
	const char *dir = c->operand[0];
	struct backup b;
	char made[32];
	int64_t by;

	if (backup_read(c->a, dir, &b, e) < 0 || open_target(c, dir, e) < 0 || ctx_operator(c, &by, e) < 0 ||
	    backup_restore(c->h, dir, e) < 0 || home_read_keys(c->h, e) < 0)
		return -1;
	say(c, "restored what was backed up at %s; placet audit log tells the gap, and what was voided", time_iso(b.at, made));
	return c->json ? print_json(json_pack("{s:s, s:o}", "backup", dir, "made", json_time(b.at))) : 0;
}
