"""Whether the days of an order can be meant: a year typed wrong makes a valid date."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from intergestan_db.problem import Act, Fault
from intergestan_erp.inputs.days import may_be_issued, may_be_wanted
from intergestan_erp.order_files.file_order import FileOrder


def implausible_days(order: FileOrder, today: date, meant: Collection[date | None] = ()) -> Iterator[Fault]:
    """What is wrong with the days of a new order.

    It was made in the last year, or tomorrow where clocks differ; the goods come on that day or in the two years after.

    :param meant: days that are, whatever they are: those that it had before.
    """
    of_issue, of_delivery = ("date", "wanted_date") if order.row is not None else ("cbc:IssueDate", "cac:Delivery")
    if order.issue_date not in meant and not may_be_issued(order.issue_date, today):
        yield Fault(
            order.row,
            of_issue,
            "The order is of {day}, and today is {today}: an order is at most a year old, and of tomorrow at the "
            "latest. Correct the date, or take any date if it is meant.",
            acts=(Act.ANY_DATES,),
            day=order.issue_date,
            today=today,
        )
    wanted = [(order.row, of_delivery, order.wanted_date)]
    for line in order.lines:
        place = of_delivery if line.row is not None else f"cac:OrderLine {line.line_id}"
        wanted += [(line.row, place, line.wanted_date)]
    for row, place, day in wanted:
        if day is not None and day not in meant and not may_be_wanted(day, order.issue_date):
            yield Fault(
                row,
                place,
                "The goods are wanted on {wanted}, and the order is of {day}: they are wanted on that day or in "
                "the two years after it. Correct the date, or take any date if it is meant.",
                acts=(Act.ANY_DATES,),
                wanted=day,
                day=order.issue_date,
            )
