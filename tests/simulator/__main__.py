"""`python -m tests.simulator --seconds N [--seed S] [--orders N]`: many stories, and a table of what went wrong.

Ends with 1 at the first seed whose promise was broken, and says how to tell its story again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulator.calm import Broken, be_silent
from tests.simulator.faults import OFF, Fault, Reached
from tests.simulator.world import Told, World

ORDERS = 8
"""Of each story of the long form."""


def main(argv: Sequence[str]) -> int:
    """Run the stories; the exit code."""
    options = _options(argv)
    be_silent()
    on = [fault for fault in Fault if fault not in OFF or fault.name in options.switched_on]
    if options.tell:
        World(options.seed, orders=options.orders_each, faults=on, tell=print).run()
        return 0
    return _run(options, on)


def _run(options: argparse.Namespace, on: Sequence[Fault]) -> int:
    began, cpu, told, failed = time.monotonic(), time.process_time(), Sum(), []
    seed = options.seed
    while time.monotonic() - began < options.seconds and told.orders < options.orders:
        try:
            told.add(World(seed, orders=options.orders_each, faults=on).run())
        except Broken as broken:
            failed.append(seed)
            print(f"seed {seed}: {broken}", file=sys.stderr)
            if len(failed) >= options.failures:
                break
        seed += 1
    seconds = time.monotonic() - began
    print(told.table())
    figures = told.figures() | {"seeds": [options.seed, seed - 1], "failed": failed}
    figures |= {"seconds": round(seconds, 1), "cpu_seconds": round(time.process_time() - cpu, 1)}
    print(json.dumps(figures))
    if failed:
        print(
            f"Its story: python -m tests.simulator --tell --seed {failed[0]} --orders-each {options.orders_each}",
            file=sys.stderr,
        )
    return 1 if failed else 0


class Sum:
    """What many stories came to."""

    def __init__(self) -> None:
        self.stories = self.orders = self.steps = 0
        self.virtual_seconds = 0.0
        self.reached: Reached = Counter()

    def add(self, told: Told) -> None:
        """One more."""
        self.stories += 1
        self.orders += told.orders
        self.steps += told.steps
        self.virtual_seconds += told.virtual_seconds
        self.reached += told.reached

    def table(self) -> str:
        """How often each fault happened to what, for people."""
        rows = [f"{'fault':<32}{'times':>9}  to what"]
        for fault in Fault:
            states = {state: times for (kind, state), times in self.reached.items() if kind is fault}
            what = ", ".join(f"{state} {times}" for state, times in sorted(states.items()))
            rows.append(f"{fault:<32}{sum(states.values()):>9}  {what or OFF.get(fault, '')}")
        return "\n".join(rows)

    def figures(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "stories": self.stories,
            "orders": self.orders,
            "steps": self.steps,
            "virtual_days": round(self.virtual_seconds / 86_400, 1),
            "faults": sum(self.reached.values()),
        }


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long, at most")
    parser.add_argument("--orders", type=float, default=float("inf"), help="until so many orders were sent")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--orders-each", type=int, default=ORDERS, help="orders in one story")
    parser.add_argument("--failures", type=int, default=1, help="go on until so many seeds failed")
    parser.add_argument("--tell", action="store_true", help="tell the story of this one seed, step by step")
    parser.add_argument(
        "--with", dest="switched_on", nargs="+", default=[], metavar="FAULT", help="faults that are off"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
