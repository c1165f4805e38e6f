"""What a person at a terminal sees: problems, progress, log lines.

logs      log lines without personal data: JSON on standard error, one object a line
problems  what stops a command, in words for the person at the terminal: what is wrong, and what to do
progress  bars, a spinner or plain lines while something takes longer than a second
"""
