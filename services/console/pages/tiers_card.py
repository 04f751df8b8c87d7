"""The card of a third party, tab by tab; each form saves by itself, and of two people who save one is told (§4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import CategoryKind, Incomplete, InvoiceGrouping, PartyRole, PickingMode, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.codes import category_called
from intergestan_erp.agencies.dossiers import read_dossier
from intergestan_erp.geo.waiting import waiting_of
from intergestan_erp.listing.party_card import (
    OF_ACCOUNTS,
    OF_ADDRESS,
    OF_CARD,
    OF_CREDIT,
    OF_FEES,
    OpenCard,
    lock_card,
    open_card,
)
from intergestan_erp.parties.accounts import AccountMode, account_by_hand
from intergestan_erp.parties.addresses import MAIN
from intergestan_erp.parties.locating import locate_parties
from intergestan_erp.parties.parties import set_account, set_party, tried_again
from intergestan_erp.party_entry.typed import read_account_title, read_position
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.terms.stored import term_called
from intergestan_operations.language.payment_words import METHODS, SHOWN_STATES
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages import tiers_credit
from services.console.pages.party_form import FEE, FEE_AMOUNT, INSURED, MAXIMUM, MINIMUM, TEXTS, Typed, read_form
from services.console.pages.tiers import GEO, party_path
from services.console.pages.tiers_documents import read_last
from services.console.pages.tiers_new import UNCHECKED, read_catalogue
from services.console.visit import Visit

VERSION: Final = "version"
ROLE, NUMBER, TITLE = "role_compte", "numero", "intitule"
"""The fields of the form of an account; there is one form for each role."""
TABS: Final[Mapping[str, str]] = {
    "": marked("Card"),
    "adresses": marked("Addresses"),
    "comptes": marked("Accounts of the third party"),
    "encours": marked("Credit in use"),
    "frais": marked("Fees and minimum"),
}
"""The tabs, by the word in the address."""
OF_CUSTOMERS: Final = ("encours", "frais")
GROUPINGS: Final[Mapping[str, str]] = {
    InvoiceGrouping.NOTE: marked("one delivery note on an invoice"),
    InvoiceGrouping.CUSTOMER: marked("one invoice for a customer"),
}
SLIPS: Final[Mapping[str, str]] = {
    PickingMode.SLIP: marked("Make them"),
    PickingMode.NONE: marked("Make none"),
}
INCOMPLETE: Final[Mapping[str, str]] = {
    Incomplete.PICK: marked("Make a picking slip"),
    Incomplete.WAIT: marked("Do not deal with it"),
}
STAGES: Final[Mapping[str, str]] = {
    "off": marked("do not block"),
    "quote": marked("Quote"),
    "order": marked("Order acknowledgement"),
    "delivery": marked("Goods delivery note"),
    "invoice": marked("Invoice"),
}
"""From which document on a limit blocks (T20)."""
LABELS: Final[Mapping[str, str]] = {
    "name": marked("Company name"),
    "is_customer": marked("Customer"),
    "is_supplier": marked("Is a supplier"),
    "siret": "SIRET",
    "siren": "SIREN",
    "vat_id": marked("VAT number"),
    "invoice_email": marked("Mail address for invoices"),
    "buyer_reference": marked("Buyer reference"),
    "contact": marked("Person to ask"),
    "telephone": marked("Telephone"),
    "email": marked("E-mail"),
    "term": marked("Payment terms"),
    "category": marked("Category"),
    "invoice_grouping": marked("Grouping of delivery notes"),
    "picking_mode": marked("Making of picking slips"),
    "incomplete": marked("If an order is incomplete"),
    "group_slips": marked("Group picking slips on one delivery note"),
    "line1": marked("Address 1"),
    "line2": marked("Address 2"),
    "postcode": marked("Postcode"),
    "city": marked("City"),
    "country": marked("Country"),
    "latitude": marked("Latitude"),
    "longitude": marked("Longitude"),
    "address_incomplete": marked("If an order is incomplete"),
    "maximum": marked("Credit limit"),
    "insured": marked("Insured credit"),
    "fees": marked("Fees"),
    "minimum_order": marked("Minimum order"),
    "account_number": marked("Account"),
    "account_title": marked("Title"),
}
"""What a field is called where two versions stand beside each other."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the card: which tab it is on, and what it changes."""

    tab: str
    names: tuple[str, ...]


