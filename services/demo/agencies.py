"""`demo --agencies`: three agencies of one site play the cases of orders between them, and each row is compared."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from services.demo.agency_cases import CASES, Row, Story, Text
from services.demo.agency_site import AgencySite, CommandFailed, Terminal, make_agencies
from services.demo.leave import Leave
from services.demo.settings import Options
from services.demo.texts import Say, speaker

DONE, FAILED = 0, 1
_WIDTH = 120


def play(options: Options, folder: Path, leave: Leave) -> int:
    """Play all cases in an empty folder; 0 if every row is as it must be."""
    began = time.monotonic()
    stage = _Stage(options)
    try:
        with Terminal(options.language) as terminal:
            stage.line("agencies_making", folder=folder)
            morning = make_agencies(terminal, folder / "morning")
            for name, (title, _play) in CASES.items():
                leave.check()
                stage.show(title, _rows(morning, folder, name, options.language))
            stage.end(time.monotonic() - began, terminal.typed, folder)
    except CommandFailed as failed:
        stage.line("agencies_failed", line=failed.line, code=failed.said.code, words=failed.said.err or failed.said.out)
        return FAILED
    return DONE if stage.is_good else FAILED


def _rows(morning: AgencySite, folder: Path, name: str, language: str) -> Sequence[Row]:
    story = Story(language)
    CASES[name][1](morning.copy(folder / f"case-{name}"), story)
    return story.rows


class _Stage:
    """What people see of it; standard output is for JSON if that is wanted."""

    def __init__(self, options: Options) -> None:
        self._say: Say = speaker(options.language)
        self._place = ("en", "fr").index(options.language)
        self._as_json = options.as_json
        stream = sys.stderr if options.as_json else sys.stdout
        self._console = Console(file=stream, highlight=False, width=None if stream.isatty() else _WIDTH)
        self._keep = options.keep is not None
        self._shown: list[tuple[Text, Row]] = []

    @property
    def is_good(self) -> bool:
        """Whether each row is as it must be."""
        return all(row.is_right for _title, row in self._shown)

    def line(self, name: str, /, **values: object) -> None:
        """A sentence of `texts`."""
        self._console.print(self._say(name, **values), markup=False, soft_wrap=True)

    def show(self, title: Text, rows: Sequence[Row]) -> None:
        """The table of a case; of a row that is not right also what was found."""
        self._shown += [(title, row) for row in rows]
        table = Table(*map(self._say, ("agencies_after", "agencies_what", "agencies_row")), "", box=SIMPLE_HEAD)
        table.title, table.title_justify = title[self._place], "left"
        before = None
        for row in rows:
            after = row.after[self._place]
            table.add_row("" if after == before else after, row.what[self._place], *_compared(row, self._say))
            before = after
        self._console.print(table)

    def end(self, seconds: float, typed: int, folder: Path) -> None:
        """The verdict, and where things are."""
        wrong = [row for _title, row in self._shown if not row.is_right]
        name = "agencies_bad" if wrong else "agencies_good"
        self.line(name, rows=len(self._shown), wrong=len(wrong), commands=typed, seconds=seconds)
        if self._keep:
            self.line("agencies_look", folder=folder)
        if self._as_json:
            print(json.dumps(self._json(seconds), ensure_ascii=False), flush=True)

    def _json(self, seconds: float) -> dict[str, object]:
        rows = [
            {
                "case": title[self._place],
                "after": row.after[self._place],
                "what": row.what[self._place],
                "expected": row.expected,
                "found": row.found,
                "ok": row.is_right,
            }
            for title, row in self._shown
        ]
        return {"ok": self.is_good, "rows": rows, "seconds": round(seconds, 3)}


def _compared(row: Row, say: Say) -> Iterator[str]:
    if row.is_right:
        yield from (row.expected, "✓")
    else:
        yield from (say("agencies_instead", expected=row.expected, found=row.found), "✗")
