"""The dashboards against Grafana's own types: `@grafana/schema`, checked by TypeScript's compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.monitoring.dashboards import FILES, named

PACKAGES = ("@grafana/schema@13.2.3", "typescript@7.0.2")
HEAD = """import type { Dashboard, Panel } from '@grafana/schema';
type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends (infer U)[] ? Json<U>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
"""


def run(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages, for the session."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.fail("node and npm are not installed. Cure: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("types")
    command = ["npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    run([*command, "--loglevel=error", *PACKAGES], folder)
    return folder


def check(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        (folder / f"{name}.ts").write_text(f"{HEAD}export default {text.rstrip()} satisfies Json<Dashboard>;\n")
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext"]
    command: list[str | Path] = [folder / "node_modules" / ".bin" / "tsc", *options, *(f"{name}.ts" for name in files)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_grafana_knows_every_key(types: Path) -> None:
    """Issue 4: wrong types and unknown keys are found before Grafana drops them without a word."""
    done = check(types, {named(file): file.read_text() for file in FILES})
    assert done.returncode == 0, done.stdout


def test_the_check_finds_mistakes(types: Path) -> None:
    text = FILES[0].read_text()
    wrong = {
        "unknown": text.replace('"editable"', '"editible"'),
        "enumeration": text.replace('"mode": "absolute"', '"mode": "absolut"'),
        "number": text.replace('"schemaVersion": 41', '"schemaVersion": "41"'),
    }
    done = check(types, wrong)
    assert done.returncode != 0
    for name in wrong:
        assert f"{name}.ts(" in done.stdout, name
