"""A database that came back from a backup, of either side: the buyer's belief is the seller's truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import HoldReason
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    NumberSeries,
    OutboundMail,
    Partner,
    PartnerStatement,
    Product,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
)
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.findings.finding import Finding, read_findings, write_findings
from intergestan_exchange.findings.findings import explain_all
from intergestan_exchange.health.vitals import read_vitals
from intergestan_exchange.heartbeats.heartbeats import write_request
from intergestan_exchange.holds import review
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.holds.holds import list_holds
from intergestan_exchange.inbox.booking.answers import restate_overtaken
from intergestan_exchange.outbox.outbound import resend
from intergestan_exchange.statements import pauses, statement_requests
from intergestan_exchange.statements.numbered_mails import last_got
from intergestan_exchange.statements.restored import take_up
from intergestan_msg.answer import AnswerCode, OrderAnswer
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.manifest import Manifest
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order
from tests.factories import BUYER, STAUBER, an_order, cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_changes import answer as answer_all
from tests.pipeline.test_changes import (
    bought,
    cancel,
    change_states,
    edit,
    leave,
    ordered,
    own,
    sent,
    sold,
    take_in_what_is_due,
)
from tests.pipeline.test_holds_and_replay import act
from tests.pipeline.test_keys import place
from tests.pipeline.test_keys import send as send_mail
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.site_factories import a_product

pytestmark = pytest.mark.mainly_on("postgresql")

Forget = Callable[[SiteUnderTest], Callable[[], None]]
L1 = "L1"


def manifest_of(site: SiteUnderTest, raw: bytes) -> Manifest:
    return read_mail(raw, {site.key.public.kid: site.key.public}).manifest


def restored(site: SiteUnderTest, put_back: Callable[[], None]) -> None:
    """What `intergestan restored` does; nobody waits for a statement to go on booking."""
    put_back()
    with site.database.transaction() as connection:
        take_up(connection, by="anne", at=site.database.now())
        restate_overtaken(connection, site.database.now())
        ids = [row.id for row in site.rows(Partner)]
        pauses.resume(connection, ids, by="anne", at=site.database.now(), words="a test")


def exchange(sites: Pair, rounds: int = 6) -> None:
    """All that either side has to say goes to and fro, until both are silent; mails that are due again, too."""
    for _ in range(rounds):
        sites.clock.move(minutes=20)
        said = False
        for site, other in ((sites.seller, sites.buyer), (sites.buyer, sites.seller)):
            for mail in site.rows(OutboundMail, state="requested"):
                other.receive(send_mail(site, mail.id))
                said = True
            for mail in site.rows(OutboundMail, state="composed"):
                site.mark_sent(mail.id)
                other.receive(b"X-Again: %d\r\n" % mail.id + site.compose(mail.id))
                said = True
        if not said:
            return
    raise AssertionError("they never come to an end")


def believed(sites: Pair) -> tuple[Any, ...]:
    """What the buyer believes of CFR1: the answer, the sales order's number, what is said of the first line."""
    order = sites.buyer.row(PurchaseOrder)
    line = sites.buyer.row(PurchaseOrderLine, line_id=L1)
    quantity = None if line.answer is None else Decimal(line.answer["quantity"])
    return order.state, order.answer_code, order.supplier_order_number, quantity


def forge_of(site: SiteUnderTest, other: SiteUnderTest, sites: Pair) -> Forge:
    return Forge(site.key, site.code, other.code, sites.clock)


def an_answer(code: AnswerCode, **values: Any) -> OrderAnswer:
    return OrderAnswer(
        id="A", order_id="CFR1", code=code, issue_date=values.pop("day"), buyer=BUYER, seller=STAUBER, **values
    )


def change_of(line: str, quantity: int) -> OwnChanges:
    return OwnChanges(quantities={line: Decimal(quantity)})


def leave_all(sites: Pair) -> None:
    leave(sites, L1=2)


def state(site: SiteUnderTest, other: SiteUnderTest) -> None:
    """This site's statement reaches the other."""
    with site.database.transaction() as connection:
        ids = [row.id for row in site.rows(Partner)]
        (mail_id,) = statement_requests.request(connection, ids, at=site.database.now())
    other.receive(send_mail(site, mail_id))


def sent_later(sites: Pair, before_it_leaves: Callable[[], None]) -> bytes:
    """As `sent`, with something that happens while the order is confirmed."""
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(cfr1()), a_product("CAS16", "25"))
    sites.buyer.import_orders(write_order(cfr1()))
    before_it_leaves()
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return mail


# -- the seller ----------------------------------------------------------------------------------------------


def test_an_answer_that_the_seller_lost_does_not_outlive_its_restore(sites: Pair, forget: Forget) -> None:
    """The order is in the backup, the seller's change of it is not: nothing comes again by itself."""
    ordered(sites)
    backup = forget(sites.seller)
    own(sites, quantities={L1: Decimal(1)})
    assert believed(sites) == ("changed", "CA", "CCL1", 1)
    restored(sites.seller, backup)
    exchange(sites)
    assert believed(sites) == ("accepted", "AP", "CCL1", None)
    assert sold(sites)[L1][1] == bought(sites)[L1][1] == 2
    order = sites.buyer.row(PurchaseOrder)
    assert (order.answer_epoch, order.answer_n) == (sites.seller.row(Partner).out_epoch, 2)
    assert sites.buyer.row(OutboundMail, kind="orders").state == "answered"


