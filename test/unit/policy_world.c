/* The message and the facts that tests change: see policy_world.h. */
#include "policy_world.h"

const char GOOD[] =
	"From: \"Dr Ann Lee, Water Study\" <water@studies.uni.example>\n"
	"To: Jo <jo@example.org>\n"
	"Subject: The second part of the water study\n"
	"Date: Mon, 23 Nov 2026 04:13:44 +0000\n"
	"Message-ID: <abc@studies.uni.example>\n"
	"Reply-To: ann.lee@studies.uni.example\n"
	"List-Id: The Water Study <water.studies.uni.example>\n"
	"List-Unsubscribe: <" LEAVE ">, <mailto:unsub+abc@studies.uni.example?subject=unsubscribe>\n"
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
	"List-Help: <https://mail.uni.example/>\n"
	"CFBL-Address: fbl+abc@studies.uni.example; report=arf\n"
	"MIME-Version: 1.0\n"
	"Content-Language: en\n"
	"Content-Type: multipart/alternative; boundary=\"x\"\n"
	"\n"
	"--x\n"
	"Content-Type: text/plain; charset=utf-8\n"
	"\n"
	"Dear Jo, the wells were measured in a cancer register.\n"
	"\n"
	"Dr Ann Lee, Department of Geography, University of Sample\n"
	"1 Long Road\nSampleton\nann.lee@uni.example\n"
	"This message comes from Dr Ann Lee and is not\nan official communication of the University of Sample.\n"
	"You get this message because you agreed, on 3 May 2026, with a signed form,\nto be contacted about The Water Study.\n"
	"Genuine?\n" PAGE "\nCheck code: 7K3M-Q2XV-9TFA\n"
	"Stop all mail:\n" LEAVE "\n"
	"--x\n"
	"Content-Type: text/html; charset=utf-8\n"
	"\n"
	"<!DOCTYPE html><html lang=\"en\"><head><title>Water</title></head><body>\n"
	"<p>Dear Jo, the wells &amp; the rivers.</p>\n"
	"<p>Dr <b>Ann</b> Lee, Department of Geography, University of Sample<br>1 Long Road<br>Sampleton<br>\n"
	"<a href=\"mailto:ann.lee@uni.example\">ann.lee@uni.example</a></p>\n"
	"<p>" SENTENCE "</p>\n"
	"<p>You get this message because you agreed, on 3 May 2026, to be contacted about The Water Study.</p>\n"
	"<p>Genuine? <a href=\"" PAGE "\">" PAGE "</a> Code <b>7K3M-Q2XV-9TFA</b></p>\n"
	"<p><a href=\"" LEAVE "\">Stop all mail</a></p>\n"
	"</body></html>\n"
	"--x--\n";

static const char *const DOMAINS[] = { "uni.example", NULL };
static const char *const IDENTITY[] = { "studies.uni.example", NULL };
static const char *const HOSTS[] = { "survey.partner.example", NULL };
static const char *const OFFICES[] = { "vice-chancellor", "registrar", "security team", NULL };
static const char *const UNOFFICIAL[] = { "en", SENTENCE, "de", "Dies ist keine amtliche Mitteilung der Hochschule.", NULL };
static const char *const WORDING[] = { "en", "Stop all mail", "de", "Keine Post mehr", NULL };

void good_world(struct world *w)
{
	*w = (struct world){
		.institution = { "University of Sample", DOMAINS, "https://mail.uni.example", PAGE,
				 "1 Long Road\nSampleton", OFFICES, UNOFFICIAL, WORDING, false },
		.project = { "water", "The Water Study", "Dr Ann Lee", "Department of Geography", "ann.lee@uni.example",
			     "https://mail.uni.example/projects/water", "studies", IDENTITY, HOSTS, true, NULL, 0 },
		.selection = { .members = 10, .mailable = 8, .signed_off = true, .no_consent = 2 },
		.infrastructure = { .spf = FACT_YES, .dkim = FACT_YES, .dmarc = FACT_YES, .reverse_names = FACT_YES, .statement_page = FACT_YES },
	};
	w->facts = (struct facts){ &w->institution, &w->project, &w->selection, &w->infrastructure, &w->message,
				   .responsibility_accepted = true };
}


void to_lint(struct world *w)
{
	w->facts.lint = true;
	w->facts.project = NULL;
	w->facts.selection = NULL;
	w->facts.infrastructure = NULL;
}

void lint_with_project(struct world *w)
{
	to_lint(w);
	w->facts.project = &w->project;
}
