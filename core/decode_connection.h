/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection phase: greeting, login, the exchanges of the authentication plugins, COM_CHANGE_USER.
 * Part of decode_body.h. Layouts: MySQL Internals "Connection Phase Packets", MariaDB Knowledge Base "Connection", and
 * traffic of MySQL 9.7 and MariaDB 10.11/11.8.
 */

static bool text_contains(struct mw_slice text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; text.p && i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0)
            return true;
    return false;
}

/* Lower 16 capability bits, and the bits 16 to 31. */
RD uint64_t rd_caps_low(struct mw_reader *r, enum mw_field_id field)
{
    return rd_bits(r, 2, field, MW_F_CAPS_LP, MW_F_CAPS_SC);
}

RD uint64_t rd_caps_high(struct mw_reader *r, enum mw_field_id field)
{
    return rd_bits(r, 2, field, MW_F_CAPS_MS, MW_F_CAPS_RO) << 16;
}

RD uint64_t rd_caps_mariadb(struct mw_reader *r, enum mw_field_id field)
{
    return rd_bits(r, 4, field, MW_F_MDBCAPS_PR, MW_F_MDBCAPS_BU) << 32;
}

RD uint16_t rd_status(struct mw_reader *r)
{
    return (uint16_t)rd_bits(r, 2, MW_F_SERVER_STATUS, MW_F_STAT_IT, MW_F_STAT_AQ);
}

/* HandshakeV9:  1 protocol 9 · NUL version · 4 thread id · NUL scramble */
static void greeting_9(struct mw_reader *r, struct mw_greeting *g)
{
    g->short_form = true;
    g->dialect = MW_DIALECT_MYSQL;
    g->version = rd_textz(r, MW_F_VERSION, false);
    g->thread_id = rd_u32(r, MW_F_THREAD_ID);
    rd_textz(r, MW_F_SALT, true);
}

/* HandshakeV10: 1 protocol 10 · NUL version · 4 thread id · 8 scramble · 1 filler · 2 capabilities
 *               [1 collation · 2 status · 2 capabilities · 1 scramble length · 6 filler · 4 MariaDB capabilities or filler
 *               · max(13, length - 8) scramble · NUL plugin] */
static void greeting_10(struct mw_reader *r, struct mw_greeting *g)
{
    enum { EXTENDED_AHEAD = 1 + 2 + 2 + 1 + 6 }; /* from the collation to MariaDB's capabilities */
    g->version = rd_textz(r, MW_F_VERSION, false);
    g->thread_id = rd_u32(r, MW_F_THREAD_ID);
    g->scramble = rd_bytes(r, 8, MW_F_SALT);
    rd_bytes(r, 1, MW_F_UNUSED);
    g->caps = rd_caps_low(r, MW_F_CAPS_SERVER);
    bool extended = !(g->caps & MW_CAP(MW_BIT_CLIENT_MYSQL)) && rd_left(r) >= EXTENDED_AHEAD + 4 &&
                    rd_le(r->p + EXTENDED_AHEAD, 4) != 0;
    bool mariadb = extended || text_contains(g->version, "MariaDB");
    g->dialect = r->dialect = mariadb ? MW_DIALECT_MARIADB : MW_DIALECT_MYSQL;
    if (rd_left_wire(r) == 0) {
        g->short_form = true;
        return;
    }
    g->collation = rd_u8(r, mariadb ? MW_F_SERVER_LANGUAGE_MARIADB : MW_F_SERVER_LANGUAGE);
    g->status = rd_status(r);
    g->caps |= rd_caps_high(r, MW_F_EXTCAPS_SERVER);
    uint8_t length = rd_u8(r, MW_F_AUTH_DATA_LENGTH);
    rd_bytes(r, 6, MW_F_UNUSED);
    if (extended)
        g->caps |= rd_caps_mariadb(r, MW_F_MDBCAPS_SERVER);
    else
        rd_bytes(r, 4, MW_F_UNUSED);
    if (g->caps & (MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION) | MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH)))
        g->scramble_rest = rd_bytes(r, length > 8 + 13 ? length - 8u : 13, MW_F_SALT2);
    if (g->caps & MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH))
        g->plugin = rd_textz(r, MW_F_AUTH_PLUGIN, true); /* 5.5.7 to 5.5.9 send no terminator */
}

