/*
 * The demonstration's people and texts: see demo_data.h. Names are put
 * together from tables, one table for each way of writing; every so many rows
 * the cell of the address is spoilt in a way in which real ones are.
 */
#include "cmd/demo_data.h"

#include "base/base.h"

const char DEMO_SUMMARY[] =
	"Rain falls unevenly, and nowhere more so than on a town between hills. Since 2019 some three hundred\n"
	"people of Sampleton and its valleys have read a rain gauge in their garden or on their roof each morning,\n"
	"and written down what they found. From their readings we draw maps of each storm, by which the town\n"
	"decides where water should have room.\n\n"
	"**Taking part** is voluntary. You can stop at any time, and nobody asks why.\n";

const char DEMO_AUDIENCE[] =
	"People who read one of our gauges, and people who signed a form at the Rain Day in the town hall to say that\n"
	"they might. We write about four times a year: with the results, with questions about the gauges, and when a\n"
	"new round begins. There is no other reason for which we write.\n";

const char DEMO_DATA_USE[] =
	"- **Readings** are stored with the number of the gauge, not with a name. They are published as maps, and in ten\n"
	"  years' time as a table.\n"
	"- **Your address** is kept apart from them, for writing to you, until you leave or the study ends in 2029.\n"
	"- Nobody outside of the department sees either of them with your name.\n";

const char DEMO_FIRST_DRAFT[] =
	"Dear {{name|participant}},\n\n"
	"this is a message from IT Services. To keep your place in the survey,\n"
	"please [confirm your details](https://gauge-login.example.net/verify)\n"
	"within 24 hours.\n\n"
	"IT Services, University of Sampleton\n";

const char DEMO_SECOND_DRAFT[] =
	"Dear {{name|rain watcher}},\n\n"
	"since {{year|some years}} you have been reading a rain gauge for us at\n"
	"{{site|your home}}. Thank you: with almost three hundred others you have\n"
	"shown how unevenly rain falls on one town.\n\n"
	"Before the winter we would like to ask **four questions**, which take about\n"
	"as many minutes:\n\n"
	"1. Does the gauge still stand where it stood?\n"
	"2. Has anything grown or been built near it?\n"
	"3. On which mornings could you not read it?\n"
	"4. What did you see that no gauge can measure?\n\n"
	"[The four questions](https://rain.sampleton.example/q?gauge={{gauge|0}})\n"
	"are there until the end of the month.\n\n"
	"{{if page}}\n"
	"Your own curve is on [the page of your gauge]({{page}}).\n"
	"{{else}}\n"
	"The page of your gauge is being made.\n"
	"{{end}}\n\n"
	"And what came of the last ones: here is what the readings say of the storm\n"
	"in September.\n\n"
	"![](storm)\n\n"
	"| Where | Millimetres | Gauges |\n"
	"|:------|------------:|-------:|\n"
	"| Mill Lane | 41 | 38 |\n"
	"| Castle Hill | 17 | 52 |\n"
	"| Harbour | 26 | 44 |\n\n"
	"With thanks, also for every *nothing* that you wrote down: those are readings\n"
	"too,\n\n"
	"Ottilie Marsh\n";

const char DEMO_GERMAN_DRAFT[] =
	"Guten Tag {{name|und danke}},\n\n"
	"seit {{year|einigen Jahren}} lesen Sie für uns einen Regenmesser ab.\n\n"
	"Vor dem Winter möchten wir Ihnen **vier Fragen** stellen: hier sind\n"
	"[die Fragen](https://rain.sampleton.example/q?gauge={{gauge|0}}).\n\n"
	"{{if page}}\n"
	"Ihre eigene Kurve ist auf [der Seite Ihres Regenmessers]({{page}}).\n"
	"{{end}}\n\n"
	"![](storm)\n\n"
	"Ottilie Marsh\n";

