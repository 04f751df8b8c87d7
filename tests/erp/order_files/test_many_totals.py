"""A file in which a row of totals stands below every order: each is compared, and their number is only a number."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from intergestan_db.problem import Fault
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.order_files.file_order import FileOrder, FileSum, SumOf
from intergestan_erp.order_files.order_sums import compare_sums
from intergestan_erp.order_files.order_values import OrderValues
from intergestan_erp.order_files.read_orders import read_orders

ORDERS = 100_000
"""With each total compared with all orders above it, one after the other, this is more than an hour."""


def test_each_of_many_totals_is_compared_with_what_stands_above_it() -> None:
    values = OrderValues(
        {"total_ht": Decimal(10), "total_vat": Decimal(2), "total_ttc": Decimal(12)}, [{"quantity": Decimal(3)}], []
    )
    orders = [
        FileOrder(
            row=2 * place + 2,
            number=None,
            issue_date=date(2027, 1, 6),
            suppliers=("LIEF",),
            lines=(),
            sums=(
                FileSum(
                    row=2 * place + 3,
                    title="product",
                    since=2 * place + 1 if place else 0,
                    amounts=((SumOf.ANY, Decimal(10 if place % 2 else 10 * (place + 1))),),
                ),
            ),
        )
        for place in range(ORDERS)
    ]
    faults: list[Fault] = []
    said = compare_sums(orders, [values] * ORDERS, faults)
    assert (len(said), faults) == (ORDERS, [])  # of one order, and of all down to it

    one_less = [*[values] * (ORDERS - 1), OrderValues({**values.head, "total_ht": Decimal(9)}, values.lines, [])]
    compare_sums(orders, one_less, faults)
    (wrong,) = faults
    assert wrong.row == 2 * ORDERS + 1
    assert wrong.values == {"stated": "10.00", "ours": f"{10 * ORDERS - 1}.00"}


def test_totals_stand_with_the_order_above_them() -> None:
    count = 5_000
    rows = [f"CFR{each};2027-01-06;LIEF;A-1;1;4\nTotal HT;;;;;4" for each in range(count)]
    orders = read_orders(
        "f.csv", "\n".join(["number;date;supplier;product;quantity;price", *rows]).encode(), Findings()
    )
    assert [(order.number, [each.row for each in order.sums]) for order in orders] == [
        (f"CFR{each}", [2 * each + 3]) for each in range(count)
    ]
