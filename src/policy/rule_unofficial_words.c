/*
 * The words of `unofficial`. They are read as skeletons, in which "~" stands where registered words were and "^"
 * where the institution's name was. A claim fails where somebody is introduced, signs, or asks; a reviewer judges the
 * others.
 */
#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "policy/policy_text.h"
#include "policy/unofficial.h"

#define CLAIMS_MAX 200 /* looked at in one text */
#define WINDOW 90      /* bytes before a claim in which words introduce it */
#define SHORT_LINE 45  /* a line that is not wrapped */
#define QUOTED_BEFORE 30 /* characters before a claim that are quoted with it */

/* Before who speaks. */
static const char *const INTRODUCING[] = {
	"i am", "i'm", "we are", "we're", "this is", "here is", "my name is", "on behalf of", "in the name of", "speaking for", "speak for",
	"writing from", "writing as", "writing to you from", "writing to you as", "write to you from", "write to you as", "i write as",
	"we write as", "we at", "we of", "we from", "we in", "we, the", "we the", "work as", "works as", "working as", "work for", "message from",
	"message by", "mail from", "email from", "notice from", "notice by", "letter from", "news from", "information from",
	"announcement from", "announcement by", "communication from", "request from", "invitation from", "comes from", "sent by", "sent from",
	"issued by", "published by", "authorised by", "authorized by", "approved by", "signed by", "brought to you by", "in my capacity",
	"in cooperation with your", "regards", "sincerely", "faithfully", "yours", "best wishes", "kind wishes", "signed", "from:", "sender:",
	"subject:", "reply-to:", "ich bin", "wir sind", "hier ist", "hier schreibt", "im namen", "im auftrag", "i.a.", "i. a.", "gez.", "grussen",
	"grusse", "mit freundlichem gruss", "nachricht von", "nachricht des", "nachricht der", "mitteilung von", "mitteilung der",
	"mitteilung des", "e-mail von", "von:", "betreff:", "absender:", "je suis", "nous sommes", "au nom de", "au nom du", "de la part",
	"cordialement", "salutations", "message de", "message du", "courriel de", "communique", "de:", "objet:", "soy", "somos", "en nombre",
	"de parte", "atentamente", "saludos", "cordialmente", "mensaje de", "asunto:", "sono il", "sono la", "siamo", "a nome", "da parte",
	"cordiali saluti", "distinti saluti", "messaggio di", "messaggio del", "messaggio dal", "oggetto:", "da:", "ik ben", "wij zijn", "we zijn",
	"namens", "vriendelijke groet", "vriendelijke groeten", "hoogachtend", "bericht van", "van:", "onderwerp:", "sou o", "sou a", "em nome",
	"atenciosamente", "com os melhores cumprimentos", "cumprimentos", "mensagem de", "mensagem da", "assunto:", "jag ar", "vi ar",
	"pa uppdrag", "vanliga halsningar", "jeg er", "vi er", "pa vegne", "venlig hilsen", "vennlig hilsen", "fra:", "fran:", "terveisin",
	"w imieniu", "z powazaniem", "jmenem", "s pozdravem", "od imeni", "с уважением", "от имени", "з повагою", "adina", "saygilarimla", NULL,
};

/* Between those and a claim: it is what is studied. */
static const char *const STUDYING[] = {
	"study of", "studies of", "study on", "studies on", "studying", "studied", "studies", "survey of", "history of", "letters", "archive",
	"archives", "about", "cancer", "death", "birth", "land", "researching", "exploring", "explore", "explores", "interviewing", "interviewed",
	"comparing", "compare", "investigating", "investigate", "measuring", "analysing", "analyzing", "asking", "asked", "role of", "register of",
	"how", "why", "whether", "untersuchen", "untersucht", "erforschen", "erforscht", "geschichte", "studie zu", "studie uber", "etudie",
	"etudions", "histoire", "etude", "estudia", "estudiamos", "historia", "estudio", "studia", "studiamo", "studio", "onderzoeken",
	"onderzoekt", "onderzoek", "krebs", NULL,
};

