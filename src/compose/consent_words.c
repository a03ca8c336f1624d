/*
 * How somebody agreed, in words: see consent_words.h. In the patterns of TABLE
 * @d is the day, @m the month's name, @n its number and @y the year.
 */
#include "compose/consent_words.h"

#include "base/clock.h"
#include "compose/compose.h"
#include "compose/house_words.h"

/* More than a message may hold (FIELD_VALUE_MAX, in characters of four bytes). */
#define WORDS_MAX 1000

enum { OWN_SIGN_UP, SIGNED_FORM, ONLINE_FORM, ORAL, KINDS };

static const char *const KIND_NAMES[KINDS] = { "own-sign-up", "signed-form", "online-form", "oral" };

static const struct wording {
	const char *language;
	const char *on, *recorded; /* the date; "recorded" where the day itself was not given */
	const char *between;       /* date and kind */
	const char *kind[KINDS];
	const char *month[12]; /* as in a date */
	const char *first;     /* the first of a month; NULL: "1" */
	bool wide;             /* brackets of full width */
	bool persian;          /* digits */
} TABLE[] = {
	{ .language = "en",
	  .on = "on @d @m @y",
	  .recorded = "as recorded on @d @m @y",
	  .between = ", ",
	  .kind = { "by signing up yourself", "with a signed form", "with an online form", "in a conversation" },
	  .month = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		     "November", "December" } },
	{ .language = "de",
	  .on = "am @d. @m @y",
	  .recorded = "laut Eintrag vom @d. @m @y",
	  .between = " ",
	  .kind = { "durch eigene Anmeldung", "mit einem unterschriebenen Formular", "mit einem Online-Formular",
		    "in einem Gespräch" },
	  .month = { "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
		     "November", "Dezember" } },
	{ .language = "fr",
	  .on = "le @d @m @y",
	  .recorded = "selon l’enregistrement du @d @m @y",
	  .between = ", ",
	  .kind = { "en vous inscrivant vous-même", "par un formulaire signé", "par un formulaire en ligne",
		    "lors d’un entretien" },
	  .month = { "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
		     "novembre", "décembre" },
	  .first = "1er" },
	{ .language = "es",
	  .on = "el @d de @m de @y",
	  .recorded = "según el registro del @d de @m de @y",
	  .between = ", ",
	  .kind = { "al inscribirse por su cuenta", "con un formulario firmado", "con un formulario en línea",
		    "en una conversación" },
	  .month = { "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
		     "noviembre", "diciembre" } },
	{ .language = "it",
	  .on = "in data @d @m @y",
	  .recorded = "come registrato in data @d @m @y",
	  .between = ", ",
	  .kind = { "iscrivendosi di persona", "con un modulo firmato", "con un modulo online", "in un colloquio" },
	  .month = { "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
		     "ottobre", "novembre", "dicembre" },
	  .first = "1º" },
	{ .language = "nl",
	  .on = "op @d @m @y",
	  .recorded = "volgens de registratie van @d @m @y",
	  .between = ", ",
	  .kind = { "door u zelf aan te melden", "met een ondertekend formulier", "met een onlineformulier",
		    "in een gesprek" },
	  .month = { "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
		     "november", "december" } },
	{ .language = "pt",
	  .on = "em @d de @m de @y",
	  .recorded = "segundo o registo de @d de @m de @y",
	  .between = ", ",
	  .kind = { "ao inscrever-se por iniciativa própria", "com um formulário assinado", "com um formulário online",
		    "numa conversa" },
	  .month = { "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
		     "outubro", "novembro", "dezembro" } },
	{ .language = "sv",
	  .on = "den @d @m @y",
	  .recorded = "enligt anteckning den @d @m @y",
	  .between = ", ",
	  .kind = { "genom egen anmälan", "med en undertecknad blankett", "med ett webbformulär", "i ett samtal" },
	  .month = { "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober",
		     "november", "december" } },
	{ .language = "da",
	  .on = "den @d. @m @y",
	  .recorded = "ifølge registreringen den @d. @m @y",
	  .between = ", ",
	  .kind = { "ved selv at tilmelde dig", "med en underskrevet formular", "med en onlineformular",
		    "i en samtale" },
	  .month = { "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober",
		     "november", "december" } },
	{ .language = "nb",
	  .on = "den @d. @m @y",
	  .recorded = "ifølge registreringen den @d. @m @y",
	  .between = ", ",
	  .kind = { "ved egen påmelding", "med et signert skjema", "med et nettskjema", "i en samtale" },
	  .month = { "januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober",
		     "november", "desember" } },
	{ .language = "fi",
	  .on = "@d. @m @y",
	  .recorded = "@d. @m @y tehdyn merkinnän mukaan",
	  .between = ", ",
	  .kind = { "ilmoittautumalla itse", "allekirjoitetulla lomakkeella", "verkkolomakkeella", "keskustelussa" },
	  .month = { "tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta",
		     "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta" } },
	{ .language = "pl",
	  .on = "dnia @d @m @y r.",
	  .recorded = "według zapisu z dnia @d @m @y r.",
	  .between = ", ",
	  .kind = { "zapisując się samodzielnie", "na podpisanym formularzu", "w formularzu internetowym", "w rozmowie" },
	  .month = { "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września",
		     "października", "listopada", "grudnia" } },
	{ .language = "cs",
	  .on = "dne @d. @m @y",
	  .recorded = "podle záznamu ze dne @d. @m @y",
	  .between = ", ",
	  .kind = { "vlastní registrací", "na podepsaném formuláři", "v internetovém formuláři", "v rozhovoru" },
	  .month = { "ledna", "února", "března", "dubna", "května", "června", "července", "srpna", "září", "října",
		     "listopadu", "prosince" } },
	{ .language = "uk",
	  .on = "@d @m @y року",
	  .recorded = "за записом від @d @m @y року",
	  .between = ", ",
	  .kind = { "зареєструвавшись особисто", "на підписаному бланку", "в онлайн-формі", "у розмові" },
	  .month = { "січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня",
		     "листопада", "грудня" } },
	{ .language = "tr",
	  .on = "@d @m @y tarihinde",
	  .recorded = "@d @m @y tarihli kayda göre",
	  .between = ", ",
	  .kind = { "kendiniz kaydolarak", "imzalı bir formla", "çevrim içi bir formla", "bir görüşmede" },
	  .month = { "Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım",
		     "Aralık" } },
	{ .language = "el",
	  .on = "στις @d @m @y",
	  .recorded = "όπως καταγράφηκε στις @d @m @y",
	  .between = ", ",
	  .kind = { "με δική σας εγγραφή", "με υπογεγραμμένο έντυπο", "με ηλεκτρονική φόρμα", "σε συνομιλία" },
	  .month = { "Ιανουαρίου", "Φεβρουαρίου", "Μαρτίου", "Απριλίου", "Μαΐου", "Ιουνίου", "Ιουλίου", "Αυγούστου",
		     "Σεπτεμβρίου", "Οκτωβρίου", "Νοεμβρίου", "Δεκεμβρίου" } },
	{ .language = "ar",
	  .on = "في @d @m @y",
	  .recorded = "كما سُجِّل في @d @m @y",
	  .between = "، ",
	  .kind = { "بتسجيلكم بأنفسكم", "باستمارة موقَّعة", "باستمارة إلكترونية", "في محادثة" },
	  .month = { "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر",
		     "ديسمبر" } },
	{ .language = "he",
	  .on = "ב־@d ב@m @y",
	  .recorded = "כפי שנרשם ב־@d ב@m @y",
	  .between = ", ",
	  .kind = { "בהרשמה עצמית", "בטופס חתום", "בטופס מקוון", "בשיחה" },
	  .month = { "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר",
		     "דצמבר" } },
	{ .language = "fa",
	  .on = "در @d @m @y",
	  .recorded = "طبق ثبت در @d @m @y",
	  .between = "، ",
	  .kind = { "با ثبت نام خودتان", "با فرم امضاشده", "با فرم برخط", "در گفتگو" },
	  .month = { "ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه", "اوت", "سپتامبر", "اکتبر", "نوامبر",
		     "دسامبر" },
	  .persian = true },
	{ .language = "zh",
	  .on = "于@y年@n月@d日",
	  .recorded = "据@y年@n月@d日的记录",
	  .between = "",
	  .kind = { "通过自行报名", "以签字的表格", "以在线表格", "在谈话中" },
	  .wide = true },
	{ .language = "ja",
	  .on = "@y年@n月@d日に",
	  .recorded = "@y年@n月@d日の記録によれば",
	  .between = "",
	  .kind = { "ご自身の登録により", "署名済みの書面により", "オンラインフォームにより", "お話の中で" },
	  .wide = true },
	{ .language = "ko",
	  .on = "@y년 @n월 @d일에",
	  .recorded = "@y년 @n월 @d일의 기록에 따르면",
	  .between = " ",
	  .kind = { "직접 등록하여", "서명한 양식으로", "온라인 양식으로", "대화에서" } },
};

