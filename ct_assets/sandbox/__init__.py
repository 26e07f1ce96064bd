"""Plays CleverTap on loopback: the same answers and limits, kept in a file.

    address = ensure_running(Path("data"))

starts it in a process of its own, or finds the one that runs. Tests use the fixture of
`ct_assets.sandbox.plugin` instead.
"""

from ct_assets.sandbox.server.background_process import (
    Address,
    SandboxError,
    ensure_running,
    find,
    stop,
)

__all__ = ["Address", "SandboxError", "ensure_running", "find", "stop"]
