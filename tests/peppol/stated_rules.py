"""The rules that people wrote, by id: what sums must come to, which values fit each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from lxml import etree

from tests.peppol.finding import CAC, CBC, Finding, Severity, content, found, name_of, place_of
from tests.peppol.model_rules import codes

_Broken = Callable[[etree._Element], Iterable[etree._Element]]

ORDERS = ("T01", "T114")
ANSWERS = ("T76", "T116")
SLACK = Decimal("0.02")
"""By how much an amount may differ from what follows from its parts."""


@dataclass(frozen=True)
class Rule:
    """A rule of some transactions, or of all; `broken` gives the elements that break it."""

    id: str
    transactions: tuple[str, ...]
    severity: Severity
    says: str
    broken: _Broken

    def applies(self, transaction: str) -> bool:
        """Whether a document of this transaction must keep it."""
        return not self.transactions or transaction in self.transactions

    def name(self, transaction: str) -> str:
        """Its id with that of the transaction."""
        return f"PEPPOL-{transaction if self.transactions else 'COMMON'}-{self.id}"


RULES: list[Rule] = []


def rule(
    number: str, transactions: tuple[str, ...], says: str, severity: Severity = "fatal"
) -> Callable[[_Broken], _Broken]:
    """Puts a function into the table of rules."""

    def put(broken: _Broken) -> _Broken:
        RULES.append(Rule(number, transactions, severity, says, broken))
        return broken

    return put


def broken(transaction: str, root: etree._Element) -> Iterator[Finding]:
    """All rules by people that a document breaks."""
    for each in RULES:
        if each.applies(transaction):
            for element in each.broken(root):
                yield Finding(each.name(transaction), each.severity, place_of(element), each.says)


def _number(element: etree._Element, path: str) -> Decimal | None:
    """The number at a path, if there is one that can be read; what cannot counts as none, and the schema refuses it."""
    for each in found(element, path):
        try:
            return Decimal(content(each))
        except InvalidOperation:
            return None
    return None


def _or(value: Decimal | None, otherwise: int) -> Decimal:
    return Decimal(otherwise) if value is None else value


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _sum(root: etree._Element, path: str) -> Decimal:
    return _cents(sum((_or(_number(each, "."), 0) for each in found(root, path)), Decimal(0)))


def _allowances(root: etree._Element) -> list[etree._Element]:
    """Those of the document and of its lines, without those of prices."""
    return found(root, "cac:AllowanceCharge | cac:OrderLine/cac:LineItem/cac:AllowanceCharge")


def _negative(root: etree._Element, path: str) -> Iterator[etree._Element]:
    return (each for each in found(root, path) if _or(_number(each, "."), 0) < 0)


# All documents.


@rule("R001", (), "an element must not be empty")
def _empty(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in root.iter("*") if len(each) == 0 and not content(each))


@rule("R003", (), "a document should not say where its schema is", "warning")
def _schema_location(root: etree._Element) -> Iterator[etree._Element]:
    return iter([root] if any(etree.QName(str(each)).localname == "schemaLocation" for each in root.attrib) else [])


@rule("R030", (), "a day is written YYYY-MM-DD")
def _days(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in root.iter(*(f"{CBC}{name}" for name in _DAYS)) if not _is_day(content(each)))


_DAYS = ("IssueDate", "DueDate", "TaxPointDate", "StartDate", "EndDate", "ActualDeliveryDate")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None


def _scheme(scheme: str, says: str, number: str, fits: Callable[[str], bool]) -> None:
    """The rule for the numbers of a list of identifiers of organisations."""
    path = f"//cbc:EndpointID[@schemeID='{scheme}'] | //cac:PartyIdentification/cbc:ID[@schemeID='{scheme}']"
    path += f" | //cbc:CompanyID[@schemeID='{scheme}']"
    rule(number, (), says)(lambda root: (each for each in found(root, path) if not fits(content(each))))


def _gln(text: str) -> bool:
    digits = [int(each) for each in text] if re.fullmatch("[0-9]+", text) else []
    weighted = sum(digit * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits[:-1])))
    return bool(digits) and -weighted % 10 == digits[-1]


def _norwegian(text: str) -> bool:
    if not re.fullmatch("[0-9]{9}", text) or int(text) == 0:
        return False
    weighted = sum(int(digit) * (place % 6 + 2) for place, digit in enumerate(reversed(text[:-1])))
    return -weighted % 11 == int(text[-1])


def _belgian(text: str) -> bool:
    return re.fullmatch("[0-9]{10}", text) is not None and 97 - int(text[:8]) % 97 == int(text[8:])


def _swedish(text: str) -> bool:
    if not re.fullmatch("[0-9]{10}", text):
        return False
    doubled = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(text)]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def _australian(text: str) -> bool:
    if not re.fullmatch("[0-9]{11}", text):
        return False
    digits = [int(text[0]) - 1, *map(int, text[1:])]
    return sum(a * b for a, b in zip(digits, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19), strict=True)) % 89 == 0


_scheme("0088", "a GLN has digits, of which the last checks the others", "R040", _gln)
_scheme("0192", "a Norwegian number has nine digits, of which the last checks the others", "R041", _norwegian)
_scheme("0208", "a Belgian number has ten digits, of which the last two check the others", "R043", _belgian)
_scheme("0007", "a Swedish number has ten digits, of which the last checks the others", "R049", _swedish)
_scheme("0151", "an Australian number has eleven digits that check each other", "R050", _australian)


# Which process and which transaction.

_PROFILE = "urn:fdc:peppol.eu:poacc:bis:{}:3"
_TRANSACTION = "urn:fdc:peppol.eu:poacc:trns:{}:3"


def _profile(transaction: str, *names: str) -> None:
    allowed = {_PROFILE.format(each) for each in names}
    says = f"the profile is {' or '.join(names)}, version 3"
    rule("R031", (transaction,), says)(
        lambda root: (each for each in found(root, "cbc:ProfileID") if content(each) not in allowed)
    )


def _customization(transaction: str, number: str, name: str) -> None:
    start = _TRANSACTION.format(name)
    rule(number, (transaction,), f"the specification begins with {start}")(
        lambda root: (each for each in found(root, "cbc:CustomizationID") if not content(each).startswith(start))
    )


_profile("T01", "order_only", "ordering", "advanced_ordering")
_profile("T114", "advanced_ordering")
_profile("T115", "advanced_ordering")
_customization("T01", "R034", "order")
_customization("T114", "R034", "order_change")
_customization("T115", "R034", "order_cancellation")
_customization("T76", "R006", "order_response")
_customization("T116", "R006", "order_response_advanced")


# Orders and changes: lines.


@rule("R001", ORDERS, "the id of a line stands once in the document")
def _line_ids(root: etree._Element) -> Iterator[etree._Element]:
    lines = found(root, "cac:OrderLine/cac:LineItem")
    often = Counter(content(each) for line in lines for each in found(line, "cbc:ID"))
    return (line for line in lines if any(often[content(each)] > 1 for each in found(line, "cbc:ID")))


@rule("R004", ORDERS, "a quantity is not negative")
def _quantities(root: etree._Element) -> Iterator[etree._Element]:
    lines = found(root, "cac:OrderLine/cac:LineItem")
    return (each for each in lines if _or(_number(each, "cbc:Quantity"), -1) < 0)


@rule("R005", ORDERS, "a price is not negative")
def _prices(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in found(root, "//cac:Price") if _or(_number(each, "cbc:PriceAmount"), -1) < 0)


@rule("R013", ORDERS, "a line should have a quantity", "warning")
def _with_quantity(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in found(root, "cac:OrderLine/cac:LineItem") if not found(each, "cbc:Quantity"))


@rule("R024", ORDERS, "the amount of a line is quantity × price ÷ base quantity, with its charges and allowances")
def _line_amounts(root: etree._Element) -> Iterator[etree._Element]:
    for line in found(root, "cac:OrderLine/cac:LineItem"):
        base = _or(_number(line, "cac:Price/cbc:BaseQuantity"), 1) or Decimal(1)
        bare = _or(_number(line, "cbc:Quantity"), 1) * _or(_number(line, "cac:Price/cbc:PriceAmount"), 0) / base
        of_kind = "cac:AllowanceCharge[normalize-space(cbc:ChargeIndicator) = '{}']/cbc:Amount"
        wanted = bare + _sum(line, of_kind.format("true")) - _sum(line, of_kind.format("false"))
        if abs(_or(_number(line, "cbc:LineExtensionAmount"), 0) - wanted) > SLACK:
            yield line


@rule("R025", ORDERS, "a base quantity is above zero")
def _base_quantities(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in found(root, "//cac:Price/cbc:BaseQuantity") if _or(_number(each, "."), 0) <= 0)


@rule("R019", ORDERS, "a price is its gross price less the allowance")
def _gross_prices(root: etree._Element) -> Iterator[etree._Element]:
    for each in found(root, "//cac:Price/cac:AllowanceCharge"):
        gross = _number(each, "cbc:BaseAmount")
        if gross is not None and _number(each, "../cbc:PriceAmount") != gross - _or(_number(each, "cbc:Amount"), 0):
            yield each


@rule("R027", ORDERS, "a gross price is not negative")
def _gross_above(root: etree._Element) -> Iterator[etree._Element]:
    return _negative(root, "//cac:Price/cac:AllowanceCharge/cbc:BaseAmount")


@rule("R033", ORDERS, "an allowance of a price is not negative")
def _price_allowances(root: etree._Element) -> Iterator[etree._Element]:
    return _negative(root, "//cac:Price/cac:AllowanceCharge/cbc:Amount")


# Orders and changes: allowances, charges, taxes.


@rule("R020", ORDERS, "a percentage has the amount that it is taken of")
def _percentage_alone(root: etree._Element) -> Iterator[etree._Element]:
    path = "//cac:AllowanceCharge[cbc:MultiplierFactorNumeric and not(cbc:BaseAmount)]"
    return iter(found(root, path))


@rule("R021", ORDERS, "an amount that a percentage is taken of has its percentage")
def _base_alone(root: etree._Element) -> Iterator[etree._Element]:
    bases = (each for each in _allowances(root) if found(each, "cbc:BaseAmount"))
    return (each for each in bases if not found(each, "cbc:MultiplierFactorNumeric"))


@rule("R022", ORDERS, "an allowance or a charge by percentage is that much")
def _percentages(root: etree._Element) -> Iterator[etree._Element]:
    for each in _allowances(root):
        percent, base = _number(each, "cbc:MultiplierFactorNumeric"), _number(each, "cbc:BaseAmount")
        if percent is None or base is None:
            continue
        if abs(_or(_number(each, "cbc:Amount"), 0) - base * percent / 100) > SLACK:
            yield each


@rule("R023", ORDERS, "an allowance or a charge says why, in words or by a code")
def _reasons(root: etree._Element) -> Iterator[etree._Element]:
    why = "cbc:AllowanceChargeReason | cbc:AllowanceChargeReasonCode"
    return (each for each in _allowances(root) if not found(each, why))


@rule("R032", ORDERS, "an allowance or a charge is not negative")
def _allowance_amounts(root: etree._Element) -> Iterator[etree._Element]:
    return (each for each in _allowances(root) if _or(_number(each, "cbc:Amount"), -1) < 0)


def _reason_codes(number: str, charge: str, code_list: str) -> None:
    path = f"//cac:AllowanceCharge[normalize-space(cbc:ChargeIndicator) = '{charge}']/cbc:AllowanceChargeReasonCode"
    rule(number, ORDERS, f"the code of a reason is one of {code_list}")(
        lambda root: (each for each in found(root, path) if content(each) not in codes(code_list))
    )


_reason_codes("CL001", "false", "UNCL5189")
_reason_codes("CL002", "true", "UNCL7161")
_CATEGORIES = "//cac:TaxCategory | //cac:ClassifiedTaxCategory"


@rule("R029", ORDERS, "a category of tax has its rate, unless it is O")
def _rates(root: etree._Element) -> Iterator[etree._Element]:
    without = (each for each in found(root, _CATEGORIES) if not found(each, "cbc:Percent"))
    return (each for each in without if [content(code) for code in found(each, "cbc:ID")] != ["O"])


@rule("R030", ORDERS, "category S has a rate above zero")
def _standard_rates(root: etree._Element) -> Iterator[etree._Element]:
    standard = (each for each in found(root, _CATEGORIES) if "S" in [content(code) for code in found(each, "cbc:ID")])
    return (each for each in standard if _or(_number(each, "cbc:Percent"), 0) <= 0)


@rule("R026", ORDERS, "a VAT number begins with its country")
def _vat_numbers(root: etree._Element) -> Iterator[etree._Element]:
    countries = codes("ISO3166") | {"EL"}
    schemes = found(root, "//cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT']")
    return (each for each in schemes if not {content(x)[:2] for x in found(each, "cbc:CompanyID")} <= countries)


# Orders and changes: the document.


@rule("R002", ORDERS, "an order should say how long it is valid", "warning")
def _valid_until(root: etree._Element) -> Iterator[etree._Element]:
    return iter([] if found(root, "cac:ValidityPeriod/cbc:EndDate") else [root])


_AMOUNTS = ("Amount", "TaxAmount", "LineExtensionAmount", "PriceAmount", "BaseAmount")


def _amounts(root: etree._Element) -> list[etree._Element]:
    return [*root.iter(*(f"{CBC}{each}" for each in _AMOUNTS)), *found(root, "cac:AnticipatedMonetaryTotal/cbc:*")]


@rule("R003", ORDERS, "all amounts are in the currency of the document")
def _one_currency(root: etree._Element) -> Iterator[etree._Element]:
    own = [content(each) for each in found(root, "cbc:DocumentCurrencyCode")]
    return (each for each in _amounts(root) if each.get("currencyID") not in {None, *own})


@rule("R028", ORDERS, "an amount has at most two decimals, unless it is a price")
def _decimals(root: etree._Element) -> Iterator[etree._Element]:
    for each in _amounts(root):
        in_price = any(name_of(above) == "Price" for above in each.iterancestors())
        if not in_price and len(content(each).partition(".")[2]) > 2:
            yield each


@rule("R014", ORDERS, "an originator has a name or a number")
def _originators(root: etree._Element) -> Iterator[etree._Element]:
    who = "cac:Party/cac:PartyName/cbc:Name | cac:Party/cac:PartyIdentification/cbc:ID"
    return (each for each in found(root, "//cac:OriginatorCustomerParty") if not found(each, who))


@dataclass(frozen=True)
class _Totals:
    """The sums that an order states, and those that follow from its parts."""

    lines: Decimal
    exclusive: Decimal
    inclusive: Decimal | None
    allowances: Decimal
    charges: Decimal
    prepaid: Decimal
    rounding: Decimal
    payable: Decimal
    tax: Decimal | None

    @property
    def expected_exclusive(self) -> Decimal:
        """What remains of the lines' sum."""
        return self.lines - self.allowances + self.charges


