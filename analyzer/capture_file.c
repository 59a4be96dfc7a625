/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/capture_file.h"

#include "analyzer/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Packets are read in small pieces; the kernel is asked once in a quarter of a mebibyte, which stays in the cache. */
#define BUFFER_BYTES (1 << 18)

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

/* Puts what the file holds in its place where it is compressed. Returns NULL, or the sentence that says why not. */
static char *unpack_file(struct capture_file *f, const struct packing *packing, bool from_stdin)
{
    const char *by = packing_name(packing);
    FILE *plain = unpack(packing, f->file);
    if (!plain && errno == ENOTSUP)
        return g_strdup_printf("%s is compressed with %s; decompress it first: %s -dc%s%s | mywire -", f->name, by, by,
                               from_stdin ? "" : " ", from_stdin ? "" : f->name);
    if (!plain)
        return g_strdup_printf("%s cannot be decompressed: there is no memory.", f->name);
    f->file = plain;
    __fsetlocking(plain, FSETLOCKING_BYCALLER);
    return NULL;
}

/* Returns NULL if the file begins like a capture, else the sentence that says what it is. */
static char *check_beginning(struct capture_file *f, bool from_stdin, bool grows)
{
    const char *name = f->name;
    uint8_t magic[8];
    size_t n = peek(f->file, magic, sizeof magic);
    const struct packing *packing = packing_find(magic, n);
    if (packing && grows)
        return g_strdup_printf("%s is compressed with %s; --tail follows plain captures, as recorders write them.", name,
                               packing_name(packing));
    if (packing) {
        char *error = unpack_file(f, packing, from_stdin);
        if (error)
            return error;
        n = peek(f->file, magic, sizeof magic);
    }
    if (ferror(f->file) && errno == EBADMSG)
        return g_strdup_printf("%s is compressed with %s, but damaged or cut at its beginning; copy it again.", name,
                               packing ? packing_name(packing) : "nothing");
    if (ferror(f->file))
        return g_strdup_printf("%s cannot be read: %s.", name, g_strerror(errno));
    if (n == 0)
        return g_strdup_printf("%s is empty, without even a capture's header; check that the recorder was allowed to "
                               "capture and has ended.",
                               name);
    if (!is_capture(magic, n))
        return g_strdup_printf("%s is not a capture: it begins neither like pcap nor like pcapng; check the name, or "
                               "convert it with editcap if another tool recorded it.",
                               name);
    f->pcapng = memcmp(magic, "\x0a\x0d\x0d\x0a", 4) == 0;
    return NULL;
}

/* Opens the file and makes sure that it looks like a capture. Returns NULL or the sentence. */
static char *open_file(struct capture_file *f, const char *path, bool from_stdin, struct waiting *waiting)
{
    /* Of standard input a descriptor of our own, so that closing it leaves the standard one to the program. */
    int fd = from_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return explain_open(f->name, errno);
    struct stat st = {0};
    bool known = fstat(fd, &st) == 0, waits = waiting_file_wanted(fd, waiting);
    const char *problem = known && S_ISDIR(st.st_mode) ? "is a directory; name the capture files in it"
                          : isatty(fd) ? "is a terminal; redirect a capture into it, or name a file"
                                       : NULL;
    if (!problem)
        f->file = waits ? waiting_file_open(fd, from_stdin ? NULL : path, waiting) : fdopen(fd, "rb");
    int error = errno;
    if (!f->file)
        close(fd);
    if (problem)
        return g_strdup_printf("%s %s.", f->name, problem);
    if (!f->file)
        return explain_open(f->name, error);
    f->ahead = S_ISREG(st.st_mode) && !waits;
    f->buffer = g_malloc(BUFFER_BYTES);
    setvbuf(f->file, f->buffer, _IOFBF, BUFFER_BYTES);
    /* One thread uses the file, so the lock that every read of it would take protects nothing. */
    __fsetlocking(f->file, FSETLOCKING_BYCALLER);
    return check_beginning(f, from_stdin, waits && waiting->grows);
}

char *capture_file_open(struct capture_file *f, const char *path, struct waiting *waiting)
{
    bool from_stdin = strcmp(path, "-") == 0;
    *f = (struct capture_file){.name = g_strdup(from_stdin ? "Standard input" : path)};
    return open_file(f, path, from_stdin, waiting);
}

void capture_file_close(struct capture_file *f)
{
    if (f->file)
        fclose(f->file);
    g_free(f->buffer);
    g_free(f->name);
    *f = (struct capture_file){0};
}
