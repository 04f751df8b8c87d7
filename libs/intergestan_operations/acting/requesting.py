"""An act that asks for a mail: one transaction, in the step with which the mail's trace begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from intergestan_db.database import Database
from intergestan_db.trace_context import hand_on
from intergestan_runtime.tracing import Tracer

Asked = TypeVar("Asked")


def request(
    database: Database, tracer: Tracer, ask: Callable[[Connection], Asked], mail_of: Callable[[Asked], int | None]
) -> Asked:
    """Do it, and let the trace go on with the mail.

    :param ask: asks for the mail within the transaction. :param mail_of: the mail's id; None where none was asked for.
    """
    with tracer.step("request", None), database.transaction() as connection:
        asked = ask(connection)
        mail_id = mail_of(asked)
        hand_on(connection, [] if mail_id is None else [mail_id], tracer.here())
    return asked
