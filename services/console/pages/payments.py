"""Payments of customers (*règlements*): the list, each, what came back or was a mistake, the bank (T21, D60)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PaymentState, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Payment
from intergestan_erp.books.post import TO_BANK
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.entries import entry_of
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.payments import (
    ListedPayment,
    PaymentView,
    WhichPayments,
    count_payments,
    list_payments,
    show_payment,
    sum_payments,
)
from intergestan_erp.paying import banking
from intergestan_erp.paying.payments import customer_of, is_of_today
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_msg.money import ZERO
from intergestan_operations.language.happenings import WORDS
from intergestan_operations.language.payment_words import METHODS, SHOWN_STATES
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.visit import Visit

PATH: Final = "/reglements"
NEW: Final = f"{PATH}/nouveau"
TAB: Final = "montrer"
ON_ACCOUNT, FOR_BANK, FAILED = "en-compte", "banque", "impayes"
TABS: Final[Mapping[str, str]] = {
    "": marked("All payments"),
    ON_ACCOUNT: marked("On account"),
    FOR_BANK: marked("For the bank"),
    FAILED: marked("Unpaid"),
}
"""What is shown, by the word in the address."""
NARROWING: Final = ("du", "au", "client", TAB)
TICK: Final = "remettre."
"""Before the number of a payment that the bank gets."""
DAY: Final = "le"
TITLES: Final = (
    *(marked("Number"), marked("Received on"), marked("Customer"), marked("Method"), marked("Reference")),
    *(marked("Amount"), marked("Settled amount"), marked("Rest"), marked("Due date"), marked("Establishment")),
    *(marked("The bank has it since"), marked("State")),
)
"""The columns, as a file has them."""


def payment_path(number: str, act: str = "") -> str:
    """The address of a payment, or of one of its acts."""
    return f"{PATH}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def show_list(visit: Visit) -> Response:
    """A page of the payments, the newest first."""
    return _list(visit)


def _list(
    visit: Visit, problem: Problem | None = None, wrong_day: str | None = None, *, tab: str | None = None
) -> Response:
    paging = paging_of(visit, PATH, NARROWING)
    shown = _tab(visit) if tab is None else tab
    with visit.database.read() as connection:
        days, wanted, wrong = _asked(visit, connection, shown)
        page = None if wrong else list_payments(connection, wanted, **paging.where)
        on_account, for_bank, failed = count_payments(connection, visit.today)
    counts = {ON_ACCOUNT: on_account, FOR_BANK: for_bank, FAILED: failed}
    posted = visit.form or visit.kept
    numbers = [] if page is None else [each.number for each in page.rows]
    ticked = _ticked(posted) if posted else numbers
    status = faults.status_of(problem) if problem is not None else 422 if wrong or wrong_day else 200
    return visit.html(
        "payments/list.html",
        status=status,
        page=page,
        paging=paging,
        tabs=[(name, word, paging.narrowed(montrer=name), counts.get(name)) for name, word in TABS.items()],
        tab=shown,
        days=days,
        customer=visit.query.get("client", ""),
        wrong=wrong,
        is_narrowed=any(paging.narrowing.values()),
        methods=METHODS,
        states=SHOWN_STATES,
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
        may_bank=may(Right.KEEP_BOOKS, visit.person),
        ticked=ticked,
        on_day=posted.get(DAY, visit.day(visit.today)),
        count=len(set(ticked) & set(numbers)),
        sum=sum((each.amount for each in page.rows if each.number in ticked), ZERO) if page else ZERO,
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        wrong_day=wrong_day,
        new=NEW,
    )


def count_ticked(visit: Visit) -> Response:
    """What the ticked ones come to, and the button that goes on with them; nothing is done."""
    with visit.database.read() as connection:
        count, total = sum_payments(connection, _ticked(visit.form))
    return visit.html("payments/list.html", block="somme", titled=False, count=count, sum=total)


def to_bank(visit: Visit) -> Response:
    """*Remettre en banque*: the bank has the ticked ones, all or none of them."""
    day, wrong = _day(visit)
    numbers = _ticked(visit.form)
    alone = visit.form.get("un", "")

    def back(problem: Problem | None = None) -> Response:
        return _one(visit, alone, problem, wrong) if alone else _list(visit, problem, wrong.get(DAY), tab=FOR_BANK)

    if wrong:
        return back()
    if not numbers:
        return back(Problem("Nothing is ticked, so nothing was done.", ProblemCode.NO_VALUE))

    def do(connection: Connection) -> Done:
        banked = banking.bank(connection, numbers, day, by=visit.who.login, at=visit.now)
        total = visit.amount(sum((each.amount for each in banked), ZERO))
        said = Counted(
            "The bank has one payment: {total}.", "The bank has {count} payments: {total}.", len(banked), total=total
        )
        return Done(to=payment_path(alone) if alone else f"{PATH}?{TAB}={FOR_BANK}", said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return back(problem)


def export(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    with visit.database.read() as connection:
        _days, wanted, wrong = _asked(visit, connection, _tab(visit))
    if wrong:
        return visit.go(f"{PATH}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedPayment]:
        return list_payments(connection, wanted, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.number, visit.day(each.received_on), each.customer, said(METHODS[each.method]), each.reference),
            *(each.amount, each.settled, each.left, visit.day(each.due_date), str(each.establishment)),
            *(None if each.banked_on is None else visit.day(each.banked_on), said(SHOWN_STATES[each.state])),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "reglements", said("Payments"), [said(title) for title in TITLES], rows)


def show_one(visit: Visit) -> Response:
    """One payment with what it settled."""
    return _one(visit, visit.params["number"])


def _one(visit: Visit, number: str, problem: Problem | None = None, wrong: Mapping[str, str] | None = None) -> Response:
    with visit.database.read() as connection:
        payment = show_payment(connection, number)
        if payment is None:
            return faults.page(visit, 404)
        entry = entry_of(connection, Payment, payment.number)
        is_new = is_of_today(connection, payment.created_at, visit.now)
    stands = payment.state == PaymentState.ENTERED
    may_pay = stands and may(Right.TAKE_PAYMENTS, visit.person)
    return visit.html(
        "payments/payment.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        payment=payment,
        entry=entry,
        methods=METHODS,
        states=SHOWN_STATES,
        words=WORDS,
        stands=stands,
        is_new=is_new,
        to=partial(payment_path, payment.number),
        may_settle=may_pay and payment.left > ZERO,
        may_pay=may_pay,
        may_books=may(Right.KEEP_BOOKS, visit.person),
        may_cancel=may_pay and is_new and payment.banked_on is None,
        may_bank=stands and _waits_for_bank(payment, visit) and may(Right.KEEP_BOOKS, visit.person),
        on_day=(visit.form or visit.kept).get(DAY, visit.day(visit.today)),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
    )


def _waits_for_bank(payment: PaymentView, visit: Visit) -> bool:
    return payment.method in TO_BANK and payment.banked_on is None and payment.due_date <= visit.today


def ask_to_fail(visit: Visit) -> Response:
    """*Impayé*: the day, and what would be open again."""
    return _ask(visit, "payments/fail.html")


def fail(visit: Visit) -> Response:
    """Note that a payment came back unpaid; the answer says who is above the maximum by it."""
    day, wrong = _day(visit)
    if wrong:
        return _ask(visit, "payments/fail.html", wrong=wrong)
    number = visit.params["number"]

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import fail_payment

        taken, released = fail_payment(connection, number, day, by=visit.who.login, at=visit.now)
        said = Said("{number} came back unpaid.", number=taken.number)
        if taken.reopened:
            said = Said("{first} Open again: {numbers}.", first=said, numbers=", ".join(taken.reopened))
        customer_id = customer_of(connection, number)
        owes = read_customers(connection, [customer_id], visit.today, read_credit_rules(connection))[customer_id]
        if owes.free is not None and owes.free < ZERO and owes.maximum is not None:
            total, most = visit.amount(owes.exposure.total), visit.amount(owes.maximum)
            text = "{first} {customer} owes {total} now, above the maximum of {most}."
            said = Said(text, first=said, customer=owes.name, total=total, most=most)
        return Done(to=payment_path(taken.number), said=said, bells=Bells(take_in=released.take_in))

    return _try(visit, do, "payments/fail.html")


marked("{first} {customer} owes {total} now, above the maximum of {most}.")


def ask_to_cancel(visit: Visit) -> Response:
    """*Annuler*: on the day of its entry alone, which is said before."""
    return _ask(visit, "payments/cancel.html")


def cancel(visit: Visit) -> Response:
    """Take back a payment that was entered by mistake."""
    number = visit.params["number"]

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import cancel_payment

        taken, released = cancel_payment(connection, number, by=visit.who.login, at=visit.now)
        said = Said("{number} is taken back, as if it had never been entered.", number=taken.number)
        if taken.reopened:
            said = Said("{first} Open again: {numbers}.", first=said, numbers=", ".join(taken.reopened))
        return Done(to=payment_path(taken.number), said=said, bells=Bells(take_in=released.take_in))

    return _try(visit, do, "payments/cancel.html")


def _try(visit: Visit, do: Callable[[Connection], Done], template: str) -> Response:
    try:
        return once(visit, do)
    except Problem as problem:
        return _ask(visit, template, problem)


def _ask(
    visit: Visit, template: str, problem: Problem | None = None, wrong: Mapping[str, str] | None = None
) -> Response:
    """The page before an act; of a payment that does not stand its own, unless there is a fault to tell."""
    with visit.database.read() as connection:
        payment = show_payment(connection, visit.params["number"])
        if payment is None:
            return faults.page(visit, 404)
        is_new = is_of_today(connection, payment.created_at, visit.now)
    if payment.state != PaymentState.ENTERED and problem is None:
        return visit.go(payment_path(payment.number))
    values: dict[str, Any] = {"is_new": is_new and payment.banked_on is None}
    return visit.html(
        template,
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        payment=payment,
        to=partial(payment_path, payment.number),
        methods=METHODS,
        on_day=(visit.form or visit.kept).get(DAY, visit.day(visit.today)),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        **values,
    )


def _ticked(form: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(TICK) for name in form if name.startswith(TICK)]


def _day(visit: Visit) -> tuple[Any, dict[str, str]]:
    """The day of an act; None, which is today, where none is typed."""
    text = visit.form.get(DAY, "").strip()
    try:
        return (read_near_day(text, visit.today) if text else None), {}
    except Unreadable as bad:
        return None, {DAY: sentence(bad, visit.language)}


def _tab(visit: Visit) -> str:
    tab = visit.query.get(TAB, "")
    return tab if tab in TABS else ""


def _asked(visit: Visit, connection: Connection, tab: str) -> tuple[Days, WhichPayments, dict[str, str]]:
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    wanted = WhichPayments(
        customer_id=customer_id,
        first=days.first,
        last=days.last,
        on_account=tab == ON_ACCOUNT,
        to_bank=visit.today if tab == FOR_BANK else None,
        state=PaymentState.FAILED if tab == FAILED else None,
    )
    return days, wanted, wrong
