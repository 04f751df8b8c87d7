"""What the form says: which firm, and who is its first person. Pure: each fault stands at its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.parties.company_numbers import doubts, read_siret
from intergestan_erp.people.passwords import check_password
from intergestan_erp.site.day import zone_of
from intergestan_erp.site.setup import LANGUAGES, NewSite, check_address, check_login, check_site, check_user_name
from intergestan_operations.opening.making import FirstUser

FIRM, SIRET, STREET, POSTCODE, CITY = "entreprise", "siret", "rue", "code_postal", "ville"
COUNTRY, ZONE, ADDRESS = "pays", "fuseau", "courriel"
NAME, LOGIN, PASSWORD = "nom", "identifiant", "mot_de_passe_nouveau"
SURE: Final = "siret_juste"
"""That the SIRET is right although its check digit is not."""
FIELDS: Final = (FIRM, SIRET, STREET, POSTCODE, CITY, COUNTRY, ZONE, ADDRESS, NAME, LOGIN)
"""What is typed and may be shown again: all but the password."""

_Read = TypeVar("_Read")
_SOME: Final = "orders@firm.example"


@dataclass(frozen=True, slots=True)
class Firm:
    """What a site is made of."""

    site: NewSite
    user: FirstUser
    password: str


def first_values(login: str) -> dict[str, str]:
    """What stands in the form before anything is typed."""
    return dict.fromkeys(FIELDS, "") | {COUNTRY: "FR", ZONE: "Europe/Paris", LOGIN: login}


def read_firm(form: Mapping[str, str], language: str) -> Firm | dict[str, Problem]:
    """The firm that is meant; or what is wrong, by field.

    :param language: that of the page, in which the site's mails will be.
    """
    typed = {name: form.get(name, "").strip() for name in (*FIELDS, SURE)}
    password = form.get(PASSWORD, "")
    wrong: dict[str, Problem] = {}

    def check(field: str, read: Callable[[str], _Read]) -> _Read | None:
        try:
            return read(typed[field])
        except Problem as problem:
            wrong[field] = problem
            return None

    for field, part in ((FIRM, "name"), (STREET, "line1"), (POSTCODE, "postcode"), (CITY, "city")):
        check(field, lambda text, part=part: check_site(_with(part, text)))  # type: ignore[misc]
    siret = check(SIRET, _siret)
    if siret is not None and not typed[SURE]:
        wrong.update((SIRET, doubt) for doubt in doubts(siret, None))
    country = check(COUNTRY, _country)
    check(ZONE, zone_of)
    check(ADDRESS, check_address)
    check(NAME, check_user_name)
    check(LOGIN, check_login)
    try:
        check_password(password, (typed[LOGIN], typed[NAME], typed[ADDRESS], typed[FIRM]))
    except Problem as problem:
        wrong[PASSWORD] = problem
    if wrong:
        return wrong
    site = NewSite(
        name=typed[FIRM],
        orders_address=typed[ADDRESS],
        answers_address=typed[ADDRESS],
        siret=siret,
        line1=typed[STREET] or None,
        postcode=typed[POSTCODE] or None,
        city=typed[CITY] or None,
        country=country or "FR",
        language=language if language in LANGUAGES else "fr",
        timezone=typed[ZONE],
    )
    return Firm(site, FirstUser(typed[LOGIN], typed[NAME], typed[ADDRESS]), password)


def _with(part: str, text: str) -> NewSite:
    """A site of which only this is in question."""
    values: dict[str, str | None] = {"name": "x", part: text if part == "name" else text or None}
    return NewSite(orders_address=_SOME, answers_address=_SOME, **values)  # type: ignore[arg-type]


def _siret(text: str) -> str | None:
    return read_siret(text) if text else None


def _country(text: str) -> str:
    found = country_code(text)
    if found is None:
        raise Problem(
            "«{country}» is no country: write its ISO code, such as FR, or its name.",
            ProblemCode.NO_VALUE,
            country=text,
        )
    return found
