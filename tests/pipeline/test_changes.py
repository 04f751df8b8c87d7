"""Changes of mind after sending, on both bases: applied in order, once, refused where goods have left."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from intergestan_db.problem import FileProblems, Problem
from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundMail,
    Ledger,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    Partner,
    Product,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderLine,
    ReviewReply,
    SalesOrder,
    SalesOrderLine,
    Site,
)
from intergestan_erp.order_files.file_order import USUAL
from intergestan_erp.order_files.read_orders import read_here
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_erp.selling.deliveries import deliver
from intergestan_exchange.changes import answer_seller_change, change_sales_order
from intergestan_exchange.changes.change_sales_order import OwnChanges
from intergestan_exchange.holds import review
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.waiting import take_in_ripe
from intergestan_exchange.outbox import changes, outbound
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.manifest import Document
from intergestan_msg.ubl import write_order
from intergestan_runtime import logs
from tests.factories import a_line, an_order, cfr1
from tests.machine_zone import ELSEWHERE, machine_in
from tests.pipeline.conftest import Pair
from tests.pipeline.test_holds_and_replay import act, effects, holds, replay_all
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.site_factories import a_product

MOST = Decimal(999999999999)
pytestmark = pytest.mark.mainly_on("postgresql")


def sent(sites: Pair) -> bytes:
    """CFR1 (L1: 2 × 45, L2: 6 × 15), sent; the mail."""
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(cfr1()), a_product("CAS16", "25"))
    sites.buyer.import_orders(write_order(cfr1()))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return mail


def ordered(sites: Pair) -> None:
    """The same, booked and answered AP."""
    sites.seller.receive(sent(sites))
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def answer(sites: Pair) -> None:
    """Whatever the seller has to say reaches the buyer."""
    for mail in sites.seller.rows(OutboundMail, kind="answers"):
        assert sites.buyer.receive(sites.seller.compose(mail.id)).state == "done"


def ask(sites: Pair, what: Any = changes.request_edits, *arguments: Any) -> bytes:
    """A change or a cancellation is asked for and sent; the mail."""
    buyer = sites.buyer
    with buyer.database.transaction() as connection:
        asked = what(connection, "CFR1", *arguments, buyer.user_id, by="anne", at=buyer.database.now())
    mail = buyer.compose(asked.mail_id)
    buyer.mark_sent(asked.mail_id)
    return mail


def _read(name: str, content: bytes) -> changes.OrderFile:
    return changes.read_order_file(name, content, USUAL, ZoneInfo("Europe/Paris"), read=read_here)


def ask_file(sites: Pair, name: str, content: bytes) -> bytes:
    return ask(sites, changes.request_file, _read(name, content))


def edit(sites: Pair, **edits: Any) -> bytes:
    return ask(sites, changes.request_edits, Edits(**edits))


def cancel(sites: Pair) -> bytes:
    return ask(sites, changes.request_cancellation, "Client parti")


def own(sites: Pair, **changed: Any) -> None:
    """The seller changes the order, and the buyer reads it."""
    seller = sites.seller
    with seller.database.transaction() as connection:
        wanted = OwnChanges(**changed)
        change_sales_order.change_sales_order(connection, "CCL1", wanted, by="jean", at=seller.database.now())
    answer(sites)


def leave(sites: Pair, **quantities: int) -> None:
    wanted = {line: Decimal(quantity) for line, quantity in quantities.items()}
    with sites.seller.database.transaction() as connection:
        deliver(connection, "CCL1", wanted, by="jean", at=sites.seller.database.now())


def bought(sites: Pair) -> dict[str, tuple[Any, ...]]:
    return {
        line.line_id: (line.product_code, line.quantity, line.price) for line in sites.buyer.rows(PurchaseOrderLine)
    }


def sold(sites: Pair) -> dict[str, tuple[Any, ...]]:
    return {line.line_id: (line.product_code, line.quantity, line.price) for line in sites.seller.rows(SalesOrderLine)}


def agreed(sites: Pair) -> None:
    """Both sides have the same lines and totals."""
    assert bought(sites) == sold(sites)
    order, sale = sites.buyer.row(PurchaseOrder), sites.seller.row(SalesOrder)
    assert (order.total_ht, order.total_vat, order.total_ttc) == (sale.total_ht, sale.total_vat, sale.total_ttc)
    assert (order.note, order.wanted_date, order.revision) == (sale.note, sale.wanted_date, sale.revision)


def change_states(sites: Pair) -> list[tuple[str, str | None]]:
    return [(row.state, row.answer_code) for row in sites.buyer.rows(PurchaseOrderChange)]


def test_a_change_to_figures_that_nobody_could_state(sites: Pair) -> None:
    ordered(sites)
    before = bought(sites)
    for asked, changed in ((edit, 2), (own, 100_000)):
        with pytest.raises(Problem, match=r"Nothing was changed: line L1 .*digits before"):
            asked(sites, quantities={"L1": Decimal(changed)}, prices={"L1": MOST})
    with pytest.raises(Problem, match=r"Nothing was changed: a total of CCL1 .*16 digits"):
        own(sites, quantities=dict.fromkeys(("L1", "L2"), Decimal(9000)), prices=dict.fromkeys(("L1", "L2"), MOST))
    assert bought(sites) == sold(sites) == before


def test_a_change_is_applied_and_answered(sites: Pair) -> None:
    """A quantity, a price, a date and a note; the order stays as it was until the seller has agreed."""
    ordered(sites)
    edits = {"quantities": {"L1": Decimal(5)}, "wanted_date": date(2020, 12, 24), "note": "Noël"}
    mail = edit(sites, **edits)
    assert bought(sites)["L1"] == ("FAI01", 2, 45)
    assert change_states(sites) == [("waiting", None)]
    assert sites.seller.receive(mail).state == "done"
    assert sold(sites)["L1"] == ("FAI01", 5, 45)
    assert sites.seller.row(SalesOrder).total_ht == Decimal(315)
    answer(sites)
    assert change_states(sites) == [("accepted", "AP")]
    agreed(sites)
    order = sites.buyer.row(PurchaseOrder)
    assert (order.state, order.note, order.wanted_date) == ("accepted", "Noël", date(2020, 12, 24))
    assert {row.state for row in sites.buyer.rows(OutboundMail)} == {"answered"}
    assert [row.name for row in sites.seller.rows(Event, subject="sales_order")] == ["create", "amend"]
    told = sites.seller.rows(Answer)[-1]
    assert (told.n, told.revision, told.code, told.sales_order_number) == (2, 1, "AP", "CCL1")


def test_a_change_reads_well(sites: Pair) -> None:
    ordered(sites)
    text = edit(sites, quantities={"L1": Decimal(5)}, deleted=("L2",)).decode()
    assert "[Modification]" in text.replace("=?utf-8?q?", "") or "Modification" in text
    assert "ligne supprim=C3=A9e" in text
    assert 'filename="CFR1_1.xml"' in text


def test_a_line_that_goes_adds_nothing_to_the_totals(sites: Pair) -> None:
    """It is named in the document, and the totals are those of what stays."""
    ordered(sites)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(5)}, deleted=("L2",)))
    assert sites.seller.rows(Hold) == []
    assert sold(sites) == {"L1": ("FAI01", 5, 45)}
    answer(sites)
    assert change_states(sites) == [("accepted", "AP")]
    agreed(sites)


def test_lines_are_added_and_deleted_from_a_file(sites: Pair) -> None:
    """The order as a UBL file states it; lines are matched by their id, never by product."""
    ordered(sites)
    lines = (replace(cfr1().lines[1], id="L9"), a_line(1, "3", "25.00", code="CAS16"))
    file = write_order(an_order("CFR1", lines, issued=date(2020, 11, 15)))
    sites.seller.receive(ask_file(sites, "cfr1.xml", file))
    assert sold(sites) == {"L1": ("CAS16", 3, 25), "L9": ("LOU02", 6, 15)}
    answer(sites)
    agreed(sites)


def test_a_file_that_does_not_fit_is_refused(sqlite_sites: Pair) -> None:
    sites = sqlite_sites
    ordered(sites)
    for content, problem, words in (
        (write_order(an_order("CFR2", 1)), Problem, "alone"),
        (write_order(an_order("CFR1", 1)), FileProblems, "not in the base"),
        (b"<Order/>", FileProblems, "no UBL order"),
    ):
        with pytest.raises(problem, match=words):
            ask_file(sites, "x.xml", content)
    assert sites.buyer.rows(PurchaseOrderChange) == []


def test_a_cancellation(sites: Pair) -> None:
    ordered(sites)
    sites.seller.receive(cancel(sites))
    assert sites.seller.row(SalesOrder).state == "cancelled"
    answer(sites)
    assert change_states(sites) == [("accepted", "AP")]
    order = sites.buyer.row(PurchaseOrder)
    assert (order.state, order.revision) == ("cancelled", 1)
    with pytest.raises(Problem, match="cancelled"):
        cancel(sites)


def test_a_change_that_came_first_waits_for_its_order(sites: Pair) -> None:
    """Gaps wait, with a reason that a gauge counts, and are closed by what was missing, in order."""
    order = sent(sites)
    first, second, third = edit(sites, quantities={"L1": Decimal(3)}), edit(sites, deleted=("L2",)), cancel(sites)
    for mail in (third, second):
        assert sites.seller.receive(mail).state == "done"
    assert [(row.revision, row.outcome) for row in sites.seller.rows(Ledger)] == [(3, "waiting"), (2, "waiting")]
    assert [row.reason for row in sites.seller.rows(Hold)] == ["gap", "gap"]
    (gap, _) = holds(sites.seller)
    assert not gap.is_conflict
    assert "CFR1" in gap.what("fr")
    answer(sites)
    assert change_states(sites) == [("waiting", None), ("waiting", "AB"), ("waiting", "AB")]

    for mail in (order, first):
        sites.seller.receive(mail)
        take_in_what_is_due(sites)
    assert not holds(sites.seller)
    assert sorted((row.type, row.outcome) for row in sites.seller.rows(Ledger)) == [
        ("cancel", "applied"),
        ("change", "applied"),
        ("change", "applied"),
        ("order", "created"),
    ]
    sale = sites.seller.row(SalesOrder)
    assert (sale.state, sale.revision) == ("cancelled", 3)
    assert sold(sites) == {"L1": ("FAI01", 3, 45)}
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "cancelled"
    assert {state for state, _ in change_states(sites)} == {"accepted"}


def take_in_what_is_due(sites: Pair) -> None:
    """What the bells of the importer lead to."""
    for _ in range(10):
        due = sites.seller.rows(InboundMail, state="archived")
        for mail in due:
            sites.seller.importer.take_in(mail.id)
        if not due:
            return


def test_the_dispatcher_closes_a_gap_that_nobody_saw(sites: Pair) -> None:
    """An order and its change booked at the same moment do not see each other; the next look does."""
    order, change = sent(sites), edit(sites, quantities={"L1": Decimal(3)})
    sites.seller.receive(change)
    with sites.seller.database.transaction() as connection:
        assert take_in_ripe(connection, by="dispatcher", at=sites.seller.database.now()) == ()
    sites.seller.receive(order)
    for mail in sites.seller.rows(InboundMail, state="archived"):
        with sites.seller.database.transaction() as connection:  # as if the importer had not woken it
            connection.execute(InboundMail.__table__.update().values(state="done").where(InboundMail.id == mail.id))
    with sites.seller.database.transaction() as connection:
        (woken,) = take_in_ripe(connection, by="dispatcher", at=sites.seller.database.now())
    sites.seller.importer.take_in(woken)
    assert sold(sites)["L1"] == ("FAI01", 3, 45)


def test_a_change_that_an_earlier_release_held_is_released(sites: Pair, pool: ReaderPool) -> None:
    """The release before could not read it: it knew its bytes only, and held it as from a newer release."""
    ordered(sites)
    mail = edit(sites, prices={"L1": Decimal(40)})
    sites.seller.receive(mail)
    (document,) = [row for row in sites.seller.rows(Ledger) if row.type == "change"]
    content = pool.read(mail, {sites.buyer.key.public.kid: sites.buyer.key.public.raw})
    unread = f"sha256:{content.documents[0].listed.sha256}"
    with sites.seller.database.transaction() as connection:
        for table in (Ledger, Hold):
            own = table.__table__.c.number == "CFR1", table.__table__.c.type == "change"
            connection.execute(table.__table__.update().where(*own).values(business_hash=unread))
        connection.execute(Hold.__table__.update().values(reason="newer_release"))
        connection.execute(Partner.__table__.update().values(price_policy="take_theirs"))
    assert document.outcome == "held"
    (hold,) = holds(sites.seller)
    act(sites.seller, release, [hold.ref])
    answer(sites)
    assert sold(sites)["L1"] == ("FAI01", 2, 40)
    agreed(sites)
    replay_all(sites.seller)
    agreed(sites)


def test_the_same_change_again_changes_nothing(sites: Pair) -> None:
    """Exactly once: a duplicate is a no-op, and the stored answer goes out again."""
    ordered(sites)
    mail = edit(sites, quantities={"L1": Decimal(5)})
    sites.seller.receive(mail)
    answers = sites.seller.compose_requested()
    (newest,) = sites.seller.rows(OutboundMail)[-1:]
    sites.seller.mark_sent(newest.id)
    before = effects(sites.seller)
    sites.clock.move(minutes=11)
    sites.seller.receive(b"Received: again\r\n" + mail)
    after = effects(sites.seller)
    for table in ("sales_order", "ledger", "answer", "hold"):
        assert after[table] == before[table]
    assert sites.seller.row(OutboundMail, id=newest.id).next_attempt_at == sites.clock.now
    for raw in (*answers, b"Received: again\r\n" + answers[0]):
        sites.buyer.receive(raw)
    agreed(sites)
    replay_all(sites.seller)
    replay_all(sites.buyer)
    agreed(sites)


def test_the_answer_to_the_order_may_be_overtaken(sites: Pair) -> None:
    """The order's own answer is lost: it is repeated although a change was answered since."""
    order = sent(sites)
    sites.seller.receive(order)
    (lost,) = sites.seller.compose_requested()
    (first,) = sites.seller.rows(OutboundMail)
    sites.seller.mark_sent(first.id)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(5)}))
    (newer,) = sites.seller.compose_requested()
    sites.buyer.receive(newer)
    assert (sites.buyer.row(PurchaseOrder).state, bought(sites)["L1"][1]) == ("waiting", 5)
    sites.clock.move(minutes=11)
    sites.seller.receive(b"Received: again\r\n" + order)
    assert sites.seller.row(OutboundMail, id=first.id).next_attempt_at == sites.clock.now
    sites.buyer.receive(lost)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"
    agreed(sites)


