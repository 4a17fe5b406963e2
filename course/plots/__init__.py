"""Tables as pictures with a caption that states the finding; knows nothing of Docker."""

from course.plots.network import path_of_a_request, who_reaches_whom
from course.plots.picture import Picture
from course.plots.spread import spread

__all__ = ["Picture", "path_of_a_request", "spread", "who_reaches_whom"]
