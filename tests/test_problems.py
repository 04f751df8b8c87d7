"""Every problem has a code that stays, and a sentence of its own: programs go by the one, people by the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.problem import Act, Fault, PlainFault, Problem, ProblemCode
from intergestan_erp.inputs.unreadable import Unreadable

ROOT = Path(__file__).parents[1]
MADE_WITH_ONE = frozenset({"Problem"})
"""Classes whose second argument is the code; all others that are problems have one of their own."""


def without_code(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a module on which a problem is made without a code, and what stands there in its place."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or name_of(node.func) not in MADE_WITH_ONE:
            continue
        code = node.args[1] if len(node.args) > 1 else None
        if not isinstance(code, ast.Attribute | ast.Name):  # of these mypy sees whether they are one
            yield node.lineno, "nothing" if code is None else ast.unparse(code)


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def sources() -> Iterator[Path]:
    for file in sorted(ROOT.glob("libs/**/*.py")) + sorted(ROOT.glob("services/**/*.py")):
        if "versions" not in file.parts:
            yield file


def test_no_problem_is_made_without_a_code() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {code}"
        for file in sources()
        for line, code in without_code(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("raise Problem('x')", True),
        ("raise Problem('x', None)", True),
        ("raise Problem('x', 'no_line')", True),
        ("raise problem.Problem('x', number=1)", True),
        ("raise Problem('x', ProblemCode.NO_LINE)", False),
        ("raise Problem('x', problem.ProblemCode.NO_LINE, number=1)", False),
        ("raise Problem('x', other.code, other.next)", False),
        ("FileProblems('x', [])", False),
    ],
)
def test_what_is_seen(source: str, *, is_seen: bool) -> None:
    assert bool(list(without_code(source))) is is_seen


def test_every_code_is_used_and_is_its_own_name() -> None:
    """A code that nobody gives would be a promise to programs that is never kept."""
    texts = "\n".join(file.read_text(encoding="utf-8") for file in sources() if file.name != "problem.py")
    texts += (ROOT / "libs/intergestan_db/problem.py").read_text(encoding="utf-8").partition("class Problem(")[2]
    assert [code for code in ProblemCode if f"ProblemCode.{code.name}" not in texts] == []
    assert [code for code in (*ProblemCode, *Act) if code.value != code.name.lower()] == []


def test_what_cannot_be_read_and_faults_of_files_have_one_too() -> None:
    assert Unreadable("x").code is ProblemCode.UNREADABLE
    assert Fault(None, None, "x").code is ProblemCode.FAULTY
    own = Fault(3, "code", "x {n}", problem=ProblemCode.CODE_TAKEN, acts=(Act.CODE_SETTINGS,), n=1)
    assert Fault.of(own.plain()).code is ProblemCode.CODE_TAKEN
    assert PlainFault(None, None, "x").code is ProblemCode.FAULTY
    assert issubclass(Fault, Problem)
