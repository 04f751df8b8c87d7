"""Templates in both languages. Nothing is loaded at import; a missing value is an error, and all is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from intergestan_operations.language.language import LANGUAGES
from intergestan_operations.language.wording import catalogue
from intergestan_runtime.visible_text import in_one_line

FOLDER: Final = Path(__file__).parent / "templates"


class Renderer:
    """Makes pages, and single blocks of them for a request that replaces a part of a page."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._environments = {language: _environment(language, urls) for language in LANGUAGES}

    def page(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """A whole page."""
        return self._environments[language].get_template(template).render(values)

    def block(self, language: str, template: str, name: str, values: Mapping[str, Any]) -> str | None:
        """One block of a page; None where it has no block of this name."""
        found = self._environments[language].get_template(template)
        if name not in found.blocks:
            return None
        context = found.new_context(dict(values))
        next(iter(found.root_render_func(context)), None)  # what the page imports and sets before its blocks
        return "".join(found.blocks[name](context))


def _environment(language: str, urls: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(catalogue(language), newstyle=False)  # type: ignore[attr-defined]
    environment.globals["fixed"] = urls
    return environment


def _seen(value: Any) -> Any:
    """What somebody wrote, with a mark for each character that cannot be seen or turns the others round."""
    return in_one_line(value) if type(value) is str else value
