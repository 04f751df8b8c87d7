"""The words that stand in columns: states, kinds, outcomes, reasons. One place, one spelling."""

from __future__ import annotations

from enum import StrEnum

SERVICES = ("composer", "sender", "poller", "importer", "dispatcher")
"""The services that every site runs, in the order of an order's way."""

GEOCODER = "geocoder"
"""What those run beside, who chose whom to ask where addresses lie."""
ALLOCATOR = "allocator"
"""Sets goods aside for orders, for sites that manage their stock."""
CONSOLE = "console"
"""The pages in the browser, for sites whose people do not type commands."""
OPTIONAL_SERVICES = (GEOCODER, ALLOCATOR, CONSOLE)
"""Those that run where somebody wants them."""


class OutboundState(StrEnum):
    """Where an outbound mail stands (`design.md` §5)."""

    REQUESTED = "requested"
    COMPOSED = "composed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    ANSWERED = "answered"
    HELD = "held"
    ABANDONED = "abandoned"


class PurchaseState(StrEnum):
    """Where a purchase order stands; `waiting` is what clerks call *en attente*."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    TRANSMITTING = "transmitting"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class ChangeState(StrEnum):
    """Where a change or a cancellation of a purchase order stands; `changed`: accepted in part."""

    TRANSMITTING = "transmitting"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    CHANGED = "changed"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


class InboundState(StrEnum):
    """Where an inbound mail stands."""

    ARCHIVED = "archived"
    DONE = "done"
    HELD = "held"
    ALIEN = "alien"


class SalesState(StrEnum):
    """Where a sales order stands; `review` waits for a clerk."""

    REVIEW = "review"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


class Invoiced(StrEnum):
    """How much of a sales order is on invoices; `all`: nothing is left, `never`: it stays in the company (A14)."""

    NONE = "none"
    PART = "part"
    ALL = "all"
    NEVER = "never"


class HeartbeatPolicy(StrEnum):
    """Whether a partner gets heartbeats; `auto`: once a mail of theirs said that they know them."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class HeartbeatOutcome(StrEnum):
    """How a heartbeat came back."""

    ON_TIME = "on_time"
    LATE = "late"
    LOST = "lost"


class Rest(StrEnum):
    """What of a partner a person paused."""

    SENDING = "sending"
    BOOKING = "booking"
    BOTH = "both"


class AttemptPhase(StrEnum):
    """How far a delivery attempt went: `dot` is committed before the final dot is sent."""

    STARTED = "started"
    DOT = "dot"
    ENDED = "ended"


class LedgerOutcome(StrEnum):
    """What became of a document, as the ledger keeps it."""

    CREATED = "created"
    HELD = "held"
    REJECTED = "rejected"
    WAITING = "waiting"
    APPLIED = "applied"


class Refetch(StrEnum):
    """The note of a mail in its mailbox whose copy in the archive is not whole.

    AGAIN: it is to be fetched once more; GONE: the mailbox has it no more.
    """

    AGAIN = "again"
    GONE = "gone"


class HoldReason(StrEnum):
    """Why something waits for a person. The words shown to people are in `findings.py`."""

    UNKNOWN_SIGNER = "unknown_signer"
    UNCONFIRMED_KEY = "unconfirmed_key"
    REVOKED_KEY = "revoked_key"
    KEY_ANNOUNCED = "key_announced"
    PARTNER_BUDGET = "partner_budget"
    BAD_SIGNATURE = "bad_signature"
    BAD_MESSAGE = "bad_message"
    DAMAGED = "damaged"
    NEWER_RELEASE = "newer_release"
    WRONG_RECIPIENT = "wrong_recipient"
    TOO_OLD = "too_old"
    CLAIM_MISMATCH = "claim_mismatch"
    TRANSFER_CONFLICT = "transfer_conflict"
    POISON = "poison"
    ARCHIVE = "archive"
    BAD_DOCUMENT = "bad_document"
    UNKNOWN_PRODUCT = "unknown_product"
    TWO_CUSTOMERS = "two_customers"
    TOTAL_DIFFERENCE = "total_difference"
    PRICE_DIFFERENCE = "price_difference"
    VAT_DIFFERENCE = "vat_difference"
    UNIT_MISMATCH = "unit_mismatch"
    CURRENCY = "currency"
    CONFLICT = "conflict"
    GAP = "gap"
    DELIVERED = "delivered"
    OWN_CHANGE = "own_change"
    OTHER_START = "other_start"
    ORDER_CLOSED = "order_closed"
    CHANGE_REVIEW = "change_review"
    UNMATCHED_ANSWER = "unmatched_answer"
    STATEMENT = "statement"
    FAILED = "failed"
    REFUSED_BY_SERVER = "refused_by_server"
    UNDELIVERED = "undelivered"
    NO_ANSWER = "no_answer"
    NOT_COMPOSED = "not_composed"
    CREDIT = "credit"


class Budget(StrEnum):
    """What a partner with a valid key may make a site do in a while, and no more of it."""

    STATEMENTS = "statements"
    REPEATS = "repeats"
    HEARTBEATS = "heartbeats"
    ANNOUNCEMENTS = "announcements"
    MISSING_NUMBERS = "missing_numbers"


