from typing import Any

import pytest

from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.sources.connections.connection_spec import parse

URL = "postgresql://ada:canary@db/shop"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"name": "shop"}, "says not which database. Write `url` or `resource`."),
        ({"name": "shop", "url": URL, "resource": "x"}, "resource: is given beside url"),
        ({"name": "my shop", "url": URL}, "name: 'my shop' is no name"),
        ({"url": URL}, "`name` is missing. Write `name: shop`"),
        ({"name": "shop", "url": " "}, "url: is empty"),
        ({"name": "shop", "url": ["canary"]}, "url: must be text"),
        ({"name": "shop", "url": URL, "time_zone": "Asia/Kolkatta"}, "did you mean 'Asia/Kolkata'"),
        ({"name": "shop", "url": URL, "timeout_minutes": 0}, "timeout_minutes"),
        ({"name": "shop", "url": URL, "fetch": 1}, "fetch"),
        ({"name": "shop", "url": URL, "uri": URL}, "uri: unknown setting; did you mean 'url'?"),
    ],
)
def test_mistakes_are_told_and_quote_no_url(raw: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(raw)

    assert told in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_is_shown_of_it_has_no_url() -> None:
    assert "canary" not in repr(parse({"name": "shop", "url": URL}))
