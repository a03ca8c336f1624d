/* Things by their names: see pace_names.h. Nothing is taken out singly, so that no place is ever half free. */
#include "store/pace_names.h"

static size_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 29);
}

/* The place of a name, or the free one where it belongs. */
static struct pace_named **place(struct pace_named **slot, size_t room, const char *name)
{
	size_t i = hash(name) & (room - 1);

	while (slot[i] && strcmp(slot[i]->name, name) != 0)
		i = (i + 1) & (room - 1);
	return &slot[i];
}

struct pace_named *names_find(const struct names *t, const char *name)
{
	return t->room ? *place(t->slot, t->room, name) : NULL;
}

static void move_to(struct names *t, size_t room)
{
	struct pace_named **slot = mem_alloc(room * sizeof(struct pace_named *));

	for (size_t i = 0; i < room; i++)
		slot[i] = NULL;
	for (size_t i = 0; i < t->room; i++)
		if (t->slot[i])
			*place(slot, room, t->slot[i]->name) = t->slot[i];
	free(t->slot);
	t->slot = slot;
	t->room = room;
}

void names_put(struct names *t, struct pace_named *x)
{
	if (2 * (t->n + 1) > t->room)
		move_to(t, t->room ? 2 * t->room : 64);
	*place(t->slot, t->room, x->name) = x;
	t->n++;
}

void names_sweep(struct names *t, bool (*keep)(const struct pace_named *x, void *ctx), void *ctx, void (*drop)(struct pace_named *x))
{
	struct names left = { 0 };

	for (size_t i = 0; i < t->room; i++) {
		if (!t->slot[i])
			continue;
		if (keep && keep(t->slot[i], ctx))
			names_put(&left, t->slot[i]);
		else
			drop(t->slot[i]);
	}
	free(t->slot);
	*t = left;
}
