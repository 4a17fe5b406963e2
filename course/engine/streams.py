"""Read all that a command in a container prints, where the Docker SDK may lose the first bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import docker

STDOUT = 1
MOST = 1 << 15
HEADER = struct.Struct(">BxxxL")  # which stream, and the bytes of it that follow


def lose_nothing(client: docker.DockerClient) -> docker.DockerClient:
    """Give *client* a way to read exec and attach that keeps what comes together with the answer's headers.

    docker-py 7.2 reads those streams from the raw socket, past the buffer in which the headers were read.
    What had come with them lies in the buffer and is lost: a short command seems to have printed nothing,
    the more often the busier the machine. Source: docker/docker-py, issues 2042 and 3332, both open.
    """
    api: Any = client.api
    theirs = api._read_from_socket

    def read(response: Any, stream: bool, tty: bool = True, demux: bool = False) -> Any:
        if not api.base_url.startswith(("http+docker://localhost", "http://")):
            return theirs(response, stream, tty=tty, demux=demux)
        from docker.utils import socket

        sdk: Any = socket
        api._disable_socket_timeout(api._get_raw_response_socket(response))
        frames = frames_of(response.raw._fp.fp, tty)
        parts: Any = (
            (sdk.demux_adaptor(*frame) for frame in frames) if demux else (data for _, data in frames)
        )
        if stream:
            return parts
        try:
            return sdk.consume_socket_output(parts, demux=demux)
        finally:
            response.close()

    api._read_from_socket = read
    return client


def frames_of(reader: Any, tty: bool) -> Iterator[tuple[int, bytes]]:
    """Number of the stream and bytes, as the engine sent them; with a terminal there is but one stream."""
    while tty and (data := reader.read1(MOST)):
        yield STDOUT, data
    while not tty and len(header := reader.read(HEADER.size)) == HEADER.size:
        stream, left = HEADER.unpack(header)
        while left and (data := reader.read1(min(left, MOST))):
            left -= len(data)
            yield stream, data
