"""What one does on the page, with and without a mouse and scripts."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.ui.accessibility import serious_findings
from ct_assets_tests.ui.conftest import Open

pytestmark = pytest.mark.ui

ADA: dict[str, Any] = {"type": "profile", "identity": "a-1", "profileData": {"Name": "Ada"}}
HOSTILE = '"><script>alert(1)</script><img src=http://elsewhere.test/x onerror=alert(2)>'


def _upload(client: httpx.Client, *records: dict[str, Any]) -> int:
    return client.post("/1/upload", json={"d": records}).status_code


def test_search_while_typing(chinook_url: str, open_page: Open) -> None:
    page = open_page(chinook_url).visit("/profiles")
    box = page.get_by_role("searchbox")

    for words, name in (
        ("+55 12", "Luís Gonçalves"),
        ("leonekohler@", "Leonie Köhler"),
        ("57", "Luis Rojas"),
        ("tremblay", "François Tremblay"),
    ):
        box.fill(words)
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.get_by_role("link", name=name)).to_be_visible()
        expect(box).to_be_focused()

    expect(page).to_have_url(re.compile(r"\?q=tremblay$"))
    expect(page.locator("#matches")).to_have_text("1 of 59 profiles match tremblay")


def test_switches(clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open) -> None:
    page = open_page(clevertap_sandbox.url).visit("/faults")
    switch = page.get_by_role("switch", name="503", exact=True)

    switch.check()
    expect(page.get_by_text("Faults are on: 503 for 100 %")).to_be_visible()
    assert _upload(client, ADA) == 503
    page.get_by_label("Share of requests for 503, in percent").fill("25")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Faults are on: 503 for 25 %")).to_be_visible()
    assert serious_findings(page) == []

    switch.uncheck()
    expect(page.get_by_text("Faults are on")).not_to_be_visible()
    assert _upload(client, ADA) == 200


def test_shares_that_are_too_much(clevertap_sandbox: SandboxInTest, open_page: Open) -> None:
    window = open_page(clevertap_sandbox.url)
    page = window.visit("/faults")

    page.get_by_role("switch", name="429").check()
    expect(page.get_by_text("Faults are on: 429 for 100 %")).to_be_visible()
    page.get_by_role("switch", name="revoked").check()
    expect(page.get_by_role("alert").filter(has_text="add up to 200 %")).to_be_visible()
    assert clevertap_sandbox.faults.plan.rates == {"429": 1.0}

    page.get_by_role("switch", name="429").uncheck()
    expect(page.get_by_text("Faults are on: revoked for 100 %")).to_be_visible()
    expect(page.get_by_text("add up to")).not_to_be_visible()
    # The browser tells its console of every answer from 400 on.
    window.wrong = [one for one in window.wrong if "422" not in one]


def test_presets_and_script(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    page = open_page(clevertap_sandbox.url).visit("/faults")

    page.get_by_label("Next requests").fill("429 ok")
    page.get_by_role("button", name="Set script").click()
    expect(page.get_by_text("script to come: 429, ok")).to_be_visible()
    assert [_upload(client, ADA) for _ in range(3)] == [429, 200, 200]

    down = page.get_by_role("button", name="Down")
    expect(down).to_have_attribute("aria-pressed", "false")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("switch", name="503", exact=True)).to_be_checked()
    assert _upload(client, ADA) == 503

    page.get_by_role("switch", name="503", exact=True).uncheck()
    expect(page.get_by_role("button", name="All off")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("Faults are on")).not_to_be_visible()
    assert _upload(client, ADA) == 200


def test_what_a_sender_needs_is_copied(clevertap_sandbox: SandboxInTest, open_page: Open) -> None:
    url = clevertap_sandbox.url
    page = open_page(url, permissions=["clipboard-read", "clipboard-write"]).visit("/")

    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == [
        f"CLEVERTAP_API_URL={url}",
        "CLEVERTAP_ACCOUNT_ID=SANDBOX",
        "CLEVERTAP_PASSCODE=sandbox",
    ]


def test_settings_that_are_not_as_usual(tmp_path: Path, open_page: Open) -> None:
    with served(tmp_path, Settings(max_in_flight=3, passcode="secret")) as sandbox:
        page = open_page(sandbox.url).visit("/settings")

        expect(page.get_by_text("3 are not as usual")).to_be_visible()
        expect(page.get_by_text("usually 15")).to_be_visible()
        expect(page.get_by_text("secret")).not_to_be_visible()
        assert serious_findings(page) == []


def test_the_log_is_live_until_paused(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    window = open_page(clevertap_sandbox.url)
    window.page.clock.install()
    page = window.visit("/requests")
    rows = page.locator("tbody tr")

    _upload(client, ADA)
    page.clock.run_for(2500)
    expect(rows).to_have_count(1)

    page.get_by_role("button", name="Live").click()
    _upload(client, ADA)
    page.clock.run_for(5000)
    expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "false")
    expect(rows).to_have_count(1)

    page.get_by_role("button", name="Live").click()
    page.clock.run_for(2500)
    expect(rows).to_have_count(2)


def test_a_refresh_takes_nothing_from_who_reads(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    _upload(client, ADA)
    window = open_page(clevertap_sandbox.url, viewport={"width": 390, "height": 800})
    window.page.clock.install()
    page = window.visit("/")
    page.get_by_text("Figures").click()
    page.locator("#request-rows").evaluate("part => { part.scrollLeft = 15 }")
    tile = page.locator("#tile-requests")
    tile.focus()

    _upload(client, ADA)
    page.clock.run_for(2500)

    expect(tile).to_have_text(re.compile(r"Requests\s+2"))
    expect(tile).to_be_focused()
    expect(page.locator("#figures-table")).to_be_visible()
    assert page.locator("#request-rows").evaluate("part => part.scrollLeft") == 15


def test_filters_of_the_log(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    clevertap_sandbox.faults.script("429")
    _upload(client, ADA)
    _upload(client, ADA)
    page = open_page(clevertap_sandbox.url).visit("/requests")

    page.get_by_label("Answer").select_option("429, too many")

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr").get_by_text("429").first).to_be_visible()
    expect(page).to_have_url(re.compile("outcome=throttled"))


def test_the_keyboard_alone(chinook_url: str, open_page: Open) -> None:
    page = open_page(chinook_url).visit("/profiles")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("leonie")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Leonie Köhler":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Leonie Köhler")).to_be_visible()


def test_without_scripts(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    _upload(client, ADA)
    page = open_page(clevertap_sandbox.url, java_script_enabled=False).visit("/profiles")

    page.get_by_role("searchbox").fill("a-1")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Ada")).to_be_visible()

    page.goto(f"{clevertap_sandbox.url}/faults")
    page.get_by_role("switch", name="500", exact=True).check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Faults are on: 500 for 100 %")).to_be_visible()


def test_hostile_payloads_are_text(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, open_page: Open
) -> None:
    _upload(client, {"type": "profile", "identity": HOSTILE, "profileData": {"Name": HOSTILE}})
    _upload(
        client,
        {"type": "event", "identity": HOSTILE, "evtName": "Charged", "evtData": {"a": HOSTILE}},
        {"type": "event", "identity": HOSTILE, "evtName": HOSTILE, "evtData": {HOSTILE: HOSTILE}},
    )
    window = open_page(clevertap_sandbox.url)

    for path in ("/", "/profiles", "/profiles/1", "/events", "/events?name=2", "/schema?event=2"):
        page = window.visit(path)
        expect(page.get_by_role("main")).to_be_visible()
    page = window.visit("/requests/2")
    expect(page.get_by_text("onerror=alert(2)").first).to_be_visible()
    page = window.visit("/profiles")
    page.get_by_role("searchbox").fill(HOSTILE)
    expect(page.locator("#matches")).to_contain_text("onerror=alert(2)")


def test_a_sandbox_that_has_gone_is_noticed(
    clevertap_sandbox: SandboxInTest, open_page: Open
) -> None:
    window = open_page(clevertap_sandbox.url)
    window.page.clock.install()
    page = window.visit("/requests")
    page.context.set_offline(True)

    page.clock.run_for(2500)
    expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()

    page.context.set_offline(False)
    page.clock.run_for(2500)
    expect(page.get_by_text("does not answer")).not_to_be_visible()
    told = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    window.wrong = [one for one in window.wrong if not any(part in one for part in told)]
