/*
 * COMMANDS: every command of the program. What is not in this table does not
 * exist; what is, has its help, its manual page and its place in the contract
 * test from here.
 */
#include "cmd/commands.h"

#define OPTIONS(id, ...) static const struct option_spec id[] = { __VA_ARGS__, { NULL, NULL, 0, NULL } }
#define BY { "by", "ACCOUNT", OPT_NEEDED, "who acts" }
#define BY_IF { "by", "ACCOUNT", 0, "who acts; without it whoever runs the home" }
#define WHY { "why", "TEXT", OPT_NEEDED, "the reason, kept in the audit ledger" }

#define WHERE { "where", "EXPR", 0, "only people of the list for whom this holds: 'year >= 2004 and not answered'; \"\": everybody" }
#define ARMS { "arms", "N", 0, "random allocation to 2 to 100 groups of equal size; {{arm}} is each person's number; 0: none" }
#define LINK_FIELD { "link-field", "FIELD", OPT_MANY, "its values are web addresses on a registered host: [words]({{FIELD}})" }
#define STRATIFY { "stratify", "FIELD", 0, "with --arms: even within each value of this field too" }

OPTIONS(O_INIT, { "institution", "NAME", OPT_NEEDED, "the institution's name" },
	{ "domain", "DOMAIN", OPT_NEEDED | OPT_MANY, "its domains" },
	{ "url", "URL", OPT_NEEDED, "the web address of this installation: https://HOST" },
	{ "database", "URL", 0, "sqlite:PATH (the default, in the home) or postgresql://..." },
	{ "postmaster", "ADDRESS", 0, "makes the account of the postmaster" },
	{ "trial", NULL, 0, "a home for trying out: loopback relays, reserved domains, no public DNS" });
OPTIONS(O_SET, { "file", "FILE", 0, "take the value from this file" });
OPTIONS(O_ACCOUNT, { "name", "NAME", OPT_NEEDED, "the person's name, as recipients see it" },
	{ "role", "ROLE", OPT_NEEDED | OPT_MANY, "researcher, reviewer, validator, postmaster" },
	{ "department", "SLUG", 0, "where the person belongs" },
	{ "os-user", "USER", 0, "this OS user may act as the account from the command line" },
	{ "password-file", "FILE", 0, "a first password; without it a one-time link is printed" });
OPTIONS(O_TOKEN, { "scope", "SCOPE", OPT_NEEDED, "act: for --by in a live home" });
OPTIONS(O_NAME, { "name", "NAME", OPT_NEEDED, "its name, as recipients see it" });
OPTIONS(O_IDENTITY, { "domain", "DOMAIN", OPT_NEEDED | OPT_MANY, "its domains; the first is that of From" },
	{ "relay", "URL", OPT_NEEDED, "smtp://, smtp+starttls:// or smtps:// with user, host, port" },
	{ "relay-password-file", "FILE", 0, "the relay's password; it is kept below keys/" },
	{ "outbound", "ADDRESS", OPT_MANY, "addresses from which its relay sends, or include:DOMAIN of a provider's SPF record" },
	{ "purpose", "PURPOSE", 0, "mailing (the default), system, list" },
	{ "relay-signs", NULL, 0, "the relay signs with DKIM; Placet does not" });
OPTIONS(O_IDENTITY_EDIT, { "domain", "DOMAIN", OPT_MANY, "all its domains from now on; the first is that of From" },
	{ "relay", "URL", 0, "another relay" }, { "relay-password-file", "FILE", 0, "the relay's password; it is kept below keys/" },
	{ "outbound", "ADDRESS", OPT_MANY, "all addresses from which its relay sends from now on, or include:DOMAIN" },
	{ "relay-signs", NULL, 0, "the relay signs with DKIM; Placet does not" }, { "no-relay-signs", NULL, 0, "Placet signs" });
OPTIONS(O_IDENTITY_CHECK, { "signed-message", "FILE", 0, "a message that came back through the relay, and proves that it signs" });
OPTIONS(O_ROTATE, { "at-once", NULL, 0, "on suspicion: withdraw the keys that sign now, and pause what is being sent" });
#define RELAY_OPTIONS                                                                                              \
	{ "weight", "N", 0, "its share of the connections, 1 to 1000, beside the others; 0: only while no other can be used" }, \
		{ "connections", "N", 0, "of one sender, at most; 0: the institution's setting" },                    \
		{ "per-second", "N", 0, "messages, by all senders together; 0: no limit" },                          \
		{ "auth", "KIND", 0, "plain, login, scram-sha-256, xoauth2, oauthbearer, external; best: the best that it offers" }, \
		{ "relay-password-file", "FILE", 0, "the password; it is kept below keys/" },                         \
		{ "token-file", "FILE", 0, "the OAuth token, renewed by a job of yours; read for each new connection" }, \
		{ "client-cert", "FILE", 0, "PEM: who we are to it, with its chain; it is kept below keys/" },         \
		{ "client-key", "FILE", 0, "PEM: the key of that certificate; it is kept below keys/" },               \
		{ "ca-file", "FILE", 0, "PEM: whom it must be certified by, instead of by the system's authorities" }, \
		{ "chunking", NULL, 0, "use BDAT where it is offered" }
OPTIONS(O_RELAY, RELAY_OPTIONS);
OPTIONS(O_RELAY_EDIT, RELAY_OPTIONS, { "no-chunking", NULL, 0, "use DATA" });
#define JOIN                                                                                                       \
	{ "join-text", "FILE", 0, "Markdown: the exact words that people agree to at /join/SLUG; an empty file ends sign-ups" }, \
		{ "join-list", "NAME", 0, "the list that they come on; without it SLUG-sign-up" }
OPTIONS(O_PROJECT, { "title", "TITLE", OPT_NEEDED, "the project's title" },
	{ "originator", "ACCOUNT", OPT_NEEDED, "who answers for its mail" },
	{ "contact", "ADDRESS", OPT_NEEDED, "for recipients, in a domain of the institution or the identity" },
	{ "department", "SLUG", OPT_NEEDED, "the originator's department" },
	{ "identity", "NAME", OPT_NEEDED, "the identity that sends" },
	{ "ethics", "REF", OPT_NEEDED, "reference of the ethics approval" },
	{ "summary", "FILE", 0, "Markdown for the project's page: what it is" },
	{ "audience", "FILE", 0, "Markdown for its page: who is written to, and why" },
	{ "data", "FILE", 0, "Markdown for its page: what happens to the data" },
	{ "link-host", "HOST", OPT_MANY, "hosts that messages may link to" }, JOIN);
