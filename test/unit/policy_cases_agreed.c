/* `opt-in`: whether the message says what this person agreed to, and when. */
#include "policy_cases.h"

#define I "opt-in"
/* Both parts at once: the words that they share. */
#define SAID "You get this message because you agreed, on 3 May 2026"
#define DECLARED "Content-Language: en"

static void all_without_consent(struct world *w)
{
	w->selection.mailable = 0;
	w->selection.no_consent = 10;
}

static void all_left(struct world *w)
{
	w->selection.mailable = 0;
	w->selection.no_consent = 0;
	w->selection.opted_out = 10;
}

static void no_selection(struct world *w)
{
	w->facts.selection = NULL;
}

static void not_compiled(struct world *w)
{
	w->facts.message = NULL;
	w->facts.compile_error = "line 3: the field is not closed";
}

/* The message is in another language: its declaration is changed, its words by the case. */
#define IN(code)                                                                  \
	static void in_##code(struct world *w)                                    \
	{                                                                         \
		for (size_t i = 0; i < w->message.message.n_fields; i++)          \
			if (strcmp(w->message.message.fields[i].name, "Content-Language") == 0) \
				((struct field *)(uintptr_t)w->message.message.fields)[i].raw = #code; \
	}

IN(de) IN(fr) IN(es) IN(it) IN(nl) IN(pt) IN(sv) IN(da) IN(nb) IN(fi) IN(pl) IN(cs) IN(uk) IN(tr) IN(el) IN(ar) IN(he) IN(fa) IN(zh) IN(ja) IN(ko) IN(sw)

