"""Numbers, codes and logins as people type them: another case or a missing accent still means the one that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.parties.folding import name_key
from intergestan_msg.identity import nfc


def as_stored(connection: Connection, typed: str, *columns: Any) -> str:
    """The key in one of these columns that a person means: the one typed, else the only one that is written alike.

    Alike is what differs in case, accents or blanks alone. Only commands ask: documents name keys exactly. A key that
    is not there as typed costs a pass through the columns.

    :returns: what was typed, in NFC, where nothing is alike: whoever asks for it says that there is none.
    :raises Problem: when several are alike.
    """
    wanted, key = nfc(typed.strip()), name_key(typed)
    if any(connection.execute(select(each).where(each == wanted).limit(1)).first() for each in columns):
        return wanted
    alike: set[str] = set()
    for column in columns:
        stored = connection.execute(select(column).distinct()).scalars()
        alike.update(each for each in stored if each and name_key(each) == key)
    if len(alike) > 1:
        raise Problem(
            "«{text}» may be {keys}: write the one that you mean as it stands here.",
            ProblemCode.AMBIGUOUS,
            text=typed,
            keys=", ".join(sorted(alike)),
        )
    return alike.pop() if alike else wanted


def all_as_stored(connection: Connection, typed: Sequence[str], column: Any) -> list[str]:
    """The same of several, in their order; those that are there as typed cost one statement together."""
    wanted = [nfc(each.strip()) for each in typed]
    stored = set(connection.execute(select(column).where(column.in_(sorted(set(wanted))))).scalars())
    return [each if each in stored else as_stored(connection, each, column) for each in wanted]
