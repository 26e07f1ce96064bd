"""Where this deployment keeps what it generates."""

import os
from collections.abc import Mapping
from pathlib import Path


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """`CT_DATA_DIR`, or `data` below the working directory, which is the project root."""
    return Path(environ.get("CT_DATA_DIR") or "data").resolve()
