import pytest

from ct_assets.mapping.convert import FieldType, Limits, field_type, problems_of_name
from ct_assets.mapping.convert.names import Named

FORBIDDEN = ["%", ">", "<", "!", "|", "&", ".", ":", ";", "$", "'", '"', "\\", "#"]


PLAIN_NAMES = [
    "loyalty_tier",
    "MSG-email",
    "category-unsubscribe",
    "ct_is_test_user",
    "Größe",
    "好",
]


@pytest.mark.parametrize("character", FORBIDDEN)
@pytest.mark.parametrize("named", ["profile", "event", "event_name", "item"])
def test_forbidden_characters(named: Named, character: str) -> None:
    assert problems_of_name(named, f"a{character}b") == (
        f"CleverTap forbids {character} in names: write, say, 'a_b'."
    )


@pytest.mark.parametrize(
    "name",
    [*PLAIN_NAMES, "Customer Type", "Charged ID", "a/b (c)", "a" * 120, "é" * 60],
)
def test_names_of_fields(name: str) -> None:
    assert problems_of_name("profile", name) is None
    assert problems_of_name("event", name) is None


@pytest.mark.parametrize("name", ["a" * 121, "é" * 60 + "a", "好" * 41])
def test_names_of_fields_that_are_too_long(name: str) -> None:
    problem = problems_of_name("event", name)
    assert problem is not None
    assert "CleverTap takes 120" in problem
    assert problems_of_name("event", name, limits=Limits(key_bytes=200)) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "a name cannot be empty."),
        (" ", "a name cannot be empty."),
        (" a", "blanks at the start or the end of a name get lost: write 'a'."),
        ("a\nb", "control characters and other invisible ones do not belong in a name."),
        ("a\u200bb", "control characters and other invisible ones do not belong in a name."),
        ("wzrk_id", "names that begin with wzrk_ are CleverTap's own: choose another."),
    ],
)
def test_names_that_nothing_may_have(name: str, problem: str) -> None:
    assert problems_of_name("profile", name) == problem
    assert problems_of_name("event", name) == problem
    assert problems_of_name("event_name", name) == problem


@pytest.mark.parametrize("name", ["identity", "Identity", "objectId", "FBID", "GPID", "gpid"])
def test_identifiers_are_no_fields(name: str) -> None:
    assert problems_of_name("profile", name) == (
        "an identifier is no field: name its column under `identify_by`."
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [("email", "Email"), ("PHONE", "Phone"), ("msg-email", "MSG-email"), ("dob", "DOB")],
)
def test_own_fields_in_another_case(name: str, written: str) -> None:
    assert problems_of_name("profile", name) == (
        f"CleverTap's own field is written {written!r}; {name!r} would be a second property."
    )
    assert problems_of_name("event", name) is None


def test_birthday_is_dob() -> None:
    problem = problems_of_name("profile", "Birthday")
    assert problem == "CleverTap keeps this name for itself: the date of birth is the field 'DOB'."


# docs.clevertap.com/docs/platform-considerations, and one that was seen refused with 513.
RESERVED = [
    "Notification Sent", "Notification Viewed", "Notification Clicked", "Notification Delivered",
    "Notification Replied", "UTM Visited", "App Launched", "App Uninstalled",
    "App Version Changed", "Stayed", "Reply Sent", "Experiment Rendered", "Reachable By",
    "Identity Reset", "Identity Set", "Identity Error", "Web Page Viewed",
]  # fmt: skip


@pytest.mark.parametrize("name", [*RESERVED, "app launched", "AppLaunched", "STAYED"])
def test_reserved_events(name: str) -> None:
    problem = problems_of_name("event_name", name)
    assert problem is not None
    assert "code 513" in problem


@pytest.mark.parametrize(
    "name", ["Charged", "Web Event", "Product Viewed", "Stayed Home", "x" * 512]
)
def test_names_of_events(name: str) -> None:
    assert problems_of_name("event_name", name) is None


def test_names_of_events_that_mislead() -> None:
    assert problems_of_name("event_name", "charged") == (
        "CleverTap's event of a purchase is written 'Charged'."
    )
    problem = problems_of_name("event_name", "x" * 513)
    assert problem == "the name is 513 bytes long, and CleverTap takes 512: shorten it."


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Phone", FieldType.PHONE),
        ("Email", FieldType.EMAIL),
        ("Gender", FieldType.GENDER),
        ("Employed", FieldType.YES_NO),
        ("Married", FieldType.YES_NO),
        ("Education", FieldType.EDUCATION),
        ("Age", FieldType.AGE),
        ("DOB", FieldType.DATE),
        ("Name", FieldType.STRING),
        ("MSG-email", FieldType.BOOLEAN),
        ("MSG-push", FieldType.BOOLEAN),
        ("MSG-sms", FieldType.BOOLEAN),
        ("MSG-whatsapp", FieldType.BOOLEAN),
        ("MSG-dndPhone", FieldType.BOOLEAN),
        ("MSG-dndEmail", FieldType.BOOLEAN),
        ("MSG-dndSMS", FieldType.BOOLEAN),
        ("MSG-dndWhatsApp", FieldType.BOOLEAN),
        ("ct_is_test_user", FieldType.BOOLEAN),
        ("Photo", FieldType.STRING),
        ("Tz", FieldType.STRING),
        ("Timezone", FieldType.STRING),
        ("Customer Type", None),
        ("category-unsubscribe", FieldType.GROUPS),
        ("category-resubscribe", FieldType.GROUPS),
        ("loyalty_tier", None),
    ],
)
def test_types_of_profile_fields(name: str, kind: FieldType | None) -> None:
    assert field_type("profile", name) is kind


@pytest.mark.parametrize(
    ("name", "event", "kind"),
    [
        ("Items", "Charged", FieldType.ITEMS),
        ("Items", None, FieldType.ITEMS),
        ("Items", "Order Placed", None),
        ("Amount", "Charged", FieldType.FLOAT),
        ("Amount", None, None),
        ("Currency", "Charged", FieldType.STRING),
        ("Charged ID", "Charged", None),
        ("Phone", "Charged", None),
    ],
)
def test_types_of_event_fields(name: str, event: str | None, kind: FieldType | None) -> None:
    assert field_type("event", name, event) is kind
