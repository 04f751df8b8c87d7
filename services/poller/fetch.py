"""What to list and what to fetch. Pure: no network, no base, no clock.

Identity is content: a UID only saves bandwidth. So what decides is a difference of sets, never a watermark alone
(Office 365 shows a mail late and below others, Gmail leaves some out, gaps mean nothing); and whenever the numbers do
not add up, everything is listed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import inf

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


class Strikes:
    """Mails that could not be fetched: tried again alone, after the others, at growing intervals, for ever.

    They are never marked as done, for nobody can tell a bad mail from a bad day of the network.
    """

    def __init__(self) -> None:
        self._strikes: dict[int, tuple[int, float]] = {}

    def add(self, uids: Iterable[int], now: float) -> None:
        """One more failure of each. After the first it is tried at once."""
        for uid in uids:
            count = self._strikes.get(uid, (0, now))[0] + 1
            wait = 0.0 if count == 1 else min(LONGEST_STRIKE_WAIT, FIRST_STRIKE_WAIT * 2 ** min(count - 2, 10))
            self._strikes[uid] = (count, now + wait)

    def forgive(self, uids: Iterable[int]) -> None:
        """They came at last."""
        for uid in uids:
            self._strikes.pop(uid, None)

    def due(self, uids: Iterable[int], now: float) -> list[int]:
        """Those that may be tried now."""
        return [uid for uid in uids if self._strikes.get(uid, (0, now))[1] <= now]

    def __contains__(self, uid: int) -> bool:
        return uid in self._strikes


def chunks(uids: Iterable[int], size: int) -> Iterator[list[int]]:
    """Consecutive pieces of at most `size`."""
    rest = iter(uids)
    while piece := list(islice(rest, size)):
        yield piece


def batches(
    sizes: Mapping[int, int], alone: Collection[int] | Strikes, most_mails: int, most_bytes: int
) -> Iterator[Sequence[int]]:
    """What to fetch together: at most so many mails and octets, or one mail; those in `alone` singly and last."""
    batch: list[int] = []
    octets = 0
    for uid in sorted(uid for uid in sizes if uid not in alone):
        if batch and (len(batch) == most_mails or octets + sizes[uid] > most_bytes):
            yield batch
            batch, octets = [], 0
        batch.append(uid)
        octets += sizes[uid]
    if batch:
        yield batch
    yield from ([uid] for uid in sorted(uid for uid in sizes if uid in alone))


def allowance(batch: Sequence[int], sizes: Mapping[int, int], mail_bytes: int) -> int:
    """Octets that a batch may have. Servers tell RFC822.SIZE inexactly; one mail alone may be as large as any."""
    return mail_bytes if len(batch) == 1 else 2 * sum(sizes[uid] for uid in batch)
