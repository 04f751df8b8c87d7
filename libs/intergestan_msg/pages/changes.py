"""What a mail of changes and cancellations says to a clerk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_msg.change import ChangeCode, OrderCancellation, OrderChange
from intergestan_msg.pages.orders import columns, facts, listed, order_facts, order_row, order_totals
from intergestan_msg.pages.page import Page, Section
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intergestan_msg.order import OrderLine

Change = OrderChange | OrderCancellation

_COLUMNS = ("what changes", "line", "code", "name", "quantity", "price", "total")


def changes_subject(changes: Sequence[Change], language: Language) -> str:
    """The subject: buyer and order numbers (the first five of a long list); whether all of them are cancelled."""
    cancelled = all(isinstance(change, OrderCancellation) for change in changes)
    words = WORDS[language]["subject cancellations" if cancelled else "subject changes"]
    ids = listed([order_number(change) for change in changes], language)
    return words.format(buyer=shown(_buyer(changes[0]), 100), ids=ids)


def changes_page(changes: Sequence[Change], language: Language) -> Page:
    """The bodies: per order what changes, line by line, and the totals as they shall be."""
    words = WORDS[language]
    buyer = shown(_buyer(changes[0]), 200)
    return Page(
        title=words["changes title"].format(buyer=buyer),
        intro=words["changes intro"].format(buyer=buyer, count=len(changes)),
        sections=tuple(_section(change, language) for change in changes),
        closing=(words["how to answer"], words["what counts"]),
        language=language,
    )


def order_number(change: Change) -> str:
    """The number of the order that is changed or cancelled."""
    return change.order.id if isinstance(change, OrderChange) else change.order_id


def _buyer(change: Change) -> str:
    return (change.order if isinstance(change, OrderChange) else change).buyer.name


def _section(change: Change, language: Language) -> Section:
    words = WORDS[language]
    number = shown(order_number(change), 200)
    if isinstance(change, OrderCancellation):
        pairs = (("cancelled because", change.reason), ("note", change.note))
        return Section(title=words["cancellation"].format(id=number), facts=facts(pairs, language))
    return Section(
        title=words["change"].format(id=number, sequence=change.sequence),
        facts=order_facts(change.order, language),
        columns=columns(_COLUMNS, language),
        rows=tuple(_row(code, line, language) for code, line in change.lines()),
        totals=order_totals(change.order, language),
    )


def _row(code: ChangeCode, line: OrderLine, language: Language) -> tuple[str, ...]:
    return (WORDS[language][f"change {code}"], *order_row(line, language))
