"""The first blocks of a Llama-like model as an ONNX graph with int8 weights.

Written node by node, not traced: this needs no torch and leaves the number formats to us. Weights
are whole numbers from -64 to 64 with one scale per output channel: x86 without VNNI adds pairs of
uint8 x int8 products in 16 bits, which larger weights overflow (onnxruntime issue 6004). So every
processor computes the same sums, at full speed. States are uint8 with one scale per *token*: an
attention sink, whose state is a hundred times as long as the others', then spoils only itself.
ONNX Runtime's own dynamic quantisation has one scale per tensor, which costs a digit.

A window is read in pieces. The keys and values of earlier pieces are inputs and outputs, so that
the attention scores stay small enough for the processor's cache.
"""

from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from reviewbot.arrays import Array
from reviewbot.models.shapes import TrunkShape
from reviewbot.models.smoothing import Get

FUSED = "com.microsoft"  # operators that ONNX Runtime adds: grouped attention, scaled int8 products
LARGEST = 64  # of a quantised weight: 2 * 255 * 64 fits into 16 bits
ROWS = 8_192  # of a weight that are quantised at once
OPSET, IR = 20, 10  # what ONNX Runtime 1.20 reads


def quantise(weight_OI: Array) -> tuple[Any, Array]:
    """Return int8 weights (I, O) and their scales (O,)."""
    scale_O = np.empty(len(weight_OI), np.float32)
    values_IO = np.empty(weight_OI.shape[::-1], np.int8)
    for start in range(0, len(weight_OI), ROWS):  # an output head has 150,000 rows
        rows = slice(start, start + ROWS)
        peak_O1 = np.abs(weight_OI[rows]).max(axis=1, keepdims=True)
        peak_O1[peak_O1 == 0] = LARGEST
        values_IO[:, rows] = np.rint(weight_OI[rows] * (np.float32(LARGEST) / peak_O1)).T
        scale_O[rows] = peak_O1[:, 0] / np.float32(LARGEST)
    return values_IO, scale_O


def trunk(shape: TrunkShape, get: Get, taps: tuple[int, ...], *, head: bool) -> ModelProto:
    """Return the graph of the blocks up to the last tap, or of all of `shape` with the final norm.

    taps  the blocks, counted from 1, whose output is returned as `state_N`
    head  go on to the final norm, whose output is `final`

    Inputs: x (1, T, D) embeddings; last_key and total (1,) int32, the index of this piece's last
    token in the window and the number of tokens up to it; key_N and value_N (1, KV, P, HD) of the
    earlier pieces.
    """
    graph = _Graph(shape)
    x = "x"
    for block in range(shape.layers if head else max(taps)):
        x = graph.block(x, block, get)
        if block + 1 in taps:
            graph.output(x, f"state_{block + 1}", [1, "T", shape.width])
    if head:
        final = graph.norm(x, "norm.weight", get)
        graph.output(final, "final", [1, "T", shape.width])
    return graph.model("trunk")


def head(shape: TrunkShape, weight_VD: Array) -> ModelProto:
    """Return the graph of the output head: `encoders.states.HEAD` of each next token.

    Inputs: final (T, D); actual (T, 1) int64, the token that came next.
    Output: signals (T, 5).
    """
    graph = _Graph(shape)
    graph.inputs = [
        helper.make_tensor_value_info("final", TensorProto.FLOAT, ["T", shape.width]),
        helper.make_tensor_value_info("actual", TensorProto.INT64, ["T", 1]),
    ]
    states, scale = graph.quantised("final")
    logits = graph.op("Mul", graph.product(states, "lm_head", weight_VD), scale)
    logs = graph.op("LogSoftmax", logits, axis=-1)
    actual = graph.op("GatherElements", logs, "actual", axis=1)
    spread = graph.op("ReduceSum", graph.op("Mul", graph.op("Exp", logs), logs), "last")
    margin = graph.op("Sub", graph.op("ReduceMax", logs, "last"), actual)
    likelier = graph.op("Cast", graph.op("Greater", logs, actual), to=TensorProto.FLOAT)
    rank = graph.op("Log", graph.op("Add", graph.op("ReduceSum", likelier, "last"), "one"))
    likeliest = graph.op("Cast", graph.op("ArgMax", logs, axis=1), to=TensorProto.FLOAT)
    parts = (graph.op("Neg", actual), graph.op("Neg", spread), margin, rank, likeliest)
    graph.output(graph.op("Concat", *parts, axis=1), "signals", ["T", len(parts)])
    return graph.model("head")


