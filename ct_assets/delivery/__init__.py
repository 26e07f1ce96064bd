"""Brings valid rows to CleverTap so that none is lost and none that was acknowledged goes again."""

from ct_assets.delivery.deliver import deliver
from ct_assets.delivery.plan import PlanReport, PropertyChange, plan
from ct_assets.delivery.request import Delivery, Policy
from ct_assets.delivery.result import Counts, DeliveryFailed, Outcome, Progress, Tally

__all__ = [
    "Counts",
    "Delivery",
    "DeliveryFailed",
    "Outcome",
    "PlanReport",
    "Policy",
    "Progress",
    "PropertyChange",
    "Tally",
    "deliver",
    "plan",
]