CARD, ADDRESS = Form("", OF_CARD), Form("adresses", OF_ADDRESS)
CREDIT, FEES, ACCOUNTS = Form("encours", OF_CREDIT), Form("frais", OF_FEES), Form("comptes", OF_ACCOUNTS)
FORMS: Final = {each.tab: each for each in (CARD, ADDRESS, CREDIT, FEES, ACCOUNTS)}


def show(visit: Visit) -> Response:
    """One tab of the card."""
    tab = visit.query.get("onglet", "")
    return _page(visit, FORMS.get(tab, CARD))


def show_card(visit: Visit) -> Response:
    """*Fiche* where its form is sent; so each tab: whoever entered anew on the way finds there what they typed."""
    return _page(visit, CARD)


def show_address(visit: Visit) -> Response:
    """*Adresses*, likewise."""
    return _page(visit, ADDRESS)


def show_place(visit: Visit) -> Response:
    """*Adresses* where *Géocoder* is sent, a form in which nothing is typed."""
    return _page(visit.with_kept({}), ADDRESS)


def show_accounts(visit: Visit) -> Response:
    """*Comptes*, likewise."""
    return _page(visit, ACCOUNTS)


def show_fees(visit: Visit) -> Response:
    """*Frais et minimum*, likewise."""
    return _page(visit, FEES)


def show_ceiling(visit: Visit) -> Response:
    """*Encours*, likewise."""
    return _page(visit, CREDIT)


def save(visit: Visit) -> Response:
    """*Fiche*: identity, roles, person, invoicing, picking slips."""
    typed = read_form(visit.form)
    doubts = _doubts(visit, typed)
    if typed.wrong or doubts:
        return _page(visit, CARD, wrong=typed.wrong, problem=doubts[0] if doubts else None, unsure=bool(doubts))
    form = visit.form
    changes: dict[str, Any] = {column: typed.texts[column] for name, column in TEXTS.items() if name not in _OF_PLACE}
    changes |= {"is_customer": PartyRole.CUSTOMER in typed.roles, "is_supplier": PartyRole.SUPPLIER in typed.roles}
    changes |= {
        "invoice_grouping": _word(form, "regroupement", InvoiceGrouping) or InvoiceGrouping.NOTE,
        "picking_mode": _word(form, "generation_bp", PickingMode),
        "incomplete": _word(form, "incomplete", Incomplete),
        "group_slips": "grouper_bp" in form,
    }

    def do(connection: Connection, seen: OpenCard) -> Bells:
        term, category = (form.get(name, "").strip() for name in ("conditions", "categorie"))
        ids = {
            "payment_term_id": term_called(connection, term).id if term else None,
            "category_id": category_called(connection, category, CategoryKind.PARTY) if category else None,
        }
        rules = read_preferences(connection).rules
        set_party(connection, seen.id, _said_of_person(seen, changes | ids), rules, by=visit.who.login, at=visit.now)
        return Bells()

    return _act(visit, CARD, do)


_OF_PLACE: Final = ("ligne1", "ligne2", "cp", "ville", "pays")


def _said_of_person(seen: OpenCard, changes: dict[str, Any]) -> dict[str, Any]:
    """Without the person to ask where nothing of them was changed: an empty one is no person."""
    names = ("contact", "telephone", "email")
    if all((changes[name] or None) == (seen.texts[name] or None) for name in names):
        return {name: value for name, value in changes.items() if name not in names}
    return changes