class HoldEnd(StrEnum):
    """How a hold of an order ended."""

    TRIED_AGAIN = "tried again"
    RELEASED = "released"
    REFUSED = "refused"


class NoticeAbout(StrEnum):
    """What a mail to the person in charge is about, and so which setting says who that is."""

    HOLDS = "holds"
    ALARMS = "alarms"


class Part(StrEnum):
    """How much of a sales order was delivered or invoiced."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


class FileFormat(StrEnum):
    """The kind of a file with an order."""

    UBL = "ubl"
    CSV = "csv"
    XLSX = "xlsx"


class PricePolicy(StrEnum):
    """What is done with a price or a VAT rate that differs from ours."""

    COMPARE = "compare"
    TAKE_THEIRS = "take_theirs"
    TAKE_OURS = "take_ours"


class PriceAction(StrEnum):
    """What `compare` does beyond the tolerance."""

    ACCEPT = "accept"
    HOLD = "hold"
    REJECT = "reject"


class UnknownProduct(StrEnum):
    """What is done with a line whose product we do not know."""

    HOLD = "hold"
    PARK_LINE = "park_line"
    REJECT = "reject"


class Acceptance(StrEnum):
    """Whether an order without differences is accepted at once or looked at by a clerk first."""

    ACCEPT = "accept"
    REVIEW = "review"


class Security(StrEnum):
    """How a connection to a mail server is protected; `none` is for loopback addresses only."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class PurgeVerdict(StrEnum):
    """What a purge finds about a mail of the mailbox: it goes (the first three), or why it stays."""

    REMOVE = "remove"
    REMOVING = "removing"
    REMOVED = "removed"
    YOUNG = "young"
    ALIEN = "alien"
    NEW = "new"
    TOO_BIG = "too_big"
    ARCHIVED = "archived"
    HELD = "held"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    MISSING = "missing"
    ALTERED = "altered"
    DIFFERS = "differs"
    GONE = "gone"
    STAYED = "stayed"


class PartyRole(StrEnum):
    """What a third party is for us; it may be both. `bit` is its place in `party_word.roles`."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"

    @property
    def bit(self) -> int:
        """1 or 2, so that both together are 3."""
        return 1 if self is PartyRole.CUSTOMER else 2


class GeoState(StrEnum):
    """Whether it is known where an address lies; `failed`: the provider could not take the question."""

    NONE = "none"
    WAITING = "waiting"
    FOUND = "found"
    NOT_FOUND = "not_found"
    FAILED = "failed"
    BY_HAND = "by_hand"


class AccountKind(StrEnum):
    """Whose an account is: a party's in one of its roles, or nobody's."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    GENERAL = "general"


class Role(StrEnum):
    """A named set of rights of a person (D31)."""

    READER = "reader"
    CLERK = "clerk"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    ACCOUNTANT = "accountant"


class Right(StrEnum):
    """What a person may do."""

    MANAGE_USERS = "manage_users"
    SET_CREDIT = "set_credit"
    OVERRIDE_CREDIT = "override_credit"
    KEEP_BOOKS = "keep_books"
    CLOSE_BOOKS = "close_books"
    ANONYMISE = "anonymise"
    SEND_ORDERS = "send_orders"
    """Enter purchase orders, confirm and send them, and say where a supplier's orders go."""
    RESEND_MAILS = "resend_mails"
    """Send a mail of ours again, or give it up."""
    COLLECT_ORDERS = "collect_orders"
    OPERATE = "operate"
    """Pause what runs, and delete mails that are dealt with from their mailboxes."""
    SET_ACCOUNTS = "set_accounts"
    """Say which mail accounts the site has."""
    SELL = "sell"
    """Accept sales orders, refuse them, and deliver."""
    INVOICE = "invoice"
    TAKE_PAYMENTS = "take_payments"
    """Enter what customers pay, settle invoices with it, and note what came back unpaid."""
    CREDIT_NOTE = "credit_note"
    """Take part or all of an invoice back."""
    SET_PARTNERS = "set_partners"
    """Say whom the site trusts, by which keys, and what was agreed with them."""
    SET_PRODUCTS = "set_products"
    """Say what the site sells and buys, and at which prices."""
    SET_PARTIES = "set_parties"
    """Enter third parties and change their cards, but for what they may owe."""
    SET_RULES = "set_rules"
    """Choose the site's settings, its fees and its payment terms."""
    SET_SITE = "set_site"
    """Say who the site is for others: its name, numbers and addresses."""


