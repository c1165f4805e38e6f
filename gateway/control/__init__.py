"""What the gateway keeps of the control database, and how it writes to it.

cache         following a revision in the control store: what is known of it, never for longer than it i
group_commit  work that many ask for at one moment, done for all of them at once: as a commit costs the
periodic      what is kept in the process and written to `control` once a minute, and at a stop
"""
