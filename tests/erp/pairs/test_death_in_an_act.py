"""A process that dies in the middle of an act, as by kill -9: nothing is half done, and doing it again completes it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from itertools import count

import pytest

from intergestan_db.tables import (
    AgencyOrder,
    DeliveryNote,
    GoodsReceipt,
    GoodsReturn,
    InvoiceLine,
    PickingSlip,
    PickingSlipLine,
    SalesOrder,
)
from intergestan_db.tables.types import Table
from intergestan_erp.selling.invoicing import invoice
from intergestan_runtime.crashpoint import ENVIRONMENT
from tests.at_once import go, starting
from tests.erp.pairs.acting import DYING_AT
from tests.erp.pairs.test_acts_at_once import ACTING, is_in_order, opened
from tests.erp.picking.preparing import Preparing
from tests.site_factories import NOW, SiteToTest

COMMITS = [{ENVIRONMENT: f"commit:{number}{moment}"} for number in (1, 2) for moment in ("", ":after")]
FEW = (2, 9, 17, 26)
"""Statements before which a process dies in `make test`; in a campaign it is each of them."""


def orders_wait(agencies: Preparing) -> str:
    agencies.for_customer("ALB0002=3", L1="AB=1 RD=1:indirect ABL=1:indirect")
    return "order"


def an_order_is_ready(agencies: Preparing) -> str:
    return f"deliver {agencies.for_customer('ALB0002=1')} AB"


def goods_are_on_their_way(agencies: Preparing) -> str:
    (pair,) = agencies.order_pairs(order=agencies.for_customer("ALB0002=1", L1="RD=1:indirect"))
    return f"receive {agencies.send(pair.sales_order)} AB"


def notes_are_open(agencies: Preparing) -> str:
    for _ in range(3):
        agencies.send(agencies.for_customer("ALB0002=1"), here="1/AB")
    return "invoices"


def orders_are_open(agencies: Preparing) -> str:
    for before in agencies.site.rows(SalesOrder, state="accepted"):
        agencies.cancel(before.number)  # else each time there are more to look through
    for _ in range(2):
        agencies.for_customer("ALB0002=2", L1="AB=1 RD=1")
    return "make"


def a_slip_is_entered(agencies: Preparing) -> str:
    slip = agencies.make(agencies.for_customer("ALB0002=2")).slips[0]
    agencies.enter_found(slip.number, {1: "1"})
    return f"finish {slip.number} AB"


def slips_are_ready(agencies: Preparing) -> str:
    for _ in range(2):
        agencies.ready(agencies.make(agencies.for_customer("ALB0002=1")).slips[0].number)
    return "validate AB"


def goods_come_back(agencies: Preparing) -> str:
    number = agencies.for_customer("ALB0002=1")
    note = agencies.send(number)
    with agencies.site.database.transaction() as connection:
        invoice(connection, [number], by="marie", at=NOW)
    return f"return {note} AB"


ACTS: Mapping[Callable[[Preparing], str], tuple[type[Table], int, Mapping[str, str]]] = {
    orders_wait: (AgencyOrder, 2, {}),
    an_order_is_ready: (DeliveryNote, 1, {}),
    goods_are_on_their_way: (GoodsReceipt, 1, {}),
    notes_are_open: (InvoiceLine, 3, {}),
    orders_are_open: (PickingSlipLine, 4, {}),
    a_slip_is_entered: (PickingSlip, 1, {"state": "ready"}),
    slips_are_ready: (PickingSlip, 2, {"state": "expired"}),
    goods_come_back: (GoodsReturn, 1, {}),
}
"""What there is to do, and how many rows of which table it makes, or makes so."""
SEVERAL = {orders_wait, notes_are_open, orders_are_open, slips_are_ready}
"""What takes several transactions."""


def dies(site: SiteToTest, act: str, where: Mapping[str, str]) -> bool:
    """Whether the process of an act dies there; else it ends well."""
    with starting(ACTING, site.database.url, *act.split(), environment=where) as process:
        go([process])
    assert process.returncode in {0, -signal.SIGKILL}
    return process.returncode != 0


def killed_and_done_again(agencies: Preparing, ready: Callable[[Preparing], str], where: Mapping[str, str]) -> bool:
    """Let an act die, see that nothing is half done, and do it again; whether it died."""
    table, rows, those = ACTS[ready]
    act = ready(agencies)
    before = len(agencies.site.rows(table, **those))
    died = dies(agencies.site, act, where)
    is_in_order(agencies.site)
    dies(agencies.site, act, {})
    assert len(agencies.site.rows(table, **those)) == before + rows
    is_in_order(agencies.site)
    return died


@pytest.mark.parametrize("ready", ACTS)
def test_around_a_commit(a_site: SiteToTest, ready: Callable[[Preparing], str]) -> None:
    """I4, I5, I6, I9, A43, A52: before a commit nothing of it stands, after it all of it does."""
    agencies = opened(a_site, "100")
    died = [killed_and_done_again(agencies, ready, where) for where in COMMITS]
    assert died == [True, True, *([ready in SEVERAL] * 2)]


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("ready", ACTS)
def test_between_statements(a_site: SiteToTest, ready: Callable[[Preparing], str]) -> None:
    """I4, I5, I6, I9, A43, A52: some of the statements, of which each act has more."""
    agencies = opened(a_site, "100")
    assert [killed_and_done_again(agencies, ready, {DYING_AT: str(n)}) for n in FEW][:2] == [True, True]


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("ready", ACTS)
def test_before_each_statement(a_site: SiteToTest, ready: Callable[[Preparing], str]) -> None:
    """The long form: before every statement of the act, until it lives to its end."""
    agencies = opened(a_site, "900")
    survived = next(n for n in count(1) if not killed_and_done_again(agencies, ready, {DYING_AT: str(n)}))
    assert survived > FEW[1]
