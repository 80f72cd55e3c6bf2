"""What Claude Code draws the same way in all its modes: names of tools, lines of counts, the words that stop a turn."""

from __future__ import annotations

API_REFUSES = r"API Error(?::| \().*|Invalid API key\b.*|Prompt is too long.*|Credit balance is too low.*"
# What stands below a prompt, an answer or a call that was cut short, in any version.
STOP = (
    r"(?P<stop>(?:\[?Request interrupted|Interrupted|No \(tell Claude|Context limit reached"
    r"|Please run /login|\d{3} \{).*"
    rf"|{API_REFUSES})"
)
NUMBER = r"\d{1,12}(?:\.\d{1,6})?[kmb]?"
# "Bash", "Web Search", "tracker - get_issue (MCP)", "plugin:server:tool (MCP)"
TOOL_NAME = (
    r"(?P<tool>[A-Z]\w*(?: [A-Z]\w*)?|mcp__\w+"
    r"|[\w.:-]+(?: [\w.-]+)* - [\w -]+ \(MCP\)|[\w.-]+:[\w.:-]+ \(MCP\))"
)
# "Searched for 1 pattern, read 2 files · 1 failed"; full-screen (tui: fullscreen) leaves the hint at the end out.
_COUNT = (
    r"(?:(?:Thought|Thinking) for [\dhms ]+|[Ss]earch(?:ed|ing) for \d{1,3} patterns?"
    r"|(?:[Dd]id not run|[Nn]o result recorded for) \d{1,3} (?:other )?calls?"
    r"|[Ll]ist(?:ed|ing) \d{1,3} director(?:y|ies)|[Cc]all(?:ed|ing) \S+(?: \d{1,3} times?)?"
    r"|(?:[Rr]ead(?:ing)?|[Ee]dit(?:ed|ing)|[Ww]rote|[Ww]riting) \d{1,3} files?|[Ff]etch(?:ed|ing) \d{1,3} \w+"
    r"|[Cc]all(?:ed|ing) \d{1,3} tools?|(?:[Cc]ommitted|[Aa]mended commit|[Cc]herry-picked) [0-9a-f]{7,40}"
    r"|[Pp]ushed to \S{1,80}"
    r"|(?:[Rr]an|[Rr]unning) \d{1,3} [\w ]{1,40})"
)
# A narrow terminal breaks the line; what follows the first count may be on the next row.
COUNTS = rf"(?P<text>{_COUNT}(?:, {_COUNT})*(?: · \d+ failed)?)…?(?:,| ·|(?:,| ·) [\w ]{{1,40}})?"
