"""Only with THREESCALE_MIGRATE_LIVE=1: whoever sets it says that projects may be made and removed on the cluster of `oc`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.project import LiveProject, Unusable, live_project

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the suite out unless it is asked for."""
    if os.environ.get("THREESCALE_MIGRATE_LIVE") == "1":
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs a cluster: set THREESCALE_MIGRATE_LIVE=1"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveProject]:
    """The suite's own project, used by its tests one after the other."""
    image = os.environ.get("THREESCALE_MIGRATE_LIVE_IMAGE")
    if not image:
        pytest.fail(
            "name an image that the cluster can pull, with sh, sleep and true in it: THREESCALE_MIGRATE_LIVE_IMAGE"
        )
    folder = tmp_path_factory.mktemp("live")
    transcript = Path(os.environ.get("THREESCALE_MIGRATE_LIVE_TRANSCRIPT") or folder / "transcript")
    print(f"the transcript is kept in {transcript}")
    try:
        with live_project(folder, image, transcript) as made:
            yield made
    except Unusable as error:
        pytest.fail(str(error))
