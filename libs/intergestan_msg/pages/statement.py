"""What a mail with a statement says to a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from intergestan_msg.number_ranges import shown as numbers
from intergestan_msg.pages import figures
from intergestan_msg.pages.page import Column, Page, Section
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intergestan_msg.statement import Account, Statement

_SENT = (("complete", "given"), ("void", "void"))
_RECEIVED = (("complete", "arrived"), ("missing", "missing"), ("held", "set aside"))


def statement_subject(name: str, language: Language) -> str:
    """The subject: whose statement it is."""
    return WORDS[language]["subject statement"].format(name=shown(name, 100))


def statement_page(statement: Statement, name: str, language: Language) -> Page:
    """The bodies: the numbers of each direction."""
    words = WORDS[language]
    until = datetime.fromtimestamp(statement.until, UTC)
    day = f"{figures.day(until.date(), language)} {until:%H:%M} UTC"
    values = {"name": shown(name, 200), "until": day}
    return Page(
        title=words["statement title"].format_map(values),
        intro=words["statement intro"].format_map(values),
        sections=(
            _section(words["mails sent"].format_map(values), statement.sent, _SENT, words),
            _section(words["mails received"].format_map(values), statement.received, _RECEIVED, words),
        ),
        closing=(words["statement closing"],),
        language=language,
    )


def _section(
    title: str, accounts: tuple[Account, ...], columns: tuple[tuple[str, str], ...], words: Mapping[str, str]
) -> Section:
    rows = tuple(
        (str(account.epoch), *(numbers(getattr(account, name)) for name, _ in columns), str(account.count))
        for account in accounts
    )
    headings = ("epoch", *(heading for _, heading in columns), "count")
    return Section(title=title, columns=tuple(Column(words[heading]) for heading in headings), rows=rows)
