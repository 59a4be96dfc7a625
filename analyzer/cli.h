/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: options, commands, exit codes. */
#ifndef ANALYZER_CLI_H
#define ANALYZER_CLI_H

#include "analyzer/analysis.h"
#include "analyzer/diff.h"
#include "analyzer/handshake_groups.h"
#include "analyzer/output.h"
#include "analyzer/output_file.h"
#include "analyzer/patience.h"
#include "analyzer/policy.h"
#include "analyzer/privacy.h"

/** Exit codes, the same for every command. Where several apply, the first of USAGE, FINDINGS, INPUT, EVIDENCE. */
enum cli_exit { CLI_OK = 0, CLI_FINDINGS = 1, CLI_USAGE = 2, CLI_INPUT = 3, CLI_EVIDENCE = 4 };

/** What `mywire secrets` is asked to do. */
enum secrets_verb { SECRETS_LIST, SECRETS_INJECT, SECRETS_STRIP };

/** What only `live` is told. GOption fills in the first part. */
struct cli_live {
    char **interfaces;
    gboolean list, promiscuous;
    gint64 snaplen, interval, seconds, packets;
    char *ring, *user, *records;

    bool tells_connections, tells_commands, tells_status; /**< lines of NDJSON */
    int64_t interval_ns;                                  /**< between drawings, or lines of status; 0: the usual */
    struct interfaces *opened;                            /**< until the analysis takes them; or NULL */
};

/** What the command line says. GOption fills in the first part, cli_options_take() the second. */
struct cli {
    /* As given; owned. */
    char **files; /**< the operands; the ones behind a command's own, from cli_options_take() on */
    char **keylogs, **tls_keys;
    char *filter;
    char *tls_key_password; /**< a file, or NULL */
    char *passwords_file;   /**< a file, or NULL */
    gboolean keylog_env, only_ports, quiet, version;
    gboolean tail;
    gboolean redact;  /**< no literals, no values */
    char *anonymize;  /**< a file with a key, or NULL */
    gboolean verbose_fields, offsets, show_secrets;
    gboolean keep_ssl_flag, decompress, mysql_only; /**< `decrypt` */
    gboolean make_policy, list_policies; /**< `check` */
    char **policies, *show_policy;        /**< `check` */
    gint64 rows;                                    /**< `follow`: rows shown of each result */
    struct cli_live live;
    gboolean allow_vanished;                        /**< `diff` */
    gint64 min_count, min_slowdown, min_samples;    /**< `diff` */
    gdouble max_share_change, max_slowdown;         /**< `diff`, per cent */
    struct {
        char **ports, **outputs, **operands;
        char *max_sql, *max_memory, *by, *ignore, *also, *format, *color, *format_help;
    } text;

    /* What was made of it. */
    struct privacy privacy;
    GArray *ports;   /**< of uint16_t */
    GArray *outputs; /**< of struct output, at least one; none where a capture is written */
    uint64_t max_sql; /**< bytes kept of a statement */
    uint64_t max_memory; /**< bytes; 0: the limits are as they are */
    uint64_t connection; /**< `follow`: id of the connection */
    enum handshake_fact by[HANDSHAKE_BY_MAX]; /**< `handshakes`: what connections are grouped by */
    size_t n_by;
    struct diff_thresholds thresholds; /**< `diff` */
    enum secrets_verb secrets_verb;
    const char *capture_out;     /**< `decrypt`, `secrets inject` and `strip`: the file of -o; NULL: standard output */
    struct policy *policy;       /**< `check`: what it checks; NULL: it does something else */
    bool needs_no_file;          /**< the options asked for something that reads no capture */
    bool writes_capture;         /**< the result is a capture, no outputs */
    bool lasts; /**< the run goes on until somebody ends it: its results are seen as they come */
    struct patience patience; /**< of a run that lasts */
    /** With `lasts`: what the command does several times a second while it is in cli_analyze(), and once with NULL when the
     * input has ended and nothing was said of it yet. Or NULL. */
    void (*chores)(void *user, const struct analysis *a);
    void *chores_user;
    bool keys_given;             /**< any key was named */
    struct passwords *passwords; /**< NULL: none were given */
    struct tls_secrets *secrets; /**< commands that take files: never NULL */
};

