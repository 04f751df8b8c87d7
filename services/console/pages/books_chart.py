"""*Plan*: which account is for what in the books of a company, and the accounts of third parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.chart import BY_FAMILY, BY_VAT, USUAL, Account, Chart, Use, checked_number, key_of
from intergestan_erp.books.folders import Folder, lock_folder, set_account
from intergestan_erp.inputs.vat import read_vat
from intergestan_erp.listing.accounts import list_accounts
from intergestan_erp.people.rights import require
from intergestan_operations.language.chart_words import KINDS, USES
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.books import CHART, FOLDER, books_of, books_path, frame
from services.console.pages.changed_by_others import SEEN, digest_of, refuse_if_changed
from services.console.pages.filters import paging_of
from services.console.pages.tiers import party_path
from services.console.visit import Visit

FOR, FAMILY, VAT, NUMBER, TITLE, ACT = "usage", "famille", "tva", "compte", "intitule", "faire"
USUAL_AGAIN: Final = "usuel"


def show(visit: Visit) -> Response:
    """The accounts for each use, and those of third parties; a form for another account."""
    return _page(visit)


def change(visit: Visit) -> Response:
    """Name the account for a use, of a family or of a rate of VAT; or the usual one again."""
    wrong: dict[str, Problem] = {}
    key = _key(visit.form, wrong)
    account = None if visit.form.get(ACT) == USUAL_AGAIN else _account(visit.form, wrong)
    if wrong or key is None:
        return _page(visit, wrong=wrong)

    def do(connection: Connection) -> Done:
        require(connection, visit.who.login, Right.CLOSE_BOOKS)
        folder = lock_folder(connection, books_of(visit, connection))
        refuse_if_changed(visit, folder.chart.stored())
        set_account(connection, folder, key, account, by=visit.who.login, at=visit.now)
        return Done(to=books_path(CHART, folder), said=Said("It is stored as you said."))

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _key(form: Mapping[str, str], wrong: dict[str, Problem]) -> str | None:
    typed = form.get(FOR, "")
    if typed not in set(Use):
        wrong[FOR] = Problem("Type something here.", ProblemCode.NO_VALUE)
        return None
    use, family, vat_text = Use(typed), form.get(FAMILY, "").strip() or None, form.get(VAT, "").strip()
    vat = None
    if family is not None and (use not in BY_FAMILY or vat_text):
        wrong[FAMILY] = Problem(
            "A family of products has its own account for sales only, and then for all VAT.", ProblemCode.NO_VALUE
        )
    if vat_text:
        if use not in BY_VAT:
            wrong[VAT] = Problem(
                "A VAT category has its own account for sales, charges and VAT only.", ProblemCode.NO_VALUE
            )
        try:
            stated = read_vat(vat_text)
            vat = stated.category, stated.rate
        except Problem as problem:
            wrong[VAT] = problem
    return key_of(use, family, vat)


def _account(form: Mapping[str, str], wrong: dict[str, Problem]) -> Account | None:
    title = " ".join(form.get(TITLE, "").split())
    if not title:
        wrong[TITLE] = Problem("Type something here.", ProblemCode.NO_VALUE)
    try:
        return Account(checked_number(form.get(NUMBER, "")), title)
    except Problem as problem:
        wrong[NUMBER] = problem
        return None


def _page(visit: Visit, problem: Problem | None = None, wrong: Mapping[str, Problem] | None = None) -> Response:
    paging = paging_of(visit, CHART, (FOLDER,))
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        shared = frame(folder, CHART)
        accounts = list_accounts(connection, size=paging.size, after=paging.after, before=paging.before)
    fields = visit.form or visit.kept
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    return visit.html(
        "books/chart.html",
        status=200 if not (problem or wrong) else 422 if problem is None else faults.status_of(problem),
        rows=_rows(folder.chart),
        accounts=accounts,
        paging=paging,
        uses=USES,
        to_party=party_path,
        kinds=KINDS,
        fields=fields or _asked(visit, folder),
        seen=fields[SEEN] if fields.get(SEEN) and not changed else digest_of(folder.chart.stored()),
        may_set=visit.person is not None and visit.person.may(Right.CLOSE_BOOKS),
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if problem is None else sentence(problem, visit.language),
        **shared,
    )


def _rows(chart: Chart) -> list[tuple[str, str, Account, bool]]:
    """Use, what it is limited to, the account, and whether the folder names it: the usual ones where it does not."""
    rows = {str(use): (account, False) for use, account in USUAL.items()}
    rows |= {key: (account, True) for key, account in chart.own.items()}
    order = {str(use): place for place, use in enumerate(Use)}
    parts = ((key.partition("/"), *row) for key, row in rows.items())
    found = [(use, only.partition("/")[2], account, is_own) for (use, _slash, only), account, is_own in parts]
    return sorted(found, key=lambda row: (order.get(row[0], len(order)), row[1]))


def _asked(visit: Visit, folder: Folder) -> dict[str, str]:
    """What the form begins with: the account of the use that the address names."""
    use = visit.query.get(FOR, "")
    if use not in set(Use):
        return {}
    account = folder.chart.account(Use(use))
    return {FOR: use, NUMBER: account.number, TITLE: account.title}