def test_the_seller_changes_again_to_another_figure(sites: Pair, forget: Forget) -> None:
    """The same n with other content, in a later series: it is the newer word, and the number follows."""
    order = sent(sites)
    backup = forget(sites.seller)
    sites.seller.receive(order)
    answer_all(sites)
    own(sites, quantities={L1: Decimal(1)})
    restored(sites.seller, backup)
    sites.seller.receive(b"X-Again: 1\r\n" + order)
    again = sites.seller.row(SalesOrder).number
    with sites.seller.database.transaction() as connection:
        wanted = change_of(L1, 0)
        change_sales_order(connection, again, wanted, by="jean", at=sites.clock.now)
    exchange(sites)
    assert believed(sites) == ("changed", "CA", again, 0)
    assert again != "CCL1"
    (event,) = sites.buyer.rows(Event, name="renumber")
    assert event.detail == {"was": "CCL1", "now": again}


def test_a_change_of_the_buyer_that_the_seller_lost_is_answered_anew(sites: Pair, forget: Forget) -> None:
    """The change left after the backup: it comes again, and both sides have it."""
    ordered(sites)
    backup = forget(sites.seller)
    change = edit(sites, quantities={L1: Decimal(5)})
    sites.seller.receive(change)
    answer_all(sites)
    restored(sites.seller, backup)
    exchange(sites)
    assert bought(sites) == sold(sites)
    assert sold(sites)[L1][1] == 5
    assert change_states(sites) == [("accepted", "AP")]
    sites.clock.move(hours=1)
    sites.buyer.go_on()
    assert sites.buyer.rows(InboundMail, state="held") == []


def test_the_seller_says_otherwise_of_a_settled_change(sites: Pair, forget: Forget) -> None:
    """Goods leave after the restore, so that the same change is refused: the orders differ, and a person is told."""
    ordered(sites)
    backup = forget(sites.seller)
    change = edit(sites, quantities={L1: Decimal(1)})
    sites.seller.receive(change)
    answer_all(sites)
    assert bought(sites)[L1][1] == 1
    restored(sites.seller, backup)
    leave_all(sites)
    sites.seller.receive(b"X-Again: 1\r\n" + change)
    exchange(sites)
    (held,) = sites.buyer.rows(InboundMail, state="held", reason="transfer_conflict")
    other = sites.seller.rows(OutboundMail, kind="answers", epoch=held.epoch)[-1]
    sites.buyer.receive(b"X-Again: 2\r\n" + sites.seller.compose(other.id))
    assert sites.buyer.rows(OutboundMail, kind="orders")[-1].state == "answered", "it would leave again for ever"
    assert "sequence number" in explain_all(read_findings(held.detail), "en")
    assert "CFR1" in explain_all(read_findings(held.detail), "fr")
    with sites.buyer.database.read() as connection:
        (hold,) = list_holds(connection)
        assert "ask for a change" in hold.advice("en").do
        assert last_got(connection, sites.buyer.row(Partner).id) == (held.epoch, held.seq), (
            "it came: nobody asks for it"
        )
    act(sites.buyer, refuse, [hold.ref], "telephoned")
    sites.seller.receive(edit(sites, quantities={L1: sold(sites)[L1][1]}))
    exchange(sites)
    assert bought(sites) == sold(sites)


def test_what_waits_again_at_the_seller_waits_at_the_buyer(sites: Pair, forget: Forget) -> None:
    """Booked before, held now: an AB of a later series takes back what was accepted."""
    order = sent(sites)
    backup = forget(sites.seller)
    sites.seller.receive(order)
    answer_all(sites)
    assert believed(sites)[0] == "accepted"
    restored(sites.seller, backup)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(b"X-Again: 1\r\n" + order)
    exchange(sites)
    assert sites.seller.row(SalesOrder).state == "review"
    assert believed(sites)[:2] == ("waiting", "AB")


def test_an_answer_of_an_earlier_series_comes_too_late(sites: Pair, forget: Forget) -> None:
    order = sent(sites)
    backup = forget(sites.seller)
    sites.seller.receive(order)
    answer_all(sites)
    with sites.seller.database.transaction() as connection:
        change_sales_order(connection, "CCL1", change_of(L1, 1), by="jean", at=sites.clock.now)
    late = sites.seller.compose(sites.seller.row(OutboundMail, state="requested", kind="answers").id)
    restored(sites.seller, backup)
    sites.seller.receive(b"X-Again: 1\r\n" + order)
    exchange(sites)
    before = believed(sites)
    assert place(sites.buyer.receive(late)) == ("done", None)
    assert believed(sites) == before
    assert before[0] == "accepted"


def test_one_place_in_a_series_stands_for_one_answer(sites: Pair) -> None:
    """An undocumented restore: the same n in the same series says something else. It is held, once, and alarmed."""
    ordered(sites)
    quoted = sites.buyer.row(OutboundMail, kind="orders")
    forge = forge_of(sites.seller, sites.buyer, sites)
    other = an_answer(AnswerCode.REJECTED, day=sites.clock.now.date())
    raw = forge.answers((quoted.transfer_id, quoted.transfer_digest), (1, other))
    row = sites.buyer.receive(raw)
    assert place(row) == ("held", "transfer_conflict")
    (finding,) = read_findings(row.detail)
    assert (finding.variant, finding.values["number"], finding.values["n"]) == ("answer", "CFR1", "1")
    assert "sequence number" in explain_all([finding], "en")
    assert place(sites.buyer.receive(b"X-Again: 1\r\n" + raw)) == ("done", None), "one hold, not one per resend"
    act(sites.buyer, refuse, [f"in-{row.id}"], "telephoned")
    assert sites.buyer.receive(b"X-Again: 2\r\n" + raw).state == "done", "a person knows"
    assert believed(sites)[:2] == ("accepted", "AP")


