#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The house rules that a compiler does not check: who may include what, no mutable globals, licences, sizes.

  layers_test.py PROJECT [STATIC LIBRARY...]
"""
import os
import re
import subprocess
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.M)
CORE_LIBC = {"<string.h>", "<stdint.h>", "<stddef.h>", "<stdbool.h>", "<assert.h>"}
GNUTLS = ("tls_crypto.", "tls_schedule.", "tls_rsa.", "tls_certificate.", "password_crypto.", "cryptopan.")
CURVES = ("<nettle/", "<gmp.h>")
COMPRESSION = {"<libdeflate.h>", "<zstd.h>"}
SOURCE = (".c", ".h", ".def", ".py")

passed = 0
failed = 0


def check(ok, what):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAIL  " + what)


def files(root):
    """Every file of the project, as paths from its root: without build trees."""
    found = []
    for where, rooms, names in os.walk(root):
        if "CMakeCache.txt" in names:
            rooms[:] = []
            continue
        rooms[:] = sorted(r for r in rooms if r not in (".git", "build", "__pycache__"))
        found += [os.path.relpath(os.path.join(where, n), root) for n in sorted(names)]
    return found


def own(include, *rooms):
    return include.startswith('"') and any(include[1:].startswith(room + "/") for room in rooms)


def allowed(path, include):
    """Whether a file of this room may include that."""
    room = path.split("/")[0]
    base = os.path.basename(path)
    if room == "include":
        return include in CORE_LIBC or own(include, "mywire")
    if room == "core":
        if base.startswith("compress") and include in COMPRESSION:
            return True
        return include in CORE_LIBC or own(include, "mywire", "core")
    if include.startswith("<gnutls/") and not (room == "analyzer" and base.startswith(GNUTLS)) and room != "tests":
        return False
    if include.startswith(CURVES) and not (room == "analyzer" and base.startswith("password_crypto.")):
        return False
    if room in ("plugin", "analyzer"):
        return include.startswith("<") or own(include, "mywire", room)
    if path.startswith("tests/unit/"):
        return include.startswith("<") or own(include, "mywire", "core", "analyzer", "tests")
    if path.startswith("tests/plugin/"):
        return include.startswith("<") or own(include, "mywire", "plugin", "tests")
    if room == "tests":
        return include.startswith("<") or own(include, "mywire", "analyzer", "tests")
    return True


def check_includes(path, text):
    bad = [i for i in INCLUDE.findall(text) if not allowed(path, i)]
    check(not bad, "%s may not include %s" % (path, ", ".join(bad)))


def check_size(path, text):
    lines = text.count("\n")
    if path.endswith(".def"):
        return
    if path.startswith("include/"):
        check(lines < 200, "%s has %d lines; a public header has fewer than 200" % (path, lines))
    else:
        check(lines <= 600, "%s has %d lines; a file is one noun of at most 600" % (path, lines))


def check_globals(library):
    """Nothing writable may have static storage: no symbol in .data or .bss. (Tables of pointers are in .data.rel.ro.)"""
    out = subprocess.run(["nm", "-f", "sysv", library], capture_output=True, text=True, check=True).stdout
    bad, member = [], ""
    for line in out.splitlines():
        if line.endswith(":"):
            member = line
        columns = [c.strip() for c in line.split("|")]
        if len(columns) < 7:
            continue
        section = columns[6].split("\t")[0]
        writable = re.match(r"\.(data|bss|tdata|tbss)(\.|$)", section) and not section.startswith(".data.rel.ro")
        if (writable and columns[3] in ("OBJECT", "TLS")) or columns[6].startswith("*COM*"):
            bad.append("%s (%s)" % (columns[0], section))
    check(not bad, "%s has mutable globals: %s" % (os.path.basename(library), ", ".join(bad)))


def main():
    root = sys.argv[1]
    for path in files(root):
        name = os.path.basename(path)
        if not (path.endswith(SOURCE) or name == "CMakeLists.txt"):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        check("SPDX-License-Identifier: GPL-2.0-or-later" in "\n".join(text.split("\n")[:3]), path + " has no licence line")
        if path.endswith((".c", ".h", ".def")):
            check_includes(path, text)
        if path.endswith((".c", ".h")):
            check_size(path, text)
    for library in sys.argv[2:]:
        check_globals(library)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
