"""Keeps the stores in step with the control database, and reports what is wrong with them.

doctor        the checks of `gateway doctor`: every store, its roles, and the control database
effect        whether objections still bind: at each start, by the doctor, and every minute
reconciler    reconciles both stores with the decisions in force, at every start and every few seconds
verifier      judges both stores every second, for the gates of the objectable purposes
purpose_pools  the pools of all purposes, some of them behind a gate
store_logins  where each role connects, and whether it can: checked before the first request
certificate   signs what each universe reaches in the stores, and names the gaps
advice        what an operator does next about each kind of difference
"""
