"""What people choose while the site runs: codes, accounts, searches, fees, terms, credit, who looks addresses up.

The values stand as texts in the table `setting`, where others have theirs too; a name that is not there has its
default. The owner of the base writes them, services only read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

from sqlalchemy import Connection, insert, select, update

from intergestan_db import states
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Setting, Site
from intergestan_erp.geo.providers import NONE
from intergestan_erp.geo.rule import MAPS, MapRule
from intergestan_erp.geo.usage import end_key_rests
from intergestan_erp.geo.waiting import wake
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.parties.accounts import AccountMode, AccountRule
from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling, check_ceiling
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.fees import check_codes, fee_code
from intergestan_erp.parties.parties import PartyRules
from intergestan_erp.parties.search import ACCOUNT_FIELDS, PARTY_FIELDS, AccountField, PartyField
from intergestan_erp.site.credit_rules import CREDIT_DEFAULTS, CreditRules, chosen, credit_rules, one_of
from intergestan_erp.site.geo_rules import FLAGS, GEO_DEFAULTS, geo_rule, whole_number
from intergestan_erp.terms.stored import USUAL, term_called
from intergestan_erp.terms.working_days import next_working_day
from intergestan_msg.money import ZERO

DEFAULTS: Final[Mapping[str, str]] = {
    "codes.mode": "manual",
    "codes.length": "8",
    "codes.prefix": "2",
    "accounts.mode": "manual",
    "accounts.customer_root": "411",
    "accounts.supplier_root": "401",
    "accounts.width": "5",
    "search.party_fields": "code,name,account",
    "search.account_fields": "party_code,title,number",
    **CREDIT_DEFAULTS,
    "credit.max_default": "",
    "credit.insured_default": "",
    "terms.default": USUAL,
    "terms.shift": "none",
    "invoicing.split_months": "true",
    "fees.default": "",
    "orders.minimum_default": "",
    "orders.minimum_fee": "",
    **GEO_DEFAULTS,
    "maps.provider": NONE,
    "maps.tiles": "",
    "maps.google_key": "",
}
"""Every name, and the value that it has on a site where nobody chose another."""
CODE_MODES: Final = ("manual", "automatic")
NEXT_WORKING_DAY: Final = "next_working_day"
CREDIT: Final = tuple(name for name in DEFAULTS if name.startswith("credit."))
SHIFTS: Final = ("none", NEXT_WORKING_DAY)
_WHOLE_TEXTS: Final = ("maps.tiles", "maps.google_key")
"""Values in which a comma is a comma."""
_LONGEST: Final = 300

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen, checked.

    :ivar term: the code of the payment term of customers that have none of their own.
    :ivar shifted: whether instalments fall due on working days alone.
    :ivar split_months: whether deferred invoicing makes an invoice for each calendar month (D52).
    :ivar minimum_fee: the code of the fee of orders that are below their customer's minimum (T24).
    """

    rules: PartyRules = field(default_factory=PartyRules)
    party_fields: tuple[PartyField, ...] = PARTY_FIELDS
    account_fields: tuple[AccountField, ...] = ACCOUNT_FIELDS
    credit: CreditRules = field(default_factory=CreditRules)
    term: str = USUAL
    shifted: bool = False
    minimum_fee: str | None = None
    maps: MapRule = field(default_factory=MapRule)
    split_months: bool = True


def read_preferences(connection: Connection) -> Preferences:
    """What was chosen on this site.

    :raises Problem: somebody wrote a value into the base that is none.
    """
    return checked(read_texts(connection))


def _usual_ceiling(texts: Mapping[str, str]) -> Ceiling:
    """What new customers may owe (D22); without a maximum nothing is insured."""
    most, insured = _amount("credit.max_default", texts), _amount("credit.insured_default", texts)
    ceiling = Ceiling(most, insured or ZERO)
    check_ceiling(ceiling)
    return ceiling if most is not None else NO_CEILING


def read_texts(connection: Connection) -> dict[str, str]:
    """The same as texts, by name."""
    return chosen(connection, DEFAULTS)


