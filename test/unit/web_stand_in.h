/* Sample data behind the functions of store/ that the pages call, so that pages run without a database. */
#ifndef PLACET_TEST_WEB_STAND_IN_H
#define PLACET_TEST_WEB_STAND_IN_H

#include "store/home.h"

enum { STAND_IN_DELIVERIES = 8 };

struct stand_in {
	bool empty;  /* an institution without projects */
	bool broken; /* every read fails */
	bool opted_out[STAND_IN_DELIVERIES + 1];
	bool signed_up; /* the first sign-up was confirmed */
	bool password_set; /* the one-time link was used */
	int began, ended; /* read-only transactions */
};

/* The one-time link that works until a password was set. */
#define STAND_IN_LINK "d2VsY29tZS13ZWxjb21lLXdlbGNv"

/* The one that the functions answer from. */
extern struct stand_in stand_in;
/* A trial home with fixed keys and a clock that stands still; from the arena. */
struct home *stand_in_home(struct arena *a, const char *url);

#endif
