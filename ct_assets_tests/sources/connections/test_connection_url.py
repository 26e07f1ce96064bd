import pytest

from ct_assets.sources.connections.connection_url import ConnectionUrl, UrlError

KINDS = {"postgresql": 1, "mysql": 1}


def test_a_url_is_taken_apart() -> None:
    url = ConnectionUrl.of("mysql+pymysql://ada:p%40ss%2Fword@db.example:3307/shop?ssl=on", KINDS)

    assert (url.kind, url.user, url.password, url.place, url.database, url.options) == (
        "mysql", "ada", "p@ss/word", "db.example:3307", "shop", {"ssl": "on"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "canary",
        "canary/x",
        "postgresql://ada:12/canary@db/shop",
        "postgresql://ada:can@ary/x@db/shop",
        "postgresql://ada:canary#x@db/shop",
        "postgresql://ada:12?canary@db/shop",
        "postgresql://ada:pw@db:canary/shop",
        "postgrsql://ada:canary@db/shop",
    ],
)
def test_one_that_is_none_is_not_quoted(text: str) -> None:
    with pytest.raises(UrlError) as caught:
        ConnectionUrl.of(text, KINDS)

    assert "ary" not in str(caught.value).replace("necessary", "")


def test_a_kind_is_told_with_what_may_have_been_meant() -> None:
    with pytest.raises(
        UrlError, match="'postgrsql', which is not known; did you mean 'postgresql'"
    ):
        ConnectionUrl.of("postgrsql://db/shop", KINDS)


def test_secrets_are_taken_out_of_texts() -> None:
    url = ConnectionUrl.of("mysql://ada:p%40ss@db/shop?token=canary&ssl=on", KINDS)

    told = url.without_secrets(f"{url.text} has p%40ss, p@ss, canary and on")

    assert told == "*** has ***, ***, *** and on"
    assert "p@ss" not in repr(url)
