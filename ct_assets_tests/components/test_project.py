"""What a person reads who got a declaration wrong: the printed text, whole."""

import re
from pathlib import Path

import pytest

from ct_assets.components.declaration import InvalidDeclarationError
from ct_assets_tests.components import kit

KNOWN = (
    "name, object, source, identify_by, where, fields, other_columns, event, event_key, ts, "
    "duplicates, require_profile, limits, max_rejected, max_refused, trigger, paused, after, "
    "destination, partition, on_unknown, first_run, on_removed, max_removed, max_changed, "
    "fresh_within_hours, description, owners, tags, group"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def printed(root: Path, sync: str, source: str = kit.SOURCE, **more: str) -> str:
    files = {"shop.yaml": source, "sync.yaml": sync, **more}
    placed = {name.replace(".yaml", "/defs.yaml"): text for name, text in files.items()}
    with pytest.raises(InvalidDeclarationError) as caught:
        kit.load(root, placed)
    return re.sub(r"ct_assets_project_\d+/", "", str(caught.value))


SYNC_MISTAKES = {
    "unknown key": (
        kit.CUSTOMERS + "  max_rejcted: 0.2\n",
        "defs/sync/defs.yaml:10: max_rejcted: unknown setting; did you mean 'max_rejected'? "
        f"Known here: {KNOWN}.",
    ),
    "unknown source": (
        kit.CUSTOMERS.replace("shop/customer", "shop/custmer"),
        "defs/sync/defs.yaml:5: source: no asset 'shop/custmer'; did you mean 'shop/customer'?",
    ),
    "duplicate key": (
        kit.CUSTOMERS + "    Email: mail2\n",
        "defs/sync/defs.yaml:10: 'Email' is written twice; keep one",
    ),
    "a field that CleverTap forbids": (
        kit.CUSTOMERS + "    identity: id\n",
        "defs/sync/defs.yaml:10: fields.identity: an identifier is no field: name its column under "
        "`identify_by`.",
    ),
    "an identifier that does not exist": (
        kit.CUSTOMERS.replace("{identity: id}", "{Identity: id}"),
        "defs/sync/defs.yaml:6: identify_by[0]: CleverTap knows no identifier 'Identity'; did you "
        "mean 'identity'? It has identity, objectId, FBID and GPID.",
    ),
    "a cron line that is none": (
        kit.CUSTOMERS + "  trigger: hourly\n",
        "defs/sync/defs.yaml:10: trigger: 'hourly' is no cron line: it has 1 fields instead of "
        "five (minute hour day month weekday). Every hour is `0 * * * *`.",
    ),
    "a sync to wait for that is none": (
        kit.CUSTOMERS + "  after: [custmers]\n",
        "defs/sync/defs.yaml:10: after[0]: no other sync 'custmers'; there are: none",
    ),
    "a variable that is not set": (
        kit.CUSTOMERS + "  destination: '{{ env.NO_SUCH }}'\n",
        "defs/sync/defs.yaml:10: destination: {{ env.NO_SUCH }} is nothing; is the variable set?",
    ),
    "a component that does not exist": (
        kit.CUSTOMERS.replace("ClevertapSync", "ClevertapSink"),
        "defs/sync/defs.yaml:1: type: no ct_assets.components.ClevertapSink; did you mean "
        "'ClevertapSync'? There are ClevertapSync and SourceTable.",
    ),
    "a key beside the attributes": (
        kit.CUSTOMERS + "atributes: {}\n",
        "defs/sync/defs.yaml:10: atributes: unknown setting; did you mean 'attributes'? Known "
        "here: type, attributes, template_vars_module, requirements, post_processing.",
    ),
    "attributes that are a list": (
        "type: ct_assets.components.ClevertapSync\nattributes: [1]\n",
        "defs/sync/defs.yaml:2: attributes: must be a mapping, `name: value` lines.",
    ),
    "an empty file": (
        "",
        "defs/sync/defs.yaml:1: declares nothing; remove the file or write `type: ...`",
    ),
}


@pytest.mark.parametrize(("sync", "expected"), SYNC_MISTAKES.values(), ids=SYNC_MISTAKES)
def test_a_mistake_names_file_line_and_fix(tmp_path: Path, sync: str, expected: str) -> None:
    assert printed(tmp_path, sync).splitlines()[0] == expected


def test_all_mistakes_of_a_declaration_are_told_at_once(tmp_path: Path) -> None:
    sync = "type: ct_assets.components.ClevertapSync\nattributes:\n  object: event\n"

    lines = printed(tmp_path, sync).splitlines()

    assert [line.partition(" is missing")[0] for line in lines] == [
        "defs/sync/defs.yaml:2: `name`",
        "defs/sync/defs.yaml:2: `source`",
        "defs/sync/defs.yaml:2: `identify_by`",
        "defs/sync/defs.yaml:2: `event`",
        "defs/sync/defs.yaml:2: `event_key`",
    ]


def test_two_syncs_with_one_name(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, **{"again.yaml": kit.CUSTOMERS})

    assert text == (
        "defs/sync/defs.yaml:3: name: the sync of defs/again/defs.yaml is called 'customers' too; "
        "give one another name"
    )


def test_a_source_that_is_declared_twice(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, f"{kit.SOURCE}---\n{kit.SOURCE}")

    assert text == (
        "defs/shop/defs.yaml:8: asset: 'shop/customer' is declared in defs/shop/defs.yaml too; "
        "keep one"
    )


def test_what_is_not_yaml_at_all(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS + "  after: [customers\n")

    assert re.fullmatch(r"defs/sync/defs\.yaml:\d+: not readable as YAML: .*", text)


SOURCE_MISTAKES = {
    "no rows": (
        kit.SOURCE.replace("  file: customer.csv\n", ""),
        "defs/shop/defs.yaml:2: says not where the rows come from. Write one of file, table, sql, "
        "sql_file.",
    ),
    "rows from two places": (
        kit.SOURCE + "  table: customer\n",
        "defs/shop/defs.yaml:5: table: file and table are given. Keep one of them.",
    ),
    "no such SQL file": (
        kit.SOURCE.replace("file: customer.csv", "sql_file: customer.sql"),
        "defs/shop/defs.yaml:4: sql_file: no file 'customer.sql' beside this one",
    ),
    "no such type": (
        kit.SOURCE + "  types: {id: int}\n",
        "defs/shop/defs.yaml:5: types.id: must be one of string, integer, float, boolean, date, "
        "datetime, not 'int'; did you mean 'integer'?",
    ),
    "types of a query": (
        kit.SOURCE.replace("file: customer.csv", "table: customer") + "  types: {id: integer}\n",
        "defs/shop/defs.yaml:5: types: is for files. In a query, write `cast(... as ...)`.",
    ),
}


@pytest.mark.parametrize(("source", "expected"), SOURCE_MISTAKES.values(), ids=SOURCE_MISTAKES)
def test_a_mistake_in_a_source(tmp_path: Path, source: str, expected: str) -> None:
    assert printed(tmp_path, kit.CUSTOMERS, source) == expected
