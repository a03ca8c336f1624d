/* The sentences of the house: see house_words.h. Plain words, no promises that the program does not keep. */
#include "compose/house_words.h"

#include <strings.h>

#include "base/base.h"

static const struct house_words WORDS[] = {
	{
		.language = "en",
		.from = "{originator}, {department}, {institution}, is writing to you.",
		.from_short = "{originator}, {institution}, is writing to you.",
		.about = "About this message",
		.why_title = "Why you get this",
		.why = "You get this message because you agreed, {consent}, to be contacted about “{project}”.",
		.genuine_title = "Is it genuine?",
		.genuine = "You need not take our word for it. This page says, for {institution}, which research mail "
			   "is genuine:",
		.project_page = "The project has a page there, with everything about it:",
		.code = "Check code:",
		.code_where = "Enter the code here to see whether we sent this message:",
		.leave_title = "Leaving",
		.leave = "You can leave at any time, without giving a reason. One step ends all research mail from "
			 "here; you need no login:",
		.contact_title = "Questions?",
		.contact = "{originator} is glad to answer:",
		.trial = "This is a trial: it was sent by a trial installation of Placet, to an invented recipient.",
	},
};

const struct house_words *house_words(const char *language)
{
	for (size_t i = 0; i < COUNT(WORDS); i++) {
		size_t n = strlen(WORDS[i].language);

		if (strncasecmp(language, WORDS[i].language, n) == 0 && (language[n] == '\0' || language[n] == '-'))
			return &WORDS[i];
	}
	return &WORDS[0];
}

/* The value of a word in braces; NULL if there is no such word. */
static const char *value_of(struct slice word, const struct house *h)
{
	const struct {
		const char *word, *value;
	} values[] = {
		{ "{originator}", h->originator },
		{ "{department}", h->department },
		{ "{institution}", h->institution },
		{ "{project}", h->project_title },
	};

	for (size_t i = 0; i < COUNT(values); i++)
		if (slice_is(word, values[i].word))
			return values[i].value;
	return NULL;
}

const char *house_say(const char *sentence, const struct house *h, struct slots *s)
{
	struct buf out;
	const char *text;

	buf_init(&out, 4000);
	while (*sentence) {
		size_t n = strcspn(sentence, "{");
		struct slice word = { sentence + n, sentence[n] ? strcspn(sentence + n, "}") + 1 : 0 };

		buf_add(&out, sentence, n);
		if (slice_is(word, "{consent}"))
			slot_mark(s, SLOT_CONSENT, &out);
		else if (word.n)
			buf_adds(&out, value_of(word, h));
		sentence += n + word.n;
	}
	text = arena_text_n(s->arena, buf_text(&out), out.n);
	buf_free(&out);
	return text;
}
