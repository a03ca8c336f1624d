/*
 * What each kind of system mail says: see notice_mail.h. Every message names
 * who runs this, why this person gets it, what to do if nothing was asked for,
 * and where to complain; and has no other word in it (CON-3). Plain English.
 */
#include "compose/notice_mail.h"

#include "base/clock.h"

struct words {
	struct arena *a;
	const struct notice_mail *m;
	struct notice_text *t;
};

static void say(struct words *w, enum block_kind kind, const char *text)
{
	MUST(w->t->n < COUNT(w->t->block));
	w->t->block[w->t->n++] = (struct block){ kind, text };
}

/* "21 September 2026 at 13:46 UTC" */
static const char *moment(struct arena *a, int64_t t)
{
	char day[32], iso[32];

	return arena_printf(a, "%s at %.5s UTC", time_day(t, day), time_iso(t, iso) + 11);
}

static const char *day(struct arena *a, int64_t t)
{
	char text[32];

	return arena_text(a, time_day(t, text));
}

/* The page of this message's link. */
static void say_link(struct words *w, const char *page)
{
	say(w, BLOCK_LINK, arena_printf(w->a, "%s/%s/%s", w->m->web_url, page, w->m->token));
}

/* "Ann Bee, Department of Psychology, Example University" */
static const char *originator(const struct words *w)
{
	const struct notice_mail *m = w->m;

	if (m->department && *m->department)
		return arena_printf(w->a, "%s, %s, %s", m->originator, m->department, m->institution);
	return arena_printf(w->a, "%s, %s", m->originator, m->institution);
}

/* --- the kinds --------------------------------------------------------------------------------- */

static const char *say_confirm(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "Please confirm your sign-up for “%s”", m->project_title);
	w->t->title = "Please confirm your sign-up";
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "On %s somebody entered this address on the sign-up page of the study “%s” by %s.",
			 moment(w->a, m->asked), m->project_title, originator(w)));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "If it was you, and you agree to the words below, open this page before %s and press the button there:",
			 moment(w->a, m->asked + NOTICE_USE)));
	say_link(w, "confirm");
	say(w, BLOCK_PARAGRAPH,
	    "If it was not you, or you have thought better of it, do nothing to ignore this. You are not signed up, "
	    "and what was entered is deleted after 7 days.");
	say(w, BLOCK_HEADING, "What you would agree to");
	say(w, BLOCK_QUOTE, m->consent_text);
	if (m->project_url && *m->project_url) {
		say(w, BLOCK_PARAGRAPH, "About the study:");
		say(w, BLOCK_LINK, m->project_url);
	}
	return "because somebody entered your address on a study's sign-up page. That has put you on no list.";
}

static const char *say_leave(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "Leaving research mail at %s", m->institution);
	w->t->title = "Leaving research mail";
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "On %s somebody typed this address on our page for leaving.", moment(w->a, m->asked)));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "If you want no more research mail from here, open this page before %s and press the button "
			 "there. You need no login, and no reason:",
			 moment(w->a, m->asked + NOTICE_USE)));
	say_link(w, "opt-out");
	say(w, BLOCK_PARAGRAPH, "If it was not you, you need not do anything: nothing has changed.");
	return "because somebody typed your address on our page for leaving. That has put you on no list.";
}

static const char *say_left(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "You have left research mail at %s", m->institution);
	w->t->title = "You have left already";
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "On %s somebody typed this address on our page for leaving.", moment(w->a, m->asked)));
	say(w, BLOCK_PARAGRAPH,
	    "You have left research mail from here already, so you get none, and there is nothing else to do. Only "
	    "you can change that, by signing up for a study yourself.");
	return "because somebody typed your address on our page for leaving. That has put you on no list.";
}

