/* `unofficial`: what a reader may be shown beside the words. */
#include "policy_cases.h"

#include "mail/token.h"

#define U       "unofficial"
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

static void approved_image(struct world *w)
{
	static uint8_t hash[1][32];

	lint_with_project(w);
	for (size_t i = 0; i < w->message.message.n_parts; i++)
		if (strncmp(w->message.message.parts[i].type, "image/", 6) == 0)
			sha256(w->message.message.parts[i].bytes, w->message.message.parts[i].n, hash[0]);
	w->project.images = (const uint8_t (*)[32])hash;
	w->project.n_images = 1;
}

static void other_image(struct world *w)
{
	static const uint8_t hash[1][32] = { { 1 } };

	lint_with_project(w);
	w->project.images = hash;
	w->project.n_images = 1;
}

static void bad_values(struct world *w)
{
	w->selection.bad_values = 1;
	w->selection.bad_value = "first_name: a web address";
}

static void no_sentence_registered(struct world *w)
{
	static const char *const NONE[] = { NULL };

	w->institution.unofficial = NONE;
}

static void known_partner(struct world *w)
{
	static const char *const HOSTS[] = { "uni-partner.example", NULL };

	lint_with_project(w);
	w->project.link_hosts = HOSTS;
}

static const struct policy_case CASES[] = {
	FAILS(U, NULL, "<p>" SENTENCE "</p>", "<p><s>" SENTENCE "</s></p>", "the sentence struck out"),
	FAILS(U, NULL, "<p>" SENTENCE "</p>", "<blockquote type=cite>" SENTENCE "</blockquote>", "the sentence in a message that is answered"),
	FAILS(U, NULL, "This message comes from Dr Ann Lee and is not\nan", "> This message comes from Dr Ann Lee and is not\n> an", "the same in the text part"),
	DOUBTS(U, NULL, "Dear Jo, the wells were", "Dear Jo, the \bwells were", "a control character"),
	DOUBTS(U, NULL, "Dear Jo, the wells were", "Dear Jo, \xf3\xa0\x81\xa1\xf3\xa0\x81\xa2 the wells were", "letters that nobody sees"),
	DOUBTS(U, NULL, "Stop all mail:\n" LEAVE "\n--x", "Stop all mail:\n" LEAVE "\n-----Original Message-----\nDear Jo\n--x", "a message that is answered, below"),
	DOUBTS(U, NULL, "Content-Type: text/html; charset=utf-8", "Content-Type: text/html; charset=utf-8; charset=utf-7", "two charsets"),
	DOUBTS(U, NULL, "Content-Type: text/html; charset=utf-8", "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit", "two encodings"),
	DOUBTS(U, NULL, "boundary=\"x\"", "boundary=\"x\"; boundary=\"y\"", "two boundaries"),
	DOUBTS(U, NULL, "To: Jo", "Disposition-Notification-To: ann.lee@studies.uni.example\nTo: Jo", "a receipt is asked for"),
	DOUBTS(U, NULL, "To: Jo", "Face: iVBORw0KGgo=\nTo: Jo", "a picture in a header"),
	PASSES(U, NULL, "Content-Type: text/html; charset=utf-8", "Content-Type: text/html; charset=\"utf-8\"; title=\"x; charset=y\"", "a charset in quotes, and one in a title"),
	PASSES(U, NULL, "Dear Jo, the wells were", "> What did you measure?\n\nDear Jo, the wells were", "a question that is answered"),
	/* parts */
	FAILS(U, NULL, "--x--", "--x\nContent-Type: text/x-amp-html\n\n<html></html>\n--x--", "a part for AMP"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: text/html\n\n<p>two</p>\n--x--", "a second HTML part, which is shown instead"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: text/plain\n\ntwo\n--x--", "a second text part"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--x--", "a message within the message"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--x--", "an invitation"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: text/vcard\n\nBEGIN:VCARD\n--x--", "a visiting card"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\nx\n--x--", "an attachment"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: image/png\nContent-ID: <a>\n\nx\n--x--", "an image that is shown below the text"),
	FAILS(U, NULL, "--x--", "--x\nContent-Type: multipart/alternative; boundary=z\n\n--z\nContent-Type: text/html\n\n<p>x</p>\n--z--\n--x--",
	      "alternatives within alternatives"),
	FAILS(U, NULL, "Content-Type: text/plain; charset=utf-8", "Content-Type: text/x-other", "no text part"),
	FAILS(U, NULL, "Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain; charset=utf-7", "a charset that programs read as other words"),
	FAILS(U, NULL, "Content-Type: text/plain; charset=utf-8\n", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: x-uuencode\n",
	      "an encoding that few programs read"),
	FAILS(U, NULL, "multipart/alternative", "multipart/mixed", "both parts one below the other"),
	DOUBTS(U, NULL, "\n\n--x\nContent-Type: text/plain", "\n\nThe registrar writes to you.\n--x\nContent-Type: text/plain", "words before the first part"),
	DOUBTS(U, NULL, "--x--\n", "--x--\nPS: the registrar agrees.\n", "words behind the last part"),
	PASSES(U, NULL, "\n\n--x\nContent-Type: text/plain", "\n\nThis is a multi-part message in MIME format.\n--x\nContent-Type: text/plain",
	       "the usual words before the first part"),
	PASSES(U, NULL, "Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain; charset=\"ISO-8859-1\"", "an old charset that all programs know"),

	/* images */
	FAILS(U, NULL, "<p>Dear Jo", "<img src=\"https://mail.uni.example/a.png\"><p>Dear Jo", "an image that is fetched"),
	FAILS(U, NULL, "<p>Dear Jo", "<img src=\"//evil.example/a.png\" width=\"1\" height=\"1\"><p>Dear Jo", "an image that tells who read it"),
	FAILS(U, NULL, "<p>Dear Jo", "<img src=\"cid:nothing\"><p>Dear Jo", "an image that is not there"),
	FAILS(U, NULL, "<p>Dear Jo", "<img src=\"data:image/png;base64," PNG "\"><p>Dear Jo", "an image within an address"),
	FAILS(U, NULL, "<p>Dear Jo", "<p style=\"background:url(https://mail.uni.example/a.png)\">Dear Jo", "a background that is fetched"),
	FAILS(U, NULL, "<p>Dear Jo", "<svg><text>Registrar</text></svg><p>Dear Jo", "a drawing with words in it"),
	FAILS(U, lint_with_project, WITH_IMAGE, "image/png|A map of the wells", "an image while none is approved"),
	FAILS(U, other_image, WITH_IMAGE, "image/png|A map of the wells", "an image that is not the approved one"),
	FAILS(U, approved_image, WITH_IMAGE, "image/jpeg|A map of the wells", "bytes of another type than is said"),
	FAILS(U, approved_image, WITH_IMAGE, "image/svg+xml|A map of the wells", "a type that can carry anything"),
	FAILS(U, approved_image, WITH_IMAGE, "image/png|Crest of the university", "an image that is called a crest"),
	FAILS(U, approved_image, WITH_IMAGE, "image/png|From the Registrar", "an office in a text alternative"),

	PASSES(U, approved_image, WITH_IMAGE, "image/png|A map of the wells", "an approved image"),
	DOUBTS(U, to_lint, WITH_IMAGE, "image/png|A map of the wells", "an image, and no project that could have approved it"),
	DOUBTS(U, approved_image, WITH_IMAGE, "image/png|", "an image that says nothing to who does not see it"),
	FAILS(U, approved_image, WITH_IMAGE, "image/svg+xml|A map of the wells", "a type that can carry scripts"),

	/* the HTML part */
	FAILS(U, NULL, "<p>Dear Jo", "<form></form><p>Dear Jo", "a form"),
	FAILS(U, NULL, "<p>Dear Jo", "<p onclick=\"x()\">Dear Jo", "a script"),
	FAILS(U, NULL, "<title>Water</title>", "<title>IT Services</title>", "an office as the title, which some programs show"),
	DOUBTS(U, NULL, "<p>Dear Jo", "<p style=\"display:none\">Read me first</p><p>Dear Jo", "hidden text that some programs show in the inbox"),
	DOUBTS(U, NULL, "</body>", "<p style=\"strange:1\"></p></body>", "a style that cannot be judged"),
	PASSES(U, NULL, "<p>Dear Jo", "<p style=\"display:none\">&nbsp; &#8204;</p><p>Dear Jo", "hidden text that says nothing"),

	/* the sentence */
	FAILS(U, NULL, "This message comes", "That message comes", "the sentence in other words"),
	FAILS(U, NULL, "<p>This message", "<p style=\"color:#fff\">This message", "the sentence in white on white"),
	FAILS(U, NULL, "and is not\nan official", "and is\nan official", "the sentence without its \"not\" in the text part"),
	FAILS(U, NULL, "is not an official", "is not an of\xe2\x80\x8b" "ficial", "the sentence split by a character of no width"),
	FAILS(U, NULL, "an official communication of the University of Sample.</p>", "an official communication of the University of Sampleton.</p>",
	      "the sentence within longer words"),
	FAILS(U, no_sentence_registered, NULL, NULL, "no sentence is registered"),
	DOUBTS(U, NULL, "Content-Language: en", "Content-Language: de", "the sentence in another language than the message's"),
	PASSES(U, NULL, "and is not\nan official", "and\nis\tnot an\nofficial", "the sentence with other line breaks"),

	/* domains */
	FAILS(U, NULL, "<p>Dear Jo", "<a href=\"https://uni-security.example/\">see</a><p>Dear Jo", "the institution's name with a word joined to it"),
	FAILS(U, NULL, "Reply-To: ann.lee@studies.uni.example", "Reply-To: ann.lee@uni.example.evil.test", "the institution's domain as a beginning"),
	FAILS(U, to_lint, "<water@studies.uni.example>", "<water@un\xd1\x96.example>", "a Cyrillic letter in the sender's domain"),
	FAILS(U, NULL, "Dear Jo, the wells", "See www.uni-login.example. The wells", "a look-alike in the text"),
	PASSES(U, known_partner, "<p>Dear Jo", "<a href=\"https://uni-partner.example/\">see</a><p>Dear Jo", "a partner's host that was registered"),
	PASSES(U, NULL, "<p>Dear Jo", "<a href=\"https://www.uni.example/unified\">see</a><p>Dear Jo", "a host of the institution"),

	FAILS(U, bad_values, NULL, NULL, "field values that break their rule"),
};

const struct policy_cases CASES_SHOWN = { CASES, COUNT(CASES) };
