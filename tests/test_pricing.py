"""What tokens cost: checked against sums done by hand from the published prices."""

from __future__ import annotations

import socket

import pytest

from parsers.session import ModelCall, Tokens
from with_tracking.pricing import Rate, cost_of, price, rates

SONNET = "claude-sonnet-4-20250514"  # per million: input 3, output 15, cache read 0.3, write 3.75, for an hour 6


def call(model: str | None, *, hour: int | None = None, **tokens: int) -> ModelCall:
    """Build a model call that used these tokens."""
    return ModelCall(model=model, tokens=Tokens(**tokens), cache_write_1h=hour)


@pytest.mark.parametrize(
    ("tokens", "microdollars"),
    [
        ({"input": 1_000_000, "output": 0}, 3_000_000),
        ({"input": 0, "output": 1_000_000}, 15_000_000),
        ({"input": 10, "output": 100, "cache_read": 1000, "cache_write": 2000}, 30 + 1500 + 300 + 7500),
        ({"input": 1, "output": 0}, 3),
    ],
)
def test_every_kind_of_token_has_its_own_price(tokens: dict[str, int], microdollars: int) -> None:
    """Anthropic counts input, cache reads and cache writes apart; each is paid once."""
    assert price([call(SONNET, **tokens)]).microdollars == microdollars


def test_what_is_kept_for_an_hour_costs_more() -> None:
    """Of 2,000 tokens written to the cache, 500 for an hour: 1,500 x 3.75 + 500 x 6."""
    assert price([call(SONNET, input=0, output=0, cache_write=2000, hour=500)]).microdollars == 5625 + 3000


def test_cached_input_is_not_paid_twice() -> None:
    """gpt-5-codex: 500 new x 1.25, 500 cached x 0.125, 100 out x 10."""
    found = price([call("gpt-5-codex", input=500, output=100, cache_read=500, reasoning=90)])
    assert found.microdollars == 1688  # 1687.5, rounded to even


def test_models_of_bedrock_have_its_prices() -> None:
    """Their ids name region, maker and revision; Bedrock's own price holds, a tenth more in a region."""
    bedrock = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert price([call(bedrock, input=1_000_000, output=0)]).microdollars == 3_300_000
    assert price([call(f"bedrock/{bedrock}", input=0, output=0, cache_write=1_000_000)]).microdollars == 4_125_000


def test_rounding_happens_once() -> None:
    """A thousand calls of half a micro-dollar each are 500 micro-dollars, not 0 and not 1,000."""
    calls = [call("mine", input=1, output=0)] * 1000
    rate, problems = rates({"mine": {"input": 0.5, "output": 1}})
    assert (price(calls, rate).microdollars, problems) == (500, ())


def test_an_unknown_model_gives_no_cost_and_is_named() -> None:
    """One call without a price leaves the sum unknown; what is known is still told per model."""
    found = price([call(SONNET, input=1_000_000, output=0), call("no-such-model-9", input=5, output=5)])
    assert found.usd is None
    assert found.unpriced == ("no-such-model-9",)
    assert found.by_model == {SONNET: 3_000_000}
    assert found.warnings == ("no price is known for the model no-such-model-9: the cost is left out",)
    assert cost_of([call(None, input=1, output=1)]) is None


def test_nothing_counted_is_no_cost_and_nothing_used_is_zero() -> None:
    """No calls: not known. A call that used no tokens is free whatever its model."""
    assert price([]).usd is None
    assert price([call("no-such-model-9", input=0, output=0)]).usd == 0


def test_own_prices_go_before_the_list() -> None:
    """The settings' price holds, cache prices default to the input's."""
    own = {SONNET: Rate(input=1, output=2)}  # type: ignore[arg-type]
    assert price([call(SONNET, input=10, output=10, cache_read=10, cache_write=10)], own).microdollars == 50


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"input": 1}, "prices.m: input and output are needed, in US dollars per million tokens"),
        ("cheap", "prices.m: input and output are needed, in US dollars per million tokens"),
        ({"input": 1, "output": "2"}, "prices.m: output must be a number, in US dollars per million tokens"),
        ({"input": -1, "output": 2}, "prices.m: input must be a number, in US dollars per million tokens"),
        ({"input": True, "output": 2}, "prices.m: input must be a number, in US dollars per million tokens"),
        ({"input": 1, "output": 2, "cached": 1}, "prices.m: unknown setting cached"),
    ],
)
def test_a_wrong_price_is_named_and_left_out(entry: object, complaint: str) -> None:
    """Settings are never fatal."""
    assert rates({"m": entry}) == ({}, (complaint,))


@pytest.mark.parametrize("name", ["anthropic/claude-sonnet-4-20250514", "claude-sonnet-4-20250514"])
def test_a_router_in_front_of_the_name_changes_no_price(name: str) -> None:
    """Assistants behind a gateway write its name before the model's."""
    assert price([call(name, input=1_000_000, output=0)]).microdollars == 3_000_000


def test_no_network_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices come from the package, also for a model that is not in it."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert cost_of([call(SONNET, input=1, output=1)]) == 0.000018
    assert cost_of([call("no-such-model-9", input=1, output=1)]) is None
