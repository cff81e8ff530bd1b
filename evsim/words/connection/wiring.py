"""The rules of connect() over the names of both ends: condition, probability, indices, generator text."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evsim.errors import EvsimTypeError, EvsimValueError
from evsim.units import DIMENSIONLESS, DimensionMismatchError
from evsim.words.connection import pairs as rules
from evsim.words.connection.generators import GeneratorText, read_generator
from evsim.words.connection.pairs import Indices, Pairs, PairTest, RowPairs
from evsim.words.randomness import next_generator
from evsim.words.variables.values import Known, TextValues

_NOTHING = np.zeros(0, dtype=np.int64)


class Ends:
    """Source and target of synapses, and what text about pairs of their elements may name."""

    def __init__(self, source: Any, target: Any) -> None:
        self.source, self.target = source, target

    @property
    def sizes(self) -> tuple[int, int]:
        """How many elements there are at both ends."""
        return len(self.source), len(self.target)

    @property
    def names(self) -> set[str]:
        """i, j, N_pre, N_post, and the variables of both ends with _pre and _post."""
        ends = [(self.source, "_pre"), (self.target, "_post")]
        variables = {f"{name}{suffix}" for end, suffix in ends for name in end._storage.variables}
        return {"i", "j", "N_pre", "N_post"} | variables

    def of_pairs(self, names: Collection[str], i: Indices, j: Indices) -> dict[str, Known]:
        """Values and units of these names for the pairs (i, j)."""
        return {name: self._of_pair(name, i, j) for name in names}

    def _of_pair(self, name: str, i: Indices, j: Indices) -> Known:
        if name in ("N_pre", "N_post"):
            return float(self.sizes[name == "N_post"]), DIMENSIONLESS
        if name in ("i", "j"):
            return np.asarray(i if name == "i" else j, dtype=np.float64), DIMENSIONLESS
        end, index = (self.source, i) if name.endswith("_pre") else (self.target, j)
        ((values, dimension),) = end._known([name.rpartition("_")[0]], slice(None)).values()
        values = np.asarray(values)
        return (values[index] if values.ndim else values), dimension


class Wiring:
    """One call of connect(); `where` names it in errors."""

    def __init__(self, ends: Ends, namespace: Mapping[str, Any] | None, where: str) -> None:
        self.ends, self.namespace, self.where = ends, namespace, where

    def pairs(self, condition: Any, i: Any, j: Any, p: Any, skip: bool) -> Pairs | RowPairs:
        """The pairs that become connected."""
        if condition is not None and (i is not None or j is not None):
            raise EvsimTypeError(f"{self.where}: got a condition and i or j; give one of them")
        if i is not None or j is not None:
            return self._thinned(self._indexed(i, j, skip), p)
        if condition is False:
            return _NOTHING, _NOTHING
        if condition is not None and condition is not True and not isinstance(condition, str):
            raise EvsimTypeError(f"{self.where}: condition is {condition!r}; give text, as in 'i != j'")
        test = self._condition(condition) if isinstance(condition, str) else None
        if isinstance(p, str):
            drawn = self._chance(p)
            return rules.tested_pairs(*self.ends.sizes, _both(test, drawn) if test else drawn)
        chance = self._probability(p)
        if chance == 1 and test:
            return rules.tested_pairs(*self.ends.sizes, test)
        pairs = rules.random_pairs(*self.ends.sizes, chance, next_generator())
        return rules.filtered_pairs(pairs, test) if test else pairs

    def repeated(self, pairs: Pairs | RowPairs, n: Any) -> Pairs | RowPairs:
        """Each pair n times."""
        if isinstance(n, str):
            values = self._number(n, "n")
            count = values.evaluate(self.ends.of_pairs(values.own, *rules.spelled_out(pairs)), pairs[0].size)
        else:
            count = np.asarray(n)
        if count.dtype.kind not in "iuf" or np.any(count < 0) or np.any(count != np.rint(count)):
            raise EvsimValueError(
                f"{self.where}: n is {n!r}; give a whole number of synapses per pair, 0 or more"
            )
        if count.ndim == 0 and count == 1:
            return pairs
        i, j = rules.spelled_out(pairs)
        return np.repeat(i, count.astype(np.int64)), np.repeat(j, count.astype(np.int64))

    # Text over pairs

    def _text(self, text: str) -> TextValues:
        values = TextValues(text, self.ends.names, self.namespace, self.where)
        values.dimension(self.ends.of_pairs(values.own, _NOTHING, _NOTHING))
        return values

    def _number(self, text: str, what: str) -> TextValues:
        """Text that gives numbers without a unit."""
        values = self._text(text)
        found = values.dimension(self.ends.of_pairs(values.own, _NOTHING, _NOTHING))
        if not found.is_dimensionless:
            raise DimensionMismatchError(
                f"{self.where}: {what} = {text!r} is no plain number; divide by a unit", found, DIMENSIONLESS
            )
        return values

    def _condition(self, text: str) -> PairTest:
        values = self._text(text)
        if not (values.expression.is_condition or values.expression.text in ("True", "False")):
            raise EvsimTypeError(f"{self.where}: {text!r} is not a condition; compare, as in 'i != j'")

        def is_connected(i: Indices, j: Indices) -> NDArray[np.bool_]:
            return np.asarray(values.evaluate(self.ends.of_pairs(values.own, i, j), i.size), dtype=bool)

        return is_connected

    def _chance(self, text: str) -> PairTest:
        """A test that draws with the probability that text gives."""
        values, generator = self._number(text, "p"), next_generator()

        def is_connected(i: Indices, j: Indices) -> NDArray[np.bool_]:
            p = values.evaluate(self.ends.of_pairs(values.own, i, j), i.size)
            return generator.random(i.size) < rules.check_probability(p, self.where)

        return is_connected

    def _thinned(self, pairs: Pairs, p: Any) -> Pairs:
        if isinstance(p, str):
            return rules.filtered_pairs(pairs, self._chance(p))
        chance = self._probability(p)
        if chance == 1:
            return pairs
        kept = next_generator().random(pairs[0].size) < chance
        return pairs[0][kept], pairs[1][kept]

    def _probability(self, p: Any) -> float:
        if isinstance(p, bool) or not isinstance(p, int | float | np.number):
            raise EvsimTypeError(f"{self.where}: p is {p!r}; give a number from 0 to 1, or text")
        return float(rules.check_probability(float(p), self.where))

    # Indices and generator text

    def _indexed(self, i: Any, j: Any, skip: bool) -> Pairs:
        if isinstance(j, str) and i is None:
            return self._generated(read_generator(j, self.where), "i", skip)
        if isinstance(i, str) and j is None:
            targets, sources = self._generated(read_generator(i, self.where), "j", skip)
            order = np.lexsort((targets, sources))
            return sources[order], targets[order]
        if i is None or j is None or isinstance(i, str) or isinstance(j, str):
            raise EvsimTypeError(
                f"{self.where}: give both i and j as indices, or one of them as generator text"
            )
        return rules.given_pairs(i, j, *self.ends.sizes, self.where)

    def _generated(self, text: GeneratorText, owner: str, skip: bool) -> Pairs:
        """Pairs (owner, element) of generator text that runs once for every owner."""
        owners = np.arange(self.ends.sizes[owner == "j"], dtype=np.int64)
        part = _Part(self, owner, owners, {})
        if text.variable:
            owners, looped = self._loop(text, part)
            part = _Part(self, owner, owners, {text.variable: looped})
        element = part.values(text.element)
        kept = np.asarray(part.values(text.condition or "True"), dtype=bool)
        return self._inside(owners[kept], element[kept], owner, skip)

    def _inside(self, owners: Indices, found: NDArray[np.float64], owner: str, skip: bool) -> Pairs:
        n = self.ends.sizes[owner == "i"]
        is_inside = (found >= 0) & (found < n) & (found == np.rint(found))
        if not skip and not np.all(is_inside):
            wrong = found[~is_inside][0]
            raise EvsimValueError(
                f"{self.where}: generator text gives {wrong:g} for {owner}={owners[~is_inside][0]}, which is "
                f"not one of 0 to {n - 1}; narrow the range, or give skip_if_invalid=True"
            )
        return owners[is_inside], found[is_inside].astype(np.int64)

    def _loop(self, text: GeneratorText, part: _Part) -> Pairs:
        """Owner and value of the loop variable in every round."""
        arguments = [part.values(argument) for argument in text.arguments]
        n = part.owners.size
        if text.function == "range" and 1 <= len(arguments) <= 3 and not text.options:
            start, stop = (0, arguments[0]) if len(arguments) == 1 else arguments[:2]
            return rules.ranges(start, stop, arguments[2] if len(arguments) == 3 else 1, n)
        if text.function == "sample" and len(arguments) == 1 and len(text.options) == 1 and n:
            size = int(arguments[0][0])
            ((option, given),) = text.options.items()
            number = float(part.values(given)[0])
            if option == "p":
                return rules.random_ranges(n, size, self._probability(number), next_generator())
            if option == "size":
                return rules.random_samples(n, size, int(number), next_generator())
        raise EvsimValueError(
            f"{self.where}: write range(start, stop, step), sample(N_post, p=0.1) or sample(N_post, size=10)"
        )


class _Part:
    """Values of parts of generator text: for every owner, or for every round of its loop."""

    def __init__(self, wiring: Wiring, owner: str, owners: Indices, looped: Mapping[str, Indices]) -> None:
        self.wiring, self.owners, self.looped = wiring, owners, looped
        suffix = "_pre" if owner == "i" else "_post"
        self.names = {name for name in wiring.ends.names if name.endswith(suffix)}
        self.names |= {owner, "N_pre", "N_post"}

    def values(self, text: str) -> NDArray[np.float64]:
        """The value of the text for each of them."""
        wiring = self.wiring
        values = TextValues(text, {*self.names, *self.looped}, wiring.namespace, wiring.where)
        own = wiring.ends.of_pairs(values.own - self.looped.keys(), self.owners, self.owners)
        for name in values.own & self.looped.keys():
            own[name] = self.looped[name].astype(np.float64), DIMENSIONLESS
        values.dimension(own)
        return values.evaluate(own, self.owners.size)


def _both(first: PairTest, second: PairTest) -> PairTest:
    return lambda i, j: first(i, j) & second(i, j)
