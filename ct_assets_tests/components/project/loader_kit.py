"""Loads a declaration that is wrong, and gives what is printed."""

import re
from pathlib import Path

import pytest

from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets_tests.components import kit

OTHER = kit.CUSTOMERS.replace("name: customers", "name: others")


def printed(root: Path, sync: str, source: str = kit.SOURCE, **more: str) -> str:
    """`more`: other files by their place in `defs`; a bare `x.yaml` stands for `x/defs.yaml`."""
    files = {"shop.yaml": source, "sync.yaml": sync, **more}
    placed = {
        name if "/" in name else name.replace(".yaml", "/defs.yaml"): text
        for name, text in files.items()
    }
    with pytest.raises(InvalidDeclarationError) as caught:
        kit.load(root, placed)
    return re.sub(r"ct_assets_project_\d+/", "", str(caught.value))


def python_sync(**changed: object) -> str:
    declared = {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Name": "name"},
    }
    return (
        "import dagster as dg\nfrom ct_assets.components import ClevertapSync\n\n"
        "@dg.component_instance\ndef people(_: dg.ComponentLoadContext) -> ClevertapSync:\n"
        f"    return ClevertapSync(**{declared | changed!r})\n"
    )
