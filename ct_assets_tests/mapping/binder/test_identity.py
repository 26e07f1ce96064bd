import polars as pl
import pytest

from ct_assets_tests.mapping.splitting import events, profiles

FOUR = [{"identity": "id"}, {"objectId": "device"}, {"FBID": "fb"}, {"GPID": "gp"}]
NAME = {"Name": {"value": "x"}}


def one(**values: str | None) -> pl.DataFrame:
    row = {"id": None, "device": None, "fb": None, "gp": None, **values}
    return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String()))


@pytest.mark.parametrize(
    ("row", "record", "key", "kind", "also"),
    [
        (
            {"id": "a"},
            '{"type":"profile","identity":"a","profileData":{"Name":"x"}}',
            "a",
            "identity",
            None,
        ),
        (
            {"device": "-h1"},
            '{"type":"profile","objectId":"-h1","profileData":{"Name":"x"}}',
            "-h1",
            "objectId",
            None,
        ),
        (
            {"fb": "11", "gp": "22"},
            '{"type":"profile","FBID":"11","profileData":{"GPID":"22","Name":"x"}}',
            "11",
            "FBID",
            ["GPID:22"],
        ),
        (
            {"id": "a", "device": "d1", "fb": "11", "gp": "22"},
            '{"type":"profile","identity":"a","objectId":"d1",'
            '"profileData":{"FBID":"11","GPID":"22","Name":"x"}}',
            "a",
            "identity",
            ["objectId:d1", "FBID:11", "GPID:22"],
        ),
    ],
)
def test_the_first_identifier_present_is_used_and_the_others_go_along(
    row: dict[str, str], record: str, key: str, kind: str, also: list[str] | None
) -> None:
    outcome = profiles(one(**row), NAME, identify_by=FOUR)

    assert outcome.valid.select("_key", "_kind", "_identity", "_also", "_record").row(0) == (
        key,
        kind,
        key,
        also,
        record,
    )
    assert outcome.keys.select("_key", "_kind", "_also").row(0) == (key, kind, also)


def test_an_object_id_that_comes_first_takes_the_identity_into_its_profile() -> None:
    order = [{"objectId": "device"}, {"identity": "id"}]
    outcome = profiles(one(id="a", device="d1"), NAME, identify_by=order)

    assert outcome.valid["_record"].to_list() == [
        '{"type":"profile","objectId":"d1","profileData":{"identity":"a","Name":"x"}}'
    ]


def test_an_event_names_one_person_one_way() -> None:
    rows = one(id="a", device="d1").with_columns(key=pl.lit("k"))
    outcome = events(rows, identify_by=FOUR)

    assert outcome.valid["_record"].to_list() == [
        '{"type":"event","identity":"a","evtName":"Viewed","evtData":{}}'
    ]
    assert outcome.valid["_also"].to_list() == [["objectId:d1"]]


@pytest.mark.parametrize(
    "junk",
    [
        "undefined", "null", "NULL", "na", "N/A", "0", "nil", "-1", "infinity", "-Infinity",
        "inf", "-inf", "nan", "NaN", "-nan", "xxxxxx", "XXXXXX",
    ],
)  # fmt: skip
def test_stand_ins_for_nobody_are_rejected(junk: str) -> None:
    outcome = profiles(pl.DataFrame({"id": [junk]}))

    assert outcome.reasons == [[("identity", "identity_junk")]]
    assert outcome.keys["_key"].to_list() == [None]


@pytest.mark.parametrize("fine", ["nonna", "001", "-2", "xxxxx", "ñ", "a b", "O'Brien"])
def test_what_only_resembles_a_stand_in_is_sent(fine: str) -> None:
    assert profiles(pl.DataFrame({"id": [fine]})).valid["_key"].to_list() == [fine]


@pytest.mark.parametrize("nothing", [None, "", "  ", "\t\n"])
def test_nobody_is_rejected(nothing: str | None) -> None:
    outcome = profiles(pl.DataFrame({"id": [nothing]}, schema={"id": pl.String}))

    assert outcome.reasons == [[("identity", "identity_missing")]]
    assert outcome.rejected["reasons"][0][0]["message"] == (
        "id is empty, so there is nobody to send this for: fill it in the source, or cut such rows "
        "with `where:`"
    )


def test_a_stand_in_does_not_pass_the_row_on_to_the_next_identifier() -> None:
    outcome = profiles(one(id="null", fb="11"), NAME, identify_by=FOUR)

    assert outcome.reasons == [[("identity", "identity_junk")]]


def test_an_unusable_further_identifier_is_left_out_with_a_warning() -> None:
    outcome = profiles(one(id="a", fb="null"), NAME, identify_by=FOUR)

    assert outcome.valid["_also"].to_list() == [None]
    assert outcome.warnings == [[("FBID", "identity_junk")]]
    assert outcome.records == [{"type": "profile", "identity": "a", "profileData": {"Name": "x"}}]


def test_identities_of_1024_bytes_are_the_longest() -> None:
    rows = pl.DataFrame({"id": ["é" * 512, "é" * 512 + "x"]})
    outcome = profiles(rows)

    assert outcome.valid["_key"].to_list() == ["é" * 512]
    assert outcome.reasons == [[("identity", "identity_too_long")]]


def test_a_phone_number_as_identity_is_written_as_e164() -> None:
    rows = pl.DataFrame({"phone": ["055 123 4567", "12"], "land": ["IT", "IT"]})
    by = [{"identity": {"column": "phone", "type": "phone", "region": {"column": "land"}}}]
    outcome = profiles(rows, NAME, identify_by=by)

    assert outcome.valid["_key"].to_list() == ["+390551234567"]
    assert [field for ((field, _),) in outcome.reasons] == ["identity"]


def test_an_email_as_identity_must_be_one() -> None:
    by = [{"identity": {"column": "mail", "type": "email"}}]
    outcome = profiles(pl.DataFrame({"mail": ["a@b.example", "no"]}), NAME, identify_by=by)

    assert outcome.valid["_key"].to_list() == ["a@b.example"]
    assert [field for ((field, _),) in outcome.reasons] == ["identity"]


def test_whole_numbers_are_identities() -> None:
    outcome = profiles(pl.DataFrame({"id": [7, 171, None]}))

    assert outcome.valid["_key"].to_list() == ["7", "171"]
