"""The partners of a site: who there is, and what we agreed with each (addresses, policies)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.enums import (
    Acceptance,
    HeartbeatPolicy,
    MinimumOrderAction,
    PriceAction,
    PricePolicy,
    UnknownProduct,
)
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Event, Partner, PartnerKey, Party
from intergestan_db.views import INSIDE, viewed
from intergestan_erp.parties.addresses import POSTAL, set_address, set_contact
from intergestan_erp.parties.company_numbers import compact
from intergestan_erp.parties.folding import name_key
from intergestan_erp.site.geo_rules import read_geo
from intergestan_erp.site.setup import LANGUAGES, check_address
from intergestan_msg.flavour import Flavour
from intergestan_msg.identity import nfc

ADDRESSES: Final = ("order_address", "answer_address")
FORMER: Final = "former_"
"""Before the name of an address, in an event: what it was."""
CHOICES: Final[Mapping[str, type[StrEnum]]] = {
    "price_policy": PricePolicy,
    "price_action": PriceAction,
    "unknown_product": UnknownProduct,
    "acceptance": Acceptance,
    "minimum_order_action": MinimumOrderAction,
    "heartbeat": HeartbeatPolicy,
    "flavour": Flavour,
}
TOLERANCES: Final = ("price_tolerance", "price_tolerance_percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerView:
    """A partner with all that we agreed and know of them; `Partner` says what each is.

    :ivar party: the code of the third party. :ivar kids: the ids of their keys that count.
    """

    id: int = field(metadata=INSIDE)
    party_id: int = field(metadata=INSIDE)
    party: str
    site_code: str
    name: str
    siret: str | None
    vat_id: str | None
    order_address: str | None
    proposed_order_address: str | None
    answer_address: str
    language: str
    flavour: str
    out_epoch: int
    out_seq: int
    price_policy: str
    price_tolerance: Decimal
    price_tolerance_percent: Decimal
    price_action: str
    unknown_product: str
    acceptance: str
    minimum_order_action: str
    answer_hours: int | None
    takes: str
    takes_at: datetime | None
    paused_at: datetime | None
    active: bool
    rests: str | None
    rests_since: datetime | None
    rests_reason: str | None
    rests_by: str | None
    heartbeat: str
    heartbeat_at: datetime | None
    heartbeat_returned_at: datetime | None
    heartbeat_planned: int | None
    heartbeat_told: int | None
    told_epoch: int
    told_seq: int
    told_got_epoch: int
    told_got_seq: int
    told_at: datetime | None
    told_since: datetime | None
    clock_ahead_least: int | None
    clock_ahead_most: int | None
    clock_noted_at: datetime | None
    created_at: datetime
    kids: Sequence[str]


def list_partners(connection: Connection) -> list[PartnerView]:
    """All partners by code."""
    keys: dict[int, list[str]] = {}
    counts = (PartnerKey.revoked_at.is_(None), PartnerKey.pending.is_(False))
    pinned = select(PartnerKey.partner_id, PartnerKey.kid).where(*counts)
    for partner_id, kid in connection.execute(pinned.order_by(PartnerKey.id)):
        keys.setdefault(partner_id, []).append(kid)
    query = (
        select(Partner.__table__, Party.code.label("party"))
        .join(Party, Party.id == Partner.party_id)
        .order_by(Partner.site_code)
    )
    return [viewed(PartnerView, row, kids=keys.get(row["id"], ())) for row in connection.execute(query).mappings()]


def find_partner(connection: Connection, text: str) -> int:
    """The id of the partner whose site code, party code, SIRET or name is `text`; names are compared folded.

    :raises Problem: when none or several fit.
    """
    query = select(Partner.id, Partner.site_code, Partner.siret, Partner.name, Party.code.label("party"))
    partners = connection.execute(query.join(Party, Party.id == Partner.party_id).order_by(Partner.site_code)).all()
    key, number, name = nfc(text.strip()), compact(text), name_key(text)
    for rows in (
        [row for row in partners if row.site_code == key],
        [row for row in partners if row.party == key],
        [row for row in partners if row.siret == number],
        [row for row in partners if name and name_key(row.site_code) == name],
        [row for row in partners if name and name_key(row.party) == name],
        [row for row in partners if name and name_key(row.name) == name],
    ):
        if len(rows) == 1:
            return int(rows[0].id)
        if rows:
            codes = ", ".join(row.site_code for row in rows)
            raise Problem(
                "«{text}» fits several partners: {codes}. Write the code of the one you mean.",
                ProblemCode.AMBIGUOUS,
                text=text,
                codes=codes,
            )
    raise Problem("There is no partner «{text}».", ProblemCode.NO_PARTNER, (Act.LIST_PARTNERS,), text=text)


def set_partner(connection: Connection, partner_id: int, changes: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Change what we agreed with a partner; columns of `partner`, its party's postal address or `contact`.

    `order_address` is the one address per supplier that orders go to (G16, G18); None takes it away. Of an address the
    event keeps the former one, too.

    :raises Problem: for a value that is none of the allowed ones; nothing is changed then.
    """
    for name, value in changes.items():
        _check(name, value)
    columns = (Partner.party_id, Partner.order_address, Partner.answer_address)
    before = connection.execute(select(*columns).where(Partner.id == partner_id)).one()
    party_id = before.party_id
    of_party = {name: changes[name] for name in POSTAL if name in changes}
    own = {name: value for name, value in changes.items() if name not in POSTAL and name != "contact"}
    if own:
        connection.execute(update(Partner).where(Partner.id == partner_id).values(**own))
    if of_party:
        set_address(connection, party_id, of_party, read_geo(connection), at)
    if changes.get("contact"):
        set_contact(connection, party_id, {"contact": changes["contact"]})
    detail = {name: None if value is None else str(value) for name, value in changes.items()}
    detail |= {f"{FORMER}{name}": getattr(before, name) for name in ADDRESSES if name in changes}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], "set", by=by, at=at, detail=detail)


