"""Codes of third parties: the table of T02 and T03, what is refused, and any name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text

from intergestan_db.database import Database
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, PartyCodeCounter
from intergestan_erp.parties.codes import CodeRule, code_by_hand, make_codes
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties
from tests.erp.parties import oracles
from tests.site_factories import NOW
from tests.statements import noted, rolled_back

NAMES = [
    *("Dupont SA", "DURAND", "Élise & Cie", "3M France", "Œuvres sociales", "X", "  l'Oréal", "Ольга", "A", "Ña"),
]


def codes_of(connection: Connection, length: int, prefix: int, *names: str) -> list[str]:
    """The codes of parties that are entered one after the other."""
    rules = PartyRules(CodeRule(True, length, prefix))
    return [
        add_parties(connection, [NewParty(name=name, is_customer=True)], rules, by="m", at=NOW)[0].code
        for name in names
    ]


@pytest.mark.parametrize(
    ("length", "prefix", "names", "codes"),
    [
        (8, 2, NAMES, "DU000001 DU000002 EL000001 3M000001 OE000001 XX000001 LO000001 XX000002 AX000001 NA000001"),
        (15, 1, ["Zoé"], "Z00000000000001"),
        (6, 1, ["Zoé"], "Z00001"),
        (15, 14, ["Zoé"], "ZOEXXXXXXXXXXX1"),
        (6, 5, ["Dupont"] * 9, " ".join(f"DUPON{number}" for number in range(1, 10))),
    ],
)
def test_codes_that_are_made(database: Database, length: int, prefix: int, names: list[str], codes: str) -> None:
    """T02, T03: length and prefix as set, the rest a counter that is filled with zeros."""
    with database.transaction() as connection:
        assert codes_of(connection, length, prefix, *names) == codes.split()


@pytest.mark.parametrize(("length", "prefix"), [(5, 2), (16, 2), (8, 8), (8, 0), (6, 7), (8, -1)])
def test_lengths_of_which_no_code_is_made(length: int, prefix: int) -> None:
    """T04: it is the setting that is refused, not the next party."""
    with pytest.raises(Problem, match="do not fit") as refused:
        CodeRule(True, length, prefix).check()
    assert refused.value.code is ProblemCode.CODES_LENGTH


def test_all_codes_of_a_prefix_are_given(database: Database) -> None:
    """T04: in words, with what may be done; nothing becomes longer, and other prefixes go on."""
    with database.transaction() as connection:
        codes_of(connection, 6, 5, *["Dupont"] * 9)
    with pytest.raises(Problem) as refused, database.transaction() as connection:
        codes_of(connection, 6, 5, "Dupont")
    assert str(refused.value) == "All codes that begin with DUPON are used (9). Nothing was created."
    assert refused.value.code is ProblemCode.CODES_EXHAUSTED
    assert refused.value.next == (Act.CODE_SETTINGS, Act.CODE_BY_HAND)
    with database.transaction() as connection:
        assert codes_of(connection, 6, 5, "Durand") == ["DURAN1"]
        assert connection.execute(select(Party.code)).scalars().all().count("DUPON9") == 1


def test_codes_that_are_there_are_skipped(database: Database) -> None:
    """D12: those typed by hand; one far ahead does not use up those before it."""
    with database.transaction() as connection:
        by_hand = [f"DU{number:06d}" for number in (*range(1, 41), 43, 999999)]
        connection.execute(insert(Party), [{"code": code, "name": code} for code in by_hand])
        assert codes_of(connection, 8, 2, "Duval", "Dubois", "Dulac", "Dumas") == [
            *("DU000041", "DU000042", "DU000044", "DU000045"),
        ]
        assert connection.execute(select(PartyCodeCounter.next_number)).scalar_one() == 46


def test_a_clash_costs_one_look_and_a_run_a_few(database: Database) -> None:
    """D12: ten thousand codes of an older program are passed in some dozens of looks."""
    with database.transaction() as connection:
        rows = [{"code": f"DU{number:06d}", "name": "D"} for number in range(1, 10_001)]
        connection.execute(insert(Party), rows)
        with noted(connection) as asked:
            assert make_codes(connection, CodeRule(True), ["Duval"]) == ["DU010001"]
        assert len(asked) < 50
        with noted(connection) as asked:
            assert make_codes(connection, CodeRule(True), ["Duval"]) == ["DU010002"]
        assert len(asked) == 2


def test_a_code_is_not_given_again(database: Database) -> None:
    """T02: a party that is renamed keeps its code, and one that went does not leave its code to another."""
    with database.transaction() as connection:
        assert codes_of(connection, 8, 2, "Dupont", "Durand") == ["DU000001", "DU000002"]
        connection.execute(text("UPDATE party SET code = 'GONE' WHERE code = 'DU000002'"))
        assert codes_of(connection, 8, 2, "Duval") == ["DU000003"]


@pytest.mark.parametrize(
    ("typed", "code"), [("du1", "DU1"), (" a-b/c.d_e ", "A-B/C.D_E"), ("7", "7"), ("x" * 40, "X" * 40)]
)
def test_a_code_by_hand(typed: str, code: str) -> None:
    """T01, D11: in capitals, without what nobody can type or see."""
    assert code_by_hand(typed) == code


@pytest.mark.parametrize("typed", ["", " ", "ÉLI", "A B", "x" * 41, "-._/", "A\u200b", "A;B"])
def test_what_is_no_code(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        code_by_hand(typed)
    assert refused.value.code is ProblemCode.NO_CODE


def test_a_code_is_unique(database: Database) -> None:
    """T01: the same code again is refused in words, alone and within one list."""
    rules = PartyRules()
    twice = [NewParty(code="A1", name=name, is_customer=True) for name in ("one", "two")]
    with database.transaction() as connection:
        add_parties(connection, twice[:1], rules, by="m", at=NOW)
    for parties in (twice[1:], [NewParty(code="B1", name="b", is_supplier=True)] * 2):
        already = pytest.raises(Problem, match=r"There is already a third party «[AB]1»")
        with already as refused, database.transaction() as connection:
            add_parties(connection, parties, rules, by="m", at=NOW)
        assert refused.value.code is ProblemCode.CODE_TAKEN
    with database.transaction() as connection, pytest.raises(Problem, match="given by hand here, and three has none"):
        add_parties(connection, [NewParty(name="three", is_customer=True)], rules, by="m", at=NOW)


def test_any_names(sqlite_base: Database) -> None:
    """T02 to T04: as the plain oracle says, for any Unicode, one by one and all at once."""

    @given(names=st.lists(st.text(min_size=1, max_size=8) | st.sampled_from(NAMES), max_size=12), data=st.data())
    def check(names: list[str], data: st.DataObject) -> None:
        length = data.draw(st.integers(6, 15))
        prefix = data.draw(st.integers(1, length - 1))
        typed = data.draw(st.lists(st.integers(1, min(12, 10 ** (length - prefix) - 1)), max_size=6))
        width = length - prefix
        there = {f"{oracles.prefix(name, prefix)}{number:0{width}d}" for name in names[:2] for number in typed}
        taken, counters = set(there), dict[str, int]()
        expected = [oracles.next_code(name, length, prefix, taken, counters) for name in names]
        with rolled_back(sqlite_base) as connection:
            if there:
                connection.execute(insert(Party), [{"code": code, "name": "x"} for code in sorted(there)])
            compare(connection, CodeRule(True, length, prefix), names, expected)
        for name, code in zip(names, expected, strict=True):
            if code is not None:
                assert re.fullmatch(rf"[A-Z0-9]{{{length}}}", code)
                assert code.startswith(oracles.prefix(name, prefix))

    check()


def compare(connection: Connection, rule: CodeRule, names: list[str], expected: list[str | None]) -> None:
    if None in expected:
        with pytest.raises(Problem, match="All codes"):
            make_codes(connection, rule, names)
        return
    singly = connection.begin_nested()
    made = []
    for name in names:
        made += make_codes(connection, rule, [name])
        connection.execute(insert(Party).values(code=made[-1], name=name))
    singly.rollback()
    assert make_codes(connection, rule, names) == made == expected
