from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.query_errors import WarehouseBusyError
from ct_assets_tests.sources.elsewhere import opened_elsewhere

MD5 = 129134844867590561315626153795017621772
UUID = "5c649e9a-e23d-4444-b805-0792e0762da4"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    seed = tmp_path / "seed"
    seed.mkdir()
    (seed / "person.csv").write_text("id,mail,zip\n1,ada@example.org,0171\n2,bob@example.org,N1\n")
    return Warehouse(tmp_path / "data" / "warehouse.duckdb", seed=seed)


def query(warehouse: Warehouse, sql: str, tmp_path: Path) -> pl.DataFrame:
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    warehouse.snapshot(sql, out / "x.parquet", label="people.sql")
    return pl.read_parquet(out / "x.parquet")


def test_a_missing_warehouse_is_made_from_its_seed(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = query(warehouse, "select zip, mail as Email from person -- all\n;", tmp_path)

    assert rows.rows() == [("0171", "ada@example.org"), ("N1", "bob@example.org")]


def test_a_seeded_warehouse_follows_its_seed(warehouse: Warehouse, tmp_path: Path) -> None:
    query(warehouse, "from person", tmp_path)
    assert warehouse.seed
    (warehouse.seed / "person.csv").write_text("id,mail,zip\n3,eve@example.org,9\n")

    assert query(warehouse, "select id from person", tmp_path).rows() == [(3,)]


def test_a_warehouse_of_ones_own_is_left_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.database.parent.mkdir()
    with duckdb.connect(str(warehouse.database)) as own:
        own.execute("create table person as select 7 as id")

    assert query(warehouse, "from person", tmp_path).rows() == [(7,)]


def test_one_put_in_the_place_of_a_seeded_one_is_left_alone(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    query(warehouse, "from person", tmp_path)
    own = tmp_path / "own.duckdb"
    with duckdb.connect(str(own)) as connection:
        connection.execute("create table person as select 7 as id")
    own.replace(warehouse.database)
    assert warehouse.seed
    (warehouse.seed / "person.csv").write_text("id,mail,zip\n3,eve@example.org,9\n")

    assert query(warehouse, "from person", tmp_path).rows() == [(7,)]


def test_a_seed_that_cannot_be_read_is_told_without_its_cells(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    assert warehouse.seed
    (warehouse.seed / "person.csv").write_bytes(b'id,mail\n1,"secret@example.org\n\xff')

    with pytest.raises(UserError) as caught:
        query(warehouse, "from person", tmp_path)

    assert "secret" not in str(caught.value)


def test_without_a_seed_it_says_where_the_warehouse_belongs(tmp_path: Path) -> None:
    missing = Warehouse(tmp_path / "warehouse.duckdb")

    with pytest.raises(UserError, match=r"no warehouse at .*warehouse\.duckdb; put a DuckDB file"):
        query(missing, "select 1", tmp_path)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("from persn", 'people.sql: Catalog Error: Table with name persn does not exist!'),
        ("from persn", 'Did you mean "person"?'),
        ("select mial from person", 'Referenced column "mial" not found in FROM clause!'),
        ("selec 1", 'people.sql: Parser Error: syntax error at or near "selec"'),
        ("from '/etc/passwd.csv'", "a query reads the warehouse's tables only, declare a file"),
        ("from '/etc/passwd'", "declare a file with `file:`"),
        ("from read_text('/etc/passwd')", "declare a file with `file:`"),
        ("from read_json('http://127.0.0.1/')", "declare a file with `file:`"),
        ("from query('from read_text(''/etc/passwd'')')", "declare a file with `file:`"),
        ("attach 'x.duckdb' as x", "people.sql: must be one SELECT statement; it only reads"),
        ("install httpfs", "people.sql: must be one SELECT statement; it only reads"),
        ("set enable_external_access = true", "must be one SELECT statement; it only reads"),
        ("with x as (delete from person returning id) from x", "must be one SELECT statement"),
        ("delete from person", "people.sql: must be one SELECT statement; it only reads"),
        ("copy person to 'x.csv'", "must be one SELECT statement"),
        ("select 1; select 2", "must be one SELECT statement"),
        ("select cast(mail as int) from person", "ConversionException in column mail"),
        ('select cast("a b" as int) from (select mail as "a b" from person)', "in column a b ("),
    ],
)  # fmt: skip
def test_errors_name_the_query_and_quote_no_value(
    warehouse: Warehouse, tmp_path: Path, sql: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        query(warehouse, sql, tmp_path)

    assert message in str(caught.value)
    assert "@example.org" not in str(caught.value)
    cause = caught.value.__context__
    assert cause is None or caught.value.__suppress_context__


def test_it_reads_while_others_read(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.reading(tmp_path / "a") as one, warehouse.reading(tmp_path / "b") as two:
        counts = [c.sql("select count(*) from person").fetchall() for c in (one, two)]
    assert counts == [[(2,)], [(2,)]]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_text("id,mail\n1,ada@example.org\n" * 400)

    with pytest.raises(UserError, match=r"warehouse\.duckdb: cannot be read as a DuckDB database"):
        query(Warehouse(tmp_path / "warehouse.duckdb"), "select 1", tmp_path)


def test_a_database_that_somebody_writes_to_is_busy(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"

    with (
        duckdb.connect(str(database)),
        pytest.raises(WarehouseBusyError, match="in use by a process that"),
    ):
        query(Warehouse(database), "select 1", tmp_path)


def test_a_run_waits_for_a_process_that_writes_to_it(tmp_path: Path) -> None:
    database = tmp_path / "warehouse.duckdb"
    told: list[str] = []

    with opened_elsewhere(database, "create table t as select 1 as id") as (holder, close):

        def waiting(line: str) -> None:
            told.append(line)
            close()

        busy = f"{database}: in use by {holder}, which writes to it"
        with pytest.raises(WarehouseBusyError) as raised:
            query(Warehouse(database), "select id from t", tmp_path)
        patient = Warehouse(database, patience=timedelta(minutes=1), waiting=waiting)
        rows = query(patient, "select id from t", tmp_path)

    assert str(raised.value) == busy
    assert rows["id"].to_list() == [1]
    assert told == [f"{busy}; this run waits for it"]


def test_lists_of_structs_survive(warehouse: Warehouse, tmp_path: Path) -> None:
    sql = "select list({'id': id, 'mail': mail} order by id) as Items from person"

    items = query(warehouse, sql, tmp_path)

    assert items.schema["Items"] == pl.List(pl.Struct({"id": pl.Int64, "mail": pl.String}))


@pytest.mark.parametrize(
    ("sql", "value", "dtype"),
    [
        (f"'{UUID}'::uuid", UUID, pl.String()),
        ("""'{"a": 1}'::json""", '{"a": 1}', pl.String()),
        ("sum(9007199254740993)", 9007199254740993, pl.Decimal(38, 0)),
        ("5::uhugeint", "5", pl.String()),
        ("md5_number('a')", str(MD5), pl.String()),
        ("[md5_number('a')]", [str(MD5)], pl.List(pl.String())),
        ("time '23:59:59.999'", "23:59:59.999", pl.String()),
        ("time '24:00:00'", "24:00:00", pl.String()),
        ("timetz '12:00:00+02'", "12:00:00+02", pl.String()),
        ("time_ns '12:00:00.123456789'", "12:00:00.123456789", pl.String()),
        ("interval 26 hour", "26:00:00", pl.String()),
        (f"['{UUID}'::uuid]", [UUID], pl.List(pl.String())),
        (
            f"""{{'a "b" c': '{UUID}'::uuid, 'n': [sum(5)]}}""",
            {'a "b" c': UUID, "n": [5]},
            pl.Struct({'a "b" c': pl.String(), "n": pl.List(pl.Decimal(38, 0))}),
        ),
        ("[5::hugeint]::hugeint[1]", [5], pl.List(pl.Decimal(38, 0))),
    ],
)
def test_types_that_parquet_has_not_arrive_whole(
    warehouse: Warehouse, tmp_path: Path, sql: str, value: object, dtype: pl.DataType
) -> None:
    rows = query(warehouse, f'select 7 as n, {sql} as "the value"', tmp_path)

    assert rows.schema["the value"] == dtype
    assert rows.rows() == [(7, value)]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (f'{2**127 - 1} as "my sum"', "column 'my sum' has an integer"),
        (f"[{2**127 - 1}] as sums", "a column has an integer"),
    ],
)
def test_an_integer_that_is_too_long_says_what_to_write(
    warehouse: Warehouse, tmp_path: Path, column: str, told: str
) -> None:
    with pytest.raises(UserError) as caught:
        query(warehouse, f"from (select 5::hugeint as g, {column})", tmp_path)

    assert str(caught.value) == (
        f"people.sql: {told} of more than 38 digits; send it as text, with `cast(... as varchar)`"
        " in the query"
    )


def test_nothing_of_a_query_can_write(warehouse: Warehouse, tmp_path: Path) -> None:
    with warehouse.reading(tmp_path) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("insert into person values (3, '', '')")
