"""Every text that people see on the command line, and its translations.

`python -m intergestan_operations.language.texts` brings the French catalogue up to date with the sources (new texts
come without a translation, old ones go) and compiles it. A test refuses what is left untranslated.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from intergestan_msg.typography import french
from intergestan_operations.language.language import PLACEHOLDER
from intergestan_operations.language.wording import DOMAIN, LOCALE

LIBRARIES = Path(__file__).parents[2]
SOURCES = (
    LIBRARIES.parent / "services" / "cli",
    LIBRARIES.parent / "services" / "console",
    *(LIBRARIES / f"intergestan_{name}" for name in ("runtime", "db", "erp", "exchange", "operations")),
)
"""Where texts are."""
TEMPLATES = LIBRARIES.parent / "services" / "console" / "templates"
FRENCH = LOCALE / "fr" / "LC_MESSAGES"

_ANY_TEXT = {"_", "marked", "Said", "Word", "translated"}
_SENTENCES = {
    *("Problem", "NotMigrated", "LaterRelease", "WeakDurability", "Fault", "fault", "Group"),
    *("Remark", "remark", "Unreadable", "ReaderDied", "_known", "_remark", "_fault"),
}
_TYPER = {
    "Missing command.",
    "Install completion for the current shell.",
    "Show completion for the current shell, to copy it or customize the installation.",
}
"""What Typer itself asks gettext for."""


Text = str | tuple[str, str]
"""A message id; of a text that counts something: that for one, and that for more. One that means something else in
another place has that place before it, and `IN`, as compiled catalogues have it."""
IN = "\x04"


METHODS = [("**.py", "intergestan_operations.language.texts:extract_python")]
"""How Babel reads which files; templates of pages are a line more."""


def collect() -> set[Text]:
    """All message ids in the sources."""
    found = (message for folder in SOURCES for _file, _line, message, *_rest in extract_from_dir(folder, METHODS))
    ours = {text if isinstance(text, str) else (text[0], text[1]) for text in found} | _TYPER
    return ours | {text for file in sorted(TEMPLATES.rglob("*.html")) for text in _of_template(file)}


def _of_template(file: Path) -> Iterator[Text]:
    """The texts of a page; imported here alone, because a site that shows no pages has no Jinja."""
    from jinja2 import Environment

    environment = Environment(extensions=["jinja2.ext.i18n"])  # noqa: S701 - nothing is rendered
    for _line, function, message in environment.extract_translations(file.read_text(encoding="utf-8")):  # type: ignore[attr-defined]
        if isinstance(message, str):
            yield message
        elif function == "pgettext":
            yield IN.join(message)
        elif message is not None:
            yield str(message[0]), str(message[1])


def extract_python(
    file: IO[bytes], *_how: object, **_options: object
) -> Iterator[tuple[int, str | None, Text, list[str]]]:
    """The texts of a module, as Babel's extractor asks for them: those of calls, and the help of commands."""
    for text in _texts(ast.parse(file.read())):
        yield 1, "ngettext" if isinstance(text, tuple) else None, text, []


def read() -> Catalog:
    """The French catalogue as it is."""
    with (FRENCH / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale="fr", domain=DOMAIN)


def updated(old: Catalog, ids: set[Text]) -> Catalog:
    """The catalogue with exactly these ids, sorted, and the translations that were there, with French spaces."""
    new = Catalog(locale="fr", domain=DOMAIN, project="intergestan", fuzzy=False, creation_date=old.creation_date)
    for text in sorted(ids, key=lambda text: (text,) if isinstance(text, str) else text):
        context, bare = _apart(text)
        known = old.get(bare, context)
        is_other = known is None or known.pluralizable != isinstance(text, tuple)
        new.add(bare, "" if is_other else _printed(known.string), context=context)  # type: ignore[union-attr]
    return new


def _apart(text: Text) -> tuple[str | None, Text]:
    """The place in which a text means something else, and the text."""
    if isinstance(text, str) and IN in text:
        context, _, bare = text.partition(IN)
        return context, bare
    return None, text


def key_of(message: Message) -> Text:
    """The text of a message, with its place."""
    if isinstance(message.id, str):
        return message.id if message.context is None else f"{message.context}{IN}{message.id}"
    return message.id[0], message.id[1]


def _printed(translation: Any) -> Any:
    """With French spaces; the one of a plural has several."""
    return french(translation) if isinstance(translation, str) else tuple(map(french, translation))


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as the running program reads it."""
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def main() -> int:
    """Bring the files up to date; 1 when texts are left without a translation."""
    catalogue = updated(read(), collect())
    with (FRENCH / f"{DOMAIN}.po").open("wb") as file:
        write_po(file, catalogue, width=110, omit_header=False)
    (FRENCH / f"{DOMAIN}.mo").write_bytes(compiled(catalogue))
    missing = [str(message.id) for message in catalogue if message.id and not is_translated(message)]
    for text in missing:
        print(f"no translation: {text!r}")
    return int(bool(missing))


def is_translated(message: Message) -> bool:
    """Whether it has all its French texts: of one that counts, both."""
    return all(message.string or [""])


def _texts(tree: ast.Module) -> Iterator[Text]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.FunctionDef) and _is_command(node):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef) and any(_name(base) == "Problem" for base in node.bases):
            yield from (text for call in ast.walk(node) if isinstance(call, ast.Call) for text in _of_super(call))


def _of_call(node: ast.Call) -> Iterator[Text]:
    name = _name(node.func)
    if name in {"ngettext", "counted", "Counted"}:
        texts = [str(argument.value) for argument in node.args[:2] if isinstance(argument, ast.Constant)]
        if len(texts) == 2:  # else the texts come from elsewhere, where they are marked
            yield texts[0], texts[1]
    if name in _ANY_TEXT | _SENTENCES:
        yield from _first_sentence(node, single_words=name in _ANY_TEXT)
    if name in {"Option", "Argument"}:
        for keyword in node.keywords:
            if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                yield str(keyword.value.value)
            if keyword.arg == "metavar" and isinstance(keyword.value, ast.Constant):
                yield from PLACEHOLDER.findall(str(keyword.value.value))


def _of_super(call: ast.Call) -> Iterator[str]:
    if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
        yield from _first_sentence(call, single_words=False)


def _first_sentence(node: ast.Call, *, single_words: bool) -> Iterator[str]:
    """The first literal argument that is a text for people: a column's or an event's name has no spaces."""
    for argument in node.args:
        text = argument.value if isinstance(argument, ast.Constant) else None
        if isinstance(text, str) and (single_words or " " in text):
            yield text
            return


def _is_command(node: ast.FunctionDef) -> bool:
    """Whether a function's docstring is a command's help: it takes Typer's context and returns nothing."""
    takes_context = bool(node.args.args) and node.args.args[0].arg == "context"
    return takes_context and isinstance(node.returns, ast.Constant) and node.returns.value is None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


if __name__ == "__main__":
    sys.exit(main())
