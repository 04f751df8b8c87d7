"""What is frozen stays, recipients are a partner's; what the site publishes; notices name a setting; alarms told apart

A later migration that changes a column named here does it within `frozen.thawed`.
"""

import sqlalchemy as sa
from alembic import op

from intergestan_db.migrations.frozen import freeze_columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_COMPOSED = (
    *("transfer_id", "kind", "partner_id", "requested_by_id", "in_reply_to_id", "composed_at", "epoch", "seq"),
    *("transfer_digest", "envelope_from", "subject", "size"),
)
_EVENT = ("at", "who", "subject", "subject_id", "name", "old", "new", "detail")
_ASKED = ("purchase_order_id", "revision", "type", "document", "outbound_mail_id", "requested_by")
_AGAIN = (
    "NEW.state = 'requested' AND NEW.composed_at IS NULL AND NEW.epoch IS NULL AND NEW.seq IS NULL"
    " AND NEW.transfer_digest IS NULL"
)
"""A mail of before a restore is given up as it was, and composed under another number; no service may do that."""
_FROZEN = {
    "outbound_mail": (_COMPOSED, f"OLD.composed_at IS NOT NULL AND NOT ({_AGAIN})"),
    "outbound_body": (("outbound_mail_id", "mime"), None),
    "outbound_order": (("outbound_mail_id", "purchase_order_id", "revision", "version"), None),
    "purchase_order_change": (_ASKED, None),
    "inbound_mail": (("sha256",), None),
    "notice": (("mime", "about", "created_at"), None),
    "partner_key": (("partner_id", "kid", "public_key"), None),
    "event": (_EVENT, None),
    "site": (("code", "created_at"), None),
}
"""By table: what is never written a second time, and from when on."""
_OF_PARTNER = "SELECT 1 FROM partner WHERE id = NEW.partner_id AND NEW.recipient IN (order_address, answer_address)"
_REPLACED = "partner_id = NEW.partner_id AND replaced_from = NEW.valid_from"
_GOES_ON = f"UPDATE partner_key SET replaced_from = NULL WHERE {_REPLACED}"  # noqa: S608 - our own names
_WITHDRAWN = "OLD.revoked_at IS NULL AND NEW.revoked_at < NEW.valid_from"
_FUNCTIONS = ("frozen", "recipient_of_partner", "withdrawn_key")
_OF_ROLES = ("refuse_service", "agreed_changes_only", "waiting_keys_only", "drafts_only")
"""Of deploy/postgresql/roles.sql: their triggers name columns that older releases do not have."""


def upgrade() -> None:
    op.create_table(
        "published",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_published")),
    )
    op.create_table(
        "told_alarm",
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("memories", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("way", name=op.f("pk_told_alarm")),
    )
    op.execute(
        "INSERT INTO told_alarm (way, memories)"
        " SELECT substr(name, length('alarms.') + 1), value FROM setting WHERE name LIKE 'alarms.%'"
    )
    op.execute("DELETE FROM setting WHERE name LIKE 'alarms.%'")
    _name_settings()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()
    for table, (columns, since) in _FROZEN.items():
        freeze_columns(table, columns, since)


def downgrade() -> None:
    """Notices go: nobody knows any more for whom they were."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*_FUNCTIONS, *_OF_ROLES):
            op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
    else:
        for name in (*(f"frozen_{table}" for table in _FROZEN), "recipient_new", "recipient_set", "withdrawn_key"):
            op.execute(f"DROP TRIGGER {name}")
    op.execute("DELETE FROM notice")
    op.drop_column("notice", "about")
    for name in ("envelope_from", "recipient"):
        op.add_column("notice", sa.Column(name, sa.String(length=254), nullable=False, server_default=""))
    op.execute("INSERT INTO setting (name, value) SELECT 'alarms.' || way, memories FROM told_alarm")
    op.drop_table("told_alarm")
    op.drop_table("published")


def _name_settings() -> None:
    """A notice of what waits was entered at the instant at which somebody was noted as told; others tell alarms."""
    op.add_column("notice", sa.Column("about", sa.String(length=10), nullable=False, server_default="alarms"))
    op.execute(
        "UPDATE notice SET about = 'holds'"
        " WHERE EXISTS (SELECT 1 FROM event WHERE event.name = 'tell' AND event.at = notice.created_at)"
    )
    for name in ("envelope_from", "recipient"):
        op.drop_column("notice", name)


def _guard_on_postgresql() -> None:
    raises = "RAISE integrity_constraint_violation USING MESSAGE ="
    bodies = {
        "frozen": f"{raises} format('what is frozen in %s cannot be changed', TG_TABLE_NAME);",
        "recipient_of_partner": f"IF EXISTS ({_OF_PARTNER}) THEN RETURN NEW; END IF;"
        f" {raises} 'the recipient is no address of the partner';",
    }
    for name, body in bodies.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
    # With the owner's rights: who may withdraw a key need not be able to let another one count.
    op.execute(
        "CREATE FUNCTION withdrawn_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT"
        f" AS $$ BEGIN {_GOES_ON}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER recipient_new BEFORE INSERT ON outbound_mail FOR EACH ROW"
        " WHEN (NEW.recipient IS NOT NULL) EXECUTE FUNCTION recipient_of_partner()"
    )
    op.execute(
        "CREATE TRIGGER recipient_set BEFORE UPDATE OF recipient ON outbound_mail FOR EACH ROW"
        " WHEN (NEW.recipient IS DISTINCT FROM OLD.recipient) EXECUTE FUNCTION recipient_of_partner()"
    )
    op.execute(
        "CREATE TRIGGER withdrawn_key AFTER UPDATE OF revoked_at ON partner_key FOR EACH ROW"
        f" WHEN ({_WITHDRAWN}) EXECUTE FUNCTION withdrawn_key()"
    )


def _guard_on_sqlite() -> None:
    for name, event, changed in (
        ("recipient_new", "INSERT", "NEW.recipient IS NOT NULL"),
        ("recipient_set", "UPDATE OF recipient", "NEW.recipient IS NOT OLD.recipient"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON outbound_mail WHEN {changed} AND NOT EXISTS ({_OF_PARTNER})"
            " BEGIN SELECT RAISE(ABORT, 'the recipient is no address of the partner'); END"
        )
    op.execute(
        f"CREATE TRIGGER withdrawn_key AFTER UPDATE OF revoked_at ON partner_key WHEN {_WITHDRAWN}"
        f" BEGIN {_GOES_ON}; END"
    )
