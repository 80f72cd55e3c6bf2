"""A scripted model on loopback: enough of two streaming APIs for real assistants to work a turn.

Anthropic's Messages (Claude Code) and OpenAI's Responses (Codex), both as server-sent events. The server keeps no state
of a conversation: how many tool results a request carries says which step of the script is next, so retries and side
requests (titles, token counts) disturb nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Shell:
    """The model wants a shell command to be run."""

    command: str


@dataclass(frozen=True)
class Final:
    """The model's closing message."""

    text: str


Script = Sequence[Shell | Final]


@dataclass
class ModelServer:
    """Serves one script.

    `requests` are the paths that were asked for, `problems` what it had no answer to, `models` those that the
    conversation asked for: as the real servers do, the answers bear the same name.
    """

    script: Script
    models: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> ModelServer:
        """Listen on a free port of the loopback interface."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.reply(200, "application/json", b"")

            def do_GET(self) -> None:
                server.requests.append(f"GET {self.path}")
                self.reply(404, "application/json", b'{"error": {"type": "not_found_error", "message": "scripted"}}')

            def do_POST(self) -> None:
                server.requests.append(f"POST {self.path}")
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    self.reply(200, *server.answer(self.path.partition("?")[0], json.loads(raw)))
                except Exception as problem:  # a test reads it; the assistant gets an error of the API
                    server.problems.append(f"{self.path}: {problem!r}")
                    self.reply(400, "application/json", b'{"type": "error", "error": {"message": "scripted"}}')

            def reply(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()

    @property
    def address(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def answer(self, path: str, body: Body) -> tuple[str, bytes]:
        """Return content type and bytes of the answer to a request."""
        if path.endswith("/count_tokens"):
            return "application/json", b'{"input_tokens": 100}'
        model = str(body["model"])
        if path.endswith("/messages"):
            if body.get("tools"):
                self.models.add(model)
            return anthropic_answer(self.script, model, body)
        if path.endswith("/responses"):
            self.models.add(model)
            return event_stream(openai_events(self.script, model, body))
        raise LookupError("no such endpoint")


def event_stream(events: Iterator[Body]) -> tuple[str, bytes]:
    """Return events, named by their type, as server-sent events."""
    stream = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
    return "text/event-stream", stream.encode()


# --- Anthropic: POST /v1/messages -------------------------------------------------------------------------------------


def anthropic_answer(script: Script, model: str, body: Body) -> tuple[str, bytes]:
    """Answer the main conversation, which offers tools, from the script, and side requests with a word."""
    has_tools = any(tool.get("name") == "Bash" for tool in body.get("tools", ()))
    step = script[tool_results(body["messages"])] if has_tools else Final("Scripted")
    if body.get("stream"):
        return event_stream(anthropic_events(step, model))
    message = anthropic_message(model) | {"content": [anthropic_block(step)], "stop_reason": "end_turn"}
    return "application/json", json.dumps(message).encode()


def tool_results(messages: Sequence[Body]) -> int:
    """Count the tool results of a conversation."""
    contents = [each["content"] for each in messages if isinstance(each["content"], list)]
    return sum(block.get("type") == "tool_result" for blocks in contents for block in blocks)


def anthropic_message(model: str) -> dict[str, Any]:
    """Return a message without content: 100 tokens came in, and 50 more from the cache."""
    usage = {"input_tokens": 100, "cache_read_input_tokens": 50, "cache_creation_input_tokens": 0, "output_tokens": 1}
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def anthropic_block(step: Shell | Final) -> dict[str, Any]:
    """Return the content block of a step."""
    if isinstance(step, Final):
        return {"type": "text", "text": step.text}
    return {"type": "tool_use", "id": f"toolu_{abs(hash(step)):x}", "name": "Bash", "input": {"command": step.command}}


def anthropic_events(step: Shell | Final, model: str) -> Iterator[Body]:
    """Stream one message with one block: 20 tokens out."""
    block = anthropic_block(step)
    if isinstance(step, Final):
        empty, delta = block | {"text": ""}, {"type": "text_delta", "text": step.text}
    else:
        empty, delta = block | {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    reason = "end_turn" if isinstance(step, Final) else "tool_use"
    message = anthropic_message(model) | {"id": f"msg_{abs(hash(step)):x}"}
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": empty}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": message["usage"] | {"output_tokens": 20},
    }
    yield {"type": "message_stop"}


# --- OpenAI: POST /v1/responses ---------------------------------------------------------------------------------------


def openai_events(script: Script, model: str, body: Body) -> Iterator[Body]:
    """Stream one response with one item: 150 tokens in, 50 of them cached, 20 out."""
    results = sum(item.get("type") in ("function_call_output", "custom_tool_call_output") for item in body["input"])
    step = script[results] if body.get("tools") else Final("Scripted")
    item = openai_item(step, results, body)
    response = {"id": f"resp_{results}", "object": "response", "model": model, "output": []}
    usage = {
        "input_tokens": 150,
        "input_tokens_details": {"cached_tokens": 50},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 170,
    }
    yield {"type": "response.created", "response": response | {"status": "in_progress"}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    if isinstance(step, Final):
        yield {"type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "delta": step.text}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {
        "type": "response.completed",
        "response": response | {"status": "completed", "output": [item], "usage": usage},
    }


def openai_item(step: Shell | Final, number: int, body: Body) -> dict[str, Any]:
    """Return the output item of a step, for whichever shell tool this version of Codex offers."""
    if isinstance(step, Final):
        content = [{"type": "output_text", "text": step.text, "annotations": []}]
        return {
            "type": "message",
            "id": f"msg_{number}",
            "role": "assistant",
            "content": content,
            "status": "completed",
        }
    ids = {"id": f"fc_{number}", "call_id": f"call_{number}", "status": "completed"}
    offered = {tool.get("name") for tool in body["tools"]}
    arguments: dict[str, Any]
    for name, arguments in (
        ("exec_command", {"cmd": step.command}),
        ("shell_command", {"command": step.command}),
        ("shell", {"command": ["bash", "-lc", step.command]}),
    ):
        if name in offered:
            return ids | {"type": "function_call", "name": name, "arguments": json.dumps(arguments)}
    if "exec" in offered:  # "code mode": JavaScript that calls the tools
        code = f"const r = await tools.exec_command({json.dumps({'cmd': step.command})});\ntext(r);\n"
        return ids | {"type": "custom_tool_call", "name": "exec", "input": code}
    raise LookupError(f"no shell tool among {sorted(map(str, offered))}")
