"""A service that was broken into can do what is its own and nothing else: what an attacker would try, on PostgreSQL.

Each statement is refused by the database: by the rights of the role, by a guard, or because what it would change is
frozen. docs/security.md says what is left to an attacker.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, insert, text, update
from sqlalchemy.exc import DBAPIError

from deploy.postgresql.rights import ALL_SERVICES
from intergestan_db import leases, states
from intergestan_db.database import Database
from intergestan_db.enums import CONSOLE
from intergestan_db.published import SEALING_KEY, publish
from intergestan_db.tables import (
    InboundMail,
    Mailbox,
    Notice,
    OAuthGrant,
    OutboundMail,
    PartnerKey,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    Setting,
)
from tests.clock import Clock
from tests.databases import MigratedBases, as_service, give_roles
from tests.services.sender.outbox import Outbox

REFUSED = {"42501", "23000"}
"""Insufficient privilege, and what is frozen (PostgreSQL, appendix A)."""


@pytest.fixture(scope="module")
def base(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A site with a mail that waits for the composer, one that was sent, and one of everything an attacker wants."""
    base = Database(migrated.new("postgresql", tmp_path_factory.mktemp("broken-in")), Clock())
    give_roles(base.url)  # rights on the database itself are not copied with it
    outbox, at = Outbox(base, 25), base.now()
    outbox.put(state="sent", composed_at=at)
    requested = outbox.put(state="requested", envelope_from=None, recipient=None, next_attempt_at=None)
    with base.transaction() as connection:
        fill(connection, outbox, requested)
        leases.beat(connection, "poller-1", "poller", at)
    yield base
    base.dispose()
    migrated.drop(base.url)


