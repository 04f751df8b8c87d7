"""What a person asked for cannot be done, said so that the person can cure it.

The sentence is kept apart from its values, so that whoever shows it can translate it: the English sentence is
the message id of the catalogues under `libs/intergestan_operations/language/locale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from intergestan_msg.diagnosis import Diagnosed, read_stored
from intergestan_msg.plain_text import cut


class Word(str):
    """A word of ours among a problem's values, such as a state: whoever shows the sentence translates it."""

    __slots__ = ()


class Words(tuple[str, ...]):
    """Texts in a row, some of them a `Word`."""

    __slots__ = ()

    @classmethod
    def any_of(cls, states: Iterable[str]) -> Self:
        """`draft / confirmed`."""
        return cls._joined(" / ", ((Word(state),) for state in states))

    @classmethod
    def by_number(cls, states: Iterable[tuple[str, str]]) -> Self:
        """`CFR1: draft, CFR2: waiting`, from numbers with their states."""
        return cls._joined(", ", ((number, Word(": "), Word(state)) for number, state in states))

    @classmethod
    def _joined(cls, separator: str, items: Iterable[tuple[str, ...]]) -> Self:
        return cls([part for item in items for part in (separator, *item)][1:])

    def __str__(self) -> str:
        return "".join(self)


class ProblemCode(StrEnum):
    """What kind of problem it is: a word that stays the same, for programs. Sentences may be worded anew."""

    ACCOUNTS_EXHAUSTED = "accounts_exhausted"
    ACCOUNT_AUTOMATIC = "account_automatic"
    ACCOUNT_BOOKED = "account_booked"
    ACCOUNT_TAKEN = "account_taken"
    AMBIGUOUS = "ambiguous"
    BAD_ADDRESS = "bad_address"
    BELOW_MINIMUM = "below_minimum"
    BOOKS_BROKEN = "books_broken"
    BOOKS_CLOSED = "books_closed"
    BUSY = "busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    CHARGE_HAS_VAT = "charge_has_vat"
    CHARGE_INVOICED = "charge_invoiced"
    CHARGE_WITHOUT_VAT = "charge_without_vat"
    CLIENT_ID_NEEDED = "client_id_needed"
    CODES_EXHAUSTED = "codes_exhausted"
    CODES_LENGTH = "codes_length"
    CODE_AUTOMATIC = "code_automatic"
    CODE_MISSING = "code_missing"
    CODE_TAKEN = "code_taken"
    CODE_TWICE = "code_twice"
    COMMAND_FAILED = "command_failed"
    COMPANIES_NEEDED = "companies_needed"
    CONFLICT = "conflict"
    CREDIT_BLOCKED = "credit_blocked"
    CREDIT_TOO_MUCH = "credit_too_much"
    DOUBT = "doubt"
    EASY_TO_GUESS = "easy_to_guess"
    ENDPOINTS_NEEDED = "endpoints_needed"
    EXTRA_NEEDED = "extra_needed"
    FAULTY = "faulty"
    FOLDER_USED = "folder_used"
    GEO_CAP = "geo_cap"
    GOODS_LEFT = "goods_left"
    IMPLAUSIBLE_DAY = "implausible_day"
    INSURED_TOO_MUCH = "insured_too_much"
    INVOICE_LATE = "invoice_late"
    KEY_ANNOUNCED = "key_announced"
    KEY_ENDED = "key_ended"
    KEY_NEEDED = "key_needed"
    KEY_SIGNS = "key_signs"
    KEY_UNCONFIRMED = "key_unconfirmed"
    KEY_UNREADABLE = "key_unreadable"
    LAST_ADMINISTRATOR = "last_administrator"
    LAST_FIELD = "last_field"
    LINE_OF_NOTHING = "line_of_nothing"
    LOGIN_FAILS = "login_fails"
    NAME_NEEDED = "name_needed"
    NOTHING_REMAINS = "nothing_remains"
    NOT_BALANCED = "not_balanced"
    NOT_BILLABLE = "not_billable"
    NOT_BOOKED = "not_booked"
    NOT_CLOSABLE = "not_closable"
    NOT_COMPOSED = "not_composed"
    NOT_CREDIT = "not_credit"
    NOT_IN_STOCK = "not_in_stock"
    NOT_LEFT = "not_left"
    NOT_LETTERED = "not_lettered"
    NOT_ONE_PARTY = "not_one_party"
    NOT_ONE_TERM = "not_one_term"
    NOT_PAUSED = "not_paused"
    NOT_PREPARED = "not_prepared"
    NOT_RESENDABLE = "not_resendable"
    NOT_REVERSIBLE = "not_reversible"
    NOT_SENT = "not_sent"
    NOT_TO_BANK = "not_to_bank"
    NOT_WAITING = "not_waiting"
    NO_ACCOUNT_NUMBER = "no_account_number"
    NO_ACCOUNT_TITLE = "no_account_title"
    NO_ADDRESS = "no_address"
    NO_AGENCY_PARTY = "no_agency_party"
    NO_AMOUNT = "no_amount"
    NO_CALENDAR = "no_calendar"
    NO_CARD = "no_card"
    NO_CATEGORY = "no_category"
    NO_CHARGE = "no_charge"
    NO_CODE = "no_code"
    NO_CONSENT = "no_consent"
    NO_CREDIT = "no_credit"
    NO_DAY = "no_day"
    NO_DELIVERY = "no_delivery"
    NO_DEPOT = "no_depot"
    NO_DOSSIER = "no_dossier"
    NO_ENTRY = "no_entry"
    NO_FAMILY = "no_family"
    NO_FEE = "no_fee"
    NO_FIELD = "no_field"
    NO_FILE = "no_file"
    NO_FOLDER = "no_folder"
    NO_FOLDERS = "no_folders"
    NO_HOLD = "no_hold"
    NO_INVOICE = "no_invoice"
    NO_JOURNAL = "no_journal"
    NO_KEY = "no_key"
    NO_LASTING_ACCESS = "no_lasting_access"
    NO_LINE = "no_line"
    NO_LINE_LEFT = "no_line_left"
    NO_MAIL = "no_mail"
    NO_MAILBOX = "no_mailbox"
    NO_NAME = "no_name"
    NO_OPERATION = "no_operation"
    NO_ORDER = "no_order"
    NO_PAGE = "no_page"
    NO_PAIR = "no_pair"
    NO_PARTNER = "no_partner"
    NO_PARTY = "no_party"
    NO_PASSWORDS = "no_passwords"
    NO_PATH = "no_path"
    NO_PAYMENT = "no_payment"
    NO_PLACE = "no_place"
    NO_POLLER = "no_poller"
    NO_PRICE_LIST = "no_price_list"
    NO_PRODUCT = "no_product"
    NO_QUOTE = "no_quote"
    NO_REASON = "no_reason"
    NO_RELAY = "no_relay"
    NO_RESERVATIONS = "no_reservations"
    NO_RETURN = "no_return"
    NO_RIGHT = "no_right"
    NO_ROLE = "no_role"
    NO_ROUTE = "no_route"
    NO_SCOPE = "no_scope"
    NO_SEAL = "no_seal"
    NO_SERVER = "no_server"
    NO_SETTING = "no_setting"
    NO_SIREN = "no_siren"
    NO_SITE = "no_site"
    NO_SLIP = "no_slip"
    NO_SLIPS = "no_slips"
    NO_SUCH_RIGHT = "no_such_right"
    NO_TERM = "no_term"
    NO_TLS = "no_tls"
    NO_TOKEN = "no_token"  # noqa: S105 - no password
    NO_USER = "no_user"
    NO_VALUE = "no_value"
    NO_YEAR = "no_year"
    NO_ZONE = "no_zone"
    OF_A_PAIR = "of_a_pair"
    OF_A_PARTNER = "of_a_partner"
    ON_ITS_WAY = "on_its_way"
    ON_SLIPS = "on_slips"
    ORDERED_BEFORE = "ordered_before"
    OTHER_ADDRESS = "other_address"
    OTHER_CARD = "other_card"
    OTHER_COMPANY = "other_company"
    OTHER_CURRENCY = "other_currency"
    OTHER_CUSTOMER = "other_customer"
    OTHER_FILE = "other_file"
    OTHER_FOLDER = "other_folder"
    OTHER_INVOICES = "other_invoices"
    OTHER_KEY = "other_key"
    OTHER_PLACE = "other_place"
    OTHER_SCHEMA = "other_schema"
    OTHER_STATE = "other_state"
    OTHER_SUPPLIER = "other_supplier"
    OTHER_UNIT = "other_unit"
    OWN_CARD = "own_card"
    OWN_CODE = "own_code"
    OWN_MAILBOX = "own_mailbox"
    PARTNER_INACTIVE = "partner_inactive"
    PARTNER_PAUSED = "partner_paused"
    PARTY_TAKEN = "party_taken"
    PARTY_TIED = "party_tied"
    PASSWORD_NEEDED = "password_needed"  # noqa: S105 - no password
    PAYMENT_STANDS = "payment_stands"
    PAYMENT_TWICE = "payment_twice"
    QUOTE_EXPIRED = "quote_expired"
    READER_DIED = "reader_died"
    RECEIVED_BEFORE = "received_before"
    RETURN_TOO_MUCH = "return_too_much"
    ROLE_KEPT = "role_kept"
    SENT_BEFORE = "sent_before"
    SETTING_NEEDED = "setting_needed"
    SETTLE_TOO_MUCH = "settle_too_much"
    SEVERAL_PARTIES = "several_parties"
    SITE_EXISTS = "site_exists"
    STILL_NEEDED = "still_needed"
    STOCK_NOT_MANAGED = "stock_not_managed"
    TAKES_OVER = "takes_over"
    TERM_TAKEN = "term_taken"
    TERM_TOO_LONG = "term_too_long"
    TOKEN_TAKEN = "token_taken"  # noqa: S105 - no password
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNCHANGED = "unchanged"
    UNREADABLE = "unreadable"
    USER_INACTIVE = "user_inactive"
    WEAK_DURABILITY = "weak_durability"
    WRONG_PLACE = "wrong_place"
    YEAR_CLOSED = "year_closed"


