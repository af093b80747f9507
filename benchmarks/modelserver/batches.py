"""Files and batches as the OpenAI API has them: a batch moves on by one stage each time somebody looks."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.modelserver.faults import Faults

__all__ = ["Batches"]

Complete = Callable[[dict[str, Any], str], dict[str, Any]]
"""Gives the completion for a request's body; the name is what faults are drawn by."""


@dataclass(slots=True)
class Batches:
    """The files and batches of a server."""

    complete: Complete
    faults: Faults
    files: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    stored: int = 0
    """Files so far, those that were deleted included."""
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)

    def upload(self, content_type: str, body: bytes) -> dict[str, Any] | None:
        """Take in a file sent as a form; None where there is none in it."""
        boundary = re.search(r'boundary="?([^";]+)', content_type)
        for part in body.split(b"--" + boundary[1].encode()) if boundary else ():
            head, _, content = part.partition(b"\r\n\r\n")
            if re.search(rb'[; ]name="file"', head):
                filename = re.search(rb'filename="([^"]*)"', head)
                name = filename[1].decode("utf-8", "replace") if filename else "file"
                return self._store(name, content.removesuffix(b"\r\n"), "batch")
        return None

    def create(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        """A batch over an uploaded file; None where there is no such file."""
        if wanted.get("input_file_id") not in self.files:
            return None
        name = f"batch_{len(self.batches) + 1}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": wanted.get("endpoint", "/v1/chat/completions"),
            "input_file_id": wanted["input_file_id"],
            "completion_window": wanted.get("completion_window", "24h"),
            "created_at": int(time.time()),
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "errors": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }
        return self.batches[name]

    def look(self, name: str) -> dict[str, Any] | None:
        """The batch as it now is: validating, in progress, completed."""
        batch = self.batches.get(name)
        if batch is None:
            return None
        if batch["status"] == "validating":
            self._validate(batch)
        elif batch["status"] == "in_progress":
            self._work_off(batch)
        return batch

    def _validate(self, batch: dict[str, Any]) -> None:
        errors = []
        lines = self.files[batch["input_file_id"]][1].splitlines()
        seen: set[str] = set()
        for number, line in enumerate(lines, 1):
            try:
                request = json.loads(line)
                fault = "duplicate_custom_id" if request["custom_id"] in seen else ""
                seen.add(request["custom_id"])
                if request["method"] != "POST" or request["url"] != batch["endpoint"] or "model" not in request["body"]:
                    fault = "invalid_request"
            except (ValueError, KeyError, TypeError):
                fault = "invalid_json_line"
            if fault:
                errors.append({"code": fault, "line": number, "message": fault, "param": None})
        batch["status"] = "failed" if errors or not lines else "in_progress"
        batch["errors"] = {"object": "list", "data": errors} if errors else None
        batch["request_counts"]["total"] = len(lines)

    def _work_off(self, batch: dict[str, Any]) -> None:
        answers: list[bytes] = []
        failures: list[bytes] = []
        for line in self.files[batch["input_file_id"]][1].splitlines():
            request = json.loads(line)
            failed = self.faults.strikes("batch_error", request["custom_id"])
            body = {"error": {"message": "the server had an error", "type": "server_error", "code": None}}
            if not failed:
                body = self.complete(request["body"], request["custom_id"])
            result = {
                "id": f"batch_req_{request['custom_id']}",
                "custom_id": request["custom_id"],
                "response": {"status_code": 500 if failed else 200, "request_id": "", "body": body},
                "error": None,
            }
            (failures if failed else answers).append(json.dumps(result, ensure_ascii=False).encode() + b"\n")
        random.Random(self.faults.seed).shuffle(answers)
        if answers:
            batch["output_file_id"] = self._store("output.jsonl", b"".join(answers), "batch_output")["id"]
        if failures:
            batch["error_file_id"] = self._store("errors.jsonl", b"".join(failures), "batch_output")["id"]
        batch["request_counts"].update(completed=len(answers), failed=len(failures))
        batch["status"] = "completed"

    def _store(self, filename: str, content: bytes, purpose: str) -> dict[str, Any]:
        self.stored += 1
        name = f"file-{self.stored}"
        file = {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        self.files[name] = (file, content)
        return file