static void decode_greeting(struct mw_reader *r, struct mw_msg *msg)
{
    struct mw_greeting *g = &msg->greeting;
    bool node = rd_open(r, MW_F_SERVER_GREETING);
    g->protocol = rd_u8(r, MW_F_PROTOCOL);
    if (g->protocol == 9)
        greeting_9(r, g);
    else
        greeting_10(r, g);
    rd_end(r);
    rd_close(r, node);
}

/* -- login --------------------------------------------------------------------------------------------------------- */

/* What a HandshakeResponse41 holds behind the user name. Declared by the capability bits; guessed where those lie. */
struct login_layout {
    /* In the order in which they are tried: text up to a NUL fits nearly everything. */
    enum { AUTH_LENENC, AUTH_LENGTH8, AUTH_LENGTH8_PLUS_NUL, AUTH_20, AUTH_NUL } auth;
    bool database, plugin, attributes, level;
    bool attributes_to_end; /* their length is wrong: they reach to the end of the packet */
};

static struct login_layout declared_layout(uint64_t caps)
{
    return (struct login_layout){.auth = caps & MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA) ? AUTH_LENENC
                                         : caps & MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION)            ? AUTH_LENGTH8
                                                                                                     : AUTH_NUL,
                                 .database = caps & MW_CAP(MW_BIT_CLIENT_CONNECT_WITH_DB),
                                 .plugin = caps & MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH),
                                 .attributes = caps & MW_CAP(MW_BIT_CLIENT_CONNECT_ATTRS),
                                 .level = caps & MW_CAP(MW_BIT_CLIENT_ZSTD_COMPRESSION_ALGORITHM)};
}

/* lenenc total, then lenenc name and lenenc value … */
RD struct mw_slice rd_attributes(struct mw_reader *r, bool to_end)
{
    bool node = rd_open(r, MW_F_CONNATTRS);
    uint64_t total = rd_lenenc(r, MW_F_CONNATTRS_LENGTH);
    if (r->missing && rd_ok(r) && total != rd_left_wire(r) && total + 1 != rd_left_wire(r)) {
        rd_note(r, MW_NOTE_ATTRS_LENGTH); /* at most a zstd level stands behind them */
        to_end = true;
    }
    if (to_end)
        total = rd_left_wire(r);
    struct mw_slice all = {rd_ok(r) ? r->p : NULL, 0};
    const uint8_t *begin = r->p;
    /* Within the block every length must stay inside it. */
    uint64_t left = total;
    while (rd_ok(r) && left > 0) {
        const uint8_t *entry = r->p;
        bool attr = rd_open(r, MW_F_CONNATTRS_ATTR);
        uint64_t n = rd_lenenc(r, MW_F_CONNATTRS_NAME_LENGTH);
        if (n > left)
            rd_fail(r, UINT64_MAX);
        rd_bytes(r, n, MW_F_CONNATTRS_NAME);
        n = rd_lenenc(r, MW_F_CONNATTRS_VALUE_LENGTH);
        if (n > left)
            rd_fail(r, UINT64_MAX);
        rd_bytes(r, n, MW_F_CONNATTRS_VALUE);
        rd_close(r, attr);
        if (!rd_ok(r))
            break;
        uint64_t used = (uint64_t)(r->p - entry);
        if (used > left)
            rd_fail(r, UINT64_MAX);
        left -= used;
    }
    if (all.p)
        all.n = (uint32_t)((rd_ok(r) ? r->p : r->end) - begin);
    rd_close(r, node);
    return all;
}

