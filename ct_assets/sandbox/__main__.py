"""Serves a folder's sandbox: `python -m ct_assets.sandbox FOLDER`, started by `ensure_running`."""

import sys
from pathlib import Path

from ct_assets.errors import UserError
from ct_assets.sandbox.server.folder_service import load_settings, serve


def main() -> int:
    folder = Path(sys.argv[1])
    try:
        serve(folder, settings=load_settings(folder))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
