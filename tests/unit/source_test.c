/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files written byte by byte, and the sentences for those that cannot be read. */
#include "analyzer/source.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka needs the above. */
#include <cmocka.h>

#include "tests/support/pack.h"
#include "tests/support/pcapng.h"

/* Two packets of 20 and 4 bytes, the second cut from 60, at 1.5 s and 2.000000007 s (microseconds: …000 s). */
static void put32(GByteArray *file, uint32_t value, bool big)
{
    value = big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
    g_byte_array_append(file, (const guint8 *)&value, 4);
}

static GByteArray *pcap(uint32_t magic, bool big)
{
    bool nano = magic == 0xa1b23c4d;
    GByteArray *file = g_byte_array_new();
    put32(file, magic, big);
    put32(file, big ? 0x00020004 : 0x00040002, big);
    put32(file, 0, big);
    put32(file, 0, big);
    put32(file, 65535, big);
    put32(file, 101, big);
    /* An IPv4 header without anything in it, protocol TCP, then the first bytes of one with UDP. */
    static const uint8_t first[20] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6}, second[4] = {0x45, 0, 0, 60};
    put32(file, 1, big);
    put32(file, nano ? 500000000 : 500000, big);
    put32(file, sizeof first, big);
    put32(file, sizeof first, big);
    g_byte_array_append(file, first, sizeof first);
    put32(file, 2, big);
    put32(file, nano ? 7 : 0, big);
    put32(file, sizeof second, big);
    put32(file, 60, big);
    g_byte_array_append(file, second, sizeof second);
    return file;
}

