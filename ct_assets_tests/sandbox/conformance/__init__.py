"""Lists CleverTap's answers, word for word; any server with its API can be compared with the table.

`CASES` are single requests that store nothing, so that they can be put to a real account as well:
`seen` answers were captured from CleverTap or stand in its documentation; for the others only the
code is published, if that, and the text is the sandbox's own. `STORIES` store and read again.

    make conformance                                        # the sandbox, all of it
    make conformance URL=https://in1.api.clevertap.com      # seen cases alone, as dry runs

The second takes CLEVERTAP_ACCOUNT_ID and CLEVERTAP_PASSCODE from the environment. With ALL=1 every
case is put to URL and every story told, which is for a test account or another emulator.
"""

from ct_assets_tests.sandbox.conformance import (
    changing,
    events,
    profiles,
    reading,
    storing,
    transport,
)

CASES = [*transport.CASES, *profiles.CASES, *events.CASES]
STORIES = [*reading.STORIES, *changing.STORIES, *storing.STORIES]