static const struct wording *wording_of(const char *language)
{
	for (size_t i = 0; i < COUNT(TABLE); i++)
		if (language_is(language, TABLE[i].language))
			return &TABLE[i];
	return language_is(language, "no") ? wording_of("nb") : &TABLE[0];
}

/* In the digits of the language. */
static void add_number(struct buf *out, const struct wording *w, int n)
{
	char digits[12];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
	} while ((n /= 10));
	if (!w->persian) {
		buf_add(out, digits + i, sizeof(digits) - i);
		return;
	}
	for (; i < sizeof(digits); i++) {
		buf_addc(out, (char)0xdb); /* U+06F0 and up */
		buf_addc(out, (char)(0xb0 + digits[i] - '0'));
	}
}

static void add_part(struct buf *out, const struct wording *w, char letter, const int date[3])
{
	if (letter == 'd' && date[2] == 1 && w->first)
		buf_adds(out, w->first);
	else if (letter == 'm')
		buf_adds(out, w->month[date[1] - 1]);
	else
		add_number(out, w, letter == 'd' ? date[2] : letter == 'n' ? date[1] : date[0]);
}

/* The year, month and day of a time; false when its year is none of four digits. */
static bool date_of(int64_t t, int date[3])
{
	char iso[32];

	time_iso(t, iso);
	if (iso[4] != '-' || iso[7] != '-' || iso[0] == '-')
		return false;
	date[0] = (iso[0] - '0') * 1000 + (iso[1] - '0') * 100 + (iso[2] - '0') * 10 + iso[3] - '0';
	date[1] = (iso[5] - '0') * 10 + iso[6] - '0';
	date[2] = (iso[8] - '0') * 10 + iso[9] - '0';
	return date[1] >= 1 && date[1] <= 12;
}

