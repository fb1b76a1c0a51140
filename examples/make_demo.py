"""How the demo change was made. Kept as a record: neither users nor CI run it.

    python examples/make_demo.py ask MODEL_DIR   # torch, transformers, gguf, accelerate
    python examples/make_demo.py build           # answers.jsonl -> demo/ and demo.diff; needs git

Model    Qwen2.5-Coder-0.5B-Instruct, the file `model.gguf` in MODEL_DIR, SHA-256
         1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32
Decoding greedy (no sampling, so no seed takes part; torch's is set to 0 all the same), bfloat16,
         one thread, all prompts in one batch padded on the left, at most 250 new tokens, the
         model's own chat template. transformers 5.23, torch 2.13 on a CPU. Another machine may
         round otherwise and answer otherwise: answers.jsonl is the record.

Each prompt below was asked once, and `answers.jsonl` keeps every answer as it came, in the order
of PROMPTS; none was chosen among several. `build` appends the answers' code, unedited, to its file
(see `code` for what it cuts off, and LEFT_OUT for the answers that the demo does without). The text
of BEFORE is ours: what the project held before the change. So is the text of NEW: the first lines
of the files that the change adds.
"""

import ast
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS = HERE / "answers.jsonl"
MODEL_SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"

SYSTEM = (
    "You write production Python. Reply with one code block that holds only the requested code, "
    "with type hints and a one-line docstring. No comments, no examples, no explanation."
)

BEFORE = {
    "billing/__init__.py": '"""Invoices of a small shop: amounts, due dates, imports."""\n',
    "billing/money.py": '''"""Amounts of money. An amount is an int, in cents; it may be negative."""

import re

SYMBOL = "$"


def total(amounts: list[int]) -> int:
    """Return the sum of the amounts."""
    return sum(amounts)
''',
    "billing/schedule.py": '''"""Due dates and opening hours."""

import calendar
import re
from datetime import date, timedelta


def is_weekend(day: date) -> bool:
    """True on Saturdays and Sundays."""
    return day.weekday() >= 5
''',
}
NEW = {
    "billing/importing.py": '"""Read the ledger that the bank exports."""\n\nimport re\n',
    "billing/paging.py": '"""Show long lists in pages, and keep what was shown."""\n\n'
    "from collections import OrderedDict\n",
    "billing/retrying.py": '"""Call the bank again when it does not answer."""\n\nimport time\n',
}

PROMPTS = [
    (
        "billing/money.py",
        'Write the function `parse_amount(text: str) -> int`. It turns texts like "12", '
        '"12.5" or "-1,234.56" into cents (1200, 1250, -123456) without using float, and '
        "raises ValueError for anything else. `re` is imported.",
    ),
    (
        "billing/money.py",
        "Write the function `format_amount(cents: int) -> str`. It writes cents as dollars: "
        '123456 is "$1,234.56", 5 is "$0.05" and -305 is "-$3.05".',
    ),
    (
        "billing/money.py",
        "Write the function `split_evenly(amount: int, parts: int) -> list[int]`. It splits "
        "an amount of cents into parts that sum to the amount and differ by at most one cent,"
        " larger parts first.",
    ),
    (
        "billing/money.py",
        "Write the function `discounted(amount: int, percent: int) -> int`. It takes a "
        "percentage off an amount of cents and rounds to the nearest cent, halves up.",
    ),
    (
        "billing/money.py",
        "Write the function `late_fee(amount: int, days_late: int) -> int`. The fee is 1 "
        "percent of the amount for each started week late, at most 10 percent, rounded down "
        "to a cent; there is no fee for the first 3 days.",
    ),
    (
        "billing/schedule.py",
        "Write the function `add_months(day: date, months: int) -> date`. It moves a date by "
        "months, which may be negative; where the day does not exist it gives the last day of"
        " the month. `date` and `calendar` are imported.",
    ),
    (
        "billing/schedule.py",
        "Write the function `due_date(issued: date, working_days: int) -> date`. It returns "
        "the day that is so many working days after the issue. `date`, `timedelta` and the "
        "function `is_weekend(day)` are there.",
    ),
    (
        "billing/schedule.py",
        "Write the function `merge_intervals(intervals: list[tuple[int, int]]) -> "
        "list[tuple[int, int]]`. It joins intervals that overlap or touch and returns them "
        "sorted. It does not change its argument.",
    ),
    (
        "billing/schedule.py",
        "Write the function `overlaps(a: tuple[int, int], b: tuple[int, int]) -> bool`. The "
        "intervals are half-open: (1, 3) and (3, 5) do not overlap.",
    ),
    (
        "billing/schedule.py",
        "Write the function `next_invoice_number(number: str) -> str`. It counts up and keeps"
        ' the width: "INV-0099" gives "INV-0100", and "2024/A9" gives "2024/A10". `re` is '
        "imported.",
    ),
    (
        "billing/importing.py",
        "Write the function `split_csv_line(line: str) -> list[str]`. It splits one line of "
        'CSV without the csv module. A quoted field may hold commas, and "" in it means one '
        "quote.",
    ),
    (
        "billing/importing.py",
        "Write the function `column_name(header: str) -> str`. It makes a header a Python "
        "name: lower case, every run of other characters than letters and digits one "
        "underscore, no underscore at either end. `re` is imported.",
    ),
    (
        "billing/importing.py",
        "Write the function `running_balance(amounts: list[int], opening: int = 0) -> "
        "list[int]`. It returns the balance after each amount.",
    ),
    (
        "billing/importing.py",
        "Write the function `without_duplicates(entries: list[dict], key: str) -> "
        "list[dict]`. It keeps the first entry for each value of the key, in their order; "
        "entries without that key are all kept.",
    ),
    (
        "billing/importing.py",
        "Write the function `totals_by_payee(entries: list[dict]) -> list[tuple[str, int]]`. "
        'Each entry has "payee" and "cents". It returns (payee, sum) pairs, largest sum '
        "first, equal sums in order of the payee.",
    ),
    (
        "billing/paging.py",
        "Write the function `page_count(total: int, size: int) -> int`. It returns how many "
        "pages of that size hold total items, at least 1, and raises ValueError if size is "
        "less than 1.",
    ),
    (
        "billing/paging.py",
        "Write the function `page_items(items: list, page: int, size: int) -> list`. Pages "
        "count from 1; a page past the end is empty. It raises ValueError if page or size is "
        "less than 1.",
    ),
    (
        "billing/paging.py",
        "Write the function `page_numbers(current: int, last: int, around: int = 2) -> "
        "list[int]`. It returns the page numbers to show: those at most `around` away from "
        "the current page, and always the first and the last, ascending, none twice.",
    ),
    (
        "billing/paging.py",
        "Write the class `LRUCache` with `__init__(self, capacity: int)`, `get(self, key, "
        "default=None)`, `put(self, key, value)` and `__len__`. When full, put of a new key "
        "removes the least recently used key; get and put both count as use. `OrderedDict` is"
        " imported.",
    ),
    (
        "billing/retrying.py",
        "Write the function `backoff_delays(attempts: int, base: float, cap: float) -> "
        "list[float]`. It returns the delays between attempts: base, then doubling, never "
        "above cap; one delay less than attempts.",
    ),
    (
        "billing/retrying.py",
        "Write the function `call_with_retry(call, attempts: int, delay: float, retry_on: "
        "tuple, sleep=time.sleep)`. It returns the result of call(). On an exception of "
        "retry_on it sleeps, doubles the delay and tries again; after the last attempt it "
        "raises that exception without sleeping. `time` is imported.",
    ),
]

