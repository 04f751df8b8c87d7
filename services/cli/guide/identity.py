"""The guided start's first step: who the firm is. With these answers the site is made, as `init` makes it."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import LANGUAGES, _, spoken
from services.cli.asking import confirmed
from services.cli.context import Call
from services.cli.guide.answers import ask, optional
from services.cli.kept_files import files_to_keep
from services.cli.output import say
from services.cli.setting_up import init
from services.cli.setting_up.countries import country_of
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_erp.site.setup import NewSite

_HOME = "FR"
"""A firm with a SIRET is there; for others it is the likeliest."""


@dataclass(frozen=True)
class _Person:
    login: str
    name: str


def make_site(call: Call) -> None:
    """Ask who the firm is and who types, until the person says that it is right; then make the site.

    :raises Problem: when no site can be made here.
    """
    from intergestan_operations.opening.making import refuse_a_second

    refuse_a_second(call.site, call.unchecked_database)
    site = person = None
    while True:
        site = _ask_site(site)
        person = _ask_person(call, person)
        _show(site, person)
        if confirmed(_("The code of the site can never be changed. Is all of this right?")):
            break
    made = init.make(call, site, (person.login, person.name, site.orders_address), None)
    text = _(
        "The site {code} is made, in {folder}.\n"
        "Keep a copy of {key_file}, {base_key_file}, {bounce_key_file} and {console_key_file} in a safe place: "
        "nobody can make them a second time."
    )
    say(text.format(code=made.code, folder=call.site.data_dir, **files_to_keep(call.site)))


def ask_postal_address(call: Call) -> None:
    """What is missing of it; each answer is kept at once."""
    from intergestan_db.site_rows import read_site
    from intergestan_erp.site.setup import change_site

    questions = {
        "line1": _("Street and number (Enter: leave it out)"),
        "postcode": _("Postcode (Enter: leave it out)"),
        "city": _("City (Enter: leave it out)"),
    }
    with call.database.read() as connection:
        site = read_site(connection)
    for column, question in questions.items():

        def keep(text: str, column: str = column) -> str:
            if text:
                with call.database.transaction() as connection:
                    change_site(connection, {column: text}, by=call.actor(connection), at=call.database.now())
            return text

        if getattr(site, column) is None:
            ask(question, keep, default="")


def _ask_site(before: NewSite | None) -> NewSite:
    """:param before: the answers of the round before: what must be answered, Enter keeps."""
    from intergestan_erp.site.day import USUAL_ZONES, zone_of
    from intergestan_erp.site.setup import NewSite, check_address, check_site

    def named(text: str) -> str:
        check_site(NewSite(name=text, orders_address="a@b.fr", answers_address="a@b.fr"))
        return text

    def address(text: str) -> str:
        check_address(text)
        return text

    def zone(text: str) -> str:
        zone_of(text)
        return text

    name = ask(_("Name of the firm"), named, default=before.name if before else None)
    siret = _ask_siret()
    country, timezone, language = _HOME, USUAL_ZONES[_HOME], spoken()
    if siret is None:
        asked = ask(_("Country"), country_of, default=before.country if before else _HOME)
        country = asked or _HOME
    if country in USUAL_ZONES:
        timezone = USUAL_ZONES[country]
    else:
        question = _("Time zone whose days date the documents, such as Europe/Paris")
        same = before if before and before.country == country else None
        timezone = ask(question, zone, default=same.timezone if same else None)
    if (country, spoken()) != (_HOME, "fr"):
        question = _("Language of the mails to your partners, fr or en")
        language = ask(question, _language, default=before.language if before else spoken())
    question = _("Mail address where partners send you orders")
    orders = ask(question, address, default=before.orders_address if before else None)
    return NewSite(
        name=name,
        orders_address=orders,
        answers_address=orders,
        siret=siret,
        country=country,
        language=language,
        timezone=timezone,
    )


def _ask_siret() -> str | None:
    """14 digits whose check digit is right, or of which the person says that they are."""
    from intergestan_erp.parties.company_numbers import doubts, read_siret

    while True:
        siret = ask(_("SIRET, 14 digits (Enter: none)"), optional(read_siret), default="")
        wrong = [sentence(doubt) for doubt in doubts(siret, None)]
        for text in wrong:
            say(text)
        if not wrong or confirmed(_("Is it right all the same?")):
            return siret


def _language(text: str) -> str:
    if text.lower() not in LANGUAGES:
        raise Problem("The language is {languages}.", ProblemCode.NO_VALUE, languages=" / ".join(LANGUAGES))
    return text.lower()


def _ask_person(call: Call, before: _Person | None) -> _Person:
    """Who types: the first user. The login is asked for where the machine's own cannot be one."""
    from intergestan_erp.site.setup import check_login, check_user_name

    def login_of(text: str) -> str:
        check_login(text)
        return text

    def name_of(text: str) -> str:
        check_user_name(text)
        return text

    login = call.named_user or _machine_user()
    try:
        check_login(login)
    except Problem:
        login = ask(_("Your login in this program"), login_of, default=before.login if before else None)
    return _Person(login, ask(_("Your name, as partners read it"), name_of, default=before.name if before else login))


def _machine_user() -> str:
    """Whose login it is here; nothing where the machine knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _show(site: NewSite, person: _Person) -> None:
    shown = {
        _("Name"): site.name,
        "SIRET": site.siret,
        _("Country"): site.country,
        _("Time zone"): site.timezone,
        _("Language"): site.language,
        _("For orders"): site.orders_address,
        _("User"): f"{person.name} ({person.login})",
    }
    width = max(map(len, shown))
    for title, value in shown.items():
        if value is not None:
            say(f"{title.ljust(width)}  {value}")
