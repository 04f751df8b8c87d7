"""The rules that follow from a data model: what must be there, what may be, and which codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lxml import etree

from tests.peppol.finding import Finding, children, content, name_of, place_of

_HERE = Path(__file__).parent
_LINE = re.compile(r"( *)(\w+)([?*+]?)(.*)")
_VALUE = re.compile(r" (in|is) (\S+)")


@dataclass
class Value:
    """What a value may be: a code of one of these lists, or exactly this."""

    lists: list[str]
    fixed: str | None

    def rule(self) -> str | None:
        """What is asked for, in words."""
        if self.fixed is not None:
            return f"must be {self.fixed}"
        return f"must be a code of {' or '.join(self.lists)}" if self.lists else None

    def fits(self, value: str) -> bool:
        """Whether a value is one of these."""
        if self.fixed is not None:
            return value == self.fixed
        return not self.lists or any(value in codes(each) for each in self.lists)


@dataclass
class Attribute:
    """An attribute of an element."""

    name: str
    needed: bool
    value: Value


@dataclass
class Element:
    """An element of the outline; `number` is its place in it, where attributes count too."""

    name: str
    number: int
    least: int
    many: bool
    value: Value
    attributes: list[Attribute]
    inner: list[Element] = field(default_factory=list)


@cache
def codes(name: str) -> frozenset[str]:
    """A code list."""
    return frozenset((_HERE / "codes" / f"{name}.txt").read_text().split())


@cache
def model(transaction: str) -> Element:
    """The data model of a transaction, such as T01."""
    number = 0
    above: list[Element] = []
    for line in (_HERE / "models" / f"{transaction}.txt").read_text().splitlines():
        parts = line.split(" | ")
        match = _LINE.fullmatch(parts[0])
        assert match, line
        indent, name, count, rest = match.groups()
        attributes = [_attribute(each) for each in parts[1:]]
        number += 1
        element = Element(name, number, 0 if count in {"?", "*"} else 1, count in {"*", "+"}, _value(rest), attributes)
        number += len(attributes)
        del above[len(indent) // 2 :]
        if above:
            above[-1].inner.append(element)
        above.append(element)
    return above[0]


def _value(text: str) -> Value:
    stated = _VALUE.findall(text)
    return Value(
        [what for how, what in stated if how == "in"], next((what for how, what in stated if how == "is"), None)
    )


def _attribute(text: str) -> Attribute:
    name, _, rest = text.removeprefix("@").partition(" ")
    return Attribute(name.removesuffix("?"), not name.endswith("?"), _value(f" {rest}"))


def broken(transaction: str, root: etree._Element) -> Iterator[Finding]:
    """All rules of the model that a document breaks."""
    yield from _broken(transaction, model(transaction), root, is_root=True)


def _broken(transaction: str, known: Element, element: etree._Element, *, is_root: bool = False) -> Iterator[Finding]:
    there: dict[str, list[etree._Element]] = {}
    for child in children(element):
        there.setdefault(name_of(child), []).append(child)
    for check, (at, says) in _checks(known, element, there, is_root=is_root):
        yield Finding(f"PEPPOL-{transaction}-B{known.number:03}{check:02}", "fatal", place_of(at), says)
    for each in known.inner:
        twice = there.get(each.name, [])[1:]
        if twice and not each.many:
            says = f"{each.name} stands more than once"
            yield Finding(f"MODEL-{transaction}-{each.number:03}", "warning", place_of(twice[0]), says)
        for child in there.get(each.name, ()):
            yield from _broken(transaction, each, child)


def _checks(
    known: Element, element: etree._Element, there: dict[str, list[etree._Element]], *, is_root: bool
) -> Iterator[tuple[int, tuple[etree._Element, str]]]:
    """What of an element is wrong, with the number of the check, in the order in which Peppol's generator counts."""
    check = 0
    for each in known.inner:
        if each.least:
            check += 1
            if each.name not in there:
                yield check, (element, f"{each.name} is needed")
    if is_root:
        check += 1  # of a schema location, which PEPPOL-COMMON-R003 says better
    if known.inner:
        check += 1
        allowed = {each.name for each in known.inner}
        for name, found in there.items():
            if name not in allowed:
                yield check, (found[0], f"{name} does not belong here")
    if rule := known.value.rule():
        check += 1
        if not known.value.fits(content(element)):
            yield check, (element, f"{content(element)!r} {rule}")
    for attribute in known.attributes:
        stated = element.get(attribute.name)
        if attribute.needed:
            check += 1
            if stated is None:
                yield check, (element, f"@{attribute.name} is needed")
        if rule := attribute.value.rule():
            check += 1
            if stated is not None and not attribute.value.fits(stated):
                yield check, (element, f"@{attribute.name} {stated!r} {rule}")
