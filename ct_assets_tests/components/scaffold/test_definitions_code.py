"""What `ct-assets init` makes of the code of a project's definitions."""

import pytest

from ct_assets.components.scaffold.definitions_code import NEW, loading_syncs

CREATE_DAGSTER = """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
EDITED = {
    "as create-dagster writes it": (
        CREATE_DAGSTER,
        """\
from pathlib import Path

from dagster import definitions
import ct_assets


@definitions
def defs():
    return ct_assets.definitions(Path(__file__).parent)
""",
    ),
    "the loader of before": (
        """\
import shop.defs
from dagster.components import load_defs

defs = load_defs(shop.defs)
""",
        """\
import shop.defs
from pathlib import Path
import ct_assets

defs = ct_assets.definitions(Path(__file__).parent)
""",
    ),
    "a variable": (
        """\
'''Ünser.'''
import dagster as dg

from shop import assets

defs = dg.Definitions(assets=dg.load_assets_from_modules([assets]))
""",
        """\
'''Ünser.'''
import dagster as dg

from shop import assets
from pathlib import Path
import ct_assets

defs = dg.Definitions(assets=dg.load_assets_from_modules([assets]))
defs = ct_assets.definitions(Path(__file__).parent, defs)
""",
    ),
    "another name, with a type": (
        """\
from pathlib import Path
from dagster import Definitions

HERE = Path("ü")
location: Definitions = Definitions()""",
        """\
from pathlib import Path
from dagster import Definitions
import ct_assets

HERE = Path("ü")
location: Definitions = Definitions()
location = ct_assets.definitions(Path(__file__).parent, location)
""",
    ),
    "merged": (
        "import dagster as dg\n\ndefs = dg.Definitions.merge(dg.Definitions())\n",
        """\
import dagster as dg
from pathlib import Path
import ct_assets

defs = dg.Definitions.merge(dg.Definitions())
defs = ct_assets.definitions(Path(__file__).parent, defs)
""",
    ),
    "a function": (
        """\
import dagster as dg


@dg.definitions
def anything() -> dg.Definitions:
    return dg.Definitions(
        assets=["ü"],
    )
""",
        """\
import dagster as dg
from pathlib import Path
import ct_assets


@dg.definitions
def anything() -> dg.Definitions:
    return ct_assets.definitions(Path(__file__).parent, dg.Definitions(
        assets=["ü"],
    ))
""",
    ),
    "a text that tells of it": (
        '"""Ours."""\ndefs = made()\n',
        '"""Ours."""\n\nfrom pathlib import Path\nimport ct_assets\n\ndefs = made()\n'
        "defs = ct_assets.definitions(Path(__file__).parent, defs)\n",
    ),
}


@pytest.mark.parametrize(("code", "edited"), EDITED.values(), ids=EDITED)
def test_code_that_loads_no_syncs(code: str, edited: str) -> None:
    assert loading_syncs(code) == edited
    assert loading_syncs(edited) == edited
    compile(edited, "definitions.py", "exec")


@pytest.mark.parametrize(
    ("code", "edited"),
    [
        (NEW, NEW),
        ("", None),
        ("import dagster as dg\n\n@dg.repository\ndef shop():\n    return []\n", None),
        ("@dg.definitions\ndef defs():\n    if 1:\n        return a\n    return b\n", None),
    ],
)
def test_code_that_stays_as_it_is(code: str, edited: str | None) -> None:
    assert loading_syncs(code) == edited
