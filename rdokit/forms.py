"""The site as a form (ipywidgets), and its static twin; the only ipywidgets import.

Each field is checked while it is typed, by the same rules that check a site file. What the form knows is
never only in the widgets: headless, and below the form, the same values are a plain table.
"""

from __future__ import annotations

import copy
import html
import ipaddress
import typing
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from . import facts, show, siteload
from .errors import ParameterError
from .journal import write_atomic
from .site import Site

HEADER = ("# A site of your own, saved from the form in notebooks/00_start.ipynb.\n"
          "# params/lab.yml explains every field. Secrets are references: env:NAME, file:PATH or ask.\n")


def site_form(site: str = "lab", overrides: dict | None = None):
    """A form over the site's parameters where somebody can click, a table everywhere.

    Args:
        site: name in `params/`, or a path. overrides: as for `connect`.

    Returns:
        DataFrame: part, values, what it is. (In JupyterLab the form is displayed above it.)
    """
    checked = siteload.load(site, overrides)
    show.dress(facts.DataFrame)
    for warning in siteload.warnings(checked):
        show.say(f"Worth knowing: {warning}")
    if show.can_ask() and show.in_notebook():
        Form(checked, siteload.find(site)).display()
    return table(checked)


def table(site: Site):
    """The whole site, one row a part; fields without a value are left out.

    Returns:
        DataFrame: part, values (one line a field), what it is.
    """
    parts: dict[str, list[str]] = {}
    for field, value, _, _ in leaves(site):
        path = field.split(".")
        part = ".".join(path[:2]) if path[0] in ("nodes", "networks", "jumps", "users") else path[0]
        if value not in (None, "", [], {}):
            name = field.removeprefix(part).lstrip(".")
            parts.setdefault(part, []).append(f"{name}: {_text(value)}" if name else _text(value))
    return facts.frame([{"part": part, "values": "\n".join(lines), "what it is": _meaning(site, part)}
                        for part, lines in parts.items()], ("part", "values", "what it is"))


def _meaning(site: Site, part: str) -> str:
    """What a part is: its field's description, or the first line of its class."""
    name = part.split(".")[0]
    info = Site.model_fields[name]
    value = getattr(site, name)
    one = next(iter(value.values())) if isinstance(value, dict) and value else value[0] if isinstance(value, list) \
        else value
    if info.description or not isinstance(one, BaseModel):
        return info.description or ""
    return (type(one).__doc__ or "").strip().splitlines()[0]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items())
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def leaves(model: BaseModel, prefix: str = ""):
    """Every single value of a site: (field, value, FieldInfo, type)."""
    for name, info in type(model).model_fields.items():
        yield from _leaf(getattr(model, name), f"{prefix}{name}", info, info.annotation)


def _leaf(value: Any, field: str, info, kind):
    if isinstance(value, BaseModel):
        yield from leaves(value, f"{field}.")
    elif isinstance(value, dict) and any(isinstance(v, BaseModel) for v in value.values()):
        for key, one in value.items():
            yield from _leaf(one, f"{field}.{key}", info, None)
    elif isinstance(value, list) and any(isinstance(v, BaseModel) for v in value):
        for number, one in enumerate(value):
            yield from _leaf(one, f"{field}.{number}", info, None)
    else:
        yield field, value, info, kind


def set_value(data: dict, field: str, value: Any) -> None:
    """Put a value at its dotted place.

    >>> data = {"users": [{"name": "demo"}]}
    >>> set_value(data, "users.0.name", "anna"); data
    {'users': [{'name': 'anna'}]}
    """
    *path, last = field.split(".")
    place: Any = data
    for step in path:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def dump(data: dict) -> str:
    """A site as YAML; texts that YAML would turn into something else are quoted by the library."""
    return HEADER + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