class Act(StrEnum):
    """What a person may do about a problem. Each face words it: the command line as a command, a page as a button."""

    ABANDON_MAIL = "abandon_mail"
    ABORT_KEY = "abort_key"
    ACCEPT_UNTESTED = "accept_untested"
    ACCOUNT_SETTINGS = "account_settings"
    ACTIVATE_PARTNER = "activate_partner"
    ACTIVATE_USER = "activate_user"
    ADD_ESTABLISHMENT = "add_establishment"
    ADD_MAILBOX = "add_mailbox"
    ADD_PARTNER = "add_partner"
    ADD_USER = "add_user"
    ALLOCATE_AGAIN = "allocate_again"
    ALLOCATE_ORDER = "allocate_order"
    ANY_DATES = "any_dates"
    BE_THERE = "be_there"
    CANCEL_ORDER = "cancel_order"
    CANCEL_PAIR = "cancel_pair"
    CHANGE_ORDER = "change_order"
    CHANGE_ORDER_ADDRESS = "change_order_address"
    CANCEL_SLIP = "cancel_slip"
    CHANGE_SALES_ORDER = "change_sales_order"
    CHARGE_VAT = "charge_vat"
    CHECK_BOOKS = "check_books"
    CHECK_SITE = "check_site"
    CHOOSE_BETTER = "choose_better"
    CHOOSE_FOLDER = "choose_folder"
    CHOOSE_PRODUCTS = "choose_products"
    CHOOSE_SECURITY = "choose_security"
    CODE_BY_HAND = "code_by_hand"
    CODE_SETTINGS = "code_settings"
    CONFIRM_CARD = "confirm_card"
    CONFIRM_KEY = "confirm_key"
    CONFIRM_ORDER = "confirm_order"
    CONSENT = "consent"
    COPY_ORDER = "copy_order"
    COUNT_STOCK = "count_stock"
    DELIVER = "deliver"
    ENTER_PAYMENT = "enter_payment"
    ENTER_SLIP = "enter_slip"
    ENTER_THERE = "enter_there"
    FAIL_PAYMENT = "fail_payment"
    FEE_SETTINGS = "fee_settings"
    FIND_PARTY = "find_party"
    FINISH_ANYWAY = "finish_anyway"
    FINISH_KEY = "finish_key"
    GEO_SETTINGS = "geo_settings"
    GIVE_ACCOUNT = "give_account"
    GIVE_CLIENT_ID = "give_client_id"
    GIVE_CODE = "give_code"
    GIVE_ENDPOINTS = "give_endpoints"
    GIVE_ORDER_ADDRESS = "give_order_address"
    GIVE_RIGHTS = "give_rights"
    GIVE_SCOPE = "give_scope"
    GIVE_SERVER = "give_server"
    GIVE_TITLE = "give_title"
    GIVE_ZONE = "give_zone"
    IMPORT_CATALOGUE = "import_catalogue"
    INSTALL_CALENDAR = "install_calendar"
    INVOICE_NOTES = "invoice_notes"
    INVOICE_ONE = "invoice_one"
    LATER_KEY = "later_key"
    LIST_AGENCIES = "list_agencies"
    LIST_CATEGORIES = "list_categories"
    LIST_DEPOTS = "list_depots"
    LIST_DUE = "list_due"
    LIST_ENTRIES = "list_entries"
    LIST_FEES = "list_fees"
    LIST_FOLDERS = "list_folders"
    LIST_HOLDS = "list_holds"
    LIST_INBOX = "list_inbox"
    LIST_INVOICES = "list_invoices"
    LIST_KEYS = "list_keys"
    LIST_MAILBOXES = "list_mailboxes"
    LIST_OPERATIONS = "list_operations"
    LIST_ORDERS = "list_orders"
    LIST_PAIRS = "list_pairs"
    LIST_PARTIES = "list_parties"
    LIST_PARTNERS = "list_partners"
    LIST_PAYMENTS = "list_payments"
    LIST_PRICES = "list_prices"
    LIST_PRODUCTS = "list_products"
    LIST_QUOTES = "list_quotes"
    LIST_RETURNS = "list_returns"
    LIST_SALES = "list_sales"
    LIST_SLIPS = "list_slips"
    LIST_TERMS = "list_terms"
    LIST_UNANSWERED = "list_unanswered"
    LIST_USERS = "list_users"
    LIST_YEARS = "list_years"
    MAKE_SITE = "make_site"
    NAME_CERTIFICATES = "name_certificates"
    NOTE_RESTORE = "note_restore"
    OTHER_DAY = "other_day"
    OVERRIDE_CREDIT = "override_credit"
    PRICES_OF_CATALOGUE = "prices_of_catalogue"
    PRINT_CARD = "print_card"
    PUBLISH_SEAL = "publish_seal"
    READ_BY_IMAP = "read_by_imap"
    REFUSE_HOLD = "refuse_hold"
    REINDEX_PARTIES = "reindex_parties"
    RELEASE_HOLD = "release_hold"
    RELEASE_OVERRIDING = "release_overriding"
    RELEASE_WITH_CUSTOMER = "release_with_customer"
    RELEASE_WITH_PRODUCT = "release_with_product"
    REMOVE_LINE = "remove_line"
    REPLACE_LOST_KEY = "replace_lost_key"
    REPLAY_ALL = "replay_all"
    RESEND_MAIL = "resend_mail"
    RESUME_BOOKING = "resume_booking"
    REVOKE_KEY = "revoke_key"
    ROTATE_KEY = "rotate_key"
    REOPEN_SLIP = "reopen_slip"
    ROUTE_DIRECT = "route_direct"
    ROUTE_INDIRECT = "route_indirect"
    SAY_BUYER = "say_buyer"
    SAY_WHAT_IS_NAMED = "say_what_is_named"
    SAY_ENCODING = "say_encoding"
    SAY_DECIMAL_MARK = "say_decimal_mark"
    SAY_MAILS_PER_DAY = "say_mails_per_day"
    SAY_PARTY = "say_party"
    SEARCH_SETTINGS = "search_settings"
    SEND_ORDERS = "send_orders"
    SET_CEILING = "set_ceiling"
    SET_DEPOT = "set_depot"
    SET_DEPOT_PARTIES = "set_depot_parties"
    SET_DOSSIER = "set_dossier"
    SET_DOSSIER_CATEGORIES = "set_dossier_categories"
    SET_ESTABLISHMENT = "set_establishment"
    SET_FOLDER = "set_folder"
    SET_RELAY = "set_relay"
    SHOW_CHART = "show_chart"
    SHOW_HOLD = "show_hold"
    SHOW_ORDER = "show_order"
    SHOW_RELAY = "show_relay"
    SHOW_OUR_KEY = "show_our_key"
    SHOW_SALES_ORDER = "show_sales_order"
    SHOW_SETTINGS = "show_settings"
    SHOW_STATEMENT = "show_statement"
    SHOW_STATUS = "show_status"
    SET_PARTY = "set_party"
    SHOW_NOTE = "show_note"
    SHOW_SLIP = "show_slip"
    SHOW_STOCK = "show_stock"
    SHOW_TRANSIT = "show_transit"
    START_ALLOCATOR = "start_allocator"
    START_CONSOLE = "start_console"
    START_POLLER = "start_poller"
    START_SERVICE = "start_service"
    START_SITE = "start_site"
    TAKE_PROPOSAL = "take_proposal"
    TAKE_UNCHECKED = "take_unchecked"
    TERM_SETTINGS = "term_settings"
    TEST_MAILBOX = "test_mailbox"
    UNCONFIRM_ORDER = "unconfirm_order"
    UNPAUSE_PARTNER = "unpause_partner"
    UPGRADE = "upgrade"
    USE_OAUTH = "use_oauth"


