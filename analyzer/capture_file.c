/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/capture_file.h"

#include "analyzer/unpack.h"

#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Packets are read in small pieces; the kernel is asked once in a quarter of a mebibyte, which stays in the cache. */
#define BUFFER_BYTES (1 << 18)

/* What compressed files begin with, and the program that turns them into captures. */
static const struct packing {
    char magic[8];
    size_t n;
    const char *name;
} packings[] = {
    {"\x28\xb5\x2f\xfd", 4, "zstd"},
    {"\xfd\x37\x7a\x58\x5a", 5, "xz"},
    {"\x04\x22\x4d\x18", 4, "lz4"},
    {"BZh", 3, "bzip2"},
};

/* What captures begin with: pcap in both byte orders, in microseconds, nanoseconds and two variants that libpcap reads;
 * pcapng. */
static const char magics[][5] = {
    "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x34\xcd\xb2\xa1",
    "\xa1\xb2\xcd\x34", "\xa1\xb2\x34\xcd", "\xcd\x34\xb2\xa1", "\x0a\x0d\x0d\x0a",
};

static bool is_capture(const uint8_t *magic, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (n >= 4 && memcmp(magic, magics[i], 4) == 0)
            return true;
    return false;
}

/* Looks at the first bytes and puts them back: stdio takes back what it has just handed out. Returns how many. */
static size_t peek(FILE *file, uint8_t *magic, size_t n)
{
    size_t got = 0;
    for (int c; got < n && (c = getc(file)) != EOF; got++)
        magic[got] = (uint8_t)c;
    for (size_t i = got; i > 0; i--)
        if (ungetc(magic[i - 1], file) == EOF)
            return 0;
    return got;
}

static char *explain_open(const char *path, int error)
{
    switch (error) {
    case ENOENT: return g_strdup_printf("%s does not exist; check the name.", path);
    case EACCES: return g_strdup_printf("%s may not be read by this user; check its permissions.", path);
    default: return g_strdup_printf("%s cannot be opened: %s.", path, g_strerror(error));
    }
}

/* What the file holds where it is compressed in a way that is read here: as if it had been that from the start. */
static char *unpack(struct capture_file *f)
{
    uint8_t magic[2];
    if (peek(f->file, magic, sizeof magic) < sizeof magic || magic[0] != 0x1f || magic[1] != 0x8b)
        return NULL;
    FILE *plain = unpack_gzip(f->file);
    if (!plain)
        return g_strdup_printf("%s cannot be decompressed: there is no memory.", f->name);
    f->file = plain;
    __fsetlocking(plain, FSETLOCKING_BYCALLER);
    return NULL;
}

/* Returns NULL if the file begins like a capture, else the sentence that says what it is. */
static char *check_beginning(struct capture_file *f, bool from_stdin)
{
    const char *name = f->name;
    struct stat st;
    if (fstat(fileno(f->file), &st) == 0 && S_ISDIR(st.st_mode))
        return g_strdup_printf("%s is a directory; name the capture files in it.", name);
    if (isatty(fileno(f->file)))
        return g_strdup_printf("%s is a terminal; redirect a capture into it, or name a file.", name);
    char *error = unpack(f);
    if (error)
        return error;

    uint8_t magic[8];
    size_t n = peek(f->file, magic, sizeof magic);
    if (ferror(f->file) && errno == EBADMSG)
        return g_strdup_printf("%s is compressed with gzip, but damaged or cut at its beginning; copy it again.", name);
    if (ferror(f->file))
        return g_strdup_printf("%s cannot be read: %s.", name, g_strerror(errno));
    if (n == 0)
        return g_strdup_printf("%s is empty, without even a capture's header; check that the recorder was allowed to "
                               "capture and has ended.",
                               name);
    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++) {
        const struct packing *packing = &packings[i];
        if (n >= packing->n && memcmp(magic, packing->magic, packing->n) == 0)
            return g_strdup_printf("%s is compressed with %s; decompress it first: %s -dc%s%s | mywire -", name,
                                   packing->name, packing->name, from_stdin ? "" : " ", from_stdin ? "" : name);
    }
    if (!is_capture(magic, n))
        return g_strdup_printf("%s is not a capture: it begins neither like pcap nor like pcapng; check the name, or "
                               "convert it with editcap if another tool recorded it.",
                               name);
    f->pcapng = memcmp(magic, "\x0a\x0d\x0d\x0a", 4) == 0;
    return NULL;
}

/* Opens the file and makes sure that it looks like a capture. Returns NULL or the sentence. */
static char *open_file(struct capture_file *f, const char *path, bool from_stdin)
{
    if (from_stdin) {
        /* A descriptor of our own, so that closing it leaves the standard one to the program. */
        int fd = dup(STDIN_FILENO);
        f->file = fd < 0 ? NULL : fdopen(fd, "rb");
        if (!f->file && fd >= 0)
            close(fd);
    } else {
        f->file = fopen(path, "rbe");
    }
    if (!f->file)
        return explain_open(f->name, errno);
    struct stat st;
    f->ahead = fstat(fileno(f->file), &st) == 0 && S_ISREG(st.st_mode);
    f->buffer = g_malloc(BUFFER_BYTES);
    setvbuf(f->file, f->buffer, _IOFBF, BUFFER_BYTES);
    /* One thread uses the file, so the lock that every read of it would take protects nothing. */
    __fsetlocking(f->file, FSETLOCKING_BYCALLER);
    return check_beginning(f, from_stdin);
}

char *capture_file_open(struct capture_file *f, const char *path)
{
    bool from_stdin = strcmp(path, "-") == 0;
    *f = (struct capture_file){.name = g_strdup(from_stdin ? "Standard input" : path)};
    return open_file(f, path, from_stdin);
}

void capture_file_close(struct capture_file *f)
{
    if (f->file)
        fclose(f->file);
    g_free(f->buffer);
    g_free(f->name);
    *f = (struct capture_file){0};
}
