"""What two sites tell each other daily about the numbered mails between them, and what the comparison says. Pure.

Both sides know of each mail its number, its composing time and its transfer digest. So whoever gets a statement can
work out which mails never arrived, in either direction, however they were lost (`design.md` §11).

A series of years has a million mails, of which a day adds a hundred: where its `Beginning` was counted before, an
account and a comparison need only what came since, and say what they say without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from intergestan_msg.number_ranges import Ranges, clipped, contains, count, is_orderly, ranges_of, subtract, union
from intergestan_msg.shapes import Shape

if TYPE_CHECKING:
    from intergestan_msg.running_sha256 import RunningSha256

MAX_RANGES = 10_000
MAX_EPOCHS = 1000

_Number = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_214_400)]
_Ranges = Annotated[tuple[tuple[_Number, _Number], ...], msgspec.Meta(max_length=MAX_RANGES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a site says about one direction under one epoch.

    :ivar complete: the numbers that were given, or that arrived and were taken in.
    :ivar missing: received only: numbers that we ask for.
    :ivar held: received only: numbers that arrived and wait, or were turned down, as a whole.
    :ivar void: sent only: numbers that were given and will never be sent.
    :ivar digest: `digest_of` the complete ones.
    """

    epoch: _Count
    complete: _Ranges = ()
    missing: _Ranges = ()
    held: _Ranges = ()
    void: _Ranges = ()
    count: _Count
    digest: _Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The claim `statement` of a manifest of kind `statement`; the accounts by epoch, ascending.

    :ivar until: it covers the mails composed until then, seconds since 1970.
    :ivar wanted: the sender asks for the receiver's statement in return.
    """

    until: _Seconds
    wanted: bool = False
    sent: Annotated[tuple[Account, ...], msgspec.Meta(max_length=MAX_EPOCHS)] = ()
    received: Annotated[tuple[Account, ...], msgspec.Meta(max_length=MAX_EPOCHS)] = ()


STATEMENT = Shape(Statement)


@dataclass(frozen=True, slots=True)
class Entry:
    """A number that we gave, or that we received.

    :ivar digest: the transfer's; None for a mail that arrived and was not taken in.
    :ivar composed: seconds since 1970.
    """

    seq: int
    digest: str | None
    composed: int
    void: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our entries against the partner's account of the same direction and epoch.

    :ivar lacking: what we have and the partner has not, of the mails that the statement covers.
    :ivar unknown: what the partner has and we have not.
    :ivar differs: both have the same numbers, with other content.
    """

    epoch: int
    lacking: Ranges
    unknown: Ranges
    differs: bool

    @property
    def agrees(self) -> bool:
        """Whether there is no difference at all."""
        return not (self.lacking or self.unknown or self.differs)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The numbers of a series up to one of them, counted before.

    :ivar complete: those that an account lists which is made from `latest` on, the composing time of the last of them.
    :ivar void: those that were given up.
    :ivar hashed: those that `digest` is of, as `RunningSha256` leaves off.
    """

    up_to: int
    complete: Ranges
    void: Ranges
    latest: int
    hashed: Ranges
    digest: bytes

    def serves_account(self, until: int) -> bool:
        """Whether `account_of` may go on from here."""
        return self.hashed == self.complete and self.latest <= until

    def serves_comparison(self, account: Account, until: int) -> bool:
        """Whether `compare` may go on from here. Where they list what we have not, no digest is compared."""
        listed = clipped(account.complete, self.up_to)
        lacks = subtract(listed, union(self.complete, self.void))
        return (self.hashed == listed or bool(lacks)) and self.latest <= until


START = Beginning(0, (), (), 0, (), b"")
"""Nothing is counted yet."""


def digest_of(entries: Iterable[Entry], before: Beginning = START) -> str:
    """The digest over transfers: SHA-256, in hex, of a line `number digest` for each, ascending by number."""
    total = _going_on(before) if before.digest else hashlib.sha256()
    for entry in entries:
        total.update(_line(entry))
    return total.hexdigest()


def _line(entry: Entry) -> bytes:
    return f"{entry.seq} {entry.digest}\n".encode("ascii")


def _going_on(before: Beginning) -> RunningSha256:
    from intergestan_msg.running_sha256 import RunningSha256

    return RunningSha256(before.digest) if before.digest else RunningSha256()


def account_of(
    epoch: int, entries: Sequence[Entry], until: int, missing: Ranges = (), before: Beginning = START
) -> Account:
    """What we say about these entries of one direction, ascending by number.

    :param before: what they go on from, if it `serves_account`. Of what it covers they have at most what waits.
    """
    complete = [each for each in entries if _counts(each, until)]
    return Account(
        epoch=epoch,
        complete=union(before.complete, ranges_of(each.seq for each in complete)),
        missing=missing,
        held=ranges_of(each.seq for each in entries if each.digest is None),
        void=union(before.void, ranges_of(each.seq for each in entries if each.void)),
        count=count(before.complete) + len(complete),
        digest=digest_of(complete, before),
    )


def _counts(entry: Entry, until: int) -> bool:
    return not entry.void and entry.digest is not None and entry.composed <= until


def compare(account: Account, entries: Sequence[Entry], until: int, before: Beginning = START) -> Comparison:
    """Compare the partner's account with our entries of the same direction and epoch, ascending by number.

    :param before: what they go on from, if it `serves_comparison`. Of what it covers they have at most what waits.
    """
    ours = union(before.complete, ranges_of(each.seq for each in entries if _counts(each, until)))
    numbers = union(before.complete, before.void, ranges_of(each.seq for each in entries))
    unknown = subtract(account.complete, numbers)
    both = [each for each in entries if contains(account.complete, each.seq)]
    comparable = not unknown and all(each.digest is not None for each in both)
    return Comparison(
        account.epoch,
        subtract(ours, union(account.complete, account.held, account.void)),
        unknown,
        comparable and digest_of(both, before) != account.digest,
    )


def longer(
    before: Beginning,
    entries: Iterable[Entry],
    until: int,
    settled: int,
    most: int,
    account: Account | None = None,
) -> Beginning:
    """A beginning, longer by such of these entries, ascending by number, as will hardly become others.

    What lacks may come still, and then all is counted anew. So nothing follows it in a beginning that is not old.

    :param until: what was composed later is left out, and `settled`: until then it is old, seconds since 1970.
    :param most: so many are added at most.
    :param account: the digest is of what the partner has, too; without it, of what an account of ours lists.
    """
    total = _going_on(before)
    hashed: list[int] = []
    complete: list[int] = []
    void: list[int] = []
    last, latest, lacks = before.up_to, before.latest, False
    for entry in entries:
        if entry.seq <= before.up_to:
            continue
        is_hashed = not entry.void if account is None else contains(account.complete, entry.seq)
        lacks = lacks or entry.seq > last + 1 or entry.digest is None or not (is_hashed or entry.void)
        if entry.digest is None:
            continue
        if entry.composed > (settled if lacks else until) or len(complete) + len(void) == most:
            break
        (void if entry.void else complete).append(entry.seq)
        last, latest = entry.seq, max(latest, entry.composed)
        if is_hashed:
            hashed.append(entry.seq)
            total.update(_line(entry))
    if last == before.up_to:
        return before
    return Beginning(
        last,
        union(before.complete, ranges_of(complete)),
        union(before.void, ranges_of(void)),
        latest,
        union(before.hashed, ranges_of(hashed)),
        total.saved,
    )


def nothing_of(epoch: int) -> Account:
    """The account of somebody who has nothing of this epoch."""
    return account_of(epoch, (), 0)


def fault_of(statement: Statement) -> str | None:
    """Where a statement contradicts itself, or None."""
    for accounts, foreign in ((statement.sent, ("missing", "held")), (statement.received, ("void",))):
        epochs = [account.epoch for account in accounts]
        if epochs != sorted(set(epochs)):
            return "its accounts are not in the order of their epochs"
        if any(getattr(account, name) for account in accounts for name in foreign):
            return "an account lists what does not belong to its direction"
    return next(filter(None, map(_fault_of_account, (*statement.sent, *statement.received))), None)


def _fault_of_account(account: Account) -> str | None:
    sets = (account.complete, account.missing, account.held, account.void)
    if not all(map(is_orderly, sets)):
        return "an account has numbers that are not in order"
    if count(union(*sets)) != sum(map(count, sets)):
        return "an account has a number in two lists"
    if count(account.complete) != account.count:
        return "an account counts other than it lists"
    return None
