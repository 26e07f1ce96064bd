"""Files that are no YAML, or lie where Dagster passes over them: the printed text, whole."""

from pathlib import Path

import pytest

from ct_assets.components.project.loader import load_defs
from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets_tests.components import kit
from ct_assets_tests.components.project.loader_kit import OTHER, printed

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize("name", ["shop/more/defs.yaml", "more/sync.yaml", "more/syncs.yml"])
def test_a_declaration_that_dagster_would_pass_over(tmp_path: Path, name: str) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, **{name: OTHER})

    assert text == (
        f"defs/{name}:1: is not read: Dagster reads one defs.yaml in a folder and nothing below "
        "it. Move it to such a file in a folder of its own."
    )


def test_a_file_may_end_in_yml(tmp_path: Path) -> None:
    text = printed(tmp_path, OTHER, **{"more/defs.yml": kit.CUSTOMERS.replace("mail", "mail: x")})

    assert text.startswith("defs/more/defs.yml:9: not readable as YAML: mapping values")


UNREADABLE = {
    "a tab": (
        kit.CUSTOMERS.replace("  name:", "\tname:"),
        "3: not readable as YAML: found character '\\t' that cannot start any token; indent with "
        "spaces, not with tabs",
    ),
    "an indentation": (
        kit.CUSTOMERS.replace("  object:", "   object:"),
        "4: not readable as YAML: mapping values are not allowed here; mend the indentation here "
        "or one line above, or put a text with a colon into quotes",
    ),
    "a colon": (
        kit.CUSTOMERS + "  description: Note: people\n",
        "10: not readable as YAML: mapping values are not allowed here; mend the indentation here "
        "or one line above, or put a text with a colon into quotes",
    ),
    "a quote": (
        kit.CUSTOMERS.replace("Name: name", "Name: 'name"),
        "8: not readable as YAML: found unexpected end of stream; close the quote",
    ),
    "a bracket": (
        kit.CUSTOMERS.replace("[{identity: id}]", "[{identity: id}"),
        "6: not readable as YAML: expected ',' or ']', but got '<scalar>'; close the bracket, or "
        "quote a text that has one",
    ),
    "a cron line without quotes": (
        kit.CUSTOMERS + "  trigger: * * * * *\n",
        "10: not readable as YAML: expected alphabetic or numeric character, but found ' '; put a "
        "text that begins with * or & into quotes",
    ),
    "two braces in a row": (
        kit.CUSTOMERS.replace("Name: name", "Name: {first} {last}"),
        "8: not readable as YAML: expected <block end>, but found '{'; mend the indentation, or "
        "put the whole text into quotes",
    ),
    "a tag": (
        kit.CUSTOMERS + "  destination: !env SHOP\n",
        "10: not readable as YAML: could not determine a constructor for the tag '!env'; put a "
        "text that begins with ! into quotes",
    ),
    "a control character": (
        kit.CUSTOMERS + "  description: a\x01\n",
        "10: has a character that YAML forbids (0x1); take it out",
    ),
}


@pytest.mark.parametrize(("sync", "expected"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_yaml_at_all(tmp_path: Path, sync: str, expected: str) -> None:
    assert printed(tmp_path, sync) == f"defs/sync/defs.yaml:{expected}"


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    package = kit.write(tmp_path, {"sync/defs.yaml": ""})
    (package / "defs/sync/defs.yaml").write_bytes(b"type: x\nname: caf\xe9\n")

    with pytest.raises(InvalidDeclarationError, match=r"defs\.yaml:2: is not UTF-8; save it as"):
        load_defs(package)