def _totals(root: etree._Element) -> tuple[etree._Element, _Totals] | None:
    for total in found(root, "cac:AnticipatedMonetaryTotal"):
        lines = _or(_number(total, "cbc:LineExtensionAmount"), 0)
        allowances = _or(_number(total, "cbc:AllowanceTotalAmount"), 0)
        charges = _or(_number(total, "cbc:ChargeTotalAmount"), 0)
        exclusive = _number(total, "cbc:TaxExclusiveAmount")
        return total, _Totals(
            lines=lines,
            exclusive=lines - allowances + charges if exclusive is None else exclusive,
            inclusive=_number(total, "cbc:TaxInclusiveAmount"),
            allowances=allowances,
            charges=charges,
            prepaid=_or(_number(total, "cbc:PrepaidAmount"), 0),
            rounding=_or(_number(total, "cbc:PayableRoundingAmount"), 0),
            payable=_or(_number(total, "cbc:PayableAmount"), 0),
            tax=_number(root, "cac:TaxTotal/cbc:TaxAmount"),
        )
    return None


def _total_rule(
    number: str,
    says: str,
    holds: Callable[[etree._Element, _Totals], bool],
    transactions: tuple[str, ...] = ORDERS,
    severity: Severity = "fatal",
) -> None:
    def wrong(root: etree._Element) -> list[etree._Element]:
        stated = _totals(root)
        return [stated[0]] if stated and not holds(root, stated[1]) else []

    rule(number, transactions, says, severity)(wrong)


