#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of each capture in order, and in two shuffled orders in a fresh sharkd each: equal to the last byte."""

import random

import wireshark

ORDERS = 2
# A tree of some 100 kB a frame: enough frames to find an order bug, not the whole afternoon.
FRAMES = 400


def look(sharkd, number):
    """A frame without its TCP node: Wireshark's own "Conversation completeness" there depends on the order."""
    frame = sharkd.frame(number)
    frame["tree"] = [node for node in frame["tree"] if not node["l"].startswith("Transmission Control Protocol")]
    return frame


def answers(ws, capture, order):
    with wireshark.Sharkd(ws, capture) as sharkd:
        return {number: look(sharkd, number) for number in order}


def in_order(ws, capture):
    """The chosen frames, from the first to the last."""
    with wireshark.Sharkd(ws, capture) as sharkd:
        chosen = random.Random(capture.name).sample(range(1, sharkd.frames + 1), min(sharkd.frames, FRAMES))
        return {number: look(sharkd, number) for number in sorted(chosen)}


def compare(score, name, seed, expected, found):
    different = [n for n in sorted(expected) if expected[n] != found[n]]
    score.check(not different, f"{name}, order {seed}: frames {different[:10]} depend on what was looked at before")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws:
        for capture in wireshark.captures_of(args):
            try:
                expected = in_order(ws, capture)
            except RuntimeError as error:
                score.check(False, f"{capture.name}: {error}")
                continue
            for seed in range(ORDERS):
                order = list(expected)
                random.Random(seed).shuffle(order)
                compare(score, capture.name, seed, expected, answers(ws, capture, order))
    score.finish()


if __name__ == "__main__":
    main()
