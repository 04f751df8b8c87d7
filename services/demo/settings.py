"""What the demo is asked to do; its command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from intergestan_msg.order_rules import MAX_LINES

MOST_SITES = 20
"""Each has five processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How large the demo is and what it leaves behind.

    :ivar orders: of all distributors together, the two reference orders (G11) among them.
    :ivar sites: the logistics base and its distributors.
    :ivar keep: a new or empty folder for all that is made; None: a temporary one.
    :ivar serve: go on running after the result.
    :ivar agencies: play the cases of three agencies of one site instead, which needs no mail.
    :ivar language: `fr` or `en`, of the demo's words and of the sites' mails.
    """

    orders: int
    sites: int
    lines: int
    keep: Path | None
    serve: bool
    agencies: bool
    as_json: bool
    language: str


def parse(argv: Sequence[str]) -> Options:
    """The options of a command line; ends the program with 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="intergestan demo", description="Two or more sites on this machine send each other orders by mail."
    )
    parser.add_argument("--orders", type=_between(2, 100_000), default=10, help="how many orders travel")
    parser.add_argument("--sites", type=_between(2, MOST_SITES), default=3, help="the base and its distributors")
    parser.add_argument("--lines", type=_between(1, MAX_LINES), default=8, help="lines of each generated order")
    parser.add_argument("--keep", type=_absolute, metavar="DIR", help="leave everything in this new or empty folder")
    parser.add_argument("--serve", action="store_true", help="go on running until Ctrl-C")
    parser.add_argument(
        "--agencies", action="store_true", help="three agencies of one site instead: stock and invoices"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--lang", choices=("fr", "en"), default=_spoken(), help="language; LANG by default")
    given = parser.parse_args(argv)
    if given.agencies and given.serve:
        parser.error("--agencies runs no services, so there is nothing to --serve")
    return Options(
        orders=given.orders,
        sites=given.sites,
        lines=given.lines,
        keep=given.keep,
        serve=given.serve,
        agencies=given.agencies,
        as_json=given.json,
        language=given.lang,
    )


def _between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value

    return number


def _absolute(text: str) -> Path:
    return Path(text).absolute()


def _spoken() -> str:
    """`LANGUAGE` is what `intergestan --lang` sets."""
    named = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    first = next((name for name in named if name), "")
    return "fr" if first.lower().startswith("fr") else "en"
