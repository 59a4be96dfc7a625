#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command line tests: runs what the pages beside this file show, and compares stdout, stderr and exit status exactly.

    run.py MYWIRE [--update] [PAGE...]

A page is Markdown. Each case is a `##` heading with a block of commands and what comes of them:

    ## What this shows

    ```sh
    mywire connections samples/shape-vlan.pcapng
    ```

    ```stdout
    ID CLIENT ...
    ```

    ```stderr
    ```

    Exit status: 3

No `stdout` or `stderr` block: nothing is written there. No exit status: 0. The commands run in an empty directory of
their own in which `samples` leads to the samples; `$AS_USER COMMAND` runs a command without root's rights.
--update writes what came into the pages: read it against the samples' truth before you commit it.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$\n?", re.M | re.S)
STATUS = re.compile(r"^Exit status: (\d+)$\n?", re.M)


class Case:
    def __init__(self, page, text):
        self.page = page
        self.title, _, self.body = text.partition("\n")
        blocks = {kind: content for kind, content in FENCE.findall(self.body)}
        self.commands = blocks["sh"]
        status = STATUS.search(self.body)
        self.want = (blocks.get("stdout", ""), blocks.get("stderr", ""), int(status[1]) if status else 0)
        self.prose = self.body[: self.body.index("```sh")]

    def run(self, scratch, environment):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            os.chmod(folder, 0o755)
            os.symlink(f"{scratch}/samples", f"{folder}/samples")
            done = subprocess.run(["sh", "-c", self.commands], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=60)
        self.got = (done.stdout.decode(errors="backslashreplace"), done.stderr.decode(errors="backslashreplace"),
                    done.returncode)
        return self.got == self.want

    def explain(self):
        for what, want, got in zip(("stdout", "stderr", "exit status"), self.want, self.got):
            if want == got:
                continue
            print(f"     {what}:")
            for sign, text in (("-", want), ("+", got)):
                for line in str(text).splitlines():
                    print(f"     {sign} {line}")

    def updated(self):
        text = f"{self.title}\n{self.prose}```sh\n{self.commands}```\n"
        for kind, content in zip(("stdout", "stderr"), self.got):
            if content and not content.endswith("\n"):
                raise SystemExit(f"{self.page.name}: {self.title}: {kind} does not end with a line end: add `; echo`")
            if content:
                text += f"\n```{kind}\n{content}```\n"
        return text + (f"\nExit status: {self.got[2]}\n" if self.got[2] else "")


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    update = "--update" in sys.argv
    if not arguments:
        sys.exit(__doc__)
    pages = [Path(a).resolve() for a in arguments[1:]] or sorted(HERE.glob("*.md"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        os.mkdir(f"{scratch}/bin")
        shutil.copy(arguments[0], f"{scratch}/bin/mywire")  # where an unprivileged user finds it too,
        shutil.copytree(HERE.parent.parent / "samples", f"{scratch}/samples")  # and the samples
        environment = {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb",
                       "AS_USER": "setpriv --reuid=65534 --regid=65534 --clear-groups" if os.getuid() == 0 else ""}
        environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        for page in pages:
            opening, *cases = re.split(r"^## ", page.read_text(), flags=re.M)
            cases = [Case(page, text) for text in cases]
            for case in cases:
                good = case.run(scratch, environment)
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(f"{'new ' if update else 'FAIL'} {page.name}: {case.title}")
                    if not update:
                        case.explain()
            if update:
                page.write_text(opening + "\n".join("## " + case.updated() for case in cases))
    print(f"{passed} passed, {failed} failed")
    return failed > 0 and not update


if __name__ == "__main__":
    sys.exit(main())
