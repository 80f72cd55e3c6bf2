"""Which alerts a session sets off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from with_tracking.alerting.alert_scope import TIMES, AlertScope
from with_tracking.alerting.alerts_config import Alert
from with_tracking.history.rows import newest_first
from with_tracking.history.session_rows import SessionRow


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that a session set off, and the line that tells it."""

    name: str
    session_id: str
    text: str


def check(alerts: Iterable[Alert], rows: Sequence[SessionRow], session_id: str) -> Iterator[Fired]:
    """Yield the alerts that hold after a session, as things were when it ended.

    A condition about sums and rates alone, once true, would hold after every further session: it is told only by the
    session that made it true.
    """
    scope = scope_at(rows, session_id)
    if scope is None:
        return
    before = AlertScope(scope.rows[1:], scope.now)
    for alert in alerts:
        if alert.when.holds(scope) and (_about_session(alert) or not alert.when.holds(before)):
            yield fired(alert, session_id)


def scope_at(rows: Sequence[SessionRow], session_id: str) -> AlertScope | None:
    """Return how things were when a session ended, None if it is not among the rows."""
    ordered = newest_first(rows)
    at = next((number for number, row in enumerate(ordered) if row.session_id == session_id), None)
    if at is None:
        return None
    row = ordered[at]
    return AlertScope(ordered[at:], row.ended_at or row.started_at or datetime.now(UTC))


def fired(alert: Alert, session_id: str) -> Fired:
    """Return an alert that holds, with its line."""
    return Fired(alert.name, session_id, f"{alert.name}: {alert.message or alert.when.text} ({session_id})")


def _about_session(alert: Alert) -> bool:
    """Tell whether a condition asks for something of the session itself."""
    return "regression(" in alert.when.text or any(not name.endswith(tuple(TIMES)) for name in alert.when.names)
