"""Every kind of document that a site with identified parties writes keeps the rules of Peppol BIS 3.

The judge is `tests.peppol`, which knows nothing of our writers; the documents are the attachments of mails as the
composer froze them, and the files of the exports. Each kind is a story of a few acts; all that either site wrote in it
is judged.
"""

from __future__ import annotations

import email.policy
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from email.parser import BytesParser

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import (
    Address,
    OutboundBody,
    Partner,
    Party,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    Site,
)
from intergestan_erp.order_files import order_export
from intergestan_exchange.changes import answer_seller_change
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.outbox.document_data import unidentified
from intergestan_exchange.outbox.preview import preview
from intergestan_msg.as_peppol import Lack
from tests.order_files import import_file
from tests.peppol.check import fatal
from tests.pipeline import test_changes as changing
from tests.pipeline.conftest import Pair
from tests.pipeline.test_holds_and_replay import act, holds
from tests.pipeline.two_sites import SiteUnderTest
from tests.site_factories import a_product

pytestmark = pytest.mark.mainly_on("sqlite")

PLAIN = """ID Pièce;Date;Fournisseur;Ligne;Produit;Quantité;Prix
CFR1;20/11/2026;Stauber;L1;FAI01;2;45,00
CFR1;20/11/2026;Stauber;L2;LOU02;6;15,00
"""
"""An order that says no more than it must: CFR1, L1: 2 × 45, L2: 6 × 15."""

RICH = """ID Pièce;Date;Fournisseur;Nature;Suivi;Livraison souhaitée;Livrer à;Livraison adresse 1;Livraison adresse 2;\
Livraison code postal;Livraison ville;Livraison pays;Ligne;Produit;Quantité;Unité;Prix;Prix pour;Frais de ligne;\
Catégorie de TVA;TVA;GTIN;Remarque;Référence client;Devis;Imputation;Frais;Désignation
CFR1;20/11/2026;Stauber;Noël;Anne Martin;18/12/2026;Chez Lucie;3 quai de la Cloche;Escalier B;68200;Mulhouse;FR;L1;\
FAI01;2,5;kg;45,00;;;S;20;3250390000013;Sans couvercle;R-12;D-7;C-9;;Faitout
;;;;;18/12/2026;;;;;;;L2;LOU02;600;pce;15,00;100;4,00;S;20;;;;;;;Louche
;;;;;21/12/2026;;;;;;;L3;CAS16;1;pce;25,00;;-2,50;E;0;;;;;;;Casserole
;;;;;;;;;;;;;;;;;;;S;20;;;;;;10,00;Port
;;;;;;;;;;;;;;;;;;;;;;;;;;5,00;
;;;;;;;;;;;;;;;;;;;S;20;;;;;;-3,00;
"""
"""An order with all that a table can say, charges and allowances without a reason among it."""

PRICES = {"FAI01": "45", "LOU02": "15", "CAS16": "25", "CAS20": "31"}


@pytest.fixture
def identified(sites: Pair) -> Pair:
    """Both have a number and an address, here and at the other, and the same products at the same prices."""
    lives = {"line1": "12 rue du Sauvage", "postcode": "68100", "city": "Mulhouse", "country": "FR"}
    for site in (sites.buyer, sites.seller):
        with site.database.transaction() as connection:
            connection.execute(update(Site).values(**lives))
            for party in connection.execute(Party.__table__.select()).all():
                connection.execute(insert(Address).values(party_id=party.id, kind="main", **lives))
        site.put_products(*(a_product(code, price) for code, price in PRICES.items()))
    return sites


def attachments(site: SiteUnderTest) -> list[bytes]:
    """The documents in the mails that a site composed."""
    parse = BytesParser(policy=email.policy.default).parsebytes
    parts = [part for row in site.rows(OutboundBody) for part in parse(bytes(row.mime)).walk()]
    return [bytes(part.get_payload(decode=True)) for part in parts if part.get_content_type() == "application/xml"]


