"""The kinds of records in Codex's rollouts: those that are read, and those that others tell better."""

from __future__ import annotations

IGNORED_TYPES = frozenset({"world_state", "inter_agent_communication_metadata", "ghost_snapshot"})
CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call"})
OUTPUTS = frozenset({"function_call_output", "custom_tool_call_output"})
CONVERSATION = frozenset(
    {"user_message", "agent_message", "agent_reasoning", "token_count", "task_started", "turn_aborted",
     "task_complete", "error", "stream_error"}
)  # fmt: skip
RUNS = frozenset(  # events until 0.128, items since 0.149
    {"exec_command_end", "patch_apply_end", "mcp_tool_call_end", "CommandExecution", "FileChange", "McpToolCall"}
)
IGNORED_ITEMS = frozenset(  # response items that events tell as well, or that are context
    {"message", "reasoning", "additional_tools", "agent_message", "ghost_snapshot", "compaction", "other",
     "compaction_summary", "context_compaction", "tool_search_call", "tool_search_output", "image_generation_call"}
)  # fmt: skip
IGNORED_EVENTS = frozenset(
    {"thread_settings_applied", "thread_name_updated", "web_search_end", "web_search_begin",
     "exec_command_begin", "patch_apply_begin", "mcp_tool_call_begin", "session_configured", "turn_diff", "plan_update",
     "agent_reasoning_raw_content", "agent_reasoning_section_break", "background_event", "context_compacted",
     "thread_rolled_back", "undo_completed", "view_image_tool_call", "image_generation_end", "item_started",
     "entered_review_mode", "exited_review_mode", "thread_goal_updated", "raw_response_item", "warning",
     "exec_approval_request", "apply_patch_approval_request", "request_user_input", "shutdown_complete"}
)  # fmt: skip
IGNORED_TURN_ITEMS = frozenset(
    {"WebSearch", "SubAgentActivity", "CollabAgentToolCall", "ImageView", "ImageGeneration", "HookPrompt",
     "EnteredReviewMode", "ExitedReviewMode", "DynamicToolCall", "Sleep", "ContextCompaction"}
)  # fmt: skip
