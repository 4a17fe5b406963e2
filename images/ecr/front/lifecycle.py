"""Lifecycle policies: reading one, and which images it would expire; only `apply` removes any."""

from __future__ import annotations

import fnmatch
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from front.images import Images
from front.refusal import invalid
from front.state import State

DAY_SECONDS = 24 * 3600
STATUSES = ("tagged", "untagged", "any")
COUNTS = ("imageCountMoreThan", "sinceImagePushed")


@dataclass(frozen=True)
class Rule:
    """One rule; *patterns* are empty where the tag doesn't matter."""

    priority: int
    status: str
    patterns: tuple[str, ...]
    count: str
    number: int

    def selects(self, tags: list[str]) -> bool:
        """Whether an image with *tags* is the rule's business: each pattern must match one of them."""
        if self.status == "any":
            return True
        if self.status == "untagged" or not tags:
            return (self.status == "untagged") == (not tags)
        return all(any(fnmatch.fnmatchcase(tag, pattern) for tag in tags) for pattern in self.patterns)


def rules(text: str) -> list[Rule]:
    """The rules in a policy's text, by priority; raises where it is none."""
    try:
        content = json.loads(text)
        found = sorted((_rule(entry) for entry in content["rules"]), key=lambda rule: rule.priority)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{type(error).__name__} {error}" if isinstance(error, KeyError) else "it can't be read"
        raise invalid("LifecyclePolicyText", f"Lifecycle policy validation failure: {what}") from None
    priorities = [rule.priority for rule in found]
    if not found or len(set(priorities)) < len(found):
        raise invalid(
            "LifecyclePolicyText", "Lifecycle policy validation failure: rulePriority must be unique"
        )
    return found


def _rule(entry: dict[str, Any]) -> Rule:
    selection, number = entry["selection"], entry["selection"]["countNumber"]
    status, count = selection["tagStatus"], selection["countType"]
    prefixes, patterns = selection.get("tagPrefixList", []), selection.get("tagPatternList", [])
    is_tagged = status == "tagged"
    right = (
        status in STATUSES and count in COUNTS and entry["action"] == {"type": "expire"}
        and isinstance(number, int) and number > 0 and isinstance(entry["rulePriority"], int)
        and (count == COUNTS[0]) == ("countUnit" not in selection)
        and selection.get("countUnit", "days") == "days" and is_tagged == bool(prefixes or patterns)
        and not (prefixes and patterns) and all(isinstance(word, str) for word in [*prefixes, *patterns])
    )  # fmt: skip
    if not right:
        raise ValueError
    plain = [word.replace("[", "[[]").replace("?", "[?]") for word in patterns]
    plain += [word.replace("[", "[[]").replace("?", "[?]").replace("*", "[*]") + "*" for word in prefixes]
    return Rule(entry["rulePriority"], status, tuple(plain), count, number)


def expired(images: Images, repository: sqlite3.Row, text: str, now: float) -> list[dict[str, Any]]:
    """What the policy *text* would expire; an image that one rule has selected is not the next one's."""
    left = [(image, images.tags(repository, image["digest"])) for image in images.all(repository)]
    found: list[dict[str, Any]] = []
    for rule in rules(text):
        chosen = [pair for pair in left if rule.selects(pair[1])]
        left = [pair for pair in left if pair not in chosen]
        for number, (image, tags) in enumerate(chosen):
            is_old = now - image["pushed"] > rule.number * DAY_SECONDS
            if number >= rule.number if rule.count == COUNTS[0] else is_old:
                found.append(_shown(image, tags, rule.priority))
    return found


def _shown(image: sqlite3.Row, tags: list[str], priority: int) -> dict[str, Any]:
    told = {"imageTags": tags, "imageDigest": image["digest"], "imagePushedAt": round(image["pushed"], 3)}
    return {**told, "action": {"type": "EXPIRE"}, "appliedRulePriority": priority}


def apply(images: Images, state: State) -> int:
    """Remove what policies expire, each policy once in 24 hours of the server's clock; gives how many."""
    now, gone = state.now(), 0
    due = "select * from repositories where policy is not null and applied <= ?"
    for repository in state.rows(due, now - DAY_SECONDS):
        for row in expired(images, repository, repository["policy"], now):
            if images.holder(repository, row["imageDigest"]) is None:
                images.drop(repository, row["imageDigest"])
                gone += 1
        state.run("update repositories set applied = ? where id = ?", now, repository["id"])
    return gone
