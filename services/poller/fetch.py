"""What to list and what to fetch. Pure: no network, no base, no clock.

Identity is content: a UID only saves bandwidth. So what decides is a difference of sets, never a watermark alone
(Office 365 shows a mail late and below others, Gmail leaves some out, gaps mean nothing); and whenever the numbers do
not add up, everything is listed again.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from typing import Generic

from services.poller.handles import Handle

FIRST_STRIKE_WAIT, LONGEST_STRIKE_WAIT = 60.0, 3600.0  # seconds


@dataclass
class Known:
    """What we have of one generation (UIDVALIDITY) of a mailbox, and whether the numbers add up.

    :ivar uids: what is archived, or noted as not to be fetched.
    :ivar accounted: how many mails the last listing explains; None: it left something open, list everything.
    :ivar top: the highest UID seen.
    :ivar listed_at: when everything was listed last, on the caller's clock.
    """

    uidvalidity: int
    uids: set[int] = field(default_factory=set)
    accounted: int | None = None
    top: int = 0
    listed_at: float = -inf

    def must_list_all(self, exists: int, now: float, every: float, window: int) -> bool:
        """Whether asking for what is new would not do."""
        if self.accounted is None or now - self.listed_at >= every:
            return True
        return not 0 <= exists - self.accounted <= window

    def take_new(self, found: Iterable[int], exists: int) -> list[int] | None:
        """What is new in the answer to `n:*`; None where that does not explain how many mails there are."""
        new = sorted(set(found) - self.uids)
        if self.accounted is None or self.accounted + len(new) != exists:
            return None
        self.accounted = exists
        self.top = max([self.top, *new])
        return new

    def take_all(self, windows: Iterable[Collection[int]], now: float) -> list[int]:
        """What is new in a listing of everything."""
        new: set[int] = set()
        listed = 0
        for window in windows:
            listed += len(window)
            new.update(uid for uid in window if uid not in self.uids)
            self.top = max(self.top, max(window, default=0))
        self.accounted, self.listed_at = listed, now
        return sorted(new)

    def doubt(self) -> None:
        """Something was left open: list everything next time."""
        self.accounted = None


class Strikes(Generic[Handle]):
    """Mails that could not be fetched: tried again alone, after the others, at growing intervals, for ever.

    They are never marked as done, for nobody can tell a bad mail from a bad day of the network.
    """

    def __init__(self) -> None:
        self._strikes: dict[Handle, tuple[int, float]] = {}

    def add(self, mails: Iterable[Handle], now: float) -> None:
        """One more failure of each. After the first it is tried at once."""
        for mail in mails:
            count = self._strikes.get(mail, (0, now))[0] + 1
            wait = 0.0 if count == 1 else min(LONGEST_STRIKE_WAIT, FIRST_STRIKE_WAIT * 2 ** min(count - 2, 10))
            self._strikes[mail] = (count, now + wait)

    def forgive(self, mails: Iterable[Handle]) -> None:
        """They came at last."""
        for mail in mails:
            self._strikes.pop(mail, None)

    def due(self, mails: Iterable[Handle], now: float) -> list[Handle]:
        """Those that may be tried now."""
        return [mail for mail in mails if self._strikes.get(mail, (0, now))[1] <= now]

    def __contains__(self, mail: object) -> bool:
        return mail in self._strikes


def chunks(mails: Iterable[Handle], size: int) -> Iterator[list[Handle]]:
    """Consecutive pieces of at most `size`."""
    rest = iter(mails)
    while piece := list(islice(rest, size)):
        yield piece


def batches(
    sizes: Mapping[Handle, int], alone: Container[Handle], most_mails: int, most_bytes: int
) -> Iterator[Sequence[Handle]]:
    """What to fetch together: at most so many mails and octets, or one mail; those in `alone` singly and last."""
    batch: list[Handle] = []
    octets = 0
    for mail in sorted(mail for mail in sizes if mail not in alone):
        if batch and (len(batch) == most_mails or octets + sizes[mail] > most_bytes):
            yield batch
            batch, octets = [], 0
        batch.append(mail)
        octets += sizes[mail]
    if batch:
        yield batch
    yield from ([mail] for mail in sorted(mail for mail in sizes if mail in alone))


def allowance(batch: Sequence[Handle], sizes: Mapping[Handle, int], mail_bytes: int) -> int:
    """Octets that a batch may have. Servers tell sizes inexactly; one mail alone may be as large as any."""
    return mail_bytes if len(batch) == 1 else 2 * sum(sizes[mail] for mail in batch)
