"""Codes of third parties: given by hand, or made of the name's first letters and a counter (T01 to T04).

A code that was made once is never changed nor used again, whatever becomes of the party's name. The counter's row is
the lock under which numbers are given: no two processes get the same one, and a rollback gives it back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, text, update

from intergestan_db.among import among
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, PartyCodeCounter
from intergestan_erp.parties.counters import first_free
from intergestan_erp.parties.folding import fold
from intergestan_msg.identity import nfc

SHORTEST, LONGEST = 6, 15
_BY_HAND = re.compile(r"(?=.*[A-Z0-9])[A-Z0-9._/-]{1,40}")

_TAKE = text(
    "INSERT INTO party_code_counter (prefix, next_number) VALUES (:prefix, 1 + :many) "
    "ON CONFLICT (prefix) DO UPDATE SET next_number = party_code_counter.next_number + :many "
    "RETURNING next_number - :many"
)
_GO_ON = (
    update(PartyCodeCounter)
    .where(PartyCodeCounter.prefix == bindparam("of"))
    .values(next_number=bindparam("following"))
)
_TAKEN = select(Party.code).where(among(Party.code, "codes"))


@dataclass(frozen=True, slots=True)
class CodeRule:
    """How codes come about. `length` and `prefix` count when they are made automatically."""

    automatic: bool = False
    length: int = 8
    prefix: int = 2

    def check(self) -> None:
        """Refuse lengths of which no code can be made.

        :raises Problem: with both.
        """
        if not (SHORTEST <= self.length <= LONGEST and 1 <= self.prefix < self.length):
            raise Problem(
                "A code has 6 to 15 characters, of which the prefix takes at least one and leaves at least one: "
                "{length} and {prefix} do not fit. Nothing was changed.",
                ProblemCode.CODES_LENGTH,
                (Act.SHOW_SETTINGS,),
                length=self.length,
                prefix=self.prefix,
            )

    def prefix_of(self, name: str) -> str:
        """How the code of a party of this name begins: its first letters and digits, folded, filled up with X (D5)."""
        kept = "".join(each for each in fold(name).upper() if each.isascii() and each.isalnum())
        return kept[: self.prefix].ljust(self.prefix, "X")

    @property
    def count(self) -> int:
        """How many codes there are for each prefix."""
        return int(10 ** (self.length - self.prefix)) - 1


def code_by_hand(typed: str) -> str:
    """A code that a person gives, as it is kept: in capitals (D11).

    :raises Problem: when it has other characters, or none that is seen as such.
    """
    code = nfc(typed.strip()).upper()
    if not _BY_HAND.fullmatch(code):
        raise Problem(
            "«{code}» is not a code: it has 1 to 40 letters without accents, digits, dots, hyphens, slashes and "
            "underscores. Nothing was changed.",
            ProblemCode.NO_CODE,
            (Act.GIVE_CODE,),
            code=typed,
        )
    return code


def taken_codes(connection: Connection, codes: Iterable[str]) -> set[str]:
    """Those of some codes that parties have."""
    return set(connection.execute(_TAKEN, {"codes": list(codes)}).scalars())


def fullest_prefix(connection: Connection, rule: CodeRule) -> tuple[str, int] | None:
    """The beginning of codes of which the most numbers are given, and how many are left; None while none is given."""
    of_this_length = func.length(PartyCodeCounter.prefix) == rule.prefix
    query = select(PartyCodeCounter.prefix, PartyCodeCounter.next_number).where(of_this_length)
    row = connection.execute(query.order_by(PartyCodeCounter.next_number.desc()).limit(1)).one_or_none()
    return None if row is None else (row.prefix, max(0, rule.count + 1 - row.next_number))


def make_codes(connection: Connection, rule: CodeRule, names: Sequence[str]) -> list[str]:
    """New codes for parties of these names, in their order.

    The counters stay locked until the transaction ends, so that this comes just before the parties are inserted; they
    are taken in the order of their prefixes, so that two imports do not wait for each other in a circle.

    :raises Problem: all numbers of a prefix are given: a code never becomes longer (T04). Nothing may then be written.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[rule.prefix_of(name)].append(place)
    codes = [""] * len(names)
    for prefix in sorted(places):
        free = _free_codes(connection, rule, prefix, len(places[prefix]))
        for place, code in zip(places[prefix], free, strict=True):
            codes[place] = code
    return codes


def _free_codes(connection: Connection, rule: CodeRule, prefix: str, many: int) -> list[str]:
    """So many codes that nobody has, from the counter on."""
    first: int = connection.execute(_TAKE, {"prefix": prefix, "many": many}).scalar_one()
    found = first_free(
        first,
        rule.count,
        many,
        lambda number: f"{prefix}{number:0{rule.length - rule.prefix}d}",
        lambda codes: taken_codes(connection, codes),
    )
    if found is None:
        raise Problem(
            "All codes that begin with {prefix} are used ({count}). Nothing was created.",
            ProblemCode.CODES_EXHAUSTED,
            (Act.CODE_SETTINGS, Act.CODE_BY_HAND),
            prefix=prefix,
            count=rule.count,
        )
    codes, following = found
    if following != first + many:
        connection.execute(_GO_ON, {"of": prefix, "following": following})
    return codes
