"""What kinds of mail are (`intergestan_msg.kinds`), as conditions on mails of ours."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_

from intergestan_db.tables import OutboundMail
from intergestan_msg.kinds import ANSWERED, PASSING

IS_TRAFFIC: ColumnElement[bool] = and_(*(OutboundMail.kind != kind for kind in PASSING))
"""People look at it and it is counted: no sign that the next one makes up for."""

IS_ANSWERED: ColumnElement[bool] = or_(false(), *(OutboundMail.kind == kind for kind in ANSWERED))
"""It goes out again until its answer comes."""