def an_order(sites: Pair, table: str = PLAIN) -> None:
    """It reaches the seller."""
    import_file(sites.buyer.database, "orders.csv", table.encode(), by="test")
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    sites.seller.receive(mail)


def answered(sites: Pair) -> None:
    """What the seller has to say reaches the buyer."""
    for mail in sites.seller.compose_requested():
        assert sites.buyer.receive(mail).state == "done"


def a_rich_order(sites: Pair) -> None:
    an_order(sites, RICH)


def an_order_of_a_foreign_firm(sites: Pair) -> None:
    """Which has a VAT number and no other."""
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(Site).values(siret=None, vat_id="DE123456789", country="DE"))
    an_order(sites)


def an_order_to_a_foreign_firm(sites: Pair) -> None:
    with sites.buyer.database.transaction() as connection:
        for table in (Party, Partner):
            connection.execute(update(table).values(siret=None, vat_id="ATU12345675"))
        connection.execute(update(Address).values(country="AT"))
    an_order(sites)


def an_acceptance(sites: Pair) -> None:
    an_order(sites)
    answered(sites)


def an_acceptance_of_a_rich_order(sites: Pair) -> None:
    a_rich_order(sites)
    answered(sites)


def a_receipt(sites: Pair) -> None:
    """The seller's price is another one, so that a person looks at the order."""
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "FAI01").values(sale_price=Decimal(50)))
    an_acceptance(sites)


def a_refusal(sites: Pair) -> None:
    a_receipt(sites)
    (hold,) = holds(sites.seller)
    act(sites.seller, refuse, [hold.ref], "Plus fabriqué")


def an_acceptance_by_hand(sites: Pair) -> None:
    a_receipt(sites)
    (hold,) = holds(sites.seller)
    act(sites.seller, release, [hold.ref])


def the_sellers_change(sites: Pair) -> None:
    """Fewer, later, dearer, another product."""
    an_acceptance(sites)
    changing.own(
        sites,
        quantities={"L1": Decimal(1)},
        prices={"L2": Decimal(16)},
        dates={"L2": date(2026, 12, 24)},
        products={"L2": "CAS20"},
        backorders={"L1": Decimal(1)},
        note="La suite en décembre.",
    )


def a_line_that_will_not_come(sites: Pair) -> None:
    an_acceptance(sites)
    changing.own(sites, quantities={"L1": Decimal(0)})


def an_agreement_to_the_sellers_change(sites: Pair) -> None:
    the_sellers_change(sites)
    changing.decide(sites, answer_seller_change.accept)
    answered(sites)


def a_change(sites: Pair) -> None:
    an_acceptance(sites)
    edits = {"quantities": {"L1": Decimal(5)}, "wanted_date": date(2026, 12, 24), "note": "Noël"}
    sites.seller.receive(changing.edit(sites, **edits))
    answered(sites)


def a_change_without_a_line(sites: Pair) -> None:
    an_acceptance(sites)
    sites.seller.receive(changing.edit(sites, deleted=("L2",)))
    answered(sites)


def a_change_of_a_rich_order(sites: Pair) -> None:
    an_acceptance_of_a_rich_order(sites)
    changing.edit(sites, quantities={"L3": Decimal(2)})


def a_change_of_what_left(sites: Pair) -> None:
    """Answered with code 42."""
    an_acceptance(sites)
    changing.leave(sites, L2=4)
    sites.seller.receive(changing.edit(sites, quantities={"L1": Decimal(5), "L2": Decimal(3)}))
    answered(sites)


def a_cancellation(sites: Pair) -> None:
    an_acceptance(sites)
    sites.seller.receive(changing.cancel(sites))
    answered(sites)


def a_cancellation_of_what_left(sites: Pair) -> None:
    an_acceptance(sites)
    changing.leave(sites, L1=1)
    sites.seller.receive(changing.cancel(sites))
    answered(sites)


