/*
 * The lists of policy_claims.h, in the languages in which universities of Europe and beyond write. They add to the
 * list of offices that each institution keeps. A word stands here only if it speaks for an institution by itself:
 * "Dean" is a surname, too. Marks on letters do not count.
 */
#include "policy/policy_claims.h"

const char *const CLAIM_OFFICES[] = {
	/* English */
	"vice-chancellor", "vice chancellor's office", "pro-vice-chancellor", "deputy vice-chancellor", "chancellor", "registrar",
	"registry", "academic registry", "registrar's office", "office of the president", "president's office",
	"office of the chancellor", "office of the provost", "provost's office", "office of the dean", "dean of students",
	"dean's office", "office of the rector", "rectorate", "office of the vc", "vc office", "vc's office", "office of the registrar",
	"university administration", "university management", "university council", "university senate", "university secretary",
	"university authorities", "central administration", "senior leadership", "executive board", "student administration",
	"student records", "student registry", "student services", "student affairs", "student finance", "academic affairs",
	"admissions office", "office of admissions", "examinations office", "exams office", "finance office", "finance department",
	"finance team", "payroll", "payroll office", "bursar's office", "bursary office", "human resources", "hr department",
	"hr office", "hr team", "hr services", "personnel office", "legal office", "legal department", "general counsel",
	"data protection officer", "data protection office", "it services", "it service", "it support", "it department", "it dept",
	"it team", "it office", "it helpdesk", "it help desk", "it service desk", "it security", "it administrator",
	"it administration", "it operations", "ict services", "ict support", "ict department", "ict team", "ict helpdesk",
	"ict service desk", "information technology services", "information technology department", "information services",
	"information systems", "computing services", "computing service", "computer services", "computer centre", "computer center",
	"computing centre", "computing center", "help desk", "service desk", "support desk", "support team", "technical support",
	"tech support", "customer support", "security team", "security office", "security department", "security centre",
	"security center", "information security", "cyber security", "cyber security team", "security operations", "campus security",
	"campus police", "campus safety", "account team", "accounts team", "account services", "account support", "email team",
	"email support", "email administrator", "mail administrator", "mail administration", "mail team", "webmail team",
	"webmail support", "system administrator", "system administration", "systems administrator", "network administrator",
	"network team", "server administrator", "postmaster", "webmaster", "university communications", "press office",
	"communications office", "estates office", "facilities management", "university library", "office of research integrity",
	"ethics office", "the president's office", "central it", "campus it", "university it", "university president", "president of the university", "university provost",
	/* German */
	"rektor", "rektorin", "rektorat*", "prorektor*", "prasidium", "prasident der universitat", "prasidentin der universitat",
	"hochschulleitung", "universitatsleitung", "hochschulverwaltung", "universitatsverwaltung", "zentralverwaltung",
	"zentrale verwaltung", "universitatskanzler*", "kanzler der universitat", "kanzlerin der universitat", "studierendensekretariat",
	"studentensekretariat", "studierendenservice", "studierendenverwaltung", "immatrikulationsamt", "prufungsamt", "prufungsverwaltung",
	"zulassungsstelle", "personalabteilung", "personalverwaltung", "finanzabteilung", "rechtsabteilung", "dekanat", "rechenzentrum",
	"hochschulrechenzentrum", "it-abteilung", "it-dienste", "it-service", "it-servicedesk", "it-sicherheit", "universitatsrechenzentrum", "prasidialburo", "prasidialamt", "kanzleramt der universitat", "it-support",
	"informationssicherheit", "sicherheitsteam", "datenschutzbeauftragte*", "systemadministrator*", "systemadministration",
	"universitatsbibliothek", "pressestelle", "gebuhrenstelle", "besoldungsstelle",
	/* French */
	"recteur", "rectrice", "rectorat", "presidence de l'universite", "president de l'universite", "presidente de l'universite",
	"vice-presidence", "direction generale", "secretariat general", "service informatique", "services informatiques",
	"direction informatique", "direction des systemes d'information", "direction du numerique", "service de la scolarite",
	"bureau de la scolarite", "service scolarite", "ressources humaines", "service du personnel", "service financier",
	"equipe de securite", "securite informatique", "assistance informatique", "support informatique", "administrateur systeme",
	"delegue a la protection des donnees", "administration de l'universite",
	/* Spanish */
	"rector", "rectora", "rectorado", "vicerrector*", "secretaria general", "secretaria academica", "gerencia de la universidad",
	"servicio de informatica", "servicios informaticos", "servicio de tecnologia", "soporte tecnico", "soporte informatico",
	"mesa de ayuda", "recursos humanos", "equipo de seguridad", "seguridad informatica", "administrador del sistema",
	"direccion de la universidad", "administracion de la universidad", "oficina de admisiones", "oficina de registro",
	/* Italian */
	"rettore", "rettrice", "rettorato", "prorettore", "direzione generale", "segreteria studenti", "segreterie studenti",
	"segreteria didattica", "segreteria generale", "ufficio personale", "ufficio del personale", "risorse umane", "servizi informatici",
	"servizio informatico", "centro di calcolo", "supporto tecnico", "assistenza tecnica", "sicurezza informatica",
	"amministratore di sistema", "ufficio immatricolazioni", "amministrazione dell'universita", "amministrazione universitaria",
	/* Dutch */
	"rector magnificus", "college van bestuur", "universiteitsbestuur", "ict-dienst", "it-dienst", "ict-servicedesk", "ict-afdeling",
	"it-afdeling", "studentenadministratie", "studentenbalie", "onderwijsadministratie", "personeelszaken", "personeelsadministratie",
	"salarisadministratie", "systeembeheer", "systeembeheerder", "beveiligingsteam", "informatiebeveiliging", "universiteitsbibliotheek",
	/* Portuguese */
	"reitor", "reitora", "reitoria", "vice-reitor*", "secretaria academica", "servicos academicos", "servicos informaticos",
	"servico de informatica", "suporte tecnico", "equipa de seguranca", "equipe de seguranca", "seguranca informatica",
	"administrador do sistema", "administracao da universidade",
	/* Swedish, Danish, Norwegian, Finnish */
	"rektorn", "rektorsambetet", "universitetsforvaltningen", "universitetsledningen", "universitetsdirektoren", "it-avdelningen",
	"it-enheten", "it-stod", "studentexpeditionen", "studieadministrationen", "personalavdelningen", "it-afdelingen",
	"universitetsledelsen", "studieadministrasjonen", "it-avdelingen", "it-tjenesten", "sikkerhedsteamet", "sakerhetsgruppen",
	"rehtori", "tietohallinto", "it-tuki", "opintotoimisto", "hallintopalvelut",
	/* Polish, Czech, Russian, Ukrainian, Turkish, Greek, Chinese, Japanese, Korean, Arabic, Hebrew, Persian */
	"rektora uniwersytetu", "kanclerz", "dziekanat", "dzial it", "dzial informatyczny", "centrum informatyczne", "rektor uczelni",
	"studijni oddeleni", "oddeleni it", "ректор", "ректорат", "проректор", "деканат", "отдел кадров", "служба безопасности",
	"служба поддержки", "техническая поддержка", "приемная комиссия", "відділ кадрів", "служба підтримки", "rektorluk", "rektorlugu",
	"bilgi islem", "bilgi islem daire baskanligi", "ogrenci isleri", "πρυτανης", "πρυτανεια", "γραμματεια", "校长办公室", "信息中心",
	"教务处", "人事处", "财务处", "学校官方", "学長", "総務課", "教務課", "情報センター", "情報基盤センター", "총장실", "교무처", "전산원", "정보전산원",
	"رئيس الجامعة", "عمادة", "شؤون الطلاب", "הרקטור", "מזכירות האוניברסיטה", "ریاست دانشگاه", NULL,
};

