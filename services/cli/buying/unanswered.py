"""`intergestan orders list --unanswered`: what was sent and has no answer after the hours agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.language import _
from services.cli.output import say
from services.cli.paging import Listed, show_list

if TYPE_CHECKING:
    from intergestan_erp.listing.page import Page
    from intergestan_exchange.health.unanswered import UnansweredOrder
    from services.cli.context import Call


def show_unanswered(call: Call, limit: int | None, after: str | None, *, as_json: bool) -> None:
    """Print them, the longest first, and say what to do."""
    from intergestan_exchange.health.unanswered import list_unanswered

    first: list[UnansweredOrder] = []
    hours, now = call.site.answer_hours, call.database.now()

    def read(size: int, mark: str | None) -> Page[UnansweredOrder]:
        page = list_unanswered(connection, hours, now, size=size, after=mark)
        first.extend(page.rows[: 1 - len(first)])
        return page

    listed: Listed[UnansweredOrder] = Listed(
        name="orders",
        values=asdict,
        titles=[_("Number"), _("Supplier"), _("Sent"), _("Hours agreed"), _("Mail"), _("State"), _("Sent to")],
        cells=_row,
        empty=_("No order waits for an answer longer than was agreed."),
    )
    with call.database.snapshot() as connection:
        show_list(listed, read, limit, after, as_json=as_json)
    if first and not as_json:
        say(_how_to_go_on(first[0]))


def _row(order: UnansweredOrder) -> Sequence[Any]:
    head = [order.number, order.supplier, order.since, str(order.hours)]
    return [*head, order.mail, _(order.mail_state), order.address]


def _how_to_go_on(order: UnansweredOrder) -> str:
    text = _(
        "Call the partner. `intergestan resend {first}` sends the same mail again; they book each order once. "
        "`intergestan holds list` shows the mails that no longer go out by themselves."
    )
    return text.format(first=order.number)