def checked(texts: Mapping[str, str]) -> Preferences:
    """The preferences that these texts are.

    :raises Problem: for the first that is none.
    """
    code_mode = one_of("codes.mode", texts, CODE_MODES)
    codes = CodeRule(code_mode == "automatic", whole_number("codes.length", texts), whole_number("codes.prefix", texts))
    roots = {role: texts[f"accounts.{role}_root"] for role in PartyRole}
    mode = AccountMode(one_of("accounts.mode", texts, tuple(AccountMode)))
    accounts = AccountRule(mode, roots, whole_number("accounts.width", texts))
    codes.check()
    accounts.check()
    ceiling, minimum = _usual_ceiling(texts), _minimum(texts["orders.minimum_default"])
    return Preferences(
        PartyRules(codes, accounts, _fee_codes(texts["fees.default"]), minimum, ceiling, geo_rule(texts)),
        _fields("search.party_fields", texts, PARTY_FIELDS),
        _fields("search.account_fields", texts, ACCOUNT_FIELDS),
        credit_rules(texts),
        texts["terms.default"],
        one_of("terms.shift", texts, SHIFTS) == NEXT_WORKING_DAY,
        fee_code(texts["orders.minimum_fee"]) if texts["orders.minimum_fee"] else None,
        MapRule(one_of("maps.provider", texts, MAPS), _tiles(texts["maps.tiles"]), _plain(texts["maps.google_key"])),
        one_of("invoicing.split_months", texts, FLAGS) == "true",
    )


def set_preference(connection: Connection, name: str, value: str, *, by: str, at: datetime) -> Preferences:
    """Choose another value; what was made by the old one stays as it is.

    :raises Problem: there is no such name, or the value does not fit; nothing is changed then.
    """
    return set_preferences(connection, {name: value}, by=by, at=at)


def set_preferences(connection: Connection, values: Mapping[str, str], *, by: str, at: datetime) -> Preferences:
    """Choose other values, which are checked together: those that fit each other are changed in one step.

    Who is asked where addresses lie, and how often, counts at once for those that wait.

    :raises Problem: there is no such name, or the values do not fit; nothing is changed then.
    """
    for name in values:
        known(name)
    before = lock_texts(connection)
    wanted = would_be(connection, before, values)
    preferences = checked(wanted)
    texts = wanted | _as_kept(preferences)
    changed = {name: texts[name] for name in values if texts[name] != before[name]}
    if values.keys() & {"terms.shift"} and preferences.shifted:
        next_working_day(connection)
    for name in changed:
        check_codes(connection, _FEES.get(name, _no_codes)(preferences))
    put_texts(connection, changed)
    if changed.keys() & GEO_DEFAULTS.keys():
        end_key_rests(connection)
        wake(connection, at)
    if changed:
        detail = {name: [before[name], text] for name, text in changed.items()}
        states.record(connection, Site.__tablename__, [(1, None, None)], "set", by=by, at=at, detail=detail)
    return preferences


def lock_texts(connection: Connection) -> dict[str, str]:
    """What was chosen, which nobody else changes before the transaction ends."""
    connection.execute(select(Site.id).with_for_update())
    return read_texts(connection)


