import httpx
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.page.conftest import Upload, Visit
from ct_assets_tests.sandbox.page.records import ADA, BOB, profile


@pytest.fixture
def mixed(clevertap_sandbox: SandboxInTest, client: httpx.Client) -> None:
    """Requests 1 to 5: all well, one record refused, throttled, failed, wrong passcode."""
    clevertap_sandbox.faults.script("ok", "ok", "429", "503")
    refused = profile("3", Email="nobody")
    for records in ([ADA], [BOB, refused], [BOB], [BOB]):
        client.post("/1/upload", json={"d": records})
    client.get("/1/profile.json?identity=a-1", headers={"X-CleverTap-Passcode": "wrong"})


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["5", "4", "3", "2", "1"]),
        ("outcome=refused", ["2"]),
        ("outcome=throttled", ["3"]),
        ("outcome=failed", ["5", "4"]),
        ("outcome=silent", []),
        ("outcome=fault", ["4", "3"]),
        ("path=/1/profile.json", ["5"]),
        ("path=/1/upload&outcome=failed", ["4"]),
        ("path=/elsewhere", []),
        ("outcome=;drop", ["5", "4", "3", "2", "1"]),
        ("before=3", ["2", "1"]),
    ],
)
def test_filters(visit: Visit, query: str, numbers: list[str]) -> None:
    assert [row[0] for row in visit(f"/requests?{query}").rows] == numbers


@pytest.mark.usefixtures("mixed")
def test_a_request_with_its_texts(visit: Visit) -> None:
    page = visit(visit("/requests").links["2"])

    assert "Records 2 Refused 1" in page.text
    assert '"Email": "bob@example.test"' in page.text
    assert "Email is not valid.Skipped record number : 2" in page.text


def test_the_log_has_pages(visit: Visit, upload: Upload) -> None:
    for _ in range(60):
        upload(ADA)

    older = visit(visit("/requests?path=/1/upload").links["Older"])

    assert [row[0] for row in older.rows] == [str(n) for n in range(10, 0, -1)]


def test_a_long_body_is_shown_as_far_as_its_records_are_whole(visit: Visit, upload: Upload) -> None:
    upload(*(profile(f"c-{n}", note="x" * 100) for n in range(40)))

    page = visit("/requests/1")

    assert '"identity": "c-20"' in page.text
    assert '"identity": "c-39"' not in page.text
    assert "The log keeps the beginning only." in page.text


def test_what_was_dropped_in_silence(visit: Visit, upload: Upload) -> None:
    upload(profile("1", plan="gold", bio="y" * 900))
    upload(profile("2", plan=3))

    page = visit("/errors")

    assert [row[1:] for row in page.rows] == [
        ["type mismatch", "profile", "plan", page.rows[0][4], "2, record 1"],
        ["value too long", "profile", "bio", "900 bytes, cut to 512", "1, record 1"],
    ]
    assert "String" in page.rows[0][4]
    assert [row[3] for row in visit("/errors?kind=value_too_long").rows] == ["bio"]
    assert visit("/errors?kind=other").rows == []
    assert "Record 1, plan" in visit("/requests/2").text


def test_empty_states(visit: Visit) -> None:
    assert "make demo" in visit("/requests").text
    assert "Nothing was dropped in silence" in visit("/errors").text
    assert visit("/requests/9").status == 404


@pytest.mark.usefixtures("mixed")
def test_refused_records_are_listed_by_code(visit: Visit, client: httpx.Client) -> None:
    nobody = {"type": "profile", "profileData": {}}
    client.post("/1/upload?dryRun=1", json={"d": [nobody]})  # as `ct-assets doctor` asks

    page = visit("/requests/refused")

    (row,) = page.rows
    assert row[1].endswith("Email is not valid.Skipped record number : 2")
    assert '"identity":"3"' in row[2]
    assert row[3] == "2"
    assert visit(f"/requests/refused?code={row[0]}").rows == [row]
    assert visit("/requests/refused?code=999").rows == []
    assert "Refused records 1 " in visit("/").text


def test_of_a_long_answer_the_whole_refused_records_are_listed(
    visit: Visit, upload: Upload
) -> None:
    upload(*(profile(f"c-{n}", Email="nobody", note="x" * 100) for n in range(40)))

    rows = visit("/requests/refused").rows

    assert 5 < len(rows) < 40
    assert rows[0][1].endswith("Skipped record number : 1")


@pytest.mark.parametrize(("letters", "cut"), [("ü", False), ("x" * 4096, True)])
def test_whether_a_body_is_shown_whole(
    visit: Visit, upload: Upload, letters: str, *, cut: bool
) -> None:
    upload(profile("ü-1", note=letters))

    page = visit(visit("/requests").links["1"])

    assert ("The log keeps the beginning only." in page.text) is cut
