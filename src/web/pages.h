/*
 * What the pages of the public site share. A page loads the institution
 * first, since each of them bears its name; then its own data; then it fills
 * its view. All that it loads lives in the request's arena.
 */
#ifndef PLACET_WEB_PAGES_H
#define PLACET_WEB_PAGES_H

#include "base/html_out.h"
#include "store/institution.h"
#include "store/project.h"
#include "web/ask.h"
#include "web/asset.h"
#include "web/leaving.h"
#include "web/request.h"
#include "web/response.h"
#include "web/server.h"
#include "web/tally.h"
#include "web/web.h"

struct web {
	struct home *home;
	struct server *server;
	struct site site;
	struct web_tally tally;
	struct ask_limits asking; /* forms of strangers */
	struct leaving_group leaving;
	struct loop_timer *patience; /* when it ends, pages wait for locks as long as ever */
	int checking; /* uploads of /check that are being read */
	int64_t forms_full_at; /* page_welcome.c: when the next minute's forms may all be sent again */
	char css[ASSET_URL_MAX], icon[ASSET_URL_MAX];
};

/* What every page needs before it can say anything. */
struct page {
	struct web *web;
	struct arena *a;
	struct institution in;
	const char *contact, *contact_url; /* the institution's */
};

int page_open(const struct request *r, struct page *p, struct err *e) MUST_USE;
/* The same in a transaction of its own that cannot write: for a page that writes afterwards. */
int page_open_alone(const struct request *r, struct page *p, struct err *e) MUST_USE;

/* The fields that all views have in common. */
#define PAGE_FRAME(page, heading)                                                                                     \
	.title = (heading), .institution = (page)->in.name, .trial = (page)->web->home->trial, .css = (page)->web->css, \
	.icon = (page)->web->icon, .contact = (page)->contact, .contact_url = (page)->contact_url

/* "mailto:..." of an address, "" of none. */
const char *mail_link(struct arena *a, const char *address);
/* Markdown as HTML of a page; NULL is an empty text. */
int page_markdown(struct arena *a, const char *markdown, struct html *out, struct err *e) MUST_USE;
/* "23 November 2026" */
const char *page_day(struct arena *a, int64_t t);
/* A subject as the public sees it: fields as {name}, like those of the approved text. */
const char *page_subject(struct arena *a, const char *subject);
/* Paths of public pages. */
const char *project_path(struct arena *a, const char *slug);
const char *mailing_path(struct arena *a, const char *slug, int64_t id);

/* The texts of a mailing, with the names of their languages where there are several. */
struct approved_row;
const struct approved_row *page_texts(struct arena *a, const struct public_mailing *m);

/* Rows of a list that ends with NULL. */
struct host_row;
const struct host_row *page_hosts(struct arena *a, const char *const *hosts, size_t *n);

/* What became of an approved mailing, in words. */
struct mailing_words {
	const char *state;        /* "Being sent since 3 May 2026" */
	const char *stopped;      /* "Revoked", NULL if it was not stopped */
	const char *stopped_text; /* "It was stopped, because: ..." */
};
struct mailing_words mailing_words(struct arena *a, const struct public_mailing *m);

typedef int page_fn(const struct request *r, struct response *out, struct err *e);

page_fn page_statement;    /* / */
page_fn page_project;      /* /projects/{slug} */
page_fn page_mailing;      /* /projects/{slug}/mailings/{id} */
page_fn page_mailing_text; /* /projects/{slug}/mailings/{id}/text/{language} */
page_fn page_check;        /* GET /check, with or without ?code= */
page_fn page_check_do;     /* POST /check */
page_fn page_check_code;   /* /check/{code} */
page_fn page_opt_out;      /* GET /opt-out */
page_fn page_opt_out_send; /* POST /opt-out */
page_fn page_opt_out_ask;  /* GET /opt-out/{token} */
page_fn page_opt_out_do;   /* POST /opt-out/{token} */
page_fn page_join;         /* GET /join/{slug} */
page_fn page_join_do;      /* POST /join/{slug} */
page_fn page_join_poster;  /* /join/{slug}/poster */
page_fn page_confirm;      /* GET /confirm/{token} */
page_fn page_confirm_do;   /* POST /confirm/{token} */
page_fn page_me_ask;       /* GET /me */
page_fn page_me_ask_do;    /* POST /me */
page_fn page_me;           /* GET /me/{token} */
page_fn page_me_export;    /* GET /me/{token}/export */
page_fn page_me_correct;   /* POST /me/{token}/correct */
page_fn page_me_withdraw;  /* POST /me/{token}/withdraw */
page_fn page_me_leave;     /* POST /me/{token}/leave */
page_fn page_me_erase;     /* GET /me/{token}/erase */
page_fn page_me_erase_do;  /* POST /me/{token}/erase */
page_fn page_complaint;    /* GET /complaint */
page_fn page_complaint_do; /* POST /complaint */
page_fn page_welcome;      /* GET /staff/welcome/{token} */
page_fn page_welcome_do;   /* POST /staff/welcome/{token} */
page_fn page_privacy;      /* /privacy */
page_fn page_accessibility;
page_fn page_health;       /* /healthz */
page_fn page_robots;

/* Fills w->site, whose pages find `w` as their ctx; for tests and exports, which need no server. */
void web_init(struct web *w, struct home *h);
void page_error(void *ctx, struct arena *a, int status, const char *text, struct response *out);

#endif
