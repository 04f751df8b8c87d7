"""The tables of the main job"""

from alembic import op
import sqlalchemy as sa


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('who', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('old', sa.String(length=20), nullable=True),
    sa.Column('new', sa.String(length=20), nullable=True),
    sa.Column('detail', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event'))
    )
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_event_subject_subject_id'), ['subject', 'subject_id'], unique=False)

    op.create_table('mailbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('protocol', sa.String(length=4), nullable=False),
    sa.Column('folder', sa.String(length=200), nullable=False),
    sa.Column('poll_seconds', sa.BigInteger(), nullable=False),
    sa.Column('idle', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('owner', sa.String(length=120), nullable=True),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('last_success_at', sa.BigInteger(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('backlog', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('port', sa.BigInteger(), nullable=False),
    sa.Column('security', sa.String(length=10), nullable=False),
    sa.Column('ca_file', sa.Text(), nullable=True),
    sa.Column('login', sa.String(length=254), nullable=True),
    sa.Column('secret', sa.String(length=120), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("security IN ('tls', 'starttls', 'none')", name=op.f('ck_mailbox_security')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailbox')),
    sa.UniqueConstraint('name', name=op.f('uq_mailbox_name'))
    )
    op.create_table('number_series',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('prefix', sa.String(length=20), nullable=False),
    sa.Column('next_number', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_number_series'))
    )
    op.create_table('party',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('is_customer', sa.Boolean(), nullable=False),
    sa.Column('is_supplier', sa.Boolean(), nullable=False),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('vat_id', sa.String(length=20), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_party')),
    sa.UniqueConstraint('code', name=op.f('uq_party_code'))
    )
    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_party_name'), ['name'], unique=False)

    op.create_table('product_family',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_family')),
    sa.UniqueConstraint('code', name=op.f('uq_product_family_code'))
    )
    op.create_table('relay',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('from_mode', sa.String(length=10), nullable=False),
    sa.Column('bounce_mode', sa.String(length=10), nullable=False),
    sa.Column('bounce_address', sa.String(length=254), nullable=True),
    sa.Column('mails_per_minute', sa.BigInteger(), nullable=True),
    sa.Column('next_slot_at', sa.BigInteger(), nullable=True),
    sa.Column('paused_until', sa.BigInteger(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('port', sa.BigInteger(), nullable=False),
    sa.Column('security', sa.String(length=10), nullable=False),
    sa.Column('ca_file', sa.Text(), nullable=True),
    sa.Column('login', sa.String(length=254), nullable=True),
    sa.Column('secret', sa.String(length=120), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("security IN ('tls', 'starttls', 'none')", name=op.f('ck_relay_security')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_relay')),
    sa.UniqueConstraint('name', name=op.f('uq_relay_name'))
    )
    op.create_table('setting',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_setting'))
    )
    op.create_table('site',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('vat_id', sa.String(length=20), nullable=True),
    sa.Column('line1', sa.String(length=200), nullable=True),
    sa.Column('line2', sa.String(length=200), nullable=True),
    sa.Column('postcode', sa.String(length=20), nullable=True),
    sa.Column('city', sa.String(length=100), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('orders_address', sa.String(length=254), nullable=False),
    sa.Column('answers_address', sa.String(length=254), nullable=False),
    sa.Column('key_fingerprint', sa.String(length=43), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site')),
    sa.UniqueConstraint('code', name=op.f('uq_site_code'))
    )
    op.create_table('user',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('login', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user')),
    sa.UniqueConstraint('login', name=op.f('uq_user_login'))
    )
    op.create_table('worker',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('service', sa.String(length=20), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('alive_until', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_worker'))
    )
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_worker_alive_until'), ['alive_until'], unique=False)

    op.create_table('address',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('line1', sa.String(length=200), nullable=True),
    sa.Column('line2', sa.String(length=200), nullable=True),
    sa.Column('postcode', sa.String(length=20), nullable=True),
    sa.Column('city', sa.String(length=100), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_address_party_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_address'))
    )
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_address_party_id'), ['party_id'], unique=False)

    op.create_table('contact',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('telephone', sa.String(length=40), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=True),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_contact_party_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_party_id'), ['party_id'], unique=False)

    op.create_table('partner',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('party_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('site_code', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('vat_id', sa.String(length=20), nullable=True),
    sa.Column('order_address', sa.String(length=254), nullable=True),
    sa.Column('proposed_order_address', sa.String(length=254), nullable=True),
    sa.Column('answer_address', sa.String(length=254), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('out_epoch', sa.BigInteger(), nullable=False),
    sa.Column('out_seq', sa.BigInteger(), nullable=False),
    sa.Column('price_policy', sa.String(length=20), nullable=False),
    sa.Column('price_tolerance', sa.BigInteger(), nullable=False),
    sa.Column('price_tolerance_percent', sa.BigInteger(), nullable=False),
    sa.Column('price_action', sa.String(length=20), nullable=False),
    sa.Column('unknown_product', sa.String(length=20), nullable=False),
    sa.Column('acceptance', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("acceptance IN ('accept', 'review')", name=op.f('ck_partner_acceptance')),
    sa.CheckConstraint("price_action IN ('accept', 'hold', 'reject')", name=op.f('ck_partner_price_action')),
    sa.CheckConstraint("price_policy IN ('compare', 'take_theirs', 'take_ours')", name=op.f('ck_partner_price_policy')),
    sa.CheckConstraint("unknown_product IN ('hold', 'park_line', 'reject')", name=op.f('ck_partner_unknown_product')),
    sa.ForeignKeyConstraint(['party_id'], ['party.id'], name=op.f('fk_partner_party_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner')),
    sa.UniqueConstraint('party_id', name=op.f('uq_partner_party_id')),
    sa.UniqueConstraint('site_code', name=op.f('uq_partner_site_code'))
    )
    op.create_table('poll_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('mailbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('requested_at', sa.BigInteger(), nullable=False),
    sa.Column('requested_by', sa.String(length=80), nullable=False),
    sa.Column('listed_at', sa.BigInteger(), nullable=True),
    sa.Column('found', sa.BigInteger(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['mailbox_id'], ['mailbox.id'], name=op.f('fk_poll_run_mailbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_poll_run'))
    )
    with op.batch_alter_table('poll_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_poll_run_mailbox_id'), ['mailbox_id'], unique=False)

    op.create_table('product_subfamily',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('family_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['family_id'], ['product_family.id'], name=op.f('fk_product_subfamily_family_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_subfamily')),
    sa.UniqueConstraint('code', name=op.f('uq_product_subfamily_code'))
    )
    with op.batch_alter_table('product_subfamily', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_subfamily_family_id'), ['family_id'], unique=False)

    op.create_table('inbound_mail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('mailbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('archived_at', sa.BigInteger(), nullable=False),
    sa.Column('strikes', sa.BigInteger(), nullable=False),
    sa.Column('replayed', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=30), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('kid', sa.String(length=43), nullable=True),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('transfer_id', sa.String(length=36), nullable=True),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('sender', sa.Text(), nullable=True),
    sa.Column('lease_owner', sa.String(length=120), nullable=True),
    sa.Column('lease_fence', sa.BigInteger(), nullable=False),
    sa.Column('lease_until', sa.BigInteger(), nullable=True),
    sa.Column('rung_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("state IN ('archived', 'done', 'held', 'alien')", name=op.f('ck_inbound_mail_state')),
    sa.ForeignKeyConstraint(['mailbox_id'], ['mailbox.id'], name=op.f('fk_inbound_mail_mailbox_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_inbound_mail_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_mail')),
    sa.UniqueConstraint('sha256', name=op.f('uq_inbound_mail_sha256'))
    )
    with op.batch_alter_table('inbound_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbound_mail_archived_at'), ['archived_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_kid'), ['kid'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_mailbox_id'), ['mailbox_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_partner_id'), ['partner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_state_rung_at'), ['state', 'rung_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_transfer_id'), ['transfer_id'], unique=False)

    op.create_table('partner_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kid', sa.String(length=43), nullable=False),
    sa.Column('public_key', sa.LargeBinary(length=32), nullable=False),
    sa.Column('valid_from', sa.BigInteger(), nullable=True),
    sa.Column('valid_until', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_partner_key_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_key')),
    sa.UniqueConstraint('kid', name=op.f('uq_partner_key_kid'))
    )
    with op.batch_alter_table('partner_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_partner_key_partner_id'), ['partner_id'], unique=False)

    op.create_table('product',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('unit', sa.String(length=3), nullable=False),
    sa.Column('gtin', sa.String(length=14), nullable=True),
    sa.Column('sale_price', sa.BigInteger(), nullable=False),
    sa.Column('purchase_price', sa.BigInteger(), nullable=True),
    sa.Column('vat_category', sa.String(length=2), nullable=False),
    sa.Column('vat_rate', sa.BigInteger(), nullable=False),
    sa.Column('family_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('subfamily_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['family_id'], ['product_family.id'], name=op.f('fk_product_family_id')),
    sa.ForeignKeyConstraint(['subfamily_id'], ['product_subfamily.id'], name=op.f('fk_product_subfamily_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('code', name=op.f('uq_product_code'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_gtin'), ['gtin'], unique=False)

    op.create_table('sales_order',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('customer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('customer_order_number', sa.String(length=60), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('issue_date', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total_ht', sa.BigInteger(), nullable=False),
    sa.Column('total_vat', sa.BigInteger(), nullable=False),
    sa.Column('total_ttc', sa.BigInteger(), nullable=False),
    sa.Column('delivery_name', sa.String(length=200), nullable=True),
    sa.Column('delivery_line1', sa.String(length=200), nullable=True),
    sa.Column('delivery_line2', sa.String(length=200), nullable=True),
    sa.Column('delivery_postcode', sa.String(length=20), nullable=True),
    sa.Column('delivery_city', sa.String(length=100), nullable=True),
    sa.Column('delivery_country', sa.String(length=2), nullable=True),
    sa.Column('wanted_date', sa.Date(), nullable=True),
    sa.CheckConstraint("state IN ('review', 'accepted', 'cancelled')", name=op.f('ck_sales_order_state')),
    sa.ForeignKeyConstraint(['customer_id'], ['party.id'], name=op.f('fk_sales_order_customer_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_sales_order_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sales_order')),
    sa.UniqueConstraint('number', name=op.f('uq_sales_order_number')),
    sa.UniqueConstraint('partner_id', 'customer_order_number', name=op.f('uq_sales_order_partner_id_customer_order_number'))
    )
    with op.batch_alter_table('sales_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sales_order_customer_id'), ['customer_id'], unique=False)

    op.create_table('inbound_transfer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('jti', sa.String(length=36), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('transfer_digest', sa.String(length=64), nullable=False),
    sa.Column('composed_at', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('inbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.String(length=320), nullable=True),
    sa.Column('manifest', sa.JSON(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['inbound_mail_id'], ['inbound_mail.id'], name=op.f('fk_inbound_transfer_inbound_mail_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_inbound_transfer_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_transfer')),
    sa.UniqueConstraint('partner_id', 'epoch', 'seq', name=op.f('uq_inbound_transfer_partner_id_epoch_seq')),
    sa.UniqueConstraint('partner_id', 'jti', name=op.f('uq_inbound_transfer_partner_id_jti'))
    )
    with op.batch_alter_table('inbound_transfer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbound_transfer_inbound_mail_id'), ['inbound_mail_id'], unique=False)

    op.create_table('mailbox_uid',
    sa.Column('mailbox_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uidvalidity', sa.BigInteger(), nullable=False),
    sa.Column('uid', sa.BigInteger(), nullable=False),
    sa.Column('inbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('poll_run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('note', sa.String(length=30), nullable=True),
    sa.ForeignKeyConstraint(['inbound_mail_id'], ['inbound_mail.id'], name=op.f('fk_mailbox_uid_inbound_mail_id')),
    sa.ForeignKeyConstraint(['mailbox_id'], ['mailbox.id'], name=op.f('fk_mailbox_uid_mailbox_id')),
    sa.ForeignKeyConstraint(['poll_run_id'], ['poll_run.id'], name=op.f('fk_mailbox_uid_poll_run_id')),
    sa.PrimaryKeyConstraint('mailbox_id', 'uidvalidity', 'uid', name=op.f('pk_mailbox_uid'))
    )
    with op.batch_alter_table('mailbox_uid', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mailbox_uid_inbound_mail_id'), ['inbound_mail_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mailbox_uid_poll_run_id'), ['poll_run_id'], unique=False)

    op.create_table('partner_price',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_partner_price_partner_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_partner_price_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_price')),
    sa.UniqueConstraint('partner_id', 'product_id', name=op.f('uq_partner_price_partner_id_product_id'))
    )
    op.create_table('product_component',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['component_id'], ['product.id'], name=op.f('fk_product_component_component_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_product_component_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_component')),
    sa.UniqueConstraint('product_id', 'component_id', name=op.f('uq_product_component_product_id_component_id'))
    )
    op.create_table('sales_order_charge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('sales_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=True),
    sa.Column('vat_rate', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['sales_order_id'], ['sales_order.id'], name=op.f('fk_sales_order_charge_sales_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sales_order_charge'))
    )
    with op.batch_alter_table('sales_order_charge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sales_order_charge_sales_order_id'), ['sales_order_id'], unique=False)

    op.create_table('sales_order_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('sales_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('line_id', sa.String(length=60), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('product_code', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=400), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=3), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('base_quantity', sa.BigInteger(), nullable=False),
    sa.Column('allowance', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=False),
    sa.Column('vat_rate', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_sales_order_line_product_id')),
    sa.ForeignKeyConstraint(['sales_order_id'], ['sales_order.id'], name=op.f('fk_sales_order_line_sales_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sales_order_line')),
    sa.UniqueConstraint('sales_order_id', 'line_id', name=op.f('uq_sales_order_line_sales_order_id_line_id'))
    )
    op.create_table('hold',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inbound_transfer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('type', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('business_hash', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=30), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_by', sa.String(length=80), nullable=True),
    sa.Column('closed_how', sa.String(length=20), nullable=True),
    sa.ForeignKeyConstraint(['inbound_mail_id'], ['inbound_mail.id'], name=op.f('fk_hold_inbound_mail_id')),
    sa.ForeignKeyConstraint(['inbound_transfer_id'], ['inbound_transfer.id'], name=op.f('fk_hold_inbound_transfer_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_hold_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold'))
    )
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hold_closed_at_reason'), ['closed_at', 'reason'], unique=False)
        batch_op.create_index(batch_op.f('ix_hold_inbound_mail_id'), ['inbound_mail_id'], unique=False)

    op.create_table('ledger',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('type', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('inbound_transfer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('business_hash', sa.String(length=80), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('sales_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('waived', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("outcome IN ('created', 'held', 'rejected', 'waiting', 'applied')", name=op.f('ck_ledger_outcome')),
    sa.ForeignKeyConstraint(['inbound_transfer_id'], ['inbound_transfer.id'], name=op.f('fk_ledger_inbound_transfer_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_ledger_partner_id')),
    sa.ForeignKeyConstraint(['sales_order_id'], ['sales_order.id'], name=op.f('fk_ledger_sales_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger')),
    sa.UniqueConstraint('partner_id', 'type', 'number', 'revision', name=op.f('uq_ledger_partner_id_type_number_revision'))
    )
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_inbound_transfer_id'), ['inbound_transfer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_sales_order_id'), ['sales_order_id'], unique=False)

    op.create_table('outbound_mail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('transfer_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('requested_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('in_reply_to_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('requested_at', sa.BigInteger(), nullable=False),
    sa.Column('composed_at', sa.BigInteger(), nullable=True),
    sa.Column('sent_at', sa.BigInteger(), nullable=True),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.Column('next_attempt_at', sa.BigInteger(), nullable=True),
    sa.Column('attempts', sa.BigInteger(), nullable=False),
    sa.Column('resends', sa.BigInteger(), nullable=False),
    sa.Column('epoch', sa.BigInteger(), nullable=True),
    sa.Column('seq', sa.BigInteger(), nullable=True),
    sa.Column('transfer_digest', sa.String(length=64), nullable=True),
    sa.Column('envelope_from', sa.String(length=254), nullable=True),
    sa.Column('recipient', sa.String(length=254), nullable=True),
    sa.Column('subject', sa.Text(), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.String(length=30), nullable=True),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.Column('lease_owner', sa.String(length=120), nullable=True),
    sa.Column('lease_fence', sa.BigInteger(), nullable=False),
    sa.Column('lease_until', sa.BigInteger(), nullable=True),
    sa.Column('rung_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("kind IN ('orders', 'answers')", name=op.f('ck_outbound_mail_kind')),
    sa.CheckConstraint("state IN ('requested', 'composed', 'sending', 'sent', 'unknown', 'answered', 'held', 'abandoned')", name=op.f('ck_outbound_mail_state')),
    sa.ForeignKeyConstraint(['in_reply_to_id'], ['inbound_transfer.id'], name=op.f('fk_outbound_mail_in_reply_to_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_outbound_mail_partner_id')),
    sa.ForeignKeyConstraint(['requested_by_id'], ['user.id'], name=op.f('fk_outbound_mail_requested_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbound_mail')),
    sa.UniqueConstraint('partner_id', 'epoch', 'seq', name=op.f('uq_outbound_mail_partner_id_epoch_seq')),
    sa.UniqueConstraint('transfer_id', name=op.f('uq_outbound_mail_transfer_id'))
    )
    with op.batch_alter_table('outbound_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbound_mail_in_reply_to_id'), ['in_reply_to_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_outbound_mail_state_next_attempt_at'), ['state', 'next_attempt_at'], unique=False)

    op.create_table('answer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('partner_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('order_number', sa.String(length=60), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=2), nullable=False),
    sa.Column('sales_order_number', sa.String(length=60), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('lines', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_answer_outbound_mail_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_answer_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer')),
    sa.UniqueConstraint('partner_id', 'order_number', 'n', name=op.f('uq_answer_partner_id_order_number_n'))
    )
    with op.batch_alter_table('answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answer_outbound_mail_id'), ['outbound_mail_id'], unique=False)

    op.create_table('delivery_attempt',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n', sa.BigInteger(), nullable=False),
    sa.Column('phase', sa.String(length=10), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('reply', sa.Text(), nullable=True),
    sa.CheckConstraint("phase IN ('started', 'dot', 'ended')", name=op.f('ck_delivery_attempt_phase')),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_delivery_attempt_outbound_mail_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_attempt')),
    sa.UniqueConstraint('outbound_mail_id', 'n', name=op.f('uq_delivery_attempt_outbound_mail_id_n'))
    )
    op.create_table('outbound_body',
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('mime', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_outbound_body_outbound_mail_id')),
    sa.PrimaryKeyConstraint('outbound_mail_id', name=op.f('pk_outbound_body'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        # base64 does not shrink, and trying costs more than all the rest of composing a mail costs the server
        op.execute('ALTER TABLE outbound_body ALTER COLUMN mime SET STORAGE EXTERNAL')
    op.create_table('purchase_order',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('supplier_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('followed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('answer_n', sa.BigInteger(), nullable=False),
    sa.Column('answer_code', sa.String(length=2), nullable=True),
    sa.Column('answer_note', sa.Text(), nullable=True),
    sa.Column('supplier_order_number', sa.String(length=60), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('issue_date', sa.Date(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total_ht', sa.BigInteger(), nullable=False),
    sa.Column('total_vat', sa.BigInteger(), nullable=False),
    sa.Column('total_ttc', sa.BigInteger(), nullable=False),
    sa.Column('delivery_name', sa.String(length=200), nullable=True),
    sa.Column('delivery_line1', sa.String(length=200), nullable=True),
    sa.Column('delivery_line2', sa.String(length=200), nullable=True),
    sa.Column('delivery_postcode', sa.String(length=20), nullable=True),
    sa.Column('delivery_city', sa.String(length=100), nullable=True),
    sa.Column('delivery_country', sa.String(length=2), nullable=True),
    sa.Column('wanted_date', sa.Date(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'confirmed', 'transmitting', 'waiting', 'accepted', 'changed', 'rejected', 'cancelled')", name=op.f('ck_purchase_order_state')),
    sa.ForeignKeyConstraint(['followed_by_id'], ['user.id'], name=op.f('fk_purchase_order_followed_by_id')),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_purchase_order_outbound_mail_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['party.id'], name=op.f('fk_purchase_order_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order')),
    sa.UniqueConstraint('number', name=op.f('uq_purchase_order_number'))
    )
    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_purchase_order_outbound_mail_id'), ['outbound_mail_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_purchase_order_supplier_id_state_issue_date'), ['supplier_id', 'state', 'issue_date'], unique=False)

    op.create_table('outbound_order',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('outbound_mail_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purchase_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['outbound_mail_id'], ['outbound_mail.id'], name=op.f('fk_outbound_order_outbound_mail_id')),
    sa.ForeignKeyConstraint(['purchase_order_id'], ['purchase_order.id'], name=op.f('fk_outbound_order_purchase_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbound_order')),
    sa.UniqueConstraint('outbound_mail_id', 'purchase_order_id', name=op.f('uq_outbound_order_outbound_mail_id_purchase_order_id'))
    )
    with op.batch_alter_table('outbound_order', schema=None) as batch_op:
        batch_op.create_index('uq_outbound_order_live', ['purchase_order_id'], unique=True, sqlite_where=sa.text('live'), postgresql_where=sa.text('live'))

    op.create_table('purchase_order_charge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('purchase_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=True),
    sa.Column('vat_rate', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['purchase_order_id'], ['purchase_order.id'], name=op.f('fk_purchase_order_charge_purchase_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order_charge'))
    )
    with op.batch_alter_table('purchase_order_charge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_purchase_order_charge_purchase_order_id'), ['purchase_order_id'], unique=False)

    op.create_table('purchase_order_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('purchase_order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('gtin', sa.String(length=14), nullable=True),
    sa.Column('supplier_code', sa.String(length=60), nullable=True),
    sa.Column('answer_code', sa.String(length=2), nullable=True),
    sa.Column('answer', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('line_id', sa.String(length=60), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('product_code', sa.String(length=60), nullable=True),
    sa.Column('name', sa.String(length=400), nullable=False),
    sa.Column('quantity', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=3), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=False),
    sa.Column('base_quantity', sa.BigInteger(), nullable=False),
    sa.Column('allowance', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('vat_category', sa.String(length=3), nullable=False),
    sa.Column('vat_rate', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['purchase_order_id'], ['purchase_order.id'], name=op.f('fk_purchase_order_line_purchase_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase_order_line')),
    sa.UniqueConstraint('purchase_order_id', 'line_id', name=op.f('uq_purchase_order_line_purchase_order_id_line_id'))
    )


def downgrade() -> None:
    op.drop_table('purchase_order_line')
    with op.batch_alter_table('purchase_order_charge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_purchase_order_charge_purchase_order_id'))

    op.drop_table('purchase_order_charge')
    with op.batch_alter_table('outbound_order', schema=None) as batch_op:
        batch_op.drop_index('uq_outbound_order_live', sqlite_where=sa.text('live'), postgresql_where=sa.text('live'))

    op.drop_table('outbound_order')
    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_purchase_order_supplier_id_state_issue_date'))
        batch_op.drop_index(batch_op.f('ix_purchase_order_outbound_mail_id'))

    op.drop_table('purchase_order')
    op.drop_table('outbound_body')
    op.drop_table('delivery_attempt')
    with op.batch_alter_table('answer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_answer_outbound_mail_id'))

    op.drop_table('answer')
    with op.batch_alter_table('outbound_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outbound_mail_state_next_attempt_at'))
        batch_op.drop_index(batch_op.f('ix_outbound_mail_in_reply_to_id'))

    op.drop_table('outbound_mail')
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_sales_order_id'))
        batch_op.drop_index(batch_op.f('ix_ledger_inbound_transfer_id'))

    op.drop_table('ledger')
    with op.batch_alter_table('hold', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hold_inbound_mail_id'))
        batch_op.drop_index(batch_op.f('ix_hold_closed_at_reason'))

    op.drop_table('hold')
    op.drop_table('sales_order_line')
    with op.batch_alter_table('sales_order_charge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sales_order_charge_sales_order_id'))

    op.drop_table('sales_order_charge')
    op.drop_table('product_component')
    op.drop_table('partner_price')
    with op.batch_alter_table('mailbox_uid', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mailbox_uid_poll_run_id'))
        batch_op.drop_index(batch_op.f('ix_mailbox_uid_inbound_mail_id'))

    op.drop_table('mailbox_uid')
    with op.batch_alter_table('inbound_transfer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbound_transfer_inbound_mail_id'))

    op.drop_table('inbound_transfer')
    with op.batch_alter_table('sales_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sales_order_customer_id'))

    op.drop_table('sales_order')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_gtin'))

    op.drop_table('product')
    with op.batch_alter_table('partner_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_partner_key_partner_id'))

    op.drop_table('partner_key')
    with op.batch_alter_table('inbound_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbound_mail_transfer_id'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_state_rung_at'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_partner_id'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_mailbox_id'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_kid'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_archived_at'))

    op.drop_table('inbound_mail')
    with op.batch_alter_table('product_subfamily', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_subfamily_family_id'))

    op.drop_table('product_subfamily')
    with op.batch_alter_table('poll_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_poll_run_mailbox_id'))

    op.drop_table('poll_run')
    op.drop_table('partner')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_party_id'))

    op.drop_table('contact')
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_address_party_id'))

    op.drop_table('address')
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_worker_alive_until'))

    op.drop_table('worker')
    op.drop_table('user')
    op.drop_table('site')
    op.drop_table('setting')
    op.drop_table('relay')
    op.drop_table('product_family')
    with op.batch_alter_table('party', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_party_name'))

    op.drop_table('party')
    op.drop_table('number_series')
    op.drop_table('mailbox')
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_event_subject_subject_id'))

    op.drop_table('event')
