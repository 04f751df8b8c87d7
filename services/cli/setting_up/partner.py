"""`intergestan partner`: the sites we trust."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import (
    Acceptance,
    HeartbeatPolicy,
    MinimumOrderAction,
    PriceAction,
    PricePolicy,
    Rest,
    UnknownProduct,
)
from intergestan_msg.flavour import Flavour
from intergestan_msg.money import ZERO
from intergestan_operations.language.language import _, ngettext
from services.cli.asking import NO, YES, asked, confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.credit import CreditMax, a_ceiling
from services.cli.figures import DecimalMark, a_price, a_rate
from services.cli.key_words import rows_of_both
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.setting_up import partner_keys, partner_rests
from services.cli.setting_up.card_files import read_card_file
from services.cli.setting_up.countries import country_of
from services.cli.setting_up.doubts import say_doubts
from services.cli.shown import amount, sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from intergestan_exchange.keys.pairing import Paired
    from intergestan_exchange.partners.partners import PartnerView
    from intergestan_msg.card import Card

app = Group("The sites we trust.")
app.add("key", partner_keys.app)
app.verb("pause")(partner_rests.pause)
app.verb("unpause")(partner_rests.unpause)
app.verb("deactivate")(partner_rests.deactivate)
app.verb("activate")(partner_rests.activate)

OrderAddress = Annotated[
    str | None, typer.Option("--order-address", metavar="ADDRESS", help="Where our orders to them go.")
]


@app.verb("add")
def add(
    context: typer.Context,
    *,
    card_file: Annotated[str, typer.Argument(metavar="CARD", help="The file with their card; - is standard input.")],
    fingerprint: Annotated[
        str | None,
        typer.Option(help="The card's 12 words in quotes, or its key id, as they told you over the telephone."),
    ] = None,
    party: Annotated[
        str | None,
        typer.Option(help="The third party they are for us, or the code of a new one; found or created by default."),
    ] = None,
    order_address: OrderAddress = None,
    credit_max: CreditMax = None,
) -> None:
    """Trust a site from its card.

    Compare the 12 words with them over the telephone: whoever has another key has other words. A card that says to be
    a third party of ours needs your yes, or --party: anybody can write another firm's SIRET on a card.
    Where new customers have a credit maximum, you are asked for that of a new one.
    """
    from intergestan_erp.inputs.identity import case_doubts
    from intergestan_erp.parties.parties import in_turn, party_codes
    from intergestan_exchange.keys.pairing import TakesOver, add_partner
    from intergestan_exchange.partners.partners import set_partner
    from intergestan_runtime.steps import IMPORT

    call = call_of(context)
    database = call.database
    card = read_card_file(card_file)
    _compare(card, fingerprint)
    chosen = None if credit_max is None else _Chosen(a_ceiling(credit_max))

    def pair(party_code: str | None) -> tuple[list[str], Paired]:
        def trust(connection: Connection) -> tuple[list[str], Paired]:
            by, at = call.actor(connection), database.now()
            codes = party_codes(connection)
            paired = add_partner(connection, card, by=by, at=at, party_code=party_code)
            if order_address is not None:
                set_partner(connection, paired.partner_id, {"order_address": order_address}, by=by, at=at)
            _give_ceiling(call, connection, paired, chosen, at)
            return codes, paired

        return in_turn(database, trust)

    while True:
        try:
            codes, paired = pair(party)
            break
        except TakesOver as known:
            if not may_ask():
                raise
            say(sentence(known))
            if not confirmed(_("Is this the card of {party}?").format(party=known.party)):
                raise typer.Exit(1) from None
            party = known.party
        except _AskCeiling as new:
            if not may_ask():
                text = _("New customers have a credit maximum here: say --credit-max AMOUNT, or --credit-max none.")
                raise typer.BadParameter(text) from None
            chosen = _asked_ceiling(card.name, new.usual)
    call.ring(IMPORT, *paired.released)
    text = _("{name} is our partner {code} now.") if paired.is_new else _("{name} was our partner {code} already.")
    say(text.format(name=card.name, code=card.code))
    party_text = _("New third party: {code}.") if paired.party_is_new else _("Third party: {code}.")
    say(party_text.format(code=paired.party_code))
    say_doubts(card.siret, card.vat)
    for doubt in case_doubts(codes, [paired.party_code]):
        say(sentence(doubt))
    if paired.released:
        text = ngettext(
            "{count} held mail of theirs is imported now.",
            "{count} held mails of theirs are imported now.",
            len(paired.released),
        )
        say(text.format(count=len(paired.released)))
    if order_address is None:
        proposal = _(
            "Their card proposes {address} for orders: `intergestan partner set {code} --order-address {address}`."
        )
        say(proposal.format(address=card.orders_address, code=card.code))


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show the partners, their addresses and what we agreed with them."""
    from intergestan_db.views import shown
    from intergestan_exchange.partners.partners import list_partners

    with call_of(context).database.read() as connection:
        partners = list_partners(connection)
    titles = [_("Code"), _("Name"), _("Third party"), _("Orders go to"), _("Answers go to"), _("Prices"), _("Orders")]
    names = ("site_code", "name", "party", "order_address", "answer_address", "price_policy", "acceptance")
    listed: Listed[PartnerView] = Listed(
        name="partners",
        values=shown,
        titles=[*titles, _("Paused")],
        cells=lambda row: [*(getattr(row, name) for name in names), _rest(row)],
    )
    show_few(listed, partners, lambda row: (row.site_code,), limit, after, as_json=as_json)


