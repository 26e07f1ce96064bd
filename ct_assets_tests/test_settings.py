from pathlib import Path

import pytest

from ct_assets import settings
from ct_assets.settings import data_dir, project_root


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    below = tmp_path / "ct_assets" / "defs"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path


def test_the_data_are_the_same_from_everywhere_in_a_project(project: Path) -> None:
    assert project_root() == project
    assert data_dir({}) == project / "data"
    assert data_dir({"CT_DATA_DIR": "elsewhere"}) == project / "elsewhere"
    assert data_dir({"CT_DATA_DIR": "/srv/data"}) == Path("/srv/data")


def test_without_a_project_they_are_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MARKS", ("no such file",))

    assert project_root(tmp_path) == tmp_path
