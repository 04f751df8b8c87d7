"""A new site: its identity, its number series, its payment terms, its dossier, its users."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, insert, select, update

from intergestan_db import numbers, states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import NumberSeries, Site, User
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.currencies import currency_code
from intergestan_erp.parties.company_numbers import check_siret, check_vat
from intergestan_erp.parties.folding import name_key
from intergestan_erp.people.rights import first_roles, lock_people, refuse_nobody_left
from intergestan_erp.people.users import in_use, user_row
from intergestan_erp.site.day import USUAL_ZONES, zone_of
from intergestan_erp.site.first_dossier import Company, add_first_dossier
from intergestan_erp.terms.stored import add_shipped_terms
from intergestan_msg.email_address import ADDRESS
from intergestan_msg.plain_text import VISIBLE
from intergestan_msg.seal import PublicKey

LANGUAGES = ("fr", "en")
_MAX_SLUG = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSite:
    """Who the site is. `siret` has 14 digits; `country` is ISO 3166-1 alpha-2, `currency` ISO 4217.

    :ivar orders_address: where others send us orders (G08); `answers_address`: where they send answers.
    :ivar timezone: an IANA name; its documents are dated in the days of that zone.
    :ivar key_until: the end of its first key, if it has one.
    """

    name: str
    orders_address: str
    answers_address: str
    siret: str | None = None
    vat_id: str | None = None
    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str = "FR"
    currency: str = "EUR"
    language: str = "fr"
    timezone: str = "Europe/Paris"
    key_until: datetime | None = None


def create_site(connection: Connection, site: NewSite, key: PublicKey, *, by: str, at: datetime) -> str:
    """Make this base the base of a site, once and for ever.

    :returns: the site's code, which never changes.
    :raises Problem: when the base has a site already, or a value is no such value.
    """
    check_site(site)
    if connection.execute(select(Site.code)).first() is not None:
        raise Problem(
            "This base already belongs to a site. A base has one identity for ever: "
            "choose another folder or another database for the new site.",
            ProblemCode.SITE_EXISTS,
        )
    code = site_code(site, key)
    connection.execute(insert(Site).values(id=1, code=code, key_fingerprint=key.kid, created_at=at, **asdict(site)))
    series = [{"code": name, "prefix": prefix, "next_number": 1} for name, prefix in numbers.PREFIXES.items()]
    connection.execute(insert(NumberSeries), sorted(series, key=lambda row: str(row["code"])))
    add_shipped_terms(connection, site.language)
    address = {part: getattr(site, part) for part in ("line1", "line2", "postcode", "city", "country")}
    own = Company(site.name, site.siret, site.vat_id, address)
    add_first_dossier(connection, own, site.language)
    states.record(connection, Site.__tablename__, [(1, None, None)], "init", by=by, at=at)
    return code


def site_code(site: NewSite, key: PublicKey) -> str:
    """The SIRET, else a slug of the name and 6 characters of the key (`design.md` §6)."""
    if site.siret:
        return site.siret
    slug = re.sub(r"[^a-z0-9]+", "-", name_key(site.name))[:_MAX_SLUG].strip("-") or "site"
    return f"{slug}-{re.sub('[^a-z0-9]', '', key.kid.lower())[:6]}"


def check_site(site: NewSite) -> None:
    """Refuse values that no mail could carry.

    :raises Problem: for the first one found.
    """
    if not site.name.strip():
        raise Problem("A site needs a name: the one that its partners will read.", ProblemCode.NAME_NEEDED)
    for name in ("name", "line1", "line2", "postcode", "city"):
        _check_text(getattr(site, name), Site.__table__.c[name])
    check_address(site.orders_address)
    check_address(site.answers_address)
    if site.siret is not None:
        check_siret(site.siret)
    if site.vat_id is not None:
        check_vat(site.vat_id)
    _check_country(site.country)
    if currency_code(site.currency) != site.currency:
        raise Problem(
            "«{currency}» is not a currency: write its ISO code, such as EUR.",
            ProblemCode.NO_VALUE,
            currency=site.currency,
        )
    zone_of(site.timezone)
    if site.language not in LANGUAGES:
        raise Problem("The language is {languages}.", ProblemCode.NO_VALUE, languages=" / ".join(LANGUAGES))


def _check_text(text: str | None, column: Column[Any]) -> None:
    """Refuse what no card or document could carry.

    :raises Problem: with the text.
    """
    most = getattr(column.type, "length", None)
    if text is not None and (len(text) > (most or len(text)) or (text and not re.match(VISIBLE, text))):
        raise Problem(
            "«{text}» cannot stand on documents: it has more than {most} characters, or some that nobody can see.",
            ProblemCode.NO_VALUE,
            text=text,
            most=most,
        )


def usual_zone(country: str) -> str:
    """The time zone of a site of which only the country is known.

    :raises Problem: when the country has several zones, or we do not know it: a person must say it.
    """
    _check_country(country)
    if country not in USUAL_ZONES:
        raise Problem(
            "Say in which time zone the site is, so that its documents are dated by its own day: a name of the "
            "IANA base such as Europe/Paris or Europe/Brussels.",
            ProblemCode.NO_ZONE,
            (Act.GIVE_ZONE,),
        )
    return USUAL_ZONES[country]


def _check_country(country: str) -> None:
    if country_code(country) != country:
        raise Problem(
            "«{country}» is no country: write its ISO code, such as FR, or its name.",
            ProblemCode.NO_VALUE,
            country=country,
        )


def change_site(connection: Connection, changes: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Correct who the site is: fields of `NewSite`. Its code stays for ever; documents that were made keep their words.

    :raises Problem: when a value is no such value; nothing is changed then.
    """
    check_site(replace(read_own(connection), **changes))
    connection.execute(update(Site).values(**changes))
    states.record(connection, Site.__tablename__, [(1, None, None)], "set", by=by, at=at, detail=dict(changes))