OPTIONS(O_PROJECT_EDIT, { "title", "TITLE", 0, "a new title" }, { "originator", "ACCOUNT", 0, "somebody else answers for it" },
	{ "contact", "ADDRESS", 0, "another contact" }, { "department", "SLUG", 0, "another department" },
	{ "identity", "NAME", 0, "another identity" }, { "ethics", "REF", 0, "another ethics approval" },
	{ "summary", "FILE", 0, "new Markdown for its page" },
	{ "audience", "FILE", 0, "new Markdown: who is written to, and why" },
	{ "data", "FILE", 0, "new Markdown: what happens to the data" },
	{ "link-host", "HOST", OPT_MANY, "all hosts that messages may link to from now on" }, JOIN);
OPTIONS(O_IMAGE, { "alt", "TEXT", 0, "what it shows, for who cannot see it; needed with a file" },
	{ "name", "NAME", 0, "what ![](NAME) calls it; without it the name of the file" },
	{ "remove", "NAME", 0, "take this one away" });
OPTIONS(O_QR, { "svg", "FILE", 0, "write it there, instead of to stdout" });
OPTIONS(O_BY, BY);
OPTIONS(O_LIST, { "project", "SLUG", OPT_NEEDED, "the project whose list it is" });
OPTIONS(O_IMPORT, BY, { "consent-kind", "KIND", 0, "signed-form, online-form, oral" },
	{ "consent-ref", "REF", 0, "reference of the document, for all rows" },
	{ "consent-date", "DATE", 0, "the day it was given, as 2026-11-23" },
	{ "consent-text", "FILE", 0, "the exact text that was shown" },
	{ "consent-column", "COLUMN", 0, "the column with each row's reference" },
	{ "consent-date-column", "COLUMN", 0, "the column with each row's day, as 2026-11-23 or 23.11.2026" },
	{ "map", "COLUMN=FIELD", OPT_MANY, "what a column is: address, name, or a field of its own" },
	{ "skip", "COLUMN", OPT_MANY, "columns that are left out" },
	{ "sheet", "NAME", 0, "of a workbook; without it the first that is not hidden" },
	{ "verdicts", "PATH", 0, "writes one line for each row: added, known or rejected, and why" },
	{ "dry-run", NULL, 0, "say what would happen, and change nothing" },
	{ "rejected", "PATH", 0, "where rejected rows go instead of FILE.rejected.csv" });
OPTIONS(O_CONSENT, { "project", "SLUG", OPT_NEEDED, "for which project" },
	{ "kind", "KIND", OPT_NEEDED, "signed-form, online-form, oral" }, { "ref", "REF", OPT_NEEDED, "reference of the document" },
	{ "date", "DATE", OPT_NEEDED, "the day it was given, as 2026-11-23" }, BY);
OPTIONS(O_WITHDRAW, { "project", "SLUG", OPT_NEEDED, "for which project" }, BY);
OPTIONS(O_VALIDATE, BY, { "flagged", NULL, 0, "print the flagged addresses that wait for a decision" },
	{ "sample", NULL, 0, "print the rest of the sample" },
	{ "bounced", NULL, 0, "let those whose mail came back be decided anew, one by one" },
	{ "decide", "FILE", 0, "take decisions from a file: address,decision (accept, reject, no-evidence),reason" },
	{ "sign-off", NULL, 0, "sign the list off" },
	{ "reproduce", "SIGNOFF", 0, "draw the sample of this sign-off again from its seed, and compare" },
	{ "how", "TEXT", 0, "with --sign-off: how the addresses are known to be in use" });
#define FORMAT { "format", "markdown|html", 0, "what the body is written in; without it the file's name says it: .html, .htm" }
OPTIONS(O_NEW, { "list", "NAME", OPT_NEEDED, "to whom" }, { "subject", "TEXT", OPT_NEEDED, "may hold {{fields}}" },
	{ "body", "FILE", OPT_NEEDED, "Markdown or HTML with {{field}} and {{field|default}}" }, FORMAT, BY, WHERE, ARMS, STRATIFY, LINK_FIELD,
	{ "language", "LANG", 0, "its language; without it en" });
OPTIONS(O_EDIT, { "subject", "TEXT", 0, "a new subject" }, { "body", "FILE", 0, "new words" }, FORMAT,
	{ "language", "TAG", 0, "subject and body are in this language: adds it, or changes it" },
	{ "drop-language", "TAG", 0, "the mailing is no longer there in this language" }, LINK_FIELD, WHERE, ARMS, STRATIFY, BY);
OPTIONS(O_CSV, { "csv", NULL, 0, "one row for each person" });
OPTIONS(O_ANSWERED, { "no-longer", NULL, 0, "they have not: takes it back" }, BY);
OPTIONS(O_SHOW, { "covers", NULL, 0, "print exactly the text whose SHA-256 an approval binds to" },
	{ "people", NULL, 0, "print a line for each frozen person: number, keyed hash, arm" });
OPTIONS(O_DIFF, { "from", "N", 0, "the version that is compared; without it the one before" },
	{ "to", "M", 0, "with this one; without it the draft as it stands, else the newest" });
OPTIONS(O_PREVIEW, { "to", "ADDRESS", 0, "somebody of the selection; without it the longest" },
	{ "random", "N", 0, "as many of the selection at random, at most 1,000, into --dir" },
	{ "seed", "N", 0, "with --random: draw those again that this seed drew" },
	{ "dir", "DIR", 0, "with --random: the folder for the messages, as NNN.eml" });
OPTIONS(O_TEST, { "to", "ACCOUNT", OPT_NEEDED, "an account of staff, which gets it" }, BY,
	{ "language", "LANG", 0, "one of the mailing's languages; without it that of the person whom it shows" });
