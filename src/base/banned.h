/*
 * Included first into every source file by the build: functions that have no
 * bound, hide an allocation, or keep state of the process. Using one is a
 * compile error; what to use instead stands beside it.
 */
#ifndef PLACET_BANNED_H
#define PLACET_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* With clang, the fortified ones are macros. */
#undef sprintf
#undef vsprintf
#undef asprintf
#undef vasprintf

#pragma GCC poison sprintf vsprintf strcpy strcat strncpy strncat stpcpy gets /* buf_addf, buf_add */
#pragma GCC poison strtok atoi atol atoll                                     /* parse_i64 */
#pragma GCC poison system popen execl execlp execvp                           /* no shell */
#pragma GCC poison localtime gmtime asctime ctime                             /* clock.h */
#pragma GCC poison srand srandom drand48                                      /* rng.h */
#pragma GCC poison strdup strndup asprintf vasprintf                          /* arena_*, mem_copy_text */

/* OpenSSL's headers name parameters `rand`, so it cannot be poisoned: a call draws a warning, which is an error. */
int rand(void) __attribute__((deprecated("use rng.h")));
long random(void) __attribute__((deprecated("use rng.h")));

#endif