/* What three places got in the storm: bars, 240 x 96, four colours. */
const uint8_t DEMO_PICTURE[] = {
	0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
	0x00, 0xf0, 0x00, 0x00, 0x00, 0x60, 0x02, 0x03, 0x00, 0x00, 0x00, 0x5e, 0x5d, 0x17, 0x42, 0x00, 0x00, 0x00,
	0x0c, 0x50, 0x4c, 0x54, 0x45, 0xff, 0xfd, 0xf9, 0x4f, 0x8f, 0xa8, 0x0b, 0x55, 0x63, 0x5c, 0x55, 0x4b, 0xa2,
	0x49, 0x03, 0x2a, 0x00, 0x00, 0x00, 0x49, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0xed, 0xd4, 0xc1, 0x09, 0x00,
	0x21, 0x0c, 0x00, 0x41, 0x9b, 0xb4, 0x49, 0x9b, 0xd4, 0xaf, 0x20, 0x8a, 0x88, 0x70, 0x5c, 0x9c, 0x7d, 0x86,
	0xcc, 0x33, 0x49, 0x49, 0x0a, 0x5d, 0xe9, 0x7a, 0x05, 0xe7, 0x2e, 0x18, 0x86, 0x61, 0xf8, 0x26, 0x9e, 0xbe,
	0xe7, 0xc0, 0x78, 0xba, 0x03, 0xc3, 0xbf, 0xc2, 0xe3, 0x19, 0xc4, 0xc7, 0x3b, 0x13, 0x18, 0x86, 0x61, 0xf8,
	0x2d, 0x5c, 0x0f, 0xfb, 0x18, 0x4b, 0xeb, 0x1a, 0x3f, 0x92, 0x25, 0x06, 0xed, 0x68, 0x4c, 0x7b, 0x00, 0x00,
	0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
};
const size_t DEMO_PICTURE_SIZE = sizeof(DEMO_PICTURE);

const char DEMO_MOVED[] = "@moved\\.example$";

/* --- names ------------------------------------------------------------------------------------- */

struct word {
	const char *written, *plain; /* plain: as it stands in an address */
};

#define NAMES_MAX 14

struct tongue {
	const char *between; /* given and family name */
	bool family_first;
	struct word given[NAMES_MAX], family[NAMES_MAX];
};

static const struct tongue TONGUES[] = {
	{ " ", false,
	  { { "Agnes", "agnes" }, { "Basil", "basil" }, { "Cora", "cora" }, { "Duncan", "duncan" },
	    { "Edith", "edith" }, { "Felix", "felix" }, { "Grace", "grace" }, { "Hugh", "hugh" },
	    { "Imogen", "imogen" }, { "Jasper", "jasper" }, { "Kitty", "kitty" }, { "Leo", "leo" },
	    { "Mabel", "mabel" }, { "Ned", "ned" } },
	  { { "Ashdown", "ashdown" }, { "Brook", "brook" }, { "Coombes", "coombes" }, { "Drake", "drake" },
	    { "Everly", "everly" }, { "Fenn", "fenn" }, { "Garth", "garth" }, { "Heather", "heather" },
	    { "Ingham", "ingham" }, { "Kerr", "kerr" }, { "Lock", "lock" }, { "O'Shea", "oshea" } } },
	{ " ", false,
	  { { "Jörg", "joerg" }, { "Zoë", "zoe" }, { "Łucja", "lucja" }, { "Børge", "boerge" },
	    { "Chloé", "chloe" }, { "Núria", "nuria" } },
	  { { "Müller", "mueller" }, { "Dąbrowska", "dabrowska" }, { "Ångström", "angstrom" }, { "Peña", "pena" } } },
	{ " ", false,
	  { { "Ελένη", "eleni" }, { "Νίκη", "niki" }, { "Άννα", "anna" } },
	  { { "Παππά", "pappa" }, { "Κόκκινου", "kokkinou" }, { "Βλάχου", "vlachou" }, { "Δούκα", "douka" } } },
	{ " ", false,
	  { { "Ольга", "olha" }, { "Тарас", "taras" }, { "Марко", "marko" } },
	  { { "Іваненко", "ivanenko" }, { "Шевчук", "shevchuk" }, { "Бондар", "bondar" },
	    { "Лисенко", "lysenko" } } },
	{ "", true,
	  { { "雨桐", "yutong" }, { "思远", "siyuan" }, { "晓梅", "xiaomei" } },
	  { { "李", "li" }, { "陈", "chen" }, { "周", "zhou" }, { "林", "lin" } } },
	{ "", true,
	  { { "さくら", "sakura" }, { "健太", "kenta" }, { "美咲", "misaki" } },
	  { { "高橋", "takahashi" }, { "森", "mori" }, { "河合", "kawai" }, { "石田", "ishida" } } },
	{ "", true,
	  { { "민준", "minjun" }, { "서연", "seoyeon" }, { "지우", "jiwoo" } },
	  { { "김", "kim" }, { "박", "park" }, { "최", "choi" }, { "윤", "yoon" } } },
	{ " ", false,
	  { { "ليلى", "layla" }, { "سامي", "sami" }, { "نور", "nour" } },
	  { { "حداد", "haddad" }, { "منصور", "mansour" }, { "خوري", "khoury" }, { "مراد", "murad" } } },
	{ " ", false,
	  { { "תמר", "tamar" }, { "יונתן", "yonatan" }, { "נועה", "noa" } },
	  { { "לוי", "levi" }, { "שפירא", "shapira" }, { "ברק", "barak" }, { "אלון", "alon" } } },
	{ " ", false,
	  { { "आशा", "asha" }, { "रवि", "ravi" }, { "मीरा", "mira" } },
	  { { "शर्मा", "sharma" }, { "पाटिल", "patil" }, { "जोशी", "joshi" }, { "राव", "rao" } } },
	{ " ", true,
	  { { "Thảo", "thao" }, { "Đức", "duc" }, { "Hạnh", "hanh" } },
	  { { "Nguyễn", "nguyen" }, { "Trần", "tran" }, { "Phạm", "pham" }, { "Vũ", "vu" } } },
	{ " ", false,
	  { { "สมชาย", "somchai" }, { "มาลี", "malee" }, { "ปรีชา", "preecha" } },
	  { { "แสงดี", "saengdee" }, { "ใจงาม", "jaingam" }, { "ทองสุข", "thongsuk" }, { "วงศ์ไทย", "wongthai" } } },
};

