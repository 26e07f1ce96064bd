from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from ct_assets.mapping.declaration.row_sql import check_sql, sql_columns


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a = 'select id from read_csv(''x'')'", {"a"}),
        ('"select" = 1', {"select"}),
        ("`select` = 1 and `it``s (values (1))` = 2", {"select", "it`s (values (1))"}),
        ("selected = 1 and preselect = 2", {"selected", "preselect"}),
        ("a -- not selected\n = 1", {"a"}),
        ("a /* one value of the row */ = 1", {"a"}),
        ("a = '--' and b = '/*'", {"a", "b"}),
        (r"a = '\'", {"a"}),
        ("a in ('with', 'from', 'table')", {"a"}),
        ("extract(year from a) = 2026", {"a"}),
        ("trim(both 'x' from a) = substring(b from 1)", {"a", "b"}),
        ("a is distinct from b", {"a", "b"}),
        ("b > 1 and read_at is null", {"b", "read_at"}),
    ],
)
def test_what_sees_the_row_alone_is_taken(text: str, columns: set[str]) -> None:
    check_sql(text)

    assert sql_columns(text) == columns


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("id in (select id from read_csv('FILE'))", "select"),
        ("id IN (SeLeCt id FROM read_csv('FILE'))", "SeLeCt"),
        ("id in (/* ids */select/**/id from read_csv('FILE'))", "select"),
        ("id in (--\nselect id from read_csv('FILE'))", "select"),
        ("id = 'it''s' or id in (select id from read_csv('FILE'))", "select"),
        ("id = ' -- ' or id in (select id from read_csv('FILE'))", "select"),
        ("\"--\" = 1 or id in (select id from read_csv('FILE'))", "select"),
        ("id = $$'$$ or id in (select id from read_csv('FILE')) or id = '", "select"),
        (r"id = E'\'' or id in (select id from read_csv('FILE')) or id = ''", "select"),
        ("id = 1 -- \r' or id in (select id from read_csv('FILE'))\n or id = ''", "select"),
        ("id = 1 /* /* */ ' */ or id in (select id from read_csv('FILE')) or id = ''", "select"),
        ("id = any(select id from read_parquet('https://example.org/ids'))", "select"),
        ("exists (select 1)", "select"),
        ("id in (with ids as (select 1) select 1)", "with"),
        ("id in (values (1))", "values"),
        ("id in (from ids)", "from"),
        ("id in (table ids)", "table"),
        ("id in (read_csv('FILE'))", "read_csv"),
        ("scan_parquet ('FILE') = id", "scan_parquet"),
    ],
)
def test_what_reads_more_is_refused_before_anything_is_read(
    tmp_path: Path, text: str, word: str
) -> None:
    file = tmp_path / "ids.csv"
    file.write_text("a private first line\n")

    with pytest.raises(PydanticCustomError) as refused:
        check_sql(text.replace("FILE", str(file)))

    told = str(refused.value)
    assert f"sees nothing else: {word!r} is not possible here. Join other tables and files" in told
    assert "private" not in told
