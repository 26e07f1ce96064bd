import dagster as dg

from ct_assets.components.automation.freshness_figures import freshness
from ct_assets.mapping import parse

SYNC = parse(
    {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Name": "name"},
    }
)


def made(instance: dg.DagsterInstance, key: str) -> float:
    asset = dg.AssetKey.from_user_string(key)
    metadata = {"destination": "in1-ABC"} if key.endswith("clevertap") else {}
    instance.report_runless_asset_event(dg.AssetMaterialization(asset, metadata=metadata))
    event = instance.get_latest_materialization_event(asset)
    assert event
    return event.timestamp


def test_a_delivery_ages_and_lags_once_the_source_was_read_anew() -> None:
    instance = dg.DagsterInstance.ephemeral()
    assert list(freshness(instance, iter([SYNC]), 0.0)) == []
    for key in ("shop/customer", "customers/valid"):
        made(instance, key)
    delivered = made(instance, "customers/clevertap")

    (fresh,) = freshness(instance, iter([SYNC]), delivered + 60)
    assert fresh == ("customers", "in1-ABC", 60.0, 0.0)

    read = made(instance, "shop/customer")
    made(instance, "shop/customer")
    made(instance, "customers/valid")  # its gate is shut: nothing of it is sent
    (behind,) = freshness(instance, iter([SYNC]), read + 300)
    assert behind.lag == 300.0


def test_of_a_source_that_others_read_no_lag_is_known() -> None:
    instance = dg.DagsterInstance.ephemeral()
    delivered = made(instance, "customers/clevertap")

    assert [each.lag for each in freshness(instance, iter([SYNC]), delivered)] == [None]
