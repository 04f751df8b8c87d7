"""The keys of documents in NFC, as we keep and compare them, and back as their reader spells them. Pure.

A partner reads each key as they wrote it, because their release may compare byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from intergestan_msg.answer import AnswerLine, OrderAnswer
from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.identity import nfc
from intergestan_msg.manifest import Manifest
from intergestan_msg.order import Item, Order, OrderLine

Spelled = Mapping[str, str]
"""A key in NFC → how somebody spells it, for those keys alone that they spell otherwise."""

Document = Order | OrderChange | OrderCancellation | OrderAnswer | Manifest
Keyed = TypeVar("Keyed", bound=Document)
Translate = Callable[[str], str]


def normalised(document: Keyed, spelled: dict[str, str]) -> Keyed:
    """A document, or the manifest that lists some, with its keys in NFC.

    :param spelled: gets the spelling of each key that was written otherwise.
    :raises BadDocument: when two of its lines have one id then.
    """
    if all(key.isascii() for key in _keys(document)):
        return document

    def note(key: str) -> str:
        kept = nfc(key)
        if kept != key:
            spelled.setdefault(kept, key)
        return kept

    found: Keyed = _with_keys(document, note)
    return found


def respelled(document: Keyed, spelled: Spelled | None) -> Keyed:
    """A document with its keys as its reader spells them."""
    if not spelled:
        return document
    found: Keyed = _with_keys(document, lambda key: spelled.get(key, key))
    return found


def _keys(document: Document) -> Iterator[str]:
    """Every key, and what is made of one."""
    if isinstance(document, Manifest):
        yield from (listed.id for listed in document.documents)
        yield from (answer.order_id for answer in document.answers)
        return
    yield document.id
    if isinstance(document, OrderChange):
        yield from _keys(document.order)
        return
    if isinstance(document, OrderCancellation):
        yield document.order_id
        return
    if isinstance(document, OrderAnswer):
        yield from filter(None, (document.order_id, document.sales_order_id, document.change_id))
    for line in document.lines:
        yield line.id
        items = (line.item,) if isinstance(line, OrderLine) else (line.item, line.substitute)
        for item in items:
            if item is not None:
                yield from filter(None, (item.buyers_id, item.sellers_id))


def _with_keys(document: Any, translate: Translate) -> Any:
    if isinstance(document, Order):
        return replace(document, id=translate(document.id), lines=_lines(document, translate))
    if isinstance(document, OrderChange):
        changed = replace(document.order, id=translate(document.order.id), lines=_lines(document.order, translate))
        return replace(document, id=_made_of(document.id, document.order.id, translate), order=changed)
    if isinstance(document, OrderCancellation):
        made = _made_of(document.id, document.order_id, translate)
        return replace(document, id=made, order_id=translate(document.order_id))
    if isinstance(document, Manifest):
        return replace(
            document,
            documents=tuple(replace(each, id=translate(each.id)) for each in document.documents),
            answers=tuple(replace(each, order_id=translate(each.order_id)) for each in document.answers),
        )
    number = document.order_id
    return replace(
        document,
        id=_made_of(document.id, number, translate),
        order_id=translate(number),
        sales_order_id=document.sales_order_id and translate(document.sales_order_id),
        change_id=document.change_id and _made_of(document.change_id, number, translate),
        lines=tuple(_answer_line(line, translate) for line in document.lines),
    )


def _made_of(text: str, number: str, translate: Translate) -> str:
    """An identifier that begins with an order's number, such as CFR1/2."""
    return translate(number) + text.removeprefix(number) if text.startswith(number) else translate(text)


def _lines(order: Order, translate: Translate) -> tuple[OrderLine, ...]:
    return tuple(replace(line, id=translate(line.id), item=_item(line.item, translate)) for line in order.lines)


def _answer_line(line: AnswerLine, translate: Translate) -> AnswerLine:
    return replace(
        line,
        id=translate(line.id),
        item=line.item and _item(line.item, translate),
        substitute=line.substitute and _item(line.substitute, translate),
    )


def _item(item: Item, translate: Translate) -> Item:
    return replace(
        item,
        buyers_id=item.buyers_id and translate(item.buyers_id),
        sellers_id=item.sellers_id and translate(item.sellers_id),
    )