OPTIONS(O_SUBMIT, BY, { "accept-responsibility", NULL, 0, "you answer for this mailing, legal costs included" },
	{ "not-before", "TIME", 0, "the window in which it may be sent opens, UTC" },
	{ "not-after", "TIME", 0, "and closes" },
	{ "hours", "TEXT", 0, "days and hours in which it may be sent: \"mon-fri 08:00-18:00, sat 10:00-12:00 Europe/Berlin\"" });
OPTIONS(O_ANSWER, { "finding", "N", OPT_NEEDED, "its number in placet mailing check, from 1" },
	{ "text", "TEXT", OPT_NEEDED, "the answer" }, BY);
OPTIONS(O_APPROVE, BY, { "bound", "HASH", 0, "approve only what has this hash: what you read, and nothing submitted since" });
OPTIONS(O_REVIEW, BY, WHY);
OPTIONS(O_RETRY, { "now", NULL, 0, "do not wait for 15 minutes after each was lost" }, BY_IF,
	{ "why", "TEXT", 0, "the reason" });
OPTIONS(O_STEP, BY_IF, { "why", "TEXT", 0, "the reason" });
OPTIONS(O_SPAM_REPORT, { "identity", "NAME", 0, "of which mailing is not known: the identity that it came from" },
	{ "address", "ADDRESS", 0, "who reported it: this person gets no more mail" },
	{ "provider", "DOMAIN", 0, "whose people reported it; without it the domain of the address" },
	{ "n", "N", 0, "how many reports; without it one" },
	{ "delivered", "N", 0, "of so many messages, as the provider says, such as in Google's Postmaster Tools" },
	{ "source", "TEXT", OPT_NEEDED, "who says so" }, BY);
OPTIONS(O_STOP_ALL, { "identity", "NAME", 0, "only mailings of this identity" }, BY, WHY);
OPTIONS(O_WATCH, { "watch", NULL, 0, "again and again, until the mailing ends or is paused" },
	{ "every", "SECONDS", 0, "with --watch: so often at most; without it each second" });
OPTIONS(O_REPORT, { "summary", NULL, 0, "sums them up: by code, relay and arm; the report that takes --json" });
OPTIONS(O_OPT_OUT, BY, { "why", "TEXT", OPT_NEEDED, "how the person asked; not kept in the audit ledger" });
OPTIONS(O_PERSON_EXPORT, { "out", "FILE", 0, "where it goes; without it person-PSEUDONYM.zip in this folder" });
OPTIONS(O_ERASE, BY, { "may-return", NULL, 0, "make no opt-out; one that stands stays" });
OPTIONS(O_NOTICE, { "state", "STATE", 0, "those in this state alone" });
OPTIONS(O_COMPLAINTS, { "open", NULL, 0, "only those that wait for an answer" });
OPTIONS(O_CLOSE, BY, { "outcome", "TEXT", OPT_NEEDED, "what came of it" });
OPTIONS(O_TEMPLATE_SHOW, { "version", "N", 0, "that version, instead of the newest" },
	{ "built-in", NULL, 0, "the built-in one, to begin with" });
OPTIONS(O_TEMPLATE_SET, { "why", "TEXT", OPT_NEEDED, "what changed, and why" }, BY);
OPTIONS(O_TEMPLATE_PREVIEW, { "version", "N", 0, "of that version, instead of the newest" },
	{ "language", "LANG", 0, "in this language; without it en" },
	{ "html", "PATH", 0, "write the HTML part there, to be looked at in a browser" });
OPTIONS(O_LINT, { "project", "SLUG", 0, "hold it to this project's registered values too" });
OPTIONS(O_PACE, { "per-second", "RATE", 0, "messages in a second, such as 10 or 0.5, by all senders together; 0: no limit" },
	{ "per-day", "N", 0, "messages in a day of UTC; 0: no limit" });
OPTIONS(O_IDENTITY_PACE, { "per-second", "N", 0, "messages in a second, by all senders and relays together; 0: no limit" },
	{ "per-day", "N", 0, "messages in a day of UTC; 0: no limit" },
	{ "warm-up", "N", 0, "so many on its first day of sending, and twice as many on each further one, for ten days; 0: none" });
OPTIONS(O_SEND, { "until-idle", NULL, 0, "return when nothing is due now: 0 nothing remains, 75 something does" },
	{ "connections", "N", 0, "to one relay, at most, of all processes together; without it the institution's setting" },
	{ "processes", "N", 0, "so many send processes, which share the work; auto: one for each processor; without it 1" },
	{ "dkim", "KIND", 0, "sign with rsa, ed25519, both or none; for measuring in a trial home; without it both" },
	{ "no-dkim", NULL, 0, "the same as --dkim none" });
OPTIONS(O_WEB, { "listen", "ADDR:PORT", 0, "where; without it 127.0.0.1:8080; port 0: any; or unix:PATH" },
	{ "admin-listen", "ADDR:PORT", 0, "for /healthz, and /metrics for Prometheus (doc/SENDING.md)" });
OPTIONS(O_WORK, { "once", NULL, 0, "do what is due and return" });
OPTIONS(O_RETENTION, { "dry-run", NULL, 0, "count what is due, and change nothing" });
OPTIONS(O_SERVE, { "listen", "ADDR:PORT", 0, "where the pages are served" });
OPTIONS(O_CAPTURE, { "listen", "ADDR:PORT", OPT_NEEDED, "where it takes mail; port 0: any" },
	{ "dir", "DIR", OPT_NEEDED, "where messages go, as 00000001.eml and .json" },
	{ "web", "ADDR:PORT", 0, "shows them on a page" },
	{ "dns", "FILE", 0, "zone-file lines with DKIM keys, as placet identity dns prints them" },
	{ "reject", "REGEX", 0, "recipients refused for good (550)" },
	{ "defer", "REGEX", 0, "recipients put off (450)" });
OPTIONS(O_DEMO, { "once", NULL, 0, "end after the mailing instead of serving on" });

#define CMD(noun, verb, operands, options, need, run, summary, help) \
	static const struct command run##_row = { noun, verb, operands, summary, help, options, need, run };

CMD("init", NULL, "", O_INIT, 0, cmd_init, "makes the home of an installation",
    "A home is the folder with the configuration, the keys and, unless --database says otherwise, the database. "
    "A trial home never becomes a live one.")
