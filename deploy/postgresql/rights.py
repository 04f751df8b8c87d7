"""What each service's role may do in PostgreSQL, and no more: the one source of `roles.sql` and of docs/security.md.

`docs/generate.py` writes both. Columns stand with spaces between them; `*` is every column of a table, except those
that follow it with a minus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from intergestan_db.enums import CONSOLE, OPTIONAL_SERVICES, SERVICES, HoldEnd, LedgerOutcome, PurchaseState
from intergestan_db.states import (
    INBOUND_MAIL,
    MACHINES,
    OUTBOUND_MAIL,
    PAYMENT,
    PICKING_SLIP,
    PURCHASE_ORDER,
    PURCHASE_ORDER_CHANGE,
    QUOTE,
    SALES_ORDER,
    Machine,
)
from intergestan_db.tables import Table
from intergestan_erp.people.tokens import LONGEST
from intergestan_erp.site.preferences import DEFAULTS
from intergestan_msg.kinds import PASSING, Kind

ALL_SERVICES = (*SERVICES, *OPTIONAL_SERVICES)
ALL = "*"


@dataclass(frozen=True, slots=True)
class Right:
    """What a role may do with a table."""

    reads: str = ""
    adds: str = ""
    changes: str = ""
    deletes: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold of a row besides, by service. A role that is not named, such as the owner's, is free.

    :ivar event: `INSERT`, `DELETE` or `UPDATE OF …`; `must`: an SQL condition with NEW and OLD.
    """

    name: str
    table: str
    event: str
    must: Mapping[str, str]


Rights = Mapping[str, Right]

_EVENT = "at who subject subject_id name old new detail"
_MAIL = "transfer_id kind state partner_id requested_at rung_at attempts resends lease_fence"
_LEASE = "lease_owner lease_fence lease_until"
_COUNTED = "up_to complete void latest hashed digest withdrawn"
_TOKENS = "sealed_refresh sealed_access expires_at claimed_until error"

_SEES_WORKERS = Right("name service alive_until", "name service started_at alive_until", "alive_until", deletes=True)

_EVERY: Rights = {
    "alembic_version": Right(ALL),
    "site": Right(ALL),
    "high_water": Right(ALL),
    "worker": Right("name service", "name service started_at alive_until", "alive_until", deletes=True),
    "event": Right(adds=_EVENT),
}
"""Look who we are, give signs of life, write down what was done."""

_COMPOSER: Rights = {
    "user": Right("* -password_hash -totp_sealed -totp_step -recovery"),
    "address": Right(ALL),
    "partner": Right(ALL, changes="out_seq"),
    "relay": Right("id from_mode bounce_mode bounce_address"),
    "outbound_mail": Right(
        ALL,
        changes="state composed_at next_attempt_at rung_at epoch seq transfer_digest envelope_from recipient subject "
        "size reason detail diagnosis trace_parent",
    ),
    "outbound_order": Right(ALL),
    "outbound_body": Right(adds=ALL),
    "former_body": Right(ALL),
    "outbound_key_notice": Right(ALL),
    "outbound_statement": Right(ALL),
    "heartbeat": Right(ALL),
    "purchase_order": Right(ALL),
    "purchase_order_line": Right(ALL),
    "purchase_order_charge": Right(ALL),
    "purchase_order_change": Right(ALL),
    "answer": Right(ALL),
    "ledger": Right("id inbound_transfer_id partner_id type number revision"),
    "inbound_transfer": Right(ALL),
    "inbound_mail": Right(ALL),
    "partner_statement": Right(ALL),
    "missing_number": Right(ALL, ALL, deletes=True),
    "series_beginning": Right(ALL, ALL, _COUNTED),
    "withdrawn_number": Right(ALL),
    "published": Right(ALL, ALL, "value"),
}
"""Freezes and signs what was requested or is to be answered. It books nothing."""

_SENDER: Rights = {
    "partner": Right("id active rests"),
    "relay": Right(ALL, changes="next_slot_at paused_until last_error last_diagnosis"),
    "oauth_grant": Right(ALL, changes=_TOKENS),
    "outbound_mail": Right(
        ALL,
        changes=f"{_LEASE} state sent_at next_attempt_at rung_at attempts resends reason detail diagnosis",
    ),
    "outbound_order": Right(ALL),
    "outbound_body": Right(ALL),
    "delivery_attempt": Right(ALL, "outbound_mail_id n phase started_at", "phase ended_at outcome reply"),
    "answer": Right("outbound_mail_id order_number"),
    "purchase_order": Right(ALL, changes="state updated_at"),
    "purchase_order_change": Right(ALL, changes="state updated_at"),
    "notice": Right(ALL, changes=f"{_LEASE} next_attempt_at attempts sent_at error rung_at"),
}
"""Hands frozen mails and notices to the relay. It cannot alter their bytes, nor where they go."""

_POLLER: Rights = {
    "worker": _SEES_WORKERS,
    "mailbox": Right(ALL, changes="owner fence state last_success_at last_error backlog"),
    "mailbox_uid": Right(ALL, ALL, deletes=True),
    "mailbox_uidl": Right(ALL, ALL, deletes=True),
    "mailbox_traffic": Right(ALL, ALL, "octets", deletes=True),
    "poller": Right(ALL, ALL, "worker takes", deletes=True),
    "poll_run": Right(ALL, changes="listed_at found error"),
    "purge_run": Right(ALL, changes="total done ended_at error"),
    "purge_mail": Right(ALL, "purge_run_id handle inbound_mail_id verdict", "verdict", deletes=True),
    "oauth_grant": Right(ALL, changes=_TOKENS),
    "partner_key": Right("kid public_key"),
    "inbound_mail": Right(
        ALL,
        "sha256 size state mailbox_id archived_at rung_at trace_parent strikes replayed is_heartbeat lease_fence "
        "is_signed unproven",
    ),
    "inbound_transfer": Right("id kind partner_id jti"),
    "ledger": Right("id inbound_transfer_id partner_id type number outcome"),
    "hold": Right("id inbound_mail_id partner_id number closed_at"),
    "answer": Right("outbound_mail_id partner_id order_number"),
    "outbound_mail": Right("id in_reply_to_id state"),
    "sales_order": Right("id partner_id customer_order_number state"),
}
"""Fetches mails, and purges mailboxes of what is safe. It can write no order, and sees of them only what is left to
decide or to answer."""

