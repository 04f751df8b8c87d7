"""What becomes of an order: each rule, each policy, and the ledger's table (`design.md` §9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import Acceptance, HoldReason, PriceAction, PricePolicy, UnknownProduct
from intergestan_exchange.findings.findings import explain_all
from intergestan_exchange.inbox.apply_changes import Place
from intergestan_exchange.inbox.decide import WAIVABLE, decide, settle
from intergestan_exchange.inbox.decide_change import settle_change
from intergestan_exchange.inbox.decisions import Accepted, Conflict, Duplicate, Held, Refused
from intergestan_exchange.inbox.facts import Facts, Known, ProductFacts
from intergestan_exchange.inbox.starting_point import stated_before
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_msg.answer import AnswerCode, LineCode
from intergestan_msg.change import OrderCancellation
from intergestan_msg.money import CENT, AllowanceCharge, Price, TaxCategory, fits, totals_of
from intergestan_msg.order import Identifier, Order, OrderLine
from tests.exchange.inbox.facts import PARTNER, facts, product, products_of
from tests.factories import BUYER, STAUBER, VAT_20, a_line, an_order
from tests.msg import strategies

KEY = ("order", "CFR1", 0)


def one_line(amount: str = "10.00", **changes: Any) -> Order:
    """An order of three pieces of CAS0001, without totals."""
    line = a_line(1, "3", amount)
    order = an_order("CFR1", (line,))
    return replace(order, lines=(replace(line, line_total=None, **changes),), totals=None, tax_amount=None)


def reasons(decision: object) -> list[str]:
    assert isinstance(decision, Held | Refused | Accepted)
    return [finding.reason for finding in decision.findings]


def test_an_order_without_differences_is_accepted_as_asked() -> None:
    """G26, P03: AP, and the totals of the document."""
    port = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
    order = an_order(charges=(port,))
    decision = decide(order, facts(products_of(order)))
    assert isinstance(decision, Accepted)
    assert (decision.code, decision.answer_lines, decision.findings) == (AnswerCode.ACCEPTED, (), ())
    assert decision.state == "accepted"
    assert order.totals is not None
    assert (decision.total_ht, decision.total_ttc) == (order.totals.tax_exclusive, order.totals.tax_inclusive)
    assert [charge.amount for charge in decision.charges] == [Decimal("12.50")]
    assert all(line.product_id for line in decision.lines)


@pytest.mark.parametrize(
    ("theirs", "absolute", "percent", "within"),
    [
        ("10.01", "0.01", "0", True),
        ("9.99", "0.01", "0", True),
        ("10.010001", "0.01", "0", False),
        ("9.989999", "0.01", "0", False),
        ("10", "0", "0", True),
        ("10.000001", "0", "0", False),
        ("10.50", "0", "5", True),
        ("9.50", "0", "5", True),
        ("10.500001", "0", "5", False),
        ("10.50", "0.01", "5", True),
        ("10.60", "0.60", "5", True),
    ],
)
def test_a_price_is_compared_with_the_wider_tolerance(
    theirs: str, absolute: str, percent: str, *, within: bool
) -> None:
    """G26: at the edge is within."""
    decision = decide(
        one_line(theirs),
        facts(
            {"CAS0001": product("CAS0001")},
            price_tolerance=Decimal(absolute),
            price_tolerance_percent=Decimal(percent),
        ),
    )
    assert isinstance(decision, Accepted) is within
    assert reasons(decision) == ([] if within else ["price_difference"])


def test_a_price_for_more_than_one_piece_is_compared_by_the_piece() -> None:
    order = one_line(price=Price(Decimal(1000), Decimal(100)))
    assert isinstance(decide(order, facts({"CAS0001": product("CAS0001")})), Accepted)


@pytest.mark.parametrize(
    ("action", "kind"), [(PriceAction.HOLD, Held), (PriceAction.REJECT, Refused), (PriceAction.ACCEPT, Accepted)]
)
@pytest.mark.parametrize("what", ["price", "vat"])
def test_what_compare_does_beyond_the_tolerance(action: PriceAction, kind: type, what: str) -> None:
    """Accepted means: at the buyer's price and rate, with the difference told."""
    ours = product("CAS0001", "11") if what == "price" else product("CAS0001", rate="5.5")
    decision = decide(one_line(), facts({"CAS0001": ours}, price_action=action))
    assert isinstance(decision, kind)
    assert reasons(decision) == [f"{what}_difference"]
    if isinstance(decision, Accepted):
        assert (decision.code, decision.lines[0].price, decision.lines[0].vat_rate) == (
            AnswerCode.ACCEPTED,
            Decimal(10),
            Decimal(20),
        )


