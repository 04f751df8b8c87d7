"""What a mail of answers says to the buyer's clerk: per order, and per changed line, what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from intergestan_msg.pages import figures
from intergestan_msg.pages.orders import columns, facts, listed, product_code
from intergestan_msg.pages.page import Page, Section
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intergestan_msg.answer import AnswerLine, OrderAnswer

_COLUMNS = ("line", "code", "name", "outcome", "quantity", "price", "promised", "remark")


def answers_subject(answers: Sequence[OrderAnswer], language: Language) -> str:
    """The subject: the numbers of the answered orders (the first five of a long list)."""
    ids = listed([answer.order_id for answer in answers], language)
    return WORDS[language]["subject answers"].format(ids=ids)


def answers_page(answers: Sequence[OrderAnswer], language: Language) -> Page:
    """The bodies: each order's outcome, the seller's own number, the reason, and the lines if any changed."""
    words = WORDS[language]
    seller = shown(answers[0].seller.name, 200)
    return Page(
        title=words["answers title"].format(seller=seller),
        intro=words["answers intro"].format(seller=seller),
        sections=tuple(_section(answer, language) for answer in answers),
        closing=(words["what counts"],),
        language=language,
    )


def _section(answer: OrderAnswer, language: Language) -> Section:
    words = WORDS[language]
    pairs = (
        ("change id", answer.change_id),
        ("sales order", answer.sales_order_id),
        ("reason", answer.note),
        ("answer id", answer.id),
    )
    return Section(
        title=words["answer"].format(id=shown(answer.order_id, 200), outcome=words[answer.code]),
        facts=facts(pairs, language),
        columns=columns(_COLUMNS, language) if answer.lines else (),
        rows=tuple(_row(line, language) for line in answer.lines),
    )


def _row(line: AnswerLine, language: Language) -> tuple[str, ...]:
    return (
        shown(line.id, 40),
        product_code(line.item) if line.item else "",
        shown(line.item.name, 400) if line.item else "",
        WORDS[language][line.code],
        "" if line.quantity is None else figures.quantity(line.quantity, line.unit, language),
        _price(line, language),
        figures.period(line.promised, language) if line.promised else "",
        _remark(line, language),
    )


def _price(line: AnswerLine, language: Language) -> str:
    if line.price is None:
        return ""
    return figures.price_per(line.price, line.base_quantity, line.unit, language)


def _remark(line: AnswerLine, language: Language) -> str:
    words = WORDS[language]
    remarks = [shown(line.note, 400)] if line.note else []
    if line.substitute is not None:
        remarks.append(words["replaced by"].format(name=shown(line.substitute.name, 200)))
    if line.backorder is not None:
        remarks.append(_backorder(line.backorder, line.unit, language))
    return "; ".join(remarks)


def _backorder(backorder: Decimal, unit: str | None, language: Language) -> str:
    words = WORDS[language]
    if backorder == 0:
        return words["no backorder"]
    return words["backorder"].format(quantity=figures.quantity(backorder, unit, language))
