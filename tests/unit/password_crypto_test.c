/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs that real clients sent (samples, whose passwords are known), hashes that real servers keep, and signatures of
 * OpenSSL. */
#include "analyzer/password_crypto.h"

#include <glib.h>
#include <string.h>

#include "tests/support/unit.h"

static uint8_t *unhex(const char *text, uint8_t *out)
{
    for (size_t i = 0; text[2 * i]; i++)
        out[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 | g_ascii_xdigit_value(text[2 * i + 1]));
    return out;
}

static struct password_hash hash_of(const char *text)
{
    struct password_hash hash;
    assert_true(password_hash_read(text, strlen(text), &hash));
    return hash;
}

/* What every plugin's proof is asked with: the right password, and some that are not. */
static const char *const wrong[] = {"", "app-pw-1", "App-pw-1 ", "App-pw-", "password1", "*"};

/* mariadb1011-plain-native-password: PyMySQL logs in. The hash is PASSWORD('App-pw-1') of MariaDB 10.11. */
static void native(void **state)
{
    (void)state;
    const uint8_t *challenge = (const uint8_t *)"WJM#cK.A=MLw1.3S*u28";
    uint8_t proof[20];
    unhex("37ed9a6d3b7f39d966a6a25de15207300cdbfd1b", proof);
    assert_int_equal(password_native("App-pw-1", 8, challenge, proof), PASSWORD_RIGHT);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_int_equal(password_native(wrong[i], strlen(wrong[i]), challenge, proof), PASSWORD_WRONG);
    struct password_hash hash = hash_of("*293EB9E59DEB3C6B9932830235C85067BC4BCF9D");
    assert_int_equal(password_native_hash(hash.native, challenge, proof), PASSWORD_RIGHT);
    hash = hash_of("*B69027D44F6E5EDC07F1AEAD1477967B16F28227"); /* PASSWORD('x') */
    assert_int_equal(password_native_hash(hash.native, challenge, proof), PASSWORD_WRONG);
    proof[19] ^= 1;
    assert_int_equal(password_native("App-pw-1", 8, challenge, proof), PASSWORD_WRONG);
}

