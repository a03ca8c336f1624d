/*
 * Loops over blocks of bytes that compilers make vector instructions of.
 */
#ifndef PLACET_VECTOR_H
#define PLACET_VECTOR_H

/* Compiles a function twice: for any processor of the architecture, and for those with AVX2, which do twice as much at once;
   the loader chooses. Not with clang: so its builds, the fuzzers among them, try the form that other processors run. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define VECTOR_CLONES
#endif

#endif
