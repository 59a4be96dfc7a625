#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Port 3306 is the plugin's, one preference hands it back, and people's filters and Decode As go on working."""

import wireshark

ON_PORT = "port3306"  # part of the name of a capture with traffic on 3306 …
ELSEWHERE = ("text-resultset-eof", "shape-base-plain")  # … on another port, with the greeting


def find(captures, *parts):
    for part in parts:
        for capture in captures:
            if part in capture.name:
                return capture
    raise SystemExit(f"no capture named like {parts}")


def layers(ws, capture, *options):
    """Which of the two dissectors a capture's frames go to."""
    rows = ws.fields(capture, ["frame.protocols"], *options)
    names = {name for row in rows for name in row[0].split(":")}
    return names & {"mywire", "mysql"}


def count(ws, capture, filter, *options):
    return len(ws.fields(capture, ["frame.number"], *options, filter=filter))


def ports_in(ws, capture):
    return {int(p) for row in ws.fields(capture, ["tcp.port"], filter="mywire") for p in row[0].split(",")}


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    captures = wireshark.captures_of(args)
    with wireshark.Wireshark(args.plugin) as ws:
        on_port, elsewhere = find(captures, ON_PORT), find(captures, *ELSEWHERE)
        score.check(layers(ws, on_port) == {"mywire"}, "port 3306 goes to mywire")
        back = ("-o", "mywire.built_in:TRUE")
        score.check(layers(ws, on_port, *back) == {"mysql"}, "the preference hands port 3306 back")
        score.check(layers(ws, elsewhere, *back) == set(), "with the preference nothing is claimed by its looks")
        score.check(layers(ws, on_port, "-o", "mysql.tcp.port:3307") == {"mywire"},
                    "other ports of the built-in leave 3306 to mywire")
        score.check(layers(ws, on_port, "-d", "tcp.port==3306,mysql") == {"mysql"}, "Decode As gives 3306 to the built-in")

        mine = count(ws, on_port, "mywire")
        score.check(mine > 0 and count(ws, on_port, "mysql") == mine, "the filter mysql matches what mywire matches")
        queries = ws.fields(on_port, ["mysql.query"], filter='mysql.query matches "(?i)select"')
        score.check(queries and all("select" in row[0].lower() for row in queries), "mysql.query filters and prints")
        # The built-in registered the name first, so its names of values are those that filters know.
        score.check(count(ws, on_port, 'mysql.command == "Query"') == count(ws, on_port, "mysql.command == 3") > 0,
                    "the built-in's names of values filter")

        score.check(layers(ws, elsewhere) == {"mywire"}, "the greeting is found on any port")
        off = ("--disable-heuristic", "mywire_tcp")
        score.check(layers(ws, elsewhere, *off) == set(), "the heuristic can be disabled")
        server = min(ports_in(ws, elsewhere))
        score.check(layers(ws, elsewhere, *off, "-d", f"tcp.port=={server},mywire") == {"mywire"}, "Decode As to mywire")
        score.check(layers(ws, elsewhere, *off, "-o", f"mywire.tcp.port:{server}") == {"mywire"}, "the port preference")

        protocols = {row[0] for row in ws.fields(on_port, ["_ws.col.Protocol"], filter="mywire")}
        score.check(protocols <= {"MySQL", "MariaDB"} and protocols, f"the Protocol column says {protocols}")
    score.finish()


if __name__ == "__main__":
    main()
