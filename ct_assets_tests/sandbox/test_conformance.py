"""The table against the sandbox, or against CT_CONFORMANCE_URL: see `make conformance`.

The limits of requests in flight are not in it, as they would count against the account: test_slots
has them. Code 555 comes by a fault alone: test_faults has it.
"""

import json
import os
import re
import secrets
from collections.abc import Iterator
from functools import reduce
from typing import Any

import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import served
from ct_assets_tests.sandbox.conformance import CASES, STORIES
from ct_assets_tests.sandbox.conformance.case import Case, Step, Story
from ct_assets_tests.sandbox.conformance.reading import DISCARDED_EVENT

URL = os.environ.get("CT_CONFORMANCE_URL")
ALL = not URL or bool(os.environ.get("CT_CONFORMANCE_ALL"))
ASKED = [case for case in CASES if case.seen or ALL]
TOLD = STORIES if ALL else []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    if URL:
        account, passcode = (os.environ[f"CLEVERTAP_{n}"] for n in ("ACCOUNT_ID", "PASSCODE"))
        yield from _client(URL, account, passcode)
        return
    settings = Settings(discarded_events=frozenset({DISCARDED_EVENT}))
    with served(tmp_path_factory.mktemp("conformance"), settings) as sandbox:
        yield from _client(sandbox.url, sandbox.account_id, sandbox.passcode)


def _client(url: str, account: str, passcode: str) -> Iterator[httpx.Client]:
    headers = {"X-CleverTap-Account-Id": account, "X-CleverTap-Passcode": passcode}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case.name)
def test_answer(server: httpx.Client, case: Case) -> None:
    request = server.build_request(case.method, case.path, content=case.body)
    if case.method != "GET":
        request.headers["Content-Type"] = "application/json; charset=utf-8"
    for name, value in (case.headers or {}).items():
        del request.headers[name]
        if value is not None:
            request.headers[name] = value

    answer = server.send(request)

    assert (answer.status_code, answer.json()) == (case.status, case.answer)
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("story", TOLD, ids=lambda story: story.name)
def test_story(server: httpx.Client, story: Story) -> None:
    known: dict[str, Any] = {"run": secrets.token_hex(4)}
    for step in story.steps:
        answer = _send(server, step, known)

        assert answer.status_code == step.status, answer.text
        if step.answer is None:
            assert answer.content == b""
            continue
        found = answer.json()
        for name, way in step.keep.items():
            known[name] = reduce(lambda value, key: value[key], way, found)
        assert found == _told(step.answer, known)


def _send(server: httpx.Client, step: Step, known: dict[str, Any]) -> httpx.Response:
    path, body = _told(step.path, known), _told(step.body, known)
    if isinstance(body, str):  # a file for S3, which wants nothing of CleverTap's
        return httpx.request(step.method, path, content=body)
    content = None if body is None else json.dumps(body)
    return server.request(step.method, path, content=content)


def _told(given: Any, known: dict[str, Any]) -> Any:
    """`given`, with what the story knows instead of `<name>`."""
    if isinstance(given, dict):
        return {_told(name, known): _told(value, known) for name, value in given.items()}
    if isinstance(given, list):
        return [_told(value, known) for value in given]
    if not isinstance(given, str):
        return given
    if given[1:-1] in known and given == f"<{given[1:-1]}>":
        return known[given[1:-1]]
    return re.sub(r"<([\w ]+)>", lambda found: str(known[found[1]]), given)


def test_every_code_of_the_catalogue_is_in_the_table() -> None:
    answers = [case.answer for case in CASES]
    answers += [step.answer or {} for story in STORIES for step in story.steps]
    found = {refused["code"] for answer in answers for refused in answer.get("unprocessed", [])}
    assert found == {509, *range(512, 521), 522, 523, 524, 525, 526, 528, *range(530, 536)}


def test_names_tell_cases_apart() -> None:
    names = [case.name for case in CASES] + [story.name for story in STORIES]
    assert len(set(names)) == len(names)
