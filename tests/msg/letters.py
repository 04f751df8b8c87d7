"""Orders, answers, keys and signed mails with fixed contents, for the tests of this folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from intergestan_msg import seal
from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.business_hash import business_hash
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.mail.letter import Attachment, Letter
from intergestan_msg.mail.outgoing import compose_answers, compose_orders
from intergestan_msg.manifest import AnswerNumber, Document, InReplyTo, Manifest, encode
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, Totals
from intergestan_msg.order import (
    Address,
    Contact,
    Delivery,
    Identifier,
    Item,
    Order,
    OrderLine,
    Party,
    Period,
)
from intergestan_msg.pages.words import Language
from intergestan_msg.ubl import write_order, write_order_response

BUYER_KEY = seal.SigningKey(bytes(range(32)))
SELLER_KEY = seal.SigningKey(bytes(range(32, 64)))
STRANGER_KEY = seal.SigningKey(bytes(range(64, 96)))
KEYS = {key.public.kid: key.public for key in (BUYER_KEY, SELLER_KEY)}

ORDERS_ID = "0190f8a0-1b2c-7d3e-8f40-5162738495a6"
ANSWERS_ID = "0190f8a0-2222-7abc-9def-0123456789ab"
COMPOSED = datetime(2020, 11, 15, 9, 30, tzinfo=UTC)

_VAT = TaxCategory("S", Decimal(20))
_SHOP = Party(
    name="Logistique Été & Fils",
    legal_name="Logistique Été et Fils SARL",
    endpoint=Identifier("73282932000074", "0009"),
    legal_id=Identifier("732829320", "0002"),
    vat_id="FR44732829320",
    address=Address("3 rue du Port", None, "13002", "Marseille", None, "FR"),
    contact=Contact("Inès Müller", "+33 4 91 00 00 00", "suivi@logistique.example"),
)
_FACTORY = Party(
    name="Site central",
    legal_name="Site central SA",
    endpoint=Identifier("35600000000048", "0009"),
    legal_id=Identifier("356000000", "0002"),
    vat_id="FR39356000000",
    address=Address("12 rue des Forges", "Bâtiment B", "69007", "Lyon", None, "FR"),
)


def order(number: int = 1, lines: int = 2) -> Order:
    """An order whose every line is 10 pieces at 15 EUR."""
    total = Decimal(150) * lines
    port = AllowanceCharge(is_charge=True, amount=Decimal("10.00"), reason="Port", tax=_VAT)
    exclusive = total + port.amount
    tax = exclusive * Decimal("0.20")
    return Order(
        id=f"CFR{number}",
        issue_date=date(2020, 11, 15),
        issue_time=time(9, 30),
        currency="EUR",
        buyer=_SHOP,
        seller=_FACTORY,
        note="Réassort <semaine 47> & urgent",
        lines=tuple(_line(index) for index in range(1, lines + 1)),
        delivery=Delivery(address=_SHOP.address, wanted=Period(None, date(2020, 11, 20))),
        allowances=(port,),
        tax_amount=tax,
        totals=Totals(
            lines=total,
            charges=port.amount,
            tax_exclusive=exclusive,
            tax_inclusive=exclusive + tax,
            payable=exclusive + tax,
        ),
    )


def _line(index: int) -> OrderLine:
    return OrderLine(
        id=str(index),
        item=Item(f"Vis inox 4×{index * 10}, boîte", sellers_id=f"VIS-{index:03}", buyers_id=f"P{index}", tax=_VAT),
        quantity=Decimal(10),
        unit="C62",
        price=Price(Decimal("15.00")),
        line_total=Decimal("150.00"),
    )


def answer(number: int = 1, code: AnswerCode = AnswerCode.ACCEPTED) -> OrderAnswer:
    """An answer; with code CA: a line accepted, one changed, one refused with a replacement."""
    return OrderAnswer(
        id=f"CFR{number}-R1",
        issue_date=date(2020, 11, 15),
        order_id=f"CFR{number}",
        code=code,
        buyer=_SHOP,
        seller=_FACTORY,
        sales_order_id=None if code is AnswerCode.REJECTED else f"CC{number:05}",
        note="Article supprimé du catalogue" if code is AnswerCode.REJECTED else None,
        lines=_changed_lines() if code is AnswerCode.CHANGED else (),
    )


def _changed_lines() -> tuple[AnswerLine, ...]:
    screw = Item("Vis inox 4×20, boîte", sellers_id="VIS-002")
    return (
        AnswerLine("1", LineCode.ACCEPTED, item=Item("Vis inox 4×10, boîte", sellers_id="VIS-001")),
        AnswerLine(
            "2",
            LineCode.CHANGED,
            item=screw,
            quantity=Decimal(8),
            unit="C62",
            price=Decimal("15.50"),
            promised=Period(date(2020, 11, 23), date(2020, 11, 25)),
            backorder=Decimal(2),
        ),
        AnswerLine("3", LineCode.NOT_ACCEPTED, item=screw, substitute=Item("Vis laiton"), note="Épuisé"),
    )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a test changes before the mail is made: `mail()` signs and composes."""

    letter: Letter
    manifest: Manifest
    orders: tuple[Order, ...] = ()
    answers: tuple[OrderAnswer, ...] = ()
    key: seal.SigningKey = field(default=BUYER_KEY)

    def with_manifest(self, **changes: object) -> Batch:
        return replace(self, manifest=replace(self.manifest, **changes))  # type: ignore[arg-type]

    def with_letter(self, **changes: object) -> Batch:
        return replace(self, letter=replace(self.letter, **changes))  # type: ignore[arg-type]

    def mail(self) -> bytes:
        letter = replace(self.letter, manifest=seal.sign(encode(self.manifest), self.key))
        if self.answers:
            return compose_answers(letter, self.answers)
        return compose_orders(letter, self.orders)


