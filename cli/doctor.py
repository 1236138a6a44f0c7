"""What of this installation works, and what to do about the rest: versions, cores, memory, GPU, MATLAB, folders, caches.

A line that begins with `fine` needs nothing; one with `advice` says what to do. Advice is no error: the exit code is 0.

example: rate2spike doctor
         rate2spike doctor --json
"""

import argparse
from dataclasses import asdict

from rate2spike.cli.arguments import Parser, add_json
from rate2spike.cli.columns import WIDTH, unbroken, wrapped
from rate2spike.cli.speaking import next_step, tell

_COLUMN = 10  # where what was found begins


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look and print."""
    from rate2spike.cli.findings import all_findings

    found = all_findings()
    n_advised = sum(bool(finding.advice) for finding in found)
    lines = []
    for finding in found:
        text = finding.found.replace(finding.path, unbroken(finding.path)) if finding.path else finding.found
        head = ("  advice" if finding.advice else "  fine").ljust(_COLUMN)
        lines.append(wrapped(f"{finding.subject}: {text}", head, " " * _COLUMN, WIDTH))
        if finding.advice:
            lines.append(wrapped(finding.advice, " " * _COLUMN + "-> ", " " * (_COLUMN + 3), WIDTH))
    lines.append(f"{len(found) - n_advised} of {len(found)} are fine" + (", see the advice" if n_advised else ""))
    tell(arguments, {"fine": not n_advised, "findings": [asdict(finding) for finding in found]}, *lines)
    next_step(arguments, "run", "--task", "go-nogo", "--seed", 1)
    return 0
