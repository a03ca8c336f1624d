/* `unofficial`: what names, subjects and bodies say. */
#include "policy_cases.h"

#define NAME    "From: \"Dr Ann Lee, Water Study\""
#define WHO     "Dr Ann Lee, "
#define SUBJECT "Subject: The second part of the water study"
#define WORDS   "Dear Jo, the wells were measured in a cancer register."
#define U       "unofficial"

static void registrar_is_her_name(struct world *w)
{
	static const char *const SAYS[] = { "en", "This message comes from Dr Jo Registrar and is not an official communication of the University of Sample.", NULL };

	lint_with_project(w);
	w->project.originator = "Dr Jo Registrar";
	w->institution.unofficial = SAYS;
}

static void official_is_her_name(struct world *w)
{
	static const char *const SAYS[] = { "en", "This message comes from Dr Pat Official-Smith and is not an official communication of the University of Sample.", NULL };

	lint_with_project(w);
	w->project.originator = "Dr Pat Official-Smith";
	w->institution.unofficial = SAYS;
}

static void department_of_it(struct world *w)
{
	lint_with_project(w);
	w->project.department = "IT Services Research";
}

static void department_is_the_registry(struct world *w)
{
	lint_with_project(w);
	w->project.department = "Registry";
}

static void cancer_registry_study(struct world *w)
{
	lint_with_project(w);
	w->project.title = "Cancer Registry Study";
}

static void own_words(struct world *w)
{
	w->message.body_words = "We measured wells, and ask you to tell us about yours.\n\nAnn Lee\nUniversity of Sample\n";
}

static void own_words_glued(struct world *w)
{
	w->message.body_words = "This is an offi{x} survey of wells.";
}

static void own_words_glued_behind(struct world *w)
{
	w->message.body_words = "Please ask the {x}strar about wells.";
}

static void own_subject_glued(struct world *w)
{
	w->message.body_words = "Please tell us about wells.";
	w->message.subject_words = "Ver{{x|y}} your wells";
}

static void own_words_not_glued(struct world *w)
{
	w->message.body_words = "Dear {name}, {name}s wells (EX-{number}) are at <https://survey.partner.example/wells{number}>.\n\n{if name}\n\nBye\n\n{end}\n";
	w->message.subject_words = "{{name|Reader}}'s wells, A{{number}}";
}

static void own_words_on_an_office(struct world *w)
{
	w->message.body_words = "We studied the letters of a registrar in 1850.";
}

static void own_words_signed(struct world *w)
{
	w->message.body_words = "Please take part.\n\nKind regards,\nthe Registrar";
}

static void own_words_signed_with_name(struct world *w)
{
	w->message.body_words = "Please take part.\n\nKind regards,\n\nJo Smith\nRegistrar, University of Sample";
}

static void own_words_on_behalf(struct world *w)
{
	w->message.body_words = "I write on behalf of the Vice-Chancellor about wells.";
}

static void own_words_of_institution(struct world *w)
{
	w->message.body_words = "We write on behalf of the University of Sample about wells.";
}

static void own_words_closing_institution(struct world *w)
{
	w->message.body_words = "Please take part.\n\nKind regards,\nUniversity of Sample";
}

static void own_words_institution_asks(struct world *w)
{
	w->message.body_words = "The University of Sample asks you to take part.";
}

static void own_words_office_asks(struct world *w)
{
	w->message.body_words = "About wells. The registrar asks you to answer today.";
}

static void own_words_heading(struct world *w)
{
	w->message.body_words = "OFFICIAL NOTICE\n\nPlease take part in our study.";
}

static void own_words_quoting(struct world *w)
{
	w->message.body_words = "> From: The Registrar\n> Subject: wells\n>\n> Do take part.";
}

static void own_words_account(struct world *w)
{
	w->message.body_words = "Please verify your university account before you answer.";
}

static void own_words_denying(struct world *w)
{
	w->message.body_words = "This is not an official message of anybody; we are three students.";
}

static void words_known_apart(struct world *w)
{
	w->message.body_words = "Dear ~, the wells were measured. This is an offi~ survey.";
}

static void words_that_alarm(struct world *w)
{
	w->message.body_words = "Dear Jo, we ask what people do with your account.";
}

