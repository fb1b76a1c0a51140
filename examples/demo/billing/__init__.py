"""Invoices of a small shop: amounts, due dates, imports."""
