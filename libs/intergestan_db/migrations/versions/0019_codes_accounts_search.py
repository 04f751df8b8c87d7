"""Codes and accounts of third parties, and the words by which they are found (T01 to T15).

Revision ID: 0019
Revises: 0018

The words of the parties that are there are filled in here; the accounts stay for people to give, because their numbers
are those of the site's books. `fold` and `words` are the product's as they were at this release: a migration means
the same for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import combining, normalize

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_LONGEST = 60
_WRITTEN_OUT = str.maketrans(
    {
        "Œ": "OE",
        "œ": "oe",
        "Æ": "AE",
        "æ": "ae",
        "ß": "ss",
        "ẞ": "SS",
        "Ø": "O",
        "ø": "o",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "Ð": "D",
        "ð": "d",
        "Þ": "TH",
        "þ": "th",
        "ı": "i",
    }
)
_WORD = re.compile(r"[^\W_]+")
_LETTERS_TO_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)")


def upgrade() -> None:
    op.create_table(
        "party_code_counter",
        sa.Column("prefix", sa.String(14), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_party_code_counter")),
    )
    op.create_table(
        "account",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(50), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('customer', 'supplier', 'general')", name=op.f("ck_account_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("number", name=op.f("uq_account_number")),
    )
    op.create_table(
        "party_account",
        sa.Column("party_id", _key(), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("account_id", _key(), nullable=False),
        sa.CheckConstraint("role IN ('customer', 'supplier')", name=op.f("ck_party_account_role")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_party_account_party_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_party_account_account_id")),
        sa.PrimaryKeyConstraint("party_id", "role", name=op.f("pk_party_account")),
        sa.UniqueConstraint("account_id", name=op.f("uq_party_account_account_id")),
    )
    op.create_table(
        "account_counter",
        sa.Column("root", sa.String(20), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("root", name=op.f("pk_account_counter")),
    )
    for owner, roles in (("party", [sa.Column("roles", sa.Integer(), nullable=False)]), ("account", [])):
        name = f"{owner}_word"
        op.create_table(
            name,
            sa.Column("field", sa.Integer(), nullable=False),
            sa.Column("later", sa.Integer(), nullable=False),
            sa.Column("word", _word(), nullable=False),
            sa.Column(f"{owner}_id", _key(), nullable=False),
            *roles,
            sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}.id"], name=op.f(f"fk_{name}_{owner}_id")),
            sa.PrimaryKeyConstraint("field", "later", "word", f"{owner}_id", name=op.f(f"pk_{name}")),
            sqlite_with_rowid=False,
        )
    _fill()
    op.create_index(op.f("ix_party_word_party_id_field_word"), "party_word", ["party_id", "field", "word"])
    op.create_index(op.f("ix_account_word_account_id_field_word"), "account_word", ["account_id", "field", "word"])


def downgrade() -> None:
    for name in ("account_word", "party_word", "account_counter", "party_account", "account", "party_code_counter"):
        op.drop_table(name)


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _word() -> sa.types.TypeEngine[str]:
    return sa.String(_LONGEST).with_variant(sa.String(_LONGEST, collation="C"), "postgresql")


def _fill() -> None:
    """The words of the codes and names of all parties, some thousand rows at a time."""
    connection = op.get_bind()
    columns = ("field", "later", "word", "party_id", "roles")
    table = sa.table("party_word", *map(sa.column, columns))
    following = sa.text(
        "SELECT id, code, name, is_customer, is_supplier FROM party WHERE id > :last ORDER BY id LIMIT :many"
    )
    last = 0
    while parties := connection.execute(following, {"last": last, "many": _AT_ONCE}).all():
        last = parties[-1].id
        rows = [
            dict(zip(columns, (field, later, word, party.id, roles), strict=True))
            for party in parties
            for roles in (bool(party.is_customer) + 2 * bool(party.is_supplier),)
            for field, value in enumerate((party.code, party.name))
            for word, later in words(value).items()
        ]
        if rows:
            connection.execute(sa.insert(table), rows)


def words(value: str) -> dict[str, int]:
    """The words of a value, and whether each stands inside it (1) or begins it (0)."""
    found: dict[str, int] = {}
    for place, whole in enumerate(_WORD.findall(_fold(value).casefold())):
        found.setdefault(whole[:_LONGEST], min(place, 1))
        for part in _parts(whole):
            found.setdefault(part[:_LONGEST], 1)
    return found


def _parts(whole: str) -> Iterator[str]:
    for part in _LETTERS_TO_DIGITS.split(whole)[1:]:
        yield part
        if part[0] == "0" and part.lstrip("0"):
            yield part.lstrip("0")


def _fold(text: str) -> str:
    plain = normalize("NFKD", normalize("NFC", text).translate(_WRITTEN_OUT))
    return "".join(each for each in plain if not combining(each))
