/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exchanges of the authentication plugins. Part of decode_body.h.
 *
 * AuthSwitchRequest    fe · NUL plugin · data          OldAuthSwitchRequest  fe
 * AuthNextFactor       02 · NUL plugin · data          AuthMoreData          01 · data
 * Answers of the client are bare data. What the data is depends on the plugin: sources of both servers and clients.
 */

/* 20 bytes and a NUL, or 32 bytes: a challenge. */
RD struct mw_slice rd_scramble(struct mw_reader *r)
{
    uint64_t n = rd_left_wire(r);
    bool terminated = n == 21 || n == 9;
    struct mw_slice s = rd_bytes(r, terminated ? n - 1 : n, MW_F_AUTH_SCRAMBLE);
    if (terminated)
        rd_bytes(r, 1, MW_F_UNUSED);
    return s;
}

/* dialog: 1 type · text */
RD struct mw_slice rd_prompt(struct mw_reader *r)
{
    if (rd_left_wire(r) == 0)
        return (struct mw_slice){NULL, 0};
    rd_u8(r, MW_F_AUTH_PROMPT_TYPE);
    return rd_textz(r, MW_F_AUTH_PROMPT, true);
}

/* What a plugin of the server says first, behind its name. */
RD struct mw_slice rd_auth_opening(struct mw_reader *r, enum mw_auth_plugin plugin)
{
    struct mw_slice data = {r->p, rd_left(r)};
    if (rd_left_wire(r) == 0)
        return data;
    switch (plugin) {
    case MW_AUTH_MYSQL_NATIVE:
    case MW_AUTH_MYSQL_OLD:
    case MW_AUTH_CACHING_SHA2:
    case MW_AUTH_SHA256:
    case MW_AUTH_ED25519:
    case MW_AUTH_PARSEC: rd_scramble(r); break;
    case MW_AUTH_DIALOG: rd_prompt(r); break;
    case MW_AUTH_GSSAPI: /* NUL principal · [NUL mechanism] */
        rd_textz(r, MW_F_AUTH_PRINCIPAL, true);
        if (rd_left_wire(r))
            rd_textz(r, MW_F_AUTH_MECHANISM, true);
        break;
    case MW_AUTH_WINDOWS: rd_textz(r, MW_F_AUTH_PRINCIPAL, true); break;
    case MW_AUTH_LDAP_SASL: rd_textz(r, MW_F_AUTH_MECHANISM, true); break;
    case MW_AUTH_KERBEROS: /* 2 length · principal · 2 length · realm */
        rd_bytes(r, rd_u16(r, MW_F_AUTH_LENGTH16), MW_F_AUTH_PRINCIPAL);
        rd_bytes(r, rd_u16(r, MW_F_AUTH_LENGTH16), MW_F_AUTH_REALM);
        break;
    case MW_AUTH_WEBAUTHN: /* 1 capability · lenenc challenge · lenenc relying party */
        rd_u8(r, MW_F_AUTH_CAPABILITY);
        rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_CHALLENGE);
        rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_RELYING_PARTY);
        break;
    case MW_AUTH_FIDO:
    case MW_AUTH_OCI: rd_rest(r, MW_F_AUTH_CHALLENGE); break;
    default: rd_rest(r, MW_F_AUTH_DATA); break;
    }
    return data;
}

static void decode_auth_switch(struct mw_reader *r, struct mw_msg *msg)
{
    bool next_factor = msg->kind == MW_KIND_AUTH_NEXT_FACTOR;
    bool node = rd_open(r, next_factor ? MW_F_AUTH_NEXT_FACTOR : MW_F_AUTH_SWITCH_REQUEST);
    rd_u8(r, MW_F_AUTH_STATUS);
    if (msg->kind == MW_KIND_OLD_AUTH_SWITCH) {
        rd_note(r, MW_NOTE_OLD_PASSWORD);
    } else {
        msg->auth.plugin = rd_textz(r, MW_F_AUTH_NAME, true);
        enum mw_auth_plugin plugin = mw_auth_plugin_from(msg->auth.plugin);
        if (plugin == MW_AUTH_MYSQL_OLD)
            rd_note(r, MW_NOTE_OLD_PASSWORD);
        msg->auth.data = rd_auth_opening(r, plugin);
    }
    rd_end(r);
    rd_close(r, node);
}

RD bool looks_like_pem(const struct mw_reader *r)
{
    return rd_left(r) >= 11 && memcmp(r->p, "-----BEGIN ", 11) == 0;
}

