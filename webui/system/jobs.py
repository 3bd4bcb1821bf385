"""Work by the clock: whether it is done, how far it is, when it comes next."""

from __future__ import annotations

from hub.kernel.context import SystemReport
from hub.kernel.jobs.definition import FAILED, WAITING, JobRun, JobState
from hub.kernel.web import Condition, SystemSection
from webui.request import Request


async def look(request: Request, _report: SystemReport) -> SystemSection:
    """What failed last, and every job that runs by the clock or is under way."""
    async with request.reading() as uow:
        states = await request.deps.jobs.overview(uow)
    found = [condition for state in states if (condition := _condition(request, state)) is not None]
    fine = Condition(level="good", text=request.t("What is to be done by the clock is done."))
    return SystemSection(
        conditions=tuple(found) or (fine,),
        template="system/jobs.html",
        values={"jobs": [state for state in states if state.next_at or state.current or state.last]},
        figures=_figures(states),
    )


def _condition(request: Request, state: JobState) -> Condition | None:
    title = request.t(state.job.title or state.job.name)
    current, last = state.current, state.last
    if current is not None and current.state == WAITING and current.attempts:
        return Condition(
            level="warning",
            text=request.t("{job} failed and is tried again.", job=title),
            hint=_told(request, current),
            since=current.finished_at,
        )
    if last is None or last.state != FAILED or (current is not None and current.attempts):
        return None
    return Condition(
        level="problem",
        text=request.t("{job} failed.", job=title),
        hint=_told(request, last) or request.t("Run it again; if it fails again, the log tells more."),
        since=last.finished_at,
    )


def _told(request: Request, run: JobRun) -> str:
    """What went wrong and what to do, in the viewer's language."""
    texts = request.site.texts
    said = [texts.heard(request.language, text) for text in (run.error, run.hint) if text]
    return " ".join(said)


def _figures(states: list[JobState]) -> dict[str, float]:
    told: dict[str, float] = {}
    for state in states:
        label = f'{{job="{state.job.name}"}}'
        run = state.current or state.last
        told[f"pitline_job_running{label}"] = float(state.current is not None)
        told[f"pitline_job_failed{label}"] = float(state.last is not None and state.last.state == FAILED)
        if run is not None and run.seconds is not None:
            told[f"pitline_job_seconds{label}"] = run.seconds
        if state.next_at is not None:
            told[f"pitline_job_next_timestamp_seconds{label}"] = state.next_at.timestamp()
    return told