def test_a_number_that_was_given_twice_is_cleared_up_by_restored(sites: Pair, forget: Forget) -> None:
    """The seller went back without a word and answered otherwise under the same number; then somebody types it."""
    order = sent(sites)
    backup = forget(sites.seller)
    sites.seller.receive(order)
    answer_all(sites)
    backup()
    with sites.seller.database.transaction() as connection:
        connection.execute(update(NumberSeries).values(next_number=70))
    sites.seller.receive(b"X-Again: 77\r\n" + order)
    again = sites.seller.compose(sites.seller.row(OutboundMail, state="requested", kind="answers").id)
    assert place(sites.buyer.receive(again)) == ("held", "transfer_conflict")
    assert believed(sites)[2] == "CCL1"
    restored(sites.seller, lambda: None)
    exchange(sites)
    assert believed(sites) == ("accepted", "AP", "CCL70", None)
    assert sites.seller.row(SalesOrder).number == "CCL70"


def test_the_same_answer_in_a_later_series_is_no_conflict(sites: Pair) -> None:
    ordered(sites)
    quoted = sites.buyer.row(OutboundMail, kind="orders")
    forge = forge_of(sites.seller, sites.buyer, sites)
    other = an_answer(AnswerCode.REJECTED, day=sites.clock.now.date())
    raw = forge.answers((quoted.transfer_id, quoted.transfer_digest), (1, other), epoch=2, seq=1)
    assert place(sites.buyer.receive(raw)) == ("done", None)
    assert believed(sites)[:2] == ("rejected", "RE")


def test_an_overtaken_answer_does_not_win_by_its_series(sites: Pair, forget: Forget) -> None:
    """Answer 1 waits for the composer while answer 2 has left: after the restore answer 1 leaves in the new series."""
    sites.seller.receive(sent(sites))
    with sites.seller.database.transaction() as connection:
        (mail_id,) = change_sales_order(connection, "CCL1", change_of(L1, 1), by="jean", at=sites.clock.now).compose
    later = send_mail(sites.seller, mail_id)
    backup = forget(sites.seller)
    sites.buyer.receive(later)
    restored(sites.seller, backup)
    exchange(sites)
    assert believed(sites) == ("changed", "CA", "CCL1", 1)
    assert [(row.n, row.code) for row in sites.seller.rows(Answer)] == [(1, "AP"), (2, "CA"), (3, "CA")]


# -- the buyer -----------------------------------------------------------------------------------------------


def test_the_buyer_changes_again_to_another_figure(sites: Pair, forget: Forget) -> None:
    """Change 1 left after the backup; restored, the buyer enters another change 1: it is the newer one."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    lost = sites.seller.row(OutboundMail, state="requested", kind="answers").id
    restored(sites.buyer, backup)
    assert sites.seller.receive(edit(sites, quantities={L1: Decimal(7)})).state == "done"
    assert sold(sites)[L1][1] == 7
    for mail in sites.seller.rows(OutboundMail, state="requested", kind="answers"):
        row = sites.buyer.receive(send_mail(sites.seller, mail.id))
        assert place(row) == (("held", "unmatched_answer") if mail.id == lost else ("done", None))
    assert bought(sites) == sold(sites)
    entries = [(row.epoch, row.revision, row.outcome) for row in sites.seller.rows(Ledger, type="change")]
    assert entries == [(1, 1, "applied"), (sites.buyer.row(Partner).out_epoch, 1, "applied")]


def enter_and_send(sites: Pair, order: Order) -> bytes:
    sites.buyer.import_orders(write_order(order))
    mail_id = sites.buyer.request(sites.seller.code, order.id)
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return mail


def test_an_order_entered_otherwise_replaces_what_waits_and_not_what_is_booked(sites: Pair, forget: Forget) -> None:
    """The order left after the backup; its buyer, restored, enters it from memory and mistakes a quantity."""
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(cfr1()))
    backup = forget(sites.buyer)
    line, *others = cfr1().lines
    three, four = (
        an_order("CFR1", (replace(line, quantity=Decimal(each), line_total=Decimal(45 * each)), *others))
        for each in (3, 4)
    )
    other_price(sites, Decimal(46))
    sites.seller.receive(enter_and_send(sites, cfr1()))
    assert [hold.reason for hold in sites.seller.rows(Hold)] == ["price_difference"]
    restored(sites.buyer, backup)
    other_price(sites, Decimal(45))
    assert place(sites.seller.receive(enter_and_send(sites, three))) == ("done", None)
    exchange(sites)
    assert not [hold for hold in sites.seller.rows(Hold) if hold.closed_at is None]
    assert bought(sites) == sold(sites)
    assert sold(sites)[L1][1] == 3
    sites.clock.move(minutes=1)
    restored(sites.buyer, backup)
    sites.seller.receive(enter_and_send(sites, four))
    assert [hold.reason for hold in sites.seller.rows(Hold) if hold.closed_at is None] == ["conflict"]
    assert sold(sites)[L1][1] == 3, "goods may have left"
    answers = [row.code for row in sites.seller.rows(Answer)]
    assert answers[-1] == "AB"


def other_price(sites: Pair, price: Decimal) -> None:
    """What the seller asks for the first line from now on."""
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "FAI01").values(sale_price=price))


def test_a_change_of_an_earlier_series_comes_too_late(sites: Pair, forget: Forget) -> None:
    ordered(sites)
    backup = forget(sites.buyer)
    late = edit(sites, quantities={L1: Decimal(5)})
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(7)}))
    assert sites.seller.receive(late).state == "done"
    assert sold(sites)[L1][1] == 7
    assert [(row.reason, row.revision) for row in sites.seller.rows(Hold)] == [("conflict", 1)]


@pytest.mark.parametrize("comes_first", [0, 1], ids=["in order", "out of order"])
def test_a_change_stated_again_after_another_one_than_before_is_new(
    sites: Pair, forget: Forget, comes_first: int
) -> None:
    """Restored twice, the buyer states the changes of the first time again; what it said meanwhile is not forgotten."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={"L2": Decimal(7)}))
    sites.seller.receive(edit(sites, deleted=("L2",)))
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, deleted=("L2",)))
    sites.clock.move(minutes=1)
    restored(sites.buyer, backup)
    mails = [edit(sites, quantities={"L2": Decimal(7)}), edit(sites, deleted=("L2",))]
    for mail in (mails[comes_first], mails[1 - comes_first]):
        assert sites.seller.receive(mail).state == "done"
    take_in_what_is_due(sites)
    exchange(sites)
    assert {state for state, _ in change_states(sites)} == {"accepted"}
    assert list(bought(sites)) == list(sold(sites)) == [L1]
    assert sites.buyer.row(PurchaseOrder).revision == sites.seller.row(SalesOrder).revision == 2


