"""Amounts of money. An amount is an int, in cents; it may be negative."""

import re

SYMBOL = "$"


def total(amounts: list[int]) -> int:
    """Return the sum of the amounts."""
    return sum(amounts)


import re

def parse_amount(text: str) -> int:
    """
    Converts a string representing a monetary amount into cents.
    
    Args:
    text (str): A string representing a monetary amount in the format "12", "12.5", or "-1,234.56".
    
    Returns:
    int: The amount in cents.
    
    Raises:
    ValueError: If the input string is not a valid monetary amount.
    """
    # Regular expression to match the monetary amount format
    pattern = r'^-?\d+(\.\d+)?$'
    if not re.match(pattern, text):
        raise ValueError("Invalid monetary amount format")
    
    # Convert the string to a float and then multiply by 100 to get cents
    cents = float(text) * 100
    
    return cents


def format_amount(cents: int) -> str:
    """
    Formats cents as dollars: 123456 is "$1,234.56", 5 is "$0.05", and -305 is "-$3.05".
    
    Parameters:
    cents (int): The number of cents to format.
    
    Returns:
    str: The formatted amount as a string.
    """
    if cents < 0:
        return f"-${abs(cents):.2f}"
    else:
        return f"${cents:,.2f}"
