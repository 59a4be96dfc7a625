#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tree and the Info column say of commands, against what client and server said: values as `column = value`, the SQL of
executions and the frame that prepared it, rows, a file that is sent as data and not as commands."""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import wireshark

sys.path.insert(0, str(wireshark.ROOT / "tests"))
from values_test import expected, same  # noqa: E402

VALUE_FIELDS = re.compile(r"mysql\.row\.text|mywire\.row\.(bytes|null)|mywire\.value\.(datetime|bytes)|mysql\.exec\.field\.\w+$")
PARTS = re.compile(r"mysql\.exec\.field\.(year|month|day|hour|minute|secondb?)$")
BYTES_LONGEST = 32  # the tree cuts longer ones
EXECUTE, PREPARE, FETCH, SET_OPTION, KILL = "23", "22", "28", "27", "12"
OPTIONS = {"0": "MYSQL_OPTION_MULTI_STATEMENTS_ON", "1": "MYSQL_OPTION_MULTI_STATEMENTS_OFF"}
IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")  # else Wireshark leaves what overlaps
UNNAMED = "metadata-none"  # the client asked for no names
FIELDS = ("frame.number", "mysql.command", "mysql.query", "mywire.statement_text", "mywire.prepare_in", "mywire.rows", "mysql.error_code",
          "mywire.infile.data", "mysql.num_rows", "mysql.option", "mysql.thread_id", "_ws.col.Info")
BETWEEN = "\x1f"


def truth_of(capture):
    path = capture.with_name(wireshark.stem(capture) + ".truth.json")
    return json.loads(path.read_text()) if path.is_file() else {"connections": []}


# -- rows --------------------------------------------------------------------------------------------------------------


def value_of(line):
    """`column = value` as (column, None, number, text or bytes)."""
    column, value = line.split(" = ", 1)
    if value == "NULL":
        return column, None
    if value.startswith("'"):
        return column, re.sub("'$", "", value[1:])
    if value.startswith("0x"):
        return column, bytes.fromhex(re.sub("….*", "", value[2:]))
    return column, float(value) if re.search(r"[.en]", value) else int(value)


def equal(want, got):
    """The tree escapes controls and cuts what is long."""
    if want is None or got is None or isinstance(got, (int, float)):
        return same(want, got)
    if isinstance(got, bytes):
        return len(got) >= BYTES_LONGEST or same(want, got)
    return got.endswith("…") or "\\" in got or same(want, got)


def rows_of(ws, capture):
    """Client port -> rows in order, each a list of (column, value)."""
    _, out, _ = ws.tshark(capture, *IN_ORDER, "-T", "pdml", "-Y", "mywire.row")
    rows = {}
    for packet in ElementTree.fromstring(out).iter("packet"):
        port = int(packet.find("proto[@name='tcp']/field[@name='tcp.dstport']").get("show"))
        for row in packet.iterfind("proto[@name='mywire']/field[@name='mywire.row']"):
            lines = [f.get("showname") or f.get("show") for f in row.iterfind("field")
                     if VALUE_FIELDS.match(f.get("name")) and not PARTS.match(f.get("name"))]
            rows.setdefault(port, []).append([value_of(line) for line in lines if " = " in line])
    return rows


def columns_of(op):
    return [r["columns"] for r in [op, *(op.get("results") or [])] if isinstance(r, dict) and isinstance(r.get("columns"), list)]


def check_rows(score, name, rows, wanted):
    for port, want_rows in wanted:
        found = iter(rows.get(port, []))
        for text, want in want_rows:
            there = any(len(row) == len(want) and all(equal(w, v) for w, (_, v) in zip(want, row)) for row in found)
            if not score.check(there, f"{name}: port {port}, {text!r}: no row {want!r:.200}"):
                break


def check_columns(score, name, rows, truth):
    """Names of columns that the client's API gave occur as such."""
    names = {column for c in truth["connections"] for op in (c.get("client") or {}).get("ops") or [] if isinstance(op, dict)
             for columns in columns_of(op) if op.get("data") for column in columns}
    seen = {column for of_port in rows.values() for row in of_port for column, _ in row}
    missing = {column for column in names if column.isprintable()} - seen
    score.check(not missing, f"{name}: columns {missing} are not in the tree")


