"""Explains a code, or the history of one row: `ct-assets explain`."""

from collections.abc import Mapping

import click

from ct_assets.clevertap.codes import CodeEntry, Kind, UnknownCodeError, explain

_KINDS: Mapping[Kind, str] = {
    "rejected": "ct_assets rejects the row before sending",
    "warned": "ct_assets sends the rows and warns of it",
    "held": "ct_assets holds the row back",
    "refused": "CleverTap refused the record",
    "http": "CleverTap answered the whole request with this HTTP status",
}
_LASTING: Mapping[Kind, str] = {
    "rejected": "; it stays so until the source or the declaration changes",
    "warned": "",
    "held": "; it stays so until somebody acts",
    "refused": "; a repeat changes nothing",
    "http": "; a repeat changes nothing",
}
_PASSING: Mapping[Kind, str] = {"held": "; a later run sends it"}
HELP = """Explain a CODE (ours, CleverTap's or HTTP's), or tell the story of one row of a SYNC.

\b
ct-assets explain 516
ct-assets explain customers --key 57
"""
_OF_A_ROW = "The story of a row is told with `ct-assets explain SYNC --key KEY`."


@click.command(help=HELP)
@click.argument("subject", metavar="CODE|SYNC")
@click.option("--key", help="With a SYNC: the key of the row whose story to tell.")
@click.pass_obj
def command(module: str, subject: str, key: str | None) -> None:
    if key is None:
        try:
            click.echo(_entry(explain(subject)))
        except UnknownCodeError as error:
            raise UnknownCodeError(f"{error} {_OF_A_ROW}") from None
        return
    from ct_assets.commands.support.row_history import story

    click.echo(story(module, subject, key))


def _entry(entry: CodeEntry) -> str:
    passing = _PASSING.get(entry.kind, "; a repeat may succeed")
    lasting = passing if entry.transient else _LASTING[entry.kind]
    return (
        f"{entry.code}: {entry.title}\n\n  {_KINDS[entry.kind]}{lasting}.\n\n"
        f"  Cause  {entry.cause}\n  Fix    {entry.fix}"
    )
