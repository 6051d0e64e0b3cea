"""An SVG of the figures that the proxies share, drawn from whatever results there are."""

import html
import json
import os

from . import figures, machine

NAMES = ("weir", "haproxy", "nginx", "envoy")
COLOURS = {"weir": "#0b6e8f", "haproxy": "#8a8f98", "nginx": "#8a8f98", "envoy": "#8a8f98"}
LIGHT = {"weir": "#7cc4d8", "haproxy": "#c9ccd1", "nginx": "#c9ccd1", "envoy": "#c9ccd1"}
WIDTH, LEFT, BAR, GAP, HEADER = 720, 90, 20, 8, 56


def draw():
    """Writes the plot; its path."""
    panels = [panel for panel in (_time("short heads"), _time("access logs on"), _latency(),
                                  _memory(), _connections()) if panel]
    body, top = [], 44
    for title, note, rows in panels:
        body.append(_panel(top, title, note, rows))
        top += HEADER + len(rows) * (BAR + GAP) + 16
    path = os.path.join(machine.RESULTS, "plot.svg")
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            f'viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="13">\n'
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
            f'<text x="16" y="28" font-size="18" font-weight="bold">Weir and its peers, '
            f'one worker each: shorter is better</text>\n' + "\n".join(body) + "\n</svg>\n")
    return path


def _load(part):
    try:
        with open(os.path.join(machine.RESULTS, f"{part}.json"), encoding="utf-8") as file:
            result = json.load(file)
    except OSError:
        return None, ""
    return result["figures"], " (quick run, rough)" if result["quick"] else ""


def _medians(rounds, name, *keys):
    return [figures.median([row[name][key] for row in rounds]) for key in keys]


def _time(variant):
    data, rough = _load("keepalive")
    if not data or variant not in data:
        return None
    rows = [(name, _medians(data[variant], name, "user_us", "system_us"), "{:.1f} us")
            for name in NAMES]
    return f"Processor time per request, {variant}{rough}", "dark: user, light: system", rows


def _latency():
    data, rough = _load("latency")
    if not data:
        return None
    rows = [(name, _medians(data["rounds"], name, "p99_us"), "{:,.0f} us") for name in NAMES]
    return f"p99 at 5,000 requests/s{rough}", "median of the runs", rows


def _memory():
    data, rough = _load("memory")
    if not data:
        return None
    rows = [(name, [value / (1 << 20) for value in _medians(data["rounds"], name, "rss")],
             "{:.1f} MiB") for name in NAMES]
    return f"Resident memory, idle{rough}", "after one request", rows


def _connections():
    data, rough = _load("connections")
    if not data:
        return None
    rows = [(name, [data[name]["rss_per_connection"]], "{:,.0f} B") for name in NAMES]
    return (f"Memory for each of {data['connections']:,} idle connections{rough}",
            "the kernel's share is not in it", rows)


def _panel(top, title, note, rows):
    """Bars of one measure; the parts of a bar stand in a row, dark then light."""
    room = WIDTH - LEFT - 110
    longest = max(sum(parts) for _, parts, _ in rows) or 1
    lines = [
        f'<text x="16" y="{top + 18}" font-weight="bold">{html.escape(title)}</text>',
        f'<text x="16" y="{top + 36}" fill="#555555" font-size="12">{html.escape(note)}</text>',
    ]
    y = top + HEADER - 8
    for name, parts, unit in rows:
        lines.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{name}</text>')
        x = float(LEFT)
        for part, colour in zip(parts, (COLOURS[name], LIGHT[name])):
            width = max(part, 0) / longest * room
            lines.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" '
                         f'fill="{colour}"/>')
            x += width
        lines.append(f'<text x="{x + 6:.1f}" y="{y + 15}">{unit.format(sum(parts))}</text>')
        y += BAR + GAP
    return "\n".join(lines)
