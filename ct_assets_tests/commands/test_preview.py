from ct_assets_tests.commands.kit import Shop


def test_records_and_reasons_without_a_trace(shop: Shop) -> None:
    said = shop.said("preview", "customers", "--limit", "1")

    assert said.splitlines()[:4] == [
        "2 valid, 1 rejected",
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada","Email":"ada@example.org"}}',
        "",
        'rejected: {"id": "3", "name": "Evelyn", "mail": "evelyn at example.org"}',
    ]
    assert said.splitlines()[4].startswith("  Email: ")
    assert not shop.data.exists()