CMD("institution", "show", "", NULL, NEED_DB, cmd_institution_show, "shows the institution's settings", NULL)
CMD("institution", "set", "KEY [VALUE]", O_SET, NEED_DB, cmd_institution_set, "sets one of them", NULL)
CMD("account", "add", "ADDRESS", O_ACCOUNT, NEED_DB, cmd_account_add, "adds a member of staff", NULL)
CMD("account", "list", "", NULL, NEED_DB, cmd_account_list, "lists staff accounts", NULL)
CMD("account", "disable", "ADDRESS", NULL, NEED_DB, cmd_account_disable, "ends what an account may do", NULL)
CMD("account", "reset", "ADDRESS", NULL, NEED_DB, cmd_account_reset, "prints a new one-time link", NULL)
CMD("token", "add", "ACCOUNT", O_TOKEN, NEED_DB, cmd_token_add, "prints a token with which scripts act for an account",
    "It is printed once and kept as a hash. Put it into a file that only you can read and name that file in "
    "PLACET_TOKEN_FILE.")
CMD("department", "add", "SLUG", O_NAME, NEED_DB, cmd_department_add, "adds a department", NULL)
CMD("department", "list", "", NULL, NEED_DB, cmd_department_list, "lists departments", NULL)
CMD("identity", "add", "NAME", O_IDENTITY, NEED_DB, cmd_identity_add, "adds a sending identity and makes its DKIM keys", NULL)
CMD("identity", "list", "", NULL, NEED_DB, cmd_identity_list, "lists identities", NULL)
CMD("identity", "show", "NAME", NULL, NEED_DB, cmd_identity_show, "shows one", NULL)
CMD("identity", "dns", "NAME", NULL, NEED_DB, cmd_identity_dns, "prints the DNS records to publish", NULL)
CMD("identity", "edit", "NAME", O_IDENTITY_EDIT, NEED_DB, cmd_identity_edit, "changes domains, relay or outbound addresses",
    "What is not named stays. Mailings that were approved with the identity as it was do not start any more: submit them again.")
CMD("identity", "check", "NAME", O_IDENTITY_CHECK, NEED_DB, cmd_identity_check,
    "asks the DNS and the public page whether mail of an identity will be believed",
    "Each fact is told with what was found and what would mend it. Exit status 0: all hold; 1: one does not; 75: there was no "
    "answer. In a trial home nobody is asked.\n\n"
    "A relay that signs proves it by a message: send one through it to yourself, save it as it came back, and name the file "
    "with --signed-message. That holds for 90 days.\n\n"
    "Keys that wait to be seen go on to sign when it is time (see placet identity rotate).")
CMD("identity", "rotate", "NAME", O_ROTATE, NEED_DB, cmd_identity_rotate, "makes the next DKIM keys of an identity",
    "Publish what placet identity dns prints. When both records have been seen for 48 hours (or twice their TTL), they sign; the "
    "keys before them stay published for 14 days, then with an empty p= for 30 more, and are dropped then. placet work looks each "
    "hour, and placet identity check when it is asked; the audit ledger has each step. Rotate each half year.")
CMD("identity", "hold", "NAME", O_REVIEW, NEED_DB, cmd_identity_hold, "stops every mailing of an identity until it is released",
    "Those being sent or scheduled are paused within a second, and none of its mailings starts or is resumed. System mail goes on: it "
    "answers people who asked for something. A postmaster or any reviewer may. The program holds an identity by itself when it has to "
    "(doc/SENDING.md).")
CMD("identity", "release", "NAME", O_REVIEW, NEED_DB, cmd_identity_release, "ends a hold, as the postmaster",
    "Its mailings stay paused: resume each one that should go on. What made the program hold it counts anew from here.")
CMD("relay", "add", "IDENTITY URL", O_RELAY, NEED_DB, cmd_relay_add, "adds a relay beside an identity's own",
    "Its relays share what the identity sends: each gets connections by its weight, and takes as much as it can. What one of them "
    "cannot take, because it is down, goes through the others; one with weight 0 stands by until no other can be used. Mailings that are "
    "being sent use it within a second; approvals stay, since the identity's own relay is what they bind to.\n\n"
    "URL is smtp://, smtp+starttls:// or smtps:// with user, host and port. Passwords and keys are files of the home below "
    "keys/relay/IDENTITY, named by the URL.")
CMD("relay", "edit", "IDENTITY URL", O_RELAY_EDIT, NEED_DB, cmd_relay_edit, "changes what a relay takes, and how it knows us",
    "What is not named stays. An empty value takes away what a file was given for: --ca-file \"\". Connections that stand are "
    "renewed if what they were made with has changed. The identity's own relay is edited here too, but for its URL: that is placet "
    "identity edit --relay.")
CMD("relay", "remove", "IDENTITY URL", NULL, NEED_DB, cmd_relay_remove, "removes a relay, and what was kept for it",
    "What it is being given in that moment comes to its end. The identity's own relay cannot be removed.")
CMD("relay", "list", "[IDENTITY]", NULL, NEED_DB, cmd_relay_list, "lists relays, and how senders get on with them", NULL)
CMD("identity", "pace", "NAME", O_IDENTITY_PACE, NEED_DB, cmd_identity_pace, "shows or sets how many messages an identity sends",
    "What is not named stays. Whoever is over a limit waits; nothing is lost. A new identity should warm up: receivers watch an "
    "address that they do not know. To set a warm-up begins it anew with this day. System mail is counted, and never waits.")
CMD("pace", "set", "NAME", O_PACE, NEED_DB, cmd_pace_set, "limits what recipient domains get in a second and in a day",
    "NAME is a domain (example.org), or mx:DOMAIN for all domains whose mail one provider takes, or * for each domain that has no "
    "limit of its own. A domain's own limit and its provider's both hold. Whose mail goes where, placet work finds out.\n\n"
    "It holds for all mailings and senders together, from the next second on.")