def test_take_theirs_books_their_price() -> None:
    decision = decide(
        one_line("9.00"), facts({"CAS0001": product("CAS0001", "11")}, price_policy=PricePolicy.TAKE_THEIRS)
    )
    assert isinstance(decision, Accepted)
    assert (decision.code, decision.lines[0].price, decision.total_ht) == (AnswerCode.ACCEPTED, Decimal(9), Decimal(27))


@pytest.mark.parametrize(("language", "note"), [("fr", "TVA 5.5 %"), ("en", "VAT 5.5 %")])
def test_take_ours_answers_every_line_with_a_code(language: str, note: str) -> None:
    """T76-R007: CA with all lines; 3 where ours differs, 5 elsewhere."""
    order = an_order("CFR1", 3)
    ours = products_of(order)
    ours["CAS0002"] = replace(ours["CAS0002"], price=Decimal(20))
    ours["CAS0003"] = replace(ours["CAS0003"], vat_rate=Decimal("5.5"))
    decision = decide(order, facts(ours, price_policy=PricePolicy.TAKE_OURS, language=language))
    assert isinstance(decision, Accepted)
    assert decision.code is AnswerCode.CHANGED
    assert [(line.id, line.code, line.price, line.note) for line in decision.answer_lines] == [
        ("L1", LineCode.ACCEPTED, None, None),
        ("L2", LineCode.CHANGED, Decimal(20), None),
        ("L3", LineCode.CHANGED, ours["CAS0003"].price, note),
    ]
    assert decision.lines[1].total == 40
    assert decision.lines[2].vat_rate == Decimal("5.5")


def test_take_ours_without_a_difference_accepts() -> None:
    order = an_order()
    decision = decide(order, facts(products_of(order), price_policy=PricePolicy.TAKE_OURS))
    assert isinstance(decision, Accepted)
    assert decision.code is AnswerCode.ACCEPTED


@pytest.mark.parametrize(
    ("policy", "kind"),
    [(UnknownProduct.HOLD, Held), (UnknownProduct.REJECT, Refused), (UnknownProduct.PARK_LINE, Accepted)],
)
def test_an_unknown_product(policy: UnknownProduct, kind: type) -> None:
    """G05, G26: a parked line keeps what the buyer wrote, and a clerk looks (AB)."""
    order = an_order("CFR1", 2)
    ours = products_of(order)
    del ours["CAS0002"]
    decision = decide(order, facts(ours, unknown_product=policy))
    assert isinstance(decision, kind)
    assert reasons(decision) == ["unknown_product"]
    assert decision.findings[0].line_id == "L2"
    if isinstance(decision, Accepted):
        assert (decision.code, decision.state) == (AnswerCode.RECEIVED, "review")
        assert [line.product_id is None for line in decision.lines] == [False, True]
        assert decision.lines[1].product_code == "CAS0002"


def test_a_refusal_tells_only_why_it_refuses() -> None:
    order = an_order("CFR1", 2)
    ours = {"CAS0001": product("CAS0001", "99")}
    decision = decide(order, facts(ours, unknown_product=UnknownProduct.REJECT))
    assert isinstance(decision, Refused)
    assert reasons(decision) == ["unknown_product"]


