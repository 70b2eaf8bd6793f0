"""Terms: the profile, budget, weights and tables of links of the project file, as changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clustermap.errors import TableFault
from clustermap.messages import Message
from clustermap.scores.profile import MAX_WEIGHT
from clustermap.stages.profiles import read_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clustermap.project import Project
    from clustermap.scores.profile import Profile
    from clustermap.stages.changing.altered import Setup


def change_terms(setup: Setup, told: list[Message]) -> tuple[Project, Mapping[str, float] | None]:
    """Change what the project file asks for.

    Parameters
    ----------
    setup
        Project and change.
    told
        Sentences; one is added for each thing that is changed.

    Returns
    -------
    tuple
        The project file, and part of the score to its weight: None for the profile's own.

    Raises
    ------
    TableFault
        If there is no such profile, no budget, or no weights that could be so.
    """
    change, project = setup.change, setup.project
    if change.profile is not None:
        project = _change_profile(project, change.profile, told)
    if change.budget is not None or change.budget_times is not None:
        project = _change_budget(setup, project, told)
    weights = _change_weights(setup, project, told)
    linkages = (*project.linkages, *change.linkages)
    return project.model_copy(update={"linkages": linkages}), weights


def _change_profile(project: Project, profile: str, told: list[Message]) -> Project:
    values = {"before": project.score.profile, "after": profile}
    told.append(Message("whatif.change.profile", values))
    score = project.score.model_copy(update={"profile": profile})
    return project.model_copy(update={"score": score})


def _change_budget(setup: Setup, project: Project, told: list[Message]) -> Project:
    change, select = setup.change, project.select
    if select is None:
        raise TableFault("select_missing", table=project.file.name, key="select")
    times = change.budget_times or 1.0
    money = change.budget if change.budget is not None else select.budget * times
    scenarios = {
        name: one if one.budget is None else one.model_copy(update={"budget": one.budget * times})
        for name, one in project.scenarios.items()
    }
    values = {"before": f"{select.budget:,.15g}", "after": f"{money:,.15g}"}
    told.append(Message("whatif.change.budget", values))
    update = {"select": select.model_copy(update={"budget": money}), "scenarios": scenarios}
    return project.model_copy(update=update)


def _change_weights(
    setup: Setup, project: Project, told: list[Message]
) -> Mapping[str, float] | None:
    change = setup.change
    profile = read_profile(project)[0]  # a wrong name is told before anything long
    if not (change.weights or change.weights_times):
        return None
    weights = _weigh_parts(setup, project, profile)
    total = sum(weights.values())
    shares = tuple(
        Message(
            "whatif.weight",
            {"part": Message(f"subscore.{part}.label"), "share": f"{100 * weight / total:.0f}"},
        )
        for part, weight in weights.items()
    )
    told.append(Message("whatif.change.weights", {"shares": shares}))
    return weights


def _weigh_parts(setup: Setup, project: Project, profile: Profile) -> dict[str, float]:
    change, table = setup.change, setup.change.file.name
    key = "weights" if change.weights else "weights_times"
    if profile.method != "linkage":
        raise TableFault("change_no_weights", table=table, key=key, value=project.score.profile)
    times = change.weights_times
    weights = dict(change.weights) or {
        part: weight * times.get(part, 1.0) for part, weight in profile.parts.items()
    }
    total = sum(weights.values())
    if total <= 0 or max(weights.values()) > MAX_WEIGHT * total * (1 + 1e-9):
        expected = Message("project.expected.part_weights")
        shown = ", ".join(f"{part} = {weight:g}" for part, weight in weights.items())
        raise TableFault("project_bad_value", table=table, key=key, value=shown, expected=expected)
    return weights
