"""What goes wrong in the simulated world, how often, and where it must have gone wrong for a run to prove anything.

Pure: no clock, no I/O. A fault is counted together with the state of what it hit; a pair of `CELLS` that was never
reached in the runs of `make test` fails them, because what never happened was never tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """What may go wrong."""

    KILL_BEFORE = "killed before a commit"
    KILL_AFTER = "killed after a commit"
    SLEEP = "slept past its lease"
    BELL_LOST = "bell lost"
    BELL_DOUBLED = "bell doubled"
    BELL_LATE = "bell out of turn"
    MAIL_LOST = "mail lost"
    MAIL_DOUBLED = "mail doubled"
    MAIL_TRIPLED = "mail tripled"
    MAIL_LATE = "mail late"
    MAIL_TRUNCATED = "mail truncated"
    MAIL_REENCODED = "mail re-encoded"
    RELAY_BUSY = "relay busy"
    RELAY_CUT_TAKEN = "cut after the dot, mail taken"
    RELAY_CUT_LOST = "cut after the dot, mail lost"
    RELAY_REFUSED = "relay refused"
    MAILBOX_RENEWED = "mailbox renewed"
    CLOCK_AHEAD = "clock stepped ahead"
    CLOCK_BACK = "clock stepped back"
    RESTORED = "restored, as documented"
    COPIED_BACK = "copied back without a word"


Reached = Counter[tuple[Fault, str]]
"""How often each fault hit what was in which state."""

OFF: Mapping[Fault, str] = {}
"""What no run has yet, and the open work that it waits for; `--with` switches one on by its name."""

_MAILS = ("orders", "changes", "answers", "statement", "key")
_STEPS = ("compose", "send", "import")
_PROCESSES = ("composer", "sender", "poller", "importer", "dispatcher", "person")

CELLS: Mapping[Fault, tuple[str, ...]] = {
    Fault.KILL_BEFORE: (
        *("composer requested", "sender composed", "sender sending", "sender sent", "sender unknown"),
        *("importer archived", "poller", "dispatcher", "person"),
    ),
    Fault.KILL_AFTER: (
        *("composer requested", "sender composed", "sender sending", "sender sent", "sender unknown"),
        *("importer archived", "poller", "dispatcher", "person"),
    ),
    Fault.SLEEP: _PROCESSES,
    Fault.BELL_LOST: _STEPS,
    Fault.BELL_DOUBLED: _STEPS,
    Fault.BELL_LATE: _STEPS,
    **dict.fromkeys(
        (
            *(Fault.MAIL_LOST, Fault.MAIL_DOUBLED, Fault.MAIL_TRIPLED, Fault.MAIL_LATE),
            *(Fault.MAIL_TRUNCATED, Fault.MAIL_REENCODED),
        ),
        _MAILS,
    ),
    **dict.fromkeys(
        (Fault.RELAY_BUSY, Fault.RELAY_CUT_TAKEN, Fault.RELAY_CUT_LOST, Fault.RELAY_REFUSED),
        ("orders", "changes", "answers"),
    ),
    Fault.MAILBOX_RENEWED: ("empty", "full"),
    Fault.CLOCK_AHEAD: ("buyer", "seller"),
    Fault.CLOCK_BACK: ("buyer", "seller"),
    Fault.RESTORED: ("buyer", "seller"),
    Fault.COPIED_BACK: ("buyer", "seller"),
}
"""Where each fault must have hit."""


def never_reached(reached: Reached, off: Mapping[Fault, str] = OFF) -> list[str]:
    """The pairs that did not happen, of the faults that are on."""
    return [
        f"{fault}: {state}" for fault, states in CELLS.items() if fault not in off
        for state in states if not reached[fault, state]
    ]  # fmt: skip
