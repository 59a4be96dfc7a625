/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that others protected: RFC 8448, and sessions of OpenSSL and GnuTLS (tls_sessions.def). Each is opened,
 * damaged at every byte, cut at every length. */
#include "analyzer/tls_crypto.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { ROOM = 4096, APPLICATION_DATA = 23 };

struct session {
    const char *library;
    uint16_t version;
    const char *suite;
    bool encrypt_then_mac;
    const char *secret, *client_random, *server_random, *records, *text;
};

static const struct session sessions[] = {
#define SESSION(library, version, suite, encrypt_then_mac, secret, client_random, server_random, records, text)        \
    {library, version, suite, encrypt_then_mac, secret, client_random, server_random, records, text},
#include "tests/unit/tls_sessions.def"
#undef SESSION
};
enum { SESSIONS = sizeof sessions / sizeof *sessions };

static const uint16_t ids[] = {
#define SUITE(id, name, kx, cipher, mac, prf) id,
#include "analyzer/tls_suites.def"
#undef SUITE
};

static const struct tls_suite *suite_named(const char *name)
{
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (!strcmp(tls_suite_find(ids[i])->name, name))
            return tls_suite_find(ids[i]);
    fail_msg("no suite %s", name);
    return NULL;
}

/* A session with its records as bytes. */
struct played {
    const struct session *session;
    const struct tls_suite *suite;
    struct tls_keys keys[2];
    uint8_t bytes[ROOM];
    size_t n;
};

static void play(struct played *played, const struct session *session)
{
    uint8_t secret[64], client[32], server[32];
    played->session = session;
    played->suite = suite_named(session->suite);
    size_t n = wire_bytes(session->secret, secret, sizeof secret);
    assert_int_equal(wire_bytes(session->client_random, client, sizeof client), 32);
    assert_int_equal(wire_bytes(session->server_random, server, sizeof server), 32);
    if (session->version == TLS_1_3)
        assert_true(tls13_keys(played->suite, secret, n, &played->keys[0]));
    else
        assert_true(tls_key_block(session->version, played->suite, secret, client, server, played->keys));
    played->n = wire_bytes(session->records, played->bytes, sizeof played->bytes);
    assert_in_range(played->n, 10, ROOM);
}

static struct tls_opener *opener_of(const struct played *played)
{
    return tls_opener_new(played->session->version, played->suite, &played->keys[0], played->session->encrypt_then_mac);
}

/* Moves *at behind the next record and says what is in it; false at the end. */
static bool next(uint8_t *bytes, size_t n, size_t *at, uint8_t *type, uint16_t *version, uint8_t **p,
                 size_t *n_fragment)
{
    if (*at == n)
        return false;
    *type = bytes[*at];
    *version = (uint16_t)(bytes[*at + 1] << 8 | bytes[*at + 2]);
    *n_fragment = (size_t)bytes[*at + 3] << 8 | bytes[*at + 4];
    *p = bytes + *at + 5;
    *at += 5 + *n_fragment;
    assert_true(*at <= n);
    return true;
}

/* Opens all records; the text is their application data. */
static void check_session(const struct session *session, bool in_place)
{
    struct played played;
    play(&played, session);
    struct tls_opener *o = opener_of(&played);
    assert_non_null(o);
    assert_int_equal(tls_opener_chained(o), played.suite->cipher == TLS_CIPHER_RC4_128 ||
                                                (session->version == TLS_1_0 && strstr(session->suite, "CBC")));
    char text[ROOM];
    uint8_t room[ROOM], type, *p;
    uint16_t version;
    size_t n_text = 0, at = 0, n;
    for (uint64_t sequence = 0; next(played.bytes, played.n, &at, &type, &version, &p, &n); sequence++) {
        struct tls_plain plain;
        uint8_t *to = in_place ? p : room;
        assert_int_equal(tls_opener_open(o, sequence, type, version, p, n, to, &plain), TLS_OPENED);
        assert_true(plain.n <= n && (plain.n == 0 || (plain.p >= to && plain.p + plain.n <= to + n)));
        if (plain.type == APPLICATION_DATA) {
            memcpy(text + n_text, plain.p, plain.n);
            n_text += plain.n;
        } else if (session->version < TLS_1_3) {
            assert_int_equal(plain.type, type);
            if (sequence == 0)
                assert_memory_equal(plain.p, "\x14\0\0\x0c", 4); /* Finished, 12 bytes */
        }
    }
    assert_int_equal(n_text, strlen(session->text));
    assert_memory_equal(text, session->text, n_text);
    tls_opener_free(o);
}

