"""The audit log in words: what an action's name means, which kind of thing a table holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.modules.access.api import AuditView
from webui import audit_messages

ACTIONS: Mapping[str, str] = {
    **audit_messages.ACTIONS,
    "access.sign_in": "Sign in",
    "access.sign_out": "Sign out",
    "access.make_owner": "Make the first owner",
    "access.first_owner": "Make the first owner",
    "access.password": "Change the own password",
    "access.language": "Change the own language",
    "access.end_session": "Sign a browser out",
    "access.give_login": "Give a log-in",
    "access.make_token": "Make a token",
    "access.revoke_token": "Revoke a token",
    "access.add_person": "Add an employee",
    "access.change_person": "Change an employee",
    "access.sign_in_code": "Code at signing in",
    "access.locked_out": "Too many tries: braked",
    "access.recovery_code": "Sign in with a recovery code",
    "access.password_asked": "Ask for the own password",
    "access.end_other_sessions": "Sign every other browser out",
    "access.end_sessions": "Sign somebody out everywhere",
    "access.factor_begin": "Begin a second factor",
    "access.factor_on": "Switch the second factor on",
    "access.factor_off": "Switch the second factor off",
    "access.recovery_codes": "Make new recovery codes",
    "access.reset_factor": "Reset somebody's second factor",
    "access.reset_factor.confirm": "Confirm the reset of a second factor",
    "access.approve": "Approve what a program asks for",
    "access.decline": "Decline what a program asks for",
    "access.reset_employee_factor": "Reset somebody's second factor",
    "backup.release_quarantine": "Let a restored system send again",
    "access.invite": "Make an invitation link",
    "access.revoke_invitation": "Withdraw an invitation",
    "access.invitation_accepted": "Accept an invitation",
    "access.make_role": "Make an own role",
    "access.change_role": "Change an own role",
    "access.remove_role": "Remove an own role",
    "access.require_factor": "Say who must use a second factor",
    "access.change_shop": "Change the shop and its hours",
    "access.export_audit": "Export the audit log",
    "access.give_phone": "Give a phone to an employee",
    "access.add_shop": "Add a shop",
    "access.create_shop": "Add a shop",
    "access.update_shop": "Change the shop and its hours",
    "access.change_hours": "Change the shop and its hours",
    "access.update_hours": "Change the shop and its hours",
    "access.change_retention": "Change how long things are kept",
    "access.create_employee": "Add an employee",
    "access.change_employee": "Change an employee",
    "audit.head_lost": "The end of the audit log was tampered with",
    "web.test_pbx": "Test the line to the PBX",
    "web.lines": "Choose the outside lines",
    "web.live": "Live connection",
    "settings.outside_lines": "Choose the outside lines",
    "system.retry": "Retry a failed delivery",
    "backup.make": "Make a backup",
    "backup.release": "Let a restored system send again",
    "backup.release.confirm": "Confirm that a restored system sends again",
    "backup.download": "Download a backup",
    "backup.download.confirm": "Confirm the download of a backup",
    "system.retry_dead_letter": "Retry a failed delivery",
    "system.retry_dead_letters": "Retry failed deliveries",
    "system.bundle": "Make the support bundle",
    "system.retry_all": "Retry failed deliveries",
    "system.give_up": "Give a failed delivery up",
    "system.practice": "Play a practice call",
    "system.practice_text": "Write a practice message",
    "system.practice_act": "Do something in the practice messenger",
    "system.hooks_again": "Examine refused requests again",
    "system.hook_again": "Examine a refused request again",
    "system.hook_dropped": "Throw a refused request away",
    "console.add_user": "Add an employee at the console",
    "console.add_token": "Make a token at the console",
    "console.seal_rotate": "Seal all secrets anew with a new key, at the console",
    "console.seal_reset": "Give up sealed secrets whose key is lost, at the console",
    "crm.create_client": "Add a client",
    "crm.change_client": "Change a client",
    "crm.create_vehicle": "Add a vehicle",
    "crm.change_vehicle": "Change a vehicle",
    "crm.archive_client": "Put a client into the archive or back",
    "crm.add_role": "Say what somebody is to whom",
    "crm.add_client_role": "Say what somebody is to whom",
    "crm.add_vehicle_role": "Say what somebody is to whom",
    "crm.take_role": "Take a connection away",
    "crm.remove_role": "Take a connection away",
    "crm.merge": "Merge two records of a client",
    "crm.merge_client": "Merge two records of a client",
    "crm.undo_merge": "Undo a merging",
    "crm.unmerge": "Undo a merging",
    "crm.are_two": "Say that two records are two clients",
    "crm.part_clients": "Say that two records are two clients",
    "crm.forget_number": "Forget whose a shared number is",
    "crm.erase": "Erase a person's data",
    "crm.erase.confirm": "Sign for erasing a person's data",
    "crm.erase_client": "Erase a person's data",
    "crm.note_erasure": "Note a request to be forgotten",
    "crm.post_erasure_request": "Note a request to be forgotten",
    "calls.note_erasure": "Note a request to be forgotten",
    "crm.refuse_erasure": "Refuse a request to be forgotten",
    "crm.refuse_erasure_request": "Refuse a request to be forgotten",
    "crm.tie_erasure": "Say which client asks to be forgotten",
    "crm.erase_number": "Erase the data of a caller",
    "crm.erase_number.confirm": "Sign for erasing the data of a caller",
    "crm.fulfil_erasure_request": "Erase the data of whoever asked",
    "crm.export": "Export the clients",
    "imports.upload": "Upload a file of clients",
    "imports.create_file": "Upload a file of clients",
    "imports.start": "Take a file of clients in",
    "imports.drop": "Throw an uploaded file away",
    "imports.faults": "Download what was wrong in a file",
    "crm.read_mileage": "Read a counter",
    "crm.add_mileage": "Read a counter",
    "calls.save_line": "Name a line",
    "calls.add_note": "Add a note to a call",
    "calls.choose_client": "Say whose call it was",
    "calls.add_line": "Name a line",
    "calls.create_line": "Name a line",
    "calls.change_line": "Change a line",
    "calls.update_line": "Change a line",
    "calls.remove_line": "Take a line away",
    "calls.delete_line": "Take a line away",
    "calls.change_call": "Say whose call it was",
    "calls.create_note": "Add a note to a call",
    "tasks.add": "Add a task",
    "tasks.create_task": "Add a task",
    "tasks.change_task": "Change a task",
    "tasks.claim": "Take a task in hand",
    "tasks.claim_task": "Take a task in hand",
    "tasks.release": "Let go of a task",
    "tasks.release_task": "Let go of a task",
    "tasks.try": "Tried in vain to reach somebody",
    "tasks.try_task": "Tried in vain to reach somebody",
    "tasks.answer": "Say whether somebody was reached",
    "tasks.answer_task": "Say whether somebody was reached",
    "tasks.close": "Close a task",
    "tasks.close_task": "Close a task",
    "tasks.reopen": "Open a task again",
    "tasks.reopen_task": "Open a task again",
    "tasks.log_mobile": "Log a call on a private mobile",
    "tasks.log_mobile_call": "Log a call on a private mobile",
    "tasks.not_client": "Mark a number as no client's",
    "webhooks.add": "Add a webhook",
    "webhooks.create_endpoint": "Add a webhook",
    "webhooks.change": "Change a webhook",
    "webhooks.change_endpoint": "Change a webhook",
    "webhooks.rotate": "Make a new secret of a webhook",
    "webhooks.rotate_secret": "Make a new secret of a webhook",
    "webhooks.remove": "Delete a webhook",
    "webhooks.delete_endpoint": "Delete a webhook",
    "webhooks.test": "Send a test to a webhook",
    "webhooks.test_endpoint": "Send a test to a webhook",
    "webhooks.resend": "Send to a webhook anew",
    "webhooks.resend_delivery": "Send to a webhook anew",
    "webhooks.resend_range": "Send to a webhook anew",
    "webhooks.resend_range_page": "Send to a webhook anew",
    "desk.dismiss": "Put a call away from the desk",
    "desk.note": "Add a note to a call",
    "desk.choose": "Say whose call it was",
    "desk.create": "Add a client",
    "desk.not_client": "Mark a number as no client's",
}

TABLES: Mapping[str, str] = {
    **audit_messages.TABLES,
    "access_people": "Employee",
    "access_extensions": "Extension",
    "access_sessions": "Browser",
    "access_tokens": "Token",
    "access_shops": "Shop",
    "access_hours": "Opening hours",
    "access_holidays": "Holiday",
    "access_options": "Setting",
    "access_roles": "Role",
    "access_invitations": "Invitation",
    "access_memberships": "Further shop of a person",
    "access_factors": "Second factor",
    "crm_clients": "Client",
    "crm_phones": "Phone",
    "crm_vehicles": "Vehicle",
    "crm_ownerships": "Owner of a vehicle",
    "crm_roles": "Role of a client",
    "crm_mileages": "Reading of the counter",
    "crm_erasures": "Erasure of a person's data",
    "crm_erasure_requests": "Request to be forgotten",
    "imports_files": "Uploaded file",
    "calls_calls": "Call",
    "calls_notes": "Note",
    "calls_lines": "Line",
    "tasks_tasks": "Task",
    "tasks_shares": "Shop that waits for a call-back, too",
    "tasks_tries": "Try to reach somebody",
    "tasks_mobile_calls": "Call on a private mobile",
    "webhooks_endpoints": "Webhook",
    "desk_dismissals": "Put away from the desk",
}

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "done": ("done", "green"),
    "refused": ("refused", "orange"),
    "missing": ("not there", "orange"),
    "failed": ("failed", "red"),
}

FIELDS: Mapping[str, str] = {
    "name": "Name",
    "role": "Role",
    "mobile": "Mobile",
    "language": "Language",
    "login": "Log-in",
    "note": "Note",
    "text": "Text",
    "number": "Number",
    "plate": "Plate",
    "is_active": "Works here",
    "address": "Address",
    "agent": "Browser",
    "title": "Title",
    "state": "State",
    "birthday": "Birthday",
}

_UNTOLD = frozenset(
    {"created_at", "seen_at", "expires_at", "token_hash", "password_hash", "client_id", "person_id"}
)
"""What every new row has, and what is only stars."""

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A changed row in words: `what` with its fields (name, before, after); None = empty."""

    what: str
    how: str
    row_id: str
    fields: tuple[tuple[str, str, str], ...]