def test_a_gtin_finds_the_product() -> None:
    """G05: where neither code is ours."""
    line = a_line(1)
    item = replace(line.item, sellers_id="THEIRS", buyers_id=None)
    order = an_order("CFR1", (replace(line, item=item),))
    assert item.standard_id is not None
    found = {item.standard_id.value: product("OURS")}
    decision = decide(order, facts({}, by_gtin=found))
    assert isinstance(decision, Accepted)
    assert decision.lines[0].product_code == "OURS"
    other_scheme = replace(item, standard_id=Identifier(item.standard_id.value, "0088"))
    order = an_order("CFR1", (replace(line, item=other_scheme),))
    assert reasons(decide(order, facts({}, by_gtin=found))) == ["unknown_product"]


def test_our_own_code_wins_over_the_common_code() -> None:
    line = a_line(1)
    order = an_order("CFR1", (replace(line, item=replace(line.item, sellers_id="A", buyers_id="B")),))
    decision = decide(order, facts({"B": product("B", row_id=2), "A": product("A", row_id=1)}))
    assert isinstance(decision, Accepted)
    assert decision.lines[0].product_id == 1


@pytest.mark.parametrize(
    ("buyer", "variant"),
    [
        (replace(BUYER, vat_id="FR00000000000"), "vat"),
        (replace(BUYER, endpoint=Identifier("80295478500028", "0009"), legal_id=None, identifiers=()), "siret"),
    ],
)
def test_another_buyer_than_the_signer_is_held(buyer: Any, variant: str) -> None:
    """`design.md` §9: the key says who; a document that says otherwise waits."""
    order = an_order("CFR1", 1, buyer=buyer)
    decision = decide(order, facts(products_of(order)))
    assert isinstance(decision, Held)
    assert [(finding.reason, finding.variant) for finding in decision.findings] == [("claim_mismatch", variant)]


def test_a_buyer_who_says_little_is_taken_for_the_signer() -> None:
    """Only what differs is a contradiction; white space is none."""
    spaced = replace(BUYER, endpoint=Identifier("732 829 320 00074", "0009"), vat_id=None, identifiers=())
    order = an_order("CFR1", 1, buyer=spaced)
    assert isinstance(decide(order, facts(products_of(order))), Accepted)
    assert isinstance(decide(order, facts(products_of(order), siret=None, vat_id=None)), Accepted)


def test_another_currency_is_held_and_cannot_be_released() -> None:
    order = an_order()
    decision = decide(order, facts(products_of(order), currency="CHF"), frozenset({HoldReason.CURRENCY}))
    assert isinstance(decision, Held)
    assert reasons(decision) == ["currency"]


@pytest.mark.parametrize(
    ("line", "variant"),
    [
        ({"quantity": None}, "no_quantity"),
        ({"quantity": Decimal(0)}, "no_quantity"),
        ({"unit": "PIECE"}, "too_long"),
    ],
)
def test_a_line_that_cannot_be_booked_is_held(line: dict[str, Any], variant: str) -> None:
    order = one_line(**line)
    waived = frozenset(HoldReason)
    decision = decide(order, facts({"CAS0001": product("CAS0001")}), waived)
    assert isinstance(decision, Held)
    assert ("bad_document", variant) in [(finding.reason, finding.variant) for finding in decision.findings]


def test_a_line_without_a_price_takes_ours_if_we_know_its_product() -> None:
    order = one_line(price=None)
    decision = decide(order, facts({"CAS0001": product("CAS0001", "7.25")}))
    assert isinstance(decision, Accepted)
    assert (decision.code, decision.lines[0].price, decision.total_ht) == (
        AnswerCode.ACCEPTED,
        Decimal("7.25"),
        Decimal("21.75"),
    )
    unknown = decide(order, facts({}, unknown_product=UnknownProduct.PARK_LINE))
    assert isinstance(unknown, Held)
    assert unknown.findings[0].variant == "no_price"


