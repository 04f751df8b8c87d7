"""What is said about a *Relever* beside what it brought, for every face: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from intergestan_db.problem import Act
from intergestan_exchange.mailboxes.poll_runs import Progress
from intergestan_exchange.tracing.brought import Brought
from intergestan_runtime.said import Counted, Said


class Outcome(StrEnum):
    """How it ended: all is taken in, a mailbox could not be read, or it goes on by itself."""

    DONE = "done"
    FAILED = "failed"
    GOES_ON = "goes_on"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about it, and what may be done.

    :ivar mailbox: which it is about; None: all of them.
    :ivar said: a sentence of ours, or what the mailbox's server said.
    """

    said: Said | str
    next: tuple[Act, ...] = ()
    mailbox: str | None = None


def outcome_of(runs: Progress, *, in_time: bool) -> Outcome:
    """How it ended. :param in_time: whether nobody gave up waiting."""
    if not in_time:
        return Outcome.GOES_ON
    return Outcome.FAILED if any(run.error is not None for run in runs.runs) else Outcome.DONE


def notes(runs: Progress, brought: Brought, *, in_time: bool) -> Iterator[Note]:
    """What a person must know of it. Heartbeats are no news."""
    for run in runs.runs:
        if run.error is not None:
            yield Note(run.error, mailbox=run.mailbox)
    if runs.too_big:
        yield Note(
            Counted(
                "{count} mail is larger than is fetched: look at it in the mailbox.",
                "{count} mails are larger than is fetched: look at them in the mailbox.",
                runs.too_big,
            )
        )
    if brought.holds:
        yield Note(Said("Waiting for a person: {refs}.", refs=", ".join(brought.holds)), (Act.SHOW_HOLD,))
    ended = outcome_of(runs, in_time=in_time)
    if ended is Outcome.GOES_ON:
        yield Note(Said("Not all is taken in yet; that goes on by itself."), (Act.SHOW_STATUS,))
    elif ended is Outcome.DONE and not (brought.sales_orders or brought.answered or brought.holds or runs.too_big):
        yield Note(Said("Nothing new."))
