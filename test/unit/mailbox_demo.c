/* The capture mailbox over a folder, for looking at: mailbox_demo DIR ADDR:PORT [ZONEFILE]; ends at SIGTERM. */
#include <signal.h>

#include "base/net.h"
#include "web/mailbox.h"

int main(int argc, char **argv)
{
	struct listen_at at;
	struct mailbox_site *m = NULL;
	char name[128];
	struct err e;
	sigset_t ends;
	int sock, got;

	if (argc < 3)
		return 2;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (listen_at_parse(argv[2], &at, &e) < 0 || (sock = net_listen(&at, &e)) < 0 ||
	    !(m = mailbox_start(argv[1], argc > 3 ? argv[3] : NULL, sock, &e))) {
		fprintf(stderr, "mailbox_demo: %s\n", e.text);
		return 1;
	}
	printf("listening %s\nready\n", net_listening_text(sock, name));
	fflush(stdout);
	sigwait(&ends, &got);
	mailbox_stop(m);
	return 0;
}
