/*
 * The server's side of SMTP: see smtpd.h. It reads lines, and has two ways to
 * read one: as a command, or, after DATA, as content. What is wrong with
 * content is remembered and answered after its end, never by guessing where it
 * ends.
 */
#include "receive/smtpd.h"

#include <strings.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/utf8.h"

#define COMMAND_MAX 4096 /* with CRLF; RFC 5321 asks for 512 and more for extensions */
#define CONTENT_LINE_MAX 1000
#define LINE_MAX_HELD COMMAND_MAX
#define OUT_MAX ((size_t)1024 * 1024)
#define ERRORS_MAX 50
#define KEPT_MAX ((size_t)256 * 1024) /* room for content that is kept from one message to the next */

struct smtpd {
	const char *name;
	struct smtpd_ops ops;
	void *ctx;
	struct buf out, part, data; /* replies; an unfinished line; content */
	bool over, in_data;
	bool extended; /* EHLO, not HELO */
	char helo[256];
	int errors;

	bool has_mail, utf8, eightbit;
	char from[SMTPD_PATH_MAX + 1];
	struct arena *arena; /* of the recipients */
	const char **to;
	size_t to_n;
	const char *content_fault; /* the refusal that waits for the end of the content */
	bool after_crlf;           /* the line of content before this one ended properly */
};

static void reply(struct smtpd *s, const char *text)
{
	buf_adds(&s->out, text);
	buf_add(&s->out, "\r\n", 2);
	if (s->out.over)
		s->over = true; /* it sends commands but reads no replies */
}

static void hang_up(struct smtpd *s, const char *text)
{
	reply(s, text);
	s->over = true;
}

static void refuse(struct smtpd *s, const char *text)
{
	if (++s->errors >= ERRORS_MAX)
		hang_up(s, "421 4.7.0 Too many errors");
	else
		reply(s, text);
}

static void forget_mail(struct smtpd *s)
{
	s->has_mail = s->utf8 = s->eightbit = false;
	s->to = NULL;
	s->to_n = 0;
	arena_clear(s->arena);
	s->content_fault = NULL;
	if (s->data.room > KEPT_MAX)
		buf_free(&s->data);
	else
		buf_clear(&s->data);
}

struct smtpd *smtpd_new(const char *name, const struct smtpd_ops *ops, void *ctx)
{
	struct smtpd *s = mem_alloc(sizeof(*s));

	s->name = name;
	s->ops = *ops;
	s->ctx = ctx;
	s->arena = arena_new();
	buf_init(&s->out, OUT_MAX);
	buf_init(&s->part, LINE_MAX_HELD);
	buf_init(&s->data, SMTPD_MESSAGE_MAX);
	buf_addf(&s->out, "220 %s ESMTP\r\n", name);
	return s;
}

void smtpd_free(struct smtpd *s)
{
	if (!s)
		return;
	buf_free(&s->out);
	buf_free(&s->part);
	buf_free(&s->data);
	arena_free(s->arena);
	free(s);
}

struct buf *smtpd_output(struct smtpd *s)
{
	return &s->out;
}

bool smtpd_is_over(const struct smtpd *s)
{
	return s->over;
}

void smtpd_goodbye(struct smtpd *s, const char *why)
{
	if (s->over)
		return;
	buf_addf(&s->out, "421 4.3.2 %s\r\n", why);
	s->over = true;
}

static bool slice_begins(struct slice s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && strncasecmp(s.p, word, n) == 0;
}

/* Cuts the next word, ended by a space, off the front of the line. */
static struct slice cut_word(struct slice *rest)
{
	const char *space = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
	size_t n = space ? (size_t)(space - rest->p) : rest->n;
	struct slice word = { rest->p, n };

	*rest = (struct slice){ rest->p + n, rest->n - n };
	if (space)
		*rest = (struct slice){ space + 1, rest->n - 1 };
	return word;
}

/* The length of "<local@domain>" at the front, with a quoted local part perhaps; 0 if it is none. */
static size_t path_length(struct slice s)
{
	bool quoted = false, at = false;

	if (s.n < 2 || s.p[0] != '<')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"' && !at)
			quoted = !quoted;
		else if (quoted && c == '\\' && i + 1 < s.n)
			i++;
		else if (!quoted && c == '>')
			return i + 1;
		else if (!quoted && (c == ' ' || c == '<' || c == ','))
			return 0;
		else if (!quoted && c == '@')
			at = true;
	}
	return 0;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* An address: something before the last "@", and letters, digits, dots and hyphens behind it; [ ] for literals. */