def save_address(visit: Visit) -> Response:
    """*Adresses*: the postal address, and its position where a person sets it."""
    typed = read_form({**visit.form, "client": "1", "raison_sociale": "-"})
    wrong = {name: problem for name, problem in typed.wrong.items() if name in _OF_PLACE}
    changes: dict[str, Any] = {TEXTS[name]: typed.texts.get(TEXTS[name]) for name in _OF_PLACE}
    changes["address_incomplete"] = _word(visit.form, "incomplete_adresse", Incomplete)
    place: dict[str, Decimal | None] = {}
    try:
        place = read_position(visit.form.get("latitude", ""), visit.form.get("longitude", ""))
    except Problem as problem:
        wrong["latitude"] = problem
    if wrong:
        return _page(visit, ADDRESS, wrong=wrong)

    def do(connection: Connection, seen: OpenCard) -> Bells:
        before = seen.texts
        moved = {name: value for name, value in place.items() if value != before[name]}
        new = changes | (place if moved else {})
        rules = read_preferences(connection).rules
        set_party(connection, seen.id, new, rules, by=visit.who.login, at=visit.now)
        return Bells(locate=waiting_of(connection, [seen.id]) if rules.geo.rings else ())

    return _act(visit, ADDRESS, do)


def locate(visit: Visit) -> Response:
    """*Géocoder*: the address waits to be looked up; who looks up is a service (T25)."""

    def do(connection: Connection) -> Done:
        found = lock_card(connection, visit.params["code"])
        ids = locate_parties(connection, [found.id], by=visit.who.login, at=visit.now)
        geo = read_preferences(connection).rules.geo
        text = "The address waits to be looked up." if ids else "There is nothing to look up: the position is known."
        if ids and geo.provider is None:
            text = "The address waits, but nobody is asked here where addresses lie; the settings say who is."
        bells = Bells(locate=tuple(ids)) if geo.provider is not None else Bells()
        return Done(to=party_path(found.card.code, "adresses"), said=Said(text), bells=bells)

    return once(visit, do)


marked("The address waits to be looked up.")
marked("There is nothing to look up: the position is known.")
marked("The address waits, but nobody is asked here where addresses lie; the settings say who is.")


def save_fees(visit: Visit) -> Response:
    """*Frais et minimum*: the fees that are ticked, and the minimum (T16, T23)."""
    typed = Typed(visit.form)
    fees, minimum = typed.fees(), typed.amount(MINIMUM)
    if typed.wrong:
        return _page(visit, FEES, wrong=typed.wrong)

    def do(connection: Connection, seen: OpenCard) -> Bells:
        rules = read_preferences(connection).rules
        changes = {"minimum_order": minimum}
        by, at = visit.who.login, visit.now
        set_party(connection, seen.id, changes, rules, fees=fees, only_these_fees=True, by=by, at=at)
        return Bells()

    return _act(visit, FEES, do)


def save_ceiling(visit: Visit) -> Response:
    """*Modifier l'encours maximum* (T18, T19): the answer names what it freed."""
    from intergestan_exchange.credit_holds.acts import set_ceiling

    typed = Typed(visit.form)
    ceiling = typed.ceiling()
    if typed.wrong:
        return _page(visit, CREDIT, wrong=typed.wrong)
    freed: list[str] = []

    def do(connection: Connection, seen: OpenCard) -> Bells:
        released = set_ceiling(connection, seen.id, ceiling, by=visit.who.login, at=visit.now)
        freed[:] = released.holds
        return Bells(take_in=released.take_in)

    def said() -> Said | None:
        if not freed:
            return None
        return Said("The limit is changed. There is room for orders that waited: {refs} go on.", refs=", ".join(freed))

    return _act(visit, CREDIT, do, said)