@pytest.mark.parametrize(
    "edits", [{"quantities": {"L2": Decimal(3)}}, {"prices": {"L2": Decimal(14)}}, {"deleted": ("L2",)}]
)
def test_what_has_left_stays(sites: Pair, edits: dict[str, Any]) -> None:
    """Line code 42, line by line: the other lines of the change are applied, and the buyer is told."""
    ordered(sites)
    leave(sites, L2=4)
    quantities = {"L1": Decimal(5)} | edits.get("quantities", {})
    sites.seller.receive(edit(sites, **(edits | {"quantities": quantities})))
    answer(sites)
    assert change_states(sites) == [("changed", "CA")]
    (row,) = sites.buyer.rows(PurchaseOrderChange)
    assert {line["id"]: line["code"] for line in row.answer_lines} == {"L1": "5", "L2": "42"}
    assert "4 C62" in row.answer_note
    assert bought(sites) == {"L1": ("FAI01", 5, 45), "L2": ("LOU02", 6, 15)}
    agreed(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_less_of_what_remains_may_still_be_asked(sites: Pair) -> None:
    ordered(sites)
    leave(sites, L2=4)
    sites.seller.receive(edit(sites, quantities={"L2": Decimal(4)}))
    answer(sites)
    assert change_states(sites) == [("accepted", "AP")]
    agreed(sites)


def test_a_cancellation_is_refused_once_goods_have_left(sites: Pair) -> None:
    ordered(sites)
    leave(sites, L1=1)
    sites.seller.receive(cancel(sites))
    answer(sites)
    assert change_states(sites) == [("rejected", "CA")]
    (row,) = sites.buyer.rows(PurchaseOrderChange)
    assert {line["id"]: line["code"] for line in row.answer_lines} == {"L1": "42", "L2": "5"}
    assert sites.seller.row(SalesOrder).state == "accepted"
    order = sites.buyer.row(PurchaseOrder)
    assert (order.state, order.revision) == ("accepted", 1)


def test_a_refused_cancellation_does_not_swallow_the_sellers_own_change(sites: Pair) -> None:
    """A line that left and that the seller changed stays open (found by the simulator: the buyer was never asked)."""
    ordered(sites)
    own(sites, prices={"L1": Decimal(47)})
    leave(sites, L1=1)
    sites.seller.receive(cancel(sites))
    answer(sites)
    assert change_states(sites) == [("rejected", "CA")]
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    decide(sites, answer_seller_change.accept)
    answer(sites)
    agreed(sites)


def test_a_change_of_a_refused_or_cancelled_order_is_refused(sites: Pair) -> None:
    order = sent(sites)
    first = cancel(sites)
    sites.seller.receive(order)
    sites.seller.receive(first)
    with pytest.raises(Problem, match="on its way"):
        edit(sites, quantities={"L1": Decimal(3)})
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "cancelled"


def test_the_rules_look_at_what_is_new(sites: Pair) -> None:
    """A price that is not ours waits for a person, as in a new order; releasing takes it."""
    ordered(sites)
    sites.seller.receive(edit(sites, prices={"L1": Decimal(40)}))
    (hold,) = holds(sites.seller)
    assert hold.reason == "price_difference"
    answer(sites)
    assert change_states(sites) == [("waiting", "AB")]
    act(sites.seller, release, [hold.ref])
    answer(sites)
    assert sold(sites)["L1"] == ("FAI01", 2, 40)
    agreed(sites)


def other_terms(sites: Pair) -> None:
    """What the seller's catalogue says of the product of L1 since."""
    with sites.seller.database.transaction() as connection:
        values = {"sale_price": Decimal(50), "vat_rate": Decimal(10)}
        connection.execute(update(Product).where(Product.code == "FAI01").values(**values))


def test_what_a_person_agreed_to_is_not_held_again(sites: Pair) -> None:
    """A price and a VAT rate that were released stand when only the quantity changes; other ones are looked at."""
    order = sent(sites)
    other_terms(sites)
    sites.seller.receive(order)
    (hold,) = holds(sites.seller)
    assert {finding.reason for finding in hold.findings} == {"price_difference", "vat_difference"}
    act(sites.seller, release, [hold.ref])
    answer(sites)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    assert holds(sites.seller) == []
    assert change_states(sites) == [("accepted", "AP")]
    assert sold(sites)["L1"] == ("FAI01", 3, 45)
    agreed(sites)
    sites.seller.receive(edit(sites, prices={"L1": Decimal(44)}))
    (hold,) = holds(sites.seller)
    assert [finding.reason for finding in hold.findings] == ["price_difference"]


def test_an_order_keeps_the_price_at_which_it_was_booked(sites: Pair) -> None:
    """Also where the seller's prices count: those of the day on which they were agreed."""
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(price_policy="take_ours"))
    ordered(sites)
    other_terms(sites)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    assert sold(sites)["L1"] == ("FAI01", 3, 45)
    agreed(sites)
    sites.seller.receive(edit(sites, prices={"L1": Decimal(44)}))
    assert sold(sites)["L1"] == ("FAI01", 3, 50)


