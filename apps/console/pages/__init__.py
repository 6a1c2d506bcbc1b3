"""The patterns of pages. An app's ``admin`` package subclasses them; see the console's README."""

from apps.console.pages.actions import Action
from apps.console.pages.base import Page
from apps.console.pages.documents import DocumentPage
from apps.console.pages.forms import FormPage
from apps.console.pages.objects import Approval, Header, Moment, ObjectPage, PublicPage
from apps.console.pages.queues import QueuePage, QueueRow
from apps.console.pages.reports import ReportPage

__all__ = [
    "Action",
    "Approval",
    "DocumentPage",
    "FormPage",
    "Header",
    "Moment",
    "ObjectPage",
    "Page",
    "PublicPage",
    "QueuePage",
    "QueueRow",
    "ReportPage",
]
