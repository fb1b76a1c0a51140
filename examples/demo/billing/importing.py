"""Read the ledger that the bank exports."""

import re


import re

def column_name(header: str) -> str:
    """
    Make a header a Python name: lower case, every run of other characters than letters and digits one underscore, no underscore at either end.
    
    Parameters:
    header (str): The header to be converted.
    
    Returns:
    str: The converted header.
    """
    # Use regex to replace non-alphanumeric characters with underscores
    return re.sub(r'[^a-zA-Z0-9]', '_', header)


from typing import List

def running_balance(amounts: List[int], opening: int = 0) -> List[int]:
    """
    Calculate the running balance after each amount in the list.

    Parameters:
    - amounts: List[int] - A list of integers representing the amounts to be added.
    - opening: int = 0 - The initial balance.

    Returns:
    - List[int] - A list of integers representing the running balance after each amount.
    """
    balance = opening
    for amount in amounts:
        balance += amount
    return balance


from typing import List, Dict

def without_duplicates(entries: List[dict], key: str) -> List[dict]:
    """
    Keeps the first entry for each value of the key, in their order; entries without that key are all kept.

    :param entries: List of dictionaries to process.
    :param key: The key to group entries by.
    :return: A list of dictionaries with duplicates removed.
    """
    result = []
    seen = set()
    for entry in entries:
        if entry[key] not in seen:
            seen.add(entry[key])
            result.append(entry)
    return result