@pytest.mark.parametrize("since", ["own change", "cancellation refused", "both"])
def test_a_price_of_ours_that_nobody_agreed_to_is_told_with_every_later_word(sites: Pair, since: str) -> None:
    """The newest answer counts alone: it says of each line what the buyer has not agreed to, of before, too."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(price_policy="take_ours"))
    other_terms(sites)
    sites.seller.receive(order)
    if since != "cancellation refused":
        own(sites, quantities={"L2": Decimal(5)})
    if since != "own change":
        leave(sites, L2=1)
        sites.seller.receive(cancel(sites))
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    assert sold(sites)["L1"] == ("FAI01", 2, 50)
    decide(sites, answer_seller_change.accept)
    answer(sites)
    agreed(sites)
    own(sites, quantities={"L2": Decimal(4)})
    codes = {line.line_id: line.answer_code for line in sites.buyer.rows(PurchaseOrderLine)}
    assert codes == {"L1": "5", "L2": "3"}, "what was agreed to is not asked again"


@pytest.mark.parametrize("asked", [{"deleted": ("L1",)}, {"quantities": {"L1": Decimal(1)}}], ids=["none", "fewer"])
def test_a_line_of_which_goods_left_is_asked_about_where_its_price_is_the_sellers(sites: Pair, asked: Any) -> None:
    """Code 42 closes a line that both sides have; that of a price which nobody agreed to stays open at the buyer."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(price_policy="take_ours"))
    other_terms(sites)
    sites.seller.receive(order)
    leave(sites, L1=2)
    sites.seller.receive(edit(sites, **asked))
    answer(sites)
    assert sold(sites)["L1"] == ("FAI01", 2, 50)
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    decide(sites, answer_seller_change.accept)
    answer(sites)
    agreed(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_a_line_that_is_to_go_stays_where_goods_left_and_the_seller_changed_it(sites: Pair) -> None:
    """The answer says the seller's own word of it, not code 42: it is there, and waits for the buyer's agreement."""
    ordered(sites)
    leave(sites, L2=1)
    own(sites, quantities={"L2": Decimal(4)})
    sites.seller.receive(edit(sites, deleted=("L2",)))
    answer(sites)
    assert change_states(sites) == [("changed", "CA")]
    assert sold(sites)["L2"] == ("LOU02", 4, 15)
    assert (sites.buyer.row(PurchaseOrder).state, list(bought(sites))) == ("changed", ["L1", "L2"])
    decide(sites, answer_seller_change.accept)
    answer(sites)
    agreed(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_a_change_of_an_order_that_waits_says_so(sites: Pair) -> None:
    """To the clerk, who decides about the order first, and to the buyer; then it goes on by itself."""
    order = sent(sites)
    other_terms(sites)
    first, second = edit(sites, quantities={"L1": Decimal(3)}), edit(sites, quantities={"L1": Decimal(4)})
    sites.seller.receive(first)
    (gap,) = holds(sites.seller)
    assert "before what it builds on (CFR1)" in gap.what("en")
    sites.seller.receive(order)
    take_in_what_is_due(sites)
    sites.seller.receive(second)
    answer(sites)
    waiting = [hold for hold in holds(sites.seller) if hold.reason == "gap"]
    told = [(row.answer_code, row.answer_note) for row in sites.buyer.rows(PurchaseOrderChange)]
    for revision, (code, note) in enumerate(told, start=1):
        hold = next(hold for hold in waiting if f"Change {revision} of" in hold.what("en"))
        assert hold.what("en") == (
            f"Change {revision} of order CFR1 waits with CFR1, about which a person is still to decide."
        )
        assert "Decide about what it builds on first" in str(hold.advice("en"))
        assert (code, note) == ("AB", hold.what("fr"))
    (of_order,) = [hold for hold in holds(sites.seller) if hold.reason != "gap"]
    act(sites.seller, release, [of_order.ref])
    take_in_what_is_due(sites)
    assert holds(sites.seller) == []
    assert sold(sites)["L1"] == ("FAI01", 4, 45)


def test_each_line_of_the_log_names_its_order(sites: Pair) -> None:
    """Issue 13: and why it waits."""
    out = io.StringIO()
    logs.configure("importer", form="json", stream=out)
    order = sent(sites)
    other_terms(sites)
    sites.seller.receive(order)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events if event.get("orders") != ["CFR1"]] == []
    assert {event["event"] for event in events} == {"Composed.", "Booked.", "Answers applied."}
    outcomes = [outcome for event in events for outcome in event.get("outcomes", ())]
    assert outcomes == [
        "CFR1 held: price_difference, vat_difference",
        "CFR1/1 waiting: gap",
        "CFR1 done",
        "CFR1 done",
    ]


def test_a_refused_change_lets_the_next_one_through(sites: Pair) -> None:
    ordered(sites)
    first, second = edit(sites, prices={"L1": Decimal(40)}), edit(sites, quantities={"L2": Decimal(7)})
    sites.seller.receive(first)
    sites.seller.receive(second)
    (hold, gap) = holds(sites.seller)
    assert (hold.reason, gap.reason) == ("price_difference", "gap")
    act(sites.seller, refuse, [hold.ref], "Non.")
    take_in_what_is_due(sites)
    answer(sites)
    assert change_states(sites) == [("rejected", "RE"), ("changed", "CA")]  # AP would say that L1 costs 40
    assert bought(sites) == {"L1": ("FAI01", 2, 45), "L2": ("LOU02", 7, 15)}
    assert sites.buyer.row(PurchaseOrder).state == "accepted"  # and nothing is left to agree to
    agreed(sites)


def test_a_refused_deletion_that_came_before_its_order_is_remembered(sites: Pair) -> None:
    """The next change leaves out the line, because nobody has heard yet: that is no other order to start from."""
    order = sent(sites)
    first, second = edit(sites, deleted=("L1",)), edit(sites, quantities={"L2": Decimal(7)})
    sites.seller.receive(first)
    (gap,) = holds(sites.seller)
    act(sites.seller, refuse, [gap.ref], "Non.")
    sites.seller.receive(order)
    sites.seller.receive(second)
    assert holds(sites.seller) == []
    answer(sites)
    assert change_states(sites) == [("rejected", "RE"), ("changed", "CA")]
    assert bought(sites).keys() == {"L1", "L2"}
    agreed(sites)


def test_an_agreement_that_waits_for_its_turn_is_not_asked_for_twice(sites: Pair) -> None:
    """It is answered, and the change before it is not: nothing of it is in the order yet."""
    ordered(sites)
    own(sites, prices={"L1": Decimal(47)})
    sites.seller.receive(edit(sites, quantities={"L2": Decimal(7)}))
    lost = sites.seller.compose(sites.seller.rows(OutboundMail, kind="answers")[-1].id)
    decide(sites, answer_seller_change.accept)
    newest = sites.seller.rows(OutboundMail, kind="answers")[-1]
    sites.buyer.receive(sites.seller.compose(newest.id))
    assert change_states(sites) == [("waiting", None), ("accepted", "AP")]
    with pytest.raises(Problem, match="on its way in change 2"):
        decide(sites, answer_seller_change.accept)
    sites.buyer.receive(lost)
    agreed(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_a_partner_whose_orders_are_reviewed(sites: Pair) -> None:
    ordered(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(acceptance="review"))
    sites.seller.receive(cancel(sites))
    (hold,) = holds(sites.seller)
    assert hold.reason == "change_review"
    act(sites.seller, release, [hold.ref])
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "cancelled"


@pytest.mark.parametrize("edits", [{"note": "Noël"}, {"quantities": {"L1": Decimal(3)}}, {"deleted": ("L2",)}])
def test_every_change_of_a_reviewed_partner_that_alters_anything_waits(sites: Pair, edits: dict[str, Any]) -> None:
    ordered(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(acceptance="review"))
    sites.seller.receive(edit(sites, **edits))
    assert [hold.reason for hold in holds(sites.seller)] == ["change_review"]


def test_who_agrees_to_our_own_word_waits_for_nobody(sites: Pair) -> None:
    """It was a person of ours who changed the order; the buyer asks for what it is already."""
    ordered(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(acceptance="review"))
    own(sites, quantities={"L1": Decimal(1)})
    decide(sites, answer_seller_change.accept)
    assert not holds(sites.seller)
    answer(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"
    agreed(sites)


# -- the seller's own changes ------------------------------------------------------------------------------------


def decide(sites: Pair, what: Any, *lines: str) -> None:
    sites.seller.receive(ask(sites, what, lines))


def differences(sites: Pair) -> Sequence[Any]:
    with sites.buyer.database.read() as connection:
        return answer_seller_change.list_seller_changes(connection)


@pytest.mark.parametrize("policy", ["compare", "take_ours"])
def test_the_seller_changes_and_the_buyer_accepts(sites: Pair, policy: str) -> None:
    """Quantity, date and price, line by line (CA); the decision travels back as a change.

    The price that the seller named for this order counts, not the one of the catalogue.
    """
    with sites.seller.database.transaction() as connection:
        connection.execute(Partner.__table__.update().values(price_policy=policy))
    ordered(sites)
    own(sites, quantities={"L2": Decimal(4)}, prices={"L1": Decimal(47)}, dates={"L1": date(2020, 12, 9)})
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    one, two = differences(sites)
    assert (one.line_id, one.price, one.answer.price, one.answer.promised.end) == ("L1", 45, 47, date(2020, 12, 9))
    assert (two.line_id, two.quantity, two.answer.quantity, two.answer.backorder) == ("L2", 6, 4, 0)
    assert bought(sites)["L1"] == ("FAI01", 2, 45)

    decide(sites, answer_seller_change.accept)
    assert [line.said for line in sites.seller.rows(SalesOrderLine)] == [None, None]
    answer(sites)
    assert differences(sites) == []
    order = sites.buyer.row(PurchaseOrder)
    assert (order.state, order.revision) == ("accepted", 1)
    agreed(sites)
    assert sites.buyer.rows(PurchaseOrderLine)[0].promised_date == date(2020, 12, 9)
    assert sites.seller.rows(SalesOrderLine)[0].promised_date == date(2020, 12, 9)


def test_a_replacement_is_accepted(sites: Pair) -> None:
    ordered(sites)
    own(sites, products={"L1": "CAS16"}, prices={"L1": Decimal(24)})
    (one,) = differences(sites)
    assert one.answer.substitute.sellers_id == "CAS16"
    decide(sites, answer_seller_change.accept, "L1")
    answer(sites)
    assert bought(sites)["L1"] == ("CAS16", 2, 24)
    agreed(sites)


def test_a_shortage_is_accepted_and_the_line_goes(sites: Pair) -> None:
    ordered(sites)
    own(sites, quantities={"L1": Decimal(0)})
    (one,) = differences(sites)
    assert one.is_shortage
    decide(sites, answer_seller_change.accept)
    answer(sites)
    assert bought(sites) == {"L2": ("LOU02", 6, 15)}
    agreed(sites)


def test_the_buyer_refuses_and_the_sellers_clerk_decides(sites: Pair) -> None:
    """What we said is not overwritten before a person has looked."""
    ordered(sites)
    own(sites, quantities={"L2": Decimal(4)})
    decide(sites, answer_seller_change.refuse)
    (hold,) = holds(sites.seller)
    assert hold.reason == "own_change"
    assert "6" in hold.what("fr")
    with pytest.raises(Problem, match="on its way in change 1"):
        decide(sites, answer_seller_change.accept)
    act(sites.seller, release, [hold.ref])
    answer(sites)
    assert differences(sites) == []
    assert sites.buyer.row(PurchaseOrder).state == "accepted"
    assert sold(sites)["L2"] == ("LOU02", 6, 15)
    agreed(sites)


def test_the_seller_stands_by_the_change(sites: Pair) -> None:
    ordered(sites)
    own(sites, quantities={"L2": Decimal(4)})
    decide(sites, answer_seller_change.refuse)
    (hold,) = holds(sites.seller)
    act(sites.seller, refuse, [hold.ref], "Rupture.")
    answer(sites)
    assert change_states(sites) == [("rejected", "RE")]
    assert [each.line_id for each in differences(sites)] == ["L2"]
    decide(sites, answer_seller_change.accept)
    answer(sites)
    agreed(sites)
    assert bought(sites)["L2"] == ("LOU02", 4, 15)


def test_a_change_of_another_line_leaves_the_sellers_change_alone(sites: Pair) -> None:
    ordered(sites)
    own(sites, quantities={"L2": Decimal(4)})
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    assert change_states(sites) == [("changed", "CA")]  # AP would say that L2 is 6
    assert [each.line_id for each in differences(sites)] == ["L2"]
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    assert sold(sites) == {"L1": ("FAI01", 3, 45), "L2": ("LOU02", 4, 15)}


def test_what_the_seller_cannot_change(sites: Pair) -> None:
    ordered(sites)
    leave(sites, L2=4)
    for changed, words in (
        ({"quantities": {"L2": Decimal(3)}}, "have left already"),
        ({"prices": {"L2": Decimal(16)}}, "have left already"),
        ({"quantities": {"L9": Decimal(1)}}, "name lines"),
        ({"products": {"L1": "NONE"}}, "no active product"),
        ({"quantities": {"L1": Decimal(2)}}, "like that already"),
        ({"quantities": {"L1": Decimal(-1)}}, "negative"),
        ({}, "name lines"),
    ):
        with pytest.raises(Problem, match=words):
            own(sites, **changed)
    assert len(sites.seller.rows(Answer)) == 1


# -- before it leaves --------------------------------------------------------------------------------------------


def test_what_cannot_be_changed(sites: Pair) -> None:
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(cfr1()))
    sites.buyer.import_orders(write_order(cfr1()))
    with pytest.raises(Problem, match="was not sent"):
        edit(sites, note="x")
    sites.buyer.request(sites.seller.code, "CFR1")
    with pytest.raises(Problem, match="on its way out"):
        cancel(sites)


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"quantities": {"L9": Decimal(1)}}, "no line L9"),
        ({"quantities": {"L1": Decimal(0)}}, "line of nothing"),
        ({"quantities": {"L1": Decimal(-1)}}, "negative"),
        ({"deleted": ("L1", "L2")}, "would be left"),
        ({"quantities": {"L1": Decimal(2)}}, "like that already"),
    ],
)
def test_edits_that_are_none(sqlite_sites: Pair, edits: dict[str, Any], words: str) -> None:
    ordered(sqlite_sites)
    with pytest.raises(Problem, match=words):
        edit(sqlite_sites, **edits)
    assert sqlite_sites.buyer.rows(PurchaseOrderChange) == []


