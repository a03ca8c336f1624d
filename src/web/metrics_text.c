/* Prometheus' text format: see metrics_text.h. */
#include "web/metrics_text.h"

/* In HELP a backslash and a line feed are escaped, in a label's value a quote too. */
static void add_escaped(struct buf *b, const char *text, bool quoted)
{
	for (const char *s = text; *s; s++) {
		if (*s == '\\')
			buf_adds(b, "\\\\");
		else if (*s == '\n')
			buf_adds(b, "\\n");
		else if (*s == '"' && quoted)
			buf_adds(b, "\\\"");
		else
			buf_addc(b, *s);
	}
}

void metric_family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s ", name);
	add_escaped(b, help, false);
	buf_addf(b, "\n# TYPE %s %s\n", name, type);
}

static void add_name(struct buf *b, const char *name, const struct metric_label *label, size_t n)
{
	buf_adds(b, name);
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "%s%s=\"", i ? "," : "{", label[i].name);
		add_escaped(b, label[i].value, true);
		buf_addc(b, '"');
	}
	buf_adds(b, n ? "} " : " ");
}

void metric_count(struct buf *b, const char *name, const struct metric_label *label, size_t n, int64_t value)
{
	add_name(b, name, label, n);
	buf_addf(b, "%lld\n", (long long)value);
}

void metric_seconds(struct buf *b, const char *name, const struct metric_label *label, size_t n, int64_t microseconds)
{
	int64_t t = microseconds > 0 ? microseconds : 0; /* clocks of two hosts may differ a little */

	add_name(b, name, label, n);
	buf_addf(b, "%lld.%03lld\n", (long long)(t / 1000000), (long long)(t / 1000 % 1000));
}

void metric_single(struct buf *b, const char *name, const char *type, const char *help, int64_t value)
{
	metric_family(b, name, type, help);
	metric_count(b, name, NO_LABELS, value);
}