_LINES = "cac:OrderLine/cac:LineItem/cbc:LineExtensionAmount"
_OF_DOCUMENT = "cac:AllowanceCharge[normalize-space(cbc:ChargeIndicator) = '{}']/cbc:Amount"
_SUM = "LineExtensionAmount is the sum of the lines' amounts"

_total_rule("R006", "the amount to pay is not negative", lambda _, it: it.payable >= 0)
_total_rule("R007", "the sum of the lines is not negative", lambda _, it: it.lines >= 0)
_total_rule("R008", _SUM, lambda root, it: it.lines == _sum(root, _LINES), ("T01",))
_total_rule("R008", _SUM, lambda root, it: it.lines == _sum(root, _LINES), ("T114",), "warning")  # since 2025.11
_total_rule(
    "R009",
    "AllowanceTotalAmount is the sum of the document's allowances",
    lambda root, it: it.allowances == _sum(root, _OF_DOCUMENT.format("false")),
)
_total_rule(
    "R010",
    "ChargeTotalAmount is the sum of the document's charges",
    lambda root, it: it.charges == _sum(root, _OF_DOCUMENT.format("true")),
)
_total_rule(
    "R011",
    "TaxExclusiveAmount is the lines' sum less allowances, with charges",
    lambda _, it: it.exclusive == it.expected_exclusive,
)
_total_rule(
    "R016",
    "PayableAmount is TaxInclusiveAmount less what is prepaid, with the rounding",
    lambda _, it: not it.inclusive or it.payable == it.inclusive - it.prepaid + it.rounding,
)
_total_rule(
    "R017",
    "TaxInclusiveAmount is TaxExclusiveAmount and the tax",
    lambda _, it: not it.inclusive or it.tax is None or it.inclusive == it.exclusive + it.tax,
)