_PLACE = "delivery_name delivery_line1 delivery_line2 delivery_postcode delivery_city delivery_country"
_TOTALS = "total_ht total_vat total_ttc"
_HEAD = f"note {_PLACE} wanted_date {_TOTALS}"
_LINE = (
    "product_code name quantity unit price base_quantity allowance total vat_category vat_rate note wanted_date "
    "promised_date"
)
_ORDERED = f"{_LINE} gtin supplier_code"
_ANSWERED = "answer_code answer settled_epoch settled_n"

_IMPORTER: Rights = {
    "worker": _SEES_WORKERS,
    "user": Right("* -password_hash -totp_sealed -totp_step -recovery"),
    "dossier": Right(
        "id number default_establishment_id customer_op_billable_id manage_stock manage_reservations reserve_at_entry"
    ),
    "allocation": Right(ALL, ALL, "quantity remainder", deletes=True),
    "reservation": Right(
        "id allocation_id depot_id product_id kind quantity purchase_order_line_id picking_slip_line_id state",
        changes="quantity state ended_at picking_slip_line_id",
        deletes=True,
    ),
    "picking_slip": Right("id sales_order_id state version", changes="state version changed_at fault fault_values"),
    "picking_slip_line": Right(
        "id slip_id sales_order_line_id proposed prepared", changes="proposed prepared", deletes=True
    ),
    "agency_order": Right("id purchase_order_id sales_order_id"),
    "agency_order_line": Right(ALL, changes="allocation_id", deletes=True),
    "stock": Right("product_id depot_id on_hand reserved negative_ok", changes="reserved"),
    "depot": Right("id code establishment_id active"),
    "depot_rank": Right(ALL),
    "party": Right(ALL, changes="exposure_version"),
    "party_credit": Right(ALL),
    "establishment": Right("id number"),
    "setting": Right("name value"),
    "published": Right("name value", "name value", "value"),
    "partner": Right(
        ALL,
        changes="takes takes_at heartbeat_returned_at heartbeat_told clock_ahead_least clock_ahead_most clock_noted_at "
        "told_epoch told_seq told_got_epoch told_got_seq told_at told_since",
    ),
    "partner_key": Right(ALL, "partner_id kid public_key pending known_at valid_from valid_until", "revoked_at"),
    "partner_price": Right(ALL),
    "partner_budget": Right(ALL, "partner_id budget since used", "since used"),
    "partner_statement": Right(
        ALL,
        "partner_id transfer_id epoch composed_at received_at statement",
        "transfer_id epoch composed_at received_at statement",
    ),
    "series_beginning": Right(ALL, ALL, _COUNTED),
    "withdrawn_number": Right(ALL),
    "product": Right(ALL),
    "product_match": Right(ALL),
    "customer_match": Right(ALL),
    "site": Right(ALL, changes="created_at"),
    "inbound_mail": Right(
        ALL,
        changes=f"{_LEASE} rung_at state strikes is_heartbeat replayed reason detail kid partner_id transfer_id epoch "
        "seq paused_at unproven budget subject sender",
    ),
    "inbound_transfer": Right(
        ALL,
        "partner_id jti epoch seq kind transfer_digest composed_at received_at inbound_mail_id message_id spelled",
    ),
    "ledger": Right(ALL, "* -waived", "epoch inbound_transfer_id outcome sales_order_id stated updated_at"),
    "hold": Right(
        ALL,
        "* -closed_at -closed_by -closed_how -closed_reason -rung_at",
        "inbound_mail_id inbound_transfer_id reason detail closed_at closed_by closed_how party_id total_ttc "
        "seen_version look_again_on",
    ),
    "difference": Right(ALL, ALL, deletes=True),
    "answer": Right(ALL, ALL),
    "review_reply": Right(ALL, ALL, deletes=True),
    "number_series": Right(ALL, changes="next_number"),
    "sales_order": Right(
        ALL,
        "* -exported_at -quote_id -payment_term_id -category_id -allocated_at -rung_at -address_id -incomplete",
        f"{_HEAD} revision state invoiced below_minimum exported_at carried",
    ),
    "sales_order_line": Right(ALL, ALL, f"{_LINE} product_id line_id said", deletes=True),
    "sales_order_charge": Right(ALL, ALL, deletes=True),
    "delivery_note_line": Right(ALL),
    "delivery_note": Right("id invoicing_establishment_id"),
    "invoice": Right("id customer_id establishment_id"),
    "invoice_line": Right("id invoice_id delivery_note_line_id quantity total"),
    "goods_return_line": Right("delivery_note_line_id quantity invoice_line_id"),
    "invoice_charge": Right("id invoice_id sales_order_charge_id amount"),
    "invoice_due": Right("id invoice_id due_date amount"),
    "payment": Right("id party_id establishment_id received_on due_date amount state failed_on"),
    "credit_note": Right("id customer_id establishment_id issue_date total_ttc"),
    "settlement": Right("payment_id credit_note_id invoice_due_id amount settled_on"),
    "purchase_order": Right(
        ALL,
        changes=f"{_HEAD} carried revision version state exported_at updated_at answer_epoch answer_n answer_code "
        "answer_note lines_epoch lines_n supplier_order_number supplier_number_epoch",
    ),
    "purchase_order_line": Right(
        ALL,
        f"purchase_order_id line_id position {_ORDERED} settled_epoch settled_n",
        f"{_ORDERED} {_ANSWERED}",
        deletes=True,
    ),
    "purchase_order_charge": Right(ALL, "purchase_order_id reason amount vat_category vat_rate", deletes=True),
    "purchase_order_change": Right(
        ALL, changes="state answer_epoch answer_n answer_code answer_note answer_lines updated_at"
    ),
    "outbound_mail": Right(
        ALL,
        f"{_MAIL} in_reply_to_id",
        "state answered_at next_attempt_at rung_at resends recipient reason detail trace_parent",
    ),
    "outbound_order": Right(ALL, changes="live"),
    "outbound_key_notice": Right(ALL),
    "outbound_statement": Right("outbound_mail_id wanted", ALL),
    "delivery_report": Right(
        ALL,
        "inbound_mail_id outbound_mail_id received_at action status recipient said reporter fingerprint effect",
    ),
    "heartbeat": Right(ALL, "* -outcome", "outcome"),
    "relay": Right("host login mails_per_day"),
    "delivery_attempt": Right("id started_at outcome"),
    "missing_number": Right(ALL),
    "replay_run": Right(ALL, changes="total looked skipped after_at after_id ended_at error"),
    "replay_mail": Right(ALL, "* -id"),
    "event": Right("id at subject subject_id name", _EVENT),
}
"""Decides and books. It asks for answers, and for no mail of orders; it can let no key count, and reads no password."""

