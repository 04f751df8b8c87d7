"""`intergestan replay`: archived mails go through the import again; nothing is ever doubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _, about, ngettext
from services.cli.bells import ring
from services.cli.buying.orders import From, To
from services.cli.context import Call, call_of
from services.cli.errors import FAILED, NOT_YET
from services.cli.output import AsJson, print_json, say
from services.cli.progress import Far, wait
from services.cli.taking_in.poll import print_brought
from services.cli.taking_in.replay_plan import Work, choose_mails, place, show_plan

if TYPE_CHECKING:
    from intergestan_exchange.tracing.brought import Brought

Place = tuple[str, str | None]
"""A mail's state, and why it is held."""

AT_ONCE = 200  # mails given back to the importer at a time


def replay(
    context: typer.Context,
    *,
    mails: Annotated[
        list[str] | None,
        typer.Option("--mail", metavar="SHA", help="Beginning of a mail's sha256; several with commas."),
    ] = None,
    mailbox: Annotated[str | None, typer.Option(help="Mails of this mailbox.")] = None,
    first: From = None,
    last: To = None,
    partner: Annotated[str | None, typer.Option(help="Mails of this partner: code, SIRET or name.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole archive, also what the base does not know.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what it would change, change nothing.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the importer at most.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Take archived mails in again. What is booked stays as it is: no order is ever booked twice.

    Needed after a backup was brought back (--all), or when the cause of a hold is gone.
    """
    given = [mails, mailbox, first, last, partner]
    if not (everything or any(given)):
        raise typer.BadParameter(_("Say which mails: --mail, --mailbox, --from, --to, --partner or --all."))
    call = call_of(context)
    work = choose_mails(call, mails or [], mailbox, first, last, partner, adopt=everything and not any(given))
    for sha256, why in work.skipped:
        say(about(sha256[:12], why))
    if dry_run:
        show_plan(call, work, as_json=as_json)
        return
    raise typer.Exit(_replay(call, work, timeout, as_json=as_json))


def _replay(call: Call, work: Work, timeout: float, *, as_json: bool) -> int:
    from intergestan_exchange.mailboxes.poll_runs import is_alive
    from intergestan_exchange.tracing.brought import Brought

    database = call.database
    with database.read() as connection:
        if not is_alive(connection, "importer", database.now()):
            say(_("No importer is running, so nothing was changed. Start it: `intergestan run importer`."))
            return NOT_YET
    brought, settled, in_time = Brought(), 0, True
    after: dict[str, Place] = {}
    batches = [*_pieces(work.mails), *_pieces(work.strays)]
    for batch in batches:
        since = database.now()
        ids = _give_back(call, batch)
        in_time = _wait(call, ids, settled, work.total, timeout)
        part, states = _result(call, ids, since)
        brought, after = brought + part, after | states
        settled += len(ids)
        if not in_time:
            break
    return _tell(work, brought, after, in_time=in_time, as_json=as_json)


def _pieces(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _give_back(call: Call, batch: Sequence[Any]) -> tuple[int, ...]:
    from intergestan_db.bells import Bells
    from intergestan_exchange.inbox.replay import Chosen, adopt
    from intergestan_exchange.transfers.put_back import put_back

    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        mails = [each.id for each in batch if isinstance(each, Chosen)]
        files = [each for each in batch if not isinstance(each, Chosen)]
        ids = put_back(connection, mails, by=by, at=at) + adopt(connection, files, by=by, at=at)
    ring(call, Bells(take_in=ids))
    return ids


def _wait(call: Call, ids: Sequence[int], before: int, total: int, seconds: float) -> bool:
    from intergestan_exchange.inbox.replay import resting

    def look() -> Far:
        with call.database.read() as connection:
            done = len(resting(connection, ids))
        return Far(before + done, total, done == len(ids))

    return wait(_("Taking in"), look, seconds)


def _result(call: Call, ids: Sequence[int], since: datetime) -> tuple[Brought, dict[str, Place]]:
    from intergestan_exchange.inbox.replay import resting
    from intergestan_exchange.tracing.brought import brought_by

    with call.database.read() as connection:
        states = {mail.sha256: (mail.state, mail.reason) for mail in resting(connection, ids)}
        return brought_by(connection, ids, since), states


def _tell(work: Work, brought: Brought, after: dict[str, Place], *, in_time: bool, as_json: bool) -> int:
    before: dict[str, Place] = {mail.sha256: (mail.state, mail.reason) for mail in work.mails}
    elsewhere = {sha256: now for sha256, now in after.items() if before.get(sha256) != now}
    if as_json:
        print_json(
            {
                "mails": work.total,
                "settled": len(after),
                "moved": [
                    {"sha256": sha256, "state": state, "reason": reason}
                    for sha256, (state, reason) in elsewhere.items()
                ],
                **asdict(brought),
            }
        )
    else:
        print_brought(brought)
        for sha256, now in elsewhere.items():
            say(f"{sha256[:12]}: {place(*before.get(sha256, (None, None)))} → {place(*now)}")
    text = ngettext(
        "{settled} of {total} mail was taken in again; new sales orders: {created}, new answers: {answers}.",
        "{settled} of {total} mails were taken in again; new sales orders: {created}, new answers: {answers}.",
        work.total,
    )
    say(
        text.format(
            settled=len(after), total=work.total, created=len(brought.sales_orders), answers=len(brought.answered)
        )
    )
    if not in_time:
        say(_("The importer needs longer and goes on by itself; what was not given to it can be replayed later."))
        return NOT_YET
    return FAILED if work.skipped else 0
