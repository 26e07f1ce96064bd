"""`ct-assets explain`: a code, or the story of one row."""

import click

from ct_assets.clevertap.catalogue import Entry, explain


@click.command()
@click.argument("subject", metavar="CODE|SYNC")
@click.option("--key", help="With a SYNC: the key of the row whose story to tell.")
@click.pass_obj
def command(module: str, subject: str, key: str | None) -> None:
    r"""Explain a CODE (ours, CleverTap's or HTTP's), or tell the story of one row of a SYNC.

    \b
    ct-assets explain 516
    ct-assets explain customers --key 57
    """
    if key is None:
        click.echo(_entry(explain(subject)))
        return
    from ct_assets.commands.story import story

    click.echo(story(module, subject, key))


def _entry(entry: Entry) -> str:
    who = {
        "rejected": "ct_assets rejects the row before sending",
        "held": "ct_assets holds the row back",
        "refused": "CleverTap refused the record",
        "http": "CleverTap answered the whole request with this HTTP status",
    }[entry.kind]
    lasting = "passing: the same request may succeed later" if entry.transient else "permanent"
    return (
        f"{entry.code}: {entry.title}\n\n  {who}; {lasting}.\n\n"
        f"  Cause  {entry.cause}\n  Fix    {entry.fix}"
    )
