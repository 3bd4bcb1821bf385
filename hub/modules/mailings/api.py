"""What other modules and pages may ask of mailings. A mailing belongs to the shop that writes it."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.mailings.service_calling import CallingService
from hub.modules.mailings.service_counting import CountingService
from hub.modules.mailings.service_drafts import DraftService
from hub.modules.mailings.service_feeding import FeedingService
from hub.modules.mailings.service_flow import FlowService
from hub.modules.mailings.service_outcomes import OutcomeService
from hub.modules.mailings.service_past import PastRow, PastService
from hub.modules.mailings.service_previews import PreviewService
from hub.modules.mailings.service_reading import ReadingService
from hub.modules.mailings.service_report import ReportService
from hub.modules.mailings.views import (
    STATES,
    Audience,
    MailingEntry,
    MailingPage,
    MailingView,
    PreviewView,
    ReportView,
    RowPage,
    RowState,
    RowView,
    State,
    Sums,
)

__all__ = [
    "COUNT", "STATES", "Audience", "MailingEntry", "MailingPage", "MailingView", "MailingsApi",
    "PastRow", "PreviewView", "ReportView", "RowPage", "RowState", "RowView", "State", "Sums",
]  # fmt: skip

COUNT = "mailings.count"
"""The job that makes a list: payload `{"mailing_id": …}`."""


class MailingsApi(Composed):
    """Mailings, for one unit of work. `reading` lists them, `drafts` is what people write, `counting` makes
    the list, `previews` fill the text in, `flow` approves and stops, `feeding` hands batches on, `outcomes`
    note what became of messages, `reports` say what came of it, `calling` who may be rung up, `past` takes
    over those that are done."""

    reading = Part(ReadingService)
    drafts = Part(DraftService)
    counting = Part(CountingService)
    previews = Part(PreviewService)
    flow = Part(FlowService)
    feeding = Part(FeedingService)
    outcomes = Part(OutcomeService)
    reports = Part(ReportService)
    calling = Part(CallingService)
    past = Part(PastService)
