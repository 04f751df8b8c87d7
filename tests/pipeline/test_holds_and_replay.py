"""What waits for a person, what the person does about it, and taking archived mails in again; on both bases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    OutboundMail,
    OutboundOrder,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
)
from intergestan_erp.catalogue import catalogue
from intergestan_exchange.history.archive_trace import unknown_mails
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.holds.holds import find_hold, list_holds
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import Choice, Chosen, Foreseen, Stray, adopt, choose, foresee
from intergestan_exchange.keys.keys import public_keys
from intergestan_exchange.tracing.brought import brought_by
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.ubl import write_order
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.site_factories import a_product

pytestmark = pytest.mark.mainly_on("postgresql")


def order(sites: Pair, *seller_products: catalogue.ProductRow) -> bytes:
    """CFR1 and CFR2 in one mail to a seller who has only these products; the mail."""
    orders = [cfr1(), cfr2()]
    sites.buyer.put_products(*products_of(*orders))
    sites.seller.put_products(*seller_products)
    sites.buyer.import_orders(*(write_order(each) for each in orders))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1", "CFR2")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return mail


def all_but(code: str) -> list[catalogue.ProductRow]:
    return [product for product in products_of(cfr1(), cfr2()) if product.code != code]


def dearer(code: str) -> list[catalogue.ProductRow]:
    products = products_of(cfr1(), cfr2())
    return [
        replace(product, sale_price=product.sale_price + 1) if product.code == code else product for product in products
    ]


def act(site: SiteUnderTest, what: Any, *arguments: Any) -> None:
    """Release or refuse, and let importer and composer do what they are rung for."""
    with site.database.transaction() as connection:
        bells = what(connection, *arguments, by="anne", at=site.database.now())
    for mail_id in bells.take_in:
        site.importer.take_in(mail_id)
    for mail_id in bells.compose:
        site.composer.compose(mail_id)


def holds(site: SiteUnderTest) -> list[Any]:
    with site.database.read() as connection:
        return list_holds(connection)


def answer(sites: Pair) -> None:
    """The newest answers mail of the seller reaches the buyer."""
    sites.seller.compose_requested()
    newest = sites.seller.rows(OutboundMail)[-1]
    sites.buyer.receive(sites.seller.compose(newest.id))


def purchase_states(sites: Pair) -> dict[str, tuple[str, str | None]]:
    return {row.number: (row.state, row.answer_code) for row in sites.buyer.rows(PurchaseOrder)}


def replay_all(site: SiteUnderTest) -> None:
    with site.database.transaction() as connection:
        ids = [mail.id for mail in choose(connection, Choice())]
        moved = put_back(connection, ids, by="anne", at=site.database.now())
    for mail_id in moved:
        site.importer.take_in(mail_id)


def foreseen(site: SiteUnderTest, pool: ReaderPool, choice: Choice | None = None) -> list[tuple[Chosen, Foreseen]]:
    with site.database.read() as connection:
        keys = public_keys(connection)
        mails = choose(connection, choice or Choice())
        return [
            (mail, foresee(connection, pool.read(site.archive.get(mail.sha256), keys), mail.archived_at))
            for mail in mails
        ]


def effects(site: SiteUnderTest) -> dict[str, list[Any]]:
    """All that a mail can do to a base."""
    tables = (SalesOrder, Ledger, Answer, Hold, OutboundMail, InboundTransfer, PurchaseOrder, PurchaseOrderLine)
    rows = {table.__tablename__: [tuple(row) for row in site.rows(table)] for table in tables}
    rows["ledger"] = [(row.number, row.outcome, row.sales_order_id) for row in site.rows(Ledger)]
    rows["inbound_mail"] = [(row.sha256, row.state, row.reason) for row in site.rows(InboundMail)]
    return rows


def test_releasing_a_price_difference_books_the_partners_price(sites: Pair) -> None:
    mail = order(sites, *dearer("FAI01"))
    sites.seller.receive(mail)
    (hold,) = holds(sites.seller)
    assert (hold.ref, hold.order, hold.partner) == (f"order-{hold.id}", "CFR1", "Mulhouse")
    assert "45" in hold.what("fr")
    assert "libér" in str(hold.advice("fr")).lower()
    assert [row.customer_order_number for row in sites.seller.rows(SalesOrder)] == ["CFR2"]

    sites.clock.move(minutes=1)
    act(sites.seller, release, [hold.ref])
    assert not holds(sites.seller)
    made = sites.seller.row(SalesOrder, customer_order_number="CFR1")
    assert made.total_ht == Decimal(180)
    assert sites.seller.row(Ledger, number="CFR1").waived == ["price_difference"]
    assert sites.seller.row(Event, subject="hold").who == "anne"
    assert sites.seller.row(InboundMail).state == "done"

    answer(sites)
    assert purchase_states(sites)["CFR1"] == ("accepted", "AP")


def test_releasing_twice_is_refused(sites: Pair) -> None:
    sites.seller.receive(order(sites, *dearer("FAI01")))
    (hold,) = holds(sites.seller)
    act(sites.seller, release, [hold.ref])
    with pytest.raises(Problem, match="does not wait any more"):
        act(sites.seller, release, [hold.ref])
    assert len(sites.seller.rows(SalesOrder)) == 2


def test_an_unknown_product_is_created_then_the_order_released(sites: Pair) -> None:
    """G26: until the product is there the order waits, however often it is released."""
    sites.seller.receive(order(sites, *all_but("LOU02")))
    (hold,) = holds(sites.seller)
    assert hold.reason == "unknown_product"

    act(sites.seller, release, [hold.ref])
    (again,) = holds(sites.seller)
    assert again.id != hold.id
    assert sites.seller.row(Hold, id=hold.id).closed_how == "released"

    sites.seller.put_products(a_product("LOU02", "15"))
    act(sites.seller, release, [again.ref])
    assert not holds(sites.seller)
    assert sites.seller.row(SalesOrder, customer_order_number="CFR1").total_ttc == Decimal(216)
    answer(sites)
    assert purchase_states(sites)["CFR1"] == ("accepted", "AP")


def test_a_refused_order_is_answered_with_the_persons_words(sites: Pair) -> None:
    sites.seller.receive(order(sites, *all_but("LOU02")))
    (hold,) = holds(sites.seller)
    act(sites.seller, refuse, [hold.ref], "Nous n'avons plus de louches.")
    assert not holds(sites.seller)
    assert sites.seller.row(Ledger, number="CFR1").outcome == "rejected"
    assert sites.seller.row(Hold).closed_how == "refused"

    answer(sites)
    refused = sites.buyer.row(PurchaseOrder, number="CFR1")
    assert (refused.state, refused.answer_code) == ("rejected", "RE")
    assert refused.answer_note == "Nous n'avons plus de louches."

    sites.seller.put_products(a_product("LOU02", "15"))
    replay_all(sites.seller)
    assert sites.seller.row(Ledger, number="CFR1").outcome == "rejected"


def test_an_order_that_waits_keeps_its_number_and_is_not_answered_anew(sites: Pair) -> None:
    """The same mail again, from the ladder or from a replay, leaves what waits as it is."""
    mail = order(sites, *all_but("LOU02"))
    sites.seller.receive(mail)
    before = effects(sites.seller)
    sites.clock.move(minutes=1)
    sites.seller.receive(b"Received: from elsewhere\r\n" + mail)
    after = effects(sites.seller)
    assert after.pop("inbound_mail") != before.pop("inbound_mail")
    assert after == before


def conflict(sites: Pair) -> str:
    """CFR1 comes again with other content, from a buyer whose base was restored; the hold's ref."""
    sites.seller.receive(order(sites, *products_of(cfr1(), cfr2())))
    answer(sites)
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(PurchaseOrder).values(state="confirmed", note="Autre chose", outbound_mail_id=None))
        connection.execute(update(OutboundOrder).values(live=False))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    sites.seller.receive(sites.buyer.compose(mail_id))
    sites.buyer.mark_sent(mail_id)
    (hold,) = holds(sites.seller)
    return str(hold.ref)


