/*
 * For test/oracle/test_header_oracle.py: each line of stdin becomes a Subject
 * and the display name of a To, followed by an empty line.
 */
#include "mail/header.h"

int main(void)
{
	struct err e = { 0 };
	char line[8000];
	struct buf b;
	int rc = 0;

	buf_init(&b, 100000);
	while (rc == 0 && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		buf_clear(&b);
		rc = header_add_text(&b, "Subject", line, &e);
		if (rc == 0)
			rc = header_add_mailbox(&b, "To", line, "a@b.example", &e);
		fputs(rc < 0 ? e.text : buf_text(&b), rc < 0 ? stderr : stdout);
		puts("\r");
	}
	buf_free(&b);
	return rc < 0;
}
