"""What a person asked for cannot be done, said so that the person can cure it.

The sentence is kept apart from its values, so that whoever shows it can translate it: the English sentence is
the message id of the catalogues under `libs/intergestan_operations/language/locale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

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

    ACCOUNT_AUTOMATIC = "account_automatic"
    ACCOUNT_BOOKED = "account_booked"
    ACCOUNT_TAKEN = "account_taken"
    ACCOUNTS_EXHAUSTED = "accounts_exhausted"
    BELOW_MINIMUM = "below_minimum"
    BOOKS_BROKEN = "books_broken"
    BOOKS_CLOSED = "books_closed"
    CHARGE_HAS_VAT = "charge_has_vat"
    CHARGE_INVOICED = "charge_invoiced"
    CHARGE_WITHOUT_VAT = "charge_without_vat"
    CODE_AUTOMATIC = "code_automatic"
    CODE_MISSING = "code_missing"
    CODE_TAKEN = "code_taken"
    CODES_EXHAUSTED = "codes_exhausted"
    CODES_LENGTH = "codes_length"
    COMPANIES_NEEDED = "companies_needed"
    CREDIT_BLOCKED = "credit_blocked"
    CREDIT_TOO_MUCH = "credit_too_much"
    EASY_TO_GUESS = "easy_to_guess"
    FOLDER_USED = "folder_used"
    GEO_CAP = "geo_cap"
    GOODS_LEFT = "goods_left"
    INSURED_TOO_MUCH = "insured_too_much"
    INVOICE_LATE = "invoice_late"
    LAST_ADMINISTRATOR = "last_administrator"
    LAST_FIELD = "last_field"
    NO_ACCOUNT_NUMBER = "no_account_number"
    NO_ACCOUNT_TITLE = "no_account_title"
    NO_AGENCY_PARTY = "no_agency_party"
    NO_AMOUNT = "no_amount"
    NO_CALENDAR = "no_calendar"
    NO_CATEGORY = "no_category"
    NO_CHARGE = "no_charge"
    NO_CODE = "no_code"
    NO_CREDIT = "no_credit"
    NO_DAY = "no_day"
    NO_DELIVERY = "no_delivery"
    NO_DEPOT = "no_depot"
    NO_DOSSIER = "no_dossier"
    NO_ENTRY = "no_entry"
    NO_FEE = "no_fee"
    NO_FIELD = "no_field"
    NO_FOLDER = "no_folder"
    NO_INVOICE = "no_invoice"
    NO_JOURNAL = "no_journal"
    NO_LINE = "no_line"
    NO_NAME = "no_name"
    NO_OPERATION = "no_operation"
    NO_ORDER = "no_order"
    NO_PAGE = "no_page"
    NO_PAIR = "no_pair"
    NO_PAYMENT = "no_payment"
    NO_PLACE = "no_place"
    NO_PRICE_LIST = "no_price_list"
    NO_PRODUCT = "no_product"
    NO_QUOTE = "no_quote"
    NAME_NEEDED = "name_needed"
    NO_REASON = "no_reason"
    NO_RESERVATIONS = "no_reservations"
    NO_RIGHT = "no_right"
    NO_ROLE = "no_role"
    NO_ROUTE = "no_route"
    NO_SETTING = "no_setting"
    NO_SIREN = "no_siren"
    NO_SUCH_RIGHT = "no_such_right"
    NO_TERM = "no_term"
    NO_VALUE = "no_value"
    NO_YEAR = "no_year"
    NOT_BALANCED = "not_balanced"
    NOT_CLOSABLE = "not_closable"
    NOT_CREDIT = "not_credit"
    NOT_IN_STOCK = "not_in_stock"
    NOT_LEFT = "not_left"
    NOT_LETTERED = "not_lettered"
    NOT_ONE_PARTY = "not_one_party"
    NOT_ONE_TERM = "not_one_term"
    NOT_REVERSIBLE = "not_reversible"
    NOT_TO_BANK = "not_to_bank"
    OF_A_PAIR = "of_a_pair"
    OF_A_PARTNER = "of_a_partner"
    ORDERED_BEFORE = "ordered_before"
    OTHER_COMPANY = "other_company"
    OTHER_CURRENCY = "other_currency"
    OTHER_CUSTOMER = "other_customer"
    OTHER_FOLDER = "other_folder"
    OTHER_INVOICES = "other_invoices"
    NOT_BILLABLE = "not_billable"
    OTHER_PLACE = "other_place"
    OTHER_STATE = "other_state"
    PARTY_TIED = "party_tied"
    PAYMENT_STANDS = "payment_stands"
    PAYMENT_TWICE = "payment_twice"
    QUOTE_EXPIRED = "quote_expired"
    RECEIVED_BEFORE = "received_before"
    ROLE_KEPT = "role_kept"
    SETTING_NEEDED = "setting_needed"
    SETTLE_TOO_MUCH = "settle_too_much"
    STILL_NEEDED = "still_needed"
    STOCK_NOT_MANAGED = "stock_not_managed"
    TERM_TAKEN = "term_taken"
    TERM_TOO_LONG = "term_too_long"
    TOO_LARGE = "too_large"
    WRONG_PLACE = "wrong_place"
    YEAR_CLOSED = "year_closed"


class Act(StrEnum):
    """What a person may do about a problem. Each face words it: the command line as a command, a page as a button."""

    ACCOUNT_SETTINGS = "account_settings"
    ADD_ESTABLISHMENT = "add_establishment"
    ALLOCATE_AGAIN = "allocate_again"
    ANY_DATES = "any_dates"
    BE_THERE = "be_there"
    CANCEL_PAIR = "cancel_pair"
    CHANGE_SALES_ORDER = "change_sales_order"
    CHARGE_VAT = "charge_vat"
    CHECK_BOOKS = "check_books"
    CHOOSE_BETTER = "choose_better"
    CODE_BY_HAND = "code_by_hand"
    TAKE_UNCHECKED = "take_unchecked"
    CODE_SETTINGS = "code_settings"
    ENTER_PAYMENT = "enter_payment"
    ENTER_THERE = "enter_there"
    FAIL_PAYMENT = "fail_payment"
    FEE_SETTINGS = "fee_settings"
    FIND_PARTY = "find_party"
    GEO_SETTINGS = "geo_settings"
    GIVE_ACCOUNT = "give_account"
    GIVE_CODE = "give_code"
    GIVE_RIGHTS = "give_rights"
    GIVE_TITLE = "give_title"
    INSTALL_CALENDAR = "install_calendar"
    INVOICE_ONE = "invoice_one"
    LIST_AGENCIES = "list_agencies"
    LIST_CATEGORIES = "list_categories"
    LIST_DEPOTS = "list_depots"
    LIST_DUE = "list_due"
    LIST_ENTRIES = "list_entries"
    LIST_FEES = "list_fees"
    LIST_FOLDERS = "list_folders"
    LIST_INVOICES = "list_invoices"
    LIST_OPERATIONS = "list_operations"
    LIST_PAIRS = "list_pairs"
    LIST_PARTIES = "list_parties"
    LIST_PAYMENTS = "list_payments"
    LIST_PRICES = "list_prices"
    LIST_PRODUCTS = "list_products"
    LIST_QUOTES = "list_quotes"
    LIST_SALES = "list_sales"
    LIST_TERMS = "list_terms"
    LIST_YEARS = "list_years"
    OTHER_DAY = "other_day"
    OVERRIDE_CREDIT = "override_credit"
    ROUTE_DIRECT = "route_direct"
    ROUTE_INDIRECT = "route_indirect"
    SEARCH_SETTINGS = "search_settings"
    SET_CEILING = "set_ceiling"
    SET_DEPOT = "set_depot"
    SET_DOSSIER = "set_dossier"
    SET_ESTABLISHMENT = "set_establishment"
    SET_FOLDER = "set_folder"
    SHOW_CHART = "show_chart"
    SHOW_SALES_ORDER = "show_sales_order"
    SHOW_SETTINGS = "show_settings"
    SHOW_STOCK = "show_stock"
    SHOW_TRANSIT = "show_transit"
    TAKE_PROPOSAL = "take_proposal"
    TERM_SETTINGS = "term_settings"


class Problem(Exception):
    """Nothing was changed, and why: `template` is an English sentence with `{named}` values.

    The sentence says what happened and what did not. What to do about it is `next`, which whoever shows the sentence
    puts into words; sentences without a code say it themselves. Only literal templates are raised, because the
    catalogues are made from them. Of a text among the values the sentence has `MOST_QUOTED` characters.

    :ivar code: what kind of problem it is, for programs; None for those that have no code yet.
    :ivar next: what may be done about it, the likeliest first; the values say with what.
    """

    def __init__(
        self, template: str, code: ProblemCode | None = None, acts: tuple[Act, ...] = (), /, **values: Any
    ) -> None:
        self.template = template
        self.code = code
        self.next = acts
        self.values = {name: cut(value) if type(value) is str else value for name, value in values.items()}
        super().__init__(template.format(**self.values))


class FileProblems(Exception):
    """A file has faults, all of them at once; nothing of it was taken.

    :ivar faults: in the order of the rows.
    """

    def __init__(self, file: str, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{file}: {fault}" for fault in faults))
        self.file = file
        self.faults = faults


class Fault(Problem):
    """One fault of a file, with its place; never raised alone.

    :ivar row: the line of the file, 1 for the first; None when the fault is of the whole file.
    :ivar column: the column's title, or the element of a document.
    :ivar part: the table that has the fault, in a file of several.
    """

    def __init__(
        self, row: int | None, column: str | None, template: str, /, *, part: str | None = None, **values: Any
    ) -> None:
        super().__init__(template, **values)
        self.row = row
        self.column = None if column is None else cut(column)
        self.part = None if part is None else cut(part)

    def __str__(self) -> str:
        """`products.csv, row 3, quantity: …`, as far as the place is known."""
        parts = (self.part or "", f"row {self.row}" if self.row else "", self.column or "")
        place = ", ".join(part for part in parts if part)
        return f"{place}: {self.args[0]}" if place else str(self.args[0])

    def plain(self) -> PlainFault:
        """The fault as data, from which `of` makes it again."""
        values = {name: _plain(value) for name, value in self.values.items()}
        return PlainFault(self.row, self.column, self.template, self.part, values)

    @classmethod
    def of(cls, plain: PlainFault) -> Self:
        """The fault that became this."""
        values = {name: _restored(value) for name, value in plain.values.items()}
        return cls(plain.row, plain.column, plain.template, part=plain.part, **values)


PlainValue = int | str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlainFault:
    """A fault or a remark as data, which JSON can carry.

    :ivar values: numbers and texts; a `Word` and an exception with what they are before their text.
    """

    row: int | None
    column: str | None
    template: str
    part: str | None = None
    values: Mapping[str, PlainValue] = field(default_factory=dict)


_WORD, _ERROR = "word", "error"
_MOST_DIGITS = 2**53


def _plain(value: Any) -> PlainValue:
    if isinstance(value, Word | Exception):
        return _WORD if isinstance(value, Word) else _ERROR, str(value)
    return value if isinstance(value, int) and abs(value) < _MOST_DIGITS else str(value)


def _restored(value: PlainValue) -> Any:
    if isinstance(value, int | str):
        return value
    kind, text = value
    return Word(text) if kind == _WORD else RuntimeError(text)


class Remark(Fault):
    """What a reader of files did that its sender must know: where it read, what it took for granted; no fault.

    Its place is said as a fault's is.
    """
