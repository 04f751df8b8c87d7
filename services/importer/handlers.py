"""What is done with a verified mail, by its kind: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from intergestan_msg.kinds import Kind
from services.importer.answers import take_answers
from services.importer.heartbeats import take_partners_heartbeat
from services.importer.key_notices import take_key_notice
from services.importer.orders import take_orders
from services.importer.statements import take_partners_statement
from services.importer.turn import Verified

Handler = Callable[[Verified], bool]
"""Takes a mail that need not wait as a whole; of a passing kind (`Nature.passing`) also one that is wrong.

False: it is set aside, to be taken in later.
"""

HANDLERS: Mapping[Kind, Handler] = {
    Kind.ORDERS: take_orders,
    Kind.ANSWERS: take_answers,
    Kind.KEY: take_key_notice,
    Kind.HEARTBEAT: take_partners_heartbeat,
    Kind.STATEMENT: take_partners_statement,
}
