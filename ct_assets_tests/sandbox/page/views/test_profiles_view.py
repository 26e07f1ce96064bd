import pytest

from ct_assets_tests.sandbox.page.conftest import Upload, Visit
from ct_assets_tests.sandbox.page.records import ADA, BOB, TS, event, profile


def test_people_are_listed_newest_first(visit: Visit, upload: Upload) -> None:
    upload(ADA, BOB)

    page = visit("/profiles")

    assert [row[:4] for row in page.rows] == [
        ["Bob", "b-2", "bob@example.test", "+5511987654321"],
        ["Ada Lovelace", "a-1", "ada@example.test", "+351210000000"],
    ]
    assert "2 profiles, newest first" in page.text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("a-1", ["Ada Lovelace"]),
        ("a-", ["Ada Lovelace"]),
        ("ADA@Example.test", ["Ada Lovelace"]),
        ("bob@", ["Bob"]),
        ("%2B351 21", ["Ada Lovelace"]),
        ("5511987654321", ["Bob"]),
        ("551198765432%2B", ["Bob"]),
        ("lovel", ["Ada Lovelace"]),
        ("b", ["Bob"]),
        ("1", []),
        ("%25", []),
        ("' or 1=1 --", []),
        ("9" * 190, []),
    ],
)
def test_search(visit: Visit, upload: Upload, words: str, found: list[str]) -> None:
    upload(ADA, BOB)

    page = visit(f"/profiles?q={words}")

    assert [row[0] for row in page.rows] == found
    assert f"{len(found)} of 2 profiles match" in page.text


def test_pages_of_people(visit: Visit, upload: Upload) -> None:
    upload(*(profile(f"c-{n}") for n in range(120)))

    first = visit("/profiles")
    second = visit(first.links["Older"])
    third = visit(second.links["Older"])

    assert [len(page.rows) for page in (first, second, third)] == [50, 50, 20]
    assert "Older" not in third.links
    assert third.links["Newest"] == "/profiles"
    assert [row[0] for row in first.rows[:2]] == ["c-119", "c-118"]
    assert third.rows[-1][0] == "c-0"


def test_a_profile_with_its_timeline(visit: Visit, upload: Upload) -> None:
    upload(ADA)
    upload(
        event("a-1", "Charged", TS, Amount=9.5, Items=[{"sku": "A1", "qty": 2}, {"sku": "B7"}]),
        event("a-1", "Song Played", TS + 86_400, Title="Bells", at="$D_1700000100"),
    )

    page = visit(visit("/profiles").links["Ada Lovelace"])

    assert "DOB 1990-01-01" in page.text
    assert "Phone +351210000000" in page.text
    assert "identity a-1" in page.text
    assert page.text.index("Song Played 22:13:20") < page.text.index("Charged 22:13:20")
    assert "Wed 15 Nov 2023" in page.text
    assert "Title Bells" in page.text
    assert "at 2023-11-14 22:15:00 UTC" in page.text
    assert page.rows == [["A1", "2"], ["B7", ""]]


def test_a_long_timeline_has_pages(visit: Visit, upload: Upload) -> None:
    # Most of them in one second, so that the time alone does not say where a page ends.
    upload(*(event("a-1", "Played", TS + n // 90, n=n) for n in range(120)))
    start = visit("/profiles").links["a-1"]

    pages = [visit(start)]
    while "Older" in pages[-1].links:
        pages.append(visit(pages[-1].links["Older"]))

    seen = [word for page in pages for word in page.text.split(" n ")[1:]]
    assert [int(word.split()[0]) for word in seen] == list(range(119, -1, -1))


def test_a_profile_that_is_gone(visit: Visit) -> None:
    page = visit("/profiles/4711")

    assert page.status == 404
    assert page.links["Profiles"] == "/profiles"
    assert visit(f"/profiles/{10**30}").status == 404


def test_nobody_yet(visit: Visit) -> None:
    assert "make demo" in visit("/profiles").text
    assert "Nobody found" in visit("/profiles?q=x").text


@pytest.mark.parametrize("words", ["KOHLER", "köhler", "Köh", "Ko\u0308hler", "kohl"])
def test_a_name_is_found_whatever_its_case_and_accents(
    visit: Visit, upload: Upload, words: str
) -> None:
    upload(profile("k-1", Name="Jörg KÖHLER"), ADA)

    assert [row[0] for row in visit(f"/profiles?q={words}").rows] == ["Jörg KÖHLER"]
