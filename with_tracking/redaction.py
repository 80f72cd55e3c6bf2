"""Secrets in text: finding them by rules that are data (`redaction_rules.toml`), and masking them.

Text in, text out; nothing here knows of sessions or files. RE2 (google-re2) matches in linear time and is used where it
is installed; Python's `re` understands the same patterns.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, NamedTuple, Protocol

try:
    import re2  # type: ignore[import-untyped]
except ImportError:  # no wheel for this platform
    HAS_RE2 = False
else:
    HAS_RE2 = True

_WORDS = re.compile(r"(?i)_*[a-z]+(?:[_./:=-]+[a-z]+)*")
_NUMBERED_WORDS = re.compile(r"(?i)_*[a-z]+\d{0,2}(?:[_./:=-]+[a-z]+\d{0,2})*")
_PLACEHOLDER = re.compile(
    r"""(?ix) .*(?:example|placeholder|change_?me|dummy|redacted|your[_-]|xxx|\*\*\*|\.\.\.|…).*
      | (?:true|false|null|none|undefined|string|number|secret|user(?:name)?|pass(?:word|wd)?|pwd|token|key)
      | (?:admin|root|guest|test|postgres|mysql|redis|mongo|minio|rabbitmq|oracle|tiger)  # development setups
      | \$[a-z{(\[].* | %[a-z(]?\w*[%)]?s? | .*(?:\(|\)|\{|\}|os\.environ|getenv|process\.env|import\.meta).*
      | (?:[./~]|[a-z]:\\).*            # a path
      | [\d.,:/%+-]+[a-z%]{0,3}         # a number, a date, a version, a size
    """
)


class Finding(NamedTuple):
    """A secret in a text: where it begins and ends, and the name of the rule that knows it."""

    start: int
    end: int
    name: str


def _is_value(text: str) -> bool:
    return not _PLACEHOLDER.fullmatch(text)


def _is_password(text: str) -> bool:
    return _is_value(text) and not _WORDS.fullmatch(text)


def _is_random(text: str) -> bool:
    if _NUMBERED_WORDS.fullmatch(text) or not _is_value(text):
        return False
    return any(c.isdigit() for c in text) or entropy(text) > 4.0


LOOKS: Mapping[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "value": _is_value,
    "password": _is_password,
    "random": _is_random,
}
"""What a rule can ask of what it found, beside its form."""


class _Pattern(Protocol):
    def finditer(self, text: str) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the rule file. `looks` is one of LOOKS: rules that go by the place of a value ask how it looks."""

    name: str
    keywords: tuple[str, ...]
    pattern: _Pattern
    entropy: float = 0.0
    looks: str = ""

    def findings(self, text: str) -> Iterator[Finding]:
        """Yield what the rule finds in the text."""
        for match in self.pattern.finditer(text):
            group = next((g for g in range(1, len(match.groups()) + 1) if match.group(g) is not None), 0)
            if self._is_secret(match.group(group)):
                yield Finding(match.start(group), match.end(group), self.name)

    def _is_secret(self, value: str) -> bool:
        return LOOKS[self.looks](value) and entropy(value) >= self.entropy


@dataclass(frozen=True, slots=True)
class Redactor:
    """The rules in force: those of the file and the person's own. `allowed` texts are never masked."""

    rules: Sequence[Rule]
    allowed: Sequence[Any] = ()
    _keywords: tuple[str, ...] = field(init=False)
    _finder: Any = field(init=False)

    def __post_init__(self) -> None:
        words = tuple(sorted({word for rule in self.rules for word in rule.keywords}))
        object.__setattr__(self, "_keywords", words)
        object.__setattr__(self, "_finder", _finder_of(words) if HAS_RE2 and words else None)

    def findings(self, text: str) -> list[Finding]:
        """Return the secrets in the text in order, none overlapping another; the longer of two wins."""
        present = self._present(text)
        found = [
            f
            for rule in self.rules
            if not (rule.keywords and present.isdisjoint(rule.keywords))
            for f in rule.findings(text)
        ]
        kept: list[Finding] = []
        for finding in sorted(found, key=lambda f: (f.start, -f.end)):
            if (not kept or finding.start >= kept[-1].end) and not self._is_allowed(text[finding.start : finding.end]):
                kept.append(finding)
        return kept

    def redact(self, text: str) -> str:
        """Return the text with `[redacted:name]` in the place of each secret."""
        findings = self.findings(text)
        for finding in reversed(findings):
            text = f"{text[: finding.start]}[redacted:{finding.name}]{text[finding.end :]}"
        return text

    def _present(self, text: str) -> set[str]:
        """Return the keywords in the text, case aside; RE2 looks for all at once."""
        lowered = text.lower()
        if self._finder is None:
            return {word for word in self._keywords if word in lowered}
        return {self._keywords[at] for at in self._finder.Match(lowered) or ()}

    def _is_allowed(self, secret: str) -> bool:
        return any(allowed.search(secret) for allowed in self.allowed)


def entropy(value: str) -> float:
    """Return the Shannon entropy of a text in bits per character."""
    if not value:
        return 0.0
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def _compile(pattern: str) -> Any:
    """Compile with RE2 where it is installed."""
    return re2.compile(pattern) if HAS_RE2 else re.compile(pattern)


def compile_own(pattern: str) -> Any:
    """Compile a person's pattern, with RE2 unless it asks for more than that has. Raises re.error if it is none."""
    if HAS_RE2:
        options = re2.Options()
        options.log_errors = False
        try:
            return re2.compile(pattern, options)
        except re2.error:
            pass
    return re.compile(pattern)


def _finder_of(words: Sequence[str]) -> Any:
    """Return what tells which of the words are in a text, by their numbers."""
    options = re2.Options()
    options.max_mem = 1 << 26  # more than its tables can ever fill: without room it would say that there are none
    finder = re2.Set.SearchSet(options)
    for word in words:
        finder.Add(re.escape(word))
    finder.Compile()
    return finder


@cache
def built_in_rules() -> tuple[Rule, ...]:
    """Return the rules of `redaction_rules.toml`."""
    data = tomllib.loads(resources.files("with_tracking").joinpath("redaction_rules.toml").read_text("utf-8"))
    return tuple(_rule(entry, data["parts"]) for entry in data["rules"])


def _rule(entry: Mapping[str, Any], parts: Mapping[str, str]) -> Rule:
    pattern = re.sub(r"<(\w+)>(?!\?)", lambda match: parts.get(match[1], match[0]), entry["pattern"])
    return Rule(
        name=entry["name"],
        keywords=tuple(entry["keywords"]),
        pattern=_compile(pattern),
        entropy=entry.get("entropy", 0.0),
        looks=entry.get("looks", ""),
    )
