"""`python -m benchmarks.credit_cost [--before FOLDER]`: what credit costs on the way of an order.

CPU time (user and system) of reading, deciding and booking orders and of composing their answers, with that of the
database: with credit off, with it on, and without it, given the folder of a checkout from before there was credit
(`git worktree add FOLDER COMMIT`). Each is a process of its own with servers of its own; they are measured in turn,
and a ratio is the median over the rounds. The customer has up to 200 open orders of 8 lines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.machine import alternate, interpreter, ratio

_HERE = Path(__file__).resolve().parent
_MOST = {"off": ("before", 1.02), "on": ("off", 1.15)}
"""What a variant may cost, in what another one costs."""


class Variant:
    """A process that measures one of them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def measure(self) -> float:
        """The CPU seconds of a round."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def wait_ready(self) -> None:
        """Its servers run, and it is warm."""
        if self._line() != "ready":
            raise RuntimeError("A variant did not begin; what it said stands above.")

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def started(checkout: Path, base: str, rules: str) -> Iterator[Variant]:
    """The code of a checkout, with or without credit."""
    paths = os.pathsep.join((str(checkout), str(checkout / "libs")))
    command = [sys.executable, "-P", str(_HERE / "order_way.py"), base, rules]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        yield Variant(process)  # it ends with its standard input


def measure(before: Path | None, base: str, rounds: int) -> dict[str, list[float]]:
    """The CPU seconds of each round, by variant."""
    wanted = {"off": (_HERE.parent, "none"), "on": (_HERE.parent, "order")}
    if before is not None:
        wanted = {"before": (before.resolve(), "none"), **wanted}
    with ExitStack() as stack:
        variants = [stack.enter_context(started(checkout, base, rules)) for checkout, rules in wanted.values()]
        for variant in variants:
            variant.wait_ready()
        return dict(zip(wanted, alternate(rounds, *(each.measure for each in variants)), strict=True))


def report(found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The figures: CPU milliseconds of each variant, and what each costs beside another."""
    figures = {f"{name}_cpu_ms": 1000 * median(values) for name, values in found.items()}
    return figures | {
        f"{name}_over_{other}": ratio(found[name], found[other])
        for name, (other, _most) in _MOST.items()
        if other in found
    }


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.credit_cost", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--before", type=Path, help="a checkout from before there was credit")
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args(argv)
    figures = report(measure(options.before, "sqlite" if options.sqlite else "postgresql", options.rounds))
    print(interpreter())
    for name, value in figures.items():
        most = next((limit for each, (other, limit) in _MOST.items() if name == f"{each}_over_{other}"), None)
        print(
            f"{name:20} {value:8.3f}"
            + ("" if most is None else f"   ≤ {most:g}  {'reached' if value <= most else 'missed'}")
        )
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
