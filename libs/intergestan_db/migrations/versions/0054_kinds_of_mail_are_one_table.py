"""Which kinds of mail there are is said by the release alone (`intergestan_msg.kinds`): a new one needs no migration."""

from intergestan_db.migrations.checks import replace_check

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('orders', 'answers', 'key', 'heartbeat', 'statement')"
_ANY = "length(kind) > 0"


def upgrade() -> None:
    replace_check("outbound_mail", "ck_outbound_mail_kind", _KINDS, _ANY)


def downgrade() -> None:
    replace_check("outbound_mail", "ck_outbound_mail_kind", _ANY, _KINDS)