def check_values(score, ws, capture):
    truth = truth_of(capture)
    ports = [(c.get("tcp_client_port") or c.get("client_port"), c) for c in truth["connections"]]  # behind a PROXY header: the first
    wanted = [(port, list(expected(c))) for port, c in ports if port]
    if truth.get("undecryptable") or "may_miss" in truth or UNNAMED in capture.name or not any(rows for _, rows in wanted):
        return
    rows = rows_of(ws, capture)
    check_rows(score, capture.name, rows, wanted)
    check_columns(score, capture.name, rows, truth)


# -- commands and replies ----------------------------------------------------------------------------------------------


def frames_of(ws, capture):
    """Each frame of ours, as a dictionary of lists."""
    wanted = [x for name in FIELDS for x in ("-e", name)]
    _, out, _ = ws.tshark(capture, *IN_ORDER, "-Y", "mywire", "-T", "fields", "-E", "aggregator=" + BETWEEN, *wanted)
    return [{name: value.split(BETWEEN) if value else [] for name, value in zip(FIELDS, line.split("\t"))} for line in out.splitlines()]


def check_executions(score, name, frames):
    prepared = {f["frame.number"][0]: f["mysql.query"] for f in frames if PREPARE in f["mysql.command"]}
    for frame in frames:
        if EXECUTE not in frame["mysql.command"] or not frame["mywire.prepare_in"]:
            continue
        info, number = frame["_ws.col.Info"][0], frame["frame.number"][0]
        for text, origin in zip(frame["mywire.statement_text"], frame["mywire.prepare_in"]):
            score.check(text in prepared.get(origin, []), f"{name}: frame {number} executes {text!r}, frame {origin} prepared {prepared.get(origin)}")
            score.check(text.split()[0] in info, f"{name}: frame {number}, {info!r} does not tell what is executed")


def check_info(score, name, frames):
    """Each reply tells its rows in words where it tells them in a field; one that opens a cursor has none yet, and says so."""
    for frame in frames:
        for count in [] if frame["mysql.error_code"] else frame["mywire.rows"]:
            info = frame["_ws.col.Info"][0]
            told = f"{count} row" in info or ("cursor open" in info and count == "0") or " more" in info
            score.check(told, f"{name}: frame {frame['frame.number'][0]} has {count} rows, told as {info!r}")
        for command, told in (({FETCH}, [f"{n} row" for n in frame["mysql.num_rows"]]),
                              ({SET_OPTION}, [OPTIONS.get(o, o) for o in frame["mysql.option"]]),
                              ({KILL}, frame["mysql.thread_id"])):
            if command & set(frame["mysql.command"]):
                info = frame["_ws.col.Info"][0]
                score.check(all(t in info for t in told), f"{name}: frame {frame['frame.number'][0]}: {info!r} does not tell {told}")
    if "cursor" in name:
        opened = sum(f["_ws.col.Info"][0].count("cursor open") for f in frames)
        score.check(opened, f"{name}: no cursor is opened")


def check_files(score, name, frames):
    data = [f for f in frames if f["mywire.infile.data"]]
    score.check(data or "load-data-local" not in name, f"{name}: no file")
    for frame in data:
        score.check(not frame["mysql.command"], f"{name}: frame {frame['frame.number'][0]} has file data and commands")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws:
        for capture in wireshark.captures_of(args):
            if "xprotocol" in capture.name:
                continue
            check_values(score, ws, capture)
            frames = frames_of(ws, capture)
            for check in (check_executions, check_info, check_files):
                check(score, capture.name, frames)
    score.finish()


if __name__ == "__main__":
    main()