def fill(connection: Connection, outbox: Outbox, requested: int) -> None:
    at, partner = outbox.base.now(), outbox.partner
    given_up = {
        "state": "abandoned",
        "kind": "orders",
        "partner_id": partner.id,
        "transfer_id": "a",
        "requested_at": at,
    }
    connection.execute(insert(OutboundMail).values(**given_up))
    order = connection.execute(text("SELECT min(id) FROM purchase_order")).scalar_one()
    line = {"purchase_order_id": order, "line_id": "1", "position": 1, "name": "x", "unit": "C62", "vat_category": "S"}
    prices = dict.fromkeys(("quantity", "price", "base_quantity", "allowance", "total", "vat_rate"), Decimal(1))
    connection.execute(insert(PurchaseOrderLine).values(**line, **prices))
    connection.execute(insert(PurchaseOrderCharge).values(purchase_order_id=order, amount=Decimal(1)))
    connection.execute(update(PurchaseOrder).values(outbound_mail_id=requested))
    connection.execute(update(PurchaseOrder).where(PurchaseOrder.id == order).values(state="waiting"))
    account = {"name": "box", "host": "127.0.0.1", "port": 1, "security": "none", "sealed": b"p1:x"}
    connection.execute(insert(Mailbox).values(**account, owner="poller-1"))
    mail = {"sha256": "0" * 64, "size": 1, "state": "archived", "archived_at": at}
    connection.execute(insert(InboundMail).values(**mail))
    replaced = {
        "partner_id": partner.id,
        "kid": "old",
        "public_key": bytes(32),
        "replaced_from": at - timedelta(days=9),
    }
    connection.execute(insert(PartnerKey).values(**replaced))
    connection.execute(insert(Notice).values(about="holds", mime=b"x", created_at=at, next_attempt_at=at))
    connection.execute(insert(Setting).values(name="archive.verified_up_to", value="f" * 64))
    consent = {"provider": "x", "login": "a", "token_endpoint": "x", "scopes": "x", "client_id": "x"}
    connection.execute(insert(OAuthGrant).values(**consent, sealed_refresh=b"v1:x"))
    totals = dict.fromkeys(("total_ht", "total_vat", "total_ttc"), Decimal(1))
    sold = {"number": "CCL1", "customer_id": partner.party_id, "state": "review", "created_at": at}
    connection.execute(insert(SalesOrder).values(**sold, **totals, issue_date=at.date(), currency="EUR"))
    sold_line = {name: value for name, value in line.items() if name != "purchase_order_id"}
    connection.execute(insert(SalesOrderLine).values(sales_order_id=1, **sold_line, **prices))
    connection.exec_driver_sql(
        "INSERT INTO fiscal_year (folder_id, first, last, closed_at, closed_by)"
        " SELECT min(id), '2020-01-01', '2020-12-31', 0, 'adele' FROM accounting_folder"
    )
    connection.exec_driver_sql(
        "INSERT INTO inbound_transfer (partner_id, jti, epoch, seq, kind, transfer_digest, composed_at, received_at,"
        " inbound_mail_id) VALUES (1, 'x', 1, 1, 'orders', 'x', 0, 0, 1)"
    )
    connection.exec_driver_sql(
        "INSERT INTO hold (partner_id, inbound_mail_id, inbound_transfer_id, type, number, revision, business_hash,"
        " reason, detail, opened_at) VALUES (1, 1, 1, 'order', 'x', 0, 'x', 'x', 'x', 0)"
    )
    connection.exec_driver_sql(
        "INSERT INTO hold (partner_id, inbound_mail_id, inbound_transfer_id, type, number, revision, business_hash,"
        " reason, detail, opened_at, closed_at, closed_by, closed_how)"
        " VALUES (1, 1, 1, 'order', 'decided', 0, 'x', 'x', 'x', 0, 0, 'marc', 'refused')"
    )
    agreed = {
        "purchase_order_id": order,
        "outbound_mail_id": requested,
        "revision": 1,
        "type": "change",
        "document": {},
    }
    asked = {"state": "accepted", "requested_by": "marc", "requested_at": at, "updated_at": at}
    connection.execute(insert(PurchaseOrderChange).values(**agreed, **asked))
    connection.execute(update(PurchaseOrder).values(revision=1, version=2))  # it is in the order since
    states.record(connection, "purchase_order", [(order, None, "draft")], "import", by="marc", at=at)
    connection.exec_driver_sql(
        "INSERT INTO mailbox_uid (mailbox_id, uidvalidity, uid, inbound_mail_id)"
        " SELECT 1, 1, 1, min(id) FROM inbound_mail"
    )
    connection.exec_driver_sql(
        "INSERT INTO delivery_report (inbound_mail_id, outbound_mail_id, received_at, action, status, recipient,"
        " reporter, fingerprint, effect)"
        " SELECT 1, min(id), 0, 'failed', '5.1.1', 'x', 'x', 'x', 'held' FROM outbound_mail"
    )
    publish(connection, SEALING_KEY, "half")