static bool address_is_sound(struct slice a)
{
	const char *at = a.n ? memrchr(a.p, '@', a.n) : NULL;

	if (!at || at == a.p || at + 1 == a.p + a.n || a.n > SMTPD_PATH_MAX - 2)
		return false;
	for (const char *p = at + 1; p < a.p + a.n; p++)
		if (!strchr("-.[]:", *p) && !((unsigned char)*p >= 0x80) && !(*p >= '0' && *p <= '9') &&
		    !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
			return false;
	return at[1] != '.' && at[1] != '-';
}

/* "FROM:" and a path; *rest is left at the parameters. False after a refusal. */
static bool read_path(struct smtpd *s, struct slice *rest, const char *before, bool empty_is_fine, struct slice *out)
{
	struct slice line = *rest;
	size_t n;

	if (!slice_begins(line, before)) {
		refuse(s, "501 5.5.4 Syntax: MAIL FROM:<address> or RCPT TO:<address>");
		return false;
	}
	line = (struct slice){ line.p + strlen(before), line.n - strlen(before) };
	n = path_length(line);
	if (!n || (line.n > n && line.p[n] != ' ')) {
		refuse(s, "501 5.5.2 An address stands in < >, right behind the colon");
		return false;
	}
	*out = (struct slice){ line.p + 1, n - 2 };
	*rest = (struct slice){ line.p + n, line.n - n };
	if (rest->n)
		*rest = (struct slice){ rest->p + 1, rest->n - 1 };
	if ((out->n || !empty_is_fine) && !address_is_sound(*out)) {
		refuse(s, "501 5.1.3 This is not an address");
		return false;
	}
	return true;
}

/* NULL, or the refusal. */
static const char *take_parameter(struct smtpd *s, struct slice word)
{
	char text[32];
	int64_t size;

	if (slice_begins(word, "SIZE=")) {
		if (word.n - 5 >= sizeof(text))
			return "501 5.5.4 SIZE is a number";
		memcpy(text, word.p + 5, word.n - 5);
		text[word.n - 5] = '\0';
		if (parse_i64(text, 0, INT64_MAX, &size) < 0)
			return "501 5.5.4 SIZE is a number";
		return (uint64_t)size > SMTPD_MESSAGE_MAX ? "552 5.3.4 The message is too large" : NULL;
	}
	if (word.n == 8 && slice_begins(word, "SMTPUTF8"))
		s->utf8 = s->eightbit = true;
	else if (word.n == 13 && slice_begins(word, "BODY=8BITMIME"))
		s->eightbit = true;
	else if (word.n != 9 || !slice_begins(word, "BODY=7BIT"))
		return "555 5.5.4 This parameter was not offered";
	return NULL;
}

static void do_hello(struct smtpd *s, struct slice rest, bool more, bool extended)
{
	const char *word = s->ops.lmtp ? "LHLO" : extended ? "EHLO" : "HELO";

	if (!rest.n || rest.n >= sizeof(s->helo) || memchr(rest.p, ' ', rest.n) || !is_ascii(rest)) {
		refuse(s, "501 5.5.4 Say who you are, as in EHLO host.example");
		return;
	}
	if (more) {
		buf_addf(&s->out, "554 5.5.1 Nothing may follow %s before its reply\r\n", word);
		s->over = true;
		return;
	}
	forget_mail(s);
	memcpy(s->helo, rest.p, rest.n);
	s->helo[rest.n] = '\0';
	s->extended = extended;
	if (!extended) {
		buf_addf(&s->out, "250 %s\r\n", s->name);
		return;
	}
	buf_addf(&s->out,
		 "250-%s\r\n250-PIPELINING\r\n250-SIZE %zu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
		 "250 ENHANCEDSTATUSCODES\r\n",
		 s->name, SMTPD_MESSAGE_MAX);
}

static void do_ehlo(struct smtpd *s, struct slice rest, bool more)
{
	do_hello(s, rest, more, true);
}

static void do_helo(struct smtpd *s, struct slice rest, bool more)
{
	do_hello(s, rest, more, false);
}

static void do_mail(struct smtpd *s, struct slice rest, bool more)
{
	const char *why = NULL;
	struct slice path;

	(void)more;
	if (!*s->helo || s->has_mail) {
		refuse(s, *s->helo ? "503 5.5.1 One MAIL at a time" : "503 5.5.1 The greeting comes first");
		return;
	}
	if (!read_path(s, &rest, "FROM:", true, &path))
		return;
	s->utf8 = s->eightbit = false;
	if (rest.n && !s->extended)
		why = "555 5.5.4 Parameters need EHLO";
	while (rest.n && !why)
		why = take_parameter(s, cut_word(&rest));
	if (!why && !is_ascii(path) && (!s->utf8 || !utf8_valid(path.p, path.n)))
		why = "553 5.6.7 This address needs SMTPUTF8";
	if (why) {
		refuse(s, why);
		return;
	}
	memcpy(s->from, path.p, path.n);
	s->from[path.n] = '\0';
	s->has_mail = true;
	reply(s, "250 2.1.0 Ok");
}

static void do_rcpt(struct smtpd *s, struct slice rest, bool more)
{
	const char *why, *to = NULL;
	struct slice path;

	(void)more;
	if (!s->has_mail) {
		refuse(s, "503 5.5.1 MAIL comes first");
		return;
	}
	if (!read_path(s, &rest, "TO:", false, &path))
		return;
	if (rest.n)
		why = "555 5.5.4 This parameter was not offered";
	else if (s->to_n >= SMTPD_RCPTS_MAX)
		why = "452 4.5.3 Too many recipients";
	else if (!is_ascii(path) && (!s->utf8 || !utf8_valid(path.p, path.n)))
		why = "553 5.6.7 This address needs SMTPUTF8";
	else
		why = s->ops.rcpt(s->ctx, to = arena_text_n(s->arena, path.p, path.n));
	if (why) {
		refuse(s, why);
		return;
	}
	if (!s->to)
		s->to = ARENA_ARRAY(s->arena, const char *, SMTPD_RCPTS_MAX);
	s->to[s->to_n++] = to;
	reply(s, "250 2.1.5 Ok");
}

static void do_data(struct smtpd *s, struct slice rest, bool more)
{
	if (rest.n) {
		refuse(s, "501 5.5.4 DATA takes nothing");
	} else if (!s->to_n) {
		refuse(s, s->has_mail ? "554 5.5.1 No valid recipients" : "503 5.5.1 MAIL comes first");
	} else if (more) {
		hang_up(s, "554 5.5.1 Nothing may follow DATA before its reply");
	} else {
		s->in_data = s->after_crlf = true;
		reply(s, "354 End data with <CR><LF>.<CR><LF>");
	}
}

static void do_rset(struct smtpd *s, struct slice rest, bool more)
{
	(void)rest;
	(void)more;
	forget_mail(s);
	reply(s, "250 2.0.0 Ok");
}

static void do_noop(struct smtpd *s, struct slice rest, bool more)
{
	(void)rest;
	(void)more;
	reply(s, "250 2.0.0 Ok");
}

static void do_vrfy(struct smtpd *s, struct slice rest, bool more)
{
	(void)rest;
	(void)more;
	reply(s, "252 2.0.0 Send mail, and it will be tried");
}

static void do_quit(struct smtpd *s, struct slice rest, bool more)
{
	(void)rest;
	(void)more;
	hang_up(s, "221 2.0.0 Bye");
}

enum where { BOTH, SMTP_ONLY, LMTP_ONLY };

static const struct {
	const char *name;
	void (*run)(struct smtpd *s, struct slice rest, bool more);
	enum where where;
} COMMANDS[] = {
	{ "MAIL", do_mail, BOTH },      { "RCPT", do_rcpt, BOTH },      { "DATA", do_data, BOTH },
	{ "EHLO", do_ehlo, SMTP_ONLY }, { "HELO", do_helo, SMTP_ONLY }, { "LHLO", do_ehlo, LMTP_ONLY },
	{ "RSET", do_rset, BOTH },      { "NOOP", do_noop, BOTH },      { "QUIT", do_quit, BOTH },
	{ "VRFY", do_vrfy, BOTH },
};

/* One command, without its CRLF. `more`: the client sent more behind it without waiting. */
static void on_command(struct smtpd *s, struct slice line, bool more)
{
	struct slice rest = line, name = cut_word(&rest);

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < 0x20 || line.p[i] == 0x7f) {
			hang_up(s, "500 5.5.2 Control characters in a command");
			return;
		}
	for (size_t i = 0; i < COUNT(COMMANDS); i++)
		if (name.n == 4 && slice_begins(name, COMMANDS[i].name) &&
		    COMMANDS[i].where != (s->ops.lmtp ? SMTP_ONLY : LMTP_ONLY)) {
			COMMANDS[i].run(s, rest, more);
			return;
		}
	refuse(s, "500 5.5.2 No such command");
}