class Scope(StrEnum):
    """What a token of the HTTP API is for: it opens no more than its person may."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ORDERS_SEND = "orders:send"
    SALES_READ = "sales:read"
    SALES_WRITE = "sales:write"
    HOLDS_READ = "holds:read"
    HOLDS_ACT = "holds:act"
    MAILS_READ = "mails:read"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    PARTNERS_READ = "partners:read"
    OPERATE_READ = "operate:read"
    OPERATE_ACT = "operate:act"
    PARTIES_READ = "parties:read"
    PARTIES_WRITE = "parties:write"
    CREDIT_READ = "credit:read"
    CREDIT_WRITE = "credit:write"
    PAYMENTS_WRITE = "payments:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    AGENCIES_READ = "agencies:read"
    AGENCIES_WRITE = "agencies:write"
    INVOICES_WRITE = "invoices:write"
    BOOKS_READ = "books:read"
    BOOKS_WRITE = "books:write"
    SETTINGS_WRITE = "settings:write"


class Stage(StrEnum):
    """How far a sale is: what a document of it is checked by against the customer's credit maximum (T20)."""

    QUOTE = "quote"
    ORDER = "order"
    DELIVERY = "delivery"
    INVOICE = "invoice"


class InvoiceGrouping(StrEnum):
    """What deferred invoicing puts on one invoice: a delivery note, or a customer's of a month (A20)."""

    NOTE = "note"
    CUSTOMER = "customer"


class InvoiceKind(StrEnum):
    """To whom an invoice is: a customer, an agency of another company, or one of the same (D57)."""

    CUSTOMER = "customer"
    AGENCY = "agency"
    INTERNAL = "internal"


class PriceSide(StrEnum):
    """What a price list is for."""

    SALE = "sale"
    PURCHASE = "purchase"


class FeeKind(StrEnum):
    """What a fee is for."""

    PORT = "port"
    OTHER = "other"


class QuoteState(StrEnum):
    """What people decided about a quote. That one has expired follows from the day, and is written nowhere."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class MinimumOrderAction(StrEnum):
    """What becomes of a partner's order that is below the customer's minimum: it is noted, or a clerk decides."""

    NOTE = "note"
    REVIEW = "review"


class EndOfMonth(StrEnum):
    """What the end of a month has to do with a payment term: `after` its days that of their month, `before` them that
    of the invoice's.
    """

    NO = "no"
    AFTER = "after"
    BEFORE = "before"


class PaymentMethod(StrEnum):
    """How a customer pays; `bill` is a bill of exchange, `set_off` what we owe the customer."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    BILL = "bill"
    CARD = "card"
    CASH = "cash"
    SET_OFF = "set_off"


class PaymentState(StrEnum):
    """Where a payment stands: what `failed` came back unpaid, what was `cancelled` was entered by mistake."""

    ENTERED = "entered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Supply(StrEnum):
    """What a product is: goods lie in depots, services do not."""

    GOODS = "goods"
    SERVICES = "services"


class OperationSide(StrEnum):
    """Whose documents an operation code is for."""

    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class CategoryKind(StrEnum):
    """What a category marks."""

    PARTY = "party"
    DOCUMENT = "document"


class SlipState(StrEnum):
    """Where a picking slip stands: `ready` (prêt) waits for its delivery note, `expired` (périmé) has it."""

    GENERATED = "generated"
    ENTERED = "entered"
    READY = "ready"
    EXPIRED = "expired"
    ERROR = "error"
    CANCELLED = "cancelled"


class SlipFault(StrEnum):
    """Why a picking slip that was ready could not become a delivery note (A52)."""

    ORDER_STATE = "order_state"
    CREDIT = "credit"
    LINE_GONE = "line_gone"
    DELIVERED = "delivered"
    NOT_RESERVED = "not_reserved"
    NOT_IN_STOCK = "not_in_stock"
    DEPOT_CLOSED = "depot_closed"
    NOTHING = "nothing"


class PickingMode(StrEnum):
    """Whether deliveries are prepared on picking slips (A22)."""

    SLIP = "slip"
    NONE = "none"


class Incomplete(StrEnum):
    """What becomes of an order of which not all is there (A38): what is there is picked, or all waits."""

    PICK = "pick"
    WAIT = "wait"


class Arbitrate(StrEnum):
    """When a person is asked from which depots a line is taken (A32)."""

    ALWAYS = "always"
    SHORT = "short"
    NEVER = "never"


class StockReason(StrEnum):
    """Why what lies in a depot changed."""

    OPENING = "opening"
    RECEIPT = "receipt"
    DELIVERY = "delivery"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    COUNT = "count"
    RETURN = "return"


class Journal(StrEnum):
    """A journal of the books, by its usual French code: sales, purchases, bank, cash, other operations, openings."""

    SALES = "VE"
    PURCHASES = "AC"
    BANK = "BQ"
    CASH = "CA"
    OTHER = "OD"
    OPENING = "AN"


class Route(StrEnum):
    """How goods reach the customer: from the depot where they lie, or by way of the order's own depot."""

    DIRECT = "direct"
    INDIRECT = "indirect"


class ReservationKind(StrEnum):
    """Where goods that are set aside are: they lie in the depot, or are on their way to it."""

    STOCK = "stock"
    INBOUND = "inbound"


class ReservationState(StrEnum):
    """Whether goods are set aside still, have left, or are free again."""

    ACTIVE = "active"
    CONSUMED = "consumed"
    RELEASED = "released"