def test_a_cancellation_refused_again_tells_what_the_seller_said_since(sites: Pair, forget: Forget) -> None:
    """The restored buyer asks for it again, and the answer is the newest one: it tells the order as it is by now."""
    ordered(sites)
    leave(sites, L1=1)
    backup = forget(sites.buyer)
    sites.seller.receive(cancel(sites))
    restored(sites.buyer, backup)
    act(sites.seller, change_sales_order, "CCL1", change_of("L2", 4))
    sites.seller.receive(cancel(sites))
    exchange(sites)
    assert change_states(sites) == [("rejected", "CA")]
    said = sites.buyer.row(PurchaseOrderLine, line_id="L2")
    assert said.answer_code == "3"
    assert Decimal(said.answer["quantity"]) == Decimal(4)
    assert (sites.buyer.row(PurchaseOrder).state, sold(sites)["L2"][1]) == ("changed", 4)


def test_a_change_that_came_before_the_one_it_follows_is_applied_on_top_of_it(sites: Pair, forget: Forget) -> None:
    """What an earlier series had in the place of the first closed the gap, so that nobody waited for it."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, note="one"))
    restored(sites.buyer, backup)
    first, second = edit(sites, note="two"), edit(sites, note="three")
    sites.seller.receive(second)
    sites.seller.receive(first)
    take_in_what_is_due(sites)
    exchange(sites)
    assert {state for state, _ in change_states(sites)} == {"accepted"}
    assert sites.buyer.row(PurchaseOrder).note == sites.seller.row(SalesOrder).note == "three"
    sites.seller.receive(b"X-Again: 1\r\n" + first)
    sites.seller.receive(b"X-Again: 1\r\n" + second)
    exchange(sites)
    assert sites.seller.row(SalesOrder).note == "three", "a copy changes nothing"


@pytest.mark.parametrize("edits", [{"quantities": {L1: Decimal(5)}}, {"deleted": (L1,)}], ids=["quantity", "deleted"])
def test_a_change_that_was_agreed_to_as_a_whole_keeps_what_the_refused_one_before_it_asked(
    sites: Pair, forget: Forget, edits: dict[str, Any]
) -> None:
    """It came first, a person took it as the document has it, and then refused the change that it follows."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(3)}))
    restored(sites.buyer, backup)
    first, second = edit(sites, **edits), edit(sites, quantities={"L2": Decimal(4)})
    sites.seller.receive(second)
    decide_all(sites, release)
    sites.seller.receive(first)
    decide_all(sites, refuse)
    exchange(sites)
    assert change_states(sites) == [("rejected", "RE"), ("accepted", "AP")]
    assert bought(sites) == sold(sites)
    assert bought(sites).get(L1) == (None if "deleted" in edits else ("FAI01", 5, 45))
    assert sites.buyer.row(PurchaseOrder).total_ttc == sites.seller.row(SalesOrder).total_ttc


def decide_all(sites: Pair, decide: Callable[..., Any]) -> None:
    """A person of the seller's decides on what starts from another order."""
    with sites.seller.database.read() as connection:
        (hold,) = list_holds(connection)
    assert hold.reason == "other_start"
    if decide is refuse:
        act(sites.seller, refuse, [hold.ref], None)
    else:
        act(sites.seller, release, [hold.ref])


