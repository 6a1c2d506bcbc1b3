"""Many callbacks processed again: counted, confirmed by that number, done as a job."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from apps.payments import selectors, services
from apps.payments.domain.callbacks import CallbackFilter
from apps.payments.errors.operators import ReplayHasChanged
from apps.payments.models import Callback, ProviderAccount
from apps.payments.selectors.callbacks import callbacks
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import parse_public_id
from apps.platform.jobs import job_status, run_due_jobs
from apps.tenancy.models import Tenant
from tests.payments.books import Caller, open_accounts
from tests.payments.test_rulings import call, visit
from tests.payments.world import COLLECTIONS

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(mara: Tenant) -> Tenant:
    """Two dead ones, one quarantined, one that was not genuine, one that is done."""
    open_accounts()
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    states = ("dead", "dead", "quarantined", "quarantined", "done")
    for number, state in enumerate(states):
        Callback.objects.create(
            provider_account=account, kind="confirmation", dedupe=str(number), body=b"{}",
            body_sha256="0" * 64, next_try_at=clock.now(), received_at=clock.now(), state=state,
            is_genuine=number != 3, tries=8,
        )  # fmt: skip
    return mara


def states() -> list[str]:
    return list(Callback.objects.order_by("dedupe").values_list("state", flat=True))


def start(counted: int, **where: Any) -> UUID:
    return services.start_callback_replay(
        where=CallbackFilter(**where), counted=counted, actor=SYSTEM
    )


def test_what_was_counted_is_put_back_and_nothing_else(inbox: Tenant) -> None:
    assert selectors.replayable_count(CallbackFilter(state="dead")) == 2
    with pytest.raises(ReplayHasChanged):
        start(2)
    start(2, state="dead", provider_account=COLLECTIONS)
    run_due_jobs()
    assert states() == ["new", "new", "quarantined", "quarantined", "done"]
    start(1)
    run_due_jobs()
    assert states() == ["new", "new", "new", "quarantined", "done"]
    assert callbacks(CallbackFilter(state="new")).filter(tries=0).count() == 3


def test_people_count_then_confirm_and_watch(inbox: Tenant) -> None:
    clerk = visit(inbox, "ada", "operator")
    form = {"state": "dead", "provider_account": "", "kind": "", "period": "24", "counted": ""}
    counted = call(inbox, clerk, "callback-replay", **form)
    assert "counted=2" in counted["Location"]
    page = clerk.get(counted["Location"]).content.decode()
    assert "Process 2 again" in page
    done = call(inbox, clerk, "callback-replay", **(form | {"counted": "2"}))
    assert "/jobs/" in done["Location"] or "/job/" in done["Location"]
    assert "Process again" in call(inbox, clerk, "callback/").content.decode()


def test_programs_read_the_inbox_and_replay(inbox: Tenant) -> None:
    caller = Caller(inbox, "payments:read", "payments:write")
    dead = caller.get("callbacks", state="dead").json()["data"]
    assert [row["tries"] for row in dead] == [8, 8]
    one = caller.post(f"callbacks/{dead[0]['id']}/replay", {}, key="one")
    assert (one.status_code, one.json()["state"]) == (202, "new")
    assert caller.get(f"callbacks/{dead[0]['id']}").json() == one.json()
    assert caller.get("callback-replays").json() == {"count": 2}
    late = caller.post("callback-replays", {"counted": 3}, key="late")
    assert late.json()["type"].endswith("replay-has-changed")
    job = caller.post("callback-replays", {"counted": 2}, key="all").json()["job"]
    run_due_jobs()
    status = job_status(parse_public_id("job", job))
    assert (status.done, status.total) == (2, 2)
