"""*Correspondants*: the sites that we trust, and taking a new one by its card and twelve words over the telephone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Rest, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.published import CARD, read_published
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_exchange.partners.partner_rests import pause_partner, unpause_partner
from intergestan_exchange.partners.partners import PartnerView, find_partner, list_partners, set_partner
from intergestan_exchange.partners.product_matches import list_matches
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_msg.card import Card

PATH: Final = "/correspondants"
WORDS: Final = 12
WORD: Final = "mot."
"""Before the number of a word."""
FILE, TEXT = "fichier", "carte"
"""The fields of a card: as a file, and as text."""
RESTS: Final[Mapping[str, str]] = {
    Rest.SENDING: marked("sending rests"),
    Rest.BOOKING: marked("booking rests"),
    Rest.BOTH: marked("rests both ways"),
}
KEY_STATES: Final[Mapping[str, str]] = {
    "confirmed": marked("confirmed"),
    "unconfirmed": marked("unconfirmed"),
    "replaced": marked("replaced"),
    "revoked": marked("revoked"),
}
POLICIES: Final[Mapping[str, str]] = {
    "price_policy": marked("Whose price counts"),
    "price_action": marked("A difference of price"),
    "unknown_product": marked("An unknown product"),
    "acceptance": marked("Orders without differences"),
    "minimum_order_action": marked("Orders below their minimum"),
    "heartbeat": marked("Signs of life"),
}
VALUES: Final[Mapping[str, str]] = {
    "compare": marked("is compared with ours"),
    "take_theirs": marked("theirs counts"),
    "take_ours": marked("ours counts"),
    "hold": marked("waits for a clerk"),
    "reject": marked("is refused"),
    "accept": marked("is accepted"),
    "park_line": marked("its line waits for a clerk"),
    "review": marked("a clerk looks first"),
    "note": marked("is noted"),
    "auto": marked("once they know ours"),
    "on": marked("always"),
    "off": marked("never"),
}


def partner_path(code: str) -> str:
    """The address of a partner."""
    return f"{PATH}/{quote(code, safe='')}"


def show_list(visit: Visit) -> Response:
    """All of them: there are few."""
    with visit.database.read() as connection:
        partners = list_partners(connection)
        card = read_published(connection, CARD)
    return visit.html(
        "partners/list.html",
        partners=partners,
        has_card=card is not None,
        rests=RESTS,
        may_set=may(Right.SET_PARTNERS, visit.person),
    )


def show_card(visit: Visit) -> Response:
    """Our own card, to be given to a partner."""
    with visit.database.read() as connection:
        card = read_published(connection, CARD)
    if card is None:
        return faults.page(visit, 404)
    response = Response(card, media_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{visit.site.code}.card"'
    return response


def show_one(visit: Visit) -> Response:
    """One of them: addresses, what was agreed, keys, what their codes mean."""
    return _show_one(visit, None)


def _show_one(visit: Visit, problem: Problem | None) -> Response:
    from intergestan_exchange.keys.partner_keys import list_keys

    with visit.database.read() as connection:
        partner = _partner(connection, visit)
        if partner is None:
            return faults.page(visit, 404)
        keys = list_keys(connection, partner.id)
        matches = list_matches(connection, partner.id)
    return visit.html(
        "partners/partner.html",
        status=200 if problem is None else faults.status_of(problem),
        partner=partner,
        keys=keys,
        matches=matches,
        rests=RESTS,
        key_states=KEY_STATES,
        policies=POLICIES,
        values=VALUES,
        said=None if problem is None else sentence(problem, visit.language),
        reason=visit.form.get("raison", ""),
        may_operate=may(Right.OPERATE, visit.person),
        may_send=may(Right.SEND_ORDERS, visit.person),
    )


def pause(visit: Visit) -> Response:
    """*Suspendre*: sending, booking or both rest until a person ends it."""
    what, reason = visit.form.get("quoi", ""), visit.form.get("raison", "").strip()
    if what not in set(Rest) or not reason:
        return _show_one(visit, Problem("Say what shall rest, and why: your colleagues read it.", ProblemCode.NO_VALUE))

    def do(connection: Connection) -> Done:
        partner = _need(connection, visit)
        pause_partner(connection, partner.id, Rest(what), reason, by=visit.who.login, at=visit.now)
        return Done(to=partner_path(partner.site_code), said=Said("{name} rests now.", name=partner.name))

    return once(visit, do)


def unpause(visit: Visit) -> Response:
    """*Reprendre*: what waited goes on."""

    def do(connection: Connection) -> Done:
        partner = _need(connection, visit)
        mails = unpause_partner(connection, partner.id, by=visit.who.login, at=visit.now)
        said = Said("{name} goes on.", name=partner.name)
        return Done(to=partner_path(partner.site_code), said=said, bells=Bells(take_in=tuple(mails)))

    try:
        return once(visit, do)
    except Problem as problem:
        return _show_one(visit, problem)


def _partner(connection: Connection, visit: Visit) -> PartnerView | None:
    code = visit.params["code"]
    return next((each for each in list_partners(connection) if each.site_code == code), None)


def _need(connection: Connection, visit: Visit) -> PartnerView:
    found = _partner(connection, visit)
    if found is None:
        find_partner(connection, visit.params["code"])
        raise Problem("There is no partner «{text}».", ProblemCode.NO_PARTNER, text=visit.params["code"])
    return found


def ask_for_card(visit: Visit) -> Response:
    """The field for their card; for whoever had to enter on the way, with what they typed."""
    return _add_page(visit, visit.kept.get(TEXT, ""))


def add(visit: Visit) -> Response:
    """A card is shown, and the words are asked for; with the words of its key, its site is trusted.

    The words that the card itself has are not shown: who does not hear them cannot know them.
    """
    text = _card_text(visit)
    try:
        card = _card(text)
    except Problem as problem:
        return _add_page(visit, text, problem=problem)
    if visit.form.get("faire") != "ajouter":
        return _add_page(visit, text, card=card)
    from intergestan_exchange.keys.partner_keys import check_fingerprint

    typed = " ".join(visit.form.get(f"{WORD}{n}", "").strip() for n in range(1, WORDS + 1)).strip()
    ceiling, asked = _ceiling(visit)
    if asked is not None:
        return _add_page(visit, text, card=card, problem=asked, ceiling=visit.form.get("plafond", ""))
    try:
        check_fingerprint(card, typed)
        return once(visit, _pairing(visit, card, ceiling), again=True)  # somebody may enter the same code or account
    except _AskCeiling as new:
        usual = Problem(
            "{name} is a new customer, and new customers have a maximum here: say what they may owe.",
            ProblemCode.NO_VALUE,
            name=card.name,
        )
        return _add_page(visit, text, card=card, problem=usual, ceiling=visit.amount(new.usual))
    except Problem as problem:
        return _add_page(visit, text, card=card, problem=problem, ceiling=visit.form.get("plafond", ""))


class _AskCeiling(Exception):
    """A partner is a new customer, and nobody said what they may owe (D22); nothing is written before somebody does."""

    def __init__(self, usual: Decimal) -> None:
        super().__init__(f"{usual:.2f}")
        self.usual = usual


def _ceiling(visit: Visit) -> tuple[Decimal | None, Problem | None]:
    """What was typed as a maximum, or why it is none."""
    typed = visit.form.get("plafond", "").strip()
    if not typed:
        return None, None
    try:
        return read_amount(typed), None
    except Unreadable as bad:
        return None, bad


def _pairing(visit: Visit, card: Card, ceiling: Decimal | None) -> Any:
    from intergestan_erp.credit.ceilings import read_ceiling
    from intergestan_erp.parties.ceilings import Ceiling
    from intergestan_exchange.credit_holds.acts import set_ceiling
    from intergestan_exchange.keys.pairing import add_partner

    party = visit.form.get("tiers", "").strip() or None
    address = visit.form.get("courriel", "").strip()

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        paired = add_partner(connection, card, by=by, at=at, party_code=party)
        if address:
            set_partner(connection, paired.partner_id, {"order_address": address}, by=by, at=at)
        usual = read_ceiling(connection, paired.party_id)
        if paired.party_is_new and usual.maximum is not None:
            if ceiling is None:
                raise _AskCeiling(usual.maximum)
            if ceiling != usual.maximum:
                insured = min(usual.insured, ceiling)
                set_ceiling(connection, paired.party_id, Ceiling(ceiling, insured), by=by, at=at)
        text = "{name} is our partner now; for us they are the third party {party}."
        if not paired.is_new:
            text = "{name} was our partner already; their card is up to date."
        said = Said(text, name=card.name, party=paired.party_code)
        return Done(to=partner_path(card.code), said=said, bells=Bells(take_in=tuple(paired.released)))

    return do


marked("{name} is our partner now; for us they are the third party {party}.")
marked("{name} was our partner already; their card is up to date.")


def _card_text(visit: Visit) -> str:
    from intergestan_exchange.keys.cards import MOST

    for upload in visit.files.get(FILE, ()):
        return upload.read()[:MOST].decode("utf-8", "replace")
    return visit.form.get(TEXT, "")


def _card(text: str) -> Card:
    from intergestan_exchange.keys.cards import read_card_of

    if not text.strip():
        raise Problem("No card is chosen or pasted.", ProblemCode.NO_CARD)
    return read_card_of("card", text.encode())


def _add_page(
    visit: Visit, text: str, *, card: Card | None = None, problem: Problem | None = None, ceiling: str = ""
) -> Response:
    return visit.html(
        "partners/add.html",
        status=200 if problem is None else faults.status_of(problem),
        card=card,
        text=text,
        count=WORDS,
        typed={n: visit.form.get(f"{WORD}{n}", "") for n in range(1, WORDS + 1)},
        party=visit.form.get("tiers", ""),
        address=visit.form.get("courriel", "" if card is None else card.orders_address),
        ceiling=ceiling,
        said=None if problem is None else sentence(problem, visit.language),
        takes_over=problem is not None and problem.code is ProblemCode.TAKES_OVER,
    )
