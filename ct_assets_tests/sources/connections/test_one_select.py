import pytest

from ct_assets.sources.connections.one_select import one_select
from ct_assets.sources.query_errors import QueryError

READS = [
    "select 1",
    "(select 1)",
    "with x as (select 1) select * from x;",
    "select replace(a, 'x', 'y') from t",
    "select (insert('a', 1, 1, 'b'))",
    'select "update", t.delete from t',
    "values (1)",
    "table x",
    "select 'delete; into'",
    "select $$a;b$$, $tag$ ; $$ $tag$",
    "select E'it\\'s; x'",
    "select '\\'",
    "select * from t /* ; delete */ where x = 'a'",
    "select deleted, update_at from (select delete_flag from t) x",
]
NOT_ONE = [
    "",
    "  ;",
    "-- nothing",
    "delete from t",
    "select 1; select 2",
    "select 1;;",
    "with x as (delete from t returning *) select * from x",
    "with x as (select 1) insert into t select 1",
    "with x as (select 1) delete from t",
    "select * into t from x",
    "select * from t into outfile 'x'",
    "select 1 for update",
    "drop table x",
    "select '\\'; delete from t --'",
    "explain analyze delete from t",
    "call f()",
    "copy t to 'x'",
    "(delete from t)",
    "set x = 1",
    "merge into t using s on true when matched then delete",
]


@pytest.mark.parametrize("query", READS)
def test_one_select_passes(query: str) -> None:
    assert one_select(query, "people.sql") == query.rstrip("; \n")


@pytest.mark.parametrize("query", NOT_ONE)
def test_anything_else_does_not(query: str) -> None:
    with pytest.raises(QueryError, match=r"people\.sql: must be one SELECT statement; it only"):
        one_select(query, "people.sql")


@pytest.mark.parametrize("end", [";", " ; -- all", " -- it's\n;", "/* ; */", "\n"])
def test_the_semicolon_and_comments_behind_it_stay_here(end: str) -> None:
    assert one_select(f"select 1{end}", "people.sql") == "select 1"


@pytest.mark.parametrize(
    "query", ["select 'it\\'s; x'", "select 1 # it's; a\n + 1", 'select "a\\"; b"']
)
def test_a_backslash_quotes_where_the_database_says_so(query: str) -> None:
    assert one_select(query, "people.sql", escapes=True) == query


def test_a_comment_that_a_server_runs_is_none() -> None:
    with pytest.raises(QueryError, match="has a comment that the server runs"):
        one_select("select 1 /*! ; delete from t */", "people.sql")


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("select 5--3, x from t", "select 5--3, x from t"),
        ("select 1 --\n, 2 -- all", "select 1 --\n, 2"),
        ("select 1 --", "select 1"),
        ("select 1 --\tall; delete from t", "select 1"),
    ],
)
def test_a_comment_of_mysql_has_a_blank_behind_its_dashes(query: str, read: str) -> None:
    assert one_select(query, "people.sql", escapes=True) == read


def test_nothing_hides_behind_dashes_that_begin_no_comment() -> None:
    with pytest.raises(QueryError, match="must be one SELECT statement"):
        one_select("select 5--3; delete from t", "people.sql", escapes=True)