const char *const CLAIM_OFFICIALS[] = {
	"official", "officially", "message from the university", "message from your university", "notice from the university",
	"notice from your university", "on behalf of the university", "on behalf of your university", "in the name of the university", "offiziell*", "amtlich*", "officiel*", "oficial*", "ufficial*", "officieel", "officiele", "officiell*",
	"offisiell*", "virallinen", "oficjaln*", "uradni sdeleni", "официальн*", "офіційн*", "resmi duyuru", "resmi bildirim",
	"επισημη", "επισημο", "官方", "官方通知", "正式通知", "大学公式", "公式メール", "公式通知", "公式のお知らせ", "공식", "رسمي", "رسمية", "רשמי", "רשמית", "رسمی", NULL,
};

const char *const CLAIM_ALARMS[] = {
	/* English */
	"urgent", "urgently", "action required", "action needed", "action is required", "action is needed", "requires your action",
	"immediate action", "immediate attention", "your immediate response", "requires your attention", "respond immediately",
	"response required", "final notice", "final warning", "last warning", "last notice", "important notice", "important notification",
	"mandatory update", "mandatory action", "mandatory training", "this is mandatory", "within 24 hours", "within 48 hours", "before it is too late", "failure to comply",
	"failure to respond", "failure to do so", "disciplinary action", "verify your identity", "verify your details",
	"verify your information", "verify your data", "verify your email", "verify your e-mail", "verify account", "verify now",
	"validate your details", "confirm your identity", "confirm your details", "confirm your information", "update your details",
	"update your information", "update your profile", "update your records", "reactivate your", "re-activate your", "revalidate your",
	"re-validate your", "account verification", "account validation", "account update", "account upgrade", "account suspended",
	"account suspension", "account locked", "account blocked", "account disabled", "account deactivated", "account deactivation",
	"account termination", "account closure", "account expires", "account expired", "account expiry", "account limited", "account on hold", "account is on hold", "account needs", "update required", "update is required", "immediate response",
	"account restricted", "account compromised", "account hacked", "account access", "account alert", "account notice",
	"account notification", "account will be", "account has been", "access suspended", "access will be", "access to your email",
	"lose access", "restore access", "password expires", "password expired", "password expiry", "password expiration",
	"password reset", "password change", "password will expire", "password has expired", "change password", "reset password",
	"mailbox is full", "mailbox full", "mailbox almost full", "mailbox quota", "mailbox upgrade", "mailbox will be", "inbox is full",
	"storage limit", "storage is full", "storage quota", "quota exceeded", "quota limit", "email quota", "email suspension",
	"email deactivation", "security alert", "security notice", "security warning", "security update", "security incident",
	"security breach", "security check", "security verification", "security notification", "security upgrade", "security risk",
	"suspicious activity", "suspicious login", "suspicious log-in", "suspicious sign-in", "unusual activity", "unusual sign-in",
	"unusual login", "unauthorised access", "unauthorized access", "unauthorised login", "unauthorized login", "new sign-in",
	"new login", "login from", "log-in from", "sign-in from", "login attempt", "sign-in attempt", "log in now", "login now", "sign in now", "click here immediately",
	"multi-factor authentication", "two-factor authentication", "mfa reset", "mfa enrolment", "duo security", "pending messages",
	"undelivered messages", "quarantined messages", "held messages", "voicemail message", "invoice attached", "overdue invoice",
	"payment required", "payment overdue", "outstanding balance", "tax refund", "salary adjustment", "payroll update",
	"tuition refund", "system upgrade", "email upgrade", "email migration", "mail server upgrade", "support ticket", "ticket number",
	"ticket id",
	/* German */
	"dringend*", "handlungsbedarf", "handlung erforderlich", "massnahme erforderlich", "sofort handeln", "sofortiges handeln",
	"umgehend", "unverzuglich", "letzte warnung", "letzte mahnung", "wichtige mitteilung", "sicherheitswarnung", "sicherheitshinweis",
	"sicherheitsmeldung", "sicherheitsvorfall", "sicherheitsupdate", "konto gesperrt", "kontosperrung", "konto bestatigen",
	"konto verifizieren", "kontoverifizierung", "kontouberprufung", "konto wird", "kennwort abgelaufen", "passwort abgelaufen",
	"passwort lauft ab", "passwort zurucksetzen", "passwort andern", "kennwort andern", "postfach voll", "postfach ist voll",
	"speicherplatz voll", "identitat bestatigen", "identitat verifizieren", "verdachtige aktivitat*", "verdachtige anmeldung",
	"ungewohnliche aktivitat*", "daten bestatigen", "daten aktualisieren",
	/* French */
	"action requise", "action necessaire", "de toute urgence", "avis important", "dernier avis", "dernier avertissement", "alerte de securite",
	"alerte securite", "avis de securite", "compte suspendu", "compte bloque", "compte desactive", "compte sera", "verification de compte",
	"verification du compte", "verifiez vos informations", "verifier vos informations", "mettez a jour vos informations",
	"confirmez votre identite", "verifiez votre identite", "verifier votre identite", "mot de passe expire", "mot de passe expirera",
	"reinitialiser le mot de passe", "boite pleine", "boite aux lettres pleine", "messagerie saturee", "quota depasse",
	"activite suspecte", "activite inhabituelle", "connexion suspecte", "immediatement", "dans les plus brefs delais",
	/* Spanish */
	"urgente", "urgentemente", "accion requerida", "accion necesaria", "accion inmediata", "se requiere accion", "aviso importante",
	"ultimo aviso", "alerta de seguridad", "aviso de seguridad", "cuenta suspendida", "cuenta bloqueada", "cuenta desactivada",
	"cuenta sera", "verificacion de cuenta", "verifique su identidad", "verifica tu identidad", "confirme su identidad",
	"actualice sus datos", "actualiza tus datos", "verifique sus datos", "contrasena caduca", "contrasena ha caducado",
	"contrasena expira", "restablecer contrasena", "buzon lleno", "actividad sospechosa", "actividad inusual", "inmediatamente",
	/* Italian */
	"azione richiesta", "azione necessaria", "azione immediata", "avviso importante", "ultimo avviso", "avviso di sicurezza",
	"allerta di sicurezza", "account sospeso", "account bloccato", "account disattivato", "verifica account", "verifica dell'account",
	"verifichi la sua identita", "verifica la tua identita", "aggiorna i tuoi dati", "aggiorni i suoi dati", "password scaduta",
	"password in scadenza", "reimposta la password", "casella piena", "attivita sospetta", "attivita insolita", "immediatamente",
	/* Dutch */
	"dringende*", "actie vereist", "actie nodig", "onmiddellijke actie", "belangrijke mededeling", "laatste waarschuwing",
	"beveiligingswaarschuwing", "beveiligingsmelding", "beveiligingsupdate", "account geblokkeerd", "account opgeschort",
	"account verifieren", "account bevestigen", "accountverificatie", "accountcontrole", "verifieer uw identiteit",
	"bevestig uw identiteit", "uw gegevens bijwerken", "werk uw gegevens bij", "wachtwoord verlopen", "wachtwoord verloopt",
	"wachtwoord wijzigen", "wachtwoord resetten", "postvak vol", "mailbox vol", "mailbox is vol", "verdachte activiteit",
	"verdachte aanmelding", "ongebruikelijke activiteit", "onmiddellijk", "spoed",
	/* Portuguese */
	"acao necessaria", "acao requerida", "acao imediata", "alerta de seguranca", "aviso de seguranca", "conta suspensa",
	"conta bloqueada", "verificacao de conta", "verifique a sua identidade", "confirme a sua identidade", "confirme os seus dados",
	"atualize os seus dados", "senha expirada", "senha expira", "palavra-passe expira", "caixa cheia", "atividade suspeita",
	"imediatamente",
	/* Swedish, Danish, Norwegian, Finnish */
	"bradskande", "atgard kravs", "omedelbart", "sakerhetsvarning", "verifiera ditt konto", "bekrafta ditt konto", "kontot sparras",
	"haster", "handling kraeves", "handling kreves", "ojeblikkelig", "omgaende", "sikkerhedsadvarsel", "sikkerhetsvarsel",
	"bekraeft din konto", "bekreft kontoen", "kiireellinen", "toimenpiteita vaaditaan", "vahvista tilisi", "tietoturvavaroitus",
	/* Polish, Czech, Russian, Ukrainian, Turkish, Greek, Chinese, Japanese, Korean, Arabic, Hebrew, Persian */
	"pilne", "wymagane dzialanie", "natychmiast*", "potwierdz swoje konto", "zweryfikuj konto", "zweryfikuj swoje konto",
	"haslo wygasa", "haslo wygaslo", "alert bezpieczenstwa", "nalehave", "vyzadovana akce", "overte svuj ucet", "overte ucet", "heslo vyprsi",
	"bezpecnostni upozorneni", "срочно", "требуется действие", "подтвердите аккаунт", "подтвердите учетную запись",
	"ваша учетная запись", "ваш аккаунт", "пароль истекает", "смените пароль", "немедленно", "терміново", "підтвердьте обліковий запис",
	"ваш обліковий запис", "acilen", "acil islem", "acil durum bildirimi", "islem gerekli", "hesabinizi dogrulayin", "hesabiniz", "sifreniz", "sifrenizi", "επειγον", "επειγουσα",
	"επιβεβαιωστε τον λογαριασμο", "κωδικος σας", "λογαριασμος σας", "紧急", "立即", "验证您的账户", "验证您的帐户", "您的账户", "您的帐户", "您的密码", "密码过期",
	"账户已", "至急", "緊急", "アカウントの確認", "アカウントが", "パスワードの", "パスワードを", "긴급", "계정을 확인", "계정 확인", "비밀번호", "عاجل",
	"حسابك", "كلمة المرور", "تحقق من حسابك", "דחוף", "אמת את חשבונך", "חשבונך", "הסיסמה שלך", "فوری", "حساب شما", "رمز عبور", NULL,
};

