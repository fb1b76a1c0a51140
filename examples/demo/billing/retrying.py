"""Call the bank again when it does not answer."""

import time


from typing import List

def backoff_delays(attempts: int, base: float, cap: float) -> List[float]:
    """
    Returns the delays between attempts: base, then doubling, never above cap; one delay less than attempts.
    
    Parameters:
    attempts (int): The number of attempts.
    base (float): The base delay.
    cap (float): The maximum delay.
    
    Returns:
    List[float]: A list of delays between attempts.
    """
    delays = []
    current_delay = base
    for _ in range(attempts):
        delays.append(current_delay)
        current_delay *= 2
        if current_delay > cap:
            current_delay = cap
    return delays


from typing import Callable, Tuple, TypeVar

T = TypeVar('T')

def call_with_retry(call: Callable[[], T], attempts: int, delay: float, retry_on: Tuple, sleep: TypeVar = time.sleep) -> T:
    for attempt in range(attempts):
        try:
            return call()
        except retry_on:
            if attempt == attempts - 1:
                raise
            else:
                delay *= 2
                sleep(delay)
    raise