def read_own(connection: Connection) -> NewSite:
    """Who the site is, without the end of its key."""
    lasting = ("key_until",)
    columns = [Site.__table__.c[each.name] for each in fields(NewSite) if each.name not in lasting]
    return NewSite(**connection.execute(select(*columns)).one()._asdict())


def lock_own(connection: Connection) -> NewSite:
    """The same, which nobody else changes before the transaction ends."""
    connection.execute(select(Site.id).with_for_update())
    return read_own(connection)


def check_address(address: str) -> None:
    """Refuse what is no mail address that we can write to.

    :raises Problem: with the address.
    """
    if not re.match(ADDRESS, address):
        raise Problem(
            "«{address}» is not a mail address: it looks like name@domain.fr.", ProblemCode.BAD_ADDRESS, address=address
        )


def check_login(login: str) -> None:
    """Refuse what cannot be the login of a user.

    :raises Problem: with the login.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", login):
        raise Problem(
            "«{login}» is not a login: it has letters, digits, dots and hyphens only.",
            ProblemCode.NO_VALUE,
            login=login,
        )


def check_user_name(name: str) -> None:
    """Refuse what cannot be a person's name.

    :raises Problem: with the name.
    """
    if not name.strip():
        raise Problem("A user needs a name.", ProblemCode.NAME_NEEDED)
    _check_text(name, User.__table__.c["name"])


def add_user(connection: Connection, login: str, name: str, email: str, *, by: str, at: datetime) -> int:
    """Enter a person; the mail address is the From of what they send (G15).

    The first one may all, later ones are clerks (D31).

    :raises Problem: when the login is taken or the address is none.
    """
    check_address(email)
    check_login(login)
    check_user_name(name)
    if connection.execute(select(User.id).where(User.login == login)).first() is not None:
        raise Problem(
            "There is already a user «{login}»: choose another login.",
            ProblemCode.CODE_TAKEN,
            (Act.LIST_USERS,),
            login=login,
        )
    user_id = connection.execute(
        insert(User).values(login=login, name=name, email=email).returning(User.id)
    ).scalar_one()
    first_roles(connection, user_id)
    states.record(connection, User.__tablename__, [(user_id, None, None)], "add", by=by, at=at)
    return user_id


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A person who may act here."""

    id: int
    login: str
    name: str
    email: str
    active: bool


def list_users(connection: Connection) -> list[ListedUser]:
    """All users by login."""
    columns = (User.id, User.login, User.name, User.email, User.active)
    return [ListedUser(*row) for row in connection.execute(select(*columns).order_by(User.login))]


def find_user(connection: Connection, login: str) -> int:
    """The id of an active user.

    :raises Problem: with the command that adds one.
    """
    return in_use(connection, login)


def change_user(connection: Connection, login: str, changes: Mapping[str, str], *, by: str, at: datetime) -> None:
    """Correct a person's name or mail address; mails that were composed keep their From.

    :raises Problem: when there is no such user, or the address is none.
    """
    row = user_row(connection, login)
    if "email" in changes:
        check_address(changes["email"])
    check_user_name(changes.get("name", row.name))
    connection.execute(update(User).where(User.id == row.id).values(**changes))
    states.record(connection, User.__tablename__, [(row.id, None, None)], "set", by=by, at=at, detail=dict(changes))


def use_user(connection: Connection, login: str, *, active: bool, by: str, at: datetime) -> None:
    """Take a person out of use, or into use again. What they did stays theirs.

    :raises Problem: when there is no such user, or nobody would be left who may give rights.
    """
    lock_people(connection)
    row = user_row(connection, login)
    connection.execute(update(User).where(User.id == row.id).values(active=active))
    if not active:
        from intergestan_erp.people.sessions import end_sessions

        refuse_nobody_left(connection)
        end_sessions(connection, row.id)
    name = "activate" if active else "deactivate"
    states.record(connection, User.__tablename__, [(row.id, None, None)], name, by=by, at=at)
