"""A sentence for a person that can still be translated: whoever shows it knows a language, this library does not."""

from __future__ import annotations

from typing import Any, Self


class Said(str):
    """An English sentence that remembers its template, with `{named}` values, and the values.

    Some of the values may be `Said` themselves. Only literal templates are used, because the catalogue under
    `libs/intergestan_operations/language/locale` is made from them.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        """The sentence in English."""
        made = super().__new__(cls, template.format(**values))
        made.template = template
        made.values = values
        return made


class Counted(Said):
    """A sentence about so many: the first template for one, the second for more; `count` is among the values."""

    __slots__ = ("more", "number")

    more: str
    number: int

    def __new__(cls, one: str, more: str, count: int, /, **values: Any) -> Self:
        """The sentence in English."""
        made = super().__new__(cls, one if count == 1 else more, count=count, **values)
        made.template, made.more, made.number = one, more, count
        return made


def marked(text: str) -> str:
    """A text, or the template of a `Said`, that is translated where it is shown; it only gets into the catalogue."""
    return text
