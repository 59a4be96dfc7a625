/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files as plain streams: whole, in members, cut and damaged. */
#include "analyzer/unpack.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/pack.h"
#include "tests/support/unit.h"

static const struct {
    const char *name;
    pack_function pack;
} packings[] = {{"gzip", pack_gzip}, {"zstd", pack_zstd}, {"lz4", pack_lz4}, {"xz", pack_xz}};

/* A stream over these bytes; NULL when they do not begin like compressed ones. */
static FILE *unpacked(const char *name, const GByteArray *packed, gsize n)
{
    const struct packing *packing = packing_find(packed->data, n);
    if (!packing)
        return NULL;
    assert_string_equal(packing_name(packing), name);
    FILE *file = tmpfile();
    assert_non_null(file);
    if (n)
        assert_int_equal(fwrite(packed->data, 1, n, file), n);
    rewind(file);
    FILE *plain = unpack(packing, file);
    assert_non_null(plain);
    return plain;
}

/* Reads to the end in pieces of `step`. Returns how many bytes; `error` is errno where reading failed, else 0. */
static gsize read_all(FILE *plain, guint8 *out, gsize room, gsize step, int *error)
{
    gsize n = 0, got;
    errno = 0;
    while (n < room && (got = fread(out + n, 1, MIN(step, room - n), plain)) > 0)
        n += got;
    *error = ferror(plain) ? errno : 0;
    return n;
}

static void members(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    guint8 *text = g_malloc(SIZE), *out = g_malloc(SIZE + 1);
    for (gsize i = 0; i < SIZE; i++)
        text[i] = (guint8)(i * i >> 5);
    static const gsize cuts[] = {SIZE, 100000, 1, 0}; /* of the first member; the rest is the second */
    for (gsize k = 0; k < G_N_ELEMENTS(packings) * G_N_ELEMENTS(cuts); k++) {
        gsize way = k / G_N_ELEMENTS(cuts), i = k % G_N_ELEMENTS(cuts);
        GByteArray *packed = g_byte_array_new();
        assert_true(pack_append(packings[way].pack, packed, text, cuts[i]));
        assert_true(pack_append(packings[way].pack, packed, text + cuts[i], SIZE - cuts[i]));
        static const gsize steps[] = {1, 4096, SIZE + 1};
        for (gsize s = 0; s < G_N_ELEMENTS(steps); s++) {
            int error;
            FILE *plain = unpacked(packings[way].name, packed, packed->len);
            assert_int_equal(read_all(plain, out, SIZE + 1, steps[s], &error), SIZE);
            assert_true(error == 0 && feof(plain));
            assert_memory_equal(out, text, SIZE);
            assert_int_equal(fclose(plain), 0);
        }
        g_byte_array_unref(packed);
    }
    g_free(text);
    g_free(out);
}

/* Cut at every byte, and changed at every byte: never more than was put in, never an end that looks whole. */
static void cut_and_damaged(void **state)
{
    (void)state;
    static const char text[] = "a capture, a capture, a capture and its end";
    enum { SIZE = sizeof text };
    guint8 out[SIZE * 64];
    for (gsize way = 0; way < G_N_ELEMENTS(packings); way++) {
        GByteArray *packed = g_byte_array_new();
        assert_true(pack_append(packings[way].pack, packed, (const guint8 *)text, SIZE));
        for (gsize n = PACKING_MAGIC; n < packed->len; n++) {
            int error;
            FILE *plain = unpacked(packings[way].name, packed, n);
            gsize got = read_all(plain, out, sizeof out, sizeof out, &error);
            assert_int_equal(error, EBADMSG);
            assert_true(got <= SIZE && memcmp(out, text, got) == 0);
            fclose(plain);
        }
        for (gsize i = 0; i < packed->len; i++) {
            int error;
            packed->data[i] ^= 0x40;
            FILE *plain = unpacked(packings[way].name, packed, packed->len);
            if (plain) {
                gsize got = read_all(plain, out, sizeof out, sizeof out, &error);
                /* What the header says of time and system, and bits that pad the last byte, change nothing. */
                assert_true(error == EBADMSG || (got == SIZE && memcmp(out, text, SIZE) == 0));
                fclose(plain);
            }
            packed->data[i] ^= 0x40;
        }
        g_byte_array_unref(packed);
    }
}

/* Members that hold nothing, and a way that is known by name alone. */
static void nothing(void **state)
{
    (void)state;
    guint8 out[4] = "BZh";
    int error;
    for (gsize way = 0; way < G_N_ELEMENTS(packings); way++) {
        GByteArray *packed = g_byte_array_new();
        assert_true(pack_append(packings[way].pack, packed, out, 0));
        FILE *plain = unpacked(packings[way].name, packed, packed->len);
        assert_int_equal(read_all(plain, out, sizeof out, 1, &error), 0);
        assert_int_equal(error, 0);
        fclose(plain);
        g_byte_array_unref(packed);
    }
    const struct packing *bzip2 = packing_find(out, sizeof out);
    assert_string_equal(packing_name(bzip2), "bzip2");
    assert_null(unpack(bzip2, stdin));
    assert_int_equal(errno, ENOTSUP);
    assert_null(packing_find((const uint8_t *)"\x0a\x0d\x0d\x0a", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(cut_and_damaged),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