def save_account(visit: Visit) -> Response:
    """*Comptes*: the number and the title of an account, or a first one (T05)."""
    role, number = visit.form.get(ROLE, ""), visit.form.get(NUMBER, "").strip()
    if role not in set(PartyRole):
        return _page(visit, ACCOUNTS, problem=_none(visit))
    try:
        title = read_account_title(visit.form.get(TITLE, ""))
    except Problem as problem:
        return _page(visit, ACCOUNTS, wrong={f"{TITLE}-{role}": problem})

    def do(connection: Connection, seen: OpenCard) -> Bells:
        rules, held = read_preferences(connection).rules, seen.accounts.get(PartyRole(role))
        wanted = account_by_hand(number) if number and (held is None or held.number != number) else None
        by, at = visit.who.login, visit.now
        set_account(connection, seen.id, PartyRole(role), rules, number=wanted, title=title, by=by, at=at)
        return Bells()

    return _act(visit, ACCOUNTS, do)


def _word(form: Mapping[str, str], name: str, words: Any) -> Any:
    """A choice; None where it is left to what is more general."""
    text = form.get(name, "")
    return words(text) if text in set(words) else None


def _doubts(visit: Visit, typed: Typed) -> Sequence[Problem]:
    from intergestan_erp.parties.company_numbers import doubts

    if UNCHECKED in visit.form and may(Right.SET_RULES, visit.person):
        return ()
    texts = typed.texts
    return list(doubts(texts.get("siret"), texts.get("vat_id"), texts.get("siren")))


def _none(visit: Visit) -> Problem:
    return Problem("There is no third party «{code}».", ProblemCode.NOT_ONE_PARTY, code=visit.params["code"])


def _act(
    visit: Visit,
    form: Form,
    do: Callable[[Connection, OpenCard], Bells],
    told: Callable[[], Said | None] = lambda: None,
) -> Response:
    """Change the card, if nobody else changed meanwhile what this form changes; else both versions are shown."""

    def act(connection: Connection) -> Done:
        seen = lock_card(connection, visit.params["code"], form.names, visit.form.get(VERSION, ""))
        bells = do(connection, seen)
        said = told() or Said("{code} is saved.", code=seen.card.code)
        return Done(to=party_path(seen.card.code, form.tab), said=said, bells=bells)

    try:
        return tried_again(lambda: once(visit, act))
    except Problem as problem:
        return _page(visit, form, problem=problem)


def _page(
    visit: Visit,
    form: Form,
    *,
    wrong: Mapping[str, Problem] | None = None,
    problem: Problem | None = None,
    unsure: bool = False,
) -> Response:
    with visit.database.read() as connection:
        found = open_card(connection, visit.params["code"], with_entries=form is ACCOUNTS)
        if found is None:
            return faults.page(visit, 404)
        offered, dossier = read_catalogue(connection), read_dossier(connection)
        last = read_last(connection, found, visit.today) if form is CARD else []
        credit = tiers_credit.read(visit, connection, found) if form is CREDIT and found.card.is_customer else None
    posted = visit.request.method == "POST" or bool(visit.kept)
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    mine = visit.form or visit.kept
    theirs = fields_of(visit, found) | _of_account(found, mine.get(ROLE, ""))
    code = found.card.code
    return visit.html(
        "tiers/card.html",
        status=200 if not (wrong or problem) else faults.status_of(problem) if problem else 422,
        found=found,
        card=found.card,
        tab=form.tab,
        tabs=[
            (name, word, party_path(code, name))
            for name, word in TABS.items()
            if name not in OF_CUSTOMERS or found.card.is_customer
        ],
        fields=mine if posted and mine else theirs,
        differences=_differences(form, mine, theirs) if changed else (),
        version=mine[VERSION] if VERSION in mine and not changed else found.version(form.names),
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if problem is None else sentence(problem, visit.language),
        unsure=unsure,
        offered=offered,
        fee_rows=[
            *offered.fees,
            *(each for each in found.card.fees if each.code not in {fee.code for fee in offered.fees}),
        ],
        dossier=dossier,
        credit=credit,
        last=last,
        own=next((each for each in found.card.addresses if each.kind == MAIN), None),
        stages=STAGES,
        words={
            "grouping": GROUPINGS,
            "slips": SLIPS,
            "incomplete": INCOMPLETE,
            "geo": GEO,
            "methods": METHODS,
            "payments": SHOWN_STATES,
        },
        roles=tuple(role for role in PartyRole if getattr(found.card, f"is_{role}")),
        is_manual=offered.rules.accounts.mode is AccountMode.MANUAL,
        roots=offered.rules.accounts.roots,
        may_set=may(Right.SET_PARTIES, visit.person) and found.anonymised_at is None,
        may_credit=may(Right.SET_CREDIT, visit.person) and found.anonymised_at is None,
        may_rule=may(Right.SET_RULES, visit.person),
        may_pay=may(Right.TAKE_PAYMENTS, visit.person) and found.anonymised_at is None,
        to_party=party_path,
        act_path=lambda act: f"{party_path(code)}/{act}",
    )