static void opened(void **state)
{
    (void)state;
    bool seen[TLS_CIPHERS] = {0};
    for (size_t i = 0; i < SESSIONS; i++) {
        print_message("%s %s %s%s\n", sessions[i].library, tls_version_name(sessions[i].version), sessions[i].suite,
                      sessions[i].encrypt_then_mac ? ", encrypt then MAC" : "");
        check_session(&sessions[i], false);
        check_session(&sessions[i], true);
        seen[suite_named(sessions[i].suite)->cipher] = true;
    }
    for (enum tls_cipher cipher = TLS_CIPHER_OTHER + 1; cipher < TLS_CIPHERS; cipher++)
        assert_true(seen[cipher]);
}

/* Whether `opener`, or a new one where a cipher is chained, opens the session's first record so. */
static enum tls_open first(const struct played *played, struct tls_opener **o, uint64_t sequence, uint8_t type,
                           uint16_t version, const uint8_t *p, size_t n)
{
    uint8_t *exact = malloc(n > 0 ? n : 1), room[ROOM]; /* so that a byte too far is seen */
    struct tls_plain plain = {0};
    memcpy(exact, p, n);
    if (tls_opener_chained(*o)) {
        tls_opener_free(*o);
        *o = opener_of(played);
    }
    enum tls_open result = tls_opener_open(*o, sequence, type, version, exact, n, room, &plain);
    if (result != TLS_OPENED) {
        assert_null(plain.p);
        assert_int_equal(plain.n, 0);
    }
    free(exact);
    return result;
}

static void damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct played played;
        play(&played, &sessions[i]);
        struct tls_opener *o = opener_of(&played);
        uint8_t type, *p;
        uint16_t version;
        size_t at = 0, n;
        assert_true(next(played.bytes, played.n, &at, &type, &version, &p, &n));
        for (size_t byte = 0; byte < n; byte++)
            for (unsigned bit = 0; bit < 8; bit++) {
                p[byte] ^= (uint8_t)(1 << bit);
                assert_int_equal(first(&played, &o, 0, type, version, p, n), TLS_BAD_MAC);
                p[byte] ^= (uint8_t)(1 << bit);
            }
        for (size_t cut = 0; cut < n; cut++)
            assert_int_not_equal(first(&played, &o, 0, type, version, p, cut), TLS_OPENED);
        for (size_t cut = 1; cut < n; cut++)
            assert_int_not_equal(first(&played, &o, 0, type, version, p + cut, n - cut), TLS_OPENED);
        assert_int_equal(first(&played, &o, 1, type, version, p, n), TLS_BAD_MAC);
        assert_int_equal(first(&played, &o, 0, type ^ 1, version, p, n), TLS_BAD_MAC);
        assert_int_equal(first(&played, &o, 0, type, version ^ 1, p, n), TLS_BAD_MAC);
        /* After all of that the record can still be opened: none of it left a trace. */
        assert_int_equal(first(&played, &o, 0, type, version, p, n), TLS_OPENED);
        tls_opener_free(o);
    }
}

/* The second record can be opened if the first was damaged or passed over. */
static void after_a_loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < SESSIONS; i++) {
        struct played played;
        play(&played, &sessions[i]);
        uint8_t type, *p, room[ROOM];
        uint16_t version;
        for (int how = 0; how < 2; how++) {
            struct tls_opener *o = opener_of(&played);
            struct tls_plain plain;
            size_t at = 0, n;
            assert_true(next(played.bytes, played.n, &at, &type, &version, &p, &n));
            if (how == 0) {
                p[0] ^= 1;
                assert_int_equal(tls_opener_open(o, 0, type, version, p, n, room, &plain), TLS_BAD_MAC);
                p[0] ^= 1;
            } else {
                tls_opener_skip(o, p, n);
            }
            assert_true(next(played.bytes, played.n, &at, &type, &version, &p, &n));
            assert_int_equal(tls_opener_open(o, 1, type, version, p, n, room, &plain), TLS_OPENED);
            tls_opener_free(o);
        }
    }
}

static void lengths(void **state)
{
    (void)state;
    static uint8_t big[65536];
    for (size_t i = 0; i < SESSIONS; i++) {
        struct played played;
        play(&played, &sessions[i]);
        struct tls_opener *o = opener_of(&played);
        struct tls_plain plain;
        size_t longest = sessions[i].version == TLS_1_3 ? 16384 + 256 : 16384 + 2048;
        assert_int_equal(tls_opener_open(o, 0, 23, 0x0303, big, longest + 1, big, &plain), TLS_BAD_SHAPE);
        assert_int_equal(tls_opener_open(o, 0, 23, 0x0303, big, 65535, big, &plain), TLS_BAD_SHAPE);
        assert_int_equal(tls_opener_open(o, 0, 23, 0x0303, big, 0, big, &plain), TLS_BAD_SHAPE);
        assert_int_not_equal(tls_opener_open(o, 0, 23, 0x0303, big, longest, big, &plain), TLS_OPENED);
        tls_opener_free(o);
    }
}

