"""Each mistake in the declaration of a sync, as a person reads it: the printed text, whole."""

from pathlib import Path

import pytest

from ct_assets_tests.components import kit
from ct_assets_tests.components.project.loader_kit import printed

pytestmark = pytest.mark.usefixtures("here")

KNOWN = (
    "name, object, source, identify_by, where, fields, other_columns, consent, event, event_key, "
    "ts, duplicates, require_profile, segment, junk_identities, limits, max_rejected, max_refused, "
    "trigger, paused, after, upstream, destination, partition, on_unknown, first_run, mode, "
    "look_again_hours, send, verify, on_removed, max_removed, max_changed, fresh_within_hours, "
    "log, show_keys, tests, description, owners, tags, group"
)
THERE_ARE = "There are ct_assets.ClevertapSync, ct_assets.SourceTable and ct_assets.Connection."
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
    "an output of a sync that is like the source": (
        kit.CUSTOMERS.replace("shop/customer", "customers/vali"),
        "defs/sync/defs.yaml:5: source: no asset 'customers/vali'; declare it as a SourceTable, "
        "or give the definitions that have it to ct_assets.definitions, as its `own`",
    ),
    "a condition on all rows": (
        kit.CUSTOMERS + "  where: count(*) > 1\n",
        "defs/sync/defs.yaml:10: where: must be one value of the row, and count(*), "
        "row_number() and the like are of many. What looks at other rows (sums, counts, windows) "
        "belongs into the source's SQL.",
    ),
    "a condition without a column": (
        kit.CUSTOMERS + "  where: 1 = 1\n",
        "defs/sync/defs.yaml:10: where: names no column. Name one in the condition, such as "
        "`age > 17`, or leave it out.",
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
        "defs/sync/defs.yaml:10: trigger: 'hourly' is no cron line; did you mean '@hourly'? Every "
        "hour is `0 * * * *`.",
    ),
    "a sync to wait for that is none": (
        kit.CUSTOMERS + "  after: [custmers]\n",
        "defs/sync/defs.yaml:10: after[0]: no other sync 'custmers'; there are: none",
    ),
    "a variable that is not set": (
        kit.CUSTOMERS + "  destination: '{{ env.NO_SUCH }}'\n",
        "defs/sync/defs.yaml:10: destination: NO_SUCH is not set; set it in the environment.",
    ),
    "a variable that is not set, inside a text": (
        kit.CUSTOMERS + "  description: 'of {{ env.NO_SUCH }}'\n",
        "defs/sync/defs.yaml:10: description: NO_SUCH is not set; set it in the environment.",
    ),
    "a template that is not closed": (
        kit.CUSTOMERS + "  destination: '{{ env.NO_SUCH'\n",
        "defs/sync/defs.yaml:10: destination: {{ env.NO_SUCH cannot be filled in: unexpected end "
        "of template, expected 'end of print statement'. It is written {{ env.NAME }}.",
    ),
    "braces around a column, one too many": (
        kit.CUSTOMERS.replace("Name: name", "Name: {template: '{{name}} {{mail}}'}"),
        "defs/sync/defs.yaml:8: fields.Name.template: {{name}} {{mail}} cannot be filled in: "
        "'name' is undefined. A column in a `template` is written with single braces: {Column}.",
    ),
    "braces that do not belong together": (
        kit.CUSTOMERS.replace("Name: name", "Name: {template: '{name'}"),
        "defs/sync/defs.yaml:8: fields.Name.template: has a { that belongs to no column. Write "
        "{Column} or {Column|default} for a column.",
    ),
    "braces without quotes": (
        kit.CUSTOMERS.replace("Name: name", "Name: {name}"),
        "defs/sync/defs.yaml:8: fields.Name: is in braces. Write name for a column, or {template: "
        "'{name}'}.",
    ),
    "a template without quotes": (
        kit.CUSTOMERS + "  destination: {{ env.NO_SUCH }}\n",
        "defs/sync/defs.yaml:10: not readable as YAML: found unhashable key; put a text with {{ }} "
        "into quotes",
    ),
    "fields that are not indented": (
        kit.CUSTOMERS.replace("    Name: name\n    Email: mail\n", ""),
        "defs/sync/defs.yaml:7: fields: must be a mapping, not nothing. Write `fields: {Email: "
        "email_column}`.",
    ),
    "a list of fields": (
        kit.CUSTOMERS.replace("    Name: name\n    Email: mail\n", "    - Name: name\n"),
        "defs/sync/defs.yaml:7: fields: must be a mapping, not a list. Write `fields: {Email: "
        "email_column}`.",
    ),
    "a field of nothing": (
        kit.CUSTOMERS.replace("Email: mail", "Email:"),
        "defs/sync/defs.yaml:9: fields.Email: must be the name of a column or a mapping with "
        "column, template, value or expr, not nothing.",
    ),
    "a field with two fillings": (
        kit.CUSTOMERS.replace("Email: mail", "Email: {column: mail, value: x}"),
        "defs/sync/defs.yaml:9: fields.Email: is filled by column and value. Keep one of them.",
    ),
    "a field whose name is no text": (
        kit.CUSTOMERS + "    yes: mail\n",
        "defs/sync/defs.yaml:10: fields[True]: must be text: put the name of the field into "
        "quotes.",
    ),
    "a country that YAML reads otherwise": (
        kit.CUSTOMERS + "    Phone: {column: phone, region: NO}\n",
        "defs/sync/defs.yaml:10: fields.Phone.region: must be a mapping, not false. YAML reads "
        "yes, no, on and off so: put them into quotes.",
    ),
    "a constant that YAML reads otherwise": (
        kit.CUSTOMERS + "    Zip: {value: 010}\n",
        "defs/sync/defs.yaml:10: fields.Zip.value: YAML reads 010 as 8: put it into quotes if that "
        "is not meant.",
    ),
    "one identifier and no list": (
        kit.CUSTOMERS.replace("[{identity: id}]", "id"),
        "defs/sync/defs.yaml:6: identify_by: must be a list, not 'id'. Write which column names "
        "the person, such as `identify_by: [{identity: CustomerId}]`.",
    ),
    "a share that is no number": (
        kit.CUSTOMERS + "  max_rejected: 10%\n",
        "defs/sync/defs.yaml:10: max_rejected: must be a number, not '10%'.",
    ),
    "a share that is true": (
        kit.CUSTOMERS + "  max_rejected: true\n",
        "defs/sync/defs.yaml:10: max_rejected: must be a number, not true.",
    ),
    "a time zone that is none": (
        kit.CUSTOMERS + "  trigger: {cron: '@daily', timezone: CET+1}\n",
        "defs/sync/defs.yaml:10: trigger.timezone: 'CET+1' is no time zone; did you mean 'CET'? "
        "Write one such as UTC or Europe/Rome.",
    ),
    "a day that never comes": (
        kit.CUSTOMERS + "  trigger: 0 0 31 2 *\n",
        "defs/sync/defs.yaml:10: trigger: '0 0 31 2 *' is no cron line that Dagster knows. Write "
        "minute (0-59), hour (0-23), day (1-31), month (1-12) and weekday (0-7), of a day that "
        "exists: every hour is `0 * * * *`.",
    ),
    "one sync and no list": (
        kit.CUSTOMERS + "  after: orders\n",
        "defs/sync/defs.yaml:10: after: must be a list, not 'orders'. Write `[orders]`.",
    ),
    "a tag that is none": (
        kit.CUSTOMERS + "  tags: {'a b': c}\n",
        "defs/sync/defs.yaml:10: tags: 'a b' may have letters, digits, _, - and . only.",
    ),
    "rows of its own": (
        kit.CUSTOMERS.replace("shop/customer", "customers/valid"),
        "defs/sync/defs.yaml:5: source: is an asset of the sync itself. Name the one that has the "
        "rows.",
    ),
    "a component that does not exist": (
        kit.CUSTOMERS.replace("ClevertapSync", "ClevertapSink"),
        "defs/sync/defs.yaml:1: type: no component 'ct_assets.components.ClevertapSink'; did you "
        f"mean 'ct_assets.ClevertapSync'? {THERE_ARE}",
    ),
    "a component without its module": (
        kit.CUSTOMERS.replace("ct_assets.components.", ""),
        "defs/sync/defs.yaml:1: type: no component 'ClevertapSync'; did you mean "
        f"'ct_assets.ClevertapSync'? {THERE_ARE}",
    ),
    "a module that there is not": (
        kit.CUSTOMERS.replace("ct_assets.", "no_such_module."),
        "defs/sync/defs.yaml:1: type: no component 'no_such_module.components.ClevertapSync'; did "
        f"you mean 'ct_assets.ClevertapSync'? {THERE_ARE}",
    ),
    "no component": (
        kit.CUSTOMERS.partition("\n")[2],
        "defs/sync/defs.yaml:1: `type` is missing. Write `type: ct_assets.ClevertapSync`.",
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
    "an empty document": (
        kit.CUSTOMERS + "---\n",
        "defs/sync/defs.yaml:11: declares nothing; remove the `---` above, or write `type: ...`",
    ),
    "no attributes": (
        "type: ct_assets.components.ClevertapSync\n",
        "defs/sync/defs.yaml:1: `name` is missing. Write `name: customers`, once for each sync: "
        "its assets and its state are named so.",
    ),
    "an empty file": (
        "",
        "defs/sync/defs.yaml:1: declares nothing; remove the file or write `type: ...`",
    ),
}


@pytest.mark.parametrize(("sync", "expected"), SYNC_MISTAKES.values(), ids=SYNC_MISTAKES)
def test_a_mistake_names_file_line_and_fix(tmp_path: Path, sync: str, expected: str) -> None:
    assert printed(tmp_path, sync).splitlines()[0] == expected
