"""Import: a file of any shape, by a map, over HTTP, safe to run twice.

Reading order: `mapfile` (the YAML), `fields` (what can be filled), `cells` (one value), `convert` (one row) are pure;
`rows` reads the file, `send` delivers batches, `rejects` keeps what was not taken, `run` puts them together.
docs/import.md shows maps.
"""
