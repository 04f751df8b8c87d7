"""*Réglages ▸ Tiers*: how codes and accounts come about, what is searched, what new customers begin with (§4.5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.credit.listing import count_over
from intergestan_erp.geo.health import read_geocoding
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.listing.page import MOST
from intergestan_erp.parties.codes import CodeRule, fullest_prefix
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.geo_rules import read_geo
from intergestan_erp.site.preferences import (
    checked,
    lock_texts,
    read_texts,
    would_be,
)
from intergestan_erp.site.zone import this_month
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.ordering import order_after
from services.console.pages.tiers_rules import GROUPS, OF_KEY, Field, Group
from services.console.visit import Visit

PATH: Final = "/reglages/tiers"
VERSION, ACT = "version", "faire"
_EXAMPLE: Final = "Dupont SA"


def show(visit: Visit) -> Response:
    """All groups, each with its own form; at a group's own address what was typed into it before one entered again."""
    if "group" not in visit.params:
        return _page(visit)
    group = OF_KEY.get(visit.params["group"])
    if group is None:
        return faults.page(visit, 404)
    return _page(visit, group=group, typed=_typed(group, visit.kept)) if VERSION in visit.kept else _page(visit)


def change(visit: Visit) -> Response:
    """One group is stored as a whole; or a field of a search is moved, and nothing is stored yet."""
    group = OF_KEY.get(visit.params["group"])
    if group is None:
        return faults.page(visit, 404)
    act = visit.form.get(ACT, "")
    if act:
        return _moved(visit, group, act)
    typed = _typed(group, visit.form)

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import set_preferences

        if visit.form.get(VERSION, "") != version(group, lock_texts(connection)):
            raise Problem(
                "Somebody else changed these settings meanwhile. Nothing was saved; what you chose is all here.",
                ProblemCode.CHANGED_MEANWHILE,
            )
        _chosen, released = set_preferences(connection, typed, by=visit.who.login, at=visit.now)
        said = Said("{group} is saved.", group=translated(group.title, visit.language))
        if released.holds:
            said = Said("{first} Orders that waited go on: {refs}.", first=said, refs=", ".join(released.holds))
        return Done(to=PATH, said=said, bells=Bells(take_in=released.take_in))

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, group=group, typed=typed, problem=problem, wrong=_wrong(visit, group, typed))


marked("{first} Orders that waited go on: {refs}.")


def version(group: Group, texts: Mapping[str, str]) -> str:
    """By which a form knows whether anybody changed its group meanwhile."""
    told = json.dumps([texts[name] for name in group.settings])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _typed(group: Group, form: Mapping[str, str]) -> dict[str, str]:
    """What the form says of each setting of the group."""
    found = {}
    for each in group.fields:
        if each.kind == "flag":
            found[each.setting] = "true" if each.name in form else "false"
        elif each.kind == "fees":
            prefix = f"{each.name}."
            found[each.setting] = ",".join(name.removeprefix(prefix) for name in form if name.startswith(prefix))
        else:
            found[each.setting] = form.get(each.name, "").strip()
    return found


def _wrong(visit: Visit, group: Group, typed: Mapping[str, str]) -> dict[str, str]:
    """Which fields are wrong by themselves, while all others are as they are."""
    found = {}
    with visit.database.read() as connection:
        stored = read_texts(connection)
        for each in group.fields:
            if typed[each.setting] != stored[each.setting]:
                try:
                    checked(would_be(connection, stored, {each.setting: typed[each.setting]}))
                except Problem as problem:
                    found[each.name] = sentence(problem, visit.language)
    return found


def _moved(visit: Visit, group: Group, act: str) -> Response:
    """A field of a search goes up or down, comes or goes; the order that is not stored yet stays in the form."""
    typed = _known(_typed(group, visit.form))
    what, _colon, rest = act.partition(":")
    setting, _colon, name = rest.partition(":")
    spoken = focus = ""
    problem = None
    field = next((each for each in group.fields if each.setting == setting and each.kind == "order"), None)
    if field is not None and name in field.words:
        try:
            typed[setting] = order_after(what, [each for each in typed[setting].split(",") if each], name)
            spoken, focus = _spoken(visit, field, typed[setting].split(","), name), f"{what}:{setting}:{name}"
        except Problem as refused:
            problem = refused
    return _page(visit, group=group, typed=typed, problem=problem, spoken=spoken, focus=focus)