/* OLD_PASSWORD() of MariaDB 10.11: blanks do not count. */
static void old_words(void **state)
{
    (void)state;
    static const struct {
        const char *password, *hash;
    } cases[] = {{"x", "606706156665cd86"}, {"password", "5d2e19393cc5ef67"}, {" pass\tword ", "5d2e19393cc5ef67"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t words[2];
        struct password_hash hash = hash_of(cases[i].hash);
        password_old_words(cases[i].password, strlen(cases[i].password), words);
        assert_int_equal(words[0], hash.old[0]);
        assert_int_equal(words[1], hash.old[1]);
    }
}

/* mariadb1011-old-password: the mariadb client logs in, and is refused with another password. */
static void old_proof(void **state)
{
    (void)state;
    uint8_t proof[8];
    struct password_hash hash = hash_of("5d2e19393cc5ef67"), other = hash_of("606706156665cd86");
    unhex("52445a5e4f415e53", proof);
    assert_int_equal(password_old_hash(hash.old, (const uint8_t *)"xG8#FvC)", proof), PASSWORD_RIGHT);
    assert_int_equal(password_old_hash(other.old, (const uint8_t *)"xG8#FvC)", proof), PASSWORD_WRONG);
    assert_int_equal(password_old_hash(hash.old, (const uint8_t *)"xG8#FvC(", proof), PASSWORD_WRONG);
    unhex("4258444c4f5c5b48", proof);
    assert_int_equal(password_old_hash(hash.old, (const uint8_t *)"UT'a94:g", proof), PASSWORD_WRONG);
}

/* mysql97-plain-caching-sha2-fast, and mariadb118-caching-sha2, whose client hashes the NUL behind the challenge. */
static void sha2(void **state)
{
    (void)state;
    const uint8_t *challenge = (const uint8_t *)"n]J6Y(!\x13YqR2^J|\x13.\x04" "7\x19";
    uint8_t proof[32], with_nul[21] = {0};
    unhex("d4c6d05a6da2738685739609a1d4f4a855582074efb9b3f1970fe2b57f642d7c", proof);
    assert_int_equal(password_sha2("App-pw-1", 8, challenge, 20, proof), PASSWORD_RIGHT);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_int_equal(password_sha2(wrong[i], strlen(wrong[i]), challenge, 20, proof), PASSWORD_WRONG);
    unhex("484e3674403b32732a5b425379604f503d3d2560", with_nul);
    unhex("101d20987b302bc0ddcf5050a05a433598e3e21250a9a35b40710a85af74516e", proof);
    assert_int_equal(password_sha2("Sha2-pw-7", 9, with_nul, 21, proof), PASSWORD_RIGHT);
    assert_int_equal(password_sha2("Sha2-pw-7", 9, with_nul, 20, proof), PASSWORD_WRONG);
}

/* SHOW CREATE USER in the manual of MySQL 8.0 (IDENTIFIED BY 'secret'); hashcat's example of its mode 7401. */
static void crypt(void **state)
{
    (void)state;
    struct password_hash manual = hash_of("0x244124303035240C7745603626313D613C4C10633E0A104B1E14135A544A7871567245614F48"
                                          "72344643546336546F624F6C7861326932752F45622F4F473273597557627139");
    struct password_hash hashcat = hash_of("0x24412430303524F9CC98CE08892924F50A213B6BC571A2C11778C5625479393559393965414D"
                                           "45316477456B484F41316E64484742577A2E3162785353526B7554584647562F");
    char long_one[300];
    memset(long_one, 'a', sizeof long_one);
    assert_int_equal(password_crypt("secret", 6, &manual), PASSWORD_RIGHT);
    assert_int_equal(password_crypt("hashcat", 7, &hashcat), PASSWORD_RIGHT);
    assert_int_equal(password_crypt("secret", 6, &hashcat), PASSWORD_WRONG);
    assert_int_equal(password_crypt("", 0, &manual), PASSWORD_WRONG);
    assert_int_equal(password_crypt("Secret", 6, &manual), PASSWORD_WRONG);
    assert_int_equal(password_crypt(long_one, 256, &manual), PASSWORD_WRONG);
    assert_int_equal(password_crypt(long_one, 257, &manual), PASSWORD_WRONG);
    manual.crypt.rounds = 4000;
    assert_int_equal(password_crypt("secret", 6, &manual), PASSWORD_WRONG);
}

/* mariadb118-ed25519; the hashes are ed25519_password() of MariaDB 10.11. */
static void ed25519(void **state)
{
    (void)state;
    uint8_t challenge[32], proof[64];
    unhex("24028275ab4cdd10f3626a60422f70e3fb74a44970f66e4911f0b37965e83d3a", challenge);
    unhex("7bc5fa9e71b85aada91345d617d284d057db9838a354b8b990677d6491219638"
          "d2739d6a2fff15fee4a9973c5d428fb93ac8cc7fcf1f1de4e4d3e03b4487a005",
          proof);
    assert_int_equal(password_ed25519("Ed-pw-2", 7, challenge, proof), PASSWORD_RIGHT);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        assert_int_equal(password_ed25519(wrong[i], strlen(wrong[i]), challenge, proof), PASSWORD_WRONG);
    struct password_hash hash = hash_of("uxlBThl5qNXVOnyD8O2QaNoeNiMJunsm42vN22sY2uk");
    assert_int_equal(password_ed25519_key(hash.key, challenge, proof), PASSWORD_RIGHT);
    hash = hash_of("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"); /* 'secret', also in MariaDB's manual */
    assert_int_equal(password_ed25519_key(hash.key, challenge, proof), PASSWORD_WRONG);
    challenge[0] ^= 1;
    assert_int_equal(password_ed25519("Ed-pw-2", 7, challenge, proof), PASSWORD_WRONG);
}

/* A password of 32 bytes is a seed of RFC 8032: OpenSSL signed the bytes 0 to 31 with it. Either sign of the public key's
 * x occurs. */
static void ed25519_seeds(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0123456789abcdefghijklmnopqrstuv",
         "188242ed3a9e2fe612b07a6412c0a7cc0bd8b3d6607e7e4c6e45eb5afd0f5044"
         "e5d3eabd7ae8c7afdf636551d3d92b3e2e085c74474811b313a3640708a9c90b"},
        {"vutsrqponmlkjihgfedcba9876543210",
         "7fffc0656f5c037b9d92b2726fe11ff7b52b7681cf22c0f3be899eb9d31d48ce"
         "c42582680943083d7c36c68a64299b5900740fdf21fb4c5e2678f3baea7aa505"},
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "24aa9e2c440f78a2fe6d110f539179631c6265229b7b083bfb22a5cb7cc40a4d"
         "cfe99e0a0323d787d709f94241b10a4808002f06f04d4b421ee324b2eae04c06"},
        {"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
         "1bbdbb894c1f0026792d3cba5c74eed9e8c00d09680de18e8aea654ebb007f77"
         "a642da6cae45a6c782601b719acf972a984486fcf1a8e89e416f1a4679608c0e"},
    };
    uint8_t message[32], proof[64];
    for (uint8_t i = 0; i < sizeof message; i++)
        message[i] = i;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        unhex(cases[i][1], proof);
        for (size_t k = 0; k < G_N_ELEMENTS(cases); k++)
            assert_int_equal(password_ed25519(cases[k][0], 32, message, proof), k == i ? PASSWORD_RIGHT : PASSWORD_WRONG);
    }
}

