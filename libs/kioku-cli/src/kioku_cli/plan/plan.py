"""The plan: every process of a stack, with its command, environment, ports and order.

It is the one source that `kioku up`, the Tiltfile and the tests read; nothing else names a port.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from kioku_cli.plan.component import Component
from kioku_cli.plan.options import StackOptions


class Plan(BaseModel):
    """The components of one stack and where to reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    options: StackOptions
    endpoints: dict[str, str]
    components: tuple[Component, ...]

    def in_order(self) -> list[Component]:
        """The components, each after those it depends on.

        Raises ValueError for a name that no component has, or for a circle.
        """
        known = {component.name: component for component in self.components}
        ordered: dict[str, Component] = {}
        waiting = dict(known)
        while waiting:
            free = [row for row in waiting.values() if all(name in ordered for name in row.after)]
            if not free:
                raise ValueError(f"missing or circular dependencies among {sorted(waiting)}")
            for row in free:
                ordered[row.name] = waiting.pop(row.name)
        return list(ordered.values())

    def levels_from_the_top(self) -> list[list[Component]]:
        """The components in groups that may stop together: first those nobody depends on."""
        waiting = list(self.in_order())
        levels: list[list[Component]] = []
        while waiting:
            needed = {name for row in waiting for name in row.after}
            levels.append([row for row in waiting if row.name not in needed])
            waiting = [row for row in waiting if row.name in needed]
        return levels