static void add_date(struct buf *out, const struct wording *w, const char *pattern, int64_t t)
{
	char iso[32];
	int date[3];

	if (!date_of(t, date)) {
		buf_adds(out, time_iso(t, iso));
		return;
	}
	while (*pattern) {
		size_t n = strcspn(pattern, "@");

		buf_add(out, pattern, n);
		pattern += n;
		if (!*pattern)
			break;
		add_part(out, w, pattern[1], date);
		pattern += 2;
	}
}

static const char *kind_words(const struct wording *w, const char *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(KIND_NAMES[i], kind) == 0)
			return w->kind[i];
	return "";
}

const char *consent_words(struct arena *a, const char *language, const char *kind, const char *ref, const char *given_on,
			  int64_t at)
{
	const struct wording *w = wording_of(language);
	const char *how = kind_words(w, kind);
	char room[WORDS_MAX + 1] = "";
	struct buf words = { .p = room, .room = sizeof(room), .max = WORDS_MAX };
	struct err ignored;
	int64_t t = 0;
	size_t without;

	/* Where the day was not given, the day of the record is the honest thing to say. */
	if (given_on[0] && time_parse(given_on, &t, &ignored) == 0)
		add_date(&words, w, w->on, t);
	else
		add_date(&words, w, w->recorded, at);
	buf_adds(&words, *how ? w->between : "");
	buf_adds(&words, how);
	MUST(!words.over);
	without = words.n;
	if (ref[0]) {
		buf_adds(&words, w->wide ? "（" : " (");
		buf_adds(&words, ref);
		buf_adds(&words, w->wide ? "）" : ")");
		/* A reference may be long, or a web address; then the message does without it. */
		if (words.over || compose_check_value("consent", room, &ignored) < 0)
			return arena_text_n(a, room, without);
	}
	return arena_text_n(a, room, words.n);
}
