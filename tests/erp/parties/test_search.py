"""Finding third parties and accounts: D15's table, what is asked of the base, and any parties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Party
from intergestan_erp.parties import search
from intergestan_erp.parties.indexing import index_parties, reindex, without_words
from intergestan_erp.parties.one_party import one_party, parties_named
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties, set_account, set_party
from intergestan_erp.parties.search import AccountField, PartyField, find_accounts, find_parties
from intergestan_erp.parties.search_words import after, typed_words, words
from tests.erp.pairs.agencies import Agencies
from tests.erp.parties import oracles
from tests.site_factories import NOW, SiteToTest, add_party
from tests.statements import noted, rolled_back

CUSTOMER, SUPPLIER = PartyRole.CUSTOMER, PartyRole.SUPPLIER
CODE, NAME, ACCOUNT = PartyField
RULES = PartyRules()


def enter(connection: Connection, *parties: NewParty) -> list[int]:
    return [each.id for each in add_parties(connection, parties, RULES, by="m", at=NOW)]


def customer(code: str, name: str, account: str) -> NewParty:
    return NewParty(code=code, name=name, is_customer=True, accounts={CUSTOMER: account})


@pytest.fixture
def firms(database: Database) -> Database:
    """The three of D15."""
    with database.transaction() as connection:
        enter(
            connection,
            customer("C0000004", "Martin SA", "411MAR"),
            customer("MA000001", "Établissements Durand", "411ETA"),
            customer("DU000009", "Dupont Martin", "4110400009"),
        )
    return database


def found(database: Database, typed: str, fields: str, role: PartyRole | None = CUSTOMER) -> list[str]:
    chosen = [PartyField(each) for each in fields.split(",")]
    with database.read() as connection:
        return [each.code for each in find_parties(connection, typed, role, chosen).found]


@pytest.mark.parametrize(
    ("fields", "typed", "role", "codes"),
    [
        ("code,name,account", "ma", CUSTOMER, "MA000001 C0000004 DU000009"),
        ("name,code", "ma", CUSTOMER, "C0000004 DU000009 MA000001"),
        ("name", "etab dur", CUSTOMER, "MA000001"),
        ("name", "ÉTAB", CUSTOMER, "MA000001"),
        ("name", "dur etab", CUSTOMER, "MA000001"),
        ("code,account", "martin", CUSTOMER, ""),
        ("code", "4", CUSTOMER, "C0000004"),
        ("code", "c4", CUSTOMER, ""),
        ("code", "0000004", CUSTOMER, "C0000004"),
        ("account", "41104", CUSTOMER, "DU000009"),
        ("account", "41104", SUPPLIER, ""),
        ("code,name,account", "", CUSTOMER, ""),
        ("code,name,account", " -/ ", CUSTOMER, ""),
        ("name", "martin dupont sa", CUSTOMER, ""),
        ("name", "ma ma mart", CUSTOMER, "C0000004 DU000009"),
    ],
)
def test_what_is_found(firms: Database, fields: str, typed: str, role: PartyRole, codes: str) -> None:
    """T09, T10, T11, T14: by the beginnings of words, in the chosen fields only, in their order."""
    assert found(firms, typed, fields, role) == codes.split()


def test_each_character_narrows_what_is_found(firms: Database) -> None:
    """T09: what a person types is found character by character, from the first one on."""
    assert [found(firms, "Martin"[:length], "name") for length in range(1, 7)] == [["C0000004", "DU000009"]] * 6
    assert found(firms, "Martin D", "name") == ["DU000009"]
    assert found(firms, "Martinx", "name") == []


def test_the_account_of_the_role_is_searched(firms: Database) -> None:
    """T11: a customer that becomes a supplier is found among these by its 401, not by its 411."""
    with firms.transaction() as connection:
        party = one_party(connection, "DU000009").id
        set_party(connection, party, {"is_supplier": True}, RULES, by="m", at=NOW)
    assert found(firms, "41104", "account", SUPPLIER) == []
    assert found(firms, "401du", "account", SUPPLIER) == ["DU000009"]
    with firms.read() as connection:
        (hit,) = find_parties(connection, "401du", SUPPLIER).found
        assert (hit.account, hit.field) == ("401DU000009", ACCOUNT)
        (hit,) = find_parties(connection, "dupont", CUSTOMER).found
        assert (hit.account, hit.field) == ("4110400009", NAME)


def test_agencies_take_no_place_of_customers(a_site: SiteToTest) -> None:
    """T09: third parties that stand for depots of ours are left out, and what comes behind them is found."""
    agencies = Agencies(a_site)
    with a_site.database.transaction() as connection:
        add_party(connection, NewParty(code="ZZ", name="Agence Zoé", is_customer=True))
    with a_site.database.read() as connection:
        for limit in (1, 2, 5):
            found_here = find_parties(connection, "agence", CUSTOMER, [NAME], limit)
            assert ([each.code for each in found_here.found], found_here.more) == (["ZZ"], False)
        all_of_them = find_parties(connection, "agence", CUSTOMER, [NAME], 2, with_agencies=True)
        assert ([each.code for each in all_of_them.found], all_of_them.more) == (["AG1", "AG2"], True)
    assert len(agencies.ids) > 2


def test_accounts_are_found(firms: Database) -> None:
    """T12: by the code of their party, their title and their number, in the order that was chosen."""
    with firms.read() as connection:

        def numbers(typed: str, *fields: AccountField) -> list[str]:
            return [each.number for each in find_accounts(connection, typed, fields).found]

        assert numbers("ma", *AccountField) == ["411ETA", "411MAR", "4110400009"]
        assert numbers("ma", AccountField.TITLE) == ["411MAR", "4110400009"]
        assert numbers("411", AccountField.NUMBER) == ["4110400009", "411ETA", "411MAR"]
        assert numbers("du", AccountField.PARTY_CODE) == ["4110400009"]
        (hit,) = find_accounts(connection, "dupont").found
        assert (hit.title, hit.party, hit.field) == ("Dupont Martin", "DU000009", AccountField.TITLE)


@pytest.mark.parametrize("typed", ["ma", "martin s"])
@pytest.mark.parametrize("fields", [[CODE], [NAME, ACCOUNT], [ACCOUNT, CODE, NAME]])
def test_a_field_that_is_not_chosen_gets_no_statement(firms: Database, typed: str, fields: list[PartyField]) -> None:
    """T10, T13, T15: two statements for each chosen field, one to count where there are several words; no others."""
    with firms.read() as connection, noted(connection) as asked:
        find_parties(connection, typed, CUSTOMER, fields)
    of_words = [parameters for statement, parameters in asked if "party_word" in statement]
    numbers = {each["field"] if isinstance(each, dict) else each[0] for each in of_words}
    assert numbers == {search.PARTY_FIELDS.index(each) for each in fields}
    most = len(fields) * 2 + (len(fields) if " " in typed else 0)
    assert len(of_words) <= most
    assert len(asked) <= most + 1


def test_no_more_than_asked_for(database: Database) -> None:
    """T09: twenty at most, and whether there are more; what one party matches twice counts once."""
    with database.transaction() as connection:
        enter(
            connection,
            *(NewParty(code=f"D{n:03d}", name=f"Du{n} Du{n + 1} Dupont", is_customer=True) for n in range(50)),
        )
        for limit in (1, 7, 20, 49):
            hits = find_parties(connection, "du", CUSTOMER, [NAME], limit)
            assert len({each.code for each in hits.found}) == len(hits.found) == limit
            assert hits.more
        assert not find_parties(connection, "du", CUSTOMER, limit=50).more
        assert len(find_parties(connection, "du", CUSTOMER, limit=50).found) == 50


def test_more_than_is_looked_at_is_told(database: Database) -> None:
    """D15: of several words with very many hits only so many are looked at, and that is said."""
    count = search.MOST + 10
    with database.transaction() as connection:
        rows = [{"code": f"S{n:05d}", "name": f"Sarl Service {n}", "is_customer": True} for n in range(count)]
        connection.execute(insert(Party), rows)
        index_parties(connection, list(connection.scalars(text("SELECT id FROM party ORDER BY id"))), are_new=True)
        hits = find_parties(connection, "sarl service", CUSTOMER, [NAME])
        assert (len(hits.found), hits.more) == (20, True)
        last = find_parties(connection, f"sarl {count - 1}", CUSTOMER, [NAME])
        assert ([each.code for each in last.found], last.more) == ([f"S{count - 1:05d}"], False)
        none = find_parties(connection, "sarl zzz", CUSTOMER, [NAME])
        assert (none.found, none.more) == ((), False)


TEXTS = st.lists(
    st.sampled_from(
        ["ma", "mar", "Martin", "Élise", "E", "SA", "s", "œuf", "œ", "7", "A07", "ab12cd003", "Ольга", "&"]
    ),
    min_size=1,
    max_size=4,
).map(" ".join) | st.text("aàb12 -", min_size=1, max_size=8)


def test_any_parties_and_any_text(sqlite_base: Database) -> None:
    """T09 to T15: the same rows in the same order as by brute force, for any fields in any order."""
    draw_and_compare(sqlite_base)


@pytest.mark.campaign
def test_any_parties_and_any_text_on_both(database: Database) -> None:
    """T09 to T15: the same on both kinds of base, which so agree with each other."""
    draw_and_compare(database)


def draw_and_compare(database: Database) -> None:
    @given(
        parties=st.lists(st.tuples(TEXTS, st.integers(1, 3)), min_size=1, max_size=30),
        typed=st.lists(TEXTS, min_size=1, max_size=6),
        fields=st.permutations(list(PartyField)),
        count=st.integers(1, 3),
        roles=st.sampled_from([1, 2, 3]),
    )
    def check(
        parties: list[tuple[str, int]], typed: list[str], fields: list[PartyField], count: int, roles: int
    ) -> None:
        chosen = fields[:count]
        new = [
            NewParty(code=f"{name[:1]}{place:03d}", name=name, is_customer=bool(bits & 1), is_supplier=bool(bits & 2))
            for place, (name, bits) in enumerate(parties)
        ]
        with rolled_back(database) as connection:
            entered = add_parties(connection, new, RULES, by="m", at=NOW)
            values: list[dict[str, list[tuple[int, str]]]] = [
                {
                    CODE: [(bits, each.code)],
                    NAME: [(bits, name)],
                    ACCOUNT: [(role.bit, number) for role, number in each.accounts.items()],
                }
                for each, (name, bits) in zip(entered, parties, strict=True)
            ]
            role = {1: CUSTOMER, 2: SUPPLIER, 3: None}[roles]
            for each in typed:
                hits = find_parties(connection, each, role, chosen, 50)
                wanted = oracles.found(values, each, roles, chosen)
                assert [(hit.code, hit.field) for hit in hits.found] == [
                    (entered[place].code, field) for place, field in wanted
                ], each

    check()


@given(value=st.text())
def test_any_words(value: str) -> None:
    """D15: a word begins with what is typed exactly when it lies between that and what comes after."""
    for word in words(value):
        assert len(word) <= 60
        for length in range(1, len(word) + 1):
            assert word[:length] <= word < after(word[:length])
    for word in typed_words(value):
        assert word in words(value)
    assert len(typed_words(value)) <= 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("C0000004", {"c0000004": 0, "0000004": 1, "4": 1}),
        ("Dupont & Fils, SARL", {"dupont": 0, "fils": 1, "sarl": 1}),
        ("l'Œuf", {"l": 0, "oeuf": 1}),
        ("A07B12", {"a07b12": 0, "07b": 1, "7b": 1, "12": 1}),
        ("000", {"000": 0}),
        ("A000", {"a000": 0, "000": 1}),
        ("***", {}),
        ("x" * 70, {"x" * 60: 0}),
        ("ΟΔΟΣ", {"οδοσ": 0}),
    ],
)
def test_words_of_a_value(value: str, expected: dict[str, int]) -> None:
    """D15: digits behind letters count by themselves, and without leading zeros."""
    assert words(value) == expected


def test_words_follow_what_they_are_of(firms: Database) -> None:
    """T09: a new name, code or account is found at once, the old one no more."""
    with firms.transaction() as connection:
        party = one_party(connection, "C0000004").id
        set_party(connection, party, {"name": "Zoé", "code": "Z1"}, RULES, by="m", at=NOW)
        set_account(connection, party, CUSTOMER, RULES, number="411Z", by="m", at=NOW)
    assert found(firms, "zo", "code,name,account") == ["Z1"]
    assert found(firms, "martin sa", "name") == []
    assert found(firms, "411z", "account") == ["Z1"]
    assert found(firms, "411mar", "account") == []
    with firms.read() as connection:
        assert [each.number for each in find_accounts(connection, "zo").found] == ["411Z"]


def test_lost_words_are_seen_and_written_anew(firms: Database) -> None:
    """D15: what restores or other programs lost, `doctor` counts, and `parties reindex` writes."""
    with firms.transaction() as connection:
        before = set(connection.execute(text("SELECT field, later, word, party_id, roles FROM party_word")).all())
        assert without_words(connection) == 0
        connection.execute(text("DELETE FROM party_word WHERE field = 1"))
        connection.execute(text("DELETE FROM account_word"))
        connection.execute(insert(Party).values(code="***", name="∗∗", is_customer=True))
        assert without_words(connection) == 6
    assert reindex(firms) == 4
    with firms.read() as connection:
        assert without_words(connection) == 0
        after_it = set(connection.execute(text("SELECT field, later, word, party_id, roles FROM party_word")).all())
        assert after_it == before


OPTIONS = [
    {"code": "STAUBER", "name": "STAUBER", "siret": "73282932000074", "vat": "FR44732829320"},
    {"code": "ST000002", "name": "Étoile & Cie"},
    {"code": "AA", "name": "Twice"},
    {"code": "BB", "name": "TWICE"},
]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ST", None),
        ("stauber", "STAUBER"),
        ("732 829 320 00074", "STAUBER"),
        ("fr 44 732 829 320", "STAUBER"),
        ("411stauber", "STAUBER"),
        ("etoile & cie", "ST000002"),
        ("étoile", None),
        ("étoile  & CIE", "ST000002"),
        ("twice", None),
        ("bb", "BB"),
        ("", None),
        ("&", None),
    ],
)
def test_an_option_is_no_search(database: Database, typed: str, code: str | None) -> None:
    """D15: code, SIRET, VAT number, account or the whole name; never the first of several, never a beginning."""
    with database.transaction() as connection:
        enter(
            connection,
            *(
                NewParty(
                    code=each["code"],
                    name=each["name"],
                    siret=each.get("siret"),
                    vat_id=each.get("vat"),
                    is_customer=True,
                )
                for each in OPTIONS
            ),
        )
        with_accounts = [{**each, "account": f"411{each['code']}"} for each in OPTIONS]
        assert oracles.one_party(typed, with_accounts) == code
        if code is not None:
            assert one_party(connection, typed, CUSTOMER).code == code
            assert parties_named(connection, typed, SUPPLIER) == []
            return
        with pytest.raises(Problem) as refused:
            one_party(connection, typed, CUSTOMER)
    assert refused.value.code is ProblemCode.NOT_ONE_PARTY
    close = {
        "ST": "ST000002 Étoile & Cie, STAUBER STAUBER",
        "étoile": "ST000002 Étoile & Cie",
        "twice": "AA Twice, BB TWICE",
    }
    assert str(refused.value).partition("Close to it: ")[2].rstrip(".") == close.get(typed, "")


def test_codes_that_differ_by_case_alone(database: Database) -> None:
    """D15: the one that is written so is meant; where none is, all of them may be."""
    with database.transaction() as connection:
        for code in ("f001", "F001"):
            connection.execute(insert(Party).values(code=code, name=code, is_customer=True))
        index_parties(connection, list(connection.scalars(text("SELECT id FROM party"))), are_new=True)
        assert [row.code for row in parties_named(connection, "f001")] == ["f001"]
        assert [row.code for row in parties_named(connection, "F001")] == ["F001"]
        connection.execute(text("DELETE FROM party_word"))
        connection.execute(text("UPDATE party SET code = 'f002' WHERE code = 'F001'"))
        index_parties(connection, list(connection.scalars(text("SELECT id FROM party"))), are_new=True)
        assert [row.code for row in parties_named(connection, "F002")] == ["f002"]
