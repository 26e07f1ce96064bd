from pydantic import Field

from ct_assets.described import Described


class Setting(Described):
    size: int = 1
    """In bytes,
    at least one."""
    name: str = Field("", description="Already described.")
    """Not read."""
    plain: bool = False


class Wider(Setting):
    extra: int = 0
    """Its own."""


def test_texts_below_fields_describe_them() -> None:
    described = {
        n: p.get("description") for n, p in Wider.model_json_schema()["properties"].items()
    }

    assert described == {
        "size": "In bytes, at least one.",
        "name": "Already described.",
        "plain": None,
        "extra": "Its own.",
    }
