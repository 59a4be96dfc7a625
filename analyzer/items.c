/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/items.h"

void items_begin(struct items *items)
{
    items->count = items->note_count = 0;
    items->depth = 0;
    items->cut = false;
    if (items->made)
        g_string_chunk_clear(items->made);
}

static void on_item(void *user, const struct mw_item *item)
{
    struct items *items = user;
    if (items->count == ITEMS_MAX) {
        items->cut = true;
        return;
    }
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? items->capacity * 2 : 64;
        items->entries = g_renew(struct items_entry, items->entries, items->capacity);
    }
    struct items_entry *e = &items->entries[items->count++];
    *e = (struct items_entry){.item = *item, .depth = (uint16_t)items->depth};
    if (item->p && mw_field(item->field)->flags & MW_FLAG_GENERATED) {
        enum { CHUNK = 1024 };
        if (!items->made)
            items->made = g_string_chunk_new(CHUNK);
        e->item.p = (const uint8_t *)g_string_chunk_insert_len(items->made, (const char *)item->p, item->n);
    }
}

static void on_open(void *user)
{
    struct items *items = user;
    if (items->depth < G_N_ELEMENTS(items->open))
        items->open[items->depth] = items->count ? items->count - 1 : 0;
    items->depth++;
}

static void on_close(void *user, uint32_t end)
{
    struct items *items = user;
    items->depth--;
    if (items->depth >= G_N_ELEMENTS(items->open) || items->count == 0)
        return;
    struct mw_item *item = &items->entries[items->open[items->depth]].item;
    if (mw_field(item->field)->type == MW_FT_HEADING)
        item->length = end - item->offset;
}

static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    struct items *items = user;
    if (items->note_count == items->note_capacity) {
        items->note_capacity = items->note_capacity ? items->note_capacity * 2 : 8;
        items->notes = g_renew(struct items_note, items->notes, items->note_capacity);
    }
    items->notes[items->note_count++] = (struct items_note){note, offset, length};
}

struct mw_trace items_trace(struct items *items)
{
    return (struct mw_trace){.user = items, .item = on_item, .open = on_open, .close = on_close, .note = on_note};
}

void items_clear(struct items *items)
{
    g_free(items->entries);
    g_free(items->notes);
    if (items->made)
        g_string_chunk_free(items->made);
    *items = (struct items){0};
}
