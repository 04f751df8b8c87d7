"""`intergestan report`: what happened over time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.context import call_of
from services.cli.language import _, marked, spoken
from services.cli.orders import From, To, day_of
from services.cli.output import AsJson, print_json, print_table
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_site.differences import Reported

app = Group("What happened over time.")

OUTCOMES = {"created": marked("booked"), "held": marked("held"), "rejected": marked("rejected")}
"""What was decided about an order with a difference."""


@app.verb("differences")
def differences(
    context: typer.Context,
    *,
    partner: Annotated[str | None, typer.Option("--partner", help="Of this partner only.")] = None,
    first: From = None,
    last: To = None,
    as_json: AsJson = False,
) -> None:
    """Show where partners' orders differed from what we have: prices, VAT, units, products, currency."""
    from intergestan_site.differences import Selection, report
    from intergestan_site.partners import find_partner

    with call_of(context).database.read() as connection:
        wanted = Selection(
            partner_id=find_partner(connection, partner) if partner else None,
            first=_midnight(day_of(first)),
            before=_midnight(day_of(last), days=1),
        )
        found = report(connection, wanted)
    if as_json:
        print_json([_plain(each) for each in found])
        return
    titles = [_("When"), _("Partner"), _("Order"), _("Their number"), _("What became of it"), _("What differs")]
    print_table(titles, [_row(each) for each in found])


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """The beginning of a day here, or of one so many days later."""
    return None if day is None else datetime.combine(day + timedelta(days=days), time()).astimezone()


def _row(each: Reported) -> list[Any]:
    from intergestan_site.explain import explain

    outcome = _(OUTCOMES[each.outcome])
    return [each.found_at, each.partner, each.sales_order, each.order, outcome, explain(each.finding, spoken())]


def _plain(each: Reported) -> dict[str, Any]:
    from intergestan_site.explain import explain

    return {
        "found_at": each.found_at,
        "partner": each.partner,
        "order": each.order,
        "sales_order": each.sales_order,
        "outcome": each.outcome,
        "line": each.finding.line_id,
        "reason": each.finding.reason,
        "variant": each.finding.variant,
        **each.finding.values,
        "text": explain(each.finding, spoken()),
    }