static void end_of_data(struct smtpd *s)
{
	s->in_data = false;
	if (s->data.over && !s->content_fault)
		s->content_fault = "552 5.3.4 The message is too large";
	if (s->content_fault) {
		for (size_t i = s->ops.lmtp ? 1 : s->to_n; i < s->to_n; i++)
			reply(s, s->content_fault);
		refuse(s, s->content_fault);
	} else {
		s->ops.message(s->ctx,
			       &(struct smtpd_mail){ .helo = s->helo,
						     .from = s->from,
						     .to = s->to,
						     .to_n = s->to_n,
						     .data = buf_text(&s->data),
						     .n = s->data.n,
						     .utf8 = s->utf8 },
			       &s->out);
		buf_add(&s->out, "\r\n", 2);
	}
	forget_mail(s);
}

/* What is wrong with a line of content, or NULL. `line` is without its CRLF. */
static const char *content_fault(const struct smtpd *s, struct slice line)
{
	if (line.n + 2 > CONTENT_LINE_MAX)
		return "550 5.6.0 A line of the message is longer than 998 bytes";
	if (memchr(line.p, '\r', line.n))
		return "550 5.6.0 A bare carriage return in the message";
	if (memchr(line.p, '\0', line.n))
		return "550 5.6.0 A NUL in the message";
	if (!s->eightbit && !is_ascii(line))
		return "550 5.6.3 Bytes over 127 need BODY=8BITMIME";
	return NULL;
}

