"""`intergestan orders list --unanswered`: what was sent and has no answer after the hours agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.language import _
from services.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from services.cli.context import Call


def show_unanswered(call: Call, *, as_json: bool) -> None:
    """Print them, the longest first, and say what to do."""
    from intergestan_exchange.health.unanswered import list_unanswered

    with call.database.read() as connection:
        orders = list_unanswered(connection, call.site.answer_hours, call.database.now())
    if as_json:
        print_json(orders)
        return
    if not orders:
        say(_("No order waits for an answer longer than was agreed."))
        return
    titles = [_("Number"), _("Supplier"), _("Sent"), _("Hours agreed"), _("Mail"), _("State"), _("Sent to")]
    print_table(titles, [_row(order) for order in orders])
    say(_how_to_go_on(orders))


def _row(order: Mapping[str, Any]) -> list[Any]:
    head = [order["number"], order["supplier"], order["since"], str(order["hours"])]
    return [*head, order["mail"], _(order["mail_state"]), order["address"]]


def _how_to_go_on(orders: Sequence[Mapping[str, Any]]) -> str:
    text = _(
        "Call the partner. `intergestan resend {first}` sends the same mail again; they book each order once. "
        "`intergestan holds list` shows the mails that no longer go out by themselves."
    )
    return text.format(first=orders[0]["number"])