/* RFC 8448 section 3: the payload is the bytes 0 to 49, the alert is close_notify. */
static void rfc8448(void **state)
{
    (void)state;
    static const char client_handshake[] = "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21";
    static const char client[] = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
    static const char server[] = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
    static const char payload[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                                  "202122232425262728292a2b2c2d2e2f3031";
    static const struct {
        const char *secret;
        uint64_t sequence;
        const char *record;
        uint8_t type;
        const char *content;
    } facts[] = {
        {client_handshake, 0,
         "17 03 03 00 35 "
         "75ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeacab6867"
         "d726c40546",
         22, "14 00 00 20 a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"},
        {client, 0,
         "17 03 03 00 43 "
         "a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a"
         "6292a2977014bd1e3deae63aeebb21694915e4",
         23, payload},
        {client, 1, "17 03 03 00 13 c9872760655666b74d7ff1153efd6db6d0b0e3", 21, "01 00"},
        {server, 1,
         "17 03 03 00 43 "
         "2e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2"
         "e5f0a21c0047c2abf332540dd032e167c2955d",
         23, payload},
        {server, 2, "17 03 03 00 13 b58fd67166ebf599d24720cfbe7efa7a8864a9", 21, "01 00"},
    };
    const struct tls_suite *suite = tls_suite_find(0x1301);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        uint8_t secret[32], record[256], content[256], room[256], type, *p;
        struct tls_keys keys;
        struct tls_plain plain;
        uint16_t version;
        size_t at = 0, n;
        size_t n_record = wire_bytes(facts[i].record, record, sizeof record);
        size_t n_content = wire_bytes(facts[i].content, content, sizeof content);
        assert_int_equal(wire_bytes(facts[i].secret, secret, sizeof secret), 32);
        assert_true(tls13_keys(suite, secret, 32, &keys));
        struct tls_opener *o = tls_opener_new(TLS_1_3, suite, &keys, false);
        assert_true(next(record, n_record, &at, &type, &version, &p, &n));
        assert_int_equal(tls_opener_open(o, facts[i].sequence, type, version, p, n, room, &plain), TLS_OPENED);
        assert_int_equal(plain.type, facts[i].type);
        assert_int_equal(plain.n, n_content);
        assert_memory_equal(plain.p, content, n_content);
        tls_opener_free(o);
    }
}

static void padding_1_3(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        size_t n;
        const char *fragment;
    } facts[] = {
#define PADDED(id, n, fragment) {id, n, fragment},
#include "tests/unit/tls_padding.def"
#undef PADDED
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        struct tls_keys keys = {{0}, {0}, {0}};
        for (size_t j = 0; j < sizeof keys.key; j++)
            keys.key[j] = (uint8_t)j;
        struct tls_opener *o = tls_opener_new(TLS_1_3, tls_suite_find(facts[i].id), &keys, false);
        uint8_t fragment[512];
        struct tls_plain plain;
        size_t n = wire_bytes(facts[i].fragment, fragment, sizeof fragment);
        enum tls_open result = tls_opener_open(o, 5, 23, 0x0303, fragment, n, fragment, &plain);
        if (facts[i].n == 0) {
            assert_int_equal(result, TLS_BAD_SHAPE);
        } else {
            assert_int_equal(result, TLS_OPENED);
            assert_int_equal(plain.type, 23);
            assert_int_equal(plain.n, 2);
            assert_memory_equal(plain.p, "ab", 2);
        }
        tls_opener_free(o);
    }
}

static void refused(void **state)
{
    (void)state;
    struct tls_keys keys = {{0}, {0}, {0}};
    assert_null(tls_opener_new(TLS_1_2, tls_suite_find(0x0096), &keys, false)); /* SEED */
    assert_null(tls_opener_new(TLS_1_2, tls_suite_find(0x1301), &keys, false));
    assert_null(tls_opener_new(TLS_1_3, tls_suite_find(0xc02f), &keys, false));
    assert_null(tls_opener_new(TLS_1_1, tls_suite_find(0xc02f), &keys, false));
    assert_null(tls_opener_new(TLS_SSL3, tls_suite_find(0x002f), &keys, false));
    tls_opener_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opened),  cmocka_unit_test(damaged), cmocka_unit_test(after_a_loss),
        cmocka_unit_test(lengths), cmocka_unit_test(rfc8448), cmocka_unit_test(padding_1_3),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