class Form:
    """Widgets by part of the site, a message beside each field, a button that saves."""

    def __init__(self, site: Site, path: Path):
        import ipywidgets as w
        self.w, self.path = w, path
        self.data = site.model_dump()
        self.messages: dict[str, Any] = {}
        self.summary = w.HTML()
        self.name = w.Text(value=f"my-{site.site}", description="save as", layout=w.Layout(width="22em"))
        self.button = w.Button(description="Save", button_style="primary", icon="save")
        self.button.on_click(lambda _: self.save())
        self.more = w.Button(description="Add a compute node", icon="plus", layout=w.Layout(width="14em"))
        self.more.on_click(lambda _: self.add_node())
        self.parts = w.Accordion()
        self._build()

    def display(self) -> None:
        """Show the form."""
        from IPython.display import display
        display(self.w.VBox([self.parts, self.w.HBox([self.more, self.name, self.button]), self.summary]))

    def _build(self) -> None:
        site = Site.model_validate(self.data)
        groups: dict[str, list] = {}
        self.messages = {}
        for field, value, info, kind in leaves(site):
            groups.setdefault(field.split(".")[0], []).append(self._row(field, value, info, kind))
        single = [row for name, rows in groups.items() if len(rows) == 1 for row in rows]
        boxes = {"general": single, **{name: rows for name, rows in groups.items() if len(rows) > 1}}
        self.parts.children = [self.w.VBox(rows) for rows in boxes.values()]
        self.parts.titles = [name.replace("_", " ") for name in boxes]
        self.check()

    def _row(self, field: str, value: Any, info, kind):
        w = self.w
        widget = self._widget(value, kind)
        label = w.HTML(f'<span title="{html.escape(info.description or "", quote=True)}">{html.escape(field)}</span>',
                       layout=w.Layout(width="21em"))
        widget.layout.width = "24em"
        message = self.messages[field] = w.HTML(layout=w.Layout(width="38em"))
        widget.observe(lambda change: self.changed(field, change["new"], value), names="value")
        return w.HBox([label, widget, message])

    def _widget(self, value: Any, kind):
        w = self.w
        choices = [arg for arg in typing.get_args(kind) if isinstance(arg, str)] \
            if typing.get_origin(kind) is typing.Literal else []
        if choices:
            return w.Dropdown(options=choices, value=value)
        if isinstance(value, bool):
            return w.Checkbox(value=value, indent=False)
        return w.Text(value=_text(value), continuous_update=True)

    def changed(self, field: str, new: Any, old: Any) -> None:
        """Take over what was typed, as the type that the field had, and check the whole site."""
        if isinstance(old, bool) or not isinstance(new, str):
            value: Any = new
        elif isinstance(old, list):
            value = [part.strip() for part in new.split(",") if part.strip()]
        elif isinstance(old, dict):
            return
        elif isinstance(old, (int, float)):
            value = _number(new)
        else:
            value = new or (None if old is None else "")
        set_value(self.data, field, value)
        self.check()

    def check(self) -> bool:
        """Show every fault beside its field."""
        faults: list[str] = []
        try:
            siteload.parse(dump(self.data), source="the form")
        except ParameterError as error:
            faults = error.faults
        rest = []
        for message in self.messages.values():
            message.value = ""
        for fault in faults:
            field = next((f for f in sorted(self.messages, key=len, reverse=True)
                          if _belongs(fault.split(":")[0], f)), None)
            text = f'<span style="color:#b3261e">✘ {html.escape(fault.split(" (line ")[0])}</span>'
            if field:
                self.messages[field].value = text
            else:
                rest.append(text)
        good = '<span style="color:#1a7f37">✔ every rule holds</span>'
        bad = f'<b style="color:#b3261e">{len(faults)} faults; nothing is saved until they are gone</b>'
        self.summary.value = "<br>".join([bad if faults else good, *rest])
        self.button.disabled = bool(faults)
        return not faults

    def add_node(self) -> None:
        """One more compute node, with the next addresses."""
        nodes = self.data["nodes"]
        last = copy.deepcopy(nodes[list(nodes)[-1]])
        number = len(nodes) + 1
        while f"node{number}" in nodes:
            number += 1
        last["roles"] = ["compute"]
        for network in ("private", "public"):
            last[network] = str(ipaddress.IPv4Address(last[network]) + 1)
        if last["ssh"]["host"] in ("127.0.0.1", "localhost"):
            last["ssh"]["port"] += 1
        elif last["ssh"]["host"]:
            last["ssh"]["host"] = last["private"]
        for nic in last["nics"].values():
            nic["mac"] = None
        nodes[f"node{number}"] = last
        self._build()

    def save(self) -> Path | None:
        """Write `NAME.yml` beside the site's own file; an existing file of another origin is not overwritten."""
        name = self.name.value.strip()
        target = self.path.parent / f"{name}.yml"
        if not self.check():
            return None
        if not name or not all(c.isalnum() or c in "._-" for c in name) or name.startswith("."):
            self.summary.value = '<b style="color:#b3261e">✘ a name of letters, digits, - _ and . please</b>'
            return None
        if target.exists() and not target.read_text(encoding="utf-8").startswith(HEADER[:40]):
            self.summary.value = f'<b style="color:#b3261e">✘ {html.escape(target.name)} was not made here: ' \
                                 "choose another name</b>"
            return None
        self.data["site"] = name
        write_atomic(target, dump(self.data))
        safe = html.escape(name)
        self.summary.value = (f'<span style="color:#1a7f37">✔ saved as params/{safe}.yml; use it with site = "{safe}" '
                              f"or <code>rdokit run --site {safe}</code></span>")
        return target


def _belongs(named: str, field: str) -> bool:
    """Whether a fault that names one field (or a part, or several) belongs beside this one.

    >>> _belongs("public_net.pool", "public_net.pool.start"), _belongs("client.private", "client.public")
    (True, False)
    """
    return any(one == field or field.startswith(f"{one}.") or one.startswith(f"{field}.")
               for one in named.split(" and "))


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
