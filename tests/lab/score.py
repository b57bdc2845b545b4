"""The score over many views: how often the cause was right, how far each confidence can be trusted, as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from verify import Judged, Verdict

#: Of 100 views at least so many must be given the right cause.
LEAST_RIGHT = 97

CONFIDENCES = ("high", "medium", "low")

_INTRODUCTION = """\
# What gatewhy says of servers that were really broken

Each scenario of `tests/lab` breaks one thing behind a real server and counts what the client gets. Each view is a
set of its logs, which is given to gatewhy as it is. *Expected* is what a careful expert may say from these logs alone,
written down from what was done: any of the causes is right, one in brackets unless it is said with high confidence.
*Said* is the likely cause of the gravest incident.

`tests/lab/lab.py check --jobs 4 --gatewhy PATH --table FILE` plays everything anew and writes such a page;
`tests/lab/lab.py score fixtures/recorded --gatewhy PATH --table FILE` does it for the recordings.
"""


class Score:
    """Verdicts on many cases, in the order of the table, and why the others could not be played."""

    def __init__(self, judged: list[Judged], unplayed: dict[str, str]) -> None:
        self.servers = sorted({server for case in judged for server in case.server.split(", ")})
        self.verdicts = [verdict for case in judged for verdict in case.verdicts]
        self.unplayed = unplayed

    @property
    def right(self) -> int:
        return sum(verdict.right for verdict in self.verdicts)

    def objections(self) -> list[str]:
        """Why the program does not pass; nothing when it does."""
        found = [f"{name} could not be played: {reason}" for name, reason in self.unplayed.items()]
        for verdict in self.verdicts:
            where = verdict.where
            if verdict.broken is not None:
                found.append(f"{where}: {verdict.broken}")
            found += [f"{where}: {complaint}" for complaint in verdict.wrong_counts]
            if not verdict.expected and verdict.said is not None:
                found.append(f"{where}: an incident ({verdict.said}) where nothing failed")
            elif verdict.confidence == "high" and not verdict.right:
                found.append(f"{where}: {verdict.said} with high confidence is wrong")
        if self.right * 100 < LEAST_RIGHT * len(self.verdicts):
            found.append(f"the cause is right in {_of(self.verdicts)}, which is less than {LEAST_RIGHT} %")
        return found

    def markdown(self) -> str:
        """The page: how it is made, the summary, the table."""
        made = f"{datetime.now(UTC):%Y-%m-%d}, {', '.join(self.servers)}."
        parts = [_INTRODUCTION + "\n" + made, "## Summary", self._summary(), "## Every view", self._table()]
        return "\n\n".join(parts) + "\n"

    def _summary(self) -> str:
        rows = [("all", _of(self.verdicts))]
        for confidence in CONFIDENCES:
            said = [verdict for verdict in self.verdicts if verdict.confidence == confidence]
            rows.append((f"said with {confidence} confidence", _of(said)))
        rows.append(("of all these: said `unknown`", _of(v for v in self.verdicts if v.said == "unknown")))
        rows.append(("no incident said", _of(v for v in self.verdicts if v.said is None)))
        counted = sum(not v.wrong_counts and v.broken is None for v in self.verdicts)
        text = _rows(("views", "likely cause right"), rows)
        text += f"\n\nEvery count is exact in {counted} of {len(self.verdicts)} views."
        return "\n\n".join([text, *self._lists()])

    def _lists(self) -> Iterable[str]:
        """What is wrong, by its weight; a list that would be empty says so, for that is the claim."""
        wrong = [verdict for verdict in self.verdicts if not verdict.right]
        yield _list("High confidence and wrong", [v for v in wrong if v.confidence == "high"], _said)
        yield _list("Other wrong causes", [v for v in wrong if v.confidence != "high"], _said)
        counts = [verdict for verdict in self.verdicts if verdict.wrong_counts]
        yield _list("Wrong counts", counts, lambda verdict: "; ".join(verdict.wrong_counts))
        details = [verdict for verdict in self.verdicts if verdict.wrong_details]
        yield _list("Right or not, but not as told", details, lambda verdict: "; ".join(verdict.wrong_details))
        if self.unplayed:
            yield "Not played: " + "; ".join(f"{name} ({reason})" for name, reason in self.unplayed.items())

    def _table(self) -> str:
        header = ("scenario", "logs (formats)", "expected", "said", "confidence", "")
        return _rows(header, (_row(verdict) for verdict in self.verdicts))


def _row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.scenario,
        f"{' + '.join(verdict.logs)} ({', '.join(verdict.formats)})",
        ", ".join([*verdict.expected, *(f"({cause})" for cause in verdict.tolerated)]) or "no incident",
        verdict.said or "no incident",
        verdict.confidence or "",
        "ok" if not verdict.complaints else "**wrong**" if not verdict.right or verdict.wrong_counts else "cause ok",
    )


def _of(verdicts: Iterable[Verdict]) -> str:
    """`97 of 100 (97.0 %)`"""
    verdicts = list(verdicts)
    right = sum(verdict.right for verdict in verdicts)
    return f"{right} of {len(verdicts)} ({right / len(verdicts):.1%})".replace("%", " %") if verdicts else "none"


def _said(verdict: Verdict) -> str:
    return verdict.broken or f"{verdict.said or 'nothing'} for {' or '.join(verdict.expected) or 'nothing'}"


def _list(title: str, verdicts: list[Verdict], tell: Callable[[Verdict], str]) -> str:
    if not verdicts:
        return f"{title}: none."
    return "\n".join([f"{title}:", "", *(f"- {verdict.where}: {tell(verdict)}" for verdict in verdicts)])


def _rows(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
