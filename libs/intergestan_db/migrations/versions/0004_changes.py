"""Changes and cancellations of orders"""

from alembic import op
import sqlalchemy as sa


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('purchase_order_change',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('purchase_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('type', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answer_n', sa.BigInteger(), nullable=False),
    sa.Column('answer_code', sa.String(length=2), nullable=True),
    sa.Column('answer_note', sa.Text(), nullable=True),
    sa.Column('answer_lines', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('requested_by', sa.String(length=80), nullable=False),
    sa.Column('requested_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("state IN ('transmitting', 'waiting', 'accepted', 'changed', 'rejected', 'abandoned')", name=op.f('ck_purchase_order_change_state')),
    sa.CheckConstraint("type IN ('change', 'cancel')", name=op.f('ck_purchase_order_change_type')),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_purchase_order_change_outbound_mail_id')),
    sa.ForeignKeyConstraint(['purchase_order_id'], ['purchase_order.id'], name=op.f('fk_purchase_order_change_purchase_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order_change'))
    )
    op.create_index('ix_purchase_order_change_outbound_mail_id', 'purchase_order_change', ['outbound_mail_id'])
    op.create_index(
        'uq_purchase_order_change_place',
        'purchase_order_change',
        ['purchase_order_id', 'revision'],
        unique=True,
        sqlite_where=sa.text("state <> 'abandoned'"),
        postgresql_where=sa.text("state <> 'abandoned'"),
    )
    op.add_column('purchase_order', sa.Column('lines_n', sa.BigInteger(), nullable=False, server_default='0'))
    op.execute('UPDATE purchase_order SET lines_n = answer_n')
    op.add_column('purchase_order_line', sa.Column('settled_n', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('purchase_order_line', sa.Column('promised_date', sa.Date(), nullable=True))
    op.add_column('sales_order_line', sa.Column('promised_date', sa.Date(), nullable=True))
    op.add_column('sales_order_line', sa.Column('said', sa.JSON(), nullable=True))
    op.create_index(
        'ix_ledger_waiting',
        'ledger',
        ['id'],
        sqlite_where=sa.text("outcome = 'waiting'"),
        postgresql_where=sa.text("outcome = 'waiting'"),
    )
    op.add_column('answer', sa.Column('revision', sa.BigInteger(), nullable=False, server_default='0'))


def downgrade() -> None:
    op.drop_index('ix_ledger_waiting', 'ledger')
    op.drop_column('answer', 'revision')
    op.drop_column('sales_order_line', 'said')
    op.drop_column('sales_order_line', 'promised_date')
    op.drop_column('purchase_order_line', 'promised_date')
    op.drop_column('purchase_order_line', 'settled_n')
    op.drop_column('purchase_order', 'lines_n')
    op.drop_table('purchase_order_change')
