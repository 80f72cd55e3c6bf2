"""What a session's tokens cost, from the price list in genai-prices (a file in the package: no network is asked).

Money is counted in whole millionths of a dollar. A model without a price gives no cost, never 0, and is named. The
settings may give prices of one's own, in US dollars per million tokens:

    [prices."my-model"]
    input = 1.5
    output = 6.0
    cache_read = 0.15        # without the cache's prices, the input's is taken
    cache_write = 1.9
    cache_write_1h = 3.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from itertools import product
from typing import Any

from parsers.session import ModelCall, Tokens

MILLION = Decimal(1_000_000)
UNNAMED = "(not named)"
SELLERS = (None, "aws")  # the list finds a model by itself, but those of Bedrock (`us.anthropic.…-v1:0`) only there


@dataclass(frozen=True, slots=True)
class Rate:
    """One model's prices in US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What calls cost. `microdollars` is None where a model's price is not known, or nothing was counted.

    `by_model` holds the models whose price is known, in millionths of a dollar each.
    """

    microdollars: int | None
    by_model: Mapping[str, int]
    unpriced: tuple[str, ...] = ()

    @property
    def usd(self) -> float | None:
        """The cost in US dollars."""
        return None if self.microdollars is None else self.microdollars / 1_000_000

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say for each model without a price that the session's cost is therefore not known."""
        return tuple(f"no price is known for the model {model}: the cost is left out" for model in self.unpriced)


def price(calls: Sequence[ModelCall], overrides: Mapping[str, Rate] | None = None) -> Cost:
    """Add up what the calls cost; calls that used no tokens need no price."""
    sums: dict[str, Decimal] = {}
    unpriced: dict[str, None] = {}
    for call in calls:
        if not _used(call.tokens):
            continue
        model = call.model or UNNAMED
        rate = (overrides or {}).get(model)
        cost = _by_rate(call, rate) if rate is not None else _by_list(call)
        if cost is None:
            unpriced.setdefault(model)
        else:
            sums[model] = sums.get(model, Decimal(0)) + cost
    known = {model: _micro(cost) for model, cost in sums.items()}
    total = _micro(sum(sums.values(), Decimal(0))) if calls and not unpriced else None
    return Cost(total, known, tuple(unpriced))


def cost_of(calls: Sequence[ModelCall], overrides: Mapping[str, Rate] | None = None) -> float | None:
    """Give the cost in US dollars, None if it is not known."""
    return price(calls, overrides).usd


def rates(table: Mapping[str, Any]) -> tuple[dict[str, Rate], tuple[str, ...]]:
    """Read the settings' [prices]; returns the prices, and a sentence for each entry that is none."""
    names = {field.name for field in fields(Rate)}
    found: dict[str, Rate] = {}
    problems = []
    for model, entry in table.items():
        wrong = _wrong(entry, names)
        if wrong is not None:
            problems.append(f"prices.{model}: {wrong}")
        else:
            found[model] = Rate(**{key: Decimal(str(value)) for key, value in entry.items()})
    return found, tuple(problems)


def _wrong(entry: object, names: set[str]) -> str | None:
    """Say what is wrong with a model's entry, None if it is right."""
    if not isinstance(entry, Mapping) or not {"input", "output"} <= set(entry):
        return "input and output are needed, in US dollars per million tokens"
    unknown = sorted(set(entry) - names)
    if unknown:
        return f"unknown setting {unknown[0]}"
    bad = [k for k, v in entry.items() if isinstance(v, bool) or not isinstance(v, int | float) or not 0 <= v < 1e9]
    return f"{bad[0]} must be a number, in US dollars per million tokens" if bad else None


def _used(tokens: Tokens) -> bool:
    return any((tokens.input, tokens.output, tokens.cache_read, tokens.cache_write))


def _micro(dollars: Decimal) -> int:
    return int((dollars * MILLION).quantize(Decimal(1), ROUND_HALF_EVEN))


def _by_rate(call: ModelCall, rate: Rate) -> Decimal:
    """Give a call's cost in dollars by the settings' prices."""
    tokens = call.tokens
    for_an_hour = min(call.cache_write_1h or 0, tokens.cache_write or 0)
    write = rate.input if rate.cache_write is None else rate.cache_write
    parts = (
        (tokens.input or 0, rate.input),
        (tokens.output or 0, rate.output),
        (tokens.cache_read or 0, rate.input if rate.cache_read is None else rate.cache_read),
        ((tokens.cache_write or 0) - for_an_hour, write),
        (for_an_hour, write if rate.cache_write_1h is None else rate.cache_write_1h),
    )
    return sum((count * each for count, each in parts), Decimal(0)) / MILLION


def _by_list(call: ModelCall) -> Decimal | None:
    """Give a call's cost in dollars by the price list, None if the model is not in it."""
    found = None if call.model is None else _listed(call.model)
    if found is None:
        return None
    from genai_prices import Usage, calc_price  # imported here: it takes a moment, and most commands need no price

    usage = Usage(**_usage(call, found.of_anthropic))
    try:
        return calc_price(usage, found.name, provider_id=found.seller).total_price
    except (LookupError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Listed:
    """Under which name, and by whom, a model is listed, and whether it is one of Anthropic's."""

    name: str
    seller: str | None
    of_anthropic: bool


@cache
def _listed(model: str) -> _Listed | None:
    """Find a model in the price list."""
    from genai_prices import Usage, calc_price

    for name, seller in product(_spellings(model), SELLERS):
        try:
            found = calc_price(Usage(), name, provider_id=seller)
        except (LookupError, ValueError):
            continue
        return _Listed(name, seller, "anthropic" in found.provider.id or "anthropic." in found.model.id)
    return None


def _usage(call: ModelCall, of_anthropic: bool) -> dict[str, int]:
    """Give the counts as the price list wants them: its input holds what was read from and written to the cache.

    Anthropic's own input leaves both out; for all others, what was written to the cache is part of our input already.
    """
    tokens = call.tokens
    read, write, output = tokens.cache_read or 0, tokens.cache_write or 0, tokens.output or 0
    counts = {"input_tokens": (tokens.input or 0) + read, "output_tokens": output}
    if of_anthropic:
        counts["input_tokens"] += write
    write = min(write, counts["input_tokens"] - read)
    counts |= {"cache_read_tokens": read, "cache_write_tokens": write}
    for_an_hour = min(call.cache_write_1h or 0, write)
    if for_an_hour:
        counts["cache_write_1h_tokens"] = for_an_hour
    return counts


def _spellings(model: str) -> tuple[str, ...]:
    """Give the names under which a model may be listed: as it is, and without a router's prefix."""
    return tuple(dict.fromkeys((model, model.rsplit("/", 1)[-1])))
