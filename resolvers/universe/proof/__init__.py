"""The certificate: what each universe can reach in a store, read twice, compared with the policy's table.

opened         what the policy's table opens to a purpose: columns, and which rows of a table
rows           conditions on rows as a parser reads them, computed for every combination that matters
view_readings  what a universe reaches: by the database's own catalogue, and by a second reading of each view
compare        the gaps between the two, and the certificate as data

Nothing here uses the modules that make the views (`readings`, `views`, `render`): a mistake there would
otherwise prove itself right.
"""
