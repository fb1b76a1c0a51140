"""Runs code as on a processor with AVX2 and no AVX-512, VNNI or AMX: `python -m tests.avx2 TESTS`.

torch, oneDNN, numpy and OpenBLAS have switches for that. ONNX Runtime has none, so a copy of it is
made in which each `cpuid` instruction is a trap, and `cpuid.c` answers the trap with those bits
cleared. Everything runs at full speed, with the kernels such a processor gets. The benchmarks of
research/ use it too.
"""