class _Graph:
    """Nodes, weights, inputs and outputs of a graph that is being written."""

    def __init__(self, shape: TrunkShape) -> None:
        self.shape = shape
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.outputs: list[Any] = []
        value = helper.make_tensor_value_info
        self.inputs = [
            value("x", TensorProto.FLOAT, [1, "T", shape.width]),
            value("last_key", TensorProto.INT32, [1]),
            value("total", TensorProto.INT32, [1]),
        ]
        self.constant("one", np.float32(1))
        self.constant("levels", np.float32(127))  # steps of a quantised state on each side of zero
        self.constant("zero", np.uint8(128))
        self.constant("least", np.float32(1e-12))
        self.constant("last", np.array([-1], np.int64))
        cos_TH, sin_TH = shape.rotation()
        self.constant("cos", cos_TH)
        self.constant("sin", sin_TH)

    def constant(self, name: str, value: Any) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output and return the output's name."""
        name = f"{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, list(inputs), [name], domain=domain, **attributes)
        self.nodes.append(node)
        return name

    def norm(self, x: str, name: str, get: Get) -> str:
        weight = self.constant(name, get(name))
        epsilon = self.shape.epsilon
        kind = "SimplifiedLayerNormalization"
        return self.op(kind, x, weight, axis=-1, epsilon=epsilon, stash_type=1)

    def quantised(self, x: str) -> tuple[str, str]:
        """Return the uint8 of some states, and the scale of each token."""
        low = self.op("Neg", self.op("ReduceMin", x, "last", keepdims=1))
        peak = self.op("Max", self.op("ReduceMax", x, "last", keepdims=1), low, "least")
        steps = self.op("Mul", x, self.op("Div", "levels", peak))
        return self.op("QuantizeLinear", steps, "one", "zero"), self.op("Div", peak, "levels")

    def product(self, states: str, name: str, weight_OI: Array) -> str:
        """Multiply uint8 states by int8 weights, without the scale of the tokens."""
        values, scale_O = quantise(weight_OI)
        weight, scale = self.constant(name, values), self.constant(f"{name}.scale", scale_O)
        return self.op("MatMulIntegerToFloat", states, weight, "one", scale, "zero", domain=FUSED)

    def block(self, x: str, number: int, get: Get) -> str:
        own = f"layers.{number}."
        states, scale = self.quantised(self.norm(x, f"{own}input_layernorm.weight", get))
        mixed = self.attention(states, scale, number, get)
        states, scale = self.quantised(mixed)
        name = f"{own}self_attn.o_proj.weight"
        x = self.op("Add", x, self.op("Mul", self.product(states, name, get(name)), scale))
        return self.op("Add", x, self.feed_forward(x, own, get))

    def attention(self, states: str, scale: str, number: int, get: Get) -> str:
        shape, own = self.shape, f"layers.{number}.self_attn."
        joined = np.concatenate([get(f"{own}{part}_proj.weight") for part in "qkv"])
        qkv = self.op("Mul", self.product(states, f"{own}qkv", joined), scale)
        if shape.biased:
            bias = np.concatenate([get(f"{own}{part}_proj.bias") for part in "qkv"])
            qkv = self.op("Add", qkv, self.constant(f"{own}bias", bias))
        out, old = f"attention_{number}", [f"key_{number}", f"value_{number}"]
        new = [f"new_{name}" for name in old]
        for names, count, side in ((old, "P", self.inputs), (new, "S", self.outputs)):
            sizes: list[int | str | None] = [1, shape.kv_heads, count, shape.head_width]
            side += [helper.make_tensor_value_info(n, TensorProto.FLOAT, sizes) for n in names]
        self.nodes.append(
            helper.make_node(
                "GroupQueryAttention",
                [qkv, "", "", *old, "last_key", "total", "cos", "sin"],
                [out, *new],
                domain=FUSED,
                num_heads=shape.heads,
                kv_num_heads=shape.kv_heads,
                do_rotary=1,
            )
        )
        return out

    def feed_forward(self, x: str, own: str, get: Get) -> str:
        states, scale = self.quantised(self.norm(x, f"{own}post_attention_layernorm.weight", get))
        gate, up, down = (f"{own}mlp.{part}_proj.weight" for part in ("gate", "up", "down"))
        open_ = self.op("Mul", self.product(states, gate, get(gate)), scale)
        silu = self.op("QuickGelu", open_, domain=FUSED, alpha=1.0)
        # The scale of `up` is applied in the last line: it is one number per token.
        inner, own_scale = self.quantised(self.op("Mul", silu, self.product(states, up, get(up))))
        both = self.op("Mul", scale, own_scale)
        return self.op("Mul", self.product(inner, down, get(down)), both)

    def output(self, x: str, name: str, sizes: list[Any]) -> None:
        self.nodes.append(helper.make_node("Identity", [x], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, sizes))

    def model(self, name: str) -> ModelProto:
        used = {name for node in self.nodes for name in node.input}
        weights = [weight for weight in self.weights if weight.name in used]
        inputs = [entry for entry in self.inputs if entry.name in used]
        return helper.make_model(
            helper.make_graph(self.nodes, name, inputs, self.outputs, weights),
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
            ir_version=IR,
        )