def _spoken(visit: Visit, field: Field, order: Sequence[str], name: str) -> str:
    """What became of the move, for who does not see it."""
    word = translated(field.words[name], visit.language)
    if name not in order:
        return sentence(Said("{field} is removed", field=word), visit.language)
    place, count = str(order.index(name) + 1), str(len(order))
    return sentence(Said("{field} is {place} of {count}", field=word, place=place, count=count), visit.language)


def _page(
    visit: Visit,
    *,
    group: Group | None = None,
    typed: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    wrong: Mapping[str, str] | None = None,
    spoken: str = "",
    focus: str = "",
) -> Response:
    with visit.database.read() as connection:
        stored = read_texts(connection)
        fees = list_fees(connection, size=MOST).rows
        over = _over(visit, connection) if group is None else None
        month = this_month(connection, visit.now).name
        asked = read_geocoding(connection, read_geo(connection), month, visit.now)
        left = fullest_prefix(connection, checked(stored).rules.codes)
    texts = _known({**stored, **(typed or {})})
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    versions = {each.key: version(each, stored) for each in GROUPS}
    if group is not None and not changed:
        form = visit.form or visit.kept
        versions[group.key] = form.get(VERSION, "")
    said = partial(translated, language=visit.language)
    return visit.html(
        "tiers/settings.html",
        status=200 if problem is None else faults.status_of(problem),
        groups=GROUPS,
        current=group,
        texts=texts,
        versions=versions,
        differences=[
            (each.label, _shown(each, texts, said), _shown(each, stored, said))
            for each in (group.fields if group is not None and changed else ())
            if texts[each.setting] != stored[each.setting]
        ],
        wrong={} if changed else wrong or {},
        said=None if problem is None or (wrong and not changed) else sentence(problem, visit.language),
        spoken=spoken,
        focus=focus,
        fees=fees,
        over=over,
        asked=asked,
        left=left,
        examples={"codes": _code_example(stored), "comptes": _account_example(stored)},
    )


def _over(visit: Visit, connection: Connection) -> int:
    """How many customers are above their limit: as it was counted today, else counted, which takes long."""
    from intergestan_exchange.credit_holds.due import is_counted, read_count

    kept = read_count(connection) if is_counted(connection, visit.today) else None
    return count_over(connection, visit.today, read_credit_rules(connection)) if kept is None else kept


def _known(texts: Mapping[str, str]) -> dict[str, str]:
    """The same without fields of a search that there are not: what is refused in words is shown no more."""
    orders = {each.setting: each.words for group in GROUPS for each in group.fields if each.kind == "order"}
    return {
        name: ",".join(each for each in text.split(",") if each in orders[name]) if name in orders else text
        for name, text in texts.items()
    }


def _shown(field: Field, texts: Mapping[str, str], said: Any) -> str:
    value = texts[field.setting]
    return ", ".join(said(field.words.get(each, each)) for each in value.split(",")) if value else "–"


def _code_example(texts: Mapping[str, str]) -> str:
    rules = checked(texts).rules.codes
    rule = CodeRule(True, rules.length, rules.prefix)
    prefix = rule.prefix_of(_EXAMPLE)
    return f"{_EXAMPLE} → {prefix}{1:0{rule.length - rule.prefix}d}"


def _account_example(texts: Mapping[str, str]) -> str:
    rule = checked(texts).rules.accounts
    if rule.mode.value == "manual":
        return f"DU000001 → {rule.roots[PartyRole.CUSTOMER]}DU000001"
    return f"{_EXAMPLE} → {rule.counter_of(PartyRole.CUSTOMER, _EXAMPLE)}{1:0{rule.width}d}"
