"""Shows the sandbox on a web page: stored people and events, requests, errors, faults."""

from ct_assets.sandbox.page.site import routes

__all__ = ["routes"]