def test_a_conflict_is_not_released(sites: Pair) -> None:
    """The first order stands; nobody can wave another content through."""
    ref = conflict(sites)
    with sites.seller.database.read() as connection:
        assert find_hold(connection, ref).is_conflict
    with pytest.raises(Problem, match="which stands"):
        act(sites.seller, release, [ref])
    assert len(holds(sites.seller)) == 1


def test_a_refused_conflict_leaves_the_first_order_and_tells_the_buyer(sites: Pair) -> None:
    ref = conflict(sites)
    act(sites.seller, refuse, [ref], "La première commande compte.")
    assert not holds(sites.seller)
    assert sites.seller.row(Ledger, number="CFR1").outcome == "created"
    assert sites.seller.row(SalesOrder, customer_order_number="CFR1").note == "Matériel cuisine"
    answer(sites)
    told = sites.buyer.row(PurchaseOrder, number="CFR1")
    assert (told.state, told.answer_code, told.supplier_order_number) == ("waiting", "AB", "CCL1")
    assert told.answer_note == "La première commande compte."

    replay_all(sites.seller)
    assert not holds(sites.seller)


def test_a_held_mail_is_released_or_refused(sites: Pair) -> None:
    """A mail that came too late is imported after all when a person says so; a refused one is answered to nobody."""
    mail = order(sites, *products_of(cfr1(), cfr2()))
    sites.clock.move(days=40)
    assert sites.seller.receive(mail).reason == "too_old"
    (hold,) = holds(sites.seller)
    assert (hold.ref, hold.partner) == ("in-1", "Mulhouse")
    assert hold.since == sites.clock.now
    act(sites.seller, release, [hold.ref])
    assert len(sites.seller.rows(SalesOrder)) == 2

    assert sites.seller.receive(b"Received: x\r\n" + mail[:-400]).state == "held"
    (other,) = holds(sites.seller)
    answers = len(sites.seller.rows(OutboundMail))
    act(sites.seller, refuse, [other.ref], None)
    refused = sites.seller.rows(InboundMail)[-1]
    assert (refused.state, refused.reason) == ("done", None)
    assert len(sites.seller.rows(OutboundMail)) == answers
    with sites.seller.database.read() as connection:
        assert refused.id not in [each.id for each in choose(connection, Choice())]
        assert choose(connection, Choice(shas=(refused.sha256[:10],)))


