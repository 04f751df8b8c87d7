"""Purchase orders from files that somebody drops: each is taken whole or not at all, and once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from intergestan_db.limited_child.children import NoReader
from intergestan_db.problem import Act, FileProblems, Problem, ProblemCode
from intergestan_erp.inputs.figure import Mark
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_files import Imported, import_file
from intergestan_erp.order_files.product_names import thing_key
from intergestan_erp.people.once import begin_once, end_once
from intergestan_operations.language.file_problems import in_place
from intergestan_operations.language.wording import sentence
from services.console.acting import act_key
from services.console.downloads import as_csv
from services.console.route import FILES
from services.console.visit import Upload, Visit

if TYPE_CHECKING:
    from intergestan_erp.order_files.order_reading import LimitedOrders

FIELD: Final = "fichiers"
NAMES: Final = "noms"
MOST_FAULTS: Final = 200
"""More faults of one file than this nobody reads; the first ones are those to begin with."""
_DONE: Final = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a file.

    :ivar faults: with their places; nothing of the file was taken if there is any. :ivar at: when it was taken already.
    :ivar unnamed: what its lines call things of which nobody has said what they mean.
    """

    file: str
    new: Sequence[str] = ()
    there: Sequence[str] = ()
    said: Sequence[str] = ()
    faults: Sequence[tuple[int | None, str, str]] = ()
    more: int = 0
    at: datetime | None = None
    unnamed: Sequence[str] = ()


class _Before(Exception):
    """This form took the file already; what is written is rolled back."""


def show(visit: Visit) -> Response:
    """The field for the files."""
    return _page(visit, [])


def take(visit: Visit) -> Response:
    """Enter the orders of each file."""
    uploads = visit.files.get(FIELD, ())
    if not uploads:
        return _page(visit, [], missing=True)
    from intergestan_erp.order_files.order_reading import LimitedOrders

    key = act_key(visit)
    with visit.console.readers.of(LimitedOrders) as reader:
        results = [_take_one(visit, reader, f"{key}-{n}", each) for n, each in enumerate(uploads[:FILES], start=1)]
    return _page(visit, results)


def _take_one(visit: Visit, reader: LimitedOrders, key: str, upload: Upload) -> Result:
    data = upload.read()
    draft, any_dates = visit.form.get("brouillon") == "1", visit.form.get("dates_voulues") == "1"
    mark = visit.form.get("decimale", "")
    names = _names(visit.form.get(NAMES, ""))
    options = Options(Mark(mark) if mark in set(Mark) else None, any_dates=any_dates, names=names)
    digest = hashlib.sha256(repr((draft, options)).encode() + data).hexdigest()

    def note(connection: Connection, imported: Imported) -> None:
        path = visit.request.url.path
        before = begin_once(connection, visit.who.user_id, key, route=path, digest=digest, at=visit.now)
        if before is not None:
            raise _Before(before.body, before.at)
        numbers = " ".join((*imported.new, *imported.there))
        end_once(connection, visit.who.user_id, key, status=_DONE, body=numbers)

    try:
        taken = import_file(
            visit.database,
            upload.name,
            data,
            read=reader.read,
            by=visit.who.login,
            draft=draft,
            options=options,
            also=note,
        )
    except _Before as before:
        return Result(upload.name, there=before.args[0].split(), at=before.args[1])
    except FileProblems as problems:
        found = [(fault.row, fault.column or "", _text(visit, fault)) for fault in problems.faults[:MOST_FAULTS]]
        named = (fault.values["name"] for fault in problems.faults if Act.SAY_WHAT_IS_NAMED in fault.next)
        unnamed = list(dict.fromkeys(str(name) for name in named))[:MOST_FAULTS]
        return Result(upload.name, faults=found, more=max(0, len(problems.faults) - MOST_FAULTS), unnamed=unnamed)
    except Problem as problem:
        return Result(upload.name, faults=[(None, "", _text(visit, problem))])
    except NoReader:
        unread = Problem("No file can be read at the moment; nothing was taken. Try again.", ProblemCode.READER_DIED)
        return Result(upload.name, faults=[(None, "", sentence(unread, visit.language))])
    said = [*(in_place(remark, visit.language) for remark in taken.said), *map(visit.say, taken.doubts)]
    return Result(upload.name, taken.new, taken.there, said)


def _names(typed: str) -> dict[str, str]:
    """What names of things mean, a line each; one that says no code says nothing."""
    pairs = (line.rpartition("=") for line in typed.splitlines())
    return {thing_key(name): code.strip() for name, _, code in pairs if name.strip() and code.strip()}


def _asked(visit: Visit, results: Sequence[Result]) -> str:
    """What was typed of names, and a line for each of which nothing is said yet."""
    typed = [line.strip() for line in visit.form.get(NAMES, "").splitlines() if line.strip()]
    there = {thing_key(line.rpartition("=")[0]) for line in typed}
    unnamed = dict.fromkeys(name for each in results for name in each.unnamed)
    return "\n".join([*typed, *(f"{name}=" for name in unnamed if thing_key(name) not in there)])


def _text(visit: Visit, fault: Problem) -> str:
    return sentence(fault, visit.language)


def _page(visit: Visit, results: Sequence[Result], *, missing: bool = False) -> Response:
    failed = missing or any(each.faults for each in results)
    return visit.html(
        "orders/import.html",
        status=422 if failed else 200,
        results=results,
        missing=missing,
        draft=visit.form.get("brouillon") == "1",
        any_dates=visit.form.get("dates_voulues") == "1",
        mark=visit.form.get("decimale", ""),
        names=_asked(visit, results) if failed else "",
        most=FILES,
    )


def model(visit: Visit) -> StreamingResponse:
    """An empty file with the titles that are read, and a row to show how."""
    from intergestan_erp.order_files.order_csv import COLUMNS

    names = (
        "number",
        "date",
        "supplier",
        "note",
        "wanted_date",
        "product",
        "name",
        "quantity",
        "unit",
        "price",
        "vat_rate",
    )
    day = visit.day(visit.today)
    row = ("", day, "STAUBER", "Matériel cuisine", "", "CAS20", "Casserole 20 cm", "12", "pièce", "15,00", "20")
    titles = [COLUMNS[name][0] for name in names]
    return as_csv(visit, "modele-commandes", "", titles, iter([row]), headed=False)
