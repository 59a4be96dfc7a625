/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a program that uses OpenSSL write a key log: OpenSSL does not look at SSLKEYLOGFILE by itself, and few clients
 * of MySQL do. To be preloaded (LD_PRELOAD); oltp.py builds it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Of <openssl/ssl.h>, which need not be installed: the program brings the library. */
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_method_st SSL_METHOD;
void SSL_CTX_set_keylog_callback(SSL_CTX *context, void (*callback)(const SSL *ssl, const char *line));

/* One write for a line: threads append to the same file. */
static void log_line(const SSL *ssl, const char *line)
{
    (void)ssl;
    const char *path = getenv("SSLKEYLOGFILE");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    struct iovec parts[] = {{(void *)line, strlen(line)}, {"\n", 1}};
    if (file < 0 || writev(file, parts, 2) < 0)
        abort(); /* a capture without its keys is of no use */
    close(file);
}

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method)
{
    SSL_CTX *(*real)(const SSL_METHOD *);
    *(void **)&real = dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *context = real(method);
    if (context)
        SSL_CTX_set_keylog_callback(context, log_line);
    return context;
}