/** Groups of options; a command has a set of them. */
enum cli_options_group {
    OPTIONS_INPUT = 1,    /**< keys, ports, filter */
    OPTIONS_OUTPUT = 2,   /**< format, files, color */
    OPTIONS_SQL = 4,      /**< --max-sql */
    OPTIONS_PACKETS = 8,  /**< -V, --offsets, --show-secrets */
    OPTIONS_FOLLOW = 16,  /**< --rows, --show-secrets */
    OPTIONS_DECRYPT = 32, /**< what is written, and how */
    OPTIONS_SECRETS = 64, /**< a key log alone */
    OPTIONS_HANDSHAKES = 128, /**< --by */
    OPTIONS_DIFF = 256,       /**< thresholds */
    OPTIONS_PASSWORDS = 512,  /**< --passwords */
    OPTIONS_CHECK = 1024,     /**< policies */
    OPTIONS_TAIL = 2048,      /**< --tail */
    OPTIONS_LIVE = 4096,      /**< interfaces */
    OPTIONS_PRIVACY = 8192    /**< --redact, --anonymize */
};

/** A command of the program. */
struct cli_command {
    const char *name;
    const char *help;      /**< one line */
    unsigned formats;      /**< set of FORMAT_BIT; the first of text, json … is the default */
    unsigned options;      /**< set of enum cli_options_group */
    const char *operands;  /**< as the usage line shows them; NULL: none */
    /** Takes what only this command has: operands before the files, what must go together. False: what is wrong was said. */
    bool (*take)(struct cli *cli);
    /** Runs it; results go to the outputs. Returns an exit code. */
    enum cli_exit (*run)(struct cli *cli);
};

/** A run with the limits of the command line. */
struct analysis *cli_analysis(const struct cli *cli);

/** Runs the analysis over the files of `cli` for a command, says on stderr what was wrong with the inputs, and returns CLI_OK,
 *  CLI_INPUT or CLI_USAGE. */
enum cli_exit cli_analyze(struct cli *cli, struct analysis *a, const struct conn_observer *observer);

/** What the command line asks of the analysis of `paths`, in which no directory is. */
struct analysis_request cli_request(struct cli *cli, char *const *paths);

/** Opens the capture that a command writes, which is nothing for a terminal. Returns CLI_OK, or what is wrong has been
 * said. */
enum cli_exit cli_open_capture(const struct cli *cli, struct output_file **out);

/** Says that there is no connection of that id. Returns CLI_USAGE. */
enum cli_exit cli_no_such_connection(uint64_t id, uint64_t connections);

/** Loads the keys that were named into `secrets`, and says what is wrong with them. Returns CLI_OK or CLI_USAGE. */
enum cli_exit cli_load_keys(struct cli *cli);

/** Loads the passwords that were given, if any, and says what is wrong with them. Returns CLI_OK or CLI_USAGE. */
enum cli_exit cli_load_passwords(struct cli *cli);

/** Says something on stderr, made safe for a terminal. */
void cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** Says on stderr what is wrong with the command line. Returns CLI_USAGE. */
enum cli_exit cli_usage(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** Says on stderr what is wrong with something else. Returns `code`. */
enum cli_exit cli_error(enum cli_exit code, const char *sentence);

/** main(). */
int cli_main(int argc, char **argv);

/* The commands. */
enum cli_exit run_summary(struct cli *cli);
enum cli_exit run_connections(struct cli *cli);
enum cli_exit run_handshakes(struct cli *cli);
enum cli_exit run_commands(struct cli *cli);
enum cli_exit run_digest(struct cli *cli);
enum cli_exit run_packets(struct cli *cli);
enum cli_exit run_follow(struct cli *cli);
enum cli_exit run_fields(struct cli *cli);
enum cli_exit run_secrets(struct cli *cli);
enum cli_exit run_decrypt(struct cli *cli);
enum cli_exit run_live(struct cli *cli);
enum cli_exit run_doctor(struct cli *cli);
enum cli_exit run_diff(struct cli *cli);
enum cli_exit run_check(struct cli *cli);

#endif
