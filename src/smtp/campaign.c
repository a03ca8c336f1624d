/* One mailing in a sender: see campaign.h. */
#include "smtp/campaign.h"

#include "store/manifest.h"

#define REFUSALS_MAX 5
#define JUDGE_ONE_IN 1000

static int load(struct home *h, struct campaign *c, int64_t mailing, enum dkim_use dkim, struct err *e)
{
	if (mailing_by_id(h, c->a, mailing, &c->mailing, e) <= 0 || content_load(h, c->a, &c->mailing, &c->content, e) < 0 ||
	    manifest_stands(h, &c->mailing, &c->content, e) < 0)
		return -1;
	if (!c->content.compiled)
		return err_set(e, ERR_INPUT, "%s", c->content.compile_error);
	if (dkim != DKIM_USE_NONE && !c->content.identity.relay_signs) {
		if (identity_signers(h, c->a, &c->content.identity, c->signer, e) < 0)
			return -1;
		c->n_signers = dkim_keep(c->signer, 2, dkim);
	}
	return 0;
}

struct campaign *campaign_new(struct home *h, int64_t mailing, enum dkim_use dkim, struct err *e)
{
	struct arena *a = arena_new();
	struct campaign *c = ARENA_NEW(a, struct campaign);

	c->a = a;
	if (load(h, c, mailing, dkim, e) == 0)
		return c;
	arena_free(a);
	err_in(e, "mailing %lld", (long long)mailing);
	return NULL;
}

void work_free(struct work *w)
{
	struct batch *b = w->batch;

	MUST(b->open > 0);
	buf_free(&w->message);
	if (--b->open == 0)
		arena_free(b->a);
}

void campaign_free(struct campaign *c)
{
	struct work *w;

	if (!c)
		return;
	campaign_release(c, INT64_MAX);
	while ((w = campaign_pop(c)))
		work_free(w);
	free(c->held);
	arena_free(c->a);
}

void campaign_push(struct campaign *c, struct work *w)
{
	w->next = NULL;
	if (c->last)
		c->last->next = w;
	else
		c->first = w;
	c->last = w;
	c->waiting++;
}

struct work *campaign_pop(struct campaign *c)
{
	struct work *w = c->first;

	if (!w)
		return NULL;
	c->first = w->next;
	if (!c->first)
		c->last = NULL;
	c->waiting--;
	return w;
}

static void swap(struct work **x, size_t i, size_t j)
{
	struct work *kept = x[i];

	x[i] = x[j];
	x[j] = kept;
}

static bool comes_before(struct work *const *x, size_t i, size_t j)
{
	return x[i]->d.start_at < x[j]->d.start_at;
}

