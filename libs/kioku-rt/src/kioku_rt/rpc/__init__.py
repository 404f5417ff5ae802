"""gRPC as every Kioku service speaks it: guarded on the server, bounded on the client."""

from kioku_rt.rpc.arrival import name_call
from kioku_rt.rpc.client import TokenSource, call, channel
from kioku_rt.rpc.config import Registration, ServerConfig
from kioku_rt.rpc.deadline import remaining_time
from kioku_rt.rpc.enums import check_enums
from kioku_rt.rpc.server import RpcServer
from kioku_rt.rpc.status import error_of, status_of

__all__ = [
    "Registration",
    "RpcServer",
    "ServerConfig",
    "TokenSource",
    "call",
    "channel",
    "check_enums",
    "error_of",
    "name_call",
    "remaining_time",
    "status_of",
]
