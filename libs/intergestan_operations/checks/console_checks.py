"""The check of `doctor` about the pages in the browser."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.language import _


def check_console(checkup: Checkup) -> Iterator[Finding]:
    """Whether a console lives, and who can enter; where nobody wants one nothing is said."""
    from intergestan_db.enums import CONSOLE
    from intergestan_db.leases import living_workers
    from intergestan_erp.people.users import count_entrants

    subject, now = _("Console"), checkup.database.now()
    with checkup.database.read() as connection:
        lives = CONSOLE in living_workers(connection, now).values()
        people = count_entrants(connection, now)
    if lives:
        yield Finding(subject, True, _("it works; people who can enter: {count}").format(count=people))
    elif people:
        cure = _("`intergestan up` or `intergestan run console` starts it.")
        text = _("it does not run, and people who have a password or a link: {count}")
        yield Finding(subject, False, text.format(count=people), cure)
