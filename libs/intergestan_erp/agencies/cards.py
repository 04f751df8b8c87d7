"""What the cards of the dossier and of what belongs to it have in common: codes, texts, how a change is noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from intergestan_db import states
from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Table
from intergestan_erp.agencies.stored import Stored
from intergestan_msg.identity import nfc
from intergestan_msg.plain_text import VISIBLE

_CODE = re.compile(r"[A-Z0-9][A-Z0-9._+-]*")
_TOLD = 100
"""So many characters of a text are noted in the event of its change."""


def read_code(text: str, most: int) -> str:
    """The code that a person typed, as it is kept: capital letters without accents, digits and . _ + -.

    :raises Problem: it is none, or has more than `most` characters.
    """
    code = text.strip().upper()
    if not _CODE.fullmatch(code) or len(code) > most:
        raise Problem(
            "«{code}» is no code: it has 1 to {most} letters without accents, digits or characters of . _ + -, and "
            "begins with a letter or digit. Nothing was changed.",
            ProblemCode.NO_CODE,
            code=text,
            most=most,
        )
    return code


def checked(table: type[Table], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of columns as they are kept: texts in NFC without blanks around them, empty ones as None.

    :raises Problem: a text does not fit, has characters that nobody sees, or a name is empty.
    """
    kept = {name: nfc(value.strip()) or None if isinstance(value, str) else value for name, value in values.items()}
    if "name" in kept and not kept["name"]:
        raise Problem("A name is missing. Nothing was changed.", ProblemCode.NO_NAME)
    for column, limit in too_long(table, kept):
        raise Problem(
            "«{value}» is too long: at most {limit} characters fit. Nothing was changed.",
            ProblemCode.NO_VALUE,
            value=kept[column],
            limit=limit,
        )
    for value in kept.values():
        if isinstance(value, str) and not all(re.match(VISIBLE, line) for line in value.splitlines() if line):
            raise Problem(
                "«{value}» has characters that nobody can see. Nothing was changed.", ProblemCode.NO_VALUE, value=value
            )
    return kept


def add_row(connection: Connection, table: type[Table], values: Mapping[str, Any], *, by: str, at: datetime) -> int:
    """Insert a card, and note who did."""
    core = table.__table__
    row_id: int = connection.execute(insert(core).values(**values).returning(core.c.id)).scalar_one()
    detail = {name: _told(value) for name, value in values.items() if value is not None}
    states.record(connection, table.__tablename__, [(row_id, None, None)], "create", by=by, at=at, detail=detail)
    return row_id


def set_row(
    connection: Connection, table: type[Table], before: Stored, values: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change a card, and note who did, from what to what; the names of the columns that changed.

    :param before: the card as it is, locked.
    """
    new = {name: value for name, value in values.items() if getattr(before, name) != value}
    if not new:
        return ()
    core = table.__table__
    connection.execute(update(core).where(core.c.id == before.id).values(**new))
    detail = {name: [_told(getattr(before, name)), _told(value)] for name, value in new.items()}
    states.record(connection, table.__tablename__, [(before.id, None, None)], "set", by=by, at=at, detail=detail)
    return tuple(new)


def _told(value: Any) -> Any:
    if isinstance(value, bytes):
        return len(value)
    return value[:_TOLD] if isinstance(value, str) else value
