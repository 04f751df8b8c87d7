"""What kinds of mail are (`intergestan_msg.kinds`), as conditions on mails of ours."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, literal_column, or_

from intergestan_db.tables import OutboundMail
from intergestan_msg.kinds import ANSWERED, PASSING, Kind

IS_TRAFFIC: ColumnElement[bool] = and_(*(OutboundMail.kind != kind for kind in PASSING))
"""People look at it and it is counted: no sign that the next one makes up for."""

IS_ANSWERED: ColumnElement[bool] = or_(false(), *(OutboundMail.kind == kind for kind in ANSWERED))
"""It goes out again until its answer comes."""

IS_STATEMENT: ColumnElement[bool] = OutboundMail.kind == literal_column(f"'{Kind.STATEMENT}'")
"""Written out as the condition of their index is, so that SQLite sees that it fits."""