_DISPATCHER: Rights = {
    "worker": _SEES_WORKERS,
    "event": Right(ALL, _EVENT, deletes=True),
    "site": Right(ALL, changes="created_at"),
    "high_water": Right(ALL, changes="n"),
    "number_series": Right(ALL),
    "told_alarm": Right(ALL, ALL, "memories"),
    "told_hold": Right(ALL, ALL, deletes=True),
    "resting_count": Right(ALL, changes="up_to counted_at counts"),
    "notice": Right(
        f"id about created_at attempts sent_at error next_attempt_at rung_at {_LEASE}",
        "about mime created_at next_attempt_at rung_at attempts lease_fence",
        "rung_at",
        deletes=True,
    ),
    "hold": Right(ALL, changes="rung_at"),
    "party": Right("id exposure_version invoice_grouping"),
    "setting": Right("name value"),
    "published": Right("name value"),
    "ledger": Right(ALL),
    "answer": Right(ALL),
    "review_reply": Right(ALL),
    "partner": Right(ALL, changes="heartbeat_at heartbeat_planned paused_at"),
    "partner_key": Right(ALL),
    "partner_budget": Right(ALL),
    "partner_statement": Right(ALL),
    "missing_number": Right(ALL),
    "series_beginning": Right(ALL),
    "withdrawn_number": Right(ALL),
    "purchase_order": Right(ALL),
    "purchase_order_change": Right(ALL),
    "agency_order": Right("id purchase_order_id sales_order_id"),
    "invoice_run": Right("id at"),
    "sales_order": Right(
        "id number customer_order_number partner_id state establishment_id issue_date created_at allocated_at rung_at",
        changes="rung_at",
    ),
    "sales_order_line": Right("id sales_order_id product_id"),
    "allocation": Right("id sales_order_line_id depot_id route remainder"),
    "reservation": Right("allocation_id depot_id kind state quantity"),
    "stock": Right("product_id depot_id on_hand reserved negative_ok"),
    "dossier": Right("id manage_stock manage_reservations reserve_at_entry"),
    "establishment": Right("id dossier_id"),
    "depot": Right("id establishment_id active manage_reservations allow_negative"),
    "settlement": Right("id payment_id credit_note_id"),
    "invoice": Right("id kind invoice_run_id created_at"),
    "invoice_line": Right("delivery_note_line_id"),
    "goods_return_line": Right("id goods_return_id delivery_note_line_id quantity invoice_line_id credit_note_line_id"),
    "credit_note_line": Right("invoice_line_id quantity"),
    "picking_slip": Right("id state changed_at"),
    "delivery_note": Right("id customer_id operation_code_id issue_date"),
    "delivery_note_line": Right("id delivery_note_id quantity"),
    "operation_code": Right("id billable"),
    "payment": Right("method state banked_on"),
    "inbound_mail": Right(ALL, changes="state rung_at size strikes replayed reason detail paused_at", deletes=True),
    "inbound_transfer": Right(ALL),
    "outbound_mail": Right(ALL, _MAIL, "state rung_at next_attempt_at reminded_at resends", deletes=True),
    "outbound_order": Right(ALL),
    "outbound_key_notice": Right(ALL),
    "outbound_statement": Right("outbound_mail_id", ALL, deletes=True),
    "outbound_body": Right("outbound_mail_id", deletes=True),
    "delivery_attempt": Right(ALL, deletes=True),
    "delivery_report": Right("id inbound_mail_id outbound_mail_id", changes="outbound_mail_id"),
    "heartbeat": Right(ALL, "outbound_mail_id partner_id", "outcome", deletes=True),
    "mailbox_uid": Right(ALL, changes="inbound_mail_id note"),
    "mailbox_uidl": Right(ALL, changes="inbound_mail_id note"),
    "purge_run": Right(
        ALL, "mailbox_id requested_at requested_by archived_before dry_run heartbeats_only done", deletes=True
    ),
    "purge_mail": Right(ALL, deletes=True),
    "relay": Right("id name host login security bounce_address oauth_grant_id mails_per_day"),
    "mailbox": Right(
        "id name host security login oauth_grant_id poll_seconds active rests_since keeps_heartbeats owner "
        "last_success_at"
    ),
    "oauth_grant": Right("id error expires_at"),
    "address": Right("id geo_state next_attempt_at rung_at", changes="rung_at"),
    "geocode_usage": Right(ALL),
    "party_code_counter": Right(ALL),
}
"""Looks what is due, counts, reminds, writes notices. It decides nothing and books nothing; of accounts it sees neither
passwords nor tokens."""

_POSITION = "latitude longitude geo_state geo_source geo_at rung_at next_attempt_at attempts"

_GEOCODER: Rights = {
    "setting": Right(ALL),
    "address": Right(f"id line1 postcode city country geo_key {_POSITION}", changes=_POSITION),
    "geocode_cache": Right(ALL, ALL, "latitude longitude source at"),
    "geocode_usage": Right(ALL, ALL, "calls last_at rests_until rests_because failures"),
}
"""Looks up where addresses lie. It sees no name, no order and no mail, and changes nothing of an address but its
position."""

_ALLOCATOR: Rights = {
    "dossier": Right(ALL),
    "establishment": Right("id number dossier_id accounting_folder_id"),
    "depot": Right("id code establishment_id active manage_reservations allow_negative"),
    "depot_rank": Right(ALL),
    "product": Right("id code unit supply"),
    "sales_order": Right("id number state establishment_id depot_id issue_date allocated_at", changes="allocated_at"),
    "sales_order_line": Right("id sales_order_id line_id position product_id quantity"),
    "delivery_note_line": Right("sales_order_line_id quantity"),
    "agency_order": Right("id sales_order_id"),
    "agency_order_line": Right("allocation_id", changes="allocation_id"),
    "allocation": Right(ALL, ALL, "quantity remainder", deletes=True),
    "reservation": Right(
        ALL,
        "* -purchase_order_line_id -picking_slip_line_id",
        "quantity state ended_at",
        deletes=True,
    ),
    "picking_slip": Right("id state"),
    "picking_slip_line": Right("id slip_id"),
    "stock": Right("product_id depot_id on_hand reserved negative_ok", ALL, "reserved"),
}
"""Sets goods aside for orders. It sees no mail, no partner, no customer and no price, and moves no goods."""

_SEALED: Mapping[str, str] = {
    "mailbox": "* -sealed -secret",
    "relay": "* -sealed -secret",
    "oauth_grant": "id provider login error expires_at",
}
"""What of accounts is no password, no token and no name of one."""

_DRAFTED = f"supplier_id followed_by_id issue_date currency {_HEAD} carried exported_at"
"""What a person says of a draft."""

