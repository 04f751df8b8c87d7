"""`docs/files.md` names every column and table that files may have."""

from pathlib import Path

from intergestan_erp.catalogue.catalogue_file import SUBJECTS
from intergestan_erp.order_files.order_csv import COLUMNS, REQUIRED
from intergestan_erp.order_files.order_export import SALES
from intergestan_erp.order_files.watched_folder import _UNFINISHED

PAGE = (Path(__file__).parents[3] / "docs" / "files.md").read_text(encoding="utf-8")


def test_every_table_and_column_is_documented() -> None:
    """G07: documented columns."""
    for subject in SUBJECTS.values():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{subject.names[0]}`"))
        assert all(f"`{name}`" in row for name in subject.names)
        for name, titles in subject.columns.items():
            title = f"**{titles[0]}**" if name in subject.required else titles[0]
            assert f"{title} `{name}`" in row, name
    orders = PAGE.partition("## Purchase orders")[2]
    for name, titles in {**COLUMNS, **SALES.columns}.items():
        assert f"`{name}`" in orders, name
        assert " ".join(titles[0].split()) in " ".join(orders.split()), titles[0]
        assert (f"**{titles[0]}**" in orders) or name not in REQUIRED


def test_the_endings_of_unfinished_files_are_documented() -> None:
    assert all(f"`{ending}`" in PAGE for ending in _UNFINISHED)
