"""Products: the list and each one; a file of them, looked at before it is taken; how far a partner's have drifted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.limited_child.children import NoReader
from intergestan_db.problem import FileProblems, Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_erp.catalogue.catalogue import Put
from intergestan_erp.catalogue.catalogue_drift import Digest
from intergestan_erp.catalogue.catalogue_reading import CatalogueAsked, CatalogueReading, LimitedCatalogues
from intergestan_erp.catalogue.foreseen import Foreseen, foresee_products
from intergestan_erp.catalogue.whole_catalogue import foresee_catalogue, put_catalogue, read_catalogue, read_known
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.listing.products import WhichProducts, list_families, list_products, show_product
from intergestan_exchange.partners.catalogue_compared import Compared, compared
from intergestan_exchange.partners.partners import find_partner, list_partners
from intergestan_operations.language.file_problems import in_place
from intergestan_operations.language.labels import DRIFTS
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, done_before, once
from services.console.pages import availability
from services.console.pages.filters import paging_of
from services.console.pages.given_file import MOST_SHOWN, Given, faults_of, given_file, no_reader
from services.console.visit import Visit

PATH: Final = "/produits"
NARROWING: Final = ("texte", "famille", "hors")
WORDS: Final = {
    "name": marked("Description"),
    "unit": marked("Unit"),
    "sale_price": marked("Sale price"),
    "purchase_price": marked("Purchase price"),
    "vat_category": marked("VAT category"),
    "vat_rate": marked("VAT rate"),
    "gtin": "GTIN",
    "family": marked("Family"),
    "subfamily": marked("Sub-family"),
    "active": marked("In use"),
    "service": marked("Service"),
}
"""The fields of a product."""


def show_list(visit: Visit) -> Response:
    """A page of the products; filter and place stand in the address."""
    paging = paging_of(visit, PATH, NARROWING)
    family, text = visit.query.get("famille", "").strip(), visit.query.get("texte", "").strip()
    wanted = WhichProducts(family=family or None, text=text or None, out_of_use=visit.query.get("hors") == "1")
    with visit.database.read() as connection:
        page = list_products(connection, wanted, **paging.where)
        families = list_families(connection)
    return visit.html(
        "catalogue/list.html",
        page=page,
        paging=paging,
        families=families,
        family=family,
        text=text,
        out_of_use=wanted.out_of_use,
        is_narrowed=any(paging.narrowing.values()),
        may_set=may(Right.SET_PRODUCTS, visit.person),
    )


def show_one(visit: Visit) -> Response:
    """One product: its card, or where stock is managed one of the tabs about that."""
    tab = visit.query.get(availability.TAB, "")
    if tab == availability.AVAILABLE:
        return availability.show(visit)
    if tab == availability.MOVES:
        return availability.show_moves(visit)
    with visit.database.read() as connection:
        product = show_product(connection, visit.params["code"])
    if product is None:
        return faults.page(visit, 404)
    tabs = availability.tabs_of(product.code) if visit.site.standing.manages_stock else []
    return visit.html("catalogue/product.html", product=product, tabs=tabs, tab="")


def show_import(visit: Visit) -> Response:
    """The field for the file."""
    return _import_page(visit, None)


def take(visit: Visit) -> Response:
    """Look at a file; or take it, if it would still do what was shown."""
    takes = visit.form.get("faire") == "prendre"
    before = done_before(visit) if takes else None
    if before is not None:
        return before
    try:
        given = given_file(visit)
        reading = _read(visit, given)
    except FileProblems as problems:
        return _import_page(visit, None, problems=problems)
    except Problem as problem:
        return _import_page(visit, None, problem=problem)
    if not takes:
        return _looked_at(visit, given, reading)

    def do(connection: Connection) -> Done:
        if visit.form.get("vu") != _foreseen(connection, reading).digest:
            raise _changed()
        put = put_catalogue(connection, reading.catalogue)
        if visit.form.get("sommes") != _sums(put):
            raise _changed()
        products = put["products"]
        said = Said(
            "{file}: {added} new, {changed} changed, {equal} as before.",
            file=given.name,
            added=str(products.added),
            changed=str(products.changed),
            equal=str(products.equal),
        )
        for text in _beside(given.name, put):
            said = Said("{first} {second}", first=said, second=text)
        return Done(to=PATH, said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return _looked_at(visit, given, reading, problem)


def _looked_at(visit: Visit, given: Given, reading: CatalogueReading, problem: Problem | None = None) -> Response:
    """What the file would do, after what kept it from being taken, if it was to be."""
    try:
        with visit.database.snapshot() as connection:
            found = _foreseen(connection, reading)
        with visit.database.transaction() as connection:
            put = foresee_catalogue(connection, reading.catalogue)
    except Problem as why:
        return _import_page(visit, None, problem=why)
    return _import_page(visit, given, found=found, put=put, reading=reading, problem=problem)


def _changed() -> Problem:
    return Problem(
        "The products changed since the file was looked at: look again, then take it.", ProblemCode.CHANGED_MEANWHILE
    )


def _foreseen(connection: Connection, reading: CatalogueReading) -> Foreseen:
    there = {row.code: row for row in read_catalogue(connection).products}
    return foresee_products(there, reading.catalogue.products)


def _sums(put: Mapping[str, Put]) -> str:
    """By which it is known that a file does to families and components, too, what it would have done."""
    return " ".join(f"{subject}={each.added}/{each.changed}/{each.equal}" for subject, each in put.items())


def _beside(file: str, put: Mapping[str, Put]) -> list[Counted]:
    """What a file does beside its products, as far as it speaks of it."""
    said = []
    for subject, each in put.items():
        counts: dict[str, Any] = {"file": file, "added": each.added, "changed": each.changed, "equal": each.equal}
        if subject == "products" or not (each.added or each.changed or each.equal):
            continue
        if subject == "families":
            text = Counted(
                "{file}: {added} new family, {changed} changed, {equal} as before.",
                "{file}: {added} new families, {changed} changed, {equal} as before.",
                each.added,
                **counts,
            )
        elif subject == "subfamilies":
            text = Counted(
                "{file}: {added} new sub-family, {changed} changed, {equal} as before.",
                "{file}: {added} new sub-families, {changed} changed, {equal} as before.",
                each.added,
                **counts,
            )
        else:
            text = Counted(
                "{file}: {added} new component, {changed} changed, {equal} as before.",
                "{file}: {added} new components, {changed} changed, {equal} as before.",
                each.added,
                **counts,
            )
        said.append(text)
    return said


def _read(visit: Visit, given: Given) -> CatalogueReading:
    mark = visit.form.get("decimale", "")
    with visit.database.read() as connection:
        known, currency = read_known(connection), read_site(connection).currency
    question = CatalogueAsked(Mark(mark) if mark in set(Mark) else None, currency, known)
    try:
        with visit.console.readers.of(LimitedCatalogues) as reader:
            reading = reader.read(given.name, given.data, question)
    except NoReader as error:
        raise no_reader() from error
    return reading


def _import_page(
    visit: Visit,
    given: Given | None,
    *,
    found: Foreseen | None = None,
    put: Mapping[str, Put] | None = None,
    reading: CatalogueReading | None = None,
    problems: FileProblems | None = None,
    problem: Problem | None = None,
) -> Response:
    status = 422 if problems is not None else 200 if problem is None else faults.status_of(problem)
    return visit.html(
        "catalogue/import.html",
        status=status,
        given=given,
        found=found,
        beside=[] if given is None or put is None else _beside(given.name, put),
        sums="" if put is None else _sums(put),
        said=[] if reading is None else [in_place(each, visit.language) for each in reading.said],
        file_faults=faults_of(visit, problems),
        problem=None if problem is None else sentence(problem, visit.language),
        words=WORDS,
        most=MOST_SHOWN,
        mark=visit.form.get("decimale", ""),
    )


def export(visit: Visit) -> Response:
    """The whole catalogue as a workbook, from which another site may take it."""
    from intergestan_erp.catalogue.catalogue_file import write_workbook

    with visit.database.read() as connection:
        catalogue = read_catalogue(connection)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = Response(write_workbook(catalogue, visit.language), media_type=kind)
    name = f"produits-{visit.today.isoformat()}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def show_drift(visit: Visit) -> Response:
    """The field for their catalogue, or for its digest."""
    return _drift_page(visit)


def drift(visit: Visit) -> Response:
    """What differs between theirs and ours, and whether orders would fail. Nothing is changed."""
    from intergestan_erp.catalogue.digest_reading import LimitedDigests

    we_buy = visit.form.get("sens", "") != "eux"
    try:
        given = given_file(visit)
        with visit.database.read() as connection:
            question = CatalogueAsked(None, read_site(connection).currency)
            partner_id = _partner_id(connection, visit.form.get("correspondant", ""))
        theirs: Digest
        with visit.console.readers.of(LimitedDigests) as reader:
            theirs, _said = reader.read(given.name, given.data, question)
        with visit.database.snapshot() as connection:
            outcome = compared(connection, theirs, partner_id, we_buy=we_buy)
    except FileProblems as problems:
        return _drift_page(visit, problems=problems)
    except NoReader:
        return _drift_page(visit, problem=no_reader())
    except Problem as problem:
        return _drift_page(visit, problem=problem)
    return _drift_page(visit, outcome=outcome, file=given.name)


def _partner_id(connection: Connection, text: str) -> int | None:
    return find_partner(connection, text) if text.strip() else None


def _drift_page(visit: Visit, **found: Any) -> Response:
    outcome: Compared | None = found.get("outcome")
    problem: Problem | None = found.get("problem")
    problems: FileProblems | None = found.get("problems")
    with visit.database.read() as connection:
        partners = list_partners(connection)
    failed = problem is not None or problems is not None
    return visit.html(
        "catalogue/drift.html",
        status=422 if failed else 200,
        outcome=outcome,
        file=found.get("file", ""),
        partners=partners,
        partner=visit.form.get("correspondant", visit.query.get("correspondant", "")),
        direction=visit.form.get("sens", ""),
        drifts=DRIFTS,
        file_faults=faults_of(visit, problems),
        problem=None if problem is None else sentence(problem, visit.language),
        most=MOST_SHOWN,
    )
