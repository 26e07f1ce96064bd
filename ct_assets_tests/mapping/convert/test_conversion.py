import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Target, convert, prepare
from ct_assets.mapping.convert.conversion import CONVERSIONS


def _plan(kind: FieldType) -> str:
    converted = convert(pl.col("given"), pl.String(), Target("Field", kind, region="GB"))
    rows = pl.LazyFrame({"given": ["x"]})
    return prepare(rows, [converted]).select(v=converted.value, f=converted.failed).explain()


# What is dear is computed once per row, however many expressions read it.
@pytest.mark.parametrize(
    ("kind", "work", "times"),
    [
        (FieldType.PHONE, "python_udf", 1),
        (FieldType.DATE, "str.strptime", 5),
        (FieldType.GENDER, "str.to_lowercase", 1),
        (FieldType.INTEGER, "str.replace", 1),
    ],
)
def test_work_is_shared(kind: FieldType, work: str, times: int) -> None:
    assert _plan(kind).count(work) == times


def test_steps_of_several_conversions_are_taken_together() -> None:
    both = [
        convert(pl.col("a"), pl.String(), Target("A", FieldType.INTEGER)),
        convert(pl.col("b"), pl.String(), Target("B", FieldType.EMAIL)),
    ]
    rows = pl.LazyFrame({"a": [" 1 "], "b": ["a@b.co"]})
    prepared = prepare(rows, both)
    assert prepared.collect_schema().names() == [
        "a",
        "b",
        "__A:text",
        "__B:text",
        "__A:plain",
        "__B:plain",
        "__A:number",
        "__B:wide",
    ]
    values = prepared.select(a=both[0].value, b=both[1].value).collect()
    assert values.rows() == [(1, "a@b.co")]


def test_what_cannot_fail_says_so() -> None:
    assert convert(pl.col("a"), pl.Int32(), Target("A")).failed.meta.is_literal()


def test_every_type_that_can_be_declared_has_a_conversion() -> None:
    assert set(CONVERSIONS) == set(FieldType)