RD void rd_login_tail(struct mw_reader *r, struct mw_login *login, const struct login_layout *layout)
{
    switch (layout->auth) {
    case AUTH_LENENC: login->auth = rd_bytes(r, rd_lenenc(r, MW_F_PASSWD_LENGTH), MW_F_PASSWD); break;
    case AUTH_LENGTH8: login->auth = rd_bytes(r, rd_u8(r, MW_F_PASSWD_LENGTH), MW_F_PASSWD); break;
    case AUTH_NUL: login->auth = rd_textz(r, MW_F_PASSWD, true); break;
    case AUTH_LENGTH8_PLUS_NUL:
        login->auth = rd_bytes(r, rd_u8(r, MW_F_PASSWD_LENGTH), MW_F_PASSWD);
        rd_bytes(r, 1, MW_F_UNUSED);
        break;
    case AUTH_20: /* the length byte is not to be believed */
        rd_u8(r, MW_F_PASSWD_LENGTH);
        login->auth = rd_bytes(r, 20, MW_F_PASSWD);
        break;
    }
    if (layout->database && rd_left_wire(r))
        login->database = rd_textz(r, MW_F_SCHEMA, true);
    if (layout->plugin && rd_left_wire(r))
        login->plugin = rd_textz(r, MW_F_CLIENT_AUTH_PLUGIN, true);
    if (layout->attributes && rd_left_wire(r))
        login->attributes = rd_attributes(r, layout->attributes_to_end);
    if (layout->level && rd_left_wire(r))
        login->zstd_level = rd_u8(r, MW_F_ZSTD_LEVEL);
}

