/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published vectors: NIST's for the PRFs of TLS (CAVP), those on the IETF's TLS list for SHA-256 and SHA-384
 * (https://mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms), RFC 8448 section 3; where there is none,
 * what `openssl kdf` derives. */
#include "analyzer/tls_schedule.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { ROOM = 256 };

static void expect(const uint8_t *got, size_t n, const char *hex)
{
    uint8_t wanted[ROOM];
    assert_int_equal(wire_bytes(hex, wanted, sizeof wanted), n);
    assert_memory_equal(got, wanted, n);
}

static void check_prf(uint16_t version, enum tls_hash hash, const char *secret, const char *label, const char *seed,
                      const char *wanted)
{
    uint8_t key[ROOM], salt[ROOM], out[ROOM];
    size_t n_key = wire_bytes(secret, key, sizeof key);
    size_t n_salt = wire_bytes(seed, salt, sizeof salt);
    size_t n_out = wire_bytes(wanted, out, sizeof out);
    for (size_t n = 1; n <= n_out; n++) {
        /* A shorter output is the beginning of a longer one, and where the seed is divided does not count. */
        size_t first = n % (n_salt + 1);
        memset(out, 0xaa, sizeof out);
        assert_true(tls_prf(version, hash, key, n_key, label, salt, first, salt + first, n_salt - first, out, n));
        uint8_t whole[ROOM];
        wire_bytes(wanted, whole, sizeof whole);
        assert_memory_equal(out, whole, n);
        assert_int_equal(out[n], 0xaa);
    }
}

static void prf_1_2(void **state)
{
    (void)state;
    check_prf(TLS_1_2, TLS_HASH_SHA256, "9bbe436ba940f017b17652849a71db35", "test label",
              "a0ba9f936cda311827a6f796ffd5198c",
              "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7"
              "077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66");
    check_prf(TLS_1_2, TLS_HASH_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "test label",
              "cd665cf6a8447dd6ff8b27555edb7465",
              "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb40"
              "0fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d"
              "31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f");
}

static void prf_1_0(void **state)
{
    (void)state;
    for (uint16_t version = TLS_1_0; version <= TLS_1_1; version++) {
        check_prf(version, TLS_HASH_SHA256,
                  "bded7fa5c1699c010be23dd06ada3a48349f21e5f86263d512c0c5cc379f0e780ec55d9844b2f1db02a96453513568d0",
                  "master secret",
                  "e5acaf549cd25c22d964c0d930fa4b5261d2507fad84c33715b7b9a864020693"
                  "135e4d557fdf3aa6406d82975d5c606a9734c9334b42136e96990fbd5358cdb2",
                  "2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62");
        /* By openssl kdf: halves that share the middle byte. */
        check_prf(version, TLS_HASH_NONE, "0102030405060708090a0b", "odd", "a0a1a2",
                  "1c1a7baf94fd4e7edbd8bf7961ccf5bb3fc1b94a3824e13dfdffb68fe550fddc");
    }
}

static void no_hash(void **state)
{
    (void)state;
    uint8_t secret[48] = {0}, out[48];
    assert_false(tls_prf(TLS_1_2, TLS_HASH_NONE, secret, sizeof secret, "x", secret, 1, NULL, 0, out, sizeof out));
}

static void master(void **state)
{
    (void)state;
    uint8_t premaster[64], client[32], server[32], out[48];
    wire_bytes("f8938ecc9edebc5030c0c6a441e213cd24e6f770a50dda07876f8d55da062bcadb386b411fd4fe4313a604fce6c17fbc",
               premaster, sizeof premaster);
    wire_bytes("36c129d01a3200894b9179faac589d9835d58775f9b5ea3587cb8fd0364cae8c", client, sizeof client);
    wire_bytes("f6c9575ed7ddd73e1f7d16eca115415812a43c2b747daaaae043abfb50053fce", server, sizeof server);
    const struct tls_suite *suite = tls_suite_find(0x003d);
    assert_true(tls_master_secret(TLS_1_2, suite, premaster, 48, client, server, out));
    expect(out, 48, "202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf");

    /* OpenSSL's evpkdf_tls12_prf.txt: what it takes for the randoms stands where the session hash does. */
    uint8_t hash[64];
    memcpy(hash, client, 32);
    memcpy(hash + 32, server, 32);
    size_t n = wire_bytes("0102030405060708090a0b", premaster, sizeof premaster);
    assert_true(tls_extended_master_secret(TLS_1_2, suite, premaster, n, hash, sizeof hash, out));
    expect(out, 48, "8cb203c99a13871fd96cecd2770720df3c4ebd49e1cbc956fddb400f9c051fb69b63d7abb2f996f4e4d1ac0e9153f51b");
}

static void transcript(void **state)
{
    (void)state;
    /* FIPS 180 and RFC 1321: "abc" */
    uint8_t out[64];
    const uint8_t *abc = (const uint8_t *)"abc";
    const struct tls_suite *sha256 = tls_suite_find(0x002f), *sha384 = tls_suite_find(0xc030);
    assert_int_equal(tls_transcript_hash(TLS_1_2, sha256, abc, 3, out), 32);
    expect(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(tls_transcript_hash(TLS_1_2, sha384, abc, 3, out), 48);
    expect(out, 48, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    assert_int_equal(tls_transcript_hash(TLS_1_1, sha256, abc, 3, out), 36);
    expect(out, 36, "900150983cd24fb0d6963f7d28e17f72 a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void key_block_1_0(void **state)
{
    (void)state;
    uint8_t secret[48], client[32], server[32];
    struct tls_keys keys[2];
    wire_bytes("2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62",
               secret, sizeof secret);
    wire_bytes("d58a7b1cd4fedaa232159df652ce188f9d997e061b9bf48e83b62990440931f6", client, sizeof client);
    wire_bytes("67267e650eb32444119d222a368c191af3082888dc35afe8368e638c828874be", server, sizeof server);
    /* TLS_RSA_WITH_AES_128_CBC_SHA: MAC keys of 20 bytes, keys and IVs of 16. */
    assert_true(tls_key_block(TLS_1_0, tls_suite_find(0x002f), secret, client, server, keys));
    expect(keys[0].mac, 20, "3088825988e77fce68d19f756e18e43eb7fe6724");
    expect(keys[1].mac, 20, "33504feaf99b3c503d9091b164f166db301d70c9");
    expect(keys[0].key, 16, "fc0870b4a94563907bee1a61fb786cb7");
    expect(keys[1].key, 16, "17576890bcc51cb9ead97e01d0a2fea9");
    expect(keys[0].iv, 16, "9c953377b195205ff07b369589178796");
    expect(keys[1].iv, 16, "edc963fd80fdbe518a2fc1c35c18ae8d");
    /* From TLS 1.1 on each record brings its own. */
    assert_true(tls_key_block(TLS_1_1, tls_suite_find(0x002f), secret, client, server, keys));
    expect(keys[1].key, 16, "17576890bcc51cb9ead97e01d0a2fea9");
    expect(keys[0].iv, 16, "00*16");
}

static void key_block_1_2(void **state)
{
    (void)state;
    uint8_t secret[48], client[32], server[32];
    struct tls_keys keys[2];
    wire_bytes("202c88c00f84a17a20027079604787461176455539e705be730890602c289a5001e34eeb3a043e5d52a65e66125188bf",
               secret, sizeof secret);
    wire_bytes("62e1fd91f23f558a605f28478c58cf72637b89784d959df7e946d3f07bd1b616", client, sizeof client);
    wire_bytes("ae6c806f8ad4d80784549dff28a4b58fd837681a51d928c3e30ee5ff14f39868", server, sizeof server);
    assert_true(tls_key_block(TLS_1_2, tls_suite_find(0x003d), secret, client, server, keys));
    expect(keys[0].mac, 32, "d06139889fffac1e3a71865f504aa5d0d2a2e89506c6f2279b670c3e1b74f531");
    expect(keys[1].mac, 32, "016a2530c51a3a0f7e1d6590d0f0566b2f387f8d11fd4f731cdd572d2eae927f");
    expect(keys[0].key, 32, "6f2f81410b25e6960be68985add6c38445ad9f8c64bf8068bf9a6679485d966f");
    expect(keys[1].key, 32, "1ad6f68b43495b10a683755ea2b858d70ccac7ec8b053c6bd41ca299d4e51928");
    /* TLS_RSA_WITH_AES_128_GCM_SHA256 divides the same bytes into keys of 16 and IVs of 4. */
    assert_true(tls_key_block(TLS_1_2, tls_suite_find(0x009c), secret, client, server, keys));
    expect(keys[0].key, 16, "d06139889fffac1e3a71865f504aa5d0");
    expect(keys[1].key, 16, "d2a2e89506c6f2279b670c3e1b74f531");
    expect(keys[0].iv, 4, "016a2530");
    expect(keys[1].iv, 4, "c51a3a0f");

    assert_false(tls_key_block(TLS_1_1, tls_suite_find(0x009c), secret, client, server, keys));
    assert_false(tls_key_block(TLS_1_3, tls_suite_find(0x1301), secret, client, server, keys));
    assert_false(tls_key_block(TLS_1_2, tls_suite_find(0x0096), secret, client, server, keys));
}

/* RFC 8448 section 3, Simple 1-RTT Handshake. */
static void keys_1_3(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *key, *iv;
    } facts[] = {
        {"b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", "3fce516009c21727d0f2e4e86ee403bc",
         "5d313eb2671276ee13000b30"},
        {"b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", "dbfaa693d1762c5b666af5d950258d01",
         "5bd3c71b836e0b76bb73265f"},
        {"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", "9f02283b6c9c07efc26bb9f2ac92e356",
         "cf782b88dd83549aadf1e984"},
    };
    const struct tls_suite *suite = tls_suite_find(0x1301);
    struct tls_keys keys;
    uint8_t secret[64];
    assert_int_equal(tls_secret_bytes(suite), 32);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        assert_int_equal(wire_bytes(facts[i].secret, secret, sizeof secret), 32);
        assert_true(tls13_keys(suite, secret, 32, &keys));
        expect(keys.key, 16, facts[i].key);
        expect(keys.iv, 12, facts[i].iv);
    }
    assert_false(tls13_keys(suite, secret, 48, &keys));
    assert_false(tls13_keys(tls_suite_find(0x009c), secret, 32, &keys));

    /* By openssl kdf, from the server's application traffic secret. */
    assert_true(tls13_next_secret(suite, secret, 32));
    expect(secret, 32, "51921b8aa3001976eb401d0a4319a8516416a6c56001a357e5d162031e84f916");
    assert_false(tls13_next_secret(suite, secret, 48));
}

/* By openssl kdf. */
static void keys_1_3_sha384(void **state)
{
    (void)state;
    const struct tls_suite *suite = tls_suite_find(0x1302);
    uint8_t secret[48];
    struct tls_keys keys;
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    assert_int_equal(tls_secret_bytes(suite), 48);
    assert_true(tls13_keys(suite, secret, 48, &keys));
    expect(keys.key, 32, "6877d022f1c61d24ebb7487c16752d9a4798e40431c75b39320e537c90e23225");
    expect(keys.iv, 12, "42822531a0fe88648fc09e9f");
    assert_true(tls13_next_secret(suite, secret, 48));
    expect(secret, 48,
           "401331b63e9d59f202e8f041042d9516f4cd7fa2e2ee14631d3b49fc340d7af37fc2c0c9f252d8036f81ec5b85cbe5db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prf_1_2),       cmocka_unit_test(prf_1_0),    cmocka_unit_test(no_hash),
        cmocka_unit_test(master),        cmocka_unit_test(transcript), cmocka_unit_test(key_block_1_0),
        cmocka_unit_test(key_block_1_2), cmocka_unit_test(keys_1_3),   cmocka_unit_test(keys_1_3_sha384),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