def test_amounts_that_no_column_holds_are_held() -> None:
    order = one_line(quantity=Decimal(10**11), price=None)
    decision = decide(order, facts({"CAS0001": product("CAS0001", "999999")}))
    assert isinstance(decision, Held)
    assert decision.findings[0].variant == "too_large"


def test_allowances_whose_sum_no_column_holds_are_held() -> None:
    """The document vouches for each of them, and for the line's amount."""
    off = AllowanceCharge(is_charge=False, amount=Decimal("9999999999999999.99"))
    order = one_line(quantity=Decimal(110001), price=Price(Decimal(999999999999)), allowances=(off,) * 11)
    decision = decide(order, facts({"CAS0001": product("CAS0001", "999999999999")}))
    assert isinstance(decision, Held)
    assert decision.findings[0].variant == "too_large"


def test_what_a_person_waived_does_not_hold_again() -> None:
    """The released order is booked at the partner's price, and the note still tells the difference."""
    ours = facts({"CAS0001": product("CAS0001", "11")})
    assert isinstance(decide(one_line(), ours), Held)
    decision = decide(one_line(), ours, frozenset({HoldReason.PRICE_DIFFERENCE}))
    assert isinstance(decision, Accepted)
    assert (decision.code, decision.lines[0].price) == (AnswerCode.ACCEPTED, Decimal(10))
    assert reasons(decision) == ["price_difference"]


def test_only_differences_can_be_waived() -> None:
    """A product that we do not know stays unknown until somebody enters it."""
    assert {
        "price_difference",
        "vat_difference",
        "total_difference",
        "own_change",
        "other_start",
        "change_review",
    } == WAIVABLE
    assert isinstance(decide(one_line(), facts({}), frozenset(HoldReason)), Held)


def test_review_answers_that_the_order_came() -> None:
    """`design.md` §5: a clerk decides; until then AB without lines."""
    decision = decide(
        one_line("9"),
        facts({"CAS0001": product("CAS0001")}, acceptance=Acceptance.REVIEW, price_policy=PricePolicy.TAKE_OURS),
    )
    assert isinstance(decision, Accepted)
    assert (decision.code, decision.state, decision.answer_lines) == (AnswerCode.RECEIVED, "review", ())


def known(outcome: str, business_hash: str = "bh1:a", sales_order: int | None = None, *waived: str) -> Known:
    return Known(7, business_hash, outcome, sales_order, frozenset(waived))


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (None, Accepted),
        (known("created", sales_order=1), Duplicate),
        (known("rejected"), Duplicate),
        (known("held"), Accepted),
        (known("created", "bh1:b", 1), Conflict),
        (known("rejected", "bh1:b"), Conflict),
        (known("held", "bh1:b"), Conflict),
    ],
)
def test_the_ledger_is_asked_first(row: Known | None, kind: type) -> None:
    """P06, P12: `design.md` §9, the table."""
    order = one_line()
    about = facts(products_of(order), known={KEY: row} if row else {})
    assert isinstance(settle(KEY, "bh1:a", order, about), kind)


def test_a_held_order_is_tried_with_what_was_waived() -> None:
    ours = {"CAS0001": product("CAS0001", "11")}
    waived = facts(ours, known={KEY: known("held", "bh1:a", None, "price_difference")})
    assert isinstance(settle(KEY, "bh1:a", one_line(), waived), Accepted)
    assert isinstance(settle(KEY, "bh1:a", one_line(), facts(ours, known={KEY: known("held")})), Held)


def test_another_revision_of_a_booked_order_is_a_conflict() -> None:
    """`design.md` §4: at most one sales order per partner and order number."""
    order = one_line()
    booked = facts(products_of(order), known={KEY: known("created", sales_order=1)})
    assert isinstance(settle(("order", "CFR1", 1), "bh1:b", order, booked), Conflict)
    refused = facts(products_of(order), known={KEY: known("rejected")})
    assert isinstance(settle(("order", "CFR1", 1), "bh1:b", order, refused), Accepted)
    waiting = known("held", "bh1:b")
    both = facts(products_of(order), known={("order", "CFR1", 1): waiting, KEY: known("created", sales_order=1)})
    assert isinstance(settle(("order", "CFR1", 1), "bh1:b", order, both), Conflict)