static const char *const SITES[] = { "Mill Lane",      "Castle Hill", "Harbour",          "Old Observatory",
				     "Kew Allotments", "Weir House",  "St Bride's Close", "Upper Ford",
				     "Quarry Road",    "" };

static const char *const DOMAINS[] = { "riverpost.example", "upland.example.org", "hillmail.example.net",
				       "lantern.example",   "post.example.com",   "sampleton.example",
				       "kanal.test" };

static size_t count_words(const struct word *w)
{
	size_t n = 0;

	while (n < NAMES_MAX && w[n].written)
		n++;
	return n;
}

struct person {
	char name[80], address[100], year[8];
	const char *site;
};

/* The n-th person, of one in two rows of the first tongue. */
static void make_person(int n, struct person *p)
{
	const struct tongue *t = &TONGUES[n % 2 ? 1 + n / 2 % (int)(COUNT(TONGUES) - 1) : 0];
	size_t k = n % 2 ? (size_t)n / 2 / (COUNT(TONGUES) - 1) : (size_t)n / 2;
	size_t g = count_words(t->given), f = count_words(t->family);
	const struct word *given, *family, *first, *last;

	MUST(g && f); /* no tongue of the table is without names */
	given = &t->given[k % g];
	family = &t->family[(k / g + k % g) % f];
	first = t->family_first ? family : given;
	last = t->family_first ? given : family;
	snprintf(p->name, sizeof(p->name), "%s%s%s", first->written, t->between, last->written);
	snprintf(p->address, sizeof(p->address), "%s.%s@%s", given->plain, family->plain,
		 DOMAINS[(size_t)n % COUNT(DOMAINS)]);
	snprintf(p->year, sizeof(p->year), "%d", 2019 + n * 5 % 7);
	p->site = SITES[(size_t)n * 7 % COUNT(SITES)];
}

/* --- the spreadsheet --------------------------------------------------------------------------- */

#define GOOD 264

/* An address as somebody may have pasted it. All of these can be read. */
static void put_address(struct buf *out, int n, const struct person *p)
{
	if (n % 17 == 3)
		buf_addf(out, "\"%s <%s>\"", p->name, p->address);
	else if (n % 29 == 5)
		buf_addf(out, "mailto:%s", p->address);
	else if (n % 13 == 4)
		buf_addf(out, "  %s ", p->address);
	else if (n % 31 == 7)
		buf_addf(out, "\"%s,\"", p->address);
	else
		buf_adds(out, p->address);
}

static void put_person(struct buf *out, int n, bool consented)
{
	struct person p;

	make_person(n, &p);
	buf_addf(out, "%s,", p.name);
	put_address(out, n, &p);
	buf_addf(out, ",%s,%s,", p.year, p.site);
	if (consented)
		buf_addf(out, "Form %04d,%s-%02d-%02d", 1000 + n * 37, p.year, 1 + n % 12, 1 + n % 28);
	else
		buf_adds(out, ",");
	buf_addf(out, ",%s,%d,https://rain.sampleton.example/gauges/%d", n % (int)COUNT(TONGUES) == 1 ? "de" : "en", n + 1, n + 1);
	buf_adds(out, n % 41 == 9 ? "\r\n,,,,,,,,\r\n" : "\r\n");
}

