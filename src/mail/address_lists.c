/*
 * The lists: see address_lists.h. Every row of an import asks them, so that the
 * long ones are sorted by their bytes and searched by halves; a test holds them
 * to that order. The words are our own choice of what is met most.
 */
#include "mail/address_lists.h"

#include "mail/address.h"

#define ROLE_MAX 40         /* with its NUL; no longer word is listed */
#define ROLE_NUMBERED_MIN 3 /* "info2" is a post; "hr12" may be a student */

/* ADR-8: the names of RFC 2142 and common ones, without hyphens, dots and numbers behind them. */
static const char *const ROLES[] = {
	"abuse", "academy", "account", "accountant", "accounting", "accounts", "accountspayable",
	"accountsreceivable", "accueil", "acquisition", "adm", "admin", "admini", "administracao", "administracio",
	"administracion", "administrador", "administratie", "administratif", "administration", "administrativo",
	"administrator", "administrators", "admissions", "ads", "advertise", "advertising", "advice", "affiliates",
	"agency", "alarm", "alarms", "alert", "alerts", "all", "allemployees", "allhands", "allstaff", "allstudents",
	"allteachers", "allteam", "allusers", "alumni", "alumnirelations", "ambassador", "ambassadors",
	"amministrazione", "announce", "announcement", "announcements", "anyone", "apache", "appeals", "apply",
	"appointment", "appointments", "archive", "archives", "ask", "assistance", "assistant", "asta",
	"atencionalcliente", "atendimento", "autoconfirm", "automailer", "automated", "autoreply", "autoresponder",
	"backoffice", "backup", "backups", "betriebsrat", "biblioteca", "bibliothek", "bibliotheque", "billing",
	"biuro", "bizdev", "boletin", "booking", "bookings", "bookkeeping", "bookstore", "bot", "bounce", "bounces",
	"branding", "buchhaltung", "buero", "bug", "bugs", "bulletin", "bulletins", "bursar", "business",
	"businessdevelopment", "calendar", "campaign", "campaigns", "campus", "career", "careercenter", "careers",
	"careerservices", "catering", "ceo", "cfo", "chairman", "chancellor", "cio", "classroom", "clientservices",
	"commercial", "communication", "communications", "community", "complaints", "compliance", "comptabilite",
	"conference", "contabilidad", "contact", "contacto", "contactus", "contato", "coo", "coordinator",
	"copyright", "council", "counseling", "counselingcenter", "counselling", "course", "courses", "crm", "cron",
	"cto", "customer", "customercare", "customerfeedback", "customers", "customerservice", "customerservices",
	"customersuccess", "customersupport", "daemon", "data", "deanery", "deansoffice", "decanato", "dekanat",
	"delivery", "department", "deploy", "desk", "developer", "developers", "development", "devnull", "digital",
	"direction", "director", "directors", "dispatch", "distribution", "dns", "dnsadmin", "docs", "documents",
	"docusign", "domain", "domainadmin", "domains", "donate", "donation", "donations", "donotreply",
	"donotrespond", "dontreply", "dpo", "e-mail", "ebounce", "editor", "editorial", "editors", "education",
	"email", "emails", "emergency", "empfang", "employment", "engineering", "enquire", "enquiries", "enquiry",
	"enrollment", "enrolment", "error", "errors", "estates", "ethics", "event", "events", "everybody",
	"everyone", "examinations", "examinationsoffice", "examoffice", "exams", "exchange", "executive", "exim",
	"export", "fachschaft", "facilities", "faculty", "faq", "fax", "feedback", "fellowships", "finance",
	"financialaid", "forms", "frontdesk", "ftp", "ftpadmin", "fundraising", "gdpr", "general", "graduate",
	"graduates", "grants", "group", "groups", "guest", "hallo", "headoffice", "health", "healthcenter", "hello",
	"help", "helpdesk", "helpline", "hochschulsport", "host", "hosting", "hostmaster", "hostmasters", "hostname",
	"hotline", "housing", "housingoffice", "hr", "humanresources", "iana", "ict", "immatrikulation", "inbox",
	"info", "infodesk", "informacion", "informatics", "information", "informations", "inquire", "inquiries",
	"inquiry", "intern", "international", "internationaloffice", "internships", "invitations", "invites",
	"invoice", "invoices", "invoicing", "it", "itdesk", "itservices", "itsupport", "jenkins", "jira", "job",
	"jobs", "kontakt", "kundenservice", "kundeservice", "legal", "library", "licensing", "list", "listgroup",
	"listmaster", "listrequest", "lists", "listsender", "listserv", "listserver", "listunsubscribe",
	"localdomain", "localhost", "login", "logistics", "logwatch", "mail", "mailbox", "maildaemon", "mailer",
	"mailerdaemon", "mailing", "mailinglist", "mailinglists", "mailman", "mailroom", "mailshot", "maintenance",
	"management", "manager", "marketing", "master", "media", "mediarelations", "meetings", "member", "members",
	"membership", "messages", "ministry", "moderator", "moderators", "monitor", "monitoring", "mysql", "nagios",
	"naoresponda", "network", "networks", "newbusiness", "news", "newsdesk", "newsletter", "newsletters",
	"nginx", "nobody", "noc", "noreplies", "noreply", "noresponse", "notification", "notifications", "notify",
	"null", "nurse", "offers", "office", "officer", "ombudsman", "operations", "operator", "ops", "oracle",
	"order", "orders", "outreach", "owner", "owners", "parking", "partner", "partners", "partnerships",
	"payment", "payments", "payroll", "personalrat", "personnel", "phd", "phish", "phishing", "planning",
	"porters", "post", "postbox", "postfix", "postgrad", "postgraduate", "postgres", "postmaster", "postmasters",
	"poststelle", "pr", "presidence", "president", "press", "presse", "pressestelle", "pressoffice", "principal",
	"printer", "printers", "privacy", "procurement", "production", "professor", "program", "programme",
	"project", "projects", "promo", "promotions", "provost", "pruefungsamt", "public", "publications",
	"publicity", "publicrelations", "publishing", "purchase", "purchasing", "quality", "queries", "query",
	"questions", "receipts", "reception", "receptionist", "recruit", "recruiter", "recruiting", "recruitment",
	"rector", "rectorado", "rectorat", "redaktion", "referrals", "refund", "refunds", "register", "registrar",
	"registrars", "registrarsoffice", "registration", "registry", "rektor", "rektorat", "reminder", "reminders",
	"remove", "renewals", "rental", "replies", "reply", "report", "reports", "request", "requests", "research",
	"reserva", "reservas", "reservation", "reservations", "response", "returns", "robot", "root", "safety",
	"sale", "sales", "scanner", "schedule", "scheduling", "scholarship", "scholarships", "school", "schools",
	"scolarite", "secr", "secretaria", "secretariat", "secretariatgeneral", "secretaries", "secretary",
	"security", "sekretariat", "sendmail", "server", "service", "servicedesk", "services", "servicioalcliente",
	"shipping", "shop", "site", "smtp", "social", "socialmedia", "soporte", "spam", "spamtrap", "sponsorship",
	"ssl", "ssladmin", "ssladministrator", "staff", "stores", "student", "studentoffice", "students",
	"studentservices", "studentsupport", "studienberatung", "studiensekretariat", "stura", "subscribe",
	"subscription", "subscriptions", "suggestions", "superuser", "suporte", "support", "survey", "surveys",
	"sys", "sysadmin", "sysadministrator", "syslog", "sysop", "system", "systemadministrator", "systems", "team",
	"tech", "technical", "technicalsupport", "technology", "techsupport", "test", "tester", "testing", "theteam",
	"ticket", "tickets", "tld", "tours", "trainer", "training", "translate", "translation", "transport",
	"travel", "treasurer", "trouble", "trustees", "tutor", "undergrad", "undergraduate", "union", "university",
	"unsub", "unsubscribe", "update", "updates", "usenet", "user", "users", "uucp", "vendor", "vendors",
	"ventas", "verify", "vertrieb", "verwaltung", "vicerrectorado", "visa", "visit", "visitors", "voicemail",
	"volunteer", "volunteering", "warden", "web", "webadmin", "webinar", "webinars", "webinfo", "webmail",
	"webmaster", "webmasters", "website", "webteam", "welcome", "welfare", "whois", "wordpress", "work",
	"workshop", "workshops", "writing", "www", "wwwdata", "zabbix", "zulassung",
};