CMD("pace", "remove", "NAME", NULL, NEED_DB, cmd_pace_remove, "takes such a limit away", NULL)
CMD("pace", "list", "", NULL, NEED_DB, cmd_pace_list, "lists them, and what was used of them today", NULL)
CMD("site", "check", "", NULL, NEED_DB, cmd_site_check, "fetches the statement page and the projects' pages as anybody would",
    "Each must be there, over https, say what is registered, and the statement page must link to each project. Exit status 0: all "
    "do; 1: one does not; 75: one could not be fetched. In a trial home nothing is fetched.")
CMD("site", "export", "DIR", NULL, NEED_DB, cmd_site_export, "writes the public pages as files, for a site that publishes them elsewhere",
    "The statement page, each public project with its mailings and their texts, privacy and accessibility. Links between them are "
    "relative, so that the folder works at any place; pages that need a server (check, leave, your data, complain, sign up) are linked "
    "at the address of this installation.\n\n"
    "DIR is a new or an empty folder, or one that this command has made: there it replaces its files, removes those that are no more, "
    "and leaves others alone. Run it again when a project or a mailing was approved or stopped.")
CMD("project", "add", "SLUG", O_PROJECT, NEED_DB, cmd_project_add, "registers a project, as a draft",
    "A project has no page and no mailings until a reviewer approves it.\n\n"
    "With --join-text it has a sign-up page. What people agree to there stands in that file, word by word: say what for, how "
    "often, and name the institution, which answers for their data. One thing alone: whoever agrees must not agree to "
    "something else with it.")
CMD("project", "edit", "SLUG", O_PROJECT_EDIT, NEED_DB, cmd_project_edit, "changes registered values; it is a draft again", NULL)
CMD("project", "close", "SLUG", NULL, NEED_DB, cmd_project_close, "ends a project; its pages stay", NULL)
CMD("project", "list", "", NULL, NEED_DB, cmd_project_list, "lists projects", NULL)
CMD("project", "show", "SLUG", NULL, NEED_DB, cmd_project_show, "shows one", NULL)
CMD("project", "qr", "SLUG", O_QR, NEED_DB, cmd_project_qr, "prints the QR code of its sign-up page, as SVG",
    "The code holds the address of the sign-up page, at error correction level Q and with its quiet zone. The page is there "
    "while the project is approved; a poster to print is at the same address, with /poster behind it.")
CMD("project", "image", "SLUG [FILE]", O_IMAGE, NEED_DB, cmd_project_image, "adds an image that its messages may carry, or lists them",
    "PNG, JPEG or GIF, of 60 kB at most. A message shows it where its Markdown says ![](NAME), and carries it inside, so "
    "that nothing is fetched from elsewhere. Images are approved with the project: to add or change one makes it a draft.")
CMD("project", "approve", "SLUG", O_BY, NEED_DB, cmd_project_approve, "approves it, as a reviewer", NULL)
CMD("list", "add", "NAME", O_LIST, NEED_DB, cmd_list_add, "adds an address list to a project", NULL)
CMD("list", "list", "", NULL, NEED_DB, cmd_list_list, "lists address lists", NULL)
CMD("list", "show", "NAME", NULL, NEED_DB, cmd_list_show, "shows one", NULL)
CMD("list", "members", "NAME", NULL, NEED_DB, cmd_list_members, "prints its people, and why some may not be mailed", NULL)
CMD("list", "export", "NAME", NULL, NEED_DB, cmd_list_export, "the same as a recorded export", NULL)
CMD("list", "answered", "NAME FILE", O_ANSWERED, NEED_DB | NEED_KEYS, cmd_list_answered,
    "records who has answered the study",
    "FILE is a table (CSV, XLSX, ODS) with an address column, as the survey service exports it. --where 'not answered' then leaves these "
    "people out of a reminder.")
CMD("import", NULL, "LIST FILE", O_IMPORT, NEED_DB | NEED_KEYS, cmd_import, "puts people from a table on a list",
    "FILE is CSV, XLSX or ODS. Character set, delimiter and columns are found out, and told: look at them before anything "
    "else, by --dry-run.\n\n"
    "The whole file is judged first. Every row has one verdict: added, known, or rejected. Rejected rows go to "
    "FILE.rejected.csv with line, reason and mend: correct them there, and import that file with the same options. "
    "Importing a file twice changes nothing.\n\n"
    "Without evidence of consent a row is imported as not mailable; import it again with the evidence. "
    "Evidence for all rows: --consent-kind signed-form --consent-ref \"Folder 3\" --consent-date 2026-10-01. Of each row: "
    "--consent-kind signed-form --consent-column Form --consent-date-column Signed. Recipients read kind, reference and day "
    "in every message.")
CMD("consent", "add", "ADDRESS", O_CONSENT, NEED_DB | NEED_KEYS, cmd_consent_add, "records one person's consent", NULL)
CMD("consent", "withdraw", "ADDRESS", O_WITHDRAW, NEED_DB | NEED_KEYS, cmd_consent_withdraw, "records a withdrawal", NULL)
CMD("consent", "show", "ADDRESS", NULL, NEED_DB | NEED_KEYS, cmd_consent_show, "shows the ledger's entries of one", NULL)
CMD("validate", NULL, "LIST", O_VALIDATE, NEED_DB | NEED_KEYS, cmd_validate, "decides addresses and signs a list off",
    "Every flagged address is decided by itself, with a reason, and an unpredictable sample of the others one by one. "
    "Without an option it says what is undecided.\n\n"
    "The decision no-evidence rejects an address whose consent cannot be shown, and voids the evidence of the whole "
    "import that claimed it: its people cannot be mailed until their consent is recorded anew.")
CMD("mailing", "new", "", O_NEW, NEED_DB, cmd_mailing_new, "makes a draft and prints its number",
    "The body is Markdown, or HTML. {{field}} is what a column of the list says, {{field|default}} has something for who has nothing "
    "there. A field may stand in a link behind its host: [words](https://host/{{token}}). Lines of their own show or leave "
    "out what is between them: {{if field}}, {{if not field}}, {{if field = words}}, {{if field != words}}, {{else}}, "
    "{{end}}. ![](NAME) is an image of the project.\n\n"
    "--where chooses people by what is known of them: year >= 2004, city = \"Ulm\", city contains \"u\", city in (\"Ulm\", "
    "\"Bern\"), city is empty; by what happened: mailed in 14 days, mailed by this project, answered, joined in 30 days, "
    "bounced, flag role; with and, or, not and brackets. Put it into quotes, so that the shell leaves it alone:\n\n"
    "--where 'year >= 2004 and not mailed in 14 days'\n\n"
    "--where 'not answered and (city is empty or city in (\"Ulm\", \"Bern\"))'\n\n"
    "Where nothing is known of somebody, no comparison holds: city != \"Ulm\" leaves people without a city out. "
    "What the fields are called, placet list members says.\n\n"
    "Whoever is left out is no recipient: placet mailing selection says who is, and why. The approval binds the "
    "expression, the people that it chose, and their arms.")