/* Rows that are wrong in a way that no program can mend. */
static const char *const BROKEN[] = {
	"Maud Pike,maud.pike(at)riverpost.example,2021,Harbour,Form 5001,2021-05-02",
	"Jan de Vries,jan de vries@upland.example.org,2020,Mill Lane,Form 5002,2020-06-11",
	"Pia and Ole Lund,pia.lund@lantern.example; ole.lund@lantern.example,2022,Upper Ford,Form 5003,2022-04-30",
	"Ruth Sandys,ruth.sandys@riverpost..example,2023,Quarry Road,Form 5004,2023-03-08",
	"Tom Weir,n/a,2019,Weir House,Form 5005,2019-10-01",
	"Ida Holm,,2024,Harbour,Form 5006,2024-09-14",
	"Sam Pryor,sam.pryor@upland.example.org,2022,Castle Hill,Form 5007,spring 2022",
	"Quince, Peter,peter.quince@lantern.example,2021,Mill Lane,Form 5008,2021-07-19",
};

/* Nobody in particular reads these. */
static const char *const SHARED[] = {
	"Parish office,office@stbride.example,2020,St Bride's Close,Form 6001,2020-02-17",
	"School,info@hillschool.example,2021,Castle Hill,Form 6002,2021-09-06",
	"Allotment society,allotments@lists.kew.example,2019,Kew Allotments,Form 6003,2019-04-12",
	"Harbour master,team@harbour.example,2023,Harbour,Form 6004,2023-01-23",
};

/* Individuals whose addresses only look odd. */
static const char *const ODD[] = {
	"Ξένια Ράπτη,ξένια@riverpost.example,2024,Weir House,Form 7001,2024-05-27",
	"Anna Bücher,anna@anna-bücher.example,2022,Quarry Road,Form 7002,2022-11-03",
};

static const char *const MOVED[] = {
	"Silas Reeve,silas.reeve@moved.example,2019,Old Observatory,Form 8001,2019-08-15",
	"Wanda Kerr,wanda.kerr@moved.example,2020,Harbour,Form 8002,2020-12-01",
};

static void put_rows(struct buf *out, const char *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s\r\n", rows[i]);
}

/* The same people again: as they are, in capitals, with a tag. */
static int put_twice(struct buf *out)
{
	static const int WHO[] = { 12, 40, 98, 133, 160, 202, 250 };
	struct person p;

	for (size_t i = 0; i < COUNT(WHO); i++) {
		make_person(WHO[i], &p);
		buf_addf(out, "%s,", p.name);
		for (char *c = p.address; *c; c++) {
			if (i % 3 == 1 && *c >= 'a' && *c <= 'z')
				buf_addc(out, (char)(*c - 'a' + 'A'));
			else if (i % 3 == 2 && *c == '@')
				buf_adds(out, "+rain@");
			else
				buf_addc(out, *c);
		}
		buf_addf(out, ",%s,%s,Form %04d,%s-11-11\r\n", p.year, p.site, 9000 + WHO[i], p.year);
	}
	return (int)COUNT(WHO);
}

void demo_people(struct buf *out, struct demo_expected *x)
{
	*x = (struct demo_expected){ .rejected = (int)COUNT(BROKEN),
				     .shared = (int)COUNT(SHARED),
				     .moved = (int)COUNT(MOVED) };
	buf_adds(out, "Name,E-mail,Year,Site,Consent form,Signed on,Language,Gauge,Page\r\n");
	for (int n = 0; n < GOOD; n++) {
		bool consented = n % 24 != 11;

		x->no_consent += !consented;
		put_person(out, n, consented);
		if (n == 120)
			put_rows(out, BROKEN, COUNT(BROKEN));
		if (n == 200)
			put_rows(out, SHARED, COUNT(SHARED));
	}
	put_rows(out, ODD, COUNT(ODD));
	put_rows(out, MOVED, COUNT(MOVED));
	x->known = put_twice(out);
	x->added = GOOD + (int)(COUNT(SHARED) + COUNT(ODD) + COUNT(MOVED));
	x->rows = x->added + x->known + x->rejected;
}

bool demo_accepts(const char *flags, const char **why)
{
	if (strstr(flags, "role") || strstr(flags, "list-address")) {
		*why = "a shared mailbox: asked for an address each";
		return false;
	}
	*why = strstr(flags, "non-ascii-local") ? "hers alone: she wrote from it in October"
						: "telephoned: both spellings are this one person's";
	return true;
}
