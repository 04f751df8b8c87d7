"""`intergestan partner key`: which signatures of a partner count."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_operations.language.language import _, ngettext
from intergestan_runtime.said import marked
from services.cli.asking import confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.days import begin_of
from services.cli.key_words import rows_of_both
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.setting_up.card_files import read_card_file
from services.cli.shown import cell
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_exchange.keys.partner_keys import ListedKey
    from intergestan_msg.card import Card

app = Group("The keys of our partners.")

PartnerName = Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")]

TAKES_IDS = {"ignore_unknown_options": True}
"""The id of a key may begin with a hyphen."""

STATES = (marked("confirmed"), marked("unconfirmed"), marked("replaced"), marked("revoked"))


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    partner: Annotated[
        str | None, typer.Argument(metavar="[PARTNER]", help="Code, third party, SIRET or name of the partner.")
    ] = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the partners' keys and from when to when they count. Their words come by telephone, not from here."""
    from intergestan_exchange.keys.partner_keys import list_keys
    from intergestan_exchange.partners.partners import find_partner

    with call_of(context).database.read() as connection:
        keys = list_keys(connection, find_partner(connection, partner) if partner else None)
    names = ("name", "kid", "known_at", "valid_from", "valid_until", "revoked_at")
    titles = [_("Partner"), _("Key"), _("Known since"), _("Signs from"), _("Signs until"), _("Revoked"), _("State")]
    listed: Listed[ListedKey] = Listed(
        name="keys",
        values=asdict,
        titles=titles,
        cells=lambda key: [*(getattr(key, name) for name in names), _(key.state)],
    )
    show_few(listed, keys, lambda key: (key.partner, key.kid), limit, after, as_json=as_json)


@app.verb("confirm", context_settings=TAKES_IDS)
def confirm(
    context: typer.Context,
    *,
    partner: PartnerName,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORDS …", help="The 12 words that they read you over the telephone, or the key's id."),
    ] = None,
    card: Annotated[
        str | None,
        typer.Option("--card", metavar="FILE", help="Their new card, when no announcement came; - is standard input."),
    ] = None,
) -> None:
    """Let a new key of a partner count. Call them at a number that you knew before.

    Mails of theirs that wait for this key are imported, and they are told. Confirming a key that was replaced lets
    it count on, beside the newer one.
    """
    from intergestan_exchange.keys.partner_keys import check_fingerprint, confirm_key, enter_from_card, key_with
    from intergestan_exchange.partners.partners import find_partner

    call = call_of(context)
    new_card = read_card_file(card) if card is not None else None
    fingerprint = " ".join(words) if words else _asked(call, partner, new_card)
    if new_card is not None:
        check_fingerprint(new_card, fingerprint)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        partner_id = find_partner(connection, partner)
        if new_card is not None:
            enter_from_card(connection, partner_id, new_card, at=at)
        done = confirm_key(connection, partner_id, key_with(connection, partner_id, fingerprint).kid, by=by, at=at)
    call.ring_all(done.bells)
    say(_("The key {kid} of {partner} counts from now on.").format(kid=done.kid, partner=partner))
    if done.valid_from is not None:
        say(_("It signs from {start} on; the key before it ends then.").format(start=cell(done.valid_from)))
    if done.bells.take_in:
        text = ngettext(
            "{count} held mail of theirs is taken in now.",
            "{count} held mails of theirs are taken in now.",
            len(done.bells.take_in),
        )
        say(text.format(count=len(done.bells.take_in)))


@app.verb("revoke", context_settings=TAKES_IDS)
def revoke(
    context: typer.Context,
    *,
    partner: PartnerName,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, or the beginning of it.")],
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="DATE", help="What we had received before this day still counts; else nothing."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a key count no more: it was stolen, or was never theirs. Mails that it signed are held from now on.

    What was booked under it stays, and is listed for you to look at; the same command shows it again.
    """
    from intergestan_exchange.keys.partner_keys import booked_under, find_key, revoke_key
    from intergestan_exchange.partners.partners import find_partner

    call = call_of(context)
    start = begin_of(since, call.zone)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        partner_id = find_partner(connection, partner)
        kid = find_key(connection, partner_id, key)
        bells = revoke_key(connection, partner_id, kid, since=start, by=by, at=at)
    call.ring_all(bells)
    with call.database.read() as connection:
        booked = [asdict(row) for row in booked_under(connection, kid, start)]
    if as_json:
        print_json({"kid": kid, "booked": booked})
        return
    say(_("The key {kid} counts no more.").format(kid=kid))
    _show_booked(booked)


def _show_booked(booked: list[dict[str, Any]]) -> None:
    if not booked:
        say(_("Nothing was booked under it."))
        return
    say(_("Booked under it, to look at with the partner: {count}.").format(count=len(booked)))
    names = ("received_at", "type", "number", "revision", "outcome", "sales_order")
    titles = [_("Received"), _("Type"), _("Number"), _("Revision"), _("Outcome"), _("Sales order")]
    print_table(titles, [[row[name] for name in names] for row in booked])


def _asked(call: Call, partner: str, card: Card | None) -> str:
    """Show the words of the key that waits to a person at the terminal; its id when they are the same."""
    from intergestan_exchange.keys.partner_keys import unconfirmed_keys
    from intergestan_exchange.partners.partners import find_partner

    if not may_ask():
        raise typer.BadParameter(_("Type the 12 words that they read you over the telephone, after the partner."))
    with call.database.read() as connection:
        keys = unconfirmed_keys(connection, find_partner(connection, partner))
    wanted = [card.key] if card is not None else keys
    if len(wanted) != 1:
        raise Problem(
            "There is no unconfirmed key of {partner}, or there are several: type its words.",
            ProblemCode.NO_KEY,
            (Act.LIST_KEYS,),
            partner=partner,
        )
    words = rows_of_both(wanted[0])
    width = max(len(title) for title, _six in words)
    say("")
    for title, six in words:
        say(f"{title.ljust(width)}  {six}")
    if not confirmed(_("Did they read you the same words over the telephone?")):
        raise typer.Exit(1)
    return wanted[0].kid
