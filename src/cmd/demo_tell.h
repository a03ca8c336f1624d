/* How the demonstration prints commands and their output: see demo_stage.h. Not for others. */
#ifndef PLACET_DEMO_TELL_H
#define PLACET_DEMO_TELL_H

#include "cmd/demo_stage.h"

/* "$ placet ..." as it is typed, with what needs quotes in quotes; `into` as "> FILE", or NULL. */
void tell_command(struct stage *s, const char *const *words, const char *into);
/* The same for what runs on: with "&". */
void tell_background(struct stage *s, const char *const *words);
/* A word as a shell takes it. */
const char *tell_quoted(struct arena *a, const char *word);
/* What a command printed, long lines broken under their last column. */
void tell_output(struct stage *s, const char *text);

#endif
