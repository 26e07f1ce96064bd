"""replay() lets refused records leave again, once the reason of the refusal is mended."""

from datetime import UTC, datetime
from pathlib import Path

from ct_assets.clevertap.codes import REFUSED
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.operations.settled_state import settled


def replay(
    home: Path, policy: Policy, *, code: str | None = None, since: datetime | None = None
) -> int:
    """Returns how many leave with the next run, as its declaration maps them.

    `code` is CleverTap's, such as 516; `since` is when they were refused.
    """
    with settled(home, policy) as connection:
        released = connection.execute(
            """
            delete from held where reason = $refused
                and ($code is null or code = $code)
                and ($since is null or since >= $since)
            """,
            {
                "refused": REFUSED,
                "code": code,
                "since": since and since.astimezone(UTC).replace(tzinfo=None),
            },
        ).fetchone()
    return int(released[0]) if released else 0
