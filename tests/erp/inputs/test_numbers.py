"""Numbers as people write them: what they are, and what is refused with a cure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.numbers import Marks, marks_seen, read_number
from intergestan_erp.inputs.unreadable import Unreadable

IN_FILE = Marks(in_file=True)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234", "1234"),
        ("0007", "7"),
        ("+5", "5"),
        ("-5", "-5"),
        ("−5,5", "-5.5"),
        (",5", "0.5"),
        ("0,500", "0.5"),
        ("0.001", "0.001"),
        ("1234,567", "1234.567"),
        ("12,3456", "12.3456"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234\u00a0567,8", "1234567.8"),
        ("1\u202f234", "1234"),
        ("1'234.50", "1234.5"),
        ("1’234,50", "1234.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("1 234,567", "1234.567"),
        (" 12 ", "12"),
    ],
)
def test_a_number(written: str, value: str) -> None:
    assert read_number(written).value == Decimal(value)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "-",
            ",",
            "1,",
            "1.",
            "12 50",
            "1 2",
            "4, 50",
            "1'5",
            "1 234 5",
            "12 34,5",
            "1 234\u202f567",
            "1.234'567",
        ),
        *("10\n20", "4€50", "3€50", "2 pcs", "1E+03", "1e5", "(1,00)", "1,00-", "1,00−", "--5", "- 5", "+-5", "1_000"),
        *(
            "1,234,56",
            "1.234,5.6",
            "0 123",
            "01 234",
            "١٢",
            "１２",
            "½",
            "1/2",
            "0x10",
            "NaN",
            "Infinity",
            "50%",
            "4,50 €",
        ),
        *("0,0000001", "9" * 20, "1,,5", "1\u2009234", "1;5"),
    ],
)
def test_no_number(written: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_number(written)
    assert "1234,56" in refused.value.template


@pytest.mark.parametrize(
    ("written", "value", "sign"),
    [
        ("4,50 €", "4.5", "€"),
        ("€ 4,50", "4.5", "€"),
        ("€-4,50", "-4.5", "€"),
        ("4.50EUR", "4.5", "EUR"),
        ("EUR 1 234,50", "1234.5", "EUR"),
        ("1 234,50\u202f€", "1234.5", "€"),
        ("4,50", "4.5", None),
        ("4,50 pcs", "4.5", "pcs"),
    ],
)
def test_an_amount_has_its_currency_at_an_end(written: str, value: str, sign: str | None) -> None:
    read = read_number(written, Figure.AMOUNT)
    assert (read.value, read.sign) == (Decimal(value), sign)


@pytest.mark.parametrize("written", ["€ 4,50 €", "4€50", "-€4,50", "4,50 EUR HT", "€", "4,50  €", "50 %", "4,50 €/U"])
def test_no_amount(written: str) -> None:
    with pytest.raises(Unreadable):
        read_number(written, Figure.AMOUNT)


def test_a_rate_has_its_sign_at_its_end() -> None:
    assert [read_number(text, Figure.RATE).percent for text in ("20", "20%", "5,5 %", "20\u00a0%")] == [
        False,
        *[True] * 3,
    ]
    for text in ("%20", "20 %%", "20 % TVA", "2%0"):
        with pytest.raises(Unreadable):
            read_number(text, Figure.RATE)


def test_what_may_be_two_numbers_is_never_guessed() -> None:
    for text in ("1.234", "1,234", "-12,345", "999.000"):
        with pytest.raises(Unreadable, match="may be"):
            read_number(text)
        with pytest.raises(Unreadable, match="decimal mark"):
            read_number(text, marks=IN_FILE)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1.234", Mark.COMMA, "1234"),
        ("1.234", Mark.POINT, "1.234"),
        ("1,234", Mark.COMMA, "1.234"),
        ("1,234", Mark.POINT, "1234"),
        ("4,50", Mark.POINT, None),
        ("4.50", Mark.COMMA, None),
        ("1.234.567", Mark.POINT, None),
        ("12", Mark.POINT, "12"),
        ("1 234", Mark.COMMA, "1234"),
    ],
)
def test_who_hands_the_file_in_may_say(text: str, mark: Mark, value: str | None) -> None:
    said = Marks(said=mark, in_file=True)
    if value is None:
        with pytest.raises(Unreadable, match="decimal mark"):
            read_number(text, marks=said)
    else:
        assert read_number(text, marks=said).value == Decimal(value)


def test_the_other_numbers_of_a_file_decide() -> None:
    def seen(*texts: str) -> Marks:
        return Marks(seen=marks_seen((text, Figure.AMOUNT) for text in texts), in_file=True)

    assert seen("2", "4,50 €", "1,234").seen == {Mark.COMMA}
    assert read_number("1,234", marks=seen("4,50")).value == Decimal("1.234")
    assert read_number("1.234", marks=seen("4.50", "1,234.5")).value == Decimal("1.234")
    for texts in (("15,00",), ("1.234,50",), ("2.000.000",), ("4,50", "4.50"), ("2", "3 000", "1.5e3"), ()):
        with pytest.raises(Unreadable, match="may be"):
            read_number("1.000", marks=seen(*texts))
    with pytest.raises(Unreadable, match="may be"):
        read_number("1,000", marks=seen("15.00"))
