#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Filter names that Wireshark's built-in dissector has too have its type and base.

Wireshark lists a name that two protocols register only once, so the plugin's own registration is not to be seen in a list.
Hence two looks: the rows of fields.def against the list of a Wireshark without the plugin, and, where Wireshark has Lua, the
types of the fields that the plugin in fact puts into the trees of the captures."""

import re

import wireshark

FIELDS = wireshark.ROOT / "include/mywire/fields.def"
ROW = re.compile(r'^MW_FIELD\(\s*(\w+),\s*"([^"]+)",\s*"[^"]*",\s*(\w+),\s*(\w+),\s*(\w+)', re.M)
TYPES = {"HEADING": "FT_NONE", "TEXT": "FT_STRING", "TEXTZ": "FT_STRINGZ", "TEXTL": "FT_UINT_STRING", "BYTES": "FT_BYTES",
         "TIME32": "FT_ABSOLUTE_TIME", "IPV4": "FT_IPv4", "IPV6": "FT_IPv6", "F32": "FT_FLOAT", "F64": "FT_DOUBLE", "BOOL8": "FT_BOOLEAN", "BOOL16": "FT_BOOLEAN", "BOOL32": "FT_BOOLEAN",
         **{f"U{n}": f"FT_UINT{n}" for n in (8, 16, 24, 32, 64)}, **{f"I{n}": f"FT_INT{n}" for n in (8, 16, 32, 64)}}
BASES = {"DEC": "BASE_DEC", "HEX": "BASE_HEX", "NA": ""}
# Wireshark's built-in has these from 4.2 on.
NEWER = {"mysql.caps.vc"}

SEEN = """
local names = {}
for name, value in pairs(ftypes) do names[value] = "FT_" .. name end
local seen = {}
local tap = Listener.new("frame", "mywire", true)
function tap.packet()
    for _, field in ipairs({all_field_infos()}) do
        seen[field.name .. "\\t" .. (names[field.type] or tostring(field.type))] = true
    end
end
function tap.draw()
    for row in pairs(seen) do print("seen\\t" .. row) end
end
"""


def listed(ws, *plugin):
    """Rows of `tshark -G fields`: (protocol, type, base) of each filter name."""
    status, out, err = ws.run("tshark", "-G", "fields")
    if status:
        raise SystemExit(f"tshark -G fields: {err}")
    rows = (line.split("\t") for line in out.splitlines())
    return {cells[2]: (cells[4], cells[3], cells[5]) for cells in rows if cells[0] == "F"}


def base_of(kind, base):
    return kind[4:] if kind.startswith("BOOL") else BASES[base]


def seen_types(ws, captures):
    """Types of the fields that occur, by filter name; nothing without Lua."""
    script = ws.home / "seen.lua"
    script.write_text(SEEN)
    script.chmod(0o644)
    types = {}
    for capture in captures:
        _, out, _ = ws.tshark(capture, "-q", "-X", f"lua_script:{script}")
        for line in out.splitlines():
            if line.startswith("seen\t"):
                _, name, kind = line.split("\t")
                types.setdefault(name, set()).add(kind)
    return types


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    rows = {name: (kind, base, names) for _, name, kind, base, names in ROW.findall(FIELDS.read_text())}
    with wireshark.Wireshark(None) as plain, wireshark.Wireshark(args.plugin) as ws:
        theirs = {name: row for name, row in listed(plain).items() if row[0] == "mysql"}
        all_names = listed(ws)
        types = seen_types(ws, wireshark.captures_of(args))
    shared = 0
    for name, (kind, base, _) in rows.items():
        score.check(name in all_names, f"{name}: not registered")
        if name in theirs:
            shared += 1
            expected, mine = theirs[name][1:], (TYPES[kind], base_of(kind, base))
            score.check(mine == expected, f"{name}: {mine}, the built-in has {expected}")
        else:
            score.check(name.startswith("mywire.") or name in NEWER, f"{name}: no field of the built-in, so not mywire.*?")
        if name in types:
            score.check(types[name] == {TYPES[kind]}, f"{name}: seen as {types[name]}, fields.def says {kind}")
    score.check(shared > 100, f"only {shared} names in common with the built-in")
    print(f"{shared} names in common with the built-in; the types of {len(types.keys() & rows.keys())} fields were seen")
    score.finish()


if __name__ == "__main__":
    main()
