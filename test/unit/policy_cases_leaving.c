/* `opt-out`, `statement-reference` and `plain-url`: the addresses that a message has to show. */
#include "policy_cases.h"

#define O   "opt-out"
#define R   "statement-reference"
#define P   "plain-url"
#define SIGNED(h) "DKIM-Signature: v=1; d=studies.uni.example; s=a; h=" h "\nTo: Jo"

static void not_compiled(struct world *w)
{
	w->facts.message = NULL;
	w->facts.compile_error = "line 3: the field is not closed";
}

static void no_statement(struct world *w)
{
	w->institution.statement_url = "";
}

#define URL(name, url)                               \
	static void name(struct world *w)            \
	{                                            \
		w->institution.statement_url = url; \
	}

URL(http_url, "http://mail.uni.example/")
URL(port_url, "https://mail.uni.example:8443/")
URL(user_url, "https://me@uni.example/")
URL(foreign_url, "https://uni-example.short.test/")
URL(ending_url, "https://myuni.example/")
URL(query_url, "https://uni.example/?a=b")
URL(empty_query_url, "https://uni.example/?")
URL(fragment_url, "https://uni.example/#a")
URL(escaped_url, "https://uni.example/a%20b")
URL(capital_url, "https://uni.example/Research")
URL(host_capital_url, "https://Uni.example/a")
URL(underscore_url, "https://uni.example/a_b")
URL(doubled_url, "https://uni.example/a--b")
URL(file_url, "https://uni.example/a.html")
URL(long_url, "https://uni.example/aaaaaaaaa-bbbbbbbbb-ccccccccc-ddddddddd-ee")
URL(ip_url, "https://192.0.2.1/")
URL(cyrillic_url, "https://un\xd1\x96.example/")
URL(backslash_url, "https://uni.example\\research")
URL(bare_url, "https://uni.example")
URL(slash_url, "https://uni.example/")
URL(path_url, "https://mail.uni.example/research-mail/a1")
URL(sixty_url, "https://uni.example/aaaaaaaaa-bbbbbbbbb-ccccccccc-ddddddddd")

static void long_project_url(struct world *w)
{
	w->project.page_url = "https://mail.uni.example/projects/aaaaaaaaaaaaaaa-bbbbbbbbbbbbbbb-ccccccccccccccc-ddd";
}

static void project_elsewhere(struct world *w)
{
	w->project.page_url = "https://pages.other.example/water";
}

static void eighty_project_url(struct world *w)
{
	w->project.page_url = "https://mail.uni.example/projects/aaaaaaaaaaaaaaa-bbbbbbbbbbbbbbb-cccccccccc";
}

static void loopback_in_trial(struct world *w)
{
	w->institution.trial = true;
	w->institution.statement_url = "http://127.0.0.1:8080/";
}

static void bare_statement(struct world *w)
{
	w->institution.statement_url = "https://mail.uni.example/";
}