_CONSOLE: Rights = {
    **{name: Right(_SEALED.get(name, ALL)) for name in Table.metadata.tables if name not in _EVERY},
    "user": Right(
        ALL,
        changes="password_hash language timezone shortcuts last_login_at totp_sealed totp_step recovery "
        "establishment_id depot_id",
    ),
    "mailbox": Right(
        _SEALED["mailbox"],
        ALL,
        "host port security ca_file login secret sealed oauth_grant_id protocol folder poll_seconds idle "
        "keeps_heartbeats bytes_per_day owner fence state last_success_at last_error backlog",
    ),
    "relay": Right(
        _SEALED["relay"],
        ALL,
        "host port security ca_file login secret sealed oauth_grant_id from_mode bounce_mode bounce_address "
        "mails_per_minute mails_per_day paused_until last_error",
    ),
    "mailbox_uid": Right(ALL, deletes=True),
    "mailbox_uidl": Right(ALL, deletes=True),
    "poll_run": Right(ALL, "mailbox_id requested_at requested_by", "first_id under_way"),
    "session": Right(ALL, ALL, "seen_at told", deletes=True),
    "idempotency": Right(ALL, ALL, "status body", deletes=True),
    "invitation": Right(ALL, deletes=True),
    "identity": Right(ALL, ALL, "user_id login name email seen_at", deletes=True),
    "throttle": Right(ALL, ALL, "tries tried_at", deletes=True),
    "api_token": Right(ALL, changes="last_used_at"),
    "worker": Right(ALL, "name service started_at alive_until", "alive_until", deletes=True),
    "event": Right(ALL, _EVENT),
    "purchase_order": Right(ALL, ALL, f"state revision version outbound_mail_id updated_at {_DRAFTED}", deletes=True),
    "purchase_order_line": Right(ALL, ALL, deletes=True),
    "purchase_order_charge": Right(ALL, ALL, deletes=True),
    "product_name": Right(ALL, ALL, "name product_id"),
    "number_series": Right(ALL, changes="next_number last_date"),
    "purchase_order_change": Right(ALL, changes="state updated_at"),
    "outbound_mail": Right(
        ALL,
        f"{_MAIL} requested_by_id next_attempt_at recipient in_reply_to_id",
        "state rung_at next_attempt_at recipient reason detail resends composed_at sent_at epoch seq transfer_digest "
        "transfer_id trace_parent",
    ),
    "outbound_order": Right(ALL, ALL, "live", deletes=True),
    "outbound_body": Right(ALL, deletes=True),
    "former_body": Right(ALL, ALL),
    "withdrawn_number": Right(ALL, "partner_id epoch seq"),
    "partner": Right(ALL, changes="order_address"),
}
"""Shows what there is, lets people in, and does what they may: enter, confirm and send orders, send a mail again or
give it up, say where a supplier's orders go. It changes drafts alone, and sees no password of an account and no token.
"""

_DECIDES: Rights = {
    "site": Right(ALL, changes="created_at"),
    "hold": Right(ALL, changes="closed_at closed_by closed_how closed_reason"),
    "ledger": Right(ALL, changes="waived outcome updated_at"),
    "inbound_mail": Right(ALL, changes="state reason detail strikes replayed rung_at partner_id unproven"),
    "answer": Right(ALL, ALL),
    "difference": Right(ALL, changes="outcome"),
    "partner_budget": Right(ALL, "partner_id budget since used released_until", "released_until"),
    "product_match": Right(ALL, ALL, "product_id"),
    "customer_match": Right(ALL, ALL, "party_id"),
    "partner_key": Right(ALL, changes="pending replaced_from revoked_at"),
    "partner_statement": Right(ALL, changes="known"),
    "outbound_key_notice": Right(ALL, ALL),
    "party": Right(ALL, changes="exposure_version"),
    "credit_override": Right(ALL, ALL),
    "purchase_order_change": Right(ALL, ALL, "state updated_at"),
}
"""What a person decides about what waits: release it, refuse it, say what is meant, confirm a key."""

_SELLS: Rights = {
    "sales_order": Right(ALL, changes="state partner_id invoiced"),
    "sales_order_line": Right(ALL, changes="product_id product_code"),
    "review_reply": Right(ALL, deletes=True),
    "number_series": Right(adds=ALL),
    "delivery_note": Right(ALL, ALL),
    "delivery_note_line": Right(ALL, ALL),
    "invoice": Right(ALL, ALL),
    "invoice_run": Right(ALL, ALL, "invoices notes refused worked_at ended_at"),
    "invoice_line": Right(ALL, ALL),
    "invoice_charge": Right(ALL, ALL),
    "invoice_vat": Right(ALL, ALL),
    "invoice_due": Right(ALL, ALL),
    "fiscal_year": Right(ALL, "folder_id first last"),
    "entry": Right(ALL, ALL),
    "entry_line": Right(ALL, ALL),
}
"""What a person does with sales orders: accept them, refuse them, deliver where no stock is managed, invoice."""

_ALLOCATES: Rights = {
    "sales_order": Right(ALL, changes=f"allocated_at {_TOTALS}"),
    "sales_order_line": Right(ALL, changes="quantity total", deletes=True),
    "allocation": Right(ALL, ALL, "quantity remainder", deletes=True),
    "reservation": Right(
        ALL,
        "* -purchase_order_line_id -picking_slip_line_id",
        "quantity state ended_at picking_slip_line_id",
        deletes=True,
    ),
    "stock": Right(ALL, ALL, "reserved"),
    "picking_slip": Right(ALL, changes="state version changed_at fault fault_values"),
    "picking_slip_line": Right(ALL, changes="proposed prepared", deletes=True),
    "agency_order_line": Right(ALL, changes="allocation_id", deletes=True),
    "purchase_order_line": Right(ALL, changes="quantity total"),
}
"""What a person does who chooses depots for a sales order: what it gives up goes off picking slips that are not ready,
and out of the pair of orders by which another agency was to send it.
"""

_ENTERS: Rights = {
    "sales_order": Right(ALL, "* -partner_id -carried -exported_at -rung_at"),
    "sales_order_line": Right(ALL, "* -promised_date -said"),
    "sales_order_charge": Right(ALL, ALL),
    "quote": Right(ALL, ALL, "state"),
    "quote_line": Right(ALL, ALL),
    "quote_charge": Right(ALL, ALL),
}
"""What a person enters by hand: quotes and sales orders."""