# The demo is to have about 200 changed lines. These answers are wrong at first sight, or were cut
# off at the limit (merge_intervals); every answer that we found right is in the demo.
LEFT_OUT = {
    "add_months",
    "discounted",
    "late_fee",
    "merge_intervals",
    "next_invoice_number",
    "page_numbers",
    "split_csv_line",
    "split_evenly",
    "totals_by_payee",
}


def ask(model_dir: Path) -> None:
    """Ask each prompt once and write the answers."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    digest = hashlib.sha256((model_dir / "model.gguf").read_bytes()).hexdigest()
    if digest != MODEL_SHA256:
        sys.exit(f"not the model: SHA-256 {digest}")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(
        model_dir, gguf_file="model.gguf", padding_side="left"
    )
    model = AutoModelForCausalLM.from_pretrained(
        model_dir, gguf_file="model.gguf", dtype=torch.bfloat16
    ).eval()
    chats = [
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
        for _, prompt in PROMPTS
    ]
    inputs = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
    )
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    with torch.inference_mode():
        output = model.generate(
            **inputs, max_new_tokens=250, do_sample=False, eos_token_id=end, pad_token_id=end
        )
    with ANSWERS.open("w", encoding="utf-8") as file:
        for (path, _), new in zip(PROMPTS, output[:, inputs["input_ids"].shape[1] :], strict=True):
            answer = tokenizer.decode(new, skip_special_tokens=True)
            ended = end in new.tolist()  # False: cut off at the limit
            file.write(json.dumps({"path": path, "ended": ended, "answer": answer}) + "\n")
            print(f"== {path} {ended}\n{answer}\n", flush=True)


def code(answer: str) -> tuple[str, str] | None:
    """Return the name and the text of what the first fenced block defines.

    The text ends with its last function or class. What is cut off behind are the example calls
    that the model adds unasked; nothing before is touched. None where the block is not closed:
    the token limit cut the code itself.
    """
    block = re.search(r"```python\n(.*?)\n```", answer, re.DOTALL)
    if block is None:
        return None
    kinds = (ast.FunctionDef, ast.ClassDef)
    last = [node for node in ast.parse(block.group(1)).body if isinstance(node, kinds)][-1]
    return last.name, "\n".join(block.group(1).split("\n")[: last.end_lineno])


def taken() -> list[tuple[str, str]]:
    """Return (path, text) of the answers that are in the demo, in order."""
    rows = map(json.loads, ANSWERS.read_text("utf-8").splitlines())
    found = [(row["path"], code(row["answer"])) for row in rows]
    return [(path, made[1]) for path, made in found if made and made[0] not in LEFT_OUT]


def build() -> None:
    """Write demo/ (the head version) and demo.diff from the answers."""
    head = {**BEFORE, **NEW}
    for path, text in taken():
        head[path] += f"\n\n{text}\n"
    with tempfile.TemporaryDirectory() as folder:
        git = ("git", "-C", folder, "-c", "core.quotePath=false")
        subprocess.run([*git, "init", "-q"], check=True)
        for texts in (BEFORE, head):
            for path, text in texts.items():
                for root in (Path(folder), HERE / "demo"):
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text, "utf-8")
            subprocess.run([*git, "add", "."], check=True)
            if texts is BEFORE:
                who = ("-c", "user.name=demo", "-c", "user.email=demo@example.invalid")
                subprocess.run([*git, *who, "commit", "-qm", "before"], check=True)
        diff = subprocess.run(
            [*git, "diff", "--cached", "--no-color", "--no-ext-diff", "--find-renames", "-U3"],
            check=True,
            capture_output=True,
        ).stdout
    (HERE / "demo.diff").write_bytes(diff)


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        ask(Path(sys.argv[2]))
    else:
        build()