def test_nobody_is_asked_about_what_is_so_already(sites: Pair, forget: Forget) -> None:
    """The seller's people look at every change: refusing one that a restored buyer states again, they would deny it."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    restored(sites.buyer, backup)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    assert not sites.seller.rows(Hold)
    exchange(sites)
    assert change_states(sites) == [("accepted", "AP")]
    assert bought(sites) == sold(sites)
    assert sold(sites)[L1][1] == 5


def test_a_line_that_was_to_go_and_stays_is_told_with_the_sellers_own_change(sites: Pair, forget: Forget) -> None:
    """It is the first answer that the restored buyer gets to its deletion, stated again: goods had left."""
    ordered(sites)
    leave(sites, L2=1)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, deleted=("L2",)))
    act(sites.seller, change_sales_order, "CCL1", change_of(L1, 1))
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, deleted=("L2",)))
    exchange(sites)
    assert change_states(sites) == [("changed", "CA")]
    assert sorted(bought(sites)) == sorted(sold(sites)) == [L1, "L2"]
    assert sites.buyer.row(PurchaseOrderLine, line_id="L2").answer_code == "42"


@pytest.mark.parametrize("knows", [True, False], ids=["it knows it", "it forgot it"])
def test_a_change_that_waited_since_before_a_restore_is_asked_about(
    sites: Pair, forget: Forget, *, knows: bool
) -> None:
    """It came before the one it follows, which the buyer stated anew: only people know whether it still means it."""
    ordered(sites)
    backup = forget(sites.buyer)
    edit(sites, quantities={L1: Decimal(5)})
    second = edit(sites, quantities={"L2": Decimal(4)})
    backup = forget(sites.buyer) if knows else backup
    sites.seller.receive(second)
    restored(sites.buyer, backup)
    if knows:
        mail = sites.buyer.rows(OutboundMail, kind="orders")[1]
        sites.seller.receive(_resent(sites, mail.id))
    else:
        sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    take_in_what_is_due(sites)
    with sites.seller.database.read() as connection:
        (hold,) = list_holds(connection)
    assert (hold.reason, [finding.variant for finding in hold.findings]) == ("other_start", ["earlier"])
    if knows:
        act(sites.seller, release, [hold.ref])
        take_in_what_is_due(sites)
    else:
        act(sites.seller, refuse, [hold.ref], None)
    exchange(sites)
    assert bought(sites) == sold(sites)
    assert (sold(sites)[L1][1], sold(sites)["L2"][1]) == (5, 4 if knows else 6)


def test_one_place_in_the_buyers_series_stands_for_one_change(sites: Pair, forget: Forget) -> None:
    """Nobody typed `restored`: the sequence number is taken, and if it is not, the change's place is."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    backup()
    row = sites.seller.receive(edit(sites, quantities={L1: Decimal(7)}))
    assert place(row) == ("held", "transfer_conflict")
    backup()
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(Partner).values(out_seq=9))
    assert sites.seller.receive(edit(sites, quantities={L1: Decimal(8)})).state == "done"
    assert [(row.type, row.reason) for row in sites.seller.rows(Hold)] == [("change", "conflict")]
    assert sold(sites)[L1][1] == 5


def test_what_was_refused_as_a_conflict_counts_in_the_new_series(sites: Pair, forget: Forget) -> None:
    """It was composed before the backup, given up after it, and left in the place that another one has by now."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    backup()
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(Partner).values(out_seq=9))
    sites.seller.receive(edit(sites, quantities={L1: Decimal(8)}))
    (hold,) = sites.seller.rows(Hold)
    restored(sites.buyer, lambda: None)
    for said in sites.seller.rows(OutboundMail, state="requested", kind="answers"):
        sites.buyer.receive(send_mail(sites.seller, said.id))
    act(sites.seller, refuse, [f"order-{hold.id}"], None)
    mail = sites.buyer.rows(OutboundMail, kind="orders")[-1]
    assert change_states(sites) == [("waiting", "AB")]
    act(sites.buyer, resend, [mail.id])
    sites.seller.receive(send_mail(sites.buyer, mail.id))
    exchange(sites)
    assert change_states(sites) == [("accepted", "AP")]
    assert bought(sites) == sold(sites)
    assert sold(sites)[L1][1] == 8


@pytest.mark.parametrize("waits", ["for its order", "for a person"])
def test_a_change_that_waits_is_answered_to_the_mail_that_states_it_again(
    sites: Pair, forget: Forget, waits: str
) -> None:
    """The restored buyer states the very same change; it does not know the mail that brought it first."""
    order = sent(sites)
    if waits == "for a person":
        with sites.seller.database.transaction() as connection:
            connection.execute(update(Partner).values(acceptance="review"))
        sites.seller.receive(order)
        act(sites.seller, review.accept, "CCL1", {})
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    (hold,) = sites.seller.rows(Hold)
    assert hold.inbound_mail_id == sites.seller.rows(InboundMail)[-1].id
    if waits == "for a person":
        act(sites.seller, release, [f"order-{hold.id}"])
    else:
        sites.seller.receive(order)
        take_in_what_is_due(sites)
    for mail in sites.seller.rows(OutboundMail, kind="answers", state="composed"):
        sites.buyer.receive(sites.seller.compose(mail.id))
    exchange(sites)
    assert change_states(sites) == [("accepted", "AP")]
    assert bought(sites)[L1][1] == sold(sites)[L1][1] == 5


def test_what_left_under_a_taken_number_leaves_again_under_a_new_one(sites: Pair, forget: Forget) -> None:
    """The advice of the partner's hold works: `restored`, then what still counts is sent again in the new series."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    backup()
    held = sites.seller.receive(edit(sites, quantities={L1: Decimal(7)}))
    assert place(held) == ("held", "transfer_conflict")
    act(sites.seller, refuse, [f"in-{held.id}"], "telephoned")
    restored(sites.buyer, lambda: None)
    mail = sites.buyer.rows(OutboundMail, kind="orders")[-1]
    act(sites.buyer, resend, [mail.id])
    again = sites.buyer.row(OutboundMail, id=mail.id)
    assert (again.epoch, again.seq) == (sites.buyer.row(Partner).out_epoch, 1)
    assert again.transfer_id != mail.transfer_id
    exchange(sites)
    assert sold(sites)[L1][1] == 7
    assert bought(sites) == sold(sites)
    assert sites.buyer.row(OutboundMail, id=mail.id).state == "answered"