def orders_batch(count: int = 2, lines: int = 2, language: Language = Language.FRENCH) -> Batch:
    orders = tuple(order(number, lines) for number in range(1, count + 1))
    documents = tuple(Attachment(f"{each.id}.xml", write_order(each)) for each in orders)
    letter = Letter(
        sender=EmailAddress("ines@logistique.example", "Inès Müller"),
        to=EmailAddress("appros@site-central.example", "Site central"),
        transfer_id=ORDERS_ID,
        domain="logistique.example",
        date=COMPOSED,
        manifest="",
        documents=documents,
        language=language,
    )
    manifest = Manifest(
        iss="73282932000074",
        aud="35600000000048",
        jti=ORDERS_ID,
        epoch=1,
        seq=7,
        iat=int(COMPOSED.timestamp()),
        kind=Kind.ORDERS,
        documents=tuple(
            replace(listed(DocumentType.ORDER, each.id, document), business_hash=business_hash(each))
            for each, document in zip(orders, documents, strict=True)
        ),
    )
    return Batch(letter=letter, manifest=manifest, orders=orders)


def answers_batch(language: Language = Language.FRENCH) -> Batch:
    answers = tuple(answer(number, code) for number, code in enumerate(AnswerCode, start=1))
    documents = tuple(Attachment(f"{each.id}.xml", write_order_response(each)) for each in answers)
    letter = Letter(
        sender=EmailAddress("appros@site-central.example", "Site central"),
        to=EmailAddress("ines@logistique.example"),
        transfer_id=ANSWERS_ID,
        domain="site-central.example",
        date=COMPOSED,
        manifest="",
        documents=documents,
        language=language,
        in_reply_to=f"<{ORDERS_ID}@logistique.example>",
    )
    manifest = Manifest(
        iss="35600000000048",
        aud="73282932000074",
        jti=ANSWERS_ID,
        epoch=1,
        seq=3,
        iat=int(COMPOSED.timestamp()),
        kind=Kind.ANSWERS,
        documents=tuple(
            listed(DocumentType.RESPONSE, each.id, document) for each, document in zip(answers, documents, strict=True)
        ),
        in_reply_to=InReplyTo(ORDERS_ID, "ab" * 32),
        answers=tuple(AnswerNumber(each.order_id, 1) for each in answers),
    )
    return Batch(letter=letter, manifest=manifest, answers=answers, key=SELLER_KEY)


def listed(kind: DocumentType, document_id: str, attachment: Attachment) -> Document:
    """The manifest's entry for an attachment."""
    return Document(
        type=kind,
        id=document_id,
        revision=1,
        sha256=hashlib.sha256(attachment.content).hexdigest(),
        name=attachment.name,
    )
