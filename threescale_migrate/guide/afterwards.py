"""What comes after "migrated": the next step of the upgrade, as far as this migration has to do with it (recordings/README.md 30)."""

from __future__ import annotations

from ..values import ACCOUNT, SECRET_NAME, Text

# In a line, with where the rest is; and all of it.
BRIEF = Text(
    'next: the upgrade to 2.6; its oc new-app says serviceaccounts "{account}" already exists, which is expected:'
    " threescale-migrate help next",
    account=ACCOUNT,
)
NEXT = (
    Text(
        'the guide continues with the upgrade to 2.6; its oc new-app says serviceaccounts "{account}" already exists, which is expected',
        account=ACCOUNT,
    ),
    Text(
        "zync-que, which comes with 2.6, runs as zync-que-sa: the 2.6 template gives that account the pull secret {secret}, which it needs",
        secret=SECRET_NAME,
    ),
    Text("after the upgrade, threescale-migrate verify still says migrated, and checks the login of zync-que too"),
)
