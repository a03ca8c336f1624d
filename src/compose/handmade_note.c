/* What was left out of HTML written by hand: see handmade.h. Counts, so that nothing goes without a word. */
#include "compose/handmade_event.h"

_Static_assert(NOTE_KINDS <= HANDMADE_NOTES, "room for a note of each kind");

static const char *const WHAT[NOTE_KINDS] = {
	[NOTE_SCRIPT] = "scripts",
	[NOTE_HANDLER] = "attributes that run a script",
	[NOTE_FORM] = "forms and their fields",
	[NOTE_FRAME] = "frames, objects and media",
	[NOTE_DRAWING] = "drawings and formulas (svg, math, canvas, maps)",
	[NOTE_FALLBACK] = "what is shown without scripts or frames",
	[NOTE_TEMPLATE] = "templates",
	[NOTE_META] = "elements that redirect or move links (meta refresh, base)",
	[NOTE_REMOTE_STYLE] = "style sheets and fonts from elsewhere",
	[NOTE_SHEET] = "style rules for some readers only (phone, dark, paper)",
	[NOTE_STYLE] = "styles that messages do not keep",
	[NOTE_BACKGROUND] = "background images",
	[NOTE_HIDDEN] = "hidden text",
	[NOTE_CONDITIONAL] = "conditional comments for one mail program",
	[NOTE_LINK] = "links that are neither https: nor mailto: (their words stay)",
	[NOTE_ANCHOR] = "links within the page (their words stay)",
	[NOTE_PIXEL] = "images that only count readers or show nothing",
	[NOTE_ELEMENT] = "elements that are not known (their words stay)",
	[NOTE_INVISIBLE] = "control and invisible characters",
	[NOTE_BROKEN] = "broken markup, of which mail programs make different things: look at what is missing",
	[NOTE_COLOR] = "colours in which text could not be read",
};

void note_add(struct handmade_notes *notes, enum note what, size_t line)
{
	for (size_t i = 0; i < notes->n; i++)
		if (notes->note[i].what == WHAT[what]) {
			notes->note[i].count++;
			return;
		}
	MUST(notes->n < HANDMADE_NOTES);
	notes->note[notes->n++] = (struct handmade_note){ WHAT[what], line, 1 };
}

const char *handmade_told(struct arena *a, const struct handmade_notes *notes)
{
	const char *told = "";

	for (size_t i = 0; i < notes->n; i++) {
		const struct handmade_note *n = &notes->note[i];
		const char *times = n->count > 1 ? arena_printf(a, ", %zu times", n->count) : "";

		told = arena_printf(a, "%s%s%s (line %zu%s)", told, i ? "; " : "left out: ", n->what, n->line, times);
	}
	return told;
}
