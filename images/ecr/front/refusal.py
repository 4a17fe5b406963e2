"""The one exception for what a client asked wrongly; knows nothing of how an answer is written."""

from __future__ import annotations


class Refusal(Exception):
    """Refused with AWS's error *code*, a *message* and an HTTP *status*."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def invalid(at: str, constraint: str) -> Refusal:
    """A parameter that ECR doesn't take, in ECR's words."""
    return Refusal(
        "InvalidParameterException",
        f"Invalid parameter at '{at}' failed to satisfy constraint: '{constraint}'",
    )


def no_repository(name: str, account: str) -> Refusal:
    """A repository that isn't there, in ECR's words."""
    return Refusal(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{account}'",
    )
