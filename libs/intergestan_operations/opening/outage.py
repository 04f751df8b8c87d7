"""What a service does while the base is away: it says so in a line, and the row is taken up again when it is back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog

from intergestan_db.database import AWAY, first_line
from intergestan_runtime.steps import Postponed

_log = structlog.get_logger(__name__)


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
            _log.warning("The base did not take it; it stays due.", error=first_line(error))
            raise Postponed from error

    return patient