class Problem(Exception):
    """Nothing was changed, and why: `template` is an English sentence with `{named}` values.

    The sentence says what happened and what did not. What to do about it is `next`, which whoever shows the sentence
    puts into words. Only literal templates are raised, because the catalogues are made from them. Of a text among
    the values the sentence has `MOST_QUOTED` characters.

    :ivar code: what kind of problem it is, for programs.
    :ivar next: what may be done about it, the likeliest first; the values say with what.
    """

    def __init__(self, template: str, code: ProblemCode, acts: tuple[Act, ...] = (), /, **values: Any) -> None:
        self.template = template
        self.code = code
        self.next = acts
        self.values: dict[str, Any] = {
            name: cut(value) if type(value) is str else value for name, value in values.items()
        }
        super().__init__(template.format(**self.values))


class FileProblems(Exception):
    """A file has faults, all of them at once; nothing of it was taken.

    :ivar faults: in the order of the rows.
    """

    def __init__(self, file: str, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{file}: {fault}" for fault in faults))
        self.file = file
        self.faults = faults


class EntryProblems(Exception):
    """What a person entered has faults; nothing of it was taken.

    :ivar faults: the `row` of each is the place of a line, 1 for the first, and None of the head; its `column` is the
        name of the field.
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Fault(Problem):
    """One fault of a file, with its place; never raised alone.

    :ivar row: the line of the file, 1 for the first; None when the fault is of the whole file.
    :ivar column: the column's title, or the element of a document.
    :ivar part: the table that has the fault, in a file of several.
    """

    def __init__(
        self,
        row: int | None,
        column: str | None,
        template: str,
        /,
        *,
        part: str | None = None,
        problem: ProblemCode = ProblemCode.FAULTY,
        acts: tuple[Act, ...] = (),
        **values: Any,
    ) -> None:
        super().__init__(template, problem, acts, **values)
        self.row = row
        self.column = None if column is None else cut(column)
        self.part = None if part is None else cut(part)

    def __str__(self) -> str:
        """`products.csv, row 3, quantity: …`, as far as the place is known."""
        parts = (self.part or "", f"row {self.row}" if self.row else "", self.column or "")
        place = ", ".join(part for part in parts if part)
        return f"{place}: {self.args[0]}" if place else str(self.args[0])

    @classmethod
    def at(cls, row: int | None, column: str | None, why: Problem, *, part: str | None = None) -> Self:
        """A problem with what stands at a place, as its fault."""
        place: Any = {"part": part, "problem": why.code, "acts": why.next}
        return cls(row, column, why.template, **place, **why.values)

    def plain(self) -> PlainFault:
        """The fault as data, from which `of` makes it again."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return PlainFault(self.row, self.column, self.template, self.part, values, self.next, self.code)

    @classmethod
    def of(cls, plain: PlainFault) -> Self:
        """The fault that became this."""
        values = {name: _restored(value) for name, value in plain.values.items()}
        place: Any = {"part": plain.part, "problem": plain.code, "acts": plain.next}
        return cls(plain.row, plain.column, plain.template, **place, **values)


PlainValue = int | str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlainFault:
    """A fault or a remark as data, which JSON can carry.

    :ivar values: numbers and texts; a `Word`, an exception and what is wrong with a document with what they are before
        their text.
    """

    row: int | None
    column: str | None
    template: str
    part: str | None = None
    values: Mapping[str, PlainValue] = field(default_factory=dict)
    next: tuple[Act, ...] = ()
    code: ProblemCode = ProblemCode.FAULTY


_WORD, _ERROR, _DIAGNOSIS = "word", "error", "diagnosis"
_MOST_DIGITS = 2**53


def _plain(value: Any) -> PlainValue:
    if (found := getattr(value, "diagnosis", None)) is not None:
        return _DIAGNOSIS, found.stored()
    if isinstance(value, Word | Exception):
        return _WORD if isinstance(value, Word) else _ERROR, str(value)
    return value if isinstance(value, int) and abs(value) < _MOST_DIGITS else str(value)


def _restored(value: PlainValue) -> Any:
    if isinstance(value, int | str):
        return value
    kind, text = value
    if kind == _DIAGNOSIS:
        return Diagnosed(read_stored(text))
    return Word(text) if kind == _WORD else RuntimeError(text)


class Remark(Fault):
    """What a reader of files did that its sender must know: where it read, what it took for granted; no fault.

    Its place is said as a fault's is.
    """