static const char *const NEGATING[] = { "not", "no", "nor", "non", "never", "isn't", "without", "kein", "keine", "keinen", "nicht", "pas", "aucun",
					"niet", "geen", "ikke", "inte", "ingen", "nao", "nie", "neni", "ne", "he", "hi", NULL };

/* Behind who speaks. */
static const char *const ASKING[] = {
	"asks you", "ask you", "asks that you", "invites you", "invite you", "informs you", "inform you", "requires you", "require you",
	"requests you", "request you", "requests that", "needs you", "need you", "wants you", "want you", "reminds you", "remind you", "urges you",
	"would like you", "will contact you", "will ask you", "has selected you", "have selected you", "has chosen you", "writes to you",
	"write to you", "is writing to you", "are writing to you", "is contacting you", "are contacting you", "asks all", "invites all",
	"informs all", "requires all", "requests all", "encourages you", "expects you", "bittet sie", "bittet euch", "bitten sie", "ladt sie",
	"informiert sie", "informieren sie", "fordert sie", "vous demande", "vous demandent", "vous invite", "vous invitent", "vous informe",
	"vous informent", "vous prie", "le pide", "le piden", "le invita", "le informa", "te invita", "le chiede", "la invita", "vi invita",
	"vi informa", "vi chiede", "verzoekt u", "vraagt u", "nodigt u", "informeert u", NULL,
};

/* --- what is registered --- */

/* A skeleton, and the same in one line. */
struct rest {
	char *text, *line;
};

static struct rest rest_of(struct ruling *r, const char *text)
{
	struct rest s = { .text = text_skeleton(r->a, text) };

	for (char *q = s.text; *q; q++)
		if (*q == '^' || *q == '~')
			*q = '*';
	s.line = arena_text(r->a, s.text);
	for (char *q = s.line; (q = strchr(q, '\n'));)
		*q = ' ';
	return s;
}

/* Puts `sign` over every occurrence of `words`, however its lines are broken; line breaks stay, to be counted. */
static void blank_out(struct ruling *r, const struct rest *s, const char *words, char sign)
{
	const char *w = words ? text_skeleton(r->a, text_flat(r->a, words)) : "", *hit = s->line;
	size_t n = strlen(w);

	for (; n && (hit = text_find_word(hit, w)); hit += n)
		for (size_t i = (size_t)(hit - s->line), end = i + n; i < end; i++) {
			s->line[i] = s->text[i] == '\n' ? ' ' : sign;
			s->text[i] = s->text[i] == '\n' ? '\n' : sign;
		}
}

static void blank_value(struct ruling *r, const struct claims *c, const struct rest *s, const char *words, char sign)
{
	/* A department that is called "Registry" may be named, and still is an office. */
	if (words && !claims_are(c, text_skeleton(r->a, text_flat(r->a, words))))
		blank_out(r, s, words, sign);
}

char *unofficial_rest(struct ruling *r, const struct claims *c, const char *text, bool sentences)
{
	const struct project_facts *p = r->f->project;
	struct rest s = rest_of(r, text);

	for (const char *const *u = r->f->institution->unofficial; sentences && u && u[0] && u[1]; u += 2)
		blank_out(r, &s, u[1], '~');
	blank_value(r, c, &s, p ? p->title : NULL, '~');
	blank_value(r, c, &s, p ? p->department : NULL, '~');
	blank_value(r, c, &s, p ? p->originator : NULL, '~');
	blank_value(r, c, &s, r->f->institution->name, '^');
	return s.text;
}

/* --- lines that all readers see --- */

/* Characters that join emoji and letters of some scripts, and marks in texts that run from the right, are no tricks. */
static bool is_plain(const char *s)
{
	size_t left = strlen(s), len;
	uint32_t before = 0;

	for (; left; s += len, left -= len) {
		uint32_t c = utf8_char(s, left, &len);
		bool joins = (c == 0x200c || c == 0x200d) && before >= 0x600 && (unsigned char)s[len] >= 0xd8;
		bool marks = (c == 0x200e || c == 0x200f) && before >= 0x590 && before < 0x900;

		if (c == '\t' || joins || marks)
			continue;
		if (utf8_is_control(c) || utf8_is_invisible(c) || (c == 0xfffd && len == 1))
			return false;
		before = c;
	}
	return true;
}

