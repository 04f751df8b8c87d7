"""The checks for whoever has the base alone, and neither the site's files nor its passwords: what services last said.

Who runs on the machine itself tries all that anew (`base_checks`, `account_checks`).
"""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said


def check_base_answers(checkup: Checkup) -> Iterator[Finding]:
    """Whether the base, which answers, keeps what it acknowledges, and has the schema of this release."""
    from intergestan_db import migrate
    from intergestan_db.database import WeakDurability

    subject = Said("Base")
    try:
        checkup.database.check_durability()
        with checkup.database.read() as connection:
            migrate.check(connection)
        yield Finding(subject, True, Said("it answers, schema {schema}", schema=migrate.HEAD))
    except migrate.LaterRelease as error:
        yield Finding(subject, False, error, Said("Install that release here too."))
    except migrate.NotMigrated as error:
        yield Finding(subject, False, error, next=(Act.UPGRADE,))
    except WeakDurability as error:
        yield Finding(subject, False, error, Said("Change that setting: orders could be lost."))


def check_told_relay(checkup: Checkup) -> Iterator[Finding]:
    """What the outgoing server said to the sender."""
    from intergestan_exchange.listing.accounts import read_listed_relay

    subject = Said("Relay")
    with checkup.database.read() as connection:
        relay = read_listed_relay(connection)
    if relay is None:
        yield Finding(subject, False, Said("there is none: no mail can leave"), next=(Act.SET_RELAY,))
        return
    server = f"{relay.host}:{relay.port}"
    if relay.last_error is None:
        yield Finding(subject, True, Said("{server}: the sender has nothing against it", server=server))
        return
    text = Said("{server} said to the sender: {error}", server=server, error=relay.last_error)
    cure = Said("Correct its login or server, then let the sender try again.")
    yield Finding(subject, False, text, cure, (Act.SHOW_RELAY, Act.SET_RELAY))


def check_told_mailboxes(checkup: Checkup) -> Iterator[Finding]:
    """What each mailbox's server said to its poller."""
    from sqlalchemy import select

    from intergestan_db.tables import Mailbox
    from intergestan_operations.language.labels import MAILBOX_CURES, MAILBOX_STATES

    box = Mailbox
    columns = (box.name, box.state, box.last_error, box.active, box.rests_since, box.last_success_at)
    with checkup.database.read() as connection:
        rows = connection.execute(select(*columns).order_by(box.name)).all()
    polled = [row for row in rows if row.active and row.rests_since is None]
    if rows and not polled:
        yield Finding(Said("Mailboxes"), True, Said("none is polled: people paused them or took them out of use"))
    if not rows:
        yield Finding(Said("Mailboxes"), False, Said("there is none: no mail can come in"), next=(Act.ADD_MAILBOX,))
    for row in polled:
        subject, state = Said("Mailbox {name}", name=row.name), Said(MAILBOX_STATES.get(row.state, row.state))
        cure = MAILBOX_CURES.get(row.state)
        if cure is None and row.last_error is None:
            yield Finding(subject, True, state)
            continue
        text = state if row.last_error is None else Said("{state}: {error}", state=state, error=row.last_error)
        yield Finding(subject, False, text, None if cure is None else Said(cure), (Act.TEST_MAILBOX,))
