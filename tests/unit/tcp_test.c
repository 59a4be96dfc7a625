/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule of analyzer/tcp.h as a table of segments and the output that they must lead to. */
#include "analyzer/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define S SEGMENT_SYN
#define K SEGMENT_ACK
#define F SEGMENT_FIN
#define R SEGMENT_RST

/* One segment; its packet number is its place in the table, from 1. */
struct step {
    int dir;
    uint8_t flags;
    uint32_t seq, ack;
    const char *payload;
    uint32_t wire; /* bytes on the wire, if more than the payload */
    int ms;        /* capture time */
};

#define SEG(dir_, flags_, seq_, ack_, payload_)                                                                        \
    {                                                                                                                  \
        .dir = dir_, .flags = flags_, .seq = seq_, .ack = ack_, .payload = payload_                                    \
    }
#define CUT(dir_, flags_, seq_, ack_, payload_, wire_)                                                                 \
    {                                                                                                                  \
        .dir = dir_, .flags = flags_, .seq = seq_, .ack = ack_, .payload = payload_, .wire = wire_                     \
    }
#define AT(dir_, flags_, seq_, ack_, payload_, ms_)                                                                    \
    {                                                                                                                  \
        .dir = dir_, .flags = flags_, .seq = seq_, .ack = ack_, .payload = payload_, .ms = ms_                         \
    }

/* The handshake that most tables begin with: bytes 1001… of direction 0, 5001… of direction 1. */
#define HANDSHAKE SEG(0, S, 1000, 0, ""), SEG(1, S | K, 5000, 1001, ""), SEG(0, K, 1001, 5001, "")
#define SHAKEN    "0 SYN@1 1 SYNACK@2 0 EST@3 "

struct rule {
    const char *name;
    struct step steps[16];
    const char *pushed;   /* what the segments lead to */
    const char *finished; /* what tcp_finish() adds */
    uint64_t limit_bytes, limit_segments, limit_total;
    uint64_t hold_packets;
};