REQUEST = (
    "INSERT INTO outbound_mail (transfer_id, kind, state, partner_id, requested_at, attempts, resends, lease_fence)"
    " VALUES ('evil', '{kind}', '{state}', (SELECT min(id) FROM partner), 0, 0, 0, 0)"
)
LINE = (
    "INSERT INTO purchase_order_line (purchase_order_id, line_id, position, name, quantity, unit, price, base_quantity,"
    " allowance, total, vat_category, vat_rate, settled_epoch, settled_n)"
    " SELECT purchase_order_id, '2', 2, 'x', 1, 'C62', 1, 1, 0, 1, 'S', 1, 0, 0 FROM purchase_order_line"
)
CHANGE = (
    "INSERT INTO purchase_order_change (purchase_order_id, revision, type, state, document, outbound_mail_id,"
    " requested_by, requested_at, updated_at)"
    " SELECT id, 1, 'change', 'accepted', '{}', 1, 'marc', 0, 0 FROM purchase_order"
)
ASKED = (
    "INSERT INTO outbound_mail (transfer_id, kind, state, partner_id, requested_by_id, requested_at, attempts, resends,"
    " lease_fence) VALUES ('evil', 'orders', 'requested', 1, 1, 0, 0, 0, 0)"
)
PURGE = (
    "INSERT INTO purge_run (mailbox_id, requested_at, requested_by, archived_before, dry_run, heartbeats_only, done)"
    " VALUES (1, 0, 'marc', 9000000000000000, false, false, 0)"
)
CAME = (
    "INSERT INTO inbound_mail (sha256, size, state, archived_at, strikes, replayed, is_heartbeat, lease_fence)"
    " VALUES ('x', 1, '{state}', 0, 0, false, {is_heartbeat}, 0)"
)
TOLD = "INSERT INTO notice (about, mime, created_at) VALUES ('alarms', 'x', 0)"
ALIVE = "INSERT INTO worker (name, service, started_at, alive_until) VALUES ('x', '{service}', 0, 9000000000000000)"
EVENT = "INSERT INTO event (subject, subject_id, name, who, at) VALUES ('purchase_order', 1, 'accept', '{who}', 0)"
ORDER_OF_THEIRS = (
    "UPDATE purchase_order SET delivery_name = 'Entrepôt', delivery_line1 = '1 rue du Voleur'",
    "UPDATE purchase_order SET total_ht = 15000, total_vat = 3000, total_ttc = 18000",
    "UPDATE purchase_order SET carried = '{}'",
    "UPDATE purchase_order SET number = 'SHOP-EVIL'",
    "UPDATE purchase_order SET supplier_id = supplier_id",
    "UPDATE purchase_order SET outbound_mail_id = NULL",
    "UPDATE purchase_order SET state = 'transmitting' WHERE state = 'waiting'",
    "UPDATE purchase_order SET state = 'confirmed'",
    "UPDATE purchase_order SET revision = 0",
    "UPDATE purchase_order SET revision = 0, delivery_name = 'Entrepôt'",
    "UPDATE purchase_order SET revision = revision + 2",
    "UPDATE purchase_order SET version = 1",
    "UPDATE purchase_order_line SET quantity = 10000000, total = 15000",
    "UPDATE purchase_order_line SET supplier_code = 'GOLD'",
    "DELETE FROM purchase_order_line",
    "DELETE FROM purchase_order_charge",
    "INSERT INTO purchase_order_charge (purchase_order_id, amount) SELECT id, 1 FROM purchase_order",
    LINE,
    CHANGE,
    REQUEST.format(kind="orders", state="requested"),
    REQUEST.format(kind="answers", state="composed"),
    ASKED,
    "INSERT INTO outbound_order (outbound_mail_id, purchase_order_id, revision, version) VALUES (1, 1, 0, 1)",
    "UPDATE outbound_order SET outbound_mail_id = outbound_mail_id",
    "UPDATE outbound_order SET version = 2",
)
ACTS_OF_PEOPLE = (
    "UPDATE purchase_order SET state = 'confirmed'",
    REQUEST.format(kind="orders", state="requested"),
    ASKED,
    "INSERT INTO outbound_order (outbound_mail_id, purchase_order_id, revision, version) VALUES (1, 1, 0, 1)",
)
"""Of these, what whoever sends and takes back in the browser does."""
TRUSTED = (
    "UPDATE partner_key SET pending = false",
    "UPDATE partner_key SET replaced_from = NULL",
    "INSERT INTO partner_key (partner_id, kid, public_key, pending) VALUES (1, 'x', '\\x00', false)",
)
"""What whoever pairs sites in the browser does: docs/security.md says what that leaves to an attacker."""
REDIRECTED = (
    "UPDATE outbound_mail SET recipient = 'commandes@kerguelen.example'",
    "UPDATE outbound_mail SET recipient = 'commandes@kerguelen.example' WHERE composed_at IS NULL",
    "UPDATE outbound_mail SET partner_id = partner_id",
    "UPDATE outbound_mail SET kind = 'answers'",
    "UPDATE partner SET answer_address = 'x@y.test'",
    "UPDATE partner SET proposed_order_address = 'x@y.test'",
    "UPDATE outbound_body SET mime = 'x'",
)
FOR_NOBODY = (
    *REDIRECTED,
    "DELETE FROM event WHERE subject = 'purchase_order'",
    "UPDATE event SET who = 'marc'",
    "UPDATE credit_override SET reason = 'x'",
    "DELETE FROM credit_override",
    "UPDATE setting SET value = ''",
    "INSERT INTO setting (name, value) VALUES ('x', 'y')",
    "UPDATE published SET value = 'my half' WHERE name = 'sealing_key'",
    "INSERT INTO published (name, value) VALUES ('sealing_key2', 'x')",
    "UPDATE site SET key_fingerprint = 'x'",
    "UPDATE site SET created_at = 0",
    "UPDATE relay SET host = 'evil'",
    "UPDATE mailbox SET host = 'evil'",
    "UPDATE partner_key SET public_key = public_key",
    "DELETE FROM partner_key WHERE NOT pending",
    "DELETE FROM ledger",
    "UPDATE answer SET code = code",
    "UPDATE number_series SET prefix = 'X'",
    "UPDATE purchase_order_change SET document = '{}'",
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "DROP TRIGGER frozen ON outbound_mail",
    "ALTER TABLE outbound_mail DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "SET ROLE tester",
    "TRUNCATE sales_order",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_put(1, 0, 'x')",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY event FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
)
STOLEN = {
    "console": (
        "UPDATE site SET name = 'x'",
        "UPDATE site SET orders_address = 'x@y.test'",
        "UPDATE \"user\" SET email = 'x@y.test'",
        'UPDATE "user" SET active = true',
        'UPDATE "user" SET totp_sealed = NULL, totp_step = NULL',
        "INSERT INTO user_role (user_id, role) VALUES (1, 'reader')",
        "INSERT INTO user_right (user_id, \"right\") VALUES (1, 'anonymise')",
        "INSERT INTO invitation (hash, user_id, ends_at) VALUES ('x', 1, 9000000000000000)",
        "UPDATE partner SET order_address = 'x@y.test'",
        "UPDATE mailbox SET sealed = 'x'",
        "UPDATE relay SET sealed = 'x'",
        "UPDATE relay SET bounce_address = 'x@y.test'",
        *(EVENT.format(who=who) for who in ("marc", "", "owner", "composer@evil", "Importer")),
    ),
    "poller console": ("UPDATE mailbox SET owner = 'x'", "UPDATE mailbox SET fence = 9"),
    "poller": ("DELETE FROM poller",),
    "importer": ("UPDATE inbound_mail SET lease_owner = 'x', lease_until = 9000000000000000",),
    "sender": (
        "UPDATE outbound_mail SET lease_owner = 'x', lease_until = 9000000000000000",
        "UPDATE notice SET lease_owner = 'x', lease_until = 9000000000000000",
    ),
}
"""What only the service may do that it is the work of: leases and mailboxes are taken by nobody else, people's acts are
done where people prove who they are. Who gives a mailbox another password or another place takes it from its poller.
"""
SECRETS = {
    "poller": ("SELECT sealed FROM mailbox",),
    "sender poller": ("SELECT sealed_refresh FROM oauth_grant", "SELECT sealed_access FROM oauth_grant"),
    "sender": ("SELECT sealed FROM relay",),
    "sender console": ("SELECT mime FROM notice", "SELECT mime FROM outbound_body"),
    "importer console": ("SELECT price FROM partner_price",),
    "importer poller dispatcher console": ("SELECT public_key FROM partner_key",),
    "importer dispatcher geocoder console": ("SELECT * FROM setting",),
    "dispatcher geocoder console": ("SELECT * FROM geocode_usage",),
    "composer geocoder console": ("SELECT line1, city FROM address",),
    "geocoder console": ("SELECT * FROM geocode_cache",),
    "geocoder": ("UPDATE geocode_usage SET calls = 0",),
    "console": (
        *('SELECT password_hash FROM "user"', 'SELECT totp_sealed FROM "user"', 'SELECT recovery FROM "user"'),
        *("SELECT * FROM session", "SELECT * FROM throttle", "SELECT * FROM api_token"),
    ),
}
OWN = {
    "composer": (
        *ORDER_OF_THEIRS,
        "UPDATE outbound_mail SET subject = 'x' WHERE composed_at IS NOT NULL",
        "UPDATE outbound_mail SET transfer_digest = 'x', seq = 7, epoch = 7 WHERE composed_at IS NOT NULL",
        "UPDATE outbound_mail SET state = 'requested' WHERE state = 'abandoned'",
        "UPDATE outbound_mail SET state = 'abandoned' WHERE state = 'requested'",
        "UPDATE partner SET out_epoch = 9",
        "UPDATE purchase_order SET state = 'accepted'",
        "INSERT INTO sales_order (number) VALUES ('x')",
        "SELECT * FROM hold",
    ),
    "sender": (
        *ORDER_OF_THEIRS,
        "UPDATE purchase_order SET state = 'accepted'",
        "UPDATE purchase_order SET state = 'cancelled'",
        "UPDATE outbound_mail SET state = 'composed' WHERE state = 'requested'",
        "UPDATE outbound_mail SET state = 'composed' WHERE state = 'abandoned'",
        "UPDATE outbound_mail SET state = 'answered' WHERE state = 'sent'",
        TOLD,
        "UPDATE notice SET mime = 'x'",
        "UPDATE notice SET about = 'alarms'",
        "SELECT * FROM ledger",
    ),
    "poller": (
        *ORDER_OF_THEIRS,
        "SELECT * FROM purchase_order",
        "SELECT * FROM sales_order",
        "INSERT INTO sales_order (number) VALUES ('x')",
        PURGE,
        "DELETE FROM inbound_mail",
        "UPDATE inbound_mail SET state = 'done'",
        CAME.format(state="done", is_heartbeat="false"),
        CAME.format(state="archived", is_heartbeat="true"),
    ),
    "importer": (
        *ORDER_OF_THEIRS,
        "UPDATE outbound_order SET live = true",
        "UPDATE outbound_mail SET state = 'requested'",
        "UPDATE outbound_mail SET state = 'composed' WHERE state = 'requested'",
        "UPDATE outbound_mail SET state = 'abandoned' WHERE state = 'requested'",
        "UPDATE partner_key SET revoked_at = 0 WHERE NOT pending",
        "DELETE FROM partner_key",
        "UPDATE inbound_mail SET sha256 = 'x'",
        "UPDATE inbound_mail SET archived_at = 0",
        "UPDATE hold SET closed_by = 'marc'",
        "UPDATE hold SET closed_at = 0",
        "UPDATE hold SET closed_how = 'refused'",
        "UPDATE hold SET closed_at = 0, closed_by = 'importer', closed_how = 'released' WHERE closed_at IS NULL",
        "UPDATE hold SET closed_at = NULL, closed_by = NULL, closed_how = NULL WHERE closed_by = 'marc'",
        "UPDATE hold SET closed_how = 'released' WHERE closed_by = 'marc'",
        "UPDATE hold SET reason = 'x', detail = 'y' WHERE closed_by = 'marc'",
        "UPDATE inbound_mail SET is_heartbeat = true",
        "UPDATE sales_order SET state = 'accepted' WHERE state = 'review'",
        "UPDATE sales_order SET number = 'CCL9'",
        TOLD,
        "SELECT secret FROM relay",
        "SELECT host FROM mailbox",
    ),
    "dispatcher": (
        *ORDER_OF_THEIRS,
        TOLD.replace("created_at", "sent_at"),
        "UPDATE notice SET mime = 'x'",
        REQUEST.format(kind="answers", state="requested"),
        REQUEST.format(kind="key", state="requested"),
        REQUEST.format(kind="heartbeat", state="composed"),
        "UPDATE mailbox_uid SET note = 'heartbeat'",
        "UPDATE mailbox_uid SET inbound_mail_id = inbound_mail_id",
        "UPDATE mailbox_uid SET inbound_mail_id = NULL, note = 'heartbeat'",
        "UPDATE delivery_report SET outbound_mail_id = NULL",
        PURGE.replace("false, false", "false, true"),
        "UPDATE partner SET paused_at = 0",
        "UPDATE partner SET paused_at = 9000000000000000",
        "UPDATE inbound_mail SET paused_at = 0",
        "UPDATE outbound_mail SET state = 'abandoned' WHERE state = 'requested'",
        "DELETE FROM outbound_mail",
        "DELETE FROM outbound_body",
        "DELETE FROM inbound_mail",
        "DELETE FROM event",
        "UPDATE inbound_mail SET state = 'done'",
        PURGE,
        "SELECT sealed FROM mailbox",
        "SELECT secret FROM relay",
        "SELECT mime FROM outbound_body",
        "INSERT INTO hold (partner_id) VALUES (1)",
        "UPDATE address SET geo_state = 'none'",
    ),
    "geocoder": (
        *ORDER_OF_THEIRS,
        "SELECT * FROM party",
        "SELECT name FROM contact",
        "SELECT line2 FROM address",
        "UPDATE address SET city = 'x'",
        "UPDATE address SET geo_key = 'x'",
        "DELETE FROM address",
        "INSERT INTO address (party_id, kind) VALUES (1, 'main')",
        "DELETE FROM geocode_usage",
        "DELETE FROM geocode_cache",
        "SELECT * FROM partner",
        "SELECT * FROM purchase_order",
        "SELECT * FROM inbound_mail",
    ),
    "allocator": (
        *ORDER_OF_THEIRS,
        "UPDATE stock SET on_hand = 9",
        "UPDATE stock SET average_cost = 0",
        "UPDATE stock SET negative_ok = true",
        "DELETE FROM stock",
        "INSERT INTO stock_move (quantity) VALUES (1)",
        "UPDATE sales_order SET state = 'cancelled'",
        "UPDATE sales_order SET total_ht = 0",
        "UPDATE sales_order_line SET quantity = 1",
        "SELECT price FROM sales_order_line",
        "SELECT total_ht, delivery_name FROM sales_order",
        "SELECT purchase_price FROM product",
        "UPDATE reservation SET product_id = product_id",
        "UPDATE dossier SET manage_stock = false",
        "UPDATE depot SET allow_negative = true",
        "SELECT * FROM party",
        "SELECT * FROM partner",
        "SELECT * FROM purchase_order",
        "SELECT * FROM inbound_mail",
        "SELECT * FROM invoice",
    ),
    "console": (
        *(each for each in ORDER_OF_THEIRS if each not in (*ACTS_OF_PEOPLE, CHANGE)),
        "UPDATE purchase_order SET state = 'accepted'",
        "UPDATE purchase_order SET state = 'waiting'",
        "UPDATE purchase_order SET state = 'cancelled'",
        "UPDATE purchase_order SET version = version + 1",
        "UPDATE purchase_order SET outbound_mail_id = NULL",
        "UPDATE outbound_order SET live = true",
        "UPDATE outbound_mail SET state = 'composed' WHERE state = 'requested'",
        "UPDATE outbound_mail SET state = 'answered' WHERE state = 'sent'",
        "UPDATE outbound_mail SET size = 0",
        "INSERT INTO outbound_body (outbound_mail_id, mime) VALUES (1, 'x')",
        REQUEST.format(kind="heartbeat", state="requested"),
        REQUEST.format(kind="orders", state="composed"),
        "UPDATE sales_order SET number = 'CCL9'",
        "UPDATE sales_order SET total_ttc = 1",
        "UPDATE sales_order SET partner_id = 1",
        "UPDATE sales_order_line SET quantity = 99999999",
        "UPDATE sales_order_line SET price = 0",
        "UPDATE invoice SET total_ttc = 1",
        "DELETE FROM invoice",
        "UPDATE entry_line SET debit = 1",
        "UPDATE fiscal_year SET closed_at = NULL",
        "UPDATE dossier SET number = 9",
        "UPDATE site SET code = 'x'",
        "UPDATE \"user\" SET login = 'x'",
        "UPDATE partner_key SET public_key = ''",
        "UPDATE setting SET value = 'x'",
        "UPDATE published SET value = 'x'",
        "SELECT secret FROM mailbox",
        "SELECT secret FROM relay",
        PURGE.replace("'marc'", "'heartbeats'"),
        PURGE.replace("'marc'", "'poller'"),
        PURGE.replace("false, false", "false, true"),
        "UPDATE purge_run SET dry_run = false",
        "DELETE FROM purge_run",
        "UPDATE relay SET secret = 'smtp'",
        "UPDATE relay SET login = 'evil'",
        "UPDATE relay SET ca_file = '/tmp/evil.pem'",
        "DELETE FROM relay",
        "DELETE FROM mailbox",
        "SELECT client_secret FROM oauth_grant",
        "DELETE FROM event",
        "DELETE FROM ledger",
        "DELETE FROM inbound_mail",
        "INSERT INTO event (at, who, subject, subject_id, name) VALUES (0, 'marie', 'partner_key', 1, 'confirm')",
    ),
}