/* mariadb118-parsec; the key is OpenSSL's, of the seed that Python's pbkdf2_hmac makes of password and salt. */
static void parsec(void **state)
{
    (void)state;
    uint8_t challenge[32], proof[96], salt[18], key[32];
    struct password_hash hash = hash_of("P0:YbxHteIVxYhlff73u+uHRSQh:msavnjlorRQWhq0tx3FnFyveEitcD2wug8UPYt9dYwk");
    unhex("d76b0d7cdc0067049cb5586543bf39763793fe0eacca6b417a3b67600e228cc7", challenge);
    unhex("61bc47b5e215c588657dfef7bbeb87452421", salt);
    unhex("8eee9ab0c8dc9d1e6a13665a772a2fdf178abded7f419bb78ca19b3f77226b9a"
          "5bfa6fc18c569a44aef41928a7e1e3bbed6aea62eeaff0058b22bb29a1765ebb"
          "79f2851327ef001e61bd3b82e4529bc04eed0ac8a683d051e1779f95bd3ad90c",
          proof);
    assert_true(password_parsec_derive("Parsec-pw-4", 11, salt, sizeof salt, 0, key));
    assert_memory_equal(key, hash.key, sizeof key);
    assert_int_equal(password_parsec_key(key, challenge, proof), PASSWORD_RIGHT);
    proof[0] ^= 1;
    assert_int_equal(password_parsec_key(key, challenge, proof), PASSWORD_WRONG);
    proof[0] ^= 1;
    assert_true(password_parsec_derive("Parsec-pw-4", 11, salt, sizeof salt, 1, key));
    assert_int_equal(password_parsec_key(key, challenge, proof), PASSWORD_WRONG);
    assert_true(password_parsec_derive("parsec-pw-4", 11, salt, sizeof salt, 0, key));
    assert_int_equal(password_parsec_key(key, challenge, proof), PASSWORD_WRONG);
    assert_true(password_parsec_derive("", 0, salt, sizeof salt, 0, key));
    assert_int_equal(password_parsec_key(key, challenge, proof), PASSWORD_WRONG);
    assert_false(password_parsec_derive("Parsec-pw-4", 11, salt, sizeof salt, PASSWORD_PARSEC_COST_MAX + 1, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native), cmocka_unit_test(old_words), cmocka_unit_test(old_proof),     cmocka_unit_test(sha2),
        cmocka_unit_test(crypt),  cmocka_unit_test(ed25519),   cmocka_unit_test(ed25519_seeds), cmocka_unit_test(parsec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