static const struct rule rules[] = {
    {.name = "in order, both directions",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1001, "hello"), SEG(0, K, 1001, 5006, "login")},
     .pushed = SHAKEN "1 hello@4 0 login@5 ",
     .finished = ""},
    {.name = "a request captured after its response comes first",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(0, K, 1001, 5001, "req")},
     .pushed = SHAKEN "0 req@5 1 RES@4 ",
     .finished = ""},
    {.name = "a retransmitted response waits too",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(1, K, 5001, 1004, "RES"), SEG(0, K, 1001, 5001, "req")},
     .pushed = SHAKEN "0 req@6 1 RES@4 ",
     .finished = ""},
    {.name = "out of order",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), SEG(0, K, 1007, 5001, "ghi"), SEG(0, K, 1001, 5001, "abc")},
     .pushed = SHAKEN "0 abc@6 0 def@4 0 ghi@5 ",
     .finished = ""},
    {.name = "out of order, backwards",
     .steps = {HANDSHAKE, SEG(0, K, 1007, 5001, "ghi"), SEG(0, K, 1004, 5001, "def"), SEG(0, K, 1001, 5001, "abc")},
     .pushed = SHAKEN "0 abc@6 0 def@5 0 ghi@4 ",
     .finished = ""},
    {.name = "duplicates cost nothing",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "abc"), SEG(0, K, 1001, 5001, "abc")},
     .pushed = SHAKEN "0 abc@4 ",
     .finished = ""},
    {.name = "an overlap adds its new bytes",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "abcd"), SEG(0, K, 1003, 5001, "cdef")},
     .pushed = SHAKEN "0 abcd@4 0 ef@5 ",
     .finished = ""},
    {.name = "a part sent again",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "abcdef"), SEG(0, K, 1001, 5001, "abc")},
     .pushed = SHAKEN "0 abcdef@4 ",
     .finished = ""},
    {.name = "the first copy of a waiting byte wins",
     .steps = {HANDSHAKE, SEG(0, K, 1003, 5001, "CD"), SEG(0, K, 1001, 5001, "abcdef")},
     .pushed = SHAKEN "0 ab@5 0 CD@4 0 ef@5 ",
     .finished = ""},
    {.name = "an older copy of waiting bytes tells when they were sent first",
     .steps = {HANDSHAKE, SEG(0, K, 1003, 5004, "cdEF"), SEG(1, K, 5001, 1005, "XYZ"), SEG(0, K, 1001, 5001, "abcd")},
     .pushed = SHAKEN "0 ab@6 0 cd@4 1 XYZ@5 0 EF@4 ",
     .finished = ""},
    {.name = "what was sent before bytes that wait was sent knowing no more",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), SEG(1, K, 5001, 1004, "XYZ"), SEG(0, K, 1001, 5004, "abc")},
     .pushed = SHAKEN "0 abc@6 0 def@4 1 XYZ@5 ",
     .finished = ""},
    {.name = "a segment around two that wait",
     .steps = {HANDSHAKE, SEG(0, K, 1002, 5001, "b"), SEG(0, K, 1004, 5001, "d"), SEG(0, K, 1001, 5001, "ABCDE")},
     .pushed = SHAKEN "0 A@6 0 b@4 0 C@6 0 d@5 0 E@6 ",
     .finished = ""},
    {.name = "no SYN: it starts at the first segment",
     .steps = {SEG(0, K, 77, 99, "abc"), SEG(1, K, 99, 80, "xyz")},
     .pushed = "0 abc@1 1 xyz@2 ",
     .finished = ""},
    {.name = "no SYN: what precedes the first acknowledgement is old",
     .steps = {SEG(0, K, 77, 99, "abc"), SEG(1, K, 96, 77, "uvwxyz")},
     .pushed = "0 abc@1 1 xyz@2 ",
     .finished = ""},
    {.name = "no SYN, a keep-alive first",
     .steps = {SEG(0, K, 76, 99, ""), SEG(1, K, 99, 77, ""), SEG(0, K, 77, 99, "abc")},
     .pushed = "0 abc@3 ",
     .finished = ""},
    {.name = "no SYN, a keep-alive that is not answered",
     .steps = {SEG(0, K, 76, 99, ""), SEG(0, K, 77, 99, "abc")},
     .pushed = "0 abc@2 ",
     .finished = ""},
    {.name = "sequence numbers wrap",
     .steps = {SEG(0, S, 0xfffffffdu, 0, ""), SEG(1, S | K, 5000, 0xfffffffeu, ""),
               SEG(0, K, 0xfffffffeu, 5001, "abcd"), SEG(0, K, 2, 5001, "ef"), SEG(0, K, 6, 5001, "ij"),
               SEG(0, K, 4, 5001, "gh")},
     .pushed = "0 SYN@1 1 SYNACK@2 0 EST@3 0 abcd@3 0 ef@4 0 gh@6 0 ij@5 ",
     .finished = ""},
    {.name = "keep-alives and zero window probes carry nothing",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "abc"), SEG(0, K, 1003, 5001, ""), SEG(0, K, 1003, 5001, "\1"),
               SEG(0, K, 1004, 5001, "d")},
     .pushed = SHAKEN "0 abc@4 0 d@7 ",
     .finished = ""},
    {.name = "a keep-alive before any data",
     .steps = {HANDSHAKE, SEG(0, K, 1000, 5001, "\1"), SEG(0, K, 1001, 5001, "a")},
     .pushed = SHAKEN "0 a@5 ",
     .finished = ""},
    {.name = "data on the SYN",
     .steps = {SEG(0, S, 1000, 0, "early"), SEG(1, S | K, 5000, 1006, ""), SEG(0, K, 1006, 5001, "late")},
     .pushed = "0 SYN@1 0 early@1 1 SYNACK@2 0 EST@3 0 late@3 ",
     .finished = ""},
    {.name = "data on the SYN that was not accepted is sent again",
     .steps = {SEG(0, S, 1000, 0, "early"), SEG(1, S | K, 5000, 1001, ""), SEG(0, K, 1001, 5001, "early")},
     .pushed = "0 SYN@1 0 early@1 1 SYNACK@2 0 EST@3 ",
     .finished = ""},
    {.name = "SYNs sent again",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(0, S, 1000, 0, ""), SEG(1, S | K, 5000, 1001, ""),
               SEG(1, S | K, 5000, 1001, "")},
     .pushed = "0 SYN@1 1 SYNACK@3 ",
     .finished = ""},
    {.name = "SYN after SYN/ACK",
     .steps = {SEG(0, S | K, 5000, 1001, ""), SEG(1, S, 1000, 0, ""), SEG(1, K, 1001, 5001, "a")},
     .pushed = "0 SYNACK@1 1 SYN@2 1 EST@3 1 a@3 ",
     .finished = ""},
    {.name = "both open",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(1, S, 5000, 0, ""), SEG(0, S | K, 1000, 5001, ""),
               SEG(1, S | K, 5000, 1001, ""), SEG(0, K, 1001, 5001, "a"), SEG(1, K, 5001, 1002, "b")},
     .pushed = "0 SYN@1 1 SYN@2 0 SYNACK@3 1 SYNACK@4 0 EST@5 0 a@5 1 b@6 ",
     .finished = ""},
    {.name = "the SYN/ACK comes last",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(0, K, 1001, 5001, ""), SEG(0, K, 1001, 5006, "login"),
               SEG(1, K, 5001, 1001, "hello"), SEG(1, S | K, 5000, 1001, "")},
     .pushed = "0 SYN@1 1 SYNACK@5 1 hello@4 0 login@3 ",
     .finished = ""},
    {.name = "established is not invented when the answer was not captured",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(1, S | K, 5000, 1001, ""), SEG(1, K, 5001, 1001, "hello"),
               SEG(0, K, 1001, 5006, "login")},
     .pushed = "0 SYN@1 1 SYNACK@2 1 hello@3 0 login@4 ",
     .finished = ""},
    {.name = "FIN after its data, even if captured before",
     .steps = {HANDSHAKE, SEG(0, F | K, 1004, 5001, ""), SEG(0, K, 1001, 5001, "abc")},
     .pushed = SHAKEN "0 abc@5 0 FIN@4 ",
     .finished = ""},
    {.name = "half-close: the other side goes on",
     .steps = {HANDSHAKE, SEG(0, F | K, 1001, 5001, ""), SEG(1, K, 5001, 1002, "bye"), SEG(1, F | K, 5004, 1002, "")},
     .pushed = SHAKEN "0 FIN@4 1 bye@5 1 FIN@6 ",
     .finished = ""},
    {.name = "FIN with data, sent again",
     .steps = {HANDSHAKE, SEG(0, F | K, 1001, 5001, "ab"), SEG(0, F | K, 1001, 5001, "ab")},
     .pushed = SHAKEN "0 ab@4 0 FIN@4 ",
     .finished = ""},
    {.name = "simultaneous close",
     .steps = {HANDSHAKE, SEG(0, F | K, 1001, 5001, ""), SEG(1, F | K, 5001, 1001, ""), SEG(0, K, 1002, 5002, ""),
               SEG(1, K, 5002, 1002, "")},
     .pushed = SHAKEN "0 FIN@4 1 FIN@5 ",
     .finished = ""},
    {.name = "data after FIN is ignored",
     .steps = {HANDSHAKE, SEG(0, F | K, 1001, 5001, "ab"), SEG(0, K, 1003, 5001, "xy"), SEG(0, K, 1004, 5001, "z")},
     .pushed = SHAKEN "0 ab@4 0 FIN@4 ",
     .finished = ""},
    {.name = "a FIN before bytes that came first is ignored",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "abc"), SEG(0, F | K, 1002, 5001, ""), SEG(0, K, 1004, 5001, "d")},
     .pushed = SHAKEN "0 abc@4 0 d@6 ",
     .finished = ""},
    {.name = "RST ends both",
     .steps = {HANDSHAKE, SEG(0, R, 1001, 0, ""), SEG(1, K, 5001, 1001, "x")},
     .pushed = SHAKEN "0 RST@4 ",
     .finished = ""},
    {.name = "RST gives up holes",
     .steps = {HANDSHAKE, SEG(0, K, 1003, 5001, "cd"), SEG(1, R, 5001, 0, "")},
     .pushed = SHAKEN "0 gap2@4 0 cd@4 1 RST@5 ",
     .finished = ""},
    {.name = "RST with a number from elsewhere is ignored",
     .steps = {HANDSHAKE, SEG(0, R, 0x90000000u, 0, ""), SEG(0, K, 1001, 5001, "a")},
     .pushed = SHAKEN "0 a@5 ",
     .finished = ""},
    {.name = "RST with a number nearby is believed if its sender is silent from then on",
     .steps = {HANDSHAKE, SEG(0, R, 1500, 0, ""), SEG(1, K, 5001, 1001, "x")},
     .pushed = SHAKEN "1 x@5 ",
     .finished = "0 RST@4 "},
    {.name = "RST with a number nearby is ignored if its sender goes on",
     .steps = {HANDSHAKE, SEG(0, R, 1500, 0, ""), SEG(0, K, 1001, 5001, "a")},
     .pushed = SHAKEN "0 a@5 ",
     .finished = ""},
    {.name = "RST of a side that was not captured counts at the number that was acknowledged last",
     .steps = {SEG(0, K, 1001, 5001, "ab"), SEG(0, K, 1003, 5001, ""), SEG(1, R, 9000, 0, ""), SEG(0, K, 1003, 5001, "cd"),
               SEG(1, R, 5001, 0, ""), SEG(0, K, 1005, 5001, "ef")},
     .pushed = "0 ab@1 0 cd@4 1 RST@5 ",
     .finished = ""},
    {.name = "refused",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(1, R | K, 0, 1001, "")},
     .pushed = "0 SYN@1 1 RST@2 ",
     .finished = ""},
    {.name = "RST that answers another SYN is ignored",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(1, R | K, 0, 77777, ""), SEG(1, S | K, 5000, 1001, "")},
     .pushed = "0 SYN@1 1 SYNACK@3 ",
     .finished = ""},
    {.name = "segments far outside are ignored",
     .steps = {HANDSHAKE, SEG(0, K, 0x80000000u, 5001, "x"), SEG(0, K, 0xa0000000u, 5001, "x"),
               SEG(0, K, 1001, 5001, "a")},
     .pushed = SHAKEN "0 a@6 ",
     .finished = ""},
    {.name = "a hole that nobody acknowledged waits",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), SEG(1, K, 5001, 1001, "")},
     .pushed = SHAKEN,
     .finished = "0 gap3@4 0 def@4 "},
    {.name = "an acknowledged hole is given up after some packets",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), SEG(1, K, 5001, 1007, "RES"), SEG(0, K, 1007, 5004, ""),
               SEG(0, K, 1007, 5004, ""), SEG(0, K, 1007, 5004, "")},
     .pushed = SHAKEN "0 gap3@4 0 def@4 1 RES@5 ",
     .finished = "",
     .hold_packets = 2},
    {.name = "… but not while bytes come in order: an acknowledgement of what nobody said takes nothing away",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1500, ""), SEG(0, K, 1001, 5001, "a"), SEG(0, K, 1002, 5001, "b"), SEG(0, K, 1003, 5001, "c"),
               SEG(0, K, 1004, 5001, "d"), SEG(1, K, 5001, 1005, "e"), SEG(0, F | K, 1005, 5002, "")},
     .pushed = SHAKEN "0 a@5 0 b@6 0 c@7 0 d@8 1 e@9 0 FIN@10 ",
     .finished = "",
     .hold_packets = 1},
    {.name = "… or some time",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), AT(1, K, 5001, 1007, "RES", 10), AT(0, K, 1007, 5004, "", 900),
               AT(0, K, 1007, 5004, "next", 1011)},
     .pushed = SHAKEN "0 gap3@4 0 def@4 1 RES@5 0 next@7 ",
     .finished = ""},
    {.name = "a retransmission within that time fills it",
     .steps = {HANDSHAKE, SEG(0, K, 1004, 5001, "def"), AT(1, K, 5001, 1007, "RES", 10),
               AT(0, K, 1001, 5001, "abc", 5000)},
     .pushed = SHAKEN "0 abc@6 0 def@4 1 RES@5 ",
     .finished = ""},
    {.name = "bytes that come after they were given up stay lost",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(1, K, 5004, 1004, "2"), SEG(1, K, 5005, 1004, "3"),
               SEG(0, K, 1001, 5005, "abc")},
     .pushed = SHAKEN "0 gap3@4 1 RES@4 1 2@5 1 3@6 ",
     .finished = "",
     .hold_packets = 1},
    {.name = "a lost request, then the next",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(0, K, 1004, 5004, "req2"), SEG(1, K, 5004, 1008, "RES2")},
     .pushed = SHAKEN,
     .finished = "0 gap3@5 1 RES@4 0 req2@5 1 RES2@6 "},
    {.name = "two that acknowledge each other: one was sent again, and that is the first",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(0, K, 1001, 5004, "req")},
     .pushed = SHAKEN "0 req@5 1 RES@4 ",
     .finished = ""},
    {.name = "an acknowledged end that never came",
     .steps = {HANDSHAKE, SEG(0, K, 1001, 5001, "ab"), SEG(1, K, 5001, 1010, "")},
     .pushed = SHAKEN "0 ab@4 ",
     .finished = "0 gap7@5 "},
    {.name = "an acknowledged FIN that was not captured is no byte",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1001, "x"), SEG(1, F | K, 5002, 1002, "")},
     .pushed = SHAKEN "1 x@4 ",
     .finished = "1 FIN@5 "},
    {.name = "… unless bytes follow",
     .steps = {HANDSHAKE, SEG(1, F | K, 5001, 1002, ""), SEG(0, K, 1001, 5002, ""), SEG(0, K, 1001, 5002, ""),
               SEG(0, K, 1002, 5002, "bc")},
     .pushed = SHAKEN "1 FIN@4 0 gap1@7 0 bc@7 ",
     .finished = "",
     .hold_packets = 1},
    {.name = "cut by the snapshot length",
     .steps = {HANDSHAKE, CUT(0, K, 1001, 5001, "ab", 6), SEG(0, K, 1007, 5001, "gh")},
     .pushed = SHAKEN "0 ab@4 0 cut4@4 0 gh@5 ",
     .finished = ""},
    {.name = "cut, and out of order",
     .steps = {HANDSHAKE, CUT(0, K, 1003, 5001, "c", 4), SEG(0, K, 1001, 5001, "ab"), SEG(0, K, 1007, 5001, "g")},
     .pushed = SHAKEN "0 ab@5 0 c@4 0 cut3@4 0 g@6 ",
     .finished = ""},
    {.name = "cut to nothing",
     .steps = {HANDSHAKE, CUT(0, K, 1001, 5001, "", 6)},
     .pushed = SHAKEN "0 cut6@4 ",
     .finished = ""},
    {.name = "cut, then sent again shifted: the overlap begins behind the cut",
     .steps = {HANDSHAKE, CUT(0, K, 1001, 5001, "ab", 6), SEG(0, K, 1005, 5001, "efgh")},
     .pushed = SHAKEN "0 ab@4 0 cut4@4 0 gh@5 ",
     .finished = ""},
    {.name = "only the client was captured",
     .steps = {SEG(0, S, 1000, 0, ""), SEG(0, K, 1001, 5001, ""), SEG(0, K, 1001, 5006, "login"),
               SEG(0, K, 1006, 5010, "q1"), SEG(0, K, 1008, 5020, "q2"), SEG(0, K, 1010, 5030, "q3")},
     .pushed = "0 SYN@1 1 gap5@3 0 login@3 1 gap4@4 0 q1@4 1 gap10@5 0 q2@5 1 gap10@6 0 q3@6 ",
     .finished = "",
     .hold_packets = 2},
    {.name = "only the server was captured",
     .steps = {SEG(0, S | K, 5000, 1001, ""), SEG(0, K, 5001, 1001, "hello"), SEG(0, K, 5006, 1006, "OK"),
               SEG(0, K, 5008, 1008, "r"), SEG(0, K, 5009, 1020, "s")},
     .pushed = "0 SYNACK@1 0 hello@2 1 gap5@3 0 OK@3 1 gap2@4 0 r@4 1 gap12@5 0 s@5 ",
     .finished = "",
     .hold_packets = 1},
    {.name = "one side, from the middle, nothing acknowledged",
     .steps = {SEG(0, 0, 10, 0, "a"), SEG(0, 0, 12, 0, "c"), SEG(0, 0, 11, 0, "b")},
     .pushed = "0 a@1 0 b@3 0 c@2 ",
     .finished = ""},
    {.name = "too many segments wait: the oldest hole is given up",
     .steps = {HANDSHAKE, SEG(0, K, 1003, 5001, "c"), SEG(0, K, 1005, 5001, "e"), SEG(0, K, 1007, 5001, "g")},
     .pushed = SHAKEN "0 gap2@4 0 c@4 ",
     .finished = "0 gap1@5 0 e@5 0 gap1@6 0 g@6 ",
     .limit_segments = 2},
    {.name = "too many segments wait, and the new one is the first",
     .steps = {HANDSHAKE, SEG(0, K, 1005, 5001, "e"), SEG(0, K, 1007, 5001, "g"), SEG(0, K, 1003, 5001, "c")},
     .pushed = SHAKEN "0 gap2@6 0 c@6 ",
     .finished = "0 gap1@4 0 e@4 0 gap1@5 0 g@5 ",
     .limit_segments = 2},
    {.name = "too many bytes wait",
     .steps = {HANDSHAKE, SEG(0, K, 1003, 5001, "cdefghij"), SEG(0, K, 1013, 5001, "m")},
     .pushed = SHAKEN "0 gap2@4 0 cdefghij@4 ",
     .finished = "0 gap2@5 0 m@5 ",
     .limit_bytes = 80},
    {.name = "nothing may wait at all",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "RES"), SEG(0, K, 1001, 5001, "req")},
     .pushed = SHAKEN "0 gap3@4 1 RES@4 ",
     .finished = "",
     .limit_total = 1},
    {.name = "too much is held: what it waits for is given up",
     .steps = {HANDSHAKE, SEG(1, K, 5001, 1004, "R1"), SEG(1, K, 5003, 1004, "R2"), SEG(1, K, 5005, 1004, "R3")},
     .pushed = SHAKEN "0 gap3@4 1 R1@4 1 R2@5 1 R3@6 ",
     .finished = "",
     .limit_segments = 2},
};