_KEEPS_BOOKS: Rights = {
    "entry_line": Right(ALL, changes="letter letter_day"),
    "fiscal_year": Right(ALL, changes="first last closed_at closed_by"),
    "fec_export": Right(ALL, "folder_id first last sha256 lines by at"),
    "accounting_folder": Right(ALL, changes="locked_until chart"),
}
"""What an accountant does: type entries and reverse them, letter, close years, write files for the tax office, and say
which account is for what. Entries stay as they are.
"""
_CLOSES: Rights = {
    "sales_order": Right(ALL, changes=f"{_TOTALS} below_minimum exported_at"),
    "sales_order_line": Right(
        ALL, changes="product_id product_code name quantity price total promised_date said", deletes=True
    ),
    "ledger": Right(ALL, changes="stated updated_at"),
}
"""What a person does who ends what remains of a sales order; its buyer is told as of any change of ours."""

_PREPARES: Rights = {
    "picking_slip": Right(
        ALL, "* -id -fault -fault_values", "state version changed_at fault fault_values delivery_note_id"
    ),
    "picking_slip_line": Right(ALL, "* -id -prepared", "prepared proposed", deletes=True),
    "allocation": Right(ALL, changes="quantity remainder"),
    "reservation": Right(ALL, "* -id", "picking_slip_line_id quantity state ended_at"),
    "stock": Right(ALL, ALL, "on_hand reserved average_cost"),
    "stock_move": Right(ALL, ALL),
    "goods_receipt": Right(ALL, ALL),
    "goods_receipt_line": Right(ALL, ALL),
    "goods_return": Right(ALL, ALL),
    "goods_return_line": Right(ALL, ALL, "credit_note_line_id"),
}
"""What a depot does: prepare picking slips, let goods leave and come in, take back what customers return."""

_ORDERS_BETWEEN_AGENCIES: Rights = {
    "agency_order": Right(ALL, ALL),
    "agency_order_line": Right(ALL, ALL, deletes=True),
    "sales_order": Right(adds="* -partner_id -carried -exported_at -rung_at"),
    "sales_order_line": Right(adds="* -promised_date -said"),
    "allocation": Right(ALL, ALL, "remainder", deletes=True),
    "reservation": Right(ALL, ALL, "state ended_at", deletes=True),
    "stock": Right(ALL, changes="reserved"),
    "picking_slip": Right(ALL, changes="state version changed_at fault fault_values"),
    "picking_slip_line": Right(ALL, changes="proposed prepared", deletes=True),
}
"""What a clerk does with orders between agencies: make both of a pair, hand over what is set aside, cancel them."""

_PAIRS: Rights = {
    "partner": Right(adds=ALL, changes="rests rests_since rests_reason rests_by"),
    "partner_key": Right(adds=ALL),
    "party": Right(adds=ALL, changes="credit_max credit_insured"),
    "address": Right(ALL, ALL),
    "contact": Right(ALL, ALL),
    "party_word": Right(ALL, ALL),
    "party_code_counter": Right(ALL, ALL, "next_number"),
    "account": Right(ALL, ALL),
    "account_word": Right(ALL, ALL),
    "account_counter": Right(ALL, ALL, "next_number"),
    "party_account": Right(ALL, ALL),
    "inbound_mail": Right(changes="paused_at"),
    "product": Right(ALL, ALL, "* -id"),
    "product_family": Right(ALL, ALL, "* -id"),
    "product_subfamily": Right(ALL, ALL, "* -id"),
    "product_component": Right(ALL, ALL, "quantity", deletes=True),
}
"""What an administrator does besides: trust a site by its card, pause it, and take in a file of products."""


_KEEPS_PARTIES: Rights = {
    "party": Right(
        adds=ALL,
        changes="name is_customer is_supplier siret siren vat_id invoice_email buyer_reference minimum_order "
        "payment_term_id category_id invoice_grouping picking_mode incomplete group_slips",
    ),
    "party_fee": Right(ALL, ALL, deletes=True),
    "party_word": Right(deletes=True),
    "address": Right(changes="* -id -party_id -kind"),
    "contact": Right(changes="name telephone email"),
    "account": Right(changes="number title", deletes=True),
    "account_word": Right(deletes=True),
    "party_account": Right(deletes=True),
    "geocode_cache": Right(deletes=True),
}
"""What a clerk does with third parties: enter them and keep their cards. Their codes stay as they are."""


_TAKES_MONEY: Rights = {
    "payment": Right(ALL, "* -id -failed_on -banked_on", "state failed_on banked_on"),
    "settlement": Right(ALL, "* -id"),
    "credit_note": Right(ALL, "* -id"),
    "credit_note_line": Right(ALL, "* -id"),
    "credit_note_vat": Right(ALL, "* -id"),
    "entry": Right(ALL, ALL),
    "entry_line": Right(ALL, ALL, "letter letter_day"),
}
"""What people do with what customers pay and with what is taken back: entered once, and never rewritten."""


_RULES: Rights = {
    "fee": Right(ALL, ALL, "* -id -code"),
    "payment_term": Right(ALL, ALL),
    "payment_term_line": Right(ALL, ALL),
    "price_list": Right(ALL, ALL, "side establishment_id party_id valid_from valid_until"),
    "price_line": Right(ALL, ALL, deletes=True),
}
"""What an administrator chooses besides settings: fees, payment terms and price lists."""


_AGENCIES: Rights = {
    "dossier": Right(ALL, changes="* -id -number"),
    "establishment": Right(ALL, ALL, "* -id -dossier_id -number"),
    "depot": Right(ALL, ALL, "* -id -code -establishment_id"),
    "depot_rank": Right(ALL, ALL, deletes=True),
    "accounting_folder": Right(ALL, ALL, "* -id -number -locked_until -chart"),
    "operation_code": Right(ALL, ALL),
    "category": Right(ALL, ALL),
    "party": Right(ALL, changes="category_id credit_max credit_insured"),
    "party_credit": Right(ALL, deletes=True),
    "stock": Right(ALL, ALL, ALL),
    "stock_move": Right(ALL, ALL),
}
"""What an administrator sets of the dossier, its establishments, depots and accounting folders, and what people say of
stock: it came, was counted or moved. Who locks the table `stock` (`agencies/depots.py`) may change all of it."""


_OPERATES: Rights = {
    "mailbox": Right(changes="active rests_since rests_reason rests_by"),
    "purge_run": Right(ALL, "mailbox_id requested_at requested_by archived_before dry_run heartbeats_only done"),
    "purge_mail": Right(ALL, deletes=True),
    "replay_run": Right(
        ALL,
        "requested_at requested_by shas mailbox_id partner_id since until newest looked skipped",
        "given_at given_by",
    ),
    "replay_mail": Right(ALL, changes="given", deletes=True),
}
"""What an operator does: let mailboxes rest, have removed from them what is dealt with, and have mails taken in again.
"""


