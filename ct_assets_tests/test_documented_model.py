import subprocess
import sys

import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.documented_model import DocumentedModel, described
from ct_assets.mapping import Sync
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.source import Source


class Base(DocumentedModel):
    first: int = 1
    """Of the base,
    in two lines."""
    second: int = 2
    """Of the base."""
    third: int = 3


class Derived(Base):
    second: int = 20
    third: int = 30
    """Of its own."""


class Outer(DocumentedModel):
    inner: Derived = Derived()
    """Another model."""


def test_a_setting_is_described_by_the_text_below_it() -> None:
    assert described(Base) == {"first": "Of the base,\nin two lines.", "second": "Of the base."}


def test_a_setting_that_is_declared_anew_is_described_anew() -> None:
    assert described(Derived) == {"first": "Of the base,\nin two lines.", "third": "Of its own."}


def test_schemas_describe_models_inside_others() -> None:
    schema = Outer.model_json_schema()

    assert schema["properties"]["inner"]["description"] == "Another model."
    assert schema["$defs"]["Derived"]["properties"]["third"]["description"] == "Of its own."
    assert "description" not in schema["$defs"]["Derived"]["properties"]["second"]


@pytest.mark.parametrize("model", [Sync, Source, ConnectionSpec, Limits])
def test_declarations_are_described(model: type[DocumentedModel]) -> None:
    properties = model.model_json_schema()["properties"]

    told = [name for name, setting in properties.items() if setting.get("description")]
    assert len(told) > len(properties) / 2


def test_no_source_is_read_when_declarations_are_imported() -> None:
    code = "import linecache, ct_assets.mapping; print(len(linecache.cache))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

    assert told.stdout.decode().strip() == "0"
