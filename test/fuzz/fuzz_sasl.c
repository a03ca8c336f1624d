/*
 * Relays that ask for arbitrary things during a login: SCRAM is never proven by whoever lacks the password, what is
 * said stays within its bounds, and nothing is said after a failure.
 */
#include "base/codec.h"
#include "smtp/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of the input, each the relay's next question; "%" in it stands for our nonce, so that SCRAM is got through. */
static size_t next_question(const uint8_t *data, size_t size, const struct sasl *s, struct buf *out)
{
	size_t n = 0;

	buf_clear(out);
	while (n < size && data[n] != '\n') {
		if (data[n] == '%')
			buf_adds(out, s->scram.nonce);
		else
			buf_addc(out, (char)data[n]);
		n++;
	}
	return n < size ? n + 1 : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relay relay = { .host = "relay.example", .port = 587, .user = "news", .password = "secret" };
	struct scram_memory memory = { 0 };
	struct rng rng = { 0 };
	struct sasl_means means = { .relay = &relay, .token = "t", .memory = &memory, .rng = &rng, .secure = true };
	enum sasl_next next = SASL_SAY;
	struct buf question, text;
	struct sasl s;

	if (!size)
		return 0;
	rng_seed(&rng, 1);
	buf_init(&question, 8000);
	buf_init(&text, 12000);
	MUST(sasl_start(&s, &means, (enum relay_auth)(1 + data[0] % (AUTH_KINDS - 1))));
	for (size_t at = 1; at < size && next != SASL_BAD;) {
		sasl_sent(&s);
		at += next_question(data + at, size - at, &s, &question);
		buf_clear(&text);
		base64_encode(&text, buf_text(&question), question.n);
		next = sasl_asked(&s, (struct slice){ buf_text(&text), text.n });
		MUST(next != SASL_BAD || (s.why && *s.why));
		/* Most inputs that get here ask for far too many rounds for a fuzzer. */
		if (next == SASL_WORK && s.scram.key.rounds > 5000)
			break;
		while (next == SASL_WORK && !sasl_work(&s))
			;
		MUST(!s.out.over && s.out.n <= 2000);
		MUST(!s.scram.proven);
	}
	MUST(s.kind != AUTH_SCRAM_SHA_256 || sasl_doubt(&s));
	sasl_clear(&s);
	scram_forget(&memory);
	buf_free(&question);
	buf_free(&text);
	return 0;
}
