"""Looking changes nothing: after a run that was cut short, every byte of state stays as it is."""

import pytest

from ct_assets.delivery import outbox
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop

LOOKS = (
    ("preview", "purchases"),
    ("plan", "purchases"),
    ("plan", "purchases", "--ask-clevertap"),
    ("doctor",),
    ("status",),
    ("explain", "purchases", "--key", "n1"),
)


@pytest.fixture
def cut_short(shop: Shop, account: SandboxInTest, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Its outbox was written and none of it was sent."""
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "batches", lambda *_, **__: 1 / 0)
        assert not shop.run("purchases")
    assert account.requests() == []
    return shop


def test_looking_leaves_every_byte_as_it_is(cut_short: Shop) -> None:
    before = cut_short.digests(".")
    assert [path for path in before if path.endswith("outbox.parquet")]

    for look in LOOKS:
        cut_short.call(*look)

        assert cut_short.digests(".") == before, look
