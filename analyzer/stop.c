/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void stop_disarm(void)
{
    struct sigaction hangup;
    handle(SIGINT, SIG_DFL);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        handle(SIGHUP, SIG_DFL);
    handle(SIGTERM, SIG_DFL);
}

static void on_signal(int signal)
{
    int error = errno;
    (void)signal;
    stop_disarm();
    errno = error;
}

void stop_arm(void)
{
    struct sigaction hangup;
    handle(SIGINT, on_signal);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        handle(SIGHUP, on_signal);
    handle(SIGTERM, on_signal);
}

bool stop_asked(void)
{
    struct sigaction action;
    return sigaction(SIGTERM, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}
