"""Catalogues as files: a zip of CSV tables, a workbook with a sheet each, or one CSV of products (G05, G07).

`SUBJECTS` lists the tables with their columns. Any of them may be missing; every fault of all of them is found
at once, also what refers to a code that neither the file nor the base has.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from intergestan_db.file_tables.rows import Rows
from intergestan_db.file_tables.xlsx_table import Cell, write_sheets
from intergestan_db.file_tables.zip_safety import MAGIC, open_zip, read_part
from intergestan_db.problem import Fault, FileProblems
from intergestan_db.tables import ProductFamily, ProductSubfamily
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.catalogue.catalogue_csv import TABLE, product_of, refuse_twice
from intergestan_erp.catalogue.whole_catalogue import Catalogue, Component, Family, KnownCodes, Subfamily
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.identifiers import guarded, in_workbook
from intergestan_erp.inputs.one_table import csv_table
from intergestan_erp.inputs.table import Columns, Titles, plain_title, read_rows
from intergestan_erp.inputs.vat import written_rate
from intergestan_msg.identity import nfc
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class Subject:
    """One table of a catalogue.

    :ivar names: how the part or sheet may be called; the first is the French one, the second the English.
    """

    names: tuple[str, ...]
    table: Columns

    @property
    def columns(self) -> Titles:
        """The titles of its columns, by our names."""
        return self.table.titles

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that it must have."""
        return self.table.required


FAMILIES, SUBFAMILIES, PRODUCTS, COMPONENTS = "families", "subfamilies", "products", "components"

SUBJECTS: Final[Mapping[str, Subject]] = {
    FAMILIES: Subject(
        ("familles", "families", "FAMPROD"),
        Columns({"code": ("Code", "Famille"), "name": ("Nom", "Désignation", "Libellé")}, ("code", "name")),
    ),
    SUBFAMILIES: Subject(
        ("sous-familles", "subfamilies", "SSFAMPROD"),
        Columns(
            {"code": ("Code", "Sous-famille"), "name": ("Nom", "Désignation", "Libellé"), "family": ("Famille",)},
            ("code", "name", "family"),
        ),
    ),
    PRODUCTS: Subject(("produits", "products", "PRODUIT"), TABLE),
    COMPONENTS: Subject(
        ("composants", "components", "LK_PRDPRDCOMP"),
        Columns(
            {"product": ("Produit", "Code"), "component": ("Composant",), "quantity": ("Quantité", "Qté")},
            ("product", "component", "quantity"),
            {"quantity": Figure.QUANTITY},
        ),
    ),
}
_LEFT_OUT = {"family_name", "subfamily_name"}
"""Columns of the products that have a table of their own here."""
_WHERE_SO = {"service"}
"""Columns that are written where a row says yes: releases from before they were known refuse them."""
_MADE = (1980, 1, 1, 0, 0, 0)
"""When the parts of a zip were made: the same catalogue gives the same bytes."""


def read_file(file: str, data: bytes, known: KnownCodes, findings: Findings | None = None) -> Catalogue:
    """The catalogue that a file says, by what its bytes begin with.

    :param known: what the base has, so that the file may refer to it.
    :param findings: what is known of the file, and where what must be known of it goes.
    :raises FileProblems: with every fault; nothing may then be taken.
    """
    found = Findings() if findings is None else findings
    return _Reader(file, known, found).catalogue(dict(_tables(file, data, found)))


