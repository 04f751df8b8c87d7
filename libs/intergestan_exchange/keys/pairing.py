"""Pairing two sites: our card out, their card in, their key pinned (`design.md` §6).

Whether a card is really theirs, people settle over the telephone with the fingerprint's words; what is done
here takes that for granted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_db.tables import Partner, PartnerKey, Party, Site
from intergestan_erp.parties.codes import code_by_hand
from intergestan_erp.parties.one_party import NamedParty, parties_named
from intergestan_erp.parties.parties import NewParty, add_parties
from intergestan_erp.site.preferences import read_preferences
from intergestan_exchange.keys.keys import lock_keys, release_held
from intergestan_exchange.keys.own_keys import announce_to_new_partner, signs_now
from intergestan_msg.card import Card
from intergestan_msg.seal import PublicKey

_MAX_PARTY_CODE = 40


class TakesOver(Problem):
    """A card would become a third party that is here already, and nobody said that it is that one.

    :ivar party: the code of the third party.
    """

    def __init__(self, party: str, name: str) -> None:
        super().__init__(
            "The card says that it is the third party {party} ({name}), which is here already: what is meant for "
            "them would go to the addresses of the card. Nothing was changed. If it is theirs, say so; else give "
            "the code of a new one.",
            ProblemCode.TAKES_OVER,
            (Act.SAY_PARTY,),
            party=party,
            name=name,
        )
        self.party = party


def own_card(connection: Connection, key: PublicKey, at: datetime) -> Card:
    """What our card says, from the site's own row. `key` is the one that signs now."""
    site = read_site(connection)
    until = signs_now(site, at).until
    return Card(
        code=site.code,
        name=site.name,
        orders_address=site.orders_address,
        answers_address=site.answers_address,
        siret=site.siret,
        vat=site.vat_id,
        key=key,
        iat=int(at.timestamp()),
        until=None if until is None else int(until.timestamp()),
    )


@dataclass(frozen=True, slots=True)
class Paired:
    """What `add_partner` did. `released`: the inbound mails to ring IMPORT for, after the commit."""

    partner_id: int
    party_id: int
    party_code: str
    is_new: bool
    party_is_new: bool
    released: tuple[int, ...]


def add_partner(connection: Connection, card: Card, *, by: str, at: datetime, party_code: str | None = None) -> Paired:
    """Pin a card's key and say which party it is; held mails signed with it are imported after all.

    The party is `party_code`. Without one the card is that of a new party, created as customer and supplier, unless one
    has the card's SIRET, its VAT number or its code: anybody can write these on a card, so a person must say it.
    The same card again brings its name and its address for answers up to date, no more: orders go to `order_address`,
    which a person sets, while a card only proposes (G16).

    :param party_code: the party to take, as `one_party` takes it, or the code of a new one.
    :raises TakesOver: there is a party that the card says to be.
    :raises Problem: for our own card, for a code or a key pinned otherwise, and when the party is not clear.
    """
    lock_keys(connection)
    _refuse_ourselves(connection, card)
    known = _known(connection, card, at)
    if known is not None:
        partner_id, party_id, party_is_new = known.id, known.party_id, False
        connection.execute(update(Partner).where(Partner.id == partner_id).values(**_said_by(card)))
    else:
        party_id, party_is_new = _party(connection, card, party_code, by, at)
        partner_id = _pin(connection, card, party_id, at)
        announce_to_new_partner(connection, partner_id, at)
    event = "add" if known is None else "card"
    detail = {"kid": card.key.kid}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], event, by=by, at=at, detail=detail)
    code = connection.execute(select(Party.code).where(Party.id == party_id)).scalar_one()
    released = release_held(connection, partner_id, card.key.kid, by=by, at=at)
    return Paired(partner_id, party_id, code, known is None, party_is_new, released)


def _refuse_ourselves(connection: Connection, card: Card) -> None:
    code, kid, next_kid = connection.execute(select(Site.code, Site.key_fingerprint, Site.next_key)).one()
    if card.key.kid in {kid, next_kid}:
        raise Problem(
            "This is the card of this very site: give it to your partner, and take theirs.", ProblemCode.OWN_CARD
        )
    if card.code == code:
        raise Problem(
            "The card says that it is {code}, which is this site, with another key: a copy of this base, or a "
            "forgery. A copy does not become a site of its own by itself.",
            ProblemCode.OWN_CODE,
            (Act.MAKE_SITE,),
            code=code,
        )


