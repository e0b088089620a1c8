"""What else a page has that a person fills in or looks into, in words for a scenario's author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from fleet.rules import fields
from fleet.rules.signs import MAX_FRAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.visit.page_agent import PageAgent


class _Around(BaseModel):
    """What `around` in page_agent.js gives."""

    model_config = ConfigDict(extra="forbid")

    lists: list[tuple[str, list[str], bool]]
    fields: list[tuple[str, str]]
    complaints: list[tuple[str, str]]
    shut: list[str]
    inner: int
    shadows: int
    frames: Annotated[list[str], Field(max_length=MAX_FRAMES)]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    Lists with their options, fields with their types, frames, and what the browser complains of.

    `holding` are the lists that have the words that were sought as an option; `shut` elements
    whose inside cannot be read; `unread` the frames that gave no answer.
    """

    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    holding: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    complaints: tuple[tuple[str, str], ...] = ()
    shut: tuple[str, ...] = ()
    inner: int = 0
    shadows: int = 0
    frames: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def complaint(self) -> str:
        """What the browser itself says of fields, as more of a sentence; empty if nothing."""
        return "".join(
            f"; the browser complains about the field {name!r}: {said!r}"
            for name, said in self.complaints
        )

    @property
    def words(self) -> str:
        """All of it, as more of a sentence."""
        said = [
            f"the list {name!r} has it as an option: select(…) takes it" for name in self.holding
        ]
        if self.lists:
            lists = (f"{name!r} ({', '.join(map(repr, own[:4]))})" for name, own in self.lists[:4])
            said.append(f"lists: {', '.join(lists)}")
        if self.fields:
            named = (f"{name!r} ({kind})" for name, kind in self.fields[:6])
            said.append(f"fields: {', '.join(named)}")
        parts = (
            (self.inner, "frame(s) of the site"),
            (len(self.looked_into), "frame(s) of other sites"),
            (self.shadows, "open shadow root(s)"),
        )
        said += [f"{n} {what}, looked into" for n, what in parts if n]
        said += [f"a frame that cannot be looked into: {url}" for url in self.unread]
        said += [f"an element that keeps its inside to itself: <{tag}>" for tag in self.shut]
        return "".join(f"; {each}" for each in said) + self.complaint

    @property
    def lines(self) -> list[str]:
        """A line for each list, field and frame, for a scenario's author."""
        return [
            *(f"list: {name}: {', '.join(options)}" for name, options in self.lists),
            *(f"field: {name} ({kind}), {_typing(name)}" for name, kind in self.fields),
            *(f"frame of another site, looked into: {url}" for url in self.looked_into),
            *(f"frame that cannot be looked into: {url}" for url in self.unread),
            *(f"element that keeps its inside to itself: <{tag}>" for tag in self.shut),
            *([f"frames of the site, looked into: {self.inner}"] if self.inner else []),
            *([f"open shadow roots, looked into: {self.shadows}"] if self.shadows else []),
        ]

    @property
    def looked_into(self) -> tuple[str, ...]:
        """The frames of other sites that answered."""
        return tuple(url for url in self.frames if url not in self.unread)


def _typing(name: str) -> str:
    """Whether anything may be typed into a field of this name."""
    kind = fields.kind_of(name)
    return f'enters={{"…": "{kind}"}}' if kind else "nothing is typed there"


async def look(agent: PageAgent, words: Sequence[str] = ()) -> Surroundings:
    """What the page and its frames have; nothing if the page cannot say. `words` were sought."""
    question = ("around", list(words))
    try:
        main = _Around.model_validate(await agent.ask(*question))
        asked = await agent.ask_each_foreign([question] * len(main.frames))
        answers = [each and _Around.model_validate(each) for each in asked]
    except ValueError:  # nothing, or nothing that our program would say
        return Surroundings()
    parts = [main, *filter(None, answers)]
    lists = [each for part in parts for each in part.lists]
    silent = [url for url, answer in zip(main.frames, answers, strict=False) if answer is None]
    return Surroundings(
        lists=tuple((name, tuple(options)) for name, options, _ in lists),
        holding=tuple(name for name, _, holds in lists if holds),
        fields=tuple(each for part in parts for each in part.fields),
        complaints=tuple(each for part in parts for each in part.complaints),
        shut=tuple(each for part in parts for each in part.shut),
        inner=sum(part.inner for part in parts),
        shadows=sum(part.shadows for part in parts),
        frames=tuple(main.frames),
        unread=(*silent, *(url for part in parts[1:] for url in part.frames)),
    )