@pytest.mark.parametrize("touched", ["L1", "L2"])
def test_a_change_that_comes_before_the_review_leaves_what_is_to_be_told(sites: Pair, touched: str) -> None:
    """Our price is booked and the clerk has not looked yet: the buyer hears of it, whichever line they change."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review", price_policy="take_ours"))
        connection.execute(update(Product).where(Product.code == "FAI01").values(sale_price=Decimal(46)))
    sites.seller.receive(order)
    answer(sites)
    assert sites.seller.receive(edit(sites, quantities={touched: Decimal(5)})).state == "done"
    act(sites.seller, review.accept, "CCL1", {})
    answer(sites)
    told = sites.seller.rows(Answer)
    assert [(row.code, row.revision) for row in told] == [("AB", 0), ("CA", 1), ("CA", 0)]
    assert [[line["code"] for line in row.lines] for row in told[1:]] == [["3", "5"], ["3", "5"]]
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    with sites.buyer.database.transaction() as connection:
        agreed_to = answer_seller_change.accept(connection, "CFR1", (), 1, by="anne", at=sites.clock.now)
    mail = sites.buyer.compose(agreed_to.mail_id)
    sites.buyer.mark_sent(agreed_to.mail_id)
    sites.seller.receive(mail)
    assert not holds(sites.seller), "it is what we said ourselves"
    answer(sites)
    agreed(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_a_change_before_the_review_that_agrees_to_all_is_accepted(sites: Pair) -> None:
    """Nothing is left to be told, and the order stays among those that wait for a clerk."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review", price_policy="take_ours"))
        connection.execute(update(Product).where(Product.code == "FAI01").values(sale_price=Decimal(46)))
    sites.seller.receive(order)
    answer(sites)
    sites.seller.receive(edit(sites, prices={"L1": Decimal(46)}))
    assert [(row.code, row.lines) for row in sites.seller.rows(ReviewReply)] == [("AP", None)]
    act(sites.seller, review.accept, "CCL1", {})
    answer(sites)
    assert [row.code for row in sites.seller.rows(Answer)] == ["AB", "AP", "AP"]
    assert sites.buyer.row(PurchaseOrder).state == "accepted"
    agreed(sites)