CMD("mailing", "edit", "ID", O_EDIT, NEED_DB, cmd_mailing_edit, "changes it; a submitted or approved one becomes a draft again",
    "With --language, subject and body are those of that language. People whose field language names it get the mailing in "
    "it; everybody else gets it in its own.")
CMD("mailing", "list", "", NULL, NEED_DB, cmd_mailing_list, "lists mailings", NULL)
CMD("mailing", "show", "ID", O_SHOW, NEED_DB | NEED_KEYS, cmd_mailing_show, "shows one with its text, and what an approval covers",
    "What an approval binds to is a text: one fact on each line, among them the SHA-256 of the words in each language and of the "
    "list of people. The approval binds to its SHA-256, which anybody can recompute:\n\n"
    "placet mailing show 7 --covers | sha256sum\n\n"
    "placet mailing show 7 --people | sha256sum\n\n"
    "The second is the line \"people SHA-256\" of the first. A person's hash is made with a key of this home, so that it "
    "stays when they are erased and says nothing; whom it belongs to, placet mailing selection --csv tells in the same order. "
    "Everything is computed anew when the mailing is approved, started, resumed, and taken up by a sender.")
CMD("mailing", "versions", "ID", NULL, NEED_DB, cmd_mailing_versions, "lists what was submitted, and what became of it", NULL)
CMD("mailing", "diff", "ID", O_DIFF, NEED_DB | NEED_KEYS, cmd_mailing_diff, "shows what differs between two versions",
    "Each submission is a version, counted from 1. Without options it is the last submitted one against the draft as it stands "
    "now, or, when it is no draft, the last two.")
CMD("mailing", "check", "ID", NULL, NEED_DB | NEED_KEYS, cmd_mailing_check, "asks every rule of the policy",
    "Ends with 0 (pass, doubtful), 1 (fail) or 75 (unknown).")
CMD("mailing", "selection", "ID", O_CSV, NEED_DB, cmd_mailing_selection, "says who is in, who is left out, and why", NULL)
CMD("mailing", "arms", "ID", O_CSV, NEED_DB, cmd_mailing_arms, "shows the random allocation and computes it again",
    "Ends with 1 if the arms recorded are not those that the recorded seed gives.")
CMD("mailing", "preview", "ID", O_PREVIEW, NEED_DB | NEED_KEYS, cmd_mailing_preview,
    "prints the exact message, unsigned, with dead links",
    "With --random it writes as many messages into a new or empty folder, of people drawn at random, for the reviewer to read: policy asks "
    "for twenty. The seed is told, and draws the same people again.")
CMD("mailing", "test", "ID", O_TEST, NEED_DB | NEED_KEYS, cmd_mailing_test, "mails it, marked [Test], to a member of staff",
    "It takes the way of the mailing itself: a sender (placet send), its relay, its signature. Its links are dead, and it shows the "
    "values of the person whose are the longest. An account gets ten a day at most. In a trial home its address must be of a "
    "reserved domain.")
CMD("mailing", "submit", "ID", O_SUBMIT, NEED_DB | NEED_KEYS, cmd_mailing_submit, "freezes people and words for review", NULL)
CMD("mailing", "answer", "ID", O_ANSWER, NEED_DB | NEED_KEYS, cmd_mailing_answer, "answers a doubtful finding, as the reviewer",
    "Of a submitted mailing, before it is approved; and of an approved one, when something doubtful came up since. An answer "
    "holds for these words of the finding and for this submission.")
CMD("mailing", "approve", "ID", O_APPROVE, NEED_DB | NEED_KEYS, cmd_mailing_approve, "approves exactly what was submitted", NULL)
CMD("mailing", "reject", "ID", O_REVIEW, NEED_DB | NEED_KEYS, cmd_mailing_reject, "hands it back", NULL)
CMD("mailing", "withdraw", "ID", O_BY, NEED_DB | NEED_KEYS, cmd_mailing_withdraw, "takes it back from review", NULL)
CMD("mailing", "revoke", "ID", O_REVIEW, NEED_DB | NEED_KEYS, cmd_mailing_revoke, "ends an approval, also while it is sent", NULL)
CMD("mailing", "start", "ID", O_STEP, NEED_DB | NEED_KEYS, cmd_mailing_start, "lets it go out", NULL)
CMD("mailing", "pause", "ID", O_STEP, NEED_DB, cmd_mailing_pause, "stops it for a while", NULL)
CMD("mailing", "resume", "ID", O_STEP, NEED_DB | NEED_KEYS, cmd_mailing_resume, "lets it go on", NULL)
CMD("mailing", "cancel", "ID", O_STEP, NEED_DB, cmd_mailing_cancel, "stops it for good", NULL)
CMD("mailing", "retry-uncertain", "ID", O_RETRY, NEED_DB, cmd_mailing_retry,
    "sends again to those of whom nobody knows whether they got it",
    "Of a message whose connection was lost between its last byte and the reply nobody knows. Each is sent again with the same bytes and "
    "the same Message-ID, so that many servers see that they have it, 15 minutes after it was lost; the report marks it as maybe "
    "twice. Who left meanwhile is skipped, as ever.")
CMD("mailing", "status", "ID", O_WATCH, NEED_DB, cmd_mailing_status, "counts recipients by what became of them",
    "With --watch it draws anew on a terminal, and prints line after line anywhere else, until the mailing is done, paused, cancelled or "
    "revoked, or Ctrl-C. With --json each line is one JSON object. A mailing of millions is looked at less often, since "
    "counting it takes the database some time.")
