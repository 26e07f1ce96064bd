"""The checker itself: it must find what CleverTap would not take."""

import pytest

from ct_assets_tests.mapping.checker import check

PROFILE = '{"type":"profile","identity":"a","profileData":{%s}}'
EVENT = '{"type":"event","identity":"a","ts":1700000000,"evtName":"%s","evtData":{%s}}'


@pytest.mark.parametrize(
    "record",
    [
        PROFILE % "",
        PROFILE % '"Email":"a@b.example","Phone":"+390551234567","Age":18,"MSG-sms":false',
        PROFILE % '"DOB":"$D_-3600","tags":["a","b"],"visits":{"$incr":2},"more":{"$add":["a"]}',
        PROFILE % '"category-unsubscribe":{"email":["news"]}',
        EVENT % ("Viewed", '"n":1.5,"t":""'),
        EVENT % ("Charged", '"Amount":1.5,"Items":[{"sku":"a","n":1}]'),
    ],
)
def test_sound_records(record: str) -> None:
    check(record)


@pytest.mark.parametrize(
    "record",
    [
        '{"type":"profile","identity":null,"profileData":{}}',
        '{"type":"profile","identity":"NaN","profileData":{}}',
        '{"type":"profile","identity":7,"profileData":{}}',
        '{"type":"profile","profileData":{}}',
        '{"type":"profile","identity":"a"}',
        PROFILE % '"n":null',
        PROFILE % '"n":NaN',
        PROFILE % '"n":1e400',
        PROFILE % '"n":9223372036854775808',
        PROFILE % '"n":1,"n":2',
        PROFILE % '"n":[]',
        PROFILE % '"n":["a","a"]',
        PROFILE % '"n":[1]',
        PROFILE % '"n":{"$incr":"1"}',
        PROFILE % '"n":{"a":"b"}',
        PROFILE % '"a.b":1',
        PROFILE % '"wzrk_a":1',
        PROFILE % '"n":"$D_2024-01-31"',
        PROFILE % f'"n":"{"é" * 257}"',
        PROFILE % f'"{"é" * 61}":1',
        PROFILE % ",".join(f'"p{n}":1' for n in range(257)),
        PROFILE % '"Email":"a@b"',
        PROFILE % '"Phone":"390551234567"',
        PROFILE % '"Phone":390551234567',
        PROFILE % '"Gender":"male"',
        PROFILE % '"Age":"18"',
        PROFILE % '"MSG-sms":"true"',
        PROFILE % '"DOB":"1990-01-01"',
        PROFILE % '"category-unsubscribe":["news"]',
        EVENT.replace("1700000000", "0") % ("Viewed", ""),
        EVENT.replace("1700000000", "1700000000000") % ("Viewed", ""),
        EVENT % ("app launched", ""),
        EVENT % ("charged", ""),
        EVENT % ("50% off", ""),
        EVENT % ("Viewed", '"n":["a"]'),
        EVENT % ("Viewed", '"Items":[{"sku":"a"}]'),
        EVENT % ("Charged", '"Items":[{}]'),
        EVENT % ("Charged", '"Items":[{"sku":null}]'),
        EVENT % ("Charged", '"Items":[{"sku":["a"]}]'),
        EVENT % ("Charged", '"Amount":"1.5"'),
        EVENT % ("Viewed", ",".join(f'"p{n}":1' for n in range(101))),
    ],
)
def test_what_clevertap_would_not_take(record: str) -> None:
    with pytest.raises((AssertionError, KeyError, TypeError)):
        check(record)
