"""One key in two encodings is one key: in mails, after the migration, and with a partner of an older release."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from unicodedata import normalize

from sqlalchemy import insert, select, update

from intergestan_db.tables import (
    InboundTransfer,
    Ledger,
    Partner,
    PartnerKey,
    Product,
    ProductMatch,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.outbox import changes
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.seal import SigningKey
from intergestan_msg.ubl import read_order_change, read_order_response
from tests.pipeline.conftest import Pair
from tests.pipeline.older_release import OlderRelease, Upgraded
from tests.site_factories import a_product

NFC, NFD = (normalize(form, "Réappro-7") for form in ("NFC", "NFD"))
LINES = {form: [normalize(form, line) for line in ("Lé1", "Lé2")] for form in ("NFC", "NFD")}
KEYS = {
    "Mulhouse": SigningKey(b"Mulhouse, an older release, 2026"),
    "Stauber": SigningKey(b"Stauber, an older release: 2026!"),
}
RELEASE = OlderRelease("identity", "0011", datetime(2026, 11, 20, 10, tzinfo=UTC), KEYS)


def answer_in(raw: bytes, seller: SigningKey) -> OrderAnswer:
    """The one answer of a mail, as a release reads it that compares bytes."""
    received = read_mail(raw, {seller.public.kid: seller.public})
    ((listed, content),) = received.documents
    answer = read_order_response(content)
    (numbered,) = received.manifest.answers
    assert listed.id == answer.order_id == numbered.order_id
    return answer


def test_a_seller_that_was_upgraded_knows_the_order_again(upgraded: Upgraded) -> None:
    """The order came before, in NFD; it comes again, then its change, from a buyer of an older release."""
    seller = upgraded("Stauber", "seller")
    assert [row.customer_order_number for row in seller.rows(SalesOrder)] == [NFC]
    assert [row.line_id for row in seller.rows(SalesOrderLine)] == LINES["NFC"]
    assert {row.code for row in seller.rows(Product)} == {"CAFÉ-1", "THÉ-2"}
    assert [row.their_code for row in seller.rows(ProductMatch)] == ["thé du matin"]
    assert seller.receive(RELEASE.mail("order")).state == "done"
    assert len(seller.rows(SalesOrder)) == len(seller.rows(Ledger)) == 1
    assert seller.receive(RELEASE.mail("change")).state == "done"
    assert [row.quantity for row in seller.rows(SalesOrderLine)] == [5, 6]
    assert {row.number for row in seller.rows(Ledger)} == {NFC}
    (raw,) = seller.compose_requested()
    answer = answer_in(raw, seller.key)
    assert (answer.order_id, answer.code, answer.change_id) == (NFD, "AP", f"{NFD}/1")


def test_what_a_seller_says_after_the_upgrade_is_spelled_as_the_buyer_spells_it(upgraded: Upgraded) -> None:
    seller = upgraded("Stauber", "seller")
    with seller.database.transaction() as connection:
        wanted = OwnChanges(quantities={LINES["NFC"][1]: Decimal(4)})
        (mail_id,) = change_sales_order(connection, "CCL1", wanted, by="anne", at=seller.database.now()).compose
    answer = answer_in(seller.compose(mail_id), seller.key)
    assert (answer.order_id, answer.code) == (NFD, "CA")
    assert [line.id for line in answer.lines] == LINES["NFD"]


def test_a_buyer_that_was_upgraded_takes_the_answer_of_an_older_seller(upgraded: Upgraded) -> None:
    """Mails that left before quote NFD; what is asked for later is spelled as the order was sent."""
    buyer = upgraded("Mulhouse", "buyer")
    assert [row.number for row in buyer.rows(PurchaseOrder)] == [NFC]
    assert buyer.receive(RELEASE.mail("answer")).state == "done"
    assert buyer.row(PurchaseOrder).state == "accepted"
    with buyer.database.transaction() as connection:
        edits = Edits(quantities={LINES["NFC"][0]: Decimal(5)})
        asked = changes.request_edits(connection, NFC, edits, buyer.user_id, by="anne", at=buyer.database.now())
    received = read_mail(buyer.compose(asked.mail_id), {buyer.key.public.kid: buyer.key.public})
    ((listed, content),) = received.documents
    change = read_order_change(content)
    assert (listed.id, change.order.id, change.id) == (NFD, NFD, f"{NFD}/1")
    assert [line.id for line in change.order.lines] == LINES["NFD"][: len(change.order.lines)]


def test_a_change_that_was_under_way_is_answered_by_an_older_seller(upgraded: Upgraded) -> None:
    buyer = upgraded("Mulhouse", "buyer-changing")
    assert buyer.receive(RELEASE.mail("change-answer")).state == "done"
    assert buyer.row(PurchaseOrderChange).state == "accepted"
    assert [(row.line_id, row.quantity) for row in buyer.rows(PurchaseOrderLine)] == [
        (LINES["NFC"][0], 5),
        (LINES["NFC"][1], 6),
    ]
    assert [row.product_code for row in buyer.rows(PurchaseOrderLine)] == ["CAFÉ-1", "THÉ-2"]


def test_a_seller_that_never_saw_it_books_an_older_buyers_order(sites: Pair) -> None:
    """Its own catalogue is in NFC, and the answer quotes what the buyer wrote, line by line."""
    seller = sites.seller
    with seller.database.transaction() as connection:
        connection.execute(update(Partner).values(price_policy="take_ours"))
        theirs = KEYS["Mulhouse"].public
        pinned = {"partner_id": select(Partner.id).scalar_subquery(), "kid": theirs.kid, "public_key": theirs.raw}
        connection.execute(insert(PartnerKey).values(**pinned, known_at=sites.clock()))
    seller.put_products(a_product("CAFÉ-1", "44"), a_product("THÉ-2", "15"))
    assert seller.receive(RELEASE.mail("order")).state == "done"
    (order,) = seller.rows(SalesOrder)
    assert order.customer_order_number == NFC
    assert [row.line_id for row in seller.rows(SalesOrderLine)] == LINES["NFC"]
    assert all(row.product_id for row in seller.rows(SalesOrderLine))
    assert seller.row(InboundTransfer).spelled[NFC] == NFD
    (raw,) = seller.compose_requested()
    answer = answer_in(raw, seller.key)
    assert (answer.order_id, answer.code, [line.id for line in answer.lines]) == (NFD, "CA", LINES["NFD"])
