"""Plain text that stands in columns."""

from collections.abc import Sequence

_SIZES = ("B", "kB", "MB", "GB", "TB")


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: str = "  ") -> str:
    """Rows in columns as wide as need be.

    Parameters
    ----------
    rows
        Of equal length.
    right
        Columns that stand to the right.
    indent
        Before every row.
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"{indent}{'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def size(count: float) -> str:
    """Bytes in the unit that suits them: ``1.4 GB``."""
    unit = 0
    while count >= 999.5 and unit < len(_SIZES) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.0f} {_SIZES[unit]}" if unit == 0 or count >= 100 else f"{count:.2g} {_SIZES[unit]}"


def duration(seconds: float) -> str:
    """A time in the unit that suits it: ``40 s``, ``12 min``, ``3.5 h``, ``2.1 days``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.2g} h"
    return f"{seconds / 86400:.2g} days"


def count(number: int, what: str) -> str:
    """A number of things: ``1 job``, ``3 jobs``."""
    return f"{number} {what}{'' if number == 1 else 's'}"