static const char *say_removed(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "You were removed from research mail at %s", m->institution);
	w->t->title = "You were removed";
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "On %s this address was removed from all research mail from here, because somebody asked for it "
			 "with one of our messages. If it was you, there is nothing else to do.",
			 moment(w->a, m->asked)));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "If it was not you (whoever gets a message that you forward can press its button), this page "
			 "lets you keep your studies until %s:",
			 moment(w->a, m->asked + DAY)));
	say_link(w, "opt-out");
	say(w, BLOCK_PARAGRAPH, "After that you can sign up for a study again yourself. These are the studies, each with its page:");
	say(w, BLOCK_LINK, m->statement_url);
	return "because your address was removed, so that nobody else can do that without your knowing. We tell you once; "
	       "it is not repeated.";
}

static const char *say_me(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "What %s's research mail holds about you", m->institution);
	w->t->title = "What is held about you";
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "On %s somebody asked, with this address, what research mail from here holds about it.",
			 moment(w->a, m->asked)));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "If it was you, this page shows it until %s. There you can also correct it, take it with you, or "
			 "have it erased:",
			 moment(w->a, m->asked + NOTICE_USE)));
	say_link(w, "me");
	say(w, BLOCK_PARAGRAPH, "Whoever has this link can do the same, so please do not forward this message.");
	say(w, BLOCK_PARAGRAPH, "If it was not you, you need not do anything: nobody but you gets the link.");
	return "because somebody entered your address to see what is held about you.";
}

static const char *say_complaint(struct words *w)
{
	const struct notice_mail *m = w->m;

	w->t->subject = arena_printf(w->a, "We have your complaint, number %lld", (long long)m->number);
	w->t->title = arena_printf(w->a, "Your complaint, number %lld", (long long)m->number);
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "On %s a complaint about the use of personal data reached us, with this address for the answer. Its "
			 "number is %lld.",
			 moment(w->a, m->asked), (long long)m->number));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "You will have an answer by %s. If you write to us about it, please give the number.",
			 day(w->a, m->due)));
	say(w, BLOCK_PARAGRAPH,
	    "What was written is not repeated here, since we cannot know that this address is the writer's. If you did "
	    "not complain, somebody gave a wrong address: please tell us.");
	return "because a complaint gave your address for the answer.";
}

static const char *(*const KINDS[])(struct words *w) = {
	[NOTICE_CONFIRM] = say_confirm, [NOTICE_LEAVE] = say_leave, [NOTICE_LEFT] = say_left,
	[NOTICE_REMOVED] = say_removed, [NOTICE_ME] = say_me, [NOTICE_COMPLAINT] = say_complaint,
};

/* --- below ------------------------------------------------------------------------------------- */

static const char *host(const char *web_url)
{
	const char *p = strstr(web_url, "://");

	return p ? p + 3 : web_url;
}

static void say_foot(struct words *w, const char *why)
{
	const struct notice_mail *m = w->m;

	w->t->foot = w->t->n;
	say(w, BLOCK_HEADING, "About this message");
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a,
			 "Placet, the program that sends research mail at %s, wrote this by itself. It is not an official "
			 "communication of %s.",
			 m->institution, m->institution));
	say(w, BLOCK_PARAGRAPH, arena_printf(w->a, "You get it %s", why));
	say(w, BLOCK_PARAGRAPH,
	    arena_printf(w->a, "This page says, for %s, which research mail is genuine. All links of ours go to %s:",
			 m->institution, host(m->web_url)));
	say(w, BLOCK_LINK, m->statement_url);
	say(w, BLOCK_PARAGRAPH, "Here you can complain:");
	say(w, BLOCK_LINK, arena_printf(w->a, "%s/complaint", m->web_url));
	if (m->contact) {
		say(w, BLOCK_PARAGRAPH, "Or write to:");
		say(w, BLOCK_MAILTO, m->contact);
	}
	if (m->postal_address)
		say(w, BLOCK_LINES, m->postal_address);
	if (m->trial)
		say(w, BLOCK_PARAGRAPH, "This is a trial: it was sent by a trial installation of Placet, to an invented recipient.");
}

void notice_words(struct arena *a, const struct notice_mail *m, struct notice_text *out)
{
	struct words w = { a, m, out };

	MUST((size_t)m->kind < COUNT(KINDS));
	*out = (struct notice_text){ 0 };
	say_foot(&w, KINDS[m->kind](&w));
}
