"""The people of the firm: who they are, their roles, what each may do (D31).

May import: inputs.
"""
