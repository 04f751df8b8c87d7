"""What a mail of orders says to a clerk."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from intergestan_msg.pages import figures
from intergestan_msg.pages.page import Column, Fact, Page, Section
from intergestan_msg.pages.words import WORDS, Language
from intergestan_msg.plain_text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intergestan_msg.money import AllowanceCharge
    from intergestan_msg.order import Contact, Delivery, Item, Order, OrderLine

_COLUMNS = ("line", "code", "name", "quantity", "price", "total")
_FIGURES = {"quantity", "price", "total"}
_IDS_IN_SUBJECT = 5


def orders_subject(orders: Sequence[Order], language: Language) -> str:
    """The subject: buyer, order numbers (the first five of a long list) and the total without VAT."""
    words = WORDS[language]
    ids = listed([order.id for order in orders], language)
    subject = words["subject orders"].format(buyer=shown(orders[0].buyer.name, 100), ids=ids)
    total = _grand_total(orders, language)
    return f"{subject} — {total}" if total else subject


def orders_page(orders: Sequence[Order], language: Language) -> Page:
    """The bodies: each order with its facts, lines and totals, and how to answer."""
    words = WORDS[language]
    buyer = shown(orders[0].buyer.name, 200)
    intro = words["orders intro"].format(buyer=buyer, count=len(orders))
    total = _grand_total(orders, language)
    return Page(
        title=words["orders title"].format(buyer=buyer),
        intro=f"{intro} {words['in all'].format(total=total)}" if total else intro,
        sections=tuple(_section(order, language) for order in orders),
        closing=(words["how to answer"], words["what counts"]),
        language=language,
    )


def listed(ids: list[str], language: Language) -> str:
    """The first order numbers, and how many more there are."""
    text = ", ".join(shown(order_id, 40) for order_id in ids[:_IDS_IN_SUBJECT])
    more = len(ids) - _IDS_IN_SUBJECT
    return text if more <= 0 else WORDS[language]["and more"].format(ids=text, count=more)


def columns(names: tuple[str, ...], language: Language) -> tuple[Column, ...]:
    """The table's columns, with the headings of the language."""
    words = WORDS[language]
    return tuple(Column(words[name], is_figure=name in _FIGURES) for name in names)


def facts(pairs: Sequence[tuple[str, str | None]], language: Language) -> tuple[Fact, ...]:
    """Those facts that are known, labelled in the language."""
    words = WORDS[language]
    return tuple((words[key], shown(value)) for key, value in pairs if value)


def product_code(item: Item) -> str:
    """The seller's code, else the buyer's: what the reader of either side knows it by."""
    return shown(item.sellers_id or item.buyers_id or "", 60)


def _grand_total(orders: Sequence[Order], language: Language) -> str:
    """The total without VAT, per currency; empty when no order says one."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        if order.totals is not None:
            sums[order.currency] += _tax_exclusive(order)
    amounts = " + ".join(figures.money(total, currency, language) for currency, total in sums.items())
    return WORDS[language]["excl. VAT"].format(amount=amounts) if sums else ""


def _tax_exclusive(order: Order) -> Decimal:
    totals = order.totals
    assert totals is not None
    return totals.lines if totals.tax_exclusive is None else totals.tax_exclusive


def _section(order: Order, language: Language) -> Section:
    words = WORDS[language]
    return Section(
        title=words["order"].format(id=shown(order.id, 200), date=figures.day(order.issue_date, language)),
        facts=order_facts(order, language),
        columns=columns(_COLUMNS, language),
        rows=tuple(order_row(line, language) for line in order.lines),
        totals=order_totals(order, language),
    )


def order_facts(order: Order, language: Language) -> tuple[Fact, ...]:
    """What the head of an order says."""
    wanted = order.delivery.wanted if order.delivery else None
    pairs = (
        ("note", order.note),
        ("customer reference", order.customer_reference),
        ("quotation", order.quotation_id),
        ("delivery", _place(order.delivery)),
        ("wanted", figures.period(wanted, language) if wanted else None),
        ("delivery terms", order.delivery_terms),
        ("payment terms", order.payment_terms),
        ("contact", _contact(order.buyer.contact)),
    )
    return facts(pairs, language)


def _place(delivery: Delivery | None) -> str | None:
    if delivery is None:
        return None
    name = delivery.party.name if delivery.party else None
    return _joined(name, str(delivery.place or ""))


def _contact(contact: Contact | None) -> str | None:
    return _joined(contact.name, contact.telephone, contact.email) if contact else None


def _joined(*pieces: str | None) -> str:
    return ", ".join(filter(None, pieces))


def order_row(line: OrderLine, language: Language) -> tuple[str, ...]:
    """A line's id, code, name, quantity, price and amount."""
    quantity = "" if line.quantity is None else figures.quantity(line.quantity, line.unit, language)
    total = "" if line.line_total is None else figures.unit_price(line.line_total, language)
    note = f" ({line.note})" if line.note else ""
    if line.wanted is not None:
        note += f" ({WORDS[language]['wanted']}: {figures.period(line.wanted, language)})"
    return (
        shown(line.id, 40),
        product_code(line.item),
        shown(line.item.name + note, 400),
        quantity,
        _price(line, language),
        total,
    )


def _price(line: OrderLine, language: Language) -> str:
    price = line.price
    if price is None:
        return ""
    return figures.price_per(price.amount, price.base_quantity, price.base_unit or line.unit, language)


def order_totals(order: Order, language: Language) -> tuple[Fact, ...]:
    """The charges of an order, and its totals."""
    amounts = [(_charge_label(charge, language), charge.amount) for charge in order.allowances]
    if order.totals is not None:
        words = WORDS[language]
        amounts.append((words["tax exclusive"], _tax_exclusive(order)))
        amounts += [(words["tax"], order.tax_amount)] if order.tax_amount is not None else []
        if order.totals.tax_inclusive is not None:
            amounts.append((words["tax inclusive"], order.totals.tax_inclusive))
    return tuple((label, figures.money(amount, order.currency, language)) for label, amount in amounts)


def _charge_label(charge: AllowanceCharge, language: Language) -> str:
    label = WORDS[language]["charge" if charge.is_charge else "allowance"]
    return f"{label} ({shown(charge.reason, 100)})" if charge.reason else label
