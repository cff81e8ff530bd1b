"""Noise in equations: the factor of each process, and the method that suits."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from evsim.equations.expression import Expression
from evsim.equations.known import VARYING, is_noise
from evsim.equations.linear_form import NotLinearError, linear_form, shown
from evsim.errors import EvsimValueError

Noise = tuple[tuple[str, Expression], ...]
_METHODS = ("euler", "heun", "milstein", "ornstein_uhlenbeck")


def without_noise(rate: Expression, here: str) -> tuple[Expression, Noise]:
    """The drift of a rate, and the factor of each of its noise processes."""
    processes = sorted(name for name in rate.names if is_noise(name))
    if not processes:
        return rate, ()
    try:
        form = linear_form(rate.tree, set(processes))
    except NotLinearError as error:
        raise EvsimValueError(
            f"{here}: noise can only be added, times a factor; {shown(error.node)} is not that: {error.reason}."
        ) from None
    factors = tuple((name, Expression(form.part(name).tree())) for name in processes)
    return Expression(form.constant.tree()), factors


def noisy_method(
    method: str | None,
    rates: Mapping[str, Expression],
    noise: Mapping[str, Noise],
    is_linear: bool,
    shared: Collection[str],
    where: str,
) -> str:
    """The method for equations with noise; refuses one that is not made for them.

    Without a choice: exact steps of an Ornstein-Uhlenbeck process where the system is linear and the factors are
    constant, else that of Heun.
    """
    changing = {*rates, *VARYING}
    varied = sorted(
        name for name, terms in noise.items() if any(factor.names & changing for _, factor in terms)
    )
    is_simple = is_linear and not varied and not shared
    if method is None:
        return "ornstein_uhlenbeck" if is_simple else "heun"
    if method not in _METHODS:
        raise EvsimValueError(
            f"{where}: method='{method}' is for equations without noise; give one of {', '.join(_METHODS)}, or none."
        )
    if method == "ornstein_uhlenbeck" and not is_simple:
        raise EvsimValueError(
            f"{where}: method='ornstein_uhlenbeck' is for linear equations whose noise has constant factors and is not"
            " shared; use 'heun'."
        )
    if method == "euler" and varied:
        raise EvsimValueError(
            f"{where}: method='euler' is for noise with constant factors, and that of d{varied[0]}/dt changes;"
            " use 'heun' or 'milstein'."
        )
    if method == "milstein":
        _require_diagonal(noise, where)
    return method


def _require_diagonal(noise: Mapping[str, Noise], where: str) -> None:
    used: dict[str, str] = {}
    for state, terms in noise.items():
        for name, _ in terms:
            if len(terms) > 1 or name in used:
                raise EvsimValueError(
                    f"{where}: method='milstein' is for a noise process of its own in each equation, and"
                    f" d{state}/dt has {name} with others or shares it; use 'heun'."
                )
            used[name] = state
