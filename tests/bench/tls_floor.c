/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor of opening TLS: a loop of gnutls_aead_cipher_decrypt() over records, and nothing else.
 *
 *   tls_floor RECORDS      a file by tls_records.py
 *
 * Prints seconds of wall and of processor time of the loop alone, and how many records of how many bytes it opened.
 * Reading the file and preparing the keys is before it. */
#include <gnutls/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY = 32, IV = 12, TAG = 16, HEADER = 5, RECORD_MAX = HEADER + 16384 + 256 };

struct opener {
    gnutls_aead_cipher_hd_t aead;
    uint8_t iv[IV];
    uint64_t sequence;
};

struct record {
    struct opener *opener;
    const uint8_t *p; /* the header */
    uint32_t n;
};

static void die(const char *why)
{
    fprintf(stderr, "tls_floor: %s\n", why);
    exit(1);
}

static void *room(size_t n)
{
    void *p = malloc(n);
    if (!p)
        die("out of memory");
    return p;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool open_record(const struct record *r)
{
    static uint8_t content[RECORD_MAX];
    uint8_t nonce[IV];
    size_t n = sizeof content;
    memcpy(nonce, r->opener->iv, IV);
    for (int i = 0; i < 8; i++)
        nonce[IV - 1 - i] ^= (uint8_t)(r->opener->sequence >> 8 * i);
    if (gnutls_aead_cipher_decrypt(r->opener->aead, nonce, IV, r->p, HEADER, TAG, r->p + HEADER, r->n - HEADER, content,
                                   &n) < 0)
        return false;
    r->opener->sequence++;
    return true;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        die("the file cannot be read");
    *n = (size_t)ftell(f);
    uint8_t *p = room(*n);
    rewind(f);
    if (fread(p, 1, *n, f) != *n)
        die("the file cannot be read");
    fclose(f);
    return p;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        die("usage: tls_floor RECORDS");
    size_t n;
    uint8_t *p = read_file(argv[1], &n), *end = p + n;
    uint32_t n_openers = get32(p);
    struct opener *openers = room(n_openers * sizeof *openers);
    p += 4;
    for (uint32_t i = 0; i < n_openers; i++, p += KEY + IV) {
        gnutls_datum_t key = {p, KEY};
        openers[i].sequence = 0;
        memcpy(openers[i].iv, p + KEY, IV);
        if (gnutls_aead_cipher_init(&openers[i].aead, GNUTLS_CIPHER_AES_256_GCM, &key) != 0)
            die("GnuTLS refuses the cipher");
    }
    size_t count = 0, bytes = 0;
    for (const uint8_t *q = p; q < end; q += 8 + get32(q + 4))
        count++;
    struct record *records = room(count * sizeof *records);
    count = 0;
    for (const uint8_t *q = p; q < end; q += 8 + get32(q + 4)) {
        struct record r = {&openers[get32(q)], q + 8, get32(q + 4)};
        /* The first that opens is the first of application data: before it is the handshake, under other keys. */
        if (r.n > RECORD_MAX || r.n < HEADER + TAG)
            die("a record has an impossible length");
        if (r.opener->sequence == 0 && !open_record(&r))
            continue;
        r.opener->sequence = 1;
        records[count++] = r;
        bytes += r.n;
    }
    for (uint32_t i = 0; i < n_openers; i++)
        openers[i].sequence = 0;
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < count; i++)
        if (!open_record(&records[i]))
            die("a record does not open");
    printf("%.6f %.6f %zu records %zu bytes\n", seconds(CLOCK_MONOTONIC) - wall,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, count, bytes);
    return 0;
}
