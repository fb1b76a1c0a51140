"""Show long lists in pages, and keep what was shown."""

from collections import OrderedDict


from typing import *
from collections import *

def page_count(total: int, size: int) -> int:
    if size < 1:
        raise ValueError("Size must be at least 1")
    return total // size


from typing import List

def page_items(items: List, page: int, size: int) -> List:
    if page < 1 or size < 1:
        raise ValueError("page and size must be greater than or equal to 1")
    
    start_index = (page - 1) * size
    end_index = start_index + size
    
    return items[start_index:end_index]


from collections import OrderedDict

class LRUCache:
    def __init__(self, capacity: int):
        self.capacity = capacity
        self.cache = OrderedDict()

    def get(self, key: int, default=None) -> int:
        if key in self.cache:
            self.cache.move_to_end(key)
            return self.cache[key]
        return default

    def put(self, key: int, value: int) -> None:
        if key in self.cache:
            self.cache.move_to_end(key)
        self.cache[key] = value
        if len(self.cache) > self.capacity:
            self.cache.popitem(last=False)

    def __len__(self) -> int:
        return len(self.cache)
