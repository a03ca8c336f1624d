/*
 * The public site: ROUTES is the whole list of what it answers, with what
 * each page may do. A page is added by a row here, a function in pages.h and
 * a view in tmpl/.
 */
#include "web/web.h"

#include "web/pages.h"

static const struct route ROUTES[] = {
	{ "/", METHOD_GET, READ_ONLY, page_statement },
	{ "/projects/{slug}", METHOD_GET, READ_ONLY, page_project },
	{ "/projects/{slug}/mailings/{id}", METHOD_GET, READ_ONLY, page_mailing },
	{ "/projects/{slug}/mailings/{id}/text/{language}", METHOD_GET, READ_ONLY, page_mailing_text },
	{ "/check", METHOD_GET, READ_ONLY, page_check },
	{ "/check", METHOD_POST, UPLOAD | SAME_ORIGIN, page_check_do },
	{ "/check/{code}", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_check_code },
	{ "/opt-out", METHOD_GET, READ_ONLY, page_opt_out },
	{ "/opt-out", METHOD_POST, SAME_ORIGIN, page_opt_out_send },
	{ "/opt-out/{token}", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_opt_out_ask },
	{ "/opt-out/{token}", METHOD_POST, TOKEN_PAGE | ANY_BODY, page_opt_out_do },
	{ "/join/{slug}", METHOD_GET, READ_ONLY, page_join },
	{ "/join/{slug}", METHOD_POST, SAME_ORIGIN, page_join_do },
	{ "/join/{slug}/poster", METHOD_GET, READ_ONLY, page_join_poster },
	{ "/confirm/{token}", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_confirm },
	{ "/confirm/{token}", METHOD_POST, TOKEN_PAGE | ANY_BODY, page_confirm_do },
	{ "/staff/welcome/{token}", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_welcome },
	{ "/staff/welcome/{token}", METHOD_POST, TOKEN_PAGE | SAME_ORIGIN, page_welcome_do },
	{ "/me", METHOD_GET, READ_ONLY, page_me_ask },
	{ "/me", METHOD_POST, SAME_ORIGIN, page_me_ask_do },
	{ "/me/{token}", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_me },
	{ "/me/{token}/export", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_me_export },
	{ "/me/{token}/correct", METHOD_POST, TOKEN_PAGE | SAME_ORIGIN, page_me_correct },
	{ "/me/{token}/withdraw", METHOD_POST, TOKEN_PAGE | SAME_ORIGIN, page_me_withdraw },
	{ "/me/{token}/leave", METHOD_POST, TOKEN_PAGE | SAME_ORIGIN, page_me_leave },
	{ "/me/{token}/erase", METHOD_GET, READ_ONLY | TOKEN_PAGE, page_me_erase },
	{ "/me/{token}/erase", METHOD_POST, TOKEN_PAGE | SAME_ORIGIN, page_me_erase_do },
	{ "/complaint", METHOD_GET, READ_ONLY, page_complaint },
	{ "/complaint", METHOD_POST, SAME_ORIGIN, page_complaint_do },
	{ "/privacy", METHOD_GET, READ_ONLY, page_privacy },
	{ "/accessibility", METHOD_GET, READ_ONLY, page_accessibility },
	{ "/healthz", METHOD_GET, READ_ONLY, page_health },
	{ "/robots.txt", METHOD_GET, READ_ONLY | NO_DATA, page_robots },
	{ "/assets/{name}", METHOD_GET, READ_ONLY | NO_DATA, asset_page },
};

static int begin_read(void *ctx, struct err *e)
{
	struct web *w = ctx;

	return db_begin_read(w->home->db, e);
}

static void end_read(void *ctx)
{
	struct web *w = ctx;

	db_rollback(w->home->db);
}

static void settle(void *ctx)
{
	struct web *w = ctx;

	leaving_settle(&w->leaving);
}

/* While a lock is held for long, only the first page finds that out by waiting. */
static void heed(void *ctx, enum err_kind kind)
{
	struct web *w = ctx;

	if (kind != ERR_AGAIN || !w->patience)
		return;
	db_set_wait(w->home->db, WEB_HASTY_MS);
	loop_timer_set(w->patience, WEB_HASTY_FOR);
}

static void count(void *ctx, const struct route *route, int status)
{
	struct web *w = ctx;

	tally_add(&w->tally, ROUTES, route, status);
}

const struct web_tally *web_tally(const struct web *w)
{
	return &w->tally;
}

const struct route *web_routes(size_t *n)
{
	_Static_assert(COUNT(ROUTES) <= TALLY_ROUTES, "more routes than are counted");
	*n = COUNT(ROUTES);
	return ROUTES;
}

static void be_patient(void *ctx)
{
	struct web *w = ctx;

	db_set_wait(w->home->db, WEB_WAIT_MS);
}

void web_init(struct web *w, struct home *h)
{
	w->home = h;
	w->patience = NULL;
	w->forms_full_at = 0;
	w->checking = 0;
	w->tally = (struct web_tally){ 0 };
	ask_limits_init(&w->asking);
	leaving_init(&w->leaving, h, NULL);
	asset_url("placet.css", w->css);
	asset_url("icon.svg", w->icon);
	w->site = (struct site){
		.name = "public",
		.routes = ROUTES,
		.n_routes = COUNT(ROUTES),
		.ctx = w,
		.origin = h->url,
		.https = strncmp(h->url, "https:", 6) == 0,
		.begin_read = begin_read,
		.end_read = end_read,
		.settle = settle,
		.failed = heed,
		.answered = count,
		.error_page = page_error,
	};
}

struct web *web_start(struct home *h, struct loop *loop, int sock, struct err *e)
{
	struct web *w = mem_alloc(sizeof(*w));

	web_init(w, h);
	leaving_init(&w->leaving, h, loop);
	w->patience = loop_timer_new(loop, be_patient, w);
	db_set_wait(h->db, WEB_WAIT_MS);
	w->server = server_start(&w->site, loop, sock, e);
	if (!w->server) {
		loop_timer_unset(w->patience);
		leaving_clear(&w->leaving);
		free(w);
		return NULL;
	}
	return w;
}

void web_stop(struct web *w)
{
	if (!w)
		return;
	leaving_hurry(&w->leaving);
	server_stop(w->server);
	loop_timer_unset(w->patience);
	leaving_clear(&w->leaving);
	free(w);
}
