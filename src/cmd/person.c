/* placet person: what is held about somebody, as it decides; and how it ends. */
#include "cmd/commands.h"

#include "base/file.h"
#include "store/audit.h"
#include "store/optout.h"
#include "web/held.h"
#include "web/held_file.h"

/* --- show -------------------------------------------------------------------------------------- */

static const char *when(const struct ctx *c, int64_t t)
{
	char text[32];

	return t ? arena_text(c->a, time_iso(t, text)) : "never";
}

static const char *by_of(const char *by)
{
	return by ? by : "themself";
}

static void say_standing(const struct ctx *c, const char *address, const struct held *x)
{
	if (!x->opted_out) {
		say(c, "%s: has not opted out", address);
		return;
	}
	say(c, "%s: opted out of all mail, %s, by %s (%s)%s%s", address, when(c, x->opted_out_at), by_of(x->by), x->way,
	    x->why[0] ? ": " : "", x->why);
	for (size_t i = 0; i < x->n_kept; i++)
		say(c, "  but kept: %s", x->kept[i]);
}

static void say_mailboxes(const struct ctx *c, const struct held *x)
{
	for (size_t i = 0; i < x->n_mailbox; i++) {
		const struct held_mailbox *m = &x->mailbox[i];

		if (m->erased) {
			say(c, "mailbox    %s, erased %s: its hash alone is left", m->delivery, when(c, m->erased));
			continue;
		}
		say(c, "mailbox    %s, held since %s%s", m->delivery, when(c, m->created),
		    m->bounced ? "; mail to it came back for good" : "");
		if (m->judged)
			say(c, "           %s by %s, %s, until %s: %s", m->accepted ? "accepted" : "rejected", by_of(m->by),
			    when(c, m->at), when(c, m->until), m->how);
	}
	for (size_t i = 0; i < x->n_decision; i++)
		say(c, "decision   %s  %s on list %s by %s%s%s", when(c, x->decision[i].at), x->decision[i].decision,
		    x->decision[i].list, by_of(x->decision[i].by), x->decision[i].reason[0] ? ": " : "",
		    x->decision[i].reason);
}

static void say_lists(const struct ctx *c, const struct held *x)
{
	for (size_t i = 0; i < x->n_list; i++) {
		const struct held_list *l = &x->list[i];

		say(c, "list       %s (%s) with %s: %s", l->list, l->project, l->address, l->explained);
		say(c, "           %s%s%s%s", l->flags[0] ? "flags " : "", l->flags, l->flags[0] ? ", fields " : "fields ",
		    l->fields);
	}
}

static void say_consents(const struct ctx *c, const struct held *x)
{
	for (size_t i = 0; i < x->n_consent; i++) {
		const struct held_consent *k = &x->consent[i];

		say(c, "consent    %s  %-10s %-16s %s %s%s%s%s%s", when(c, k->at), k->action, k->project, k->kind, k->ref,
		    *k->given_on ? ", given on " : "", k->given_on, k->version ? ", text " : "", k->version ? k->version : "");
	}
}

static void say_mail(const struct ctx *c, const struct held *x)
{
	say(c, "fatigue    %lld mailings since %s; %lld are allowed", (long long)x->received, when(c, x->since),
	    (long long)x->ceiling);
	for (size_t i = 0; i < x->n_mailing; i++) {
		const struct held_mailing *m = &x->mailing[i];

		say(c, "mailing    %lld  %-10s %s%s  %s  %s%s", (long long)m->mailing, m->state, m->skipped,
		    m->bounced ? " came back" : "", when(c, m->last), m->reply, m->maybe_twice ? " (maybe twice)" : "");
	}
	for (size_t i = 0; i < x->n_notice; i++)
		say(c, "notice     %s  %s: %s", when(c, x->notice[i].at), x->notice[i].kind, x->notice[i].state);
}

static void say_asked(const struct ctx *c, const struct held *x)
{
	for (size_t i = 0; i < x->n_sign_up; i++)
		say(c, "sign-up    %s  %s, confirmed %s", when(c, x->sign_up[i].asked), x->sign_up[i].project,
		    when(c, x->sign_up[i].confirmed));
	for (size_t i = 0; i < x->n_complaint; i++)
		say(c, "complaint  %lld  %s, due %s, %s", (long long)x->complaint[i].number, when(c, x->complaint[i].at),
		    when(c, x->complaint[i].due), x->complaint[i].closed ? "closed" : "open");
	for (size_t i = 0; i < x->n_audit; i++)
		say(c, "audit      %lld  %s  %s by %s: %s", (long long)x->audit[i].seq, when(c, x->audit[i].at),
		    x->audit[i].action, by_of(x->audit[i].by), x->audit[i].detail);
}

