"""Tables as pictures with a caption that states the finding; knows nothing of Docker."""

from course.plots.attacks import attacks
from course.plots.builds import build_costs
from course.plots.differences import what_differs
from course.plots.images import containers_of_one_image, layers_of_images, rebuilds_by_step
from course.plots.life import left_after, life, stops
from course.plots.machines import costs, density, throughput
from course.plots.neighbours import graph_of_neighbours, heat_of_neighbours
from course.plots.network import path_of_a_request, who_reaches_whom
from course.plots.pairs import rules
from course.plots.picture import Picture
from course.plots.progress import progress
from course.plots.pushes import pushes
from course.plots.spread import spread
from course.plots.stack import stack, start_order
from course.plots.stages import stages
from course.plots.start import runs
from course.plots.steps import timeline
from course.plots.survival import survival
from course.plots.traces import found_in
from course.plots.usage import limits_tried, over_time

__all__ = [
    "Picture",
    "attacks",
    "build_costs",
    "containers_of_one_image",
    "costs",
    "density",
    "found_in",
    "graph_of_neighbours",
    "heat_of_neighbours",
    "layers_of_images",
    "left_after",
    "life",
    "limits_tried",
    "over_time",
    "path_of_a_request",
    "progress",
    "pushes",
    "rebuilds_by_step",
    "rules",
    "runs",
    "spread",
    "stages",
    "throughput",
    "stack",
    "start_order",
    "stops",
    "survival",
    "timeline",
    "what_differs",
    "who_reaches_whom",
]