void campaign_hold(struct campaign *c, struct work *w)
{
	size_t i = c->n_held++;

	if (i == c->room_held) {
		c->room_held = i ? 2 * i : 64;
		c->held = mem_grow(c->held, c->room_held * sizeof(struct work *));
	}
	c->held[i] = w;
	for (; i && comes_before(c->held, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(c->held, i, (i - 1) / 2);
}

static struct work *take_held(struct campaign *c)
{
	struct work *w = c->held[0];
	size_t i = 0, n = --c->n_held;

	c->held[0] = c->held[n];
	for (;;) {
		size_t down = 2 * i + 1;

		if (down + 1 < n && comes_before(c->held, down + 1, down))
			down++;
		if (down >= n || !comes_before(c->held, down, i))
			return w;
		swap(c->held, i, down);
		i = down;
	}
}

size_t campaign_release(struct campaign *c, int64_t now)
{
	size_t n = 0;

	for (; c->n_held && c->held[0]->d.start_at <= now; n++)
		campaign_push(c, take_held(c));
	return n;
}

void campaign_return_path(struct home *h, const struct campaign *c, int64_t delivery, char out[320])
{
	char token[TOKEN_TEXT_MAX];

	token_for_mail(&h->tokens, TOKEN_BOUNCE, delivery, token);
	snprintf(out, 320, "b+%s@%s", token, c->content.identity.domain[0]);
}

static int sign(const struct campaign *c, const struct buf *head, const struct buf *body, int64_t date, struct buf *out,
		struct err *e)
{
	if (!c->n_signers)
		return 0;
	return dkim_sign(c->signer, c->n_signers, (struct slice){ buf_text(head), head->n },
			 (struct slice){ buf_text(body), body->n }, date, out, e);
}

int campaign_render(struct home *h, struct campaign *c, const struct delivery *d, struct arena *a, struct buf *body,
		    struct buf *out, struct err *e)
{
	struct person p = { .delivery = d->id, .date = d->first, .address = d->address, .fields = d->fields,
			    .kind = d->kind, .ref = d->ref, .given_on = d->given_on, .consent_at = d->consent_at, .arm = d->arm };
	struct recipient_room room;
	struct recipient r;
	struct buf head;
	int rc = -1;

	buf_clear(body);
	buf_clear(out);
	buf_init(&head, 64 * 1024);
	if (content_recipient(h, a, &c->content, &p, &room, &r, e) == 0 &&
	    compose_render(room.version->compiled, &r, &head, body, e) == 0 &&
	    sign(c, &head, body, d->first, out, e) == 0) {
		buf_add_buf(out, &head);
		buf_adds(out, "\r\n");
		buf_add_buf(out, body);
		c->last_version = room.version;
		rc = out->over ? err_set(e, ERR_INPUT, "the message is larger than its bound") : 0;
	}
	buf_free(&head);
	return rc;
}

/* Without what it quotes: that is one person's message, and this is kept where nothing can be erased (CON-8). */
static const char *without_quotes(struct arena *a, const char *reason)
{
	static const char OPEN[] = "“", CLOSE[] = "”";
	const char *out = "", *from = reason, *open, *close;

	while ((open = strstr(from, OPEN)) && (close = strstr(open, CLOSE))) {
		out = arena_printf(a, "%s%.*s“…”", out, (int)(open - from), from);
		from = close + sizeof(CLOSE) - 1;
	}
	return arena_printf(a, "%s%.*s", out, open ? (int)(open - from) : (int)strlen(from), from);
}

static int judge(struct home *h, struct arena *a, struct campaign *c, const struct delivery *d, const struct buf *message,
		 struct err *e)
{
	struct institution_facts inst = content_institution_facts(h, &c->content.institution);
	struct project_facts project = content_project_facts(a, &c->content.project, &c->content.identity,
							     c->content.images, c->content.n_images);
	struct message_facts facts = { 0 };
	struct facts f = { .institution = &inst, .project = &project, .message = &facts, .lint = true };
	struct verdict v;

	if (policy_read_message(a, (struct slice){ buf_text(message), message->n }, &facts, e) < 0)
		return -1;
	facts.body_words = compose_body_text(c->last_version->compiled);
	policy_decide(a, &f, &v);
	for (size_t i = 0; i < v.n; i++)
		if (v.finding[i].answer == ANSWER_FAIL)
			return err_set(e, ERR_REFUSED, "the message of delivery %lld breaks %s: %s", (long long)d->id,
				       v.finding[i].rule, without_quotes(a, v.finding[i].reason));
	return 0;
}

int campaign_judge(struct home *h, struct campaign *c, const struct delivery *d, const struct buf *message, struct err *e)
{
	struct arena *a;
	int rc;

	if (c->rendered++ % JUDGE_ONE_IN != 0)
		return 0;
	a = arena_new();
	rc = judge(h, a, c, d, message, e);
	arena_free(a);
	return rc;
}

bool campaign_count_end(struct campaign *c, bool refused)
{
	size_t place = c->ends++ % RECENT;

	c->refusals -= c->refused[place];
	c->refused[place] = refused;
	c->refusals += refused;
	return c->refusals >= REFUSALS_MAX;
}
