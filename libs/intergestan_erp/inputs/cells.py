"""One row of a table: its cells by our names of the columns, read as what they should be.

What cannot be read is a fault with its place, and counts as absent; nothing is tidied before it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.file_tables.rows import BookCell, Kind, Value
from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Fault, Remark
from intergestan_db.tables import Table
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.inputs.days import read_day
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.identifiers import (
    check_gtin,
    is_error,
    number_as_identifier,
    plain_text,
    read_identifier,
    refuse_error,
)
from intergestan_erp.inputs.number_format import Per, Shown, currency_shown, is_resized, price_for, unit_shown
from intergestan_erp.inputs.numbers import Marks, Written, marks_seen, read_number
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_erp.inputs.vat import CATEGORIES, vat_category
from intergestan_msg.identity import nfc
from intergestan_msg.money import MILLIONTH, ZERO, fits

Read = TypeVar("Read")

_FLAGS = {
    **dict.fromkeys(("oui", "yes", "vrai", "true", "1"), True),
    **dict.fromkeys(("non", "no", "faux", "false", "0"), False),
}


class Findings:
    """What was found in one file, by all of its tables: faults, and what its sender must know.

    :ivar texts: the texts in columns of numbers, which decide about the file's decimal mark.
    :ivar zone: where the days of the file are days of.
    :ivar currency: what its amounts must be in, where the file cannot say that itself; None: whoever reads it compares.
    :ivar encoding: what is said of its bytes, where they are text.
    """

    def __init__(
        self,
        said: Mark | None = None,
        zone: tzinfo | None = None,
        currency: str | None = None,
        encoding: Encoding | None = None,
    ) -> None:
        self.faults: list[Fault] = []
        self.remarks: list[Remark] = []
        self.texts: list[tuple[str, Figure]] = []
        self.zone = zone
        self.currency = currency
        self.encoding = encoding
        self._said = said
        self._marks: Marks | None = None

    @property
    def marks(self) -> Marks:
        """What is known about the decimal mark, once all tables of the file are there."""
        if self._marks is None:
            self._marks = Marks(self._said, marks_seen(self.texts), in_file=True)
        return self._marks


class Cells:
    """One row.

    :ivar row: its number in the file.
    :ivar titles: the titles of the columns in this file, by our names.
    :ivar currencies: the currencies that stood beside amounts, by column.
    """

    __slots__ = ("_codes", "_part", "_read", "_values", "currencies", "findings", "hidden", "row", "titles")

    def __init__(
        self,
        row: int,
        values: Mapping[str, Value],
        titles: Mapping[str, str],
        findings: Findings,
        part: str | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        self.row = row
        self.titles = titles
        self.findings = findings
        self.hidden = hidden
        self.currencies: dict[str, str] = {}
        self._values = values
        self._part = part
        self._codes: dict[str, str | None] = {}
        self._read: dict[str, Any] = {}
        for column, value in values.items():
            if isinstance(value, BookCell):
                self._check_whole(column, value)
            elif self.is_broken(column):
                self._try(column, partial(refuse_error, plain_text(value)))

    def text(self, column: str) -> str | None:
        """The cell as a text, without white space at its ends; None when it is empty or the file has no such column."""
        value = self._values.get(column)
        if value is None or value == "" or self.is_broken(column):
            return None
        if isinstance(value, str):
            return plain_text(value) or None
        return _as_text(value) or None

    def written(self, column: str) -> str | None:
        """The text of a cell that holds one, as it stands there; None for a workbook's number or date."""
        value = self._values.get(column)
        if isinstance(value, BookCell) and value.kind is not Kind.TEXT:
            return None
        return self.text(column)

    def code(self, column: str) -> str | None:
        """An identifier (a number, a code) in NFC: every character can be seen, and no digit was lost."""
        if column not in self._codes:
            self._codes[column] = self._code(column)
        return self._codes[column]

    def once(self, column: str, read: Callable[[Cells, str], Read]) -> Read:
        """What a cell is by a reader, which notes its faults once however often it is asked; one reader a column."""
        if column not in self._read:
            self._read[column] = read(self, column)
        value: Read = self._read[column]
        return value

    def gtin(self, column: str) -> str | None:
        """A GTIN whose last digit checks the others."""
        value = self.code(column)
        if value is not None:
            self._try(column, lambda: check_gtin(value))
        return value

    def decimal(self, column: str, *, signed: bool = False) -> Decimal | None:
        """A quantity: a number with at most 6 decimals, not negative unless `signed`."""
        written = self._written(column, Figure.QUANTITY)
        return None if written is None else self._of_sign(column, written.value, signed=signed)

    def quantity(self, column: str) -> Decimal | None:
        """A quantity above zero."""
        written = self._written(column, Figure.QUANTITY)
        if written is None:
            return None
        if written.value <= 0:
            self.fault(
                column, "The quantity is {value}: write one above zero, or leave the row out.", value=self.text(column)
            )
            return None
        return written.value

    def amount(self, column: str, *, signed: bool = False) -> Decimal | None:
        """A price or an amount, perhaps with its currency before or behind; not negative unless `signed`."""
        written = self._written(column, Figure.AMOUNT)
        if written is None:
            return None
        if not self._note_currencies(column, written.sign):
            return None
        return self._of_sign(column, written.value, signed=signed)

    def rate(self, column: str) -> Decimal | None:
        """A rate in percent, with or without the sign: 20 for `20`, `20 %` and a workbook's 0.2 shown as 20 %."""
        written = self._written(column, Figure.RATE)
        if written is None:
            return None
        if 0 < written.value < 1 and not written.percent:
            self.fault(
                column,
                "{value} may be a fraction (0.2 for 20 %) or a rate below 1 %: write 20 or 20 %, or 0,5 % for half a "
                "percent.",
                value=self.text(column),
            )
            return None
        if not 0 <= written.value <= 100:
            self.fault(column, "{value} is no rate: it is between 0 and 100.", value=self.text(column))
            return None
        return written.value

    def flag(self, column: str) -> bool | None:
        """A yes or no."""
        written = self.text(column)
        if written is None:
            return None
        value = _FLAGS.get(written.casefold())
        if value is None:
            self.fault(column, "«{value}» is neither yes nor no: write oui or non.", value=written)
        return value

    def day(self, column: str) -> date | None:
        """A date, the French way or as ISO 8601; a time behind it is left out."""
        value = self._values.get(column)
        if isinstance(value, BookCell):
            if value.kind is Kind.DAY:
                return value.day
            if value.kind is Kind.NUMBER and value.day is not None:
                self.remark(
                    column, "The cell {cell} has the number {value}, read as the date {day}.", cell=value.place,
                    value=value.text, day=value.day,
                )  # fmt: skip
                return value.day
        written = self.text(column)
        return None if written is None else self._try(column, lambda: read_day(written, self.findings.zone))

    def unit(self, column: str) -> str | None:
        """A unit's code of Recommendation 20, or a word of ours for it."""
        return self._known(
            column,
            unit_code,
            "«{value}» is no unit: write a code of UN/ECE Recommendation 20 such as C62 or KGM, or a word such as "
            "pièce or kg.",
        )

    def unit_shown(self, column: str) -> str | None:
        """The unit that a workbook's number format shows beside a quantity: KGM for 2 shown as 2 kg."""
        value = self._values.get(column)
        if not isinstance(value, BookCell) or value.kind is not Kind.NUMBER:
            return None
        return unit_shown(value.form, Decimal(value.text))

    def price_for(self, column: str) -> Per | None:
        """What a price is for by its format: one KGM for 4.5 shown as 4.50 €/kg."""
        value = self._values.get(column)
        if not isinstance(value, BookCell) or value.kind is not Kind.NUMBER:
            return None
        return price_for(value.form, Decimal(value.text))

    def currency(self, column: str) -> str | None:
        """A currency's ISO code, or a sign that has one meaning."""
        return self._known(column, currency_code, "«{value}» does not name one currency: write its ISO code, like EUR.")

    def country(self, column: str) -> str | None:
        """A country's ISO code, or its name."""
        return self._known(
            column,
            country_code,
            "«{value}» is no country: write its ISO code, like FR, or its name in French or English.",
        )

    def category(self, column: str) -> str | None:
        """A category of VAT."""
        return self._known(
            column, vat_category, "«{value}» is no category of VAT: there are {known}.", known=", ".join(CATEGORIES)
        )

    def check_width(self, column: str, table: type[Table], field: str) -> None:
        """Note a text that is too long for that field of a table."""
        for _, limit in too_long(table, {field: self.text(column)}):
            self.fault(column, "The text is too long: at most {limit} characters fit.", limit=limit)

    def check_own(self, column: str) -> None:
        """Note a value that a row shares with the one above, under a merged cell, where each needs its own."""
        value = self._values.get(column)
        if isinstance(value, BookCell) and value.covered:
            self.fault(
                column,
                "The cell {cell} is merged with the one above: undo that, and give each row its own value.",
                cell=value.place,
            )

    def missing(self, column: str) -> None:
        """Note that a cell that must have a value has none; one that cannot be read was noted already."""
        if not self.is_broken(column):
            self.fault(column, "There is no value: fill the cell in.")

    def is_broken(self, column: str) -> bool:
        """Whether a cell has an error of a spreadsheet in place of a value."""
        value = self._values.get(column)
        if isinstance(value, BookCell):
            return value.kind in {Kind.ERROR, Kind.FORMULA}
        return value is not None and is_error(plain_text(value))

    def fault(self, column: str, template: str, /, **values: Any) -> None:
        """Note a fault of one cell."""
        self.findings.faults.append(
            Fault(self.row, self.titles.get(column, column), template, part=self._part, **values)
        )

    def remark(self, column: str | None, template: str, /, **values: Any) -> None:
        """Note something that the file's sender must know."""
        title = None if column is None else self.titles.get(column, column)
        self.findings.remarks.append(Remark(self.row, title, template, part=self._part, **values))

    def _check_whole(self, column: str, cell: BookCell) -> None:
        if cell.kind is Kind.ERROR:
            self.fault(
                column, "The cell {cell} has the error {error}: correct it in the workbook.", cell=cell.place,
                error=cell.text,
            )  # fmt: skip
        elif cell.kind is Kind.FORMULA:
            self.fault(
                column,
                "The cell {cell} has a formula that nobody computed: open the workbook in a spreadsheet and save it.",
                cell=cell.place,
            )

    def _code(self, column: str) -> str | None:
        value = self._values.get(column)
        if value is None or value == "" or self.is_broken(column):
            return None
        if isinstance(value, BookCell) and value.kind is not Kind.TEXT:
            if value.kind is not Kind.NUMBER:
                self.fault(
                    column,
                    "The cell {cell} has no text, but {value} (a date, a time, a percentage or a yes): format the "
                    "column as text, and type it again.",
                    cell=value.place,
                    value=_as_text(value),
                )
                return None
            number = value
            return self._try(column, lambda: number_as_identifier(number.text, number.form))
        read = self._try(column, lambda: read_identifier(str(value)))
        return None if read is None else nfc(read) or None

    def _written(self, column: str, figure: Figure) -> Written | None:
        value = self._values.get(column)
        if value is None or isinstance(value, str) or value.kind is Kind.TEXT:
            written = self.text(column)
            return (
                None
                if written is None
                else self._try(column, lambda: read_number(written, figure, self.findings.marks))
            )
        if self.is_broken(column):
            return None
        if value.kind is Kind.PERCENT and figure is Figure.RATE:
            return Written(Decimal(value.text), percent=True)
        if value.kind is not Kind.NUMBER:
            self.fault(
                column,
                "The cell {cell} has no number, but {value}: type it again, in a column formatted as a number.",
                cell=value.place,
                value=_as_text(value),
            )
            return None
        number = Decimal(value.text)
        if is_resized(value.form, number):
            self.fault(
                column,
                "The cell {cell} holds {value}, and its number format shows it in another size, such as thousands: "
                "give the column a plain format, and type what is meant.",
                cell=value.place,
                value=value.text,
            )
            return None
        beside = currency_shown(value.form, number) if figure is Figure.QUANTITY else None
        if beside is not None:
            self.fault(
                column,
                "The cell {cell} is shown with «{sign}», and a quantity has no currency: are the columns mixed up?",
                cell=value.place,
                sign=shown(beside.sign),
            )
            return None
        if not fits(number, MILLIONTH):
            self.fault(
                column, "«{value}» is too large, or has more than 6 decimals: write it like 1234,56.", value=value.text
            )
            return None
        return Written(number)

    def _note_currencies(self, column: str, sign: str | None) -> bool:
        """Note the currency that stands beside an amount, or in its format; False, and a fault, where that is none."""
        value = self._values.get(column)
        beside = None if sign is None else Shown(sign, currency_code(sign))
        if isinstance(value, BookCell) and value.kind is Kind.NUMBER:
            beside = currency_shown(value.form, Decimal(value.text))
        if beside is None:
            return True
        if beside.code is None and sign is None and isinstance(value, BookCell):
            self.fault(
                column,
                "The cell {cell} is shown with «{sign}», which does not name one currency: give the column a number "
                "format without it, and write a code like EUR where the currency stands.",
                cell=value.place,
                sign=shown(beside.sign),
            )
        elif beside.code is None:
            self.fault(
                column,
                "«{value}» is no amount: «{sign}» does not name one currency. Write a code like EUR, or the "
                "number alone, like 1234,56.",
                value=shown(self.text(column) or ""),
                sign=shown(beside.sign),
            )
        elif self.findings.currency not in {None, beside.code}:
            self.fault(
                column,
                "The amount is in {code}, and ours are in {ours}: convert it, or leave the row out.",
                code=beside.code,
                ours=self.findings.currency,
            )
        else:
            self.currencies[column] = beside.code
            return True
        return False

    def _of_sign(self, column: str, value: Decimal, *, signed: bool) -> Decimal | None:
        if value < ZERO and not signed:
            self.fault(column, "{value} is negative: write an amount of 0 or more.", value=self.text(column))
            return None
        return value

    def _known(self, column: str, look_up: Callable[[str], str | None], template: str, /, **values: Any) -> str | None:
        written = self.code(column)
        found = None if written is None else look_up(written)
        if written is not None and found is None:
            self.findings.faults.append(
                Fault(
                    self.row, self.titles.get(column, column), template, part=self._part, value=shown(written), **values
                )
            )
        return found

    def _try(self, column: str, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except Unreadable as bad:
            self.findings.faults.append(Fault.at(self.row, self.titles.get(column, column), bad, part=self._part))
            return None


def _as_text(cell: BookCell) -> str:
    """A workbook's cell as a text for people: a number as its format shows it, where that is a code."""
    if cell.kind is Kind.PERCENT:
        return f"{cell.text} %"
    if cell.kind is not Kind.NUMBER:
        return plain_text(cell.text)
    try:
        return number_as_identifier(cell.text, cell.form)
    except Unreadable:
        return cell.text
