"""`python -m tests.chaos --seconds N --seed S [--database sqlite|postgresql] [--fault NAME …] [--keep DIR]`.

Without --database each kind has half of the time. The table comes at the end, and also after Ctrl-C; the exit code is 1
where an order was lost, doubled, altered or injected.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.chaos import machine
from tests.chaos.campaign import Order, commit, run
from tests.chaos.faults import OFF, catalogue
from tests.chaos.tally import Tally
from tests.chaos.world import KINDS

AFTER = 900
"""Seconds beyond the time asked for, for each kind of database, after which whatever still waits is ended."""


class TooLate(KeyboardInterrupt):
    """The run does not end by itself."""


def main() -> int:
    """Run, print, and say by the exit code whether all was well."""
    wishes = _wishes()
    if wishes.list:
        for name in catalogue():
            print(f"{name}{f' (off: {OFF[name]})' if name in OFF else ''}")
        return 0
    if not machine.Disk.why_not():
        machine.leave_mounts_to_us()
    logging.getLogger("mail").setLevel(logging.ERROR)  # aiosmtpd warns of itself
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGALRM, _end)
    seed = wishes.seed if wishes.seed is not None else secrets.randbelow(1 << 20)
    kinds = [wishes.database] if wishes.database else list(KINDS)
    signal.alarm(int(wishes.seconds + AFTER * len(kinds)))
    tallies = []
    interrupted = False
    for kind in kinds:
        tally = Tally(kind, commit())
        tallies.append(tally)
        print(f"seed {seed}, {kind}, {wishes.seconds / len(kinds):.0f} s, commit {tally.commit}", flush=True)
        order = Order(kind, wishes.seconds / len(kinds), seed, machine.cold, wishes.fault or (), wishes.keep, _say)
        try:
            run(order, tally)
        except KeyboardInterrupt as end:
            interrupted = True
            if isinstance(end, TooLate):
                tally.broken.append(f"{AFTER} s beyond its time something still waited")
            break
    for tally in tallies:
        print(f"\n{tally.database}, seed {seed}, commit {tally.commit}:\n{tally.table()}")
    print(json.dumps(_together([tally.facts() for tally in tallies])), flush=True)
    if interrupted:
        print("Stopped before its time.", file=sys.stderr)
    tried = [tally for tally in tallies if tally.outcomes or tally.broken]
    return 0 if tried and all(tally.is_clean for tally in tried) else 1


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long, without the end of the last step")
    parser.add_argument(
        "--seed", type=int, help="what the schedule is drawn from; printed, and drawn itself by default"
    )
    parser.add_argument("--database", choices=KINDS, help="one kind only")
    parser.add_argument("--fault", nargs="+", metavar="NAME", help="these only; 'NAME + NAME' is a pair")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="logs and databases of what went wrong")
    parser.add_argument("--list", action="store_true", help="name the faults, and end")
    return parser.parse_args()


def _together(facts: list[dict[str, object]]) -> dict[str, object]:
    """One line for all kinds: sums, the worst of what is no sum, and each kind by itself."""
    if len(facts) == 1:
        return facts[0]
    summed = ("seconds", "worlds", "faults", "orders", "forged", "lost", "doubled", "altered", "injected", "waiting")
    numbers = {name: sum(int(str(each[name])) for each in facts) for name in (*summed, "not_recovered")}
    worst = [float(str(each["worst_recovery_s"])) for each in facts if each["worst_recovery_s"] is not None]
    seeds = sorted({seed for each in facts for seed in each["seeds"]})  # type: ignore[attr-defined]
    return {**numbers, "seeds": seeds, "worst_recovery_s": max(worst, default=None), "each": facts}


def _say(text: str) -> None:
    print(text, flush=True)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise TooLate


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # whatever thread still waits for a command ends with its process
