"""*Choix*: what is chosen for the whole site while it runs. One form a group, whose values are checked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.geo.providers import PROVIDERS
from intergestan_erp.site.preferences import checked, lock_texts, read_texts, would_be
from intergestan_erp.terms.stored import read_terms
from intergestan_exchange.credit_holds.acts import set_preferences
from intergestan_operations.language.settings_words import CHOICES, OPTIONS
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.visit import Visit

PATH: Final = "/reglages/choix"
CHOICE: Final = "choix."
"""Before the name of a setting, as the name of its field; what begins with `code` no page would carry further."""
LISTS: Final = ("search.party_fields", "search.account_fields")
"""Values that are several words in an order (T14)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that stand in one form. :ivar note: what follows from them, as a message of the catalogue."""

    word: str
    names: tuple[str, ...]
    note: str = ""


GROUPS: Final[Mapping[str, Group]] = {
    "codes": Group(
        marked("Codes and accounts of third parties"),
        (
            *("codes.mode", "codes.length", "codes.prefix"),
            *("accounts.mode", "accounts.customer_root", "accounts.supplier_root", "accounts.width"),
        ),
    ),
    "recherche": Group(
        marked("Search of third parties and accounts"),
        LISTS,
        marked("The first field counts most; a field that is not named is not searched."),
    ),
    "encours": Group(
        marked("Credit of customers"),
        (
            *("credit.block_from", "credit.by_payment_due", "credit.invoice_delivered", "credit.told_buyer"),
            *("credit.max_default", "credit.insured_default"),
        ),
        marked("Orders that wait for room are looked at again when this changes."),
    ),
    "conditions": Group(
        marked("Terms, fees and minimum of orders"),
        (
            *("terms.default", "terms.shift", "invoicing.split_months"),
            *("fees.default", "orders.minimum_default", "orders.minimum_fee"),
        ),
    ),
    "adresses": Group(
        marked("Positions of addresses, and the map"),
        (
            *("geo.on_save", "geo.provider", "geo.calls_per_month"),
            *("maps.provider", "maps.tiles", "maps.google_key"),
        ),
        marked(
            "Where somebody is asked, postcodes, cities and streets of third parties leave the house; nothing else "
            "does. The service that asks must run."
        ),
    ),
}
"""By the word of the form: its settings."""


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as the form shows it.

    :ivar options: value and word of each, where it is chosen; `picks`: what is chosen in each place of a list.
    """

    name: str
    id: str
    word: str
    value: str
    options: Sequence[tuple[str, str]] = ()
    picks: Sequence[str] = ()


def show(visit: Visit) -> Response:
    """All of it."""
    return _page(visit, "", {})


def change(visit: Visit) -> Response:
    """Store the settings of one form; what was made before stays as it is."""
    asked = visit.form.get("groupe", "")
    if asked not in GROUPS:
        return faults.page(visit, 404)
    group = GROUPS[asked]
    values = {name: _typed(visit.form, name) for name in group.names}

    def do(connection: Connection) -> Done:
        before = lock_texts(connection)
        refuse_if_changed(visit, _of(group, before))
        changed = {name: value for name, value in values.items() if value != before[name]}
        _chosen, released = set_preferences(connection, changed, by=visit.who.login, at=visit.now)
        said = Said("«{group}» is stored as you said.", group=translated(group.word, visit.language))
        if released.take_in:
            many = Counted("One order goes on.", "{count} orders go on.", len(released.take_in))
            said = Said("{first} {second}", first=said, second=many)
        return Done(to=f"{PATH}#{asked}", said=said, bells=Bells(take_in=released.take_in))

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, asked, _faults(visit, group, values), problem)


def _typed(form: Mapping[str, str], name: str) -> str:
    """A value as it is kept; of a list its places without gaps."""
    if name not in LISTS:
        return form.get(f"{CHOICE}{name}", "").strip()
    places = [form.get(f"{CHOICE}{name}.{n}", "") for n in range(1, len(OPTIONS[name]) + 1)]
    return ",".join(filter(None, places))


def _of(group: Group, texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts[name] for name in group.names}


def _faults(visit: Visit, group: Group, values: Mapping[str, str]) -> dict[str, str]:
    """Which fields are wrong by themselves, while all others are as they are."""
    found = {}
    with visit.database.read() as connection:
        stored = read_texts(connection)
        for name in group.names:
            if values[name] != stored[name]:
                try:
                    checked(would_be(connection, stored, {name: values[name]}))
                except Problem as problem:
                    found[name] = sentence(problem, visit.language)
    return found


def _page(visit: Visit, asked: str, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        texts = read_texts(connection)
        terms = [(term.code, f"{term.code} · {term.name}") for term in read_terms(connection)]
    form = visit.form if asked else visit.kept
    open_group = form.get("groupe", "")
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    shown = {}
    for word, group in GROUPS.items():
        typed = {name: _typed(form, name) for name in group.names} if word == open_group else _of(group, texts)
        fields = [_field(visit, name, typed[name], terms) for name in group.names]
        seen = form.get(SEEN, "") if word == open_group and not clash else digest_of(_of(group, texts))
        shown[word] = (group, fields, seen)
    others = []
    if clash:
        group = GROUPS[asked]
        typed = {name: _typed(form, name) for name in group.names}
        others = [
            Other(CHOICES[name], _worded(visit, name, texts[name]), _worded(visit, name, typed[name]))
            for name in group.names
            if texts[name] != typed[name]
        ]
    return visit.html(
        "settings/choices.html",
        status=200 if problem is None else faults.status_of(problem),
        groups=shown,
        asked=asked,
        others=others,
        wrong={_id(name): text for name, text in wrong.items()},
        said=None if problem is None or (wrong and not clash) else sentence(problem, visit.language),
    )


def _field(visit: Visit, name: str, value: str, terms: Sequence[tuple[str, str]]) -> Field:
    options = [(each, translated(word, visit.language)) for each, word in OPTIONS.get(name, {}).items()]
    if name == "terms.default":
        options = list(terms)
    if name == "geo.provider":
        options += [(each, each) for each in PROVIDERS if each not in OPTIONS[name]]
    picks: list[str] = []
    if name in LISTS:
        picks = [*filter(None, value.split(",")), *[""] * len(options)][: len(options)]
    elif options and value not in dict(options):
        options.append((value, value))
    return Field(name, _id(name), CHOICES[name], value, options, picks)


def _worded(visit: Visit, name: str, value: str) -> str:
    words = OPTIONS.get(name, {})
    return ", ".join(translated(words[each], visit.language) if each in words else each for each in value.split(","))


def _id(name: str) -> str:
    return name.replace(".", "-").replace("_", "-")