/* What a plugin of the server says later. `escaped`: behind a byte 01; some plugins' packets come without. */
static void decode_auth_more(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg, bool escaped)
{
    struct mw_auth *auth = &msg->auth;
    bool node = rd_open(r, MW_F_AUTH_MORE_DATA);
    if (escaped)
        rd_u8(r, MW_F_AUTH_STATUS);
    auth->data = (struct mw_slice){r->p, rd_left(r)};
    uint64_t n = rd_left_wire(r);
    if (looks_like_pem(r)) {
        auth->step = MW_STEP_PUBLIC_KEY;
        rd_rest(r, MW_F_AUTH_PUBLIC_KEY);
    } else {
        switch (ctx->plugin) {
        case MW_AUTH_CACHING_SHA2:
            if (n == 1) {
                uint8_t code = rd_u8(r, MW_F_AUTH_MORE_CODE);
                auth->step = code == 3 ? MW_STEP_FAST_OK : code == 4 ? MW_STEP_FULL : MW_STEP_DATA;
            } else {
                rd_rest(r, MW_F_AUTH_DATA);
            }
            break;
        case MW_AUTH_DIALOG: rd_prompt(r); break;
        case MW_AUTH_PARSEC: /* 1 'P' · 1 iterations · salt */
            rd_u8(r, MW_F_AUTH_PARSEC_FORMAT);
            rd_u8(r, MW_F_AUTH_PARSEC_ITERATIONS);
            rd_rest(r, MW_F_AUTH_PARSEC_SALT);
            break;
        case MW_AUTH_GSSAPI:
        case MW_AUTH_KERBEROS:
        case MW_AUTH_LDAP_SASL:
        case MW_AUTH_WINDOWS: rd_rest(r, MW_F_AUTH_TOKEN); break;
        case MW_AUTH_WEBAUTHN: rd_rest(r, MW_F_AUTH_CREDENTIAL); break;
        default: rd_rest(r, MW_F_AUTH_DATA); break;
        }
    }
    rd_end(r);
    rd_close(r, node);
}

RD void rd_password(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_auth *auth)
{
    auth->step = MW_STEP_CLEARTEXT;
    if (!(ctx->flags & MW_CTX_TLS) && rd_left_wire(r) > 1)
        rd_note(r, MW_NOTE_CLEARTEXT_PASSWORD);
    rd_textz(r, MW_F_AUTH_PASSWORD, true);
}

/* caching_sha2_password and sha256_password behind their proof: a request for the RSA key, or the password, which goes in
 * clear inside TLS and under RSA otherwise. An empty password is a lone NUL. What is shorter than any RSA ciphertext went
 * through TLS before somebody took it off: a tunnel, or `mywire decrypt`. */
RD void rd_sha2_answer(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_auth *auth, uint8_t key_request)
{
    enum { RSA_MIN = 128 }; /* keys of 1024 bits */
    if (rd_left_wire(r) == 1 && rd_peek(r) == key_request) {
        rd_u8(r, MW_F_AUTH_KEY_REQUEST);
        auth->step = MW_STEP_KEY_REQUEST;
    } else if (ctx->flags & MW_CTX_TLS || rd_left_wire(r) < RSA_MIN) {
        rd_password(r, ctx, auth);
    } else {
        rd_rest(r, MW_F_AUTH_ENCRYPTED);
        auth->step = MW_STEP_ENCRYPTED;
    }
}

/* webauthn: 01, or 02 · lenenc count · (lenenc authenticator data · lenenc signature) … · lenenc client data */
RD void rd_webauthn_answer(struct mw_reader *r)
{
    if (rd_u8(r, MW_F_AUTH_REQUEST) != 2)
        return;
    uint64_t count = rd_lenenc(r, MW_F_AUTH_COUNT);
    for (uint64_t i = 0; i < count && rd_ok(r); i++) {
        rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_AUTHENTICATOR_DATA);
        rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_ASSERTION);
    }
    rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_JSON);
}

static void decode_auth_response(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_auth *auth = &msg->auth;
    bool node = rd_open(r, MW_F_AUTH_RESPONSE);
    uint64_t n = rd_left_wire(r);
    auth->data = (struct mw_slice){r->p, rd_left(r)};
    if (n > 0) {
        switch (ctx->plugin) {
        case MW_AUTH_MYSQL_NATIVE: rd_rest(r, MW_F_AUTH_PROOF); break;
        case MW_AUTH_MYSQL_OLD:
            rd_bytes(r, n == 9 ? 8 : n, MW_F_AUTH_PROOF);
            if (n == 9)
                rd_bytes(r, 1, MW_F_UNUSED);
            break;
        case MW_AUTH_CACHING_SHA2:
            if (ctx->flags & MW_CTX_FIRST && n == 32)
                rd_rest(r, MW_F_AUTH_PROOF);
            else
                rd_sha2_answer(r, ctx, auth, 2);
            break;
        case MW_AUTH_SHA256: rd_sha2_answer(r, ctx, auth, 1); break;
        case MW_AUTH_MYSQL_CLEAR:
        case MW_AUTH_DIALOG: rd_password(r, ctx, auth); break;
        case MW_AUTH_ED25519: rd_rest(r, MW_F_AUTH_SIGNATURE); break;
        case MW_AUTH_PARSEC:
            if (n > 64)
                rd_bytes(r, n - 64, MW_F_AUTH_CLIENT_SCRAMBLE);
            rd_rest(r, MW_F_AUTH_SIGNATURE);
            break;
        case MW_AUTH_GSSAPI:
        case MW_AUTH_KERBEROS:
        case MW_AUTH_LDAP_SASL:
        case MW_AUTH_WINDOWS: rd_rest(r, MW_F_AUTH_TOKEN); break;
        case MW_AUTH_OPENID_CONNECT: /* 1 capability · lenenc token */
            rd_u8(r, MW_F_AUTH_CAPABILITY);
            rd_lenenc_text(r, MW_F_AUTH_LENENC, MW_F_AUTH_TOKEN);
            break;
        case MW_AUTH_OCI: rd_rest(r, MW_F_AUTH_JSON); break;
        case MW_AUTH_WEBAUTHN: rd_webauthn_answer(r); break;
        default: rd_rest(r, MW_F_AUTH_ANSWER); break;
        }
    }
    rd_end(r);
    rd_close(r, node);
}
