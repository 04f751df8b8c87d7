"""*À traiter*: all that waits for a person, the longest first, with the act that cures each; several at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import HoldReason, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.holds.cures import Cure, cures_of
from intergestan_exchange.holds.holds import (
    INBOUND,
    ORDER,
    OUTBOUND,
    Hold,
    HowMany,
    Wanted,
    count_holds,
    list_holds_page,
    parse_ref,
)
from intergestan_exchange.partners.partners import list_partners
from intergestan_operations.language.labels import HOLD_REASONS
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.filters import paging_of
from services.console.visit import Visit

PATH: Final = "/a-traiter"
TICK: Final = "pris."
"""Before what people call a hold, as the name of the box that is ticked for it."""
MOST_AT_ONCE: Final = 200
LOOK_MS: Final = 5000

TABS: Final = {
    "": (marked("All of it"), None),
    "commandes": (marked("Orders that came"), ORDER),
    "recus": (marked("Mails that came"), INBOUND),
    "envois": (marked("Mails of ours"), OUTBOUND),
}
"""By the word in the address: what the tab says, and the kind of hold."""
RIGHTS: Final = {ORDER: Right.SELL, INBOUND: Right.OPERATE, OUTBOUND: Right.RESEND_MAILS}
"""Who may settle each kind."""
CURES: Final = {
    Cure.CHOOSE_PRODUCTS: marked("Choose the product"),
    Cure.CHOOSE_CUSTOMER: marked("Choose the customer"),
    Cure.WAVE_THROUGH: marked("Release"),
    Cure.TRY_AGAIN: marked("Try again"),
    Cure.OVERRIDE: marked("Let it pass"),
    Cure.CONFIRM_KEY: marked("Type the twelve words"),
    Cure.CHANGE_ADDRESS: marked("Correct the address"),
    Cure.RESEND: marked("Send again"),
    Cure.REFUSE: marked("Refuse"),
    Cure.ABANDON: marked("Give up"),
}
"""What a button says."""


def show_list(visit: Visit) -> Response:
    """A page of it."""
    asked = visit.query.get("quoi", "")
    return _list(visit, asked if asked in TABS else "", 200)


def settle_orders(visit: Visit) -> Response:
    """Release or refuse the orders that are ticked."""
    return _settle(visit, ORDER)


def settle_mails(visit: Visit) -> Response:
    """Release or refuse the mails that are ticked."""
    return _settle(visit, INBOUND)


def settle_ours(visit: Visit) -> Response:
    """Send the mails again that are ticked."""
    return _settle(visit, OUTBOUND)


def cures_for(visit: Visit, hold: Hold) -> tuple[Cure, ...]:
    """What this person may do about it; first what cures it. A key is confirmed by whoever sets partners."""
    may_settle, may_trust = may(RIGHTS[hold.kind], visit.person), may(Right.SET_PARTNERS, visit.person)
    return tuple(cure for cure in cures_of(hold) if (may_trust if cure is Cure.CONFIRM_KEY else may_settle))


def _list(visit: Visit, tab: str, status: int, problem: Problem | None = None) -> Response:
    kind = TABS[tab][1]
    reason = next((each for each in HoldReason if each == visit.query.get("raison")), None)
    paging = paging_of(visit, PATH, ("quoi", "raison", "correspondant"))
    paging = replace(paging, narrowing={**paging.narrowing, "quoi": tab})
    asked = visit.query.get("correspondant", "")
    looks = visit.is_partial and visit.request.headers.get("hx-target") == "nouveau"
    with visit.database.read() as connection:
        partners = list_partners(connection) if asked or not looks else []
        partner = next((each for each in partners if each.site_code == asked), None)
        partner_id = None if partner is None else partner.id
        counts = count_holds(connection, partner_id)
        wanted = Wanted(kind, reason, partner_id)
        page = (
            None
            if looks
            else list_holds_page(connection, wanted=wanted, grouped=True, size=paging.size, after=paging.after)
        )
    seen = digest_of(counts)
    if page is None:
        return visit.html(
            "to_do/list.html", block="nouveau", titled=False, seen=visit.query.get("vu", ""), now=seen, again=LOOK_MS
        )
    picture = visit.console.pictures.read()
    return visit.html(
        "to_do/list.html",
        status=status,
        page=page,
        paging=paging,
        tab=tab,
        tabs=[(name, word, _count(counts, each)) for name, (word, each) in TABS.items()],
        reasons=_reasons(counts, kind),
        reason=reason,
        words=HOLD_REASONS,
        partners=[(each.site_code, each.name) for each in partners],
        partner=None if partner is None else partner.site_code,
        cures=CURES,
        rows=[(hold, hold.what(visit.language), next_act(visit, hold)) for hold in page.rows],
        to_review=picture.to_review,
        unanswered=picture.unanswered,
        may_settle=kind is not None and may(RIGHTS[kind], visit.person),
        is_narrowed=bool(reason or partner or kind),
        seen=seen,
        now=seen,
        watching=f"{PATH}?{urlencode({**paging.narrowing, 'vu': seen})}",
        again=LOOK_MS,
        typed=visit.typed,
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
    )


def digest_of(counts: Sequence[HowMany]) -> str:
    """A short mark of what waits: another one where something came or went."""
    told = sorted((each.kind, str(each.reason), each.count) for each in counts)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def _count(counts: Sequence[HowMany], kind: str | None) -> int:
    return sum(each.count for each in counts if kind in (None, each.kind))


def _reasons(counts: Sequence[HowMany], kind: str | None) -> list[tuple[HoldReason, int]]:
    found: dict[HoldReason, int] = {}
    for each in counts:
        if kind in (None, each.kind):
            found[each.reason] = found.get(each.reason, 0) + each.count
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def next_act(visit: Visit, hold: Hold) -> Cure | None:
    """The first of what this person may do about it; None where others decide."""
    return next(iter(cures_for(visit, hold)), None)


def _settle(visit: Visit, kind: str) -> Response:
    """Each one by itself: what cannot be done is told, and keeps nobody from the others."""
    refs = [name.removeprefix(TICK) for name in visit.form if name.startswith(TICK)]
    is_refusal = visit.form.get("faire") == "refuser" and kind != OUTBOUND
    words = visit.form.get("motif", "").strip() or None
    tab = next(name for name, (_, each) in TABS.items() if each == kind)

    def one(connection: Connection, ref: str) -> Bells:
        if parse_ref(ref)[0] != kind:
            raise Problem("Only what is of one kind is settled together.", ProblemCode.NO_HOLD)
        from intergestan_exchange.holds.hold_acts import refuse, release

        by, at = visit.who.login, visit.now
        if is_refusal:
            return refuse(connection, [ref], words, by=by, at=at)
        return release(connection, [ref], by=by, at=at)

    def do(connection: Connection) -> Done:
        if not refs:
            raise Problem("Nothing is ticked, so nothing was done.", ProblemCode.NO_VALUE)
        if len(refs) > MOST_AT_ONCE:
            raise Problem(
                "At most {most} are settled at once; nothing was done.", ProblemCode.TOO_MANY, most=MOST_AT_ONCE
            )
        bells, failed = _each(connection, refs, one, visit)
        said = _told(len(refs) - len(failed), failed, is_refusal=is_refusal)
        return Done(to=f"{PATH}?quoi={tab}", said=said, bells=bells)

    try:
        return once(visit, do)
    except Problem as problem:
        return _list(visit.with_kept(visit.form), tab, faults.status_of(problem), problem)


def _each(
    connection: Connection, refs: Sequence[str], one: Callable[[Connection, str], Bells], visit: Visit
) -> tuple[Bells, list[str]]:
    bells, failed = Bells(), []
    for ref in refs:
        try:
            with connection.begin_nested():
                bells += one(connection, ref)
        except Problem as problem:
            failed.append(sentence(problem, visit.language))
    return bells, failed


def _told(count: int, failed: Sequence[str], *, is_refusal: bool) -> Said:
    done: Said | Counted = (
        Counted("One was refused.", "{count} were refused.", count)
        if is_refusal
        else Counted("One was released.", "{count} were released.", count)
    )
    if not failed:
        return Said("{first}", first=done)
    why = " ".join(failed)
    if not count:
        return Said("None was settled: {why}", why=why)
    return Said("{first} Not settled: {why}", first=done, why=why)