def would_be(connection: Connection, texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The texts with values that somebody typed in their places, as they would be kept.

    :raises Problem: there is no such payment term.
    """
    found = {
        **texts,
        **{name: value.strip() if name in _WHOLE_TEXTS else _tidy(value) for name, value in values.items()},
    }
    if "terms.default" in values:
        found["terms.default"] = term_called(connection, values["terms.default"]).code
    return found


def put_texts(connection: Connection, texts: Mapping[str, str]) -> None:
    """Write values that were checked."""
    for name, value in texts.items():
        if not connection.execute(update(Setting).where(Setting.name == name).values(value=value)).rowcount:
            connection.execute(insert(Setting).values(name=name, value=value))


def known(name: str) -> None:
    """Refuse a name that is none.

    :raises Problem: with the one that is meant, if one is like it.
    """
    if name in DEFAULTS:
        return
    close = get_close_matches(name, DEFAULTS, n=1)
    if close:
        raise Problem(
            "There is no setting «{name}». Did you mean «{meant}»? Nothing was changed.",
            ProblemCode.NO_SETTING,
            (Act.SHOW_SETTINGS,),
            name=name,
            meant=close[0],
        )
    raise Problem(
        "There is no setting «{name}». Nothing was changed.", ProblemCode.NO_SETTING, (Act.SHOW_SETTINGS,), name=name
    )


def with_field(fields: Sequence[str], name: str) -> str:
    """The fields of a search with one more, at the end."""
    return ",".join((*(each for each in fields if each != name), name))


def without_field(fields: Sequence[str], name: str) -> str:
    """The fields of a search without one of them.

    :raises Problem: it is not one of them, or the last (T15).
    """
    if name not in fields:
        raise Problem(
            "The search does not look in the field {name}. It looks in: {fields}. Nothing was changed.",
            ProblemCode.NO_FIELD,
            name=name,
            fields=", ".join(fields),
        )
    return ",".join(each for each in fields if each != name)


def in_order(fields: Sequence[str], names: str) -> str:
    """The fields of a search in another order.

    :param names: all of them, with commas between.
    :raises Problem: these are others, or not all.
    """
    wanted = _tidy(names).split(",")
    if sorted(wanted) != sorted(fields):
        raise Problem(
            "An order names each field once: {fields}. Nothing was changed.",
            ProblemCode.NO_FIELD,
            (Act.SEARCH_SETTINGS,),
            fields=", ".join(fields),
        )
    return ",".join(wanted)


def _as_kept(chosen: Preferences) -> dict[str, str]:
    """The texts of what may be typed in several ways."""
    minimum = chosen.rules.minimum_order
    return {
        "fees.default": ",".join(chosen.rules.fees),
        "orders.minimum_default": "" if minimum is None else f"{minimum:.2f}",
        "orders.minimum_fee": chosen.minimum_fee or "",
    }


_FEES: Final[Mapping[str, Callable[[Preferences], Sequence[str]]]] = {
    "fees.default": lambda chosen: chosen.rules.fees,
    "orders.minimum_fee": lambda chosen: [chosen.minimum_fee] if chosen.minimum_fee else [],
}
"""The fees that a setting names, which must be in the catalogue when it is chosen."""


def _no_codes(_chosen: Preferences) -> Sequence[str]:
    return ()


def _fee_codes(text: str) -> tuple[str, ...]:
    """Codes of fees with commas between, each once."""
    return tuple(dict.fromkeys(fee_code(each) for each in text.split(",") if each.strip()))


def _minimum(text: str) -> Decimal | None:
    return read_amount(text) if text.strip() else None


def _tidy(value: str) -> str:
    return ",".join(part.strip() for part in value.split(","))


def _amount(name: str, texts: Mapping[str, str]) -> Decimal | None:
    return read_amount(texts[name]) if texts[name].strip() else None


def _tiles(text: str) -> str:
    """The address of a tile server, as pages of maps name it: https, with the places of the three numbers in it."""
    if text and not (text.startswith("https://") and all(part in text for part in ("{x}", "{y}", "{z}"))):
        raise Problem(
            "«{value}» is no address of a tile server: write it like {example}. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.SHOW_SETTINGS,),
            value=text,
            example="https://tiles.example/{z}/{x}/{y}.png",
        )
    return _plain(text)


def _plain(text: str) -> str:
    """A text without blanks, such as a key, that may stand in a page."""
    if not (text.isascii() and text.isprintable()) or " " in text or len(text) > _LONGEST:
        raise Problem(
            "«{value}» is not a text that may stand here: it has at most {limit} letters, digits and signs without "
            "accents, and no blanks. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.SHOW_SETTINGS,),
            value=ascii(text),
            limit=_LONGEST,
        )
    return text


def _fields(name: str, texts: Mapping[str, str], known_fields: Sequence[Word]) -> tuple[Word, ...]:
    """The fields of a search, in their order."""
    chosen = [each for each in texts[name].split(",") if each]
    if not chosen:
        raise Problem("A search needs one field at least; nothing was changed.", ProblemCode.LAST_FIELD)
    by_name = {str(each): each for each in known_fields}
    for each in chosen:
        if each not in by_name or chosen.count(each) > 1:
            raise Problem(
                "«{value}» is not a list of fields: each of {fields} stands in it once or not at all. Nothing was "
                "changed.",
                ProblemCode.NO_FIELD,
                (Act.SEARCH_SETTINGS,),
                value=texts[name],
                fields=", ".join(by_name),
            )
    return tuple(by_name[each] for each in chosen)