def fields_of(visit: Visit, found: OpenCard) -> dict[str, str]:
    """What stands in the fields of all forms."""
    texts = found.texts
    fields = {name: texts.get(column) or "" for name, column in TEXTS.items()}
    fields |= {"client": "1"} if found.card.is_customer else {}
    fields |= {"fournisseur": "1"} if found.card.is_supplier else {}
    fields |= {"conditions": texts["term"] or "", "categorie": texts["category"] or ""}
    fields |= {"regroupement": texts["invoice_grouping"], "generation_bp": texts["picking_mode"] or ""}
    fields |= {"grouper_bp": "1"} if texts["group_slips"] else {}
    fields |= {"incomplete": texts["incomplete"] or "", "incomplete_adresse": texts["address_incomplete"] or ""}
    fields |= {name: "" if texts[name] is None else f"{texts[name]:f}" for name in ("latitude", "longitude")}
    amounts = {MAXIMUM: texts["maximum"], MINIMUM: texts["minimum_order"]}
    amounts |= {INSURED: texts["insured"]} if texts["maximum"] is not None else {}
    fields |= {name: "" if amount is None else visit.amount(amount) for name, amount in amounts.items()}
    for fee in found.card.fees:
        fields[f"{FEE}{fee.code}"] = "1"
        if fee.is_own and fee.amount is not None:
            fields[f"{FEE_AMOUNT}{fee.code}"] = visit.amount(fee.amount)
    return fields


def _of_account(found: OpenCard, role: str) -> dict[str, str]:
    """What stands in the form of the account in this role."""
    held = found.accounts.get(PartyRole(role)) if role in set(PartyRole) else None
    return {} if held is None else {NUMBER: held.number, TITLE: held.title}


def _differences(form: Form, mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Label, mine and theirs of each field in which what was typed is not what is stored by now."""
    shown = [each for name in form.names for each in _FIELD_OF.get(name, ((name, name),))]
    if form is FEES:
        shown += [(name, "fees") for name in {**mine, **theirs} if name.startswith((FEE, FEE_AMOUNT))]
    rows = [
        (LABELS[label], mine.get(name, "").strip(), theirs.get(name, "")) for name, label in shown if label in LABELS
    ]
    return [row for row in rows if row[1] != row[2]]


_FIELD_OF: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    **{column: ((name, column),) for name, column in TEXTS.items()},
    "is_customer": (("client", "is_customer"),),
    "is_supplier": (("fournisseur", "is_supplier"),),
    "term": (("conditions", "term"),),
    "category": (("categorie", "category"),),
    "invoice_grouping": (("regroupement", "invoice_grouping"),),
    "picking_mode": (("generation_bp", "picking_mode"),),
    "group_slips": (("grouper_bp", "group_slips"),),
    "address_incomplete": (("incomplete_adresse", "address_incomplete"),),
    "maximum": ((MAXIMUM, "maximum"),),
    "insured": ((INSURED, "insured"),),
    "minimum_order": ((MINIMUM, "minimum_order"),),
    "fees": (),
    "accounts": ((NUMBER, "account_number"), (TITLE, "account_title")),
}
"""In which field of a form a value of the card stands."""