def attacks(service: str) -> Iterator[str]:
    yield from OWN[service]
    yield from FOR_NOBODY
    if service != CONSOLE:
        yield from TRUSTED
    for allowed, statements in (*STOLEN.items(), *SECRETS.items()):
        if service not in allowed.split():
            yield from statements
    for other in ALL_SERVICES:
        if other != service:
            yield EVENT.format(who=other)
            yield ALIVE.format(service=other)
    if service != "poller":
        yield "DELETE FROM worker WHERE name = 'poller-1'"
        yield "UPDATE worker SET alive_until = 0 WHERE name = 'poller-1'"


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_what_a_service_that_was_broken_into_tries_is_refused(base: Database, service: str) -> None:
    role, allowed, other = Database(base.url.replace("://tester@", f"://intergestan-{service}@")), [], []
    for statement in attacks(service):
        try:
            with role.transaction() as connection:
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in REFUSED:
                other.append((statement, str(error.orig)))
        else:
            allowed.append(statement)
    role.dispose()
    assert (allowed, other) == ([], []), (allowed, other)


def test_who_may_write_recipients_can_write_no_others(base: Database) -> None:
    """The composer's right to the column, and that of the owner, end where the partner's row does."""
    for database in (as_service(base, "composer"), base):
        with pytest.raises(DBAPIError, match="no address of the partner"), database.transaction() as connection:
            connection.exec_driver_sql("UPDATE outbound_mail SET recipient = 'x@y.test' WHERE state = 'requested'")
    with as_service(base, "composer").transaction() as connection:
        connection.exec_driver_sql("UPDATE outbound_mail SET recipient = 'o@stauber.test' WHERE state = 'requested'")
        connection.rollback()


