"""`ct-assets sandbox`: CleverTap on loopback, served by hand."""

from pathlib import Path

import click

from ct_assets.sandbox.process import Address, find, folder_of
from ct_assets.sandbox.serving import LOOPBACK, load_settings, serve
from ct_assets.settings import data_dir


@click.command()
@click.option("--port", type=int, help="Left out: the port it had before, or any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps its file. Left out: `sandbox` in CT_DATA_DIR, the one that runs use.",
)
def command(port: int | None, host: str, folder: Path | None) -> None:
    """Serve the sandbox until Ctrl+C, with its page at the same address."""
    running = find(data_dir()) if folder is None and port is None else None
    if running:
        click.echo(f"Already running, process {running.pid}.")
        _say(running)
        return
    home = folder or folder_of(data_dir())
    if host not in LOOPBACK:
        click.secho(
            f"Warning: {host} can be reached from other machines, and whoever knows the passcode "
            "can read and write everything in this sandbox.",
            fg="yellow",
            err=True,
        )
    serve(home, host=host, port=port, settings=load_settings(home), ready=_say)


def _say(address: Address) -> None:
    click.echo(
        f"CleverTap sandbox at {address.url} (what it was sent is kept when it stops)\n"
        f"  account   {address.account_id}\n"
        f"  passcode  {address.passcode}\n\n"
        "To send to it from elsewhere on this machine:\n"
        f"  export CLEVERTAP_API_URL={address.url} "
        f"CLEVERTAP_ACCOUNT_ID={address.account_id} CLEVERTAP_PASSCODE={address.passcode}"
    )
