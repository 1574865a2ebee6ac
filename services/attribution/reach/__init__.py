"""Counting what marketing is usually judged by: pages, visitors, leads."""
