from ct_assets_tests.sandbox.page.conftest import Upload, Visit
from ct_assets_tests.sandbox.page.records import ADA, TS, event


def test_names_with_their_counts_and_the_chosen_one(visit: Visit, upload: Upload) -> None:
    upload(ADA, *(event("a-1", "Charged", TS + 86_400 * n, Amount=n) for n in range(3)))
    upload(event("zoe", "Song Played", TS, Title="Bells"))

    page = visit("/events")

    assert page.links["Charged 3"].startswith("/events?name=")
    assert "Events per hour" in page.text
    # The figures of the chart.
    assert page.rows == [
        ["14 Nov 2023 22:00", "1"],
        ["15 Nov 2023 22:00", "1"],
        ["16 Nov 2023 22:00", "1"],
    ]
    assert page.text.index("Amount 2") < page.text.index("Amount 0")
    assert page.links["Ada Lovelace"] == "/profiles/1"

    other = visit(page.links["Song Played 1"])

    assert "Title Bells" in other.text
    assert other.links["zoe"] == "/profiles/2"


def test_a_span_that_ends_now(visit: Visit, upload: Upload) -> None:
    upload(event("a-1", "Charged", TS))

    page = visit("/events?span=day")

    assert "None in this time. The newest is of 2023-11-14 22:13:20" in page.text
    assert visit("/events?span=aeon&name=x&before=y").rows == [["14 Nov 22:13", "1"]]


def test_older_payloads(visit: Visit, upload: Upload) -> None:
    upload(*(event("a-1", "Charged", TS, n=n) for n in range(45)))

    pages = [visit("/events")]
    while "Older" in pages[-1].links:
        pages.append(visit(pages[-1].links["Older"]))

    seen = [int(rest.split()[0]) for page in pages for rest in page.text.split(" n ")[1:]]
    assert seen == list(range(44, -1, -1))


def test_times_as_far_off_as_the_sandbox_takes_them(visit: Visit, upload: Upload) -> None:
    upload(event("a-1", "Charged", 1), event("a-1", "Charged", 99_999_999_999))

    page = visit("/events")

    assert "1970-01-01 00:00:01" in page.text
    assert "5138-11-16 09:46:39" in page.text
    assert [row[1] for row in page.rows] == ["1", "1"]


def test_no_events_yet(visit: Visit) -> None:
    assert "make demo" in visit("/events").text