def _rest(row: PartnerView) -> str | None:
    if not row.active:
        return _("out of use")
    texts = {
        Rest.SENDING: _("sending, by {who}: {why}"),
        Rest.BOOKING: _("booking, by {who}: {why}"),
        Rest.BOTH: _("both ways, by {who}: {why}"),
    }
    return texts[Rest(row.rests)].format(who=row.rests_by, why=row.rests_reason) if row.rests else None


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")],
    order_address: OrderAddress = None,
    answer_address: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where our answers go.")] = None,
    language: Annotated[str | None, typer.Option(metavar="fr|en", help="Language of our mails to them.")] = None,
    price_policy: Annotated[PricePolicy | None, typer.Option(help="Whose price counts.")] = None,
    price_action: Annotated[PriceAction | None, typer.Option(help="What a difference of price does.")] = None,
    price_tolerance: Annotated[str | None, typer.Option(help="Difference that does not matter, per unit.")] = None,
    price_tolerance_percent: Annotated[str | None, typer.Option(help="The same in percent.")] = None,
    unknown_product: Annotated[UnknownProduct | None, typer.Option(help="What an unknown product does.")] = None,
    acceptance: Annotated[
        Acceptance | None, typer.Option(help="Whether a clerk looks at orders without differences.")
    ] = None,
    minimum_order_action: Annotated[
        MinimumOrderAction | None,
        typer.Option(help="Whether orders below their minimum are noted, or a clerk looks at them."),
    ] = None,
    answer_hours: Annotated[
        int | None, typer.Option(min=0, max=87_600, help="How many hours their answers may take; 0: as many as usual.")
    ] = None,
    heartbeat: Annotated[
        HeartbeatPolicy | None,
        typer.Option(help="Whether heartbeats go to them; auto: once their mails say that they know them."),
    ] = None,
    flavour: Annotated[
        Flavour | None, typer.Option(help="Orders for whose software: Peppol's rules, or OCA's modules for Odoo.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="The person to ask there.")] = None,
    line1: Annotated[str | None, typer.Option(help="Postal address, first line.")] = None,
    line2: Annotated[str | None, typer.Option(help="Postal address, second line.")] = None,
    postcode: Annotated[str | None, typer.Option(help="Postcode.")] = None,
    city: Annotated[str | None, typer.Option(help="City.")] = None,
    country: Annotated[str | None, typer.Option(metavar="XX", help="Country, two letters or its name.")] = None,
    decimal_mark: DecimalMark = None,
) -> None:
    """Change what we agreed with a partner (addresses, prices, who decides)."""
    from intergestan_exchange.partners.partners import find_partner, set_partner

    given: dict[str, Any] = {
        "order_address": order_address,
        "answer_address": answer_address,
        "language": language,
        "price_policy": price_policy,
        "price_action": price_action,
        "price_tolerance": None if price_tolerance is None else a_price(price_tolerance, decimal_mark),
        "price_tolerance_percent": (
            None if price_tolerance_percent is None else a_rate(price_tolerance_percent, decimal_mark)
        ),
        "unknown_product": unknown_product,
        "acceptance": acceptance,
        "minimum_order_action": minimum_order_action,
        "answer_hours": answer_hours,
        "heartbeat": heartbeat,
        "flavour": flavour,
        "contact": contact,
        "line1": line1,
        "line2": line2,
        "postcode": postcode,
        "city": city,
        "country": country_of(country),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if answer_hours == 0:
        changes["answer_hours"] = None
    if not changes:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        partner_id = find_partner(connection, partner)
        set_partner(connection, partner_id, changes, by=call.actor(connection), at=call.database.now())
    say(_("Changed for {partner}: {names}.").format(partner=partner, names=", ".join(changes)))


@app.verb("match")
def match(
    context: typer.Context,
    *,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Code, third party, SIRET or name of the partner.")],
    theirs: Annotated[str | None, typer.Argument(metavar="THEIR_CODE", help="A product code in their orders.")] = None,
    ours: Annotated[str | None, typer.Argument(metavar="OUR_CODE", help="The product of ours that it means.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say once which product of ours a partner's code means; without codes, show what was said.

    Orders that wait for it are released with `intergestan holds release`.
    """
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_exchange.partners.product_matches import find_product, list_matches, remember_match

    call = call_of(context)
    if theirs is None:
        with call.database.read() as connection:
            matches = list_matches(connection, find_partner(connection, partner))
        if as_json:
            print_json(list(map(asdict, matches)))
        else:
            titles = [_("Their code"), _("Product"), _("Name")]
            print_table(titles, [[row.their_code, row.code, row.name] for row in matches])
        return
    if ours is None:
        raise typer.BadParameter(_("Say which product of ours {code} means.").format(code=theirs))
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        product_id = find_product(connection, ours)
        remember_match(connection, find_partner(connection, partner), theirs, product_id, by=by, at=at)
    say(_("{theirs} of {partner} means {ours} from now on.").format(theirs=theirs, partner=partner, ours=ours))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a person said that a new customer may owe; `maximum` None: there is no ceiling."""

    maximum: Decimal | None


class _AskCeiling(Exception):
    """A partner is a new customer, and nobody said what they may owe; nothing may be written before somebody does."""

    def __init__(self, usual: Decimal) -> None:
        super().__init__(f"{usual:.2f}")
        self.usual = usual


def _give_ceiling(call: Call, connection: Connection, paired: Paired, chosen: _Chosen | None, at: datetime) -> None:
    """What a new customer may owe is never decided unseen (D22)."""
    from intergestan_db.enums import Right
    from intergestan_erp.credit.ceilings import read_ceiling
    from intergestan_erp.parties.ceilings import Ceiling
    from intergestan_exchange.credit_holds.acts import set_ceiling

    usual = read_ceiling(connection, paired.party_id)
    if chosen is None:
        if paired.party_is_new and usual.maximum is not None:
            raise _AskCeiling(usual.maximum)
        return
    if chosen.maximum == usual.maximum:
        return
    by = call.entitled(connection, Right.SET_CREDIT)
    insured = ZERO if chosen.maximum is None else min(usual.insured, chosen.maximum)
    set_ceiling(connection, paired.party_id, Ceiling(chosen.maximum, insured), by=by, at=at)


def _asked_ceiling(name: str, usual: Decimal) -> _Chosen:
    """Yes, no, or another amount, typed at the terminal; no leaves everything as it was."""
    question = _("Credit maximum of {name}: {amount}? [y/N/amount]").format(name=name, amount=amount(usual))
    while True:
        given = asked(question, default="").strip().lower()
        if given in YES:
            return _Chosen(usual)
        if given in NO:
            raise typer.Exit(1)
        try:
            return _Chosen(a_ceiling(given))
        except typer.BadParameter as bad:
            say(bad.message)


def _compare(card: Card, fingerprint: str | None) -> None:
    """Let a person vouch for the card's key: by word of mouth given as an option, or asked at the terminal."""
    from intergestan_exchange.keys.partner_keys import check_fingerprint

    say("")
    print_card(card)
    if fingerprint is not None:
        check_fingerprint(card, fingerprint)
        return
    if not may_ask():
        raise typer.BadParameter(
            _("Let them read you their 12 words over the telephone, and type what you hear after --fingerprint.")
        )
    if not confirmed(_("Did they read you the same words over the telephone?")):
        raise typer.Exit(1)


def print_card(card: Card) -> None:
    """What a card says, for the person who compares."""
    fields = [
        (_("Name"), card.name),
        (_("Code"), card.code),
        ("SIRET", card.siret),
        (_("VAT number"), card.vat),
        (_("For orders"), card.orders_address),
        (_("For answers"), card.answers_address),
        (_("Key"), card.key.kid),
        *rows_of_both(card.key),
    ]
    width = max(len(name) for name, _value in fields)
    for name, value in fields:
        if value:
            say(f"{name.ljust(width)}  {value}")
