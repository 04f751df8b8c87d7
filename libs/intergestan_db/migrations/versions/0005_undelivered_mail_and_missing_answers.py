"""Reports of mail servers; how long an answer may take, and who was reminded"""

from alembic import op
import sqlalchemy as sa


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delivery_report',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('inbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.String(length=10), nullable=True),
    sa.Column('status', sa.String(length=12), nullable=True),
    sa.Column('recipient', sa.Text(), nullable=True),
    sa.Column('said', sa.Text(), nullable=True),
    sa.Column('reporter', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('effect', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['inbound_mail_id'], ['inbound_mail.id'], name=op.f('fk_delivery_report_inbound_mail_id')),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_delivery_report_outbound_mail_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_report')),
    sa.UniqueConstraint('inbound_mail_id', name=op.f('uq_delivery_report_inbound_mail_id'))
    )
    with op.batch_alter_table('delivery_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_report_outbound_mail_id_fingerprint'), ['outbound_mail_id', 'fingerprint'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_report_received_at'), ['received_at'], unique=False)

    with op.batch_alter_table('outbound_mail', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reminded_at', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('partner', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answer_hours', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('partner', 'answer_hours')
    op.drop_column('outbound_mail', 'reminded_at')
    with op.batch_alter_table('delivery_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_report_received_at'))
        batch_op.drop_index(batch_op.f('ix_delivery_report_outbound_mail_id_fingerprint'))

    op.drop_table('delivery_report')