def test_what_waits_for_an_answer_that_quotes_a_lost_mail_is_sent_again(sites: Pair, forget: Forget) -> None:
    """Restored twice: the partner received it, looks at it, and answers the mail of the time between."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(order)
    answer_all(sites)
    backup = forget(sites.buyer)
    mail = sites.buyer.row(OutboundMail, kind="orders")
    assert mail.state == "answered"
    for _ in range(2):
        restored(sites.buyer, backup)
        sites.clock.move(minutes=1)
        act(sites.buyer, resend, [mail.id])
        again = sites.buyer.row(OutboundMail, id=mail.id)
        assert (again.state, again.seq) == ("composed", 1)
        sites.seller.receive(sites.buyer.compose(mail.id))
    act(sites.seller, review.accept, "CCL1", {})
    exchange(sites)
    assert believed(sites)[:3] == ("accepted", "AP", "CCL1")
    with pytest.raises(Problem, match="answered already"):
        act(sites.buyer, resend, [mail.id])


def _resent(sites: Pair, mail_id: int) -> bytes:
    """A mail of ours that leaves under a new number; its bytes."""
    act(sites.buyer, resend, [mail_id])
    raw = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    return raw


def _change_own(sites: Pair, line: str, quantity: int) -> InboundMail:
    """The seller changes the order, and tells it on the newest mail that it has."""
    with sites.seller.database.transaction() as connection:
        done = change_sales_order(connection, "CCL1", change_of(line, quantity), by="jean", at=sites.clock.now)
    row: InboundMail = sites.buyer.receive(send_mail(sites.seller, done.compose[0]))
    return row


@pytest.mark.parametrize("brings_more", [False, True], ids=["alone", "with a statement in one forward"])
def test_who_refuses_a_word_about_a_lost_mail_gets_it_anew(sites: Pair, forget: Forget, *, brings_more: bool) -> None:
    """All is settled here, so nothing would ever be asked again; the seller's newest word quotes what is forgotten."""
    ordered(sites)
    change = edit(sites, quantities={L1: Decimal(5)})
    backup = forget(sites.buyer)
    sites.seller.receive(change)
    first = sites.seller.rows(OutboundMail, kind="answers")[-1]
    mail = sites.buyer.rows(OutboundMail, kind="orders")[-1]
    restored(sites.buyer, backup)
    sites.clock.move(minutes=1)
    sites.seller.receive(_resent(sites, mail.id))
    restored(sites.buyer, backup)
    sites.buyer.receive(send_mail(sites.seller, first.id))
    assert change_states(sites) == [("accepted", "AP")]
    held = _change_own(sites, L1, 1)
    assert place(held) == ("held", "unmatched_answer")
    if brings_more:
        lost = Finding(HoldReason.STATEMENT, {"partner": "x", "epoch": "1", "numbers": "3–4"}, variant="lost")
        assert held.detail is not None
        detail = write_findings([*read_findings(str(held.detail)), lost])
        with sites.buyer.database.transaction() as connection:
            connection.execute(update(InboundMail).where(InboundMail.id == held.id).values(detail=detail))
    act(sites.buyer, refuse, [f"in-{held.id}"], None)
    exchange(sites)
    assert believed(sites) == ("changed", "AP", "CCL1", 1)


