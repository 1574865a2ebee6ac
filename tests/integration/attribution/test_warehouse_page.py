"""docs/warehouse.md lists every relation and column of the warehouse, and no other."""

import re

from tests.integration.attribution.taking import Taking
from tests.places import DOCS

PAGE = DOCS / "warehouse.md"
COLUMNS = """
SELECT table_name AS relation, array_agg(column_name::text) AS columns
FROM information_schema.columns WHERE table_schema = 'warehouse' GROUP BY table_name
"""


def described() -> dict[str, set[str]]:
    """Relation -> its columns, as the page has them."""
    parts = re.split(r"^### (\w+)$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {
        name: set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    }
    found["touchpoint"] |= found["fct_touchpoint"]
    return found


async def test_the_page_and_the_database_have_the_same_relations_and_columns(attribution: Taking) -> None:
    assert {row["relation"]: set(row["columns"]) for row in await attribution.rows(COLUMNS)} == described()
