"""Puts the layers of configuration together and says all that is wrong with them at once.

Rising, for each key: the defaults, /etc/intergestan/intergestan.toml, the user's, ./intergestan.toml or
`--config`, the environment (INTERGESTAN_POLLER__THREADS=8), the flags. A file with ``alone = true`` takes
the place of the files below it: what runs in a folder of its own shall not depend on the machine.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from intergestan_runtime.said import Said, marked
from intergestan_runtime.settings import ENV_DELIMITER, ENV_PREFIX, TABLES, Settings

FILE_NAME = "intergestan.toml"
ALONE = "alone"
ENVIRONMENT, FLAGS, DEFAULTS = Said("environment"), Said("flags"), Said("defaults")

AnySettings = TypeVar("AnySettings", bound=Settings)
Key = tuple[str, ...]


class ConfigurationError(Exception):
    """The configuration is wrong. `str()` is one line for each problem: place, key, what is wrong, cure."""

    def __init__(self, problems: list[Said]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class _Layer:
    values: dict[str, Any]
    file: Path | None = None
    text: str = ""
    source: str = ""

    def place(self, key: Key) -> str:
        if self.file is None:
            return self.source
        line = _line_of(self.text, key)
        return Said("{file}, line {line}", file=self.file, line=line) if line else str(self.file)

    def has(self, key: Key) -> bool:
        value: Any = self.values
        for part in key:
            if not isinstance(value, Mapping) or part not in value:
                return False
            value = value[part]
        return True


def load(model: type[AnySettings], flags: Mapping[str, Any], config: Path | None = None) -> AnySettings:
    """The settings of a process.

    :param flags: by dotted name, ``{"poller.threads": 8}``; None counts as not given.
    :param config: the file to read in place of ./intergestan.toml; it must exist.
    :raises ConfigurationError: with every problem there is.
    """
    problems: list[Said] = []
    layers = [*_file_layers(config, problems), _environment_layer(model, problems), _flag_layer(flags)]
    problems += [text for layer in layers for text in _unknown_tables(layer)]
    merged: dict[str, Any] = {}
    for layer in layers:
        _merge(merged, {table: value for table, value in layer.values.items() if table in model.model_fields})
    try:
        settings = model.model_validate(merged)
    except ValidationError as invalid:
        problems += [_problem(model, layers, error) for error in invalid.errors() if not _is_consequence(error)]
    if problems:
        raise ConfigurationError(problems)
    return settings


def config_files(config: Path | None = None) -> list[Path]:
    """The files that `load` reads where they exist, rising."""
    user = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    return [Path("/etc/intergestan") / FILE_NAME, user / "intergestan" / FILE_NAME, config or Path(FILE_NAME)]


def _file_layers(config: Path | None, problems: list[Said]) -> list[_Layer]:
    if config is not None and not config.is_file():
        problems.append(Said("{file}: there is no such file. Correct --config.", file=config))
    layers: list[_Layer] = []
    for file in config_files(config):
        layer = _file_layer(file, problems) if file.is_file() else None
        if layer is not None:
            alone = layer.values.pop(ALONE, False)
            layers = [layer] if alone else [*layers, layer]
    return layers


def _file_layer(file: Path, problems: list[Said]) -> _Layer | None:
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(
            Said("{file}: {error}. Correct the file; https://toml.io shows how it is written.", file=file, error=error)
        )
        return None
    return _Layer(_anchored(values, file.absolute().parent), file, text)


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths are relative to the file that names them."""
    anchored: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            anchored[key] = _anchored(value, folder)
        elif isinstance(value, str) and key.endswith(("_dir", "_file")) and not value.startswith("~"):
            anchored[key] = str(folder / value)
        else:
            anchored[key] = value
    return anchored


def _environment_layer(model: type[Settings], problems: list[Said]) -> _Layer:
    try:
        values = EnvSettingsSource(model)()
    except SettingsError as error:
        problems.append(
            Said("environment: {error}. A whole table there is JSON; set single keys instead.", error=error)
        )
        values = {}
    for name in os.environ:
        table, delimiter, _key = name.removeprefix(ENV_PREFIX).partition(ENV_DELIMITER)
        if name.startswith(ENV_PREFIX) and delimiter and table.lower() not in TABLES:
            values.setdefault(table.lower(), {})
    return _Layer(values, source=ENVIRONMENT)