/* ADR-8's patterns: of a mailing list or of its machinery. */
static const char *const LIST_STARTS[] = { "owner-", "all-" };
static const char *const LIST_ENDS[] = {
	"-owner", "-request", "-bounces", "-list", "-users", "-announce", "-all", "-members",
};

static const char *const LIST_HOSTS[] = { "googlegroups.com", "groups.io", "freelists.org", "jiscmail.ac.uk" };
static const char *const LIST_HOST_LABELS[] = { "list.", "lists.", "listserv.", "groups.", "mailman." };

static const char *const FREE_PROVIDERS[] = {
	"012.net.il", "126.com", "139.com", "163.com", "189.cn", "21cn.com", "263.net", "absamail.co.za", "abv.bg",
	"accountant.com", "adam.com.au", "adinet.com.uy", "aim.com", "airtelmail.in", "alice-dsl.de",
	"alice-dsl.net", "alice.de", "alice.it", "aliceadsl.fr", "aliyun.com", "ameritech.net", "amorki.pl",
	"aol.at", "aol.co.uk", "aol.com", "aol.de", "aol.es", "aol.fr", "aol.it", "aon.at", "apollo.lv", "arcor.de",
	"arnet.com.ar", "asia.com", "atlas.cz", "atlas.sk", "att.net", "au.com", "autograf.pl", "autorambler.ru",
	"azet.sk", "bahnhof.se", "bbox.fr", "bell.net", "bellsouth.net", "bezeqint.net", "bigfoot.com",
	"biglobe.ne.jp", "bigmir.net", "bigpond.com", "bigpond.net.au", "bk.ru", "blu.it", "bluewin.ch",
	"blueyonder.co.uk", "bol.com.br", "bredband.net", "broadpark.no", "btinternet.com", "btopenworld.com",
	"buziaczek.pl", "cantv.net", "caramail.com", "care2.com", "casema.nl", "cegetel.net", "centrum.cz",
	"centrum.sk", "centurylink.net", "charter.net", "cheerful.com", "chello.at", "chello.nl", "citromail.hu",
	"ciudad.com.ar", "clix.pt", "club-internet.fr", "cock.li", "comcast.net", "comhem.se", "compuserve.com",
	"consultant.com", "contractor.net", "countermail.com", "cox.net", "ctemplar.com", "cytanet.com.cy",
	"daum.net", "delfi.lt", "dir.bg", "disroot.org", "docomo.ne.jp", "dodo.com.au", "dr.com", "duck.com",
	"earthlink.net", "eircom.net", "elisanet.fi", "email.com", "email.cz", "email.de", "email.it", "email.ua",
	"engineer.com", "eunet.rs", "europe.com", "euskaltel.net", "excite.co.jp", "excite.com", "ezweb.ne.jp",
	"fastmail.co.uk", "fastmail.com", "fastmail.fm", "fastmail.net", "fastwebnet.it", "fibertel.com.ar",
	"forthnet.gr", "foxmail.com", "free.fr", "freemail.hu", "freenet.de", "frisurf.no", "frontier.com",
	"gawab.com", "gazeta.pl", "gbg.bg", "getmail.no", "globo.com", "globomail.com", "gmail.com", "gmx.at",
	"gmx.biz", "gmx.ch", "gmx.co.uk", "gmx.com", "gmx.de", "gmx.es", "gmx.eu", "gmx.fr", "gmx.info", "gmx.net",
	"gmx.org", "gmx.us", "go2.pl", "goo.jp", "googlemail.com", "hanmail.net", "hetnet.nl", "hey.com",
	"hinet.net", "hispeed.ch", "hol.gr", "home.nl", "hot.ee", "hotmail.at", "hotmail.be", "hotmail.ca",
	"hotmail.ch", "hotmail.cl", "hotmail.co.il", "hotmail.co.jp", "hotmail.co.kr", "hotmail.co.nz",
	"hotmail.co.th", "hotmail.co.uk", "hotmail.co.za", "hotmail.com", "hotmail.com.ar", "hotmail.com.au",
	"hotmail.com.br", "hotmail.com.mx", "hotmail.com.tr", "hotmail.cz", "hotmail.de", "hotmail.dk", "hotmail.es",
	"hotmail.fi", "hotmail.fr", "hotmail.gr", "hotmail.hu", "hotmail.it", "hotmail.lt", "hotmail.lv",
	"hotmail.my", "hotmail.nl", "hotmail.no", "hotmail.ph", "hotmail.pt", "hotmail.rs", "hotmail.se",
	"hotmail.sg", "hotmail.sk", "hotpop.com", "hush.com", "hushmail.com", "i.ua", "iafrica.com", "icloud.com",
	"ig.com.br", "iinet.net.au", "in.com", "in.gr", "iname.com", "inbox.com", "inbox.lt", "inbox.lv", "inbox.ru",
	"indamail.hu", "indiatimes.com", "inet.hr", "interia.com", "interia.eu", "interia.pl", "internet.ru",
	"internode.on.net", "inwind.it", "iol.it", "jubii.dk", "juno.com", "kabelmail.de", "kakao.com", "keemail.me",
	"kolabnow.com", "kolumbus.fi", "korea.com", "kpnmail.nl", "kpnplanet.nl", "laposte.net", "lavabit.com",
	"lawyer.com", "lenta.ru", "libero.it", "lineone.net", "list.ru", "live.at", "live.be", "live.ca", "live.cl",
	"live.cn", "live.co.kr", "live.co.uk", "live.co.za", "live.com", "live.com.ar", "live.com.au", "live.com.mx",
	"live.com.my", "live.com.pt", "live.com.sg", "live.de", "live.dk", "live.fi", "live.fr", "live.hk",
	"live.ie", "live.in", "live.it", "live.jp", "live.nl", "live.no", "live.ru", "live.se", "luukku.com",
	"lycos.com", "mac.com", "magenta.de", "mail.bg", "mail.com", "mail.com.au", "mail.de", "mail.dk", "mail.ee",
	"mail.pt", "mail.ru", "mailbox.org", "mailcity.com", "mailfence.com", "maktoob.com", "me.com", "meta.ua",
	"mindspring.com", "movistar.es", "mozmail.com", "msn.com", "mweb.co.za", "mykolab.com", "mynet.com",
	"myopera.com", "myrambler.ru", "myself.com", "myway.com", "myyahoo.com", "narod.ru", "nate.com", "naver.com",
	"net.hr", "netcabo.pt", "netscape.com", "netscape.net", "netvigator.com", "netvision.net.il", "netzero.net",
	"neuf.fr", "nifty.com", "noos.fr", "ntlworld.com", "numericable.fr", "o2.co.uk", "o2.pl", "ocn.ne.jp",
	"ofir.dk", "oi.com.br", "one.lt", "one.lv", "onet.pl", "online.de", "online.ee", "online.no",
	"onlinehome.de", "onmail.com", "ono.com", "op.pl", "opayq.com", "operamail.com", "optonline.net",
	"optusnet.com.au", "orange.fr", "otenet.gr", "outlook.at", "outlook.be", "outlook.cl", "outlook.co.id",
	"outlook.co.il", "outlook.co.th", "outlook.com", "outlook.com.ar", "outlook.com.au", "outlook.com.br",
	"outlook.com.gr", "outlook.com.tr", "outlook.com.vn", "outlook.cz", "outlook.de", "outlook.dk", "outlook.es",
	"outlook.fr", "outlook.hu", "outlook.ie", "outlook.in", "outlook.it", "outlook.jp", "outlook.kr",
	"outlook.lv", "outlook.my", "outlook.ph", "outlook.pt", "outlook.sa", "outlook.sg", "outlook.sk",
	"ozemail.com.au", "pacbell.net", "pacific.net.sg", "passmail.net", "passport.com", "pchome.com.tw",
	"planet.nl", "plasa.com", "plus.net", "pm.me", "pobox.com", "poczta.fm", "poczta.onet.pl", "pop.com.br",
	"post.com", "post.cz", "post.sk", "posteo.at", "posteo.ch", "posteo.de", "posteo.eu", "posteo.net",
	"pp.inet.fi", "privaterelay.appleid.com", "prodigy.net", "prodigy.net.mx", "proton.ch", "proton.me",
	"protonmail.ch", "protonmail.com", "proximus.be", "q.com", "qq.com", "quicknet.nl", "r7.com", "rambler.ru",
	"rediff.com", "rediffmail.com", "relay.firefox.com", "riseup.net", "ro.ru", "roadrunner.com",
	"rocketmail.com", "rogers.com", "rr.com", "runbox.com", "safe-mail.net", "sapo.pt", "sbcglobal.net",
	"scarlet.be", "seed.net.tw", "seznam.cz", "sfr.fr", "shaw.ca", "sify.com", "simnet.is", "simplelogin.com",
	"sina.cn", "sina.com", "singnet.com.sg", "siol.net", "skiff.com", "sky.com", "skynet.be", "snafu.de",
	"so-net.ne.jp", "softbank.ne.jp", "sohu.com", "speedy.com.ar", "spray.se", "start.no", "startmail.com",
	"stofanet.dk", "suomi24.fi", "superig.com.br", "superonline.com", "swipnet.se", "sympatico.ca",
	"t-online.com", "t-online.de", "t-online.hu", "takas.lt", "talktalk.net", "tdcadsl.dk", "techie.com",
	"tele2.nl", "tele2.se", "telefonica.net", "telenet.be", "telepac.pt", "telkom.net", "telkomsa.net",
	"telus.net", "terra.com", "terra.com.br", "terra.es", "tin.it", "tiscali.co.uk", "tiscali.it", "titan.email",
	"tlen.pl", "tom.com", "tpg.com.au", "ttmail.com", "tut.by", "tuta.com", "tuta.io", "tutamail.com",
	"tutanota.com", "tutanota.de", "ukr.net", "une.net.co", "unitybox.de", "uol.com.br", "upcmail.nl", "usa.com",
	"usa.net", "utanet.at", "verizon.net", "versanet.de", "videotron.ca", "vip.163.com", "vip.qq.com",
	"vipmail.hu", "virgilio.it", "virgin.net", "virginmedia.com", "vivaldi.net", "vodafone.co.nz", "vodafone.de",
	"vodamail.co.za", "voila.fr", "volny.cz", "vp.pl", "vsnl.com", "vsnl.net", "vtr.net", "walla.co.il",
	"walla.com", "wanadoo.fr", "web.de", "webmail.co.za", "westnet.com.au", "windowslive.com", "windstream.net",
	"wo.cn", "workmail.com", "wp.pl", "writeme.com", "xs4all.nl", "xtra.co.nz", "ya.com", "ya.ru", "yahoo.at",
	"yahoo.be", "yahoo.ca", "yahoo.cl", "yahoo.cn", "yahoo.co.id", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.kr",
	"yahoo.co.nz", "yahoo.co.th", "yahoo.co.uk", "yahoo.co.za", "yahoo.com", "yahoo.com.ar", "yahoo.com.au",
	"yahoo.com.br", "yahoo.com.cn", "yahoo.com.co", "yahoo.com.hk", "yahoo.com.mx", "yahoo.com.my",
	"yahoo.com.pe", "yahoo.com.ph", "yahoo.com.pk", "yahoo.com.sg", "yahoo.com.tr", "yahoo.com.tw",
	"yahoo.com.ve", "yahoo.com.vn", "yahoo.cz", "yahoo.de", "yahoo.dk", "yahoo.es", "yahoo.fi", "yahoo.fr",
	"yahoo.gr", "yahoo.hu", "yahoo.ie", "yahoo.in", "yahoo.it", "yahoo.nl", "yahoo.no", "yahoo.pl", "yahoo.pt",
	"yahoo.ro", "yahoo.se", "yandex.by", "yandex.com", "yandex.kz", "yandex.ru", "yandex.ua", "yeah.net",
	"ymail.com", "ziggo.nl", "zipmail.com.br", "zoho.com", "zoho.eu", "zoho.in", "zohomail.com", "zohomail.eu",
	"zoznam.sk",
};

