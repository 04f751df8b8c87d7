"""How the order files of a supplier or of a watched folder are written, kept once: their titles, their letters.

A kept title counts more than what the title would mean otherwise; one that is kept as not taken is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from intergestan_db.enums import PartyRole
from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import FileLayout, Party
from intergestan_erp.inputs.table import plain_title
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_csv import COLUMNS
from intergestan_erp.parties.one_party import one_party

NOT_TAKEN: Final = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of such files.

    :ivar titles: by plain title our name of a column, or `NOT_TAKEN`.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    encoding: Encoding | None = None


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose files: a supplier, by code, SIRET, VAT number or name, or a folder."""

    supplier: str | None = None
    folder: Path | None = None

    def row(self, connection: Connection) -> dict[str, Any]:
        """The columns by which the layout is found.

        :raises Problem: nobody is the supplier, or several are.
        """
        if self.folder is not None:
            return {"folder": str(self.folder.resolve())}
        return {"party_id": one_party(connection, self.supplier or "", PartyRole.SUPPLIER).id}


def read_layout(connection: Connection, whose: Whose) -> Layout:
    """What is kept; an empty layout where nothing is."""
    table = FileLayout.__table__
    where = [table.c[name] == value for name, value in whose.row(connection).items()]
    row = connection.execute(select(table).where(*where)).first()
    if row is None:
        return Layout()
    return Layout(dict(row.titles), None if row.encoding is None else Encoding(row.encoding))


def keep_layout(connection: Connection, whose: Whose, layout: Layout) -> None:
    """Keep it in place of what was kept; an empty one is forgotten.

    :raises Problem: a title is to mean what no column is.
    """
    for name in layout.titles.values():
        if name != NOT_TAKEN and name not in COLUMNS:
            raise Problem(
                "There is no column «{name}». There are {known}.",
                ProblemCode.NO_VALUE,
                name=name,
                known=", ".join(COLUMNS),
            )
    row = whose.row(connection)
    table = FileLayout.__table__
    connection.execute(delete(table).where(*(table.c[name] == value for name, value in row.items())))
    if layout != Layout():
        values = {**row, "titles": dict(layout.titles), "encoding": layout.encoding}
        connection.execute(insert(table).values(**values))


@dataclass(frozen=True, slots=True)
class KeptLayout:
    """What is kept of the files of a supplier, by code, or of a folder, as `Layout` has it."""

    supplier: str | None
    folder: str | None
    encoding: str | None
    titles: Mapping[str, str]


def list_layouts(connection: Connection) -> Sequence[KeptLayout]:
    """All that are kept: of suppliers, by code, then of folders."""
    query = select(Party.code, FileLayout.folder, FileLayout.encoding, FileLayout.titles)
    query = query.outerjoin(Party, Party.id == FileLayout.party_id).order_by(Party.code, FileLayout.folder)
    return [KeptLayout(*row) for row in connection.execute(query)]


def titles_of(pairs: Mapping[str, str]) -> dict[str, str]:
    """Titles as they stand in a file, with our name or our title of a column, or `NOT_TAKEN`, as they are kept."""
    names = {plain_title(each): name for name, known in COLUMNS.items() for each in (name, *known)}
    return {plain_title(title): names.get(plain_title(to), to) if to else NOT_TAKEN for title, to in pairs.items()}


def with_layout(options: Options, layout: Layout, supplier: str | None = None) -> Options:
    """What is said of a file, with what is kept; what is said now counts more.

    :param supplier: of rows that name none.
    """
    return replace(
        options,
        encoding=options.encoding or layout.encoding,
        titles=dict(layout.titles),
        supplier=supplier,
    )
