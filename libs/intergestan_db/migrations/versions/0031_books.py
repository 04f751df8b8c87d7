"""Books: entries with their lines, fiscal years, files of entries; the chart of a folder and until when it is locked.

Books begin with the first document after this migration: nothing is made of what was there, because nobody can say what
an accountant entered of it elsewhere. The first year comes with the first entry, or when somebody asks for it.
Where nobody is an accountant, administrators become that, too: who may all, may go on doing so.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.checks import replace_check
from intergestan_db.migrations.frozen import freeze_once, freeze_rows, thaw

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RIGHTS = """"right" IN ('manage_users', 'set_credit', 'override_credit'{more})"""
_MORE = ", 'keep_books', 'close_books'"
_OF_LINE = ("entry_id", "position", "account", "title", "aux", "aux_title", "debit", "credit", "establishment_id")
_OF_YEAR = ("folder_id", "first", "last", "closed_at", "closed_by")


def upgrade() -> None:
    op.add_column("accounting_folder", sa.Column("locked_until", sa.Date(), nullable=True))
    op.add_column("accounting_folder", sa.Column("chart", sa.JSON(), nullable=True))
    op.add_column("payment", sa.Column("banked_on", sa.Date(), nullable=True))
    freeze_once("payment", "banked_on")
    waiting = sa.text("banked_on IS NULL AND state = 'entered' AND method IN ('cheque', 'bill')")
    op.create_index("ix_payment_to_bank", "payment", ["due_date"], sqlite_where=waiting, postgresql_where=waiting)
    replace_check("user_right", "ck_user_right_right", _RIGHTS.format(more=""), _RIGHTS.format(more=_MORE))
    op.execute(
        "INSERT INTO user_role (user_id, role) SELECT user_id, 'accountant' FROM user_role WHERE role = 'administrator'"
        " AND NOT EXISTS (SELECT 1 FROM user_role a WHERE a.role = 'accountant')"
    )
    _create_entries()
    _create_years()
    freeze_rows("entry")
    freeze_rows("entry_line", _OF_LINE)
    freeze_rows("fiscal_year", _OF_YEAR, since="OLD.closed_at IS NOT NULL")
    freeze_rows("fec_export")


def downgrade() -> None:
    """The books are forgotten."""
    for table in ("entry", "entry_line", "fiscal_year", "fec_export"):
        thaw(table)
    for table in ("fec_export", "fiscal_year", "entry_line", "entry"):
        op.drop_table(table)
    op.execute("DELETE FROM number_series WHERE code LIKE 'e:%'")
    op.execute("""DELETE FROM user_right WHERE "right" IN ('keep_books', 'close_books')""")
    replace_check("user_right", "ck_user_right_right", _RIGHTS.format(more=_MORE), _RIGHTS.format(more=""))
    op.execute("DROP TRIGGER frozen_once" + (" ON payment" if op.get_bind().dialect.name != "sqlite" else "_payment"))
    op.drop_index("ix_payment_to_bank", "payment")
    op.drop_column("payment", "banked_on")
    op.drop_column("accounting_folder", "chart")
    op.drop_column("accounting_folder", "locked_until")


def _create_entries() -> None:
    op.create_table(
        "entry",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("folder_id", _ID, nullable=False),
        sa.Column("journal_code", sa.String(2), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("piece", sa.String(60), nullable=False),
        sa.Column("piece_day", sa.Date(), nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("validated_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.CheckConstraint(
            "journal_code IN ('VE', 'AC', 'BQ', 'CA', 'OD', 'AN')", name=op.f("ck_entry_journal_code")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_entry_number")),
        sa.ForeignKeyConstraint(["folder_id"], ["accounting_folder.id"], name=op.f("fk_entry_folder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint(
            "folder_id", "journal_code", "number", name=op.f("uq_entry_folder_id_journal_code_number")
        ),
        sa.UniqueConstraint("source", name=op.f("uq_entry_source")),
    )
    op.create_index(op.f("ix_entry_folder_id_day"), "entry", ["folder_id", "day"])
    in_order = ["folder_id", "validated_on", "journal_code", "number"]
    op.create_index(op.f("ix_entry_folder_id_validated_on_journal_code_number"), "entry", in_order)
    op.create_table(
        "entry_line",
        sa.Column("entry_id", _ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(50), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("aux", sa.String(50), nullable=True),
        sa.Column("aux_title", sa.String(200), nullable=True),
        sa.Column("debit", sa.BigInteger(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("letter", sa.String(10), nullable=True),
        sa.Column("letter_day", sa.Date(), nullable=True),
        sa.Column("establishment_id", _ID, nullable=True),
        sa.CheckConstraint(
            "debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)", name=op.f("ck_entry_line_one_side")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_entry_line_entry_id")),
        sa.ForeignKeyConstraint(
            ["establishment_id"], ["establishment.id"], name=op.f("fk_entry_line_establishment_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_entry_line")),
    )
    of_parties = sa.text("aux IS NOT NULL")
    op.create_index(
        "ix_entry_line_aux",
        "entry_line",
        ["aux", "account"],
        sqlite_where=of_parties,
        postgresql_where=of_parties,
    )


def _create_years() -> None:
    op.create_table(
        "fiscal_year",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("folder_id", _ID, nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(80), nullable=True),
        sa.CheckConstraint("first <= last", name=op.f("ck_fiscal_year_days")),
        sa.ForeignKeyConstraint(["folder_id"], ["accounting_folder.id"], name=op.f("fk_fiscal_year_folder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_year")),
        sa.UniqueConstraint("folder_id", "first", name=op.f("uq_fiscal_year_folder_id_first")),
    )
    op.create_table(
        "fec_export",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("folder_id", _ID, nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["accounting_folder.id"], name=op.f("fk_fec_export_folder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fec_export")),
    )
    op.create_index(op.f("ix_fec_export_folder_id"), "fec_export", ["folder_id"])
