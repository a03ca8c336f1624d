/* What the program itself says around a message: see house_words.h. */
#include "compose/house_words.h"

#include <strings.h>

static const struct {
	const char *language, *name, *trial;
} WORDS[] = {
	{ "en", "English", "This is a trial: it was sent by a trial installation of Placet, to an invented recipient." },
	{ "de", "Deutsch", "Dies ist ein Probelauf: Eine Testinstallation von Placet hat diese Nachricht an einen erfundenen Empfänger geschickt." },
	{ "fr", "français", "Ceci est un essai : ce message a été envoyé par une installation d’essai de Placet, à un destinataire fictif." },
	{ "es", "español", "Esto es una prueba: este mensaje lo ha enviado una instalación de prueba de Placet a un destinatario inventado." },
	{ "it", "italiano", "Questa è una prova: il messaggio è stato inviato da un’installazione di prova di Placet a un destinatario inventato." },
	{ "nl", "Nederlands", "Dit is een proef: dit bericht is door een proefinstallatie van Placet aan een verzonnen ontvanger gestuurd." },
	{ "pt", "português", "Isto é um teste: esta mensagem foi enviada por uma instalação de teste do Placet a um destinatário inventado." },
	{ "sv", "svenska", "Detta är ett test: meddelandet skickades av en testinstallation av Placet till en påhittad mottagare." },
	{ "da", "dansk", "Dette er en prøve: Beskeden er sendt af en prøveinstallation af Placet til en opdigtet modtager." },
	{ "nb", "norsk bokmål", "Dette er en prøve: Meldingen er sendt av en prøveinstallasjon av Placet til en oppdiktet mottaker." },
	{ "fi", "suomi", "Tämä on kokeilu: viestin lähetti Placetin kokeiluasennus keksitylle vastaanottajalle." },
	{ "pl", "polski", "To jest próba: wiadomość wysłała próbna instalacja programu Placet do zmyślonego odbiorcy." },
	{ "cs", "čeština", "Toto je zkouška: zprávu odeslala zkušební instalace programu Placet smyšlenému příjemci." },
	{ "uk", "українська", "Це проба: повідомлення надіслала пробна інсталяція програми Placet вигаданому одержувачеві." },
	{ "tr", "Türkçe", "Bu bir denemedir: ileti, Placet’in bir deneme kurulumu tarafından hayali bir alıcıya gönderilmiştir." },
	{ "el", "Ελληνικά", "Αυτή είναι μια δοκιμή: το μήνυμα στάλθηκε από δοκιμαστική εγκατάσταση του Placet σε επινοημένο παραλήπτη." },
	{ "ar", "العربية", "هذه تجربة: أُرسلت هذه الرسالة من نسخة تجريبية من برنامج Placet إلى متلقٍّ مُختلَق." },
	{ "he", "עברית", "זהו ניסיון: ההודעה נשלחה מהתקנת ניסיון של Placet אל נמען בדוי." },
	{ "fa", "فارسی", "این یک آزمایش است: این پیام از یک نصب آزمایشی Placet برای گیرنده‌ای ساختگی فرستاده شده است." },
	{ "zh", "中文", "这是一次试用：本邮件由 Placet 的试用系统发送给虚构的收件人。" },
	{ "ja", "日本語", "これは試行です。このメールは Placet の試用環境から架空の受信者に送信されました。" },
	{ "ko", "한국어", "이것은 시험 발송입니다. 이 메일은 Placet 시험 설치본이 가상의 수신자에게 보냈습니다." },
};

bool language_is(const char *language, const char *tag)
{
	size_t n = strlen(tag);

	return strncasecmp(language, tag, n) == 0 && (language[n] == '\0' || language[n] == '-');
}

const char *house_trial_line(const char *language)
{
	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (language_is(language, WORDS[i].language))
			return WORDS[i].trial;
	return WORDS[0].trial;
}

static const char *name_of(const char *language)
{
	for (size_t i = 0; i < COUNT(WORDS); i++)
		if (language_is(language, WORDS[i].language))
			return WORDS[i].name;
	return language;
}

const char *house_languages(struct arena *a, const char *const *languages)
{
	const char *out = "";

	for (; languages && *languages; languages++)
		out = arena_printf(a, "%s%s%s", out, *out ? ", " : "", name_of(*languages));
	return out;
}
