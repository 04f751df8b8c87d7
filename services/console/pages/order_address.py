"""*Courriel commandes* (G18): the one address that a supplier's orders go to (G16)."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.outbox.choosing import Addressee, count_to_former_address, find_addressee
from intergestan_exchange.partners.partners import set_partner
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages import selection
from services.console.pages.filters import chosen_party
from services.console.visit import Visit

FIELD = "courriel"


def show(visit: Visit) -> Response:
    """The address, and a field for another one."""
    with visit.database.read() as connection:
        addressee = _addressee(connection, visit.query.get("fournisseur", ""))
    return _page(visit, addressee)


def change(visit: Visit) -> Response:
    """Orders go there from now on; what was asked for already goes where it was to go."""
    address = visit.form.get(FIELD, "").strip()
    with visit.database.read() as connection:
        addressee = _addressee(connection, visit.form.get("fournisseur", ""))

    def do(connection: Connection) -> Done:
        partner_id = _partner_of(addressee)
        set_partner(connection, partner_id, {"order_address": address}, by=visit.who.login, at=visit.now)
        left = count_to_former_address(connection, partner_id, address)
        said = Said("Orders for {supplier} go to {address} from now on.", supplier=addressee.name, address=address)
        if left:
            also = Counted(
                "One mail that was asked for already goes to the former address still.",
                "{count} mails that were asked for already go to the former address still.",
                left,
            )
            said = Said("{first} {second}", first=said, second=also)
        return Done(to=_back(visit), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        if problem.code is not ProblemCode.BAD_ADDRESS:
            raise
        return _page(visit.with_kept(visit.form), addressee, problem)


def _page(visit: Visit, addressee: Addressee, problem: Problem | None = None) -> Response:
    wrong = {} if problem is None else {FIELD: sentence(problem, visit.language)}
    return visit.html(
        "sending/address.html",
        status=200 if problem is None else faults.status_of(problem),
        addressee=addressee,
        typed=visit.typed(FIELD, addressee.order_address or addressee.proposed or ""),
        back=_back(visit),
        wrong=wrong,
    )


def _back(visit: Visit) -> str:
    """The list that the person came from."""
    sent = visit.form.get(selection.BACK) or visit.kept.get(selection.BACK) or visit.query.get(selection.BACK, "")
    return selection.listed_at(sent).address


def _addressee(connection: Connection, text: str) -> Addressee:
    party_id = chosen_party(connection, text, {})
    if party_id is None:
        raise Problem("There is no supplier «{text}».", ProblemCode.NO_PARTNER, (Act.LIST_PARTNERS,), text=text)
    found = find_addressee(connection, party_id)
    _partner_of(found)
    return found


def _partner_of(addressee: Addressee) -> int:
    if addressee.partner_id is None:
        raise Problem(
            "{supplier} is no partner: we have no key of theirs, so orders cannot go to them.",
            ProblemCode.NO_PARTNER,
            (Act.ADD_PARTNER,),
            supplier=addressee.name,
        )
    return addressee.partner_id