/* Those that are not their own skeleton (address_lookalike.c); a test finds one that is missing here. */
static const struct {
	const char *skeleton, *domain;
} SKEWED[] = {
	{ "ol2.net.il", "012.net.il" },
	{ "l26.com", "126.com" },
	{ "l39.com", "139.com" },
	{ "l63.com", "163.com" },
	{ "l89.cn", "189.cn" },
	{ "2lcn.com", "21cn.com" },
	{ "amet.com.ar", "arnet.com.ar" },
	{ "btintemet.com", "btinternet.com" },
	{ "club-intemet.fr", "club-internet.fr" },
	{ "intemet.ru", "internet.ru" },
	{ "intemode.on.net", "internode.on.net" },
	{ "vip.l63.com", "vip.163.com" },
};

/* What is mistyped most; the first that fits is the hint. */
static const char *const LARGE[] = {
	"gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "googlemail.com", "hotmail.co.uk",
	"yahoo.co.uk", "live.com", "aol.com", "msn.com", "protonmail.com", "proton.me", "gmx.de", "gmx.net", "gmx.com",
	"web.de", "t-online.de", "freenet.de", "hotmail.fr", "yahoo.fr", "orange.fr", "wanadoo.fr", "laposte.net",
	"hotmail.de", "yahoo.de", "hotmail.it", "libero.it", "hotmail.es", "yahoo.es", "btinternet.com", "yahoo.co.in",
	"rediffmail.com", "comcast.net", "verizon.net", "sbcglobal.net", "fastmail.com", "yandex.ru", "seznam.cz",
	"telenet.be", "skynet.be", "ziggo.nl", "bluewin.ch", "bigpond.com",
};

