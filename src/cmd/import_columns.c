/*
 * Columns: see import_columns.h. Header words are compared without case,
 * accents, blanks and punctuation, so that "E-Mail-Adresse:" and "e mail
 * adresse" are one word. What no word is made of stays a field of its own:
 * no column is dropped unseen.
 */
#include "cmd/import_columns.h"

#include "base/utf8.h"
#include "mail/address.h"

#include <unictype.h>
#include <uninorm.h>

#define FIELD_MAX 40

/* Compared as plain() makes them. */
static const char *const ADDRESS_WORDS[] = {
	"email", "emails", "mail", "emailaddress", "mailaddress", "address", "emailid", "primaryemail", "recipient",
	"emailadresse", "mailadresse", "epost", "epostadresse", "elektronischepost",             /* German */
	"courriel", "mel", "adressemail", "adresseemail", "adressecourriel", "adresseelectronique", /* French */
	"correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "direccionemail", /* Spanish */
	"correioeletronico", "correioelectronico", "enderecodeemail",                               /* Portuguese */
	"postaelettronica", "indirizzoemail", "indirizzomail",                                      /* Italian */
	"emailadres", "mailadres",                                                                  /* Dutch */
	"epostadress", "mailadress", "epostadr",                                                    /* Swedish, Norwegian */
	"sahkoposti", "sahkopostiosoite", "eposti",                                                 /* Finnish, Estonian */
	"adresemail", "adresemailowy", "poczta", "emailovaadresa", "eposta", "epostaadresi", "emailcim",
	"adresademail", "ebost", "cyfeiriadebost", "riomhphost", "tolvupostfang", "netfang",
	"почта", "электроннаяпочта", "электронныйадрес", "адресэлектроннойпочты", "имейл", "емейл",
	"електроннапошта", "ηλεκτρονικοταχυδρομειο", "ημεηλ",
	"邮箱", "电子邮箱", "电子邮件", "电子邮件地址", "邮件地址", "電子郵件", "電郵", "信箱",
	"メール", "メールアドレス", "eメール", "電子メール", "이메일", "이메일주소", "전자우편",
	"البريدالالكتروني", "بريدالكتروني", "الايميل", "אימייל", "מייל", "דואראלקטרוני", "ईमेल",
};

static const char *const NAME_WORDS[] = {
	"name", "fullname", "displayname", "vollername", "vorundnachname", "nom", "nomcomplet", "nometprenom", "nombre",
	"nombrecompleto", "nombreyapellidos", "nome", "nomecompleto", "nomeecognome", "naam", "volledigenaam", "namn",
	"navn", "nimi", "imieinazwisko", "jmenoaprijmeni", "adsoyad", "adisoyadi", "nev", "nume", "enw", "имя", "фио",
	"імя", "ονομα", "ονοματεπωνυμο", "姓名", "名字", "氏名", "名前", "お名前", "이름", "성명", "الاسم", "שם", "नाम",
};

/* Hangul and kana are taken apart by NFKD too: what is compared is, on both sides. */
static char *plain(struct arena *a, const char *s)
{
	size_t n = 0, len, used = 0;
	uint8_t *apart = u8_normalize(UNINORM_NFKD, (const uint8_t *)s, strlen(s), NULL, &n);
	char *out;

	if (!apart)
		return arena_text(a, "");
	out = arena_alloc(a, 4 * n + 1);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = utf8_char((const char *)apart + i, n - i, &len);

		if (uc_is_general_category(c, UC_CATEGORY_L) || uc_is_general_category(c, UC_CATEGORY_Nd))
			used += utf8_put(c, out + used);
	}
	free(apart);
	out[used] = '\0';
	return utf8_lower(a, out);
}

static bool is_one_of(struct arena *a, const char *word, const char *const *list, size_t n)
{
	const char *wanted = plain(a, word);

	for (size_t i = 0; i < n; i++)
		if (strcmp(wanted, plain(a, list[i])) == 0)
			return true;
	return false;
}

static bool is_address_word(struct arena *a, const char *s)
{
	return is_one_of(a, s, ADDRESS_WORDS, COUNT(ADDRESS_WORDS));
}

