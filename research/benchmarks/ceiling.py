"""The most that this machine's libraries reach in the matrix products of one layer of the model.

    python -m research.benchmarks.ceiling "torch fp32" 896x4864,4864x896

One library a process, because the thread pools of several would wait for each other. Prints JSON:
rows -> GFLOP/s of each pass.
"""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from reviewbot.encoders.processor import usable_cores

ROWS = (256, 2_048)  # tokens: a short window, a full one
PASSES = 15
Product = Callable[[], Any]
MISSING = 3  # the exit code that says: the library is not installed
_ONNX_FP32, _ONNX_INT8 = "MatMul", "MatMulInteger"


def _numpy(rows: int, wide: int, out: int) -> Product:
    left, right = (np.ones(shape, np.float32) for shape in ((rows, wide), (wide, out)))
    return lambda: left @ right


def _torch(kind: str) -> Callable[[int, int, int], Product]:
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(usable_cores())
    dtype = getattr(torch, kind)
    multiply = torch._int_mm if kind == "int8" else torch.mm

    def product(rows: int, wide: int, out: int) -> Product:
        left, right = torch.ones(rows, wide, dtype=dtype), torch.ones(out, wide, dtype=dtype).t()
        return lambda: multiply(left, right)

    return product


def _onnxruntime(operator: str) -> Callable[[int, int, int], Product]:
    onnx: Any = importlib.import_module("onnx")
    runtime: Any = importlib.import_module("onnxruntime")
    make, kinds = onnx.helper, onnx.TensorProto
    integer = operator == _ONNX_INT8
    wanted, given = (kinds.INT32, kinds.UINT8) if integer else (kinds.FLOAT, kinds.FLOAT)

    def product(rows: int, wide: int, out: int) -> Product:
        left = np.ones((rows, wide), np.uint8 if integer else np.float32)
        weight = np.ones((wide, out), np.int8 if integer else np.float32)
        graph = make.make_graph(
            [make.make_node(operator, ["left", "weight"], ["out"])],
            "product",
            [make.make_tensor_value_info("left", given, [rows, wide])],
            [make.make_tensor_value_info("out", wanted, [rows, out])],
            [onnx.numpy_helper.from_array(weight, "weight")],
        )
        opset = [make.make_opsetid("", 17)]
        model = make.make_model(graph, opset_imports=opset, ir_version=8)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # as `check` reads: a window on each thread
        session = runtime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return lambda: session.run(None, {"left": left})

    return product


# Name -> what imports the library and returns what makes a product. The last word: the numbers.
METHODS: dict[str, Callable[[], Callable[[int, int, int], Product]]] = {
    "numpy fp32": lambda: _numpy,
    "torch fp32": lambda: _torch("float32"),
    "onnxruntime fp32": lambda: _onnxruntime(_ONNX_FP32),
    "torch int8": lambda: _torch("int8"),
    "onnxruntime int8": lambda: _onnxruntime(_ONNX_INT8),
}


def passes(
    make: Callable[[int, int, int], Product],
    rows: int,
    matrices: Sequence[tuple[int, int]],
    at_once: int = 1,
) -> list[float]:
    """Return the GFLOP/s of `PASSES` passes through all matrices, one product after the other.

    at_once   threads that each make these passes at the same time; their rates are added up
    """
    products = [make(rows, wide, out) for wide, out in matrices]
    work = at_once * 2 * rows * sum(wide * out for wide, out in matrices) / 1e9
    rates = []

    def one(_: int) -> None:
        for product in products:
            product()

    with ThreadPoolExecutor(at_once) as pool:
        for _ in range(PASSES + 2):
            start = time.perf_counter()
            list(pool.map(one, range(at_once)))
            rates.append(work / (time.perf_counter() - start))
    return rates[2:]  # the first two pay for memory and for what a library prepares


def measured(
    matrices: Sequence[tuple[int, int]], environ: Mapping[str, str]
) -> dict[str, dict[int, list[float]]]:
    """Measure every method in a process of its own: method -> rows -> GFLOP/s of each pass.

    environ  of a check: where that is capped, these processes are
    A library that is not installed has no entry. Raises SystemExit where one fails otherwise.
    """
    text = ",".join(f"{wide}x{out}" for wide, out in matrices)
    found: dict[str, dict[int, list[float]]] = {}
    for name in METHODS:
        command = [sys.executable, "-m", "research.benchmarks.ceiling", name, text]
        done = subprocess.run(command, env=dict(environ), capture_output=True, text=True)
        if done.returncode == MISSING:
            continue
        if done.returncode:
            raise SystemExit(f"the ceiling of {name} was not measured:\n{done.stderr[-2_000:]}")
        found[name] = {int(rows): rates for rows, rates in json.loads(done.stdout).items()}
    return found


def main(name: str, text: str) -> None:
    """Measure one method."""
    matrices = [(int(wide), int(out)) for wide, out in (m.split("x") for m in text.split(","))]
    try:
        make = METHODS[name]()
    except ImportError:
        sys.exit(MISSING)
    at_once = usable_cores() if name.startswith("onnxruntime") else 1
    print(json.dumps({rows: passes(make, rows, matrices, at_once) for rows in ROWS}))


if __name__ == "__main__":
    main(*sys.argv[1:])
