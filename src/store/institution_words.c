/* What a trial home says in each language before anybody registered anything: see institution_words.h. */
#include "store/institution_words.h"

#include "base/base.h"

static const struct trial_words WORDS[] = {
	{ "en", "This message comes from the researchers named above. It is not an official communication of the institution.",
	  "Stop all mail of this kind" },
	{ "de", "Diese Nachricht kommt von den oben genannten Forschenden. Sie ist keine offizielle Mitteilung der Institution.",
	  "Keine Nachrichten dieser Art mehr" },
	{ "fr", "Ce message vient des chercheurs nommés ci-dessus. Ce n’est pas une communication officielle de l’établissement.",
	  "Ne plus recevoir de messages de ce type" },
	{ "es", "Este mensaje procede de los investigadores arriba mencionados. No es una comunicación oficial de la institución.",
	  "No recibir más mensajes de este tipo" },
	{ "it", "Questo messaggio proviene dai ricercatori sopra indicati. Non è una comunicazione ufficiale dell’istituzione.",
	  "Non ricevere più messaggi di questo tipo" },
	{ "nl", "Dit bericht komt van de hierboven genoemde onderzoekers. Het is geen officiële mededeling van de instelling.",
	  "Geen berichten van deze soort meer ontvangen" },
	{ "pt", "Esta mensagem vem dos investigadores acima indicados. Não é uma comunicação oficial da instituição.",
	  "Não receber mais mensagens deste tipo" },
	{ "sv", "Det här meddelandet kommer från de forskare som nämns ovan. Det är inget officiellt meddelande från lärosätet.",
	  "Sluta få meddelanden av det här slaget" },
	{ "da", "Denne besked kommer fra de forskere, der er nævnt ovenfor. Den er ikke en officiel meddelelse fra institutionen.",
	  "Stop alle beskeder af denne art" },
	{ "nb", "Denne meldingen kommer fra forskerne som er nevnt ovenfor. Den er ingen offisiell melding fra institusjonen.",
	  "Stopp alle meldinger av dette slaget" },
	{ "fi", "Tämän viestin lähettävät edellä mainitut tutkijat. Se ei ole oppilaitoksen virallinen tiedote.",
	  "En halua enää tällaisia viestejä" },
	{ "pl", "Tę wiadomość wysyłają wymienieni wyżej badacze. Nie jest to oficjalny komunikat instytucji.",
	  "Nie chcę więcej takich wiadomości" },
	{ "cs", "Tuto zprávu posílají výše uvedení výzkumní pracovníci. Není to oficiální sdělení instituce.",
	  "Nechci už dostávat takové zprávy" },
	{ "uk", "Це повідомлення надіслали названі вище дослідники. Воно не є офіційним повідомленням установи.",
	  "Більше не отримувати таких повідомлень" },
	{ "tr", "Bu ileti yukarıda adı geçen araştırmacılardan gelmektedir. Kurumun resmî bir duyurusu değildir.",
	  "Bu tür iletileri artık almak istemiyorum" },
	{ "el", "Αυτό το μήνυμα προέρχεται από τους ερευνητές που αναφέρονται παραπάνω. Δεν είναι επίσημη ανακοίνωση του ιδρύματος.",
	  "Να μη λαμβάνω πια τέτοια μηνύματα" },
	{ "ar", "هذه الرسالة من الباحثين المذكورين أعلاه، وليست مراسلة رسمية من المؤسسة.", "إيقاف جميع الرسائل من هذا النوع" },
	{ "he", "הודעה זו נשלחה מן החוקרים הנזכרים לעיל. היא אינה הודעה רשמית של המוסד.", "להפסיק לקבל הודעות מסוג זה" },
	{ "fa", "این پیام از پژوهشگران یادشده در بالا است و اطلاعیه رسمی مؤسسه نیست.", "لغو دریافت این نوع پیام" },
	{ "zh", "本邮件由上述研究人员发出，并非本机构的官方通知。", "不再接收此类邮件" },
	{ "ja", "このメールは上記の研究者からのものであり、機関からの公式な通知ではありません。", "この種のメールの配信をすべて停止する" },
	{ "ko", "이 메일은 위에 적힌 연구자가 보낸 것이며, 기관의 공식 통지가 아닙니다.", "이런 메일을 더 이상 받지 않기" },
};

const struct trial_words *trial_words(size_t *n)
{
	*n = COUNT(WORDS);
	return WORDS;
}
