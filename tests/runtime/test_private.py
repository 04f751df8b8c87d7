"""What is ours is nobody else's: folders and files are judged by owner and mode, and narrowed where that is safe."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_runtime.private import (
    FINE,
    OPEN,
    Verdict,
    judge,
    judge_file,
    judge_folder,
    make_folder,
    mode_in,
    narrow,
)

ME, OTHER = 1000, 1001


def wide(mode: int) -> Verdict:
    return Verdict("wide", mode)


@pytest.mark.parametrize(
    ("mode", "owner", "verdict"),
    [
        (0o700, ME, FINE),
        (0o711, ME, FINE),  # services pass through to what is theirs
        (0o755, ME, wide(0o700)),
        (0o777, ME, wide(0o700)),
        (0o750, ME, wide(0o700)),
        (0o770, ME, wide(0o700)),
        (0o1777, ME, wide(0o700)),
        (0o500, ME, FINE),
        (0o2770, ME, FINE),  # an administrator made it for a group
        (0o2770, OTHER, FINE),
        (0o2775, OTHER, FINE),
        (0o2777, ME, OPEN),
        (0o2777, OTHER, OPEN),
        (0o755, OTHER, FINE),  # such as /var/lib/intergestan, as a service sees it
        (0o775, OTHER, OPEN),
        (0o777, OTHER, OPEN),
        (0o1777, OTHER, OPEN),  # /tmp: anybody puts a journal beside our database
    ],
)
def test_folders(mode: int, owner: int, verdict: Verdict) -> None:
    assert judge_folder(mode, owner, ME) == verdict


@pytest.mark.parametrize(
    ("mode", "verdict"), [(0o755, FINE), (0o700, FINE), (0o775, wide(0o755)), (0o777, wide(0o755)), (0o750, FINE)]
)
def test_a_home_stays_readable(mode: int, verdict: Verdict) -> None:
    """There is more in it than the site; but nobody else puts anything into it."""
    assert judge_folder(mode, ME, ME, is_home=True) == verdict


@pytest.mark.parametrize(
    ("mode", "owner", "verdict"),
    [
        (0o600, ME, FINE),
        (0o400, OTHER, FINE),
        (0o644, ME, wide(0o600)),
        (0o666, ME, wide(0o600)),
        (0o640, ME, wide(0o600)),
        (0o644, OTHER, OPEN),
    ],
)
def test_files(mode: int, owner: int, verdict: Verdict) -> None:
    assert judge_file(mode, owner, ME) == verdict


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_folders_above_are_made_for_us_alone_too(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    make_folder(folder)
    make_folder(folder)
    for made in (folder, folder.parent, folder.parent.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")


def test_narrowing(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "folder" / "file"
    folder.mkdir()
    file.touch()
    folder.chmod(0o755)
    file.chmod(0o664)
    assert [narrow(each) for each in (folder, file, folder, file)] == [True, True, False, False]
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, file)] == [0o700, 0o600]
    assert not narrow(tmp_path / "nothing")


def test_a_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert judge(tmp_path) == FINE
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    assert judge(tmp_path) == wide(0o700)


def test_what_is_shared_says_so(tmp_path: Path) -> None:
    assert mode_in(tmp_path) == 0o600
    tmp_path.chmod(0o2770)
    assert mode_in(tmp_path) == 0o640