# Answers.


def _named(number: str, party: str) -> None:
    who = "cac:PartyLegalEntity/cbc:RegistrationName | cac:PartyIdentification/cbc:ID"
    rule(number, ANSWERS, "each party has its registered name or a number")(
        lambda root: (each for each in found(root, f"cac:{party}/cac:Party") if not found(each, who))
    )


_named("R001", "BuyerCustomerParty")
_named("R002", "SellerSupplierParty")


@rule("R003", ANSWERS, "the id of a line stands once in the document (what it refers to may stand often)")
def _answer_lines(root: etree._Element) -> Iterable[etree._Element]:
    return _line_ids(root)


@rule("R004", ANSWERS, "a period does not end before it begins")
def _promises(root: etree._Element) -> Iterator[etree._Element]:
    for each in root.iter(f"{CAC}PromisedDeliveryPeriod"):
        start, end = ([content(x) for x in found(each, path)] for path in ("cbc:StartDate", "cbc:EndDate"))
        if start and end and end < start:
            yield each


@rule("R005", ANSWERS, "prices are in the currency of the document")
def _answer_prices(root: etree._Element) -> Iterator[etree._Element]:
    own = [content(each) for each in found(root, "cbc:DocumentCurrencyCode")]
    return (each for each in root.iter(f"{CBC}PriceAmount") if [each.get("currencyID")] != own)


def _answer_code(number: str, code: str, says: str, fits: Callable[[int], bool]) -> None:
    def wrong(root: etree._Element) -> list[etree._Element]:
        codes_here = [each for each in found(root, "cbc:OrderResponseCode") if content(each) == code]
        return [] if fits(len(found(root, "cac:OrderLine"))) else codes_here

    rule(number, ANSWERS, says)(wrong)


_answer_code("R007", "CA", "an answer CA has lines", lambda lines: lines > 0)
_answer_code("R008", "AP", "an answer AP has no lines", lambda lines: lines == 0)
_answer_code("R009", "RE", "an answer RE has no lines", lambda lines: lines == 0)
_answer_code("R010", "AB", "an answer AB has no lines", lambda lines: lines == 0)
