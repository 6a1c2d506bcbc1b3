"""Long work that somebody waits for: started in a request, done by workers, watched meanwhile.

An app registers a function for each kind of job in its ``apps.py``. The function is given a
``JobProgress``; it works in steps, and says after each how far it has come. A step and its
``advance`` belong in one transaction: then a worker that dies, or one that was thought dead and
comes back, leaves every step done exactly once.
"""

from apps.platform.jobs.progress import JobProgress
from apps.platform.jobs.registry import is_resumable, register_job
from apps.platform.jobs.runner import has_due_jobs, run_due_jobs
from apps.platform.jobs.selectors import JobStatus, job_status, recent_jobs
from apps.platform.jobs.services import RESUMABLE, cancel_job, resume_job, start_job

__all__ = [
    "RESUMABLE",
    "JobProgress",
    "JobStatus",
    "cancel_job",
    "has_due_jobs",
    "is_resumable",
    "job_status",
    "recent_jobs",
    "register_job",
    "resume_job",
    "run_due_jobs",
    "start_job",
]
