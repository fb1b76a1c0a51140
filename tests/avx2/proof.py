"""Fail where this process is not capped: `python -m tests.avx2.proof`."""

import sys

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper


def main() -> None:
    """Check that sums of int8 products saturate, and that torch is capped, too."""
    if largest_sum() == 4 * 255 * 127:
        sys.exit("int8 sums are exact")
    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        sys.exit("torch is not capped")


def largest_sum() -> int:
    """Return what ONNX Runtime makes of the greatest sum of four uint8 x int8 products."""
    value = helper.make_tensor_value_info
    inputs = [value("a", TensorProto.UINT8, [1, 4]), value("b", TensorProto.INT8, [4, 1])]
    node = helper.make_node("MatMulInteger", ["a", "b"], ["y"])
    graph = helper.make_graph([node], "sum", inputs, [value("y", TensorProto.INT32, [1, 1])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    given = {"a": np.full((1, 4), 255, np.uint8), "b": np.full((4, 1), 127, np.int8)}
    return int(session.run(None, given)[0][0, 0])


if __name__ == "__main__":
    main()
