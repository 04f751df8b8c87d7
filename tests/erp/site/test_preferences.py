"""What people choose about third parties: texts in the base, checked together."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Setting
from intergestan_erp.geo.rule import GeoRule, MapRule
from intergestan_erp.parties.accounts import AccountMode
from intergestan_erp.parties.search import PartyField
from intergestan_erp.site.geo_rules import read_geo
from intergestan_erp.site.preferences import DEFAULTS, Preferences, checked, read_preferences, set_preference
from intergestan_operations.language.settings_words import CHOICES, OPTIONS, PREFERENCES
from tests.site_factories import NOW


def test_what_nobody_chose(database: Database) -> None:
    """T01, T05: by hand, as every site does it that was upgraded; and the defaults are what the code has."""
    with database.read() as connection:
        assert read_preferences(connection) == checked(DEFAULTS) == Preferences()
    assert PREFERENCES.keys() == CHOICES.keys() == DEFAULTS.keys()
    for name, words in OPTIONS.items():
        for word in words:
            texts = {**DEFAULTS, "maps.tiles": "https://t.example/{z}/{x}/{y}.png", name: word}
            assert checked(texts), (name, word)


def test_what_was_chosen(database: Database) -> None:
    """T02, T08, T13, T25, T26: one by one, each with an event that has the old and the new value."""
    with database.transaction() as connection:
        for name, value in (
            ("codes.mode", "automatic"),
            ("codes.length", "15"),
            ("codes.prefix", "14"),
            ("accounts.mode", "alphabet"),
            ("search.party_fields", " name , code"),
            ("codes.length", "15"),
            ("geo.on_save", "true"),
            ("geo.provider", "ban"),
            ("geo.calls_per_month", "10"),
            ("maps.tiles", " https://tiles.example/{z}/{x}/{y}.png?a=1,2 "),
            ("maps.google_key", "AIza,x"),
        ):
            set_preference(connection, name, value, by="m", at=NOW)
        chosen = read_preferences(connection)
        assert (chosen.rules.codes.automatic, chosen.rules.codes.length, chosen.rules.codes.prefix) == (True, 15, 14)
        assert chosen.rules.accounts.mode is AccountMode.ALPHABET
        assert chosen.rules.geo == read_geo(connection) == GeoRule(True, "ban", 10)
        assert chosen.maps == MapRule("none", "https://tiles.example/{z}/{x}/{y}.png?a=1,2", "AIza,x")
        assert chosen.party_fields == (PartyField.NAME, PartyField.CODE)
        details = connection.execute(select(Event.detail).where(Event.name == "set").order_by(Event.id)).scalars().all()
    assert len(details) == 10
    assert details[1] == {"codes.length": ["8", "15"]}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("codes.mode", "auto", ProblemCode.NO_VALUE),
        ("codes.length", "acht", ProblemCode.NO_VALUE),
        ("codes.length", "8.0", ProblemCode.NO_VALUE),
        ("codes.length", "-8", ProblemCode.NO_VALUE),
        ("codes.length", "٨", ProblemCode.NO_VALUE),
        ("codes.length", "", ProblemCode.NO_VALUE),
        ("codes.length", "5", ProblemCode.CODES_LENGTH),
        ("codes.length", "16", ProblemCode.CODES_LENGTH),
        ("codes.prefix", "8", ProblemCode.CODES_LENGTH),
        ("codes.prefix", "0", ProblemCode.CODES_LENGTH),
        ("accounts.mode", "", ProblemCode.NO_VALUE),
        ("terms.default", "", ProblemCode.NO_TERM),
        ("terms.shift", "next", ProblemCode.NO_VALUE),
        ("accounts.customer_root", "4011", ProblemCode.NO_VALUE),
        ("accounts.supplier_root", "411", ProblemCode.NO_VALUE),
        ("accounts.width", "11", ProblemCode.NO_VALUE),
        ("search.party_fields", "", ProblemCode.LAST_FIELD),
        ("search.party_fields", "code,code", ProblemCode.NO_FIELD),
        ("search.party_fields", "code,siret", ProblemCode.NO_FIELD),
        ("search.account_fields", "code", ProblemCode.NO_FIELD),
        ("geo.on_save", "yes", ProblemCode.NO_VALUE),
        ("geo.provider", "gogle", ProblemCode.NO_VALUE),
        ("geo.provider", "", ProblemCode.NO_VALUE),
        ("geo.provider", "what3words", ProblemCode.NO_VALUE),
        ("geo.calls_per_month", "-1", ProblemCode.NO_VALUE),
        ("geo.calls_per_month", "1000001", ProblemCode.NO_VALUE),
        ("geo.calls_per_month", "00000001", ProblemCode.NO_VALUE),
        ("maps.provider", "ban", ProblemCode.NO_VALUE),
        ("maps.tiles", "http://tiles.example/{z}/{x}/{y}.png", ProblemCode.NO_VALUE),
        ("maps.tiles", "https://tiles.example/", ProblemCode.NO_VALUE),
        ("maps.tiles", "https://tiles.example/{z}/{x}/{y}.png 'self'", ProblemCode.NO_VALUE),
        ("maps.google_key", "AIza\nX", ProblemCode.NO_VALUE),
        ("maps.google_key", "é" * 5, ProblemCode.NO_VALUE),
        ("code.length", "8", ProblemCode.NO_SETTING),
        ("told alarms", "x", ProblemCode.NO_SETTING),
    ],
)
def test_what_may_not_be_chosen(sqlite_base: Database, name: str, value: str, code: ProblemCode) -> None:
    """T04, T13, T15, T25, T26: refused, and nothing is written."""
    with sqlite_base.transaction() as connection:
        with pytest.raises(Problem) as refused:
            set_preference(connection, name, value, by="m", at=NOW)
        assert refused.value.code is code
        assert connection.execute(select(Setting.name)).all() == []


def test_what_others_keep_there_is_none_of_it(sqlite_base: Database) -> None:
    with sqlite_base.transaction() as connection:
        connection.execute(insert(Setting).values(name="alarms told by mail", value="x"))
        assert read_preferences(connection) == Preferences()
