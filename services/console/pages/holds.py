"""One thing of *À traiter*: what happened, what it means, what to do; and the acts by which a person does it.

Whoever comes second, or presses twice, is told what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import HoldReason, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.states import StaleState
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_exchange.credit_holds.standing import read_standing
from intergestan_exchange.findings.findings import explain
from intergestan_exchange.holds.candidates import customers_of, products_of
from intergestan_exchange.holds.cures import Compared, Cure, compared, cures_of, lines_to_choose
from intergestan_exchange.holds.holds import INBOUND, ORDER, OUTBOUND, Hold, find_hold, same_as
from intergestan_exchange.holds.settled import Settled, find_settled
from intergestan_exchange.outbox import outbound
from intergestan_exchange.outbox.progress import read_progress
from intergestan_exchange.partners.partners import set_partner
from intergestan_msg.kinds import Kind
from intergestan_msg.money import ZERO
from intergestan_operations.language.happenings import what
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.to_do import LOOK_MS, PATH, cures_for
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

PRODUCT: Final = "produit."
"""Before the id of a line, as the name of the field with our product for it."""
PAID: Final = "reglement"
"""In the address of an order that waits for room: what the customer would pay next."""
WORD: Final = "mot."
WORDS: Final = 12
MOST_OTHERS: Final = 500
"""So many mails that stand in one row are refused together."""
_GONE: Final = frozenset({ProblemCode.NO_HOLD, ProblemCode.CHANGED_MEANWHILE})
_SOON_MS: Final = 2000


def show(visit: Visit) -> Response:
    """What waits, or what became of it."""
    return _page(visit, visit.params["ref"], 200)


def release_order(visit: Visit) -> Response:
    """*Libérer*: with the products and the customer that were chosen, or with the reason why it may pass."""
    from intergestan_exchange.holds.choices import Choices
    from intergestan_exchange.holds.hold_acts import release

    ref = _ref(ORDER, visit)
    products = {
        name.removeprefix(PRODUCT): value.strip()
        for name, value in visit.form.items()
        if name.startswith(PRODUCT) and value.strip()
    }
    choices = Choices(products, visit.form.get("client", "").strip() or None)
    reason = visit.form.get("motif", "").strip() if visit.form.get("faire") == "passer" else None

    def do(connection: Connection) -> Done:
        hold = find_hold(connection, ref)
        if visit.form.get("faire") == "choisir":
            _check_chosen(hold, products)
        by, at = visit.who.login, visit.now
        bells = release(connection, [ref], by=by, at=at, choices=choices, override=reason)
        return Done(to=f"{PATH}/{ref}", said=Said("{ref} is released; it is taken in again.", ref=ref), bells=bells)

    return _done(visit, ref, do)


def release_mail(visit: Visit) -> Response:
    """*Réessayer*: the mail is read once more, on the same way as the first time."""
    from intergestan_exchange.holds.hold_acts import release

    ref = _ref(INBOUND, visit)

    def do(connection: Connection) -> Done:
        bells = release(connection, [ref], by=visit.who.login, at=visit.now)
        return Done(to=f"{PATH}/{ref}", said=Said("{ref} is released; it is taken in again.", ref=ref), bells=bells)

    return _done(visit, ref, do)


def ask_to_refuse_order(visit: Visit) -> Response:
    """What the buyer will read, before it is refused."""
    return _ask_to_refuse(visit, _ref(ORDER, visit))


def ask_to_refuse_mail(visit: Visit) -> Response:
    """The same for a mail, about which nobody is told."""
    return _ask_to_refuse(visit, _ref(INBOUND, visit))


def refuse_order(visit: Visit) -> Response:
    """*Refuser*: the buyer is answered, with these words or with what was found."""
    return _refuse(visit, _ref(ORDER, visit))


def refuse_mail(visit: Visit) -> Response:
    """*Refuser*: the mail is put away, and nobody is answered."""
    return _refuse(visit, _ref(INBOUND, visit))


def ask_for_words(visit: Visit) -> Response:
    """Twelve fields for what the partner reads over the telephone; the words themselves are never shown."""
    return _words(visit, _ref(INBOUND, visit))


def confirm_words(visit: Visit) -> Response:
    """The words are those of the key: it counts from now on, and what waited for it is taken in."""
    from intergestan_exchange.holds.hold_acts import release
    from intergestan_exchange.keys.partner_keys import confirm_key, key_with

    ref = _ref(INBOUND, visit)
    typed = " ".join(visit.form.get(f"{WORD}{n}", "").strip() for n in range(1, WORDS + 1)).strip()

    def do(connection: Connection) -> Done:
        hold = find_hold(connection, ref)
        if hold.partner_id is None or Cure.CONFIRM_KEY not in cures_of(hold):
            raise Problem("{ref} does not wait for a key, so nothing was done.", ProblemCode.NOT_WAITING, ref=ref)
        by, at = visit.who.login, visit.now
        key = key_with(connection, hold.partner_id, typed)
        bells = confirm_key(connection, hold.partner_id, key.kid, by=by, at=at).bells
        if find_settled(connection, ref) is None:  # it was not for want of this key alone
            bells += release(connection, [ref], by=by, at=at)
        said = Said("The key of {partner} counts; what waited for it is taken in.", partner=hold.partner or "")
        return Done(to=f"{PATH}/{ref}", said=said, bells=bells)

    return _done(visit, ref, do, _words)


def send_again(visit: Visit) -> Response:
    """*Renvoyer*, to another address where one was typed: from then on all orders go there."""
    ref = _ref(OUTBOUND, visit)
    address = visit.form.get("courriel", "").strip()

    def do(connection: Connection) -> Done:
        hold = find_hold(connection, ref)
        by, at = visit.who.login, visit.now
        if address:
            _may_change_address(visit)
            assert hold.partner_id is not None, "a mail of ours is to somebody"
            set_partner(connection, hold.partner_id, {"order_address": address}, by=by, at=at)
        bells = outbound.resend(connection, [hold.id], by=by, at=at)
        return Done(to=f"/envois/{ref}", said=Said("{ref} goes out again.", ref=ref), bells=bells)

    return _done(visit, ref, do)


def _ref(kind: str, visit: Visit) -> str:
    return f"{kind}-{visit.params['n']}"


def _done(
    visit: Visit,
    ref: str,
    do: Callable[[Connection], Done],
    again: Callable[[Visit, str, Problem], Response] | None = None,
) -> Response:
    """Do it once; what stands against it is said on the page that it came from, with all that was typed."""
    try:
        return once(visit, do)
    except StaleState:
        return _too_late(visit, ref)
    except Problem as problem:
        if problem.code in _GONE:
            return _too_late(visit, ref)
        kept = visit.with_kept(visit.form)
        return _page(kept, ref, faults.status_of(problem), problem) if again is None else again(kept, ref, problem)


def _too_late(visit: Visit, ref: str) -> Response:
    """Somebody else was quicker: what they did, and that nothing was done now."""
    return _page(visit, ref, 409)


def _page(visit: Visit, ref: str, status: int, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        hold, settled = _find(connection, ref)
        if hold is None:
            if settled is None:
                return faults.page(visit, 404)
            return _show_settled(visit, settled, status)
        looks = _asks_for_state(visit)
        cures = () if looks else cures_for(visit, hold)
        found = read_progress(connection, hold.id, visit.now) if hold.kind == OUTBOUND and not looks else None
        customers = customers_of(connection, hold) if Cure.CHOOSE_CUSTOMER in cures else []
        asked = lines_to_choose(hold) if Cure.CHOOSE_PRODUCTS in cures else ()
        lines = [(line, products_of(connection, line)) for line in asked]
        is_credit = hold.kind == ORDER and hold.reason is HoldReason.CREDIT and not looks
        paid, wrong_paid = _paid(visit) if is_credit else (ZERO, None)
        standing = read_standing(connection, hold.id, visit.today, paid=paid) if is_credit else None
    if looks:
        return visit.html("to_do/hold.html", block="etat", titled=False, hold=hold, again=LOOK_MS)
    wrong, said = _placed(visit, hold, problem)
    if wrong_paid is not None:
        wrong[PAID] = wrong_paid
    return visit.html(
        "to_do/hold.html",
        status=status,
        hold=hold,
        found=[explain(finding, visit.language) for finding in hold.findings],
        advice=hold.advice(visit.language),
        buyer_reads=hold.told(visit.language),
        compared=[_difference(each) for each in compared(hold.findings)],
        asked_lines=lines,
        customers=customers,
        cures=cures,
        mail=found,
        may_readdress=found is not None
        and Kind(found.mail.kind).nature.answered
        and Cure.CHANGE_ADDRESS in cures
        and may(Right.SEND_ORDERS, visit.person),
        may_override=may(Right.OVERRIDE_CREDIT, visit.person),
        may_raise=may(Right.SET_CREDIT, visit.person),
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
        standing=standing,
        paid=visit.query.get(PAID, ""),
        typed=visit.typed,
        wrong=wrong,
        said=said,
        acts=[] if problem is None else faults.next_acts(problem),
        again=LOOK_MS,
    )


def _paid(visit: Visit) -> tuple[Decimal, str | None]:
    """The next payment of which somebody asks what would pass then; or what is wrong with it."""
    text = visit.query.get(PAID, "").strip()
    try:
        return (typed_figure(text, Figure.AMOUNT, visit.language) if text else ZERO), None
    except Unreadable as bad:
        return ZERO, sentence(bad, visit.language)


def _asks_for_state(visit: Visit) -> bool:
    """Whether a page that is open asks, every few seconds, if it still waits: that needs nothing else."""
    return visit.is_partial and visit.request.headers.get("hx-target") == "etat"


def _find(connection: Connection, ref: str) -> tuple[Hold | None, Settled | None]:
    try:
        return find_hold(connection, ref), None
    except Problem:
        try:
            return None, find_settled(connection, ref)
        except Problem:
            return None, None


def _show_settled(visit: Visit, settled: Settled, status: int) -> Response:
    block = "etat" if visit.request.headers.get("hx-target") == "etat" else "contenu"
    return visit.html(
        "to_do/settled.html",
        status=status if block == "contenu" else 200,
        block=block if visit.is_partial else None,
        it=settled,
        subject={ORDER: "hold", INBOUND: "inbound_mail", OUTBOUND: "outbound_mail"}[settled.ref.partition("-")[0]],
        what=what,
        is_late=status == 409,
        again=_SOON_MS if settled.is_moving else None,
    )


def _placed(visit: Visit, hold: Hold, problem: Problem | None) -> tuple[dict[str, str], str | None]:
    """A fault at its field, where it has one; else above all."""
    if problem is None:
        return {}, None
    text = sentence(problem, visit.language)
    if problem.code is ProblemCode.BAD_ADDRESS:
        return {"courriel": text}, None
    if problem.code in {ProblemCode.NO_REASON, ProblemCode.NOT_CREDIT}:
        return {"motif": text}, None
    if problem.code is ProblemCode.NO_PRODUCT:
        lines = lines_to_choose(hold)
        code = str(problem.values.get("code", ""))
        named = [each.line_id for each in lines if visit.typed(f"{PRODUCT}{each.line_id}") == code]
        return {f"produit-{line}": text for line in named or [each.line_id for each in lines][:1]}, None
    return {}, text


def _check_chosen(hold: Hold, products: Mapping[str, str]) -> None:
    if not products and lines_to_choose(hold):
        raise Problem(
            "No product was chosen, so nothing was released. Type the code of the product that the line means.",
            ProblemCode.NO_PRODUCT,
            code="",
        )


def _may_change_address(visit: Visit) -> None:
    if not may(Right.SEND_ORDERS, visit.person):
        raise Problem("Your roles do not let you change where orders go; nothing was done.", ProblemCode.NO_RIGHT)


def _difference(each: Compared) -> tuple[Compared, Decimal, Decimal, Decimal, Decimal | None]:
    theirs, ours = Decimal(each.theirs), Decimal(each.ours)
    return each, theirs, ours, theirs - ours, (theirs - ours) * 100 / ours if ours else None


def _ask_to_refuse(visit: Visit, ref: str, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        hold, settled = _find(connection, ref)
        others = len(same_as(connection, ref)) - 1 if hold is not None else 0
    if hold is None:
        return faults.page(visit, 404) if settled is None else visit.go(f"{PATH}/{ref}")
    return visit.html(
        "to_do/refuse.html",
        status=200 if problem is None else faults.status_of(problem),
        hold=hold,
        buyer_reads=hold.told(visit.language),
        typed=visit.typed("motif"),
        typed_all=visit.typed("tous") == "1",
        others=min(others, MOST_OTHERS),
        said=None if problem is None else sentence(problem, visit.language),
    )


def _refuse(visit: Visit, ref: str) -> Response:
    from intergestan_exchange.holds.hold_acts import refuse

    words = visit.form.get("motif", "").strip() or None

    def do(connection: Connection) -> Done:
        named = same_as(connection, ref)[: MOST_OTHERS + 1] if visit.form.get("tous") == "1" else [ref]
        bells: Bells = refuse(connection, named or [ref], words, by=visit.who.login, at=visit.now)
        return Done(to=f"{PATH}/{ref}", said=Said("{ref} is refused.", ref=ref), bells=bells)

    return _done(visit, ref, do, _ask_to_refuse)


def _words(visit: Visit, ref: str, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        hold, settled = _find(connection, ref)
    if hold is None:
        return faults.page(visit, 404) if settled is None else visit.go(f"{PATH}/{ref}")
    if Cure.CONFIRM_KEY not in cures_of(hold) or hold.partner_id is None:
        return visit.go(f"{PATH}/{ref}")
    return visit.html(
        "to_do/words.html",
        status=200 if problem is None else faults.status_of(problem),
        hold=hold,
        count=WORDS,
        typed=visit.typed,
        said=None if problem is None else sentence(problem, visit.language),
    )
