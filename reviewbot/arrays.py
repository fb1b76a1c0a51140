"""The array types of the project. Suffixes name dimensions: T tokens, D model width, F features,
K strongest features, L lines, N columns of a predictor."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
