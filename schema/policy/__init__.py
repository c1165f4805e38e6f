"""The policy as a whole: the matrix that the marks beside the fields make, its digest and its versions.

matrix   the policy as one table, field × purpose; its digest; the committed files
history  the versions of the policy with date, author and reason, and the suspensions by regulators
"""
