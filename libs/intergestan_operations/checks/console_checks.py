"""The check of `doctor` about the pages in the browser."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said


def check_console(checkup: Checkup) -> Iterator[Finding]:
    """Whether a console lives, and who can enter; where nobody wants one nothing is said."""
    from intergestan_db.enums import CONSOLE
    from intergestan_db.leases import living_workers
    from intergestan_erp.people.users import count_entrants
    from intergestan_exchange.listing.news import count_stray

    subject, now = Said("Console"), checkup.database.now()
    with checkup.database.read() as connection:
        lives = CONSOLE in living_workers(connection, now).values()
        people = count_entrants(connection, now)
        stray = count_stray(connection)
    if lives:
        yield Finding(subject, True, Said("it works; people who can enter: {count}", count=people))
    elif people:
        text = Said("it does not run, and people who have a password or a link: {count}", count=people)
        yield Finding(subject, False, text, next=(Act.START_SITE, Act.START_CONSOLE))
    if stray:
        text = Said("{count} events came with a dump of another server, and would be told years late", count=stray)
        cure = Said("Note the restore while no service runs.")
        yield Finding(Said("News for programs"), False, text, cure, (Act.NOTE_RESTORE,))
