/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for keys: what the kernel says of it (/proc/self/smaps), its bounds, and what happens where locking is
 * refused. */
#define _GNU_SOURCE 1 /* mlock2() */
#include "analyzer/secret_memory.h"

#include <errno.h>
#include <glib.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

static bool is_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* Whether the kernel's flags of the mapping at `p` have that one ("lo": locked, "dd": not in dumps). */
static bool has_flag(const void *p, const char *flag)
{
    char line[512], wanted[8];
    bool here = false, found = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    assert_non_null(file);
    g_snprintf(wanted, sizeof wanted, " %s", flag);
    while (fgets(line, sizeof line, file)) {
        unsigned long long from, to;
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
            here = from <= (uintptr_t)p && (uintptr_t)p < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, wanted) != NULL;
    }
    fclose(file);
    return found;
}

static void gives_zeros(void **state)
{
    (void)state;
    struct secret_memory *m = secret_memory_new(1 << 20);
    assert_int_equal(secret_memory_bytes(m), 0);
    unsigned char *last = NULL;
    for (size_t n = 1; n < 3000; n += 37) {
        unsigned char *p = secret_memory_alloc(m, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
        assert_true(is_zero(p, n));
        memset(p, 0xa5, n);
        assert_true(!last || *last == 0xa5);
        last = p + n - 1;
    }
    assert_true(secret_memory_bytes(m) <= 1 << 20);
    secret_memory_free(m);
    secret_memory_free(NULL);
}

static void keeps_to_its_maximum(void **state)
{
    (void)state;
    enum { MAX = 100000 };
    struct secret_memory *m = secret_memory_new(MAX);
    assert_null(secret_memory_alloc(m, MAX + 1));
    assert_null(secret_memory_alloc(m, SIZE_MAX));
    assert_null(secret_memory_alloc(m, SIZE_MAX / 2));
    size_t n = 0;
    while (secret_memory_alloc(m, 100))
        n += 100;
    assert_true(n >= MAX * 8 / 10 && n <= MAX);
    assert_true(secret_memory_bytes(m) <= MAX);
    secret_memory_free(m);
}

static void large_pieces(void **state)
{
    (void)state;
    struct secret_memory *m = secret_memory_new(64 << 20);
    unsigned char *small = secret_memory_alloc(m, 10), *large = secret_memory_alloc(m, 10 << 20);
    assert_non_null(small);
    assert_non_null(large);
    assert_true(is_zero(large, 10 << 20));
    memset(large, 1, 10 << 20);
    assert_true(is_zero(small, 10));
    secret_memory_free(m);
}

static void stays_out_of_dumps(void **state)
{
    (void)state;
    struct secret_memory *m = secret_memory_new(1 << 20);
    char *p = secret_memory_alloc(m, 100);
    assert_true(has_flag(p, "dd"));
    assert_int_equal(has_flag(p, "lo"), secret_memory_unlocked(m) == 0);
    secret_memory_free(m);
}

/* In a child without rights: returns 0 if all is as it should be. */
static int without_locking(void)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
        return 77;
    static char page[4096];
    int refusal = mlock2(page, sizeof page, MLOCK_ONFAULT) == 0 ? 0 : errno;
    struct secret_memory *m = secret_memory_new(1 << 20);
    if (secret_memory_unlocked(m) != 0)
        return 1;
    unsigned char *p = secret_memory_alloc(m, 1000);
    if (!p || !is_zero(p, 1000))
        return 2;
    memset(p, 1, 1000);
    if (secret_memory_unlocked(m) != refusal)
        return 3;
    secret_memory_free(m);
    return 0;
}

static void goes_on_unlocked(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(without_locking());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void wipes(void **state)
{
    (void)state;
    unsigned char bytes[100];
    memset(bytes, 0x5a, sizeof bytes);
    secret_wipe(bytes + 1, sizeof bytes - 2);
    assert_true(is_zero(bytes + 1, sizeof bytes - 2));
    assert_true(bytes[0] == 0x5a && bytes[99] == 0x5a);
}

static void debug_builds_stay_open(void **state)
{
    (void)state;
    bool closed = secret_memory_forbid_dumps();
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), closed ? 0 : 1);
#ifdef NDEBUG
    assert_true(closed);
#else
    assert_false(closed);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeros),
        cmocka_unit_test(keeps_to_its_maximum),
        cmocka_unit_test(large_pieces),
        cmocka_unit_test(stays_out_of_dumps),
        cmocka_unit_test(goes_on_unlocked),
        cmocka_unit_test(wipes),
        cmocka_unit_test(debug_builds_stay_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
