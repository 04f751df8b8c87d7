"""`intergestan parties locate`: asking where addresses lie, and ringing for those that wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from intergestan_db.problem import Act
from intergestan_operations.language.language import _, ngettext
from services.cli.context import Call, call_of
from services.cli.next_acts import with_acts
from services.cli.output import AsJson, print_json, say
from services.cli.parties.naming import party_of
from services.cli.shown import sentence

_RUNG_FOR = 40
"""Addresses that a command rings for; the dispatcher rings for the rest, as fast as they can be looked up."""


def locate(
    context: typer.Context,
    *,
    parties: Annotated[
        list[str] | None, typer.Argument(metavar="PARTY …", help="Those to look up, by code or name.")
    ] = None,
    missing: Annotated[bool, typer.Option("--missing", help="All whose position nobody knows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have the positions of addresses looked up; the service geocoder does it, as far as settings let it.

    What was set by hand or found before stays. `intergestan settings show` tells who is asked, and how often in a
    month.
    """
    from intergestan_erp.parties.locating import locate_missing, locate_parties

    if bool(parties) == missing:
        raise typer.BadParameter(_("Name third parties, or say --missing."))
    call = call_of(context)
    if parties:
        with call.database.transaction() as connection:
            ids = [party_of(connection, text).id for text in parties]
            locate_parties(connection, ids, by=call.actor(connection), at=call.database.now())
    else:
        with call.database.read() as connection:
            by = call.actor(connection)
        locate_missing(call.database, by=by)
    _tell(call, as_json=as_json)


def ring_for(call: Call, party_ids: Sequence[int]) -> None:
    """After the commit: ring for those whose addresses wait, where addresses are looked up when they are saved."""
    from intergestan_erp.geo.waiting import waiting_of
    from intergestan_erp.site.geo_rules import read_geo

    with call.database.read() as connection:
        ids = waiting_of(connection, list(party_ids[:_RUNG_FOR])) if read_geo(connection).rings else ()
    _ring(call, ids)


def _ring(call: Call, address_ids: Sequence[int]) -> None:
    from intergestan_runtime.steps import GEOCODE

    call.ring(GEOCODE, *address_ids)


def _tell(call: Call, *, as_json: bool) -> None:
    """Ring, and say how many wait and how many may be asked for."""
    from intergestan_erp.geo.health import cap_reached, read_geocoding
    from intergestan_erp.geo.waiting import count_waiting, due_now
    from intergestan_erp.site.geo_rules import read_geo
    from intergestan_erp.site.zone import this_month

    now = call.database.now()
    with call.database.read() as connection:
        rule, waiting = read_geo(connection), count_waiting(connection)
        found = read_geocoding(connection, rule, this_month(connection, now).name, now)
        due = due_now(connection, now, _RUNG_FOR) if rule.provider is not None else []
    _ring(call, due)
    if as_json:
        print_json({"waiting": waiting, "calls_left": None if found is None else found.calls_left})
        return
    text = ngettext("{count} address waits to be looked up.", "{count} addresses wait to be looked up.", waiting)
    say(text.format(count=waiting))
    if found is None:
        text = _("Nobody is asked here where addresses lie: they go on waiting.")
        say(with_acts(text, (Act.GEO_SETTINGS,)))
    elif not found.calls_left:
        problem = cap_reached(found.calls)
        say(with_acts(sentence(problem), problem.next))
    else:
        text = ngettext(
            "{provider} may be asked {count} more time this month.",
            "{provider} may be asked {count} more times this month.",
            found.calls_left,
        )
        say(text.format(provider=rule.provider_name, count=found.calls_left))