def test_an_order_that_waits_is_asked_about_although_its_change_was_answered(sites: Pair, forget: Forget) -> None:
    """The clerk's word on the order was given to a mail that the buyer forgot; it knows the answer to its change."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(order)
    change = edit(sites, quantities={L1: Decimal(5)})
    mails = [row.id for row in sites.buyer.rows(OutboundMail, kind="orders")]
    backup = forget(sites.buyer)
    restored(sites.buyer, backup)
    again = _resent(sites, mails[0])
    sites.seller.receive(again)
    sites.seller.receive(change)
    answers = sites.seller.rows(OutboundMail, kind="answers", state="requested")
    sites.clock.move(minutes=1)
    restored(sites.buyer, backup)
    for mail in answers:
        sites.buyer.receive(send_mail(sites.seller, mail.id))
    assert (sites.buyer.row(PurchaseOrder).state, change_states(sites)) == ("waiting", [("accepted", "AP")])
    act(sites.seller, review.accept, "CCL1", {})
    said = sites.seller.rows(OutboundMail, kind="answers")[-1]
    held = sites.buyer.receive(send_mail(sites.seller, said.id))
    assert place(held) == ("held", "unmatched_answer")
    act(sites.buyer, refuse, [f"in-{held.id}"], None)
    exchange(sites)
    assert sites.buyer.row(PurchaseOrder).state == "accepted"
    assert bought(sites) == sold(sites)


def test_an_answer_to_what_was_replaced_says_nothing_of_the_order(sites: Pair) -> None:
    """The order comes again after its change was agreed to, and is answered as before: the later word stands."""
    sites.seller.receive(sent(sites))
    mail = sites.buyer.row(OutboundMail, kind="orders")
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    sites.buyer.receive(send_mail(sites.seller, sites.seller.rows(OutboundMail, kind="answers")[-1].id))
    _change_own(sites, "L2", 0)
    restored(sites.buyer, lambda: None)
    sites.seller.receive(_resent(sites, mail.id))
    newest = sites.seller.rows(Answer)[-1]
    assert (newest.code, newest.revision, newest.lines) == ("AP", 0, None)
    exchange(sites)
    assert sites.buyer.row(PurchaseOrder).state == "changed"
    said = sites.buyer.row(PurchaseOrderLine, line_id="L2").answer
    assert said is not None
    assert Decimal(said["quantity"]) == 0


def test_a_mail_whose_orders_were_answered_in_another_one_since_is_answered_again(sites: Pair, forget: Forget) -> None:
    """Restored twice: the older copy comes last. The mail that the buyer knows would wait for its answer for ever."""
    order = sent(sites)
    mail = sites.buyer.row(OutboundMail, kind="orders")
    backup = forget(sites.buyer)
    sites.seller.receive(order)
    restored(sites.buyer, backup)
    forgotten = _resent(sites, mail.id)
    restored(sites.buyer, backup)
    known = _resent(sites, mail.id)
    sites.seller.receive(known)
    sites.seller.receive(forgotten)
    lost = sites.seller.rows(OutboundMail, kind="answers")
    for each in lost:
        send_mail(sites.seller, each.id)
        sites.seller.mark_sent(each.id)
    sites.clock.move(minutes=20)
    sites.seller.receive(b"X-Again: 1\r\n" + known)
    due = [each.id for each in sites.seller.rows(OutboundMail, kind="answers", next_attempt_at=sites.clock.now)]
    assert due
    for mail_id in due:
        sites.buyer.receive(sites.seller.compose(mail_id))
    assert sites.buyer.row(OutboundMail, kind="orders").state == "answered"
    assert believed(sites)[:3] == ("accepted", "AP", "CCL1")


def test_the_cancellation_of_a_refused_order_is_agreed_to(sites: Pair) -> None:
    """Whichever comes first, nothing of the order stands: a restored seller may refuse what it had cancelled."""
    order = sent(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(order)
    cancellation = cancel(sites)
    act(sites.seller, review.refuse, "CCL1", None)
    assert sites.seller.receive(cancellation).state == "done"
    exchange(sites)
    assert change_states(sites) == [("accepted", "AP")]
    assert sites.buyer.row(PurchaseOrder).state in {"rejected", "cancelled"}


def test_a_cancellation_that_only_the_seller_remembers_is_agreed_to_again(sites: Pair, forget: Forget) -> None:
    """The restored buyer enters it after something else, so it is another document, of an order that is cancelled."""
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(cancel(sites))
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    sites.seller.receive(cancel(sites))
    exchange(sites)
    assert change_states(sites) == [("rejected", "RE"), ("accepted", "AP")]
    assert (sites.buyer.row(PurchaseOrder).state, sites.seller.row(SalesOrder).state) == ("cancelled", "cancelled")
    assert sites.buyer.row(PurchaseOrder).revision == sites.seller.row(SalesOrder).revision == 2


def test_an_order_that_was_changed_since_leaves_under_its_new_number_as_it_was(sites: Pair, forget: Forget) -> None:
    """Its change is answered first, the answer to the order itself is lost with the backup: the seller knows both."""
    order = sent(sites)
    backup = forget(sites.buyer)
    restored(sites.buyer, backup)
    change = edit(sites, deleted=("L2",))
    first = sites.buyer.row(OutboundMail, kind="orders", epoch=1)
    sites.seller.receive(order)
    sites.seller.receive(change)
    answers = sites.seller.rows(OutboundMail, kind="answers")
    sites.buyer.receive(sites.seller.compose(answers[-1].id))
    assert (sites.buyer.row(PurchaseOrder).state, list(bought(sites))) == ("waiting", [L1])
    was = read_mail(order, {sites.buyer.key.public.kid: sites.buyer.key.public}).documents
    for _ in range(2):  # the second time under a third number
        restored(sites.buyer, lambda: None)
        act(sites.buyer, resend, [first.id])
        again = sites.buyer.compose(first.id)
        assert read_mail(again, {sites.buyer.key.public.kid: sites.buyer.key.public}).documents == was
        sites.buyer.mark_sent(first.id)
    sites.seller.receive(again)
    exchange(sites)
    assert believed(sites)[:3] == ("accepted", "AP", "CCL1")
    assert bought(sites) == sold(sites)


def test_a_cancellation_takes_the_place_of_a_lost_change(sites: Pair, forget: Forget) -> None:
    ordered(sites)
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    restored(sites.buyer, backup)
    assert sites.seller.receive(cancel(sites)).state == "done"
    assert sites.seller.row(SalesOrder).state == "cancelled"


def test_what_waited_in_an_earlier_series_waits_no_more(sites: Pair, forget: Forget) -> None:
    """A change that a person was to look at, stated otherwise after the restore: there is one hold, about the newer."""
    ordered(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    backup = forget(sites.buyer)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    restored(sites.buyer, backup)
    sites.seller.receive(edit(sites, quantities={L1: Decimal(7)}))
    waiting, replaced = sites.seller.rows(Hold, closed_at=None), sites.seller.rows(Ledger, type="change", epoch=1)
    assert [(row.reason, row.revision) for row in waiting] == [("change_review", 1)]
    assert [row.outcome for row in replaced] == ["rejected"]


@pytest.mark.parametrize("decide", [release, refuse])
def test_the_same_change_in_a_later_series_can_be_decided(sites: Pair, decide: Any) -> None:
    """It was refused in an earlier series (seed 51000074): the one that waits is decided, and not that one again."""
    ordered(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(acceptance="review"))
    sites.seller.receive(edit(sites, quantities={L1: Decimal(5)}))
    with sites.seller.database.transaction() as connection:
        row = connection.execute(select(Ledger.__table__).where(Ledger.type == "change")).one()
        connection.execute(update(Ledger).where(Ledger.id == row.id).values(outcome="rejected", epoch=0))
        connection.execute(insert(Ledger).values({**row._mapping, "id": row.id + 100}))
    (waiting,) = sites.seller.rows(Hold, closed_at=None)
    act(sites.seller, decide, [f"order-{waiting.id}"], *((None,) if decide is refuse else ()))
    take_in_what_is_due(sites)
    exchange(sites)
    assert sites.seller.rows(Hold, closed_at=None) == []
    assert sold(sites)[L1][1] == bought(sites)[L1][1] == (5 if decide is release else 2)


def test_the_seller_quotes_what_the_restored_buyer_knows(sites: Pair, forget: Forget) -> None:
    """The order left after the backup and is sent again: what the seller says later is understood."""
    backup: Callable[[], None] | None = None

    def before_it_leaves() -> None:
        nonlocal backup
        backup = forget(sites.buyer)

    order = sent_later(sites, before_it_leaves)
    sites.seller.receive(order)
    assert backup is not None
    restored(sites.buyer, backup)
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    again = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    assert sites.seller.receive(again).state == "done"
    for mail in sites.seller.rows(OutboundMail, state="requested", kind="answers"):
        sites.buyer.receive(send_mail(sites.seller, mail.id))
    with sites.seller.database.transaction() as connection:
        (mail_id,) = change_sales_order(connection, "CCL1", change_of(L1, 1), by="jean", at=sites.clock.now).compose
    assert place(sites.buyer.receive(send_mail(sites.seller, mail_id))) == ("done", None)
    assert believed(sites) == ("changed", "CA", "CCL1", 1)


# -- series and statements -----------------------------------------------------------------------------------


def test_restored_twice_from_one_backup_is_two_series(sites: Pair, forget: Forget) -> None:
    """Even where nothing but the backup is left: no high-water file, and no partner told anything."""
    ordered(sites)
    backup = forget(sites.seller)
    seen = []
    for _ in range(2):
        restored(sites.seller, backup)
        seen.append(sites.seller.row(Partner).out_epoch)
        sites.clock.move(minutes=1)
    assert len({1, *seen}) == 3
    assert seen == sorted(seen)


@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_a_statement_of_a_later_series_is_newer_whatever_the_clock_says(sites: Pair, forget: Forget, who: str) -> None:
    ordered(sites)
    site, other = (sites.seller, sites.buyer) if who == "seller" else (sites.buyer, sites.seller)
    sites.clock.move(days=2)
    state(site, other)
    before = other.row(PartnerStatement)
    backup = forget(site)
    restored(site, backup)
    sites.clock.move(days=-1)
    mail = site.rows(OutboundMail, state="requested", kind="statement")[-1]
    other.receive(send_mail(site, mail.id))
    after = other.row(PartnerStatement)
    assert after.composed_at < before.composed_at
    assert after.epoch == site.row(Partner).out_epoch > before.epoch


def test_every_mail_tells_how_far_the_numbering_is(sites: Pair) -> None:
    order = sent(sites)
    first = manifest_of(sites.buyer, order)
    assert first.position is not None
    assert (first.epoch, first.seq, first.position.sent, first.position.got) == (1, 1, 1, 0)
    sites.seller.receive(order)
    (mail,) = sites.seller.rows(OutboundMail, state="requested", kind="answers")
    told = manifest_of(sites.seller, sites.seller.compose(mail.id))
    assert told.position is not None
    assert (told.epoch, told.position.sent, told.position.got_epoch, told.position.got) == (1, 1, 1, 1)
    assert [row.epoch for row in sites.seller.rows(InboundTransfer)] == [1]


def beat(site: SiteUnderTest) -> bytes:
    """A heartbeat of this site, sent."""
    with site.database.transaction() as connection:
        mail_id = write_request(connection, site.row(Partner).id, site.database.now())
    return send_mail(site, mail_id)


def echo(site: SiteUnderTest) -> bytes:
    """What this site sends back for the heartbeat that came last."""
    return send_mail(site, site.rows(OutboundMail, state="requested", kind="heartbeat")[-1].id)


def older(site: SiteUnderTest) -> tuple[bool, bool]:
    """Whether our database, and the partner's, is known to have gone back."""
    with site.database.read() as connection:
        (route,) = read_vitals(connection, site.database.now(), 4).routes.values()
    return route.ours_older, route.theirs_older


