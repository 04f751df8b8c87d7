"""`intergestan orders watch`: a folder into which other software puts purchase orders."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.problem import Problem
from services.cli.buying import taking_files
from services.cli.buying.taking_files import Buyer, Prices, PricesFrom
from services.cli.context import Call, call_of
from services.cli.errors import FAILED, NOT_YET, explain
from services.cli.figures import AnyDates, Dates, DecimalMark
from services.cli.files import read_file
from services.cli.output import say

if TYPE_CHECKING:
    from intergestan_erp.order_files.file_order import Options
    from intergestan_erp.order_files.watched_folder import Taken, WatchedFolder

LOOK = 1.0
"""Seconds between two looks into the folder."""


def watch(
    context: typer.Context,
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it gets taking/, done/ and refused/.")],
    settle: Annotated[float, typer.Option(min=0, help="Seconds for which a file must not change.")] = 2,
    draft: Annotated[bool, typer.Option("--draft", help="Enter them as drafts, not confirmed.")] = False,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    prices: Prices = PricesFrom.CATALOGUE,
    buyer: Buyer = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, then end.")] = False,
) -> None:
    """Enter the purchase orders of every file (UBL, CSV, XLSX) that other software puts into a folder.

    A file is taken whole and once, also after a power cut, and goes to done/ or refused/ with a report beside it.
    Put files there under a name that ends in .tmp and rename them when they are finished, or in one go.
    """
    from intergestan_erp.order_files.watched_folder import WatchedFolder

    call = call_of(context)
    if folder.resolve() == call.site.data_dir.resolve():
        raise Problem("{folder} is the folder of the site itself: choose another one for the files.", folder=folder)
    with call.database.read() as connection:
        by = call.actor(connection)
    with WatchedFolder(folder, settle) as watched:
        shop = _Counter(call, watched, by, taking_files.options(decimal_mark, dates, prices, buyer), draft=draft)
        if once:
            raise typer.Exit(shop.everything(settle))
        while True:
            shop.look()
            time.sleep(min(LOOK, settle) or LOOK)


class _Counter:
    """Takes what is settled, and deals with it."""

    def __init__(self, call: Call, watched: WatchedFolder, by: str, options: Options, *, draft: bool) -> None:
        self._call, self._watched, self._by, self._options, self._draft = call, watched, by, options, draft
        self._trouble = ""

    def everything(self, settle: float) -> int:
        """All that is there now; the exit code."""
        code = self.look()
        time.sleep(settle)
        return max(code, self.look())

    def look(self) -> int:
        """One look: what was left over first. 1 when a file was refused, 75 when one must wait."""
        code = max([self._deal_with(taken) for taken in self._watched.left()], default=0)
        for file in self._watched.settled():
            taken = self._watched.take(file)
            if taken is not None:
                code = max(code, self._deal_with(taken))
        return code

    def _deal_with(self, taken: Taken) -> int:
        from intergestan_erp.order_files.order_drop import enter
        from intergestan_erp.order_files.watched_folder import DONE, REFUSED

        name = taken.file.name
        try:
            data = read_file(taken.file)
            database = self._call.database
            imported = enter(database, taken.token, name, data, by=self._by, draft=self._draft, options=self._options)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other files must not wait for it
            text, code = explain(error)
            if code == NOT_YET:
                self._say_once(f"{name}: {text}")
                return NOT_YET
            self._watched.finish(taken, REFUSED, f"{text}\n")
            say(text if text.startswith(name) else f"{name}: {text}")
            return FAILED
        report = "\n".join(taking_files.sentences(name, imported))
        self._watched.finish(taken, DONE, f"{report}\n")
        say(report)
        self._trouble = ""
        return 0

    def _say_once(self, text: str) -> None:
        """What keeps a file waiting, not anew at each look."""
        if text != self._trouble:
            say(text)
        self._trouble = text
