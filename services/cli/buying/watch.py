"""`intergestan orders watch`: a folder into which other software puts purchase orders."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, about
from intergestan_runtime.visible_text import visible
from services.cli.buying import taking_files
from services.cli.buying.taking_files import Buyer, InEncoding, Prices, PricesFrom
from services.cli.context import call_of
from services.cli.errors import FAILED, NOT_YET, explain
from services.cli.figures import AnyDates, Dates, DecimalMark
from services.cli.files import whole
from services.cli.output import say

if TYPE_CHECKING:
    from intergestan_erp.order_files.order_files import Imported
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
    encoding: InEncoding = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, then end.")] = False,
) -> None:
    """Enter the purchase orders of every file (UBL, CSV, XLSX, ODS) that other software puts into a folder.

    A file is taken whole and once, also after a power cut, and goes to done/ or refused/ with a report beside it.
    Put files there under a name that ends in .tmp and rename them when they are finished, or in one go.
    """
    from intergestan_erp.order_files.layouts import Whose, read_layout, with_layout
    from intergestan_erp.order_files.order_drop import enter
    from intergestan_erp.order_files.order_reading import LimitedOrders
    from intergestan_erp.order_files.watched_folder import WatchedFolder

    call = call_of(context)
    if folder.resolve() == call.site.data_dir.resolve():
        raise Problem(
            "{folder} is the folder of the site itself: choose another one for the files.",
            ProblemCode.NO_PATH,
            folder=folder,
        )
    with LimitedOrders() as readers:  # before anything is opened
        with call.database.read() as connection:
            who: Any = {"by": call.actor(connection), "place": call.place(connection)}
            layout = read_layout(connection, Whose(folder=folder))
        options = with_layout(taking_files.options(decimal_mark, dates, prices, buyer, encoding), layout)
        wanted: Any = {**who, "options": options, "draft": draft}
        with WatchedFolder(folder, settle) as watched:
            shop = _Counter(watched, partial(enter, call.database, read=readers.read, **wanted))
            if once:
                raise typer.Exit(shop.everything(settle))
            while True:
                shop.look()
                time.sleep(min(LOOK, settle) or LOOK)


class _Counter:
    """Takes what is settled, and deals with it."""

    def __init__(self, watched: WatchedFolder, enter: Callable[[str, str, bytes], Imported]) -> None:
        """:param enter: enters the orders of a file, by its token, name and bytes."""
        self._watched, self._enter = watched, enter
        self._trouble = ""
        self._linked: list[Path] = []

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
        self._say_links()
        return code

    def _deal_with(self, taken: Taken) -> int:
        from intergestan_db.file_tables.reading import Unread
        from intergestan_erp.order_files.watched_folder import DONE, MOST_STRIKES

        name = taken.file.name
        strikes = self._watched.strike(taken)
        if strikes > MOST_STRIKES:
            text = _("Whoever reads the file ends over it, {count} times by now: it is set aside. Make it again.")
            return self._refuse(taken, text.format(count=MOST_STRIKES))
        try:
            with self._watched.opened(taken) as opened:
                data = whole(opened, name)
            imported = self._enter(taken.token, name, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other files must not wait for it
            text, code = explain(error)
            if isinstance(error, Unread) and strikes < MOST_STRIKES:
                self._say_once(text)
                return NOT_YET
            if code == NOT_YET:
                self._watched.forgive(taken)
                self._say_once(about(name, text))
                return NOT_YET
            return self._refuse(taken, text)
        except BaseException:
            self._watched.forgive(taken)
            raise
        report = "\n".join(taking_files.sentences(name, imported))
        self._watched.finish(taken, DONE, f"{visible(report)}\n")
        say(report)
        self._trouble = ""
        return 0

    def _refuse(self, taken: Taken, text: str) -> int:
        from intergestan_erp.order_files.watched_folder import REFUSED

        self._watched.finish(taken, REFUSED, f"{visible(text)}\n")
        name = taken.file.name
        say(text if text.startswith(name) else about(name, text))
        return FAILED

    def _say_links(self) -> None:
        """What is not taken, once."""
        linked = self._watched.linked()
        for file in linked:
            if file not in self._linked:
                text = _("{file} is a link or has a second name, so it is not taken: put a copy of the file there.")
                say(text.format(file=file.name))
        self._linked = linked

    def _say_once(self, text: str) -> None:
        """What keeps a file waiting, not anew at each look."""
        if text != self._trouble:
            say(text)
        self._trouble = text
