"""Reference writes the pages of the reference from what the code itself knows, for mkdocs.

Settings come from the models of declarations, commands from their options, codes from the
catalogue. Variables and metadata are listed here, and a test compares them with the code.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from ct_assets.clevertap.codes import CodeEntry, entries
from ct_assets.cli import COMMANDS, loaded
from ct_assets.mapping import Sync
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.source import Source

VARIABLES: Mapping[str, str] = {
    "CLEVERTAP_ACCOUNT_ID": "The account, as in Settings > Project of CleverTap's dashboard. For "
    "syncs with `destination: NAME` it is `<NAME>_CLEVERTAP_ACCOUNT_ID`; so for the next three.",
    "CLEVERTAP_PASSCODE": "Its passcode.",
    "CLEVERTAP_REGION": "Its region: `eu1`, `in1`, `sg1`, `us1`, `aps3` or `mec1`.",
    "CLEVERTAP_API_URL": "Another server with the same API, in place of a region: https, or "
    "http on this machine.",
    "CT_DESTINATION": "`account`: a run whose account is not named is an error. `sandbox`: all "
    "goes to the sandbox, whatever account is named.",
    "CT_BRANCH_SENDS": "`1` lets a branch deployment of Dagster+ send to an account.",
    "CT_DATA_DIR": "Where state, snapshots and the sandbox are kept; a relative folder starts at "
    "the project. Default: `data`.",
    "CT_DATABASE_URL": "Postgres that hosts share, `postgresql://user:password@host/database`, "
    "for locks and the ledger. It goes with CT_STORE_URL; without both, all is in CT_DATA_DIR.",
    "CT_STORE_URL": "The bucket that hosts share, such as `s3://bucket/folder`, `gs://`, "
    "`az://`, or a folder that all of them reach under the same path, for state and staged files.",
    "CT_CACHE_GB": "With a shared store: gigabytes of CT_DATA_DIR for copies of staged files. "
    "Default: 20.",
    "CT_LEASE_SECONDS": "With a shared store: seconds without a word after which the database "
    "takes its locks from a host that hangs. Default: 20.",
    "CT_PROJECT": "The project's folder, for a process that is started elsewhere.",
    "CT_DEFINITIONS": "The module of the Dagster definitions, as `ct-assets --module` names it.",
    "CT_ALERTS_URL": "The webhook that is told of runs that failed or went beyond their budgets.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "An OpenTelemetry collector that takes figures and traces of "
    "deliveries; all other variables of OpenTelemetry's exporter hold, too.",
    "CT_DAGSTER_URL": "Where people open Dagster, for the links in alerts.",
    "DAGSTER_HOME": "Where Dagster keeps its runs and schedules.",
    "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT": "Set by Dagster+ in branch deployments: such a one sends "
    "to no account.",
}
METADATA: Mapping[str, str] = {
    "conservation": "Where every row went; the lines of one sort add up to the line above them.",
    "reasons": "The most frequent reasons of rejected rows, each with what to do.",
    "warnings": "Facts that stop nothing and should be known.",
    "gate": "`passed`, or why nothing of this snapshot is sent.",
    "valid": "The asset with the rows that can be sent.",
    "rejected": "The asset with the rows that cannot.",
    "undelivered": "The asset with the rows that CleverTap refused, or whose answer was lost.",
    "rows/source": "Rows of the source.",
    "rows/valid": "Rows that CleverTap can take.",
    "rows/rejected": "Rows that break a rule.",
    "rejected_share": "Rejected rows as a share of all.",
    "seconds": "How long it took.",
    "rows_per_second": "Rows of the source, or acked ones, a second.",
    "destination": "The account or sandbox that the delivery went to.",
    "refusals": "The most frequent codes of CleverTap, each with what to do.",
    "summary": "What became of all rows, in a paragraph; the run's log has it too.",
    "rows/acked": "Records that CleverTap acknowledged in this run.",
    "rows/unchanged": "Rows that CleverTap has already, as they are.",
    "clevertap/account": "Numbers of the delivery, which the next run and alerts go by.",
    "dagster/row_count": "Rows of the asset; of `clevertap`, those that CleverTap has by now.",
    "dagster/column_schema": "Columns with their types and meanings.",
    "dagster/column_lineage": "The columns of the source behind each field.",
    "staged_as": "The staged snapshot: a mark of the folder, and its name in there.",
    "bytes": "Its size.",
    "rows": "The first rows of `rejected` and `undelivered`, with keys as `show_keys` has them.",
    "command": "Lists all rows of the asset, with all their columns.",
    "notes": "What the delivery had to tell, in sentences.",
    "data_points": "What CleverTap charges for the acked records, as far as we can count it.",
    "requests": "Requests that were sent.",
}

SHARED = "Filling"
"""The settings that say what fills a field; other groups of settings have them too."""

KINDS: Mapping[str, str] = {
    "rejected": "Rows that were never sent",
    "warned": "Warnings, which stop nothing",
    "held": "Rows that are held back",
    "refused": "Records that CleverTap refused",
    "http": "Answers to a whole request",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages to those that are written by hand."""
    pages: Mapping[str, Callable[[], Iterable[str]]] = {
        "settings": settings_page,
        "commands": commands_page,
        "codes": codes_page,
        "variables": variables_page,
        "metadata": metadata_page,
    }
    for name, lines in pages.items():
        content = "\n".join(lines()) + "\n"
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def settings_page() -> Iterator[str]:
    """Every setting of a sync, a source table and a connection, with those inside others."""
    yield "# Settings\n"
    yield "Those of a sync come first, then those of a source table and of a connection. A setting"
    yield "without a default must be given, unless its meaning says otherwise.\n"
    yield from _models("Sync", "ct_assets.ClevertapSync", Sync.model_json_schema())
    yield from _models("Source table", "ct_assets.SourceTable", Source.model_json_schema())
    yield from _models("Connection", "ct_assets.Connection", ConnectionSpec.model_json_schema())


