"""A country as people type it."""

from __future__ import annotations

import typer

from intergestan_operations.language.language import _


def country_of(text: str | None) -> str | None:
    """Its ISO code; None where none was typed."""
    from intergestan_erp.inputs.countries import country_code

    if text is None:
        return None
    code = country_code(text)
    if code is None:
        raise typer.BadParameter(
            _("«{text}» is no country: write its ISO code, like FR, or its name in French or English.").format(
                text=text
            )
        )
    return code