CMD("mailing", "report", "ID", O_REPORT, NEED_DB, cmd_mailing_report, "prints one CSV row for each recipient",
    "The columns: address; state; why somebody was skipped; reason (the reply by which it failed or waits); attempts; times of the "
    "first and the last, in UTC; relay; queue_id and reply of the relay; maybe_twice; arm. New columns come behind these. Cells that "
    "a spreadsheet might take for a formula begin with an apostrophe.")
CMD("stop-all", NULL, "", O_STOP_ALL, NEED_DB, cmd_stop_all, "pauses everything that is being sent or scheduled, at once",
    "No mailing starts another message within a second of its end, on any host. It prints what it paused, and ends with 0 also when "
    "there was nothing. A postmaster or any reviewer may. Each mailing goes on by placet mailing resume.")
CMD("spam-report", "add", "[MAILING|CODE]", O_SPAM_REPORT, NEED_DB | NEED_KEYS, cmd_spam_report_add,
    "takes a report of unwanted mail, as postmaster or reviewer",
    "MAILING is a number, CODE the check code of a message. Whoever is named, by --address or by the code of their message, gets no "
    "more mail. Reports are counted for each mailing and for each identity in the last 7 days, at each provider, against what was "
    "delivered there: from 0.08 % on it warns, from 0.10 % on (3 reports or more) the mailing is paused, from 0.30 % on the identity "
    "is held. Figures that a provider tells (--n with --delivered) are judged by themselves.")
CMD("opt-out", NULL, "ADDRESS", O_OPT_OUT, NEED_DB | NEED_KEYS, cmd_opt_out, "opts a person out on their behalf", NULL)
CMD("person", "show", "ADDRESS", NULL, NEED_DB | NEED_KEYS, cmd_person_show,
    "shows all that is held about a person, and why they may or may not be mailed",
    "A person is all spellings of one address: tags and case make no other.")
CMD("person", "export", "ADDRESS", O_PERSON_EXPORT, NEED_DB | NEED_KEYS, cmd_person_export,
    "writes all that is held about a person into a file for them",
    "A ZIP with person.html for people, person.json for programs, and the messages that they got. Other people's data is "
    "left out: staff are named as on the public pages. Give it to nobody but the person; a link from /me proves who that "
    "is better than a voice on the telephone.")
CMD("person", "erase", "ADDRESS", O_ERASE, NEED_DB | NEED_KEYS, cmd_person_erase, "erases a person, as the postmaster",
    "Nothing that names them is left in the database: of an address its keyed hash stays, of a consent the kind and the "
    "day, of a delivery what became of it. An opt-out is made, so that no import brings them back, unless --may-return "
    "says otherwise; one that stands stays in any case. Files outside of the database, such as the ones that were "
    "imported, and backups, are not reached.")
CMD("notice", "list", "", O_NOTICE, NEED_DB, cmd_notice_list, "lists system mail: confirmations, links asked for, notices",
    "States are queued, attempting, accepted, deferred, failed and uncertain. What is queued and has a reply waits for "
    "staff: the reply says what to mend. Addresses are masked.")
CMD("complaint", "list", "", O_COMPLAINTS, NEED_DB, cmd_complaint_list,
    "lists complaints; those past their time stand out", NULL)
CMD("complaint", "show", "N", NULL, NEED_DB, cmd_complaint_show, "shows one", NULL)
CMD("complaint", "close", "N", O_CLOSE, NEED_DB, cmd_complaint_close, "closes one, as postmaster or reviewer", NULL)
CMD("template", "show", "", O_TEMPLATE_SHOW, NEED_DB, cmd_template_show,
    "prints the house template: what stands around the writer's words in every message",
    "Without --version it is the newest, or the built-in one where the institution has none of its own. doc/TEMPLATE.md says how it "
    "is written.")
CMD("template", "set", "FILE", O_TEMPLATE_SET, NEED_DB | NEED_KEYS, cmd_template_set, "sets a new version of it, as postmaster or reviewer",
    "It is refused if a message drawn with it would lack what the policy needs, in any of its languages. Drafts are drawn with it "
    "from then on; a mailing that was submitted keeps the version that it was submitted with.")
CMD("template", "list", "", NULL, NEED_DB, cmd_template_list, "lists its versions, the newest first", NULL)
CMD("template", "check", "FILE", NULL, NEED_DB | NEED_KEYS, cmd_template_check, "tells whether a file could be set", NULL)
CMD("template", "preview", "[FILE]", O_TEMPLATE_PREVIEW, NEED_DB | NEED_KEYS, cmd_template_preview, "prints the text of a sample message",
    "The sample is drawn with FILE, with a version, or with what is in force.")
CMD("lint", NULL, "FILE", O_LINT, NEED_DB, cmd_lint, "holds any message to the content rules",
    "Exit codes as of placet mailing check; 2 if the file is no message.")
CMD("check-message", NULL, "FILE|CODE", NULL, NEED_DB | NEED_KEYS, cmd_check_message,
    "says whether a message, or a check code, is one of ours",
    "FILE is a message with its headers, as mail programs save it (.eml); the first message that is attached to it is looked at "
    "too. Ends with 0: it was sent by us, and is unaltered; 5: a mailing with this code or text was approved, compare it; 1: "
    "not one of ours; 2: it cannot be read. The page /check gives the same answers.")
CMD("audit", "log", "", NULL, NEED_DB, cmd_audit_log, "prints the audit ledger", NULL)
CMD("audit", "verify", "", NULL, NEED_DB, cmd_audit_verify, "recomputes its chain; 1 and the entry if it is broken", NULL)
CMD("backup", NULL, "DIR", NULL, NEED_DB, cmd_backup, "copies the data and, apart, the keys into a new folder",
    "While everything runs: the data are of one moment, and nobody waits. data/ holds them, keys/ the keys; whoever has "
    "both can do all that this home can, so keep them apart.")
CMD("restore", NULL, "DIR", NULL, 0, cmd_restore, "puts a backup in the place of the data",
    "No role of the home may run. Who opted out since the backup was made stays opted out: the journal of opt-outs is "
    "outside of the data, and is replayed. Mailings that were submitted, approved or scheduled become drafts; those being "
    "sent are paused, and whom they had not reached yet is uncertain, since they may have been reached after the backup. "
    "The audit ledger tells the gap. Where there is no home yet, it is made anew from the backup.")
