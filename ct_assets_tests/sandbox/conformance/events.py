"""Records of events and device tokens, in dry runs."""

from ct_assets_tests.sandbox.conformance.case import (
    Case,
    accepted,
    event,
    profile,
    refusal,
    refused,
    token,
    uploaded,
)
from ct_assets_tests.sandbox.conformance.codes import (
    EMAIL,
    NAMELESS,
    NOBODY,
    OBJECT_ID,
    RESTRICTED,
    STRUCTURE,
    SURPLUS,
    TIME,
    TOKEN_OBJECT_ID,
    nested,
)

_DATA = {
    "Amount": 42.5,
    "Currency": "EUR",
    "Charged ID": "ord-9",
    "Ships On": "$D_1700100000",
    "Gift": False,
    "Items": [{"sku": "A1", "qty": 2}, {"sku": "B7", "qty": 1}],
}

ACCEPTED = [
    accepted("Charged with Items", event("Charged", _DATA, ts=1_700_000_100)),
    accepted("Charged in other letters", event("charged", {"Items": [{"n": 1}]}), seen=False),
    accepted("an event of a FBID", {"type": "event", "FBID": "f", "evtName": "Web Event"}),
    accepted("an event of a GPID", {"type": "event", "GPID": "g", "evtName": "x"}, seen=False),
    accepted("no evtData", {"type": "event", "identity": "a", "evtName": "x"}, seen=False),
    accepted("evtData of null", event() | {"evtData": None}, seen=False),
    accepted("a null property", event(data={"p": None}), seen=False),
    accepted("# in a name", event("n#1", {"p#1": 1}), seen=False),
    accepted("100 properties", event("Wide", {f"p{i}": i for i in range(100)})),
    accepted("ts long ago", event(ts=1), seen=False),
    accepted("ts in ten seconds", event(ts=4_102_444_800), seen=False),
]

REFUSED = [
    refused("no name", {"type": "event", "identity": "a"}, *NAMELESS, seen=True),
    refused("an empty name", event(""), *NAMELESS),
    refused("a blank name", event(" "), *NAMELESS),
    refused("a name that is a number", event(5), *NAMELESS),
    refused("an event of nobody", {"type": "event", "evtName": "x"}, *NOBODY),
    refused("an event of an unknown objectId", event(objectId="-x"), *OBJECT_ID),
    refused("an event's ts of 0", event(ts=0), *TIME, seen=True),
    refused("an event's ts in milliseconds", event(ts=1_700_000_000_000), *TIME),
    refused("ts before the name", {"type": "event", "identity": "a", "ts": 0}, *TIME),
    refused("a nested object", event(data={"a": {"b": 1}}), *nested("a")),
    refused("a list", event(data={"a": [1]}), *nested("a")),
    refused("Items elsewhere", event(data={"Items": [{"a": 1}]}), *nested("Items")),
    refused("Items of texts", event("Charged", {"Items": ["a"]}), *STRUCTURE),
    refused("Items nested", event("Charged", {"Items": [{"a": [1]}]}), *STRUCTURE),
    refused("another list in Charged", event("Charged", {"Others": [{"a": 1}]}), *nested("Others")),
    refused("evtData that is no object", event(data=[1]), *STRUCTURE),
    refused("101 properties", event(data={f"p{i}": i for i in range(101)}), *SURPLUS),
    refused("a system event in other letters", event("applaunched"), *RESTRICTED),
    refused("the reserved prefix", event("wzrk_fetch"), *RESTRICTED),
]

RESERVED = [
    refused(f"{name} is reserved", event(name), *RESTRICTED, seen=name == "Web Page Viewed")
    for name in (
        *("Notification Sent", "Notification Viewed", "Notification Clicked"),
        *("Notification Delivered", "Notification Replied", "UTM Visited", "App Launched"),
        *("App Uninstalled", "App Version Changed", "Stayed", "Reply Sent"),
        *("Experiment Rendered", "Reachable By", "Identity Reset", "Identity Set"),
        *("Identity Error", "Geocluster Entered", "Geocluster Exited", "SCCampaignOptOut"),
        *("Notification Bounced", "App Installed", "App Upgraded", "Web Session Started"),
        *("Push Impressions", "Push Unregistered", "Channel Subscribed"),
        *("Channel Unsubscribed", "Session Concluded", "State Transitioned", "Partner Sync"),
        *("Notification Failed", "wzrk_d", "Web Page Viewed"),
    )
]

TOKENS = [
    refused("a token of an unknown device", token("__gone", id="t", type="fcm"), *TOKEN_OBJECT_ID),
    refused(
        "a token of an identity",
        {"type": "token", "identity": "a", "tokenData": {"id": "t", "type": "fcm"}},
        *TOKEN_OBJECT_ID,
    ),
]

_TWO_WRONG = profile({"Age": "aa", "Email": "1"})

PARTIAL = Case(
    name="one error for each record, by its number",
    seen=True,
    body=uploaded(event(), _TWO_WRONG, event(None), profile()),
    answer={
        "status": "partial",
        "processed": 2,
        "unprocessed": [refusal(_TWO_WRONG, *EMAIL, 2), refusal(event(None), *NAMELESS, 3)],
    },
)
ALL_BAD = Case(
    name="nothing processed",
    seen=True,
    body=uploaded(event(None), _TWO_WRONG),
    answer={
        "status": "fail",
        "processed": 0,
        "unprocessed": [refusal(event(None), *NAMELESS, 1), refusal(_TWO_WRONG, *EMAIL, 2)],
    },
)

CASES = [*ACCEPTED, *REFUSED, *RESERVED, *TOKENS, PARTIAL, ALL_BAD]