def test_a_change_that_was_given_up_leaves_its_place(sites: Pair) -> None:
    """A mail that never went out leaves no gap."""
    ordered(sites)
    buyer = sites.buyer
    with buyer.database.transaction() as connection:
        at = buyer.database.now()
        asked = changes.request_edits(connection, "CFR1", Edits(note="x"), buyer.user_id, by="anne", at=at)
        assert outbound.find_outbound(connection, "CFR1") == asked.mail_id
        later = changes.request_edits(connection, "CFR1", Edits(note="y"), buyer.user_id, by="anne", at=at)
        with pytest.raises(Problem, match="later change"):
            outbound.abandon(connection, [asked.mail_id], by="anne", at=at)
    with buyer.database.transaction() as connection:
        for mail_id in (later.mail_id, asked.mail_id):
            outbound.abandon(connection, [mail_id], by="anne", at=at)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    assert change_states(sites) == [("abandoned", None), ("abandoned", None), ("accepted", "AP")]
    assert sites.buyer.row(PurchaseOrder).revision == 1
    agreed(sites)


def test_an_order_that_is_composed_anew_has_the_next_revision(sites: Pair) -> None:
    """Of two documents of one number, whoever got both knows the newer one; changes follow it."""
    buyer, seller = sites.buyer, sites.seller
    for site in (buyer, seller):
        site.put_products(*products_of(cfr1()), a_product("CAS16", "25"))
    buyer.import_orders(write_order(cfr1()))
    mail_id = buyer.request(seller.code, "CFR1")
    never_sent = buyer.compose(mail_id)
    with buyer.database.transaction() as connection:
        outbound.abandon(connection, [mail_id], by="anne", at=buyer.database.now())
        order = PurchaseOrder
        connection.execute(update(order).values(note="encore", version=order.version + 1))
    again = buyer.request(seller.code, "CFR1")
    mail = buyer.compose(again)
    buyer.mark_sent(again)
    documents = [listed_in(each, buyer) for each in (never_sent, mail)]
    assert [each.revision for each in documents] == [0, 1]
    assert len({each.business_hash for each in documents}) == 2
    assert [(row.revision, row.live) for row in buyer.rows(OutboundOrder)] == [(0, False), (1, True)]
    seller.receive(mail)
    answer(sites)
    assert [(row.revision, row.code) for row in seller.rows(Answer)] == [(1, "AP")]
    assert buyer.row(PurchaseOrder).state == "accepted"
    agreed(sites)
    seller.receive(edit(sites, quantities={"L1": Decimal(3)}))
    answer(sites)
    assert (change_states(sites), buyer.row(PurchaseOrder).revision) == ([("accepted", "AP")], 2)
    agreed(sites)
    seller.receive(never_sent)  # by whatever way: it is the older one, and takes nothing back
    assert [hold.reason for hold in holds(seller)] == ["conflict"]
    agreed(sites)