_ADMINISTERS: Rights = {
    "user": Right(ALL, "login name email active shortcuts", "name email active"),
    "user_role": Right(ALL, ALL, deletes=True),
    "user_right": Right(ALL, ALL, deletes=True),
    "invitation": Right(ALL, ALL),
    "session": Right(changes="strong_until"),
    "api_token": Right(ALL, "user_id name prefix hash scopes created_at created_by ends_at", "revoked_at"),
    "site": Right(
        ALL,
        changes="name siret vat_id line1 line2 postcode city country language timezone orders_address answers_address",
    ),
    "setting": Right(ALL, "name value", "value"),
    "geocode_usage": Right(ALL, changes="rests_until rests_because failures"),
}
"""What an administrator says of people, of the site and of what is chosen for it. Never code, currency or keys."""


def _together(*parts: Rights) -> Rights:
    """What several parts of a service may do."""
    found: dict[str, Right] = {}
    for part in parts:
        for table, right in part.items():
            before = found.get(table, Right())
            found[table] = Right(
                _either(before.reads, right.reads),
                _either(before.adds, right.adds),
                _either(before.changes, right.changes),
                before.deletes or right.deletes,
            )
    return found


def _either(first: str, second: str) -> str:
    """The columns of both; of «all but these» those are left out that neither of both names."""
    if ALL in (first, second):
        return ALL
    one, other = first.split(), second.split()
    but = [[word for word in words if word.startswith("-")] for words in (one, other) if "*" in words]
    if not but:
        return " ".join(dict.fromkeys((*one, *other)))
    if len(but) == 2:
        return " ".join(("*", *(word for word in but[0] if word in but[1])))
    return " ".join(("*", *(word for word in but[0] if word.removeprefix("-") not in {*one, *other})))


RIGHTS: Mapping[str, Rights] = {
    "composer": {**_EVERY, **_COMPOSER},
    "sender": {**_EVERY, **_SENDER},
    "poller": {**_EVERY, **_POLLER},
    "importer": {**_EVERY, **_IMPORTER},
    "dispatcher": {**_EVERY, **_DISPATCHER},
    "geocoder": {**_EVERY, **_GEOCODER},
    "allocator": {**_EVERY, **_ALLOCATOR},
    "console": _together(
        _EVERY,
        _CONSOLE,
        _DECIDES,
        _SELLS,
        _PREPARES,
        _ALLOCATES,
        _ENTERS,
        _KEEPS_BOOKS,
        _PAIRS,
        _KEEPS_PARTIES,
        _TAKES_MONEY,
        _RULES,
        _AGENCIES,
        _OPERATES,
        _ADMINISTERS,
        _CLOSES,
        _ORDERS_BETWEEN_AGENCIES,
    ),
}

_IS_PASSING = " OR ".join(f"NEW.kind = '{kind}'" for kind in PASSING)
_IS_STATEMENT = f"NEW.kind = '{Kind.STATEMENT}'"
_SETTLED = ("wait", "accept", "change", "reject")

MOVES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "composer": {
        OUTBOUND_MAIL.name: {"compose": "", "cannot_compose": "", "drop": _IS_PASSING, "abandon": _IS_STATEMENT},
    },
    "sender": {
        OUTBOUND_MAIL.name: dict.fromkeys(("claim", "accept", "retry", "lose", "refuse", "give_up"), "")
        | {"drop": _IS_PASSING},
        PURCHASE_ORDER.name: {"transmit": ""},
        PURCHASE_ORDER_CHANGE.name: {"transmit": ""},
    },
    "importer": {
        OUTBOUND_MAIL.name: dict.fromkeys(("answer", "bounce", "resend"), ""),
        INBOUND_MAIL.name: dict.fromkeys(("finish", "hold", "leave", "release", "replay", "supersede"), ""),
        PURCHASE_ORDER.name: dict.fromkeys((*_SETTLED, "wait again", "cancel", "pair_cancel"), ""),
        PURCHASE_ORDER_CHANGE.name: dict.fromkeys(_SETTLED, ""),
        SALES_ORDER.name: {"cancel": "", "pair_cancel": ""},
        PICKING_SLIP.name: {"cancel": ""},
    },
    "dispatcher": {
        OUTBOUND_MAIL.name: {"drop": _IS_PASSING},
        INBOUND_MAIL.name: {"release": "", "replay": "", "expire": ""},
    },
    CONSOLE: {
        OUTBOUND_MAIL.name: dict.fromkeys(("abandon", "resend", "recompose", "number_anew"), ""),
        PURCHASE_ORDER.name: dict.fromkeys(("confirm", "unconfirm", "request", "abandon", "pair_cancel"), ""),
        PURCHASE_ORDER_CHANGE.name: {"abandon": ""},
        INBOUND_MAIL.name: dict.fromkeys(("release", "refuse", "replay", "want"), ""),
        SALES_ORDER.name: dict.fromkeys(("accept", "cancel", "pair_cancel"), ""),
        QUOTE.name: {"accept": "", "refuse": ""},
        PAYMENT.name: dict.fromkeys(("fail", "cancel"), ""),
        PICKING_SLIP.name: dict.fromkeys(("enter", "finish", "validate", "fail", "reopen", "cancel"), ""),
    },
}
"""Which events of `intergestan_db.states` a service may bring about, by table, and under which SQL condition."""


def _kinds(*kinds: Kind) -> str:
    return f"NEW.state = '{OUTBOUND_MAIL.first}' AND NEW.kind IN ({', '.join(repr(str(kind)) for kind in kinds)})"


_OPEN_OR_ENDED = (
    "OLD.closed_at IS NULL AND (NEW.closed_at IS NULL AND NEW.closed_by IS NULL AND NEW.closed_how IS NULL"
    f" OR NEW.closed_by = 'importer' AND NEW.closed_how = '{HoldEnd.TRIED_AGAIN}')"
)
_FORWARD = "NEW.revision BETWEEN OLD.revision AND OLD.revision + 1 AND NEW.version >= OLD.version"
_CONFIRMED = (
    f"NEW.revision = OLD.revision AND (NEW.version = OLD.version OR NEW.version = OLD.version + 1"
    f" AND '{PURCHASE_ORDER.first}' IN (OLD.state, NEW.state))"
    f" OR NEW.revision = OLD.revision + 1 AND NEW.version = OLD.version AND OLD.state = '{PurchaseState.CONFIRMED}'"
)
_ENTERED = (
    f"NEW.state IN ('{PURCHASE_ORDER.first}', '{PurchaseState.CONFIRMED}', '{PurchaseState.ACCEPTED}')"
    " AND NEW.outbound_mail_id IS NULL AND NEW.revision = 0 AND NEW.version = 1"
)
_A_DRAFT = f"OLD.state = '{PURCHASE_ORDER.first}'"
_IN_ITS_MAIL = "(NEW.outbound_mail_id IS NULL) = (OLD.outbound_mail_id IS NOT NULL) AND NEW.state <> OLD.state"
_SHORTER = "NEW.paused_at IS NULL OR NEW.paused_at < OLD.paused_at"

