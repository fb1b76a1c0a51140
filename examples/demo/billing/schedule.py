"""Due dates and opening hours."""

import calendar
import re
from datetime import date, timedelta


def is_weekend(day: date) -> bool:
    """True on Saturdays and Sundays."""
    return day.weekday() >= 5


from datetime import datetime, timedelta

def due_date(issued: date, working_days: int) -> date:
    """
    Returns the day that is so many working days after the issue.
    
    Parameters:
    issued (date): The date when the issue was issued.
    working_days (int): The number of working days after the issue.
    
    Returns:
    date: The day that is so many working days after the issue.
    """
    # Calculate the day after the issue
    due_date = issued + timedelta(days=working_days)
    return due_date


from typing import Tuple

def overlaps(a: Tuple[int, int], b: Tuple[int, int]) -> bool:
    """
    Check if two intervals overlap.

    Parameters:
    a (Tuple[int, int]): The first interval.
    b (Tuple[int, int]): The second interval.

    Returns:
    bool: True if the intervals overlap, False otherwise.
    """
    return a[0] < b[1] and b[0] < a[1]
