"""The run judges the product, so it shares no code with it: nothing here imports ours, not even by way of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.walls import LIBRARIES, imports

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PRODUCT = frozenset({*LIBRARIES, "services"})


def test_no_file_of_the_run_imports_the_product() -> None:
    """Tests of the run may start processes by `tests.warm`; what runs and judges may not."""
    files = [file for file in HERE.glob("*.py") if not file.name.startswith("test_")]
    assert len(files) > 10
    found = {f"{file.name}: {name}" for file in files for name in imports(file) if name.split(".")[0] in PRODUCT}
    assert not found


def test_no_import_brings_the_product_along() -> None:
    program = f"import sys, tests.chaos.__main__; print({PRODUCT!r} & {{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "frozenset()"
