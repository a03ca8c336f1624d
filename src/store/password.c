/*
 * Passwords: see password.h. What is asked of one is length, and that it is
 * not among the first that anybody tries; never a mixture of characters
 * (AUT-1). The list holds only what the rule of eight characters leaves.
 * A password is hashed in NFC, since keyboards differ in how they write an
 * accent: whoever compares one later must do the same.
 */
#include "store/password.h"

#include <sodium.h>
#include <strings.h>

#include "base/utf8.h"

_Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "a hash fits");

/* In lower case; compared without regard to it. */
static const char *const COMMON[] = {
	"00000000", "0123456789", "01234567", "012345678", "0987654321", "10203040", "1029384756", "11111111",
	"111111111", "1111111111", "11223344", "1122334455", "12121212", "12312312", "123123123", "12341234",
	"12344321", "1234512345", "12345678", "123456789", "1234567890", "12345678910", "123456789a",
	"123456789q", "1234567891", "12345678a", "12345678q", "123456abc", "1234qwer", "123abc123", "123qweasd",
	"123qweasdzxc", "147258369", "159753456", "1q2w3e4r", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx",
	"1qaz2wsx3edc", "1qazxsw2", "22222222", "55555555", "66666666", "77777777", "789456123", "87654321",
	"88888888", "987654321", "9876543210", "99999999", "a1234567", "a12345678", "a123456789", "a1b2c3d4",
	"aa123456", "aa12345678", "aaaaaaaa", "abc12345", "abc123456", "abcd1234", "abcdefgh", "abcdefghi",
	"access14", "adminadmin", "admin123", "admin1234", "admin12345", "administrator", "alexander", "asdf1234",
	"asdfasdf", "asdfghjk", "asdfghjkl", "babygirl", "barcelona", "baseball", "baseball1", "basketball",
	"bismillah", "butterfly", "carolina", "changeme", "changeme1", "charlie1", "chelsea1", "chocolate",
	"christian", "christmas", "computer", "consumer", "corvette", "danielle", "december", "default1",
	"dolphins", "dragon123", "einstein", "elephant", "elizabeth", "facebook",
	"football", "football1", "garfield", "gateway1", "gfhjkm123", "godzilla", "greenday",
	"hallo123", "hellohello", "hello123", "hello1234", "helloworld", "iloveyou", "iloveyou1", "iloveyou2",
	"iloveyou!", "internet", "jennifer", "jessica1", "jonathan", "jordan23", "justin123", "kennwort",
	"kennwort1", "letmein1", "letmein123", "letmeinnow", "liverpool",
	"liverpool1", "lovelove", "loveyou1", "marlboro", "master123", "matthew1", "maverick", "mercedes",
	"metallica", "michael1", "michelle", "microsoft", "midnight", "minecraft", "monkey123", "motdepasse",
	"mustang1", "mypassword", "newpassword", "nicholas", "november", "p4ssw0rd", "p@$$w0rd", "p@$$word",
	"p@ssw0rd", "p@ssw0rd1", "p@ssw0rd123", "p@ssword", "p@ssword1", "pa$$w0rd", "pa$$word", "pa55w0rd",
	"pa55word", "parola123", "pass1234", "pass12345", "pass@123", "pass@1234", "passport", "passw0rd",
	"passw0rd1", "passwort", "passwort1", "passwort12", "passwort123", "password", "password!", "password0",
	"password01", "password1", "password1!", "password11", "password12", "password123", "password123!",
	"password1234", "password2", "password3", "password@123", "passwordpassword", "patricia", "placet123",
	"placetplacet", "pokemon1", "portugal", "princess", "princess1", "q1w2e3r4", "q1w2e3r4t5", "q1w2e3r4t5y6",
	"qazwsx123", "qazwsxedc", "qqww1122", "qwer1234", "qwerasdf", "qwert123", "qwert1234", "qwert12345",
	"qwerty01", "qwerty11", "qwerty12", "qwerty123", "qwerty1234", "qwerty12345", "qwerty123456", "qwertyui",
	"qwertyuiop", "qwertyuiop123", "qwertz123", "qwertzui", "qwertzuiop", "rainbow1", "research", "research1",
	"rush2112", "samantha", "samsung1", "sandiego", "scorpion", "september", "shadow123", "slipknot",
	"snowball", "somebody", "spiderman", "starwars", "startrek", "steelers", "student1", "student123",
	"sunshine", "sunshine1", "superman", "superman1", "superstar", "swordfish", "temp1234", "temporary",
	"test1234", "test12345", "testtest", "testing1", "testing123", "therock1", "tinkerbell", "trustno1",
	"unicorn1", "universe", "university", "university1", "veronica", "victoria", "volleyball", "welcome01",
	"welcome1", "welcome12", "welcome123", "welcome1234", "welcome!", "welcome@123", "westside", "whatever",
	"william1", "willkommen", "willkommen1", "xxxxxxxx", "yankees1", "zaq12wsx", "zaq1zaq1", "zxcvbnm1",
	"zxcvbnm123", "zxcvbnm,", "zzzzzzzz", "correcthorsebatterystaple", "correct horse battery staple",
};

static bool is_common(const char *password)
{
	for (size_t i = 0; i < COUNT(COMMON); i++)
		if (strcasecmp(COMMON[i], password) == 0)
			return true;
	return false;
}

static bool is_one_character(const char *password)
{
	size_t n = strlen(password), step;

	utf8_char(password, n, &step);
	for (size_t i = step; i < n; i += step)
		if (n - i < step || memcmp(password, password + i, step) != 0)
			return false;
	return true;
}

const char *password_fault(const char *password, const char *address)
{
	size_t n;

	if (!utf8_valid(password, strlen(password)))
		return "it is not UTF-8 text";
	n = utf8_count(password);
	if (n < PASSWORD_LEAST)
		return "it has fewer than 8 characters";
	if (n > PASSWORD_MOST)
		return "it has more than 256 characters";
	if (is_one_character(password))
		return "it is one character over and over";
	if (is_common(password))
		return "it is among the commonest passwords, which are tried first";
	if (strcasecmp(password, address) == 0)
		return "it is the address of the account";
	return NULL;
}

int password_hash(const char *password, const char *address, char out[PASSWORD_HASH_MAX], struct err *e)
{
	const char *fault = password_fault(password, address), *text;
	struct arena *a;
	int rc = -1;

	if (fault)
		return err_set(e, ERR_INPUT, "password: %s; wanted are 8 to 256 characters, better 15 or more", fault);
	a = arena_new();
	text = utf8_nfc(a, password);
	if (sodium_init() >= 0)
		rc = crypto_pwhash_str(out, text, strlen(text), 3, (size_t)64 * 1024 * 1024);
	arena_free(a);
	return rc == 0 ? 0 : err_set(e, ERR_AGAIN, "password: not enough memory to hash it");
}