/* How letters are written without what Unicode does not take apart; "" for those of other scripts. */
static const char *in_ascii(uint32_t c)
{
	static const struct {
		uint32_t upper, lower;
		const char *text;
	} LETTERS[] = { { 0x1E9E, 0xDF, "ss" }, { 0xC6, 0xE6, "ae" }, { 0x152, 0x153, "oe" }, { 0xD8, 0xF8, "o" },
			{ 0x141, 0x142, "l" }, { 0x110, 0x111, "d" }, { 0xD0, 0xF0, "d" }, { 0xDE, 0xFE, "th" },
			{ 0, 0x131, "i" } };

	for (size_t i = 0; i < COUNT(LETTERS); i++)
		if (c == LETTERS[i].upper || c == LETTERS[i].lower)
			return LETTERS[i].text;
	return "";
}

/* A header word as a field name: [a-z][a-z0-9_]*, accents taken off; "column_3" where nothing is left of it. */
static const char *field_name(struct arena *a, const char *header, size_t place)
{
	size_t n = 0, used = 0, len;
	uint8_t *apart = u8_normalize(UNINORM_NFKD, (const uint8_t *)header, strlen(header), NULL, &n);
	char *out = arena_alloc(a, FIELD_MAX + 3);

	for (size_t i = 0; apart && i < n && used < FIELD_MAX; i += len) {
		uint32_t c = utf8_char((const char *)apart + i, n - i, &len);

		if (c < 0x80 && (c | 32) >= 'a' && (c | 32) <= 'z')
			out[used++] = (char)(c | 32);
		else if (c >= '0' && c <= '9' && used)
			out[used++] = (char)c;
		else if (c < 0x80 && used && out[used - 1] != '_')
			out[used++] = '_';
		else
			for (const char *as = in_ascii(c); *as; as++)
				out[used++] = *as;
	}
	free(apart);
	while (used && out[used - 1] == '_')
		used--;
	out[used] = '\0';
	return used ? out : arena_printf(a, "column_%zu", place + 1);
}