policies = st.fixed_dictionaries(
    {
        "price_policy": st.sampled_from(PricePolicy),
        "price_action": st.sampled_from(PriceAction),
        "unknown_product": st.sampled_from(UnknownProduct),
        "acceptance": st.sampled_from(Acceptance),
        "price_tolerance": strategies.decimals(100, 6),
        "price_tolerance_percent": strategies.decimals(100, 6),
        "language": st.sampled_from(["fr", "en"]),
    }
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Order, Facts]:
    """Any order, with any of its products known at any price, under any policy."""
    order = draw(strategies.orders())
    lines = [_perhaps_bare(draw, line) for line in order.lines]
    order = replace(order, lines=tuple(lines), totals=None)
    found: dict[str, ProductFacts] = {}
    for number, line in enumerate(order.lines):
        code = line.item.sellers_id or line.item.buyers_id
        if code is not None and draw(st.booleans()):
            price = draw(st.just(line.price.amount if line.price else Decimal(1)) | strategies.decimals(10**11, 6))
            rate = draw(st.sampled_from([Decimal(20), Decimal("5.5"), Decimal(0)]))
            found[code] = ProductFacts(number + 1, code, "C62", price, "S", rate)
    partner = replace(PartnerFacts(1, 1, "P", "Partner", None, None), **draw(policies))
    return order, Facts(partner, draw(st.sampled_from(["EUR", "CHF"])), found, {}, {}, {})


def _perhaps_bare(draw: st.DrawFn, line: OrderLine) -> OrderLine:
    """A legal UBL line may lack nearly everything."""
    if draw(st.integers(0, 4)):
        return line
    price = line.price if draw(st.booleans()) else None
    quantity = line.quantity if draw(st.booleans()) else None
    return replace(line, price=price, quantity=quantity, line_total=None, allowances=())


@given(cases(), st.sets(st.sampled_from(HoldReason)).map(frozenset))
def test_every_order_gets_the_same_decision_always(case: tuple[Order, Facts], waived: frozenset[str]) -> None:
    """`decide` is total and deterministic, its totals can be recomputed, and its words exist."""
    order, about = case
    decision = decide(order, about, waived)
    assert decide(order, about, waived) == decision
    for language in ("fr", "en"):
        assert explain_all(decision.findings, language) or not decision.findings
    if not isinstance(decision, Accepted):
        assert decision.findings
        assert {finding.reason for finding in decision.findings} - (waived & WAIVABLE)
        return
    sums = totals_of(
        [(line.total, TaxCategory(line.vat_category, line.vat_rate)) for line in decision.lines], order.allowances
    )
    assert (decision.total_ht, decision.total_vat) == (sums.totals.tax_exclusive, sums.tax_amount)
    assert decision.total_ttc == decision.total_ht + decision.total_vat
    assert [line.line_id for line in decision.lines] == [line.id for line in order.lines]
    assert all(fits(line.total, CENT) for line in decision.lines)
    assert [line.id for line in decision.answer_lines] in ([], [line.id for line in order.lines])
    assert bool(decision.answer_lines) is (decision.code is AnswerCode.CHANGED)


def test_the_default_policy_is_the_documented_one() -> None:
    """`design.md` §9: compare at 0.01, hold; unknown product hold; accept at once."""
    assert (PARTNER.price_policy, PARTNER.price_tolerance, PARTNER.price_action) == ("compare", Decimal("0.01"), "hold")
    assert (PARTNER.unknown_product, PARTNER.acceptance) == ("hold", "accept")


def row(row_id: int, epoch: int, content: str, outcome: str = "applied") -> Known:
    return Known(row_id, content, outcome, None, frozenset(), epoch)


CHANGE = ("change", "CFR1", 1)


