/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL as the server's lexer reads it: tokens with their places, one pass, nothing allocated, nothing changed.
 *
 * The rules are MySQL 9.7's (Reference Manual, "Language Structure" and "Optimizer Hints"; in doubt, what the server does):
 * comments, version comments, hints behind SELECT, INSERT, REPLACE, UPDATE, DELETE, quotes and escapes in every character
 * set, names that begin with digits, keywords that are functions only in front of a parenthesis. Every byte of the text is
 * in exactly one token or is white space between tokens, so a text can be written again with some tokens replaced.
 */
#ifndef ANALYZER_SQL_LEXER_H
#define ANALYZER_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What changes how a text is read: bits of sql_mode.flags. */
enum {
    SQL_ANSI_QUOTES = 1,          /**< "…" is a name */
    SQL_NO_BACKSLASH_ESCAPES = 2, /**< a backslash in a string is a backslash */
    SQL_IGNORE_SPACE = 4,         /**< space may stand between a function's name and its parenthesis */
    SQL_PIPES_AS_CONCAT = 8,      /**< || joins strings */
    SQL_HIGH_NOT_PRECEDENCE = 16, /**< NOT binds like ! */
    SQL_MARIADB = 32,             /**< MariaDB's version comments; this is no mode */
};

/** How the bytes of a character set hide quotes and backslashes: in the second byte of a pair. */
enum sql_charset {
    SQL_CHARSET_PLAIN, /**< no byte below 0x80 is part of a longer character: UTF-8, latin1, ujis, euckr … */
    SQL_CHARSET_GBK,   /**< gbk, gb18030, big5: lead 81 … FE */
    SQL_CHARSET_SJIS   /**< sjis, cp932: lead 81 … 9F, E0 … FC */
};

/** State of the session that a text was sent in. All zero: the default, everything in version comments is code. */
struct sql_mode {
    unsigned flags;
    enum sql_charset charset;
    uint32_t version; /**< of the server, 90704 for 9.7.4: what is in comments of later versions is comment; 0 unknown */
};

/** The structure of a character set by the server's name ("gbk"); NULL and other names: SQL_CHARSET_PLAIN. */
enum sql_charset sql_charset_by_name(const char *name);

/** Bytes of the character at `p`, of which `n` >= 1 are there: 2 for a pair whose second byte could be taken for a sign, else 1. */
size_t sql_character_length(enum sql_charset charset, const uint8_t *p, size_t n);

/** "9.7.4-log" → 90704, "5.5.5-10.11.19-MariaDB" → 101119; 0 if there is no such number. `mariadb`: skip the 5.5.5-. */
uint32_t sql_version_number(const char *version, bool mariadb);

/** The keywords: SQL_WORD_SELECT … */
enum sql_word {
    SQL_NO_WORD,
#define KEYWORD(slot, id, name, shown, flags) SQL_WORD_##id,
#include "analyzer/sql_keywords.def"
#undef KEYWORD
    SQL_WORDS
};

/** What a keyword is, beside its name. */
enum {
    SQL_KEYWORD_FUNCTION = 1, /**< only in front of ( */
    SQL_KEYWORD_HINTED = 2,   /**< hints may follow */
    SQL_KEYWORD_SIGNS = 4,    /**< a sign behind it belongs to the number that follows, as the server's digests see it */
    SQL_KEYWORD_VALUES = 8,   /**< a NULL behind it is a value */
    SQL_KEYWORD_HINT = 16,    /**< in hints alone */
};

struct sql_keyword_row {
    const char *name;
    const char *shown; /**< how digests write it: the last of several names for the same; or the same as `name` */
    uint8_t length;    /**< of the name */
    uint8_t flags;
};

/** The row of a keyword, which is not SQL_NO_WORD. */
const struct sql_keyword_row *sql_keyword_at(enum sql_word word);

/** The keyword that a word of `n` bytes is, in any case; SQL_NO_WORD if none. `in_hint`: among those of hints. */
enum sql_word sql_keyword_find(const uint8_t *word, size_t n, bool in_hint);

/** Where sql_keyword_find() begins to look for a keyword: what `slot` should be in sql_keywords.def, or the next free one. */
unsigned sql_keyword_slot(const char *name, bool in_hint);

enum sql_token_kind {
    SQL_COMMENT,      /**< a comment, or what opens or closes a version comment whose content is code */
    SQL_HINT_OPEN,    /**< slash, asterisk, plus */
    SQL_HINT_CLOSE,   /**< what ends it */
    SQL_WORD,         /**< a keyword: `code` of enum sql_word */
    SQL_NAME,         /**< a name without quotes */
    SQL_QUOTED_NAME,  /**< with them, and what is doubled inside */
    SQL_INTEGER,      /**< digits that fit into 32 bits */
    SQL_NUMBER,       /**< any other number, 0x12 and 0b1 too */
    SQL_STRING,       /**< 'a', "a", n'a', x'12', b'1', with quotes and what is before them */
    SQL_DOLLAR,       /**< $$ text $$, $tag$ text $tag$ */
    SQL_PLACEHOLDER,  /**< ? */
    SQL_HOST,         /**< what is behind an @ without quotes: a host, a user variable's name; may be empty */
    SQL_INTRODUCER,   /**< _utf8mb4 */
    SQL_SIGN,         /**< an operator or another sign: `code` of enum sql_sign */
};

/** Signs of more than one byte; those of one byte are themselves. */
enum sql_sign {
    SQL_SIGN_LE = 256, /**< <= */
    SQL_SIGN_GE,       /**< >= */
    SQL_SIGN_NE,       /**< != and <> */
    SQL_SIGN_SAME,     /**< <=> */
    SQL_SIGN_LEFT,     /**< << */
    SQL_SIGN_RIGHT,    /**< >> */
    SQL_SIGN_AND,      /**< && */
    SQL_SIGN_OR,       /**< || */
    SQL_SIGN_CONCAT,   /**< the same with SQL_PIPES_AS_CONCAT */
    SQL_SIGN_SET,      /**< := */
    SQL_SIGN_JSON,     /**< -> */
    SQL_SIGN_JSON_TEXT /**< ->> */
};

struct sql_token {
    enum sql_token_kind kind;
    uint16_t code;         /**< of SQL_WORD (enum sql_word) and SQL_SIGN; 0 else */
    bool in_hint;
    bool whole;            /**< false: its end is missing, the text ends inside of it */
    size_t offset, length; /**< in the text */
};

/** Reads a text; the members are private. */
struct sql_lexer {
    const uint8_t *sql;
    size_t n, at;
    struct sql_mode mode;
    enum { SQL_NEXT_ANY, SQL_NEXT_DOT, SQL_NEXT_NAME, SQL_NEXT_HOST, SQL_NEXT_VARIABLE } next;
    bool in_code_comment, in_hint, hints;
};

/** Begins at the first byte of `sql`, which must stay. */
void sql_lexer_init(struct sql_lexer *lexer, const uint8_t *sql, size_t n, const struct sql_mode *mode);

/** The next token; false at the end. */
bool sql_lexer_next(struct sql_lexer *lexer, struct sql_token *token);

#endif