/* The output as text: the direction, what, and the packet it came with. */
struct log {
    char text[1024];
    size_t n;
};

static void log_add(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void log_add(struct log *log, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    log->n += (size_t)vsnprintf(log->text + log->n, sizeof log->text - log->n, format, ap);
    va_end(ap);
    assert_true(log->n < sizeof log->text);
}

static void log_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    (void)time_ns;
    log_add(user, "%d %.*s@%d ", dir, (int)n, (const char *)p, (int)number);
}

static void log_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    (void)time_ns;
    log_add(user, "%d %s%d@%d ", dir, why == TCP_GAP_LOST ? "gap" : "cut", (int)n, (int)number);
}

static void log_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    static const char *const names[] = {"SYN", "SYNACK", "EST", "FIN", "RST"};
    (void)time_ns;
    log_add(user, "%d %s@%d ", dir, names[event], (int)number);
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        struct limits limits = limits_default();
        struct limit_hits hits = {0};
        struct counters counters = {0};
        if (rule->limit_bytes)
            limits.tcp_queue_bytes = rule->limit_bytes;
        if (rule->limit_segments)
            limits.tcp_queue_segments = rule->limit_segments;
        if (rule->limit_total)
            limits.tcp_total_bytes = rule->limit_total;
        if (rule->hold_packets)
            limits.tcp_hold_packets = rule->hold_packets;
        struct tcp_env env = {{log_data, log_gap, log_event}, &limits, &hits, &counters, 0, 0, 0};
        struct tcp tcp = {0};
        struct log log = {{0}, 0};
        for (int n = 0; n < 16 && rule->steps[n].payload; n++) {
            const struct step *step = &rule->steps[n];
            uint32_t length = (uint32_t)strlen(step->payload);
            /* A copy of its own, so that reading past it or after the call shows. */
            uint8_t *payload = malloc(length + 1);
            memcpy(payload, step->payload, length);
            struct segment segment = {
                .seq = step->seq,
                .ack = step->ack,
                .flags = step->flags,
                .payload = payload,
                .length = length,
                .wire_length = step->wire ? step->wire : length,
                .time_ns = INT64_C(1000000) * step->ms,
                .number = (uint64_t)n + 1,
            };
            tcp_push(&tcp, &env, &log, step->dir, &segment);
            free(payload);
        }
        print_message("  %s\n", rule->name);
        assert_string_equal(log.text, rule->pushed);
        log = (struct log){{0}, 0};
        tcp_finish(&tcp, &env, &log);
        assert_string_equal(log.text, rule->finished);
        assert_int_equal(env.queued, 0);
        uint64_t limited = hits.tcp_queue_bytes + hits.tcp_queue_segments + hits.tcp_total_bytes;
        assert_int_equal(limited > 0, rule->limit_bytes || rule->limit_segments || rule->limit_total);
    }
}

