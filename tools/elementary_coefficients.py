"""Print the coefficients in csrc/kernel/{exp,log,pow,sin}.h: best polynomials, by Remez's exchange in 60 digits.

python -m tools.elementary_coefficients
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp

Function = Callable[[Any], Any]
POINTS = 400  # where the error is looked at
ROUNDS = 12
TINY = mp.mpf(10) ** -20  # below it the first terms of a series are enough


def best(target: Function, weight: Function, degree: int, low: Any, high: Any) -> tuple[list[Any], Any]:
    """Make the largest weight(x)*|polynomial(x) - target(x)| smallest; return coefficients and that largest."""
    n = degree + 2
    nodes, grid = _chebyshev(n, low, high), _chebyshev(POINTS, low, high)
    for _ in range(ROUNDS):
        matrix, right = mp.matrix(n, n), mp.matrix(n, 1)
        for i, x in enumerate(nodes):
            right[i] = target(x)
            matrix[i, n - 1] = (-1) ** i / (weight(x) + TINY**1.5)
            for j in range(n - 1):
                matrix[i, j] = x**j
        coefficients = list(mp.lu_solve(matrix, right))[:-1]
        errors = [weight(x) * (mp.polyval(coefficients[::-1], x) - target(x)) for x in grid]
        nodes = _peaks(grid, errors, n)
    return coefficients, max(map(abs, errors))


def _chebyshev(n: int, low: Any, high: Any) -> list[Any]:
    return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]


def _peaks(grid: list[Any], errors: list[Any], n: int) -> list[Any]:
    """Return the point of largest error in each run of one sign; of too many, the smaller at an end go."""
    runs = [[0]]
    for i in range(1, len(grid)):
        if (errors[i] > 0) == (errors[i - 1] > 0):
            runs[-1].append(i)
        else:
            runs.append([i])
    peaks = [max(run, key=lambda i: abs(errors[i])) for run in runs]
    while len(peaks) > n:
        peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
    if len(peaks) < n:
        raise ArithmeticError(f"the error changes sign {len(peaks) - 1} times, not {n - 1}")
    return [grid[i] for i in peaks]


def exp_tail(r: Any) -> Any:
    """(exp(r) - 1 - r - r^2/2)/r^3."""
    return mp.mpf(1) / 6 + r / 24 if abs(r) < TINY**0.5 else ((mp.expm1(r) - r) / r**2 - mp.mpf(1) / 2) / r


def log_tail(z: Any) -> Any:
    """(log((1 + s)/(1 - s))/s - 2)/z with z = s^2."""
    return mp.mpf(2) / 3 + mp.mpf(2) / 5 * z if z < TINY else (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z


def log_far_tail(z: Any) -> Any:
    """(log_tail(z) - 2/3 - 2z/5)/z^2."""
    return mp.mpf(2) / 7 if z < TINY else (log_tail(z) - mp.mpf(2) / 3 - mp.mpf(2) / 5 * z) / z**2


def sin_tail(z: Any) -> Any:
    """(sin(x)/x - 1)/z with z = x^2."""
    return mp.mpf(-1) / 6 if z < TINY else (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def cos_tail(z: Any) -> Any:
    """(cos(x) - 1 + z/2)/z^2 with z = x^2."""
    return mp.mpf(1) / 24 if z < TINY else (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def main() -> None:
    """Print each polynomial, lowest coefficient first, and the largest error relative to the function."""
    mp.mp.dps = 60
    half = mp.log(2) / 2 * mp.mpf("1.0001")
    root = mp.sqrt(2)
    octave = ((root - 1) / (root + 1) * mp.mpf("1.0001")) ** 2
    eighth = (mp.pi / 4 * mp.mpf("1.0001")) ** 2
    zero = mp.mpf(0)
    rows: list[tuple[str, Function, Function, int, Any, Any]] = [
        ("exp", exp_tail, lambda r: abs(r**3 / mp.expm1(r)), 9, -half, half),
        ("log", log_tail, lambda z: z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))), 6, zero, octave),
        ("pow", log_far_tail, lambda z: z**3 * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))), 6, zero, octave),
        ("sin", sin_tail, lambda z: z * mp.sqrt(z) / mp.sin(mp.sqrt(z)), 5, zero, eighth),
        ("cos", cos_tail, lambda z: z**2 / mp.cos(mp.sqrt(z)), 5, zero, eighth),
    ]
    for name, target, weight, degree, low, high in rows:
        coefficients, error = best(target, weight, degree, low, high)
        print(f"{name}: error 2^{mp.nstr(mp.log(error, 2), 4)}")
        print("".join(f"    {float(each).hex()}\n" for each in coefficients), end="")


if __name__ == "__main__":
    main()