/* "University of Sample: ...", or nothing but its name. */
static bool opens_with_name(const char *rest)
{
	const char *p = rest;

	while (*p && !text_is_letter(*p) && *p != '^')
		p++;
	p += strncmp(p, "the ", 4) == 0 ? 4 : 0;
	if (*p != '^')
		return false;
	p += strspn(p, "^");
	p += strspn(p, " )}");
	return !*p || strchr(":|-*>/]", *p);
}

static bool name_speaks(struct ruling *r, const char *rest, const char **at);

static const char *word_of(struct ruling *r, const struct claim_at *c)
{
	return c->shown ? c->shown : text_flat(r->a, arena_text_n(r->a, c->start, (size_t)(c->end - c->start)));
}

void unofficial_line(struct ruling *r, const struct claims *c, const char *where, const char *text, const char *quoted)
{
	const char *mend = arena_printf(r->a, "say in %s who you are, in your own name and in plain letters", where);
	const char *rest = unofficial_rest(r, c, text_flat(r->a, text), false), *mixed = text_mixed_word(r->a, text), *at;
	const char *quote = text_quote(r->a, quoted, 100);
	struct claim_at claim;

	if (claims_find(c, rest, rest, &claim) || claims_find_slip(c, rest, &claim))
		rule_fail(r, mend, "%s: “%s” has “%s”, which speaks for the institution or alarms", where, quote, word_of(r, &claim));
	if (strcmp(where, "Subject") == 0 && (opens_with_name(rest) || name_speaks(r, rest, &at)))
		rule_fail(r, mend, "%s: “%s” is put as if the institution itself wrote", where, quote);
	if (mixed)
		rule_fail(r, mend, "%s: “%s” is written with letters of other alphabets that only look like Latin ones", where, mixed);
	if (!is_plain(text))
		rule_fail(r, mend, "%s: “%s” has invisible or control characters", where, quote);
}

/* --- the bare name --- */

static bool in_list(const char *const *list, const char *p, size_t n)
{
	for (; *list; list++)
		if (strlen(*list) == n && memcmp(p, *list, n) == 0)
			return true;
	return false;
}

/* How many letters have to be put in, left out or changed; more than `most` says `most` + 1. */
static size_t distance(const char *x, size_t n, const char *y, size_t m, size_t most)
{
	size_t row[64];

	if (n > COUNT(row) - 1 || m > COUNT(row) - 1 || n > m + most || m > n + most)
		return most + 1;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = corner + (x[i - 1] != y[j - 1]), gone = row[j] + 1, added = row[j - 1] + 1;

			corner = row[j];
			row[j] = change < gone ? change : gone;
			row[j] = row[j] < added ? row[j] : added;
		}
	}
	return row[m] <= most ? row[m] : most + 1;
}

static size_t letters(const char *p, char out[64])
{
	size_t n = 0;

	for (; *p && n < 63; p++)
		if (text_is_letter(*p))
			out[n++] = *p;
	out[n] = '\0';
	return n;
}

/* A word of the institution's name with at most one slip in it, or an abbreviation of the name. */
static bool is_of_name(const char *own, const char *p, size_t n)
{
	char all[32] = "", big[32] = "";
	size_t a = 0, b = 0;

	for (const char *w = own; *w;) {
		size_t m = 0;

		while (*w && !text_is_letter(*w))
			w++;
		while (text_is_letter(w[m]))
			m++;
		if (m && m == n && memcmp(w, p, n) == 0)
			return true;
		if (m >= 5 && n >= 4 && distance(w, m, p, n, m >= 8 ? 2 : 1) <= (m >= 8 ? 2u : 1u))
			return true;
		if (m && a < 31)
			all[a++] = *w;
		if (m > 3 && b < 31)
			big[b++] = *w;
		w += m;
	}
	return (a > 1 && a == n && memcmp(all, p, n) == 0) || (b > 1 && b == n && memcmp(big, p, n) == 0);
}