/* One line of content, without its CRLF. */
static void on_content(struct smtpd *s, struct slice line)
{
	if (s->after_crlf && line.n == 1 && line.p[0] == '.') {
		end_of_data(s);
		return;
	}
	if (line.n && line.p[0] == '.')
		line = (struct slice){ line.p + 1, line.n - 1 };
	if (!s->content_fault)
		s->content_fault = content_fault(s, line);
	if (s->content_fault)
		return;
	buf_add(&s->data, line.p, line.n);
	buf_add(&s->data, "\r\n", 2);
}

/* A line with its LF. A bare LF ends no line: in content it spoils the message, as a command the session. */
static void on_line(struct smtpd *s, struct slice line, bool more)
{
	bool crlf = line.n >= 2 && line.p[line.n - 2] == '\r';

	if (crlf)
		line.n -= 2;
	if (s->in_data) {
		if (crlf)
			on_content(s, line);
		else if (!s->content_fault)
			s->content_fault = "550 5.6.0 A bare line feed in the message";
		s->after_crlf = crlf;
	} else if (crlf) {
		on_command(s, line, more);
	} else {
		hang_up(s, "500 5.5.2 A bare line feed in a command");
	}
}

/* Part of a line, perhaps its end. Of one that is too long, content keeps the last two bytes only, so that CRLF
   still shows. */
static void keep_part(struct smtpd *s, const char *p, size_t n)
{
	char last[2];

	if (s->part.n + n <= LINE_MAX_HELD) {
		buf_add(&s->part, p, n);
	} else if (s->in_data) {
		s->content_fault = "550 5.6.0 A line of the message is longer than 998 bytes";
		last[0] = n >= 2 ? p[n - 2] : s->part.p[s->part.n - 1];
		last[1] = p[n - 1];
		buf_clear(&s->part);
		buf_add(&s->part, "xx", 2); /* never a lone dot */
		buf_add(&s->part, last, sizeof(last));
	} else {
		hang_up(s, "500 5.5.2 The line is too long");
	}
}

void smtpd_input(struct smtpd *s, const char *p, size_t n)
{
	while (n && !s->over) {
		const char *lf = memchr(p, '\n', n);
		size_t len = lf ? (size_t)(lf - p) + 1 : n;
		struct slice line = { p, len };

		p += len;
		n -= len;
		if (s->part.n || !lf) {
			keep_part(s, line.p, line.n);
			if (!lf || s->over)
				continue;
			line = (struct slice){ s->part.p, s->part.n };
			on_line(s, line, n > 0);
			buf_clear(&s->part);
		} else {
			if (!s->in_data && len > COMMAND_MAX)
				hang_up(s, "500 5.5.2 The line is too long");
			else
				on_line(s, line, n > 0);
		}
	}
}
