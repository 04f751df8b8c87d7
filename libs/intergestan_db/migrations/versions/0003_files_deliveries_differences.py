"""Order files, deliveries and invoices, differences"""

from alembic import op
import sqlalchemy as sa


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIES = (("delivery_note", "BL"), ("invoice", "FA"))


def upgrade() -> None:
    op.create_table('taken_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('token', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('taken_at', sa.BigInteger(), nullable=False),
    sa.Column('orders', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_taken_file')),
    sa.UniqueConstraint('token', name=op.f('uq_taken_file_token'))
    )
    op.create_table('delivery_note',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('issue_date', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('delivery_name', sa.String(length=200), nullable=True),
    sa.Column('delivery_line1', sa.String(length=200), nullable=True),
    sa.Column('delivery_line2', sa.String(length=200), nullable=True),
    sa.Column('delivery_postcode', sa.String(length=20), nullable=True),
    sa.Column('delivery_city', sa.String(length=100), nullable=True),
    sa.Column('delivery_country', sa.String(length=2), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['party.id'], name=op.f('fk_delivery_note_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_note')),
    sa.UniqueConstraint('number', name=op.f('uq_delivery_note_number'))
    )
    with op.batch_alter_table('delivery_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_note_customer_id'), ['customer_id'], unique=False)

    op.create_table('invoice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total_ht', sa.BigInteger(), nullable=False),
    sa.Column('total_vat', sa.BigInteger(), nullable=False),
    sa.Column('total_ttc', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('issue_date', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['party.id'], name=op.f('fk_invoice_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('number', name=op.f('uq_invoice_number'))
    )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_customer_id'), ['customer_id'], unique=False)

    op.create_table('difference',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('order_number', sa.String(length=60), nullable=False),
    sa.Column('line_id', sa.String(length=60), nullable=True),
    sa.Column('reason', sa.String(length=30), nullable=False),
    sa.Column('variant', sa.String(length=30), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('found_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("outcome IN ('created', 'held', 'rejected', 'waiting', 'applied')", name=op.f('ck_difference_outcome')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_difference_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_difference'))
    )
    with op.batch_alter_table('difference', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_difference_found_at'), ['found_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_difference_partner_id_order_number'), ['partner_id', 'order_number'], unique=False)

    op.create_table('invoice_vat',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=False),
    sa.Column('vat_rate', sa.BigInteger(), nullable=False),
    sa.Column('base', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_vat_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_vat')),
    sa.UniqueConstraint('invoice_id', 'vat_category', 'vat_rate', name=op.f('uq_invoice_vat_invoice_id_vat_category_vat_rate'))
    )
    op.create_table('product_match',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('their_code', sa.String(length=60), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_product_match_partner_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_match_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_match')),
    sa.UniqueConstraint('partner_id', 'their_code', name=op.f('uq_product_match_partner_id_their_code'))
    )
    op.create_table('delivery_note_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('delivery_note_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sales_order_line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('product_code', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=400), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=3), nullable=False),
    sa.ForeignKeyConstraint(['delivery_note_id'], ['delivery_note.id'], name=op.f('fk_delivery_note_line_delivery_note_id')),
    sa.ForeignKeyConstraint(['sales_order_line_id'], ['sales_order_line.id'], name=op.f('fk_delivery_note_line_sales_order_line_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_note_line')),
    sa.UniqueConstraint('delivery_note_id', 'position', name=op.f('uq_delivery_note_line_delivery_note_id_position'))
    )
    with op.batch_alter_table('delivery_note_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_note_line_sales_order_line_id'), ['sales_order_line_id'], unique=False)

    op.create_table('invoice_charge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sales_order_charge_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=True),
    sa.Column('vat_rate', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_charge_invoice_id')),
    sa.ForeignKeyConstraint(['sales_order_charge_id'], ['sales_order_charge.id'], name=op.f('fk_invoice_charge_sales_order_charge_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_charge')),
    sa.UniqueConstraint('sales_order_charge_id', name=op.f('uq_invoice_charge_sales_order_charge_id'))
    )
    with op.batch_alter_table('invoice_charge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_charge_invoice_id'), ['invoice_id'], unique=False)

    op.create_table('invoice_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delivery_note_line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('base_quantity', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=False),
    sa.Column('vat_rate', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('product_code', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=400), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=3), nullable=False),
    sa.ForeignKeyConstraint(['delivery_note_line_id'], ['delivery_note_line.id'], name=op.f('fk_invoice_line_delivery_note_line_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_line_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_line')),
    sa.UniqueConstraint('delivery_note_line_id', name=op.f('uq_invoice_line_delivery_note_line_id')),
    sa.UniqueConstraint('invoice_id', 'position', name=op.f('uq_invoice_line_invoice_id_position'))
    )
    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('exported_at', sa.BigInteger(), nullable=True))

    with op.batch_alter_table('sales_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('exported_at', sa.BigInteger(), nullable=True))

    for code, prefix in _SERIES:
        op.execute(f"INSERT INTO number_series (code, prefix, next_number) SELECT '{code}', '{prefix}', 1 FROM site")


def downgrade() -> None:
    for code, _ in _SERIES:
        op.execute(f"DELETE FROM number_series WHERE code = '{code}'")
    op.drop_column('sales_order', 'exported_at')
    op.drop_column('purchase_order', 'exported_at')
    op.drop_table('invoice_line')
    with op.batch_alter_table('invoice_charge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_charge_invoice_id'))

    op.drop_table('invoice_charge')
    with op.batch_alter_table('delivery_note_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_note_line_sales_order_line_id'))

    op.drop_table('delivery_note_line')
    op.drop_table('product_match')
    op.drop_table('invoice_vat')
    with op.batch_alter_table('difference', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_difference_partner_id_order_number'))
        batch_op.drop_index(batch_op.f('ix_difference_found_at'))

    op.drop_table('difference')
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_customer_id'))

    op.drop_table('invoice')
    with op.batch_alter_table('delivery_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_note_customer_id'))

    op.drop_table('delivery_note')
    op.drop_table('taken_file')
