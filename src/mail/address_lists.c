/* The lists: see address_lists.h. Each is small enough to be read through at every look-up. */
#include "mail/address_lists.h"

#include "mail/address.h"

/* ADR-8: the names of RFC 2142, common ones, and how else people write them. */
static const char *const ROLES[] = {
	"info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "usenet",
	"news", "webmaster", "www", "uucp", "ftp",

	"admin", "administrator", "office", "enquiries", "enquiry", "inquiries", "contact", "hello", "help",
	"helpdesk", "help-desk", "reception", "registry", "registrar", "admissions", "accounts", "finance", "hr",
	"jobs", "careers", "press", "media", "team", "staff", "students", "all", "everyone", "list", "noreply",
	"no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply", "do_not_reply", "mailer-daemon", "root",
	"nobody", "devnull", "null", "billing", "feedback", "mail", "email", "newsletter", "privacy", "dpo",
	"secretary", "secretariat", "service", "subscribe", "unsubscribe", "sysadmin", "webteam",
};

/* ADR-8's patterns: of a mailing list or of its machinery. */
static const char *const LIST_STARTS[] = { "owner-" };
static const char *const LIST_ENDS[] = { "-owner", "-request", "-bounces", "-list", "-users", "-announce" };

static const char *const LIST_HOSTS[] = { "googlegroups.com", "groups.io", "freelists.org", "jiscmail.ac.uk" };
static const char *const LIST_HOST_LABELS[] = { "list.", "lists.", "listserv.", "groups.", "mailman." };

static const char *const FREE_PROVIDERS[] = {
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de",
	"live.com", "live.co.uk", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.co.in",
	"yahoo.co.jp", "ymail.com", "rocketmail.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me",
	"protonmail.com", "pm.me", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "freenet.de",
	"t-online.de", "mail.com", "email.com", "mail.ru", "yandex.ru", "yandex.com", "qq.com", "163.com",
	"126.com", "sina.com", "naver.com", "daum.net", "zoho.com", "fastmail.com", "tutanota.com", "tuta.com",
	"posteo.de", "mailbox.org", "orange.fr", "laposte.net", "free.fr", "libero.it", "virgilio.it", "wp.pl",
	"o2.pl", "onet.pl", "interia.pl", "seznam.cz", "btinternet.com", "sky.com", "rediffmail.com", "uol.com.br",
	"bol.com.br", "terra.com.br",
};

static const char *const DISPOSABLE[] = {
	"10minutemail.com", "10minutemail.net", "20minutemail.com", "33mail.com", "anonbox.net", "burnermail.io",
	"discard.email", "dispostable.com", "dropmail.me", "emailondeck.com", "fakeinbox.com", "fakemail.net",
	"getairmail.com", "getnada.com", "guerrillamail.biz", "guerrillamail.com", "guerrillamail.de",
	"guerrillamail.info", "guerrillamail.net", "guerrillamail.org", "guerrillamailblock.com",
	"incognitomail.org", "inboxkitten.com", "jetable.org", "maildrop.cc", "mailcatch.com", "mailexpire.com",
	"mailinator.com", "mailinator.net", "mailinator2.com", "mailnesia.com", "mailnull.com", "mailsac.com",
	"meltmail.com", "mintemail.com", "mohmal.com", "moakt.com", "mytemp.email", "mytrashmail.com", "nada.email",
	"pokemail.net", "sharklasers.com", "grr.la", "spam4.me", "spambog.com", "spambox.us", "spamgourmet.com",
	"spamex.com", "temp-mail.org", "temp-mail.io", "tempail.com", "tempinbox.com", "tempmail.net",
	"tempmailo.com", "tempr.email", "throwawaymail.com", "throwam.com", "trash-mail.com", "trashmail.com",
	"trashmail.de", "trashmail.net", "wegwerfmail.de", "wegwerfmail.net", "wegwerfmail.org", "yopmail.com",
	"yopmail.fr", "yopmail.net",
};

/* RFC 2606: they reach nobody. */
static const char *const RESERVED[] = { "test", "example", "invalid", "example.com", "example.net", "example.org" };

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

static bool is_within_one_of(const char *domain, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (domain_is_within(domain, list[i]))
			return true;
	return false;
}

static bool starts_with_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(s, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

bool list_has_role(const char *local)
{
	return is_one_of(local, ROLES, COUNT(ROLES));
}

bool list_has_list_pattern(const char *local)
{
	size_t n = strlen(local);

	if (starts_with_one_of(local, LIST_STARTS, COUNT(LIST_STARTS)))
		return true;
	for (size_t i = 0; i < COUNT(LIST_ENDS); i++) {
		size_t end = strlen(LIST_ENDS[i]);

		if (n > end && strcmp(local + n - end, LIST_ENDS[i]) == 0)
			return true;
	}
	return false;
}

bool list_has_free_provider(const char *domain)
{
	return is_one_of(domain, FREE_PROVIDERS, COUNT(FREE_PROVIDERS));
}

bool list_has_disposable(const char *domain)
{
	return is_within_one_of(domain, DISPOSABLE, COUNT(DISPOSABLE));
}

bool list_has_list_host(const char *domain)
{
	return is_within_one_of(domain, LIST_HOSTS, COUNT(LIST_HOSTS)) ||
	       starts_with_one_of(domain, LIST_HOST_LABELS, COUNT(LIST_HOST_LABELS));
}

bool list_has_reserved(const char *domain)
{
	return is_within_one_of(domain, RESERVED, COUNT(RESERVED));
}