bool unofficial_is_bare(struct ruling *r, const char *name)
{
	static const char *const NOBODY[] = {
		"the", "of", "and", "for", "at", "in", "a", "an", "from", "by", "to", "your", "our", "uni", "univ", "university", "universitat", "universite",
		"universidad", "universita", "universiteit", "universidade", "universitet", "hochschule", "college", "school", "institute",
		"institution", "faculty", "academy", "campus", "der", "die", "das", "von", "de", "la", "le", "du", "des", "di", "degli", "van", "team",
		"office", "department", "dept", "research", "news", "newsletter", "info", "information", "mail", "mails", "mailing", "mailer",
		"email", "noreply", "no", "reply", "donotreply", "do", "not", "service", "services", "support", "staff", "administration",
		"admin", "central", "online", "web", "communications", "communication", "notification", "notifications", "notice", "alert",
		"alerts", "update", "updates", "study", "studies", "survey", "surveys", "project", "projects", "vc", "it", "hr", "ict", "dvc",
		"pvc", "cio", "management", "headquarters", "main", "president", "provost", "dean", "rector", "chancellor", "director", "secretary", "security", "registrar", "head", "board", "council", "members", "student", "students", "system",
		"edu", "ac", "uk", "example", "org", "com", NULL,
	};
	const char *own = text_skeleton(r->a, text_flat(r->a, r->f->institution->name));
	const char *p = text_skeleton(r->a, text_flat(r->a, name));
	char joined[64], own_joined[64];
	size_t n = letters(p, joined), m = letters(own, own_joined);

	if (r->f->project && r->f->project->originator && text_has(r->a, text_flat(r->a, name), text_flat(r->a, r->f->project->originator)))
		return false;
	if (m > 8 && distance(joined, n, own_joined, m, 2) <= 2)
		return true;
	while (*p) {
		size_t word = 0;

		while (text_is_letter(p[word]))
			word++;
		if (word && !in_list(NOBODY, p, word) && !is_of_name(own, p, word))
			return false;
		p += word + (word == 0);
	}
	return true;
}

/* --- sentences --- */

static const char *line_start(const char *text, const char *at)
{
	while (at > text && at[-1] != '\n')
		at--;
	return at;
}

/* Where the sentence begins, no further back than WINDOW: behind a stop that ends more than an abbreviation, or a blank line. */
static const char *sentence_start(const char *text, const char *at)
{
	const char *least = (size_t)(at - text) > WINDOW ? at - WINDOW : text;

	for (const char *p = at; p > least + 1; p--) {
		const char *word = p - 2;

		if (p[-1] == '\n' && p[-2] == '\n')
			return p;
		if (!isspace((unsigned char)p[-1]) || !strchr(".!?", p[-2]))
			continue;
		while (word > text && text_is_letter(word[-1]))
			word--;
		if (p - 2 - word > 3)
			return p;
	}
	return least;
}

/* The last of the words between two places; NULL if there is none. Gives where it ends. */
static const char *last_of(struct ruling *r, const char *from, const char *to, const char *const *words)
{
	const char *part = arena_text_n(r->a, from, (size_t)(to - from)), *last = NULL;

	/* A line break within the words is a blank. */
	for (char *c = (char *)(uintptr_t)part; *c; c++)
		if (*c == '\n')
			*c = ' ';
	for (; *words; words++)
		for (const char *p = part; (p = text_find_word(p, *words)); p++)
			if (!last || p + strlen(*words) > last)
				last = p + strlen(*words);
	return last ? from + (last - part) : NULL;
}

static bool starts_with(const char *p, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);

		if (strncmp(p, *words, n) == 0 && !text_is_letter(p[n]))
			return true;
	}
	return false;
}

/* --- who speaks --- */

/* Registered words count: "Regards, Ann Lee, University of Sample" is not signed by the university. */
static size_t count_letters(const char *p, const char *end)
{
	size_t n = 0;

	for (; p < end; p++)
		n += text_is_letter(*p) || *p == '~';
	return n;
}

