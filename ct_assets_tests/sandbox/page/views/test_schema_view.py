from ct_assets_tests.sandbox.page.conftest import Upload, Visit
from ct_assets_tests.sandbox.page.records import TS, event, profile


def test_user_properties(visit: Visit, upload: Upload) -> None:
    upload(profile("1", plan="gold", visits=1), profile("2", plan="tin", visits=2.5))
    upload(profile("3", visits="many"), profile("4", born="$D_631152000", vip=True))

    page = visit("/schema")

    assert [row[:4] for row in page.rows] == [
        ["born", "Date", "25 %", "1"],
        ["plan", "String", "50 %", "2"],
        ["vip", "Boolean", "25 %", "1"],
        ["visits", "Float Integer, 1 kept conflict: String, 1 dropped", "50 %", "2"],
    ]
    assert "1 type conflict" in page.text
    assert "the share of all 4 profiles" in page.text


def test_properties_of_an_event(visit: Visit, upload: Upload) -> None:
    upload(*(event("1", "Charged", TS + n, Amount=n) for n in range(3)))
    upload(event("1", "Charged", TS, Amount=1, Items=[{"sku": "A1"}]))

    page = visit(visit("/schema").links["Charged 2"])

    assert [row[:4] for row in page.rows] == [
        ["Amount", "Integer", "100 %", "4"],
        ["Items", "List", "25 %", "1"],
    ]


def test_integers_and_floats_are_no_conflict(visit: Visit, upload: Upload) -> None:
    upload(profile("1", visits=1), profile("2", visits=2.5))

    page = visit("/schema")

    assert "conflict" not in page.text
    assert [row[1] for row in page.rows] == ["Float Integer, 1 kept"]


def test_no_schema_yet(visit: Visit) -> None:
    assert "make demo" in visit("/schema").text
