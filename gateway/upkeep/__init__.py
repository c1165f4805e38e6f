"""What keeps the stores in step with the control database, and says what is wrong.

doctor        what `gateway doctor` looks at, before and while the gateway runs: every store, and what m
reconciler    keeps both stores at what is in force: finishes what was cut off, and follows the calendar
store_logins  where each role connects, and whether it may: asked before the first request, and by the d
"""
