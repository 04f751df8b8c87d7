"""Where addresses lie, what was looked up, and how often (T25)"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_STATES = ("none", "waiting", "found", "not_found", "failed", "by_hand")
_WAITING = sa.text("geo_state = 'waiting'")


def upgrade() -> None:
    states = ", ".join(f"'{state}'" for state in _STATES)
    check = sa.CheckConstraint(f"geo_state IN ({states})", name=op.f("ck_address_geo_state"))
    for column in (
        sa.Column("latitude", sa.BigInteger(), nullable=True),
        sa.Column("longitude", sa.BigInteger(), nullable=True),
        sa.Column("geo_state", sa.String(length=12), check, nullable=False, server_default="none"),
        sa.Column("geo_key", sa.String(length=64), nullable=True),
        sa.Column("geo_source", sa.String(length=20), nullable=True),
        sa.Column("geo_at", sa.BigInteger(), nullable=True),
        sa.Column("rung_at", sa.BigInteger(), nullable=True),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"),
    ):
        op.add_column("address", column)
    op.create_index(
        op.f("ix_address_waiting"),
        "address",
        ["next_attempt_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "geocode_cache",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("latitude", sa.BigInteger(), nullable=True),
        sa.Column("longitude", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_geocode_cache")),
    )
    op.create_table(
        "geocode_usage",
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("rests_until", sa.BigInteger(), nullable=True),
        sa.Column("rests_because", sa.String(length=10), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rests_because IN ('quota', 'key', 'away')", name=op.f("ck_geocode_usage_rests_because")),
        sa.PrimaryKeyConstraint("provider", "month", name=op.f("pk_geocode_usage")),
    )


def downgrade() -> None:
    op.drop_table("geocode_usage")
    op.drop_table("geocode_cache")
    op.drop_index("ix_address_waiting", table_name="address")
    for name in (
        *("attempts", "next_attempt_at", "rung_at", "geo_at", "geo_source", "geo_key", "geo_state"),
        *("longitude", "latitude"),
    ):
        op.drop_column("address", name)