def _flag_layer(flags: Mapping[str, Any]) -> _Layer:
    values: dict[str, Any] = {}
    for name, value in flags.items():
        if value is not None:
            *tables, key = name.split(".")
            inner = values
            for table in tables:
                inner = inner.setdefault(table, {})
            inner[key] = value
    return _Layer(values, source=FLAGS)


def _unknown_tables(layer: _Layer) -> Iterator[Said]:
    for table, value in layer.values.items():
        if table not in TABLES:
            place, hint = layer.place((table,)), _did_you_mean(table, TABLES)
            yield Said("{place}: unknown table [{table}]. {hint}", place=place, table=table, hint=hint)
        elif not isinstance(value, dict):
            place = layer.place((table,))
            yield Said("{place}: {table} is a table: write [{table}] and its keys below.", place=place, table=table)


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value


def _problem(model: type[Settings], layers: list[_Layer], error: Any) -> Said:
    key: Key = tuple(str(part) for part in error["loc"])
    origin = next((layer for layer in reversed(layers) if layer.has(key)), None)
    place = origin.place(key) if origin else DEFAULTS
    name = _shown(key, origin)
    if error["type"] == "extra_forbidden":
        hint = _did_you_mean(key[-1], _keys_beside(model, key))
        return Said("{place}: unknown key {name}. {hint}", place=place, name=name, hint=hint)
    if error["type"] == "missing":
        variable = _env_name(key)
        return Said(
            "{name} is missing. Set it in {file} or as {variable}.", name=name, file=FILE_NAME, variable=variable
        )
    if not _looks_secret(error["input"]):
        name = f"{name} = {error['input']!r}"
    return Said("{place}: {name}: {what}.", place=place, name=name, what=_what(error))


_NUMBER, _TEXT = marked("it has to be a number"), marked("it has to be a text")
_WHOLE = marked("it has to be a whole number")
_YES_OR_NO = marked("it has to be true or false")
_FORM = marked("it does not have the form that docs/settings.md asks for")
_WHAT: Mapping[str, str] = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "string_type": _TEXT,
    "path_type": _TEXT,
    "string_pattern_mismatch": _FORM,
    "string_too_long": marked("it has to have {max_length} characters or less"),
    "greater_than": marked("it has to be more than {gt:g}"),
    "greater_than_equal": marked("it has to be {ge} or more"),
    "less_than": marked("it has to be less than {lt:g}"),
    "less_than_equal": marked("it has to be {le} or less"),
    "literal_error": marked("it has to be one of {expected}"),
}
"""What is said of pydantic's kinds of errors, with the values that it gives them."""


def _what(error: Any) -> str:
    """What is wrong with a value: in the words of who found it, or of the table."""
    values = error.get("ctx", {})
    if error["type"] == "value_error":
        return values["error"].args[0]  # type: ignore[no-any-return]
    if error["type"] == "literal_error":
        values = {"expected": values["expected"].replace(" or ", ", ")}
    ours = _WHAT.get(error["type"])
    return Said(ours, **values) if ours else str(error["msg"])


def _is_consequence(error: Any) -> bool:
    """A default that could not be worked out because another key is wrong."""
    return bool(error["type"] == "default_factory_not_called")


def _shown(key: Key, origin: _Layer | None) -> str:
    return _env_name(key) if origin is not None and origin.source is ENVIRONMENT else ".".join(key)


def _env_name(key: Key) -> str:
    return ENV_PREFIX + ENV_DELIMITER.join(key).upper()


def _looks_secret(value: object) -> bool:
    return isinstance(value, str) and "://" in value


def _keys_beside(model: type[BaseModel], key: Key) -> list[str]:
    for part in key[:-1]:
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return list(model.model_fields)


def _did_you_mean(word: str, known: tuple[str, ...] | list[str]) -> Said:
    close = get_close_matches(word, known, n=1)
    if close:
        return Said("Did you mean {close}?", close=close[0])
    return Said("Remove it; known are {known}.", known=", ".join(known))


_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"\s*([\w.\"'-]+)\s*=")


def _line_of(text: str, key: Key) -> int | None:
    """The line where a key or its table is written; the TOML parser does not say."""
    table: Key = ()
    found = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            here = table
        elif assignment := _ASSIGNMENT.match(line):
            here = table + _parts(assignment[1])
        else:
            continue
        if here == key:
            return number
        if here == key[: len(here)]:
            found = number
    return found


def _parts(dotted: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
