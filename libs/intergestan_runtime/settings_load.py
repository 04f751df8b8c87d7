"""Puts the layers of configuration together and says all that is wrong with them at once.

Rising, for each key: the defaults, /etc/intergestan/intergestan.toml, the user's, ./intergestan.toml or
`--config`, the environment (INTERGESTAN_POLLER__THREADS=8), the flags. A file with ``alone = true`` takes
the place of the files below it: what runs in a folder of its own shall not depend on the machine.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from intergestan_runtime.said import Said
from intergestan_runtime.sections import Section, Wrong, takes_json
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
    kinds = model.tables()
    merged: dict[str, Any] = {name: {} for name in kinds}
    for layer in layers:
        _merge(merged, {table: value for table, value in layer.values.items() if table in kinds})
    wrong: list[Wrong] = []
    tables = {
        name: kind.read(merged[name], (name,), wrong) for name, kind in kinds.items() if isinstance(merged[name], dict)
    }
    problems += [_problem(kinds, layers, each) for each in wrong]
    if problems:
        raise ConfigurationError(problems)
    return model(**tables)


def config_files(config: Path | None = None) -> list[Path]:
    """The files that `load` reads where they exist, rising."""
    user = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    return [Path("/etc/intergestan") / FILE_NAME, user / "intergestan" / FILE_NAME, config or Path(FILE_NAME)]


def _file_layers(config: Path | None, problems: list[Said]) -> list[_Layer]:
    if config is not None and not config.is_file():
        problems.append(Said("{file}: there is no such file. Name the configuration as it is.", file=config))
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
    values: dict[str, Any] = {}
    try:
        for table, section in model.tables().items():
            if (found := _from_environment(table, section)) is not None:
                values[table] = found
    except _NoJson as error:
        problems.append(
            Said("environment: {error}. A whole table there is JSON; set single keys instead.", error=error)
        )
        values = {}
    for name in os.environ:
        table, delimiter, _key = name.removeprefix(ENV_PREFIX).partition(ENV_DELIMITER)
        if name.startswith(ENV_PREFIX) and delimiter and table.lower() not in TABLES:
            values.setdefault(table.lower(), {})
    return _Layer(values, source=ENVIRONMENT)


class _NoJson(Exception):
    """A value of the environment should be JSON, and is not."""


def _from_environment(table: str, section: type[Section]) -> Any:
    """What the environment says of a table, as a whole or key by key; None: nothing."""
    own = f"{ENV_PREFIX}{table}".upper()
    variables = {name.upper(): value for name, value in os.environ.items() if name.upper().startswith(own)}
    values: Any = _json(own, variables[own]) if own in variables else None
    for name, value in variables.items():
        if not name.startswith(own + ENV_DELIMITER):
            continue
        if not isinstance(values, dict):
            values = {}
        *outer, key = name.removeprefix(own + ENV_DELIMITER).lower().split(ENV_DELIMITER)
        inner = values
        for each in outer:
            inner = inner.setdefault(each, {})
        inner[key] = _json(name, value) if not outer and takes_json(section, key) else value
    return values


def _json(variable: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _NoJson(f"{variable} is no JSON: {error}") from error


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


def _problem(kinds: Mapping[str, type[Section]], layers: list[_Layer], wrong: Wrong) -> Said:
    key = wrong.place
    origin = next((layer for layer in reversed(layers) if layer.has(key)), None)
    place = origin.place(key) if origin else DEFAULTS
    name = _shown(key, origin)
    if wrong.kind == "unknown":
        hint = _did_you_mean(key[-1], list(kinds[key[0]].keys))
        return Said("{place}: unknown key {name}. {hint}", place=place, name=name, hint=hint)
    if wrong.kind == "missing":
        variable = _env_name(key)
        return Said(
            "{name} is missing. Set it in {file} or as {variable}.", name=name, file=FILE_NAME, variable=variable
        )
    if not _looks_secret(wrong.value):
        name = f"{name} = {wrong.value!r}"
    return Said("{place}: {name}: {what}.", place=place, name=name, what=wrong.what)


def _shown(key: Key, origin: _Layer | None) -> str:
    return _env_name(key) if origin is not None and origin.source is ENVIRONMENT else ".".join(key)


def _env_name(key: Key) -> str:
    return ENV_PREFIX + ENV_DELIMITER.join(key).upper()


def _looks_secret(value: object) -> bool:
    return isinstance(value, str) and "://" in value


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
