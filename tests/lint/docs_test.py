#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that docs/opentelemetry.md maps are keys of the records.

    docs_test.py ROOT
"""
import json
import re
import sys
from pathlib import Path


def main():
    root = Path(sys.argv[1])
    text = (root / "docs/opentelemetry.md").read_text()
    passed = failed = 0
    for heading, schema in ("## A command", "command"), ("## A connection", "connection"):
        section = text[text.index(heading):]
        section = section[: section.find("\n## ", 1)]
        known = json.loads((root / f"docs/schema/{schema}.json").read_text())["properties"]
        for key in re.findall(r"^\| `(\w+)` \|", section, re.M):
            passed, failed = passed + (key in known), failed + (key not in known)
            if key not in known:
                print(f"FAILED docs/opentelemetry.md: {schema} has no key {key}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