def change_lines(entry: AuditView, say: Say) -> list[ChangeLine]:
    """The changes of an entry, in the reader's language as far as there are words."""
    changes = entry.details.get("changes")
    if not isinstance(changes, list):
        return []
    lines = [_line(one, say) for one in changes if isinstance(one, dict)]
    return [line for line in lines if line.fields or line.how != "changed"]


def change_text(entry: AuditView, say: Say) -> str:
    """The same in one line, for a spreadsheet."""
    parts: list[str] = []
    for line in change_lines(entry, say):
        fields = ", ".join(f"{name}: {before} → {after}" for name, before, after in line.fields)
        parts.append(f"{line.what} {line.row_id}: {fields}")
    return "; ".join(parts)


def _line(change: Mapping[str, object], say: Say) -> ChangeLine:
    table, fields = str(change.get("table", "")), change.get("fields")
    pairs = fields.items() if isinstance(fields, dict) else ()
    told = tuple(
        (say(FIELDS[name]) if name in FIELDS else name, _value(pair[0]), _value(pair[1]))
        for name, pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and name not in _UNTOLD
    )
    what = say(TABLES[table]) if table in TABLES else table
    return ChangeLine(what, str(change.get("how", "")), str(change.get("id", "")), told)


def _value(value: object) -> str:
    return "–" if value is None or value == "" else str(value)