_SAME_OR_TYPED = (
    "NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed OR "
    "(NEW.secret, NEW.oauth_grant_id, NEW.sealed, NEW.host, NEW.login, NEW.security, NEW.ca_file) IS NOT DISTINCT FROM "
    "(OLD.secret, OLD.oauth_grant_id, OLD.sealed, OLD.host, OLD.login, OLD.security, OLD.ca_file)"
)
"""A password goes where it went before, as safely, unless it is typed anew."""

_THAT_ENDS = (
    "NEW.revoked_at IS NULL AND NEW.last_used_at IS NULL"
    f" AND NEW.ends_at <= NEW.created_at + {LONGEST // timedelta(microseconds=1)}"
)
_ENDS_ONCE = "OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL"

_OTHERS = ", ".join(repr(service) for service in ALL_SERVICES if service != CONSOLE)
_ENDED = f"OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL AND NEW.closed_by NOT IN ({_OTHERS})"
_REFUSED = f"NEW.outcome = OLD.outcome OR NEW.outcome = '{LedgerOutcome.REJECTED}'"
_ACTS_ON = (
    *("user", PURCHASE_ORDER.name, PURCHASE_ORDER_CHANGE.name, OUTBOUND_MAIL.name, INBOUND_MAIL.name),
    *("partner", "party", "mailbox", "relay", "hold", SALES_ORDER.name, "delivery_note", "invoice", "site"),
    *(PICKING_SLIP.name, "invoice_run"),
    *("fee", "payment_term", "price_list", "dossier", "establishment", "depot", "accounting_folder", "operation_code"),
    *("category", "stock", "entry", "fiscal_year"),
    QUOTE.name,
    *(PAYMENT.name, "credit_note"),
)
"""What the console changes, as the subjects of events."""
_FOR_PEOPLE = f"NEW.who NOT IN ({_OTHERS}) AND NEW.subject IN ({', '.join(repr(each) for each in _ACTS_ON)})"
"""The console acts in the names of people."""

_CHOSEN = f"NEW.name IN ({', '.join(repr(name) for name in DEFAULTS)})"
"""The settings that people choose: no number, no epoch and no mark that services keep beside them."""

GUARDS: tuple[Guard, ...] = (
    Guard(
        "own name", "event", "INSERT", {**{name: f"NEW.who = '{name}'" for name in ALL_SERVICES}, CONSOLE: _FOR_PEOPLE}
    ),
    Guard("own worker", "worker", "INSERT", {service: f"NEW.service = '{service}'" for service in ALL_SERVICES}),
    Guard(
        "own sign", "worker", "UPDATE OR DELETE", {service: f"OLD.service = '{service}'" for service in ALL_SERVICES}
    ),
    Guard(
        "requests",
        "outbound_mail",
        "INSERT",
        {
            service: _kinds(*(kind for kind in Kind if service in kind.nature.asked_by))
            for service in ("importer", "dispatcher", CONSOLE)
        },
    ),
    Guard(
        "archived", "inbound_mail", "INSERT", {"poller": f"NEW.state = '{INBOUND_MAIL.first}' AND NOT NEW.is_heartbeat"}
    ),
    Guard("given up", "outbound_order", "UPDATE OF live", dict.fromkeys(("importer", CONSOLE), "NOT NEW.live")),
    Guard("entered", "purchase_order", "INSERT", {CONSOLE: _ENTERED}),
    Guard("drafts go", "purchase_order", "DELETE", {CONSOLE: _A_DRAFT}),
    Guard("unknown places", "geocode_cache", "DELETE", {CONSOLE: "OLD.latitude IS NULL"}),
    Guard(
        "agreed sums",
        "sales_order",
        "UPDATE OF total_ht, total_vat, total_ttc",
        {CONSOLE: f"OLD.state <> '{SALES_ORDER.first}'"},
    ),
    Guard(
        "lines only shrink",
        "sales_order_line",
        "UPDATE",
        {CONSOLE: "NEW.quantity <= OLD.quantity AND NEW.price = OLD.price"},
    ),
    Guard("closed years stay", "fiscal_year", "UPDATE", {CONSOLE: "OLD.closed_at IS NULL"}),
    Guard(
        "refused",
        "sales_order",
        "UPDATE OF partner_id",
        {CONSOLE: "NEW.partner_id IS NULL AND NEW.state = 'cancelled'"},
    ),
    Guard("in its mail", "purchase_order", "UPDATE OF outbound_mail_id", {CONSOLE: _IN_ITS_MAIL}),
    Guard(
        "own purges",
        "purge_run",
        "INSERT",
        {
            "dispatcher": "NEW.heartbeats_only AND NEW.requested_by = 'heartbeats'",
            CONSOLE: f"NOT NEW.heartbeats_only AND NEW.done = 0 AND NEW.requested_by NOT IN ('heartbeats', {_OTHERS})",
        },
    ),
    Guard("own looks", "replay_run", "INSERT", {CONSOLE: f"NEW.looked = 0 AND NEW.requested_by NOT IN ({_OTHERS})"}),
    Guard(
        "own words",
        "published",
        "INSERT OR UPDATE",
        {"composer": "NEW.name = 'card'", "importer": "NEW.name = 'over_limit'"},
    ),
    Guard("chosen by people", "setting", "INSERT OR UPDATE", {CONSOLE: _CHOSEN}),
    Guard("own passwords", "mailbox", "INSERT", {CONSOLE: "NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL"}),
    Guard("passwords stay", "mailbox", "UPDATE", {CONSOLE: _SAME_OR_TYPED}),
    Guard("own passwords", "relay", "INSERT", {CONSOLE: "NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL"}),
    Guard("passwords stay", "relay", "UPDATE", {CONSOLE: _SAME_OR_TYPED}),
    Guard("tokens that end", "api_token", "INSERT", {CONSOLE: _THAT_ENDS}),
    Guard("tokens end once", "api_token", "UPDATE OF revoked_at", {CONSOLE: _ENDS_ONCE}),
    Guard("own decisions", "hold", "UPDATE", {"importer": _OPEN_OR_ENDED, CONSOLE: _ENDED}),
    Guard("refused only", "ledger", "UPDATE OF outcome", {CONSOLE: _REFUSED}),
    Guard("in sequence", "purchase_order", "UPDATE OF revision, version", {"importer": _FORWARD, CONSOLE: _CONFIRMED}),
    Guard("no pause", "partner", "UPDATE OF paused_at", {"dispatcher": _SHORTER}),
    *(
        Guard(
            "forgotten",
            table,
            "UPDATE",
            {"dispatcher": f"NEW.inbound_mail_id IS NULL AND NEW.note = '{Kind.HEARTBEAT}'"},
        )
        for table in ("mailbox_uid", "mailbox_uidl")
    ),
    Guard("forgotten", "delivery_report", "UPDATE", {"dispatcher": "NEW.outbound_mail_id IS NULL"}),
    Guard("no new pause", "inbound_mail", "UPDATE OF paused_at", {"dispatcher": "NEW.paused_at IS NULL"}),
)


