"""`intergestan send`: *Valider*, one mail to one supplier with all the selected orders (G13–G19)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.asking import asked
from services.cli.buying.orders import FollowedBy, From, selected
from services.cli.context import Call, call_of, may_ask
from services.cli.errors import FAILED, NOT_YET, NOTHING_TO_SEND
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.purchasing.views import SelectedOrder
    from intergestan_exchange.outbox.outbound import Outbound

LEFT = {"sent", "answered"}
STOPPED = {"held", "abandoned", "unknown"}


def send(
    context: typer.Context,
    *,
    supplier: Annotated[str, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")],
    first: From = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="DATE|ADDRESS", help="Last day, included; or the address, the first time."),
    ] = None,
    given_address: Annotated[
        str | None,
        typer.Option("--address", metavar="ADDRESS", help="The supplier's address for orders, the first time."),
    ] = None,
    followed_by: FollowedBy = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="NUMBER", help="Leave this order out; several with commas."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the mail, send nothing.")] = False,
    until_sent: Annotated[bool, typer.Option("--wait", help="Wait until the mail server has taken it.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 120,
    as_json: AsJson = False,
) -> None:
    """Send the confirmed orders to a supplier, all in one mail.

    Drafts and orders that were sent are never in it; `intergestan resend` sends a mail again.
    """
    from intergestan_erp.listing.selection import Written, without

    last, address = _dates_and_addresses(to or [], given_address)
    written = Written(first=first, last=last, supplier=supplier, followed_by=followed_by)
    call = call_of(context)
    with call.database.read() as connection:
        user_id, login = call.user(connection)
        orders = selected(connection, written)
        chosen = without(orders, [number for each in remove or [] for number in each.replace(",", " ").split()])
    if not chosen:
        say(_("No order to send: `intergestan orders list --all` shows all orders with their states."))
        raise typer.Exit(NOTHING_TO_SEND)
    if dry_run:
        _preview(call, chosen, user_id, address, as_json=as_json)
        return
    mail_id = _request(call, chosen, user_id, login, address)
    mail = _wait(call, mail_id, timeout) if until_sent else _mail(call, mail_id)
    _tell(mail, _address(call, chosen), waited=until_sent, as_json=as_json)


def _dates_and_addresses(values: Sequence[str], given: str | None) -> tuple[str | None, str | None]:
    """What `--to` says: a day of the range (G09); and the address (G17), if `--address` does not."""
    addresses = [value for value in values if "@" in value]
    if addresses:
        say(_("Say the address with --address; --to is the last day."))
    addresses += [given] if given is not None else []
    days = [value for value in values if "@" not in value]
    if len(addresses) > 1 or len(days) > 1:
        raise typer.BadParameter(_("Give --to once with a date, and --address once, at most."))
    return (days[0] if days else None), (addresses[0] if addresses else None)


def _request(call: Call, orders: Sequence[SelectedOrder], user_id: int, login: str, address: str | None) -> int:
    """Valider; a missing address is asked for once, at a terminal (G17)."""
    from intergestan_exchange.outbox.request import MissingAddress, request_orders, set_order_address
    from intergestan_operations.acting.requesting import request
    from intergestan_runtime.steps import COMPOSE

    supplier = orders[0].supplier_id
    versions = {order.id: order.version for order in orders}

    def ask(connection: Connection) -> int:
        if address is not None:
            set_order_address(connection, supplier, address, by=login, at=call.database.now())
        return request_orders(connection, supplier, versions, user_id, by=login, at=call.database.now())

    try:
        mail_id = request(call.database, call.tracer, ask, int)
    except MissingAddress as missing:
        if not may_ask():
            raise
        question = _("Address for orders to {supplier}").format(supplier=orders[0].supplier)
        given = asked(question, default=missing.proposed)
        return _request(call, orders, user_id, login, given)
    call.ring(COMPOSE, mail_id)
    return mail_id


def _preview(call: Call, orders: Sequence[SelectedOrder], user_id: int, address: str | None, *, as_json: bool) -> None:
    from intergestan_exchange.outbox.preview import preview
    from services.cli.shown import in_place

    with call.database.read() as connection:
        ids = [order.id for order in orders]
        mail = preview(connection, orders[0].supplier_id, ids, user_id, address)
    if as_json:
        print_json(
            {
                "from": mail.sender,
                "reply_to": mail.reply_to,
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "attachments": [{"name": each.name, "size": each.size} for each in mail.attachments],
                "lacking": mail.lacking.codes,
            }
        )
        return
    proposed = _("none yet; their card proposes {address}").format(address=mail.proposed)
    typer.echo(f"From: {mail.sender}\nTo: {mail.to or proposed}\nReply-To: {mail.reply_to}")
    typer.echo(f"Subject: {mail.subject}\n\n{mail.text}")
    for each in mail.attachments:
        typer.echo(_("Attachment: {name} ({size} bytes)").format(name=each.name, size=each.size))
    for remark in mail.lacking.said:
        say(_("For software of others: {what}").format(what=in_place(remark)))
    say(_("Nothing was sent."))


def _mail(call: Call, mail_id: int) -> Outbound:
    from intergestan_exchange.outbox.outbound import list_outbound

    with call.database.read() as connection:
        return list_outbound(connection, ids=[mail_id])[0]


def _wait(call: Call, mail_id: int, seconds: float) -> Outbound:
    from services.cli.progress import Far, wait

    def look() -> Far:
        is_over = _mail(call, mail_id).state in LEFT | STOPPED
        return Far(int(is_over), 1, is_over)

    wait(_("Sending"), look, seconds)
    return _mail(call, mail_id)


def _address(call: Call, orders: Sequence[SelectedOrder]) -> str | None:
    from intergestan_exchange.outbox.request import partner_row

    with call.database.read() as connection:
        address: str | None = partner_row(connection, orders[0].supplier_id).order_address
    return address


def _tell(mail: Outbound, address: str | None, *, waited: bool, as_json: bool) -> None:
    """What became of it, as far as we know, and the exit code that goes with it."""
    values = {"ref": mail.ref, "orders": ", ".join(mail.orders), "address": address}
    if as_json:
        said = {"ref": mail.ref, "transfer_id": mail.transfer_id, "orders": mail.orders, "to": address}
        print_json(said | {"state": mail.state, "reason": mail.reason, "detail": mail.detail})
    if not waited:
        say(_("{orders}: one mail to {address} ({ref}), as soon as the services have sent it.").format(**values))
        return
    if mail.state in LEFT:
        say(_("{orders}: sent to {address} ({ref}), now waiting for the answer.").format(**values))
        return
    if mail.state == "held":
        text = _("{orders}: not sent ({ref}): {detail} `intergestan holds show {ref}` says what to do.")
        say(text.format(**values, detail=mail.detail))
        raise typer.Exit(FAILED)
    say(
        _("{orders}: not sent yet ({ref}). It goes out by itself; `intergestan status` shows how far it is.").format(
            **values
        )
    )
    raise typer.Exit(NOT_YET)
