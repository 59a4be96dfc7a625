/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Authentication strings as servers write them are known by their shapes, and nothing else is. */
#include "analyzer/password_hash.h"

#include <glib.h>
#include <string.h>

#include "tests/support/unit.h"

#define SALT   "\x0cwE`6&1=a<L\x10" "c>\x01\x10K\x1e\x14\x13"
#define DIGEST "ZTJxqVrEaOHr4FCTc6TobOlxa2i2u/Eb/OG2sYuWbq9"
#define KEY    "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"

static enum password_hash_kind kind_of(const char *text)
{
    struct password_hash hash;
    bool is = password_hash_read(text, strlen(text), &hash);
    assert_int_equal(is, hash.kind != PASSWORD_HASH_NONE);
    return hash.kind;
}

static void shapes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum password_hash_kind kind;
    } cases[] = {
        {"*B69027D44F6E5EDC07F1AEAD1477967B16F28227", PASSWORD_HASH_NATIVE},
        {"*b69027d44f6e5edc07f1aead1477967b16f28227", PASSWORD_HASH_NATIVE},
        {"*B69027D44F6E5EDC07F1AEAD1477967B16F2822", PASSWORD_HASH_NONE},
        {"*B69027D44F6E5EDC07F1AEAD1477967B16F282270", PASSWORD_HASH_NONE},
        {"B69027D44F6E5EDC07F1AEAD1477967B16F282270", PASSWORD_HASH_NONE},
        {"*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", PASSWORD_HASH_NONE},
        {"606706156665cd86", PASSWORD_HASH_OLD},
        {"6067061566 5cd86", PASSWORD_HASH_NONE},
        {"e06706156665cd86", PASSWORD_HASH_NONE}, /* its words have 31 bits */
        {"60670615e665cd86", PASSWORD_HASH_NONE},
        {"$A$005$" SALT DIGEST, PASSWORD_HASH_CACHING_SHA2},
        {"$A$FFF$" SALT DIGEST, PASSWORD_HASH_CACHING_SHA2},
        {"$A$000$" SALT DIGEST, PASSWORD_HASH_NONE},
        {"$A$0x5$" SALT DIGEST, PASSWORD_HASH_NONE},
        {"$A$005$" SALT DIGEST "a", PASSWORD_HASH_NONE},
        {"$A$005$a" SALT DIGEST, PASSWORD_HASH_NONE},
        {"$A$005$aaaaaaaaaaaaaaaaaaaa:" DIGEST, PASSWORD_HASH_NONE},
        {"$5$" SALT "$" DIGEST, PASSWORD_HASH_SHA256},
        {"$5$" SALT "/" DIGEST, PASSWORD_HASH_NONE},
        {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", PASSWORD_HASH_NONE}, /* crypt(3)'s own */
        {"0x244124303035240C7745603626313D613C4C10633E0A104B1E14135A544A7871567245614F487234"
         "4643546336546F624F6C7861326932752F45622F4F473273597557627139",
         PASSWORD_HASH_CACHING_SHA2},
        {"0x244124303035240C7745603626313D613C4C10633E0A104B1E14135A544A7871567245614F487234"
         "4643546336546F624F6C7861326932752F45622F4F4732735975576271",
         PASSWORD_HASH_NONE},
        {"0x", PASSWORD_HASH_NONE},
        {"0x2", PASSWORD_HASH_NONE},
        {KEY, PASSWORD_HASH_ED25519},
        {KEY "=", PASSWORD_HASH_NONE},
        {"ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJZ", PASSWORD_HASH_NONE}, /* 258 bits are too many */
        {"P0:YbxHteIVxYhlff73u+uHRSQh:" KEY, PASSWORD_HASH_PARSEC},
        {"Pz:YbxHteIVxYhlff73u+uHRSQh:" KEY, PASSWORD_HASH_PARSEC},
        {"P0::" KEY, PASSWORD_HASH_NONE},
        {"P0:Ybx HteIV:" KEY, PASSWORD_HASH_NONE},
        {"P00:YbxH:" KEY, PASSWORD_HASH_NONE},
        {"P0:YbxH", PASSWORD_HASH_NONE},
        {"P", PASSWORD_HASH_NONE},
        {"", PASSWORD_HASH_NONE},
        {"secret", PASSWORD_HASH_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        if (kind_of(cases[i].text) != cases[i].kind)
            fail_msg("case %zu: %s", i, cases[i].text);
}

static void contents(void **state)
{
    (void)state;
    struct password_hash hash;
    assert_true(password_hash_read("$A$00a$" SALT DIGEST, 70, &hash));
    assert_int_equal(hash.crypt.rounds, 10000);
    assert_memory_equal(hash.crypt.salt, SALT, 20);
    assert_memory_equal(hash.crypt.digest, DIGEST, 43);
    assert_true(password_hash_read("5d2e19393cc5ef67", 16, &hash));
    assert_int_equal(hash.old[0], 0x5d2e1939);
    assert_int_equal(hash.old[1], 0x3cc5ef67);
    /* base64 of the bytes 0 to 31 */
    assert_true(password_hash_read("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", 43, &hash));
    for (uint8_t i = 0; i < 32; i++)
        assert_int_equal(hash.key[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(contents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
