"""`python -m migrations.page FILE`: write the relations of comments.yaml into docs/warehouse.md, below its prose."""

import sys
from itertools import groupby
from pathlib import Path

from migrations.comments import Relation, relations

BELOW = "<!-- From here on the page is made from migrations/comments.yaml: `make pages` -->\n"


def written(page: str) -> str:
    """The page with its part below the marker made anew."""
    prose, marker, _ = page.partition(BELOW)
    sections = groupby(relations(), key=lambda relation: relation.section)
    return prose + marker + "".join(_section(title, list(there)) for title, there in sections)


def _section(title: str, there: list[Relation]) -> str:
    return f"\n## {title}\n" + "".join(map(_relation, there))


def _relation(relation: Relation) -> str:
    says = f"{relation.says} Its columns, and:" if relation.like else relation.says
    rows = "".join(f"| `{column}` | {meaning} |\n" for column, meaning in relation.own.items())
    return f"\n### {relation.name}\n{says}\n\n| column | meaning |\n|---|---|\n{rows}"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(written(file.read_text(encoding="utf-8")), encoding="utf-8")
