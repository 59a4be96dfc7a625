/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognising the protocol by its first bytes, on any port and in the middle of things. */
#include <string.h>

#include "mywire/decode.h"

static uint32_t header_length(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* Greetings are short; anything longer is some other protocol. */
enum { GREETING_LONGEST = 1024, LOGIN_LONGEST = 1 << 17, VERSION_LONGEST = 128 };

enum mw_guess mw_looks_like_greeting(const uint8_t *p, size_t n)
{
    if (n < 5) /* the header alone: its length is short, its sequence id 0 */
        return (n < 2 || p[1] <= GREETING_LONGEST >> 8) && (n < 3 || p[2] == 0) && (n < 4 || p[3] == 0) ? MW_MAYBE
                                                                                                        : MW_NO;
    uint32_t length = header_length(p);
    if (length < 3 || length > GREETING_LONGEST || p[3] != 0)
        return MW_NO;
    const uint8_t *payload = p + MW_HEADER;
    size_t have = n - MW_HEADER < length ? n - MW_HEADER : length;
    if (payload[0] == 0xff) {
        /* ERR in place of the greeting: a server's error number and text. */
        if (have < 4 && have < length)
            return MW_MAYBE;
        unsigned code = payload[1] | (unsigned)payload[2] << 8;
        if (code < 1000 || code >= 5000)
            return MW_NO;
        for (size_t i = 3; i < have; i++)
            if (payload[i] < 0x20)
                return MW_NO;
        return MW_YES;
    }
    if (payload[0] != 10 && payload[0] != 9)
        return MW_NO;
    /* A version begins with a digit nearly always (proxies put a word), and ends with NUL. */
    size_t i = 1;
    while (i < have && payload[i] >= 0x20 && payload[i] < 0x7f)
        i++;
    if (i == have)
        return have < VERSION_LONGEST && have < length ? MW_MAYBE : MW_NO;
    if (payload[i] != 0 || i < 2 || i > VERSION_LONGEST)
        return MW_NO;
    /* Behind the version: 4 thread id, 8 scramble, NUL, 2 capabilities; V9: 4 thread id, scramble, NUL. */
    if (payload[0] == 9)
        return length >= i + 1 + 4 + 1 && length < i + 1 + 4 + 64 ? MW_YES : MW_NO;
    if (length < i + 1 + 4 + 8 + 1 + 2)
        return MW_NO;
    if (have > i + 1 + 4 + 8 && payload[i + 1 + 4 + 8] != 0)
        return MW_NO;
    return have > i + 1 + 4 + 8 ? MW_YES : MW_MAYBE;
}

/* length (4) = 5, little endian · message = NOTICE (11) · Mysqlx.Notice.Frame: type = SERVER_HELLO (5), payload empty
 */
enum mw_guess mw_looks_like_x_greeting(const uint8_t *p, size_t n)
{
    static const uint8_t hello[] = {5, 0, 0, 0, 11, 0x08, 5, 0x1a, 0};
    size_t have = n < sizeof hello ? n : sizeof hello;
    if (memcmp(p, hello, have) != 0)
        return MW_NO;
    return have == sizeof hello ? MW_YES : MW_MAYBE;
}

/* 1, or 2 inside TLS, behind the SSLRequest. */
static bool is_login_sequence(uint8_t sequence)
{
    return sequence == 1 || sequence == 2;
}

enum mw_guess mw_looks_like_login(const uint8_t *p, size_t n)
{
    enum { FILLER_AT = MW_HEADER + 9, FILLER = 19, USER_AT = MW_HEADER + 32 };
    if (n < FILLER_AT + FILLER + 4)
        return n >= 4 && (!is_login_sequence(p[3]) || header_length(p) > LOGIN_LONGEST || header_length(p) < 32) ? MW_NO : MW_MAYBE;
    uint32_t length = header_length(p);
    if (!is_login_sequence(p[3]) || length < 32 || length > LOGIN_LONGEST)
        return MW_NO;
    uint32_t caps = p[4] | (uint32_t)p[5] << 8;
    if (!(caps & MW_CAP(MW_BIT_CLIENT_PROTOCOL_41)))
        return MW_NO;
    for (size_t i = 0; i < FILLER; i++)
        if (p[FILLER_AT + i] != 0)
            return MW_NO;
    return MW_YES;
}

enum mw_guess mw_looks_like_command(const uint8_t *p, size_t n)
{
    if (n < 5)
        return MW_MAYBE;
    uint32_t length = header_length(p);
    if (p[3] != 0 || length == 0)
        return MW_NO;
    size_t have = n - MW_HEADER < length ? n - MW_HEADER : length;
    const uint8_t *payload = p + MW_HEADER;
    bool exact = n == MW_HEADER + (size_t)length;
    switch (payload[0]) {
    case MW_COM_QUERY:
    case MW_COM_STMT_PREPARE:
        for (size_t i = have > 3 ? 3 : 1; i < have && i < 32; i++)
            if (payload[i] < 0x20 && payload[i] != '\n' && payload[i] != '\t' && payload[i] != '\r')
                return MW_NO;
        return length > 3 ? MW_YES : MW_NO;
    case MW_COM_INIT_DB: return exact && length > 1 ? MW_YES : MW_NO;
    case MW_COM_QUIT:
    case MW_COM_PING:
    case MW_COM_STATISTICS:
    case MW_COM_RESET_CONNECTION: return length == 1 ? MW_YES : MW_NO;
    case MW_COM_STMT_EXECUTE: return length >= 10 && (exact || n < MW_HEADER + (size_t)length) ? MW_YES : MW_NO;
    case MW_COM_STMT_CLOSE:
    case MW_COM_STMT_RESET: return length == 5 ? MW_YES : MW_NO;
    case MW_COM_STMT_FETCH: return length == 9 ? MW_YES : MW_NO;
    default: return MW_NO;
    }
}

/* A reply begins with sequence id 1, and what follows it in the segment are packets numbered on from there. */
static enum mw_guess looks_like_reply(const uint8_t *p, size_t n)
{
    if (n < 5)
        return MW_MAYBE;
    if (p[3] != 1)
        return MW_NO;
    uint8_t sequence = 1;
    size_t packets = 0;
    while (n >= MW_HEADER) {
        uint32_t length = header_length(p);
        if (p[3] != sequence)
            return MW_NO;
        packets++;
        sequence++;
        if (length >= n - MW_HEADER) /* to the segment's end, or over it */
            return length == n - MW_HEADER || packets > 1 ? MW_YES : length < 65536 ? MW_YES : MW_NO;
        p += MW_HEADER + length;
        n -= MW_HEADER + length;
    }
    return packets > 1 ? MW_YES : MW_NO;
}

/* Packets that end where the segment ends, each with sequence id 0 and the byte of a command; or a command that goes on in the next
 * segment and is recognised by what stands behind its byte. */
static bool are_commands(const uint8_t *p, size_t n)
{
    enum { BULK_FLAGS = 0xc0, LONG_DATA_HEAD = 7, BULK_HEAD = 7, ID_TOP = 4 };
    while (n > MW_HEADER) {
        uint32_t length = header_length(p);
        const uint8_t *payload = p + MW_HEADER;
        size_t have = n - MW_HEADER;
        if (p[3] != 0 || length == 0)
            return false;
        if (!mw_command_name(MW_DIALECT_MYSQL, payload[0]) && !mw_command_name(MW_DIALECT_MARIADB, payload[0]))
            return false;
        if (length > have && payload[0] == MW_COM_STMT_SEND_LONG_DATA)
            return have >= LONG_DATA_HEAD && payload[ID_TOP] == 0;
        if (length > have && payload[0] == MW_COM_STMT_BULK_EXECUTE)
            return have >= BULK_HEAD && (payload[5] & ~BULK_FLAGS) == 0 && payload[6] == 0;
        if (length > have)
            return mw_looks_like_command(p, n) == MW_YES;
        p += MW_HEADER + length;
        n -= MW_HEADER + length;
    }
    return n == 0;
}

enum mw_guess mw_looks_like_packet(enum mw_dir dir, const uint8_t *p, size_t n)
{
    return dir == MW_CLIENT ? mw_looks_like_command(p, n) : looks_like_reply(p, n);
}

enum mw_guess mw_looks_like_next(enum mw_dir dir, const uint8_t *p, size_t n)
{
    return dir == MW_CLIENT && n > MW_HEADER && are_commands(p, n) ? MW_YES : mw_looks_like_packet(dir, p, n);
}

/* Length as sent (3) · sequence id · length before compression (3), 0: stored · data: zlib's begins with 0x78, zstd's
 * with its magic number. A reply's frames count on from the request's. */
enum mw_guess mw_looks_like_frame(enum mw_dir dir, const uint8_t *p, size_t n)
{
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    enum { HEADER = 7, SMALLEST = 50 /* what is shorter is stored */, DEFLATE = 0x78, WAYS = 31 };
    if (n < HEADER + 4)
        return MW_MAYBE;
    uint32_t sent = header_length(p), before = header_length(p + 4);
    const uint8_t *data = p + HEADER;
    size_t have = n - HEADER < sent ? n - HEADER : sent;
    if (p[3] != (dir == MW_CLIENT ? 0 : 1) || sent < 5)
        return MW_NO;
    if (before == 0)
        return mw_looks_like_packet(dir, data, have);
    bool zlib = data[0] == DEFLATE && (data[0] << 8 | data[1]) % WAYS == 0; /* RFC 1950 section 2.2 */
    return before >= SMALLEST && (zlib || memcmp(data, zstd, sizeof zstd) == 0) ? MW_YES : MW_NO;
}
