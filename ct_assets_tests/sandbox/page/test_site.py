import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import ct_assets.sandbox.page
from ct_assets_tests.sandbox.page.conftest import Upload, Visit
from ct_assets_tests.sandbox.page.html import read
from ct_assets_tests.sandbox.page.records import ADA, TS, event, profile

PATHS = ("/", "/profiles", "/events", "/schema", "/errors", "/requests", "/faults")
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{7777*7777}}"


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_marked_in_the_menu_and_may_load_nothing_from_elsewhere(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert f'<a href="{path}" aria-current="page">' in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src")
    assert re.findall(r"(?:https?:)?//[\w.]+", answer.text.replace(str(client.base_url), "")) == []


def test_the_overview_counts(visit: Visit, upload: Upload) -> None:
    upload(ADA, profile("2", Email="nobody"), event("a-1", "Charged", TS))

    text = visit("/").text

    assert "Profiles 1 Events 1 Requests 1 Refused records 1 Dropped in silence 0" in text
    assert "CLEVERTAP_ACCOUNT_ID=SANDBOX CLEVERTAP_PASSCODE=sandbox" in text


def test_an_empty_sandbox_says_what_to_do(visit: Visit) -> None:
    assert "make demo" in visit("/").text


def test_whatever_was_sent_is_text(client: httpx.Client, upload: Upload) -> None:
    upload(profile(HOSTILE, **{"Name": HOSTILE, HOSTILE: HOSTILE, "list": [HOSTILE]}))
    upload(event(HOSTILE, "Charged", TS, note=HOSTILE, Items=[{HOSTILE: HOSTILE}]))
    upload(profile("2", Name=5))
    paths = [*PATHS, "/profiles/1", "/profiles?q=" + HOSTILE, "/schema?event=1", "/requests/1"]

    for path in [*paths, "/requests/2", "/requests?path=" + HOSTILE, "/errors?kind=" + HOSTILE]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert read(answer).status == 200
        assert "<img src=x" not in answer.text, path
        assert "<script>" not in answer.text, path
        assert "{{7777*7777}}" in answer.text or "60481729" not in read(answer).text


def test_scripts_styles_and_licences_are_served(client: httpx.Client) -> None:
    for name in ("page.css", "page.js", "htmx.min.js", "htmx.LICENSE.txt", "icon.svg"):
        assert client.get(f"/static/{name}").status_code == 200
    assert client.get("/static/../site.py").status_code == 404


def test_senders_wait_for_no_template_engine() -> None:
    code = "import sys, ct_assets.sandbox.server.asgi_app; print('jinja2' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"


def test_no_template_hands_on_raw_html() -> None:
    for template in Path(ct_assets.sandbox.page.__file__).parent.glob("templates/*.html"):
        text = template.read_text()
        assert "safe" not in re.findall(r"\|\s*(\w+)", text), template.name
        assert " style=" not in text, template.name
