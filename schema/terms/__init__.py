"""The words written beside a field, and who may object.

marks     the words written beside a field: which purposes see it, and what an objection does to it
profiles  policy profiles: who may object, and until when
"""
