"""How TC-LIF carries a gradient from one step to the next, by the paper's formulas and by its own equations.

Without spikes, D[t] = D[t−1] + β1 U[t−1] + I[t] and U[t] = U[t−1] + β2 D[t] (Eq. 10 and 11). With x = (D, U),

    ∂x[t]/∂x[t−1] = [[1, β1], [β2, 1 + β1 β2]],

which here is the true Jacobian. The paper's (Eq. 14) is [[1 + β1 β2, β1], [β1 β2² + 2 β2, 1 + β1 β2]], the true one
times [[1, 0], [β2, 1]]: the way from D[t−1] to U[t] through D[t] is counted once more. Both have determinant 1.
"""

import numpy as np


def true_jacobian(beta1: np.ndarray, beta2: np.ndarray) -> np.ndarray:
    """∂x[t]/∂x[t−1] of Eq. 10 and 11 without spikes, `[..., 2, 2]`.

    >>> true_jacobian(np.array(-0.5), np.array(0.5)).tolist()
    [[1.0, -0.5], [0.5, 0.75]]
    """
    beta1, beta2 = np.broadcast_arrays(beta1, beta2)
    return _matrix(np.ones(beta1.shape), beta1, beta2, 1 + beta1 * beta2)


def paper_jacobian(beta1: np.ndarray, beta2: np.ndarray) -> np.ndarray:
    """Eq. 14, `[..., 2, 2]`.

    >>> paper_jacobian(np.array(-0.5), np.array(0.5)).tolist()
    [[0.75, -0.5], [0.875, 0.75]]
    """
    beta1, beta2 = np.broadcast_arrays(beta1, beta2)
    same = 1 + beta1 * beta2
    return _matrix(same, beta1, beta1 * beta2**2 + 2 * beta2, same)


def paper_norm(beta1: np.ndarray, beta2: np.ndarray) -> np.ndarray:
    """Eq. 15, first line: the larger of the sums of the columns of Eq. 14, with their signs, `[...]`.

    For β1 < 0 < β2 it is the first one, β1 β2² + β1 β2 + 2 β2 + 1, as in its second line and in Table 7.

    >>> round(float(paper_norm(np.array(-0.2), np.array(0.8))), 3)
    2.312
    """
    return paper_jacobian(beta1, beta2).sum(-2).max(-1)


def column_norm(matrix: np.ndarray) -> np.ndarray:
    """The largest sum of the absolute values of a column, the norm ‖·‖₁, `[...]`.

    >>> round(float(column_norm(paper_jacobian(np.array(-0.8), np.array(0.4)))), 3)
    1.48
    """
    return np.abs(matrix).sum(-2).max(-1)


def spectral_radius(matrix: np.ndarray) -> np.ndarray:
    """The largest absolute value of an eigenvalue of matrices with determinant 1, `[...]`.

    Those are λ and 1/λ with λ + 1/λ = the trace: both on the unit circle if |trace| ≤ 2.

    >>> spectral_radius(true_jacobian(np.array([-0.5, 0.5]), np.array(0.5))).round(3)
    array([1.   , 1.64])
    """
    half = np.abs(np.trace(matrix, axis1=-2, axis2=-1)) / 2
    return np.maximum(half, 1) + np.sqrt(np.maximum(half**2 - 1, 0))


def power_norm(matrix: np.ndarray, steps: int) -> np.ndarray:
    """The spectral norm of the product of so many equal Jacobians, `[...]`."""
    return np.linalg.norm(np.linalg.matrix_power(matrix, steps), 2, axis=(-2, -1))


def _matrix(a, b, c, d):
    return np.stack([np.stack([a, b], -1), np.stack([c, d], -1)], -2)