def _models(title: str, kind: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n\n`type: {kind}`\n"
    yield from _table(schema)
    defs = schema.get("$defs", {})
    shared = defs.get(SHARED, {}).get("properties", {})
    for name, inner in defs.items():
        if "properties" in inner:
            yield f"\n### {name}\n\n{_text(inner.get('description', ''))}\n"
            among = bool(shared) and name != SHARED and shared.keys() <= inner["properties"].keys()
            if among:
                yield f"Takes all that [{SHARED}](#{SHARED.lower()}) does, and:\n"
            yield from _table(inner, besides=shared if among else ())


def _table(schema: Mapping[str, Any], besides: Collection[str] = ()) -> Iterator[str]:
    settings = {name: s for name, s in schema["properties"].items() if name not in besides}
    if not settings:
        yield "nothing else."
        return
    yield "| setting | value | default | meaning |\n|---|---|---|---|"
    for name, setting in settings.items():
        default = "" if name in schema.get("required", ()) else _default(setting)
        meaning = _text(setting.get("description", ""))
        yield f"| `{name}` | {_kind(setting)} | {default} | {meaning} |"


def _default(setting: Mapping[str, Any]) -> str:
    value = setting.get("default")
    if value in (None, [], {}, ""):
        return "left out"
    if isinstance(value, dict):
        return "as below"
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown}`"


def _kind(setting: Mapping[str, Any]) -> str:
    """In words: a text, a number, one of a few words, another group of settings."""
    for word in ("anyOf", "oneOf", "allOf"):
        if word in setting:
            kinds = [_kind(each) for each in setting[word] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if "$ref" in setting:
        name = setting["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in setting or "const" in setting:
        values = setting.get("enum", [setting.get("const")])
        return ", ".join(f"`{str(v).lower() if isinstance(v, bool) else v}`" for v in values)
    inner = setting.get("items") or setting.get("additionalProperties")
    words = {
        "array": "a list" + (f" of {_kind(inner)}" if isinstance(inner, dict) else ""),
        "object": "a mapping" + (f" to {_kind(inner)}" if isinstance(inner, dict) else ""),
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "`true`, `false`",
    }
    return words.get(str(setting.get("type")), "any value")


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def commands_page() -> Iterator[str]:
    """Every command of `ct-assets` with its arguments and options."""
    yield "# Commands\n"
    yield "All of them take `--module`, the module of the definitions, before the command's name:"
    yield "`ct-assets --module shop.definitions status`. Left out, it is the project's own.\n"
    for name in sorted(COMMANDS):
        yield from _command(f"ct-assets {name}", loaded(name))


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield f"\n## `{name}`\n"
    yield f"{_text((command.help or '').replace(chr(8), ' '))}\n"
    rows = list(_parameters(command))
    if rows:
        yield "| option | meaning |\n|---|---|"
        yield from rows
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _command(f"{name} {inner.name}", inner)


def _parameters(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            names = ", ".join(f"`{option}`" for option in parameter.opts)
            yield f"| {names} | {_text(parameter.help or '')} |"
        elif parameter.name:
            yield f"| `{parameter.make_metavar(click.Context(command))}` | |"


def codes_page() -> Iterator[str]:
    """The catalogue of codes, by who gives them."""
    yield "# Codes\n"
    yield "`ct-assets explain CODE` says the same of one of them.\n"
    for kind, title in KINDS.items():
        yield f"\n## {title}\n\n| code | meaning | cause | what to do |\n|---|---|---|---|"
        yield from (_code(entry) for entry in entries().values() if entry.kind == kind)


def _code(entry: CodeEntry) -> str:
    cells = (_text(text) for text in (entry.title, entry.cause, entry.fix))
    return f"| `{entry.code}` | {' | '.join(cells)} |"


def variables_page() -> Iterator[str]:
    """The variables of the environment that the product reads."""
    yield "# Environment variables\n\n| variable | meaning |\n|---|---|"
    yield from (f"| `{name}` | {_text(meaning)} |" for name, meaning in VARIABLES.items())


def metadata_page() -> Iterator[str]:
    """Keys of metadata that assets of a sync have in Dagster."""
    yield "# Metadata in Dagster\n\n| key | meaning |\n|---|---|"
    for name, meaning in METADATA.items():
        yield f"| `{name}` | {_text(meaning)} |"
