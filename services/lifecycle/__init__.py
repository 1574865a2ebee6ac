"""Leads, from first sight to customer: who is who, which stage, which rule said so. See docs/lifecycle.md."""