static const struct policy_case CASES[] = {
	FAILS(U, words_known_apart, "Dear Jo, the wells were", "This is an official survey. Dear Jo, the wells were", "a value that completes a word"),
	FAILS(U, words_known_apart, "Dear Jo, the wells were", "Dear Jo, the wells\n\nKind regards,\nthe Registrar\n\nwere", "a value that signs"),
	FAILS(U, words_that_alarm, "Dear Jo, the wells were", "We are the security team of your account. Dear Jo, the wells were", "a value, and a doubt beside it"),
	PASSES(U, words_known_apart, "a cancer register", "wells", "values that say nothing of the kind"),
	DOUBTS(U, NULL, "This message comes from Dr Ann Lee and is not\nan", "The following sentence is false: This message comes from Dr Ann Lee and is not\nan", "the sentence taken back before it"),
	DOUBTS(U, NULL, "<p>" SENTENCE "</p>", "<p>" SENTENCE " (This is not true.)</p>", "and behind it"),
	DOUBTS(U, NULL, "<p>" SENTENCE "</p>", "<p>Old notice, no longer valid: " SENTENCE "</p>", "as an old one"),
	DOUBTS(U, NULL, "Dear Jo, the wells were", "Please ignore the notice below. Dear Jo, the wells were", "readers told to pass over it"),
	DOUBTS(U, NULL, "Dear Jo, the wells were", "Den Hinweis unten bitte nicht lesen, sondern ignorieren Sie den Hinweis. Dear Jo, the wells were", "the same in German"),
	DOUBTS(U, NULL, NAME, "From: \"University of Sample - Dr Ann Lee\"", "the institution's name first"),
	DOUBTS(U, NULL, NAME, "From: \"Wells                         Dr Ann Lee\"", "a name pushed out of sight"),
	PASSES(U, NULL, NAME, "From: \"Dr Ann Lee, University of Sample\"", "the institution's name last"),
	PASSES(U, NULL, WORDS, "No action is needed until May. " WORDS, "no action is needed"),
	FAILS(U, NULL, SUBJECT, "Subject: Do this now, action is needed", "an action is needed"),
	PASSES(U, NULL, WORDS, "Please skip any question. We know that people notice wrong answers. " WORDS, "questions to skip"),
	/* the display name */
	FAILS(U, NULL, NAME, "From: \"University of Sample\"", "the bare name of the institution"),
	FAILS(U, NULL, NAME, "From: \"The UNIVERSITY of Sample\"", "the same with an article and in capitals"),
	FAILS(U, to_lint, NAME, "From: \"Universty of Sample\"", "the name with a letter left out"),
	FAILS(U, to_lint, NAME, "From: \"University of Sampel\"", "the name with two letters exchanged"),
	FAILS(U, to_lint, NAME, "From: \"Sample University\"", "its words in another order"),
	FAILS(U, to_lint, NAME, "From: \"University of Sample Research Team\"", "the name and words that name nobody"),
	FAILS(U, to_lint, NAME, "From: \"UoS News\"", "its abbreviation and words that name nobody"),
	FAILS(U, to_lint, NAME, "From: \"U n i v e r s i t y  o f  S a m p l e\"", "the name with letters apart"),
	FAILS(U, to_lint, NAME, "From: \"Univ. of Sample - Mailing\"", "the name shortened"),
	FAILS(U, to_lint, NAME, "From: \"\xef\xbc\xb5niversity of Sample\"", "the name with a full-width letter"),
	FAILS(U, to_lint, NAME, "From: VC", "an office's abbreviation alone"),
	FAILS(U, NULL, WHO, "Registrar, Dr Ann Lee, ", "an office beside the name"),
	FAILS(U, NULL, WHO, "Official: Dr Ann Lee, ", "\"official\" beside the name"),
	FAILS(U, NULL, WHO, "Dr Ann Lee (IT-Services), ", "an office with a hyphen"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, I.T. Services, ", "an office with dots"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, HelpDesk, ", "two words as one"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Help Desk, ", "one word as two"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Registar, ", "an office with a slip"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, O f f i c i a l, ", "letters apart"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, 0ff1cial, ", "digits for letters"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Reg|strar, ", "a stroke for a letter"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, $ecurity Team, ", "a sign for a letter"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Adrninistration of Systems, System Adrninistrator, ", "rn for m"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, R\xd0\xb5gistrar, ", "a Cyrillic letter"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, \xce\x9f" "fficial, ", "a Greek capital"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, \xf0\x9d\x90\x91\xf0\x9d\x90\x9e\xf0\x9d\x90\xa0\xf0\x9d\x90\xa2\xf0\x9d\x90\xac\xf0\x9d\x90\xad\xf0\x9d\x90\xab\xf0\x9d\x90\x9a\xf0\x9d\x90\xab, ",
	      "mathematical letters"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, \xe1\xb4\x8f\xea\x9c\xb0\xea\x9c\xb0\xc9\xaa\xe1\xb4\x84\xc9\xaa\xe1\xb4\x80\xca\x9f, ", "small capitals"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, \xe2\x93\xa1\xe2\x93\x94\xe2\x93\x96\xe2\x93\x98\xe2\x93\xa2\xe2\x93\xa3\xe2\x93\xa1\xe2\x93\x90\xe2\x93\xa1, ", "circled letters"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, \xef\xbc\xb2\xef\xbd\x85\xef\xbd\x87\xef\xbd\x89\xef\xbd\x93\xef\xbd\x94\xef\xbd\x92\xef\xbd\x81\xef\xbd\x92, ", "full-width letters"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Re\xcc\x81gi\xcc\xb5strar, ", "letters with marks"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Regi\xe2\x80\x8bstrar, ", "split by a character of no width"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Regi\xc2\xadstrar, ", "split by a soft hyphen"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Regi\xcd\x8fstrar, ", "split by a grapheme joiner"),
	FAILS(U, NULL, WHO, "\xe2\x80\xaertsigeR, Dr Ann Lee, ", "turned round by an override"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Rektorat, ", "an office in German"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Service informatique, ", "an office in French"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Servicios Inform\xc3\xa1ticos, ", "an office in Spanish"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Segreteria studenti, ", "an office in Italian"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, ICT-Servicedesk, ", "an office in Dutch"),
	FAILS(U, NULL, WHO, "registrar@uni.example, Dr Ann Lee, ", "another address as the name"),
	FAILS(U, to_lint, NAME, "From: \"www.uni.example\"", "an address of the web as the name"),
	FAILS(U, NULL, NAME, "From: =?utf-8?Q?Dr_Ann_Lee=2C_Regi?= =?utf-8?Q?strar?=", "an office split over encoded words"),
	FAILS(U, NULL, NAME, "From: =?utf-8?B?RHIgQW5uIExlZSwgUmVnaXN0cmFy?=", "an office in base64"),
	FAILS(U, NULL, NAME, "From: \"Dr Ann Lee, Regis\\trar\"", "a quoted pair within the word"),
	FAILS(U, NULL, "<water@studies.uni.example>\n", "<water@studies.uni.example> (Office of the Registrar)\n", "an office in a comment, which some programs show"),
	FAILS(U, NULL, NAME " <water@", NAME " <registrar@", "the address is an office's"),
	FAILS(U, NULL, NAME " <water@", NAME " <it-support@", "the address is an office's, with a hyphen"),
	FAILS(U, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: \"IT Services\" <ann.lee@studies.uni.example>", "an office as the name to answer to"),
	FAILS(U, NULL, "To: Jo", "Sender: \"The Registrar\" <water@studies.uni.example>\nTo: Jo", "an office as sender on behalf"),
	FAILS(U, NULL, "To: Jo", "Organization: Office of the Registrar\nTo: Jo", "an office as the organization"),
	FAILS(U, NULL, "List-Id: The Water Study", "List-Id: Registrar's Office", "an office as the name of the list"),
	FAILS(U, NULL, "To: Jo", "X-Priority: 1 (Highest)\nTo: Jo", "shown as urgent by a header"),
	FAILS(U, NULL, "To: Jo", "Importance: High\nTo: Jo", "shown as important by a header"),

	FAILS(U, to_lint, NAME, "From: \"The President\"", "an office that is a surname, too, and nobody's name"),
	FAILS(U, NULL, WHO, "Dr Ann Lee, Universit\xc3\xa4tsrechenzentrum, ", "an office in one long word"),

	/* the subject */
	FAILS(U, NULL, SUBJECT, "Subject: V e r i f y  your  a c c o u n t", "account wording with letters apart"),
	FAILS(U, NULL, SUBJECT, "Subject: Verify y0ur acc0unt", "account wording with digits for letters"),
	FAILS(U, NULL, SUBJECT, "Subject: A message from your university", "the institution without its name"),
	FAILS(U, NULL, SUBJECT, "Subject: Action required: the water study", "alarms"),
	FAILS(U, NULL, SUBJECT, "Subject: ACTION   REQUIRED", "alarms in capitals with wide gaps"),
	FAILS(U, NULL, SUBJECT, "Subject: Act1on requ!red", "alarms with digits and signs for letters"),
	FAILS(U, NULL, SUBJECT, "Subject: =?utf-8?Q?Verify_your_account?=", "account wording in an encoded word"),
	FAILS(U, NULL, SUBJECT, "Subject: Your university e-mail account", "account wording with words between"),
	FAILS(U, NULL, SUBJECT, "Subject: Your mailbox is almost full", "account wording, another object"),
	FAILS(U, NULL, SUBJECT, "Subject: Unusual sign-in from a new device", "security wording"),
	FAILS(U, NULL, SUBJECT, "Subject: Password expiry", "security wording without \"your\""),
	FAILS(U, NULL, SUBJECT, "Subject: Offi\xe2\x80\x8b" "cial", "split by a character of no width"),
	FAILS(U, NULL, SUBJECT, "Subject: O.F.F.I.C.I.A.L", "letters apart with dots"),
	FAILS(U, NULL, SUBJECT, "Subject: Officially from us", "the adverb"),
	FAILS(U, NULL, SUBJECT, "Subject: Re: ticket number 88311", "a thread with a service desk that never was"),
	FAILS(U, NULL, SUBJECT, "Subject: =?utf-8?Q?Best=C3=A4tigen_Sie_Ihr_Konto?=", "account wording in German"),
	FAILS(U, NULL, SUBJECT, "Subject: =?utf-8?Q?V=C3=A9rifiez_votre_compte?=", "account wording in French"),
	FAILS(U, NULL, SUBJECT, "Subject: Verifique su cuenta", "account wording in Spanish"),
	FAILS(U, NULL, SUBJECT, "Subject: Verifica il tuo account", "account wording in Italian"),
	FAILS(U, NULL, SUBJECT, "Subject: Bevestig uw wachtwoord", "account wording in Dutch"),
	FAILS(U, NULL, SUBJECT, "Subject: Dringende Mitteilung", "urgency in German"),
	FAILS(U, NULL, SUBJECT, "Subject: =?utf-8?B?44CQ6YeN6KaB44CR5oKo55qE5a+G56CB?=", "account wording in Chinese"),
	FAILS(U, NULL, SUBJECT, "Subject: University of Sample: the water study", "as the institution's own announcement"),
	FAILS(U, NULL, SUBJECT, "Subject: [University of Sample] water", "the institution as a label"),
	FAILS(U, NULL, SUBJECT, "Subject: A message from the University of Sample", "says that the institution writes"),
	FAILS(U, NULL, SUBJECT, "Subject: Wat\xd0\xb5r study", "a Cyrillic letter in any word"),
	PASSES(U, NULL, SUBJECT, "Subject: Unofficially, the registrars' study", "other words with the same letters in them"),
	PASSES(U, NULL, SUBJECT, "Subject: Register for the workshop", "to register is not the registry"),
	PASSES(U, NULL, SUBJECT, "Subject: Re: The water study", "an answer"),
	PASSES(U, NULL, SUBJECT, "Subject: A study at the University of Sample", "the institution is where, not who"),
	PASSES(U, NULL, SUBJECT, "Subject: Your account of the flood in 1997", "an account of something is a tale"),
	PASSES(U, NULL, SUBJECT, "Subject: =?utf-8?Q?Particles_under_2=2E5_=CE=BCm_and_TNF=CE=B1?=", "Greek letters of science"),
	PASSES(U, NULL, SUBJECT, "Subject: =?utf-8?B?8J+RqeKAjfCflKwgTmV3cyBvZiB0aGUgd2VsbHM=?=", "an emoji that is joined of two"),
	PASSES(U, NULL, SUBJECT, "Subject: =?utf-8?B?0J3QvtCy0L7RgdGC0Lgg0L4g0LLQvtC00LU=?=", "one script throughout, here Cyrillic"),
	PASSES(U, NULL, SUBJECT, "Subject: =?utf-8?B?16LXk9eb15XXnyDXotecINeU157Xldeo15nXlA==?=", "written from the right"),
	PASSES(U, NULL, SUBJECT, "Subject: The second part of the\n water study, with\n\tmany words", "folded over lines"),
	PASSES(U, NULL, NAME, "From: \"Dr Ann Lee, University of Sample\"", "the institution beside the name"),
	PASSES(U, NULL, NAME, "From: \"Dr Ann Lee, Water Study\" (wells)", "a comment that says nothing"),
	PASSES(U, to_lint, NAME, "From: =?utf-8?B?0JzQsNGA0LjRjyDQmNCy0LDQvdC+0LLQvdCw?=", "a name in one script"),
	PASSES(U, to_lint, NAME, "From: =?utf-8?B?546L5bCP5piO?=", "a name in Chinese"),
	PASSES(U, registrar_is_her_name, "Ann Lee", "Jo Registrar", "a surname, registered as the originator's"),
	PASSES(U, official_is_her_name, "Dr Ann Lee", "Dr Pat Official-Smith", "a surname with a hyphen"),
	PASSES(U, department_of_it, "Department of Geography", "IT Services Research", "a registered department with an office's words in its name"),
	PASSES(U, cancer_registry_study, "The Water Study", "Cancer Registry Study", "a registered title with an office's word"),
	PASSES(U, NULL, "To: Jo", "X-Priority: 3\nTo: Jo", "an ordinary priority"),
	FAILS(U, department_is_the_registry, WHO, "Dr Ann Lee, Registry, ", "a department that is an office may not be the sender"),

	/* the body */
	FAILS(U, own_words_signed, NULL, NULL, "signed by an office"),
	FAILS(U, own_words_signed_with_name, NULL, NULL, "signed by a person with an office"),
	FAILS(U, own_words_on_behalf, NULL, NULL, "on behalf of an office"),
	FAILS(U, own_words_of_institution, NULL, NULL, "on behalf of the institution"),
	FAILS(U, own_words_closing_institution, NULL, NULL, "signed by the institution"),
	FAILS(U, own_words_institution_asks, NULL, NULL, "the institution asks"),
	FAILS(U, own_words_office_asks, NULL, NULL, "an office asks"),
	FAILS(U, own_words_heading, NULL, NULL, "a heading of its own"),
	FAILS(U, own_words_quoting, NULL, NULL, "quotes an office's message"),
	DOUBTS(U, own_words_glued, NULL, NULL, "a short value completes the word that was begun"),
	DOUBTS(U, own_words_glued_behind, NULL, NULL, "a short value begins the word that is completed"),
	DOUBTS(U, own_subject_glued, NULL, NULL, "the same in the subject"),
	PASSES(U, own_words_not_glued, NULL, NULL, "fields among words, in a genitive, in a number, in a link"),
	DOUBTS(U, own_words_account, NULL, NULL, "account wording in the body"),
	FAILS(U, to_lint, "Dear Jo, the wells", "I am the registrar, the wells", "introduces itself in the text part"),
	FAILS(U, to_lint, "<p>Dear Jo, the wells", "<p>This is Regi<b></b>strar Lee. The wells", "an office split by a tag"),
	FAILS(U, to_lint, "<p>Dear Jo, the wells", "<p>We are the Regi<span style=\"display:none\">xx</span>strar. The wells", "an office split by hidden text"),
	FAILS(U, to_lint, "<p>Dear Jo, the wells", "<p>Yours, the R&#101;gis&shy;trar</p><p>The wells", "an office in entities and soft hyphens"),
	FAILS(U, to_lint, "Dear Jo, the wells", "Your IT Services team\n\nDear Jo, the wells", "an office as a heading"),
	FAILS(U, to_lint, "Dear Jo, the wells", "Mit freundlichen Gr\xc3\xbc\xc3\x9f" "en\nIhr Rektorat\n\nThe wells", "signed by an office in German"),
	FAILS(U, to_lint, "Dear Jo, the wells", "Nous sommes le service informatique. The wells", "introduces itself in French"),
	FAILS(U, to_lint, "Dear Jo, the wells", "Somos el Rectorado. The wells", "introduces itself in Spanish"),
	FAILS(U, to_lint, "Dear Jo, the wells", "A message from the University of Sample.\n\nThe wells", "says that the institution writes"),
	DOUBTS(U, to_lint, "<p>Dear Jo", "<h1>University of Sample</h1><p>Dear Jo", "headed as the institution's own letters"),
	DOUBTS(U, to_lint, "Dear Jo, the wells", "Dear \xe2\x80\xaeJo, the wells", "turns the direction round"),
	DOUBTS(U, to_lint, "cancer register", "letter of a registrar", "an office elsewhere in the body"),
	REVIEWED(U, to_lint, "in a cancer register", "in a cancer registry", "a study of a cancer registry"),
	REVIEWED(U, own_words_on_an_office, NULL, NULL, "what is studied is an office"),
	PASSES(U, own_words, NULL, NULL, "signed by a person, with the institution below"),
	PASSES(U, own_words_denying, NULL, NULL, "denies to be official"),
	PASSES(U, NULL, "Dear Jo, the wells", "I am a researcher at the University of Sample. The wells", "where somebody works"),
	PASSES(U, NULL, "Dear Jo, the wells", "Kind regards,\nAnn Lee\nUniversity of Sample\n\nThe wells", "a person signs"),
	PASSES(U, NULL, WORDS, "Dear Jo, we measured it. Services were good, and 17 services too.", "\"it. Services\" is not an office"),
};

const struct policy_cases CASES_WORDS = { CASES, COUNT(CASES) };