static const struct policy_case CASES[] = {
	FAILS(I, all_without_consent, NULL, NULL, "nobody on the list has consented"),
	FAILS(I, all_left, NULL, NULL, "everybody opted out"),
	UNKNOWN(I, no_selection, NULL, NULL, "the recipients are not known"),
	FAILS(I, not_compiled, NULL, NULL, "there is no message"),
	FAILS(I, NULL, "you agreed", "we thought", "does not say that anybody agreed"),
	FAILS(I, NULL, "you agreed", "you never agreed", "says the contrary"),
	FAILS(I, NULL, "you agreed", "you have not agreed", "says the contrary with \"not\""),
	FAILS(I, NULL, "because you agreed", "in case you or if you agreed", "supposes it only"),
	FAILS(I, NULL, "you agreed", "you agreed to nothing", "agreed to nothing"),
	FAILS(I, NULL, ", on 3 May 2026", "", "does not say when"),
	FAILS(I, NULL, ", on 3 May 2026", ". Our project began in 2024, and you are", "the year is of something else"),
	FAILS(I, NULL, "3 May 2026", "3 May", "no year"),
	FAILS(I, NULL, "3 May 2026", "3 May 2031", "a date that is yet to come"),
	FAILS(I, NULL, "3 May 2026", "form 120263", "a number that is no year"),
	FAILS(I, NULL, "about The Water Study", "about things", "does not say to what"),
	FAILS(I, NULL, "<p>You get", "<p hidden>You get", "hidden in the HTML part"),
	FAILS(I, NULL, "<p>You get", "<p style=\"font-size:0\">You get", "of no size in the HTML part"),
	FAILS(I, NULL, "because you agreed, on 3 May 2026, with", "by chance, with", "in the HTML part alone"),
	FAILS(I, NULL, "you agreed", "you \xe2\x80\xae" "agreed", "in other words than are seen"),
	DOUBTS(I, in_sw, NULL, NULL, "English words in a message in Swahili"),
	DOUBTS(I, in_de, NULL, NULL, "English words in a message in German"),
	DOUBTS(I, in_sw, "you agreed", "ulikubali", "a language that the rule does not know"),
	FAILS(I, in_de, SAID, "Sie erhalten dies, obwohl Sie am 3. Mai 2026 nicht zugestimmt haben", "says the contrary in German"),
	FAILS(I, in_zh, SAID, "\xe6\x82\xa8\xe4\xba\x8e" "2026\xe5\xb9\xb4\xe6\x9c\xaa\xe5\x90\x8c\xe6\x84\x8f", "says the contrary in Chinese"),
	NOT_ASKED("list-guidelines", NULL, "you agreed", "you had agreed", "a mailing is no post"),

	PASSES(I, NULL, NULL, NULL, "the sentence in both parts"),
	PASSES(I, NULL, "you agreed, on 3 May 2026", "you signed up, on 3/5/26", "a short date"),
	PASSES(I, NULL, "you agreed, on 3 May 2026", "in May 2026 you gave your consent", "in other words"),
	PASSES(I, NULL, "you agreed", "you\nagreed", "broken over lines"),
	PASSES(I, NULL, "you agreed", "YOU AGREED", "in capitals"),
	PASSES(I, NULL, "3 May 2026", "\xef\xbc\x93 May \xef\xbc\x92\xef\xbc\x90\xef\xbc\x92\xef\xbc\x96", "full-width digits"),
	PASSES(I, NULL, "about The Water Study.", "about the water study, and if you no longer want it, tell us.", "\"if\" about something else"),
	PASSES(I, to_lint, "about The Water Study", "about wells", "without a project its title is not known"),
	PASSES(I, in_de, SAID, "Sie erhalten diese Nachricht, weil Sie am 3. Mai 2026 mit einem Formular zugestimmt haben, dass wir", "German"),
	PASSES(I, in_fr, SAID, "Vous recevez ce message parce que vous avez accept\xc3\xa9, le 3 mai 2026,", "French"),
	PASSES(I, in_es, SAID, "Recibe este mensaje porque acept\xc3\xb3, el 3 de mayo de 2026,", "Spanish"),
	PASSES(I, in_it, SAID, "Riceve questo messaggio perch\xc3\xa9 ha accettato, in data 3 maggio 2026,", "Italian"),
	PASSES(I, in_nl, SAID, "U krijgt dit bericht omdat u ermee hebt ingestemd, op 3 mei 2026,", "Dutch"),
	PASSES(I, in_pt, SAID, "Recebe esta mensagem porque aceitou, em 3 de maio de 2026,", "Portuguese"),
	PASSES(I, in_sv, SAID, "Du f\xc3\xa5r det h\xc3\xa4r meddelandet eftersom du, den 3 maj 2026, har samtyckt till att bli kontaktad", "Swedish"),
	PASSES(I, in_da, SAID, "Du f\xc3\xa5r denne besked, fordi du, den 3. maj 2026, har samtykket i at blive kontaktet", "Danish"),
	PASSES(I, in_nb, SAID, "Du f\xc3\xa5r denne meldingen fordi du, den 3. mai 2026, har samtykket i \xc3\xa5 bli kontaktet", "Norwegian"),
	PASSES(I, in_fi, SAID, "Saatte t\xc3\xa4m\xc3\xa4n viestin, koska suostuitte, 3. toukokuuta 2026,", "Finnish"),
	PASSES(I, in_pl, SAID, "Otrzymuj\xc3\xa4 Pa\xc5\x84stwo t\xc4\x99 wiadomo\xc5\x9b\xc4\x87, poniewa\xc5\xbc wyrazili Pa\xc5\x84stwo zgod\xc4\x99, dnia 3 maja 2026 r.,", "Polish"),
	PASSES(I, in_cs, SAID, "Tuto zpr\xc3\xa1vu dost\xc3\xa1v\xc3\xa1te na z\xc3\xa1klad\xc4\x9b sv\xc3\xa9ho souhlasu, ud\xc4\x9blen\xc3\xa9ho dne 3. kv\xc4\x9btna 2026,", "Czech"),
	PASSES(I, in_uk, SAID, "\xd0\x92\xd0\xb8 \xd0\xbf\xd0\xbe\xd0\xb3\xd0\xbe\xd0\xb4\xd0\xb8\xd0\xbb\xd0\xb8\xd1\x81\xd1\x8f, 3 \xd1\x82\xd1\x80\xd0\xb0\xd0\xb2\xd0\xbd\xd1\x8f 2026 \xd1\x80.,", "Ukrainian"),
	PASSES(I, in_tr, SAID, "Bu iletiyi, 3 May\xc4\xb1s 2026 tarihinde kabul etti\xc4\x9finiz i\xc3\xa7in ald\xc4\xb1n\xc4\xb1z", "Turkish"),
	PASSES(I, in_el, SAID, "\xce\x9b\xce\xb1\xce\xbc\xce\xb2\xce\xac\xce\xbd\xce\xb5\xcf\x84\xce\xb5 \xce\xb1\xcf\x85\xcf\x84\xcf\x8c \xce\xb5\xcf\x80\xce\xb5\xce\xb9\xce\xb4\xce\xae \xcf\x83\xcf\x85\xce\xbc\xcf\x86\xcf\x89\xce\xbd\xce\xae\xcf\x83\xce\xb1\xcf\x84\xce\xb5, \xcf\x83\xcf\x84\xce\xb9\xcf\x82 3/5/2026,", "Greek"),
	PASSES(I, in_ar, SAID, "\xd9\x88\xd8\xb5\xd9\x84\xd8\xaa\xd9\x83\xd9\x85 \xd9\x87\xd8\xb0\xd9\x87 \xd8\xa7\xd9\x84\xd8\xb1\xd8\xb3\xd8\xa7\xd9\x84\xd8\xa9 \xd9\x84\xd8\xa3\xd9\x86\xd9\x83\xd9\x85 \xd9\x88\xd8\xa7\xd9\x81\xd9\x82\xd8\xaa\xd9\x85\xd8\x8c \xd9\x81\xd9\x8a \xd9\xa3 \xd9\x85\xd8\xa7\xd9\x8a\xd9\x88 \xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6\xd8\x8c", "Arabic, with its own digits"),
	PASSES(I, in_he, SAID, "\xd7\xa7\xd7\x99\xd7\x91\xd7\x9c\xd7\xaa\xd7\x9d \xd7\x9e\xd7\xa9\xd7\x95\xd7\x9d \xd7\xa9\xd7\x94\xd7\xa1\xd7\x9b\xd7\x9e\xd7\xaa\xd7\x9d 3.5.2026,", "Hebrew, whose words take beginnings"),
	PASSES(I, in_fa, SAID, "\xda\x86\xd9\x88\xd9\x86 \xd8\xaf\xd8\xb1 \xdb\xb1\xdb\xb3 \xd8\xa7\xd8\xb1\xd8\xaf\xdb\x8c\xd8\xa8\xd9\x87\xd8\xb4\xd8\xaa \xdb\xb1\xdb\xb4\xdb\xb0\xdb\xb5 \xd9\xbe\xd8\xb0\xdb\x8c\xd8\xb1\xd9\x81\xd8\xaa\xd9\x87\xe2\x80\x8c\xd8\xa7\xdb\x8c\xd8\xaf", "Persian, in its own calendar"),
	PASSES(I, in_zh, SAID, "\xe6\x82\xa8\xe6\x94\xb6\xe5\x88\xb0\xe6\x9c\xac\xe9\x82\xae\xe4\xbb\xb6\xef\xbc\x8c\xe6\x98\xaf\xe5\x9b\xa0\xe4\xb8\xba\xe6\x82\xa8\xe4\xba\x8e" "2026\xe5\xb9\xb4" "5\xe6\x9c\x88" "3\xe6\x97\xa5\xe5\x90\x8c\xe6\x84\x8f", "Chinese"),
	PASSES(I, in_ja, SAID, "2026\xe5\xb9\xb4" "5\xe6\x9c\x88" "3\xe6\x97\xa5\xe3\x81\xab\xe5\x90\x8c\xe6\x84\x8f\xe3\x81\x84\xe3\x81\x9f\xe3\x81\xa0\xe3\x81\x84\xe3\x81\x9f", "Japanese"),
	PASSES(I, in_ko, SAID, "\xea\xb7\x80\xed\x95\x98\xea\xbb\x98\xec\x84\x9c 2026\xeb\x85\x84 5\xec\x9b\x94 3\xec\x9d\xbc\xec\x97\x90 \xeb\x8f\x99\xec\x9d\x98\xed\x95\x98\xec\x85\xa8\xea\xb8\xb0\xec\x97\x90", "Korean"),
};

const struct policy_cases CASES_AGREED = { CASES, COUNT(CASES) };
