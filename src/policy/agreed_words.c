/*
 * How "you agreed" is said, for `opt-in`: one row for each language, with the built-in house template's own words
 * among them. They are beginnings: what comes behind a word's first letters is free, since most languages bend it.
 */
#include "policy/agreed_words.h"

#include <strings.h>

static const struct agreed_words TABLE[] = {
	{ "en", { "you agreed", "you have agreed", "you had agreed", "you consented", "you have consented", "your consent", "you gave", "you have given",
		  "you signed up", "you have signed up", "you subscribed", "you have subscribed", "you asked", "you chose", "you said yes", "you opted in",
		  "you have opted in", "you joined", "you volunteered", "you accepted", "you allowed us", "you permitted" } },
	{ "de", { "zugestimmt", "zustimmten", "zustimmtest", "stimmten sie", "stimmtest du", "zustimmung", "einwilligung", "eingewilligt", "einverstanden",
		  "einverständnis", "angemeldet", "eingetragen", "zugesagt" } },
	{ "fr", { "vous avez accepté", "vous aviez accepté", "tu as accepté", "votre accord", "ton accord", "votre consentement", "avez consenti", "as consenti",
		  "avez donné", "vous êtes inscrit", "vous vous êtes inscrit", "t'es inscrit" } },
	{ "es", { "aceptó", "aceptaste", "ha aceptado", "has aceptado", "consintió", "consentiste", "su consentimiento", "tu consentimiento", "dio su", "diste tu",
		  "se inscribió", "te inscribiste", "se apuntó", "accedió", "accediste" } },
	{ "it", { "ha accettato", "hai accettato", "avete accettato", "ha acconsentito", "hai acconsentito", "ha dato", "hai dato", "suo consenso", "tuo consenso",
		  "si è iscritt", "ti sei iscritt", "ha aderito", "hai aderito" } },
	{ "nl", { "ingestemd", "stemde in", "toestemming", "toegestemd", "u stemde", "je stemde", "akkoord", "aangemeld", "ingeschreven", "toegezegd" } },
	{ "pt", { "aceitou", "aceitaste", "consentiu", "consentiste", "concordou", "concordaste", "seu consentimento", "teu consentimento", "deu o seu",
		  "deu consentimento", "autorizou", "se inscreveu", "inscreveu-se" } },
	{ "sv", { "samtyckt", "samtyckte", "samtycke", "godkänt", "godkände", "tackat ja", "tackade ja", "anmält dig", "anmälde dig", "gått med på", "gick med på" } },
	{ "da", { "samtykket", "samtykkede", "samtykke", "sagt ja", "sagde ja", "tilmeldt dig", "tilmeldte dig", "accepteret" } },
	{ "nb", { "samtykket", "samtykke", "sagt ja", "sa ja", "meldt deg på", "meldte deg på", "påmeldt", "godtatt" } },
	{ "fi", { "suostuitte", "suostuit", "suostumukse", "olet suostunut", "olette suostuneet", "ilmoittauduit", "annoit luvan", "hyväksyit" } },
	{ "pl", { "zgodę", "zgody", "zgodą", "zgodził", "zgodziła", "zgodzili", "zgadzając", "zapisał", "zapisała", "zapisali", "wyraził", "wyraziła" } },
	{ "cs", { "souhlas", "souhlasil", "souhlasila", "souhlasili", "přihlásil", "přihlásila", "přihlásili", "svolení" } },
	{ "uk", { "погодилися", "погодились", "погодився", "погодилася", "згоду", "згода", "згоди", "згодою", "підписалися", "зареєструвалися" } },
	{ "ru", { "согласились", "согласился", "согласилась", "согласие", "согласия", "согласием", "дали согласие", "подписались", "записались" } },
	{ "tr", { "kabul ettiğiniz", "kabul ettiğin", "kabul ettiniz", "kabul ettin", "onay verdiğiniz", "onay verdiniz", "onayınız", "onay vermiştiniz",
		  "rıza gösterdiğiniz", "rızanız", "kaydolduğunuz", "kaydoldunuz", "izin verdiniz", "izin verdiğiniz" } },
	{ "el", { "συμφωνήσατε", "συμφώνησες", "συναινέσατε", "συναίνεσ", "συγκατάθεσ", "συγκατατεθ", "δεχτήκατε", "δεχθήκατε", "αποδεχτήκατε", "εγγραφήκατε" } },
	{ "ar", { "وافقت", "موافقت", "أعطيت", "قبلت", "اشتركت", "سجلت" } },
	{ "he", { "הסכמת", "הסכמתך", "הסכמתכם", "נתת", "אישרת", "נרשמת" } },
	{ "fa", { "پذیرفته", "پذیرفتید", "موافقت کرد", "رضایت داد", "رضایت شما", "قبول کرد", "ثبت نام کرد" } },
	{ "zh", { "同意", "报名", "報名", "许可", "授权" } },
	{ "ja", { "同意", "ご承諾", "承諾", "ご登録", "申し込み" } },
	{ "ko", { "동의", "승낙", "가입", "신청" } },
};

const struct agreed_words *agreed_words(const char *language)
{
	size_t n = strcspn(language, "-_");

	if ((n == 2 && (strncasecmp(language, "no", 2) == 0 || strncasecmp(language, "nn", 2) == 0)))
		return agreed_words("nb");
	for (size_t i = 0; i < COUNT(TABLE); i++)
		if (strlen(TABLE[i].language) == n && strncasecmp(TABLE[i].language, language, n) == 0)
			return &TABLE[i];
	return NULL;
}

const struct agreed_words *agreed_words_all(size_t *n)
{
	*n = COUNT(TABLE);
	return TABLE;
}
