"""Applying the present channel rules and earning kinds to history.

`preview` says what would change, in touches and money; `channels` does it in chunks and switches at once, or goes back;
`credited` computes deals without writing anything, which is what the preview compares.
"""
