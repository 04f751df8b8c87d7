"""No sentence of a library or a service says what to type: faces word acts, the command line as commands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.problem import Act
from services.cli.app import COMMANDS
from services.cli.next_acts import ACTS

ROOT = Path(__file__).parents[1]
RUN_PROGRAMS = {
    "libs/intergestan_operations/language/language.py": "reads the option --lang",
    "libs/intergestan_operations/starting/fleet.py": "runs systemctl, docker and kubectl",
    "libs/intergestan_operations/starting/startup.py": "reads the options of a service",
    "libs/intergestan_runtime/embedded_redis.py": "runs redis-server",
    "services/console/beginning/__main__.py": "reads its own options",
    "services/poller/__main__.py": "reads the options of the poller",
}
"""Files with options that are no sentence, and why."""
VERBS = "|".join(sorted({verb for group in COMMANDS.values() for verb in group} - {"help"}))
OF_THE_COMMAND_LINE = re.compile(rf"\bintergestan (?:{VERBS})\b|(?<![\w-])--[a-z]|`(?:{VERBS})\b[^`]*`")


def texts(source: str) -> Iterator[str]:
    """The texts of a module that are no documentation."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def sources() -> Iterator[Path]:
    """All but the command line and the demo, which is typed."""
    for file in sorted(ROOT.glob("libs/**/*.py")) + sorted(ROOT.glob("services/**/*.py")):
        if not {"cli", "demo", "versions"} & {*file.parts} and str(file.relative_to(ROOT)) not in RUN_PROGRAMS:
            yield file


def test_no_library_and_no_service_says_a_command_or_a_flag() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {text}"
        for file in sources()
        for text in texts(file.read_text(encoding="utf-8"))
        if OF_THE_COMMAND_LINE.search(text)
    ]
    assert found == []


def test_no_french_text_of_a_library_does_either() -> None:
    """What the catalogue says in French of a text without a command has none."""
    from intergestan_operations.language.texts import read

    found = [
        message.string
        for message in read()
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and not OF_THE_COMMAND_LINE.search(message.id)
        and re.search(rf"\bintergestan (?:{VERBS})\b", message.string)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("There is no partner: `intergestan partner list` shows them.", True),
        ("Say the party with --party.", True),
        ("Send the same mail again (`resend`).", True),
        ("Make it with intergestan init first.", True),
        ("A mail from Intergestan waits – look at it.", False),
        ("Send it again; the holds say why.", False),
    ],
)
def test_what_is_a_command(text: str, *, is_said: bool) -> None:
    assert bool(OF_THE_COMMAND_LINE.search(text)) is is_said


def test_the_command_line_has_words_for_every_act() -> None:
    assert set(ACTS) == set(Act)
