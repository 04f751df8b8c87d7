"""`intergestan restored`: the base came back from a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from intergestan_operations.language.language import _, ngettext
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from intergestan_db.numbers import Gap
    from intergestan_exchange.history.high_water import Mark
    from intergestan_exchange.statements.restored import TakenUp


def restored(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say that the base came back from a backup, before the services start again.

    What was sent after the backup had numbers that the base does not know: it counts anew from here, so that no
    partner takes two mails for one, and leaves out numbers of documents that may have been given. Orders are booked
    again once the partner's statement agrees, or after `intergestan resume PARTNER`. Then start the services and run
    `intergestan replay --all`.
    """
    from intergestan_operations.opening.high_water_file import file_of, read_file, write_file

    call = call_of(context)
    file = file_of(call.site, call.database)
    seen = read_file(file)
    with call.database.transaction() as connection:
        taken, mark = begin_anew(connection, seen, by=call.actor(connection), at=call.database.now())
    try:
        write_file(file, mark)
    except OSError as error:
        say(_("{file} could not be written: {error}").format(file=file, error=error))
    if as_json:
        gaps = {each.series: {"from": each.first, "to": each.last, "next": each.following} for each in taken.gaps}
        print_json({"partners": taken.partners, "left_out": gaps})
        return
    anew = ngettext(
        "The numbering of our mails begins anew for {count} partner.",
        "The numbering of our mails begins anew for {count} partners.",
        taken.partners,
    )
    say(anew.format(count=taken.partners))
    say(_("Numbers of documents that may have been given after the backup are not given again. Note these gaps:"))
    for gap in taken.gaps:
        say(_("- {first} to {last} are left out; the next is {following}").format(**_shown(gap)))
    say(_("An order that is booked again gets another number; its buyer is told with the next answer."))
    say(_("Their orders are not booked until their statements agree: `intergestan status` shows it."))
    say(_("Next: start the services, then run `intergestan replay --all`."))


def begin_anew(connection: Connection, seen: Mark | None, *, by: str, at: datetime) -> tuple[TakenUp, Mark]:
    """Do what a restored database needs; what was done, and the mark to write into the high-water file afterwards.

    :param seen: what stands in the file, which remembers the time after the backup.
    """
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.history.high_water import name_of, raise_mark, read_mark
    from intergestan_exchange.inbox.booking.answers import restate_overtaken
    from intergestan_exchange.listing.news import forget_places
    from intergestan_exchange.statements.restored import take_up

    site = read_site(connection)
    seen = seen if seen is not None and seen.site == name_of(site.code, site.created_at) else None
    taken = take_up(connection, by=by, at=at, remembered=None if seen is None else seen.remembered)
    restate_overtaken(connection, at)
    forget_places(connection)
    raise_mark(connection, 0 if seen is None else seen.n)
    return taken, read_mark(connection, at)


def _shown(gap: Gap) -> dict[str, str]:
    return {"first": gap.first, "last": gap.last, "following": gap.following}
