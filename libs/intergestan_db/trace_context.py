"""Where a trace is kept between two steps: in the row of the mail, for bells carry ids and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from intergestan_db.tables import OutboundMail


def hand_on(connection: Connection, mail_ids: Sequence[int], trace_parent: str | None) -> None:
    """Let the trace go on with these mails of ours. Without a trace nothing is written."""
    if trace_parent is not None and mail_ids:
        mine = OutboundMail.id.in_(sorted(mail_ids))
        connection.execute(update(OutboundMail).where(mine).values(trace_parent=trace_parent))
