"""Finding third parties among very many by a few characters, beside `LIKE '%x%'` over the same columns.

The firms are invented, by a generator with a seed. What is typed is drawn from their names and codes: one beginning of
a word, or two of one letter and more, which are the worst there are.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from benchmarks.machine import Servers
from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.tables import Account, Party, PartyAccount
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.parties.accounts import AccountMode, AccountRule
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties
from intergestan_erp.parties.search import find_parties
from intergestan_erp.party_entry.party_table import enter_parties
from intergestan_erp.party_entry.read_parties import read_parties
from tests.databases import migrate_base

_FIRST = [
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Richard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
    "Simon",
    "Laurent",
    "Lefebvre",
    "Michel",
    "Garcia",
    "David",
    "Bertrand",
    "Roux",
    "Vincent",
    "Fournier",
    "Morel",
    "Girard",
    "André",
    "Lefèvre",
    "Mercier",
    "Dupont",
    "Lambert",
    "Bonnet",
    "François",
    "Martinez",
    "Élise",
    "Zoé",
    "Hoffmann",
    "Schmitt",
    "Muller",
    "Weber",
    "Stauber",
    "Nguyen",
    "Œuvrard",
    "Société",
    "Établissements",
    "Sarl",
    "Atelier",
    "Maison",
    "Garage",
]
_SECOND = [
    "SA",
    "SAS",
    "SARL",
    "EURL",
    "&",
    "Fils",
    "Frères",
    "Cie",
    "Services",
    "Bâtiment",
    "Transports",
    "Boulangerie",
    "Menuiserie",
    "Électricité",
    "Plomberie",
    "Informatique",
    "Conseil",
    "Distribution",
    "Industrie",
    "Alsace",
    "Lorraine",
    "Vosges",
    "Paris",
    "Lyon",
    "Nord",
    "Est",
    "Sud",
    "Ouest",
    "Central",
]
_WORST = (*("s e", "martin s", "s zz", "m", "s", "e s a", "411 0 1", "du 1"),)

RULES = PartyRules(CodeRule(automatic=True), AccountRule(AccountMode.ALPHABET))
_LIKE = (
    select(Party.id)
    .outerjoin(PartyAccount, PartyAccount.party_id == Party.id)
    .outerjoin(Account, Account.id == PartyAccount.account_id)
    .where(
        Party.is_customer,
        or_(*(func.lower(column).like(bindparam("pattern")) for column in (Party.code, Party.name, Account.number))),
    )
    .order_by(Party.id)
    .limit(20)
)


@contextmanager
def databases(machine: Servers) -> Iterator[list[Database]]:
    """A migrated base of either kind."""
    with TemporaryDirectory() as folder:
        urls = (machine.postgres.create_database(), f"sqlite:///{folder}/search.db")
        made = [Database(url) for url in urls]
        for url in urls:
            migrate_base(url)
        yield made
        for database in made:
            database.dispose()


def measure(databases: Sequence[Database], parties: int, queries: int) -> dict[str, float]:
    """The milliseconds of a search, the quickest of three for each text; and whether all bases say the same."""
    for database in databases:
        fill(database, parties)
    typed = texts(parties, queries)
    found: dict[str, float] = {"search_parties": float(parties)}
    answers = []
    for database in databases:
        suffix = "_sqlite" if database.is_sqlite else ""
        ours, said = _times(database, typed)
        answers.append(said)
        found[f"search_median_ms{suffix}"] = median(ours)
        found[f"search_p99_ms{suffix}"] = sorted(ours)[-max(1, len(ours) // 100) - 1]
        found[f"search_worst_ms{suffix}"] = max(ours)
        like = _times_of_like(database, typed[: max(10, queries // 10)])
        found[f"search_like_median_ms{suffix}"] = median(like)
        found[f"search_like_worst_ms{suffix}"] = max(like)
        found[f"parties_import_s{suffix}"] = import_seconds(database)
    found["search_same_answers"] = float(all(said == answers[0] for said in answers))
    return found


def import_seconds(database: Database) -> float:
    """How long a file of 10 000 third parties takes, from its bytes to the commit; codes and accounts are made."""
    lines = (f"{firm['name']};oui;1 rue des Forges;88800;Vittel\n" for firm in firms(10_000))
    data = ("Raison sociale;Client;Adresse 1;Code postal;Ville\n" + "".join(lines)).encode()
    began = time.perf_counter()
    rows = read_parties("parties.csv", data, Findings())
    with database.transaction() as connection:
        enter_parties(connection, "parties.csv", rows, RULES, by="bench", at=database.now())
    return time.perf_counter() - began


def fill(database: Database, parties: int) -> None:
    """Enter invented customers as an import does, some thousand in a transaction."""
    made = [NewParty(**firm) for firm in firms(parties)]
    for first in range(0, parties, 10_000):
        with database.transaction() as connection:
            add_parties(connection, made[first : first + 10_000], RULES, by="bench", at=database.now())
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def firms(count: int) -> Iterator[dict[str, Any]]:
    """Invented customers, the same each time."""
    chance = random.Random(14)
    for _ in range(count):
        name = f"{chance.choice(_FIRST)} {chance.choice(_FIRST)} {chance.choice(_SECOND)}"
        yield {"name": name, "is_customer": True}


def texts(count: int, queries: int) -> list[str]:
    """What people type."""
    chance = random.Random(15)
    made = list(firms(min(count, 5_000)))
    typed = list(_WORST)
    while len(typed) < queries:
        row = chance.choice(made)
        words = chance.sample(row["name"].split(), k=chance.choice((1, 1, 2)))
        code = f"{CodeRule().prefix_of(row['name'])}{chance.randint(1, 5_000):06d}"
        whole = chance.choice((code, " ".join(words)))
        typed.append(" ".join(word[: chance.randint(1, 8)] for word in whole.split()))
    return typed


def _times(database: Database, typed: Sequence[str]) -> tuple[list[float], list[list[str]]]:
    times, said = [], []
    with database.read() as connection:
        for text in typed:
            each = []
            for _ in range(3):
                began = time.perf_counter()
                hits = find_parties(connection, text, PartyRole.CUSTOMER)
                each.append((time.perf_counter() - began) * 1000)
            times.append(min(each))
            said.append([hit.code for hit in hits.found])
    return times, said


def _times_of_like(database: Database, typed: Sequence[str]) -> list[float]:
    times = []
    with database.read() as connection:
        for text in typed:
            began = time.perf_counter()
            connection.execute(_LIKE, {"pattern": f"%{text.lower()}%"}).all()
            times.append((time.perf_counter() - began) * 1000)
    return times
