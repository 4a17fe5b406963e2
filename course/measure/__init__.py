"""Engine behaviour as pandas tables: times, sizes, ways; knows nothing of drawing."""

from course.measure.builds import BuildCost, build_cost, build_costs
from course.measure.contents import contents
from course.measure.images import container_sizes, layers, rebuilds, waste
from course.measure.life import states, stops
from course.measure.machines import page_time, page_times, private_memory, running_totals
from course.measure.neighbours import neighbours, networks
from course.measure.network import address, reachability, request_path, request_times
from course.measure.pairs import compared, left_different
from course.measure.places import side_by_side
from course.measure.pushes import pushes
from course.measure.stack import stack, start_order
from course.measure.start import run_times
from course.measure.steps import run_steps
from course.measure.timing import seconds
from course.measure.traces import traces
from course.measure.usage import usage

__all__ = [
    "BuildCost",
    "address",
    "build_cost",
    "build_costs",
    "compared",
    "container_sizes",
    "contents",
    "layers",
    "left_different",
    "neighbours",
    "networks",
    "page_time",
    "page_times",
    "private_memory",
    "pushes",
    "reachability",
    "rebuilds",
    "request_path",
    "request_times",
    "run_steps",
    "run_times",
    "running_totals",
    "seconds",
    "side_by_side",
    "stack",
    "start_order",
    "states",
    "stops",
    "traces",
    "usage",
    "waste",
]