const char *const CLAIM_YOURS[] = {
	"your", "ur", "yr", "ihr", "ihre", "ihren", "ihrem", "ihres", "dein", "deine", "deinen", "deinem", "votre", "vos", "ton", "ta", "su", "sus",
	"tu", "tus", "vuestra", "suo", "sua", "tuo", "tua", "vostro", "uw", "je", "jouw", "seu", "teu", "ditt", "din", "deres", "twoje", "twojego", "swoje",
	"vas", "vase", "svuj", NULL,
};

const char *const CLAIM_OBJECTS[] = {
	"account", "accounts", "password", "passwords", "passphrase", "passcode", "mailbox", "mailboxes", "inbox", "webmail", "credentials",
	"login", "log-in", "logon", "username", "user id", "userid", "netid", "pin", "konto", "kontos", "benutzerkonto", "nutzerkonto", "e-mail-konto",
	"passwort", "passworter", "kennwort", "kennworts", "postfach", "postfachs", "zugangsdaten", "anmeldedaten", "compte", "mot de passe",
	"boite mail", "boite aux lettres", "boite de reception", "messagerie", "identifiants", "cuenta", "contrasena", "buzon", "credenciales",
	"casella", "credenziali", "conta", "senha", "palavra-passe", "caixa de correio", "wachtwoord", "postvak", "inloggegevens",
	"losenord", "adgangskode", "passord", "postlada", "brevlada", "haslo", "hasla", "ucet", "heslo", NULL,
};
