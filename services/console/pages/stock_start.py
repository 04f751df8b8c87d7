"""*Gérer le stock* is switched on (D38): what lies in the depots that day, and what delivering means from then on."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.depots import list_depots
from intergestan_erp.agencies.dossiers import read_dossier, set_dossier
from intergestan_erp.agencies.establishments import lock_dossier
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.stock.entry import Goods, receive
from intergestan_erp.stock.typed_goods import TypedGoods, read_goods
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.cures import links_of
from services.console.pages.dossier import path_of
from services.console.visit import Visit

LINES, WORD, SET_ASIDE = "stock_ouvert", "mot", "reservations"
TO_TYPE: Final = marked("STOCK")
"""What is typed to say that it is meant."""


def show(visit: Visit) -> Response:
    """What it means, and the form."""
    return _page(visit)


def switch_on(visit: Visit) -> Response:
    """Stock is managed, and what lies there is entered: all of it or nothing."""
    number = int(visit.params["number"])
    wrong: dict[str, Problem] = {}
    goods: list[TypedGoods] = []
    try:
        goods = read_goods(visit.form.get(LINES, ""), with_depot=True)
    except Problem as problem:
        wrong[LINES] = problem
    word = translated(TO_TYPE, visit.language)
    if visit.form.get(WORD, "").strip().upper() != word:
        wrong[WORD] = Problem("Type {word} to switch it on.", ProblemCode.NO_VALUE, word=word)
    if wrong:
        return _page(visit, wrong=wrong)

    def do(connection: Connection) -> Done:
        by, at, products = visit.who.login, visit.now, list[int]()
        if lock_dossier(connection, number):
            return Done(to=path_of(number, "stocks"), said=Said("The stock is managed already. Nothing was changed."))
        flags = {"manage_stock": True, "manage_reservations": SET_ASIDE in visit.form}
        set_dossier(connection, number, flags, by=by, at=at)
        for depot, lines in groupby(sorted(goods, key=_depot), key=_depot):
            place = in_depot(connection, depot)
            if place.dossier != number:
                raise Problem("The depot {depot} is of another dossier.", ProblemCode.NO_PLACE, depot=place.depot)
            opening = [Goods(each.product, each.quantity, each.cost) for each in lines]
            products += receive(connection, place, opening, opening=True, by=by, at=at).freed.products
        said = Said("The stock is managed from now on; {count} products lie in its depots.", count=str(len(goods)))
        return Done(to=path_of(number, "stocks"), said=said, bells=Bells(serve=tuple(products)))

    try:
        answer = once(visit, do)
    except Problem as problem:
        return _page(visit, problem=problem)
    visit.console.site.read_anew()
    return answer


def _depot(line: TypedGoods) -> str:
    return line.depot.upper()


def _page(visit: Visit, *, wrong: dict[str, Problem] | None = None, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        try:
            card = read_dossier(connection, int(visit.params["number"]))
        except Problem:
            return faults.page(visit, 404)
        depots = [each for each in list_depots(connection) if each.active]
    if card.stock.manage_stock and problem is None and not wrong:
        return visit.go(path_of(card.number, "stocks"))
    return visit.html(
        "agencies/stock_start.html",
        status=200 if not (wrong or problem) else faults.status_of(problem) if problem else 422,
        card=card,
        depots=depots,
        word=translated(TO_TYPE, visit.language),
        fields=visit.form or visit.kept,
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
    )
