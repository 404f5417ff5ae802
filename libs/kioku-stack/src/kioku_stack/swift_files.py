"""The configuration files of a one-node Swift: text only, nothing is started here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kioku_stack.ports import LOOPBACK

ACCESS_KEY = "kioku:dev"
REGION = "us-east-1"

# Listed in full, though Swift would add some by itself: copy serves CopyObject, slo multipart.
_PIPELINE = (
    "catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth copy slo dlo "
    "versioned_writes proxy-server"
)

_SWIFT = """\
[swift-hash]
swift_hash_path_prefix = {prefix}
swift_hash_path_suffix = {suffix}

[storage-policy:0]
name = only
default = yes
"""

# No fallocate_reserve: a nearly full developer's disk shall fail at its end, not at 99 %.
_COMMON = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {devices}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = WARNING
log_custom_handlers = kioku_stack.swift_log.to_file
kioku_log_file = {log}
client_timeout = 60
conn_timeout = 5
node_timeout = 30
container_update_timeout = 30
"""

_STORAGE = """\
[pipeline:main]
pipeline = healthcheck {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
log_requests = false

[filter:healthcheck]
use = egg:swift#healthcheck
"""

# One node: an error of a backend is answered, never a reason to leave it out for a minute.
_PROXY = """\
[pipeline:main]
pipeline = {pipeline}

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
conn_timeout = 5
node_timeout = 30
recoverable_node_timeout = 30
error_suppression_interval = 0
error_suppression_limit = 1000000

[filter:cache]
paste.filter_factory = kioku_stack.swift_cache:filter_factory

[filter:s3api]
use = egg:swift#s3api
location = {region}
dns_compliant_bucket_names = true

[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{name} = {secret} .admin
{plain_filters}"""

_PLAIN_FILTER = """
[filter:{name}]
use = egg:swift#{name}
"""


@dataclass(frozen=True)
class SwiftPorts:
    """A port on 127.0.0.1 for each of the four servers."""

    proxy: int
    account: int
    container: int
    object: int


@dataclass(frozen=True)
class SwiftSecrets:
    """What must stay the same as long as the data folder lives."""

    hash_prefix: str
    hash_suffix: str
    secret_key: str


def write_files(folder: Path, ports: SwiftPorts, secrets: SwiftSecrets, user: str) -> None:
    """Write swift.conf and the four servers' files into `folder`, readable to us alone."""
    files = {"swift.conf": _SWIFT.format(prefix=secrets.hash_prefix, suffix=secrets.hash_suffix)}
    for kind in ("account", "container", "object"):
        common = _common(folder, kind, getattr(ports, kind), user)
        files[f"{kind}-server.conf"] = common + _STORAGE.format(kind=kind)
    files["proxy-server.conf"] = _common(folder, "proxy", ports.proxy, user) + _proxy(secrets)
    for name, text in files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)


def _common(folder: Path, kind: str, port: int, user: str) -> str:
    return _COMMON.format(
        host=LOOPBACK,
        port=port,
        user=user,
        folder=folder,
        devices=folder / "devices",
        log=folder / f"{kind}.log",
    )


def _proxy(secrets: SwiftSecrets) -> str:
    account, _, name = ACCESS_KEY.partition(":")
    special = {"cache", "s3api", "tempauth", "proxy-server"}
    plain = [word for word in _PIPELINE.split() if word not in special]
    return _PROXY.format(
        pipeline=_PIPELINE,
        region=REGION,
        account=account,
        name=name,
        secret=secrets.secret_key,
        plain_filters="".join(_PLAIN_FILTER.format(name=word) for word in plain),
    )
