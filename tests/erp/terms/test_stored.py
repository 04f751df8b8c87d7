"""The payment terms of a site: those it begins with, those that people add, and the calendar of its country."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from sqlalchemy import select, update

from intergestan_db.database import Database
from intergestan_db.enums import EndOfMonth
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Site
from intergestan_erp.site.preferences import read_preferences, set_preference
from intergestan_erp.terms import stored
from intergestan_erp.terms.due import TermLine
from intergestan_erp.terms.stored import add_term, read_terms, term_called
from intergestan_erp.terms.working_days import next_working_day
from tests.site_factories import NOW, SiteToTest

pytestmark = pytest.mark.mainly_on("sqlite")

WHOLE = Decimal(100)


def test_what_a_site_begins_with(a_site: SiteToTest) -> None:
    """D20: six usual terms, called in the site's language; the same ones that the upgrade gives an older site."""
    with a_site.database.read() as connection:
        terms = {term.code: term for term in read_terms(connection)}
        assert read_preferences(connection).term == "30J"
    assert set(terms) == {"COMPTANT", "30J", "45JFDM", "60J", "30JFDM", "30JFDM10"}
    assert terms["30JFDM10"].lines == (TermLine(WHOLE, 30, EndOfMonth.AFTER, 10),)
    assert terms["45JFDM"].name == "45 jours fin de mois"
    migration = import_module("intergestan_db.migrations.versions.0025_terms_payments_credit_notes")
    shipped = {
        (code, french, english, line.days, str(line.end_of_month), line.on_day)
        for code, french, english, line in stored._SHIPPED
    }
    assert shipped == set(migration._TERMS)


def test_a_term_is_added(a_site: SiteToTest) -> None:
    """D20: with several instalments, under a code in capitals; nobody enters it twice."""
    parts = [TermLine(Decimal(40), 0), TermLine(Decimal("60.0"), 30, EndOfMonth.AFTER)]
    with a_site.database.transaction() as connection:
        add_term(connection, " 2x ", " Deux fois ", parts, by="m", at=NOW)
        term = term_called(connection, "2X")
        assert (term.code, term.name, term.lines) == ("2X", "Deux fois", tuple(parts))
        assert connection.scalar(select(Event.detail).where(Event.subject == "payment_term")) == {"code": "2X"}
    with a_site.database.transaction() as connection, pytest.raises(Problem, match="already a payment term 2X"):
        add_term(connection, "2x", "Encore", parts, by="m", at=NOW)


@pytest.mark.parametrize(
    ("code", "name", "lines", "words"),
    [
        ("É", "x", [TermLine(WHOLE, 30)], "no code"),
        ("", "x", [TermLine(WHOLE, 30)], "no code"),
        ("A" * 21, "x", [TermLine(WHOLE, 30)], "no code"),
        ("A", " ", [TermLine(WHOLE, 30)], "has a name"),
        ("A", "x" * 101, [TermLine(WHOLE, 30)], "has a name"),
        ("A", "x", [TermLine(Decimal(99), 30)], "add up to 100 %; these are 99 %"),
        ("A", "x", [TermLine(Decimal(150), 0), TermLine(Decimal(-50), 0)], "more than 0 %"),
        ("A", "x", [TermLine(WHOLE, 0), TermLine(Decimal(0), 0)], "more than 0 %"),
        ("A", "x", [TermLine(Decimal("99.9999999"), 0), TermLine(Decimal("0.0000001"), 0)], "6 decimals"),
        ("A", "x", [], "these are 0 %"),
        ("A", "x", [TermLine(WHOLE, 1000)], "0 to 999 days"),
        ("A", "x", [TermLine(WHOLE, 30, EndOfMonth.NO, 32)], "from 1 to 31"),
        ("A", "x", [TermLine(WHOLE, 30, EndOfMonth.NO, 0)], "from 1 to 31"),
    ],
)
def test_what_is_no_term(a_site: SiteToTest, code: str, name: str, lines: list[TermLine], words: str) -> None:
    """D20: nothing is written of it."""
    with a_site.database.transaction() as connection, pytest.raises(Problem, match=words):
        add_term(connection, code, name, lines, by="m", at=NOW)
    with a_site.database.read() as connection:
        assert len(read_terms(connection)) == 6


def test_the_usual_term_is_one_that_there_is(a_site: SiteToTest) -> None:
    """D20: `terms.default`, in any case; the message has those that there are."""
    with a_site.database.transaction() as connection:
        assert set_preference(connection, "terms.default", " 60j ", by="m", at=NOW).term == "60J"
        with pytest.raises(Problem, match="there are: 30J, 30JFDM") as raised:
            set_preference(connection, "terms.default", "90J", by="m", at=NOW)
        assert raised.value.code is ProblemCode.NO_TERM


def working_day(database: Database, day: date, country: str = "FR", postcode: str | None = None) -> date:
    with database.transaction() as connection:
        connection.execute(update(Site).values(country=country, postcode=postcode))
        return next_working_day(connection)(day)


@pytest.mark.parametrize(
    ("day", "country", "postcode", "expected"),
    [
        (date(2026, 1, 31), "FR", None, date(2026, 2, 2)),
        (date(2026, 5, 1), "FR", "75002", date(2026, 5, 4)),
        (date(2026, 4, 3), "FR", "75002", date(2026, 4, 3)),
        (date(2026, 4, 3), "FR", "68100", date(2026, 4, 7)),
        (date(2026, 12, 25), "FR", "57000", date(2026, 12, 28)),
        (date(2026, 12, 20), "FR", "97400", date(2026, 12, 21)),
        (date(2029, 12, 20), "FR", "97400", date(2029, 12, 21)),
        (date(2026, 7, 21), "BE", "1000", date(2026, 7, 22)),
        (date(2026, 6, 3), "FR", "75002", date(2026, 6, 3)),
    ],
)
def test_the_next_working_day(
    a_site: SiteToTest, day: date, country: str, postcode: str | None, expected: date
) -> None:
    """D20: Saturdays, Sundays and holidays, those of Alsace and Moselle and of overseas too."""
    assert working_day(a_site.database, day, country, postcode) == expected


def test_where_holidays_are_not_known(a_site: SiteToTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """D20: the setting is refused, where the extra is not installed and for a country that it does not know."""
    with a_site.database.transaction() as connection:
        connection.execute(update(Site).values(country="ZZ"))
        with pytest.raises(Problem, match="holidays of ZZ are not known"):
            set_preference(connection, "terms.shift", "next_working_day", by="m", at=NOW)
    monkeypatch.setitem(sys.modules, "holidays", None)
    with a_site.database.transaction() as connection, pytest.raises(Problem, match="not installed") as raised:
        set_preference(connection, "terms.shift", "next_working_day", by="m", at=NOW)
    assert raised.value.code is ProblemCode.NO_CALENDAR
    with a_site.database.read() as connection:
        assert not read_preferences(connection).shifted
