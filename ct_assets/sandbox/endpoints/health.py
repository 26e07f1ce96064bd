"""GET /sandbox/health: which sandbox this is."""

import os

from starlette.responses import JSONResponse

from ct_assets import __version__
from ct_assets.sandbox.core import Sandbox


def health(sandbox: Sandbox) -> JSONResponse:
    return JSONResponse({"id": sandbox.store.id, "pid": os.getpid(), "version": __version__})
