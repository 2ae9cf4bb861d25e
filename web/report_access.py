"""A report for somebody who may see it; for anybody else there is none."""

from __future__ import annotations

import re

from fastapi import HTTPException

from storage.ports import StoredReport
from web.security import Caller
from web.services import WebServices

_ID = re.compile(r"[0-9a-zA-Z_-]{1,64}")
_NONE = "there is no such report, or you may not see it"


def seen_report(services: WebServices, caller: Caller, report_id: str) -> StoredReport:
    """The report, of a camera that `caller` may see.

    Raises:
        HTTPException: 404 when there is none, and just the same when it is another camera's.
    """
    found = services.reports.get(report_id) if _ID.fullmatch(report_id) else None
    if found is None or not caller.may_see(found.report.camera):
        raise HTTPException(404, _NONE)
    return found