/* A line that is little more than the claim: a heading or a signature, and not a wrapped one. */
static bool is_line_of_its_own(const char *text, const struct claim_at *c)
{
	const char *line = line_start(text, c->start), *end = c->end + strcspn(c->end, "\n"), *stop, *before;
	size_t ahead = count_letters(line, c->start), behind = count_letters(c->end, end);

	if (line > text) {
		before = line_start(text, line - 1);
		if (line - 1 - before > SHORT_LINE)
			return false;
	}
	stop = memchr(c->end, '.', (size_t)(end - c->end));
	if (behind > 24 || (stop && end - stop > 2))
		return false;
	/* "Jo Smith, Registrar" */
	for (before = c->start; before > line && strchr(" *~^", before[-1]); before--)
		;
	return ahead <= 7 || (c->kind == CLAIM_OFFICE && ahead <= 30 && before > line && strchr(",-|(/:", before[-1]));
}

/* "IT Services Research" is a department. */
static bool is_studied(const struct claim_at *c)
{
	static const char *const BEHIND[] = { " research", " studies", " study", " project", " lab", " laboratory", " group", " history",
					      " science", " data", " review", " records of", NULL };

	return starts_with(c->end, BEHIND);
}

static bool speaks_for(struct ruling *r, const char *text, const struct claim_at *c)
{
	const char *sentence = sentence_start(text, c->start), *intro;
	const char *verb = c->end;

	if (is_studied(c))
		return false;
	intro = last_of(r, sentence, c->start, INTRODUCING);
	if (intro && !last_of(r, intro, c->start, STUDYING))
		return true;
	if (is_line_of_its_own(text, c) && !last_of(r, line_start(text, c->start), c->end, STUDYING))
		return true;
	while (strchr(" ,'^~", *verb) && *verb)
		verb++;
	return c->kind == CLAIM_OFFICE && count_letters(sentence, c->start) <= 12 && starts_with(verb, ASKING);
}

/* "Not an official message" claims nothing. */
static bool is_denied(struct ruling *r, const char *text, const struct claim_at *c)
{
	const char *from = (size_t)(c->start - text) > 24 ? c->start - 24 : text, *sentence = sentence_start(text, c->start);

	while (from > text && text_is_letter(from[-1]))
		from--;
	if (c->kind == CLAIM_OFFICIAL)
		return last_of(r, from > sentence ? from : sentence, c->start, NEGATING);
	/* "No action is needed" calms. What is denied further away need not be the alarm itself. */
	from = c->start - (c->start > text && c->start[-1] == ' ');
	return c->kind == CLAIM_ALARM && c->shown && strstr(c->shown, "action") && from - text >= 2 && from[-1] == 'o' && from[-2] == 'n' &&
	       (from - text == 2 || !text_is_letter(from[-3]));
}

/* Does the institution's name stand where who speaks does: "on behalf of ^", "^ asks you", and below a closing? */
static bool name_speaks(struct ruling *r, const char *rest, const char **at)
{
	static const char *const STAFF[] = { "team", "administration", "management", "support", "authorities", "leadership", NULL };
	static const char *const FOR[] = { "on behalf of", "in the name of", "speak for", "speaking for", "im namen", "im auftrag", "au nom de", "de la part",
					   "en nombre", "de parte", "a nome", "da parte", "namens", "em nome", "pa uppdrag", "pa vegne", "w imieniu", NULL };
	static const char *const ENDS[] = { "the", "at", "der", "die", "l'", "la", "de", NULL };

	for (const char *p = rest; (p = strchr(p, '^')); p += strspn(p, "^")) {
		const char *sentence = sentence_start(rest, p), *intro = last_of(r, sentence, p, INTRODUCING);
		const char *end = p + strspn(p, "^\n"), *next = end + strspn(end, " ,");
		bool close = intro && count_letters(intro, p) <= 5 &&
			     (count_letters(intro, p) == 0 || last_of(r, intro, p, ENDS));

		*at = p;
		if (close && (!text_is_letter(*next) || last_of(r, sentence, p, FOR) == intro))
			return true;
		if (starts_with(next, STAFF) || (count_letters(sentence, p) <= 5 && starts_with(next, ASKING)))
			return true;
	}
	return false;
}

/* --- the body --- */

/* The line in which `at` of the skeleton `rest` stands, from a little before that place on: a skeleton has a character for
   nearly each of the text's. */
