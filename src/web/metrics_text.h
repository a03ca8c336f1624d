/*
 * Figures as Prometheus reads them: its text format 0.0.4. Pure: values in, text out.
 */
#ifndef PLACET_WEB_METRICS_TEXT_H
#define PLACET_WEB_METRICS_TEXT_H

#include "base/buf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metric_label {
	const char *name, *value; /* any UTF-8; it is escaped */
};

/* LABELS({ "state", "done" }): the labels of a sample. */
#define LABELS(...) ((const struct metric_label[]){ __VA_ARGS__ }), (sizeof((const struct metric_label[]){ __VA_ARGS__ }) / sizeof(struct metric_label))
#define NO_LABELS NULL, 0

/* Begins a family: its samples follow, and those of no other. `type`: counter, gauge. */
void metric_family(struct buf *b, const char *name, const char *type, const char *help);
void metric_count(struct buf *b, const char *name, const struct metric_label *label, size_t n, int64_t value);
/* A span of time, in seconds. */
void metric_seconds(struct buf *b, const char *name, const struct metric_label *label, size_t n, int64_t microseconds);
/* Both at once, for a family of one sample. */
void metric_single(struct buf *b, const char *name, const char *type, const char *help, int64_t value);

#endif