def test_an_order_that_was_never_composed_keeps_its_revision(sites: Pair) -> None:
    """Taken back before anything of it was signed."""
    buyer, seller = sites.buyer, sites.seller
    buyer.put_products(*products_of(cfr1()))
    buyer.import_orders(write_order(cfr1()))
    mail_id = buyer.request(seller.code, "CFR1")
    with buyer.database.transaction() as connection:
        outbound.abandon(connection, [mail_id], by="anne", at=buyer.database.now())
    assert listed_in(buyer.compose(buyer.request(seller.code, "CFR1")), buyer).revision == 0


def listed_in(mail: bytes, site: SiteUnderTest) -> Document:
    """What a mail's manifest says of its one document."""
    ((listed, _content),) = read_mail(mail, {site.key.public.kid: site.key.public}).documents
    return listed


def test_resending_a_change_sends_the_same_bytes(sites: Pair) -> None:
    """D1."""
    ordered(sites)
    mail = edit(sites, quantities={"L1": Decimal(3)})
    buyer = sites.buyer
    with buyer.database.transaction() as connection:
        mail_id = outbound.find_outbound(connection, "CFR1")
        (listed,) = outbound.list_outbound(connection, ids=[mail_id])
        bells = outbound.resend(connection, [mail_id], by="anne", at=buyer.database.now())
    assert (listed.orders, bells.send) == (("CFR1",), (mail_id,))
    buyer.composer.compose(mail_id)
    assert bytes(buyer.row(OutboundBody, outbound_mail_id=mail_id).mime) == mail


