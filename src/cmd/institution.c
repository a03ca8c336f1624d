/* placet institution: the settings of the installation. */
#include "cmd/commands.h"

#include "store/audit.h"
#include "store/institution.h"

static void show_pairs(struct ctx *c, json_t *out, const char *prefix, const char *const *pairs)
{
	for (; pairs[0]; pairs += 2) {
		const char *key = arena_printf(c->a, "%s%s", prefix, pairs[0]);

		json_object_set_new(out, key, json_string(pairs[1]));
		say(c, "%s: %s", key, pairs[1]);
	}
}

static int show_one(struct ctx *c, json_t *out, const struct setting *s, struct err *e)
{
	const char *value;

	if (institution_get(c->h, c->a, s->key, &value, e) < 0)
		return -1;
	if (value && s->kind == SETTING_NUMBER)
		json_object_set_new(out, s->key, json_integer(strtoll(value, NULL, 10)));
	else
		json_object_set_new(out, s->key, value ? json_string(value) : json_null());
	say(c, "%s: %s", s->key, value ? value : "(not set)");
	return 0;
}

RUN(cmd_institution_show)
{
	const struct setting *table;
	struct institution inst;
	json_t *out;
	size_t n;

	table = settings_table(&n);
	if (institution_load(c->h, c->a, &inst, e) < 0)
		return -1;
	out = json_object();
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].key, "unofficial-sentence.") == 0)
			show_pairs(c, out, table[i].key, inst.unofficial);
		else if (strcmp(table[i].key, "opt-out-wording.") == 0)
			show_pairs(c, out, table[i].key, inst.opt_out_wording);
		else if (show_one(c, out, &table[i], e) < 0) {
			json_decref(out);
			return -1;
		}
	}
	if (c->json)
		return print_json(out);
	json_decref(out);
	return 0;
}

RUN(cmd_institution_set)
{
	const char *key = c->operand[0], *value = c->n_operands > 1 ? c->operand[1] : NULL, *file = opt(c, "file");
	int64_t by;

	if (!value == !file)
		return err_set(e, ERR_INPUT, "%s: give the value, or --file with a file that holds it", key);
	if (ctx_operator(c, &by, e) < 0 || (file && read_text_file(c, file, &value, e) < 0))
		return -1;
	/* A file's last line break is the editor's, not the text's. */
	if (file)
		value = arena_text_n(c->a, value, strlen(value) - (*value && value[strlen(value) - 1] == '\n'));
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (institution_set(c->h, key, value, e) == 0 && audit_add(c->h, by, "setting", key, value, e) == 0 &&
	    db_commit(c->h->db, e) == 0) {
		say(c, "%s is set", key);
		return c->json ? print_json(json_pack("{s:s, s:s}", "key", key, "value", value)) : 0;
	}
	db_rollback(c->h->db);
	return -1;
}
