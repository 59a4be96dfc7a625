#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin and the analyzer tell the same fields: PDML against `mywire packets -F ndjson`, packet by packet of the
protocol, as (name, offset in the packet, length, value). What the plugin generates is left aside."""

import json
import re
import struct
import subprocess
import typing
import xml.etree.ElementTree as ElementTree

import wireshark

ROW = re.compile(r'^MW_FIELD\(\s*\w+,\s*"([^"]+)",\s*"[^"]*",\s*(\w+)', re.M)
NAMES = dict(ROW.findall((wireshark.ROOT / "include/mywire/fields.def").read_text()))
PIECE = 64 << 20
# Wireshark puts segments in order only when asked to, and then waits for lost ones for ever.
REORDER = re.compile("retransmission")
# Which frame a packet is counted to, and what a cut or missing one is taken for, differs between the two TCP layers; after a loss
# Wireshark opens no more of TLS; and the analyzer keeps the head only of packets as long as these.
APART = re.compile("out-of-order|one-way|snaplen|over-16mb|lost-segment-tls")
GENERATED = {"mywire.exec.long_data", "mywire.value.datetime"}  # no bytes of their own
LABEL_LONGEST = 50  # Wireshark cuts what does not fit into a line
SHOWN = 5  # differences that are told of a capture


class Field(typing.NamedTuple):
    name: str
    offset: int
    length: int
    raw: str | None  # hexadecimal digits of the bytes at that place; None where PDML does not give them
    show: str  # the value in Wireshark's words
    depth: int  # 0: directly under the packet
    label: str  # the line in Wireshark's tree


# -- the plugin --------------------------------------------------------------------------------------------------------


def field_of(element, base, depth):
    """A PDML <field>, its place counted from `base`. Bits of a flags field have a masked value: they go by `show`."""
    raw = None if "unmaskedvalue" in element.attrib else element.get("value")
    return Field(element.get("name"), int(element.get("pos")) - base, int(element.get("size")), raw, element.get("show", ""),
                 depth, element.get("showname") or element.get("show", ""))


def is_generated(element, depth):
    """The statement of an EXECUTE: a query that is no part of the packet."""
    return element.get("name") == "mysql.query" and depth == 0


def fields_of(parent, base, depth=0):
    for element in parent.findall("field"):
        if element.get("name") in NAMES and not is_generated(element, depth):
            yield field_of(element, base, depth)
            yield from fields_of(element, base, depth + 1)


def elements(stream):
    """Elements as they end. Read in large pieces: the parser begins an attribute of 16 MiB anew with each piece."""
    parser = ElementTree.XMLPullParser()
    while data := stream.read(PIECE):
        parser.feed(data)
        for _, element in parser.read_events():
            yield element


def plugin_packets(ws, capture):
    """Fields of each packet of the protocol: a list for each frame's number."""
    path, options = ws.bring(capture)
    options += ["-d", "tcp.port==13306,mywire"]
    if "proxy" in capture.name:  # on a port that it does not know the plugin leaves the header to another dissector
        options += ["-d", "tcp.port==13318,mywire"]
    if REORDER.search(capture.name):
        options += ["-o", "tcp.reassemble_out_of_order:TRUE"]
    process = subprocess.Popen(ws.command("tshark", "-n", "-r", path, *options, "-T", "pdml"),
                               env=ws.environment(), cwd=ws.home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    packets = {}
    for element in elements(process.stdout):
        if element.tag != "packet":
            continue
        number = int(element.find("proto[@name='geninfo']/field[@name='num']").get("show"))
        protos = element.findall("proto[@name='mywire']")
        found = [list(fields_of(proto, int(proto.get("pos")))) for proto in protos]
        found = [fields for fields in found if fields]
        if found:
            packets[number] = found
        element.clear()
    process.wait()
    return packets


# -- the analyzer ------------------------------------------------------------------------------------------------------


def analyzer_packets(binary, capture):
    command = [binary, "packets", "-F", "ndjson", "--show-secrets", "--offsets", "-p", "13306"]
    keys = capture.with_name(wireshark.stem(capture) + ".keys.txt")
    if keys.is_file():
        command += ["--keylog", keys]
    out = subprocess.run([*command, capture], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    packets = {}
    for line in out.splitlines():
        record = json.loads(line)
        if record.get("event") == "packet":
            packets.setdefault(record["packet"], []).append(record["fields"])
    return packets


# -- the comparison ----------------------------------------------------------------------------------------------------


def same_text(mine, text):
    """The analyzer converts texts by itself: equal if the bytes are those of the text in UTF-8, or if both have read the
    same characters. Wireshark lacks some of the servers' character sets."""
    data = bytes.fromhex(mine.raw or "")
    readings = [data.decode("utf-8", "replace"), data.rstrip(b"\0").decode("utf-8", "replace"), mine.show]
    return text in readings or (not data.isascii() and len(text) <= len(data))


def same_value(mine, value):
    """`mine`: a Field of the plugin; `value`: JSON of the analyzer."""
    if value is None:
        return True
    if NAMES[mine.name] == "TIME32":
        return int.from_bytes(bytes.fromhex(mine.raw), "little") == value
    if isinstance(value, bool):
        return mine.show in (("1", "True") if value else ("0", "False"))
    if isinstance(value, int):
        return int(mine.show, 0) == value
    if isinstance(value, float):
        got = struct.unpack("<f" if len(mine.raw) == 8 else "<d", bytes.fromhex(mine.raw))[0]
        return abs(got - value) <= 1e-6 * abs(value)  # JSON has the shortest digits that give the same number
    if isinstance(value, dict):  # bytes; a terminator is in the field's length and not in its value
        raw, digits = mine.raw or "", value["hex"].lower()
        return raw.lower().startswith(digits) and not raw[len(digits):].strip("0")
    return same_text(mine, value)


def same_label(mine, of):
    """What a value belongs to; names with control characters are escaped each in its own way."""
    return of is None or not of.isprintable() or mine.label.removeprefix(" [truncated]").startswith(f"{of} = "[:LABEL_LONGEST])


def difference(mine, theirs):
    """What differs between the fields of a packet, or None."""
    for ours, other in zip(mine, theirs):
        place = (other["name"], other["offset"], other["length"], other["depth"])
        if (ours.name, ours.offset, ours.length, ours.depth) != place:
            return f"{ours.name} at {ours.offset}, {ours.length} bytes, depth {ours.depth}: the analyzer has {other}"
        if ours.name not in GENERATED and not same_value(ours, other.get("value")):
            return f"{ours.name} at {ours.offset} is {ours.show!r} ({ours.raw}): the analyzer has {other}"
        if not same_label(ours, other.get("of")):
            return f"{ours.name} at {ours.offset} is told as {ours.label!r}: the analyzer has {other}"
    if len(mine) != len(theirs):
        return f"{len(mine)} fields, the analyzer has {len(theirs)}"
    return None


def differences(mine, theirs):
    for number in sorted(mine.keys() | theirs.keys()):
        ours, others = mine.get(number, []), theirs.get(number, [])
        if len(ours) != len(others):
            yield f"frame {number}: {len(ours)} packets, the analyzer has {len(others)}"
        for ordinal, pair in enumerate(zip(ours, others)):
            told = difference(*pair)
            if told:
                yield f"frame {number}, packet {ordinal}: {told}"


def main():
    args = wireshark.parser(__doc__, binary=True).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws:
        for capture in wireshark.captures_of(args):
            if APART.search(capture.name):
                continue
            found = list(differences(plugin_packets(ws, capture), analyzer_packets(args.binary, capture)))
            score.check(not found, f"{capture.name}: {len(found)} differences" + "".join(f"\n  {d}" for d in found[:SHOWN]))
    score.finish()


if __name__ == "__main__":
    main()
