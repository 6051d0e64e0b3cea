"""What a part hands back: figures, tables for people, and verdicts on the targets."""

from dataclasses import dataclass, field


@dataclass
class Verdict:
    """A target and what was measured; `value` must be at most `limit` (or at least)."""

    target: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False
    # Says what makes the figure weak, when something does.
    remark: str = ""

    @property
    def is_met(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self):
        sign = ">=" if self.at_least else "<="
        word = "met   " if self.is_met else "missed"
        by = ""
        if not self.is_met and self.limit:
            by = f", off by {abs(self.value - self.limit) / self.limit:.1%}"
        remark = f" ({self.remark})" if self.remark else ""
        return (f"{word}  {self.target}: {_text(float(self.value))}{self.unit}, "
                f"wanted {sign} {_text(float(self.limit))}{self.unit}{by}{remark}")

    def data(self):
        return {"target": self.target, "value": self.value, "limit": self.limit,
                "unit": self.unit, "at_least": self.at_least, "met": self.is_met,
                "remark": self.remark}


@dataclass
class Table:
    """A title, column names and rows of text or numbers."""

    title: str
    columns: list
    rows: list

    def __str__(self):
        cells = [[str(column) for column in self.columns]]
        cells += [[_text(value) for value in row] for row in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths)))
            for row in cells
        ]
        return "\n".join([self.title, *("  " + line for line in lines)])


def _text(value):
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@dataclass
class Outcome:
    """A part's results."""

    data: dict
    tables: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)
