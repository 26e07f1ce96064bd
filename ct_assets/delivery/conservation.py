"""No row is lost or invented: the account of every delivery must add up, or its run fails."""

from ct_assets.row_counts import Counts


def violations(counts: Counts) -> list[str]:
    """The equations that do not hold, with their numbers."""
    c, held = counts, sum(counts.held.values())
    laws = [
        (
            c.source == c.valid + c.rejected + c.superseded + c.cut,
            f"source {c.source} = valid {c.valid} + rejected {c.rejected}"
            f" + superseded {c.superseded} + cut {c.cut}",
        ),
        (
            c.valid == c.unchanged + c.planned + held,
            f"valid {c.valid} = unchanged {c.unchanged} + planned {c.planned} + held {held}",
        ),
        (
            c.planned == c.new + c.changed,
            f"planned {c.planned} = new {c.new} + changed {c.changed}",
        ),
        (c.sent.complete, f"planned {c.planned} = {_outcomes(counts)}"),
        (
            c.removals.complete and c.removals.planned <= c.removed,
            f"removed {c.removed} >= planned {c.removals.planned}, all with an outcome",
        ),
    ]
    return [text for holds, text in laws if not holds]


def _outcomes(counts: Counts) -> str:
    return (
        f"acked {counts.acked} + refused {counts.refused}"
        f" + unknown {counts.unknown} + unsent {counts.unsent}"
    )
