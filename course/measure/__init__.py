"""Engine behaviour as pandas tables: times, sizes, ways; knows nothing of drawing."""

from course.measure.images import container_sizes, layers, rebuilds, waste
from course.measure.network import address, reachability, request_path, request_times
from course.measure.start import run_times
from course.measure.timing import seconds
from course.measure.usage import usage

__all__ = [
    "address",
    "container_sizes",
    "layers",
    "reachability",
    "rebuilds",
    "request_path",
    "request_times",
    "run_times",
    "seconds",
    "usage",
    "waste",
]
