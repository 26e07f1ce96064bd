import pytest

from ct_assets.commands.support.output import console, table


def test_a_path_that_is_longer_than_its_column_is_not_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = f"/srv/{'projects/' * 30}defs.yaml:10"
    printed = table("where", "what")
    printed.add_row(path, "is wrong")
    console().print(printed)

    lines = capsys.readouterr().out.splitlines()
    assert "".join(line.split("│")[1].strip() for line in lines if line.startswith("│")) == path