def _known(connection: Connection, card: Card, at: datetime) -> Row[int, int, str] | None:
    """The partner who has this code and this key, None for a new one."""
    partner = connection.execute(
        select(Partner.id, Partner.party_id, Partner.site_code).where(Partner.site_code == card.code)
    ).one_or_none()
    key = connection.execute(
        select(
            *(PartnerKey.partner_id, PartnerKey.revoked_at, PartnerKey.pending, PartnerKey.replaced_from),
            Partner.site_code,
        )
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.kid == card.key.kid)
    ).one_or_none()
    if key is not None and key.revoked_at is not None:
        raise Problem(
            "The key of this card was revoked: ask {name} for a card with a new key.",
            ProblemCode.KEY_ENDED,
            name=card.name,
        )
    if key is not None and key.replaced_from is not None and key.replaced_from <= at:
        raise Problem(
            "The key of this card was replaced since: ask {name} for their present card.",
            ProblemCode.KEY_ENDED,
            name=card.name,
        )
    if key is not None and (partner is None or key.partner_id != partner.id):
        raise Problem(
            "The key of this card already belongs to the partner {code}: no two sites share a key.",
            ProblemCode.OTHER_KEY,
            code=key.site_code,
        )
    if partner is not None and (key is None or key.pending):
        raise Problem(
            "{code} is known with another key. Nothing was changed: call them, and if they made a new key, take it "
            "from their new card.",
            ProblemCode.OTHER_KEY,
            (Act.CONFIRM_CARD,),
            code=card.code,
        )
    return partner


def _said_by(card: Card) -> dict[str, str | None]:
    return {
        "name": card.name,
        "siret": card.siret,
        "vat_id": card.vat,
        "proposed_order_address": card.orders_address,
        "answer_address": card.answers_address,
    }


def _pin(connection: Connection, card: Card, party_id: int, at: datetime) -> int:
    partner = {"party_id": party_id, "site_code": card.code, "created_at": at}
    partner_id = connection.execute(
        insert(Partner).values(**partner, **_said_by(card)).returning(Partner.id)
    ).scalar_one()
    values = {"kid": card.key.kid, "public_key": card.key.raw, "known_at": at, "valid_until": card.ends}
    connection.execute(insert(PartnerKey).values(partner_id=partner_id, **values))
    return partner_id


def _party(connection: Connection, card: Card, code: str | None, by: str, at: datetime) -> tuple[int, bool]:
    """The party that the card's site is for us, and whether it is new.

    Where people give codes, a new one has the code of its site; else it gets one as all others do.
    """
    found = _same_party(connection, card, code)
    if found is None:
        rules = read_preferences(connection).rules
        of_card = None if rules.codes.automatic else card.code[:_MAX_PARTY_CODE]
        new_code = of_card if code is None else code_by_hand(code)
        party = NewParty(
            code=new_code,
            name=card.name,
            is_customer=True,
            is_supplier=True,
            siret=card.siret,
            vat_id=card.vat,
        )
        (entered,) = add_parties(connection, [party], rules, by=by, at=at)
        return entered.id, True
    holder = connection.execute(select(Partner.site_code).where(Partner.party_id == found.id)).scalar_one_or_none()
    if holder is not None:
        raise Problem(
            "The third party {party} is already the partner {code}: say which one this card is, or the code of a "
            "new one.",
            ProblemCode.PARTY_TAKEN,
            (Act.SAY_PARTY,),
            party=found.code,
            code=holder,
        )
    if code is None:
        raise TakesOver(found.code, found.name)
    return found.id, False


def _same_party(connection: Connection, card: Card, named: str | None) -> NamedParty | None:
    if named is not None:
        return _only(named, parties_named(connection, named))
    query = select(Party.id, Party.code, Party.name).order_by(Party.code)
    for column, value in ((Party.siret, card.siret), (Party.vat_id, card.vat), (Party.code, card.code)):
        if value and (rows := [NamedParty(*row) for row in connection.execute(query.where(column == value))]):
            return _only(value, rows)
    return None


def _only(value: str, rows: list[NamedParty]) -> NamedParty | None:
    if len(rows) > 1:
        raise Problem(
            "Several third parties have {value}: {codes}. Say which one this card is.",
            ProblemCode.SEVERAL_PARTIES,
            (Act.SAY_PARTY,),
            value=value,
            codes=", ".join(row.code for row in rows),
        )
    return rows[0] if rows else None
