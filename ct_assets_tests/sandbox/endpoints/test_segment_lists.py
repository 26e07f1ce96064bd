from typing import Any

import httpx
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import accept, errors, object_id_of, profile

ABOUT = {"name": "VIPs", "email": "admin@example.test", "filename": "v.csv", "creator": "Ada"}


def url(client: httpx.Client) -> str:
    answer = client.post("/get_custom_list_segment_url").json()
    assert answer["status"] == "success"
    found: str = answer["presignedS3URL"]
    return found


def put(client: httpx.Client, body: str) -> str:
    """Puts a file as S3 takes it: with no header of CleverTap's."""
    where = url(client)
    answer = httpx.put(where, content=body.encode())
    assert (answer.status_code, answer.content) == (200, b"")
    return where


def commit(client: httpx.Client, where: str, **changes: object) -> Any:
    body = ABOUT | {"url": where, "replace": False} | changes
    return client.post("/upload_custom_list_segment_completed", json=body)


def members(sandbox: SandboxInTest) -> list[str]:
    rows = sandbox.sandbox.store.connection.execute(
        "select value from members join identifiers using (pid) where kind = 'identity'"
        " order by value"
    )
    return [row[0] for row in rows]


def test_a_segment_of_who_is_there(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a"), profile("b"), profile("c"))
    lines = ["Type,Identity", "i,a", f"g,{object_id_of(client, 'b')}", "i,nobody", "x,c", "i,a"]

    answer = commit(client, put(client, "\r\n".join(lines)))

    assert answer.status_code == 200
    assert answer.json().keys() == {"Segment ID", "status"}
    assert members(clevertap_sandbox) == ["a", "b"] == clevertap_sandbox.members("VIPs")
    assert [row[2] for row in errors(client)] == [
        "line 3: no such profile",
        "line 4: a line needs to be i,<identity> or g,<CleverTap id>",
    ]
    assert len(clevertap_sandbox.profiles()) == 3


def test_a_bad_file_is_found_out_later(client: httpx.Client) -> None:
    assert commit(client, put(client, "nonsense")).status_code == 200
    assert [row[2] for row in errors(client)] == ["line 1: the header needs to be Type,Identity"]


def test_a_name_is_taken_once(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a"), profile("b"))
    first = commit(client, put(client, "Type,Identity\ni,a")).json()
    again = commit(client, where := put(client, "Type,Identity\ni,b"))
    assert (again.status_code, again.json()["error"]) == (409, "duplicate_name")
    assert members(clevertap_sandbox) == ["a"]
    replaced = commit(client, where, replace=True).json()
    assert replaced == first
    assert members(clevertap_sandbox) == ["b"]


def test_the_url_is_valid_for_a_day(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    clevertap_sandbox.sandbox.clock = lambda: 1_700_049_600.0
    answer = client.post("/get_custom_list_segment_url").json()
    assert answer["expiry"] == "16 November, 12:00 PM"
    clevertap_sandbox.sandbox.clock = lambda: 1_700_049_600.0 + 86_401
    late = httpx.put(answer["presignedS3URL"], content=b"")
    assert late.status_code == 403
    assert "AccessDenied" in late.text


@pytest.mark.parametrize("missing", ["name", "email", "filename", "creator", "url"])
def test_what_is_required(client: httpx.Client, missing: str) -> None:
    answer = commit(client, "", **{"url": put(client, "Type,Identity"), missing: ""})
    assert (answer.status_code, answer.json()["error"]) == (400, f"{missing} is required")


def test_a_file_has_to_be_there(client: httpx.Client) -> None:
    for where in (url(client), "http://elsewhere.invalid/x", "http://[", "x"):
        answer = commit(client, where)
        assert answer.status_code == 400
        assert answer.json()["error"] == "No file was uploaded to this url"
