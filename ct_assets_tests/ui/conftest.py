import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from ct_assets.sandbox.endpoint_context import open_sandbox
from ct_assets.sandbox.server.http_server import running
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.ui import chinook
from ct_assets_tests.ui.demo import Demo, chromium, demo_in


@dataclass
class Watched:
    """A browser's window at a sandbox, and all that it should not have done."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def visit(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page


Open = Callable[..., Watched]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens windows; whatever is wrong in one of them at the end fails the test."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def open_page(url: str, **options: object) -> Watched:
        context = browser.new_context(**{"viewport": {"width": 1360, "height": 900}, **options})  # type: ignore[arg-type]  # any option of playwright's
        window = Watched(context.new_page(), url)
        _watch(context, window)
        opened.append((context, window))
        return window

    yield open_page
    for context, _ in opened:
        context.close()
    assert [window.wrong for _, window in opened if window.wrong] == []


def _watch(context: BrowserContext, window: Watched) -> None:
    def elsewhere(route: Route) -> None:
        window.wrong.append(f"request to {route.request.url}")
        route.abort()

    context.route(lambda url: not url.startswith(f"{window.url}/"), elsewhere)
    context.on("dialog", lambda dialog: window.wrong.append(f"dialog: {dialog.message}"))
    context.on("weberror", lambda error: window.wrong.append(f"script error: {error.error}"))
    context.on(
        "console",
        lambda said: window.wrong.append(f"console: {said.text}") if said.type == "error" else None,
    )


@pytest.fixture(scope="session")
def chinook_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A sandbox that knows Chinook's customers and what they bought; only for looking at."""
    sandbox = open_sandbox(tmp_path_factory.mktemp("chinook"))
    with running(sandbox) as url:
        with httpx.Client(base_url=url, headers=_credentials("SANDBOX", "sandbox")) as client:
            chinook.fill(client)
        yield url
    sandbox.store.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_in(tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def client(clevertap_sandbox: SandboxInTest) -> Iterator[httpx.Client]:
    headers = _credentials(clevertap_sandbox.account_id, clevertap_sandbox.passcode)
    with httpx.Client(base_url=clevertap_sandbox.url, headers=headers, timeout=10) as client:
        yield client


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Takes a picture of the page, for `CT_SCREENSHOTS=folder make test-ui`."""
    folder = os.environ.get("CT_SCREENSHOTS")

    def keep(page: Page) -> None:
        if folder:
            name = "".join(c if c.isalnum() else "-" for c in request.node.name)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep


def _credentials(account_id: str, passcode: str) -> dict[str, str]:
    return {"X-CleverTap-Account-Id": account_id, "X-CleverTap-Passcode": passcode}
