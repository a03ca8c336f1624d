/*
 * Mail by libcurl's multi interface, as a program would send it that uses what
 * is there: connections are kept, each message is a transfer of its own to
 * another recipient, all of the same size. Only the answers to its dots count.
 *   curl_sender PORT MESSAGES CONNECTIONS BYTES
 */
#include "base/codec.h"

#include <curl/curl.h>

#define CONNECTIONS_MAX 100

struct sender {
	CURLM *multi;
	char url[64];
	char *message;
	size_t size;
	int64_t wanted, started, done, failed;
};

/* One message at a time. */
struct transfer {
	struct sender *s;
	CURL *easy;
	struct curl_slist *to;
	size_t at;
};

static void die(const char *why)
{
	fprintf(stderr, "curl_sender: %s\n", why);
	exit(1);
}

static size_t read_message(char *out, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t left = t->s->size - t->at, part = left < size * n ? left : size * n;

	memcpy(out, t->s->message + t->at, part);
	t->at += part;
	return part;
}

static char *make_message(size_t size)
{
	static const char HEAD[] = "From: <a@uni.example>\r\nTo: <person@example.org>\r\nSubject: Four minutes\r\n\r\n";
	static const char LINE[] = "Over the past year many households in your town sent us samples of it.\r\n";
	char *m = malloc(size + sizeof(LINE));
	size_t n = sizeof(HEAD) - 1;

	if (!m || size < n + 2)
		die("no memory, or a message of too few bytes");
	memcpy(m, HEAD, n);
	while (n < size) {
		memcpy(m + n, LINE, sizeof(LINE) - 1);
		n += sizeof(LINE) - 1;
	}
	memcpy(m + size - 2, "\r\n", 2);
	return m;
}

static bool start(struct transfer *t)
{
	struct sender *s = t->s;
	char address[64];

	if (s->started == s->wanted)
		return false;
	snprintf(address, sizeof(address), "person%lld@example.org", (long long)s->started++);
	curl_slist_free_all(t->to);
	t->to = curl_slist_append(NULL, address);
	t->at = 0;
	if (!t->to || curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->to) != CURLE_OK ||
	    curl_multi_add_handle(s->multi, t->easy) != CURLM_OK)
		die("libcurl takes no transfer");
	return true;
}

static void set_up(struct sender *s, struct transfer *t)
{
	t->s = s;
	t->easy = curl_easy_init();
	if (!t->easy || curl_easy_setopt(t->easy, CURLOPT_URL, s->url) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, "b@uni.example") != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, read_message) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_READDATA, t) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->size) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_TCP_NODELAY, 1L) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) != CURLE_OK)
		die("libcurl takes no options");
}

/* Takes what ended, and starts the next ones. Returns how many run. */
static int turn(struct sender *s)
{
	int running, left, again = 0;
	CURLMsg *m;

	if (curl_multi_perform(s->multi, &running) != CURLM_OK)
		die("libcurl stopped");
	while ((m = curl_multi_info_read(s->multi, &left))) {
		CURLcode result = m->data.result;
		struct transfer *t;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
		curl_multi_remove_handle(s->multi, t->easy);
		s->done += result == CURLE_OK;
		s->failed += result != CURLE_OK;
		if (result != CURLE_OK && s->failed < 4)
			fprintf(stderr, "curl_sender: %s\n", curl_easy_strerror(result));
		again += start(t);
	}
	return running + again;
}

int main(int argc, char **argv)
{
	static struct transfer transfer[CONNECTIONS_MAX];
	struct sender s = { 0 };
	int64_t port = 0, connections = 0, size = 0;

	if (argc != 5 || parse_i64(argv[1], 1, 65535, &port) < 0 || parse_i64(argv[2], 1, INT32_MAX, &s.wanted) < 0 ||
	    parse_i64(argv[3], 1, CONNECTIONS_MAX, &connections) < 0 || parse_i64(argv[4], 1, INT32_MAX, &size) < 0)
		die("usage: curl_sender PORT MESSAGES CONNECTIONS BYTES");
	snprintf(s.url, sizeof(s.url), "smtp://127.0.0.1:%d/uni.example", (int)port);
	s.size = (size_t)size;
	s.message = make_message(s.size);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(s.multi = curl_multi_init()))
		die("no libcurl");
	curl_multi_setopt(s.multi, CURLMOPT_MAXCONNECTS, (long)connections);
	curl_multi_setopt(s.multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections);
	for (int64_t i = 0; i < connections; i++) {
		set_up(&s, &transfer[i]);
		start(&transfer[i]);
	}
	while (turn(&s))
		if (curl_multi_poll(s.multi, NULL, 0, 1000, NULL) != CURLM_OK)
			die("libcurl cannot wait");
	for (int64_t i = 0; i < connections; i++) {
		curl_easy_cleanup(transfer[i].easy);
		curl_slist_free_all(transfer[i].to);
	}
	curl_multi_cleanup(s.multi);
	curl_global_cleanup();
	free(s.message);
	printf("messages %lld failed %lld\n", (long long)s.done, (long long)s.failed);
	return s.failed || s.done != s.wanted;
}
