#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every capture through tshark -V with the plugin: nothing malformed, no dissector bug, and MySQL found where it is."""

import wireshark

# Wireshark's own dissectors find fault with these, not ours.
FOREIGN = ("New fragment overlaps old data", "Badly formatted PROXY header line")
# Their sessions begin before the capture, or in pieces too small for the heuristic.
PORTS = ("-d", "tcp.port==13306,mywire")
ENDINGS = ("Dissector bug", "Malformed Packet", "_ws.malformed", "Packet size limited during capture: MyWire")


def complaints(text):
    """Lines that Wireshark writes about malformed packets and bugs, ours or not known to be another's."""
    for line in text.splitlines():
        if any(ending in line for ending in ENDINGS):
            yield line
        elif "Malformed" in line and "Group: Malformed" not in line and not any(f in line for f in FOREIGN):
            yield line


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws:
        for capture in wireshark.captures_of(args):
            status, out, err = ws.tshark(capture, "-V", *PORTS)
            cut = "cut short" in err
            score.check(status == 0 or (cut and status == 2), f"{capture.name}: tshark ends with {status}: {err[:300]}")
            found = list(complaints(out))
            score.check(not found, f"{capture.name}: {len(found)} complaints, the first: {found[:1]}")
            if "xprotocol" in capture.name or "mid-stream-tls" in capture.name:
                score.check("(mywire)" not in out, f"{capture.name}: X Protocol, or TLS from its middle, taken for MySQL")
            else:
                score.check("(mywire)" in out, f"{capture.name}: no MySQL found")
    score.finish()


if __name__ == "__main__":
    main()
