"""A person pauses a partner, or takes one out of use: nothing leaves to them, their orders wait, or both.

That is another thing than the pause after a restore, which ends by itself (`statements/pauses.py`): no statement,
restore or timer ends this one (`design.md` §11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.at_rest import is_booked_for
from intergestan_db.enums import Rest
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, Partner

_NOT_AT_REST = {"rests": None, "rests_since": None, "rests_reason": None, "rests_by": None}


def pause_partner(connection: Connection, partner_id: int, what: Rest, reason: str, *, by: str, at: datetime) -> None:
    """Pause sending, booking or both; in place of what was paused before."""
    values = {"rests": what, "rests_since": at, "rests_reason": reason[:200], "rests_by": by}
    connection.execute(update(Partner).where(Partner.id == partner_id).values(**values))
    _record(connection, partner_id, "pause", by, at, {"rests": str(what), "why": reason[:200]})


def unpause_partner(connection: Connection, partner_id: int, *, by: str, at: datetime) -> tuple[int, ...]:
    """Go on; the mails to take in, in the order in which they came.

    :raises Problem: nobody paused them.
    """
    paused = update(Partner).where(Partner.id == partner_id, Partner.rests.is_not(None))
    if connection.execute(paused.values(**_NOT_AT_REST)).rowcount == 0:
        raise Problem("This partner is not paused.", ProblemCode.NOT_PAUSED, (Act.RESUME_BOOKING,))
    _record(connection, partner_id, "unpause", by, at)
    return release_waiting(connection, [partner_id], at)


def use_partner(connection: Connection, partner_id: int, *, active: bool, by: str, at: datetime) -> tuple[int, ...]:
    """Take a partner out of use, or into use again; the mails to take in then."""
    connection.execute(update(Partner).where(Partner.id == partner_id).values(active=active))
    _record(connection, partner_id, "activate" if active else "deactivate", by, at)
    return release_waiting(connection, [partner_id], at)


def check_sending(connection: Connection, partner_id: int) -> None:
    """Refuse to ask for a mail to a partner who rests.

    :raises Problem: with who paused them, and the command that ends it.
    """
    columns = (Partner.name, Partner.active, Partner.rests, Partner.rests_by, Partner.rests_reason)
    partner = connection.execute(select(*columns).where(Partner.id == partner_id)).one()
    if not partner.active:
        raise Problem(
            "{name} was taken out of use, so nothing was sent.",
            ProblemCode.PARTNER_INACTIVE,
            (Act.ACTIVATE_PARTNER,),
            name=partner.name,
        )
    if partner.rests in {Rest.SENDING, Rest.BOTH}:
        raise Problem(
            "{by} paused sending to {name} ({reason}), so nothing was sent.",
            ProblemCode.PARTNER_PAUSED,
            (Act.UNPAUSE_PARTNER,),
            by=partner.rests_by,
            name=partner.name,
            reason=partner.rests_reason,
        )


def release_waiting(connection: Connection, partner_ids: Sequence[int], at: datetime) -> tuple[int, ...]:
    """Let the waiting orders of these partners be taken in, unless another pause keeps them; their mails."""
    free = select(Partner.id).where(Partner.id.in_(partner_ids), Partner.paused_at.is_(None), is_booked_for())
    mails = connection.execute(
        update(InboundMail)
        .where(InboundMail.partner_id.in_(free), InboundMail.paused_at.is_not(None))
        .values(paused_at=None, rung_at=at)
        .returning(InboundMail.id)
    ).scalars()
    return tuple(sorted(mails))


def _record(
    connection: Connection, partner_id: int, name: str, by: str, at: datetime, detail: dict[str, str] | None = None
) -> None:
    rows = [(partner_id, None, None)]
    states.record(connection, Partner.__tablename__, rows, name, by=by, at=at, detail=detail)
