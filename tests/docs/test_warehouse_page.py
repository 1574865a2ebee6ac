"""docs/warehouse.md says of every relation and column what the database's own comments say."""

import re

from migrations.comments import relations
from migrations.page import written
from tests.places import DOCS

PAGE = (DOCS / "warehouse.md").read_text(encoding="utf-8")


def test_the_page_is_as_made_from_the_comments() -> None:
    assert written(PAGE) == PAGE, "run `make pages`"


def test_the_page_tells_of_every_relation_and_of_no_other() -> None:
    told = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    assert told == [relation.name for relation in relations()]