def test_a_replay_of_the_whole_archive_changes_nothing(sites: Pair, pool: ReaderPool) -> None:
    """Orders, answers, what waits and what is none of ours: all is as before, and so it was foreseen."""
    sites.seller.receive(order(sites, *all_but("LOU02")))
    answer(sites)
    sites.seller.receive(b"From: somebody@else.test\r\nSubject: Hello\r\n\r\nHello!\r\n")
    for site in (sites.seller, sites.buyer):
        before = effects(site)
        plan = foreseen(site, pool)
        assert not any(then.changes(mail) for mail, then in plan)
        sites.clock.move(minutes=1)
        replay_all(site)
        assert effects(site) == before


def test_a_replay_says_what_it_would_change(sites: Pair, pool: ReaderPool) -> None:
    sites.seller.receive(order(sites, *all_but("LOU02")))
    sites.seller.put_products(a_product("LOU02", "15"))
    ((mail, then),) = foreseen(sites.seller, pool)
    assert then.changes(mail)
    assert [(each.number, each.outcome, each.changes) for each in then.documents] == [
        ("CFR1", "created", True),
        ("CFR2", "duplicate", False),
    ]
    since = sites.clock.now
    replay_all(sites.seller)
    assert not foreseen(sites.seller, pool)[0][1].changes(sites.seller.rows(InboundMail)[0])
    with sites.seller.database.read() as connection:
        brought = brought_by(connection, [mail.id], since)
    assert [each.customer_order_number for each in brought.sales_orders] == ["CFR2", "CFR1"]
    assert not brought.holds


def test_a_mail_that_only_the_archive_has_is_adopted(sites: Pair, pool: ReaderPool) -> None:
    """The base was restored from a backup: what came since is in the archive alone."""
    mail = order(sites, *products_of(cfr1(), cfr2()))
    (sha256,) = sites.seller.archive.put_many([mail])
    sites.clock.move(days=40)
    with sites.seller.database.transaction() as connection:
        assert unknown_mails(connection, list(sites.seller.archive.names())) == {sha256}
        reading = pool.read(mail, public_keys(connection))
        assert [each.outcome for each in foresee(connection, reading, sites.clock.now).documents] == ["created"] * 2
        (mail_id,) = adopt(connection, [Stray(sha256, len(mail), sites.clock.now)], by="anne", at=sites.clock.now)
    sites.seller.importer.take_in(mail_id)
    assert len(sites.seller.rows(SalesOrder)) == 2
    with sites.seller.database.read() as connection:
        assert not unknown_mails(connection, list(sites.seller.archive.names()))
