"""closedloop as one container image; which part of it runs is the container's argument. See docs/operations.md."""
