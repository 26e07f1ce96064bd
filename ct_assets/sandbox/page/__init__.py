"""The sandbox's web page: what CleverTap's dashboard would show, and more of the why."""

from ct_assets.sandbox.page.site import routes

__all__ = ["routes"]
