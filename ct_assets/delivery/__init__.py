"""Brings valid rows to CleverTap: none is lost, and none that was acknowledged is sent again."""

from ct_assets.delivery.deliver import deliver
from ct_assets.delivery.delivery_request import CustomList, DeliveryRequest, Policy
from ct_assets.delivery.delivery_result import DeliveryFailed, DeliveryResult, Progress
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
