"""The embedded PostgreSQL caches as much as the machine can spare."""

import pytest

from deploy.embedded.postgres import buffers


@pytest.mark.parametrize(("gigabytes", "megabytes"), [(0.5, 128), (4, 512), (8, 1024), (64, 1024)])
def test_its_cache_is_an_eighth_of_the_memory_within_bounds(gigabytes: float, megabytes: int) -> None:
    assert buffers(int(gigabytes * 1024**3)) == megabytes
