"""What people see of the demo: progress while it runs, then tables, and where to look."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from services.demo.findings import Result
from services.demo.stage import Site
from services.demo.texts import Say
from services.demo.verdict import Key, Verdict

if TYPE_CHECKING:
    from services.demo.cast import Ports
    from services.demo.guests import Guests

LINES_OF_MAIL = 30
NAMED = 5
"""So many order numbers are named in a sentence, then it says that there are more."""
_PAUSE = 1.0
"""Seconds between two plain lines of progress."""
_WIDTH = 110
"""Characters in a line where there is no terminal that says it."""
_COUNTS = ("orders_out", "mails_out", "mails_in", "sales_orders", "answers", "held")
_FAULTS = ("unsent", "lost", "duplicates", "altered", "unanswered")


class Show:
    """Speaks to a person; to standard error where standard output is for JSON."""

    def __init__(self, say: Say, *, as_json: bool) -> None:
        self._say = say
        stream = sys.stderr if as_json else sys.stdout
        self._console = Console(file=stream, highlight=False, width=None if stream.isatty() else _WIDTH)

    def line(self, name: str, /, **values: object) -> None:
        """A sentence of `texts`."""
        self.text(self._say(name, **values))

    def text(self, text: str) -> None:
        """A line as it is."""
        self._console.print(text, markup=False, soft_wrap=True)

    def bars(self, stages: Sequence[str], total: int) -> Bars:
        """Counts that rise to `total`; a context manager."""
        return Bars(self._console, {stage: self._say(stage) for stage in stages}, total)

    def tables(self, result: Result) -> None:
        """What happened at each site, and how long each step took."""
        sites = Table(self._say("site"), *map(self._figures, (*_COUNTS, "seconds")), box=SIMPLE_HEAD)
        for report in result.reports:
            counts = [str(getattr(report, name)) for name in _COUNTS]
            sites.add_row(report.name, *counts, f"{report.seconds:.1f}")
        steps = Table(self._say("step"), self._figures("seconds"), box=SIMPLE_HEAD)
        for step, seconds in {**result.seconds_by_step, "total": result.seconds}.items():
            steps.add_row(self._say(step), f"{seconds:.1f}")
        self._console.print(sites, steps)

    def verdict(self, result: Result, folder: Path) -> None:
        """One sentence: all is well, or what is missing and where the logs are."""
        if result.verdict.good:
            self.line("good", orders=result.verdict.orders_sent, seconds=result.seconds)
        else:
            self.line("bad", what=self._wrong(result.verdict), logs=folder / "*" / "logs")

    def mail(self, file: Path) -> None:
        """The beginning of a mail as a mail program shows it."""
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content().splitlines() if body is not None else []
        heads = [f"{name}: {mail[name]}" for name in ("From", "To", "Subject", "Date")]
        self.line("mail")
        for line in [*heads, "", *text[:LINES_OF_MAIL]]:
            self.text(f"  {line}")

    def places(self, places: Mapping[str, object]) -> None:
        """What is where, by names of `texts`."""
        self.line("look")
        for name, place in places.items():
            self.text(f"  {self._say(name)}: {place}")

    def commands(self, sites: Iterable[Site]) -> None:
        """What one may try on the command line."""
        self.line("try")
        for site in sites:
            for command in ("status", "orders list --all"):
                self.text(f"  intergestan --config {site.config} {command}")

    def guests(self, guests: Guests, ports: Ports) -> None:
        """What to answer `intergestan setup` that is tried beside the demo."""
        self.line("guests")
        for address, password in guests.passwords.items():
            self.line("guest", address=address, password=password)
        self.line("guest_imap", server=f"localhost:{ports.imaps}")
        self.line("guest_smtp", server=f"localhost:{ports.smtps}")
        self.line("guest_ca", file=guests.ca_file)

    def pages(self, links: Iterable[tuple[str, str]]) -> None:
        """Where a person enters the pages of each site."""
        self.line("pages")
        for site, link in links:
            self.line("page", site=site, link=link)
        self.line("left")

    def _wrong(self, verdict: Verdict) -> str:
        faults: dict[str, tuple[Key, ...]] = {name: getattr(verdict, name) for name in _FAULTS}
        return ", ".join(self._say(name, orders=_named(keys)) for name, keys in faults.items() if keys)

    def _figures(self, name: str) -> Column:
        return Column(self._say(name), justify="right")


class Bars(AbstractContextManager["Bars"]):
    """Bars on a terminal; elsewhere a line now and then."""

    def __init__(self, console: Console, titles: Mapping[str, str], total: int) -> None:
        self._console = console
        self._titles = titles
        self._total = total
        self._last: tuple[float, str] = (0.0, "")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console)
        self._tasks = {stage: self._progress.add_task(title, total=total) for stage, title in titles.items()}
        self._bars = self._progress if console.is_terminal else nullcontext()

    def __enter__(self) -> Self:
        self._bars.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bars.__exit__(*exception)  # type: ignore[arg-type]

    def show(self, counts: Mapping[str, int]) -> None:
        """The counts by stage, as they are now."""
        for stage, count in counts.items():
            self._progress.update(self._tasks[stage], completed=count)
        if not self._console.is_terminal:
            self._show_line(counts)

    def _show_line(self, counts: Mapping[str, int]) -> None:
        done = all(count == self._total for count in counts.values())
        text = ", ".join(f"{title} {counts[stage]}/{self._total}" for stage, title in self._titles.items())
        shown_at, shown = self._last
        if text != shown and (done or time.monotonic() - shown_at >= _PAUSE):
            self._last = (time.monotonic(), text)
            self._console.print(text, markup=False, soft_wrap=True)


def _named(keys: Sequence[Key]) -> str:
    """Order numbers, with the code of the site that sent them."""
    names = [f"{number} ({site})" for site, number in keys[:NAMED]]
    return ", ".join(names) + (" …" if len(keys) > NAMED else "")
