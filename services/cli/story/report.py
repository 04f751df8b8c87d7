"""`intergestan report`: what happened over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _, spoken
from intergestan_runtime.said import marked
from services.cli.buying.orders import From, To
from services.cli.context import call_of
from services.cli.days import before, begin_of
from services.cli.output import AsJson
from services.cli.paging import After, Listed, SomeLimit, show_list
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_erp.listing.page import Page
    from intergestan_exchange.delivery_reports.report_list import ListedReport
    from intergestan_exchange.inbox.differences import Reported

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
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show where partners' orders differed from what we have: prices, VAT, units, products, currency."""
    from intergestan_exchange.inbox.differences import Selection, report
    from intergestan_exchange.partners.partners import find_partner

    call = call_of(context)
    titles = [_("When"), _("Partner"), _("Order"), _("Their number"), _("What became of it"), _("What differs")]
    listed: Listed[Reported] = Listed(name="differences", values=_plain, titles=titles, cells=_row)
    with call.database.snapshot() as connection:
        wanted = Selection(
            partner_id=find_partner(connection, partner) if partner else None,
            first=begin_of(first, call.zone),
            before=before(last, call.zone),
        )

        def read(size: int, mark: str | None) -> Page[Reported]:
            return report(connection, wanted, size=size, after=mark)

        show_list(listed, read, limit, after, as_json=as_json)


ACTIONS = {
    "failed": marked("not delivered"),
    "delayed": marked("delayed"),
    "delivered": marked("delivered"),
    "relayed": marked("handed on"),
    "expanded": marked("handed on to several"),
}
"""What a report says became of the mail (RFC 3464)."""

EFFECTS = {
    "held": marked("the mail waits for a person"),
    "noted": marked("noted"),
    "late": marked("came too late, nothing changed"),
    "again": marked("came before, nothing changed"),
    "unproven": marked("proves nothing, nothing changed"),
}
"""What a report about a mail did."""


@app.verb("undelivered")
def undelivered(
    context: typer.Context,
    *,
    first: From = None,
    last: To = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what mail servers reported about our mails: delayed, not delivered; also reports that prove nothing."""
    from intergestan_exchange.delivery_reports.report_list import list_reports

    call = call_of(context)
    titles = [_("When"), _("Partner"), _("Mail"), _("Report"), _("Status"), _("Sent to"), _("What it did"), _("Words")]
    listed: Listed[ListedReport] = Listed(name="reports", values=asdict, titles=titles, cells=_reported)
    since, until = begin_of(first, call.zone), before(last, call.zone)
    with call.database.snapshot() as connection:

        def read(size: int, mark: str | None) -> Page[ListedReport]:
            return list_reports(connection, since=since, before=until, size=size, after=mark)

        show_list(listed, read, limit, after, as_json=as_json)


def _reported(each: ListedReport) -> Sequence[Any]:
    action = _(ACTIONS[each.action]) if each.action else None
    head = [each.received_at, each.partner, each.mail, action]
    return [*head, each.status, each.recipient, _(EFFECTS[each.effect]), each.said]


def _row(each: Reported) -> Sequence[Any]:
    from intergestan_exchange.findings.findings import explain

    outcome = _(OUTCOMES[each.outcome])
    return [each.found_at, each.partner, each.sales_order, each.order, outcome, explain(each.finding, spoken())]


def _plain(each: Reported) -> dict[str, Any]:
    from intergestan_exchange.findings.findings import explain

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