@pytest.mark.parametrize("who", ["seller", "buyer"])
def test_a_rollback_is_known_on_both_sides_with_the_next_heartbeat(sites: Pair, forget: Forget, who: str) -> None:
    """`design.md` §16.6: nobody typed `restored`, and the mails that were given numbers again have not left yet."""
    site, other = (sites.seller, sites.buyer) if who == "seller" else (sites.buyer, sites.seller)
    order = b""
    if who == "seller":
        order = sent(sites)
    other.receive(beat(site))
    backup = forget(site)
    sites.seller.receive(order or sent(sites))
    answer_all(sites)
    sites.clock.move(minutes=5)
    assert older(other) == older(site) == (False, False)
    backup()
    other.receive(beat(site))
    assert older(other) == (False, True)
    site.receive(echo(other))
    assert older(site) == (True, False)
    restored(site, lambda: None)
    assert older(site) == (False, False)
    sites.clock.move(minutes=5)
    other.receive(beat(site))
    assert older(other) == (False, False)


def test_two_mails_of_one_moment_are_no_rollback(sites: Pair) -> None:
    """A heartbeat that was composed beside an order, and came after it, tells of an earlier state."""
    early = beat(sites.buyer)
    sites.clock.move(seconds=20)
    late = sent(sites)
    sites.seller.receive(late)
    sites.seller.receive(early)
    assert older(sites.seller) == (False, False)


def test_a_last_mail_that_was_lost_is_asked_for(sites: Pair) -> None:
    """It leaves no gap: only heartbeats tell of it, and a statement brings it again."""
    sites.seller.receive(beat(sites.buyer))
    lost = sent(sites)
    for minutes in (1, 1):
        sites.clock.move(minutes=minutes)
        sites.seller.receive(beat(sites.buyer))
    assert sites.seller.rows(OutboundMail, kind="statement") == [], "it may be under way"
    sites.clock.move(minutes=5)
    sites.seller.receive(beat(sites.buyer))
    sites.clock.move(minutes=1)
    sites.seller.receive(beat(sites.buyer))
    (asking,) = sites.seller.rows(OutboundMail, kind="statement")
    sites.clock.move(hours=2)
    sites.buyer.receive(send_mail(sites.seller, asking.id))
    assert sites.buyer.row(OutboundMail, kind="orders").state == "composed", "it goes out again"
    assert sites.seller.receive(lost).state == "done"