/* What is held of the address in the first operand. ERR_MISSING when it is nothing. */
static int load_person(struct ctx *c, enum held_view view, struct address *addr, struct held *out, struct err *e)
{
	uint8_t hash[KEY_HASH_SIZE];

	if (address_parse(c->a, c->operand[0], addr, e) < 0)
		return -1;
	home_key_hash(c->h, addr->key, hash);
	if (person_load(c->h, c->a, hash, view, out, e) < 0)
		return -1;
	if (!out->known && !out->opted_out)
		return err_set(e, ERR_MISSING, "%s: nothing is held about this address", addr->delivery);
	return 0;
}

RUN(cmd_person_show)
{
	struct address addr;
	struct held x;

	if (load_person(c, HELD_FOR_STAFF, &addr, &x, e) < 0)
		return -1;
	if (c->json)
		return print_json(held_json(addr.delivery, &x));
	say_standing(c, addr.delivery, &x);
	say_mailboxes(c, &x);
	say_lists(c, &x);
	say_consents(c, &x);
	say_mail(c, &x);
	say_asked(c, &x);
	return 0;
}

/* --- export ------------------------------------------------------------------------------------ */

static int record_export(struct ctx *c, const struct held *x, int64_t by, struct err *e)
{
	if (db_begin(c->h->db, e) < 0)
		return -1;
	if (audit_add(c->h, by, "person-exported", x->person, "", e) == 0 && db_commit(c->h->db, e) == 0)
		return 0;
	db_rollback(c->h->db);
	return -1;
}

/* "person-3f2a....zip": a folder full of them names nobody. */
static const char *export_name(struct ctx *c, const struct held *x)
{
	return opt(c, "out") ? opt(c, "out") : arena_printf(c->a, "person-%s.zip", strchr(x->person, ' ') + 1);
}

RUN(cmd_person_export)
{
	const char *path;
	struct address addr;
	struct buf file;
	struct held x;
	int64_t by;
	size_t size;
	int rc = -1;

	if (ctx_operator(c, &by, e) < 0 || load_person(c, HELD_FOR_SELF, &addr, &x, e) < 0)
		return -1;
	path = export_name(c, &x);
	if (ctx_may_write(c, path, NULL, e) < 0)
		return -1;
	buf_init(&file, HELD_FILE_MAX);
	/* In the ledger before it is in the world. */
	if (held_file(c->h, c->a, addr.delivery, &x, &file, e) == 0 && record_export(c, &x, by, e) == 0)
		rc = file_write(path, file.p, file.n, 0600, e);
	size = file.n;
	buf_free(&file);
	if (rc < 0)
		return -1;
	say(c, "%s: all that is held about %s", path, addr.delivery);
	return c->json ? print_json(json_pack("{s:s, s:s, s:I}", "pseudonym", x.person, "file", path, "bytes", (json_int_t)size))
		       : 0;
}

/* --- erase ------------------------------------------------------------------------------------- */

RUN(cmd_person_erase)
{
	bool may_return = opt_set(c, "may-return");
	struct address addr;
	struct account by;
	struct erased out;
	struct held x;

	if (ctx_by(c, ROLE_POSTMASTER, &by, e) < 0)
		return -1;
	/* Somebody of whom nothing is held may have an opt-out; but there is nothing to do without one. */
	if (load_person(c, HELD_FOR_STAFF, &addr, &x, e) < 0 && (e->kind != ERR_MISSING || may_return))
		return -1;
	err_clear(e);
	if (person_erase(c->h, &addr, may_return, by.id, &out, e) < 0 || opt_out_await(c->h, e) < 0)
		return -1;
	say(c, "%s: erased %lld mailboxes from %lld lists; %lld messages that were due are not sent", addr.delivery,
	    (long long)out.mailboxes, (long long)out.lists, (long long)out.waiting);
	say(c, may_return && !x.opted_out ? "they may sign up again, and may be imported again with evidence"
					  : "they are opted out, for good");
	if (!c->json)
		return 0;
	return print_json(json_pack("{s:s, s:I, s:I, s:I, s:b}", "pseudonym", x.person, "mailboxes", (json_int_t)out.mailboxes,
				    "lists", (json_int_t)out.lists, "skipped", (json_int_t)out.waiting, "opted_out",
				    !may_return || x.opted_out));
}