def issued(mail: bytes, site: SiteUnderTest) -> date:
    """The date that the one document of a mail bears."""
    ((_listed, content),) = read_mail(mail, {site.key.public.kid: site.key.public}).documents
    found = re.search(rb"<cbc:IssueDate>([0-9-]+)</cbc:IssueDate>", content)
    assert found is not None
    return date.fromisoformat(found[1].decode())


@pytest.mark.parametrize("machine", ELSEWHERE)
def test_changes_and_answers_are_dated_by_each_sites_own_day(sqlite_sites: Pair, machine: str) -> None:
    """Half past eleven in Paris, then a quarter past midnight; on La Réunion it is the next day both times."""
    sites = sqlite_sites
    with machine_in(machine):
        ordered(sites)
        sites.clock.now = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)
        with sites.seller.database.transaction() as connection:
            connection.execute(update(Site).values(timezone="Indian/Reunion"))
        for day in (1, 2):
            mail = edit(sites, quantities={"L1": Decimal(3)}) if day == 1 else cancel(sites)
            assert issued(mail, sites.buyer) == date(2026, 12, day)
            assert sites.seller.receive(mail).state == "done"
            (answer_mail,) = sites.seller.compose_requested()
            assert issued(answer_mail, sites.seller) == date(2026, 12, 2)
            assert sites.buyer.receive(answer_mail).state == "done"
            sites.clock.move(minutes=45)