static bool printable(struct mw_slice s)
{
    for (uint32_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

/* Does the packet read to its last byte in this layout, with believable values? */
static bool layout_fits(const struct mw_reader *at, const struct login_layout *layout)
{
    struct mw_reader r = *at;
    r.trace = NULL;
    struct mw_login login = {0};
    rd_login_tail(&r, &login, layout);
    return r.status == MW_OK && rd_left(&r) == 0 && printable(login.plugin) && printable(login.database) &&
           !(r.notes & MW_NOTE_BIT(NO_TERMINATOR));
}

/* Is the length of the authentication data more than the whole packet has? */
static bool auth_overruns(const struct mw_reader *r, const struct login_layout *layout)
{
    if (layout->auth == AUTH_NUL || rd_left(r) == 0)
        return false;
    unsigned size = layout->auth == AUTH_LENENC ? rd_lenenc_size(*r->p) : 1;
    return size == 0 || (size == 1 && size + *r->p > rd_left_wire(r));
}

/* Hand-built clients send bits that do not match the fields that follow, or a wrong length byte. The declared layout is
 * taken when it fits; else the first neighbour of it that reads to the last byte. When the packet is cut, only what its
 * whole length has no room for is known to be wrong. */
static struct login_layout find_layout(struct mw_reader *r, uint64_t caps)
{
    struct login_layout declared = declared_layout(caps);
    if (r->missing && auth_overruns(r, &declared)) {
        rd_note(r, MW_NOTE_AUTH_LENGTH);
        declared.auth = AUTH_20;
    }
    if (r->missing || layout_fits(r, &declared))
        return declared;
    for (unsigned changes = 1; changes < 16; changes++) {
        struct login_layout other = declared;
        other.database ^= changes & 1;
        other.plugin ^= changes >> 1 & 1;
        other.attributes ^= changes >> 2 & 1;
        other.level ^= changes >> 3 & 1;
        if (layout_fits(r, &other)) {
            rd_note(r, MW_NOTE_CAPS_MISMATCH);
            return other;
        }
    }
    for (int auth = AUTH_LENENC; auth <= AUTH_NUL; auth++) {
        for (unsigned changes = 0; changes < 8; changes++) {
            struct login_layout other = declared;
            other.auth = auth;
            other.database ^= changes & 1;
            other.plugin ^= changes >> 1 & 1;
            other.attributes ^= changes >> 2 & 1;
            if (layout_fits(r, &other)) {
                rd_note(r, auth == AUTH_LENGTH8_PLUS_NUL || auth == AUTH_20 ? MW_NOTE_AUTH_LENGTH : MW_NOTE_CAPS_MISMATCH);
                return other;
            }
        }
    }
    struct login_layout to_end = declared;
    to_end.attributes_to_end = true;
    if (declared.attributes && layout_fits(r, &to_end)) {
        rd_note(r, MW_NOTE_ATTRS_LENGTH);
        return to_end;
    }
    return declared;
}

/* HandshakeResponse41: 4 capabilities · 4 max packet · 1 collation · 19 filler · 4 MariaDB capabilities or filler ·
 *                      NUL user · auth · [NUL database] · [NUL plugin] · [attributes] · [1 zstd level]
 * SSLRequest: the same up to the user. */
static void login_41(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg, uint64_t caps)
{
    struct mw_login *login = &msg->login;
    enum { MARIADB_AHEAD = 4 + 1 + 19 };
    bool extended = !(caps & MW_CAP(MW_BIT_CLIENT_MYSQL)) && rd_left(r) >= MARIADB_AHEAD + 4 &&
                    rd_le(r->p + MARIADB_AHEAD, 4) != 0;
    bool mariadb = ctx->dialect == MW_DIALECT_MARIADB || extended;
    if (mariadb)
        r->dialect = MW_DIALECT_MARIADB;
    login->max_packet = rd_u32(r, MW_F_MAX_PACKET);
    if (rd_left_wire(r) == 0 && msg->kind == MW_KIND_SSL_REQUEST)
        return; /* capabilities and packet size alone */
    login->collation = rd_u8(r, mariadb ? MW_F_CHARSET_MARIADB : MW_F_CHARSET);
    r->collation = login->collation;
    rd_bytes(r, 19, MW_F_UNUSED);
    if (extended)
        login->caps |= rd_caps_mariadb(r, MW_F_MDBCAPS_CLIENT);
    else
        rd_bytes(r, 4, MW_F_UNUSED);
    if (msg->kind == MW_KIND_SSL_REQUEST)
        return;
    login->user = rd_textz(r, MW_F_USER, false);
    struct login_layout layout = find_layout(r, caps);
    rd_login_tail(r, login, &layout);
}

/* HandshakeResponse320: 2 capabilities · 3 max packet · NUL user · scramble (NUL before a database) · [database] */
static void login_320(struct mw_reader *r, struct mw_login *login)
{
    login->max_packet = rd_u24(r, MW_F_MAX_PACKET_320);
    if (rd_left_wire(r) == 0)
        return;
    login->user = rd_textz(r, MW_F_USER, false);
    if (rd_left_wire(r) == 0)
        return;
    login->auth = rd_textz(r, MW_F_PASSWD, true);
    if (login->caps & MW_CAP(MW_BIT_CLIENT_CONNECT_WITH_DB) && rd_left_wire(r))
        login->database = rd_textz(r, MW_F_SCHEMA, true);
}

/* A server turns to TLS as soon as it has read CLIENT_SSL, so a packet with that bit asks for TLS however long it is.
 * Longer ones than the layout has room for are logins of clients that set bits without meaning them. */
static bool is_ssl_request(const struct mw_ctx *ctx, uint64_t caps, uint64_t length)
{
    enum { LONGEST = 36 };
    return caps & MW_CAP(MW_BIT_CLIENT_SSL) && !(ctx->flags & MW_CTX_TLS) && length <= LONGEST;
}

/* Is there room for what every login has: the fixed part of 4.1, or capabilities, packet size and a user of before? Servers answer
 * anything else with an error, and nothing is to be read into it. */
static bool is_login(const struct mw_ctx *ctx, const struct mw_packet *packet)
{
    enum { FIXED_41 = 32, FIXED_320 = 5 };
    const uint8_t *p = packet->payload;
    if (packet->length < 4)
        return false;
    bool is_41 = rd_le(p, 2) & MW_CAP(MW_BIT_CLIENT_PROTOCOL_41);
    uint64_t caps = is_41 ? rd_le(p, 4) : rd_le(p, 2);
    if (is_ssl_request(ctx, caps, packet->length))
        return true;
    if (is_41)
        return packet->length >= FIXED_41;
    if (packet->length <= FIXED_320)
        return false;
    for (uint32_t i = FIXED_320; i < packet->have && p[i]; i++)
        if (p[i] < 0x20)
            return false;
    return true;
}

static void check_login_caps(struct mw_reader *r, const struct mw_ctx *ctx, const struct mw_login *login)
{
    /* Announced by no server, yet sent by real clients: what concerns the client alone. */
    const uint64_t client_only = MW_CAP(MW_BIT_CLIENT_IGNORE_SIGPIPE) | MW_CAP(MW_BIT_CLIENT_REMEMBER_OPTIONS) |
                                 MW_CAP(MW_BIT_CLIENT_SSL_VERIFY_SERVER_CERT) | MW_CAP(MW_BIT_CLIENT_LONG_PASSWORD);
    if (ctx->flags & MW_CTX_GREETING && login->caps & ~ctx->server_caps & ~client_only)
        rd_note_at(r, MW_NOTE_CAPS_NOT_OFFERED, MW_HEADER, login->caps >> 16 ? 4 : 2);
}

static void decode_login(struct mw_reader *r, const struct mw_ctx *ctx, const struct mw_packet *packet,
                         struct mw_msg *msg)
{
    struct mw_login *login = &msg->login;
    uint64_t caps = packet->have >= 4 ? rd_le(packet->payload, 4)
                    : packet->have >= 2 ? rd_le(packet->payload, 2)
                                        : 0;
    bool is_41 = caps & MW_CAP(MW_BIT_CLIENT_PROTOCOL_41);
    if (!is_41)
        caps &= 0xffff;
    bool ssl = is_ssl_request(ctx, caps, packet->length);
    msg->kind = ssl ? MW_KIND_SSL_REQUEST : MW_KIND_LOGIN;
    bool node = rd_open(r, ssl ? MW_F_SSL_REQUEST : MW_F_LOGIN_REQUEST);
    login->caps = rd_caps_low(r, MW_F_CAPS_CLIENT);
    login->protocol_41 = is_41;
    if (is_41) {
        login->caps |= rd_caps_high(r, MW_F_EXTCAPS_CLIENT);
        if (rd_left_wire(r) || !ssl)
            login_41(r, ctx, msg, login->caps);
    } else {
        login_320(r, login);
    }
    check_login_caps(r, ctx, login);
    if (ssl && packet->length != (is_41 ? 32 : 5))
        rd_note(r, MW_NOTE_SSL_LENGTH);
    if (!ssl && caps & MW_CAP(MW_BIT_CLIENT_SSL) && !(ctx->flags & MW_CTX_TLS))
        rd_note(r, MW_NOTE_SSL_IGNORED);
    if (!(ctx->flags & MW_CTX_TLS) && login->auth.n > 1 && mw_auth_plugin_from(login->plugin) == MW_AUTH_MYSQL_CLEAR)
        rd_note(r, MW_NOTE_CLEARTEXT_PASSWORD);
    rd_end(r);
    rd_close(r, node);
}

/* COM_CHANGE_USER: NUL user · 1 + n auth (or NUL before 4.1) · NUL database · [2 collation · [NUL plugin] · [attributes]] */
static void change_user(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_login *login)
{
    login->protocol_41 = true;
    login->user = rd_textz(r, MW_F_USER, false);
    if (mw_ctx_has(ctx, MW_BIT_CLIENT_SECURE_CONNECTION) || mw_ctx_has(ctx, MW_BIT_CLIENT_PROTOCOL_41))
        login->auth = rd_bytes(r, rd_u8(r, MW_F_PASSWD_LENGTH), MW_F_PASSWD);
    else
        login->auth = rd_textz(r, MW_F_PASSWD, true);
    if (rd_left_wire(r))
        login->database = rd_textz(r, MW_F_SCHEMA, true);
    if (rd_left_wire(r))
        login->collation = rd_u16(r, MW_F_CHANGE_USER_CHARSET);
    if (mw_ctx_has(ctx, MW_BIT_CLIENT_PLUGIN_AUTH) && rd_left_wire(r))
        login->plugin = rd_textz(r, MW_F_CLIENT_AUTH_PLUGIN, true);
    if (mw_ctx_has(ctx, MW_BIT_CLIENT_CONNECT_ATTRS) && rd_left_wire(r))
        login->attributes = rd_attributes(r, false);
}