static void test_judge_syn(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct counters counters = {0};
    struct tcp_env env = {{log_data, log_gap, log_event}, &limits, &hits, &counters, 0, 0, 0};
    struct log log = {{0}, 0};
    struct tcp tcp = {0};
    const struct segment syn = {.seq = 1000, .flags = S, .payload = (const uint8_t *)""};
    const struct segment answer = {.seq = 5000, .ack = 1001, .flags = S | K, .payload = (const uint8_t *)""};
    const struct segment other = {.seq = 3000, .flags = S, .payload = (const uint8_t *)""};
    const struct segment other_answer = {.seq = 7000, .ack = 3001, .flags = S | K, .payload = (const uint8_t *)""};
    assert_int_equal(tcp_judge_syn(&tcp, 0, &syn), TCP_OPENING_SAME);
    tcp_push(&tcp, &env, &log, 0, &syn);
    assert_int_equal(tcp_judge_syn(&tcp, 0, &syn), TCP_OPENING_SAME);
    assert_int_equal(tcp_judge_syn(&tcp, 1, &answer), TCP_OPENING_SAME);
    assert_int_equal(tcp_judge_syn(&tcp, 0, &other), TCP_OPENING_NEW);
    tcp_push(&tcp, &env, &log, 1, &answer);
    assert_int_equal(tcp_judge_syn(&tcp, 1, &answer), TCP_OPENING_SAME);
    assert_int_equal(tcp_judge_syn(&tcp, 1, &other_answer), TCP_OPENING_NEW);
    assert_int_equal(tcp_judge_syn(&tcp, 1, &other), TCP_OPENING_NEW);
    /* After a reset that nothing preceded, the same number may open the port again. */
    const struct segment reset = {.seq = 1001, .flags = R, .payload = (const uint8_t *)""};
    tcp_push(&tcp, &env, &log, 0, &reset);
    assert_true(tcp_is_over(&tcp));
    assert_int_equal(tcp_judge_syn(&tcp, 0, &syn), TCP_OPENING_NEW);
    tcp_finish(&tcp, &env, &log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_judge_syn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
