"""The words written beside a field, and who may object.

words     the words written beside a field: for which purposes it exists
marks     what one purpose sees of one field or row, and what an objection does to it
profiles  policy profiles: who may object, and until when
"""