def machine_of(table: str) -> Machine:
    """The states of a table's rows."""
    return next(machine for machine in MACHINES if machine.name == table)


def _pairs(machine: Machine, events: Mapping[str, str]) -> str:
    """The condition that a row goes along one of these events."""
    ways = []
    for event, condition in events.items():
        froms, to = machine.moves[event]
        old = ", ".join(f"'{state}'" for state in froms)
        ways.append(f"NEW.state = '{to}' AND OLD.state IN ({old})" + (f" AND {condition}" if condition else ""))
    return " OR ".join(("NEW.state = OLD.state", *ways))


def guards() -> Iterator[Guard]:
    """All guards, those of the states among them."""
    yield from GUARDS
    for machine in MACHINES:
        may = {service: moves[machine.name] for service, moves in MOVES.items() if machine.name in moves}
        if may:
            must = {service: _pairs(machine, events) for service, events in may.items()}
            yield Guard("moves", machine.name, "UPDATE OF state", must)


def columns(table: str, names: str) -> tuple[str, ...]:
    """The columns that a text names, in the order of the table."""
    there = [column.name for column in Table.metadata.tables[table].columns] if table != _ALEMBIC else ["version_num"]
    given = names.split()
    but = {name.removeprefix("-") for name in given if name.startswith("-")}
    wanted = {name for name in given if not name.startswith("-")}
    if unknown := (but | wanted) - {ALL, *there}:
        raise ValueError(f"{table} has no {sorted(unknown)}.")
    return tuple(name for name in there if (ALL in wanted or name in wanted) and name not in but)


_ALEMBIC = "alembic_version"
"""The one table that is not ours."""


def sequence(table: str) -> str | None:
    """What numbers the rows of a table, if anything does."""
    return f"{table}_id_seq" if "id" in Table.metadata.tables[table].columns else None


def grants() -> str:
    """The rights as SQL for psql."""
    return "\n".join(f"-- {service}\n{''.join(_grants(service))}" for service in ALL_SERVICES)


def _grants(service: str) -> Iterator[str]:
    for table, right in sorted(RIGHTS[service].items()):
        verbs = []
        for verb, names in (("SELECT", right.reads), ("INSERT", right.adds), ("UPDATE", right.changes)):
            if names == ALL and (verb == "SELECT" or not sequence(table)):
                verbs.append(verb)
            elif names:
                listed = [name for name in columns(table, names) if (verb, name) != ("INSERT", "id")]
                verbs.append(f"{verb} ({', '.join(listed)})")
        if right.deletes:
            verbs.append("DELETE")
        yield _wrapped(f'GRANT {", ".join(verbs)} ON "{table}" TO :"{service}";')
        if right.adds and (numbers := sequence(table)):
            yield f'GRANT USAGE ON SEQUENCE "{numbers}" TO :"{service}";\n'


def triggers() -> str:
    """The guards as SQL for psql. Each asks for the role first, so that they cost the owner nothing."""
    ordered = {"ordered_head": f"{_HEAD} carried", "ordered_line": _ORDERED}
    names = "".join(f"\\set {name} '{', '.join(listed.split())}'\n" for name, listed in ordered.items())
    return names + "".join(_trigger(guard) for guard in guards())


def _trigger(guard: Guard) -> str:
    cases = "\n".join(
        f"    WHEN %{ALL_SERVICES.index(service) + 2}$L THEN ({must}) IS NOT TRUE"
        for service, must in guard.must.items()
    )
    names = ", ".join(f":'{service}'" for service in ALL_SERVICES)
    return (
        f"SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE {guard.event} ON {guard.table} FOR EACH ROW\n"
        f"    WHEN (CASE CURRENT_USER\n{cases}\n    ELSE false END)"
        f" EXECUTE FUNCTION refuse_service({guard.name!r})$guard$,\n"
        f"    '{guard.name} of ' || :'prefix', {names})\n\\gexec\n"
    )


def _wrapped(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + len(word) > 110:
            lines.append(line)
            line = "   "
        line = f"{line} {word}" if line else word
    return "\n".join([*lines, line]) + "\n"


def matrix() -> str:
    """The rights as tables in Markdown, one for each service, and what must hold besides."""
    return "\n".join(_of_service(service) for service in ALL_SERVICES)


_YES = {True: "yes", False: ""}


def _of_service(service: str) -> str:
    rows = [
        f"| {table} | {_cell(right.reads)} | {_cell(right.adds)} | {_cell(right.changes)} | {_YES[right.deletes]} |"
        for table, right in sorted(RIGHTS[service].items())
    ]
    must = [f"- `{each.table}`, {each.event}: `{each.must[service]}`" for each in GUARDS if service in each.must]
    moves = [f"- `{table}`: {_events(events)}" for table, events in MOVES.get(service, {}).items()]
    besides = ["And of a row it must hold:", "", *must, ""]
    if moves:
        besides += ["It moves rows by these events, and by no others:", "", *moves, ""]
    head = [f"### {service}", "", "| table | reads | adds | changes | deletes |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *besides])


def _events(events: Mapping[str, str]) -> str:
    return ", ".join(f"{event} (`{condition}`)" if condition else event for event, condition in events.items())


def _cell(names: str) -> str:
    if names == ALL:
        return "all"
    listed = ", ".join(f"`{name.removeprefix('-')}`" for name in names.removeprefix(ALL).split())
    return f"all but {listed}" if names.startswith(ALL) else listed
