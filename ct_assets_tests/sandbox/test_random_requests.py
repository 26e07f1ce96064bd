"""After any random request the sandbox answers the next one, and its file stays whole."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.sqlite_database import FILE
from ct_assets.sandbox.testing import served
from ct_assets_tests.sandbox.requests import accept, profile
from ct_assets_tests.sandbox.served_kit import credentialed, is_whole

PATHS = [
    "/1/upload",
    "/1/profile.json",
    "/1/profiles.json",
    "/1/events.json",
    "/1/counts/events.json",
    "/1/counts/profiles.json",
    "/1/delete/profiles.json",
    "/1/demerge/profiles.json",
    "/1/subscribe",
    "/1/disassociate",
    "/get_custom_list_segment_url",
    "/upload_custom_list_segment_completed",
    "/getSchema",
    "/sandbox/lists/x",
    "/sandbox/faults",
    "/sandbox/devices",
    "/sandbox/schema",
    "/sandbox/events",
    *("/", "/profiles", "/profiles/1", "/events", "/schema", "/errors", "/requests", "/settings"),
    "/nothing",
]
KEYS = [
    *("type", "identity", "objectId", "FBID", "GPID", "ts", "evtName", "evtData", "profileData"),
    *("Name", "Email", "Phone", "Gender", "Age", "DOB", "MSG-sms", "Items", "Amount", "p", "q.r"),
    *("$set", "$add", "$remove", "$incr", "$decr", "$delete", "category-unsubscribe"),
    *("d", "value", "status", "tokenData", "id", "keys", "guid", "identities", "event_name"),
    *("from", "to", "event_properties", "name", "operator", "url", "email", "filename", "creator"),
]
VALUES = [
    *("profile", "event", "token", "phone", "email", "Unsubscribe", "Resubscribe", "a", "b", "c"),
    *("Charged", "Viewed", "viewed", "Stayed", "+35922333232", "a@example.test", "$D_1700000000"),
    *("fcm", "equals", "contains", "__a", "$", "", " ", "%", "\x00", "é" * 600, "M", "Y", "School"),
    *(0, 1, -1, 1.5, 1e308, 20260101, 1_700_000_000, 2**53, 2**63 - 1, 2**64 - 1, True, None),
]
leaves = st.sampled_from(VALUES) | st.text(max_size=20) | st.integers(-(2**63), 2**64 - 1)
leaves |= st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)
people = st.sampled_from(["a", "b", "c", 4, "+35922333232"])
names = st.sampled_from(["Viewed", "viewed ", "Charged", "Stayed", "&"])
props = st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5)
profiles = st.fixed_dictionaries(
    {"type": st.just("profile"), "identity": people, "profileData": props},
    optional={"FBID": people, "objectId": people, "ts": json_values},
)
events = st.fixed_dictionaries(
    {"type": st.just("event"), "identity": people, "evtName": names, "evtData": props},
    optional={"ts": st.integers(0, 10**11)},
)
records = st.lists(profiles | events | json_values, max_size=6)
bodies = (
    st.fixed_dictionaries({"d": records})
    | st.fixed_dictionaries({"identity": people})
    | st.fixed_dictionaries({"identities": st.lists(people, min_size=1, max_size=2)})
    | json_values
)
requests = st.tuples(
    st.sampled_from(["POST", "POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    st.sampled_from(PATHS) | st.sampled_from(["/1/upload"]),
    st.dictionaries(
        st.sampled_from(
            [
                "dryRun",
                "identity",
                "cursor",
                "req_id",
                "query",
                "batch_size",
                "limit",
                "after",
                "type",
                "q",
            ]
        ),
        st.text(max_size=20) | st.sampled_from(["1", "a", "%3D", "{}"]),
        max_size=2,
    ),
)


def fuzz(folder: Path, examples: int) -> None:
    plain = Settings(unknown_object_id="create", keep_bodies=1, nested_objects=True)
    with served(folder, plain) as sandbox, credentialed(sandbox) as client:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(request=requests, body=bodies)
        def ask(request: tuple[str, str, dict[str, str]], body: Any) -> None:
            method, path, query = request
            sandbox.faults.clear()
            answer = client.request(method, path, params=query, json=body)
            assert answer.status_code < 500, answer.text

        ask()
        accept(client, profile("after"))
    assert is_whole(folder / FILE)


def test_random_requests(tmp_path: Path) -> None:
    fuzz(tmp_path, 200)


@pytest.mark.bench
def test_ten_thousand_random_requests(tmp_path: Path) -> None:
    fuzz(tmp_path, 10_000)
