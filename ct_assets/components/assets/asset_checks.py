"""AssetChecks are evaluated by the run itself; a description says what to do when one fails."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.components.assets.gate_advice import advice
from ct_assets.io_managers.clevertap_io_manager import GUARDS_CHECK
from ct_assets.mapping import Sync
from ct_assets.row_counts import DELIVERY_LAW, SPLIT_LAW, law
from ct_assets.snapshot_meta import ArrivalMeta, DeliveryMeta, SplitMeta

SPLIT = {
    "rejected_share": (
        "The share of rejected rows is at most the sync's `max_rejected`; above it nothing is sent."
        " Look at the reasons on this asset, mend the source or the mapping, or raise the limit."
    ),
    "conservation": (
        f"No row is lost or invented: {law(SPLIT_LAW)}. If not, nothing is sent: this is a defect"
        " of ct_assets, please report it."
    ),
    "source_has_rows": (
        "The source has rows. If not, look at the run that fills it: an empty table is more often"
        " a failed load than a shop without customers."
    ),
    "keys_unique": (
        "No two rows have the same identity, or the same event key. Rows that share one are"
        " rejected: make the source unique, or declare `duplicates: {keep_latest_by: COLUMN}`."
    ),
}
HAZARDS = {
    "people_apart": (
        WarnedCode("merge"),
        "No two identities share an e-mail address, a phone number or a further identifier, by"
        " which CleverTap may unite their profiles. Make them unique, or leave the field out;"
        " `ct-assets preview` names them.",
    ),
    "types_stable": (
        WarnedCode("type_drift"),
        "Every field is sent with the type it had before. CleverTap keeps the first it saw and"
        " drops the values of another in silence: declare `type:`, or take a new name.",
    ),
    "fields_filled": (
        WarnedCode("turned_null"),
        "No field that used to have values is empty all of a sudden. If one is, look at the run"
        " that fills the source.",
    ),
    "custom_properties": (
        RejectedCode("too_many_custom_fields"),
        "The syncs of this account together have no more custom properties than CleverTap takes,"
        " 256 unless `limits: {custom_fields: ...}` says otherwise: it drops the surplus in"
        " silence. Map fewer columns.",
    ),
    "columns_known": (
        WarnedCode("new_column"),
        "`other_columns` took in no column that was not there before. If it did, list it under"
        " `except`, or let it be: the next run takes it as known.",
    ),
}
_OF_PROFILES = ("people_apart", "custom_properties")
LATE = {
    "no_late_rows": (
        "No rows came to a partition after it was delivered, and none was passed over. Those rows"
        " go with the next tick of the sync's schedule; without one, backfill the partitions named"
        " here."
    ),
}
DELIVERY = {
    GUARDS_CHECK: (
        "Neither the source was empty, nor did more rows vanish than `max_removed` or more records"
        " change than `max_changed` allows. If so, nothing was sent: look at the source; if it is"
        " right, let the run pass once, as the reason told here says."
    ),
    "refused_share": (
        "The share of records that CleverTap refused is at most the sync's `max_refused`. Look at"
        " the codes on this asset, and at the sync's `undelivered` for the rows."
    ),
    "outcomes_known": (
        "The outcome of every record that was sent is known. If not, `ct-assets parked` lists"
        " what is parked; the rest goes again with the next run."
    ),
    "conservation": (
        f"No row is lost or invented: {law(DELIVERY_LAW)}. If not, this is a defect of ct_assets,"
        " please report it."
    ),
}
ARRIVED = {
    "arrived": (
        "CleverTap has what it acknowledged: a sample of profiles was read back, or events were"
        " counted. If not, each property or event that lacks is named here with the kind of loss"
        " and what to do."
    ),
}
BLOCKING = {("valid", "rejected_share"), ("valid", "conservation")}


@dataclass(frozen=True)
class Finding:
    passed: bool
    metadata: Mapping[str, Any] = field(default_factory=dict)
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN


def split_checks(sync: Sync) -> Mapping[str, str]:
    """The checks of a sync's split, each with its description."""
    hazards = {
        name: description
        for name, (_, description) in HAZARDS.items()
        if sync.object == "profile" or name not in _OF_PROFILES
    }
    return {**SPLIT, **hazards, **(LATE if sync.partition else {})}