def write_csv_zip(catalogue: Catalogue, language: str, *, raw: bool = False) -> bytes:
    """A zip of CSV files as the language's spreadsheets open them; `read_file` gives the same catalogue again.

    :param raw: as `write_csv` has it.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in _written(catalogue, language).items():
            entry = zipfile.ZipInfo(f"{name}.csv", _MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, write_csv(rows, language, raw=raw))
    return buffer.getvalue()


def write_workbook(catalogue: Catalogue, language: str) -> bytes:
    """A workbook with a sheet for each table."""
    return write_book(_written(catalogue, language))


def write_book(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook whose texts are read again as they are."""
    kept = {
        name: [[in_workbook(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        for name, rows in sheets.items()
    }
    return write_sheets(kept)


def write_csv(rows: Sequence[Sequence[Cell]], language: str, *, raw: bool = False) -> bytes:
    """A CSV file with `;` between the cells; in French with decimal commas, or spreadsheets would read dates.

    :param raw: for software, which takes no apostrophe away: without the mark that texts are no formulas. Who opens
        that in a spreadsheet lets it compute what others wrote.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";").writerows([_csv_text(cell, language, raw=raw) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _csv_text(cell: Cell, language: str, *, raw: bool) -> str:
    if isinstance(cell, Decimal):
        text = _with_four_decimals(f"{cell:f}")
        return text.replace(".", ",") if language == "fr" else text
    if cell is None:
        return ""
    return guarded(cell) if isinstance(cell, str) and not raw else str(cell)


def _with_four_decimals(text: str) -> str:
    """A number that nobody takes for thousands: 1.234 as 1.2340."""
    return f"{text}0" if len(text.partition(".")[2]) == len("234") else text


def _written(catalogue: Catalogue, language: str) -> dict[str, list[list[Cell]]]:
    """The tables of a catalogue by name, titles first."""
    index = 0 if language == "fr" else 1
    return {
        subject.names[index]: _table(subject, language, getattr(catalogue, name))
        for name, subject in SUBJECTS.items()
        if getattr(catalogue, name) is not None
    }


def _table(subject: Subject, language: str, rows: Sequence[Any]) -> list[list[Cell]]:
    unsaid = {name for name in _WHERE_SO if not any(getattr(row, name, False) for row in rows)}
    columns = [name for name in subject.columns if name not in _LEFT_OUT | unsaid]
    titles: list[Cell] = [subject.columns[name][0] if language == "fr" else name for name in columns]
    return [titles, *([_cell(name, getattr(row, name), language) for name in columns] for row in rows)]


def _cell(name: str, value: Any, language: str) -> Cell:
    if name == "vat_rate":
        value = written_rate(value)
    if isinstance(value, bool):
        return {True: "oui", False: "non"}[value] if language == "fr" else {True: "yes", False: "no"}[value]
    cell: Cell = value
    return cell.normalize() if isinstance(cell, Decimal) else cell


def _tables(file: str, data: bytes, findings: Findings) -> Iterator[tuple[str, tuple[str, Rows]]]:
    """The tables of a file by subject: what people call each of them, and its rows."""
    if not data.startswith(MAGIC):
        yield PRODUCTS, ("", csv_table(file, data, SUBJECTS[PRODUCTS].table, findings))
        return
    from intergestan_db.file_tables.workbooks import is_workbook, read_sheets

    if is_workbook(file, data):
        sheets = read_sheets(file, data)
        only = next(iter(sheets)) if len(sheets) == 1 else None
        parts: dict[str, Callable[[], Rows]] = {name: lambda rows=rows: rows for name, rows in sheets.items()}  # type: ignore[misc]
    else:
        archive, only = open_zip(file, data), None
        parts = {
            name: lambda name=name: csv_table(  # type: ignore[misc]
                file, read_part(file, archive, name), SUBJECTS[_subject_of(name) or PRODUCTS].table, findings, name
            )
            for name in archive.namelist()
            if not name.startswith("__MACOSX/")  # what macOS adds to every zip
        }
    found = {name: _subject_of(name) or (PRODUCTS if name == only else None) for name in parts}
    _refuse_strange(file, found)
    for name, subject in found.items():
        assert subject is not None
        yield subject, (name, parts[name]())


def _subject_of(name: str) -> str | None:
    stem = plain_title(name.removesuffix(".csv").removesuffix(".CSV"))
    return next((key for key, each in SUBJECTS.items() if stem in map(plain_title, each.names)), None)


def _refuse_strange(file: str, found: Mapping[str, str | None]) -> None:
    known = ", ".join(subject.names[0] for subject in SUBJECTS.values())
    faults = [
        Fault(None, None, "Nobody knows this table. Known are {known}.", part=name, known=known)
        for name, subject in found.items()
        if subject is None
    ]
    subjects = list(found.values())
    faults += [
        Fault(None, None, "The table stands twice: remove one.", part=name)
        for name, subject in found.items()
        if subject is not None and subjects.count(subject) > 1
    ]
    if not found:
        faults.append(Fault(None, None, "The file has no tables. Known are {known}.", known=known))
    if faults:
        raise FileProblems(file, faults)


@dataclass(slots=True)
class _Reader:
    """Reads the tables of one file; `findings` has all that is wrong with any of them.

    :ivar is_whole: whether each table could be read as such.
    """

    file: str
    known: KnownCodes
    findings: Findings
    is_whole: bool = True

    @property
    def faults(self) -> list[Fault]:
        """All that is wrong."""
        return self.findings.faults

    def catalogue(self, tables: Mapping[str, tuple[str, Rows]]) -> Catalogue:
        """The catalogue, if there is no fault at all."""
        rows = {subject: self._rows(subject, *tables[subject]) for subject in SUBJECTS if subject in tables}
        catalogue = Catalogue(
            families=tuple(map(_family, rows.get(FAMILIES, ()))),
            subfamilies=tuple(map(_subfamily, rows.get(SUBFAMILIES, ()))),
            products=tuple(map(product_of, rows.get(PRODUCTS, ()))),
            components=tuple(map(_component, rows[COMPONENTS])) if COMPONENTS in rows else None,
        )
        for subject in (FAMILIES, SUBFAMILIES, PRODUCTS):
            refuse_twice(rows.get(subject, ()))
        _refuse_two_names(rows.get(PRODUCTS, ()))
        if self.is_whole:
            self._check_homes(rows, catalogue)
            self._check_components(rows.get(COMPONENTS, ()), catalogue)
        if not self.faults and not any(rows.values()):
            self.faults.append(Fault(None, None, "The file has titles but no rows."))
        if self.faults:
            places = {part: place for place, (part, _) in enumerate(tables.values())}
            raise FileProblems(
                self.file, sorted(self.faults, key=lambda fault: (places.get(fault.part or "", 0), fault.row or 0))
            )
        return catalogue

    def _rows(self, subject: str, part: str, rows: Rows) -> list[Cells]:
        what = SUBJECTS[subject]
        try:
            return read_rows(self.file, rows, what.table, self.findings, part or None)
        except FileProblems as problems:
            for fault in problems.faults:
                fault.part = fault.part or part or None
            self.findings.faults += problems.faults
            self.is_whole = False  # what refers to this table is not to be blamed
            return []

    def _check_homes(self, rows: Mapping[str, Sequence[Cells]], catalogue: Catalogue) -> None:
        """Each family must exist, and a sub-family be in one of them only."""
        families = self.known.families | {family.code for family in catalogue.families}
        brought = {row.family for row in catalogue.products if row.family_name}
        homes: dict[str, str] = {}
        for cells, subfamily in zip(rows.get(SUBFAMILIES, ()), catalogue.subfamilies, strict=True):
            homes[subfamily.code] = subfamily.family
            if subfamily.family and subfamily.family not in families:
                self._no_family(cells, subfamily.family)
        for cells, product in zip(rows.get(PRODUCTS, ()), catalogue.products, strict=True):
            if FAMILIES in rows and product.family and product.family not in families | brought:
                self._no_family(cells, product.family)
            if product.subfamily and product.family:
                self._check_home(cells, product, homes, listed=SUBFAMILIES in rows)

    def _check_home(self, cells: Cells, product: ProductRow, homes: dict[str, str], *, listed: bool) -> None:
        assert product.subfamily is not None
        assert product.family is not None
        if listed and product.subfamily not in homes and product.subfamily not in self.known.homes:
            cells.fault("subfamily", "Neither the file nor the base has {code}.", code=product.subfamily)
            return
        home = homes.setdefault(product.subfamily, product.family)
        if home != product.family:
            cells.fault(
                "subfamily",
                "The sub-family {code} is in the family {family}: correct one of them.",
                code=product.subfamily,
                family=home,
            )

    def _no_family(self, cells: Cells, code: str) -> None:
        cells.fault("family", "Neither the file nor the base has {code}.", code=code)

    def _check_components(self, rows: Sequence[Cells], catalogue: Catalogue) -> None:
        """Both products must exist; a pair stands once; nothing is made of itself, at any depth."""
        products = self.known.products | {product.code for product in catalogue.products}
        seen: dict[tuple[str, str], int] = {}
        for cells, each in zip(rows, catalogue.components or (), strict=True):
            for column, code in (("product", each.product), ("component", each.component)):
                if code and code not in products:
                    cells.fault(column, "Neither the file nor the base has {code}.", code=code)
            pair = (each.product, each.component)
            if seen.setdefault(pair, cells.row) != cells.row:
                template = "{code} stands in row {row} already: remove one."
                cells.fault("component", template, code=each.component, row=seen[pair])
        looped = _in_loops(self._made_of(catalogue))
        for cells, each in zip(rows, catalogue.components or (), strict=True):
            if each.product and each.product in looped and each.component in looped:
                cells.fault("component", "The product {code} cannot be made of itself.", code=each.product)

    def _made_of(self, catalogue: Catalogue) -> dict[str, set[str]]:
        """What everything will be made of."""
        if catalogue.components is None:
            return {}
        made_of = {product: set(components) for product, components in self.known.made_of.items()}
        for row in catalogue.products:
            made_of.pop(row.code, None)
        for code in {each.product for each in catalogue.components}:
            made_of[code] = set()
        for each in catalogue.components:
            made_of[each.product].add(each.component)
        return made_of


def _refuse_two_names(rows: Sequence[Cells]) -> None:
    """Note products that call their family otherwise than an earlier row does."""
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for cells in rows:
        for column in ("family", "subfamily"):
            code, name = cells.code(column), cells.text(f"{column}_name")
            if code is None or name is None:
                continue
            called, row = first.setdefault((column, code), (nfc(name), cells.row))
            if called == nfc(name):
                continue
            if column == "family":
                cells.fault(
                    "family_name",
                    "The family {code} is called {name} in row {row}: one family has one name. Correct one of them.",
                    code=code,
                    name=called,
                    row=row,
                )
            else:
                cells.fault(
                    "subfamily_name",
                    "The sub-family {code} is called {name} in row {row}: one sub-family has one name. Correct one of "
                    "them.",
                    code=code,
                    name=called,
                    row=row,
                )


def _in_loops(made_of: Mapping[str, set[str]]) -> set[str]:
    """The products of which some are made of themselves: without what ends at others, or begins there."""
    below = _trimmed(made_of)
    used_in: dict[str, set[str]] = {product: set() for product in below}
    for product in below:
        for component in made_of[product] & below:
            used_in[component].add(product)
    return _trimmed(used_in)


def _trimmed(graph: Mapping[str, set[str]]) -> set[str]:
    """The nodes left when those that lead to none of the others are taken away, as long as there are any."""
    left = {node: nexts & graph.keys() for node, nexts in graph.items()}
    comes_from: dict[str, list[str]] = {}
    for node, nexts in left.items():
        for following in nexts:
            comes_from.setdefault(following, []).append(node)
    ends = [node for node, nexts in left.items() if not nexts]
    while ends:
        end = ends.pop()
        del left[end]
        for node in comes_from.get(end, ()):
            left[node].discard(end)
            if not left[node]:
                ends.append(node)
    return set(left)


def _family(cells: Cells) -> Family:
    _check(cells, SUBJECTS[FAMILIES])
    cells.check_width("code", ProductFamily, "code")
    cells.check_width("name", ProductFamily, "name")
    return Family(cells.code("code") or "", cells.text("name") or "")


def _subfamily(cells: Cells) -> Subfamily:
    _check(cells, SUBJECTS[SUBFAMILIES])
    cells.check_width("code", ProductSubfamily, "code")
    cells.check_width("name", ProductSubfamily, "name")
    return Subfamily(cells.code("code") or "", cells.text("name") or "", cells.code("family") or "")


def _component(cells: Cells) -> Component:
    _check(cells, SUBJECTS[COMPONENTS])
    product, component = cells.code("product") or "", cells.code("component") or ""
    return Component(product, component, cells.decimal("quantity") or ZERO)


def _check(cells: Cells, subject: Subject) -> None:
    for column in subject.required:
        if cells.text(column) is None:
            cells.missing(column)