static GByteArray *pcapng(void)
{
    GByteArray *file = g_byte_array_new();
    static const uint32_t words[] = {
        /* section header */
        0x0a0d0d0a,
        28,
        0x1a2b3c4d,
        1,
        0xffffffff,
        0xffffffff,
        28,
        /* interface: raw IP, resolution 10^-9 s */
        1,
        32,
        101,
        0,
        0x00010009,
        9,
        0,
        32,
        /* packet at 2.000000007 s */
        6,
        36,
        0,
        0,
        2000000007,
        4,
        60,
        0x3c000045,
        36,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        put32(file, words[i], false);
    return file;
}

struct fixture {
    char *folder, *path;
};

static int begin(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("source-test-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "a.pcap", NULL);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    g_unlink(f->path);
    g_rmdir(f->folder);
    g_free(f->path);
    g_free(f->folder);
    g_free(f);
    return 0;
}

static void save(const struct fixture *f, GByteArray *file, size_t n)
{
    assert_true(g_file_set_contents(f->path, (const char *)file->data, (gssize)n, NULL));
    g_byte_array_unref(file);
}

/* The file must not open, and the sentence must hold `part`. */
static void refuse(const char *path, const char *filter, bool wrong_filter, const char *part)
{
    char *error = NULL;
    bool usage = !wrong_filter;
    assert_null(source_open(path, filter, &error, &usage));
    assert_non_null(error);
    print_message("  %s\n", error);
    assert_non_null(strstr(error, part));
    assert_int_equal(usage, wrong_filter);
    g_free(error);
}

static void test_pcap(void **state)
{
    struct fixture *f = *state;
    for (int variant = 0; variant < 4; variant++) {
        bool nano = variant & 1;
        GByteArray *file = pcap(nano ? 0xa1b23c4d : 0xa1b2c3d4, variant & 2);
        save(f, file, file->len);
        char *error;
        struct source *source = source_open(f->path, NULL, &error, NULL);
        assert_non_null(source);
        struct packet p;
        assert_int_equal(source_next(source, &p), SOURCE_PACKET);
        assert_int_equal(p.number, 1);
        assert_int_equal(p.time_ns, 1500000000);
        assert_int_equal(p.link_type, 12);
        assert_int_equal(p.captured, 20);
        assert_int_equal(p.original, 20);
        assert_int_equal(p.data[9], 6);
        assert_int_equal(source_next(source, &p), SOURCE_PACKET);
        assert_int_equal(p.number, 2);
        assert_int_equal(p.time_ns, nano ? 2000000007 : 2000000000);
        assert_int_equal(p.captured, 4);
        assert_int_equal(p.original, 60);
        assert_int_equal(source_next(source, &p), SOURCE_END);
        assert_int_equal(source_next(source, &p), SOURCE_END);
        assert_null(source_error(source));
        source_close(source);
    }
}

static void test_pcapng(void **state)
{
    struct fixture *f = *state;
    GByteArray *file = pcapng();
    save(f, file, file->len);
    char *error;
    struct source *source = source_open(f->path, NULL, &error, NULL);
    assert_non_null(source);
    struct packet p;
    assert_int_equal(source_next(source, &p), SOURCE_PACKET);
    assert_int_equal(p.time_ns, 2000000007);
    assert_int_equal(p.captured, 4);
    assert_int_equal(p.original, 60);
    assert_int_equal(source_next(source, &p), SOURCE_END);
    source_close(source);
}

static void test_stdin(void **state)
{
    struct fixture *f = *state;
    GByteArray *file = pcap(0xa1b23c4d, false);
    save(f, file, file->len);
    /* A pipe cannot be rewound. */
    int ends[2], saved = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    char *content;
    gsize n;
    assert_true(g_file_get_contents(f->path, &content, &n, NULL));
    assert_int_equal(write(ends[1], content, n), n);
    close(ends[1]);
    g_free(content);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    char *error;
    struct source *source = source_open("-", NULL, &error, NULL);
    assert_non_null(source);
    struct packet p;
    assert_int_equal(source_next(source, &p), SOURCE_PACKET);
    assert_int_equal(source_next(source, &p), SOURCE_PACKET);
    assert_int_equal(source_next(source, &p), SOURCE_END);
    source_close(source);
    /* It is not ours to close. */
    assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void test_filter(void **state)
{
    struct fixture *f = *state;
    GByteArray *file = pcap(0xa1b23c4d, true);
    save(f, file, file->len);
    char *error;
    struct source *source = source_open(f->path, "len = 60", &error, NULL);
    assert_non_null(source);
    struct packet p;
    assert_int_equal(source_next(source, &p), SOURCE_PACKET);
    assert_int_equal(p.number, 2);
    assert_int_equal(source_next(source, &p), SOURCE_END);
    source_close(source);
    refuse(f->path, "port port", true, "port port");
}

/* Cut at every byte: either the header is missing, or the packets before the cut are read and it is named. */
static void test_cut(void **state)
{
    struct fixture *f = *state;
    GByteArray *whole = pcap(0xa1b23c4d, false);
    size_t first = 24 + 16 + 20, all = whole->len;
    g_byte_array_unref(whole);
    for (size_t n = 1; n < all; n++) {
        save(f, pcap(0xa1b23c4d, false), n);
        if (n < 24) {
            refuse(f->path, NULL, false, n < 4 ? "not a capture" : "inside its header");
            continue;
        }
        char *error;
        struct source *source = source_open(f->path, NULL, &error, NULL);
        assert_non_null(source);
        struct packet p;
        enum source_status status;
        int packets = 0;
        while ((status = source_next(source, &p)) == SOURCE_PACKET)
            packets++;
        assert_int_equal(packets, n >= first);
        assert_int_equal(status, n == 24 || n == first ? SOURCE_END : SOURCE_ERROR);
        if (status == SOURCE_ERROR) {
            char *where = g_strdup_printf("ends in the middle of packet %d (at byte %zu); %s", packets + 1, n,
                                          packets ? "the packets before it were read" : "no packet was read");
            assert_non_null(strstr(source_error(source), where));
            g_free(where);
            assert_int_equal(source_next(source, &p), SOURCE_ERROR);
        }
        source_close(source);
    }
}

/* A compressed capture reads equal, in one member or two; and cut anywhere, what comes out before the cut is read. */
static void test_gzip(void **state)
{
    struct fixture *f = *state;
    GByteArray *plain = pcap(0xa1b23c4d, false), *packed = g_byte_array_new();
    for (int members = 1; members <= 2; members++) {
        gsize first = members == 1 ? plain->len : 50; /* the second begins inside a packet */
        g_byte_array_set_size(packed, 0);
        assert_true(pack_append(pack_gzip, packed, plain->data, first));
        if (members == 2)
            assert_true(pack_append(pack_gzip, packed, plain->data + first, plain->len - first));
        for (gsize n = 1; n <= packed->len; n++) {
            char *error;
            assert_true(g_file_set_contents(f->path, (const char *)packed->data, (gssize)n, NULL));
            struct source *source = source_open(f->path, NULL, &error, NULL);
            if (!source) {
                assert_true(n < packed->len);
                g_free(error);
                continue;
            }
            struct packet p;
            enum source_status status;
            int packets = 0;
            while ((status = source_next(source, &p)) == SOURCE_PACKET) {
                packets++;
                assert_int_equal(p.time_ns, packets == 1 ? 1500000000 : 2000000007);
                assert_int_equal(p.captured, packets == 1 ? 20 : 4);
                assert_memory_equal(p.data, "\x45\0\0", 3);
            }
            if (n == packed->len) {
                assert_true(status == SOURCE_END && packets == 2);
            } else {
                assert_int_equal(status, SOURCE_ERROR);
                /* Between members a file looks whole; it is the capture that is cut then. */
                assert_true(strstr(source_error(source), "compressed data is damaged or cut") ||
                            strstr(source_error(source), "ends in the middle of packet"));
            }
            source_close(source);
        }
    }
    g_byte_array_unref(plain);
    g_byte_array_unref(packed);
}

/* Two sections of either byte order, each with interfaces of two link types: UDP on Ethernet, then TCP on raw IP. */
static void test_interfaces(void **state)
{
    struct fixture *f = *state;
    static const uint8_t udp[34] = {[12] = 8, [14] = 0x45, [17] = 20, [22] = 64, [23] = 17};
    static const uint8_t tcp[20] = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6};
    struct ng file = {g_byte_array_new(), false};
    for (int section = 0; section < 2; section++) {
        file.big = section;
        ng_section(&file);
        ng_interface(&file, 1, 0, 9, 0);
        ng_interface(&file, 101, 0, 6, 0);
        ng_packet(&file, 0, 5000, udp, sizeof udp, sizeof udp);
        ng_other(&file, 9, 4); /* a frame in Wireshark, and no packet */
        ng_packet(&file, 1, 6, tcp, sizeof tcp, sizeof tcp);
    }
    save(f, file.bytes, file.bytes->len);
    static const struct {
        const char *filter;
        uint64_t numbers[5];
    } cases[] = {{NULL, {1, 3, 4, 6}}, {"ip", {1, 3, 4, 6}}, {"udp", {1, 4}}, {"tcp", {3, 6}}, {"ip6", {0}}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *error;
        struct source *source = source_open(f->path, cases[i].filter, &error, NULL);
        assert_non_null(source);
        struct packet p;
        for (const uint64_t *number = cases[i].numbers; *number; number++) {
            assert_int_equal(source_next(source, &p), SOURCE_PACKET);
            assert_int_equal(p.number, *number);
            assert_int_equal(p.link_type, *number % 3 == 1 ? 1 : 12);
            assert_int_equal(p.time_ns, *number % 3 == 1 ? 5000 : 6000);
        }
        assert_int_equal(source_next(source, &p), SOURCE_END);
        source_close(source);
    }
    /* What means something on the first interface alone is told when the second one's packet comes. */
    char *error;
    struct source *source = source_open(f->path, "vlan 5", &error, NULL);
    assert_non_null(source);
    struct packet p;
    assert_int_equal(source_next(source, &p), SOURCE_ERROR);
    print_message("  %s\n", source_error(source));
    assert_non_null(strstr(source_error(source), "packet 3"));
    source_close(source);
    refuse(f->path, "port port", true, "port port");
}

static void note(void *user, const char *text, size_t n)
{
    g_string_append_len(user, text, (gssize)n);
}

/* Secrets are told where they stand when reading, and all of them by the index; plain and compressed alike. */
static void test_secrets(void **state)
{
    struct fixture *f = *state;
    struct ng file = {g_byte_array_new(), true};
    ng_section(&file);
    ng_secrets(&file, 0x544c534b, "one ");
    ng_interface(&file, 101, 0, 9, 0);
    ng_packet(&file, 0, 1, "E", 1, 1);
    ng_secrets(&file, 0x544c534b, "two ");
    ng_secrets(&file, 0x57474b4c, "wireguard ");
    ng_packet(&file, 0, 2, "E", 1, 1);
    file.big = false;
    ng_section(&file);
    ng_secrets(&file, 0x544c534b, "three");
    for (int packed = 0; packed < 2; packed++) {
        GByteArray *bytes = g_byte_array_new();
        if (packed)
            assert_true(pack_append(pack_gzip, bytes, file.bytes->data, file.bytes->len));
        else
            g_byte_array_append(bytes, file.bytes->data, file.bytes->len);
        save(f, bytes, bytes->len);
        GString *told = g_string_new(NULL);
        source_index_secrets(f->path, note, told);
        assert_string_equal(told->str, "one two three");
        g_string_truncate(told, 0);
        char *error;
        struct source *source = source_open(f->path, NULL, &error, NULL);
        assert_non_null(source);
        source_on_secrets(source, note, told);
        struct packet p;
        assert_int_equal(source_next(source, &p), SOURCE_PACKET);
        assert_string_equal(told->str, "one ");
        assert_int_equal(source_next(source, &p), SOURCE_PACKET);
        assert_string_equal(told->str, "one two ");
        assert_int_equal(source_next(source, &p), SOURCE_END);
        assert_string_equal(told->str, "one two three");
        source_close(source);
        g_string_free(told, TRUE);
    }
    g_byte_array_unref(file.bytes);
    /* Nothing to tell, and nothing to complain of. */
    GString *told = g_string_new(NULL);
    source_index_secrets("-", note, told);
    source_index_secrets(f->folder, note, told);
    source_index_secrets("/dev/null", note, told);
    GByteArray *classic = pcap(0xa1b23c4d, false);
    save(f, classic, classic->len);
    source_index_secrets(f->path, note, told);
    assert_int_equal(told->len, 0);
    g_string_free(told, TRUE);
}

static void test_damaged(void **state)
{
    struct fixture *f = *state;
    GByteArray *file = pcap(0xa1b23c4d, false);
    /* The second packet claims to be longer than any can be. */
    file->data[24 + 16 + 20 + 11] = 0x7f;
    save(f, file, file->len);
    char *error;
    struct source *source = source_open(f->path, NULL, &error, NULL);
    struct packet p;
    assert_int_equal(source_next(source, &p), SOURCE_PACKET);
    assert_int_equal(source_next(source, &p), SOURCE_ERROR);
    print_message("  %s\n", source_error(source));
    assert_non_null(strstr(source_error(source), "Packet 2 of"));
    source_close(source);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    refuse(f->path, NULL, false, "does not exist");
    refuse(f->folder, NULL, false, "is a directory");
    static const struct {
        const char *content;
        size_t n;
        const char *part;
    } files[] = {
        {"", 0, "is empty"},
        {"hello, world", 12, "not a capture"},
        {"\x1f\x8b\x08\x00\x00\x00", 6, "compressed with gzip, but damaged or cut"},
        {"\x28\xb5\x2f\xfd\x00", 5, "compressed with zstd, but damaged or cut"},
        {"\xfd\x37\x7a\x58\x5a\x00", 6, "compressed with xz, but damaged or cut"},
        {"\x04\x22\x4d\x18\x00", 5, "compressed with lz4, but damaged or cut"},
        {"BZh91AY", 7, "first: bzip2 -dc /"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        assert_true(g_file_set_contents(f->path, files[i].content, (gssize)files[i].n, NULL));
        refuse(f->path, NULL, false, files[i].part);
    }
    /* Root may read everything. */
    if (geteuid() != 0 && g_chmod(f->path, 0) == 0)
        refuse(f->path, NULL, false, "may not be read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pcap, begin, end),
        cmocka_unit_test_setup_teardown(test_pcapng, begin, end),
        cmocka_unit_test_setup_teardown(test_stdin, begin, end),
        cmocka_unit_test_setup_teardown(test_filter, begin, end),
        cmocka_unit_test_setup_teardown(test_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_gzip, begin, end),
        cmocka_unit_test_setup_teardown(test_interfaces, begin, end),
        cmocka_unit_test_setup_teardown(test_secrets, begin, end),
        cmocka_unit_test_setup_teardown(test_damaged, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