def specs(asset: dg.AssetKey, descriptions: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            name,
            asset=asset,
            description=description,
            blocking=(asset.path[-1], name) in BLOCKING,
        )
        for name, description in descriptions.items()
    ]


def results(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, findings: Mapping[str, Finding]
) -> Iterator[dg.AssetCheckResult]:
    """Of the checks that this run was asked for."""
    for name, finding in findings.items():
        check = dg.AssetCheckKey(asset, name)
        if check in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                check_name=name,
                asset_key=asset,
                passed=finding.passed,
                metadata=finding.metadata,
                severity=finding.severity,
            )


def of_split(sync: Sync, split: SplitMeta, late: Mapping[str, int]) -> Mapping[str, Finding]:
    """`late`: rows by partition that came after their partition was delivered."""
    counts, reasons = split.counts, split.reasons
    why = {"why": split.gate.why} if split.gate.why else {}
    help_ = {"what to do": text} if (text := advice(sync, split)) else {}
    repeated = sum(reason.rows for reason in reasons if reason.code.endswith("_duplicate"))
    return {
        "rejected_share": Finding(
            counts.rejected_share <= sync.max_rejected,
            {
                **why,
                **help_,
                "share": counts.rejected_share,
                "limit": sync.max_rejected,
                **{f"rows/{r.field}: {r.code}": r.rows for r in reasons[:20]},
            },
            dg.AssetCheckSeverity.ERROR,
        ),
        "conservation": Finding(not counts.violations(), why, dg.AssetCheckSeverity.ERROR),
        "source_has_rows": Finding(counts.source > 0, {"rows": counts.source}),
        "keys_unique": Finding(repeated == 0, {"rows": repeated}),
        "no_late_rows": Finding(not late, {f"rows/{key}": n for key, n in late.items()}),
        **{name: _hazards(split, code) for name, (code, _) in HAZARDS.items()},
    }


def _hazards(split: SplitMeta, code: str) -> Finding:
    messages = {w.field or "": w.message for w in split.warnings if w.code == code}
    return Finding(not messages, messages)


def of_delivery(sync: Sync, delivery: DeliveryMeta) -> Mapping[str, Finding]:
    counts, objection = delivery.counts, delivery.objection
    share = counts.refused / max(counts.acked + counts.refused, 1)
    violations = counts.violations()
    limit = 0.0 if sync.max_refused is None else sync.max_refused
    return {
        GUARDS_CHECK: Finding(
            objection is None,
            {"why": objection} if objection else {},
            dg.AssetCheckSeverity.ERROR,
        ),
        "refused_share": Finding(share <= limit, {"share": share, "limit": limit}),
        "outcomes_known": Finding(
            counts.unknown == counts.unsent == 0,
            {"unknown": counts.unknown, "unsent": counts.unsent},
        ),
        "conservation": Finding(
            not violations,
            {"why": "; ".join(violations)} if violations else {},
            dg.AssetCheckSeverity.ERROR,
        ),
        "arrived": _arrived(delivery.arrival),
    }


def delivery_checks(sync: Sync) -> Mapping[str, str]:
    """The checks of a sync's delivery, each with its description."""
    return {**DELIVERY, **(ARRIVED if sync.verify else {})}


def _arrived(arrival: ArrivalMeta | None) -> Finding:
    if arrival is None:
        return Finding(passed=True)
    why = {"why": arrival.why} if arrival.why else {}
    passed = not arrival.losses and arrival.why is None
    return Finding(passed, {"looked at": arrival.looked, **arrival.losses, **why})
