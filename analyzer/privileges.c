/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* setresuid(), setgroups() */
#include "analyzer/privileges.h"

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* -- who ----------------------------------------------------------------------------------------------------------- */

static void take_user(struct privileges *p, const struct passwd *user)
{
    p->uid = user->pw_uid;
    p->gid = user->pw_gid;
    g_strlcpy(p->name, user->pw_name, sizeof p->name);
}

static bool number(const char *name, unsigned *value)
{
    guint64 n;
    const char *text = g_getenv(name);
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &n, NULL))
        return false;
    *value = (unsigned)n;
    return true;
}

/* Who called sudo(8) or doas(1), or a program that is set to root's user id: then what the environment says is the
 * caller's own. False: nobody, or root itself. */
static bool take_caller(struct privileges *p)
{
    unsigned uid, gid;
    const char *doas = g_getenv("DOAS_USER");
    const struct passwd *user;
    if (p->uid != 0) {
        user = getpwuid(p->uid);
        if (user)
            g_strlcpy(p->name, user->pw_name, sizeof p->name);
        return true;
    }
    if (number("SUDO_UID", &uid) && number("SUDO_GID", &gid)) {
        p->uid = uid;
        p->gid = gid;
        user = getpwuid(uid);
        if (user)
            take_user(p, user);
        return uid != 0;
    }
    user = doas ? getpwnam(doas) : NULL;
    if (user)
        take_user(p, user);
    return user && p->uid != 0;
}

char *privileges_choose(struct privileges *p, const char *user)
{
    *p = (struct privileges){.uid = getuid(), .gid = getgid(), .changes = geteuid() == 0};
    const struct passwd *named = user ? getpwnam(user) : NULL;
    if (user && !named)
        return g_strdup_printf("--user %s: there is no user of that name.", user);
    if (user && (!p->changes || getuid() != 0) && named->pw_uid != getuid())
        return g_strdup_printf("--user %s: only root can become another user.", user);
    if (named) {
        take_user(p, named);
        p->on_behalf = p->chosen = true;
        return NULL;
    }
    if (!p->changes)
        return NULL;
    p->on_behalf = take_caller(p);
    if (p->on_behalf)
        return NULL;
    named = getpwnam("nobody");
    *p = (struct privileges){.uid = NOBODY, .gid = NOBODY, .changes = true};
    if (named && named->pw_uid != 0)
        take_user(p, named);
    return NULL;
}

/* -- giving up ----------------------------------------------------------------------------------------------------- */

/* A user namespace with one user in it has no other to become, and that one is who made it. */
static bool is_missing_here(const struct privileges *p, int error)
{
    return !p->chosen && (error == EINVAL || error == EPERM);
}

static const char *become(struct privileges *p)
{
    bool groups = *p->name && p->on_behalf ? initgroups(p->name, p->gid) == 0 : setgroups(0, NULL) == 0;
    bool done = groups && setresgid(p->gid, p->gid, p->gid) == 0 && setresuid(p->uid, p->uid, p->uid) == 0;
    if (done)
        return NULL;
    if (!is_missing_here(p, errno))
        return g_strerror(errno);
    p->uid = getuid();
    p->gid = getgid();
    p->changes = false;
    return NULL;
}

static const char *drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof none);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* fails where there are none */
    return syscall(SYS_capset, &header, none) == 0 ? NULL : g_strerror(errno);
}

/* Whether there is nothing left, and no way back. */
static bool is_without(const struct privileges *p)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3];
    uid_t uid[3];
    gid_t gid[3];
    if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0 ||
        syscall(SYS_capget, &header, have) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uid[i] != p->uid || gid[i] != p->gid)
            return false;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (have[i].effective || have[i].permitted || have[i].inheritable)
            return false;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && (p->uid == 0 || setuid(0) != 0);
}

char *privileges_give_up(struct privileges *p)
{
    const char *problem = NULL;
    /* The bounding set first, as long as it can be changed; it needs CAP_SETPCAP, which not everybody has. */
    for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
        prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        problem = g_strerror(errno);
    if (!problem && p->changes)
        problem = become(p);
    if (!problem)
        problem = drop_capabilities();
    if (!problem && !is_without(p))
        problem = "something of them is left";
    return problem ? g_strdup_printf("Privileges cannot be given up (%s), so nothing is read.", problem) : NULL;
}