def test_to_withdraw_an_announced_key_brings_no_replaced_one_back(base: Database) -> None:
    """It may say that it begins when an old one was replaced: nobody confirmed it, so it replaced nothing."""
    announced = (
        "INSERT INTO partner_key (partner_id, kid, public_key, pending, known_at, valid_from)"
        " SELECT partner_id, 'announced', '', true, 0, replaced_from FROM partner_key WHERE kid = 'old'"
    )
    with as_service(base, "importer").transaction() as connection:
        connection.exec_driver_sql(announced)
        withdrawn = "UPDATE partner_key SET revoked_at = valid_from - 1 WHERE kid = 'announced'"
        assert connection.exec_driver_sql(withdrawn).rowcount == 1
        old = connection.exec_driver_sql("SELECT replaced_from FROM partner_key WHERE kid = 'old'").scalar_one()
        connection.rollback()
    assert old is not None


def test_the_services_own_names_are_theirs(base: Database) -> None:
    """What the guards let through: else they would prove nothing."""
    for service in ALL_SERVICES:
        with as_service(base, service).transaction() as connection:
            event = EVENT.format(who=service)
            connection.exec_driver_sql(event.replace("purchase_order", "user") if service == CONSOLE else event)
            leases.beat(connection, f"{service}-9", service, base.now())
            leases.beat(connection, f"{service}-9", service, base.now())
            leases.leave(connection, f"{service}-9")
