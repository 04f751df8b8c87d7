"""A statement of what we sent and received, and what it asks the partner for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from intergestan_db.bulk import insert_rows
from intergestan_db.tables import MissingNumber, OutboundStatement
from intergestan_exchange.budgets.limits import USUAL_LIMITS
from intergestan_exchange.outbox.order_mail import site_address
from intergestan_exchange.statements.statements import Counter
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import Kind
from intergestan_msg.mail.outgoing import compose_statement
from intergestan_msg.statement import Statement
from services.composer.prepared import Prepared, Request

MOST_ASKED = USUAL_LIMITS.missing_numbers
"""Numbers that are noted as asked for, unless a setting says otherwise. Beyond that somebody makes numbers up."""


def prepare_statement(connection: Connection, request: Request, now: datetime, under_way: timedelta) -> Prepared:
    """Say what stands in the base now. It goes where answers go, to the address that the partner's card gave.

    :param under_way: what was composed less long ago is left out, unless the newest mails are wanted, too.
    """
    mail, site, partner = request.mail, request.site, request.partner
    query = select(OutboundStatement.__table__).where(OutboundStatement.outbound_mail_id == mail.id)
    row = connection.execute(query).one()
    until = now if row.newest else now - under_way
    counter = Counter(connection, partner.id)
    statement = counter.our_statement(int(until.timestamp()), wanted=row.wanted)
    return Prepared(
        request=request,
        kind=Kind.STATEMENT,
        sender=site_address(site),
        recipient=EmailAddress(partner.answer_address, partner.name),
        write=lambda letter: compose_statement(letter, statement, site.name),
        statement=statement,
        beginnings=counter.longer(),
    )


def note_asked_for(
    connection: Connection, partner_id: int, statement: Statement, now: datetime, most: int = MOST_ASKED
) -> None:
    """Keep which numbers this statement asks for, and since when; those of earlier ones are not asked for any more.

    :param most: of so many numbers; further ones follow as these come.
    """
    missing = MissingNumber
    wanted: set[tuple[int, int]] = set()
    for account in statement.received:
        for low, high in account.missing:
            for seq in range(low, high + 1)[: most - len(wanted)]:
                wanted.add((account.epoch, seq))
    rows = connection.execute(
        select(missing.epoch, missing.seq, missing.asked_at).where(missing.partner_id == partner_id)
    )
    since = {(row.epoch, row.seq): row.asked_at for row in rows}
    if since.keys() == wanted:
        return
    connection.execute(delete(missing).where(missing.partner_id == partner_id))
    asked = [
        {"partner_id": partner_id, "epoch": epoch, "seq": seq, "asked_at": since.get((epoch, seq), now)}
        for epoch, seq in sorted(wanted)
    ]
    insert_rows(connection, missing, asked)
