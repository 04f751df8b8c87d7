"""The checks of `doctor` about what customers owe: whether the sums are right, and whether holidays are known."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Problem
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said


def check_due(checkup: Checkup) -> Iterator[Finding]:
    """Whether instalments, payments and credit notes add up to what they are of, and orders to their invoices."""
    from intergestan_erp.credit.invoiced import wrong_marks
    from intergestan_erp.paying.sums import wrong_sums

    subject = Said("Invoices")
    with checkup.database.read() as connection:
        wrong = wrong_sums(connection) + wrong_marks(connection)
    if not wrong:
        yield Finding(subject, True, Said("what is due, paid and credited adds up"))
        return
    text = Said("these do not add up: {numbers}", numbers=wrong)
    yield Finding(subject, False, text, Said("Something wrote into the database beside the program. Restore a backup."))


def check_working_days(checkup: Checkup) -> Iterator[Finding]:
    """Whether the holidays are known, where instalments fall due on working days alone."""
    from intergestan_erp.site.preferences import read_preferences
    from intergestan_erp.terms.working_days import next_working_day

    subject = Said("Working days")
    try:
        with checkup.database.read() as connection:
            if not read_preferences(connection).shifted:
                return
            next_working_day(connection)
    except Problem as problem:
        yield Finding(subject, False, problem, next=problem.next)
        return
    yield Finding(subject, True, Said("the holidays of the country are known"))