KINDS: list[Callable[[Pair], None]] = [
    an_order,
    a_rich_order,
    an_order_of_a_foreign_firm,
    an_order_to_a_foreign_firm,
    an_acceptance,
    an_acceptance_of_a_rich_order,
    a_receipt,
    a_refusal,
    an_acceptance_by_hand,
    the_sellers_change,
    a_line_that_will_not_come,
    an_agreement_to_the_sellers_change,
    a_change,
    a_change_without_a_line,
    a_change_of_a_rich_order,
    a_change_of_what_left,
    a_cancellation,
    a_cancellation_of_what_left,
]


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.__name__) for kind in KINDS])
def test_a_document_in_a_mail_keeps_the_rules(identified: Pair, kind: Callable[[Pair], None]) -> None:
    kind(identified)
    documents = [*attachments(identified.buyer), *attachments(identified.seller)]
    assert documents
    assert [broken for document in documents for broken in fatal(document)] == []


@pytest.mark.parametrize("table", [pytest.param(PLAIN, id="plain"), pytest.param(RICH, id="rich")])
def test_a_file_of_an_export_keeps_the_rules(identified: Pair, table: str) -> None:
    an_order(identified, table)
    documents = []
    for site, kind in ((identified.buyer, order_export.PURCHASE), (identified.seller, order_export.SALES)):
        with site.database.read() as connection:
            ids = order_export.to_export(connection, kind, (), again=True)
            orders = order_export.read_orders(connection, kind, ids)
            documents += [order_export.write_ubl(each) for each in order_export.as_documents(connection, kind, orders)]
    assert documents
    assert [broken for document in documents for broken in fatal(document)] == []


def test_a_file_of_an_export_is_the_same_order(identified: Pair) -> None:
    """What its document makes up (a country, names of charges) is no difference when it comes again."""
    buyer = identified.buyer
    table = RICH.replace(";FR;L1", ";;L1")
    import_file(buyer.database, "orders.csv", table.encode(), by="test")
    with buyer.database.read() as connection:
        ids = order_export.to_export(connection, order_export.PURCHASE, (), again=True)
        orders = order_export.read_orders(connection, order_export.PURCHASE, ids)
        (document,) = order_export.as_documents(connection, order_export.PURCHASE, orders)
    written = order_export.write_ubl(document)
    assert fatal(written) == []
    assert all(text in written for text in (b"Frais / charge", b"Remise / discount"))
    again = import_file(buyer.database, "CFR1.xml", written, by="test")
    assert (again.new, again.there) == ((), ("CFR1",))


def test_the_preview_says_what_documents_lack(identified: Pair) -> None:
    """Data that nobody can make up are named before the mail leaves; a place that names no country is in ours."""
    buyer = identified.buyer
    for table, number in ((PLAIN, "CFR1"), (RICH.replace("CFR1", "CFR2").replace(";FR;L1", ";;L1"), "CFR2")):
        import_file(buyer.database, f"{number}.csv", table.encode(), by="test")
        assert lacks(buyer, number) == ()
    with buyer.database.transaction() as connection:
        connection.execute(update(Site).values(siret=None, vat_id=None))
        connection.execute(update(Partner).values(siret=None, vat_id="XX123"))
        connection.execute(Address.__table__.delete())
    assert lacks(buyer, "CFR1") == (Lack.BUYER, Lack.SELLER, Lack.SELLER_COUNTRY)
    with buyer.database.transaction() as connection:
        connection.execute(update(PurchaseOrderLine).values(unit="ZZZ"))
        found = unidentified(connection)
    assert lacks(buyer, "CFR1")[-1] == "unit"
    assert (found.is_ours_missing, found.partners) == (True, (buyer.row(Partner).name,))


def lacks(site: SiteUnderTest, number: str) -> tuple[str, ...]:
    order = next(row for row in site.rows(PurchaseOrder) if row.number == number)
    with site.database.read() as connection:
        mail = preview(connection, order.supplier_id, [order.id], site.user_id, None)
        assert len(mail.lacking.said) == len(mail.lacking.codes)
    return mail.lacking.codes