@pytest.mark.parametrize(
    ("epoch", "content", "found"),
    [
        pytest.param(2, "bh1:b", 2, id="the same again"),
        pytest.param(2, "bh1:c", 2, id="a conflict in its series"),
        pytest.param(2, "bh1:a", 2, id="what the series before said contradicts it"),
        pytest.param(1, "bh1:a", 1, id="the earlier one again, late"),
        pytest.param(1, "bh1:c", 2, id="an earlier one that nobody saw comes too late"),
        pytest.param(3, "bh1:b", 2, id="a restored sender says the same again"),
        pytest.param(3, "bh1:a", None, id="and goes back to what it said first: that is new"),
        pytest.param(3, "bh1:c", None, id="or says something else: that is new"),
    ],
)
def test_a_document_is_compared_within_its_series(epoch: int, content: str, found: int | None) -> None:
    """`design.md` §16.1: the later series takes the place of the earlier one, never the other way round."""
    about = replace(facts({}, known={CHANGE: row(2, 2, "bh1:b")}), earlier={CHANGE: (row(1, 1, "bh1:a"),)}, epoch=epoch)
    same = about.same(CHANGE, content)
    assert (same.ledger_id if same else None) == found


def test_what_waits_in_an_earlier_series_is_replaced() -> None:
    """Whatever kind it is, as long as nothing was booked of it; answers that we got are counted apart."""
    cancel, answer = ("cancel", "CFR1", 1), ("response", "CFR1", 1)
    waits, booked = row(1, 1, "bh1:a", "held"), row(2, 1, "bh1:b")
    about = replace(facts({}, known={CHANGE: waits, answer: row(3, 1, "bh1:d", "held")}), epoch=2)
    assert about.replaced(CHANGE, "bh1:c") == about.replaced(cancel, "bh1:c") == (waits,)
    assert about.replaced(CHANGE, "bh1:a") == (), "the same is tried again"
    assert replace(about, known={CHANGE: booked}).replaced(CHANGE, "bh1:c") == ()
    assert replace(about, epoch=1).replaced(cancel, "bh1:c") == ()


def test_answers_are_ordered_by_series_and_number() -> None:
    assert sorted([Place(2, 1), Place(1, 9), Place(1, 2)]) == [Place(1, 2), Place(1, 9), Place(2, 1)]


def test_what_a_buyer_stated_before_counts_by_series_and_revision() -> None:
    """A restored buyer gives revision 1 anew, and knows of our order what its lost revision 2 had stated."""
    stated = {"1": {"quantity": "7"}}
    order = replace(row(1, 1, "bh1:a", "created"), stated={})
    lost = replace(row(2, 1, "bh1:b"), stated=stated)
    about = replace(facts({}, known={("order", "CFR1", 0): order, ("change", "CFR1", 2): lost}), epoch=2)
    assert stated_before(CHANGE, about) == stated
    assert stated_before(CHANGE, replace(about, epoch=1)) == {}, "in one series the lower revision came before"


def test_what_was_settled_and_comes_again_is_known_whatever_has_its_place_since() -> None:
    """A word of the restored buyer has the same place by now: to say "conflict" anew would be our newest word on it."""
    cancel, order = ("cancel", "CFR1", 1), ("order", "CFR1", 0)
    cancellation = OrderCancellation("CFR1/1", date(2026, 11, 22), "CFR1", "Annulée", BUYER, STAUBER)
    known = {order: row(1, 1, "bh1:o", "created"), cancel: row(2, 1, "bh1:a"), CHANGE: row(3, 2, "bh1:b", "rejected")}
    about = replace(facts({}, known=known), epoch=1)
    assert settle_change(cancel, "bh1:a", cancellation, about) == Duplicate(2)
    assert isinstance(settle_change(cancel, "bh1:c", cancellation, about), Conflict)
    held = replace(about, known={**known, cancel: row(2, 1, "bh1:a", "held")})
    assert isinstance(settle_change(cancel, "bh1:a", cancellation, held), Conflict), "nothing was settled of it"
