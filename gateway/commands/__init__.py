"""The groups of commands: each file reads what was typed, does one thing, and says what it did."""