/* Not mistyped: others' domains that are as near to a large one as a mistake. */
static const char *const NEIGHBOURS[] = { "cloud.com", "libera.it", "photon.me" };

static const char *const DISPOSABLE[] = {
	"0815.ru", "0clickemail.com", "10mail.org", "10minutemail.com", "10minutemail.net", "1secmail.com",
	"1secmail.net", "1secmail.org", "20minutemail.com", "30minutemail.com", "33mail.com", "3mail.ga",
	"4warding.com", "60minutemail.com", "675hosting.com", "9ox.net", "anonbox.net", "anonymbox.com",
	"antispam24.de", "armyspy.com", "bccto.me", "beefmilk.com", "binkmail.com", "bobmail.info", "bugmenot.com",
	"bumpymail.com", "burnermail.io", "byom.de", "chacuo.net", "chammy.info", "courriel.fr.nf",
	"courrieltemporaire.com", "crazymailing.com", "cs.email", "cuvox.de", "dayrep.com", "deadaddress.com",
	"despam.it", "devnullmail.com", "discard.email", "discardmail.com", "discardmail.de",
	"disposableaddress.com", "disposableemailaddresses.com", "disposeamail.com", "dispostable.com",
	"dodgeit.com", "dodgit.com", "dontreg.com", "dontsendmespam.de", "drdrb.com", "dropjar.com", "dropmail.me",
	"dump-email.info", "dumpmail.de", "dumpyemail.com", "e4ward.com", "easytrashmail.com", "einrot.com",
	"email-fake.com", "emailfake.com", "emailias.com", "emailinfive.com", "emailnator.com", "emailondeck.com",
	"emailsensei.com", "emailtemporanea.com", "emailtemporario.com.br", "emailthe.net", "emailwarden.com",
	"emltmp.com", "explodemail.com", "eyepaste.com", "ezztt.com", "fakeinbox.com", "fakemail.net",
	"fakemailgenerator.com", "fastacura.com", "fexbox.org", "fexpost.com", "filzmail.com", "fleckens.hu",
	"fudgerub.com", "garliclife.com", "get1mail.com", "getairmail.com", "getnada.com", "getonemail.com",
	"ghosttexter.de", "girlsundertheinfluence.com", "gishpuppy.com", "gowikibooks.com", "great-host.in",
	"greensloth.com", "grr.la", "guerillamail.com", "guerrillamail.biz", "guerrillamail.com", "guerrillamail.de",
	"guerrillamail.info", "guerrillamail.net", "guerrillamail.org", "guerrillamailblock.com", "gustr.com",
	"haltospam.com", "harakirimail.com", "hatespam.org", "hidemail.de", "hmamail.com", "hulapla.de",
	"imails.info", "inboxalias.com", "inboxbear.com", "inboxclean.com", "inboxkitten.com", "incognitomail.com",
	"incognitomail.org", "inpwa.com", "instant-mail.de", "ipoo.org", "jetable.com", "jetable.fr.nf",
	"jetable.net", "jetable.org", "jourrapide.com", "kasmail.com", "killmail.com", "killmail.net", "klzlk.com",
	"kurzepost.de", "laafd.com", "lags.us", "lhsdv.com", "lifebyfood.com", "link2mail.net", "litedrop.com",
	"lookugly.com", "lroid.com", "mail-temporaire.com", "mail-temporaire.fr", "mail-tester.com", "mail.tm",
	"mail1a.de", "mail4trash.com", "mailbidon.com", "mailblocks.com", "mailcatch.com", "maildrop.cc",
	"maileater.com", "mailed.ro", "maileimer.de", "mailexpire.com", "mailforspam.com", "mailfreeonline.com",
	"mailguard.me", "mailin8r.com", "mailinator.com", "mailinator.net", "mailinator2.com", "mailincubator.com",
	"mailme.lv", "mailmetrash.com", "mailmoat.com", "mailnator.com", "mailnesia.com", "mailnull.com",
	"mailpoof.com", "mailquack.com", "mailsac.com", "mailscrap.com", "mailshell.com", "mailsiphon.com",
	"mailslite.com", "mailtemp.info", "mailto.plus", "mailtothis.com", "mailzilla.com", "mailzilla.org",
	"mbx.cc", "meltmail.com", "messagebeamer.de", "mintemail.com", "minuteinbox.com", "moakt.com", "moburl.com",
	"mohmal.com", "monemail.fr.nf", "monmail.fr.nf", "mt2009.com", "muellmail.com", "mvrht.net", "mymail-in.net",
	"mypartyclip.de", "mytemp.email", "mytempmail.com", "mytrashmail.com", "nada.email", "nepwk.com",
	"nervmich.net", "nervtmich.net", "nice-4u.com", "no-spam.ws", "nobulk.com", "noclickemail.com",
	"nomail2me.com", "nospam4.us", "nospamfor.us", "notmailinator.com", "nowmymail.com", "nurfuerspam.de",
	"objectmail.com", "obobbo.com", "oneoffemail.com", "onewaymail.com", "oopi.org", "owlpic.com", "pjjkp.com",
	"pokemail.net", "politikerclub.de", "poofy.org", "pookmail.com", "privacy.net", "proxymail.eu",
	"punkass.com", "putthisinyourspamdatabase.com", "quickinbox.com", "rcpt.at", "reallymymail.com", "recode.me",
	"regbypass.com", "rhyta.com", "rmqkr.net", "rover.info", "rtrtr.com", "safersignup.de", "safetymail.info",
	"safetypost.de", "saynotospams.com", "schafmail.de", "schrott-email.de", "secretemail.de",
	"sendspamhere.com", "sharklasers.com", "shieldedmail.com", "shiftmail.com", "shitmail.me", "shortmail.net",
	"skeefmail.com", "slaskpost.se", "slopsbox.com", "smailpro.com", "smellfear.com", "snakemail.com",
	"sofimail.com", "sofort-mail.de", "sogetthis.com", "soodonims.com", "spam.la", "spam4.me", "spamail.de",
	"spamavert.com", "spambob.com", "spambob.net", "spambog.com", "spambog.de", "spambog.ru", "spambox.info",
	"spambox.us", "spamcero.com", "spamcorptastic.com", "spamcowboy.com", "spamday.com", "spamex.com",
	"spamfree24.com", "spamfree24.de", "spamfree24.org", "spamgourmet.com", "spamherelots.com",
	"spamhereplease.com", "spamhole.com", "spamify.com", "spaml.com", "spaml.de", "spammotel.com",
	"spamobox.com", "spamspot.com", "spamthis.co.uk", "spamtroll.net", "spoofmail.de", "squizzy.de",
	"stuffmail.de", "supergreatmail.com", "superrito.com", "suremail.info", "tafmail.com", "teewars.org",
	"teleworm.com", "teleworm.us", "temp-mail.com", "temp-mail.de", "temp-mail.io", "temp-mail.org",
	"temp-mail.ru", "tempail.com", "tempalias.com", "tempe-mail.com", "tempemail.biz", "tempemail.com",
	"tempemail.net", "tempinbox.co.uk", "tempinbox.com", "tempmail.de", "tempmail.eu", "tempmail.it",
	"tempmail.net", "tempmail.ninja", "tempmail.plus", "tempmail.us", "tempmailer.com", "tempmailer.de",
	"tempmailo.com", "tempomail.fr", "temporarily.de", "temporarioemail.com.br", "temporaryemail.net",
	"temporaryforwarding.com", "temporaryinbox.com", "tempr.email", "tempymail.com", "thankyou2010.com",
	"thisisnotmyrealemail.com", "throwam.com", "throwawayemailaddress.com", "throwawaymail.com", "tilien.com",
	"tmail.ws", "tmailinator.com", "tmpmail.net", "tmpmail.org", "tradermail.info", "trash-amil.com",
	"trash-mail.at", "trash-mail.com", "trash-mail.de", "trash2009.com", "trashdevil.com", "trashdevil.de",
	"trashemail.de", "trashmail.at", "trashmail.com", "trashmail.de", "trashmail.me", "trashmail.net",
	"trashmail.org", "trashmail.ws", "trashmailer.com", "trashymail.com", "trashymail.net", "trbvm.com",
	"trialmail.de", "trillianpro.com", "turual.com", "twinmail.de", "tyldd.com", "uggsrock.com", "upliftnow.com",
	"venompen.com", "veryrealemail.com", "viditag.com", "viewcastmedia.com", "vintomaper.com", "vomoto.com",
	"vpn.st", "vusra.com", "walala.org", "wegwerf-email.de", "wegwerfadresse.de", "wegwerfemail.com",
	"wegwerfemail.de", "wegwerfemail.net", "wegwerfemail.org", "wegwerfmail.de", "wegwerfmail.net",
	"wegwerfmail.org", "wegwerpmailadres.nl", "wetrainbayarea.com", "wh4f.org", "whyspam.me",
	"willselfdestruct.com", "winemaven.info", "wronghead.com", "wuzup.net", "wuzupmail.net", "wwwnew.eu",
	"xagloo.com", "xemaps.com", "xents.com", "xmaily.com", "yep.it", "yogamaven.com", "yopmail.com",
	"yopmail.fr", "yopmail.gq", "yopmail.net", "you-spam.com", "yuurok.com", "zehnminutenmail.de",
	"zippymail.info", "zoemail.org", "zomg.info",
};

