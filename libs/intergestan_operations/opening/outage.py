"""What a service does while the base is away: it says so once a minute, and takes the row up again when it is back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from intergestan_db.database import AWAY, first_line
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.steps import Postponed

_log = structlog.get_logger(__name__)

ANY_REFUSAL = (DBAPIError, *AWAY)
"""Whatever a base may raise, for loops that go on in any case."""


def tell_outage(error: SQLAlchemyError, event: str, **values: Any) -> None:
    """Log that the base did not take something: once a minute for each cause, whoever of this process met it."""
    orig = getattr(error, "orig", None)
    cause = getattr(orig, "sqlstate", None) or f"{type(error).__name__} {first_line(error)[:60]}"
    RARELY.warn(_log, ("base", cause), event, error=first_line(error), **values)


def postponing(work: Callable[[Any], None]) -> Callable[[Any], None]:
    """The work of a step; where the base goes away under it, the log gets a sentence and no traceback.

    Nothing else is to be done: the row stays due, its lease ends, and the dispatcher rings for it again.

    :raises Postponed: in place of what the driver raised.
    """

    @wraps(work)
    def patient(row_id: Any) -> None:
        try:
            work(row_id)
        except AWAY as error:
            tell_outage(error, "The base did not take it; it stays due.")
            raise Postponed from error

    return patient
