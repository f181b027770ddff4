"""Lists of long tables: `walk` finds a page's rows by looking at few of them.

What may be asked of a noun, and which index answers it, stands in the file of that noun (`credentials`), in
the terms of `asked`. How a page is found is the same for all, and so are its bounds.
"""

__all__ = ["asked", "counts", "credentials", "walk"]