/* RFC 2606: they reach nobody. */
static const char *const RESERVED[] = { "test", "example", "invalid", "example.com", "example.net", "example.org" };

static const char *find(const char *const *list, size_t n, const char *s)
{
	size_t first = 0;

	while (first < n) {
		size_t middle = first + (n - first) / 2;
		const char *word = list[middle];
		int side = (unsigned char)*s - (unsigned char)*word; /* most often the first letter decides */

		if (side == 0)
			side = strcmp(s, word);
		if (side == 0)
			return word;
		if (side < 0)
			n = middle;
		else
			first = middle + 1;
	}
	return NULL;
}

static bool has(const char *const *list, size_t n, const char *s)
{
	return find(list, n, s) != NULL;
}

/* `domain`, or what it is below; the last label alone is never listed. */
static bool has_within(const char *const *list, size_t n, const char *domain)
{
	for (const char *dot = strchr(domain, '.'); dot; domain = dot + 1, dot = strchr(domain, '.'))
		if (has(list, n, domain))
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

/* "do.not-reply2" as "donotreply", into out[ROLE_MAX]. False where a part is one letter: s.ales@ is a person. */
static bool squeeze(const char *local, char *out)
{
	size_t n = 0, part = 0;

	for (const char *p = local; *p; p++) {
		bool separator = *p == '-' || *p == '_' || *p == '.';

		if (n + 1 == ROLE_MAX || (separator && part == 1))
			return false;
		part = separator ? 0 : part + 1;
		if (!separator)
			out[n++] = *p;
	}
	if (part == 1 && n > 1 && !(out[n - 1] >= '0' && out[n - 1] <= '9'))
		return false;
	while (n > ROLE_NUMBERED_MIN && out[n - 1] >= '0' && out[n - 1] <= '9')
		n--;
	out[n] = '\0';
	return true;
}

bool list_has_role(const char *local)
{
	char word[ROLE_MAX];

	if (has(ROLES, COUNT(ROLES), local))
		return true;
	return squeeze(local, word) &&
	       (has(ROLES, COUNT(ROLES), word) || strstr(word, "noreply") || strstr(word, "donotreply"));
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
	return has(FREE_PROVIDERS, COUNT(FREE_PROVIDERS), domain);
}

const char *list_find_free_provider(const char *domain)
{
	return find(FREE_PROVIDERS, COUNT(FREE_PROVIDERS), domain);
}

const char *list_skewed(const char *skeleton)
{
	for (size_t i = 0; i < COUNT(SKEWED); i++)
		if (skeleton[0] == SKEWED[i].skeleton[0] && strcmp(skeleton, SKEWED[i].skeleton) == 0)
			return SKEWED[i].domain;
	return NULL;
}

const char *const *list_large(size_t *n)
{
	*n = COUNT(LARGE);
	return LARGE;
}

const char *const *list_free_providers(size_t *n)
{
	*n = COUNT(FREE_PROVIDERS);
	return FREE_PROVIDERS;
}

bool list_has_neighbour(const char *domain)
{
	for (size_t i = 0; i < COUNT(NEIGHBOURS); i++)
		if (domain_is_within(domain, NEIGHBOURS[i]))
			return true;
	return false;
}

bool list_has_disposable(const char *domain)
{
	return has_within(DISPOSABLE, COUNT(DISPOSABLE), domain);
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

static const char *unsorted(const char *const *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(list[i - 1], list[i]) >= 0)
			return list[i];
	return NULL;
}

const char *lists_unsorted(void)
{
	const char *word = unsorted(ROLES, COUNT(ROLES));

	if (!word)
		word = unsorted(FREE_PROVIDERS, COUNT(FREE_PROVIDERS));
	return word ? word : unsorted(DISPOSABLE, COUNT(DISPOSABLE));
}