@dataclass(frozen=True, slots=True)
class Redirected:
    """Somebody said where a partner's orders go.

    :ivar former: where they went before; None: it is the first address.
    """

    at: datetime
    by: str
    partner: str
    former: str | None
    now: str | None


def order_addresses_changed(connection: Connection, since: datetime) -> list[Redirected]:
    """Who said so since then, the newest first (G18): by such an address orders can be read elsewhere."""
    rows = connection.execute(
        select(Event.at, Event.who, Partner.name, Event.detail)
        .join(Partner, Partner.id == Event.subject_id)
        .where(Event.subject == Partner.__tablename__, Event.name == "set", Event.at >= since)
        .order_by(Event.id.desc())
    )
    return [
        Redirected(at, who, name, detail.get(f"{FORMER}order_address"), detail["order_address"])
        for at, who, name, detail in rows
        if detail and "order_address" in detail
    ]


def _check(name: str, value: Any) -> None:
    if name in ADDRESSES:
        if value is not None:
            check_address(value)
        elif name == "answer_address":
            raise Problem("A partner needs an address for answers.", ProblemCode.NO_ADDRESS)
    elif name in CHOICES:
        _check_word(name, value, tuple(CHOICES[name]))
    elif name == "language":
        _check_word(name, value, LANGUAGES)
    elif name in TOLERANCES:
        if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
            raise Problem("A tolerance is an amount or a percentage that is not negative.", ProblemCode.NO_VALUE)
    elif name == "answer_hours":
        if value is not None and value < 1:
            raise Problem("An answer may take so many hours, one at least.", ProblemCode.NO_VALUE)
    elif name not in POSTAL and name != "contact":
        raise ValueError(f"{name} is nothing that is set by hand.")


def _check_word(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Problem("{name} is one of: {allowed}.", ProblemCode.NO_VALUE, name=name, allowed=", ".join(allowed))