static const struct policy_case CASES[] = {
	FAILS(O, not_compiled, NULL, NULL, "there is no message"),
	FAILS(O, NULL, "List-Unsubscribe: <", "X-Unsubscribe: <", "no header"),
	FAILS(O, NULL, "To: Jo", "List-Unsubscribe: <mailto:x@studies.uni.example>\nTo: Jo", "the header twice"),
	FAILS(O, NULL, "List-Unsubscribe-Post: ", "X-Post: ", "no header for one click"),
	FAILS(O, NULL, "=One-Click", "=one-click", "not the words of RFC 8058"),
	FAILS(O, NULL, "=One-Click", "=One-Click, Confirm=Yes", "more than the words of RFC 8058"),
	FAILS(O, NULL, ", <mailto:unsub+abc@studies.uni.example?subject=unsubscribe>", "", "no address of mail"),
	FAILS(O, NULL, "<" LEAVE ">, ", "", "no address of the web"),
	FAILS(O, NULL, "<" LEAVE ">, ", LEAVE ", ", "an address without its brackets"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<" LEAVE ">, <" LEAVE ">, ", "two addresses of the web"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<http://mail.uni.example/opt-out/AbC-123_x>, ", "without TLS"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<https://evil.example/?https://mail.uni.example/opt-out/a>, ", "a foreign host"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<" LEAVE "?confirm=1>, ", "asks more than one click"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<https://mail.uni.example/login?next=/opt-out/AbC-123_x>, ", "behind a login"),
	FAILS(O, NULL, "<" LEAVE ">, ", "<https://mail.uni.example/opt-out/>, ", "no token"),
	FAILS(O, NULL, "<p>Dear Jo", "<p><a href=\"https://survey.partner.example/yes\">Stop all mail</a> <p>Dear Jo", "the words for leaving on a link elsewhere"),
	FAILS(O, NULL, "Dear Jo, the wells were", "Stop all mail:\nhttps://survey.partner.example/yes\n\nDear Jo, the wells were", "the words for leaving before another address"),
	FAILS(O, NULL, "Dear Jo, the wells were", "Stop all mail: <" LEAVE "-b> Dear Jo, the wells were", "the words for leaving before a longer address"),
	PASSES(O, NULL, "Dear Jo, the wells were", "Stop all mail of this kind at any time. See https://survey.partner.example/yes Dear Jo, the wells were", "the words, a sentence, and then another address"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\nwrite to us\n", "not in the text part"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\n" LEAVE "/more\n", "the beginning of a longer address"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\n" LEAVE "\xe2\x80\x8b" "x\n", "cut by a character of no width"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\nhttps://mail.uni.example/opt-out/other\n", "another token in the text part"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\n" LEAVE "\nor https://mail.uni.example/opt-out/other\n", "a second token beside it"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\nhttps://mail.uni.example/opt-out\n", "the page that asks for an address"),
	FAILS(O, NULL, "\n" LEAVE "\n", "\nHTTPS://MAIL.UNI.EXAMPLE/OPT-OUT/ABC-123_X\n", "in capitals"),
	FAILS(O, NULL, "Stop all mail:\n", "Do not go to\n", "words beside it that turn it round"),
	DOUBTS(O, NULL, "Stop all mail:\n", "Our web:\n", "no words beside it that say what it is for"),
	FAILS(O, NULL, "\">Stop all mail", "\">Click", "a link with other words"),
	FAILS(O, NULL, "\">Stop all mail", "\">Don't stop all mail", "words in the link that turn it round"),
	FAILS(O, NULL, "<p><a href=\"" LEAVE, "<p>Please never press <a href=\"" LEAVE, "words before the link that turn it round"),
	FAILS(O, NULL, "Stop all mail</a>", "Stop all mail</a> is not possible any more", "words behind the link that turn it round"),
	FAILS(O, NULL, "\">Stop all mail", "\">Stop all mailings", "the words within longer ones"),
	FAILS(O, NULL, "\">Stop all mail", "\"><img src=\"cid:a\" alt=\"Stop all mail\">", "words in an image only"),
	FAILS(O, NULL, "\">Stop all mail", "\"><span style=\"display:none\">Stop all mail</span>", "hidden words"),
	FAILS(O, NULL, "\">Stop all mail", "\" style=\"font-size:1px\">Stop all mail", "words that are too small"),
	FAILS(O, NULL, "\">Stop all mail", "\" style=\"color:#fdfdfd\">Stop all mail", "words in white on white"),
	FAILS(O, NULL, "<a href=\"" LEAVE, "<a href=\"https://mail.uni.example/opt-out/other", "the link has another token"),
	FAILS(O, NULL, "<p>Dear Jo", "<a href=\"https://mail.uni.example/opt-out/other\">Stop</a><p>Dear Jo", "a second link has another token"),
	DOUBTS(O, NULL, "\">Stop all mail", "\">Keine Post mehr", "the wording of another language"),
	FAILS(O, NULL, "To: Jo", SIGNED("from:to:subject"), "signed without the headers"),
	FAILS(O, NULL, "To: Jo", SIGNED("from:list-unsubscribe-post"), "signed with one of the headers"),
	PASSES(O, NULL, NULL, NULL, "as it should be"),
	PASSES(O, NULL, "To: Jo", SIGNED("From:To:List-Unsubscribe:List-Unsubscribe-Post"), "signed with both headers"),
	PASSES(O, NULL, "To: Jo", "DKIM-Signature: v=1; d=relay.example; s=a; h=from\nTo: Jo", "a relay's signature covers what it likes"),
	PASSES(O, NULL, "\n" LEAVE "\n", "\n(" LEAVE ").\n", "in brackets, at the end of a sentence"),
	PASSES(O, NULL, "\">Stop all mail", "\">Here: stop  ALL mail", "the words among others"),
	PASSES(O, NULL, "<p><a href=\"" LEAVE, "<p>If you do not want more of it: <a href=\"" LEAVE, "\"not\" in a condition"),
	PASSES(O, NULL, "<p><a href=\"" LEAVE, "<p>We do not mind. <a href=\"" LEAVE, "\"not\" in another sentence"),
	PASSES(O, NULL, "<a href=\"" LEAVE "\"", "<a href=\" " LEAVE "\n\"", "blanks around the address of the link"),
	PASSES(O, NULL, "Stop all mail:\n", "To unsubscribe, go to\n", "other plain words in the text part"),
	PASSES(O, NULL, "\n" LEAVE "\n", "\n" LEAVE "\n\nOr go to https://mail.uni.example/opt-out and type it.\n", "the page without a token beside it"),

	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "(login)\n", "a bracket that mail programs take into the address"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "'login\n", "a quote that they take into it"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "|/login\n", "a bar that they take into it"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "\xe2\x80\x99login\n", "a curly quote that they take into it"),
	PASSES(R, NULL, "\n" PAGE "\n", "\n(\xe2\x80\x9c" PAGE "\xe2\x80\x9d).\n", "in quotes and brackets, at the end of a sentence"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nour page\n", "not in the text part"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "/more\n", "the beginning of a longer address"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "?x=1\n", "with a query"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttp://mail.uni.example/research\n", "without TLS"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nmail.uni.example/research\n", "without its scheme"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://x.example/?" PAGE "\n", "within another address"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://mail.uni\xe2\x80\x8b.example/research\n", "split by a character of no width"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://mail.uni.example/re\xc2\xadsearch\n", "split by a soft hyphen"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://mail.uni.example/re\nsearch\n", "split by a line break"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://Mail.uni.example/research\n", "a capital"),
	FAILS(R, NULL, "\n" PAGE "\n", "\nhttps://mail.uni.example/resear\xd1\x81h\n", "a Cyrillic letter"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n\xe2\x80\xae" PAGE "\n", "turned round by an override"),
	FAILS(R, NULL, "\n" PAGE "\n", "\n" PAGE "\xe2\x80\x8e/more\n", "a mark that hides that it goes on"),
	FAILS(R, NULL, ">" PAGE "<", ">our page<", "not in the HTML part's words"),
	FAILS(R, NULL, ">" PAGE "<", "><img src=\"cid:x\" alt=\"" PAGE "\"><", "in an image only"),
	FAILS(R, NULL, ">" PAGE "<", "><!-- " PAGE " --><", "in a comment only"),
	FAILS(R, NULL, ">" PAGE "<", " title=\"" PAGE "\">see<", "in an attribute only"),
	FAILS(R, NULL, ">" PAGE "<", ">https://mail.uni.example/<span style=\"display:none\">x</span>re&shy;search<", "split by a soft hyphen in HTML"),
	FAILS(R, NULL, "href=\"" PAGE, "href=\"https://mail.uni.example/other", "the link goes elsewhere"),
	FAILS(R, NULL, "\">" PAGE "</a>", "\">https://mail.uni.example/</a><a href=\"https://www.uni.example/\">research</a>", "a piece of it links elsewhere"),
	FAILS(R, NULL, "<p>Genuine?", "<p style=\"font-size:1px\">Genuine?", "too small"),
	FAILS(R, NULL, "<p>Genuine?", "<p style=\"position:absolute;left:-9999px\">Genuine?", "out of sight"),
	FAILS(R, NULL, "<p>Dear Jo", "<p style=\"strange:1\">x</p><p>Dear Jo", "below what cannot be judged"),
	FAILS(R, NULL, "Code <b>7K3M-Q2XV-9TFA", "Code <b>7K3M-Q2XV", "half a code in the HTML part"),
	FAILS(R, NULL, "code: 7K3M-Q2XV-9TFA", "code: 7K3M-Q2XV-9TFU", "a code with a letter that none has"),
	FAILS(R, NULL, "code: 7K3M-Q2XV-9TFA", "code: X7K3M-Q2XV-9TFA", "a code that is part of something longer"),
	FAILS(R, NULL, "code: 7K3M-Q2XV-9TFA", "code: 8K3M-Q2XV-9TFA", "another code than in the HTML part"),
	FAILS(R, NULL, "code: 7K3M-Q2XV-9TFA", "code: 7K3M\xe2\x80\x8b-Q2XV-9TFA", "a code that is split"),
	FAILS(R, no_statement, NULL, NULL, "no page is registered"),
	PASSES(R, NULL, NULL, NULL, "as it should be"),
	PASSES(R, NULL, "\n" PAGE "\n", "\n<" PAGE ">.\n", "in brackets, at the end of a sentence"),
	PASSES(R, NULL, "\n" PAGE "\n", "\n\xe2\x80\x9c" PAGE "\xe2\x80\x9d, see there\n", "in quotes"),
	PASSES(R, NULL, "\n" PAGE "\n", "\n\xe8\xaf\xb7\xe8\xa7\x81" PAGE "\xe3\x80\x82\n", "between Chinese words and stop"),
	PASSES(R, NULL, "\n" PAGE "\n", "\n\xe2\x81\xa6" PAGE "\xe2\x81\xa9\n", "between the marks that hold an address together in a text from the right"),
	PASSES(R, NULL, "<a href=\"" PAGE "\">" PAGE "</a>", PAGE, "no link in the HTML part, just the address"),
	PASSES(R, NULL, ">" PAGE "<", "><b>https://mail.uni.example</b>/research<", "in two weights"),
	PASSES(R, bare_statement, PAGE, "https://mail.uni.example", "an empty path without its slash"),

	FAILS(P, http_url, NULL, NULL, "without TLS"),
	FAILS(P, port_url, NULL, NULL, "with a port"),
	FAILS(P, user_url, NULL, NULL, "with a user"),
	FAILS(P, foreign_url, NULL, NULL, "on a shortener"),
	FAILS(P, ending_url, NULL, NULL, "the institution's domain as an ending"),
	FAILS(P, query_url, NULL, NULL, "with a query"),
	FAILS(P, empty_query_url, NULL, NULL, "with an empty query"),
	FAILS(P, fragment_url, NULL, NULL, "with a fragment"),
	FAILS(P, escaped_url, NULL, NULL, "with an escape"),
	FAILS(P, capital_url, NULL, NULL, "with a capital in its path"),
	FAILS(P, host_capital_url, NULL, NULL, "with a capital in its host"),
	FAILS(P, underscore_url, NULL, NULL, "with an underscore"),
	FAILS(P, doubled_url, NULL, NULL, "with two hyphens together"),
	FAILS(P, file_url, NULL, NULL, "with a stop in its path"),
	FAILS(P, long_url, NULL, NULL, "too long to be read out"),
	FAILS(P, ip_url, NULL, NULL, "without a name"),
	FAILS(P, cyrillic_url, NULL, NULL, "with a Cyrillic letter"),
	FAILS(P, backslash_url, NULL, NULL, "with a backslash"),
	FAILS(P, no_statement, NULL, NULL, "there is none"),
	FAILS(P, long_project_url, NULL, NULL, "the project's page, too long"),
	FAILS(P, project_elsewhere, NULL, NULL, "the project's page, on a foreign host"),
	PASSES(P, bare_url, NULL, NULL, "a host alone"),
	PASSES(P, slash_url, NULL, NULL, "a host and a slash"),
	PASSES(P, path_url, NULL, NULL, "words with a hyphen, and a digit"),
	PASSES(P, sixty_url, NULL, NULL, "sixty characters"),
	PASSES(P, eighty_project_url, NULL, NULL, "eighty characters of the project's page"),
	PASSES(P, loopback_in_trial, NULL, NULL, "loopback in a trial home"),
};

const struct policy_cases CASES_LEAVING = { CASES, COUNT(CASES) };