CMD("host", "join", "FOLDER", NULL, 0, cmd_host_join, "makes a home on this host that shares the database of another host",
    "FOLDER has placet.conf and keys/ of the other home: a copy of the two, or a backup. The database has to be PostgreSQL. "
    "Each host has a folder of its own, with a journal of its own: a copy of the whole folder is refused while the first "
    "is in use. Keys that are made later, by identity add or rotate, have to be copied to all hosts.")
CMD("host", "list", "", NULL, NEED_DB, cmd_host_list, "lists the hosts that share the database", NULL)
CMD("host", "remove", "ID", NULL, NEED_DB, cmd_host_remove, "takes a host off that is gone for good",
    "While hosts share a database, leaving is answered only when the database is there, so that all of them know.")
CMD("send", NULL, "", O_SEND, NEED_DB | NEED_KEYS, cmd_send, "the sending role: delivers what is due", NULL)
CMD("sender", "status", "", NULL, NEED_DB, cmd_sender_status, "says what senders do, how their relays are, and what waits",
    "A sender that was silent for ten seconds is no longer counted as alive. What placet mailing status says of one mailing, this says of the "
    "installation; doc/SENDING.md says what to watch.")
CMD("web", NULL, "", O_WEB, NEED_DB | NEED_KEYS, cmd_web, "the web role: the pages that recipients see",
    "In a live installation a reverse proxy such as nginx or Caddy stands in front of it: it brings TLS and HTTP/2, "
    "waits for slow clients, and refuses malformed requests before they come here.")
CMD("work", NULL, "", O_WORK, NEED_DB | NEED_KEYS, cmd_work, "the working role: does what is due again and again",
    "Every hour it ends what has been kept for as long as it may be (placet retention show).")
CMD("retention", "show", "", NULL, NEED_DB, cmd_retention_show, "prints how long things are kept, and what is due",
    "A period is a setting: placet institution set retention.replies 14. What is kept for at least so long, or for good, is "
    "listed too. The privacy page tells the same.")
CMD("retention", "run", "", O_RETENTION, NEED_DB, cmd_retention_run, "ends what is due now, as the postmaster",
    "The working role does this every hour.")
CMD("serve", NULL, "", O_SERVE, NEED_HOME, cmd_serve, "all roles of a trial home", NULL)
CMD("capture", NULL, "", O_CAPTURE, 0, cmd_capture, "a strict relay for trying out, which keeps what it gets", NULL)
CMD("demo", NULL, "", O_DEMO, 0, cmd_demo, "shows the whole way on sample data, in a home that is thrown away",
    "Each step is told as the command that a user would type, with what came of it. It ends with Ctrl-C, and removes "
    "its home. With --once it ends after the mailing: with 0 if every count was as expected.")

const struct command *const COMMANDS[] = {
	&cmd_init_row, &cmd_institution_show_row, &cmd_institution_set_row, &cmd_account_add_row, &cmd_account_list_row,
	&cmd_account_disable_row, &cmd_account_reset_row, &cmd_token_add_row, &cmd_department_add_row,
	&cmd_department_list_row, &cmd_identity_add_row, &cmd_identity_list_row, &cmd_identity_show_row,
	&cmd_identity_dns_row, &cmd_identity_edit_row, &cmd_identity_check_row,
	&cmd_identity_rotate_row, &cmd_identity_hold_row, &cmd_identity_release_row,
	&cmd_identity_pace_row, &cmd_pace_set_row, &cmd_pace_remove_row, &cmd_pace_list_row,
	&cmd_relay_add_row, &cmd_relay_edit_row, &cmd_relay_remove_row, &cmd_relay_list_row,
	&cmd_site_check_row, &cmd_site_export_row, &cmd_project_add_row, &cmd_project_edit_row, &cmd_project_close_row, &cmd_project_list_row, &cmd_project_show_row,
	&cmd_project_qr_row, &cmd_project_image_row, &cmd_project_approve_row, &cmd_list_add_row, &cmd_list_list_row, &cmd_list_show_row, &cmd_list_members_row,
	&cmd_list_export_row, &cmd_list_answered_row, &cmd_import_row, &cmd_consent_add_row, &cmd_consent_withdraw_row, &cmd_consent_show_row,
	&cmd_validate_row, &cmd_mailing_new_row, &cmd_mailing_edit_row, &cmd_mailing_list_row, &cmd_mailing_show_row, &cmd_mailing_versions_row, &cmd_mailing_diff_row,
	&cmd_mailing_check_row, &cmd_mailing_selection_row, &cmd_mailing_arms_row, &cmd_mailing_preview_row, &cmd_mailing_test_row, &cmd_mailing_submit_row, &cmd_mailing_answer_row, &cmd_mailing_approve_row,
	&cmd_mailing_reject_row, &cmd_mailing_withdraw_row, &cmd_mailing_revoke_row, &cmd_mailing_start_row,
	&cmd_mailing_pause_row, &cmd_mailing_resume_row, &cmd_mailing_cancel_row, &cmd_mailing_retry_row,
	&cmd_mailing_status_row, &cmd_mailing_report_row, &cmd_stop_all_row, &cmd_spam_report_add_row, &cmd_opt_out_row, &cmd_person_show_row, &cmd_person_export_row,
	&cmd_person_erase_row, &cmd_complaint_list_row, &cmd_complaint_show_row, &cmd_complaint_close_row,
	&cmd_notice_list_row, &cmd_template_show_row, &cmd_template_set_row, &cmd_template_list_row,
	&cmd_template_check_row, &cmd_template_preview_row, &cmd_lint_row, &cmd_check_message_row,
	&cmd_audit_log_row, &cmd_audit_verify_row, &cmd_backup_row, &cmd_restore_row, &cmd_host_join_row, &cmd_host_list_row, &cmd_host_remove_row, &cmd_send_row, &cmd_sender_status_row, &cmd_web_row, &cmd_work_row,
	&cmd_retention_show_row, &cmd_retention_run_row, &cmd_serve_row, &cmd_capture_row,
	&cmd_demo_row, NULL,
};
