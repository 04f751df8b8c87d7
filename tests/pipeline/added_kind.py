"""`python -m tests.pipeline.added_kind URL URL FOLDER REDIS`: a mail of a new kind goes from one site to another.

The kind is one more line of the table, a composer and a handler; every other file of ours is as it is. It prints how
the mail rests at both sites, and what the handler read.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

LINE = '    NOTE = "note", Nature()\n'
TABLE = Path(__file__).parents[2] / "libs/intergestan_msg/kinds.py"
NAME = "intergestan_msg.kinds"


def add_the_line() -> None:
    """Read the table with one more line in it, before anything of ours is imported."""
    text = TABLE.read_text(encoding="utf-8")
    place = "    CATALOGUE = "
    assert text.count(place) == 1
    made = ModuleType(NAME)
    made.__file__ = str(TABLE)
    sys.modules[NAME] = made
    exec(compile(text.replace(place, LINE + place), TABLE, "exec"), made.__dict__)


if __name__ == "__main__":
    add_the_line()

from intergestan_db.database import Database  # noqa: E402 - the line comes first
from intergestan_db.tables import InboundMail, OutboundMail, Partner  # noqa: E402
from intergestan_exchange.outbox.requests import request_mail  # noqa: E402
from intergestan_exchange.transfers.transfers import finish_mail  # noqa: E402
from intergestan_msg.email_address import EmailAddress  # noqa: E402
from intergestan_msg.kinds import Kind  # noqa: E402
from intergestan_msg.mail.outgoing import compose_heartbeat  # noqa: E402
from services.composer import prepare  # noqa: E402
from services.composer.prepared import Prepared, Request  # noqa: E402
from services.importer import handlers  # noqa: E402
from tests.here_reader import HereReader  # noqa: E402
from tests.pipeline.two_sites import make_site, pair, with_services  # noqa: E402

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_exchange.inbox.pool import ReaderPool
    from services.importer.turn import Verified


def compose_note(_connection: Connection, request: Request, _now: datetime, _under_way: timedelta) -> Prepared:
    """The composer of the new kind."""
    return Prepared(
        request=request,
        kind=Kind("note"),
        sender=EmailAddress(request.site.orders_address, request.site.name),
        recipient=EmailAddress(request.partner.answer_address, request.partner.name),
        write=lambda letter: compose_heartbeat(letter, request.site.name, is_echo=False),
    )


def take_note(mail: Verified) -> bool:
    """The handler of the new kind."""
    database = mail.turn.parts.database
    with database.transaction() as connection:
        finish_mail(connection, mail.turn.mail, mail.transfer, database.now())
    print("said: handled", mail.manifest.kind, mail.transfer.partner.name)
    return True


def main(urls: list[str], folder: Path, redis_url: str) -> None:
    cast("dict[Any, Any]", prepare.COMPOSERS)[Kind("note")] = compose_note
    cast("dict[Any, Any]", handlers.HANDLERS)[Kind("note")] = take_note
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    made = [
        make_site(Database(url, lambda: now), name, siret)
        for url, name, siret in zip(urls, ("Mulhouse", "Stauber"), ("73282932000074", "80295478500028"), strict=True)
    ]
    pair(*made)
    pool = cast("ReaderPool", HereReader())  # a limited child would read the table without the line
    buyer, seller = (
        with_services(site, folder / name, pool, redis_url, name)
        for site, name in zip(made, ("Mulhouse", "Stauber"), strict=True)
    )
    with buyer.database.transaction() as connection:
        partner_id = buyer.row(Partner).id
        mail_id = request_mail(connection, Kind("note"), partner_id, now)
    raw = buyer.compose(mail_id)
    print("said: composed", buyer.row(OutboundMail, id=mail_id).state)
    print("said: taken in", seller.receive(raw).state)
    print("said: again", seller.receive(b"Received: from elsewhere\r\n" + raw).state)
    print("said: held", len(seller.rows(InboundMail, state="held")))


if __name__ == "__main__":
    first, second, folder, redis_url = sys.argv[1:]
    main([first, second], Path(folder), redis_url)
