"""Only a key that a person confirmed had taken another's place, so only one gives it back when it is withdrawn

An announced key may name the very instant at which an older one was replaced. To withdraw it let that one count again.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_BEFORE_IT_BEGAN = "OLD.revoked_at IS NULL AND NEW.revoked_at < NEW.valid_from"
_REPLACED = "partner_id = NEW.partner_id AND replaced_from = NEW.valid_from"
_GOES_ON = f"UPDATE partner_key SET replaced_from = NULL WHERE {_REPLACED}"  # noqa: S608 - our own names


def upgrade() -> None:
    _make(f"NOT OLD.pending AND {_BEFORE_IT_BEGAN}")


def downgrade() -> None:
    """What roles.sql of this release made besides goes, because it names a column that older ones do not have."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS nothing_else_came() CASCADE")
    _make(_BEFORE_IT_BEGAN)


def _make(when: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER withdrawn_key ON partner_key")
        op.execute(
            "CREATE TRIGGER withdrawn_key AFTER UPDATE OF revoked_at ON partner_key FOR EACH ROW"
            f" WHEN ({when}) EXECUTE FUNCTION withdrawn_key()"
        )
    else:
        op.execute("DROP TRIGGER withdrawn_key")
        op.execute(
            f"CREATE TRIGGER withdrawn_key AFTER UPDATE OF revoked_at ON partner_key WHEN {when} BEGIN {_GOES_ON}; END"
        )
