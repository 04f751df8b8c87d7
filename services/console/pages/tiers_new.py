"""*Nouveau tiers*: a third party is typed (T01 to T08, T16, T18); a code and accounts come about as the site says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import CategoryKind, PartyRole, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.codes import category_called, list_categories
from intergestan_erp.geo.waiting import waiting_of
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.listing.page import MOST
from intergestan_erp.parties.accounts import AccountMode
from intergestan_erp.parties.codes import code_by_hand
from intergestan_erp.parties.one_party import NamedParty, parties_called
from intergestan_erp.parties.parties import PartyRules, tried_again
from intergestan_erp.party_entry.entering import enter_party, propose
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.terms.stored import read_terms, term_called
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages import party_form
from services.console.pages.party_form import Typed
from services.console.pages.tiers import PATH, party_path
from services.console.visit import Visit

NEW: Final = f"{PATH}/nouveau"
CODE, BY_HAND = "code", "code_a_la_main"
UNCHECKED: Final = "sans_controle"
FIELD_OF: Final[Mapping[ProblemCode, str]] = {
    ProblemCode.CODE_TAKEN: CODE,
    ProblemCode.CODE_MISSING: CODE,
    ProblemCode.CODE_AUTOMATIC: CODE,
    ProblemCode.NO_CODE: CODE,
}
"""At which field a refusal of the base stands."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the form may choose from."""

    rules: PartyRules
    fees: Sequence[Any]
    terms: Sequence[Any]
    categories: Sequence[Any]


def read_catalogue(connection: Connection) -> Catalogue:
    """What the form may choose from: there are few of each."""
    categories = [each for each in list_categories(connection) if each.kind is CategoryKind.PARTY]
    fees = list_fees(connection, size=MOST).rows
    return Catalogue(read_preferences(connection).rules, fees, read_terms(connection), categories)


def show_new(visit: Visit) -> Response:
    """An empty form, with what new customers begin with; for whoever had to enter on the way, with what they typed."""
    with visit.database.read() as connection:
        offered = read_catalogue(connection)
    rules, amount = offered.rules, visit.amount
    ceiling = rules.ceiling
    fields = party_form.blank(
        rules.fees,
        encours_maximum="" if ceiling.maximum is None else amount(ceiling.maximum),
        encours_assure=amount(ceiling.insured) if ceiling.maximum is not None else "",
        minimum="" if rules.minimum_order is None else amount(rules.minimum_order),
        raison_sociale=visit.query.get("raison_sociale", ""),
        **({"client": "1"} if visit.query.get("role") != "fournisseurs" else {"fournisseur": "1"}),
    )
    return _page(visit, offered, visit.kept or fields)


def foresee(visit: Visit) -> Response:
    """What the code and the accounts will be, while one types; no counter is taken (T02, T05)."""
    with visit.database.read() as connection:
        offered = read_catalogue(connection)
        same = parties_called(connection, visit.form.get("raison_sociale", ""))
    return _page(visit, offered, visit.form, same=same, block="prevu")


def enter(visit: Visit) -> Response:
    """Enter the third party; however often the form comes, once."""
    with visit.database.read() as connection:
        offered = read_catalogue(connection)
    typed = party_form.read_form(visit.form)
    may_rule = may(Right.SET_RULES, visit.person)
    code = _code(typed, offered.rules, may_rule=may_rule)
    party = party_form.new_party(typed, code, with_ceiling=may(Right.SET_CREDIT, visit.person))
    doubts = _doubts(party, visit, may_rule=may_rule)
    if typed.wrong or doubts:
        return _page(visit, offered, visit.form, wrong=typed.wrong, doubts=doubts)

    def do(connection: Connection) -> Done:
        rules = read_preferences(connection).rules
        new = party_form.new_party(typed, code, with_ceiling=party.ceiling is not None, **_ids(connection, typed))
        by, at = visit.who.login, visit.now
        same = parties_called(connection, party.name)
        by_hand = may_rule and BY_HAND in visit.form
        entered = enter_party(connection, new, rules, code_by_hand=by_hand, by=by, at=at)
        bells = Bells(locate=waiting_of(connection, [entered.id]) if rules.geo.rings else ())
        return Done(to=party_path(entered.code), said=_said(party.name, entered.code, same), bells=bells)

    try:
        return tried_again(lambda: once(visit, do))
    except Problem as problem:
        name = FIELD_OF.get(problem.code)
        if name is None:
            return _page(visit, offered, visit.form, problem=problem)
        return _page(visit, offered, visit.form, wrong={name: problem})


def _said(name: str, code: str, same: Sequence[NamedParty]) -> Said:
    if same:
        text = "{name} is the third party {code} now; {others} is called so, too."
        return Said(text, name=name, code=code, others=", ".join(each.code for each in same))
    return Said("{name} is the third party {code} now.", name=name, code=code)


marked("{name} is the third party {code} now; {others} is called so, too.")


def _ids(connection: Connection, typed: Typed) -> dict[str, int | None]:
    term, category = (typed.form.get(name, "").strip() for name in ("conditions", "categorie"))
    return {
        "payment_term_id": term_called(connection, term).id if term else None,
        "category_id": category_called(connection, category, CategoryKind.PARTY) if category else None,
    }


def _code(typed: Typed, rules: PartyRules, *, may_rule: bool) -> str | None:
    """The code that was typed, where one is asked for (T01, D11)."""
    if rules.codes.automatic and not (may_rule and BY_HAND in typed.form):
        return None
    code = typed.read(CODE, code_by_hand)
    if code is None and CODE not in typed.wrong:
        typed.wrong[CODE] = Problem("Codes are given by hand here: type one.", ProblemCode.CODE_MISSING)
    return code


def _doubts(party: Any, visit: Visit, *, may_rule: bool) -> list[Problem]:
    """Numbers that look wrong, which only an administrator takes all the same."""
    from intergestan_erp.parties.company_numbers import doubts

    if may_rule and UNCHECKED in visit.form:
        return []
    return list(doubts(party.siret, party.vat_id, party.siren))


def _page(
    visit: Visit,
    offered: Catalogue,
    fields: Mapping[str, str],
    *,
    wrong: Mapping[str, Problem] | None = None,
    doubts: Sequence[Problem] = (),
    problem: Problem | None = None,
    same: Sequence[NamedParty] = (),
    block: str | None = None,
) -> Response:
    said = problem or (doubts[0] if doubts else None)
    failed = bool(wrong) or said is not None
    by_hand = not offered.rules.codes.automatic or BY_HAND in fields
    foreseen = propose(offered.rules, fields.get("raison_sociale", ""), fields.get(CODE, "") if by_hand else "")
    return visit.html(
        "tiers/new.html",
        block=block,
        titled=block is None,
        status=(faults.status_of(said) if said is not None else 422) if failed else 200,
        fields=fields,
        offered=offered,
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if said is None else sentence(said, visit.language),
        unsure=bool(doubts),
        foreseen=foreseen,
        same=same,
        is_automatic=offered.rules.codes.automatic,
        by_hand=by_hand,
        types_accounts=offered.rules.accounts.mode is AccountMode.MANUAL,
        customer=PartyRole.CUSTOMER,
        supplier=PartyRole.SUPPLIER,
        may_rule=may(Right.SET_RULES, visit.person),
        may_credit=may(Right.SET_CREDIT, visit.person),
        to_party=party_path,
    )