static const char *line_of(struct ruling *r, const char *text, const char *rest, const char *at, size_t *number)
{
	const char *line = rest, *from;
	size_t skip, len;

	*number = 1;
	for (const char *p = rest; p < at; p++)
		if (*p == '\n') {
			++*number;
			line = p + 1;
			text = strchr(text, '\n') ? strchr(text, '\n') + 1 : text;
		}
	text = text_flat(r->a, arena_text_n(r->a, text, strcspn(text, "\n")));
	skip = utf8_count(arena_text_n(r->a, line, (size_t)(at - line)));
	skip = skip > QUOTED_BEFORE ? skip - QUOTED_BEFORE : 0;
	for (from = text; skip && *from; skip--, from += len)
		utf8_char(from, strnlen(from, 4), &len);
	while (from > text && *from && from[-1] != ' ' && from - text < (ptrdiff_t)strlen(text) && text_is_letter(from[-1]))
		from--;
	return from == text ? text_quote(r->a, text, 80) : arena_printf(r->a, "...%s", text_quote(r->a, from, 80));
}

static void tell(struct ruling *r, const char *place, const char *quote, const char *word, bool speaks)
{
	if (speaks)
		rule_fail(r, "introduce yourself and sign in your own name",
			  "%s: “%s” speaks for the institution or alarms (“%s”)", place, quote, word);
	else
		rule_doubtful(r, "put it another way, or say to the reviewer why it stands there",
			      "%s: “%s” has “%s”, which may be taken for the institution's words", place, quote, word);
}

static const char *place_of(struct ruling *r, const char *where, size_t number, bool numbered)
{
	return numbered ? arena_printf(r->a, "%s, line %zu", where, number) : where;
}

static bool is_letterhead(const char *rest)
{
	const char *p = rest + strspn(rest, " \n*#>=-_");

	p += strncmp(p, "the ", 4) == 0 ? 4 : 0;
	return *p == '^' && !count_letters(p, p + strcspn(p, "\n"));
}

/* Has the same word been objected to as much already? */
static bool is_told(const struct ruling *r, const char *word, bool speaks)
{
	const char *quoted = arena_printf(r->a, "“%s”", word);

	for (size_t i = r->first; i < r->out->n; i++)
		if (r->out->finding[i].answer >= (speaks ? ANSWER_FAIL : ANSWER_DOUBTFUL) && strstr(r->out->finding[i].reason, quoted))
			return true;
	return false;
}

void unofficial_rendered(struct ruling *r, const struct claims *c, const char *text)
{
	const char *rest = unofficial_rest(r, c, text, true), *from = rest;
	struct claim_at claim;
	size_t number;

	for (int i = 0; i < CLAIMS_MAX && claims_find(c, rest, from, &claim); i++) {
		bool speaks = speaks_for(r, rest, &claim);

		from = claim.end;
		if (is_denied(r, rest, &claim) || is_told(r, word_of(r, &claim), speaks))
			continue;
		tell(r, "the message with its fields", line_of(r, text, rest, claim.start, &number), word_of(r, &claim), speaks);
	}
}

void unofficial_body(struct ruling *r, const struct claims *c, const char *where, const char *text, bool numbered)
{
	const char *rest = unofficial_rest(r, c, text, true), *from = rest, *quote, *at;
	struct claim_at claim;
	size_t number;

	for (int i = 0; i < CLAIMS_MAX && claims_find(c, rest, from, &claim); i++) {
		from = claim.end;
		if (is_denied(r, rest, &claim))
			continue;
		quote = line_of(r, text, rest, claim.start, &number);
		tell(r, place_of(r, where, number, numbered), quote, word_of(r, &claim), speaks_for(r, rest, &claim));
	}
	if (is_letterhead(rest))
		rule_doubtful(r, "begin with who you are", "%s: its first line is the name of the institution alone, as on its own letters", where);
	if (name_speaks(r, rest, &at)) {
		quote = line_of(r, text, rest, at, &number);
		rule_fail(r, "say who is writing, in the researchers' own names", "%s: “%s” is put as if the institution itself wrote",
			  place_of(r, where, number, numbered), quote);
	}
}