static bool is_field(const char *s)
{
	size_t n = strlen(s);

	return n && n <= FIELD_MAX && s[0] >= 'a' && s[0] <= 'z' && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static const char *columns_text(struct arena *a, const struct import_columns *cols)
{
	const char *s = "";

	for (size_t i = 0; i < cols->n && strlen(s) < 400; i++)
		s = arena_printf(a, "%s%s'%.60s'", s, *s ? ", " : "", cols->name[i]);
	return s;
}

static int find_column(struct arena *a, const struct import_columns *cols, const char *name, size_t n, const char *option,
		       int *out, struct err *e)
{
	*out = -1;
	for (size_t i = 0; i < cols->n && *out < 0; i++)
		if (strlen(cols->name[i]) == n && strncmp(cols->name[i], name, n) == 0)
			*out = (int)i;
	return *out >= 0 ? 0
			 : err_set(e, ERR_INPUT, "%s %.*s: there is no such column; the columns are %s", option, (int)n, name,
				   columns_text(a, cols));
}

/* --- what was said ----------------------------------------------------------------------------- */

struct said {
	const char *field[TABLE_COLUMNS_MAX]; /* by --map; NULL: nothing was said */
	bool skip[TABLE_COLUMNS_MAX];
};

static int hear_map(struct arena *a, const char *map, const struct import_columns *cols, struct said *s, struct err *e)
{
	const char *equals = strrchr(map, '=');
	int at;

	if (!equals || !is_field(equals + 1))
		return err_set(e, ERR_INPUT, "--map %s: wanted is COLUMN=FIELD, FIELD being address, name, or a word of a-z, 0-9 and _",
			       map);
	if (find_column(a, cols, map, (size_t)(equals - map), "--map", &at, e) < 0)
		return -1;
	for (size_t i = 0; i < cols->n; i++)
		if (s->field[i] && i != (size_t)at && strcmp(s->field[i], equals + 1) == 0 && strcmp(equals + 1, "address") != 0)
			return err_set(e, ERR_INPUT, "--map %s: column '%s' is mapped to %s already", map, cols->name[i], equals + 1);
	s->field[at] = equals + 1;
	return 0;
}

static int hear(struct arena *a, const struct import_columns_wanted *w, const struct import_columns *cols, struct said *s,
		struct err *e)
{
	int at;

	for (const char *const *m = w->map; *m; m++)
		if (hear_map(a, *m, cols, s, e) < 0)
			return -1;
	for (const char *const *k = w->skip; *k; k++) {
		if (find_column(a, cols, *k, strlen(*k), "--skip", &at, e) < 0)
			return -1;
		s->skip[at] = true;
	}
	return 0;
}

/* --- guessing ---------------------------------------------------------------------------------- */

static bool is_address(struct arena *a, const char *cell)
{
	struct address addr;
	struct err ignored = { 0 };

	return strchr(cell, '@') && address_parse(a, cell, &addr, &ignored) == 0;
}

/* A header names things; a row of a file without one holds an address already. */
static bool has_header(struct arena *a, const struct table_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (is_address(a, row->cell[i]))
			return false;
	return true;
}

static void name_columns(struct arena *a, const struct table_row *row, struct import_columns *out)
{
	for (size_t i = 0; i < row->n; i++) {
		const char *s = row->cell[i] + strspn(row->cell[i], " \t\r\n");
		size_t n = strlen(s);

		while (n && strchr(" \t\r\n", s[n - 1]))
			n--;
		out->name[i] = out->header ? arena_text_n(a, s, n) : arena_printf(a, "%zu", i + 1);
	}
}

/* What placet import adds behind the columns of a file of rejected rows. */
static size_t own_columns(const struct import_columns *cols)
{
	static const char *const OWN[] = { "line", "reason", "mend" };

	if (cols->n <= COUNT(OWN))
		return 0;
	for (size_t i = 0; i < COUNT(OWN); i++)
		if (strcmp(cols->name[cols->n - COUNT(OWN) + i], OWN[i]) != 0)
			return 0;
	return COUNT(OWN);
}

static bool is_taken(const struct import_columns *cols, const struct said *s, const char *field, size_t but)
{
	for (size_t i = 0; i < cols->n; i++)
		if (i != but && ((cols->field[i] && strcmp(cols->field[i], field) == 0) ||
				 (s->field[i] && strcmp(s->field[i], field) == 0)))
			return true;
	return false;
}

/* Two columns never share a field: the second is named by its place. */
static const char *guess_field(struct arena *a, const struct import_columns *cols, const struct said *s, size_t i)
{
	const char *field = "name";

	if (!is_one_of(a, cols->name[i], NAME_WORDS, COUNT(NAME_WORDS)) || is_taken(cols, s, field, i))
		field = field_name(a, cols->header ? cols->name[i] : "", i);
	/* "address" is where mail goes: a street is a field by another name. */
	if (strcmp(field, "address") == 0 || is_taken(cols, s, field, i))
		field = arena_printf(a, "%.*s_%zu", FIELD_MAX - 5, field, i + 1);
	return field;
}

static int find_address(struct arena *a, const struct table_row *row, const struct said *s, struct import_columns *out,
			struct err *e)
{
	bool mapped = false;
	int found = 0;

	for (size_t i = 0; i < out->n; i++)
		mapped = mapped || (s->field[i] && strcmp(s->field[i], "address") == 0);
	for (size_t i = 0; i < out->n; i++) {
		bool is = mapped ? s->field[i] && strcmp(s->field[i], "address") == 0 :
			  s->field[i] || s->skip[i] ? false :
			  out->header ? is_address_word(a, out->name[i]) : is_address(a, row->cell[i]);

		if (!is)
			continue;
		out->address = (int)i;
		found++;
	}
	if (found == 1)
		return 0;
	return err_set(e, ERR_INPUT, "%s; name it with --map COLUMN=address; the columns are %s%s",
		       found ? "more than one address column" : "no address column", columns_text(a, out),
		       found ? "" : "; if that is not the header, delete the lines above it");
}

int import_columns_read(struct arena *a, const struct import_columns_wanted *w, const struct table_row *row,
			struct import_columns *out, struct err *e)
{
	struct said said = { { NULL }, { false } };

	if (row->fault)
		return err_set(e, ERR_INPUT, "line %lld: %s", (long long)row->line, row->fault);
	*out = (struct import_columns){ .n = row->n, .cells = row->n, .address = -1, .consent = -1, .date = -1, .header = has_header(a, row) };
	name_columns(a, row, out);
	out->n -= out->header ? own_columns(out) : 0;
	if (hear(a, w, out, &said, e) < 0 || find_address(a, row, &said, out, e) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		if ((int)i != out->address && !said.skip[i])
			out->field[i] = said.field[i] ? said.field[i] : guess_field(a, out, &said, i);
	if (w->consent_column && find_column(a, out, w->consent_column, strlen(w->consent_column), "--consent-column",
					     &out->consent, e) < 0)
		return -1;
	return w->date_column ? find_column(a, out, w->date_column, strlen(w->date_column), "--consent-date-column",
					    &out->date, e)
			      : 0;
}
