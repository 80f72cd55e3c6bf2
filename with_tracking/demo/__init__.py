"""A small built-in assistant for people who have none: real commands, a scripted model, no account, no network.

It shows what a session looks like and lets the whole way from the wrapper to MLflow be seen. Nobody should take it for
more than that, so it says of itself that it is scripted, and it names no model, no tokens and no cost. It works in a
throw-away git repository in the temporary folder, where the commands are real: a failing test, an edit, a passing test,
a commit.

How it draws (`parsers` has an entry that reads this):

    Demo assistant v0.1.0                        banner: name and version, then two indented lines
    ❯ close-issue 583                            a prompt; the same mark invites the next one
    ● I'll look at the repository first.         what the model says; further lines indented by 2
    ● Bash(git status --short --branch)          a tool use: Bash, Read or Update, its argument in full, one line
      ⎿  ## main                                 its output: elbow, further lines indented by 5
      ⎿  (No output)                             … there was none
      ⎿  Error: Exit code 1                      … the command failed; its output follows, indented by 5
      ⎿  Read 9 lines                            … of Read
      ⎿  Updated tracker.py with 1 addition and 1 removal     … of Update; numbered lines with - and + follow
      ⎿  Error: File does not exist: x           … Read or Update failed
      ⎿  Interrupted by the user                 … Ctrl-C while it ran
      ⎿  Denied by the user                      … the permission was refused, it never ran
    ❯ /help                                      a command for the assistant itself; its answer follows as output

Only in a terminal: the bullet is grey (256-colour 246) while a tool runs, then green (114) or red (211), and white
(231) before text; `✻ Thinking…` stands on the last line while the model is waited for and is erased; the permission
question (`Do you want to make this edit to tracker.py?`, `❯ 1. Yes`, `  2. No`) is erased once it is answered. Without
a terminal the same lines come without colour, nothing is erased and no question is asked. One blank line stands before
every prompt, tool use and text.
"""

PROVIDER = "demo"
