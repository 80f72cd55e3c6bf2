"""Conditions of alerts: `errors_encountered > 5`, `success_rate(procedure='close-issue', last=10) < 0.7`.

A small language with Python's grammar, of which only numbers, texts, names, comparisons, and/or/not, + − * / and the
functions of `history.FUNCTIONS` are taken; nothing of it is ever run as Python. What is not known is None, and a
comparison with it does not hold.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LENGTH = 500
"""Characters of a condition."""

Value = float | str | None


class Scope(Protocol):
    """Where a condition's names and functions are looked up."""

    def value(self, name: str) -> Value:
        """Return what a name stands for now."""

    def call(self, function: str, arguments: list[str], options: Mapping[str, Value]) -> Value:
        """Return what a function gives."""


class Language(Protocol):
    """Which names and functions there are."""

    def check_name(self, name: str) -> str | None:
        """Say what is wrong with a name, None if nothing is."""

    def check_call(self, function: str, arguments: list[str], options: Mapping[str, Value]) -> str | None:
        """Say what is wrong with a call, None if nothing is."""


class ConditionError(ValueError):
    """A condition that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read. `names` are the names in it that stand for something."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    def holds(self, scope: Scope) -> bool:
        """Tell whether it holds; what is not known does not."""
        return bool(_value(self.tree, scope))


def read_condition(text: str, language: Language) -> Condition:
    """Read a condition. Raises ConditionError if it is not one."""
    if len(text) > LENGTH:
        raise ConditionError(f"it is longer than {LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConditionError(f"{text!r} is no condition: {getattr(error, 'msg', error)}") from error
    try:
        names = frozenset(_check(tree, language))
    except RecursionError as error:
        raise ConditionError("it is nested too deeply") from error
    if not isinstance(tree, ast.Compare | ast.BoolOp) and not _is_not(tree):
        raise ConditionError(f"{text!r} compares nothing: write {text.strip()} > 5, or the like")
    return Condition(text, tree, names)


_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALCULATE: Mapping[type[ast.operator], Callable[[Any, Any], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _name(node: ast.expr) -> str | None:
    """Return a name, also one with dots (tokens.output); None if this is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _name(node.value)):
        return f"{before}.{node.attr}"
    return None


# --- reading ----------------------------------------------------------------------------------------------------------


def _check(node: ast.expr, language: Language) -> Iterator[str]:
    """Yield the names in an expression. Raises ConditionError for what is no part of the language."""
    if (name := _name(node)) is not None:
        if name not in _WORDS and (wrong := language.check_name(name)):
            raise ConditionError(wrong)
        yield name
    elif isinstance(node, ast.Call):
        function, arguments, options = _call(node)
        if wrong := language.check_call(function, arguments, options):
            raise ConditionError(wrong)
    elif not isinstance(node, ast.Constant) or not isinstance(node.value, bool | int | float | str):
        for part in _parts(node):
            yield from _check(part, language)


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        return [node.operand]
    if isinstance(node, ast.BinOp) and type(node.op) in _CALCULATE:
        return [node.left, node.right]
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        return [node.left, *node.comparators]
    raise ConditionError(f"{ast.unparse(node)!r} is no part of a condition")


def _call(node: ast.Call) -> tuple[str, list[str], dict[str, Value]]:
    """Return a call's function, the metrics that it names, and its options."""
    function = _name(node.func)
    if function is None:
        raise ConditionError(f"{ast.unparse(node)!r} is no part of a condition")
    arguments = [_metric(each) for each in node.args]
    options: dict[str, Value] = {}
    for option in node.keywords:
        value = option.value
        if option.arg is None or not isinstance(value, ast.Constant) or not isinstance(value.value, int | float | str):
            raise ConditionError(f"in {function}(…) options are written like procedure='close-issue', last=10")
        options[option.arg] = value.value
    return function, arguments, options


def _metric(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    name = _name(node)
    if name is None:
        raise ConditionError(f"{ast.unparse(node)!r} is not the name of a number")
    return name


# --- evaluating -------------------------------------------------------------------------------------------------------


def _value(node: ast.expr, scope: Scope) -> Any:
    if (name := _name(node)) is not None:
        return _WORDS[name] if name in _WORDS else scope.value(name)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Call):
        return scope.call(*_call(node))
    if isinstance(node, ast.BoolOp):
        results = (bool(_value(part, scope)) for part in node.values)
        return all(results) if isinstance(node.op, ast.And) else any(results)
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, scope)
        return not value if isinstance(node.op, ast.Not) else _calculated(operator.sub, 0, value)
    if isinstance(node, ast.BinOp):
        return _calculated(_CALCULATE[type(node.op)], _value(node.left, scope), _value(node.right, scope))
    assert isinstance(node, ast.Compare)
    values = [_value(each, scope) for each in (node.left, *node.comparators)]
    return all(_compared(op, a, b) for op, a, b in zip(node.ops, values, values[1:], strict=False))


_WORDS = {"true": 1.0, "True": 1.0, "false": 0.0, "False": 0.0}


def _calculated(calculate: Callable[[Any, Any], float], a: Any, b: Any) -> float | None:
    """Calculate with numbers; with anything else the result is not known."""
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return None
    try:
        return calculate(float(a), float(b))
    except (ZeroDivisionError, OverflowError):
        return None


def _compared(op: ast.cmpop, a: Any, b: Any) -> bool:
    try:
        return a is not None and b is not None and _COMPARE[type(op)](a, b)
    except TypeError:  # a text is neither more nor less than a number
        return False
