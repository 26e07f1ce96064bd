"""Brings valid rows to CleverTap: none is lost, and none that was acknowledged is sent again.

Its names are loaded when they are first used: whoever only declares syncs delivers nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ct_assets.delivery.delivery_request import CustomList, DeliveryRequest, Policy
    from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult, Progress
    from ct_assets.delivery.delivery_run import deliver
    from ct_assets.delivery.plan_report import PlanReport, PropertyChange, plan

__all__ = [
    "CustomList",
    "DeliveryFailed",
    "DeliveryRequest",
    "DeliveryResult",
    "PlanReport",
    "Policy",
    "Progress",
    "PropertyChange",
    "deliver",
    "plan",
]

_MODULES = {
    "delivery_request": ("CustomList", "DeliveryRequest", "Policy"),
    "delivery_result": ("DeliveryFailed", "DeliveryResult", "Progress"),
    "delivery_run": ("deliver",),
    "plan_report": ("PlanReport", "PropertyChange", "plan"),
}

if not TYPE_CHECKING:  # to type checkers every name would seem to exist

    def __getattr__(name: str) -> object:
        for module, names in _MODULES.items():
            if name in names:
                return getattr(importlib.import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
